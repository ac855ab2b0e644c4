"""Headers as offices write them."""

import csv
from pathlib import Path

import pytest

from data_access.imports.codes import plain
from data_access.imports.columns import COLUMNS, NOT_KEPT
from data_access.imports.headers import Fate, likeliest, recognise
from domain.imports import FileMapping, FileProblem, FileRefused, Profile

ROOT = Path(__file__).parents[2]
STANDARD = ROOT / "data_access/codes/gbt31000_table30_dispute_fields.csv"
PROFILING = ["主要当事人民族", "主要当事人学历", "主要当事人人员类别", "政治面貌", "婚姻状况",
             "宗教信仰", "文化程度", "是否特殊人群", "健康状况", "是否有前科"]  # fmt: skip


def table_30() -> list[str]:
    with STANDARD.open(encoding="utf-8-sig", newline="") as file:
        return [row["name_zh"] for row in csv.DictReader(file)]


def header(*cells, profile=None):
    return recognise([(1, list(cells))], profile, FileMapping())


def keys(found) -> list[str]:
    return [column.key for _, column, _ in found.columns]


def test_each_item_of_the_standard_is_taken_dropped_or_known_to_be_of_no_use():
    found = header(*table_30())
    assert found.profile is Profile.CASES
    assert found.dropped.profiling == (
        "主要当事人民族",
        "主要当事人学历",
        "主要当事人人员类别",
    )
    assert found.dropped.not_kept == ("化解责任人联系方式", "考评日期", "考评意见", "经度", "纬度")
    assert found.dropped.unknown == found.dropped.repeated == ()
    assert len(found.columns) == 27 - 3 - 5


def test_item_numbers_are_the_standards():
    standard = table_30()
    for column in COLUMNS[Profile.CASES]:
        if column.item:
            assert standard[column.item - 1] == column.header


@pytest.mark.parametrize("profile", Profile)
def test_no_word_means_two_columns(profile):
    words = [
        plain(word) for column in COLUMNS[profile] for word in (column.header, *column.aliases)
    ]
    assert len(words) == len(set(words))
    assert not {plain(word) for word in NOT_KEPT[profile]} & set(words)


@pytest.mark.parametrize("profile", Profile)
def test_no_known_column_profiles_persons(profile):
    names = [column.header for column in COLUMNS[profile]]
    for column in COLUMNS[profile]:
        names += column.aliases
    found = header(*names, profile=profile)
    assert found.dropped.profiling == ()
    assert set(keys(found)) == {column.key for column in COLUMNS[profile]}


@pytest.mark.parametrize("name", PROFILING)
@pytest.mark.parametrize("profile", Profile)
def test_profiling_columns_are_dropped_whatever_they_are_called(profile, name):
    required = [column.header for column in COLUMNS[profile] if column.required]
    known = next(column.header for column in COLUMNS[profile] if not column.required)
    found = header(*required, known, name, profile=profile)
    assert found.dropped.profiling == (name,)
    assert name not in [shown for _, _, shown in found.columns]


def test_the_profile_is_told_by_the_headers():
    assert header("编码", "名称", "户数").profile is Profile.UNITS
    assert header("调委会名称", "姓名", "专长").profile is Profile.COMMITTEES
    assert header("案件名称", "发生时间", "纠纷类型", "当事人姓名").profile is Profile.CASES


def test_titles_hints_blanks_and_full_width_brackets_make_no_difference():
    rows = [
        (1, ["2026年矛盾纠纷排查化解台账"]),
        (3, ["*事件名称", " 发生 日期 ", "事件类别（必填）", "主要当事人姓名：", "涉及金额（元）"]),
        (4, ["楼上漏水", "2026-11-02", "0201", "王芳", "100"]),
    ]
    found = recognise(rows, None, FileMapping())
    assert (found.row_number, keys(found)) == (
        3,
        ["title", "occurred_on", "type_code", "name", "amount_yuan"],
    )


def test_ten_thousand_yuan_are_not_yuan():
    found = header("事件名称", "发生日期", "事件类别", "姓名", "涉及金额(万元)")
    assert keys(found)[-1] == "amount_wan"


