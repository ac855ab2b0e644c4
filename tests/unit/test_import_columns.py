"""Headers as offices write them."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.imports.codes import plain
from data_access.imports.columns import COLUMNS, NOT_KEPT
from data_access.imports.headers import Fate, likeliest, recognise
from data_access.imports.ledger import records
from data_access.imports.read import Row
from domain.imports import FileMapping, FileProblem, FileRefused, Note, Profile

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
    assert found.dropped.not_kept == ("化解责任人联系方式", "考评日期", "考评意见")
    assert found.dropped.unknown == found.dropped.repeated == ()
    assert len(found.columns) == 27 - 3 - 3


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
    page = (ROOT / "docs/reference/import-columns.md").read_text("utf-8").replace("**", "")
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
    (3, ["序", "闹啥子", "民族", "考评意见", "姓名", "姓名", "备注"]),
    (4, ["1", "漏水", "汉", "好", "王芳", "王芳", "无"]),
]


def test_for_somebody_who_corrects_it_every_cell_of_the_header_is_shown_and_nothing_refused():
    found = likeliest(LEDGER, None, FileMapping(headers={"备注": ""}))
    assert (found.profile, found.row_number) == (Profile.CASES, 3)
    assert [(one.place, one.header, one.fate) for one in found.cells] == [
        (0, "序", Fate.UNKNOWN),
        (1, "闹啥子", Fate.UNKNOWN),
        (2, "民族", Fate.PROFILING),
        (3, "考评意见", Fate.NOT_KEPT),
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


# ---------------------------------------------------------------------------------- several rows


def known(*rows, profile=None, mapping=None):
    """The header's last row, and its columns by place."""
    found = recognise(list(enumerate(rows, start=1)), profile, mapping or FileMapping())
    return found.row_number, {place: column.key for place, column, _ in found.columns}


FIRST = ["序号", "事件名称", "发生日期", "事件类别"]


def test_a_merged_head_is_joined_with_what_stands_under_it():
    number, columns = known(
        ["某某镇矛盾纠纷排查化解台账"],
        [*FIRST, "当事人", "", "", "对方当事人", "", "涉及金额"],
        ["", "", "", "", "姓名", "联系方式", "身份证号", "姓名", "电话", "（万元）"],
        ["1", "漏水", "2026-11-02", "0201", "王芳", "1", "2", "李强", "3", "0.5"],
    )
    assert number == 3
    assert columns == {
        1: "title", 2: "occurred_on", 3: "type_code", 4: "name", 5: "phone", 6: "identity",
        7: "other_name", 8: "other_phone", 9: "amount_wan",
    }  # fmt: skip


def test_a_head_that_is_merged_downwards_and_filled_reads_the_same():
    number, columns = known(
        [*FIRST, "被申请人", "", "当事人"], [*FIRST, "姓名", "电话", "姓名"], ["1", "漏水"]
    )
    assert number == 2
    assert columns == {
        1: "title", 2: "occurred_on", 3: "type_code", 4: "other_name", 5: "other_phone", 6: "name",
    }  # fmt: skip


def test_a_head_broken_over_three_rows_is_one():
    assert known(
        ["事件", "发生", "事件", "主要", "主要"],
        ["", "", "", "当事人", "当事人"],
        ["名称", "日期", "类别", "姓名", "联系电话"],
    ) == (3, {0: "title", 1: "occurred_on", 2: "type_code", 3: "name", 4: "phone"})


def test_sections_of_a_sheet_over_the_head_do_not_matter():
    assert known(
        ["纠纷基本信息", "", "", "", "办理情况"],
        ["事件名称", "发生日期", "事件类别", "姓名", "化解结果"],
    ) == (2, {0: "title", 1: "occurred_on", 2: "type_code", 3: "name", 4: "outcome_code"})


def test_who_stands_over_a_name_says_whose_it_is():
    """被申请人 over 姓名 is not the first party: rather no first party than a wrong one."""
    rows = [["事件名称", "发生日期", "事件类别", "被申请人"], ["", "", "", "姓名"]]
    with pytest.raises(FileRefused) as refused:
        known(*rows)
    assert refused.value.names == ("主要当事人姓名",)


def test_a_telephone_under_somebody_else_is_no_partys():
    _, columns = known([*FIRST, "姓名", "承办法官", ""], ["", "", "", "", "", "姓名", "联系电话"])
    assert "phone" not in columns.values()
    _, columns = known(
        ["调委会名称", "调解员", "", ""], ["", "姓名", "性别", "身份证号"],
        profile=Profile.COMMITTEES,
    )  # fmt: skip
    assert columns == {0: "committee_name", 1: "name", 2: "sex", 3: "identity"}


def test_a_column_under_a_merged_head_is_dropped_where_it_profiles_persons():
    found = recognise(
        [(1, [*FIRST, "当事人", ""]), (2, ["", "", "", "", "姓名", "民族"])], None, FileMapping()
    )
    assert found.dropped.profiling == ("当事人民族",)


def test_a_joined_header_can_be_mapped_and_is_known_again_in_one_row():
    rows = [[*FIRST, "当事人", "", "乙方"], ["", "", "", "", "姓名", "微信号", "电话"]]
    found = recognise(list(enumerate(rows, start=1)), None, FileMapping())
    assert found.dropped.unknown == ("序号", "当事人微信号")
    shown = [header for _, _, header in found.columns]
    again = recognise([(1, shown)], None, FileMapping())
    assert keys(again) == keys(found)
    _, columns = known(*rows, mapping=FileMapping(headers={"当事人微信号": "phone"}))
    assert columns[5] == "phone"


