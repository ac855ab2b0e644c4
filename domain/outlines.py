"""Outlines of areas in longitude and latitude: what may be one, where it reaches, what is inside.

Degrees of CGCS2000, five digits: one metre. Polygons have an outer ring and maybe holes (RFC 7946).
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from domain.points import DIGITS, is_latitude, is_longitude

Position: TypeAlias = tuple[float, float]  # longitude, latitude
Ring: TypeAlias = tuple[Position, ...]

_FEWEST = 4  # positions of a ring, the first one once more at the end


class NoOutlineError(ValueError):
    """What was given is not the outline of an area."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Polygons, each an outer ring and its holes."""

    polygons: tuple[tuple[Ring, ...], ...]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """South, west, north, east."""
        corners = [corner for polygon in self.polygons for corner in polygon[0]]
        lons, lats = zip(*corners, strict=True)
        return min(lats), min(lons), max(lats), max(lons)

    def covers(self, lon: float, lat: float) -> bool:
        """Whether a point lies inside and in no hole."""
        return sum(_crossings(ring, lon, lat) for one in self.polygons for ring in one) % 2 == 1

    def text(self) -> str:
        """GeoJSON, always written in the same way and without a blank."""
        several = len(self.polygons) > 1
        found = {
            "type": "MultiPolygon" if several else "Polygon",
            "coordinates": self.polygons if several else self.polygons[0],
        }
        return json.dumps(found, separators=(",", ":"), allow_nan=False)


def outline_of(geometry: Mapping[str, Any]) -> Outline:
    """The outline that a GeoJSON geometry means, rounded. Raises NoOutlineError."""
    coordinates = geometry.get("coordinates")
    match geometry.get("type"):
        case "Polygon":
            polygons = [coordinates]
        case "MultiPolygon" if isinstance(coordinates, Sequence) and coordinates:
            polygons = list(coordinates)
        case _:
            raise NoOutlineError("neither Polygon nor MultiPolygon")
    return Outline(tuple(tuple(_rings(polygon)) for polygon in polygons))


def _rings(polygon: Any) -> Iterator[Ring]:
    if not isinstance(polygon, Sequence) or isinstance(polygon, str) or not polygon:
        raise NoOutlineError("a polygon without a ring")
    for ring in polygon:
        if not isinstance(ring, Sequence) or isinstance(ring, str):
            raise NoOutlineError("a ring that is no list")
        positions = tuple(_position(one) for one in ring)
        if len(positions) < _FEWEST or positions[0] != positions[-1]:
            raise NoOutlineError("a ring that does not close")
        yield positions


def _position(given: Any) -> Position:
    try:
        lon, lat = (round(float(number), DIGITS) for number in (given[0], given[1]))
    except (TypeError, ValueError, LookupError, OverflowError):
        raise NoOutlineError("a position without longitude and latitude") from None
    if not (math.isfinite(lon) and is_longitude(lon) and is_latitude(lat)):
        raise NoOutlineError("a position far from here")
    return lon, lat


def _crossings(ring: Ring, lon: float, lat: float) -> int:
    """How often the ring crosses the way from the point to the east."""
    found = 0
    for (lon_a, lat_a), (lon_b, lat_b) in pairwise(ring):
        if (lat_a > lat) != (lat_b > lat):
            found += lon < lon_a + (lat - lat_a) / (lat_b - lat_a) * (lon_b - lon_a)
    return found
