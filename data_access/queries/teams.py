"""Committees and their people, for those who keep them: law checks, seats, leave, duties, changes.

Relations of a mediator to persons are told by kind and number only.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from data_access.place_names import place_names
from data_access.queries.relations import Withdrawal, withdrawals
from data_access.queries.working_times import Duty, WorkingTime, working_time
from data_access.scope import committees_within
from data_access.tables import (
    Case,
    CaseType,
    Committee,
    Mediator,
    MediatorAbsence,
    MediatorRelation,
    MediatorSpeciality,
    OrganisationUnit,
    TeamChange,
    User,
)
from data_access.tables.cases import IS_OPEN
from domain.clocks import day_of
from domain.committees import Checked, CheckState, CommitteeFacts, Seated, checks, gravest
from domain.eligibility import CommitteeKind
from domain.errors import TeamNotFound
from domain.organisation import AbsenceKind, RelationKind, UnitLevel
from domain.people import Scope
from domain.teams import MemberSeat

PAGE_SIZE = 50
_MOST_CHANGES = 100


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; None or empty means everything.

    `term` is part of a committee's name or of a mediator's in it.
    """

    term: str = ""
    town_id: int | None = None
    kind: CommitteeKind | None = None
    state: CheckState | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class CommitteeRow:
    """One committee: where it stands, its term (the last day not included), checks and counts."""

    committee_id: int
    code: str
    name: str
    kind: CommitteeKind
    place: tuple[str, ...]
    town_id: int | None
    term_from: date
    term_to: date
    active: bool
    minority_area: bool
    checks: tuple[Checked, ...]
    chair: str | None
    people: int
    members: int
    away_today: int
    open_cases: int

    @property
    def state(self) -> CheckState:
        """The gravest of its checks; a closed committee is no longer asked."""
        return gravest(self.checks)


@dataclass(frozen=True, slots=True)
class Page:
    """Some committees of `total`; `number` counts pages from 1. `states`: how many are in each."""

    rows: tuple[CommitteeRow, ...]
    total: int
    number: int
    pages: int
    states: dict[CheckState, int]


@dataclass(frozen=True, slots=True)
class Leave:
    """Days away, first and last included."""

    absence_id: int
    first_day: date
    last_day: date
    kind: AbsenceKind


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody of a committee; `leave` is of today or to come, the nearest first."""

    mediator_id: int
    code: str
    name: str
    sex: str
    seat: MemberSeat
    full_time: bool
    capacity: int
    active: bool
    minority: bool | None
    adult: bool | None
    seat_from: date | None
    seat_to: date | None
    version: int
    specialities: tuple[str, ...]
    open_cases: int
    leave: tuple[Leave, ...]


@dataclass(frozen=True, slots=True)
class CommitteeView:
    """A committee with everybody in it, those who left last."""

    row: CommitteeRow
    people: tuple[PersonRow, ...]


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person's card: all their leave that is known, and relations as (kind, number).

    `times` and `duties` are of today and to come, the nearest first; `withdrawals` wait for a
    second person's word.
    """

    person: PersonRow
    committee: CommitteeRow
    all_leave: tuple[Leave, ...]
    relations: tuple[tuple[RelationKind, int], ...]
    licence_until: date | None
    times: tuple[WorkingTime, ...]
    duties: tuple[Duty, ...]
    withdrawals: tuple[Withdrawal, ...]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One dated change: what was done, from which day, written down when, by whom."""

    action: str
    day: date
    at: datetime
    actor: str | None
    mediator: str | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A unit where a committee can stand, with its names from the town down."""

    unit_id: int
    level: UnitLevel
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TypeChoice:
    """A type of dispute that can be a speciality."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What the forms offer: where committees can stand, and types of dispute."""

    places: tuple[Place, ...]
    types: tuple[TypeChoice, ...]


def committees(
    session: Session, *, scope: Scope, filters: Filters, now: datetime, number: int = 1
) -> Page:
    """One page of the committees, the gravest state first: four queries, whatever their number.

    A number past the end gives the last page.
    """
    rows = _rows(session, committees_within(scope), now, *_conditions(filters))
    states = Counter(row.state for row in rows if row.active)
    if filters.state is not None:
        rows = [row for row in rows if row.state is filters.state]
    order = list(CheckState)
    rows.sort(key=lambda row: (not row.active, order.index(row.state), row.place, row.name))
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    number = min(max(1, number), pages)
    shown = rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    return Page(tuple(shown), len(rows), number, pages, dict(states))


def committee(session: Session, *, scope: Scope, committee_id: int, now: datetime) -> CommitteeView:
    """One committee with its people: seven queries. Raises TeamNotFound out of scope."""
    row = _row(session, scope, committee_id, now)
    people = _people(session, Mediator.committee_id == committee_id, now)
    order = list(MemberSeat)
    people.sort(key=lambda one: (not one.active, order.index(one.seat), one.name, one.mediator_id))
    return CommitteeView(row, tuple(people))


