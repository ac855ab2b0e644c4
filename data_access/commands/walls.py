"""Walls (大屏) are hung, named, bound to an address, given a program and a token, and taken back.

Settings have a version and orders (`wall_orders`) have another: who renames a wall is in nobody's
way who pins a scene. Every change moves the watermark, so that a wall follows within a second.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from data_access import accounts, audit, idempotency
from data_access.engine import Database
from data_access.tables import OrganisationUnit, Wall
from data_access.wall_keeping import (
    change_settings,
    require_as_seen,
    require_live,
    wall_for_change,
    write_down,
)
from data_access.walls import normal_address
from domain.cases import FieldProblem
from domain.clocks import day_of
from domain.errors import Invalid, NotAllowed, NotOnWall
from domain.organisation import UnitLevel
from domain.people import Actor, Permission, Scope
from domain.walls import NAME_LONGEST, Program, WallObjection


@dataclass(frozen=True, slots=True)
class WallToken:
    """A wall with its token, which exists here and in the device, and is told once."""

    wall_id: int
    version: int
    token: str = field(repr=False)


def add_wall(
    db: Database,
    *,
    name: str,
    unit_id: int,
    actor: Actor,
    now: datetime,
    key: str,
    address: str | None = None,
) -> WallToken:
    """A new wall of the county or of a town, with the first token.

    It sees the figures of `unit_id`; with an `address` it may come from there alone. A retry after
    a lost answer makes no second wall, but a token anew: the first is known to nobody. Raises
    NotAllowed, Invalid, KeyReused.
    """
    scope = actor.scope(Permission.WALL_KEEP)
    name, bound, token = _checked_name(name), _checked_address(address), accounts.new_token()
    hashed = accounts.hash_token(token)

    def work(session: Session) -> WallToken:
        unit = _place(session, unit_id, scope=scope, now=now)

        def write() -> dict[str, Any]:
            wall = Wall(
                county_id=actor.county_id,
                name=name,
                unit_id=unit,
                token_hash=hashed,
                address=bound,
                program=Program().as_json(),
                made_at=now,
                made_by=actor.user_id,
                changed_at=now,
                changed_by=actor.user_id,
            )
            session.add(wall)
            session.flush()
            payload = {"unit": unit, "address": bound}
            deed = audit.Deed("wall:add", f"wall:{wall.id}", payload)
            audit.append(session, [deed], actor=actor, at=now, changes_data=True)
            return {"wall": wall.id}

        # The row of its place is locked, so that of two equal requests the second finds the first.
        answer = idempotency.once(
            session,
            key,
            write,
            actor=actor,
            operation="wall:add",
            request={"name": name, "unit": unit_id, "address": bound},
            now=now,
        )
        wall = wall_for_change(session, answer["wall"], scope=scope)
        return _with_token(session, wall, token, hashed, actor=actor, now=now)

    return db.write(work)


def change_wall(
    db: Database,
    *,
    wall_id: int,
    name: str,
    unit_id: int,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> int:
    """Rename a wall, or move it to another place. Returns its version.

    Raises NotAllowed, WallNotFound, WallChanged, NotOnWall, Invalid, KeyReused.
    """
    name = _checked_name(name)

    def apply(session: Session, wall: Wall) -> audit.Deed:
        unit = wall.unit_id
        if unit_id != unit:
            scope = actor.scope(Permission.WALL_KEEP)
            unit = _place(session, unit_id, scope=scope, now=now)
        if (name, unit) == (wall.name, wall.unit_id):
            raise NotOnWall([WallObjection.UNCHANGED])
        # What it is called was typed by hand, and stays out of the trail.
        payload: dict[str, Any] = {"renamed": name != wall.name}
        if unit != wall.unit_id:
            payload |= {"old_unit": wall.unit_id, "unit": unit}
        wall.name, wall.unit_id = name, unit
        return audit.Deed("wall:change", f"wall:{wall.id}", payload)

    return change_settings(
        db,
        apply,
        operation="wall:change",
        request={"name": name, "unit": unit_id},
        wall_id=wall_id,
        expected_version=expected_version,
        actor=actor,
        now=now,
        key=key,
    )


def bind_wall(
    db: Database,
    *,
    wall_id: int,
    address: str | None,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> int:
    """Let a wall come from one network address alone; None: from any. Returns its version.

    Where it hangs open elsewhere it is closed at once. Raises NotAllowed, WallNotFound,
    WallChanged, NotOnWall, Invalid, KeyReused.
    """
    bound = _checked_address(address)

    def apply(_session: Session, wall: Wall) -> audit.Deed:
        if bound == wall.address:
            raise NotOnWall([WallObjection.UNCHANGED])
        payload = {"old_address": wall.address, "address": bound}
        wall.address = bound
        return audit.Deed("wall:bind", f"wall:{wall.id}", payload)

    return change_settings(
        db,
        apply,
        operation="wall:bind",
        request={"address": bound},
        wall_id=wall_id,
        expected_version=expected_version,
        actor=actor,
        now=now,
        key=key,
    )


def set_program(
    db: Database,
    *,
    wall_id: int,
    program: Program,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> int:
    """What a wall shows one after the other, and when it may be heard. Returns its version.

    Raises NotAllowed, WallNotFound, WallChanged, NotOnWall, KeyReused.
    """
    told = program.as_json()

    def apply(_session: Session, wall: Wall) -> audit.Deed:
        if told == wall.program:
            raise NotOnWall([WallObjection.UNCHANGED])
        wall.program = told
        return audit.Deed("wall:set_program", f"wall:{wall.id}", told)

    return change_settings(
        db,
        apply,
        operation="wall:set_program",
        request=told,
        wall_id=wall_id,
        expected_version=expected_version,
        actor=actor,
        now=now,
        key=key,
    )


def revoke_wall(db: Database, *, wall_id: int, actor: Actor, now: datetime, key: str) -> int:
    """Take a wall's token back for good: it shows nothing from then on. Returns its version.

    Whatever others changed meanwhile: who takes a wall down means this one. Raises NotAllowed,
    WallNotFound, NotOnWall, KeyReused.
    """

    def apply(_session: Session, wall: Wall) -> audit.Deed:
        wall.revoked_at, wall.revoked_by = now, actor.user_id
        return audit.Deed("wall:revoke", f"wall:{wall.id}")

    return change_settings(
        db,
        apply,
        operation="wall:revoke",
        request={},
        wall_id=wall_id,
        expected_version=None,
        actor=actor,
        now=now,
        key=key,
    )


def new_wall_token(
    db: Database,
    *,
    wall_id: int,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> WallToken:
    """Another token for a wall; the one before opens nothing from then on.

    A retry after a lost answer makes another again. Raises NotAllowed, WallNotFound, WallChanged,
    NotOnWall, KeyReused.
    """
    scope = actor.scope(Permission.WALL_KEEP)
    token = accounts.new_token()
    hashed = accounts.hash_token(token)

    def work(session: Session) -> WallToken:
        wall = wall_for_change(session, wall_id, scope=scope)

        def write() -> dict[str, Any]:
            require_live(wall)
            require_as_seen(session, wall, expected_version)
            return {"wall": wall.id}

        idempotency.once(
            session,
            key,
            write,
            actor=actor,
            operation="wall:new_token",
            request={"wall": wall_id, "version": expected_version},
            now=now,
        )
        return _with_token(session, wall, token, hashed, actor=actor, now=now)

    return db.write(work)


def note_entered(db: Database, *, actor: Actor, now: datetime) -> None:
    """A device has shown a wall's token and signs in with it: one line in the trail.

    Raises NotAllowed for whoever is no wall.
    """
    if actor.wall_id is None:
        raise NotAllowed(Permission.FIGURES_READ)
    deed = audit.Deed("wall:enter", f"wall:{actor.wall_id}")
    db.write(lambda session: audit.append(session, [deed], actor=actor, at=now, changes_data=False))


def _with_token(
    session: Session, wall: Wall, token: str, hashed: str, *, actor: Actor, now: datetime
) -> WallToken:
    """The wall with this token, which it takes now unless it was made with it."""
    if wall.token_hash != hashed:
        require_live(wall)
        wall.token_hash = hashed
        wall.epoch += 1
        deed = audit.Deed("wall:new_token", f"wall:{wall.id}")
        write_down(session, wall, deed, actor=actor, now=now)
    return WallToken(wall.id, wall.version, token)


# --- what was entered --------------------------------------------------------------------------


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise Invalid(wall_name=FieldProblem.MISSING)
    if len(name) > NAME_LONGEST:
        raise Invalid(wall_name=FieldProblem.TOO_LONG)
    return name


def _checked_address(address: str | None) -> str | None:
    if address is None or not address.strip():
        return None
    found = normal_address(address)
    if found is None:
        raise Invalid(wall_address=FieldProblem.WRONG_FORM)
    return found


def _place(session: Session, unit_id: int, *, scope: Scope, now: datetime) -> int:
    """The county or a town of the scope that is there today, held until commit. Raises Invalid."""
    day = day_of(now)
    unit = session.scalar(
        select(OrganisationUnit)
        .where(
            OrganisationUnit.id == unit_id,
            OrganisationUnit.path.startswith(f"/{scope.county_id}/"),
            OrganisationUnit.level.in_((UnitLevel.COUNTY, UnitLevel.TOWN)),
            OrganisationUnit.valid_from <= day,
            or_(OrganisationUnit.valid_to.is_(None), OrganisationUnit.valid_to > day),
        )
        .with_for_update(key_share=True)
    )
    if unit is None or not (scope.whole_county or unit.id in scope.towns):
        raise Invalid(wall_place=FieldProblem.NOT_A_CHOICE)
    return unit.id
