"""What every change of a wall (大屏) begins and ends with: the wall itself, as it was seen."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access import audit, idempotency
from data_access.engine import Database
from data_access.scope import walls_within
from data_access.tables import User, Wall
from domain.errors import NotOnWall, WallChanged, WallNotFound
from domain.people import Actor, Permission, Scope
from domain.walls import WallObjection


def change_settings(
    db: Database,
    apply: Callable[[Session, Wall], audit.Deed],
    *,
    operation: str,
    request: dict[str, Any],
    wall_id: int,
    expected_version: int | None,
    actor: Actor,
    now: datetime,
    key: str,
) -> int:
    """Apply one change of a wall's settings, once for each key. Returns its version."""
    scope = actor.scope(Permission.WALL_KEEP)

    def work(session: Session) -> int:
        wall = wall_for_change(session, wall_id, scope=scope)

        def write() -> dict[str, Any]:
            require_live(wall)
            require_as_seen(session, wall, expected_version)
            deed = apply(session, wall)
            write_down(session, wall, deed, actor=actor, now=now)
            return {"version": wall.version}

        answer = idempotency.once(
            session,
            key,
            write,
            actor=actor,
            operation=operation,
            request={"wall": wall_id, "version": expected_version, **request},
            now=now,
        )
        version: int = answer["version"]
        return version

    return db.write(work)


def wall_for_change(session: Session, wall_id: int, *, scope: Scope) -> Wall:
    """The wall, held until commit. Raises WallNotFound out of scope."""
    wall = session.scalar(
        select(Wall)
        .where(Wall.id == wall_id, walls_within(scope))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if wall is None:
        raise WallNotFound(f"wall:{wall_id}")
    return wall


def require_live(wall: Wall) -> None:
    """Raise NotOnWall where its token was taken back."""
    if wall.revoked_at is not None:
        raise NotOnWall([WallObjection.REVOKED])


def require_as_seen(session: Session, wall: Wall, expected_version: int | None) -> None:
    """Raise WallChanged, with who was quicker, unless its settings are as the person saw them."""
    if expected_version is not None and wall.version != expected_version:
        by = session.scalar(select(User.name).where(User.id == wall.changed_by))
        raise WallChanged(by=by or "", at=wall.changed_at, version=wall.version)


def write_down(
    session: Session, wall: Wall, deed: audit.Deed, *, actor: Actor, now: datetime
) -> None:
    """The new version, who made it, and the line in the trail. Call it last."""
    wall.version += 1
    wall.changed_at, wall.changed_by = now, actor.user_id
    session.flush()
    audit.append(session, [deed], actor=actor, at=now, changes_data=True)
