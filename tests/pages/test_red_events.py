"""红色事件 at the desk: told above the queue, acknowledged, answered for in the drawer, over."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data_access.tables import Case, EmergencyResponse, RedEvent
from domain.cases import Risk
from domain.clocks import day_of
from domain.people import Role
from tests.desk import QUEUE, blocks_of, data_of, everything_sent, record_key
from ui import clock
from ui.queue_list import RED_VIEW
from ui.record_kinds import Errand

MEASURES = "已派人到场劝离,双方分开安置"


@pytest.fixture
def office(desk):
    """A red case of 安仁镇 that nobody has acknowledged, and a blue one."""
    world, now = desk.world, clock.now()
    desk.red = world.case(
        risk=Risk.RED.value,
        registered_at=now - timedelta(minutes=5),
        occurred_on=day_of(now) - timedelta(days=1),
        parties=("王小明", "李大华"),
    )
    desk.blue = world.case(registered_at=now - timedelta(minutes=5))
    return desk


def queue(office, role=Role.DUTY, **over):
    at = office.sign_in(role, **over)
    # Any deed moves the chain: then the registry knows this session too.
    office.world.case()
    office.here.watcher.look()
    at.run()
    return at.switch_page(QUEUE).run()


def drawer(office, case, role=Role.DUTY, *, view="records", **over):
    at = office.sign_in(role, **over)
    office.world.case()
    office.here.watcher.look()
    at.run()
    at.query_params["case"] = case.case_no
    at.session_state["drawer_view"] = view
    return at.switch_page(QUEUE).run()


def record(at, case, errand, **typed):
    at.session_state[record_key(at, case.case_no, "errand")] = errand
    for field, value in typed.items():
        at.session_state[record_key(at, case.case_no, field)] = value
    at = at.run().button(key="record_submit").click().run()
    assert not at.exception
    return at


def told_red(at):
    return data_of(at, "queue_list")["red"]


def alarm_of(office):
    with office.here.db.read() as session:
        return session.scalars(select(RedEvent).where(RedEvent.case_id == office.red.id)).one()


def fact_lines(at):
    return [line for block in blocks_of(at, "facts") for line in block["rows"]]


def test_a_red_event_is_told_above_the_queue_to_whoever_may_acknowledge_it(office):
    told = told_red(queue(office))
    assert told["title"] == "■ 1 起红色事件待确认"
    (line,) = told["rows"]
    assert line["number"] == office.red.case_no
    assert line["text"] == "安仁镇 系统 登记"
    assert line["view"] == RED_VIEW
    assert told["words"]["act"] == "确认并填写应急处置"
    assert told_red(queue(office, Role.TOWN, unit=office.world.town_a, name="站长")) == told


@pytest.mark.parametrize(
    ("role", "unit"),
    [(Role.LEADER, "county"), (Role.JUSTICE, "county"), (Role.TOWN, "town_b")],
)
def test_others_are_told_of_none(office, role, unit):
    place = unit if unit == "county" else getattr(office.world, unit)
    assert told_red(queue(office, role, unit=place, name="别人")) is None


def test_who_searches_is_told_all_the_same(office):
    at = queue(office)
    at.text_input(key="search").set_value(office.blue.case_no).run()
    assert told_red(at)["rows"][0]["number"] == office.red.case_no


def test_the_button_opens_the_form_with_the_acknowledgement_chosen(office):
    at = queue(office)
    # What a click in the list comes to, before the page is drawn.
    at.query_params["case"] = office.red.case_no
    at.session_state["drawer_view"] = RED_VIEW
    at.run()
    assert not at.exception
    assert at.session_state["drawer_view"] == "records"
    assert at.session_state[record_key(at, office.red.case_no, "errand")] == Errand.ACKNOWLEDGE
    assert at.button(key="record_submit").label == "记录:确认红色事件"


def test_acknowledging_takes_one_click_and_then_asks_for_the_response(office):
    at = drawer(office, office.red)
    assert "■ 红色事件,还没有人确认" in everything_sent(at)
    at = record(at, office.red, Errand.ACKNOWLEDGE)
    assert not at.error
    one = alarm_of(office)
    assert (one.acknowledged_by, one.ended_at) == (office.user.id, None)
    assert at.session_state[record_key(at, office.red.case_no, "errand")] == Errand.RESPOND
    assert told_red(at) is None
    assert "还没有人确认" not in everything_sent(at)


def test_the_response_is_recorded_with_person_time_and_measures_and_ends(office):
    at = drawer(office, office.red)
    at = record(at, office.red, Errand.RESPOND, responsible=office.user.id, note=MEASURES)
    assert not at.error
    assert alarm_of(office).acknowledged_by == office.user.id
    (text,) = [text for label, text in fact_lines(at) if label == "应急处置"]
    assert text.startswith("周值班 负责,")
    assert MEASURES in text
    reader = drawer(office, office.red, Role.LEADER, view="facts", name="领导")
    assert MEASURES in everything_sent(reader)
    assert "王小明" not in everything_sent(reader)
    at = drawer(office, office.red, name="第二人")
    at = record(at, office.red, Errand.END_RESPONSE, note="双方已离开现场")
    assert not at.error
    with office.here.db.read() as session:
        (done,) = session.scalars(select(EmergencyResponse)).all()
    assert done.ended_by == office.user.id
    assert any("结束" in text for label, text in fact_lines(at) if label == "应急处置")
    timeline = drawer(office, office.red, view="timeline", name="第三人")
    said = [line["text"] for block in blocks_of(timeline, "timeline") for line in block["rows"]]
    assert said[0].startswith("应急处置结束: 周值班: ")
    assert said[1].startswith("记录应急处置: 周值班: ")


def test_a_response_without_a_person_is_refused_beside_what_was_typed(office):
    office.world.user("站长", role=Role.TOWN, unit=office.world.town_a)
    at = record(drawer(office, office.red), office.red, Errand.RESPOND, note=MEASURES)
    assert at.error[0].value.startswith("负责人")
    assert at.session_state[record_key(at, office.red.case_no, "note")] == MEASURES
    assert alarm_of(office).acknowledged_at is None


def test_a_case_that_turns_dangerous_is_judged_red_and_told_above_the_queue(office):
    at = drawer(office, office.blue)
    offered = [option.content for group in at.get("button_group") for option in group.proto.options]
    assert "评定风险" in offered
    assert "确认红色事件" not in offered
    at = record(at, office.blue, Errand.ASSESS, risk=Risk.RED, note="现场有人持械,已报警")
    assert not at.error
    assert {line["number"] for line in told_red(at)["rows"]} == {
        office.red.case_no,
        office.blue.case_no,
    }
    timeline = drawer(office, office.blue, view="timeline", name="第二人")
    said = [line["text"] for block in blocks_of(timeline, "timeline") for line in block["rows"]]
    assert said[0] == "评定风险: 蓝色风险 → 红色风险"


def test_lowering_the_risk_ends_the_event_on_every_screen(office):
    at = drawer(office, office.red)
    at = record(at, office.red, Errand.ASSESS, risk=Risk.YELLOW, note="事态已平息,无冲突风险")
    assert not at.error
    assert alarm_of(office).ended_by == office.user.id
    assert told_red(at) is None
    assert any("解除" in text for label, text in fact_lines(at) if label == "红色事件")
    with office.here.db.read() as session:
        assert session.get(Case, (office.red.county_id, office.red.id)).risk == Risk.YELLOW


def test_what_a_late_refresh_brings_along_takes_nothing_back(office):
    """A refresh that the browser asked for before it heard of the record carries the old fields."""
    at = drawer(office, office.red)
    before = record_key(at, office.red.case_no, "errand")
    at = record(at, office.red, Errand.ACKNOWLEDGE)
    at.session_state[before] = Errand.ACKNOWLEDGE
    at = at.run()
    assert at.session_state[record_key(at, office.red.case_no, "errand")] == Errand.RESPOND
    assert at.button(key="record_submit").label == "记录:记录应急处置"
