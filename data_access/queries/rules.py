"""The work calendar and the limits as they are, what changed them, and what a change would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access import deadlines
from data_access.deadlines import Preview
from data_access.engine import vault_of
from data_access.reference import limit_of, load_calendar
from data_access.rule_changes import (
    DayChange,
    changed_days,
    plan_days,
    plan_limit,
    reason_place,
    require_keeper,
)
from data_access.tables import LimitRule, RuleChange, User, WorkDay
from domain.clocks import Limit, day_of
from domain.limits import RuleKind
from domain.people import Scope
from domain.work_calendar import NamedDay, WorkCalendar

_CHANGES_SHOWN = 30


@dataclass(frozen=True, slots=True)
class CalendarView:
    """The work calendar with the names of its days; `gap` is the first day without a notice.

    `gap` is told once it is near; `entered` are the years whose notice is entered.
    """

    calendar: WorkCalendar
    names: dict[date, str]
    gap: date | None
    entered: frozenset[int]


@dataclass(frozen=True, slots=True)
class DaysPreview:
    """The days that a change would set, and what that would move."""

    changes: tuple[DayChange, ...]
    moves: Preview


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the table of limits; `changed_by` and `at` are None for the defaults."""

    id: int
    limit: Limit
    changed_by: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class LimitTable:
    """The rules that hold on a day, those still to come, and those that are over."""

    holding: tuple[Rule, ...]
    coming: tuple[Rule, ...]
    over: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change of the rules: by whom, when, why, what it set and what it moved."""

    id: int
    at: datetime
    actor_name: str
    reason: str
    moved: int
    kept: int
    data: dict[str, Any]


def calendar_view(session: Session, *, scope: Scope, now: datetime) -> CalendarView:
    """The whole work calendar. Raises NotAllowed for a part of the county."""
    require_keeper(scope)
    calendar = load_calendar(session)
    rows = session.execute(select(WorkDay.day, WorkDay.note, WorkDay.official)).all()
    entered = {row.day.year for row in rows if row.official}
    complete = frozenset(year for year in entered if year <= calendar.complete_until.year)
    return CalendarView(
        calendar,
        {row.day: row.note for row in rows},
        calendar.gap(today=day_of(now)),
        complete,
    )


def preview_days(
    session: Session, *, scope: Scope, days: Sequence[NamedDay], official: bool, now: datetime
) -> DaysPreview:
    """What setting these days would change. Raises NotAllowed for a part of the county."""
    require_keeper(scope)
    changes = changed_days(session, days, official=official)
    planned = plan_days(session, days, county_id=scope.county_id, now=now)
    return DaysPreview(tuple(changes), deadlines.preview(session, planned.moves, planned.kept))


def preview_limit(
    session: Session, *, scope: Scope, rule: Limit, open_cases: bool, now: datetime
) -> Preview:
    """What a new rule would move. Raises NotAllowed for a part of the county."""
    require_keeper(scope)
    planned = plan_limit(session, rule, open_cases=open_cases, county_id=scope.county_id, now=now)
    return deadlines.preview(session, planned.moves, planned.kept)


def limit_table(session: Session, *, scope: Scope, now: datetime) -> LimitTable:
    """All rules by whether they hold, with who entered each. Raises NotAllowed as above."""
    require_keeper(scope)
    rows = session.execute(
        select(LimitRule, RuleChange.at, User.name)
        .outerjoin(RuleChange, RuleChange.id == LimitRule.change_id)
        .outerjoin(User, User.id == RuleChange.actor_id)
        .order_by(LimitRule.valid_from, LimitRule.id)
    )
    today = day_of(now)
    found: tuple[list[Rule], list[Rule], list[Rule]] = ([], [], [])
    for row, at, name in rows:
        rule = Rule(row.id, limit_of(row), name, at)
        ended = row.valid_to is not None and row.valid_to <= today
        place = 1 if row.valid_from > today else 2 if ended else 0
        found[place].append(rule)
    holding, coming, over = found
    return LimitTable(tuple(holding), tuple(coming), tuple(reversed(over)))


def changes(session: Session, *, scope: Scope, kind: RuleKind) -> list[ChangeView]:
    """The latest changes of the calendar or of the limits, the newest first."""
    require_keeper(scope)
    vault = vault_of(session)
    rows = session.execute(
        select(RuleChange, User.name)
        .outerjoin(User, User.id == RuleChange.actor_id)
        .where(RuleChange.county_id == scope.county_id, RuleChange.kind == kind)
        .order_by(RuleChange.at.desc(), RuleChange.id.desc())
        .limit(_CHANGES_SHOWN)
    )
    return [
        ChangeView(
            row.id,
            row.at,
            name or "",
            vault.decrypt(row.reason_encrypted, place=reason_place(row.id))
            if row.reason_encrypted
            else "",
            row.moved,
            row.kept,
            row.data,
        )
        for row, name in rows
    ]
