"""Files as they come: good ones are read, hostile ones are refused, and the reader lives."""

import io
import subprocess
import sys
import zipfile
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access.imports import read
from data_access.imports.read import LIMITS, Row, open_table, peek
from domain.imports import FileProblem, FileRefused

SHEET = "xl/worksheets/sheet1.xml"
SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def rows_of(content: bytes, **options) -> list[tuple[int, list[str]]]:
    with open_table(content, **options) as table:
        return [(row.number, row.cells) for row in table.rows]


def refusal(content: bytes, **options) -> FileProblem:
    with pytest.raises(FileRefused) as refused:
        rows_of(content, **options)
    # Whatever the file did, the next one is read.
    assert rows_of("甲,乙\n".encode()) == [(1, ["甲", "乙"])]
    return refused.value.problem


def workbook(*sheets: list[list[object]]) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for rows in sheets:
        sheet = book.add_worksheet()
        for line, cells in enumerate(rows):
            for place, cell in enumerate(cells):
                if isinstance(cell, date):
                    sheet.write_datetime(line, place, cell, day)
                elif isinstance(cell, str):
                    sheet.write_string(line, place, cell)
                elif cell is not None:
                    sheet.write(line, place, cell)
    book.close()
    return stream.getvalue()


def with_part(content: bytes, name: str, part: bytes, level: int = 9) -> bytes:
    """The workbook with one part put in another's place."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as new,
    ):
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, part)
    return stream.getvalue()


def cells(*coordinates: str, extra: str = "") -> bytes:
    """A sheet of numbers at these coordinates."""
    lines = "".join(
        f'<row r="{"".join(filter(str.isdigit, at))}"><c r="{at}"><v>1</v></c></row>'
        for at in coordinates
    )
    sheet = f'<worksheet xmlns="{SPREADSHEET}"><sheetData>{lines}</sheetData></worksheet>'
    return f'<?xml version="1.0"?>{extra}{sheet}'.encode()


# ------------------------------------------------------------------------------------ good files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_in_every_usual_encoding_keeps_rare_characters(encoding):
    content = "编码,名称\r\n510129106,䢺江镇 𠮷\r\n".encode(encoding)
    assert rows_of(content) == [(1, ["编码", "名称"]), (2, ["510129106", "䢺江镇 𠮷"])]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_other_separators_are_recognised(delimiter):
    content = f"甲{delimiter}乙\n1{delimiter}2\n".encode()
    assert rows_of(content)[1] == (2, ["1", "2"])


def test_quotes_line_breaks_and_blank_rows():
    content = '甲,乙\n\n , \n"一\n二","他说""好"""\n末,\n'.encode()
    assert rows_of(content) == [
        (1, ["甲", "乙"]),
        (4, ["一\n二", '他说"好"']),
        (5, ["末"]),
    ]


def test_a_workbooks_cells_come_as_somebody_would_type_them():
    content = workbook(
        [
            [None, None],
            [None, "文本", "0402", "=1+1", "{{ 7*7 }}"],
            [None, date(2026, 11, 2), datetime(2026, 11, 2, 14, 5), 402, 3.5, True],  # noqa: DTZ001
            [None, 510129199001011234.0, 13800001234],
        ]
    )
    assert rows_of(content) == [
        (2, ["文本", "0402", "=1+1", "{{ 7*7 }}"]),
        (3, ["2026-11-02", "2026-11-02 14:05:00", "402", "3.5", "1"]),
        (4, ["5.101291990010113e+17", "13800001234"]),
    ]


def test_the_second_sheet_is_read_by_its_number():
    content = workbook([["甲"]], [["乙"]])
    assert rows_of(content, sheet=2) == [(1, ["乙"])]
    assert refusal(content, sheet=3) is FileProblem.NO_SUCH_SHEET


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1),
            min_size=1, max_size=6,
        ),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_whatever_is_written_to_a_workbook_is_read_from_it(rows):
    rows = [[f"字{cell}" for cell in row] for row in rows]
    assert rows_of(workbook(rows)) == list(enumerate(rows, start=1))


# --------------------------------------------------------------------------------- hostile files


