"""Imported files: which were taken, by whom, and what came of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.engine import vault_of
from data_access.tables import ImportBatch, User
from data_access.tables.imports import file_name_place
from domain.errors import NotFound
from domain.imports import REJECTS_KEPT, Profile
from domain.people import Scope

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Batch:
    """One file that was taken, and what came of its rows. `dropped` names columns by kind.

    `file_name` may hold a person's name: it is for whoever may see the batch, and for no log.
    """

    batch_id: int
    profile: Profile
    file_name: str
    actor_id: int
    actor: str
    at: datetime
    rows: int
    added: int
    changed: int
    unchanged: int
    rejected: int
    dropped: dict[str, Any]

    @property
    def rejects_until(self) -> datetime:
        """Until when its rows that were sent back are kept."""
        return self.at + REJECTS_KEPT


def batches(
    session: Session, *, scope: Scope, actor_id: int, limit: int = PAGE_SIZE
) -> list[Batch]:
    """The files a person may know of, the youngest first: one's own, and all for the county's.

    `scope` is where the person may import.
    """
    query = _select(scope, actor_id).order_by(ImportBatch.id.desc()).limit(limit)
    rows = session.execute(query).all()
    return [_batch(session, row) for row in rows]


def batch(session: Session, *, scope: Scope, actor_id: int, batch_id: int) -> Batch:
    """One file that was taken. Raises NotFound where it is not this person's to know."""
    query = _select(scope, actor_id).where(ImportBatch.id == batch_id)
    row = session.execute(query).first()
    if row is None:
        raise NotFound(f"import:{batch_id}")
    return _batch(session, row)


def same_file(
    session: Session, *, scope: Scope, actor_id: int, profile: Profile, sha256: str
) -> tuple[int, datetime] | None:
    """The number and time of the batch that took the very same file, or None.

    Of the batches that the person may know of: another's is neither disclosed nor in the way.
    """
    query = _select(scope, actor_id).where(
        ImportBatch.sha256 == sha256, ImportBatch.profile == profile
    )
    row = session.execute(query.order_by(ImportBatch.id).limit(1)).first()
    return (row[0].id, row[0].at) if row else None


def _select(scope: Scope, actor_id: int) -> Any:
    query = (
        select(ImportBatch, User.name)
        .outerjoin(User, User.id == ImportBatch.actor_id)
        .where(ImportBatch.county_id == scope.county_id)
    )
    return query if scope.whole_county else query.where(ImportBatch.actor_id == actor_id)


def _batch(session: Session, row: Any) -> Batch:
    one: ImportBatch = row[0]
    place = file_name_place(one.id)
    return Batch(
        one.id,
        Profile(one.profile),
        vault_of(session).decrypt(one.file_name_encrypted, place=place),
        one.actor_id,
        row[1] or "",
        one.at,
        one.rows,
        one.added,
        one.changed,
        one.unchanged,
        one.rejected,
        one.dropped,
    )
