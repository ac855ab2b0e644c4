"""The page of walls: their state, what is asked of them, their tokens; and a wall that follows."""

from datetime import timedelta

import pytest
from sqlalchemy import select

import ui.session
from data_access.commands.wall_orders import order_wall
from data_access.commands.walls import add_wall
from data_access.tables import Wall, WallOrder
from data_access.walls import FoundWall
from domain.people import GRANTS, Permission, Role
from domain.walls import Asked, OrderKind, SceneKey
from tests.desk import data_of, everything_sent
from tests.squares import draw_squares
from ui import clock

WALLS = "../../pages/overview/walls.py"
WALL = "../../pages/overview/wall.py"
SOMEBODY = "李接班"


@pytest.fixture
def centre(desk):
    """A county with shapes and two towns, and one wall in the centre's hall."""
    draw_squares(desk.world)
    for _number in range(4):
        desk.world.case()
    desk.made = hang(desk)
    return desk


def hang(desk, name="一楼大厅", *, unit=None):
    made = add_wall(
        desk.here.db,
        name=name,
        unit_id=unit or desk.world.county,
        actor=desk.world.actor(SOMEBODY),
        now=clock.now(),
        key=f"hang {name}",
    )
    desk.here.watcher.look()
    return made


def page(desk, role=Role.DUTY, *, drawer=None, part="steer", unit="county"):
    at = desk.sign_in(role, unit=unit)
    at.run()
    if drawer is not None:
        at.session_state["walls_open"] = drawer
        at.session_state["walls_part"] = part
    at = at.switch_page(WALLS).run()
    assert not at.exception
    return at


def field(at, name):
    turn = "walls_turn"
    return f"walls_{name}_{at.session_state[turn] if turn in at.session_state else 0}"  # noqa: SIM401


def stored(desk):
    with desk.here.db.read() as session:
        return session.get(Wall, desk.made.wall_id)


def newest(desk):
    with desk.here.db.read() as session:
        found = session.scalars(
            select(WallOrder)
            .where(WallOrder.wall_id == desk.made.wall_id)
            .order_by(WallOrder.version.desc())
        ).first()
        session.expunge_all()
        return found


def somebody_orders(desk, kind, scene=None, version=0):
    order_wall(
        desk.here.db,
        wall_id=desk.made.wall_id,
        asked=Asked(kind, scene),
        expected_version=version,
        actor=desk.world.actor(SOMEBODY),
        now=clock.now(),
        key=f"somebody {version}",
    )
    desk.here.watcher.look()


def on_the_wall(desk, monkeypatch):
    """What the wall itself is sent, by its own token."""
    found = FoundWall(desk.made.wall_id, 1)
    monkeypatch.setattr(ui.session, "presented_wall", lambda: found)
    desk.here.watcher.look()
    at = desk.browser()
    at.run()
    at = at.switch_page(WALL).run()
    assert not at.exception
    return data_of(at, "wall")


# --- the list ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_walls_are_kept_by_who_may_and_by_nobody_else(centre, role):
    at = centre.sign_in(role)
    at.run()
    if Permission.WALL_KEEP in GRANTS[role]:
        assert "一楼大厅" in everything_sent(at.switch_page(WALLS).run())
    else:
        with pytest.raises(ValueError, match="Could not find"):
            at.switch_page(WALLS)


def test_a_county_without_walls_is_told_how_one_comes_about(desk):
    at = page(desk)
    assert "还没有大屏" in at.info[0].value


def test_the_list_says_whether_a_wall_is_there_and_what_it_shows(centre):
    at = page(centre)
    assert "○ 尚未接入" in everything_sent(at)
    centre.here.walls.note_seen(centre.made.wall_id, clock.now())
    centre.here.walls.note_shown(centre.made.wall_id, SceneKey.OUTCOMES, 0)
    assert "● 正在显示 成效" in everything_sent(at.run())


def test_a_wall_that_says_nothing_is_told_with_its_last_moment(centre):
    long_ago = clock.now() - timedelta(minutes=10)
    centre.here.walls.note_seen(centre.made.wall_id, long_ago)
    said = everything_sent(page(centre))
    assert "▲ 没有回应,最后一次" in said
    assert "正在显示" not in said