@pytest.mark.parametrize(
    ("corner", "problem"),
    [
        ("XFD1048576", FileProblem.TOO_MANY_ROWS),
        ("XFD2", FileProblem.TOO_MANY_COLUMNS),
        ("CW2", FileProblem.TOO_MANY_COLUMNS),
        ("A1048576", FileProblem.TOO_MANY_ROWS),
        ("A200001", FileProblem.TOO_MANY_ROWS),
    ],
)
def test_a_cell_in_a_far_corner_is_refused(corner, problem):
    """The parser would allocate the whole rectangle and abort its process."""
    content = with_part(workbook([["甲"]]), SHEET, cells("A1", corner))
    assert len(content) < 6000
    assert refusal(content) is problem


def test_a_far_cell_that_hides_from_the_first_look_kills_only_the_child():
    hidden = cells("A1", "B2").replace(b' r="B2"', b" r = 'XFD1048576'")
    hidden = hidden.replace(b'<row r="2">', b"<row>")
    assert refusal(with_part(workbook([["甲"]]), SHEET, hidden)) in {
        FileProblem.TOO_HEAVY,
        FileProblem.DAMAGED,
    }


def test_a_sheet_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked():
    line = b'<row r="1"><c r="A1" t="inlineStr"><is><t>' + b"A" * 30_000 + b"</t></is></c></row>"
    bomb = cells("A1").replace(b"</sheetData>", line * 2000 + b"</sheetData>")
    content = with_part(workbook([["甲"]]), SHEET, bomb)
    assert len(content) < len(bomb) / 150
    assert refusal(content) is FileProblem.TOO_HEAVY


def test_a_directory_that_lies_about_sizes_is_refused():
    content = bytearray(with_part(workbook([["甲"]]), SHEET, cells("A1", *(["B2"] * 20_000))))
    at = content.rindex(b"PK\x01\x02", 0, content.rindex(SHEET.encode()))
    content[at + 24 : at + 28] = (100).to_bytes(4, "little")
    assert refusal(bytes(content)) is FileProblem.DAMAGED


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
    ],
)
def test_a_document_type_is_refused(declaration):
    content = with_part(workbook([["甲"]]), SHEET, cells("A1", extra=declaration))
    assert refusal(content) is FileProblem.SUSPICIOUS


def test_two_parts_of_one_name_are_refused():
    stream = io.BytesIO(workbook([["甲"]]))
    with zipfile.ZipFile(stream, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(SHEET, cells("A1"))
    assert refusal(stream.getvalue()) is FileProblem.SUSPICIOUS


def test_thousands_of_parts_are_refused():
    stream = io.BytesIO(workbook([["甲"]]))
    with zipfile.ZipFile(stream, "a") as archive:
        for number in range(LIMITS.entries):
            archive.writestr(f"x/{number}", b"")
    assert refusal(stream.getvalue()) is FileProblem.SUSPICIOUS


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", FileProblem.EMPTY),
        (b" \n\n ", FileProblem.EMPTY),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512, FileProblem.DAMAGED),
        (bytes(range(256)) * 40, FileProblem.NOT_A_TABLE),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", FileProblem.NOT_A_TABLE),
        (b"\x1b\x05\x06\x07" * 100, FileProblem.NOT_A_TABLE),
        (b"\xff\xff\xff\xff,\xfe\xfe", FileProblem.WRONG_ENCODING),
        (b"PK\x03\x04" + b"junk" * 100, FileProblem.DAMAGED),
        ('甲,乙\n"没有结束的引号'.encode(), FileProblem.DAMAGED),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(content, problem):
    assert refusal(content) is problem


