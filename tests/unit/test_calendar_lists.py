"""The seeded work calendar is the State Council's: two independent libraries say the same."""

import csv
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import holidays
import pytest

import data_access
from domain.work_calendar import DayKind, WorkCalendar

LIST = Path(data_access.__file__).parent / "codes/work_day.csv"
FIRST, LAST = 2020, 2026
DAYS = [
    date(FIRST, 1, 1) + timedelta(days=ahead)
    for ahead in range((date(LAST + 1, 1, 1) - date(FIRST, 1, 1)).days)
]
CHINA = holidays.China(years=range(FIRST - 1, LAST + 2))
ORACLES = {
    # Each is kept by other people from the same notices (国务院办公厅关于部分节假日安排的通知).
    "chinesecalendar": chinese_calendar.is_workday,
    "holidays": CHINA.is_working_day,
}
# (library, day): why ours is right where a library says otherwise. There is no such day at present.
DIFFERENCES: dict[tuple[str, date], str] = {}


@pytest.fixture(scope="module")
def rows():
    with LIST.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def ours(rows):
    return WorkCalendar({date.fromisoformat(row["day"]): row["working"] == "1" for row in rows})


@pytest.mark.parametrize("name", ORACLES)
def test_every_day_is_worked_or_off_as_the_library_says(ours, name):
    found = {(name, day) for day in DAYS if ours.is_working(day) is not bool(ORACLES[name](day))}
    assert found == {difference for difference in DIFFERENCES if difference[0] == name}


def test_the_libraries_tell_more_than_the_plain_week():
    """They would be no oracle for a year whose notice they do not have."""
    for year in range(FIRST, LAST + 1):
        for say in ORACLES.values():
            days = [day for day in DAYS if day.year == year]
            made_up = [day for day in days if day.weekday() >= 5 and say(day)]
            off = [day for day in days if day.weekday() < 5 and not say(day)]
            assert len(made_up) >= 5
            assert len(off) >= 15


def test_the_list_names_each_day_once_in_order_and_says_why(rows):
    days = [row["day"] for row in rows]
    assert days == sorted(set(days))
    assert all(row["note"] for row in rows)


def test_the_list_holds_no_day_that_the_plain_week_says_already(rows):
    plain = [row["day"] for row in rows if date.fromisoformat(row["day"]).weekday() < 5]
    worked = {row["day"] for row in rows if row["working"] == "1"}
    assert not worked & set(plain)


def test_a_year_has_its_kinds_of_days(ours):
    """What a year's days add up to: 国务院办公厅 gives back as many days as it takes."""
    for year in range(FIRST, LAST + 1):
        kinds = Counter(ours.kind(day) for day in DAYS if day.year == year)
        worked = kinds[DayKind.WORKING] + kinds[DayKind.MAKE_UP]
        # 365 or 366 days less 104 to 106 of weekends and 11 (13 from 2025) of holidays by law.
        assert 243 <= worked <= 253, (year, kinds)
        assert sum(kinds.values()) in (365, 366)
