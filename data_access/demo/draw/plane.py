"""Kilometres on a plane around the county's middle, and back to degrees."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Points: TypeAlias = NDArray[np.float64]  # (n, 2): east and north in km, or longitude and latitude

DIGITS = 5  # of a degree: one metre
_MIDDLE = np.array([103.4, 30.6])
_KM_A_DEGREE = np.array([111.32 * np.cos(np.radians(30.6)), 110.85])
# Waves that bend every line: their length and height in km, their direction and phase. The sum of
# 2π·height/length stays below one, so that no two points change places.
_WAVES = (
    (13.0, 0.38, 0.4, 1.1),
    (7.0, 0.19, 2.1, 4.0),
    (4.1, 0.10, 1.2, 2.3),
    (2.6, 0.06, 2.7, 0.6),
)


def to_plane(degrees: Any) -> Points:
    """Kilometres east and north of the middle."""
    plane: Points = (np.asarray(degrees, dtype=float) - _MIDDLE) * _KM_A_DEGREE
    return plane


def to_degrees(points: Points) -> Points:
    """Longitude and latitude, rounded to what is kept."""
    degrees: Points = np.round(points / _KM_A_DEGREE + _MIDDLE, DIGITS)
    return degrees


def bent(points: Points) -> Points:
    """The points moved by where they are alone: what they share before, they share after."""
    moved = points.copy()
    for length, height, direction, phase in _WAVES:
        along = np.array([np.cos(direction), np.sin(direction)])
        across = np.array([-along[1], along[0]])
        wave = height * np.sin(2 * np.pi / length * (points @ along) + phase)
        moved += wave[:, None] * across
    return moved
