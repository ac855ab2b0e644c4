"""Shapes are written, and what the map is served is made of them, in one transaction."""

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise, zip_longest
from typing import Any

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.orm import Session

from data_access.tables import MapLayer, OrganisationUnit, UnitShape
from domain.organisation import UnitLevel
from domain.outlines import NoOutlineError, outline_of

_COMPRESSION = 6  # 20,000 shapes in a second; more takes long and saves little


@dataclass(frozen=True, slots=True)
class NewShape:
    """The shape of a unit from a day on. `inner` is a (longitude, latitude) inside of it.

    `schematic` says that no boundary follows from it; `audit_no` is the number under which its map
    was approved (审图号).
    """

    unit_id: int
    geometry: Mapping[str, Any]
    inner: tuple[float, float]
    valid_from: date
    valid_to: date | None = None
    schematic: bool = False
    audit_no: str = ""


def outline_columns(geometry: Mapping[str, Any], inner: tuple[float, float]) -> dict[str, Any]:
    """What the tables keep of an outline. Raises NoOutlineError, also for a point outside."""
    outline = outline_of(geometry)
    if not outline.covers(*inner):
        raise NoOutlineError("the inner point lies outside")
    south, west, north, east = outline.bounds
    return {
        "geometry": outline.text(),
        "inner_lon": inner[0],
        "inner_lat": inner[1],
        "south": south,
        "west": west,
        "north": north,
        "east": east,
    }


def write_shapes(session: Session, shapes: Iterable[NewShape], *, county_id: int) -> None:
    """Write shapes of the county's units and make its layers anew. Raises NoOutlineError."""
    rows = [
        {
            "unit_id": shape.unit_id,
            "valid_from": shape.valid_from,
            "valid_to": shape.valid_to,
            "schematic": shape.schematic,
            "audit_no": shape.audit_no,
            **outline_columns(shape.geometry, shape.inner),
        }
        for shape in shapes
    ]
    if rows:
        session.execute(insert(UnitShape), rows)
    build_layers(session, county_id=county_id)


def build_layers(session: Session, *, county_id: int) -> None:
    """Make what is served of each level for each time between two changes, where it differs.

    Call it in the transaction that changes shapes, names, or the days of units that have a shape.
    A body that is there already is not compressed again.
    """
    found = [
        layer
        for level in UnitLevel
        for layer in _layers(_shapes(session, county_id, level), county_id, level)
    ]
    rows = session.execute(
        select(MapLayer.sha, MapLayer.body).where(MapLayer.county_id == county_id)
    )
    kept = {row.sha: row.body for row in rows}
    session.execute(delete(MapLayer).where(MapLayer.county_id == county_id))
    for layer in found:
        plain = layer.pop("plain")
        layer["body"] = kept.get(layer["sha"]) or gzip.compress(plain, _COMPRESSION, mtime=0)
    if found:
        session.execute(insert(MapLayer), found)


def _shapes(session: Session, county_id: int, level: UnitLevel) -> Sequence[Row[*tuple[Any, ...]]]:
    unit, shape = OrganisationUnit, UnitShape
    return session.execute(
        select(
            unit.id,
            unit.name,
            unit.valid_from,
            unit.valid_to,
            shape.valid_from.label("shape_from"),
            shape.valid_to.label("shape_to"),
            shape.geometry,
            shape.schematic,
            shape.audit_no,
        )
        .join(shape, shape.unit_id == unit.id)
        .where(unit.level == level, unit.path.startswith(f"/{county_id}/"))
        .order_by(unit.code, unit.id, shape.valid_from)
    ).all()


def _layers(
    shapes: Sequence[Row[*tuple[Any, ...]]], county_id: int, level: UnitLevel
) -> Iterable[dict[str, Any]]:
    """One layer for each time in which no shape begins or ends."""
    times = [_time(*pair) for pair in zip_longest(shapes, shapes[1:])]
    days = sorted({day for time in times for day in time if time[0] < time[1]})
    for begin, end in pairwise(days):
        held = [
            one for one, (start, stop) in zip(shapes, times, strict=True) if start <= begin < stop
        ]
        if not held:
            continue
        plain = _collection(held)
        yield {
            "county_id": county_id,
            "level": level,
            "valid_from": begin,
            "valid_to": None if end == date.max else end,
            "sha": hashlib.sha256(plain).hexdigest(),
            "ids": [one.id for one in held],
            "schematic": any(one.schematic for one in held),
            "audit_no": next((one.audit_no for one in held if one.audit_no), ""),
            "plain": plain,
        }


def _time(one: Row[*tuple[Any, ...]], following: Row[*tuple[Any, ...]] | None) -> tuple[date, date]:
    """From when to when a shape is drawn: as long as its unit holds, and until its next shape."""
    ends = {one.valid_to, one.shape_to}
    if following is not None and following.id == one.id:
        ends.add(following.shape_from)
    return max(one.valid_from, one.shape_from), min(ends - {None}, default=date.max)


def _collection(held: Sequence[Row[*tuple[Any, ...]]]) -> bytes:
    """GeoJSON. The geometries are written as they were kept: nobody else's text is in them."""
    features = (
        f'{{"type":"Feature","id":{one.id},"properties":{{"name":'
        f'{json.dumps(one.name, ensure_ascii=False)}}},"geometry":{one.geometry}}}'
        for one in held
    )
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'.encode()
