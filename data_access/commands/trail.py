"""What those who read the trail do that must be in the trail itself: check it, read reasons."""

import json
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import Row, and_, select
from sqlalchemy.exc import DBAPIError, IntegrityError, NoResultFound, TimeoutError  # noqa: A004
from sqlalchemy.orm import Session

from data_access import anchor_lines, anchors, audit
from data_access.engine import Database, vault_of
from data_access.queries.trail import LAST_VERIFICATION
from data_access.reference import set_site_fact
from data_access.scope import require_whole_county
from data_access.tables import AuditLine, UnmaskReason
from domain.people import Actor, Permission
from domain.trail import FINDINGS_KEPT, Verification

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class WrittenReason:
    """Why somebody looked behind a mask, in their words. `proven`: the chain holds their hash."""

    words: str
    proven: bool


def verify_trail(
    db: Database,
    *,
    folder: Path,
    key: str | None,
    actor: Actor,
    now: datetime,
    progress: Progress | None = None,
) -> Verification:
    """Recompute the whole chain, compare it with every anchor in `folder`, and keep the result.

    `key` is the public key that anchors must be signed with, in hexadecimal. It takes seconds for a
    million lines; `progress` is told lines done and lines in all. Where it cannot be brought to its
    end, that is kept as the last result. Raises NotAllowed.
    """
    require_whole_county(actor.scope(Permission.TRAIL_READ), Permission.TRAIL_READ)
    try:
        verification = _verified(db, folder, key, actor, now, progress)
    except BaseException:
        # What an earlier check found must not go on standing there as if this one had found it.
        with suppress(DBAPIError, TimeoutError):
            _keep(db, _unfinished(actor, now), actor)
        raise
    _keep(db, verification, actor)
    return verification


def _verified(
    db: Database,
    folder: Path,
    key: str | None,
    actor: Actor,
    now: datetime,
    progress: Progress | None,
) -> Verification:
    began, county_id = time.monotonic(), actor.county_id
    files = anchors.read_anchors(folder)
    with db.read() as session:
        verdict = audit.verify(session, county_id=county_id, progress=progress)
        found, sound = anchors.judge(session, county_id=county_id, files=files, key=key)
        found += anchors.against_chain(session, county_id=county_id, sound=sound)
        notes = anchor_lines.notes(
            session,
            county_id=county_id,
            folder=folder,
            files=files,
            before=verdict.broken_at,
            now=now,
        )
    return Verification(
        at=now,
        actor_id=actor.user_id,
        seconds=time.monotonic() - began,
        lines=verdict.lines,
        broken_at=verdict.broken_at,
        why=verdict.why,
        anchors=len(files),
        found=len(found),
        findings=tuple(found[:FINDINGS_KEPT]),
        notes=tuple(notes),
    )


def _unfinished(actor: Actor, now: datetime) -> Verification:
    return Verification(now, actor.user_id, 0, 0, None, None, 0, 0, (), finished=False)


def _keep(db: Database, verification: Verification, actor: Actor) -> None:
    """The last result for the screen, and the line that says who checked, with what result.

    A chain may be so broken that nothing can be added to it: then the result alone is kept.
    """
    facts = verification.as_json()

    def remember(session: Session) -> None:
        set_site_fact(session, LAST_VERIFICATION, json.dumps(facts, separators=(",", ":")))

    def record(session: Session) -> None:
        remember(session)
        deed = audit.Deed("trail:verify", "trail", _payload(facts))
        audit.append(session, [deed], actor=actor, at=verification.at, changes_data=False)

    try:
        db.write(record)
    except (IntegrityError, NoResultFound):
        db.write(remember)


def _payload(facts: dict[str, Any]) -> dict[str, Any]:
    """Who and when are the line's own."""
    return {name: value for name, value in facts.items() if name not in {"at", "actor"}}


def read_reasons(
    db: Database, *, seqs: Collection[int], actor: Actor, now: datetime
) -> dict[int, WrittenReason]:
    """The reasons that were written for unmaskings, by the numbers of their lines.

    People write names into them: so this, too, is a reading of personal data and leaves a line.
    What was erased is missing. Raises NotAllowed.
    """
    require_whole_county(actor.scope(Permission.TRAIL_READ), Permission.TRAIL_READ)

    def work(session: Session) -> dict[int, WrittenReason]:
        rows = session.execute(
            select(UnmaskReason.county_id, UnmaskReason.seq, UnmaskReason.reason_encrypted)
            .add_columns(AuditLine.payload)
            .join(
                AuditLine,
                and_(
                    AuditLine.county_id == UnmaskReason.county_id,
                    AuditLine.seq == UnmaskReason.seq,
                ),
            )
            .where(UnmaskReason.county_id == actor.county_id, UnmaskReason.seq.in_(seqs))
            .order_by(UnmaskReason.seq)
        ).all()
        if rows:
            deed = audit.Deed("trail:read_reasons", "trail", {"lines": [row.seq for row in rows]})
            audit.append(session, [deed], actor=actor, at=now, changes_data=False)
        return {row.seq: _reason(session, row) for row in rows}

    return db.write(work)


def _reason(session: Session, row: Row[*tuple[Any, ...]]) -> WrittenReason:
    vault = vault_of(session)
    try:
        place = f"unmask_reason:{row.county_id}:{row.seq}"
        words = vault.decrypt(row.reason_encrypted, place=place)
    except InvalidTag:
        return WrittenReason("", proven=False)
    return WrittenReason(words, proven=vault.fingerprint(words) == row.payload["reason"])
