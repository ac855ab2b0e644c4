"""How the county's files are to be read, as people saved it under names."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.imports.codes import load_code_lists
from data_access.imports.places import load_units
from data_access.tables import ImportMapping, User
from domain.clocks import day_of
from domain.errors import NotFound
from domain.imports import FileMapping, Profile
from domain.organisation import UnitLevel
from domain.people import Scope

# 事件类别 (GB/T 31000 5.56): the first two digits are the group.
_GROUPED, _GROUP = frozenset({"case_type", "speciality"}), 2


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


@dataclass(frozen=True, slots=True)
class Meaning:
    """Something that a word of a file can be said to mean: its code, its name, its group."""

    code: str
    name: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Meanings:
    """All that words can mean: code lists by name, and the scope's units of today by level."""

    codes: dict[str, tuple[Meaning, ...]]
    places: dict[UnitLevel, tuple[Meaning, ...]]


def meanings(session: Session, *, scope: Scope, now: datetime) -> Meanings:
    """What can be chosen for a word that was not understood."""
    lists = load_code_lists(session, FileMapping()).lists
    codes = {
        name: tuple(
            Meaning(code, word, one.names.get(code[:_GROUP], "") if name in _GROUPED else "")
            for code, word in one.names.items()
        )
        for name, one in lists.items()
    }
    units = load_units(session, county_id=scope.county_id)
    by_id = {unit.id: unit for unit in units}
    mine = scope.towns | scope.communities | scope.grids
    places: dict[UnitLevel, list[Meaning]] = {level: [] for level in UnitLevel}
    for unit in units:
        above = [by_id[one] for one in map(int, unit.path.strip("/").split("/")) if one in by_id]
        if unit.holds_on(day_of(now)) and (scope.whole_county or {u.id for u in above} & mine):
            group = " ".join(one.name for one in above[:-1])
            places[unit.level].append(Meaning(unit.code, unit.name, group))
    return Meanings(codes, {level: tuple(found) for level, found in places.items()})


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
