"""The map's page through the entry: who opens it, what it shows them, and what it never shows."""

import json
import re

import pandas as pd
import pytest
from sqlalchemy import event

from data_access.tables import OrganisationUnit
from domain.cases import Risk
from domain.people import GRANTS, Permission, Role
from tests.desk import data_of, everything_sent
from tests.squares import draw_squares
from ui.csv_file import as_csv

MAP = "../../pages/overview/map.py"
SECRETS = ("王小明", "13812345678", "990129199001010011")


@pytest.fixture
def county(desk):
    """Both towns with shapes; seven open cases in 安仁镇, two in 䢺江镇."""
    draw_squares(desk.world)
    world = desk.world
    for number in range(7):
        world.case(
            parties=("王小明", "李大华"),
            phones=("13812345678",),
            identities=("990129199001010011",),
            title="王小明反映楼上漏水",
            risk=int(Risk.RED if number == 0 else Risk.BLUE),
        )
    in_b = {"town_id": world.town_b, "community_id": world.community_b, "grid_id": world.grid_b}
    world.case(**in_b)
    world.case(**in_b)
    return world


def chosen(at, name):
    """The widget that chooses something of the cut; its key tells how often it was made anew."""
    kinds = (at.selectbox, at.multiselect, at.toggle)
    (found,) = [
        one for kind in kinds for one in kind if re.fullmatch(rf"map_{name}_\d+", one.key or "")
    ]
    return found


def opened(desk, role=Role.DUTY, *, unit="county", mediator_id=None, **address):
    at = desk.sign_in(role, unit=unit, mediator_id=mediator_id)
    at.session_state["map_table"] = True  # open: a table that is not looked at is not made
    for name, value in address.items():
        at.query_params[name] = value
    at.run()
    return at.switch_page(MAP).run()


def figures(at):
    return {one["key"]: one["value"] for one in data_of(at, "area_panel")["figures"]}


def table(at):
    (found,) = [one for one in at.dataframe if "区域" in one.value.columns]
    return dict(zip(found.value["区域"], found.value.iloc[:, -1], strict=True))


@pytest.mark.parametrize("role", Role)
def test_the_map_opens_for_whoever_may_see_figures(desk, county, role):
    at = desk.sign_in(role)
    at.run()
    if Permission.FIGURES_READ not in GRANTS[role]:
        with pytest.raises(ValueError, match="map"):
            at.switch_page(MAP).run()
        return
    at.switch_page(MAP).run()
    assert not at.exception
    assert data_of(at, "map_head")["path"][0]["name"] == "大邑县"


@pytest.mark.parametrize("role", [r for r in Role if Permission.FIGURES_READ in GRANTS[r]])
def test_nothing_of_a_person_reaches_the_browser(desk, county, role):
    at = opened(desk, role)
    sent = everything_sent(at)
    for secret in SECRETS:
        assert secret not in sent, role


def test_whoever_may_open_the_cases_sees_true_counts(desk, county):
    at = opened(desk)
    assert figures(at)["open"] == "9"
    assert figures(at)["red"] == "1"
    assert table(at) == {"安仁镇": "7 件", "䢺江镇": "2 件"}
    panel = data_of(at, "area_panel")
    assert panel["cases"]["title"] == "在办案件,按到期先后(9 件)"
    assert not panel["closed"]
    legend = data_of(at, "map_legend")
    assert [one["range"] for one in legend["classes"]] == ["2", "7"]
    assert "示意图,不作划界依据。" in legend["notes"]


def test_without_case_access_small_figures_are_one_class_and_no_case_is_listed(desk, county):
    at = opened(desk, Role.WALL)
    assert table(at) == {"安仁镇": "7 件", "䢺江镇": "0–2 件"}
    assert figures(at)["red"] == "0–2"
    panel = data_of(at, "area_panel")
    assert (panel["cases"], panel["types"], panel["trend"]) == (None, None, None)
    assert "小于 3 件" in panel["closed"]
    legend = data_of(at, "map_legend")
    assert legend["classes"][0]["range"] == "0–2 件(合并显示)"
    assert "D2026-" not in everything_sent(at)


def test_a_projector_shows_what_the_wall_shows(desk, county):
    at = opened(desk, present="1")
    assert table(at)["䢺江镇"] == "0–2 件"
    assert data_of(at, "area_panel")["cases"] is None