def test_a_truncated_workbook_and_another_kind_of_zip_are_refused():
    whole = workbook([["甲"] * 20] * 20)
    assert refusal(whole[: len(whole) // 2]) is FileProblem.DAMAGED
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("[Content_Types].xml", b"<x/>")
        archive.writestr("word/document.xml", b"<x/>")
    assert refusal(stream.getvalue()) is FileProblem.NOT_A_TABLE


# Made once: a workbook carries the second it was made in, and its size varies with it.
SMALL_WORKBOOK = workbook([["甲", "乙"], ["1", "2"]])


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_a_workbook_with_broken_bytes_is_read_or_refused(data):
    content = bytearray(SMALL_WORKBOOK)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(FileRefused):
        assert isinstance(rows_of(bytes(content)), list)


def test_more_than_the_limits_is_refused():
    small = replace(LIMITS, rows=10, columns=5, file_bytes=2000)
    assert len(rows_of(b"a,b\n" * 10, limits=small)) == 10
    assert refusal(b"a,b\n" * 11, limits=small) is FileProblem.TOO_MANY_ROWS
    assert refusal(b"a,b,c,d,e,f\n", limits=small) is FileProblem.TOO_MANY_COLUMNS
    assert refusal(b"a" * 2001, limits=small) is FileProblem.TOO_LARGE


def test_a_cell_is_cut_where_no_column_is_longer():
    ((_, (cell,)),) = rows_of(b"x" * 100_000)
    assert len(cell) == LIMITS.cell_characters + 1


def test_a_child_that_takes_too_long_is_ended():
    slow = replace(LIMITS, wall_seconds=0)
    assert refusal(workbook([["甲"]]), limits=slow) is FileProblem.TOO_HEAVY


def test_a_child_that_wants_too_much_memory_is_ended():
    tight = replace(LIMITS, memory_bytes=60_000_000)
    assert refusal(("甲," * 40 + "\n").encode() * 200_000, limits=tight) is FileProblem.TOO_HEAVY


def test_leaving_early_leaves_no_child(monkeypatch):
    started = []
    popen = subprocess.Popen

    def remember(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(read.subprocess, "Popen", remember)
    with open_table(b"a,b\n" * 100_000) as table:
        next(table.rows)
    assert started[0].returncode is not None


def test_the_child_knows_no_secret_and_can_write_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    child = tmp_path / "child.py"
    child.write_text(
        "import json, os, sys, runpy\n"
        f"child = runpy.run_path({str(read._CHILD)!r})\n"
        "limits = child['ReadLimits'](**json.loads(sys.argv[1])['limits'])\n"
        "child['_confine'](limits)\n"
        "try:\n"
        f"    open({str(tmp_path / 'out')!r}, 'wb', buffering=0).write(b'x')\n"
        "    wrote = True\n"
        "except OSError:\n"
        "    wrote = False\n"
        "secrets = [name for name in os.environ if 'DATABASE' in name]\n"
        "sheets = [[name, False, None, None] for name in secrets]\n"
        "print(json.dumps({'kind': str(wrote), 'encoding': '', 'sheets': sheets}))\n"
        "print(json.dumps({'end': 0}))\n"
    )
    monkeypatch.setattr(read, "_CHILD", child)
    with open_table(b"a") as table:
        assert (table.kind, table.sheets) == ("False", ())


def test_the_child_needs_nothing_of_the_product():
    code = "import runpy, sys; runpy.run_path(sys.argv[1]); print(*sorted(sys.modules))"
    command = [sys.executable, "-I", "-c", code, str(read._CHILD)]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()  # noqa: S603
    ours = {name for name in loaded if name.startswith(("data_access", "domain", "texts"))}
    outside = {name for name in ours if ".formats" not in name}
    assert outside == {"data_access", "data_access.imports"}
    assert not {"sqlalchemy", "python_calamine"} & set(loaded)


def test_a_parser_that_gives_up_by_itself_means_a_damaged_file(monkeypatch, tmp_path):
    child = tmp_path / "child.py"
    child.write_text("raise BaseException('the parser panicked')\n")
    monkeypatch.setattr(read, "_CHILD", child)
    with pytest.raises(FileRefused) as refused:
        rows_of(b"a")
    assert refused.value.problem is FileProblem.DAMAGED


# ----------------------------------------------------------------------------------------- peeks


def test_a_peek_tells_the_sheets_and_shows_the_first_rows():
    lines = [["编码", "名称"], *([str(number), "甲"] for number in range(100))]
    content = workbook([["说明:请看第二张表"]], lines)
    seen = peek(content)
    assert (seen.kind, seen.encoding, seen.sheet) == ("xlsx", "", 2)
    assert [(one.name, one.hidden) for one in seen.sheets] == [("Sheet1", False), ("Sheet2", False)]
    assert (seen.sheets[1].rows, seen.sheets[1].columns) == (101, 2)
    assert seen.rows[:2] == (Row(1, ["编码", "名称"]), Row(2, ["0", "甲"]))
    assert len(seen.rows) == 30
    assert peek(content, sheet=1).rows == (Row(1, ["说明:请看第二张表"]),)


def test_a_peek_at_plain_text_has_no_sheets():
    seen = peek("编码,名称\n1,甲\n".encode("gb18030"), rows=1)
    assert (seen.kind, seen.encoding, seen.sheets) == ("csv", "gb18030", ())
    assert seen.rows == (Row(1, ["编码", "名称"]),)
