"""The live queue: open cases, the most urgent first, in pages that stay stable."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from data_access.engine import vault_of
from data_access.lamps import (
    IN_ORDER,
    lamp_is,
    lamp_of,
    parking_is_not_over,
    parking_is_over,
    urgency,
)
from data_access.scope import cases_within
from data_access.tables import (
    Case,
    CaseType,
    Mediator,
    OrganisationUnit,
    Party,
    SelectedCase,
)
from data_access.tables.cases import IS_OPEN
from data_access.vault import Indexed, Vault
from domain.cases import Difficulty, Lamp, Risk, Stage
from domain.clocks import day_of
from domain.organisation import UnitLevel
from domain.people import Scope

PAGE_SIZE = 50
UNASSIGNED = 0
_CASE_NUMBER = re.compile(r"D?(\d{4})-?(\d{1,7})", re.IGNORECASE)
_PHONE_DIGITS = 7
_ORDINAL_DIGITS = 6
# A name that thousands share is no search; more matches than this are cut off.
_MOST_MATCHES = 500


@dataclass(frozen=True, slots=True)
class Filters:
    """What the queue is narrowed to; None or empty means everything.

    `unit` is a town, community or grid; `type_code` has 2 or 4 digits; `mediator_id` UNASSIGNED
    means held by nobody; `selection_id` is of cases that were picked together.
    """

    stage: Stage | None = None
    unit: tuple[UnitLevel, int] | None = None
    type_code: str | None = None
    source_code: str | None = None
    risk: Risk | None = None
    lamps: frozenset[Lamp] = frozenset()
    mediator_id: int | None = None
    selection_id: int | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of one row in the queue's order; the next page begins behind it.

    `parking_over`: among those that are parked for longer than they should be, before all others.
    """

    paused: int
    due_at: datetime
    risk: int
    case_id: int
    parking_over: bool = False


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One case as the queue shows it. No person but the mediator."""

    case_id: int
    case_no: str
    version: int
    stage: Stage
    lamp: Lamp
    paused: bool
    parked_until: date | None
    due_at: datetime | None
    registered_at: datetime
    closed_at: datetime | None
    risk: Risk
    difficulty: Difficulty
    supervised: int
    type_code: str
    type_name_zh: str
    type_name_en: str
    group_zh: str
    group_en: str
    town: str
    community: str | None
    grid: str | None
    mediator_id: int | None
    mediator: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Up to PAGE_SIZE rows, and where the next page begins (None on the last).

    A search has no pages; `more` says that it found more than it shows.
    """

    rows: tuple[QueueRow, ...]
    next: Cursor | None
    more: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """How many cases, how many of them are late or about to be, or parked beyond their day."""

    total: int = 0
    soon: int = 0
    late: int = 0
    parking_over: int = 0

    def __add__(self, other: "Count") -> "Count":
        """Counts of two disjoint sets together."""
        return Count(
            self.total + other.total,
            self.soon + other.soon,
            self.late + other.late,
            self.parking_over + other.parking_over,
        )


def page(
    session: Session,
    *,
    scope: Scope,
    filters: Filters,
    now: datetime,
    after: Cursor | None = None,
    size: int = PAGE_SIZE,
) -> Page:
    """One page of open cases: by due time, then risk, then id; paused cases last.

    A parking that is over is nobody's until somebody looks at it: such cases come before all.
    """
    kinds = list(_kinds(filters, after, now))
    which = [_walk(scope, filters, kind, behind, size + 1, now) for kind, behind in kinds]
    # Not cut once more: a planner that must sort to cut no longer walks.
    picked = which[0] if len(which) == 1 else union_all(*(one.subquery().select() for one in which))
    query = _shown(picked, scope).order_by(*urgency(now))
    rows = [_row(row, now) for row in session.execute(query)]
    more = len(rows) > size
    rows = rows[:size]
    return Page(tuple(rows), _cursor(rows[-1]) if more else None)


def _kinds(
    filters: Filters, after: Cursor | None, now: datetime
) -> Iterator[tuple[ColumnElement[bool], Cursor | None]]:
    """The parts of the queue that a page may still reach into, and behind which row of each."""
    among_over = after is None or after.parking_over
    if among_over and (not filters.lamps or Lamp.PARKING_OVER in filters.lamps):
        yield lamp_is(Lamp.PARKING_OVER, now), after
    yield parking_is_not_over(now), None if among_over else after


