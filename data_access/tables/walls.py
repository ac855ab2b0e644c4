"""Walls (大屏) as devices, and what the desk asked of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data_access.tables.base import Base, id_column, stored
from domain.organisation import UnitLevel
from domain.walls import OrderKind, SceneKey


class Wall(Base):
    """A screen that signs in with a token of its own. Only the hash of the token is kept."""

    __tablename__ = "wall"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked_by_whom"),
        Index(None, "county_id"),
    )

    id: Mapped[id_column]
    county_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"))
    name: Mapped[str] = mapped_column(String(40))
    # The county or a town: where it hangs, and what it sees the figures of.
    unit_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    # How many tokens it has had: a connection opened with an earlier one is over.
    epoch: Mapped[int] = mapped_column(default=1)
    # The one network address that it may come from; None: any.
    address: Mapped[str | None] = mapped_column(String(64))
    # As domain.walls.Program.as_json writes it.
    program: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    made_by: Mapped[int]
    changed_at: Mapped[datetime]
    changed_by: Mapped[int]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[int | None]
    # Written at most once a minute, and no change of data.
    last_seen_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class WallOrder(Base):
    """What somebody asked of a wall, append-only; the newest says all that is in force.

    A scene that is held, `pinned` or paused; above it a spotlight, which ends by itself.
    """

    __tablename__ = "wall_order"
    __table_args__ = (
        CheckConstraint("pinned IN (0, 1)", name="pinned_or_not"),
        CheckConstraint("pinned = 0 OR scene IS NOT NULL", name="pinned_to_a_scene"),
        CheckConstraint("(view_code IS NULL) = (view_level IS NULL)", name="view_whole"),
        CheckConstraint("view_code IS NULL OR scene = 'map'", name="view_of_the_map"),
        CheckConstraint(
            "(spot_code IS NULL) = (spot_until IS NULL)"
            " AND (spot_code IS NULL) = (spot_level IS NULL)"
            " AND (spot_code IS NULL) = (kind <> 'spotlight')",
            name="spotlight_whole",
        ),
    )

    wall_id: Mapped[int] = mapped_column(ForeignKey("wall.id"), primary_key=True)
    # Counts the orders of a wall from 1: what a person saw when they gave the next.
    version: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[OrderKind] = mapped_column(stored(OrderKind))
    at: Mapped[datetime]
    actor_id: Mapped[int]
    scene: Mapped[SceneKey | None] = mapped_column(stored(SceneKey))
    pinned: Mapped[int] = mapped_column(default=0)
    view_level: Mapped[UnitLevel | None] = mapped_column(stored(UnitLevel, name="view_unit_level"))
    view_code: Mapped[str | None] = mapped_column(String(15))
    spot_level: Mapped[UnitLevel | None] = mapped_column(stored(UnitLevel, name="spot_unit_level"))
    spot_code: Mapped[str | None] = mapped_column(String(15))
    spot_until: Mapped[datetime | None]