def person(session: Session, *, scope: Scope, mediator_id: int, now: datetime) -> PersonView:
    """One mediator's card: a fixed number of queries. Raises TeamNotFound out of scope."""
    committee_id = session.scalar(
        select(Mediator.committee_id)
        .join(Committee, Committee.id == Mediator.committee_id)
        .where(Mediator.id == mediator_id, committees_within(scope))
    )
    if committee_id is None:
        raise TeamNotFound(f"mediator:{mediator_id}")
    row = _row(session, scope, committee_id, now)
    (found,) = _people(session, Mediator.id == mediator_id, now)
    relations = session.execute(
        select(MediatorRelation.kind, func.count())
        .where(MediatorRelation.mediator_id == mediator_id)
        .group_by(MediatorRelation.kind)
    )
    by_kind: dict[RelationKind, int] = {kind: count for kind, count in relations}  # noqa: C416 - rows
    known = tuple((kind, by_kind[kind]) for kind in RelationKind if kind in by_kind)
    all_leave = _leave(session, Mediator.id == mediator_id, since=date.min)[mediator_id]
    licence = session.scalar(select(Mediator.licence_until).where(Mediator.id == mediator_id))
    return PersonView(
        found,
        row,
        tuple(reversed(all_leave)),
        known,
        licence,
        *working_time(session, scope=scope, mediator_id=mediator_id, day=day_of(now)),
        withdrawals(session, scope=scope, mediator_id=mediator_id),
    )


def changes(
    session: Session,
    *,
    scope: Scope,
    committee_id: int,
    mediator_id: int | None = None,
) -> tuple[ChangeRow, ...]:
    """The newest changes of a committee, or of one person in it. Empty out of scope."""
    query = (
        select(
            TeamChange.action,
            TeamChange.day,
            TeamChange.at,
            User.name.label("actor"),
            Mediator.name.label("mediator"),
            TeamChange.data,
        )
        .join(Committee, Committee.id == TeamChange.committee_id)
        .outerjoin(User, User.id == TeamChange.actor_id)
        .outerjoin(Mediator, Mediator.id == TeamChange.mediator_id)
        .where(TeamChange.committee_id == committee_id, committees_within(scope))
        .order_by(TeamChange.id.desc())
        .limit(_MOST_CHANGES)
    )
    if mediator_id is not None:
        query = query.where(TeamChange.mediator_id == mediator_id)
    return tuple(ChangeRow(*row) for row in session.execute(query))


def offer(session: Session, *, scope: Scope, now: datetime) -> Offer:
    """The units of a scope where a committee can stand today, and the types: two queries."""
    types = session.execute(
        select(CaseType.code, CaseType.name_zh, CaseType.name_en).order_by(CaseType.code)
    )
    return Offer(_places(session, scope, day_of(now)), tuple(TypeChoice(*row) for row in types))


def _places(session: Session, scope: Scope, today: date) -> tuple[Place, ...]:
    unit, above = aliased(OrganisationUnit), aliased(OrganisationUnit)
    part = (
        true()
        if scope.whole_county
        else or_(unit.id.in_(scope.towns | scope.communities), unit.parent_id.in_(scope.towns))
    )
    rows = session.execute(
        select(unit, above)
        .outerjoin(above, above.id == unit.parent_id)
        .where(
            unit.path.startswith(f"/{scope.county_id}/", autoescape=True),
            unit.level != UnitLevel.GRID,
            unit.valid_from <= today,
            or_(unit.valid_to.is_(None), unit.valid_to > today),
            part,
        )
        .order_by(unit.level, unit.code)
    )
    return tuple(Place(own.id, own.level, place_names(own, over)) for own, over in rows)


def _conditions(filters: Filters) -> Iterable[ColumnElement[bool]]:
    yield Committee.active.is_(not filters.closed)
    if filters.town_id is not None:
        yield Committee.town_id == filters.town_id
    if filters.kind is not None:
        yield Committee.kind == filters.kind
    if term := filters.term.strip().lower():
        named = select(Mediator.committee_id).where(
            func.lower(Mediator.name).contains(term, autoescape=True), Mediator.active
        )
        yield or_(
            func.lower(Committee.name).contains(term, autoescape=True), Committee.id.in_(named)
        )


def _row(session: Session, scope: Scope, committee_id: int, now: datetime) -> CommitteeRow:
    rows = _rows(session, committees_within(scope), now, Committee.id == committee_id)
    if not rows:
        raise TeamNotFound(f"committee:{committee_id}")
    return rows[0]


def _rows(
    session: Session, within: ColumnElement[bool], now: datetime, *more: ColumnElement[bool]
) -> list[CommitteeRow]:
    """Committees with their checks: the units beside them, the people, who is away, the load."""
    unit, above = aliased(OrganisationUnit), aliased(OrganisationUnit)
    wanted = (within, *more)
    found = session.execute(
        select(Committee, unit, above)
        .join(unit, unit.id == Committee.unit_id)
        .outerjoin(above, above.id == unit.parent_id)
        .where(*wanted)
    ).all()
    ids = select(Committee.id).where(*wanted)
    seated = _seated(session, ids)
    away, loads = _away_today(session, ids, day_of(now)), _committee_loads(session, ids)
    return [
        _as_row(
            own,
            place_names(at, over),
            seated[own.id],
            away=away[own.id],
            load=loads[own.id],
            today=day_of(now),
        )
        for own, at, over in found
    ]


