"""How the county's files are to be read, as people saved it under names."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.tables import ImportMapping, User
from domain.errors import NotFound
from domain.imports import FileMapping, Profile
from domain.people import Scope


@dataclass(frozen=True, slots=True)
class SavedMapping:
    """A mapping with its name, who saved it last and when. `version` is for the next saving."""

    mapping_id: int
    name: str
    profile: Profile
    mapping: FileMapping
    actor_id: int
    actor: str
    updated_at: datetime
    version: int


def mappings(session: Session, *, scope: Scope) -> list[SavedMapping]:
    """The county's mappings by name. All who import for a part of the county share them.

    They hold headers, code words and names of places, and nothing of a person.
    """
    rows = session.execute(_select(scope).order_by(ImportMapping.name))
    return [_saved(row) for row in rows]


def mapping_named(session: Session, *, scope: Scope, name: str) -> SavedMapping:
    """The county's mapping of this name. Raises NotFound."""
    row = session.execute(_select(scope).where(ImportMapping.name == name.strip())).first()
    if row is None:
        raise NotFound(f"import_mapping:{name}")
    return _saved(row)


def _select(scope: Scope) -> Any:
    return (
        select(ImportMapping, User.name)
        .outerjoin(User, User.id == ImportMapping.actor_id)
        .where(ImportMapping.county_id == scope.county_id)
    )


def _saved(row: Any) -> SavedMapping:
    one: ImportMapping = row[0]
    return SavedMapping(
        one.id,
        one.name,
        Profile(one.profile),
        FileMapping(**one.words),
        one.actor_id,
        row[1] or "",
        one.updated_at,
        one.version,
    )
