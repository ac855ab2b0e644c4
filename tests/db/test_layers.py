"""The map's layers: made with the shapes, dated, and the same for whoever asks."""

import gzip
import hashlib
import json
from datetime import date

import pytest
from sqlalchemy import event, insert, select, update

from data_access.commands.import_file import import_file
from data_access.consistency import Disagreement, disagreements
from data_access.map_layers import NewShape, build_layers, outline_columns, write_shapes
from data_access.queries.layers import Succession, layer_body, layers_on, successions
from data_access.tables import MapLayer, OrganisationUnit, UnitShape, UnitSuccession, Zone
from domain.organisation import UnitLevel, ZoneKind
from domain.outlines import NoOutlineError
from domain.people import Scope
from tests.world import NOW

BEGIN, CHANGE, TODAY = date(2020, 1, 1), date(2026, 1, 1), date(2026, 3, 2)
HOSTILE = "</script>{{7*191}}{% x {# `${1}<img src=x onerror=alert(1)>\"'\\\u2028"


def square(west, south, size=0.1):
    east, north = round(west + size, 5), round(south + size, 5)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def shape(unit_id, west=103.0, south=30.0, begin=BEGIN, **more):
    inner = (west + 0.05, south + 0.05)
    return NewShape(unit_id, square(west, south), inner, begin, **more)


@pytest.fixture
def draw(db, world):
    def work(*shapes):
        db.write(lambda session: write_shapes(session, shapes, county_id=world.county))

    return work


@pytest.fixture
def on(db, world):
    def work(day=TODAY):
        with db.read() as session:
            return layers_on(session, scope=Scope(world.county), day=day)

    return work


@pytest.fixture
def served(db, world):
    def work(sha):
        with db.read() as session:
            body = layer_body(session, scope=Scope(world.county), sha=sha)
        return None if body is None else gzip.decompress(body)

    return work


def ids(layer):
    return [area.id for area in layer.areas]


def test_areas_stand_in_the_order_of_the_file(db, world, draw, on, served):
    draw(shape(world.grid_b, 103.2), shape(world.grid_a), shape(world.town_a))
    layers = on()
    text = served(layers.grid.sha)
    assert hashlib.sha256(text).hexdigest() == layers.grid.sha
    found = json.loads(text)
    assert found["type"] == "FeatureCollection"
    assert [one["id"] for one in found["features"]] == ids(layers.grid)
    assert set(ids(layers.grid)) == {world.grid_a, world.grid_b}
    assert [one["properties"] for one in found["features"]] == [{"name": "第1网格"}] * 2
    area = next(one for one in layers.grid.areas if one.id == world.grid_b)
    assert (area.parent_id, area.level, area.kind) == (world.community_b, UnitLevel.GRID, "网格")
    assert area.bounds == (30.0, 103.2, 30.1, 103.3)
    assert (round(area.lon, 5), round(area.lat, 5)) == (103.25, 30.05)
    assert ids(layers.town) == [world.town_a]
    assert (layers.county.sha, layers.county.areas) == ("", ())


def test_names_arrive_as_plain_json(db, world, draw, on, served):
    def rename(session):
        session.get(OrganisationUnit, world.grid_a).name = HOSTILE[:80]

    db.write(rename)
    draw(shape(world.grid_a))
    (feature,) = json.loads(served(on().grid.sha))["features"]
    assert feature["properties"] == {"name": HOSTILE[:80]}


def test_a_day_sees_the_shapes_of_its_time(world, draw, on, served):
    draw(
        shape(world.grid_a, begin=BEGIN, valid_to=CHANGE),
        shape(world.grid_a, 103.5, begin=CHANGE),
        shape(world.grid_b, 103.2),
    )
    before, after = on(date(2025, 12, 31)).grid, on(CHANGE).grid
    assert before.sha != after.sha
    assert [one.bounds[1] for one in before.areas if one.id == world.grid_a] == [103.0]
    assert [one.bounds[1] for one in after.areas if one.id == world.grid_a] == [103.5]
    # Both are served, whichever day it is.
    assert b"103.5" not in served(before.sha)
    assert b"103.5" in served(after.sha)
    # Of a time before all shapes, the first ones are known.
    assert on(date(2001, 1, 1)).grid == before


def test_the_next_shape_ends_the_one_before(world, draw, on):
    draw(shape(world.grid_a), shape(world.grid_a, 103.5, begin=CHANGE))
    assert [one.bounds[1] for one in on(CHANGE).grid.areas] == [103.5]


def test_a_shape_holds_no_longer_than_its_unit(db, world, draw, on):
    def end(session):
        session.get(OrganisationUnit, world.grid_a).valid_to = CHANGE

    db.write(end)
    draw(shape(world.grid_a), shape(world.grid_b, 103.2))
    assert set(ids(on(date(2025, 12, 31)).grid)) == {world.grid_a, world.grid_b}
    assert ids(on(CHANGE).grid) == [world.grid_b]
    db.write(
        lambda session: session.execute(
            update(OrganisationUnit)
            .where(OrganisationUnit.id == world.grid_b)
            .values(valid_to=date(2026, 2, 1))
        )
    )
    db.write(lambda session: build_layers(session, county_id=world.county))
    assert ids(on(date(2026, 2, 1)).grid) == []


