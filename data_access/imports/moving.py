"""How a row moves on a case that only imports have touched so far."""

from collections import Counter
from datetime import datetime
from typing import Any

from data_access.imports.known_cases import KnownCase
from data_access.imports.standing import (
    SETTLED_STAGES,
    Bearings,
    Hands,
    due_of,
    find_hands,
    stated_day,
)
from data_access.imports.stated import StatedCase
from domain.cases import HELD_STAGES, Stage
from domain.clocks import Deadline, Running
from domain.imports import Note, outcome_by_method, stage_of

_ORDER = tuple(Stage)


def moves(
    known: KnownCase,
    stated: StatedCase,
    facts: dict[str, Any],
    bearings: Bearings,
    notes: Counter[Note],
) -> dict[str, Any]:
    """The columns of stage, holder and deadline that change. Only forward: nothing is reopened.

    Nothing moves that people here have moved, and nothing that the source says as it said before.
    Raises RowRefused where the county has no limit for the new stage.
    """
    if known.local or known.row["stage"] is Stage.CLOSED:
        return {}
    if stated.state_fingerprint(bearings.vault) == known.state_fingerprint:
        return _regraded(known, facts, bearings)
    hands = find_hands(stated, facts, bearings, notes, known.barred)
    holder_id = _holder_id(known, hands, notes)
    stage = _stage(known, stated, has_mediator=holder_id is not None)
    if stage is Stage.CLOSED:
        return _closing(known, stated, bearings.now, notes)
    since = _since(known, stated, stage, bearings.now)
    values = _holding(known, hands, holder_id, stage, bearings, since)
    if stage is not known.row["stage"]:
        holder = bearings.roster.by_id.get(holder_id) if holder_id is not None else None
        level = holder.candidate.level if holder else None
        due = due_of(stated, stage, facts["difficulty"], since, bearings.clock, level=level)
        values |= {"stage": stage, "stage_since": since, "limit_level": level, "limit_on": None}
    elif stated.due_day is not None:
        since = known.row["stage_since"]
        due = due_of(
            stated,
            stage,
            facts["difficulty"],
            since,
            bearings.clock,
            level=known.row["limit_level"],
            limit_on=known.row["limit_on"],
        )
    else:
        return values | _regraded(known, facts, bearings)
    values |= _moved(known, due)
    day = stated_day(stated, stage, since)
    if day != known.row["stated_due_on"]:
        values |= {"stated_due_on": day}
    return values


def _regraded(known: KnownCase, facts: dict[str, Any], bearings: Bearings) -> dict[str, Any]:
    """The deadline of a stage that goes on, of a case that is harder or simpler than was said."""
    row = known.row
    if facts["difficulty"] == row["difficulty"]:
        return {}
    running = Running(
        row["stage"],
        facts["difficulty"],
        row["stage_since"],
        row["stated_due_on"],
        level=row["limit_level"],
        limit_on=row["limit_on"],
    )
    return _moved(known, bearings.clock.due(running))


def _moved(known: KnownCase, due: Deadline) -> dict[str, Any]:
    """The deadline's two moments where either differs: one last day has many yellow ones."""
    if due == Deadline(known.row["due_at"], known.row["soon_at"]):
        return {}
    return {"due_at": due.due_at, "soon_at": due.soon_at}


def _holder_id(known: KnownCase, hands: Hands, notes: Counter[Note]) -> int | None:
    """Who holds the case after the row: the named mediator where eligible, else as before."""
    before: int | None = known.row["mediator_id"]
    if hands.holder is None or hands.holder.candidate.mediator_id == before:
        return before
    if not hands.may_take:
        notes[Note.MEDIATOR_NOT_ELIGIBLE] += 1
        return before
    return hands.holder.candidate.mediator_id


def _stage(known: KnownCase, stated: StatedCase, *, has_mediator: bool) -> Stage:
    before: Stage = known.row["stage"]
    accepted = stated.registered_at is not None
    stage = stage_of(stated.end, accepted=accepted, has_mediator=has_mediator)
    if stage in HELD_STAGES and not has_mediator:
        return before
    return max(stage, before, key=_ORDER.index)


def _since(known: KnownCase, stated: StatedCase, stage: Stage, now: datetime) -> datetime:
    """From when on the row's stage and holder count: a settlement from its day, all else from now.

    Nothing that is known already of the time before is written anew.
    """
    known_since: datetime = known.row["stage_since"]
    if stage in SETTLED_STAGES and known.row["stage"] not in SETTLED_STAGES:
        return max(stated.closed_at or now, known.span_starts_at or known_since, known_since)
    return max(now, known_since)


def _holding(
    known: KnownCase,
    hands: Hands,
    holder_id: int | None,
    stage: Stage,
    bearings: Bearings,
    since: datetime,
) -> dict[str, Any]:
    """The mediator's columns, where the case goes to somebody else."""
    if holder_id == known.row["mediator_id"] or stage not in HELD_STAGES or hands.holder is None:
        return {}
    bearings.roster.take(hands.holder)
    return {
        "mediator_id": holder_id,
        "committee_id": hands.holder.candidate.committee_id,
        "held_since": since,
    }


def _closing(
    known: KnownCase, stated: StatedCase, now: datetime, notes: Counter[Note]
) -> dict[str, Any]:
    if stated.closed_at is None:
        notes[Note.NO_CLOSING_DATE] += 1
    if stated.end.outcome_code is None:
        notes[Note.OUTCOME_ASSUMED] += 1
    earliest = known.span_starts_at or known.row["registered_at"]
    closed_at = max(stated.closed_at or now, earliest)
    return {
        "stage": Stage.CLOSED,
        "is_open": 0,
        "stage_since": closed_at,
        "closed_at": closed_at,
        "outcome_code": stated.end.outcome_code or outcome_by_method(stated.method_code),
        "due_at": None,
        "soon_at": None,
    }
