"""Exact points: degrees of CGCS2000, five digits, which is one metre.

The national system agrees with WGS 84 within a metre. What maps of the trade show (GCJ-02) lies
some hundred metres beside it, and must be turned back before it comes here.
"""

from typing import TypeAlias

Point: TypeAlias = tuple[float, float]  # latitude, longitude

DIGITS = 5
# Around China; no longitude of it could be a latitude.
WEST, EAST, SOUTH, NORTH = 73, 136, 3, 54


def point_text(lat: float, lon: float) -> str:
    """A point as it is sealed: "30.58213,103.52147"."""
    return f"{lat:.{DIGITS}f},{lon:.{DIGITS}f}"


def point_of(text: str) -> Point:
    """The point that `point_text` wrote. Raises ValueError for anything else."""
    lat, lon = map(float, text.split(","))
    return lat, lon


def is_longitude(degrees: float) -> bool:
    """Whether a longitude may be one of China."""
    return WEST <= degrees <= EAST


def is_latitude(degrees: float) -> bool:
    """Whether a latitude may be one of China."""
    return SOUTH <= degrees <= NORTH
