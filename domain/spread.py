"""How unevenly loads lie, beside what chance alone would make of the same cases.

A Gini coefficient of 0.2 says nothing by itself: cases that are given out by lot lie unevenly too,
and the fewer there are, the more. So no figure of a spread is shown without what chance would give.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_DRAWS = 200
_SEED = 20180401
_LOW, _HIGH = 5, 95
_HIGH_LOAD, _MIDDLE_LOAD = 0.9, 0.5
_SAME = 1e-9

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bearer:
    """Somebody among whom work lies: the points of each case held, duties, and availability.

    Points and duties are in tenths of a standard case, `available` in tenths of a full-time place.
    """

    pieces: tuple[int, ...]
    duties: int
    available: int


@dataclass(frozen=True, slots=True)
class Beside:
    """A figure, its mean over draws by lot, and between what nine of ten draws lie.

    None where it has no meaning: nobody has anything, or the one in the middle has nothing.
    """

    actual: float | None
    by_chance: float | None
    low: float | None
    high: float | None

    @property
    def more_than_chance(self) -> bool:
        """Whether it lies beyond what chance explains; else nobody should be called uneven."""
        return self.actual is not None and self.high is not None and self.actual > self.high

    @property
    def compares(self) -> bool:
        """Whether chance leaves a range to compare with: by lot it could come out otherwise."""
        if self.actual is None or self.low is None or self.high is None:
            return False
        return self.high - self.low > _SAME


@dataclass(frozen=True, slots=True)
class Spread:
    """Of the loads of `people` per full-time place, each beside what chance makes of it.

    The Gini coefficient (0 even, towards 1 all on one), the 90th percentile by the median, and the
    most by the mean.
    """

    people: int
    gini: Beside
    p90_p50: Beside
    max_mean: Beside


def spread_of(bearers: Sequence[Bearer]) -> Spread | None:
    """The spread of loads among who is there; None for fewer than two.

    By lot means: each of the cases falls to somebody with a chance in proportion to how much they
    are there; duties stay where they are. The same bearers give the same answer.
    """
    there = [one for one in bearers if one.available > 0]
    if len(there) < 2:  # noqa: PLR2004 - nobody is uneven alone
        return None
    places = np.array([one.available for one in there], dtype=np.float64)
    duties = np.array([one.duties for one in there], dtype=np.float64)
    held = np.array([sum(one.pieces) for one in there], dtype=np.float64)
    pieces = np.array([piece for one in there for piece in one.pieces], dtype=np.float64)
    actual = _figures(((held + duties) / places)[None, :])
    drawn = _figures((_by_lot(pieces, places) + duties) / places)
    return Spread(len(there), *map(_beside, actual, drawn))


def gini(loads: Sequence[float]) -> float:
    """The Gini coefficient of loads that are not negative: 0 all alike, towards 1 all with one."""
    found = _gini(np.asarray(loads, dtype=np.float64)[None, :]) if len(loads) else np.zeros(1)
    return float(np.nan_to_num(found[0]))


def _by_lot(pieces: _Floats, places: _Floats) -> _Floats:
    """The points that each would hold, in each draw: (draws, bearers)."""
    size = len(places)
    rng = np.random.default_rng(_SEED)
    falls_to = rng.choice(size, size=(_DRAWS, len(pieces)), p=places / places.sum())
    cells = falls_to + size * np.arange(_DRAWS)[:, None]
    points = np.broadcast_to(pieces, cells.shape)
    held = np.bincount(cells.ravel(), weights=points.ravel(), minlength=_DRAWS * size)
    return held.astype(np.float64).reshape(_DRAWS, size)


def _figures(rows: _Floats) -> tuple[_Floats, _Floats, _Floats]:
    """Of each row its Gini coefficient, 90th percentile by median, most by mean; nan for none."""
    high, middle = np.quantile(rows, (_HIGH_LOAD, _MIDDLE_LOAD), axis=1)
    return _gini(rows), _ratio(high, middle), _ratio(rows.max(axis=1), rows.mean(axis=1))


def _gini(rows: _Floats) -> _Floats:
    ordered = np.sort(rows, axis=1)
    size = ordered.shape[1]
    ranks = 2 * np.arange(1, size + 1) - size - 1
    return np.maximum(_ratio((ordered * ranks).sum(axis=1), size * ordered.sum(axis=1)), 0.0)


def _ratio(above: _Floats, below: _Floats) -> _Floats:
    ratio: _Floats = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return ratio


def _beside(actual: _Floats, drawn: _Floats) -> Beside:
    known = drawn[np.isfinite(drawn)]
    value = float(actual[0]) if np.isfinite(actual[0]) else None
    if not len(known):
        return Beside(value, None, None, None)
    low, high = np.percentile(known, [_LOW, _HIGH])
    return Beside(value, float(known.mean()), float(low), float(high))
