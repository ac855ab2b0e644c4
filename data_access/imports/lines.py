"""The rows of a file, kept small until their fate is known: a file may have 200,000 of them."""

import zlib
from collections.abc import Iterator
from typing import NamedTuple

from domain.imports import FileProblem, FileRefused

# So many rows are decided, sealed and put aside at a time: few enough for every database's limit of
# bound values and for little memory, many enough that what each portion costs by itself is nothing.
PORTION = 2_000
# Half as much again as 200,000 rows of 30 cells need: a small workbook may repeat what it says for
# ever, and what its rows say is held in memory by us, not by the child that reads it.
MOST_CHARACTERS = 150_000_000
# Also of rows that are long, few are held as they are.
_PORTION_CHARACTERS = 8_000_000
_BETWEEN_ROWS = "\x1e"
_BETWEEN_CELLS = "\x1f"
_MARKS = str.maketrans("", "", _BETWEEN_ROWS + _BETWEEN_CELLS)


class Line(NamedTuple):
    """The known cells of a row as they stand in the file, in one string; see `cells`."""

    number: int
    packed: str

    @property
    def cells(self) -> list[str]:
        """The cells, in the order of the header's columns."""
        return self.packed.split(_BETWEEN_CELLS)


def pack(number: int, cells: list[str]) -> Line:
    """A row's cells as one string."""
    packed = _BETWEEN_CELLS.join(cells)
    if _BETWEEN_ROWS in packed or packed.count(_BETWEEN_CELLS) >= len(cells):
        # Nobody types these marks; where they stand all the same, they say nothing.
        packed = _BETWEEN_CELLS.join(cell.translate(_MARKS) for cell in cells)
    return Line(number, packed)


class Lines:
    """All rows of a file, compressed in portions. In memory alone: they are in the clear."""

    def __init__(self) -> None:
        self._portions: list[tuple[list[int], bytes]] = []
        self._latest: list[Line] = []
        self._count = 0
        self._room = MOST_CHARACTERS
        self._of_latest = 0

    def __len__(self) -> int:
        return self._count

    def add(self, line: Line) -> None:
        """Keep one more row, below those that are there. Raises FileRefused for too much text."""
        self._room -= len(line.packed)
        if self._room < 0:
            raise FileRefused(FileProblem.TOO_HEAVY)
        self._latest.append(line)
        self._count += 1
        self._of_latest += len(line.packed)
        if len(self._latest) == PORTION or self._of_latest > _PORTION_CHARACTERS:
            text = _BETWEEN_ROWS.join(one.packed for one in self._latest)
            packed = zlib.compress(text.encode("utf-8", "surrogatepass"), level=1)
            self._portions.append(([one.number for one in self._latest], packed))
            self._latest, self._of_latest = [], 0

    def portions(self) -> Iterator[list[Line]]:
        """The rows in their order, at most PORTION at a time; as often as asked."""
        for numbers, packed in self._portions:
            text = zlib.decompress(packed).decode("utf-8", "surrogatepass")
            rows = text.split(_BETWEEN_ROWS)
            yield [Line(*one) for one in zip(numbers, rows, strict=True)]
        if self._latest:
            yield list(self._latest)
