"""Who gets which part of the county: a raster of points is dealt out, level by level."""

import numpy as np
import shapely
from numpy.typing import NDArray

from data_access.demo.draw.outline import OUTLINE, SEATS
from data_access.demo.draw.plane import Points, to_plane

_POINTS_A_GRID = 25
_FINEST, _COARSEST = 0.05, 0.1  # km between points
_ROUNDS_OF_POWER, _ROUNDS_OF_MEANS = 400, 25
_AT_ONCE = 4_000_000  # distances
_TOWN_CENTRE = 1.5  # km: within it people live closely
_OPEN_COUNTRY = 0.03  # how closely, beside the centre, far away from it


def raster(grids: int) -> Points:
    """Points in rows inside the outline, fine enough for so many grids."""
    county = shapely.Polygon(to_plane(OUTLINE))
    step = np.sqrt(county.area / (grids * _POINTS_A_GRID)).clip(_FINEST, _COARSEST)
    west, south, east, north = county.bounds
    across, up = np.meshgrid(np.arange(west, east, step), np.arange(south, north, step))
    points = np.column_stack([across.ravel(), up.ravel()])
    inside: Points = points[shapely.contains_xy(county, points)]
    return inside


def towns_of(points: Points, codes: list[str]) -> NDArray[np.intp]:
    """The town of each point: a power diagram of the seats, its weights tuned to the shares."""
    seats = to_plane([(SEATS[code].lon, SEATS[code].lat) for code in codes])
    shares = np.array([SEATS[code].share for code in codes])
    squares = _squares(points, seats)
    weights = np.zeros(len(codes))
    nearest: NDArray[np.intp] = squares.argmin(axis=1)
    for step in np.geomspace(300, 20, _ROUNDS_OF_POWER):
        nearest = (squares - weights).argmin(axis=1)
        got = np.bincount(nearest, minlength=len(codes)) / len(points)
        weights += step * (shares - got)
    return nearest


def density(points: Points, seat: Points) -> NDArray[np.float64]:
    """How closely people live at each point of a town, beside its centre."""
    distances = np.linalg.norm(points - seat, axis=1)
    closeness: NDArray[np.float64] = 1 / (1 + (distances / _TOWN_CENTRE) ** 2) + _OPEN_COUNTRY
    return closeness


def means(
    points: Points, weights: NDArray[np.float64], count: int, rng: np.random.Generator
) -> tuple[Points, NDArray[np.intp]]:
    """Weighted k-means: `count` middles, and the index of the nearest one for each point."""
    chosen = rng.choice(len(points), count, replace=False, p=weights / weights.sum())
    middles = points[chosen]
    for _ in range(_ROUNDS_OF_MEANS):
        nearest = _nearest(points, middles)
        mass = np.bincount(nearest, weights, count)
        sums = [np.bincount(nearest, weights * points[:, axis], count) for axis in (0, 1)]
        has_any = mass > 0
        middles[has_any] = np.column_stack(sums)[has_any] / mass[has_any, None]
    return middles, _nearest(points, middles)


def _nearest(points: Points, middles: Points) -> NDArray[np.intp]:
    size = max(1, _AT_ONCE // len(middles))
    parts = [points[start : start + size] for start in range(0, len(points), size)]
    return np.concatenate([_squares(part, middles).argmin(axis=1) for part in parts])


def _squares(points: Points, middles: Points) -> NDArray[np.float64]:
    squares: NDArray[np.float64] = ((points[:, None, :] - middles[None, :, :]) ** 2).sum(axis=2)
    return squares
