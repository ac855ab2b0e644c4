"""A wall (大屏) is steered from the desk: it rotates, pauses, is pinned, has a spotlight."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from data_access import audit, idempotency
from data_access.engine import Database
from data_access.queries.walls import standing
from data_access.tables import OrganisationUnit, Wall, WallOrder
from data_access.wall_keeping import require_live, wall_for_change
from data_access.wall_state import Standing, part_of, shown_of
from domain.cases import FieldProblem
from domain.clocks import day_of
from domain.errors import Invalid, NotOnWall, WallChanged
from domain.organisation import UnitLevel
from domain.people import Actor, Permission
from domain.walls import (
    SPOTLIGHT_LONGEST,
    SPOTLIGHT_SHORTEST,
    Asked,
    MapView,
    OrderKind,
    SceneKey,
    WallObjection,
)


def order_wall(
    db: Database,
    *,
    wall_id: int,
    asked: Asked,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> int:
    """Rotate, pause, pin a scene or a view of the map, or send a spotlight. Returns the version.

    `expected_version` is that of the order in force as the person saw it, 0 before the first. Of
    two who act at once the second is refused with the name of the first (WallChanged), and
    overrides by asking again with the version that the refusal names. Raises NotAllowed,
    WallNotFound, WallChanged, NotOnWall, Invalid, KeyReused.
    """
    scope = actor.scope(Permission.WALL_KEEP)
    _require_whole(asked, now=now)

    def work(session: Session) -> int:
        wall = wall_for_change(session, wall_id, scope=scope)

        def write() -> dict[str, Any]:
            require_live(wall)
            stands = standing(session, scope=scope, wall_id=wall_id)
            if stands.order_version != expected_version:
                last = stands.order
                assert last is not None  # noqa: S101 - versions begin with an order
                raise WallChanged(by=last.by, at=last.at, version=last.version)
            if asked.view is not None:
                _require_view(session, asked.view, wall, stands, now=now)
            row = _order_row(session, stands, asked, county_id=wall.county_id, now=now)
            version = expected_version + 1
            session.execute(
                insert(WallOrder).values(
                    wall_id=wall_id, version=version, at=now, actor_id=actor.user_id, **row
                )
            )
            deed = audit.Deed("wall:order", f"wall:{wall_id}", _told(asked, row))
            audit.append(session, [deed], actor=actor, at=now, changes_data=True)
            return {"version": version}

        answer = idempotency.once(
            session,
            key,
            write,
            actor=actor,
            operation="wall:order",
            request={
                "wall": wall_id,
                "kind": asked.kind,
                "scene": asked.scene,
                "view": [asked.view.level, asked.view.area_code] if asked.view else None,
                "until": asked.until.isoformat() if asked.until else None,
                "version": expected_version,
            },
            now=now,
        )
        version: int = answer["version"]
        return version

    return db.write(work)


def _require_whole(asked: Asked, *, now: datetime) -> None:
    """Raise Invalid where something is missing, or does not go together."""
    if asked.kind is OrderKind.PIN:
        if asked.scene is None:
            raise Invalid(scene=FieldProblem.MISSING)
        if asked.view is not None and asked.scene is not SceneKey.MAP:
            raise Invalid(map_view=FieldProblem.NOT_A_CHOICE)
    elif asked.kind is OrderKind.SPOTLIGHT:
        if asked.view is None:
            raise Invalid(map_view=FieldProblem.MISSING)
        if asked.until is None:
            raise Invalid(spotlight_until=FieldProblem.MISSING)
        if not now + SPOTLIGHT_SHORTEST <= asked.until <= now + SPOTLIGHT_LONGEST:
            raise Invalid(spotlight_until=FieldProblem.OUT_OF_RANGE)


def _require_view(
    session: Session, view: MapView, wall: Wall, stands: Standing, *, now: datetime
) -> None:
    """Raise Invalid unless the area is there today, in the wall's part, and above the level."""
    day = day_of(now)
    inside = (
        f"/{wall.county_id}/"
        if stands.level is UnitLevel.COUNTY
        else f"/{wall.county_id}/{wall.unit_id}/"
    )
    level = session.scalar(
        select(OrganisationUnit.level).where(
            OrganisationUnit.code == view.area_code,
            OrganisationUnit.path.startswith(inside),
            OrganisationUnit.valid_from <= day,
            or_(OrganisationUnit.valid_to.is_(None), OrganisationUnit.valid_to > day),
        )
    )
    if level is None or level >= view.level:
        raise Invalid(map_view=FieldProblem.NOT_A_CHOICE)


def _order_row(
    session: Session, stands: Standing, asked: Asked, *, county_id: int, now: datetime
) -> dict[str, Any]:
    """The row of an order: all that is in force with it. Raises NotOnWall where nothing changes."""
    before = stands.order
    is_lit = before is not None and before.spotlight is not None and now < before.spotlight.until
    scene, pinned, view = (
        (None, False, None) if before is None else (before.scene, before.pinned, before.view)
    )
    held = (scene, pinned, view)
    match asked.kind:
        case OrderKind.ROTATE:
            scene, pinned, view = None, False, None
        case OrderKind.PAUSE:
            part = part_of(county_id=county_id, unit_id=stands.unit_id, level=stands.level)
            on = shown_of(session, stands, scope=part, now=now, known={})
            scene, pinned, view = on.scene, False, on.view
        case OrderKind.PIN:
            scene, pinned, view = asked.scene, True, asked.view
        case OrderKind.SPOTLIGHT:
            pass
    if asked.kind is not OrderKind.SPOTLIGHT and (scene, pinned, view) == held and not is_lit:
        raise NotOnWall([WallObjection.UNCHANGED])
    lit = asked.view if asked.kind is OrderKind.SPOTLIGHT else None
    return {
        "kind": asked.kind,
        "scene": scene,
        "pinned": int(pinned),
        "view_level": view.level if view else None,
        "view_code": view.area_code if view else None,
        "spot_level": lit.level if lit else None,
        "spot_code": lit.area_code if lit else None,
        "spot_until": asked.until if lit else None,
    }


def _told(asked: Asked, row: dict[str, Any]) -> dict[str, Any]:
    """What the trail says of an order: which, of what, until when."""
    lit = asked.kind is OrderKind.SPOTLIGHT
    told = {
        "order": asked.kind,
        "scene": None if lit else row["scene"],
        "area": row["spot_code"] if lit else row["view_code"],
        "until": asked.until.isoformat() if lit and asked.until else None,
    }
    return {key: value for key, value in told.items() if value is not None}
