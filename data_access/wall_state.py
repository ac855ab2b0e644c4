"""How a wall (大屏) stands: its program, the order in force, and what both show at a moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from data_access.counting import how_many
from data_access.scope import cases_within
from data_access.tables import Case, CaseSpan, OrganisationUnit, User, Wall, WallOrder
from data_access.workload_rows import lived_since
from domain.cases import Stage
from domain.organisation import UnitLevel
from domain.people import Scope
from domain.walls import (
    MapView,
    Order,
    Program,
    SceneKey,
    Shown,
    Spotlight,
    program_from_json,
    shown,
)

_DAY = timedelta(days=1)
# What there was to do, by the key of a scope and the moment.
Known = dict[tuple[str, datetime], Mapping[SceneKey, int]]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a wall goes by: its program, and the order that is in force (None before the first)."""

    wall_id: int
    name: str
    unit_id: int
    unit_code: str
    unit_name: str
    level: UnitLevel
    program: Program
    order: Order | None

    @property
    def order_version(self) -> int:
        """How many orders it was given: what the next is to be given with."""
        return self.order.version if self.order else 0


_changer = aliased(User)


def standings() -> Select[*tuple[Any, ...]]:
    """Walls with their place and the order in force, to be narrowed: for `standing_of`."""
    newest = (
        select(WallOrder.wall_id, func.max(WallOrder.version).label("version"))
        .group_by(WallOrder.wall_id)
        .subquery()
    )
    return (
        select(
            Wall,
            OrganisationUnit.code.label("unit_code"),
            OrganisationUnit.name.label("unit_name"),
            OrganisationUnit.level,
            WallOrder,
            User.name.label("ordered_by"),
            _changer.name.label("changed_by"),
        )
        .join(OrganisationUnit, OrganisationUnit.id == Wall.unit_id)
        .outerjoin(newest, newest.c.wall_id == Wall.id)
        .outerjoin(
            WallOrder,
            and_(WallOrder.wall_id == Wall.id, WallOrder.version == newest.c.version),
        )
        .outerjoin(User, User.id == WallOrder.actor_id)
        .outerjoin(_changer, _changer.id == Wall.changed_by)
        # A command that has the wall in hand reads what it wrote.
        .execution_options(populate_existing=True)
    )


def standing_of(row: Any) -> Standing:
    """What a wall goes by, of a row of `standings`."""
    return Standing(
        row.Wall.id,
        row.Wall.name,
        row.Wall.unit_id,
        row.unit_code,
        row.unit_name,
        row.level,
        program_from_json(row.Wall.program),
        _order(row.WallOrder, row.ordered_by) if row.WallOrder else None,
    )


def _order(found: WallOrder, by: str | None) -> Order:
    """An order as the rules see it."""
    view = spotlight = None
    if found.view_level is not None and found.view_code is not None:
        view = MapView(found.view_level, found.view_code)
    if found.spot_level is not None and found.spot_code is not None and found.spot_until:
        spotlight = Spotlight(MapView(found.spot_level, found.spot_code), found.spot_until)
    return Order(
        found.version,
        found.at,
        found.actor_id,
        by or "",
        found.scene,
        bool(found.pinned),
        view,
        spotlight,
    )


def part_of(*, county_id: int, unit_id: int, level: UnitLevel) -> Scope:
    """What a wall that hangs there sees the figures of: the whole county, or its town."""
    if level is UnitLevel.COUNTY:
        return Scope(county_id, whole_county=True)
    return Scope(county_id, towns=frozenset({unit_id}))


def shown_of(
    session: Session, stands: Standing, *, scope: Scope, now: datetime, known: Known
) -> Shown:
    """What a wall shows at a moment; `scope` is what it sees the figures of.

    `known` keeps what was asked of the database, so that walls in step ask once.
    """

    def at(moment: datetime) -> Mapping[SceneKey, int]:
        if (scope.key, moment) not in known:
            known[scope.key, moment] = to_do(session, scope=scope, at=moment)
        return known[scope.key, moment]

    return shown(stands.program, now, order=stands.order, urgency=at)


def to_do(session: Session, *, scope: Scope, at: datetime) -> dict[SceneKey, int]:
    """How much there was to do for each scene at a moment, in cases. One statement."""
    there = CaseSpan.starts_at <= at
    running = and_(there, CaseSpan.paused == 0)
    row = session.execute(
        select(
            how_many(and_(running, CaseSpan.due_at <= at + _DAY)),
            how_many(and_(running, CaseSpan.stage == Stage.ACCEPTED)),
            how_many(and_(there, Case.registered_at > at - _DAY)),
        )
        .join(Case, and_(Case.county_id == CaseSpan.county_id, Case.id == CaseSpan.case_id))
        .where(
            CaseSpan.county_id == scope.county_id,
            CaseSpan.case_id.in_(lived_since(scope.county_id, at)),
            or_(CaseSpan.ends_at.is_(None), CaseSpan.ends_at > at),
            cases_within(scope),
        )
    ).one()
    scenes = (SceneKey.DUTY, SceneKey.WORKLOAD, SceneKey.MAP)
    return {scene: int(count or 0) for scene, count in zip(scenes, row, strict=True)}
