"""What each mediator bears at a moment, and what of it somebody should look at."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from domain.cases import Lamp, Stage
from domain.clocks import day_of
from domain.kpi import Window
from domain.loads import FULL_TIME, STANDARD_CASE, filled_of, load_of
from domain.organisation import AbsenceKind
from domain.spread import Bearer, Spread, spread_of


class LookAt(StrEnum):
    """Why somebody should look at a mediator or a committee."""

    OVER_CAPACITY = "over_capacity"  # 超过上限
    AWAY_WITH_DUE = "away_with_due"  # 请假期间有到期案件
    LATE_CLUSTER = "late_cluster"  # 超期集中
    TERM_ENDING = "term_ending"  # 任期将满
    IDLE = "idle"  # 近四周空闲


TERM_TOLD_BEFORE = timedelta(days=30)
IDLE_OVER = timedelta(days=28)
IDLE_SHARE = 0.6
# A mediation is meant to end within a month (人民调解工作若干规定 33).
OLD_AFTER_DAYS = 30
# So many late cases in one pair of hands are no accident of one case.
LATE_CLUSTER = 3
# Among fewer people, whatever happens to one of them is most of the spread.
FEWEST_COMPARED = 5


@dataclass(frozen=True, slots=True)
class Leave:
    """Days away, first and last included."""

    first_day: date
    last_day: date
    kind: AbsenceKind


@dataclass(frozen=True, slots=True)
class Piece:
    """An open case as a part of somebody's load. `case_no` is None where the reader may not see it.

    `points` in tenths; `age_days` since its registration.
    """

    case_no: str | None
    points: int
    lamp: Lamp
    stage: Stage
    age_days: int
    due_at: datetime | None

    @property
    def runs(self) -> bool:
        """Whether its clock runs: it is not parked."""
        return self.lamp in (Lamp.LATE, Lamp.SOON, Lamp.ON_TIME)

    @property
    def old(self) -> bool:
        """Whether it has been open for longer than a mediation is meant to take."""
        return self.age_days > OLD_AFTER_DAYS


@dataclass(frozen=True, slots=True)
class MediatorLoad:
    """What a mediator bears at a moment.

    `tenths` of a full-time place are theirs, `available` are there in the two weeks ahead; `points`
    are those of the open cases and `duties` those of standing duties, in tenths; `capacity` is the
    most open cases. `closed` counts the cases closed in the last 28 days and `busy` is how many
    points, in tenths, they held on average in them; `met` counts the first meetings of parties that
    were held before them in these days; `booked` is how many are booked ahead, the next at
    `meets_next`; None of a past moment, since a booking that is over leaves no row.
    """

    mediator_id: int
    name: str
    committee_id: int
    committee_name: str
    active: bool
    capacity: int
    tenths: int
    available: int
    duties: int
    points: int
    pieces: tuple[Piece, ...]
    due_this_week: int
    leave: Leave | None
    specialities: tuple[str, ...]
    closed: int
    busy: float
    met: int
    booked: int | None = None
    meets_next: datetime | None = None

    @property
    def load(self) -> float | None:
        """Standard cases, duties included, per available full-time place; None: nobody is there."""
        return load_of(self.points + self.duties, self.available)

    @property
    def filled(self) -> float | None:
        """Against their own capacity: 1 is full. None where nobody is there."""
        return filled_of(
            self.points + self.duties, self.capacity, tenths=self.tenths, available=self.available
        )

    @property
    def count(self) -> int:
        """How many open cases."""
        return len(self.pieces)

    @property
    def late(self) -> int:
        """How many of them are overdue."""
        return self._with(Lamp.LATE)

    @property
    def soon(self) -> int:
        """How many of them show yellow."""
        return self._with(Lamp.SOON)

    @property
    def old(self) -> int:
        """How many of them are open for longer than a mediation is meant to take."""
        return sum(one.old for one in self.pieces)

    @property
    def oldest(self) -> int | None:
        """The age in days of the oldest; None where there is none."""
        return max((one.age_days for one in self.pieces), default=None)

    @property
    def over_capacity(self) -> bool:
        """Whether they hold more than they can, by cases or by points."""
        return self.count > self.capacity or (self.filled or 0) > 1

    @property
    def idle(self) -> float:
        """Of the last 28 days' capacity the share that stood empty, 0 to 1."""
        most = self.capacity * STANDARD_CASE
        return max(0.0, 1 - (self.busy + self.duties) / most) if most else 0.0

    def due_while_away(self) -> int:
        """How many cases that run fall due on days of leave, or are late while they are away."""
        if self.leave is None:
            return 0
        first, last = self.leave.first_day, self.leave.last_day
        days = (
            max(day_of(one.due_at), first) if one.lamp is Lamp.LATE else day_of(one.due_at)
            for one in self.pieces
            if one.due_at is not None and one.runs
        )
        return sum(first <= day <= last for day in days)

    def _with(self, lamp: Lamp) -> int:
        return sum(one.lamp is lamp for one in self.pieces)


