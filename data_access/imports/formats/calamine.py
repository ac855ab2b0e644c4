"""The parser of Excel's workbooks, which reads them whole: only what was looked at comes here."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from data_access.imports.formats.opened import (
    LOOKED_AT,
    Merges,
    Opened,
    Order,
    Refused,
    Seen,
    chosen,
    looks_like_a_table,
)


def open_workbook(content: bytes, order: Order, *, kind: str, sizes: dict[str, Seen]) -> Opened:
    """Open a sheet of an XLSX or XLS workbook; `sizes` are what is known of its sheets already."""
    with _parsing() as calamine:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [_seen(one, calamine) for one in book.sheets_metadata]
        number = chosen(sheets, order.sheet) if order.sheet else _suggested(book, sheets)
        sheet = book.get_sheet_by_index(number - 1)
        merges = _merges(sheet)
    for seen in sheets:
        if (size := sizes.get(seen.name)) and seen.rows is None:
            seen.rows, seen.columns = size.rows, size.columns
    if sheets[number - 1].rows is None:
        last_row, last_column = sheet.end or (-1, -1)
        sheets[number - 1].rows = last_row + 1
        sheets[number - 1].columns = last_column + 1
    # It leaves out blank columns at the left, but not blank rows at the top: the count is the
    # sheet's own.
    rows = enumerate(sheet.iter_rows(), start=1)
    return Opened(kind, rows, sheet=number, sheets=sheets, merges=merges)


@contextmanager
def _parsing() -> Iterator[Any]:
    import python_calamine  # noqa: PLC0415 - only after the file was looked at, and only here

    try:
        yield python_calamine
    except python_calamine.PasswordError:
        raise Refused("password") from None
    except (python_calamine.CalamineError, OSError, ValueError):
        raise Refused("damaged") from None


def _seen(metadata: Any, calamine: Any) -> Seen:
    # Diagrams and macros have sheets of their own, without cells.
    no_cells = metadata.typ != calamine.SheetTypeEnum.WorkSheet
    hidden = metadata.visible != calamine.SheetVisibleEnum.Visible
    return Seen(metadata.name, hidden, *((0, 0) if no_cells else ()))


def _suggested(book: Any, sheets: list[Seen]) -> int:
    """The first sheet that is shown and looks like a table; else the first that is shown."""
    shown = [place for place, one in enumerate(sheets) if not one.hidden and one.rows is None]
    for place in shown:
        rows = zip(range(LOOKED_AT), book.get_sheet_by_index(place).iter_rows(), strict=False)
        if looks_like_a_table([cells for _, cells in rows]):
            return place + 1
    return shown[0] + 1 if shown else chosen(sheets, 1)


def _merges(sheet: Any) -> Merges:
    """Merged areas of several rows, by first row, with their column in rows as they come.

    Blank columns at the left are not given, so that a column is counted from the first in use.
    """
    left = (sheet.start or (0, 0))[1]
    found: Merges = {}
    for (top, column), (bottom, _) in sheet.merged_cell_ranges or ():
        if bottom > top and column >= left:
            found.setdefault(top + 1, []).append((bottom + 1, column - left))
    return found
