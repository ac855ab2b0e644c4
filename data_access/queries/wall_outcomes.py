"""What the wall's scenes of outcomes and for visitors show: rates of months that are over, sums.

The cases are those registered in the months (按登记批次), so that a rate of a month stays one of
the same cases, and nothing grows with older history.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from data_access.counting import how_many
from data_access.ends import is_settled, is_to_be_settled
from data_access.lamps import lamp_is
from data_access.queries import figures
from data_access.queries.figures import Step
from data_access.scope import cases_within, committees_within, mediators_within
from data_access.tables import Case, CaseEvent, Committee, Mediator
from data_access.units import units_by_level
from domain.cases import EventKind, Lamp, Stage
from domain.clocks import day_of
from domain.kpi import Window
from domain.organisation import UnitLevel
from domain.people import Scope
from domain.small_cells import HELD_BACK, Cell, Rate, alone, rate
from domain.transitions import Rating
from domain.workload import months_before

MONTHS = 12
_AGREED = ("O01", "O02")
_WRITTEN = "O01"
# What a side said of the work, each with what it is a part of after it.
_CONTENT = (Rating.SATISFIED, Rating.FAIRLY)
_ANSWERED = (*_CONTENT, Rating.DISSATISFIED)
_SAID = (_CONTENT, _ANSWERED, (*_ANSWERED, Rating.NO_ANSWER))


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of the cases registered in some months, by now.

    `resolution` (化解率): settled, of those that are there to be settled. `performance` (履行率):
    agreements kept, of those that were kept, broken, or should have been kept by now.
    `confirmation` (申请司法确认): the court was asked, of the agreements in writing; what it said
    stands in a note alone, so that no rate of confirmations can be told. `visited` (回访): visited
    afterwards, of those that were or should have been by now. `satisfaction` (满意率): satisfied
    or fairly so, of the answers; `answers` (参评率): answers, of those asked. Each side of a case
    answers for itself, so that both rest on people and not on cases.
    """

    months: Window
    registered: int
    resolution: Rate
    performance: Rate
    confirmation: Rate
    visited: Rate
    satisfaction: Rate
    answers: Rate


@dataclass(frozen=True, slots=True)
class OutcomeScene:
    """The last twelve months that are over, the last of them, and the one before it."""

    year: Outcomes
    month: Outcomes
    month_before: Outcomes


@dataclass(frozen=True, slots=True)
class _Counts:
    registered: int = 0
    counted: int = 0
    settled: int = 0
    due: int = 0
    kept: int = 0
    written: int = 0
    asked: int = 0
    to_visit: int = 0
    visited: int = 0
    content: int = 0
    answered: int = 0
    was_asked: int = 0

    def __add__(self, other: "_Counts") -> "_Counts":
        return _Counts(
            *(getattr(self, one.name) + getattr(other, one.name) for one in fields(_Counts))
        )


def outcomes(session: Session, *, scope: Scope, now: datetime) -> OutcomeScene:
    """The scene of outcomes. One statement, over the cases registered in twelve months."""
    months = months_before(day_of(now), MONTHS)
    year = Window(months[0].first_day, months[-1].last_day)
    part = case(
        (Case.registered_at >= months[-1].starts_at, 2),
        (Case.registered_at >= months[-2].starts_at, 1),
        else_=0,
    ).label("part")
    rows = session.execute(
        select(part, func.count(), *map(how_many, _conditions(now)), *map(_sides, _SAID))
        .where(
            Case.registered_at >= year.starts_at,
            Case.registered_at < year.ends_at,
            cases_within(scope),
        )
        .group_by("part")
    )
    found = {row[0]: _Counts(*(int(one or 0) for one in row[1:])) for row in rows}
    return OutcomeScene(
        _told(year, found.values()),
        _told(months[-1], [found.get(2, _Counts())]),
        _told(months[-2], [found.get(1, _Counts())]),
    )