@dataclass(frozen=True, slots=True)
class Term:
    """A committee and the day on which its term ends."""

    committee_id: int
    name: str
    ends_on: date


@dataclass(frozen=True, slots=True)
class Concern:
    """Something to look at: whom or which committees it is about, and how many cases.

    `names` are in the order of `ids`, which are of mediators but for TERM_ENDING; there `days` says
    when each term ends.
    """

    kind: LookAt
    ids: tuple[int, ...]
    names: tuple[str, ...]
    cases: int = 0
    days: tuple[date, ...] = ()


def concerns_of(
    people: Iterable[MediatorLoad], terms: Iterable[Term], *, today: date
) -> list[Concern]:
    """What somebody should look at, the most pressing first; empty where nothing is.

    A list of facts, not of persons at fault; who is away in the weeks ahead is not called idle, and
    nobody is where most are: then there is little to do, and nobody to look at for it.
    """
    active = [one for one in people if one.active]
    found = [
        _about(LookAt.AWAY_WITH_DUE, [(one, one.due_while_away()) for one in active]),
        _about(LookAt.OVER_CAPACITY, [(one, one.over_capacity * one.count) for one in active]),
        _about(
            LookAt.LATE_CLUSTER, [(one, one.late) for one in active if one.late >= LATE_CLUSTER]
        ),
        _ending([one for one in terms if one.ends_on <= today + TERM_TOLD_BEFORE]),
        _idle([one for one in active if one.available]),
    ]
    return [one for one in found if one is not None]


def _about(kind: LookAt, counted: list[tuple[MediatorLoad, int]]) -> Concern | None:
    """One concern about everybody with any such case, most cases first."""
    told = sorted(
        ((one, cases) for one, cases in counted if cases),
        key=lambda pair: (-pair[1], pair[0].mediator_id),
    )
    if not told:
        return None
    people = [one for one, _cases in told]
    ids, names = tuple(one.mediator_id for one in people), tuple(one.name for one in people)
    return Concern(kind, ids, names, sum(cases for _one, cases in told))


def _ending(terms: list[Term]) -> Concern | None:
    if not terms:
        return None
    terms = sorted(terms, key=lambda one: (one.ends_on, one.committee_id))
    return Concern(
        LookAt.TERM_ENDING,
        tuple(one.committee_id for one in terms),
        tuple(one.name for one in terms),
        days=tuple(one.ends_on for one in terms),
    )


def _idle(there: list[MediatorLoad]) -> Concern | None:
    people = [one for one in there if one.idle > IDLE_SHARE]
    if not people or 2 * len(people) > len(there):
        return None
    people = sorted(people, key=lambda one: (-one.idle, one.mediator_id))
    ids, names = tuple(one.mediator_id for one in people), tuple(one.name for one in people)
    return Concern(LookAt.IDLE, ids, names, sum(one.count for one in people))


def spread_among(people: Iterable[MediatorLoad]) -> Spread | None:
    """How unevenly their loads lie; None where fewer than two are there.

    Where enough people are full-time, among these alone: what is brought to volunteers of a village
    is no lot that falls alike on them and on those whose work it is.
    """
    everybody = list(people)
    full = [one for one in everybody if one.tenths >= FULL_TIME]
    return spread_of(
        [
            Bearer(tuple(piece.points for piece in one.pieces), one.duties, one.available)
            for one in (full if len(full) >= FEWEST_COMPARED else everybody)
        ]
    )


def month_of(day: date) -> Window:
    """The calendar month that a day lies in."""
    first = day.replace(day=1)
    return Window(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def months_before(day: date, count: int) -> tuple[Window, ...]:
    """So many calendar months that are over on a day, the oldest first."""
    found = [month_of(day)]
    for _ in range(count):
        found.append(month_of(found[-1].first_day - timedelta(days=1)))
    return tuple(reversed(found[1:]))