@pytest.mark.parametrize(
    ("header_word", "key"),
    [
        ("申请人身份证号", "identity"),
        ("申请人 联系电话", "phone"),
        ("被申请人（姓名）", "other_name"),
        ("乙方", "other_name"),
        ("对方地址", "other_address"),
        ("当事人基本情况", "name"),
    ],
)
def test_words_about_parties_are_known_in_any_combination(header_word, key):
    title = ["事件名称", "发生日期", "事件类别"]
    _, columns = known([*title, *([] if key == "name" else ["姓名"]), header_word])
    assert columns[max(columns)] == key


def test_rows_below_a_header_are_not_taken_for_part_of_it():
    assert known([*FIRST, "姓名"], ["1"], ["2", "漏水", "2026-11-02", "0201", "王芳"])[0] == 1


def test_a_header_can_be_pointed_at_by_its_last_row():
    rows = [
        (1, ["台账"]),
        (3, [*FIRST, "当事人", ""]),
        (4, ["", "", "", "", "姓名", "电话"]),
        (5, ["1", "漏水", "2026-11-02", "0201", "王芳", "1"]),
    ]
    found = likeliest(rows, None, FileMapping(), row_number=4)
    assert found is not None
    assert keys(found) == ["title", "occurred_on", "type_code", "name", "phone"]


# ------------------------------------------------------------------------------ what is no record


def left_out(*rows) -> tuple[list[int], dict[Note, int]]:
    """The numbers of the rows that may be records, and why the others are none."""
    lines = [Row(number, list(cells)) for number, cells in enumerate(rows, start=1)]
    header = recognise([(row.number, row.cells) for row in lines[:20]], None, FileMapping())
    below = [row for row in lines if row.number > header.row_number]
    notes: Counter[Note] = Counter()
    return [row.number for row in records(header, below, notes)], dict(notes)


FULL = ["1", "漏水", "2026-11-02", "0201", "王芳", "1"]
HEAD = [*FIRST, "姓名", "涉及人数"]


@pytest.mark.parametrize(
    ("row", "note"),
    [
        (["合计", "", "", "", "", "12"], Note.TOTAL_ROWS),
        (["", "本页小计：", "", "", "", "1,200"], Note.TOTAL_ROWS),
        (["总　计", "总计", "", "—", "", "35.5%"], Note.TOTAL_ROWS),
        (["合计12件"], Note.TOTAL_ROWS),
        (["䢺江镇小计", "", "", "", "", "3"], Note.TOTAL_ROWS),
        (["某某镇台账"], Note.REPEATED_HEADS),
        (HEAD, Note.REPEATED_HEADS),
        (["填表人：张三", "", "审核人：李四", "", "2026年11月2日"], Note.FOOT_LINES),
        (["单位（盖章）："], Note.FOOT_LINES),
        (["填报单位", "䢺江镇综治中心", "填报日期", "2026-11-02"], Note.FOOT_LINES),
        (["制表:"], Note.FOOT_LINES),
        (["说明：1.本表由各镇街填写,每月5日前报送"], Note.FOOT_LINES),
        (["第 2 页 共 5 页"], Note.FOOT_LINES),
        (["17"], Note.NO_CONTENT),
    ],
)  # fmt: skip
def test_what_is_no_record_is_left_out_and_counted(row, note):
    assert left_out(["某某镇台账"], HEAD, FULL, row, FULL) == ([3, 5], {note: 1})


@pytest.mark.parametrize(
    "row",
    [
        # Whatever a row looks like: with all that is required it is one.
        ["合计", "合计", "2026-11-02", "0201", "合计", "3"],
        ["填表人", "填表人纠纷", "2026-11-02", "0201", "王芳"],
        # It lacks something, and somebody should be told.
        ["2", "漏水", "", "0201", "王芳"],
        ["合计", "漏水", "", "0201", "王芳"],
        ["3", "", "", "", "王芳"],
    ],
)
def test_what_may_be_a_record_is_never_left_out(row):
    assert left_out(HEAD, FULL, row) == ([2, 3], {})


def test_a_head_of_two_rows_is_known_when_it_comes_again():
    rows = [["台账"], [*FIRST, "当事人", ""], ["", "", "", "", "姓名", "电话"], FULL]
    assert left_out(*rows, *rows) == ([4, 8], {Note.REPEATED_HEADS: 3})


def test_records_with_merged_cells_that_were_filled_are_counted_and_heads_are_not():
    header = recognise([(1, HEAD)], None, FileMapping())
    rows = [Row(2, HEAD, filled=True), Row(3, FULL), Row(4, FULL, filled=True)]
    notes: Counter[Note] = Counter()
    assert list(records(header, rows, notes)) == rows[1:]
    assert notes == {Note.REPEATED_HEADS: 1, Note.MERGED_FILLED: 1}


@given(
    st.lists(st.sampled_from(["", "合计", "12", "填表人:", "漏水", "2026-11-02", "0201", "王芳"]),
             min_size=6, max_size=6)
)  # fmt: skip
def test_a_row_with_all_that_is_required_is_always_a_record(cells):
    _, _, *required, _ = cells
    kept, notes = left_out(HEAD, FULL, cells)
    if all((cells[1], *required)):
        assert kept == [2, 3]
    assert len(kept) + sum(notes.values()) == 2