def _walk(
    scope: Scope,
    filters: Filters,
    kind: ColumnElement[bool],
    after: Cursor | None,
    size: int,
    now: datetime,
) -> Select[int]:
    """The next cases of one kind, along one index."""
    # Which cases, out of one index in its order; then what is shown of these few. In one join, a
    # planner may fetch and sort all cases in reach, and takes longer to decide than to read.
    narrowed = _conditions(filters, now)
    which = select(Case.id).where(IS_OPEN, cases_within(scope), kind, *narrowed)
    if after is not None:
        here = (after.paused, after.due_at, after.risk, after.case_id)
        which = which.where(tuple_(*IN_ORDER) > here)
    # The limit is a literal: behind a parameter, a plan for all values expects a tenth of the rows.
    return which.order_by(*IN_ORDER).limit(literal_column(str(size)))


def rows_of(
    session: Session, *, scope: Scope, case_nos: Collection[str], now: datetime
) -> list[QueueRow]:
    """The cases of these numbers within the scope, open or closed, in order of urgency."""
    named = select(Case.id).where(cases_within(scope), Case.case_no.in_(sorted(case_nos)))
    query = _shown(named, scope).order_by(*urgency(now))
    return [_row(row, now) for row in session.execute(query)]


def counts(
    session: Session, *, scope: Scope, filters: Filters, now: datetime
) -> dict[Stage, Count]:
    """Open cases by stage under all filters but the stage itself."""
    running = Case.paused == 0
    query = (
        select(
            Case.stage,
            func.count(),
            # What fails for most rows is asked first.
            func.sum(case((and_(Case.soon_at <= now, Case.due_at > now, running), 1), else_=0)),
            func.sum(case((and_(Case.due_at <= now, running), 1), else_=0)),
            func.sum(case((and_(Case.paused == 1, parking_is_over(now)), 1), else_=0)),
        )
        .where(IS_OPEN, cases_within(scope), *_conditions(replace(filters, stage=None), now))
        .group_by(Case.stage)
    )
    return {
        stage: Count(total, int(soon or 0), int(late or 0), int(over or 0))
        for stage, total, soon, late, over in session.execute(query)
    }


def search(
    session: Session, *, scope: Scope, term: str, now: datetime, parties: Scope | None
) -> Page:
    """Cases, open or closed, by number; within `parties`, also by a party's exact name or phone.

    `parties` is where the person may see names (None: nowhere): whether somebody has a dispute is
    itself private. Open cases come first. At most PAGE_SIZE rows; `more` says there are others.
    """
    term = unicodedata.normalize("NFKC", term).strip()
    if not term:
        return Page((), None)
    ways = [*_by_number(scope, term, day_of(now).year)]
    if parties is not None:
        ways += _by_party(vault_of(session), scope, parties, term)
    # Each way by its own index; one condition over all of them would be a scan.
    found = union(*ways).subquery()
    order = (found.c.is_open.desc(), found.c.registered_at.desc(), found.c.id)
    which = select(found.c.id).order_by(*order).limit(literal_column(str(PAGE_SIZE + 1)))
    query = _shown(which, scope).order_by(*_FOUND_ORDER)
    rows = [_row(row, now) for row in session.execute(query)]
    return Page(tuple(rows[:PAGE_SIZE]), None, more=len(rows) > PAGE_SIZE)


def _by_number(scope: Scope, term: str, year: int) -> Iterator[Select[*tuple[Any, ...]]]:
    numbers = {term.upper()}
    if term.isdecimal() and len(term) <= _ORDINAL_DIGITS:
        # People type the last digits: of this year's cases, or last year's.
        numbers |= {f"D{one}-{int(term):05d}" for one in (year, year - 1)}
    if match := _CASE_NUMBER.fullmatch(term):
        numbers.add(f"D{match[1]}-{int(match[2]):05d}")
    yield _found().where(cases_within(scope), Case.case_no.in_(sorted(numbers)))
    yield _found().where(cases_within(scope), Case.external_no == term)


def _by_party(
    vault: Vault, scope: Scope, parties: Scope, term: str
) -> Iterator[Select[*tuple[Any, ...]]]:
    columns: list[tuple[Any, Indexed]] = [(Party.name_index, Indexed.NAME)]
    if sum(character.isdigit() for character in term) >= _PHONE_DIGITS:
        columns.append((Party.phone_index, Indexed.PHONE))
    for column, kind in columns:
        # The scopes before the limit: a name that thousands share must not crowd out one's own.
        yield (
            _found()
            .join(Party, and_(Party.county_id == Case.county_id, Party.case_id == Case.id))
            .where(
                Party.county_id == scope.county_id,
                column == vault.index(term, kind),
                cases_within(scope),
                cases_within(parties),
            )
            .limit(literal_column(str(_MOST_MATCHES)))
            .subquery()
            .select()
        )


def _found() -> Select[*tuple[Any, ...]]:
    """What is found, with what decides its place."""
    return select(Case.id, Case.is_open, Case.registered_at)


