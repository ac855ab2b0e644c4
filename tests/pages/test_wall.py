"""The wall's page through the entry: five scenes of aggregates, and nothing of anybody."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from data_access.commands.red_events import acknowledge_red_event
from data_access.commands.risks import assess_risk
from domain.cases import Risk
from domain.people import GRANTS, Permission, Role
from domain.walls import Program, SceneKey, shown
from tests.desk import data_of, everything_sent
from tests.squares import draw_squares
from ui import clock, wall_screen

WALL = "../../pages/overview/wall.py"
SECRETS = ("王小明", "李大华", "13812345678", "990129199001010011", "楼上漏水", "张建国")
MOST_TILES = 7


@pytest.fixture
def county(desk):
    """Seven open cases in 安仁镇 with people and a mediator, two in 䢺江镇."""
    draw_squares(desk.world)
    world = desk.world
    mediator = world.mediator("张建国")
    for _number in range(7):
        world.case(
            parties=("王小明", "李大华"),
            phones=("13812345678",),
            identities=("990129199001010011",),
            title="王小明反映楼上漏水",
            mediator_id=mediator,
        )
    in_b = {"town_id": world.town_b, "community_id": world.community_b, "grid_id": world.grid_b}
    world.case(**in_b)
    world.case(**in_b)
    return world


def opened(desk, scene="", *, role=Role.DUTY, unit="county"):
    at = desk.sign_in(role, unit=unit)
    if scene:
        at.query_params["scene"] = scene
    at.run()
    return at.switch_page(WALL).run()


@pytest.mark.parametrize("role", [one for one in Role if Permission.FIGURES_READ in GRANTS[one]])
def test_the_wall_opens_for_whoever_may_see_figures(desk, county, role):
    at = opened(desk, role=role)
    assert not at.exception
    assert data_of(at, "wall")["scene"]["tiles"]


@pytest.mark.parametrize(
    "role", [one for one in Role if Permission.FIGURES_READ not in GRANTS[one]]
)
def test_the_wall_is_closed_to_all_others(desk, county, role):
    at = desk.sign_in(role)
    at.run()
    with pytest.raises(ValueError, match="Could not find"):
        at.switch_page(WALL)


@pytest.mark.parametrize("role", [Role.TRAINING, Role.COURT, Role.WALL])
def test_the_bare_address_leads_nobody_to_a_screen_without_a_menu(desk, county, role):
    at = desk.sign_in(role)
    at.run()
    assert not at.exception
    assert data_of(at, "wall") is None
    assert data_of(at, "map_head") is not None


@pytest.mark.parametrize("scene", SceneKey)
@pytest.mark.parametrize("role", [Role.WALL, Role.DUTY])
def test_no_scene_tells_of_anybody_whoever_looks(desk, county, scene, role):
    at = opened(desk, scene.value, role=role)
    assert not at.exception
    wall = data_of(at, "wall")
    tiles = wall["scene"]["tiles"]
    assert 0 < len(tiles) <= MOST_TILES
    assert {tile["area"] for tile in tiles} == set(
        "".join(one if one.isalpha() or one == "_" else " " for one in _areas(wall)).split()
    )
    sent = everything_sent(at)
    assert not [secret for secret in SECRETS if secret in sent]
    assert "D2026-" not in json.dumps(wall)


def _areas(wall):
    """The names between the quotes of a scene's layout."""
    return " ".join(wall["scene"]["layout"].split("'")[1::2])


@pytest.mark.parametrize("scene", SceneKey)
def test_a_county_without_shapes_has_every_scene_and_says_why_there_is_no_map(desk, scene):
    desk.world.case()
    at = opened(desk, scene.value)
    assert not at.exception
    wall = data_of(at, "wall")
    assert "综治中心" in wall["title"]
    told = "还没有边界图形" in json.dumps(wall, ensure_ascii=False)
    assert told is (scene in {SceneKey.MAP, SceneKey.OVERVIEW})


def test_duty_says_what_is_late_by_town_and_small_risks_are_held_back(desk, county):
    county.case(risk=int(Risk.RED))
    wall = data_of(opened(desk, "duty"), "wall")
    tiles = {one["area"]: one for one in wall["scene"]["tiles"]}
    assert tiles["red"]["value"] == "<3"
    assert [one["name"] for one in tiles["towns"]["rows"]] == ["安仁镇", "䢺江镇"]
    assert tiles["dept"]["kind"] == "nothing"
    assert tiles["dept"]["empty"] == "尚无记录"


def test_small_communities_are_hatched_and_unnamed_on_the_map(desk, county):
    at = opened(desk, "map")
    tiles = {one["area"]: one for one in data_of(at, "wall")["scene"]["tiles"]}
    assert tiles["open"]["value"] == "9"
    assert [(one["name"], one["text"]) for one in tiles["towns"]["rows"]] == [
        ("安仁镇", "7"),
        ("䢺江镇", "2"),
    ]


def test_the_rotation_is_the_clocks_and_an_address_can_hold_it(desk, county, monkeypatch):
    at = opened(desk)
    for _step in range(5):
        now = clock.now()
        wall = data_of(at.run(), "wall")
        expected = {shown(Program(), moment).scene for moment in (now, now + timedelta(seconds=10))}
        assert wall["title"].split(" · ")[1] in {
            {"duty": "值守", "map": "一张图", "workload": "调解力量", "outcomes": "成效"}[one.value]
            for one in expected
        }
        later = now + timedelta(seconds=21)
        monkeypatch.setattr(clock, "now", lambda later=later: later)
    at.query_params["scene"] = "overview"
    held = data_of(at.run(), "wall")
    assert "接待" in held["title"]
    assert held["words"]["turn"] == "停在此场景"
    at.query_params["scene"] = "<script>"
    assert "script" not in json.dumps(data_of(at.run(), "wall"))


@pytest.mark.parametrize(
    ("at", "theme"),
    [("2026-11-22T23:00", "light"), ("2026-11-22T11:00", "dark"), ("2026-11-22T22:59", "dark")],
)
def test_light_by_day_and_dark_by_night_in_beijing(at, theme):
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert {"desk": "light", "wall": "dark"}[wall_screen.theme_at(moment)] == theme


def test_a_red_event_takes_the_wall_over_by_town_alone_until_it_is_acknowledged(desk, county):
    case = county.case(title="楼上漏水")
    clerk = county.actor("周值班")
    deed = {"case_no": case.case_no, "actor": clerk}
    assess_risk(
        county.db,
        **deed,
        expected_version=1,
        risk=Risk.RED,
        note="现场有人持械",
        now=clock.now(),
        key="alarm-1",
    )
    desk.here.watcher.look()
    at = opened(desk)
    wall = data_of(at, "wall")
    assert wall["alarm"]["title"] == "■ 红色事件"
    (place,) = wall["alarm"]["places"]
    assert place.startswith("安仁镇 · R1 · ")
    assert case.case_no not in everything_sent(at)
    assert "持械" not in everything_sent(at)
    acknowledge_red_event(county.db, **deed, expected_version=2, now=clock.now(), key="alarm-2")
    desk.here.watcher.look()
    assert data_of(at.run(), "wall")["alarm"] is None
