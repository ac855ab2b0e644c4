"""What a person reads of a deadline: the rule, each day, the result."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from domain.cases import Stage
from domain.clocks import BEIJING, Limit, LimitUnit, Pause, explain, stated_limit
from domain.work_calendar import WorkCalendar
from texts import clocks

START = datetime(2026, 3, 2, 9, tzinfo=BEIJING)
THREE_DAYS = Limit(Stage.ACCEPTED, 3, LimitUnit.WORKING_DAYS, source="本县三个工作日")


def read(limit, *, parked_at=None, **over):
    explained = explain(START, limit, WorkCalendar(), **over)
    return clocks.lines(replace(explained, parked_at=parked_at))


def test_the_first_line_is_the_rule_and_the_last_the_result():
    lines = read(THREE_DAYS)
    assert (lines[0].day, lines[0].note) == ("3月2日 周一", "本县三个工作日")
    assert lines[-1].text == "到期:3月5日 周四 24:00"
    assert [line.note for line in lines[2:-1]] == [f"累计 {days} 个工作日" for days in (1, 2, 3)]


@pytest.mark.parametrize(
    "limit", [THREE_DAYS, stated_limit(Stage.ACCEPTED, START, date(2026, 3, 9))]
)
def test_days_granted_are_told_whoever_set_the_limit(limit):
    assert "延长" not in read(limit)[0].text
    assert "已同意延长 2" in read(limit, extended=2)[0].text


def test_a_parked_case_is_told_to_stand_still_and_no_due_day_is_promised():
    pause = Pause(datetime(2026, 3, 3, 9, tzinfo=BEIJING), datetime(2026, 3, 4, 9, tzinfo=BEIJING))
    *_days, left, stands = read(
        THREE_DAYS, pauses=[pause], parked_at=datetime(2026, 3, 5, 9, tzinfo=BEIJING)
    )
    assert left.text == "挂账前的到期:3月6日 周五 24:00"
    assert (stands.day, stands.text) == ("3月5日 周四", "自 3月5日 周四 起挂账中止,不计时")
    assert "相应顺延" in stands.note
