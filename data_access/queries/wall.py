"""What the wall's duty scene and its ticker show: counts of the office's work, and of no person.

A wall is seen by everybody who passes: no read of the wall gives a name, an address, a number of a
case, or a list of single cases. Counts of open, due, late and waiting cases by town are shown as
they are, because they describe offices; whatever crosses type, outcome or risk goes through
domain/small_cells.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from data_access.counting import how_many
from data_access.lamps import lamp_is
from data_access.scope import cases_within
from data_access.tables import Case, CaseSpan, CaseType
from data_access.tables.cases import IS_OPEN
from data_access.units import units_on
from domain.cases import Lamp, Risk, Stage
from domain.clocks import BEIJING, day_of
from domain.kpi import SETTLED_OUTCOMES
from domain.organisation import UnitLevel
from domain.people import Scope
from domain.small_cells import Cell, alone, beside_total, fewest_told
from domain.wall_figures import Happened

_DAY = timedelta(days=1)
# What is due within it is about to be late.
DUE_WITHIN = _DAY


def _midnight(now: datetime) -> datetime:
    """When the present day began in Beijing."""
    return datetime.combine(day_of(now), time.min, BEIJING)


@dataclass(frozen=True, slots=True)
class TownOnDuty:
    """What is due, late and waiting in a town; the longest in whole days, None for none."""

    code: str
    name: str
    due: int = 0
    overdue: int = 0
    longest_overdue: int | None = None
    waiting: int = 0
    longest_waiting: int | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """What somebody on duty has to know at a moment; `towns` in administrative order.

    `new_today` were registered since midnight, `new_before` on the day before until the same time
    of day. `due` fall due within 24 hours, `overdue` are late; what stands still is neither.
    `waiting` wait for a mediator. `red` is open with risk R1. `unanswered` are departments that owe
    an answer: always None, because nothing in the database says that a department was asked, or
    answered: handing over (移交) ends what is known of a case.
    """

    new_today: int
    new_before: int
    due: int
    overdue: int
    waiting: int
    red: Cell
    towns: tuple[TownOnDuty, ...]
    unanswered: int | None = None

    @property
    def overdue_longest(self) -> TownOnDuty | None:
        """The town with what is late for longest."""
        late = [one for one in self.towns if one.longest_overdue is not None]
        return max(late, key=lambda one: one.longest_overdue or 0, default=None)

    @property
    def waits_longest(self) -> TownOnDuty | None:
        """The town where a case has waited for a mediator for longest."""
        waits = [one for one in self.towns if one.longest_waiting is not None]
        return max(waits, key=lambda one: one.longest_waiting or 0, default=None)


def duty(session: Session, *, scope: Scope, now: datetime) -> Duty:
    """The duty scene. Four statements: over the open cases, and over what came since yesterday."""
    today = _midnight(now)
    came = session.execute(
        select(
            how_many(Case.registered_at >= today),
            how_many(Case.registered_at <= now - _DAY),
        ).where(Case.registered_at.between(today - _DAY, now), cases_within(scope))
    ).one()
    standing = _standing(session, scope, now)
    waiting = _waiting(session, scope)
    towns = units_on(
        session,
        scope=scope,
        day=day_of(now),
        levels=[UnitLevel.TOWN],
        also={*standing, *waiting},
    )
    found = [
        _town(TownOnDuty(one.code, one.name), standing.get(one.id), waiting.get(one.id), now)
        for one in towns
    ]
    return Duty(
        int(came[0] or 0),
        int(came[1] or 0),
        sum(one.due for one in found),
        sum(one.overdue for one in found),
        sum(one.waiting for one in found),
        alone(sum(int(row.red or 0) for row in standing.values())),
        tuple(found),
    )


def _standing(session: Session, scope: Scope, now: datetime) -> dict[int, Any]:
    """How the open cases of each town stand, out of the queue's index."""
    late = lamp_is(Lamp.LATE, now)
    soon = and_(Case.paused == 0, Case.due_at > now, Case.due_at <= now + DUE_WITHIN)
    rows = session.execute(
        select(
            Case.town_id,
            how_many(soon).label("due"),
            how_many(late).label("overdue"),
            func.min(case((late, Case.due_at))).label("first_due"),
            how_many(Case.risk == int(Risk.RED)).label("red"),
        )
        .where(IS_OPEN, cases_within(scope))
        .group_by(Case.town_id)
    )
    return {row.town_id: row for row in rows}


def _waiting(session: Session, scope: Scope) -> dict[int, Any]:
    """How many cases of each town wait for a mediator, and since when the first does."""
    rows = session.execute(
        select(
            Case.town_id,
            func.count().label("waiting"),
            func.min(Case.stage_since).label("since"),
        )
        .where(IS_OPEN, Case.stage == Stage.ACCEPTED, Case.paused == 0, cases_within(scope))
        .group_by(Case.town_id)
    )
    return {row.town_id: row for row in rows}


def _town(town: TownOnDuty, standing: Any, waiting: Any, now: datetime) -> TownOnDuty:
    if standing is not None:
        town = replace(
            town,
            due=int(standing.due or 0),
            overdue=int(standing.overdue or 0),
            longest_overdue=_whole_days(standing.first_due, now),
        )
    if waiting is None:
        return town
    since = _whole_days(waiting.since, now)
    return replace(town, waiting=int(waiting.waiting), longest_waiting=since)


def _whole_days(since: datetime | None, now: datetime) -> int | None:
    return None if since is None else (now - since) // _DAY


