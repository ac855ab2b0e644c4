"""Where the marker of a case stands: at its exact point, or beside the middle of its grid."""

import math

import pytest

from data_access.queries.figures import OpenCase
from domain.cases import Lamp
from tests.unit.test_map_places import PLACES
from ui.map_markers import case_markers

# The bounds of the county there: 30.5 to 30.6 north, 103.4 to 103.5 east.
INSIDE = (30.51111, 103.48888)


def stands(*, grid_id=6, point=None):
    case = OpenCase(1, "D2026-00001", grid_id, Lamp.ON_TIME, point)
    return case_markers(PLACES, [case], {6: {6}})


def test_a_case_with_an_exact_point_stands_there_in_a_grid_or_in_none():
    for grid_id in (6, None, 10**9):
        (found,) = stands(grid_id=grid_id, point=INSIDE)
        assert (found.lat, found.lon, found.exact) == (*INSIDE, True)
        assert found.label.endswith("D2026-00001 确切地点")


@pytest.mark.parametrize(
    "point", [None, (30.49, 103.45), (30.61, 103.45), (30.55, 103.39), (30.55, 103.51)]
)
def test_without_a_point_of_the_county_it_stands_near_its_grids_middle(point):
    (found,) = stands(point=point)
    assert 0 < math.dist((found.lat, found.lon), (30.55, 103.45)) <= 0.0004
    assert not found.exact
    assert "确切" not in found.label
    assert stands(point=point) == (found,)
    assert stands(grid_id=None, point=point) == ()
