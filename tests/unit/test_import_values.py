"""Cells as people type them."""

from contextlib import suppress
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.imports import values
from data_access.imports.rejects import guarded
from data_access.imports.values import BadValue
from domain import identity
from domain.clocks import BEIJING
from domain.imports import RejectReason

days = st.dates(date(1950, 1, 1), date(2150, 12, 31))
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
HAN = dict(enumerate("〇一二三四五六七八九"))


def han(number: int) -> str:
    """1 to 31 in Chinese numerals."""
    tens, ones = divmod(number, 10)
    head = {0: "", 1: "十"}.get(tens, f"{HAN.get(tens, '')}十")
    return head + (HAN[ones] if ones else "")


def spellings(day: date) -> list[str]:
    year = "".join(HAN[int(digit)] for digit in str(day.year))
    return [
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}年{day.month:02}月{day.day:02}日",
        f"{day.year} 年 {day.month} 月 {day.day} 日",
        f"{day.year}-{day.month}-{day.day}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day:%Y%m%d}",
        f"{day.isoformat()} 00:00:00",
        f"{day.year}年{day.month}月{day.day}号",
        f"{day.isoformat()}(星期三)",
        f"{year}年{han(day.month)}月{han(day.day)}日",
        str((day - date(1899, 12, 30)).days),
    ]


@given(days)
def test_every_spelling_of_a_day_is_that_day(day):
    assert {values.day(text) for text in spellings(day)} == {day}


@given(days)
def test_full_width_digits_and_blanks_make_no_difference(day):
    for text in spellings(day):
        assert values.day(f"\u3000{text.translate(FULL_WIDTH)} ") == day


@given(days, st.times().map(lambda t: t.replace(microsecond=0)))
def test_a_moment_is_beijing_time(day, clock):
    expected = datetime.combine(day, clock, BEIJING)
    for text in (
        f"{day} {clock}",
        f"{day}T{clock}",
        f"{day.year}年{day.month}月{day.day}日{clock.hour}时{clock.minute}分{clock.second}秒",
        f"{day:%Y%m%d}{clock:%H%M%S}",
    ):
        assert values.moment(text) == expected
    assert values.moment(f"{day} {clock:%H:%M}") == expected.replace(second=0)


@given(st.dates(date(1950, 1, 1), date(2049, 12, 31)))
def test_a_year_of_two_digits_needs_its_word(day):
    assert values.day(f"{day:%y}年{day.month}月{day.day}日") == day
    for separator in "/-.":
        with pytest.raises(BadValue):
            values.day(separator.join((f"{day:%y}", str(day.month), str(day.day))))


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026年11月2日 下午3时5分", 15),
        ("2026-11-2 上午9:05", 9),
        ("2026-11-02 周一 下午 3:05", 15),
        ("2026-11-2 下午15:05", 15),
        ("2026年11月2日中午12:05", 12),
        ("二○二六年十一月二日 下午8时5分", 20),
    ],
)
def test_a_half_of_the_day_tells_the_hour(text, hour):
    assert values.moment(text) == datetime(2026, 11, 2, hour, 5, tzinfo=BEIJING)


def test_an_excel_serial_with_a_fraction_is_a_time_of_that_day():
    assert values.moment("46328.5868") == datetime(2026, 11, 2, 14, 5, tzinfo=BEIJING)
    assert values.moment("46328") == datetime(2026, 11, 1, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-02-30", "2026-13-01", "昨天", "2026年11月", "11月2日", "202611", "2026-11-2下午",
     "二〇二六年十十月一日", "2026-11-02 25:00", "1.5", "-46328", "2026112"],
)  # fmt: skip
def test_what_is_no_date_is_told(text):
    with pytest.raises(BadValue) as bad:
        values.moment(text)
    assert bad.value.reason is RejectReason.NOT_A_DATE


@pytest.mark.parametrize("text", ["1900-01-01", "9999-12-31", "10000"])
def test_a_date_before_the_republic_or_after_us_is_out_of_range(text):
    with pytest.raises(BadValue) as bad:
        values.day(text)
    assert bad.value.reason is RejectReason.OUT_OF_RANGE


readers = st.sampled_from(
    [values.day, values.moment, values.count, values.yuan, values.degrees, values.yes,
     values.number_text, values.resident_identity]
)  # fmt: skip


@given(readers, st.text(min_size=1))
def test_a_reader_answers_or_gives_a_reason(reader, text):
    with suppress(BadValue):
        assert reader(text) is not None


@given(st.integers(0, 10**9))
def test_counts_come_in_many_coats(number):
    for text in (f"{number}", f"{number:,}", f"{number}人", f"{number}.0", f" {number} "):
        assert values.count(text) == number
        assert values.count(text.translate(FULL_WIDTH)) == number


