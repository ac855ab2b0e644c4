"""Seeds to faces without gaps or overlaps: neighbours share every vertex, also after rounding."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import shapely

from data_access.demo.draw.outline import OUTLINE
from data_access.demo.draw.plane import Points, bent, to_degrees, to_plane

_STEP = 0.5  # km between the vertices of a bent line
_ROUNDING = 1e-9
_SMOOTHNESS = 0.05  # of the search for the middle of a face, in parts of its size


def faces(seeds: Points) -> list[shapely.Polygon]:
    """One face in degrees for each seed, in their order: a Voronoi diagram, cut and bent."""
    county = shapely.Polygon(to_plane(OUTLINE))
    edges = shapely.voronoi_polygons(
        shapely.MultiPoint(seeds), extend_to=county.buffer(1), only_edges=True
    )
    found = shapely.get_parts(shapely.polygonize([shapely.union(edges, county.exterior)]))
    found = found[shapely.contains(county, shapely.point_on_surface(found))]
    return [_in_degrees(face) for face in _one_for_each(seeds, found)]


def union(parts: Sequence[shapely.Polygon]) -> Any:
    """What parts that share their vertices make together."""
    return settled(shapely.coverage_union_all(list(parts)))


def settled(shape: Any) -> Any:
    """The same shape, always written in the same way: outer rings against the clock (RFC 7946)."""
    return shapely.orient_polygons(shapely.normalize(shape))


def inner_point(shape: Any) -> tuple[float, float]:
    """Longitude and latitude of a point well inside: the middle of the largest circle in it."""
    largest = max(shapely.get_parts(shape), key=lambda part: part.area)
    size = np.sqrt(largest.area)
    circle = shapely.maximum_inscribed_circle(largest, tolerance=size * _SMOOTHNESS)
    lon, lat = np.round(shapely.get_coordinates(circle)[0], 5).tolist()
    return lon, lat


def ellipse(middle: Points, half_axes: tuple[float, float], turned: float) -> shapely.Polygon:
    """A bent ellipse in degrees of twenty-four corners; `middle` in km, `turned` in degrees."""
    angles, turn = np.linspace(0, 2 * np.pi, 24, endpoint=False), np.radians(turned)
    ring = np.column_stack([np.cos(angles), np.sin(angles)]) * half_axes
    turning = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    polygon = shapely.Polygon(to_degrees(bent(ring @ turning + middle)))
    return settled(polygon)


def cut_in_two(face: shapely.Polygon) -> list[shapely.Polygon]:
    """A face in two parts as equal as they get, from one of its vertices straight to another.

    No vertex is added, so that the neighbours still fit.
    """
    ring = list(face.exterior.coords)[:-1]
    best: tuple[float, list[shapely.Polygon]] = (np.inf, [])
    for first in range(len(ring)):
        for last in range(first + 2, min(len(ring), first + len(ring) - 1)):
            parts = [
                shapely.Polygon(ring[first : last + 1]),
                shapely.Polygon(ring[last:] + ring[: first + 1]),
            ]
            sizes = [part.area for part in parts]
            # A cut that leaves the face makes parts that are more than it, or cross themselves.
            same = abs(sum(sizes) / face.area - 1) < _ROUNDING
            fits = same and all(part.is_valid for part in parts)
            if fits and abs(sizes[0] - sizes[1]) < best[0]:
                best = (abs(sizes[0] - sizes[1]), parts)
    return [settled(part) for part in best[1]]


def _one_for_each(seeds: Points, found: Any) -> list[shapely.Polygon]:
    """The faces in the order of their seeds; one without a seed goes to its longest neighbour."""
    tree = shapely.STRtree(found)
    held, of = tree.query(shapely.points(seeds), predicate="within")
    mine = dict(zip(held.tolist(), of.tolist(), strict=True))
    if len(mine) != len(seeds):
        raise ValueError("a seed outside the outline")
    polygons = {seed: found[face] for seed, face in mine.items()}
    seed_of = {face: seed for seed, face in mine.items()}
    for face in set(range(len(found))) - set(seed_of):
        beside = [near for near in tree.query(found[face]).tolist() if near in seed_of]
        nearest = max(beside, key=lambda near: found[near].intersection(found[face]).length)
        seed = seed_of[nearest]
        polygons[seed] = shapely.coverage_union_all([polygons[seed], found[face]])
    return [polygons[seed] for seed in range(len(seeds))]


def _in_degrees(face: shapely.Polygon) -> shapely.Polygon:
    ring = [point for edge in pairwise(face.exterior.coords) for point in _stepped(*edge)]
    degrees = to_degrees(bent(np.array(ring)))
    changes = np.any(degrees != np.roll(degrees, 1, axis=0), axis=1)
    return settled(shapely.Polygon(degrees[changes]))


def _stepped(start: tuple[float, ...], end: tuple[float, ...]) -> Points:
    """Points from `start` to before `end`, the same ones whichever way the edge is walked."""
    low, high = sorted([start, end])
    steps = max(1, int(np.ceil(np.linalg.norm(np.subtract(high, low)) / _STEP)))
    shares = np.linspace(0, 1, steps + 1)[:, None]
    points: Points = np.array(low) * (1 - shares) + np.array(high) * shares
    return points[:-1] if start == low else points[:0:-1]