def test_the_list_says_who_asked_for_what_and_whether_the_wall_has_followed(centre):
    somebody_orders(centre, OrderKind.PIN, SceneKey.WORKLOAD)
    centre.here.walls.note_seen(centre.made.wall_id, clock.now())
    centre.here.walls.note_shown(centre.made.wall_id, SceneKey.DUTY, 0)
    at = page(centre)
    said = everything_sent(at)
    assert SOMEBODY in said
    assert "固定 调解力量" in said
    assert "大屏还没有照办" in said
    centre.here.walls.note_shown(centre.made.wall_id, SceneKey.WORKLOAD, 1)
    assert "大屏已照办" in everything_sent(at.run())


def test_pause_and_rotate_take_one_click_each(centre):
    at = page(centre)
    at.button(key=f"wall_pause_{centre.made.wall_id}").click().run()
    assert newest(centre).kind is OrderKind.PAUSE
    at.button(key=f"wall_rotate_{centre.made.wall_id}").click().run()
    assert newest(centre).kind is OrderKind.ROTATE


def test_the_second_of_two_is_told_who_was_quicker_and_overrides_knowingly(centre):
    at = page(centre)
    somebody_orders(centre, OrderKind.PIN, SceneKey.OUTCOMES)
    at.button(key=f"wall_pause_{centre.made.wall_id}").click().run()
    assert newest(centre).kind is OrderKind.PIN
    assert SOMEBODY in at.error[0].value
    # The list shows what stands now: that is what is changed by the next press.
    at.button(key=f"wall_rotate_{centre.made.wall_id}").click().run()
    assert newest(centre).kind is OrderKind.ROTATE
    assert not at.error


def test_how_the_server_does_is_told_without_anybody_asking(centre):
    said = everything_sent(page(centre))
    for name in ("正在看的页面", "刷新用时", "数据核对", "内存"):
        assert name in said


# --- the drawer ----------------------------------------------------------------------------------


def test_a_new_wall_comes_with_its_token_once(centre):
    at = page(centre, drawer=0)
    at.text_input(key=field(at, "name")).set_value("二楼会议室")
    at.selectbox(key=field(at, "unit")).set_value(centre.world.town_a)
    at.button(key="walls_add").click().run()
    assert not at.error
    (token,) = [one.value for one in at.code]
    assert centre.here.walls.find(token, address="10.0.0.1") is not None
    made = at.session_state["walls_open"]
    assert made != 0
    # Another window has it no more.
    centre.world.case()
    other = page(centre, drawer=made, part="settings")
    assert "二楼会议室" in everything_sent(other)
    assert token not in everything_sent(other)


def test_a_wall_without_name_or_place_is_refused_and_nothing_is_lost(centre):
    at = page(centre, drawer=0)
    at.button(key="walls_add").click().run()
    assert at.error
    at.selectbox(key=field(at, "unit")).set_value(centre.world.county)
    at.button(key="walls_add").click().run()
    assert "名称" in at.error[0].value
    assert at.selectbox(key=field(at, "unit")).value == centre.world.county


def test_a_scene_is_pinned_and_the_wall_shows_it(centre, monkeypatch):
    at = page(centre, drawer=centre.made.wall_id)
    at.selectbox(key=field(at, "scene")).set_value(SceneKey.WORKLOAD)
    at.button(key="walls_pin_it").click().run()
    assert not at.error
    wall = on_the_wall(centre, monkeypatch)
    assert "调解力量" in wall["title"]
    assert wall["words"]["turn"] == "固定在此场景"
    # Who asked for it stands on the wall's edge, by surname: the hall reads along.
    assert wall["operator"].startswith("周某")
    assert wall["operator"].endswith("固定")


def test_a_spotlight_turns_the_wall_to_a_place_and_says_so(centre, monkeypatch):
    at = page(centre, drawer=centre.made.wall_id)
    area = at.selectbox(key=field(at, "spot_area"))
    area.select_index(area.options.index("安仁镇"))
    at.button(key="walls_spot_it").click().run()
    assert not at.error
    wall = on_the_wall(centre, monkeypatch)
    assert wall["spotlight"] == "请看 安仁镇"
    assert "一张图" in wall["title"]
    assert "聚焦还有" in wall["words"]["turn"]
    assert timedelta(minutes=4) < newest(centre).spot_until - clock.now() <= timedelta(minutes=5)


def test_a_spotlight_needs_a_place(centre):
    at = page(centre, drawer=centre.made.wall_id)
    at.button(key="walls_spot_it").click().run()
    assert "地图区域" in at.error[0].value
    assert newest(centre) is None


