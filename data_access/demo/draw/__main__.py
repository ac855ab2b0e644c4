"""Draw the county's 900 grids anew, into the files that the product ships."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

from data_access.demo.draw.drawing import Drawn, draw
from data_access.demo.shapes import ENDED, FILES, FOLDER, ZONES
from domain.organisation import UnitLevel


def write(folder: Path) -> list[Path]:
    """Write one file a level, one of what was before and one of the zones. Returns their paths."""
    drawing = draw()
    parts: dict[str, Sequence[Drawn]] = {FILES[level]: drawing.levels[level] for level in UnitLevel}
    parts |= {ENDED: drawing.ended, ZONES: drawing.zones}
    return [_write(folder / f"{name}.geojson.gz", drawn) for name, drawn in parts.items()]


def _write(path: Path, drawn: Sequence[Drawn]) -> Path:
    collection = {"type": "FeatureCollection", "features": [one.feature() for one in drawn]}
    text = json.dumps(collection, ensure_ascii=False, separators=(",", ":"))
    # No time and no name in the header: equal shapes make equal files.
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    return path


if __name__ == "__main__":
    for written in write(FOLDER):
        print(f"{written.stat().st_size:>8} {written.name}")  # noqa: T201 - what a command says
