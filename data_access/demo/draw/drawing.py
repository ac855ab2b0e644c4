"""The whole drawing: units and zones with shapes, from the county's own lists."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from data_access.demo.county import CODE, NAME, REDRAWN, County, Place, plan_county
from data_access.demo.draw import cells, tiling
from data_access.demo.draw.outline import SEATS, ZONES
from data_access.demo.draw.plane import Points, to_plane
from domain.organisation import UnitLevel, ZoneKind

SEED = 510129
GRIDS = 900
_CODE_DIGITS = 3  # of a grid within its community
_COMPASS = {"东": (1, 0), "西": (-1, 0), "南": (0, -1), "北": (0, 1)}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One shape, with the code and name that it belongs to and the code of what it lies in."""

    code: str
    name: str
    parent: str
    shape: Any
    kind: ZoneKind | None = None

    def feature(self) -> dict[str, Any]:
        """As a GeoJSON feature; the name is only there for people who look into the file."""
        properties = {
            "name": self.name,
            "parent": self.parent,
            "inner": tiling.inner_point(self.shape),
        }
        if self.kind is not None:
            properties["kind"] = self.kind.value
        return {
            "type": "Feature",
            "id": self.code,
            "properties": properties,
            "geometry": shapely.geometry.mapping(self.shape),
        }


@dataclass(frozen=True)
class Drawing:
    """All levels from the county down, the grids that were before, and the zones."""

    levels: dict[UnitLevel, tuple[Drawn, ...]]
    ended: tuple[Drawn, ...] = ()
    zones: tuple[Drawn, ...] = field(default=())


def draw(grids: int = GRIDS) -> Drawing:
    """So many grids in the county's 147 communities; equal numbers make equal drawings.

    With 900 they are the demonstration county's own, each by its code; with more or fewer, numbered
    from one in each community, and without those that were before. Takes 4 s for 900, a minute for
    20,000. Raises ValueError for fewer grids than communities.
    """
    county = plan_county(seed=SEED)
    rng = np.random.default_rng([SEED, grids])
    points = cells.raster(grids)
    counts = _counts(county, grids)
    seeds, community_of = _seeds(county, counts, points, rng)
    drawn = _grids(county, tiling.faces(seeds), community_of, own=grids == GRIDS)
    communities = _parents(county.communities, drawn, county.towns)
    towns = _parents(county.towns, communities, ())
    whole = Drawn(CODE, NAME, "", tiling.union([one.shape for one in towns]))
    levels = {
        UnitLevel.COUNTY: (whole,),
        UnitLevel.TOWN: tuple(towns),
        UnitLevel.COMMUNITY: tuple(communities),
        UnitLevel.GRID: tuple(drawn),
    }
    return Drawing(levels, _ended(drawn) if grids == GRIDS else (), _zones(whole.shape))


def _counts(county: County, grids: int) -> list[int]:
    """Grids by community: the list's own, or these in proportion, at least one each."""
    own = np.bincount([grid.parent for grid in county.grids], minlength=len(county.communities))
    if grids == own.sum():
        return [int(count) for count in own]
    spare = grids - len(own)
    if spare < 0:
        raise ValueError("fewer grids than communities")
    exact = own / own.sum() * spare
    found = exact.astype(int)
    rest = np.argsort(found - exact, kind="stable")[: spare - found.sum()]
    found[rest] += 1
    return [int(count) + 1 for count in found]