def test_the_program_is_kept_and_the_wall_goes_by_it(centre, monkeypatch):
    at = page(centre, drawer=centre.made.wall_id, part="program")
    at.multiselect(key=field(at, "scenes")).set_value([SceneKey.OVERVIEW]).run()
    at.number_input(key=field(at, "stays_overview")).set_value(45)
    at.toggle(key=field(at, "chime")).set_value(True)
    at.button(key="walls_program_save").click().run()
    assert not at.error
    assert stored(centre).program["steps"] == [["overview", 45]]
    assert stored(centre).program["chime"] is True
    assert "接待" in on_the_wall(centre, monkeypatch)["title"]


def test_a_program_without_scenes_is_refused(centre):
    at = page(centre, drawer=centre.made.wall_id, part="program")
    at.multiselect(key=field(at, "scenes")).set_value([])
    at.button(key="walls_program_save").click().run()
    assert at.error
    assert len(stored(centre).program["steps"]) > 1


def test_a_wall_is_renamed_moved_and_bound(centre):
    at = page(centre, drawer=centre.made.wall_id, part="settings")
    at.text_input(key=field(at, "name")).set_value("镇里的屏")
    at.selectbox(key=field(at, "unit")).set_value(centre.world.town_b)
    at.button(key="walls_change").click().run()
    at.text_input(key=field(at, "address")).set_value("10.1.2.3")
    at.button(key="walls_bind").click().run()
    assert not at.error
    kept = stored(centre)
    assert (kept.name, kept.unit_id, kept.address) == ("镇里的屏", centre.world.town_b, "10.1.2.3")


def test_what_is_no_address_is_refused_and_stays_to_be_mended(centre):
    at = page(centre, drawer=centre.made.wall_id, part="settings")
    at.text_input(key=field(at, "address")).set_value("大厅")
    at.button(key="walls_bind").click().run()
    assert at.error
    assert at.text_input(key=field(at, "address")).value == "大厅"
    assert stored(centre).address is None


def test_a_new_token_ends_the_one_before(centre):
    at = page(centre, drawer=centre.made.wall_id, part="settings")
    at.button(key="walls_token_new").click().run()
    (token,) = [one.value for one in at.code]
    walls = centre.here.walls
    assert walls.find(token, address="10.0.0.1") is not None
    assert walls.find(centre.made.token, address="10.0.0.1") is None


def test_taking_a_wall_down_is_said_twice_and_ends_it(centre):
    at = page(centre, drawer=centre.made.wall_id, part="settings")
    at.button(key="walls_revoke").click().run()
    assert at.error
    assert stored(centre).revoked_at is None
    at.checkbox(key=field(at, "sure")).set_value(True)
    at.button(key="walls_revoke").click().run()
    assert stored(centre).revoked_at is not None
    assert centre.here.walls.find(centre.made.token, address="10.0.0.1") is None


# --- the wall itself -----------------------------------------------------------------------------


def test_a_wall_takes_no_scene_from_its_address(centre, monkeypatch):
    somebody_orders(centre, OrderKind.PIN, SceneKey.OUTCOMES)
    monkeypatch.setattr(ui.session, "presented_wall", lambda: FoundWall(centre.made.wall_id, 1))
    at = centre.browser()
    at.query_params["scene"] = "duty"
    at.run()
    at = at.switch_page(WALL).run()
    assert "成效" in data_of(at, "wall")["title"]
    # Nobody stands there who could go back to a desk.
    assert data_of(at, "wall")["back"] == ""


def test_a_wall_of_a_town_looks_at_its_town(centre, monkeypatch):
    centre.made = hang(centre, "安仁镇大厅", unit=centre.world.town_a)
    somebody_orders(centre, OrderKind.PIN, SceneKey.MAP)
    wall = on_the_wall(centre, monkeypatch)
    (drawn,) = [one for one in wall["scene"]["tiles"] if one["area"] == "map"]
    assert drawn["title"].startswith("安仁镇")
    (towns,) = [one for one in wall["scene"]["tiles"] if one["area"] == "towns"]
    assert [one["name"] for one in towns["rows"]] == ["安仁镇"]


def test_the_desk_hears_what_the_wall_was_sent(centre, monkeypatch):
    somebody_orders(centre, OrderKind.PIN, SceneKey.OUTCOMES)
    on_the_wall(centre, monkeypatch)
    assert centre.here.walls.shown() == {centre.made.wall_id: (SceneKey.OUTCOMES, 1)}


def test_a_person_gets_back_to_the_desk_and_a_held_scene_says_so(centre):
    at = centre.sign_in(Role.LEADER)
    at.query_params["scene"] = "duty"
    at.run()
    wall = data_of(at.switch_page(WALL).run(), "wall")
    assert wall["back"] == "返回工作台"
    assert wall["words"]["turn"] == "停在此场景"
