"""Exact points of some disputes, inside their grids: made of the number alone, without a draw.

So all else in the county is what it would be without them.
"""

import hashlib
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from domain.outlines import Outline, Position, outline_of
from domain.points import DIGITS, point_text

_ONE_IN = 3
# In degrees, about 600 m: across most grids of a village. Of a smaller grid the same direction is
# tried nearer and nearer to its inner point, which lies inside for certain.
_FARTHEST = 0.006
_TIMES_NEARER = 6


class Points:
    """Where the disputes of a county exactly were, as far as that is known."""

    def __init__(self, grids: Mapping[int, dict[str, Any]]) -> None:
        """`grids` are the shapes' features by unit id."""
        self._grids = grids
        self._grid = lru_cache(maxsize=None)(self._read)

    def of(self, case_no: str, grid_id: int) -> str | None:
        """The point of a dispute as `domain.points` writes it; None for two of three."""
        digest = hashlib.sha256(f"point of {case_no}".encode()).digest()
        if digest[0] % _ONE_IN:
            return None
        outline, (lon, lat) = self._grid(grid_id)
        angle = 2 * math.pi * int.from_bytes(digest[1:5]) / 2**32
        far = _FARTHEST * (digest[5] + 1) / 256
        for nearer in range(_TIMES_NEARER):
            far_now = far / 2**nearer
            found = (
                round(lon + far_now * math.cos(angle), DIGITS),
                round(lat + far_now * math.sin(angle), DIGITS),
            )
            if outline.covers(*found):
                return point_text(found[1], found[0])
        return point_text(lat, lon)

    def _read(self, grid_id: int) -> tuple[Outline, Position]:
        feature = self._grids[grid_id]
        lon, lat = feature["properties"]["inner"]
        return outline_of(feature["geometry"]), (lon, lat)
