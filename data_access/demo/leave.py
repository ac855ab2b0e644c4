"""When mediators are away: leave, training, secondment."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from data_access.demo.chance import Weighted
from domain.organisation import AbsenceKind

_KINDS = Weighted(
    (AbsenceKind.LEAVE, AbsenceKind.TRAINING, AbsenceKind.SECONDMENT), (0.78, 0.19, 0.03)
)
_A_YEAR = {True: 3.4, False: 0.7}
_MEAN_DAYS = {AbsenceKind.LEAVE: 4.0, AbsenceKind.TRAINING: 2.5, AbsenceKind.SECONDMENT: 40.0}
_LONG_LEAVE_SHARE, _LONG_LEAVE_DAYS = 0.06, 35.0
_ANNOUNCED_DAYS = 45


@dataclass(frozen=True, slots=True)
class Absence:
    """Days away, first and last included."""

    first_day: date
    last_day: date
    kind: AbsenceKind

    def covers(self, day: date) -> bool:
        """Whether the day lies in it."""
        return self.first_day <= day <= self.last_day


def absences_of(
    rng: np.random.Generator, *, full_time: bool, first_day: date, today: date
) -> tuple[Absence, ...]:
    """One person's absences from `first_day` to some weeks after today, apart from each other."""
    found = []
    day = first_day + timedelta(days=int(rng.exponential(365 / _A_YEAR[full_time])))
    while day <= today + timedelta(days=_ANNOUNCED_DAYS):
        kind = _KINDS.pick(rng)
        long = kind is AbsenceKind.LEAVE and rng.random() < _LONG_LEAVE_SHARE
        mean = _LONG_LEAVE_DAYS if long else _MEAN_DAYS[kind]
        last = day + timedelta(days=int(rng.exponential(mean)))
        found.append(Absence(day, last, kind))
        day = last + timedelta(days=2 + int(rng.exponential(365 / _A_YEAR[full_time])))
    return tuple(found)