def _seeds(
    county: County, counts: list[int], points: Points, rng: np.random.Generator
) -> tuple[Points, list[int]]:
    """A seed for each grid, and the index of its community, community by community."""
    town_of = cells.towns_of(points, [town.code for town in county.towns])
    seeds: dict[int, Points] = {}
    for town, place in enumerate(county.towns):
        own = points[town_of == town]
        seat = to_plane([(SEATS[place.code].lon, SEATS[place.code].lat)])[0]
        weights = cells.density(own, seat)
        indexes = [i for i, one in enumerate(county.communities) if one.parent == town]
        middles, nearest = cells.means(own, weights, len(indexes), rng)
        for cell, community in enumerate(_named(county, indexes, middles, seat)):
            inside = nearest == cell
            found, _ = cells.means(own[inside], weights[inside], counts[community], rng)
            seeds[community] = found[_order(found)]
    order = range(len(county.communities))
    return (
        np.concatenate([seeds[community] for community in order]),
        [community for community in order for _ in range(counts[community])],
    )


def _named(county: County, indexes: list[int], middles: Points, seat: Points) -> list[int]:
    """The community of each cell: 社区 nearest to the seat, and 东 in the east of them."""
    by_distance = np.linalg.norm(middles - seat, axis=1).argsort(kind="stable").tolist()
    groups = [
        [i for i in indexes if county.communities[i].is_village is far] for far in (False, True)
    ]
    found: dict[int, int] = {}
    for group in groups:
        free, by_distance = by_distance[: len(group)], by_distance[len(group) :]
        directed = sorted(group, key=lambda i: county.communities[i].name[0] not in _COMPASS)
        for community in directed:
            towards = _COMPASS.get(county.communities[community].name[0])
            cell = free[0] if towards is None else max(free, key=lambda c: middles[c] @ towards)
            free.remove(cell)
            found[cell] = community
    return [found[cell] for cell in range(len(indexes))]


def _order(seeds: Points) -> NDArray[np.intp]:
    """Numbers as people give them: around the middle, from the north on with the sun."""
    east, north = (seeds - seeds.mean(axis=0)).T
    turned: NDArray[np.intp] = (np.arctan2(east, north) % (2 * np.pi)).argsort(kind="stable")
    return turned


def _grids(
    county: County, faces: Sequence[shapely.Polygon], community_of: list[int], *, own: bool
) -> list[Drawn]:
    if own:
        return [
            Drawn(grid.code, grid.name, county.communities[grid.parent].code, face)
            for grid, face in zip(county.grids, faces, strict=True)
        ]
    drawn, number, before = [], 0, -1
    for community, face in zip(community_of, faces, strict=True):
        number, before = number + 1 if community == before else 1, community
        code = county.communities[community].code
        drawn.append(Drawn(f"{code}{number:0{_CODE_DIGITS}d}", f"第{number}网格", code, face))
    return drawn


def _parents(
    places: Sequence[Place], parts: Sequence[Drawn], above: Sequence[Place]
) -> list[Drawn]:
    shapes: dict[str, list[shapely.Polygon]] = {}
    for part in parts:
        shapes.setdefault(part.parent, []).append(part.shape)
    return [
        Drawn(
            place.code,
            place.name,
            above[place.parent].code if above else CODE,
            tiling.union(shapes[place.code]),
        )
        for place in places
    ]


def _ended(grids: Sequence[Drawn]) -> tuple[Drawn, ...]:
    """The grids that a merger and a split replaced, made of those that came after them."""
    shapes = {one.code: one.shape for one in grids}
    found = []
    for redrawn in REDRAWN:
        after = tiling.union([shapes[code] for code in redrawn.codes_after()])
        parts = [after] if len(redrawn.before) == 1 else tiling.cut_in_two(after)
        found += [
            Drawn(f"{redrawn.community}{number:03d}", f"第{number}网格", redrawn.community, part)
            for number, part in zip(redrawn.before, parts, strict=True)
        ]
    return tuple(found)


def _zones(county: Any) -> tuple[Drawn, ...]:
    found = []
    for zone in ZONES:
        middle = to_plane([(zone.lon, zone.lat)])[0]
        ring = tiling.ellipse(middle, zone.half_axes, zone.turned)
        if not county.contains(ring):
            raise ValueError("a zone outside the county")
        found.append(Drawn(zone.code, zone.name, CODE, ring, zone.kind))
    return tuple(found)