@pytest.mark.parametrize(
    ("text", "reason"),
    [("-3", RejectReason.OUT_OF_RANGE), ("12.5", RejectReason.NOT_A_NUMBER),
     ("三五个", RejectReason.NOT_A_NUMBER), ("1e3", RejectReason.NOT_A_NUMBER)],
)  # fmt: skip
def test_what_is_no_count_is_told(text, reason):
    with pytest.raises(BadValue) as bad:
        values.count(text)
    assert bad.value.reason is reason


@pytest.mark.parametrize(
    ("text", "amount"),
    [("35000", 35000), ("3.5万", 35000), ("3.5 万元", 35000), ("¥1,200.50", 1201),
     ("1200.49元", 1200), ("约2万", 20000), ("２６．４万", 264000), ("0", 0),
     ("1.2亿", 120_000_000), ("人民币500元整", 500)],
)  # fmt: skip
def test_amounts_are_whole_yuan(text, amount):
    assert values.yuan(text) == amount


@given(st.floats(-180, 180))
def test_degrees_keep_five_digits(number):
    for text in (f"{number:.5f}", f"{number:.5f}°", f" {number:.5f} 度", f"东经{number:.5f}"):
        assert values.degrees(text) == float(f"{number:.5f}")
        assert values.degrees(text.translate(FULL_WIDTH)) == float(f"{number:.5f}")
    assert abs(values.degrees(f"{number:.12f}") - number) <= 0.5000001e-5


@pytest.mark.parametrize("text", ["103,5", "103°31′", "103 31 17", "1.03e2", "nan", "1" * 9, "--3"])
def test_what_is_no_degree_is_told(text):
    with pytest.raises(BadValue) as bad:
        values.degrees(text)
    assert bad.value.reason is RejectReason.NOT_A_NUMBER


@pytest.mark.parametrize("text", ["一万", "若干", "3万5", "12-15"])
def test_what_is_no_amount_is_told(text):
    with pytest.raises(BadValue) as bad:
        values.yuan(text)
    assert bad.value.reason is RejectReason.NOT_A_NUMBER


def test_yes_and_no_in_the_usual_words():
    assert all(values.yes(text) for text in ("1", "是", "Ｙ", "TRUE", "√", "成功", "已化解"))
    assert not any(values.yes(text) for text in ("0", "否", "N", "false", "×", "未化解", "兼职"))
    with pytest.raises(BadValue):
        values.yes("也许")


def check_digit(body: str) -> str:
    weights = [2 ** (17 - place) % 11 for place in range(17)]
    return "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


@given(st.from_regex(r"[0-9]{17}", fullmatch=True))
def test_an_identity_number_has_exactly_one_check_digit(body):
    right = check_digit(body)
    assert (
        values.resident_identity(f" {body}{right.lower()} ".translate(FULL_WIDTH)) == body + right
    )
    for wrong in set("0123456789X") - {right}:
        with pytest.raises(BadValue) as bad:
            values.resident_identity(body + wrong)
        assert bad.value.reason is RejectReason.BAD_IDENTITY_NUMBER


def test_the_check_digit_is_that_of_the_standard():
    """The examples of GB 11643-1999, annex A."""
    assert identity.check_digit("11010519491231002") == "X"
    assert identity.check_digit("44052418800101001") == "4"
    for body in ("1101051949123100", "110105194912310020", "1101051949123100X"):
        with pytest.raises(ValueError, match=r"zip|literal"):
            identity.check_digit(body)


def test_a_number_that_a_spreadsheet_damaged_is_told_apart():
    for text in ("5.10129199001011E+17", "5.101291990010110e+17"):
        with pytest.raises(BadValue) as bad:
            values.number_text(text)
        assert bad.value.reason is RejectReason.DAMAGED_NUMBER


def test_hidden_characters_go_and_line_breaks_stay():
    assert values.clean("\ufeff 张\u200b三\u202e\x07 \r\n李四\u3000") == "张三 \n李四"
    assert values.clean("䢺江镇 𠮷野") == "䢺江镇 𠮷野"


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp"))))
def test_a_guarded_cell_comes_back_as_it_was(text):
    before = values.clean(text)
    assert values.clean(guarded(before)) == before


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+86",
        "-5",
        "@x",
        "\t=1",
        " =1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "\u00a0=1",
        "'=1",
        "\r=1",
    ],
)
def test_no_cell_of_an_export_is_a_formula(cell):
    assert guarded(cell).startswith("'")
    assert guarded("普通") == "普通"


def test_a_time_of_day_must_exist():
    assert values.moment("2026-11-02 23:00").time() == time(23)
    with pytest.raises(BadValue):
        values.moment("2026-11-02 24:00")
