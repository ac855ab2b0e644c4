"""Save how files are to be read, so that the next one of an office needs no asking."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data_access import audit
from data_access.engine import Database
from data_access.imports.codes import load_code_lists
from data_access.imports.columns import COLUMNS
from data_access.queries.import_mappings import SavedMapping, mapping_named
from data_access.tables import ImportMapping, OrganisationUnit
from domain.imports import NOT_TAKEN, FileMapping, MappingProblem, MappingRefused, Profile
from domain.people import Actor, Permission
from domain.privacy import redact

NAME_LONGEST = 60
_LONGEST_WORD = 100
_MOST_WORDS = 400


def save_mapping(
    db: Database,
    *,
    name: str,
    profile: Profile,
    mapping: FileMapping,
    expected_version: int | None,
    actor: Actor,
    now: datetime,
) -> SavedMapping:
    """Save under a name, for all who import for the county.

    `expected_version` is None for a new name; to replace what stands under a name, give the version
    that was seen, which its owner may and whoever imports for the whole county. Words that could be
    somebody's number are left out. Raises NotAllowed or MappingRefused.
    """
    scope = actor.scope(Permission.IMPORT_RUN)
    name = " ".join(name.split())
    mapping = _kept(mapping)
    _require_valid(name, profile, mapping)

    def work(session: Session) -> SavedMapping:
        _require_known(session, profile, mapping, county_id=actor.county_id)
        found = _named(session, name, county_id=actor.county_id)
        if found is None and expected_version is not None:
            raise MappingRefused(MappingProblem.GONE)
        if found is None:
            found = ImportMapping(county_id=actor.county_id, name=name, version=0)
            session.add(found)
        elif expected_version is None:
            raise MappingRefused(MappingProblem.NAME_TAKEN)
        else:
            _require_own(found, actor)
            _require_version(found, expected_version)
        found.profile, found.words = profile, asdict(mapping)
        found.actor_id, found.updated_at = actor.user_id, now
        found.version += 1
        try:
            session.flush()
        except IntegrityError:
            raise MappingRefused(MappingProblem.CHANGED) from None
        _record(session, "import_mapping:save", found, actor=actor, now=now)
        return mapping_named(session, scope=scope, name=name)

    return db.write(work)


def delete_mapping(
    db: Database, *, mapping_id: int, expected_version: int, actor: Actor, now: datetime
) -> None:
    """Delete a mapping: its owner may, and whoever imports for the whole county.

    Raises NotAllowed or MappingRefused, also where somebody changed it since it was seen.
    """
    actor.scope(Permission.IMPORT_RUN)

    def work(session: Session) -> None:
        found = session.scalar(
            select(ImportMapping)
            .where(ImportMapping.id == mapping_id, ImportMapping.county_id == actor.county_id)
            .with_for_update()
        )
        if found is None:
            raise MappingRefused(MappingProblem.GONE)
        _require_own(found, actor)
        _require_version(found, expected_version)
        session.delete(found)
        session.flush()
        _record(session, "import_mapping:delete", found, actor=actor, now=now)

    db.write(work)


def _named(session: Session, name: str, *, county_id: int) -> ImportMapping | None:
    return session.scalar(
        select(ImportMapping)
        .where(ImportMapping.county_id == county_id, ImportMapping.name == name)
        .with_for_update()
    )


def _kept(mapping: FileMapping) -> FileMapping:
    """Without what could be somebody's number: where a header row was misjudged, it holds data."""

    def words(of: dict[str, str]) -> dict[str, str]:
        return {word: meant for word, meant in of.items() if redact(word, ()) == word}

    codes = {name: words(of) for name, of in mapping.codes.items() if words(of)}
    return FileMapping(words(mapping.headers), codes, words(mapping.places))


def _require_valid(name: str, profile: Profile, mapping: FileMapping) -> None:
    if not name:
        raise MappingRefused(MappingProblem.NAME_MISSING)
    if len(name) > NAME_LONGEST:
        raise MappingRefused(MappingProblem.NAME_LONG)
    if mapping == FileMapping():
        raise MappingRefused(MappingProblem.EMPTY)
    keys = {column.key for column in COLUMNS[profile]} | {NOT_TAKEN}
    words = [*mapping.headers, *mapping.places, *(w for of in mapping.codes.values() for w in of)]
    if (
        not set(mapping.headers.values()) <= keys
        or len(words) > _MOST_WORDS
        or any(len(word) > _LONGEST_WORD for word in words)
    ):
        raise MappingRefused(MappingProblem.NOT_UNDERSTOOD)


def _require_known(
    session: Session, profile: Profile, mapping: FileMapping, *, county_id: int
) -> None:
    """Every code is in its list, and every place is a unit of the county."""
    known = load_code_lists(session, FileMapping()).lists
    used = {column.codes for column in COLUMNS[profile] if column.codes}
    codes_are_known = all(
        name in used and set(words.values()) <= set(known[name].names)
        for name, words in mapping.codes.items()
    )
    places = set(mapping.places.values())
    units = session.scalars(
        select(OrganisationUnit.code).where(
            OrganisationUnit.path.startswith(f"/{county_id}/"), OrganisationUnit.code.in_(places)
        )
    )
    if not codes_are_known or places != set(units):
        raise MappingRefused(MappingProblem.NOT_UNDERSTOOD)


def _require_own(found: ImportMapping, actor: Actor) -> None:
    if found.actor_id != actor.user_id and not actor.scope(Permission.IMPORT_RUN).whole_county:
        raise MappingRefused(MappingProblem.OF_OTHERS)


def _require_version(found: ImportMapping, expected: int) -> None:
    if found.version != expected:
        raise MappingRefused(MappingProblem.CHANGED)


def _record(
    session: Session, action: str, found: ImportMapping, *, actor: Actor, now: datetime
) -> None:
    """The trail counts words and keeps none: they come from a file."""
    words = {name: len(found.words[name]) for name in ("headers", "codes", "places")}
    deed = audit.Deed(
        action,
        f"import_mapping:{found.id}",
        {"profile": found.profile, "version": found.version, **words},
    )
    audit.append(session, [deed], actor=actor, at=now, changes_data=False)
