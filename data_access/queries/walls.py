"""Walls (大屏) for the desk: what each shows now, when it was last seen, and who gave it orders."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from data_access.scope import walls_within
from data_access.tables import OrganisationUnit, Wall
from data_access.units import Unit, units_on
from data_access.wall_state import (
    Known,
    Standing,
    part_of,
    shown_of,
    standing_of,
    standings,
    to_do,
)
from domain.clocks import day_of
from domain.errors import WallNotFound
from domain.organisation import UnitLevel
from domain.people import Scope
from domain.walls import Presence, SceneKey, Shown, presence

# Who took a wall down last month still finds it in the list.
_REVOKED_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class LiveWall:
    """A wall whose token holds, with all that an Actor and its sign-in are made of."""

    wall_id: int
    token_hash: str
    epoch: int
    name: str
    county_id: int
    unit_id: int
    level: UnitLevel
    address: str | None
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class WallRow:
    """One wall in the list of the desk. `shown` is None of a wall that was taken back.

    `version` is of its settings, `standing.order_version` of its orders. `address` is the one that
    it is bound to, None for any. `changed_by` is who changed its settings last, empty for the
    system.
    """

    standing: Standing
    presence: Presence
    last_seen_at: datetime | None
    shown: Shown | None
    address: str | None
    version: int
    changed_at: datetime
    changed_by: str
    revoked_at: datetime | None


def live_walls(session: Session) -> list[LiveWall]:
    """Every wall that was not taken back: one query."""
    rows = session.execute(
        select(
            Wall.id,
            Wall.token_hash,
            Wall.epoch,
            Wall.name,
            Wall.county_id,
            Wall.unit_id,
            OrganisationUnit.level,
            Wall.address,
            Wall.last_seen_at,
        )
        .join(OrganisationUnit, OrganisationUnit.id == Wall.unit_id)
        .where(Wall.revoked_at.is_(None))
        .order_by(Wall.id)
    )
    return [LiveWall(*row) for row in rows]


def walls(
    session: Session,
    *,
    scope: Scope,
    now: datetime,
    seen: Mapping[int, datetime] | None = None,
) -> list[WallRow]:
    """The walls of a scope, those that hang in one place together, taken-back ones last.

    `seen` is when this process saw them last, which the database is told once a minute only. One
    statement, and one for each moment at which a round by urgency began.
    """
    rows = session.execute(
        standings()
        .where(
            walls_within(scope),
            or_(Wall.revoked_at.is_(None), Wall.revoked_at > now - _REVOKED_KEPT),
        )
        .order_by(Wall.revoked_at.is_not(None), OrganisationUnit.code, Wall.name, Wall.id)
    ).all()
    known: Known = {}
    return [_row(session, row, now, (seen or {}).get(row.Wall.id), known) for row in rows]


def places(session: Session, *, scope: Scope, now: datetime) -> list[Unit]:
    """Where a wall may hang today: the county's own centre and its towns, as far as in scope."""
    levels = [UnitLevel.COUNTY, UnitLevel.TOWN]
    return units_on(session, scope=scope, day=day_of(now), levels=levels)


def standing(session: Session, *, scope: Scope, wall_id: int) -> Standing:
    """What one wall goes by. Raises WallNotFound, also where it was taken back."""
    row = session.execute(
        standings().where(walls_within(scope), Wall.id == wall_id, Wall.revoked_at.is_(None))
    ).one_or_none()
    if row is None:
        raise WallNotFound(f"wall:{wall_id}")
    return standing_of(row)


def urgency(session: Session, *, scope: Scope, at: datetime) -> dict[SceneKey, int]:
    """How much there was to do for each scene at a moment, in cases. One statement.

    Duty: late, or due within 24 hours; workload: waiting for a mediator; map: come within a day.
    The other scenes tell what was, and want nothing done. As the intervals tell it now: what a file
    brings later, dated back, may change the answer for a moment that is past.
    """
    return to_do(session, scope=scope, at=at)


def _row(
    session: Session,
    row: Any,
    now: datetime,
    seen_at: datetime | None,
    known: Known,
) -> WallRow:
    wall, stands = row.Wall, standing_of(row)
    moments = [one for one in (seen_at, wall.last_seen_at) if one is not None]
    last = max(moments, default=None)
    revoked = wall.revoked_at is not None
    scope = part_of(county_id=wall.county_id, unit_id=wall.unit_id, level=row.level)
    return WallRow(
        stands,
        presence(last_seen_at=last, revoked=revoked, now=now),
        last,
        None if revoked else shown_of(session, stands, scope=scope, now=now, known=known),
        wall.address,
        wall.version,
        wall.changed_at,
        row.changed_by or "",
        wall.revoked_at,
    )