# --- the ticker --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TownToday:
    """What happened in a town today: counts of the office's work, as they are."""

    code: str
    name: str
    new: int = 0
    settled: int = 0
    handed_on: int = 0


@dataclass(frozen=True, slots=True)
class KindToday:
    """How many of a group of types were settled or handed on in the whole county today."""

    what: Happened
    type_code: str
    name_zh: str
    name_en: str
    count: int


@dataclass(frozen=True, slots=True)
class Ticker:
    """What the ticker says of a day, by town and by group of types; nothing is finer than the day.

    `kinds` are only those that may be told beside what the towns have together.
    """

    day: date
    towns: tuple[TownToday, ...]
    kinds: tuple[KindToday, ...]


def ticker(session: Session, *, scope: Scope, now: datetime) -> Ticker:
    """The day so far. Five statements, over what was registered, moved or closed today.

    Settled is who came to an agreement today, or ended before one by their own or on the spot;
    handed on, who went to a court, an arbitration, an authority or the police. A case that was
    closed after its agreement was settled on the day of that.
    """
    by_town: defaultdict[tuple[Happened, int], int] = defaultdict(int)
    by_kind: defaultdict[tuple[Happened, str], int] = defaultdict(int)
    for what, town_id, group, count in (
        *_came(session, scope, now),
        *_entered(session, scope, now),
        *_closed(session, scope, now),
    ):
        by_town[what, town_id] += count
        by_kind[what, group] += count
    towns = units_on(
        session,
        scope=scope,
        day=day_of(now),
        levels=[UnitLevel.TOWN],
        also={town_id for _what, town_id in by_town},
    )
    return Ticker(
        day_of(now),
        tuple(
            TownToday(one.code, one.name, *(by_town[what, one.id] for what in Happened))
            for one in towns
        ),
        tuple(_kinds(session, by_kind)),
    )


# Grouped by their names: an expression with parameters would not be the same one twice.
_GROUP = func.substr(Case.type_code, 1, 2).label("type_group")
_Counted = tuple[Happened, int, str, int]


def _came(session: Session, scope: Scope, now: datetime) -> list[_Counted]:
    rows = session.execute(
        select(Case.town_id, _GROUP, func.count())
        .where(Case.registered_at.between(_midnight(now), now), cases_within(scope))
        .group_by(Case.town_id, "type_group")
    )
    return [(Happened.NEW, *row) for row in rows]


_ENTERED = {Stage.AGREEMENT: Happened.SETTLED, Stage.HANDED_OVER: Happened.HANDED_ON}


def _entered(session: Session, scope: Scope, now: datetime) -> list[_Counted]:
    """What came into a stage today: an interval in it begins, and none in it ended there."""
    before = aliased(CaseSpan)
    went_on = exists().where(
        before.county_id == CaseSpan.county_id,
        before.case_id == CaseSpan.case_id,
        before.seq < CaseSpan.seq,
        before.ends_at == CaseSpan.starts_at,
        before.stage == CaseSpan.stage,
    )
    rows = session.execute(
        select(CaseSpan.stage, Case.town_id, _GROUP, func.count(CaseSpan.case_id.distinct()))
        .join(Case, and_(Case.county_id == CaseSpan.county_id, Case.id == CaseSpan.case_id))
        .where(
            CaseSpan.county_id == scope.county_id,
            CaseSpan.starts_at.between(_midnight(now), now),
            CaseSpan.stage.in_(sorted(_ENTERED)),
            ~went_on,
            cases_within(scope),
        )
        .group_by(CaseSpan.stage, Case.town_id, "type_group")
    )
    return [(_ENTERED[stage], town_id, group, count) for stage, town_id, group, count in rows]


def _closed(session: Session, scope: Scope, now: datetime) -> list[_Counted]:
    """What was closed today without the stage that would have told of it before."""
    settled = and_(
        Case.outcome_code.in_(sorted(SETTLED_OUTCOMES)),
        Case.onward_code.is_(None),
        ~_ever_in(Stage.AGREEMENT),
    )
    handed_on = and_(Case.onward_code.is_not(None), ~_ever_in(Stage.HANDED_OVER))
    what = case((settled, Happened.SETTLED.value), else_=Happened.HANDED_ON.value)
    rows = session.execute(
        select(what.label("what"), Case.town_id, _GROUP, func.count())
        .where(
            Case.closed_at.between(_midnight(now), now),
            or_(settled, handed_on),
            cases_within(scope),
        )
        .group_by("what", Case.town_id, "type_group")
    )
    return [(Happened(one), town_id, group, count) for one, town_id, group, count in rows]


def _ever_in(stage: Stage) -> ColumnElement[bool]:
    return exists().where(
        CaseSpan.county_id == Case.county_id,
        CaseSpan.case_id == Case.id,
        CaseSpan.stage == stage,
    )


def _kinds(session: Session, counts: Mapping[tuple[Happened, str], int]) -> Iterable[KindToday]:
    """The groups that can be told, each beside the county's total, which the towns tell."""
    groups = session.execute(
        select(CaseType.code, CaseType.name_zh, CaseType.name_en)
        .where(CaseType.parent_code.is_(None))
        .order_by(CaseType.code)
    ).all()
    least = [fewest_told(one.code) for one in groups]
    for what in (Happened.SETTLED, Happened.HANDED_ON):
        found = beside_total([counts.get((what, one.code), 0) for one in groups], least=least)
        for group, cell in zip(groups, found, strict=True):
            if cell.count:
                yield KindToday(what, group.code, group.name_zh, group.name_en, cell.count)
