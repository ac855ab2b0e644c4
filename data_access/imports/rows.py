"""One row of a file, cell by cell: what could be read, and every reason why something could not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from data_access.imports import values
from data_access.imports.codes import CodeLists
from data_access.imports.columns import COLUMNS, Column, Kind
from data_access.imports.headers import Header
from data_access.imports.read import Row
from data_access.imports.values import BadValue
from domain.imports import Problem, RejectReason

_BETWEEN_CODES = re.compile(r"[、,,;;/|\s]+")
_TEN_THOUSAND = 10_000
_LONGEST_VALUE_SHOWN = 40
# Keeps a row's cells in one string until it is known whether they must be sent back.
_CELL_MARK = "\x1f"


class RowRefused(Exception):
    """A row cannot be taken: the key of the column that is to blame, and the reason."""

    def __init__(self, key: str, reason: RejectReason) -> None:
        super().__init__(key, reason)
        self.key = key
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Line:
    """The known cells of a row as they stand in the file, in one string: a file has many rows."""

    number: int
    packed: str


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


def pack(header: Header, row: Row) -> Line:
    """The cells of the header's columns; all others are never looked at."""
    width = len(row.cells)
    cells = (row.cells[place] if place < width else "" for place, _, _ in header.columns)
    return Line(row.number, _CELL_MARK.join(cell.replace(_CELL_MARK, "") for cell in cells))


def read_entry(header: Header, line: Line, lists: CodeLists) -> Entry:
    """Read the cells of a row: values, and the reasons why some have none."""
    entry = Entry(line)
    for cell, (_, column, _) in zip(_cells(line), header.columns, strict=True):
        text = values.clean(cell)
        if not text:
            if column.required:
                entry.refuse(column.key, RejectReason.MISSING)
            continue
        try:
            entry.values[column.key] = _read(column, text, lists)
        except BadValue as bad:
            entry.refuse(column.key, bad.reason)
    return entry


def _cells(line: Line) -> list[str]:
    return line.packed.split(_CELL_MARK)


def cells_of(header: Header, entry: Entry) -> dict[str, str]:
    """The row as it stood in the file, known columns only, by the file's own headers."""
    cells = _cells(entry.line)
    return {shown: cell for (_, _, shown), cell in zip(header.columns, cells, strict=True)}


def problems_of(header: Header, entry: Entry) -> Iterator[Problem]:
    """Why a row is sent back, with the values, except those that are of a person."""
    cells = _cells(entry.line)
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


def _read(column: Column, text: str, lists: CodeLists) -> Any:
    if column.kind is Kind.NUMBER:
        text = values.number_text(text)
    if column.kind in {Kind.TEXT, Kind.NUMBER}:
        if len(text) > column.longest:
            raise BadValue(RejectReason.TOO_LONG)
        return text
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
