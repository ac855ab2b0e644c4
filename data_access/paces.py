"""How fast mediators clear points, as the intervals of their cases tell it, and what is left."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, aliased

from data_access.tables import Case, CaseSpan
from data_access.workload_rows import lived_since
from domain.cases import Stage

# A mediator's pace is what they settled in these days, drawn towards everybody's as if by so many
# more: few close enough cases in a quarter to be judged by them alone.
PACE_DAYS, _PRIOR_DAYS = 90, 60
# Where nothing was settled yet: a standard case in two days of a full-time place. Set by hand, and
# gone with the first quarter; at no pace at all everything would be late with everybody.
FIRST_PACE = 5.0
# Of a case's points so much is still to be done, in tenths: all of it at first, four when the time
# for its mediation is over. In stages not named here others are waited for: such cases fill a
# mediator's number, not their days.
_WHOLE, _AT_THE_END, _AFTER_MEETING = 10, 4, 6
_REMAINING = {Stage.ACCEPTED: _WHOLE, Stage.AGREEMENT: 3}
# Beyond any limit: what stands still is never late.
_NEVER = 3650.0
_DAY = timedelta(days=1)


def paces_of(
    session: Session,
    tenths: Mapping[int, int],
    *,
    county_id: int,
    now: datetime,
    since: datetime | None = None,
) -> Mapping[int, float]:
    """Tenths of points settled per day of a full-time place, by mediator, while they had work.

    `tenths`: how much of a place each has; `since`: by default PACE_DAYS ago. Whoever had nothing
    to mediate for a month was not slow in it: only days count on which a case was with them in
    mediation.
    """
    since = since or now - PACE_DAYS * _DAY
    rows = session.execute(
        select(
            CaseSpan.mediator_id,
            CaseSpan.weight,
            CaseSpan.starts_at,
            CaseSpan.ends_at,
            or_(_goes_on(), _merged(county_id)).label("unsettled"),
        ).where(
            CaseSpan.county_id == county_id,
            CaseSpan.stage == Stage.IN_MEDIATION,
            CaseSpan.mediator_id.in_(sorted(tenths)),
            or_(CaseSpan.ends_at.is_(None), CaseSpan.ends_at > since),
            CaseSpan.case_id.in_(lived_since(county_id, since)),
        )
    )
    settled, busy = _settled_and_busy(rows, since, now)
    posts, whole = _posts(busy, tenths), sum(settled.values())
    usual = whole / posts if posts and whole else FIRST_PACE
    return {
        one: (settled[one] + usual * _PRIOR_DAYS) / (busy[one] * share / 10 + _PRIOR_DAYS)
        for one, share in tenths.items()
    }


def _posts(busy: Mapping[int, float], tenths: Mapping[int, int]) -> float:
    return sum(days * tenths[one] / 10 for one, days in busy.items() if one in tenths)


def _goes_on() -> ColumnElement[bool]:
    """Whether the case is still to be mediated after an interval, by somebody else or again.

    Closing leaves no interval behind: what nothing follows is over.
    """
    after = aliased(CaseSpan)
    return exists().where(
        after.county_id == CaseSpan.county_id,
        after.case_id == CaseSpan.case_id,
        after.seq > CaseSpan.seq,
        after.starts_at == CaseSpan.ends_at,
        after.stage.in_((Stage.IN_MEDIATION, Stage.ACCEPTED)),
    )


def _merged(county_id: int) -> ColumnElement[bool]:
    """Whether the case of an interval went into another one: its dispute is still to be settled."""
    return CaseSpan.case_id.in_(
        select(Case.id).where(Case.county_id == county_id, Case.merged_into.is_not(None))
    )


def _settled_and_busy(
    rows: Iterable[Any], since: datetime, now: datetime
) -> tuple[dict[int, int], dict[int, float]]:
    """By mediator the points of cases whose mediation ended with them, and days with such work."""
    settled: dict[int, int] = defaultdict(int)
    spans: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in rows:
        ended_at = row.ends_at or now
        if row.ends_at is not None and not row.unsettled:
            settled[row.mediator_id] += row.weight
        spans[row.mediator_id].append((max(row.starts_at, since), ended_at))
    return settled, defaultdict(float, {one: _days(some) for one, some in spans.items()})


def _days(spans: list[tuple[datetime, datetime]]) -> float:
    """How many days the spans cover together; where they overlap, once."""
    covered, until = timedelta(), datetime.min.replace(tzinfo=UTC)
    for first, last in sorted(spans):
        covered += max(timedelta(), last - max(first, until))
        until = max(until, last)
    return covered / _DAY


def effort_of(row: Any, *, met: bool, now: datetime) -> float:
    """What of a case is still to be done, in tenths of points; `met`: its parties met already.

    `row` has weight, stage, stage_since, due_at and paused.
    """
    left: float = _REMAINING.get(row.stage, 1)
    if row.stage is Stage.IN_MEDIATION:
        left = _WHOLE - (_WHOLE - _AT_THE_END) * (0.0 if _stands(row) else _passed(row, now))
    if met:
        left = min(left, _AFTER_MEETING)
    return float(row.weight * left / _WHOLE)


def days_left(row: Any, due_at: datetime | None, now: datetime) -> float:
    """Days until `due_at`, negative when late; a case that stands still is never late."""
    return _NEVER if _stands(row) or due_at is None else (due_at - now) / _DAY


def _stands(row: Any) -> bool:
    return bool(row.paused) or row.due_at is None


def _passed(row: Any, now: datetime) -> float:
    """How much of the time for its mediation is over, 0 to 1."""
    whole = row.due_at - row.stage_since
    return min(1.0, (now - row.stage_since) / whole) if whole > timedelta() else 1.0
