"""Five classes for any values: equal ones together, in order, and small ones kept to themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain import classes
from domain.classes import CLASSES, Classes, diverging, fixed, gives_way, marks, quantile
from domain.kpi import FIGURES, AreaCounts, FigureKey, Measure, Measured, value
from ui.map_words import said_of

numbers = some.lists(some.integers(0, 500).map(float), min_size=1, max_size=80)
signed = some.lists(some.integers(-90, 90).map(float), min_size=1, max_size=80)


@given(numbers)
def test_a_higher_value_is_never_in_a_lower_class(values):
    for made in (quantile(values), fixed(values, Measure.CASES)):
        found = [made.of(one) for one in sorted(values)]
        assert found == sorted(found)
        assert set(found) <= set(range(CLASSES))


@given(numbers)
def test_the_highest_is_the_darkest_and_as_many_classes_are_used_as_there_are_values(values):
    found = {quantile(values).of(one) for one in values}
    distinct = set(values)
    assert len(found) == min(len(distinct), CLASSES)
    if distinct != {0.0}:
        assert quantile(values).of(max(values)) == CLASSES - 1


@given(some.lists(some.integers(1, 10_000).map(float), min_size=50, max_size=80, unique=True))
def test_of_distinct_values_each_class_has_its_share(values):
    made = quantile(values)
    sizes = [sum(made.of(one) == number for one in values) for number in range(CLASSES)]
    assert max(sizes) - min(sizes) <= 1


def test_nought_stays_the_lightest():
    made = quantile([0, 0, 3])
    assert (made.of(0), made.of(3)) == (0, 4)
    made = quantile([2, 7])
    assert (made.of(2), made.of(7)) == (3, 4)
    assert quantile([9] * 100 + [1, 2, 3, 4, 5]).of(9) == 4


@pytest.mark.parametrize(
    ("values", "measure", "limits"),
    [
        ([3], Measure.CASES, (1, 2, 3, 4)),
        ([23], Measure.CASES, (5, 10, 15, 20)),
        ([97], Measure.CASES, (20, 40, 60, 80)),
        ([1_234], Measure.CASES, (500, 1_000, 1_500, 2_000)),
        ([61.5], Measure.PERCENT, (20, 40, 60, 80)),
        ([], Measure.CASES, (1, 2, 3, 4)),
    ],
)
def test_fixed_steps_are_round(values, measure, limits):
    assert fixed(values, measure).limits == limits


@given(signed)
def test_unchanged_is_the_middle_and_the_sign_tells_the_side(values):
    made = diverging(values)
    for one in values:
        side = (made.of(one) > 2) - (made.of(one) < 2)
        assert side == (one > 0) - (one < 0)


def measured(key, **counts):
    return value(FIGURES[key], AreaCounts(**counts), households=200)


def test_small_figures_are_one_class_where_they_are_suppressed_and_true_elsewhere():
    figure = FIGURES[FigureKey.OPEN]
    found = [measured(FigureKey.OPEN, open=number) for number in (0, 1, 2, 3, 9)]
    open_to_all = quantile([one.value for one in found])
    assert marks(figure, found, open_to_all, suppressed=False) == "01234"
    made = quantile(classes.shown(figure, found, suppressed=True))
    assert marks(figure, found, made, suppressed=True) == "sss34"


@given(some.lists(some.integers(0, 60), min_size=1, max_size=30), some.sampled_from(FigureKey))
def test_suppressed_no_mark_tells_one_small_figure_from_another(numbers_, key):
    figure = FIGURES[key]
    found = [measured(key, open=n, new=n, cohort=n, resolved=n // 2) for n in numbers_]
    made = quantile(classes.shown(figure, found, suppressed=True) or [0])
    drawn = marks(figure, found, made, suppressed=True)
    for one, mark in zip(found, drawn, strict=True):
        if figure.measure in {Measure.CASES, Measure.PER_THOUSAND} and one.count <= 2:
            assert mark == "s"
        if figure.measure in {Measure.PERCENT, Measure.DAYS, Measure.DIFFERENCE} and one.base < 20:
            assert mark == "-"


@pytest.mark.parametrize(
    ("key", "counts", "told"),
    [
        (FigureKey.RESOLUTION, {"cohort": 30, "resolved": 29}, False),  # tells of the one
        (FigureKey.RESOLUTION, {"cohort": 30, "resolved": 2}, False),
        (FigureKey.RESOLUTION, {"cohort": 30, "resolved": 30}, True),
        (FigureKey.RESOLUTION, {"cohort": 19, "resolved": 10}, False),
        (FigureKey.RESOLUTION, {"cohort": 30, "resolved": 20}, True),
        (FigureKey.CHANGE, {"new": 1, "new_before": 25}, False),
        (FigureKey.CHANGE, {"new": 24, "new_before": 0}, False),
        (FigureKey.CHANGE, {"new": 12, "new_before": 9}, True),
        (FigureKey.MEDIAN_DAYS, {"days": (3.0,) * 19}, False),
        (FigureKey.MEDIAN_DAYS, {"days": (3.0,) * 20}, True),
    ],
)
def test_suppressed_no_rate_tells_of_one_or_two(key, counts, told):
    one = measured(key, **counts)
    assert classes.says_too_little(FIGURES[key], one) is not told
    said, base = said_of(FIGURES[key], one, suppressed=True)
    assert (said != "—") is told
    assert not any(sign.isdigit() for sign in base)


def test_a_rate_on_few_households_is_not_told():
    few = value(FIGURES[FigureKey.PER_THOUSAND], AreaCounts(new=3), households=10)
    assert said_of(FIGURES[FigureKey.PER_THOUSAND], few, suppressed=True)[0] == "—"
    assert said_of(FIGURES[FigureKey.PER_THOUSAND], few, suppressed=False)[0] == "300.0 件/千户"


def test_a_level_of_small_figures_gives_way_to_the_one_above():
    figure = FIGURES[FigureKey.OPEN]
    small, large = measured(FigureKey.OPEN, open=2), measured(FigureKey.OPEN, open=30)
    assert gives_way(figure, [small, small, large])
    assert not gives_way(figure, [small, large])
    rate = FIGURES[FigureKey.RESOLUTION]
    assert gives_way(rate, [Measured(50.0, 9, 18), Measured(50.0, 9, 18), Measured(50.0, 40, 80)])


def test_what_has_no_value_has_no_class():
    figure = FIGURES[FigureKey.RESOLUTION]
    assert marks(figure, [Measured(None, 0, 0)], Classes(()), suppressed=False) == "-"
