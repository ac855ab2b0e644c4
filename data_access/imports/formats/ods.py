"""OpenDocument spreadsheets: a zip of XML, read cell by cell and never as a whole.

A sheet that somebody coloured to its end says so in one line (`number-rows-repeated="1048576"`),
and a parser that takes such numbers at their word builds a million rows. Here a repeated row is
given again only where there is something in it, and the limits of every file hold.
"""

import zipfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import Any
from xml.parsers import expat

from data_access.imports.formats.archives import pieces
from data_access.imports.formats.ods_cells import PARAGRAPHS, Cell, repeated
from data_access.imports.formats.opened import (
    LOOKED_AT,
    Merges,
    Opened,
    Order,
    ReadLimits,
    Refused,
    Seen,
    chosen,
    is_blank,
    looks_like_a_table,
)
from data_access.imports.formats.xml_parts import document_parser

CONTENT, _MANIFEST = "content.xml", "META-INF/manifest.xml"
_SPREADSHEET, _LONGEST_TYPE = b"application/vnd.oasis.opendocument.spreadsheet", 100
_MOST_SHEETS = 1_000
_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
_TABLE, _TEXT, _STYLE = f"{_OASIS}table:1.0 ", f"{_OASIS}text:1.0 ", f"{_OASIS}style:1.0 "
_SHEET, _ROW = f"{_TABLE}table", f"{_TABLE}table-row"
_CELLS = frozenset((f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"))
# They hold tables, too, but none that anybody sees: of other files, of before, within drawings.
_ASIDE = frozenset(_TABLE + name for name in ("dde-links", "tracked-changes", "shapes"))

_RowOfSheet = tuple[int, int, list[Any]]


def is_spreadsheet(archive: zipfile.ZipFile) -> bool:
    """Whether the archive says that it is an OpenDocument spreadsheet, or a template of one."""
    with suppress(KeyError), archive.open("mimetype") as stream:
        return stream.read(_LONGEST_TYPE).startswith(_SPREADSHEET)
    return False


def open_ods(archive: zipfile.ZipFile, order: Order) -> Opened:
    """The rows of one sheet as they are parsed; where first rows are wanted, of every sheet.

    `sheets` are all of them in the second case, and those up to the wanted one in the first.
    """
    _require_open(archive)
    if order.first:
        return _look(archive, order)
    document = _Document(order.limits, only=order.sheet - 1, rows_of_each=order.limits.rows + 1)
    rows = document.read(archive)
    first = list(islice(rows, 1))
    chosen(document.sheets, order.sheet)
    return Opened(
        "ods",
        _numbered(chain(first, rows), order.limits),
        sheet=order.sheet,
        sheets=document.sheets[: order.sheet],
        merges=document.merges_of.setdefault(order.sheet - 1, {}),
    )


def _look(archive: zipfile.ZipFile, order: Order) -> Opened:
    document = _Document(order.limits, rows_of_each=max(LOOKED_AT, order.first))
    heads: dict[int, list[_RowOfSheet]] = {}
    for place, row in document.read(archive):
        heads.setdefault(place, []).append(row)
    sheets = document.sheets
    number = chosen(sheets, order.sheet or _suggested(sheets, heads))
    rows = ((number - 1, row) for row in heads.get(number - 1, []))
    merges = document.merges_of.get(number - 1, {})
    return Opened("ods", _numbered(rows, order.limits), sheet=number, sheets=sheets, merges=merges)


def _require_open(archive: zipfile.ZipFile) -> None:
    """Refuse a document that asks for a password: only its manifest says so."""
    manifests = [part for part in archive.infolist() if part.filename == _MANIFEST]
    for part in manifests:
        if any(b"encryption-data" in window for window, _ in pieces(archive, part)):
            raise Refused("password")


def _suggested(sheets: list[Seen], heads: dict[int, list[_RowOfSheet]]) -> int:
    shown = [place for place, one in enumerate(sheets) if not one.hidden]
    tables = (
        place
        for place in shown
        if looks_like_a_table([cells for _, _, cells in heads.get(place, [])])
    )
    return next(tables, shown[0] if shown else 0) + 1


def _numbered(
    rows: Iterator[tuple[int, _RowOfSheet]], limits: ReadLimits
) -> Iterator[tuple[int, list[Any]]]:
    for _, (number, times, cells) in rows:
        if number + times - 1 > limits.rows:
            raise Refused("too_many_rows")
        for again in range(times):
            yield number + again, list(cells)


class _Document:
    """Reads content.xml: `sheets` as they are met, and rows that are not blank.

    Rows are given of every sheet, or `only` of one (from 0), and no more than `rows_of_each`.
    """

    def __init__(self, limits: ReadLimits, *, rows_of_each: int, only: int | None = None) -> None:
        self.sheets: list[Seen] = []
        self.merges_of: dict[int, Merges] = {}
        self._parser = document_parser()
        self._limits = limits
        self._longest = limits.cell_characters + 1
        self._only = only
        self._most = rows_of_each
        self._hidden_styles: set[str] = set()
        self._style = ""
        self._found: list[tuple[int, _RowOfSheet]] = []
        self._reading = False
        self._aside = 0
        self._number = self._times = self._given = self._column = 0
        self._row: list[Any] = []
        self._cell: Cell | None = None

    def read(self, archive: zipfile.ZipFile) -> Iterator[tuple[int, _RowOfSheet]]:
        """(sheet from 0, (row number, how often, cells)), as the document is parsed."""
        self._listen()
        try:
            for _, piece in pieces(archive, archive.getinfo(CONTENT)):
                self._parser.Parse(piece, False)  # noqa: FBT003 - the parser's own signature
                yield from self._found
                self._found.clear()
                if self._only is not None and len(self.sheets) - 1 > self._only:
                    return
            self._parser.Parse(b"", True)  # noqa: FBT003
        except expat.ExpatError:
            raise Refused("damaged") from None
        yield from self._found

    def _listen(self) -> None:
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def _put_aside(self) -> None:
        """Hear nothing up to the end of the element that begins; most of a file is passed so."""
        self._aside = 1
        self._parser.StartElementHandler = self._deeper
        self._parser.EndElementHandler = self._shallower
        self._parser.CharacterDataHandler = None

    def _deeper(self, _name: str, _said: dict[str, str]) -> None:
        self._aside += 1

    def _shallower(self, _name: str) -> None:
        self._aside -= 1
        if not self._aside:
            self._listen()

    def _start(self, name: str, said: dict[str, str]) -> None:
        cell = self._cell
        if cell is not None:
            if name in PARAGRAPHS:
                cell.begin()
            elif name.startswith(_TEXT):
                cell.start(name, said)
            else:
                self._put_aside()  # a note or a drawing that hangs on the cell
        elif name in _CELLS:
            self._cell = Cell(said, self._longest)
        elif name == _ROW:
            self._start_row(said)
        elif name == _SHEET:
            self._start_table(said)
        elif name in _ASIDE:
            self._put_aside()
        else:
            self._learn_style(name, said)

    def _end(self, name: str) -> None:
        cell = self._cell
        if cell is not None:
            if name in PARAGRAPHS:
                cell.within -= 1
            elif name in _CELLS:
                self._end_cell(cell)
                self._cell = None
        elif name == _ROW:
            self._end_row()
        elif name == _SHEET:
            self._reading = False

    def _characters(self, text: str) -> None:
        cell = self._cell
        if cell is not None and cell.within:
            cell.add(text)

    def _learn_style(self, name: str, said: dict[str, str]) -> None:
        if name == f"{_STYLE}style":
            self._style = said.get(f"{_STYLE}name", "")
        elif name == f"{_STYLE}table-properties" and said.get(f"{_TABLE}display") == "false":
            self._hidden_styles.add(self._style)

    def _start_table(self, said: dict[str, str]) -> None:
        hidden = said.get(f"{_TABLE}style-name", "") in self._hidden_styles
        self.sheets.append(Seen(said.get(f"{_TABLE}name", ""), hidden))
        if len(self.sheets) > _MOST_SHEETS:
            raise Refused("suspicious")
        self._number, self._given = 1, 0
        self._reading = self._only in {None, len(self.sheets) - 1}

    def _start_row(self, said: dict[str, str]) -> None:
        self._times = repeated(said, "rows")
        self._column = 0
        if self._reading and self._given < self._most:
            self._row = []
        else:
            self._put_aside()

    def _end_row(self) -> None:
        row, self._row = self._row, []
        if row:
            self._found.append((len(self.sheets) - 1, (self._number, self._times, row)))
            self._given += self._times
        self._number += self._times

    def _end_cell(self, cell: Cell) -> None:
        row, times = self._row, repeated(cell.said, "columns")
        said = cell.value()
        column, self._column = self._column, self._column + times
        if said == "" or is_blank(said):
            return
        if self._column > self._limits.columns:
            raise Refused("too_many_columns")
        if len(row) < column:
            row.extend([""] * (column - len(row)))
        row.extend([said] * times)
        if (below := cell.rows_spanned()) > 1:
            merges = self.merges_of.setdefault(len(self.sheets) - 1, {})
            merges.setdefault(self._number, []).append((self._number + below - 1, column))
