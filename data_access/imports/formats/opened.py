"""What a reader of one kind of file gives: the sheets that are there, and the rows of one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

# Areas of several rows by the number of their first row: (number of the last row, column from 0).
Merges = dict[int, list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What a file may cost. Twice what 100,000 rows of 40 columns need."""

    file_bytes: int = 64_000_000
    memory_bytes: int = 1_500_000_000
    cpu_seconds: int = 60
    wall_seconds: int = 180
    rows: int = 200_000
    columns: int = 100
    cell_characters: int = 10_000
    unpacked_bytes: int = 700_000_000
    entries: int = 2_000
    ratio: int = 150


class Refused(Exception):
    """The file is not taken. The first argument is the name of a problem, the others are sheets."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of a file: `sheet` from 1, 0 the first that looks like a table.

    `first` is how many rows are enough; 0 wants all.
    """

    limits: ReadLimits
    sheet: int = 1
    first: int = 0


@dataclass(slots=True)
class Seen:
    """One sheet of a workbook; None where nobody looked how far its content reaches."""

    name: str
    hidden: bool = False
    rows: int | None = None
    columns: int | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is open. `rows` are (number from 1, cells of any type), gone through once.

    A reader may add to `merges` until it gives the row where an area begins.
    """

    kind: str
    rows: Iterator[tuple[int, list[Any]]]
    encoding: str = ""
    sheet: int = 1
    sheets: list[Seen] = field(default_factory=list)
    merges: Merges = field(default_factory=dict)


def chosen(sheets: list[Seen], wanted: int) -> int:
    """The wanted sheet's number from 1. Refuses what is not there."""
    if not 1 <= wanted <= len(sheets):
        raise Refused("no_such_sheet", *[one.name for one in sheets[:20]])
    return wanted


# A table has this many rows with this many cells in use, among its first rows.
LOOKED_AT, _FEWEST = 100, 2


def looks_like_a_table(rows: list[list[Any]]) -> bool:
    """Whether the first rows of a sheet are more than a title or a note."""
    wide = sum(sum(1 for cell in cells if not is_blank(cell)) >= _FEWEST for cells in rows)
    return wide >= _FEWEST


def is_blank(cell: Any) -> bool:
    """Whether there is nothing in a cell to see."""
    return cell == "" or (isinstance(cell, str) and cell.isspace())
