"""A month of a committee: who is away and who is on duty, day by day."""

from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.scope import committees_within
from data_access.tables import Committee, DutyRoster, Mediator, MediatorAbsence
from domain.errors import TeamNotFound
from domain.organisation import AbsenceKind, DutyShift
from domain.people import Scope
from domain.teams import Away


@dataclass(frozen=True, slots=True)
class MonthOfPerson:
    """A mediator's month: leave that touches it, and the shifts of each day on duty."""

    mediator_id: int
    name: str
    active: bool
    leave: tuple[Away, ...]
    duties: dict[date, tuple[DutyShift, ...]]

    def away_on(self, day: date) -> AbsenceKind | None:
        """Why the person is away on a day; None where they are not."""
        return next((one.kind for one in self.leave if one.covers(day)), None)


@dataclass(frozen=True, slots=True)
class Month:
    """A committee's month from its first to its last day."""

    committee_id: int
    first: date
    last: date
    people: tuple[MonthOfPerson, ...]

    def on_duty(self, day: date, shift: DutyShift) -> tuple[int, ...]:
        """The mediators on duty in a shift of a day."""
        return tuple(one.mediator_id for one in self.people if shift in one.duties.get(day, ()))


def month(session: Session, *, scope: Scope, committee_id: int, day: date) -> Month:
    """The month that a day lies in: four queries. Raises TeamNotFound out of scope.

    Who has left is in it where they were on duty.
    """
    found = session.scalar(
        select(Committee.id).where(Committee.id == committee_id, committees_within(scope))
    )
    if found is None:
        raise TeamNotFound(f"committee:{committee_id}")
    first = day.replace(day=1)
    last = day.replace(day=monthrange(day.year, day.month)[1])
    duties = _duties(session, committee_id, first, last)
    leave = _leave(session, committee_id, first, last)
    people = session.execute(
        select(Mediator.id, Mediator.name, Mediator.active)
        .where(
            (Mediator.committee_id == committee_id) & Mediator.active
            | Mediator.id.in_(sorted(duties))
        )
        .order_by(
            Mediator.active.desc(), Mediator.chair.desc(), Mediator.member.desc(), Mediator.id
        )
    )
    return Month(
        committee_id,
        first,
        last,
        tuple(
            MonthOfPerson(
                mediator_id,
                name,
                active,
                tuple(leave[mediator_id]),
                {when: tuple(shifts) for when, shifts in duties.get(mediator_id, {}).items()},
            )
            for mediator_id, name, active in people
        ),
    )


def _duties(
    session: Session, committee_id: int, first: date, last: date
) -> dict[int, dict[date, list[DutyShift]]]:
    rows = session.execute(
        select(DutyRoster.mediator_id, DutyRoster.day, DutyRoster.shift)
        .where(DutyRoster.committee_id == committee_id, DutyRoster.day.between(first, last))
        .order_by(DutyRoster.day, DutyRoster.shift)
    )
    found: dict[int, dict[date, list[DutyShift]]] = defaultdict(lambda: defaultdict(list))
    for mediator_id, day, shift in rows:
        found[mediator_id][day].append(shift)
    return found


def _leave(session: Session, committee_id: int, first: date, last: date) -> dict[int, list[Away]]:
    rows = session.execute(
        select(
            MediatorAbsence.mediator_id,
            MediatorAbsence.first_day,
            MediatorAbsence.last_day,
            MediatorAbsence.kind,
        )
        .join(Mediator, Mediator.id == MediatorAbsence.mediator_id)
        .where(
            Mediator.committee_id == committee_id,
            MediatorAbsence.first_day <= last,
            MediatorAbsence.last_day >= first,
        )
        .order_by(MediatorAbsence.first_day)
    )
    found: dict[int, list[Away]] = defaultdict(list)
    for mediator_id, first_day, last_day, kind in rows:
        found[mediator_id].append(Away(first_day, last_day, kind))
    return found
