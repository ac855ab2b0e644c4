"""What somebody sees of a file before it is taken in, and which saved mapping fits it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from data_access.imports.columns import COLUMNS
from data_access.imports.headers import Fate
from data_access.imports.outline import (
    best_saved,
    headers_of,
    letter,
    masked,
    needed,
    outline,
)
from data_access.queries.import_mappings import SavedMapping
from domain.imports import FileMapping, Profile

AT = datetime(2026, 3, 2, tzinfo=UTC)
NAME, IDENTITY, PHONE = "王小明", "510129199001011234", "13812345678"
ROWS = [
    (1, ["安仁镇2026年台账"]),
    (3, ["序", "闹啥子", "日子", "类别", "当事人", "身份证号", "电话", "民族", "说法"]),
    (4, ["1", f"{NAME}家漏水", "2026-02-20", "扯皮", "", "", PHONE, "汉族", ""]),
    (5, ["2", "噪声", "2026-02-21", "0402", NAME, IDENTITY, "", "汉族", f"{NAME} {PHONE}"]),
]
MAPPING = FileMapping(headers={"闹啥子": "title", "日子": "occurred_on", "类别": "type_code"})


def saved(mapping, name="台账", *, at=AT, profile=Profile.CASES):
    return SavedMapping(1, name, profile, mapping, 1, "甲", at, 1)


def test_every_column_is_shown_with_its_letter_and_what_it_is_taken_for():
    found = outline(ROWS, profile=Profile.CASES, mapping=MAPPING)
    assert (found.header_row, found.missing, found.readable) == (3, (), True)
    assert [(one.letter, one.header, one.key, one.fate) for one in found.columns[:5]] == [
        ("A", "序", "", Fate.UNKNOWN),
        ("B", "闹啥子", "title", Fate.TAKEN),
        ("C", "日子", "occurred_on", Fate.TAKEN),
        ("D", "类别", "type_code", Fate.TAKEN),
        ("E", "当事人", "name", Fate.TAKEN),
    ]
    assert found.columns[7].fate is Fate.PROFILING


def test_examples_are_masked_and_come_from_the_first_row_that_says_something():
    found = outline(ROWS, profile=Profile.CASES, mapping=MAPPING)
    examples = {one.header: one.example for one in found.columns}
    assert examples == {
        "序": "1",
        "闹啥子": "***",
        "日子": "2026-02-20",
        "类别": "扯皮",
        "当事人": "王某某",
        "身份证号": "5101**********1234",
        "电话": "***",
        "民族": "",
        "说法": f"{NAME} ***",
    }
    assert IDENTITY not in repr(found)
    assert PHONE not in repr(found)


@pytest.mark.parametrize("profile", Profile)
def test_no_column_of_persons_shows_its_cell(profile):
    for column in COLUMNS[profile]:
        if column.personal:
            for cell in (NAME * 5, IDENTITY, PHONE, "安仁镇和众社区1组2号"):
                assert cell not in masked(cell, column)


def test_what_is_missing_is_named():
    found = outline(ROWS, profile=Profile.CASES, mapping=FileMapping())
    assert found.missing == ("事件名称", "发生日期", "事件类别")
    assert not found.readable


def test_nothing_is_made_of_nothing():
    assert outline([], profile=None, mapping=FileMapping()) is None


def test_the_row_of_the_header_can_be_another():
    found = outline(ROWS, profile=Profile.CASES, mapping=FileMapping(), header_row=4)
    assert found.header_row == 4
    assert found.columns[0].example == "2"


def test_a_mapping_is_saved_with_all_headers_so_that_the_next_file_is_known_by_them():
    found = outline(ROWS, profile=Profile.CASES, mapping=MAPPING)
    headers = headers_of(found)
    assert headers["当事人"] == "name"
    assert headers["序"] == ""
    assert "民族" not in headers
    full = saved(FileMapping(headers=headers))
    assert best_saved(ROWS, [full]) is full


def test_headers_that_mean_the_same_to_everybody_are_not_needed():
    everything = FileMapping(headers=headers_of(outline(ROWS, profile=None, mapping=MAPPING)))
    assert needed(ROWS, Profile.CASES, everything) == MAPPING


def test_the_mapping_most_like_the_file_is_offered_of_equal_ones_the_youngest():
    whole = headers_of(outline(ROWS, profile=Profile.CASES, mapping=MAPPING))
    older = saved(FileMapping(headers=whole), "旧")
    younger = saved(FileMapping(headers=whole), "新", at=AT + timedelta(days=1))
    other = saved(FileMapping(headers={"编码": "code", "名称": "name"}), profile=Profile.UNITS)
    half = saved(FileMapping(headers=dict(list(whole.items())[:5])), "半")
    assert best_saved(ROWS, [older, younger, other, half]) is younger
    assert best_saved(ROWS, [other]) is None
    assert best_saved(ROWS, [half]) is half
    assert best_saved(ROWS, [saved(FileMapping(places={"甲": "1"}))]) is None
    assert best_saved([], [younger]) is None


@pytest.mark.parametrize(("place", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (99, "CV")])
def test_columns_are_called_as_in_a_spreadsheet(place, name):
    assert letter(place) == name


def test_a_hostile_header_is_only_text():
    found = outline(
        [(1, ["事件名称", "<script>alert(1)</script>", "=1+1"])],
        profile=Profile.CASES,
        mapping=FileMapping(),
    )
    assert [one.header for one in found.columns][1:3] == ["<script>alert(1)</script>", "=1+1"]
    assert json.dumps([one.header for one in found.columns])
