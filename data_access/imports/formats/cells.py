"""Rows as text: as somebody would type them, merged cells filled, blank ones at the end gone."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from data_access.imports.formats.opened import Merges, is_blank

_EXACT_FLOAT = 2**53


def texts(cells: list[Any], longest: int) -> list[str]:
    """The cells as text, none longer than this; nothing for a blank row."""
    row = [cell if type(cell) is str else _text(cell) for cell in cells]
    while row and (not row[-1] or row[-1].isspace()):
        row.pop()
    if row and len(max(row, key=len)) > longest:
        row = [cell[:longest] for cell in row]
    return row


def _text(cell: Any) -> str:
    """A cell as somebody would type it; a number that lost digits keeps its exponent."""
    match cell:
        case float() if cell.is_integer() and abs(cell) < _EXACT_FLOAT:
            return str(int(cell))
        case float():
            return f"{cell:.15e}" if abs(cell) >= _EXACT_FLOAT else repr(cell)
        case bool():
            return "1" if cell else "0"
        case dt.datetime():
            midnight = not (cell.hour or cell.minute or cell.second or cell.microsecond)
            return cell.date().isoformat() if midnight else cell.isoformat(" ", "seconds")
        case _:
            return str(cell)


def without_controls(cells: list[str]) -> list[str]:
    """The cells without characters that no keyboard makes: databases and terminals choke on them.

    Tabs and line breaks stay.
    """
    return [cell.translate(_CONTROLS) for cell in cells]


_CONTROLS = dict.fromkeys(set(range(32)) - {9, 10, 13})


class Filling:
    """Writes what the first cell of a merged area says into its cells below.

    Offices merge a town's cell over all cases of that town. A row that is otherwise blank stays so.
    """

    def __init__(self, merges: Merges) -> None:
        self._merges = merges
        self._open: dict[int, tuple[int, Any]] = {}

    def rows(self, rows: Iterator[tuple[int, list[Any]]]) -> Iterator[tuple[int, list[Any], bool]]:
        """The rows with their numbers, and whether something was written into them."""
        for number, cells in rows:
            filled = bool(self._open) and self._fill(number, cells)
            for last, column in self._merges.pop(number, ()):
                if column < len(cells) and not is_blank(cells[column]):
                    self._open[column] = (last, cells[column])
            yield number, cells, filled

    def _fill(self, number: int, cells: list[Any]) -> bool:
        for column in [one for one, (last, _) in self._open.items() if last < number]:
            del self._open[column]
        if not self._open or all(map(is_blank, cells)):
            return False
        filled = False
        for column, (_, said) in self._open.items():
            if column >= len(cells):
                cells.extend([""] * (column + 1 - len(cells)))
            if is_blank(cells[column]):
                cells[column] = said
                filled = True
        return filled
