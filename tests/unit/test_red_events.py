"""When a dispute raises the alarm and when that is over; what of a file is news."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.cases import EventKind, Risk
from domain.clocks import BEIJING, day_of
from domain.red_events import Turn, is_red, oldest_news, turn
from texts.red_events import how_raised, response_time, risk_change

RAISING = ("REGISTERED", "RISK_ASSESSED", "IMPORTED", "UPDATED", "REOPENED", "UNMERGED")
STATES = st.tuples(st.sampled_from(Risk), st.booleans())
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=UTC)
)


def test_only_an_open_case_at_r1_is_red():
    red = [(risk, is_open) for risk in Risk for is_open in (True, False)]
    assert [one for one in red if is_red(one[0], is_open=one[1])] == [(Risk.RED, True)]


@given(st.lists(STATES, max_size=30))
def test_whatever_a_case_goes_through_alarms_alternate_and_the_last_tells_how_it_stands(states):
    reds = [False, *(is_red(risk, is_open=is_open) for risk, is_open in states)]
    turns = [what for one, two in pairwise(reds) if (what := turn(before=one, after=two))]
    assert turns == [Turn.RAISED, Turn.ENDED] * (len(turns) // 2) + [Turn.RAISED] * (len(turns) % 2)
    assert (len(turns) % 2 == 1) is reds[-1]


@given(MOMENTS)
def test_news_begins_with_the_day_before_at_its_midnight_in_beijing(now):
    begins = oldest_news(now)
    assert begins.astimezone(BEIJING).time().isoformat() == "00:00:00"
    assert day_of(begins) == day_of(now) - timedelta(days=1)
    assert timedelta(days=1) <= now - begins < timedelta(days=2)


def test_what_raised_an_alarm_is_said_with_who_did_it():
    said = {how_raised(EventKind[how], "周值班") for how in RAISING}
    assert len(said) == len(RAISING)
    assert all(one.startswith("周值班 ") for one in said)
    assert how_raised(EventKind.REGISTERED, "") == "系统 登记"


def test_what_is_no_risk_and_no_moment_is_not_said():
    now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert risk_change({"old_risk": 4, "risk": 1}) == "蓝色风险 → 红色风险"
    assert [risk_change(data) for data in ({}, {"risk": 1}, {"old_risk": 9, "risk": 1})] == [""] * 3
    assert response_time({"begun_at": now.isoformat()}, now=now) == "3月2日 09:00 起"
    assert response_time({"ended_at": now.isoformat()}, now=now) == "3月2日 09:00 止"
    assert response_time({"begun_at": 7}, now=now) == ""
