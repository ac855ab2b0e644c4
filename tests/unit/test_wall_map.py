"""A map of communities and one of grids, side by side, give away nothing that either holds back."""

from collections import defaultdict
from itertools import pairwise

import pytest

from data_access.queries.wall_map import _Tree
from data_access.units import Unit
from domain.organisation import UnitLevel
from domain.small_cells import HELD_BACK, Cell

TOWN = Unit(1, "510129001", "镇", UnitLevel.TOWN, 0)
COMMUNITIES = [
    Unit(10 * number, f"51012900100{number}", "社区", UnitLevel.COMMUNITY, 1) for number in (1, 2)
]
GRIDS = [
    Unit(one.id + number, f"{one.code}00{number}", "网格", UnitLevel.GRID, one.id)
    for one in COMMUNITIES
    for number in (1, 2)
]


def maps(counts):
    """Both maps of a town with so many open cases by (grid, community, town); None for in none."""
    units = [TOWN, *COMMUNITIES, *GRIDS]
    tree = _Tree(units, [], [one.id for one in units])
    for place, count in counts.items():
        tree.add(place, count)
    return tuple(tree.told(level, None) for level in (UnitLevel.COMMUNITY, UnitLevel.GRID))


def splits(total, parts):
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in splits(total - first, parts - 1):
            yield (first, *rest)


# Wherever a case can lie: in a grid, in a community and no grid, in none of them.
PLACES = [
    *((grid.id, grid.parent_id, 1) for grid in GRIDS),
    *((None, community.id, 1) for community in COMMUNITIES),
    (None, None, 1),
]


def in_units(values):
    """How many cases are in each community and grid."""
    found = defaultdict(int)
    for (grid, community, _town), count in zip(PLACES, values, strict=True):
        found[grid] += count
        found[community] += count
    return found


@pytest.mark.parametrize("total", range(9))
def test_whoever_sees_both_maps_and_knows_the_rule_reckons_nothing(total):
    by_answer = defaultdict(list)
    for values in splits(total, len(PLACES)):
        found = maps(dict(zip(PLACES, values, strict=True)))
        by_answer[found].append(in_units(values))
    units = {one.code: one.id for one in (*COMMUNITIES, *GRIDS)}
    for answer, same in by_answer.items():
        for area in (*answer[0].areas, *answer[1].areas):
            if area.open.count is None:
                assert len({one[units[area.code]] for one in same}) > 1, (answer, same)


def test_areas_are_told_by_code_with_all_that_lies_in_them():
    communities, grids = maps({PLACES[0]: 4, PLACES[4]: 5, PLACES[6]: 3})
    assert [one.open for one in communities.areas] == [Cell(9), Cell(0)]
    assert [one.open for one in grids.areas] == [Cell(4), Cell(0), Cell(0), Cell(0)]
    assert all(one.code < other.code for one, other in pairwise(grids.areas))
    assert [(one.code, one.open) for one in grids.towns] == [(TOWN.code, Cell(12))]


def test_of_a_community_that_is_held_back_no_grid_is_told():
    communities, grids = maps({PLACES[0]: 1, PLACES[2]: 8})
    assert [one.open for one in communities.areas] == [Cell(None, 3), HELD_BACK]
    assert [one.open for one in grids.areas] == [HELD_BACK] * 4