def _as_row(
    own: Committee,
    place: tuple[str, ...],
    seated: Sequence[tuple[Seated, str]],
    *,
    away: int,
    load: int,
    today: date,
) -> CommitteeRow:
    people = tuple(one for one, _name in seated)
    facts = CommitteeFacts(own.kind, own.minority_area, own.term_from, own.term_to, people)
    return CommitteeRow(
        committee_id=own.id,
        code=own.code,
        name=own.name,
        kind=own.kind,
        place=place,
        town_id=own.town_id,
        term_from=own.term_from,
        term_to=own.term_to,
        active=own.active,
        minority_area=own.minority_area,
        checks=checks(facts, today=today) if own.active else (),
        chair=next((name for one, name in seated if one.chair), None),
        people=len(people),
        members=sum(one.member for one in people),
        away_today=away,
        open_cases=load,
    )


def _seated(session: Session, ids: Select[int]) -> dict[int, list[tuple[Seated, str]]]:
    rows = session.execute(
        select(
            Mediator.committee_id,
            Mediator.name,
            Mediator.id,
            Mediator.member,
            Mediator.chair,
            Mediator.sex,
            Mediator.minority,
            Mediator.adult,
            Mediator.seat_from,
            Mediator.seat_to,
        )
        .where(Mediator.active, Mediator.committee_id.in_(ids))
        .order_by(Mediator.id)
    )
    found: dict[int, list[tuple[Seated, str]]] = defaultdict(list)
    for committee_id, name, *seat in rows:
        found[committee_id].append((Seated(*seat), name))
    return found


def _away_today(session: Session, ids: Select[int], today: date) -> Counter[int]:
    rows = session.execute(
        select(Mediator.committee_id, func.count())
        .join(MediatorAbsence, MediatorAbsence.mediator_id == Mediator.id)
        .where(
            Mediator.active,
            Mediator.committee_id.in_(ids),
            MediatorAbsence.first_day <= today,
            MediatorAbsence.last_day >= today,
        )
        .group_by(Mediator.committee_id)
    )
    return Counter({committee_id: count for committee_id, count in rows})  # noqa: C416 - rows


def _committee_loads(session: Session, ids: Select[int]) -> Counter[int]:
    rows = session.execute(
        select(Case.committee_id, func.count())
        .where(IS_OPEN, Case.committee_id.in_(ids))
        .group_by(Case.committee_id)
    )
    return Counter({committee_id: count for committee_id, count in rows if committee_id})


def _people(session: Session, which: ColumnElement[bool], now: datetime) -> list[PersonRow]:
    today = day_of(now)
    ids = select(Mediator.id).where(which)
    types: dict[int, list[str]] = defaultdict(list)
    for mediator_id, code in session.execute(
        select(MediatorSpeciality.mediator_id, MediatorSpeciality.type_code)
        .where(MediatorSpeciality.mediator_id.in_(ids))
        .order_by(MediatorSpeciality.type_code)
    ):
        types[mediator_id].append(code)
    held = session.execute(
        select(Case.mediator_id, func.count())
        .where(IS_OPEN, Case.mediator_id.in_(ids))
        .group_by(Case.mediator_id)
    )
    loads = {mediator_id: count for mediator_id, count in held}  # noqa: C416 - rows
    leave = _leave(session, which, since=today)
    return [
        PersonRow(
            mediator_id=one.id,
            code=one.code,
            name=one.name,
            sex=one.sex,
            seat=_seat(one),
            full_time=one.full_time,
            capacity=one.capacity,
            active=one.active,
            minority=one.minority,
            adult=one.adult,
            seat_from=one.seat_from,
            seat_to=one.seat_to,
            version=one.version,
            specialities=tuple(types[one.id]),
            open_cases=loads.get(one.id, 0),
            leave=tuple(leave[one.id]),
        )
        for one in session.scalars(select(Mediator).where(which))
    ]


def _seat(one: Mediator) -> MemberSeat:
    if one.chair:
        return MemberSeat.CHAIR
    return MemberSeat.MEMBER if one.member else MemberSeat.HIRED


def _leave(session: Session, which: ColumnElement[bool], *, since: date) -> dict[int, list[Leave]]:
    rows = session.execute(
        select(
            MediatorAbsence.mediator_id,
            MediatorAbsence.id,
            MediatorAbsence.first_day,
            MediatorAbsence.last_day,
            MediatorAbsence.kind,
        )
        .join(Mediator, Mediator.id == MediatorAbsence.mediator_id)
        .where(which, MediatorAbsence.last_day >= since)
        .order_by(MediatorAbsence.first_day)
    )
    found: dict[int, list[Leave]] = defaultdict(list)
    for mediator_id, absence_id, first_day, last_day, kind in rows:
        found[mediator_id].append(Leave(absence_id, first_day, last_day, kind))
    return found
