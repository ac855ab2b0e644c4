"""Workbooks that leave the product: rejects to mend, and empty tables to fill in.

Every cell is a string in a text format: nothing is a formula, a link or a number that loses digits,
neither now nor after somebody has edited it.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from data_access.imports.codes import CodeLists
from data_access.imports.columns import COLUMNS, Column, Kind
from data_access.imports.headers import REASONS_HEADER, ROW_NUMBER_HEADER
from data_access.imports.rejects import RejectedRow, headers_to_mend, reasons
from domain.imports import Profile
from texts import gettext as _
from texts.imports import profile_name

# A workbook is made in memory, because nothing of it may lie on a disk; more rows go as CSV.
MOST_ROWS = 20_000
_LONGEST_CELL = 32_767  # what a cell of a workbook holds
_MOST_CODES_LISTED = 30
_ROWS_TO_FILL = 1_000
_NARROW, _USUAL, _WIDE = 8, 18, 48
_INK, _HEAD, _LATE = "#1A1F26", "#EAF2FB", "#FDE8E6"


@dataclass(frozen=True)
class _Book:
    file: Any
    text: Any
    head: Any
    wrong: Any


def rejects_as_workbook(rows: Sequence[RejectedRow]) -> bytes:
    """Rows to mend: number and reasons first and always in sight, the wrong cells in colour."""
    headers = headers_to_mend(rows)
    with _workbook() as (content, book):
        sheet = book.file.add_worksheet(_("退回的行"))
        sheet.set_column(0, 0, _NARROW, book.text)
        sheet.set_column(1, 1, _WIDE, book.text)
        sheet.set_column(2, len(headers) + 1, _USUAL, book.text)
        sheet.freeze_panes(1, 2)
        _write(sheet, 0, [ROW_NUMBER_HEADER, REASONS_HEADER, *headers], book.head)
        for number, row in enumerate(rows, start=1):
            _write(sheet, number, [str(row.row_number), reasons(row)], book.text)
            wrong = {problem.column for problem in row.problems}
            for place, header in enumerate(headers, start=2):
                style = book.wrong if header in wrong else book.text
                _write(sheet, number, [row.cells.get(header, "")], style, first=place)
    return content.getvalue()


def empty_table(profile: Profile, lists: CodeLists) -> bytes:
    """A workbook to fill in: the known columns, required ones with a star; how to write each."""
    columns = COLUMNS[profile]
    with _workbook() as (content, book):
        sheet = book.file.add_worksheet(profile_name(profile))
        sheet.set_column(0, len(columns) - 1, _USUAL, book.text)
        sheet.freeze_panes(1, 0)
        _write(sheet, 0, [_starred(column) for column in columns], book.head)
        about = book.file.add_worksheet(_("填写说明"))
        about.set_column(0, 1, _USUAL, book.text)
        about.set_column(2, 2, 2 * _WIDE, book.text)
        about.freeze_panes(1, 0)
        _write(about, 0, [_("列"), _("必填"), _("怎么填")], book.head)
        for number, column in enumerate(columns, start=1):
            must = _("必填") if column.required else ""
            _write(about, number, [column.header, must, _how_to_write(column, lists)], book.text)
    return content.getvalue()


def empty_table_as_csv(profile: Profile) -> str:
    """The same header alone, for those who fill it in from another system."""
    return ",".join(_starred(column) for column in COLUMNS[profile]) + "\r\n"


@contextmanager
def _workbook() -> Iterator[tuple[io.BytesIO, _Book]]:
    content = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(content, options) as file:
        text = {"num_format": "@", "font_color": _INK, "valign": "top"}
        yield (
            content,
            _Book(
                file,
                file.add_format(text),
                file.add_format(text | {"bold": True, "bg_color": _HEAD, "text_wrap": True}),
                file.add_format(text | {"bg_color": _LATE}),
            ),
        )


def _write(sheet: Any, row: int, cells: Sequence[str], style: Any, *, first: int = 0) -> None:
    for place, cell in enumerate(cells, start=first):
        sheet.write_string(row, place, cell[:_LONGEST_CELL], style)


def _starred(column: Column) -> str:
    return f"*{column.header}" if column.required else column.header


def _how_to_write(column: Column, lists: CodeLists) -> str:
    if column.codes:
        names = list(lists.lists[column.codes].names.items())
        listed = _("、").join(f"{code} {name}" for code, name in names[:_MOST_CODES_LISTED])
        more = _("等 {count} 个").format(count=len(names))
        several = _("可填几个,用顿号隔开。") if column.kind is Kind.CODES else ""
        said = _("填名称或代码:{words}").format(words=listed)
        return several + said + (more if len(names) > _MOST_CODES_LISTED else "")
    return {
        Kind.TEXT: _("最多 {longest} 个字").format(longest=column.longest),
        Kind.NUMBER: _("按文本填写,最多 {longest} 个字符").format(longest=column.longest),
        Kind.DAY: _("日期,如 2026-11-02 或 2026年11月2日"),
        Kind.MOMENT: _("日期,可带时间,如 2026-11-02 14:05"),
        Kind.DEGREES: _("度数(CGCS2000),如 103.52147"),
        Kind.COUNT: _("整数,{least} 到 {most}").format(least=column.least, most=column.most),
        Kind.YUAN: _("金额,单位元,如 26000 或 2.6万"),
        Kind.TEN_THOUSAND_YUAN: _("金额,单位万元,如 2.6"),
        Kind.YES: _("是 或 否"),
    }[column.kind]
