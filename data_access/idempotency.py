"""A retry after a lost answer gives the first answer again and does nothing twice."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from data_access.tables import IdempotencyKey
from domain.errors import KeyReused
from domain.people import Actor


def once(
    session: Session,
    key: str,
    do: Callable[[], dict[str, Any]],
    *,
    actor: Actor,
    operation: str,
    request: dict[str, Any],
    now: datetime,
) -> dict[str, Any]:
    """What `do` answers, or what it answered when this request came first. JSON in and out.

    The caller holds the lock of the thing that is changed, so that of two equal requests at once
    the second finds the first's answer. Raises KeyReused when the key belongs to another person,
    operation or request, with the first answer where it was this person's; what `do` raises passes
    through and leaves the key free.
    """
    row = session.execute(
        select(IdempotencyKey).where(
            IdempotencyKey.county_id == actor.county_id, IdempotencyKey.key == key
        )
    ).scalar_one_or_none()
    if row is not None:
        if (row.actor_id, row.operation, row.request_hash) != (
            actor.user_id,
            operation,
            _hash(request),
        ):
            theirs = row.actor_id == actor.user_id
            raise KeyReused(operation, row.result if theirs else None)
        return row.result
    result = do()
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
    return result


def _hash(request: dict[str, Any]) -> str:
    text = json.dumps(request, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
