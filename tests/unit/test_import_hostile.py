"""Files that mean harm, or were never what they say: refused with a reason, or read as plain text.

Whatever a file does, it does it to a process that has nothing: here it is asked what it cost.
"""

import csv
import gzip
import html
import io
import random
import resource
import stat
import struct
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date

import pytest
import xlsxwriter
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access.imports.read import LIMITS, Peek, Row, open_table, peek
from domain.imports import FileProblem, FileRefused

SPREADSHEET = "application/vnd.oasis.opendocument.spreadsheet"
SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "style")
)
NASTY = [
    "=1+1",
    "=cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+86 138",
    "-2+3",
    '=HYPERLINK("http://x","y")',
    "{{7*7}}",
    "${7*7}",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "'; DROP TABLE dispute_case; --",
    "[链接](javascript:alert(1))",
    "../../etc/passwd",
    "\u202e反写",
    "%s%s%n",
]


def rows_of(content: bytes, **options) -> list[list[str]]:
    with open_table(content, **options) as table:
        return [row.cells for row in table.rows]


def refusal(content: bytes, **options) -> FileProblem:
    with pytest.raises(FileRefused) as refused:
        rows_of(content, **options)
    return refused.value.problem


def xlsx(*sheets: list[list[object]]) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    for rows in sheets:
        sheet = book.add_worksheet()
        for line, cells in enumerate(rows):
            for place, cell in enumerate(cells):
                (sheet.write_string if isinstance(cell, str) else sheet.write)(line, place, cell)
    book.close()
    return stream.getvalue()


def xls(*sheets: list[list[object]]) -> bytes:
    book = xlwt.Workbook()
    for number, rows in enumerate(sheets, start=1):
        sheet = book.add_sheet(f"表{number}", cell_overwrite_ok=True)
        for line, cells in enumerate(rows):
            for place, cell in enumerate(cells):
                sheet.write(line, place, cell)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def zipped(parts: dict[str, bytes], level: int = 9) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return stream.getvalue()


def document(*tables: str, styles: str = "", before: str = "") -> bytes:
    body = f"<office:body><office:spreadsheet>{before}{''.join(tables)}</office:spreadsheet>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {SPACES}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles>{body}"
        "</office:body></office:document-content>"
    ).encode()


def ods(*tables: str, **options) -> bytes:
    return zipped({"mimetype": SPREADSHEET.encode(), "content.xml": document(*tables, **options)})


def table(*rows: str, name: str = "台账", style: str = "") -> str:
    said = f'table:name="{name}" table:style-name="{style}"'
    return f"<table:table {said}>{''.join(rows)}</table:table>"


def row(*cells: str, repeated: int = 1) -> str:
    said = f'table:number-rows-repeated="{repeated}"'
    return f"<table:table-row {said}>{''.join(cells)}</table:table-row>"


def cell(text: str = "", *, repeated: int = 1, more: str = "") -> str:
    paragraph = f"<text:p>{text}</text:p>" if text else ""
    said = f'table:number-columns-repeated="{repeated}" {more}'
    return f"<table:table-cell {said}>{paragraph}</table:table-cell>"


def typed(kind: str, **said: str) -> str:
    values = " ".join(f'office:{name.replace("_", "-")}="{value}"' for name, value in said.items())
    return cell("shown", more=f'office:value-type="{kind}" {values}')


