"""What of a merged or split area's past is told of which area of today."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as some

from domain.kpi import AreaCounts, total
from domain.succession import comparable, folded, heirs, of_one_ground

# 1 and 2 became 3; 4 became 5 and 6; 7 became 8, and 8 became 9.
PAIRS = [(1, 3), (2, 3), (4, 5), (4, 6), (7, 8), (8, 9)]
TODAY = {3, 5, 6, 9, 10}


def of(number):
    return AreaCounts(open=number, new=number, new_before=1)


def test_an_ended_unit_is_what_it_became_at_last():
    assert heirs(7, PAIRS, TODAY) == {9}
    assert heirs(4, PAIRS, TODAY) == {5, 6}
    assert heirs(10, PAIRS, TODAY) == {10}
    assert heirs(99, PAIRS, TODAY) == frozenset()


def test_what_was_merged_is_the_successors_and_what_was_split_is_told_apart():
    found = folded({1: of(2), 3: of(5), 4: of(7), 5: of(1), 7: of(4), None: of(3)}, PAIRS, TODAY)
    assert {area: held.open for area, held in found.items()} == {3: 7, 5: 1, 9: 4, None: 10}


def test_a_change_compares_the_same_ground():
    found = comparable({4: of(20), 5: of(3), 6: of(4), 10: of(1)}, PAIRS, TODAY)
    assert found[5] == found[6] == total([of(20), of(3), of(4)])
    assert found[10] == of(1)
    assert found[9] == AreaCounts()


def test_parts_of_what_was_split_long_ago_are_compared_by_themselves():
    split, merged = date(2026, 1, 5), date(2026, 2, 1)
    changes = [(4, 5, split), (4, 6, split), (1, 3, merged), (2, 3, merged)]
    assert of_one_ground(changes, since=date(2026, 1, 1)) == [(4, 5), (4, 6), (1, 3), (2, 3)]
    assert of_one_ground(changes, since=date(2026, 3, 1)) == [(1, 3), (2, 3)]


units = some.integers(1, 12)


@given(
    some.dictionaries(some.none() | units, some.integers(0, 9).map(of), max_size=12),
    some.lists(some.tuples(units, units), max_size=14),
    some.sets(units),
)
def test_nothing_is_lost_and_nothing_counted_twice(counts, pairs, today):
    found = folded(counts, pairs, today)
    assert total(found.values()).open == total(counts.values()).open
    assert {area for area in found if area is not None} <= today
    assert set(comparable(counts, pairs, today)) == today
