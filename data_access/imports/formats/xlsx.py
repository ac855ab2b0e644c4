"""Workbooks of Excel since 2007, of WPS and of most systems that export: a zip of XML."""

import io
import re
import zipfile
from itertools import islice

from data_access.imports.formats.archives import pieces
from data_access.imports.formats.calamine import open_workbook
from data_access.imports.formats.opened import (
    LOOKED_AT,
    Opened,
    Order,
    ReadLimits,
    Refused,
    Seen,
)
from data_access.imports.formats.xml_parts import read_elements

WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_MOST_SHEETS = 1_000
_ROW = re.compile(rb"""<(?:\w+:)?row\b[^>]{0,200}?\sr=["'](\d{1,12})["']""")
_ROW_NUMBER = re.compile(rb"""[<:]row\b[^>]{0,200}?\sr=["'](\d{1,12})["']""")
_DIMENSION = re.compile(rb"""<(?:\w+:)?dimension\s+ref=["'](?:[A-Z]+\d+:)?([A-Z]{1,3})\d+["']""")
_ROW_END = re.compile(rb"</(?:\w+:)?row>")
_DATA_END = re.compile(rb"</(?:\w+:)?sheetData>")
# Rows kept of a sheet that is only looked at, for each row that is wanted: some may be blank.
_SPARE = 10


def open_xlsx(content: bytes, archive: zipfile.ZipFile, order: Order) -> Opened:
    """Look at every part, then parse; where only first rows are wanted, only those are parsed."""
    far = _FarCells(order.limits)
    if not order.first:
        for entry in archive.infolist():
            for window, _ in pieces(archive, entry):
                far.refuse(window)
        return open_workbook(content, order, kind="xlsx", sizes={})
    names = _sheets_by_part(archive)
    sizes: dict[str, Seen] = {}
    short = io.BytesIO()
    with zipfile.ZipFile(short, "w") as copy:
        for entry in archive.infolist():
            is_sheet = entry.filename in names
            head = _Head(max(LOOKED_AT, order.first * _SPARE), cut=is_sheet)
            for window, piece in pieces(archive, entry):
                far.refuse(window)
                head.take(window, piece)
            if is_sheet:
                name = names[entry.filename]
                sizes[name] = Seen(name, rows=head.rows, columns=head.columns)
            if entry.filename.endswith((".xml", ".rels")):
                copy.writestr(entry.filename, head.content())
    return open_workbook(short.getvalue(), order, kind="xlsx", sizes=sizes)


def _sheets_by_part(archive: zipfile.ZipFile) -> dict[str, str]:
    """The name of the sheet that each part holds."""
    identities: dict[str, str] = {}
    targets: dict[str, str] = {}

    def sheet(element: str, said: dict[str, str]) -> None:
        if element == "sheet":
            identity = next((said[key] for key in said if key.endswith(" id")), "")
            identities[identity] = said.get("name", "")
            if len(identities) > _MOST_SHEETS:
                raise Refused("suspicious")

    def relation(element: str, said: dict[str, str]) -> None:
        if element == "Relationship" and said.get("Id") in identities:
            target = said.get("Target", "").removeprefix("/")
            targets[target if target.startswith("xl/") else f"xl/{target}"] = said["Id"]

    for part, started in ((WORKBOOK, sheet), (_RELATIONS, relation)):
        if part in archive.namelist():
            with archive.open(part) as stream:
                read_elements(stream, started)
    return {part: identities[identity] for part, identity in targets.items()}


class _Head:
    """A part as it comes; of a sheet only its first rows, and what stands behind its last one."""

    def __init__(self, enough: int, *, cut: bool) -> None:
        self._kept = bytearray()
        # How many more rows are kept; None before the end of all, and where nothing is cut.
        self._missing: int | None = enough if cut else None
        self._is_sheet = cut
        self._scanned = 0
        self.rows: int | None = None
        self.columns: int | None = None

    def take(self, window: bytes, piece: bytes) -> None:
        """One more piece of the part, as `pieces` gives it."""
        if self._is_sheet:
            self._measure(window)
        if self._missing == 0:
            self._skip(window)
            return
        self._kept += piece
        if self._missing is not None:
            self._cut()

    def content(self) -> bytes:
        """The part, cut."""
        return bytes(self._kept)

    def _cut(self) -> None:
        """Keep what ends with the last row that is wanted."""
        ends = [
            end.end() for end in islice(_ROW_END.finditer(self._kept, self._scanned), self._missing)
        ]
        if not ends:
            return
        self._scanned = ends[-1]
        self._missing = (self._missing or 0) - len(ends)
        if not self._missing:
            behind = bytes(self._kept[self._scanned :])
            del self._kept[self._scanned :]
            self._skip(behind)

    def _skip(self, window: bytes) -> None:
        """Leave rows out up to the end of all rows; what follows is kept: merged areas too."""
        if end := _DATA_END.search(window):
            self._kept += window[end.start() :]
            self._missing = None

    def _measure(self, window: bytes) -> None:
        if not self._kept and (found := _DIMENSION.search(window)):
            self.columns = _column_number(found[1])
        last = max(window.rfind(b"<row "), window.rfind(b":row "))
        if last >= 0 and (row := _ROW_NUMBER.match(window, last)):
            self.rows = int(row[1])


def _column_number(letters: bytes) -> int:
    """A is 1, Z is 26, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


class _FarCells:
    """Refuses rows below the last and cells right of the last column that is taken.

    The parser would allocate the whole rectangle that they span.
    """

    def __init__(self, limits: ReadLimits) -> None:
        self._rows = limits.rows
        columns = b"|".join(_columns_beyond(limits.columns))
        digits = str(limits.rows)
        rows = rb"\d{%d,}|[%d-9]\d{%d}" % (len(digits) + 1, int(digits[0]), len(digits) - 1)
        # Begins with plain letters, so that most of a sheet is passed over fast; it finds too much.
        self._first_look = re.compile(rb""" r=["'](?:%s|[A-Z]{0,2}(?:%s))""" % (columns, rows))
        self._cell = re.compile(
            rb"""<(?:\w+:)?c\b[^>]{0,120}?\sr=["'](?:(?P<column>%s)|[A-Z]+(?:%s))"""
            % (columns, rows)
        )

    def refuse(self, window: bytes) -> None:
        """Raise Refused where there is such a row or cell."""
        if not self._first_look.search(window):
            return
        if any(int(row[1]) > self._rows for row in _ROW.finditer(window)):
            raise Refused("too_many_rows")
        if far := self._cell.search(window):
            raise Refused("too_many_columns" if far["column"] else "too_many_rows")


def _columns_beyond(last: int) -> list[bytes]:
    """Patterns of columns after the last: those of two letters, and all of three."""
    first, second = divmod(last - 1, 26)
    head, tail = chr(64 + first), chr(65 + second)
    beyond = [rb"[A-Z]{3,}"]
    if tail < "Z":
        beyond.append(f"{head}[{chr(ord(tail) + 1)}-Z]".encode())
    if head < "Z":
        beyond.append(f"[{chr(ord(head) + 1)}-Z][A-Z]".encode())
    return beyond
