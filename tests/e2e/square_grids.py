"""A made-up county of squares, of any size: grids in communities in towns in the county."""

import itertools
import json
import math

WEST, SOUTH, STEP = 103.2, 30.4, 0.004
# What must never run, neither on the server nor in a browser.
HOSTILE = (
    "{{ 7*191 }}",
    "{% x",
    "{# x",
    "<img src=x onerror=\"window.ran='img'\">",
    "`;window.ran='backtick';`",
    "</script><script>window.ran='script'</script>",
    "${window.ran='dollar'}",
    "\");window.ran='quote';(\"",
    "${1}",
)


class Squares:
    """`count` grids; a community is 3x3 of them and a town 12x12, so that parents are unions."""

    def __init__(self, count):
        self.side = math.ceil(math.sqrt(count))
        self.count = count
        self.levels = {
            level: self._cells(size)
            for level, size in (("grid", 1), ("community", 3), ("town", 12), ("county", self.side))
        }

    def _cells(self, size):
        """Column and row of each square of this size that has a grid of the county in it."""
        rows = math.ceil(self.side / size)
        cells = [(place % rows, place // rows) for place in range(rows * rows)]
        return [
            (x * size, y * size, size)
            for x, y in cells
            if y * size * self.side + x * size < self.count
        ]

    def ids(self, level):
        first = {"county": 1, "town": 1_000, "community": 10_000, "grid": 100_000}[level]
        return [first + place for place in range(len(self.levels[level]))]

    def parent_shows(self, level, parent, place):
        """`show` of a level: 1 for the squares within the square `place` of the level `parent`."""
        x0, y0, size = self.levels[parent][place]
        return "".join(
            "1" if x0 <= x < x0 + size and y0 <= y < y0 + size else "0"
            for x, y, _ in self.levels[level]
        )

    def box(self, level, place):
        """South, west, north, east of a square."""
        x, y, size = self.levels[level][place]
        east, north = min(x + size, self.side), min(y + size, self.side)
        return (SOUTH + y * STEP, WEST + x * STEP, SOUTH + north * STEP, WEST + east * STEP)

    def middle(self, level, place):
        """Latitude and longitude."""
        south, west, north, east = self.box(level, place)
        return (south + north) / 2, (west + east) / 2

    def collection(self, level, *, hostile=False):
        """The GeoJSON of a level, each side of a square with a bend in it, as real borders have."""
        features = []
        for place, unit in enumerate(self.ids(level)):
            name = HOSTILE[place % len(HOSTILE)] if hostile else f"第{place + 1}网格"
            ring = list(_bent(*self.box(level, place)))
            features.append(
                {
                    "type": "Feature",
                    "id": unit,
                    "properties": {"name": name},
                    "geometry": {"type": "Polygon", "coordinates": [ring]},
                }
            )
        return {"type": "FeatureCollection", "features": features}

    def body(self, level, *, hostile=False):
        return json.dumps(self.collection(level, hostile=hostile), separators=(",", ":")).encode()


def _bent(south, west, north, east):
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    for (x0, y0), (x1, y1) in itertools.pairwise(corners):
        yield round(x0, 5), round(y0, 5)
        # The bend depends on the place alone, so that neighbours share it.
        bend = STEP * 0.12 * math.sin((x0 + x1) * 7919 + (y0 + y1) * 6271)
        along_x = y0 == y1
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        yield (
            round(middle[0] + (0 if along_x else bend), 5),
            round(middle[1] + (bend if along_x else 0), 5),
        )
    yield round(west, 5), round(south, 5)