def test_a_level_of_small_figures_gives_way_to_the_one_above(desk, county):
    at = opened(desk, Role.WALL, level="07", figure="resolution")
    notes = data_of(at, "map_legend")["notes"]
    assert notes[0] == "所选的一级多数区域数目过小,已改按县级显示。", notes


def test_a_level_that_says_enough_is_drawn_also_where_small_figures_are_suppressed(desk, county):
    at = opened(desk, Role.WALL, level="07")
    # Of two grids one is small: that is not most of them.
    assert not any("已改按" in note for note in data_of(at, "map_legend")["notes"])


def test_a_town_begins_at_home_and_sees_no_figure_of_another(desk, county):
    at = opened(desk, Role.TOWN, unit=county.town_b)
    head = data_of(at, "map_head")
    assert [step["name"] for step in head["path"]] == ["大邑县", "䢺江镇"]
    assert figures(at)["open"] == "2"


def test_what_lies_outside_ones_own_part_is_said_to_and_is_not_nought(desk, county):
    at = opened(desk, Role.TOWN, unit=county.town_b, area="510129")
    assert table(at) == {"安仁镇": "不在您的范围内", "䢺江镇": "2 件"}
    assert "只计您岗位范围内" in data_of(at, "area_panel")["closed"]


def test_the_address_names_the_cut(desk, county):
    at = opened(desk, area="nowhere", figure="red", days="90", type="04", zones="1", points="0")
    assert chosen(at, "figure").value == "red"
    assert chosen(at, "days").value == "90"
    assert chosen(at, "type").value == ["04"]
    assert chosen(at, "zones").value
    assert not chosen(at, "points").value
    assert data_of(at, "map_head")["path"][-1]["name"] == "大邑县"


def test_two_periods_stand_side_by_side_in_the_same_classes(desk, county):
    at = opened(desk, figure="new", compare="1")
    legends = [
        json.loads(node.proto.json)
        for node in at.get("bidi_component")
        if node.proto.component_name == "wusong_map_legend"
    ]
    assert len(legends) == 2
    assert legends[0]["title"] != legends[1]["title"]


def test_a_place_is_found_by_its_initials(desk, county):
    at = opened(desk)
    at.text_input(key="map_search").set_value("arz").run()
    assert not at.exception
    assert data_of(at, "map_head")["path"][-1]["name"] == "安仁镇"
    at.text_input(key="map_search").set_value("没有这里").run()
    assert "没有找到这个地方" in at.caption[0].value


def test_before_there_are_shapes_the_page_says_what_would_be_here(desk):
    at = opened(desk)
    assert "还没有边界图形" in at.info[0].value


def test_picked_areas_go_to_the_queue(desk, county):
    at = opened(desk)
    at.session_state["map_picked"] = (county.town_b,)
    at.toggle(key="map_drawing").set_value(True).run()
    at.session_state["map_picked"] = (county.town_b,)
    at.run()
    assert "䢺江镇" in at.markdown[0].value
    at.button(key="map_to_queue").click().run()
    assert not at.exception
    assert [row["number"] for row in data_of(at, "queue_list")["rows"]] == [
        "D2026-00008",
        "D2026-00009",
    ]
    (chip,) = data_of(at, "queue_list")["chips"]
    assert chip["text"] == "选定: 䢺江镇(2 件)"


def test_picked_areas_go_to_the_sandbox(desk, county):
    at = opened(desk)
    at.toggle(key="map_drawing").set_value(True).run()
    at.session_state["map_picked"] = (county.town_b,)
    at.run()
    at.button(key="map_to_sandbox").click().run()
    assert not at.exception
    assert at.subheader[0].value == "放入 2 件"
    assert at.session_state["sandbox"].numbers == ("D2026-00008", "D2026-00009")


def test_who_moves_no_case_has_no_way_to_the_sandbox(desk, county):
    at = opened(desk, Role.LEADER)
    at.toggle(key="map_drawing").set_value(True).run()
    at.session_state["map_picked"] = (county.town_b,)
    at.run()
    keys = {one.key for one in at.button}
    assert "map_to_queue" in keys
    assert "map_to_sandbox" not in keys


