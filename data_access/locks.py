"""What holds cases where they are, read for as many cases as are asked for in four queries."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from data_access.tables import Case, CaseEvent, CasePin, PartyChoice
from domain.cases import EventKind, Stage
from domain.locks import REST_AFTER_MOVE, Lock

# A pin keeps a case with whom it was with then: when somebody else has it, it is over.
PIN_STANDS = and_(CasePin.unpinned_at.is_(None), CasePin.pinned_at >= Case.held_since)
_MOVES = (EventKind.REASSIGNED, EventKind.UNDONE, EventKind.UPDATED)


@dataclass(frozen=True, slots=True)
class HeldBy:
    """What holds one case, and the mediator whom its parties chose, if any."""

    locks: frozenset[Lock]
    chosen_id: int | None


def locks_of(
    session: Session, case_ids: Collection[int], *, county_id: int, now: datetime
) -> dict[int, HeldBy]:
    """The locks of each of these cases."""
    ids = sorted(case_ids)
    rows = session.execute(
        select(Case.id, Case.stage, Case.mediator_id, Case.held_since).where(
            Case.county_id == county_id, Case.id.in_(ids)
        )
    ).all()
    pinned = set(
        session.scalars(
            select(CasePin.case_id)
            .join(Case, and_(Case.county_id == CasePin.county_id, Case.id == CasePin.case_id))
            .where(CasePin.county_id == county_id, CasePin.case_id.in_(ids), PIN_STANDS)
        )
    )
    chosen = _chosen(session, ids, county_id)
    events = _events(session, ids, county_id, now)
    return {
        row.id: HeldBy(
            frozenset(
                lock
                for lock, holds in (
                    (Lock.CHOSEN_BY_PARTIES, row.id in chosen),
                    (Lock.PINNED, row.id in pinned),
                    (Lock.AGREEMENT, row.stage is Stage.AGREEMENT),
                    (Lock.MID_MEDIATION, _has_met(row, events[row.id])),
                    (Lock.MOVED_LATELY, _moved_lately(events[row.id])),
                )
                if holds and row.mediator_id is not None
            ),
            chosen.get(row.id),
        )
        for row in rows
    }


def _chosen(session: Session, ids: list[int], county_id: int) -> dict[int, int]:
    rows = session.execute(
        select(PartyChoice.case_id, PartyChoice.mediator_id)
        .where(
            PartyChoice.county_id == county_id,
            PartyChoice.case_id.in_(ids),
            PartyChoice.ended_at.is_(None),
        )
        .order_by(PartyChoice.id)
    )
    return {row.case_id: row.mediator_id for row in rows}


def _events(
    session: Session, ids: list[int], county_id: int, now: datetime
) -> dict[int, list[Any]]:
    """The moves of the time in which a case rests after one, and all first meetings."""
    recent = and_(CaseEvent.kind.in_(_MOVES), CaseEvent.at > now - REST_AFTER_MOVE)
    rows = session.execute(
        select(CaseEvent.case_id, CaseEvent.seq, CaseEvent.kind, CaseEvent.at, CaseEvent.data)
        .where(
            CaseEvent.county_id == county_id,
            CaseEvent.case_id.in_(ids),
            or_(recent, CaseEvent.kind == EventKind.MET),
        )
        .order_by(CaseEvent.case_id, CaseEvent.seq)
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.case_id].append(row)
    return found


def _has_met(row: Any, events: list[Any]) -> bool:
    """Whether the parties have met before the present holder, and mediation goes on."""
    return row.stage is Stage.IN_MEDIATION and any(
        event.kind is EventKind.MET and event.data.get("mediator") == row.mediator_id
        for event in events
    )


def _moved_lately(events: list[Any]) -> bool:
    """Whether a move of the last days stands: one that was taken back is none."""
    undone = {event.data.get("undid") for event in events if event.kind is EventKind.UNDONE}
    return any(
        event.seq not in undone and event.data.get("from") and event.data.get("to")
        for event in events
        if event.kind in {EventKind.REASSIGNED, EventKind.UPDATED}
    )
