"""A retry after a lost answer gives the first answer again and does nothing twice."""

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from data_access.tables import IdempotencyKey
from domain.errors import KeyReused
from domain.people import Actor


def first_answer(
    session: Session, key: str, *, actor: Actor, operation: str, request: dict[str, Any]
) -> dict[str, Any] | None:
    """What this request was answered the first time, or None when it is new.

    Raises KeyReused when the key belongs to another person, operation or request.
    """
    row = session.execute(
        select(IdempotencyKey).where(
            IdempotencyKey.county_id == actor.county_id, IdempotencyKey.key == key
        )
    ).scalar_one_or_none()
    if row is None:
        return None
    known = (row.actor_id, row.operation, row.request_hash)
    if known != (actor.user_id, operation, _hash(request)):
        raise KeyReused(operation)
    return row.result


def remember(
    session: Session,
    key: str,
    *,
    actor: Actor,
    operation: str,
    request: dict[str, Any],
    result: dict[str, Any],
    now: datetime,
) -> None:
    """Keep the answer, in the transaction that did the work."""
    session.execute(
        insert(IdempotencyKey).values(
            county_id=actor.county_id,
            key=key,
            actor_id=actor.user_id,
            operation=operation,
            request_hash=_hash(request),
            result=result,
            at=now,
        )
    )


def _hash(request: dict[str, Any]) -> str:
    text = json.dumps(request, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