def test_unknown_and_repeated_headers_are_named():
    found = header("编码", "名称", "网格名称", "备注", "", "张三 13800001234")
    assert found.dropped.repeated == ("网格名称",)
    # A cell that is no header may be somebody's number.
    assert found.dropped.unknown == ("备注", "张三 ***")


def test_what_a_file_to_mend_adds_is_not_unknown():
    assert header("编码", "名称", "行号", "退回原因").dropped.unknown == ()


@pytest.mark.parametrize(
    ("rows", "profile", "problem", "names"),
    [
        ([], None, FileProblem.EMPTY, ()),
        ([(1, ["甲", "乙"]), (2, ["1", "2"])], None, FileProblem.NO_HEADER, ()),
        ([(1, ["事件名称", "发生日期", "姓名"])], None, FileProblem.MISSING_COLUMNS, ("事件类别",)),
        ([(1, ["编码", "名称"])], Profile.CASES, FileProblem.NO_HEADER, ()),
        ([(1, ["编码", "户数"])], Profile.UNITS, FileProblem.MISSING_COLUMNS, ("名称",)),
    ],
)  # fmt: skip
def test_a_file_without_its_columns_is_refused(rows, profile, problem, names):
    with pytest.raises(FileRefused) as refused:
        recognise(rows, profile, FileMapping())
    assert (refused.value.problem, refused.value.names) == (problem, names)


def test_every_column_is_explained_where_people_look():
    page = (ROOT / "docs/how-to/import.md").read_text("utf-8")
    for columns in COLUMNS.values():
        assert [one.header for one in columns if f"| {one.header} |" not in page] == []


def test_a_mapped_header_stands_for_its_column_and_one_mapped_to_nothing_is_not_taken():
    mapping = FileMapping(headers={"闹啥子": "title", "闹架日子": "occurred_on", "简述": ""})
    rows = [(3, ["闹啥子", "闹架日子", "事件类别", "姓名", "简述"])]
    found = recognise(rows, Profile.CASES, mapping)
    assert [column.key for _, column, _ in found.columns] == [
        "title",
        "occurred_on",
        "type_code",
        "name",
    ]
    assert found.dropped.unknown == ("简述",)


def test_no_mapping_opens_the_door_to_a_column_that_profiles_persons():
    mapping = FileMapping(headers={"民族": "summary"})
    found = recognise([(1, ["事件名称", "发生日期", "事件类别", "姓名", "民族"])], None, mapping)
    assert found.dropped.profiling == ("民族",)
    assert "summary" not in {column.key for _, column, _ in found.columns}


LEDGER = [
    (1, ["2026年台账"]),
    (3, ["序", "闹啥子", "民族", "经度", "姓名", "姓名", "备注"]),
    (4, ["1", "漏水", "汉", "103.5", "王芳", "王芳", "无"]),
]


def test_for_somebody_who_corrects_it_every_cell_of_the_header_is_shown_and_nothing_refused():
    found = likeliest(LEDGER, None, FileMapping(headers={"备注": ""}))
    assert (found.profile, found.row_number) == (Profile.CASES, 3)
    assert [(one.place, one.header, one.fate) for one in found.cells] == [
        (0, "序", Fate.UNKNOWN),
        (1, "闹啥子", Fate.UNKNOWN),
        (2, "民族", Fate.PROFILING),
        (3, "经度", Fate.NOT_KEPT),
        (4, "姓名", Fate.TAKEN),
        (5, "姓名", Fate.REPEATED),
        (6, "备注", Fate.DECLINED),
    ]
    assert found.missing == ["事件名称", "发生日期", "事件类别"]


def test_a_profiling_column_cannot_be_mapped_to_anything():
    found = likeliest(LEDGER, Profile.CASES, FileMapping(headers={"民族": "title"}))
    assert found.cells[2].fate is Fate.PROFILING


def test_the_row_of_the_header_can_be_said():
    found = likeliest(LEDGER, Profile.CASES, FileMapping(), row_number=4)
    assert found.row_number == 4
    assert likeliest([], None, FileMapping()) is None


def test_a_header_of_unknown_words_alone_is_the_first_row_that_is_full():
    rows = [(1, ["某某台账"]), (2, ["甲", "乙", "丙"]), (3, ["1", "2", "3"])]
    assert likeliest(rows, None, FileMapping()).row_number == 2
