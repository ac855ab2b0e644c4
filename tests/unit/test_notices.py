"""The State Council's notices as days: those of real years, and texts that must not be guessed."""

import csv
from datetime import date
from pathlib import Path

import pytest

from domain.notices import NoticeUnreadable, read_notice, year_of
from domain.work_calendar import FULL_DAY

# 国办发明电〔2025〕7号, the part that names the days.
OF_2026 = """
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疫情防控等工作。
"""
SEEDED = Path(__file__).parents[2] / "data_access" / "codes" / "work_day.csv"


def seeded(year):
    with SEEDED.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["day"].startswith(str(year))]
    return {date.fromisoformat(row["day"]): row["working"] == "1" for row in rows}


def differing(days):
    """The days that differ from the plain week, as the table keeps them."""
    return differing_of({one.day: one.halves == FULL_DAY for one in days})


def differing_of(days):
    return {day: working for day, working in days.items() if working is not (day.weekday() < 5)}


def test_the_notice_of_2026_gives_the_calendar_that_is_seeded():
    assert differing(read_notice(OF_2026, year=2026)) == differing_of(seeded(2026))


def test_a_holiday_may_run_over_the_end_of_a_month_or_a_year():
    text = "一、元旦:2023年12月30日至2024年1月1日放假。二、劳动节:4月29日至5月3日放假调休。"
    days = [one.day for one in read_notice(text, year=2024)]
    assert days[:3] == [date(2023, 12, 30), date(2023, 12, 31), date(2024, 1, 1)]
    assert days[3:] == [
        date(2024, 4, 29),
        date(2024, 4, 30),
        *(date(2024, 5, n) for n in (1, 2, 3)),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "各地区、各部门要妥善安排好值班。",
        "一、元旦:1月1日至3日放假,1月4日上班。",  # both in one sentence: which day is which
        "一、元旦:新年当天放假。",
        "一、元旦:1月32日放假。",
        "一、元旦:1月3日至1日放假。",
        "一、元旦:1月1日放假。二、春节:1月1日上班。",
        # Paragraphs that give no holiday a name, and days in front of all paragraphs.
        "一、元旦:1月1日放假。二、春节2月15日至23日放假调休。",
        "一、元旦:1月1日放假。二、2月14日(周六)上班。",
        "一、元旦:1月1日放假。二、春节假期按县里另行通知放假。",
        "一、元旦:1月1日放假。二、这一年的春节和往年一样从除夕开始:2月15日放假。",
        "元旦1月1日至3日放假。一、春节:2月15日至23日放假。",
        "元旦当天放假。一、春节:2月15日至23日放假。",
        "2月14日上班,其余安排通知如下。一、春节:2月15日至23日放假。",
        "一、延长2020年春节假期至2月2日,2月3日起正常上班。",
    ],
)
def test_what_is_not_understood_is_refused_as_a_whole(text):
    with pytest.raises(NoticeUnreadable):
        read_notice(text, year=2026)


def test_what_stands_around_the_paragraphs_names_no_days_and_is_passed_over():
    heading = """国务院办公厅关于2026年部分节假日安排的通知
国办发明电〔2025〕7号
各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
    经国务院批准，现将2026年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节放假调休日期的具体安排通知如下。"""
    assert read_notice(heading + OF_2026, year=2026) == read_notice(OF_2026, year=2026)
    short = "各镇人民政府:现将2026年放假调休安排通知如下。"
    assert read_notice(short + OF_2026, year=2026) == read_notice(OF_2026, year=2026)


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("国务院办公厅关于2027年部分节假日安排的通知", 2027),
        ("经国务院批准，现将２０２６ 年元旦等节假日安排通知如下。2026年节假日", 2026),
        ("一、元旦:1月1日放假。", None),
    ],
)
def test_the_notice_says_for_which_year_it_is(text, year):
    assert year_of(text) == year
