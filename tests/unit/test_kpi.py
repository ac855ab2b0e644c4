"""Each figure out of its counts, and windows of whole days."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.kpi import FIGURES, AreaCounts, FigureKey, Measured, Window, total, value

COUNTS = AreaCounts(
    open=12,
    overdue=3,
    red=1,
    new=30,
    new_before=24,
    cohort=25,
    resolved=20,
    closed=4,
    settled=3,
    on_the_spot=1,
    days=(0.5, 2.0, 4.0, 9.0),
)


@pytest.mark.parametrize(
    ("key", "measured"),
    [
        (FigureKey.OPEN, Measured(12, 12, 12)),
        (FigureKey.OVERDUE, Measured(3, 3, 3)),
        (FigureKey.RED, Measured(1, 1, 1)),
        (FigureKey.NEW, Measured(30, 30, 30)),
        (FigureKey.PER_THOUSAND, Measured(60.0, 30, 500)),
        (FigureKey.RESOLUTION, Measured(80.0, 20, 25)),
        (FigureKey.ON_THE_SPOT, Measured(100 / 3, 1, 3)),
        (FigureKey.MEDIAN_DAYS, Measured(3.0, 4, 4)),
        (FigureKey.CHANGE, Measured(6, 30, 54)),
    ],
)
def test_each_figure_is_what_its_definition_says(key, measured):
    assert value(FIGURES[key], COUNTS, households=500) == measured


@pytest.mark.parametrize("key", [key for key in FigureKey if FIGURES[key].is_rate])
def test_a_share_of_nothing_is_not_nought(key):
    assert value(FIGURES[key], AreaCounts(), households=0).value is None


counts = some.builds(
    AreaCounts,
    open=some.integers(0, 99),
    new=some.integers(0, 99),
    new_before=some.integers(0, 99),
    overdue=some.integers(0, 99),
    red=some.integers(0, 99),
    days=some.just((1.0,)),
)


@given(some.lists(counts, max_size=8))
def test_what_adds_up_is_the_sum_of_its_parts(parts):
    for figure in FIGURES.values():
        if figure.adds_up:
            whole = value(figure, total(parts), households=1)
            assert whole.value == sum(value(figure, one, households=1).value for one in parts)


@given(some.dates(date(2016, 1, 1), date(2030, 1, 1)), some.integers(1, 800))
def test_a_window_and_the_one_before_it_meet_without_a_gap(last, days):
    window = Window(last - timedelta(days=days - 1), last)
    assert window.days == window.before().days == days
    assert window.before().ends_at == window.starts_at
    assert window.ends_at - window.starts_at == timedelta(days=days)


@given(some.integers(1, 900))
def test_a_window_is_cut_into_parts_without_a_gap(days):
    last = date(2026, 3, 2)
    window = Window(last - timedelta(days=days - 1), last)
    parts = window.parts()
    assert len(parts) <= 30
    assert (parts[0].first_day, parts[-1].last_day) == (window.first_day, last)
    for one, following in pairwise(parts):
        assert following.first_day == one.last_day + timedelta(days=1)
    assert len({one.days for one in parts}) <= 2
    assert max(one.days for one in parts) - min(one.days for one in parts) <= 1


def test_a_day_begins_at_midnight_in_beijing():
    day = Window(date(2026, 3, 2), date(2026, 3, 2))
    assert day.starts_at == datetime(2026, 3, 1, 16, tzinfo=UTC)


def test_a_window_does_not_end_before_it_begins():
    with pytest.raises(ValueError, match="2026-03-02"):
        Window(date(2026, 3, 2), date(2026, 3, 1))