def test_what_was_of_a_past_moment_says_so(desk, county):
    at = opened(desk, days="2026-02-01_2026-02-10")
    legend, panel = data_of(at, "map_legend"), data_of(at, "area_panel")
    assert legend["title"] == "在办 · 截至2月10日"
    notes = {one["key"]: one["note"] for one in panel["figures"]}
    assert notes["open"] == notes["overdue"] == notes["red"] == "截至2月10日"
    assert "在办 截至2月10日" in at.dataframe[0].value.columns
    # The list beside it is of now.
    assert panel["cases"]["title"] == "在办案件,按到期先后(9 件)"


def test_the_list_turns_pages_and_other_filters_begin_at_the_first(desk, county):
    for _number in range(8):
        county.case(type_code="0402")
    at = opened(desk)
    at.session_state["map_page"] = (("510129", (), ()), 7)
    at.run()
    shown = data_of(at, "area_panel")["cases"]
    assert (len(shown["rows"]), shown["has_back"], shown["has_next"]) == (1, True, False)
    chosen(at, "type").set_value(["04"]).run()
    shown = data_of(at, "area_panel")["cases"]
    assert shown["rows"]
    assert not shown["has_back"]


def test_a_part_of_an_area_is_not_told_as_the_whole(desk, county):
    held_by = county.mediator()
    county.case(mediator_id=held_by)
    at = opened(desk, Role.MEDIATOR, unit=None, mediator_id=held_by, figure="per_thousand")
    assert "有的区域只计您岗位范围内的案件,不是那里的全部。" in data_of(at, "map_legend")["notes"]
    assert "只计您岗位范围内" in data_of(at, "area_panel")["closed"]
    assert figures(at)["per_thousand"] == "—"


def test_a_saved_table_says_what_it_is_and_holds_no_formula():
    table = pd.DataFrame({"区域": ["=1+1", "安仁镇"], "较上一时段": ["-5 件", "+3 件"]})
    lines = as_csv(table, [("口径", "=2")]).decode("utf-8-sig").splitlines()
    assert lines == ["区域,较上一时段", "'=1+1,'-5 件", "安仁镇,'+3 件", "", "口径,'=2"]


def test_the_page_reads_each_thing_once_per_change_whoever_looks(desk, county):
    at = opened(desk)
    reads = []

    def note(*told):
        reads.append(told[2])

    engine = desk.here.db.bind
    event.listen(engine, "before_cursor_execute", note)
    at.run()
    at.run()
    assert [one for one in reads if "cases" in one or "organisation_unit" in one] == []
    county.case()
    reads.clear()
    desk.here.watcher.look()
    at.run()
    event.remove(engine, "before_cursor_execute", note)
    of_cases = [one for one in reads if one.startswith("SELECT") and "FROM cases" in one]
    # Two levels of three statements each; the area's days, types, committees; its cases, twice.
    assert 0 < len(of_cases) <= 12, of_cases


def test_nothing_of_the_map_is_template_or_script_whatever_places_are_called(desk, county):
    hostile = "{{7*191}}{% x `${1}</script><img src=x onerror=alert(1)>"

    def rename(session):
        session.get(OrganisationUnit, county.town_b).name = hostile
        session.get(OrganisationUnit, county.grid_a).name = hostile

    county.db.write(rename)
    at = opened(desk, zones="1", level="07")
    assert not at.exception
    assert hostile in "".join(at.dataframe[0].value["区域"])
    frames = at.get("component_instance")
    assert frames
    for node in frames:
        told = re.sub(r'frame\(\\+"[A-Za-z0-9+/=]*\\+"\)', "frame()", node.proto.json_args)
        assert "frame()" in told
        for part in ("7*191", "1337", "onerror", "img src"):
            assert part not in told


def test_a_projector_opens_no_case_whatever_the_address_says(desk, county):
    at = opened(desk, present="1", case="D2026-00001")
    assert not at.exception
    assert "D2026-00001" not in everything_sent(at)
    assert "case" not in at.query_params
    assert [one for one in at.toggle if one.key == "map_drawing"] == []


def test_what_lies_outside_is_not_told_as_nought(desk, county):
    with county.db.read() as session:
        code = session.get(OrganisationUnit, county.town_a).code
    at = opened(desk, Role.TOWN, unit=county.town_b, area=code)
    assert set(figures(at).values()) == {"—"}
    panel = data_of(at, "area_panel")
    assert panel["closed"] == "不在您的范围内,这里的数字您看不到。"
    assert (panel["cases"], panel["trend"]) == (None, None)
