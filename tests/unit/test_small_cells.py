"""What is told of small cells, held against somebody who knows the total, the rule, and counts."""

import csv
from collections import defaultdict
from functools import lru_cache
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from domain.small_cells import (
    FEWEST_SENSITIVE,
    FEWEST_TOLD,
    HELD_BACK,
    LEAST_BASE,
    SENSITIVE_TYPES,
    Cell,
    Rate,
    alone,
    beside_total,
    fewest_told,
    rate,
    tells_too_much,
)

CODES = Path(__file__).parents[2] / "data_access/codes/case_type.csv"


def splits(total, parts):
    """All ways to divide a total among some parts."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in splits(total - first, parts - 1):
            yield (first, *rest)


@lru_cache(maxsize=4000)
def by_answer(total, least):
    """All counts with a total, by what is told of them."""
    found = defaultdict(list)
    for counts in splits(total, len(least)):
        found[beside_total(counts, least=least)].append(counts)
    return found


def reckoned(counts, least):
    """The parts that are not told, and that only one value fits: whoever tries them all has it."""
    told = beside_total(counts, least=least)
    same = by_answer(sum(counts), least)[told]
    return [
        place
        for place, cell in enumerate(told)
        if cell.count is None and len({one[place] for one in same}) == 1
    ]


@pytest.mark.parametrize("least", [one for n in (2, 3) for one in product((3, 5), repeat=n)])
def test_of_few_parts_nothing_that_is_held_back_can_be_reckoned(least):
    tried = [one for total in range(17) for one in splits(total, len(least))]
    assert [one for one in tried if reckoned(one, least)] == []


tables = some.integers(2, 6).flatmap(
    lambda parts: some.tuples(
        some.lists(some.integers(0, 6), min_size=parts, max_size=parts).map(tuple),
        some.lists(some.sampled_from([3, 5]), min_size=parts, max_size=parts).map(tuple),
    )
).filter(lambda table: sum(table[0]) <= 14)  # fmt: skip


@settings(deadline=None)
@given(tables)
def test_nothing_that_is_held_back_can_be_reckoned(table):
    assert reckoned(*table) == []


def test_a_rule_that_holds_back_too_little_is_seen(monkeypatch):
    """The check above finds what a careless rule would give away."""
    careless = lambda counts, *, least: tuple(  # noqa: E731
        alone(count, least=fewest) for count, fewest in zip(counts, least, strict=True)
    )
    monkeypatch.setitem(globals(), "beside_total", careless)
    by_answer.cache_clear()
    assert reckoned((1, 5, 7), (3, 3, 3)) == [0]
    assert reckoned((1, 1, 0), (3, 3, 3)) == [0, 1]
    by_answer.cache_clear()


counts_of_towns = some.lists(some.integers(0, 12), min_size=1, max_size=20)


@settings(deadline=None)
@given(counts_of_towns)
def test_what_is_told_is_true_and_no_small_count_is_told(counts):
    told = beside_total(counts, least=[FEWEST_TOLD] * len(counts))
    for count, cell in zip(counts, told, strict=True):
        assert cell.count in {None, count}
        assert not (cell.count is not None and 0 < cell.count < FEWEST_TOLD)
        assert not cell.under or 0 < count < cell.under


@settings(deadline=None)
@given(counts_of_towns, some.randoms())
def test_where_nothing_is_small_everything_is_told(counts, chance):
    large = [one if one == 0 or one >= FEWEST_TOLD else one + FEWEST_TOLD for one in counts]
    assert beside_total(large, least=[FEWEST_TOLD] * len(large)) == tuple(map(Cell, large))


def test_small_counts_beside_each_other_hide_each_other():
    told = beside_total((1, 2, 0, 9), least=(3, 3, 3, 3))
    assert told == (Cell(None, 3), Cell(None, 3), Cell(0), Cell(9))


def test_a_single_small_count_takes_another_with_it_and_never_by_its_size():
    for others in ((9, 4), (4, 9)):
        told = beside_total((2, *others, 0), least=(3,) * 4)
        assert told == (Cell(None, 3), HELD_BACK, Cell(others[1]), Cell(0))


def test_a_pair_that_could_only_be_one_and_three_is_not_told_apart_from_the_rest():
    assert beside_total((1, 3, 8, 0), least=(3,) * 4) == (HELD_BACK,) * 4


def test_of_a_single_case_not_even_the_zeros_are_told():
    assert beside_total((0, 0, 1, 0), least=(3,) * 4) == (HELD_BACK,) * 4
    assert beside_total((0, 0, 0), least=(3,) * 3) == (Cell(0),) * 3


def test_a_count_alone_is_told_from_three_on_and_none_is_told():
    assert [alone(count) for count in (0, 1, 2, 3)] == [
        Cell(0),
        Cell(None, 3),
        Cell(None, 3),
        Cell(3),
    ]
    assert alone(4, least=FEWEST_SENSITIVE) == Cell(None, 5)


# --- types -----------------------------------------------------------------------------------


def test_family_medical_and_minors_matters_are_told_from_five_on_and_groups_with_them():
    for code in ("01", "0101", "0102", "0199", "0501", "0502", "05", "1307", "13"):
        assert fewest_told(code) == FEWEST_SENSITIVE, code
    for code in ("02", "0201", "0402", "0503", "0507", "1301", "99"):
        assert fewest_told(code) == FEWEST_TOLD, code


def test_what_is_sensitive_is_in_the_list_of_types():
    with CODES.open(encoding="utf-8-sig", newline="") as file:
        names = {row["code"]: row["name_zh"] for row in csv.DictReader(file)}
    assert [names[code] for code in SENSITIVE_TYPES] == [
        "婚恋家庭纠纷",
        "教育机构",
        "医疗损害",
        "计划生育管理",
    ]


# --- rates -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "base", "told"),
    [
        (19, 19, None),
        (20, 20, 100.0),
        (0, 20, 0.0),
        (1, 50, None),
        (2, 50, None),
        (3, 50, 6.0),
        (47, 50, 94.0),
        (48, 50, None),
        (49, 50, None),
        (0, 0, None),
    ],
)
def test_a_rate_needs_a_base_and_tells_of_no_one_or_two(count, base, told):
    assert rate(count, base) == (Rate(None, None) if told is None else Rate(told, base))


@given(some.integers(0, 200), some.integers(0, 200))
def test_from_a_rate_that_is_told_no_small_count_can_be_reckoned(count, more):
    base = count + more
    if not tells_too_much(count, base):
        assert base >= LEAST_BASE
        assert not {count, more} & {1, 2}
