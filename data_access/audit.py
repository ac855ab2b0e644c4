"""The audit chain: one line per deed, each bound to the one before by its hash."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from json.encoder import encode_basestring as _text
from typing import Any

from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm import Session

from data_access.tables import AuditHead, AuditLine
from domain.people import Actor
from domain.trail import Break

GENESIS = "0" * 64
_LINES_AT_ONCE = 500  # more take longer: they no longer fit the processor's cache
_HASHED = (
    "action",
    "actor_id",
    "address",
    "at",
    "county_id",
    "payload",
    "previous_hash",
    "seq",
    "session_id",
    "subject",
)
# What reading or hashing a line raises that this product did not write: a day that no calendar has,
# a payload that is no JSON or is nested beyond measure, text that is none.
_NOT_OURS = (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError, DataError)
_SEQ, _PREVIOUS = _HASHED.index("seq"), _HASHED.index("previous_hash")
# One encoder for all lines: making it costs more than most payloads.
_payload_text = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


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
    """What a verification found: lines read, and the first broken sequence number, or None.

    `why` says in which way it is broken there.
    """

    lines: int
    broken_at: int | None
    why: Break | None = field(default=None, compare=False)


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


def line_hash(row: Mapping[str, Any]) -> str:
    """SHA-256 over the line in one canonical form, the previous line's hash included."""
    return _hash(*(row[name] for name in _HASHED))


def _hash(
    action: str,
    actor_id: int,
    address: str,
    at: datetime,
    county_id: int,
    payload: dict[str, Any],
    previous_hash: str,
    seq: int,
    session_id: int | None,
    subject: str,
) -> str:
    """JSON without blanks, keys in their order: written out, since a check does it by the million.

    `at` is in UTC.
    """
    text = (
        f'{{"action":{_text(action)},"actor_id":{actor_id},"address":{_text(address)},'
        f'"at":"{at.isoformat(timespec="microseconds")}","county_id":{county_id},'
        f'"payload":{_payload_text(payload)},"previous_hash":{_text(previous_hash)},"seq":{seq},'
        f'"session_id":{"null" if session_id is None else session_id},"subject":{_text(subject)}}}'
    )
    return hashlib.sha256(text.encode()).hexdigest()


def head(session: Session, *, county_id: int) -> tuple[int, str]:
    """The number and the hash of the chain's last line, as the head says; of none without one."""
    row = session.execute(
        select(AuditHead.seq, AuditHead.hash).where(AuditHead.county_id == county_id)
    ).one_or_none()
    return (0, GENESIS) if row is None else (row.seq, row.hash)


def verify(
    session: Session, *, county_id: int, progress: Callable[[int, int], None] | None = None
) -> Verdict:
    """Recompute a county's chain from its first line to its head, without holding it in memory.

    `progress` is told from time to time how many lines are done, out of how many.
    """
    total, last_hash = head(session, county_id=county_id)
    count, previous = 0, GENESIS
    for part in _parts(session, county_id):
        for line in part:
            count += 1
            why = Break.CONTENT if line is None else _break_at(line, count, previous)
            if line is None or why is not None:
                return Verdict(count, count, why)
            previous = line.hash
        if progress is not None:
            progress(count, max(count, total))
    if (total, last_hash) == (count, previous):
        return Verdict(count, None)
    return Verdict(count, count + 1, Break.END)


def _break_at(line: Row[*tuple[Any, ...]], seq: int, previous: str) -> Break | None:
    *hashed, kept = line
    if hashed[_SEQ] != seq:
        return Break.GAP
    if hashed[_PREVIOUS] != previous:
        return Break.LINK
    try:
        return None if _hash(*hashed) == kept else Break.CONTENT
    except _NOT_OURS:
        return Break.CONTENT


def _parts(session: Session, county_id: int) -> Iterator[Sequence[Row[*tuple[Any, ...]] | None]]:
    """The lines in their order, some hundreds at a time, past the ORM, which takes longer.

    The last is None where a line cannot be read at all, since somebody made it so.
    """
    last = 0
    lines = _lines(county_id).execution_options(yield_per=_LINES_AT_ONCE)
    try:
        # The cursor is closed also where a broken line ends the reading early.
        with session.connection().execute(lines) as found:
            for part in found.partitions():
                yield part
                last = part[-1][_SEQ]
    except (*_NOT_OURS, OperationalError) as error:
        if not _is_about_a_value(error):
            raise
        yield from _one_by_one(session, county_id, last)


def _one_by_one(
    session: Session, county_id: int, last: int
) -> Iterator[Sequence[Row[*tuple[Any, ...]] | None]]:
    """The lines after `last`, up to one that cannot be read, which is None."""
    while True:
        try:
            found = session.connection().execute(
                _lines(county_id).where(AuditLine.seq > last).limit(1)
            )
            row = found.one_or_none()
        except (*_NOT_OURS, OperationalError) as error:
            if not _is_about_a_value(error):
                raise
            yield [None]
            return
        if row is None:
            return
        yield [row]
        last = row[_SEQ]


def _is_about_a_value(error: Exception) -> bool:
    """Whether what was read is wrong, rather than the reading: a lost database accuses nobody.

    SQLite's driver has one kind of error for both.
    """
    return not isinstance(error, OperationalError) or "decode to UTF-8" in str(error.orig)


def _lines(county_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(*(AuditLine.__table__.columns[name] for name in (*_HASHED, "hash")))
        .where(AuditLine.county_id == county_id)
        .order_by(AuditLine.seq)
    )
