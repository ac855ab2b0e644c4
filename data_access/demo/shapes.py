"""The county's shapes as they are shipped: schematic, of this product's own making, and dated.

`python -m data_access.demo.draw` makes the files, which are described beside them.
"""

import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from data_access.demo.county import CODE, RECORDED_FROM, REDRAWN, County, Place, redrawn_on
from data_access.demo.rows import Ids
from data_access.map_layers import NewShape, outline_columns, write_shapes
from data_access.tables import UnitSuccession, Zone
from domain.organisation import UnitLevel, ZoneKind

FOLDER = Path(__file__).parent / "data" / "shapes"
FILES = {
    UnitLevel.COUNTY: "county",
    UnitLevel.TOWN: "towns",
    UnitLevel.COMMUNITY: "communities",
    UnitLevel.GRID: "grids",
}
ENDED, ZONES = "ended", "zones"


def features(name: str) -> list[dict[str, Any]]:
    """The GeoJSON features of one of the files; `id` is a code, "inner" a point inside."""
    content = gzip.decompress((FOLDER / f"{name}.geojson.gz").read_bytes())
    found: list[dict[str, Any]] = json.loads(content)["features"]
    return found


def add_shapes(session: Session, county: County, ids: Ids, *, today: date) -> None:
    """Write shapes, zones, and which grids gave way to which; the served layers come of them."""
    day = redrawn_on(today)
    codes = {code: ids.ended[number] for number, code in enumerate(codes_ended())}
    _add_successions(session, county, ids, codes, day)
    _add_zones(session, ids.county)
    shapes = [*_present(county, ids), *_shapes(features(ENDED), codes)]
    write_shapes(session, shapes, county_id=ids.county)


def grid_features(county: County, ids: Ids) -> dict[int, dict[str, Any]]:
    """The features of all grids, of those that ended too, by unit id."""
    unit_ids = dict(zip(_codes(county.grids), ids.grids, strict=True))
    unit_ids |= dict(zip(codes_ended(), ids.ended, strict=True))
    names = (FILES[UnitLevel.GRID], ENDED)
    return {unit_ids[one["id"]]: one for name in names for one in features(name)}


def codes_ended() -> list[str]:
    """The codes of the grids that ended, in the order of `Ids.ended`."""
    return [code for redrawn in REDRAWN for code in redrawn.codes_before()]


def _present(county: County, ids: Ids) -> Iterator[NewShape]:
    levels: Sequence[tuple[UnitLevel, Sequence[str], Sequence[int]]] = (
        (UnitLevel.COUNTY, [CODE], [ids.county]),
        (UnitLevel.TOWN, _codes(county.towns), ids.towns),
        (UnitLevel.COMMUNITY, _codes(county.communities), ids.communities),
        (UnitLevel.GRID, _codes(county.grids), ids.grids),
    )
    for level, codes, unit_ids in levels:
        yield from _shapes(features(FILES[level]), dict(zip(codes, unit_ids, strict=True)))


def _shapes(found: list[dict[str, Any]], unit_ids: dict[str, int]) -> Iterator[NewShape]:
    """All are recorded from the last redistricting on; a unit's own days do the rest."""
    for feature in found:
        lon, lat = feature["properties"]["inner"]
        yield NewShape(
            unit_ids[feature["id"]],
            feature["geometry"],
            (lon, lat),
            RECORDED_FROM,
            schematic=True,
        )


def _codes(places: tuple[Place, ...]) -> list[str]:
    return [place.code for place in places]


def _add_successions(
    session: Session, county: County, ids: Ids, ended: dict[str, int], day: date
) -> None:
    present = dict(zip(_codes(county.grids), ids.grids, strict=True))
    session.execute(
        insert(UnitSuccession),
        [
            {"unit_id": ended[before], "successor_id": present[after], "day": day}
            for redrawn in REDRAWN
            for before in redrawn.codes_before()
            for after in redrawn.codes_after()
        ],
    )


def _add_zones(session: Session, county_id: int) -> None:
    session.execute(
        insert(Zone),
        [
            {
                "county_id": county_id,
                "code": feature["id"],
                "name": feature["properties"]["name"],
                "kind": ZoneKind(feature["properties"]["kind"]),
                "valid_from": RECORDED_FROM,
                **outline_columns(feature["geometry"], tuple(feature["properties"]["inner"])),
            }
            for feature in features(ZONES)
        ],
    )
