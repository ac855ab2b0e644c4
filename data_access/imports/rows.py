"""One row of a file, cell by cell: what could be read, and every reason why something could not."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

from data_access.imports import values
from data_access.imports.codes import CodeLists
from data_access.imports.columns import COLUMNS, Column, Kind
from data_access.imports.headers import Header
from data_access.imports.lines import Line, pack
from data_access.imports.read import Row
from data_access.imports.values import BadValue
from domain.imports import Problem, RejectReason

_BETWEEN_CODES = re.compile(r"[、,,;;/|\s]+")
_TEN_THOUSAND = 10_000
_LONGEST_VALUE_SHOWN = 40
_REMEMBERED = 4_096


class RowRefused(Exception):
    """A row cannot be taken: the key of the column that is to blame, and the reason."""

    def __init__(self, key: str, reason: RejectReason) -> None:
        super().__init__(key, reason)
        self.key = key
        self.reason = reason


@dataclass(slots=True)
class Entry:
    """A row with what its cells say, by column key. A blank cell says nothing and is not there."""

    line: Line
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[tuple[str, RejectReason]] = field(default_factory=list)

    @property
    def number(self) -> int:
        """The row's number in the file, from 1."""
        return self.line.number

    def get(self, key: str) -> Any:
        """What the row says in a column, or None."""
        return self.values.get(key)

    def refuse(self, key: str, reason: RejectReason) -> None:
        """Send the row back because of this column; one reason per column is enough."""
        if key not in {known for known, _ in self.problems}:
            self.problems.append((key, reason))


class RowReader:
    """Reads rows under one header, with the county's lists of codes."""

    def __init__(self, header: Header, lists: CodeLists) -> None:
        self._places = [place for place, _, _ in header.columns]
        self._columns = [
            (column.key, column.required, _reader(column, lists)) for _, column, _ in header.columns
        ]

    def pack(self, row: Row) -> Line:
        """The cells of the header's columns; all others are never looked at."""
        cells, width = row.cells, len(row.cells)
        return pack(row.number, [cells[one] if one < width else "" for one in self._places])

    def read(self, line: Line) -> Entry:
        """What the cells of a row say, and the reasons why some say nothing."""
        entry = Entry(line)
        for cell, (key, required, read) in zip(line.cells, self._columns, strict=True):
            try:
                # Most cells of a wide sheet are blank.
                value = read(cell) if cell else None
            except BadValue as bad:
                entry.refuse(key, bad.reason)
                continue
            if value is not None:
                entry.values[key] = value
            elif required:
                entry.refuse(key, RejectReason.MISSING)
        return entry


def cells_of(header: Header, entry: Entry) -> dict[str, str]:
    """The row as it stood in the file, known columns only, by the file's own headers."""
    cells = entry.line.cells
    return {shown: cell for (_, _, shown), cell in zip(header.columns, cells, strict=True)}


def problems_of(header: Header, entry: Entry) -> Iterator[Problem]:
    """Why a row is sent back, with the values, except those that are of a person."""
    cells = entry.line.cells
    by_key = {
        column.key: (shown, "" if column.personal else cell)
        for (_, column, shown), cell in zip(header.columns, cells, strict=True)
    }
    for key, reason in entry.problems:
        shown, cell = by_key.get(key) or (_header_of(header, key), "")
        yield Problem(entry.number, shown, reason, cell.strip()[:_LONGEST_VALUE_SHOWN])


def _header_of(header: Header, key: str) -> str:
    return next(column.header for column in COLUMNS[header.profile] if column.key == key)


def split_codes(text: str) -> list[str]:
    """The words of a cell that may hold several: 邻里、物业."""
    return [part for part in _BETWEEN_CODES.split(text) if part]


def _reader(column: Column, lists: CodeLists) -> Callable[[str], Any]:
    """What reads a cell of this column: gives None for a blank one, or raises BadValue."""
    match column.kind:
        case Kind.TEXT:
            return _text_reader(column.longest)
        case Kind.NUMBER:
            return _number_reader(column.longest)
        case Kind.DEGREES:
            return _read_degrees
        case _:
            # Codes, days and quantities come again and again, and are nobody's.
            return lru_cache(_REMEMBERED)(partial(_read, column, lists))


def _text_reader(longest: int) -> Callable[[str], str | None]:
    clean = values.clean

    def read(cell: str) -> str | None:
        text = clean(cell)
        if len(text) > longest:
            raise BadValue(RejectReason.TOO_LONG)
        return text or None

    return read


def _number_reader(longest: int) -> Callable[[str], str | None]:
    clean = values.clean

    def read(cell: str) -> str | None:
        text = clean(cell)
        if not (text.isascii() and text.isdigit()):
            text = values.number_text(text)
        if len(text) > longest:
            raise BadValue(RejectReason.TOO_LONG)
        return text or None

    return read


def _read_degrees(cell: str) -> float | None:
    text = values.clean(cell)
    return values.degrees(text) if text else None


def _read(column: Column, lists: CodeLists, cell: str) -> Any:
    text = values.clean(cell)
    if not text:
        return None
    if column.kind is Kind.CODE:
        return lists.code(column.codes, text)
    if column.kind is Kind.CODES:
        parts = split_codes(text)
        return tuple(dict.fromkeys(lists.code(column.codes, part) for part in parts))
    return _read_quantity(column, text)


def _read_quantity(column: Column, text: str) -> Any:
    match column.kind:
        case Kind.DAY:
            return values.day(text)
        case Kind.MOMENT:
            return values.moment(text)
        case Kind.YES:
            return values.yes(text)
        case Kind.YUAN:
            return values.yuan(text)
        case Kind.TEN_THOUSAND_YUAN:
            has_unit = "元" in text or "万" in text
            return values.yuan(text) if has_unit else values.yuan(f"{text}万")
        case _:
            number = values.count(text)
            if not column.least <= number <= column.most:
                raise BadValue(RejectReason.OUT_OF_RANGE)
            return number