def test_a_file_of_units_renames_and_ends_what_is_drawn(db, world, draw, on, served):
    with db.read() as session:
        codes = {
            one: session.get(OrganisationUnit, one).code for one in (world.grid_a, world.grid_b)
        }
    draw(shape(world.grid_a), shape(world.grid_b, 103.2))
    first = on().grid.sha
    text = (
        "编码,名称,层级,上级编码,停用日期,继任编码\n"
        f"{codes[world.grid_a]},新网格,网格,和众社区,,\n"
        f"{codes[world.grid_b]},第1网格,网格,太平社区,2026-06-01,{codes[world.grid_a]}\n"
    )
    report = import_file(
        db, content=text.encode(), file_name="单位.csv", actor=world.system, now=NOW
    )
    assert (report.changed, report.rejected) == (2, 0)
    after = on().grid
    assert after.sha != first
    assert served(first) is None
    names = [one["properties"]["name"] for one in json.loads(served(after.sha))["features"]]
    assert sorted(names) == ["新网格", "第1网格"]
    assert ids(on(date(2026, 6, 1)).grid) == [world.grid_a]
    with db.read() as session:
        assert successions(session, scope=Scope(world.county)) == (
            Succession(world.grid_b, world.grid_a, date(2026, 6, 1)),
        )


def test_what_does_not_change_is_not_made_again(db, world, draw):
    def bodies():
        with db.read() as session:
            rows = session.execute(select(MapLayer.level, MapLayer.sha, MapLayer.body))
            return {row.level: (row.sha, row.body) for row in rows}

    draw(shape(world.grid_a), shape(world.town_a))
    before = bodies()
    draw(shape(world.grid_b, 103.2))
    after = bodies()
    assert after[UnitLevel.TOWN] == before[UnitLevel.TOWN]
    assert after[UnitLevel.GRID] != before[UnitLevel.GRID]


@pytest.mark.parametrize(
    ("geometry", "inner"),
    [
        (square(103.0, 30.0), (103.5, 30.05)),
        ({"type": "Point", "coordinates": [103, 30]}, (103.0, 30.0)),
    ],
)
def test_no_shape_is_half_written(db, world, geometry, inner):
    shapes = [shape(world.grid_b), NewShape(world.grid_a, geometry, inner, BEGIN)]
    with pytest.raises(NoOutlineError):
        db.write(lambda session: write_shapes(session, shapes, county_id=world.county))
    with db.read() as session:
        assert session.scalars(select(UnitShape)).all() == []


def test_a_map_says_what_it_is(world, draw, on):
    assert (on().schematic, on().audit_no) == (False, "")
    draw(shape(world.grid_a, schematic=True), shape(world.town_a, audit_no="川S〔2026〕7号"))
    assert (on().schematic, on().audit_no) == (True, "川S〔2026〕7号")


def test_zones_of_a_day_come_with_the_layers(db, world, on):
    rows = [
        {
            "county_id": world.county,
            "code": code,
            "name": name,
            "kind": ZoneKind.SCENIC,
            "valid_from": BEGIN,
            "valid_to": end,
            **outline_columns(square(103.0, 30.0), (103.05, 30.05)),
        }
        for code, name, end in (("Z1", "景区", None), ("Z2", "旧景区", CHANGE))
    ]
    db.write(lambda session: session.execute(insert(Zone), rows))
    (zone,) = on().zones
    assert (zone.code, zone.kind, zone.bounds) == (
        "Z1",
        ZoneKind.SCENIC,
        (30.0, 103.0, 30.1, 103.1),
    )
    assert zone.rings[0][0] == (30.0, 103.0)
    assert [one.code for one in on(BEGIN).zones] == ["Z1", "Z2"]


def test_six_statements_whatever_the_size(db, world, draw, on):
    draw(shape(world.grid_a), shape(world.grid_b, 103.2), shape(world.town_a))
    seen = []

    def count(_connection, _cursor, statement, *_):
        seen.append(statement)

    event.listen(db.bind, "before_cursor_execute", count)
    try:
        on()
    finally:
        event.remove(db.bind, "before_cursor_execute", count)
    assert len([one for one in seen if one.lstrip().upper().startswith("SELECT")]) <= 6


def test_nothing_of_another_county_is_served(db, world, draw, on):
    draw(shape(world.grid_a))
    with db.read() as session:
        scope = Scope(world.county + 1_000_000)
        assert layer_body(session, scope=scope, sha=on().grid.sha) is None
        assert layers_on(session, scope=scope, day=TODAY).grid.areas == ()
        assert successions(session, scope=scope) == ()


def test_a_successor_of_what_goes_on_is_seen(db, world):
    with db.read() as session:
        assert disagreements(session, county_id=world.county) == {}
    row = {"unit_id": world.grid_a, "successor_id": world.grid_b, "day": CHANGE}
    db.write(lambda session: session.execute(insert(UnitSuccession), [row]))
    with db.read() as session:
        assert disagreements(session, county_id=world.county) == {Disagreement.SUCCESSIONS: 1}
