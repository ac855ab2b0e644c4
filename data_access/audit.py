"""The audit chain: one line per deed, each bound to the one before by its hash."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from data_access.tables import AuditHead, AuditLine
from domain.people import Actor

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done to what. `payload` holds codes, ids, keyed hashes; never a personal value."""

    action: str
    subject: str
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where the chain and the data watermark stand after a write."""

    seq: int
    data_seq: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found: lines read, and the first broken sequence number, or None."""

    lines: int
    broken_at: int | None


def open_chain(session: Session, *, county_id: int) -> None:
    """Start a county's chain. Called once, when the county is created."""
    session.execute(insert(AuditHead).values(county_id=county_id, seq=0, hash=GENESIS, data_seq=0))


def append(
    session: Session,
    deeds: Sequence[Deed],
    *,
    actor: Actor,
    at: datetime,
    changes_data: bool,
) -> Stamp:
    """Add lines to the actor's county's chain, in the caller's transaction.

    Call it last: it locks the head row, and with it every other writer of the county, until commit.
    `changes_data` advances the watermark that screens compare.
    """
    head = session.execute(
        select(AuditHead.seq, AuditHead.hash, AuditHead.data_seq)
        .where(AuditHead.county_id == actor.county_id)
        .with_for_update()
    ).one()
    seq, previous = head.seq, head.hash
    rows = []
    for deed in deeds:
        seq += 1
        row = {
            "county_id": actor.county_id,
            "seq": seq,
            "at": at.astimezone(UTC),
            "actor_id": actor.user_id,
            "session_id": actor.session_id,
            "address": actor.address,
            "action": deed.action,
            "subject": deed.subject,
            "payload": deed.payload,
            "previous_hash": previous,
        }
        previous = line_hash(row)
        rows.append({**row, "hash": previous})
    if rows:
        session.execute(insert(AuditLine), rows)
    data_seq = head.data_seq + changes_data
    session.execute(
        update(AuditHead)
        .where(AuditHead.county_id == actor.county_id)
        .values(seq=seq, hash=previous, data_seq=data_seq)
    )
    return Stamp(seq, data_seq)


def line_hash(row: dict[str, Any]) -> str:
    """SHA-256 over the line in one canonical form, the previous line's hash included."""
    canonical = {**row, "at": row["at"].astimezone(UTC).isoformat(timespec="microseconds")}
    canonical.pop("hash", None)
    text = json.dumps(canonical, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify(session: Session, *, county_id: int) -> Verdict:
    """Recompute a county's chain from its first line to its head."""
    expected_seq, previous = 0, GENESIS
    columns = list(AuditLine.__table__.columns)
    lines = (
        select(*columns)
        .where(AuditLine.county_id == county_id)
        .order_by(AuditLine.seq)
        .execution_options(yield_per=2000)
    )
    # The cursor is closed also where a broken line ends the reading early.
    with session.execute(lines) as found:
        for line in found.mappings():
            expected_seq += 1
            row = dict(line)
            intact = row["seq"] == expected_seq and row["previous_hash"] == previous
            if not intact or line_hash(row) != row["hash"]:
                return Verdict(expected_seq, expected_seq)
            previous = row["hash"]
    head = session.execute(
        select(AuditHead.seq, AuditHead.hash).where(AuditHead.county_id == county_id)
    ).one()
    complete = (head.seq, head.hash) == (expected_seq, previous)
    return Verdict(expected_seq, None if complete else expected_seq + 1)
