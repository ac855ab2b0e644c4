"""The clocks of cases: what the deadline of one, or of all that are open, is made of."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from data_access.tables import Case, CaseEvent, Committee
from data_access.tables.cases import IS_OPEN
from domain.cases import EventKind
from domain.clocks import Deadline, Pause, Running
from domain.eligibility import level_of_committee
from domain.limits import Standing
from domain.organisation import UnitLevel

# A case that was merged into another stood still until the merging was undone.
_STOPS_AND_STARTS = (
    EventKind.PARKED,
    EventKind.RESUMED,
    EventKind.MERGED,
    EventKind.UNMERGED,
)
_ENDS = {EventKind.RESUMED: EventKind.PARKED, EventKind.UNMERGED: EventKind.MERGED}
# What the clock of a case is made of, and what is told of it when it moves.
_OF_CLOCK = (
    Case.id,
    Case.case_no,
    Case.version,
    Case.town_id,
    Case.updated_at,
    Case.stage,
    Case.difficulty,
    Case.stage_since,
    Case.stated_due_on,
    Case.extended,
    Case.extension_asked,
    Case.limit_level,
    Case.limit_on,
    Case.due_at,
    Case.soon_at,
    Case.paused,
)


def running(session: Session, case: Case, *, now: datetime | None) -> Running:
    """The present stage of a case under its clock; a pause that still lasts is taken until now.

    `now` None leaves such a pause out: the deadline that a case keeps while it stands still.
    """
    stage, since = standing_still(session, case)
    if since is None or now is None or now <= since:
        return stage
    return replace(stage, pauses=(*stage.pauses, Pause(since, now)))


def standing_still(session: Session, case: Case) -> tuple[Running, datetime | None]:
    """The present stage of a case without a pause that still lasts, and since when one does."""
    stops = session.execute(
        select(CaseEvent.kind, CaseEvent.at)
        .where(
            CaseEvent.county_id == case.county_id,
            CaseEvent.case_id == case.id,
            CaseEvent.kind.in_(_STOPS_AND_STARTS),
            CaseEvent.at >= case.stage_since,
        )
        .order_by(CaseEvent.seq)
    ).all()
    pauses, since = _pauses([(row.kind, row.at) for row in stops])
    return _running(case, pauses), since


def level_of(session: Session, committee_id: int | None) -> UnitLevel | None:
    """The level on which a committee works; None without one."""
    row = session.execute(
        select(Committee.town_id, Committee.community_id).where(Committee.id == committee_id)
    ).first()
    return None if row is None else level_of_committee(row.town_id, row.community_id)


@dataclass(frozen=True, slots=True)
class OpenCase:
    """An open case with its clock."""

    id: int
    case_no: str
    version: int
    town_id: int
    updated_at: datetime
    standing: Standing


def every_open_case(session: Session, *, county_id: int) -> list[OpenCase]:
    """Every open case of the county with its clock, by id: two queries, however many there are."""
    stops: dict[int, list[tuple[EventKind, datetime]]] = defaultdict(list)
    found = session.execute(
        select(CaseEvent.case_id, CaseEvent.kind, CaseEvent.at)
        .join(Case, and_(Case.county_id == CaseEvent.county_id, Case.id == CaseEvent.case_id))
        .where(
            Case.county_id == county_id,
            IS_OPEN,
            CaseEvent.kind.in_(_STOPS_AND_STARTS),
            CaseEvent.at >= Case.stage_since,
        )
        .order_by(CaseEvent.case_id, CaseEvent.seq)
    )
    for case_id, kind, at in found:
        stops[case_id].append((kind, at))
    rows = session.execute(
        select(*_OF_CLOCK).where(Case.county_id == county_id, IS_OPEN).order_by(Case.id)
    )
    return [
        OpenCase(
            row.id,
            row.case_no,
            row.version,
            row.town_id,
            row.updated_at,
            _standing(row, stops[row.id]),
        )
        for row in rows
    ]


def _standing(row: Any, stops: Sequence[tuple[EventKind, datetime]]) -> Standing:
    # The stored deadline of a case that stands still is without the pause that still lasts.
    pauses, since = _pauses(stops)
    stored = Deadline(row.due_at, row.soon_at)
    return Standing(_running(row, pauses), stored, since, asked=row.extension_asked is not None)


def _running(case: Any, pauses: Iterable[Pause]) -> Running:
    return Running(
        case.stage,
        case.difficulty,
        case.stage_since,
        case.stated_due_on,
        tuple(pauses),
        case.extended,
        case.limit_level,
        case.limit_on,
    )


def _pauses(stops: Sequence[tuple[EventKind, datetime]]) -> tuple[list[Pause], datetime | None]:
    """The pauses that are over, and since when another lasts: parked, merged away, or both."""
    pauses: list[Pause] = []
    still: set[EventKind] = set()
    since: datetime | None = None
    for kind, at in stops:
        if kind in _ENDS:
            still.discard(_ENDS[kind])
        else:
            still.add(kind)
        if still and since is None:
            since = at
        elif since is not None and not still:
            pauses.append(Pause(since, at))
            since = None
    return pauses, since
