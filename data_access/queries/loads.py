"""Who bears how much: mediators and committees now or at a past moment, months, and what is next.

Loads are points per available full-time place, never counts. A mediator's load is a fact of the
person, so it sums all they hold; a case out of the reader's scope has no number in it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access import workload_rows
from data_access.reference import load_calendar
from data_access.rule_changes import require_keeper
from data_access.scope import committees_within
from data_access.tables import Committee, RuleChange, StoredWeights, User
from data_access.weight_changes import WeightMove, find_weight_moves, fingerprint
from data_access.workload_rows import Held
from domain.clocks import day_of
from domain.eligibility import CommitteeKind
from domain.kpi import Window
from domain.loads import FIRST_TABLE, WeightTable, availability, in_force, load_of, table_of
from domain.people import Scope
from domain.spread import Spread
from domain.workload import (
    IDLE_OVER,
    Concern,
    MediatorLoad,
    Piece,
    Term,
    concerns_of,
    spread_among,
)

_EXAMPLES = 12
_SUNDAY = 7


@dataclass(frozen=True, slots=True)
class CommitteeLoad:
    """A committee with what its mediators bear together.

    `full_time` and `available` are in tenths of a place; `points`, duties included, in tenths.
    """

    committee_id: int
    name: str
    kind: CommitteeKind
    town_id: int | None
    term_to: date
    people: int
    full_time: int
    available: int
    points: int
    count: int
    late: int
    spread: Spread | None

    @property
    def load(self) -> float | None:
        """Standard cases per available full-time place; None where nobody is there."""
        return load_of(self.points, self.available)


@dataclass(frozen=True, slots=True)
class Workload:
    """All of the page of workloads at one moment; `spread` is among all mediators shown."""

    mediators: tuple[MediatorLoad, ...]
    committees: tuple[CommitteeLoad, ...]
    concerns: tuple[Concern, ...]
    spread: Spread | None


def workload(
    session: Session, *, scope: Scope, now: datetime, at: datetime | None = None
) -> Workload:
    """The mediators, their committees and what to look at; `at` a past moment.

    A fixed number of statements, however many mediators, cases or years there are.
    """
    people = mediator_loads(session, scope=scope, now=now, at=at)
    committees = _committees(session, people, scope=scope)
    concerns = concerns_of(people, _terms(committees), today=day_of(min(at or now, now)))
    return Workload(tuple(people), tuple(committees), tuple(concerns), spread_among(people))


def mediator_loads(
    session: Session, *, scope: Scope, now: datetime, at: datetime | None = None
) -> list[MediatorLoad]:
    """What each mediator in scope bears now, or bore `at` a past moment, by id.

    Of a past moment the cases, their points and deadlines, leave, working time and duties are of
    then; names, committees, capacities and specialities are today's. Who has left and holds nothing
    is not listed.
    """
    moment = at if at is not None and at < now else None
    when, today = moment or now, day_of(moment or now)
    people = workload_rows.people_rows(session, scope=scope)
    if moment is None:
        pieces = workload_rows.pieces_now(session, scope=scope, now=now)
    else:
        pieces = workload_rows.pieces_at(session, scope=scope, at=moment)
    # What happened at the very moment has happened.
    until = when + timedelta(microseconds=1)
    past = _sums(
        workload_rows.held_between(session, scope=scope, first=until - IDLE_OVER, last=until),
        IDLE_OVER,
    )
    met = workload_rows.met_between(
        session,
        {one.id for one in people},
        county_id=scope.county_id,
        first=until - IDLE_OVER,
        last=until,
    )
    booked = None if moment else workload_rows.booked_meetings(session, scope=scope, now=when)
    around = _Around(session, people, scope=scope, today=today)
    return [
        replace(
            around.load(one, pieces.get(one.id, []), past[one.id], when),
            met=met[one.id],
            booked=None if booked is None else booked.get(one.id, (0, None))[0],
            meets_next=None if booked is None else booked.get(one.id, (0, None))[1],
        )
        for one in people
        if one.active or one.id in pieces
    ]


def working_tenths(session: Session, *, scope: Scope, now: datetime) -> dict[int, int]:
    """Tenths of a place of all in scope who have a load now, without what they bear."""
    today = day_of(now)
    people = workload_rows.people_rows(session, scope=scope)
    times = workload_rows.working_times(session, people, scope=scope, day=today)
    holders = set(workload_rows.holders(session, county_id=scope.county_id))
    return {one.id: times[one.id] for one in people if one.active or one.id in holders}


@dataclass(frozen=True, slots=True)
class Place:
    """What stands around the cases of a mediator, in tenths of a place and of points."""

    available: int
    duties: int


def places(session: Session, *, scope: Scope, now: datetime) -> dict[int, Place]:
    """How far each mediator in scope is there for cases, without a look at their cases."""
    people = workload_rows.people_rows(session, scope=scope)
    around = _Around(session, people, scope=scope, today=day_of(now))
    return {one.id: around.place(one) for one in people}


class _Around:
    """What stands around the cases of mediators on a day: time, leave, roster, duties."""

    def __init__(self, session: Session, people: list[Any], *, scope: Scope, today: date) -> None:
        self._today = today
        self._calendar = load_calendar(session)
        self._specialities = workload_rows.specialities(session, scope=scope)
        self._leaves = workload_rows.leaves(session, scope=scope, day=today)
        self._roster = workload_rows.duty_days(session, scope=scope, day=today)
        self._times = workload_rows.working_times(session, people, scope=scope, day=today)
        self._duties = workload_rows.duties(session, scope=scope, day=today)

    def place(self, one: Any) -> Place:
        available = availability(
            self._times[one.id] if one.active else 0,
            away=[(leave.first_day, leave.last_day) for leave in self._leaves.get(one.id, [])],
            duty=self._roster.get(one.id, set()),
            first_day=self._today,
            calendar=self._calendar,
        )
        return Place(available, self._duties.get(one.id, 0))

    def load(
        self, one: Any, pieces: Sequence[Piece], past: "_Past", when: datetime
    ) -> MediatorLoad:
        leaves = self._leaves.get(one.id, [])
        place = self.place(one)
        return MediatorLoad(
            mediator_id=one.id,
            name=one.name,
            committee_id=one.committee_id,
            committee_name=one.committee,
            active=one.active,
            capacity=one.capacity,
            tenths=self._times[one.id],
            available=place.available,
            duties=place.duties,
            points=sum(piece.points for piece in pieces),
            pieces=tuple(pieces),
            due_this_week=sum(self._due_this_week(piece, when) for piece in pieces),
            leave=leaves[0] if leaves else None,
            specialities=tuple(self._specialities.get(one.id, ())),
            closed=past.cases,
            busy=past.held,
            met=0,
        )

    def _due_this_week(self, piece: Piece, when: datetime) -> bool:
        """Whether a case that runs falls due between now and Sunday."""
        sunday = self._today + timedelta(days=_SUNDAY - self._today.isoweekday())
        due_at = piece.due_at
        return due_at is not None and piece.runs and due_at > when and day_of(due_at) <= sunday


# --- committees and what to look at ------------------------------------------------------------


def committee_loads(
    session: Session, *, scope: Scope, now: datetime, at: datetime | None = None
) -> list[CommitteeLoad]:
    """What the mediators of each committee in scope bear together, by id.

    A scope of single mediators or grids has no committee.
    """
    people = mediator_loads(session, scope=scope, now=now, at=at)
    return _committees(session, people, scope=scope)


def what_to_look_at(
    session: Session, *, scope: Scope, now: datetime, at: datetime | None = None
) -> list[Concern]:
    """Who bears too much or next to nothing, is away while cases fall due, or ends a term."""
    people = mediator_loads(session, scope=scope, now=now, at=at)
    terms = _terms(_committees(session, people, scope=scope))
    return concerns_of(people, terms, today=day_of(min(at or now, now)))


def _committees(
    session: Session, people: Iterable[MediatorLoad], *, scope: Scope
) -> list[CommitteeLoad]:
    members: dict[int, list[MediatorLoad]] = defaultdict(list)
    for one in people:
        members[one.committee_id].append(one)
    rows = session.execute(
        select(
            Committee.id,
            Committee.name,
            Committee.kind,
            Committee.town_id,
            Committee.term_to,
        )
        .where(Committee.active, committees_within(scope))
        .order_by(Committee.id)
    )
    return [_committee(row, members[row.id]) for row in rows]


def _committee(row: Any, members: list[MediatorLoad]) -> CommitteeLoad:
    return CommitteeLoad(
        committee_id=row.id,
        name=row.name,
        kind=row.kind,
        town_id=row.town_id,
        term_to=row.term_to,
        people=sum(one.active for one in members),
        full_time=sum(one.tenths for one in members if one.active),
        available=sum(one.available for one in members),
        points=sum(one.points + one.duties for one in members),
        count=sum(one.count for one in members),
        late=sum(one.late for one in members),
        spread=spread_among(members),
    )


def _terms(committees: Iterable[CommitteeLoad]) -> list[Term]:
    return [Term(one.committee_id, one.name, one.term_to) for one in committees]


# --- months ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MonthPoints:
    """What a mediator held and closed in a month, by the weights that held at the time.

    `held` is the mean of the month and `closed` the sum over the `cases` closed, in tenths.
    """

    mediator_id: int
    name: str
    committee_id: int
    committee_name: str
    held: float
    closed: int
    cases: int


@dataclass(slots=True)
class _Past:
    held: float = 0.0
    closed: int = 0
    cases: int = 0


def monthly_points(session: Session, *, scope: Scope, month: Window) -> list[MonthPoints]:
    """What each mediator in scope held and closed in a month (or in any days), by id.

    From the intervals alone: no later table of weights changes it. Two statements.
    """
    first, last = month.starts_at, month.ends_at
    past = _sums(
        workload_rows.held_between(session, scope=scope, first=first, last=last), last - first
    )
    return [
        MonthPoints(
            one.id,
            one.name,
            one.committee_id,
            one.committee,
            past[one.id].held,
            past[one.id].closed,
            past[one.id].cases,
        )
        for one in workload_rows.people_rows(session, scope=scope)
        if one.active or one.id in past
    ]


def _sums(held: Iterable[Held], whole: timedelta) -> defaultdict[int, _Past]:
    found: defaultdict[int, _Past] = defaultdict(_Past)
    for one in held:
        past = found[one.mediator_id]
        past.held += one.weight * ((one.ends_at - one.starts_at) / whole)
        past.closed += one.weight * one.ended
        past.cases += one.ended
    return found


# --- tables of weights -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WeightVersion:
    """A table of weights with who made it and when; None for the first.

    `begun_at` is when the open cases got their points by it; `in_force` today.
    """

    table: WeightTable
    made_by: str | None
    made_at: datetime | None
    begun_at: datetime | None
    withdrawn_at: datetime | None
    in_force: bool


def weight_tables(session: Session, *, scope: Scope, now: datetime) -> list[WeightVersion]:
    """All tables of weights, the newest first. Raises NotAllowed for a part of the county."""
    require_keeper(scope)
    rows = session.execute(
        select(StoredWeights, RuleChange.at, User.name)
        .join(RuleChange, RuleChange.id == StoredWeights.change_id)
        .outerjoin(User, User.id == RuleChange.actor_id)
        .where(StoredWeights.county_id == scope.county_id)
        .order_by(StoredWeights.version.desc())
    ).all()
    found = [
        WeightVersion(
            table_of(row.weights, version=row.version, valid_from=row.valid_from),
            name,
            at,
            row.begun_at,
            row.withdrawn_at,
            in_force=False,
        )
        for row, at, name in rows
    ]
    found.append(WeightVersion(FIRST_TABLE, None, None, None, None, in_force=False))
    holding = in_force(
        [one.table for one in found if one.withdrawn_at is None], day_of(now)
    ).version
    return [replace(one, in_force=one.table.version == holding) for one in found]


@dataclass(frozen=True, slots=True)
class LoadShift:
    """A mediator's or a committee's load before and after; None where nobody is there."""

    id: int
    name: str
    committee_name: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class WeightPreview:
    """What a table of weights would make of the cases that are open now.

    `points_before` and `points_after` are of all open cases that it changes, in tenths; `mediators`
    and `committees` are those whose load it changes, the most changed first; `examples` the cases.
    `fingerprint` stands for it: what is applied must be what was looked at.
    """

    moved: int
    heavier: int
    lighter: int
    points_before: int
    points_after: int
    mediators: tuple[LoadShift, ...]
    committees: tuple[LoadShift, ...]
    examples: tuple[WeightMove, ...]
    fingerprint: str


def preview_weight_table(
    session: Session, *, scope: Scope, table: WeightTable, now: datetime
) -> WeightPreview:
    """What a new table would change. Raises NotAllowed for a part of the county."""
    require_keeper(scope)
    moves = find_weight_moves(session, table, county_id=scope.county_id)
    more: dict[int, int] = defaultdict(int)
    for one in moves:
        if one.mediator_id is not None:
            more[one.mediator_id] += one.after - one.before
    people = mediator_loads(session, scope=scope, now=now)
    committees = _committees(session, people, scope=scope)
    members: dict[int, int] = defaultdict(int)
    for person in people:
        members[person.committee_id] += more[person.mediator_id]
    by_size = sorted(moves, key=lambda one: (-abs(one.after - one.before), one.case_id))
    return WeightPreview(
        len(moves),
        sum(one.after > one.before for one in moves),
        sum(one.after < one.before for one in moves),
        sum(one.before for one in moves),
        sum(one.after for one in moves),
        _shifts(
            (
                LoadShift(
                    one.mediator_id,
                    one.name,
                    one.committee_name,
                    one.load,
                    load_of(one.points + one.duties + more[one.mediator_id], one.available),
                )
                for one in people
            ),
            more,
        ),
        _shifts(
            (
                LoadShift(
                    one.committee_id,
                    one.name,
                    one.name,
                    one.load,
                    load_of(one.points + members[one.committee_id], one.available),
                )
                for one in committees
            ),
            members,
        ),
        tuple(by_size[:_EXAMPLES]),
        fingerprint(table, moves, today=day_of(now)),
    )


def _shifts(found: Iterable[LoadShift], more: dict[int, int]) -> tuple[LoadShift, ...]:
    changed = [one for one in found if more[one.id]]
    return tuple(
        sorted(changed, key=lambda one: (-abs((one.after or 0) - (one.before or 0)), one.id))
    )
