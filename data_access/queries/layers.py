"""What the map is drawn from: the shapes that held on a day, and what became of ended units.

Shapes and names of places are no secret within the office. Every signed-in person gets those of the
whole county; what a scope is drawn around are the figures and cases of a place.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from data_access.tables import MapLayer, OrganisationUnit, UnitShape, UnitSuccession
from data_access.tables import Zone as ZoneRow
from domain.organisation import UnitLevel, ZoneKind
from domain.outlines import Ring, outline_of
from domain.people import Scope

Bounds: TypeAlias = tuple[float, float, float, float]  # south, west, north, east


@dataclass(frozen=True, slots=True)
class Area:
    """One unit on the map; `lon` and `lat` are of a point well inside of it."""

    id: int
    code: str
    name: str
    kind: str
    level: UnitLevel
    parent_id: int | None
    lon: float
    lat: float
    bounds: Bounds
    households: int | None


@dataclass(frozen=True, slots=True)
class Layer:
    """One level: the content's hash, by which it is served, and its areas in that order.

    Without any shapes the hash is empty.
    """

    level: UnitLevel
    sha: str
    areas: tuple[Area, ...]


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone over the areas: its outer rings as (latitude, longitude)."""

    id: int
    code: str
    name: str
    kind: ZoneKind
    lon: float
    lat: float
    bounds: Bounds
    rings: tuple[Ring, ...]


@dataclass(frozen=True, slots=True)
class Layers:
    """Everything that a map of one day shows beneath its figures.

    `schematic`: no boundary follows from it. `audit_no` is the approval of the map (审图号), or
    empty.
    """

    county: Layer
    town: Layer
    community: Layer
    grid: Layer
    zones: tuple[Zone, ...]
    schematic: bool
    audit_no: str


@dataclass(frozen=True, slots=True)
class Succession:
    """From `day` on, `successor_id` stands for `unit_id` or for a part of it."""

    unit_id: int
    successor_id: int
    day: date


def layers_on(session: Session, *, scope: Scope, day: date) -> Layers:
    """The shapes that held on a day; before the first ones were known, those.

    Six statements, whatever the size of the county.
    """
    served = _served(session, scope.county_id, day)
    county, town, community, grid = (
        _layer(session, scope.county_id, level, served.get(level)) for level in UnitLevel
    )
    return Layers(
        county,
        town,
        community,
        grid,
        _zones(session, scope.county_id, day),
        schematic=any(row.schematic for row in served.values()),
        audit_no=next((row.audit_no for row in served.values() if row.audit_no), ""),
    )


def successions(session: Session, *, scope: Scope) -> tuple[Succession, ...]:
    """All mergers and splits of the county's units, by day."""
    rows = session.execute(
        select(UnitSuccession.unit_id, UnitSuccession.successor_id, UnitSuccession.day)
        .join(OrganisationUnit, OrganisationUnit.id == UnitSuccession.unit_id)
        .where(OrganisationUnit.path.startswith(f"/{scope.county_id}/"))
        .order_by(UnitSuccession.day, UnitSuccession.unit_id, UnitSuccession.successor_id)
    )
    return tuple(Succession(*row) for row in rows)


def layer_body(session: Session, *, scope: Scope, sha: str) -> bytes | None:
    """The gzipped GeoJSON with this hash, of whatever level and time; None where there is none."""
    return session.scalar(
        select(MapLayer.body)
        .where(MapLayer.county_id == scope.county_id, MapLayer.sha == sha)
        .limit(1)
    )


def _served(session: Session, county_id: int, day: date) -> dict[UnitLevel, Row[*tuple[Any, ...]]]:
    """What is served of each level on a day."""
    rows = session.execute(
        select(
            MapLayer.level,
            MapLayer.valid_from,
            MapLayer.valid_to,
            MapLayer.sha,
            MapLayer.ids,
            MapLayer.schematic,
            MapLayer.audit_no,
        )
        .where(MapLayer.county_id == county_id)
        .order_by(MapLayer.level, MapLayer.valid_from)
    )
    found: dict[UnitLevel, Row[*tuple[Any, ...]]] = {}
    for row in rows:
        held = row.valid_from <= day and (row.valid_to is None or day < row.valid_to)
        if held or (day < row.valid_from and row.level not in found):
            found.setdefault(row.level, row)
    return found


def _layer(
    session: Session, county_id: int, level: UnitLevel, served: Row[*tuple[Any, ...]] | None
) -> Layer:
    if served is None:
        return Layer(level, "", ())
    areas = {row.id: row for row in _areas(session, county_id, level, served.valid_from)}
    return Layer(level, served.sha, tuple(_area(areas[one]) for one in served.ids if one in areas))


def _areas(
    session: Session, county_id: int, level: UnitLevel, day: date
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The units of a level with what is asked of their shapes; a later shape stands behind."""
    unit, shape = OrganisationUnit, UnitShape
    return session.execute(
        select(
            unit.id,
            unit.code,
            unit.name,
            unit.kind,
            unit.level,
            unit.parent_id,
            shape.inner_lon,
            shape.inner_lat,
            shape.south,
            shape.west,
            shape.north,
            shape.east,
            unit.households,
        )
        .join(shape, shape.unit_id == unit.id)
        .where(
            unit.level == level,
            unit.path.startswith(f"/{county_id}/"),
            shape.valid_from <= day,
            or_(shape.valid_to.is_(None), shape.valid_to > day),
        )
        .order_by(unit.id, shape.valid_from)
    ).all()


def _area(row: Row[*tuple[Any, ...]]) -> Area:
    return Area(
        row.id,
        row.code,
        row.name,
        row.kind,
        row.level,
        row.parent_id,
        row.inner_lon,
        row.inner_lat,
        (row.south, row.west, row.north, row.east),
        row.households,
    )


def _zones(session: Session, county_id: int, day: date) -> tuple[Zone, ...]:
    rows = session.scalars(
        select(ZoneRow)
        .where(
            ZoneRow.county_id == county_id,
            ZoneRow.valid_from <= day,
            or_(ZoneRow.valid_to.is_(None), ZoneRow.valid_to > day),
        )
        .order_by(ZoneRow.code)
    )
    return tuple(
        Zone(
            row.id,
            row.code,
            row.name,
            row.kind,
            row.inner_lon,
            row.inner_lat,
            (row.south, row.west, row.north, row.east),
            _outer_rings(row.geometry),
        )
        for row in rows
    )


def _outer_rings(geometry: str) -> tuple[Ring, ...]:
    polygons = outline_of(json.loads(geometry)).polygons
    return tuple(tuple((lat, lon) for lon, lat in polygon[0]) for polygon in polygons)