def _conditions(filters: Filters, now: datetime) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if filters.stage is not None:
        wanted.append(Case.stage == filters.stage)
    if filters.unit is not None:
        wanted.append(_UNIT_COLUMN[filters.unit[0]] == filters.unit[1])
    if filters.type_code is not None:
        # A group is every code that begins with its two digits, itself included.
        wanted.append(Case.type_code.between(filters.type_code, f"{filters.type_code:9<4}"))
    if filters.source_code is not None:
        wanted.append(Case.source_code == filters.source_code)
    if filters.risk is not None:
        wanted.append(Case.risk == int(filters.risk))
    if filters.mediator_id is not None:
        nobody = filters.mediator_id == UNASSIGNED
        wanted.append(
            Case.mediator_id.is_(None) if nobody else Case.mediator_id == filters.mediator_id
        )
    if filters.selection_id is not None:
        picked = select(SelectedCase.case_id).where(
            SelectedCase.selection_id == filters.selection_id,
            SelectedCase.county_id == Case.county_id,
        )
        wanted.append(Case.id.in_(picked))
    if filters.lamps:
        wanted.append(or_(*(lamp_is(one, now) for one in sorted(filters.lamps))))
    return wanted


_UNIT_COLUMN = {
    UnitLevel.COUNTY: Case.county_id,
    UnitLevel.TOWN: Case.town_id,
    UnitLevel.COMMUNITY: Case.community_id,
    UnitLevel.GRID: Case.grid_id,
}


_FOUND_ORDER = (Case.is_open.desc(), Case.registered_at.desc(), Case.id)
_GROUP = aliased(CaseType)


def _unit_name(unit_id: Any) -> ScalarSelect[str]:
    return select(OrganisationUnit.name).where(OrganisationUnit.id == unit_id).scalar_subquery()


def _rows() -> Select[*tuple[Any, ...]]:
    """What is shown of a case. Names are looked up for each row shown: nothing to plan there."""
    holder = select(Mediator.name).where(Mediator.id == Case.mediator_id).scalar_subquery()
    return (
        select(
            Case.id,
            Case.case_no,
            Case.version,
            Case.stage,
            Case.soon_at,
            Case.paused,
            Case.parked_until,
            Case.due_at,
            Case.registered_at,
            Case.closed_at,
            Case.risk,
            Case.difficulty,
            Case.supervised,
            Case.type_code,
            CaseType.name_zh,
            CaseType.name_en,
            func.coalesce(_GROUP.name_zh, "").label("group_zh"),
            func.coalesce(_GROUP.name_en, "").label("group_en"),
            _unit_name(Case.town_id).label("town"),
            _unit_name(Case.community_id).label("community"),
            _unit_name(Case.grid_id).label("grid"),
            Case.mediator_id,
            holder.label("mediator"),
        )
        .select_from(Case)
        .join(CaseType, CaseType.code == Case.type_code)
        .outerjoin(_GROUP, _GROUP.code == CaseType.parent_code)
    )


def _shown(which: Any, scope: Scope) -> Select[*tuple[Any, ...]]:
    """What is shown of the few cases, by id, that `which` picks within the scope."""
    return _rows().where(Case.county_id == scope.county_id, Case.id.in_(which))


def _row(row: Any, now: datetime) -> QueueRow:
    return QueueRow(
        row.id,
        row.case_no,
        row.version,
        row.stage,
        lamp_of(row, now),
        bool(row.paused),
        row.parked_until,
        row.due_at,
        row.registered_at,
        row.closed_at,
        Risk(row.risk),
        row.difficulty,
        row.supervised,
        row.type_code,
        row.name_zh,
        row.name_en,
        row.group_zh,
        row.group_en,
        row.town,
        row.community,
        row.grid,
        row.mediator_id,
        row.mediator,
    )


def _cursor(row: QueueRow) -> Cursor:
    assert row.due_at is not None  # noqa: S101 - open cases are due: a CHECK of the table
    over = row.lamp is Lamp.PARKING_OVER
    return Cursor(int(row.paused), row.due_at, int(row.risk), row.case_id, over)


def numbers(
    session: Session, *, scope: Scope, filters: Filters, now: datetime, most: int
) -> tuple[str, ...]:
    """The numbers of the open cases that the filters leave, the most urgent first."""
    found = session.scalars(
        select(Case.case_no)
        .where(IS_OPEN, cases_within(scope), *_conditions(filters, now))
        .order_by(*urgency(now))
        .limit(most)
    )
    return tuple(found)


def by_numbers(
    session: Session, *, scope: Scope, case_nos: tuple[str, ...], now: datetime
) -> tuple[QueueRow, ...]:
    """These cases as the queue shows them, open or closed; those outside the scope are left out."""
    query = _rows().where(Case.case_no.in_(case_nos), cases_within(scope)).order_by(Case.id)
    return tuple(_row(row, now) for row in session.execute(query))
