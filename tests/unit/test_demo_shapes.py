"""The demonstration county's shapes: as the lists say, without gaps, and drawn again the same."""

import gzip
import json
from datetime import date
from itertools import pairwise

import pytest
import shapely

from data_access.demo.county import CODE, REDRAWN, plan_county, redrawn_on
from data_access.demo.draw.__main__ import write
from data_access.demo.draw.drawing import SEED, draw
from data_access.demo.draw.outline import OUTLINE, SEATS
from data_access.demo.shapes import ENDED, FILES, FOLDER, ZONES, codes_ended, features
from domain.organisation import UnitLevel, ZoneKind
from domain.outlines import outline_of

LEVELS = (UnitLevel.COUNTY, UnitLevel.TOWN, UnitLevel.COMMUNITY, UnitLevel.GRID)


@pytest.fixture(scope="module")
def county():
    return plan_county(seed=SEED)


@pytest.fixture(scope="module")
def shapes():
    """By level, code and shape of each feature."""
    return {
        level: {
            one["id"]: shapely.geometry.shape(one["geometry"]) for one in features(FILES[level])
        }
        for level in LEVELS
    }


def test_codes_and_names_are_those_of_the_county(county):
    lists = (county.towns, county.communities, county.grids)
    assert [one["id"] for one in features("county")] == [CODE]
    for level, places in zip(LEVELS[1:], lists, strict=True):
        found = [(one["id"], one["properties"]["name"]) for one in features(FILES[level])]
        assert found == [(place.code, place.name) for place in places]
    assert [one["id"] for one in features(ENDED)] == codes_ended()
    assert set(codes_ended()).isdisjoint(place.code for place in county.grids)


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_is_the_county_without_gap_or_overlap(shapes, level):
    own = list(shapes[level].values())
    assert all(shape.geom_type == "Polygon" and shape.is_valid for shape in own)
    assert shapely.coverage_is_valid(own)
    (whole,) = shapes[UnitLevel.COUNTY].values()
    assert sum(shape.area for shape in own) == pytest.approx(whole.area, rel=1e-9)
    assert not any(shape.interiors for shape in own)


@pytest.mark.parametrize(("upper", "lower"), list(pairwise(LEVELS)))
def test_parents_are_their_children(shapes, upper, lower):
    below = {}
    for one in features(FILES[lower]):
        below.setdefault(one["properties"]["parent"], []).append(shapes[lower][one["id"]])
    assert set(below) == set(shapes[upper])
    for code, parts in below.items():
        assert sum(part.area for part in parts) == pytest.approx(shapes[upper][code].area, rel=1e-6)
        assert shapely.union_all(parts).equals(shapes[upper][code])


@pytest.mark.parametrize("name", [*FILES.values(), ENDED, ZONES])
def test_what_is_shipped_can_be_kept_as_it_is(name):
    for one in features(name):
        outline = outline_of(one["geometry"])
        assert json.loads(outline.text()) == one["geometry"]
        assert outline.covers(*one["properties"]["inner"])


def test_what_was_before_fills_what_came_after(shapes):
    before = {one["id"]: shapely.geometry.shape(one["geometry"]) for one in features(ENDED)}
    grids = shapes[UnitLevel.GRID]
    kinds = set()
    for redrawn in REDRAWN:
        old = [before[code] for code in redrawn.codes_before()]
        new = [grids[code] for code in redrawn.codes_after()]
        kinds.add((len(old), len(new)))
        assert shapely.union_all(old).equals(shapely.union_all(new))
        others = [shape for code, shape in grids.items() if code not in redrawn.codes_after()]
        assert shapely.coverage_is_valid([*others, *old])
    assert kinds == {(2, 1), (1, 2)}


def test_zones_lie_across_the_hierarchy(shapes):
    (whole,) = shapes[UnitLevel.COUNTY].values()
    found = features(ZONES)
    assert {one["properties"]["kind"] for one in found} == {ZoneKind.SCENIC, ZoneKind.INDUSTRIAL}
    for one in found:
        zone = shapely.geometry.shape(one["geometry"])
        assert whole.contains(zone)
        towns = [town for town in shapes[UnitLevel.TOWN].values() if town.intersects(zone)]
        assert len(towns) > 1
        cut = [grid for grid in shapes[UnitLevel.GRID].values() if grid.crosses(zone.exterior)]
        assert cut or any(
            grid.intersects(zone) and not zone.contains(grid)
            for grid in shapes[UnitLevel.GRID].values()
        )


def test_the_outline_is_a_coarse_one_of_our_own():
    """Hand-set to a hundredth of a degree; a survey's vertex is not."""
    assert 20 <= len(OUTLINE) <= 30
    assert all(round(number, 2) == number for point in OUTLINE for number in point)
    assert sum(seat.share for seat in SEATS.values()) == pytest.approx(1)


def test_drawn_again_it_is_the_same(tmp_path):
    for path in write(tmp_path):
        shipped = gzip.decompress((FOLDER / path.name).read_bytes())
        assert gzip.decompress(path.read_bytes()) == shipped, path.name


def test_any_number_of_grids_can_be_drawn():
    drawing = draw(1500)
    shapes = {level: [one.shape for one in drawn] for level, drawn in drawing.levels.items()}
    assert {level: len(own) for level, own in shapes.items()} == dict(
        zip(LEVELS, (1, 11, 147, 1500), strict=True)
    )
    assert len({one.code for one in drawing.levels[UnitLevel.GRID]}) == 1500
    assert shapely.coverage_is_valid(shapes[UnitLevel.GRID])
    assert drawing.ended == ()
    with pytest.raises(ValueError, match="fewer grids"):
        draw(146)


@pytest.mark.parametrize(
    ("today", "day"),
    [
        (date(2026, 11, 23), date(2026, 6, 1)),
        (date(2026, 5, 31), date(2025, 12, 1)),
        (date(2026, 6, 1), date(2026, 1, 1)),
    ],
)
def test_grids_were_redrawn_five_months_ago(today, day):
    assert redrawn_on(today) == day
