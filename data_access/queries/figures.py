"""What the county's figures are counted from, by area: a few grouped reads, however many areas.

The areas of a case are those of its occurrence. A case without a community or a grid belongs to no
area of that level: it is counted under None, so that every level has the county's total.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, case, func, null, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from data_access.counting import how_many
from data_access.ends import is_settled, is_to_be_settled
from data_access.engine import vault_of
from data_access.lamps import lamp_of, parking_is_over, urgency
from data_access.scope import cases_within
from data_access.tables import Case, CaseSpan, Committee
from data_access.tables.cases import IS_OPEN
from domain.cases import Lamp, Risk, Stage
from domain.clocks import day_of
from domain.kpi import (
    NOT_HANDLED,
    ON_THE_WAY_SOURCE,
    SETTLED_OUTCOMES,
    AreaCounts,
    Window,
)
from domain.organisation import UnitLevel
from domain.people import Scope
from domain.points import Point, point_of

Column = InstrumentedAttribute[int] | InstrumentedAttribute[int | None]
AREA_COLUMNS: dict[UnitLevel, Column] = {
    UnitLevel.COUNTY: Case.county_id,
    UnitLevel.TOWN: Case.town_id,
    UnitLevel.COMMUNITY: Case.community_id,
    UnitLevel.GRID: Case.grid_id,
}
_DAY = timedelta(days=1)
# Units of one level whose cases belong together: an area with those that were merged into it.
Ground: TypeAlias = tuple[UnitLevel, Collection[int]]


@dataclass(frozen=True, slots=True)
class Cut:
    """Which cases are counted: of these types (2 or 4 digits) and sources; none means all."""

    types: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def conditions(self) -> list[ColumnElement[bool]]:
        """As a WHERE on the case."""
        found: list[ColumnElement[bool]] = []
        if self.types:
            # A group is every code that begins with its two digits, itself included.
            found.append(
                or_(*(Case.type_code.between(one, f"{one:9<4}") for one in sorted(self.types)))
            )
        if self.sources:
            found.append(Case.source_code.in_(sorted(self.sources)))
        return found


ALL = Cut()


def counts(
    session: Session,
    *,
    scope: Scope,
    level: UnitLevel,
    window: Window,
    cut: Cut = ALL,
    now: datetime,
) -> dict[int | None, AreaCounts]:
    """What every figure of every area of a level is made of; areas without any case are left out.

    Where the window ended before today, what is of a moment is of its end, as the spans tell it;
    else of now. Three statements.
    """
    ended = window.last_day < day_of(now)
    of_moment = _standing_then if ended else _standing_now
    found: dict[int | None, AreaCounts] = defaultdict(AreaCounts)
    for area, more in (
        *of_moment(session, scope, level, cut, window.ends_at if ended else now),
        *_registered(session, scope, level, cut, window),
        *_closed(session, scope, level, cut, window),
    ):
        found[area] = found[area] + more
    return dict(found)


def _standing_now(
    session: Session, scope: Scope, level: UnitLevel, cut: Cut, now: datetime
) -> list[tuple[int | None, AreaCounts]]:
    area = AREA_COLUMNS[level]
    rows = session.execute(
        select(
            area,
            *_states(Case, now),
            how_many(and_(Case.paused == 1, parking_is_over(now))),
        )
        .where(IS_OPEN, cases_within(scope), *cut.conditions())
        .group_by(area)
    )
    return [_of_moment(row) for row in rows]


def _standing_then(
    session: Session, scope: Scope, level: UnitLevel, cut: Cut, at: datetime
) -> list[tuple[int | None, AreaCounts]]:
    """From the spans that held at a moment; types and sources are the case's of today."""
    area = AREA_COLUMNS[level]
    rows = session.execute(
        select(area, *_states(CaseSpan, at))
        .join(Case, and_(Case.county_id == CaseSpan.county_id, Case.id == CaseSpan.case_id))
        .where(
            CaseSpan.county_id == scope.county_id,
            CaseSpan.starts_at <= at,
            or_(CaseSpan.ends_at.is_(None), CaseSpan.ends_at > at),
            CaseSpan.stage != Stage.CLOSED,
            cases_within(scope),
            *cut.conditions(),
        )
        .group_by(area)
    )
    return [_of_moment(row) for row in rows]


def _states(of: type[Case] | type[CaseSpan], now: datetime) -> tuple[ColumnElement[int], ...]:
    """How many are open, soon, overdue, paused, red: as the lamp of each says."""
    running = of.paused == 0
    return (
        func.count(),
        how_many(and_(of.soon_at <= now, of.due_at > now, running)),
        how_many(and_(of.due_at <= now, running)),
        how_many(of.paused == 1),
        how_many(of.risk == int(Risk.RED)),
    )


def _of_moment(row: Any) -> tuple[int | None, AreaCounts]:
    area, open_, *others = row
    soon, overdue, paused, red, *over = (int(one or 0) for one in others)
    return area, AreaCounts(open_, soon, overdue, paused, sum(over), red)


def _registered(
    session: Session, scope: Scope, level: UnitLevel, cut: Cut, window: Window
) -> list[tuple[int | None, AreaCounts]]:
    area = AREA_COLUMNS[level]
    inside = Case.registered_at >= window.starts_at
    counted, settled = is_to_be_settled(), is_settled()
    rows = session.execute(
        select(
            area,
            how_many(inside),
            how_many(Case.registered_at < window.starts_at),
            how_many(and_(inside, counted)),
            how_many(and_(inside, settled)),
            how_many(and_(inside, Case.outcome_code.is_(None), Case.is_open == 1)),
        )
        .where(
            Case.registered_at >= window.before().starts_at,
            Case.registered_at < window.ends_at,
            cases_within(scope),
            *cut.conditions(),
        )
        .group_by(area)
    )
    return [
        (
            area_id,
            AreaCounts(new=new, new_before=before, cohort=cohort, resolved=done, pending=pending),
        )
        for area_id, new, before, cohort, done, pending in rows
    ]