def _conditions(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What each count but the first of _Counts counts, in its order."""
    agreed = Case.outcome_code.in_(_AGREED)
    late = lamp_is(Lamp.LATE, now)
    performed, broken = _has(EventKind.PERFORMED), _has(EventKind.DEFAULTED)
    kept = and_(agreed, performed, ~broken)
    overdue = and_(Case.stage == Stage.PERFORMANCE, late)
    written = Case.outcome_code == _WRITTEN
    visited = and_(agreed, _has(EventKind.FOLLOWED_UP))
    return (
        is_to_be_settled(),
        is_settled(),
        and_(agreed, or_(overdue, performed, broken)),
        kept,
        written,
        and_(written, _has(EventKind.CONFIRMATION_ASKED)),
        or_(visited, and_(agreed, Case.stage == Stage.FOLLOW_UP, late)),
        visited,
    )


def _sides(said: tuple[Rating, ...]) -> ColumnElement[int]:
    """How many sides said one of these."""
    return how_many(Case.applicant_rating.in_(said)) + how_many(Case.respondent_rating.in_(said))


def _has(kind: EventKind) -> ColumnElement[bool]:
    """Whether something ever happened to the case: a look at its own few events."""
    return exists().where(
        CaseEvent.county_id == Case.county_id,
        CaseEvent.case_id == Case.id,
        CaseEvent.kind == kind,
    )


def _told(months: Window, parts: Iterable[_Counts]) -> Outcomes:
    found = sum(parts, start=_Counts())
    return Outcomes(
        months,
        found.registered,
        rate(found.settled, found.counted),
        rate(found.kept, found.due),
        rate(found.asked, found.written),
        rate(found.visited, found.to_visit),
        rate(found.content, found.answered),
        rate(found.answered, found.was_asked),
    )


# --- for visitors ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Overview:
    """The county in numbers; of this year's cases how many are settled, and their rate.

    `months` are the twelve whole ones that are over: the present one would be read as a fall.
    """

    year: int
    registered: int
    settled: Cell
    resolution: Rate
    months: tuple[Step, ...]
    towns: int
    communities: int
    grids: int
    committees: int
    mediators: int


def overview(session: Session, *, scope: Scope, now: datetime) -> Overview:
    """The scene for visitors. Six statements."""
    today = day_of(now)
    this_year = Window(date(today.year, 1, 1), today)
    registered, counted, settled = _of_year(session, scope, this_year)
    months = months_before(today, MONTHS)
    units = units_by_level(session, scope=scope, day=today)
    steps = figures.trend(
        session,
        scope=scope,
        area=(UnitLevel.COUNTY, (scope.county_id,)),
        window=Window(months[0].first_day, months[-1].last_day),
        parts=months,
    )
    return Overview(
        today.year,
        registered,
        _settled(settled, registered),
        rate(settled, counted),
        tuple(steps),
        units[UnitLevel.TOWN],
        units[UnitLevel.COMMUNITY],
        units[UnitLevel.GRID],
        *_bodies(session, scope),
    )


def _of_year(session: Session, scope: Scope, year: Window) -> tuple[int, int, int]:
    """Registered, there to be settled, and settled by now."""
    row = session.execute(
        select(func.count(), how_many(is_to_be_settled()), how_many(is_settled())).where(
            Case.registered_at >= year.starts_at,
            Case.registered_at < year.ends_at,
            cases_within(scope),
        )
    ).one()
    registered, counted, settled = (int(one or 0) for one in row)
    return registered, counted, settled


def _settled(settled: int, registered: int) -> Cell:
    """It stands beside what was registered, so what is not settled is told with it."""
    if alone(registered - settled).count is None:
        return HELD_BACK
    return alone(settled)


def _bodies(session: Session, scope: Scope) -> tuple[int, int]:
    """How many committees and mediators work."""
    committees = session.scalar(
        select(func.count())
        .select_from(Committee)
        .where(Committee.active, committees_within(scope))
    )
    mediators = session.scalar(
        select(func.count())
        .select_from(Mediator)
        .join(Committee, Committee.id == Mediator.committee_id)
        .where(Mediator.active, Committee.active, mediators_within(scope))
    )
    return committees or 0, mediators or 0