@contextmanager
def little(seconds: float = 20, megabytes: int = 150) -> Iterator[None]:
    """What happens within may cost the caller no more than this."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.monotonic() - began < seconds
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < megabytes * 1024


# ------------------------------------------------------------------------------ good ones first


def test_an_xls_is_read_like_any_workbook():
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    book = xlwt.Workbook()
    book.add_sheet("说明").write(0, 0, "请看第二张")
    sheet = book.add_sheet("台账")
    for place, word in enumerate(("事件名称", "发生日期", "人数", "属实", "号码")):
        sheet.write(1, place, word)
    sheet.write(3, 0, "䢺江镇漏水")
    sheet.write(3, 1, date(2026, 11, 2), day)
    sheet.write(3, 2, 45123.5)
    sheet.write(3, 3, bool(day))
    sheet.write(3, 4, 510129199001011234)
    hidden = book.add_sheet("旧的")
    hidden.visibility = 1
    stream = io.BytesIO()
    book.save(stream)
    with open_table(stream.getvalue(), sheet=2) as opened:
        assert (opened.kind, opened.sheets) == ("xls", ("说明", "台账", "旧的"))
        assert [(row.number, row.cells) for row in opened.rows] == [
            (2, ["事件名称", "发生日期", "人数", "属实", "号码"]),
            (4, ["䢺江镇漏水", "2026-11-02", "45123.5", "1", "5.101291990010113e+17"]),
        ]
    seen = peek(stream.getvalue())
    assert (seen.kind, seen.sheet, [one.hidden for one in seen.sheets]) == (
        "xls", 2, [False, False, True],
    )  # fmt: skip


def test_an_ods_cell_is_read_by_its_value():
    content = ods(
        table(row(cell("只有标题"))),
        table(
            row(cell(repeated=16384), repeated=3),
            row(
                cell("文本<text:s text:c='2'/>空格"),
                typed("float", value="45123.5"),
                typed("float", value="510129199001011234"),
                typed("date", date_value="2026-11-02"),
                typed("date", date_value="2026-11-02T14:05:00"),
                typed("boolean", boolean_value="true"),
                typed("time", time_value="PT14H05M00S"),
                typed("percentage", value="0.5"),
                typed("string", string_value=""),
                cell("<text:span>第一行</text:span></text:p><text:p>第二行"),
            ),
            row(cell("甲", repeated=2), cell(repeated=16382), repeated=2),
            row(cell(repeated=16384), repeated=1048570),
            style="shown",
        ),
        table(row(cell("a"), cell("b"), repeated=2), name="旧的", style="hidden"),
        styles='<style:style style:name="hidden" style:family="table">'
        '<style:table-properties table:display="false"/></style:style>',
    )
    with open_table(content, sheet=2) as opened:
        assert (opened.kind, opened.sheets) == ("ods", ("台账", "台账"))
        assert [(one.number, one.cells) for one in opened.rows] == [
            (4, ["文本  空格", "45123.5", "5.101291990010113e+17", "2026-11-02",
                 "2026-11-02 14:05:00", "1", "14:05:00", "0.5", "", "第一行\n第二行"]),
            (5, ["甲", "甲"]),
            (6, ["甲", "甲"]),
        ]  # fmt: skip
    seen = peek(content)
    assert (seen.kind, seen.sheet, [one.hidden for one in seen.sheets]) == (
        "ods", 2, [False, False, True],
    )  # fmt: skip
    assert refusal(content, sheet=4) is FileProblem.NO_SUCH_SHEET


def test_what_hangs_on_a_cell_or_lies_beside_a_sheet_is_no_content():
    note = "<office:annotation><text:p>批注</text:p></office:annotation>"
    other = f"<table:dde-links>{table(row(cell('别处')))}</table:dde-links>"
    content = ods(
        table(
            f"<table:shapes>{table(row(cell('图')))}</table:shapes>",
            row(cell(f"甲</text:p>{note}<text:p>乙")),
        ),
        before=other,
    )
    with open_table(content) as opened:
        assert opened.sheets == ("台账",)
        assert [one.cells for one in opened.rows] == [["甲\n乙"]]


def merged_xlsx() -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.merge_range("B2:B5", "䢺江镇")
    sheet.merge_range("C2:D2", "横的")
    for line in (1, 2, 4):
        sheet.write(line, 4, "漏水")
    book.close()
    return stream.getvalue()


def merged_xls() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    sheet.write_merge(1, 4, 1, 1, "䢺江镇")
    sheet.write_merge(1, 1, 2, 3, "横的")
    for line in (1, 2, 4):
        sheet.write(line, 4, "漏水")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def merged_ods() -> bytes:
    spans = 'table:number-rows-spanned="4"'
    covered = "<table:covered-table-cell/>"
    return ods(
        table(
            row(),
            row(cell("䢺江镇", more=spans), cell("横的"), covered, cell("漏水")),
            row(covered, cell(repeated=2), cell("漏水")),
            row(covered),
            row(covered, cell(repeated=2), cell("漏水")),
        )
    )


@pytest.mark.parametrize("content", [merged_xlsx(), merged_xls(), merged_ods()])
def test_a_cell_merged_downwards_counts_for_each_row_that_it_covers(content):
    with open_table(content) as opened:
        assert list(opened.rows) == [
            Row(2, ["䢺江镇", "横的", "", "漏水"]),
            Row(3, ["䢺江镇", "", "", "漏水"], filled=True),
            Row(5, ["䢺江镇", "", "", "漏水"], filled=True),
        ]
    assert [one.cells for one in peek(content).rows][1][0] == "䢺江镇"


@pytest.mark.parametrize("write", [xlsx, xls])
def test_a_look_at_a_workbook_sees_its_sheets_and_stops_early(write):
    content = write([["只有标题"]], [["甲", "乙"], *([str(line), "丙"] for line in range(2000))])
    seen = peek(content, rows=5)
    assert (seen.sheet, len(seen.rows), seen.sheets[1].rows) == (2, 5, 2001)
    assert seen.rows[4].cells == ["3", "丙"]


# -------------------------------------------------------------------------- strings as they are


def as_csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def as_ods(rows: list[list[str]]) -> bytes:
    return ods(table(*(row(*(cell(html.escape(word)) for word in cells)) for cells in rows)))


@pytest.mark.parametrize("write", [as_csv, xlsx, xls, as_ods])
def test_formulas_scripts_and_templates_arrive_as_the_text_they_are(write):
    rows = [["编码", "名称"], *([word, "甲"] for word in NASTY)]
    assert rows_of(write(rows)) == rows


def test_of_a_formula_only_its_last_result_arrives():
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_formula(0, 0, "=cmd|'/C calc'!A0", None, "结果")
    sheet.write_formula(0, 1, "=1/0", None, "#DIV/0!")
    sheet.write(0, 2, "末")
    book.close()
    assert rows_of(stream.getvalue()) == [["结果", "", "末"]]
    dde = 'table:formula="of:=DDE(&quot;cmd&quot;;&quot;/C calc&quot;;&quot;A0&quot;)"'
    assert rows_of(ods(table(row(cell("结果", more=dde))))) == [["结果"]]


def test_characters_that_no_keyboard_makes_do_not_arrive():
    assert rows_of(xls([["甲\x00乙\x1b[31m", "丙\t丁\n戊"]])) == [["甲乙[31m", "丙\t丁\n戊"]]


# ---------------------------------------------------------------------------------------- encodings

SIMPLE = "编号,事件名称,发生日期,当事人姓名\n1,楼上漏水引发邻里纠纷,2026-11-02,王芳\n"
TRADITIONAL = "編號,事件名稱,發生日期,當事人姓名\n1,樓上漏水引發鄰里糾紛,2026-11-02,王芳\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (SIMPLE.encode("utf-16-le"), "utf-16"),
        (SIMPLE.encode("utf-16-be"), "utf-16"),
        (SIMPLE.encode("utf-16"), "utf-16"),
        (SIMPLE.encode("gb18030"), "gb18030"),
        (TRADITIONAL.encode("gb18030"), "gb18030"),
        (SIMPLE.encode("utf-8-sig"), "utf-8"),
        # Its bytes are UTF-8, too: for two letters of another script.
        ("联通,移动\n".encode("gbk"), "gb18030"),
    ],
)
def test_an_encoding_is_told_by_what_makes_sense(content, encoding):
    with open_table(content) as opened:
        assert opened.encoding == encoding
        assert next(opened.rows).cells[0] in {"编号", "編號", "联通"}


@pytest.mark.parametrize(
    "content",
    [
        TRADITIONAL.encode("big5"),
        SIMPLE.encode() + SIMPLE.encode("gb18030"),
        SIMPLE.encode("gb18030") * 50 + SIMPLE.encode(),
        "番号,事件名,発生日,当事者の氏名を記入してください\n".encode("shift-jis"),
        "é,ü,ñ\n".encode("cp1252"),
        SIMPLE.encode("utf-16")[:-1],
    ],
)
def test_an_encoding_that_makes_no_sense_is_refused(content):
    assert refusal(content) is FileProblem.WRONG_ENCODING


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (SIMPLE.encode("utf-32"), FileProblem.NOT_A_TABLE),
        (SIMPLE.encode().replace("王芳".encode(), b"\x00"), FileProblem.NOT_A_TABLE),
        (random.Random(1).randbytes(5000), FileProblem.NOT_A_TABLE),
        (b"%PDF-1.7\n1 0 obj", FileProblem.NOT_A_TABLE),
        (b"{\\rtf1\\ansi", FileProblem.NOT_A_TABLE),
        (b"<html><table><tr><td>1</td></tr></table></html>", FileProblem.WEB_PAGE),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', FileProblem.WEB_PAGE),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related", FileProblem.WEB_PAGE),
        (zipped({"a.xlsx": xlsx([["甲"]])}), FileProblem.ARCHIVE),
        (zipped({}), FileProblem.ARCHIVE),
        (b"Rar!\x1a\x07\x00" + b"x" * 99, FileProblem.ARCHIVE),
        (b"7z\xbc\xaf\x27\x1c" + b"x" * 99, FileProblem.ARCHIVE),
        (gzip.compress(SIMPLE.encode()), FileProblem.ARCHIVE),
        (zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.bin": b"x"}),
         FileProblem.NOT_A_TABLE),
        (zipped({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"}),
         FileProblem.NOT_A_TABLE),
    ],
)  # fmt: skip
def test_what_only_bears_the_name_of_a_table_is_told_what_it_is(content, problem):
    assert refusal(content) is problem
    with pytest.raises(FileRefused) as refused:
        peek(content)
    assert refused.value.problem is problem


# -------------------------------------------------------------------------------------------- zips


def test_a_link_in_an_archive_is_refused():
    stream = io.BytesIO(xlsx([["甲"]]))
    link = zipfile.ZipInfo("xl/worksheets/sheet2.xml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert refusal(stream.getvalue()) is FileProblem.SUSPICIOUS


def test_names_that_climb_out_are_only_names():
    stream = io.BytesIO(xlsx([["甲"]]))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("../../../../tmp/x.xml", b"<x/>")
        archive.writestr("/etc/x.xml", b"<x/>")
    assert rows_of(stream.getvalue()) == [["甲"]]


def test_a_directory_with_sizes_that_cannot_be_is_refused():
    content = xlsx([["甲"]])
    at = content.rindex(b"PK\x01\x02")
    for offset, problem in ((24, FileProblem.TOO_HEAVY), (42, FileProblem.DAMAGED)):
        lie = bytearray(content)
        lie[at + offset : at + offset + 4] = b"\xfe\xff\xff\xff"
        assert refusal(bytes(lie)) is problem


def test_a_part_with_a_password_is_refused():
    content = bytearray(xlsx([["甲"]]))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(mark)
        content[at + offset] |= 1
    assert refusal(bytes(content)) is FileProblem.DAMAGED


def test_bombs_are_refused_before_they_are_unpacked():
    line = row(cell("A" * 30_000)).encode()
    bomb = document(table("@")).replace(b"@", line * 3000)
    parts = {"mimetype": SPREADSHEET.encode(), "content.xml": bomb}
    with little():
        assert refusal(zipped(parts)) is FileProblem.TOO_HEAVY
        zeros = zipped({"mimetype": SPREADSHEET.encode(), "content.xml": b" " * 80_000_000})
        assert refusal(zeros) is FileProblem.TOO_HEAVY


# --------------------------------------------------------------------------------- OpenDocument


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([row(cell("甲"), repeated=1_048_576)], FileProblem.TOO_MANY_ROWS),
        ([row(repeated=1_048_575), row(cell("甲"))], FileProblem.TOO_MANY_ROWS),
        ([row(cell("甲"), repeated=10**30)], FileProblem.TOO_MANY_ROWS),
        ([row(cell("甲", repeated=16_384))], FileProblem.TOO_MANY_COLUMNS),
        ([row(cell(repeated=16_383), cell("甲"))], FileProblem.TOO_MANY_COLUMNS),
        ([row(cell("甲", repeated=10**30))], FileProblem.TOO_MANY_COLUMNS),
    ],
)
def test_repetitions_without_end_are_refused(rows, problem):
    with little():
        assert refusal(ods(table(*rows))) is problem


def test_a_million_blank_rows_are_none():
    blank = row(cell(repeated=16_384), repeated=100_000)
    with little():
        assert rows_of(ods(table(blank, row(cell("甲")), blank, blank))) == [["甲"]]


def test_a_cell_of_a_thousand_million_blanks_is_cut():
    spaces = '<text:s text:c="1000000000"/>'
    with little():
        ((said,),) = rows_of(ods(table(row(cell(f"甲{spaces * 3}乙")))))
    assert said == "甲" + " " * LIMITS.cell_characters


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_in_any_encoding(encoding):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    content = document(table(row(cell("&b;")))).decode().replace("?>", f"?>{bomb}", 1)
    content = content.replace('encoding="UTF-8"', f'encoding="{encoding}"')
    parts = {"mimetype": SPREADSHEET.encode(), "content.xml": content.encode(encoding)}
    assert refusal(zipped(parts)) is FileProblem.SUSPICIOUS


def test_an_ods_with_a_password_says_so():
    manifest = b"<manifest:encryption-data manifest:checksum='x'/>"
    parts = {
        "mimetype": SPREADSHEET.encode(),
        "META-INF/manifest.xml": manifest,
        "content.xml": b"\x01\x02",
    }
    assert refusal(zipped(parts)) is FileProblem.PASSWORD


@pytest.mark.parametrize(
    "content",
    [
        document(table(row(cell("甲"))))[:-30],
        document(table(row(cell("甲")))).replace(b"</table:table-row>", b""),
        b"",
        b"no xml",
    ],
)
def test_a_broken_document_is_damaged(content):
    parts = {"mimetype": SPREADSHEET.encode(), "content.xml": content}
    assert refusal(zipped(parts)) is FileProblem.DAMAGED


def test_nesting_without_end_harms_nobody():
    deep = "<text:span>" * 200_000 + "甲" + "</text:span>" * 200_000
    with little():
        assert rows_of(ods(table(row(cell(deep))))) == [["甲"]]
    tables = table(row(cell("<table:table>" * 50_000 + "</table:table>" * 50_000 + "乙")))
    with little():
        assert rows_of(ods(tables)) == [["乙"]]


def test_merged_areas_that_lie_over_each_other_cost_nothing():
    cells = [cell(f"{place}", more='table:number-rows-spanned="1048576"') for place in range(90)]
    with little():
        rows = rows_of(ods(table(*(row(*cells) for _ in range(500)))))
    assert len(rows) == 500


# ---------------------------------------------------------------------------------- OLE and BIFF


def renamed(content: bytes, name: str) -> bytes:
    """The container with its one stream under another name."""
    at = content.index("Workbook".encode("utf-16-le"))
    said = f"{name}\0".encode("utf-16-le")
    entry = said.ljust(64, b"\0") + struct.pack("<H", len(said))
    return content[:at] + entry + content[at + 66 :]


LEDGER = [["编码", "名称"], *([f"{line}", "甲"] for line in range(50))]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (renamed(xls(LEDGER), "EncryptedPackage"), FileProblem.PASSWORD),
        (renamed(xls(LEDGER), "WordDocument"), FileProblem.NOT_A_TABLE),
        (xls([["甲"] * 101]), FileProblem.TOO_MANY_COLUMNS),
        (xls([[*([None] * 255), 1]]), FileProblem.TOO_MANY_COLUMNS),
        (xls([[1.5] * 101]), FileProblem.TOO_MANY_COLUMNS),
    ],
)
def test_a_container_is_looked_into_before_it_is_parsed(content, problem):
    assert refusal(content) is problem


def test_a_workbook_with_a_password_says_so():
    content = bytearray(xls(LEDGER))
    # The record of the code page, one of the first, becomes the one of a password.
    at = content.index(struct.pack("<HH", 0x0042, 2), 512)
    content[at] = 0x2F
    assert refusal(bytes(content)) is FileProblem.PASSWORD


def test_far_corners_of_many_sheets_cost_the_caller_nothing():
    far = [[] for _ in range(65_535)]
    corners = [[["甲"], *far[:-1], [*([None] * 99), "乙"]]] * 12
    with little(seconds=60), suppress(FileRefused):
        rows_of(xls(*corners))


def fat_sector(content: bytes) -> int:
    return 512 * (1 + struct.unpack_from("<I", content, 76)[0])


@pytest.mark.parametrize("where", ["directory", "stream", "table"])
def test_a_chain_that_bites_its_tail_is_refused(where):
    content = bytearray(xls(LEDGER * 20))
    table_at = fat_sector(content)
    directory = struct.unpack_from("<I", content, 48)[0]
    if where == "table":
        struct.pack_into("<I", content, 68, 0)
        struct.pack_into("<I", content, 512 + 508, 0)
    else:
        start = directory if where == "directory" else 0
        struct.pack_into("<I", content, table_at + 4 * start, start)
    with little():
        assert refusal(bytes(content)) in {FileProblem.SUSPICIOUS, FileProblem.DAMAGED}


# ---------------------------------------------------------------------------------------- sizes


def test_five_thousand_columns_are_refused():
    for content in (as_csv([["甲"] * 5000]), xlsx([["甲"] * 5000])):
        assert refusal(content) is FileProblem.TOO_MANY_COLUMNS


def test_a_million_blank_lines_are_none():
    with little():
        assert rows_of("甲,乙\n".encode() + b",,,\n" * 1_000_000 + "丙\n".encode()) == [
            ["甲", "乙"],
            ["丙"],
        ]


def test_one_huge_cell_is_cut_or_refused():
    with little():
        assert refusal(b'"' + b"x" * 30_000_000) is FileProblem.DAMAGED
        ((said,),) = rows_of(ods(table(row(cell(random.Random(2).randbytes(4_000_000).hex())))))
    assert len(said) == LIMITS.cell_characters + 1


# ------------------------------------------------------------------------------------------ fuzz

SAMPLES = {
    "csv": SIMPLE.encode("gb18030") * 20,
    "xlsx": xlsx(LEDGER),
    "xls": xls(LEDGER),
    "ods": as_ods([[str(word) for word in cells] for cells in LEDGER]),
}
BROKEN_COPIES = 75


def survived(content: bytes) -> None:
    """It is refused with a reason, or read as text; nothing else comes of it."""
    with suppress(FileRefused):
        for cells in rows_of(content):
            assert all(isinstance(one, str) and "\x00" not in one for one in cells)
    with suppress(FileRefused):
        assert isinstance(peek(content), Peek)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", SAMPLES)
def test_files_with_broken_bytes_are_read_or_refused(kind):
    chance = random.Random(kind)
    with little(seconds=280):
        for _ in range(BROKEN_COPIES):
            content = bytearray(SAMPLES[kind])
            for _ in range(chance.choice((1, 1, 2, 5, 20))):
                content[chance.randrange(len(content))] = chance.randrange(256)
            survived(bytes(content))


@pytest.mark.parametrize("kind", SAMPLES)
def test_files_that_end_early_are_read_or_refused(kind):
    content = SAMPLES[kind]
    for tenth in range(1, 10):
        survived(content[: len(content) * tenth // 10])


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]), st.binary())
def test_any_bytes_are_read_or_refused(head, rest):
    survived(head + rest)