def _closed(
    session: Session, scope: Scope, level: UnitLevel, cut: Cut, window: Window
) -> list[tuple[int | None, AreaCounts]]:
    """One row a case: a median cannot be had from sums, and not by one SQL on both databases."""
    rows = session.execute(
        select(
            AREA_COLUMNS[level],
            Case.source_code,
            Case.outcome_code,
            Case.onward_code,
            Case.registered_at,
            Case.closed_at,
        ).where(
            Case.closed_at >= window.starts_at,
            Case.closed_at < window.ends_at,
            cases_within(scope),
            *cut.conditions(),
        )
    )
    by_area: dict[int | None, list[Any]] = defaultdict(list)
    for row in rows:
        by_area[row[0]].append(row)
    return [(area, _of_closed(some)) for area, some in by_area.items()]


def _of_closed(rows: Sequence[Any]) -> AreaCounts:
    settled = [
        row for row in rows if row.outcome_code in SETTLED_OUTCOMES and row.onward_code is None
    ]
    lengths = sorted(
        (row.closed_at - row.registered_at) / _DAY
        for row in rows
        if row.outcome_code not in NOT_HANDLED
    )
    return AreaCounts(
        closed=len(rows),
        settled=len(settled),
        on_the_spot=sum(
            row.source_code == ON_THE_WAY_SOURCE and row.closed_at - row.registered_at < _DAY
            for row in settled
        ),
        days=tuple(lengths),
    )


# --- one area --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """Some days of a trend: registered and closed in them."""

    window: Window
    new: int
    closed: int


def _on(area: Ground) -> ColumnElement[bool]:
    level, units = area
    return AREA_COLUMNS[level].in_(sorted(units))


def trend(
    session: Session,
    *,
    scope: Scope,
    area: Ground,
    window: Window,
    cut: Cut = ALL,
    parts: Sequence[Window] = (),
) -> list[Step]:
    """How many were registered and closed in each part of a window. Two statements.

    `parts` are of the window, such as its months; without any it is cut into even ones.
    """
    where = (_on(area), cases_within(scope), *cut.conditions())
    parts = parts or window.parts()
    found = []
    for moment in (Case.registered_at, Case.closed_at):
        columns = [how_many(and_(moment >= one.starts_at, moment < one.ends_at)) for one in parts]
        row = session.execute(
            select(*columns).where(moment >= window.starts_at, moment < window.ends_at, *where)
        ).one()
        found.append([int(one or 0) for one in row])
    return [Step(*one) for one in zip(parts, *found, strict=True)]


def types_of(
    session: Session,
    *,
    scope: Scope,
    area: Ground,
    window: Window,
    cut: Cut = ALL,
) -> list[tuple[str, int]]:
    """New cases of an area by type code, the most frequent first."""
    found = session.execute(
        select(Case.type_code, func.count())
        .where(
            Case.registered_at >= window.starts_at,
            Case.registered_at < window.ends_at,
            _on(area),
            cases_within(scope),
            *cut.conditions(),
        )
        .group_by(Case.type_code)
    )
    return sorted(((code, count) for code, count in found), key=lambda one: (-one[1], one[0]))


@dataclass(frozen=True, slots=True)
class CommitteeLoad:
    """A committee that serves an area, with the open cases that it holds there."""

    name: str
    open: int


def committees_of(
    session: Session, *, scope: Scope, area: Ground, cut: Cut = ALL, most: int = 5
) -> list[CommitteeLoad]:
    """The committees that hold open cases of an area, by how many, as far as the scope reaches."""
    number = func.count().label("number")
    rows = session.execute(
        select(Committee.name, number)
        .join(Case, Case.committee_id == Committee.id)
        .where(IS_OPEN, _on(area), cases_within(scope), *cut.conditions())
        .group_by(Committee.id, Committee.name)
        .order_by(number.desc(), Committee.id)
        .limit(most)
    )
    return [CommitteeLoad(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class OpenCase:
    """An open case as a marker knows it: nothing of a person but, where told, the exact place.

    `point` is (latitude, longitude), for a reader who may see it; else None.
    """

    case_id: int
    case_no: str
    grid_id: int | None
    lamp: Lamp
    point: Point | None = None


def open_cases(
    session: Session,
    *,
    scope: Scope,
    area: Ground,
    cut: Cut = ALL,
    now: datetime,
    most: int = 400,
    places: Scope | None = None,
) -> list[OpenCase]:
    """The open cases of an area, the most urgent first.

    `places` is where the reader may see exact places (CASE_PLACE); of no other case is one read.
    """
    seen = null() if places is None else case((cases_within(places), Case.point_encrypted))
    rows = session.execute(
        select(
            Case.id,
            Case.case_no,
            Case.grid_id,
            Case.paused,
            Case.parked_until,
            Case.due_at,
            Case.soon_at,
            seen.label("point"),
        )
        .where(IS_OPEN, _on(area), cases_within(scope), *cut.conditions())
        .order_by(*urgency(now))
        .limit(most)
    )
    return [
        OpenCase(
            row.id,
            row.case_no,
            row.grid_id,
            lamp_of(row, now),
            _opened(session, row.point, f"{scope.county_id}:{row.id}"),
        )
        for row in rows
    ]


def _opened(session: Session, sealed: bytes | None, key: str) -> Point | None:
    if sealed is None:
        return None
    return point_of(vault_of(session).decrypt(sealed, place=f"case.point:{key}"))
