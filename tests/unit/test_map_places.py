"""What lies in what on the map, and the ways between."""

from dataclasses import replace

from data_access.queries.layers import Area, Layer, Layers
from domain.organisation import UnitLevel
from ui.map_places import LEVELS, Places, below

COUNTY, TOWN, COMMUNITY, GRID = LEVELS


def area(number, name, level, parent):
    box = (30.5, 103.4, 30.6, 103.5)
    return Area(number, f"c{number}", name, "", level, parent, 103.45, 30.55, box, 100)


PLACES = Places(
    Layers(
        Layer(COUNTY, "a" * 64, (area(1, "大邑县", COUNTY, None),)),
        Layer(TOWN, "b" * 64, (area(2, "安仁镇", TOWN, 1), area(3, "䢺江镇", TOWN, 1))),
        Layer(
            COMMUNITY,
            "c" * 64,
            (area(4, "和众社区", COMMUNITY, 2), area(5, "太平社区", COMMUNITY, 3)),
        ),
        Layer(
            GRID,
            "d" * 64,
            (
                area(6, "第1网格", GRID, 4),
                area(7, "第2网格", GRID, 4),
                area(8, "第1网格", GRID, 5),
            ),
        ),
        (),
        schematic=True,
        audit_no="",
    )
)


def test_each_area_is_found_with_its_way_from_the_county():
    grid = PLACES.by_code["c7"]
    assert [one.id for one in PLACES.path(grid)] == [1, 2, 4, 7]
    assert PLACES.full_name(grid) == "安仁镇 和众社区 第2网格"
    assert PLACES.full_name(PLACES.county) == "大邑县"


def test_what_lies_in_an_area_is_given_on_every_level_below():
    town = PLACES.by_id[2]
    assert [one.id for one in PLACES.within(town, COMMUNITY)] == [4]
    assert [one.id for one in PLACES.within(town, GRID)] == [6, 7]
    assert [one.id for one in PLACES.within(PLACES.county, GRID)] == [6, 7, 8]


def test_all_but_an_areas_own_parts_fade():
    assert PLACES.mask(PLACES.county, TOWN) is None
    assert PLACES.mask(PLACES.by_id[2], COMMUNITY) == "10"
    assert PLACES.mask(PLACES.by_id[3], GRID) == "001"


def test_beside_a_grid_its_neighbours_stay_in_sight():
    assert PLACES.mask(PLACES.by_id[6], GRID) == "110"


def test_the_county_has_nothing_above_it_and_a_grid_nothing_below():
    assert PLACES.parent(PLACES.county) is PLACES.county
    assert [below(level) for level in LEVELS] == [TOWN, COMMUNITY, GRID, GRID]
    assert set(LEVELS) == set(UnitLevel)


def test_without_what_it_lies_in_an_area_is_seen_with_the_whole_county():
    orphan = Places(replace(PLACES.layers, community=Layer(COMMUNITY, "", ())))
    assert orphan.mask(orphan.by_id[6], GRID) is None
    assert orphan.path(orphan.by_id[6]) == [orphan.by_id[6]]


def test_an_area_of_another_day_is_what_was_there_of_it():
    grid = PLACES.by_id[6]
    assert PLACES.nearest(grid) is grid
    ended = replace(grid, id=99, code="c99")
    assert PLACES.nearest(ended).name == "和众社区"
    assert PLACES.nearest(replace(ended, parent_id=98)) is PLACES.county
