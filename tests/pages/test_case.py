"""The page of one case: what the drawer shows, in one view; merged cases and likely duplicates."""

from datetime import date, timedelta

import pytest

from data_access.commands.steps import take_step
from data_access.tables import Case
from domain.cases import Stage
from domain.clocks import day_of
from domain.people import Role
from domain.transitions import Action, Given, Supervision
from tests.desk import QUEUE, blocks_of, data_of, everything_sent
from ui import clock

PAGE = "../../pages/desk/case.py"
WHY = "两边是同一件事"


@pytest.fixture
def office(desk):
    world = desk.world
    desk.holder = world.mediator("原承办")
    # More time is asked for before the deadline.
    desk.case = world.case(
        mediator_id=desk.holder,
        parties=("王小明",),
        title="王小明家漏水",
        due_at=clock.now() + timedelta(days=3),
    )
    desk.same = world.case(parties=("王小明", "李大华"), type_code="0101")
    return desk


def page(office, number=None, role=Role.DUTY, **over):
    at = office.sign_in(role, **over)
    at.run()
    if number:
        at.query_params["no"] = number
    return at.switch_page(PAGE).run()


def go(at, number):
    """To another case, in the same browser."""
    at.query_params["no"] = number
    return at.run()


def step(office, case, action, **given):
    with office.here.db.read() as session:
        version = session.get(Case, (case.county_id, case.id)).version
    take_step(
        office.here.db,
        case_no=case.case_no,
        action=action,
        given=Given(note=WHY, **given),
        expected_version=version,
        actor=office.world.actor("李站长"),
        now=clock.now(),
        key=f"{action} {case.case_no}",
    )
    office.here.watcher.look()


def stage(office, case):
    with office.here.db.read() as session:
        return session.get(Case, (case.county_id, case.id)).stage


def linked(at):
    return {
        block["title"]: [row["number"] for row in block["rows"]]
        for block in blocks_of(at, "links")
        if block["title"]
    }


def test_everything_of_a_case_stands_on_one_page_with_names_masked(office):
    at = page(office, office.case.case_no)
    assert not at.exception
    (head,) = blocks_of(at, "head")
    assert head["number"] == office.case.case_no
    for kind in ("clock", "facts", "parties", "timeline"):
        assert blocks_of(at, kind), kind
    assert f"step_action_{office.case.case_no}" in [one.key for one in at.get("button_group")]
    assert "王小明" not in everything_sent(at)


def test_supervised_parked_and_an_extension_asked_stand_in_the_head_and_in_the_queue(office):
    step(office, office.case, Action.SUPERVISE, level=Supervision.RED)
    step(office, office.case, Action.ASK_EXTENSION, days=2)
    until = clock.now().date() + timedelta(days=9)
    step(office, office.same, Action.PARK, until=until)
    at = page(office, office.case.case_no)
    (head,) = blocks_of(at, "head")
    assert [one["text"] for one in head["cards"]] == ["红牌督办", "已申请延长 2 天,待审核"]
    (parked,) = blocks_of(go(at, office.same.case_no), "head")
    assert [one["sign"] for one in parked["cards"]] == ["parked"]
    at.switch_page(QUEUE).run()
    cards = {row["number"]: row["card"] for row in data_of(at, "queue_list")["rows"]}
    assert cards == {
        office.case.case_no: {"sign": "red", "text": "红牌督办"},
        office.same.case_no: None,
    }


def test_a_parking_that_is_over_is_noticed_in_the_head_and_first_in_the_queue(office):
    last = day_of(clock.now()) - timedelta(days=1)
    over = office.world.case(paused=1, parked_until=last, due_at=clock.now() + timedelta(days=90))
    at = page(office, over.case_no)
    (head,) = blocks_of(at, "head")
    assert (head["lamp"], head["clock"]) == ("parking_over", "◆ 挂账到期")
    assert [one["text"] for one in head["cards"]] == [f"挂账已于 {last} 到期,请恢复办理"]
    at.switch_page(QUEUE).run()
    queue = data_of(at, "queue_list")
    assert queue["rows"][0]["number"] == over.case_no
    assert queue["rows"][0]["clock"] == "◆ 挂账到期"
    assert {tab["stage"]: tab["over"] for tab in queue["tabs"]}["accepted"] == "◆1"


def test_where_a_case_went_stands_beside_what_its_mediation_came_to(office):
    step(office, office.case, Action.PARTY_REFUSES)
    step(office, office.case, Action.TELL_RIGHTS, day=day_of(clock.now()))
    step(office, office.case, Action.HAND_OVER, onward="O09")
    at = page(office, office.case.case_no)
    told = {name: value for block in blocks_of(at, "facts") for name, value in block["rows"]}
    assert told["结果"] == "一方明确拒绝,不予调解"
    assert told["移送去向"] == "引导诉讼(诉非对接/网上立案)"
    (history,) = blocks_of(at, "timeline")
    assert history["rows"][0]["text"] == "移交其他途径: 引导诉讼(诉非对接/网上立案)"


def test_why_the_deadline_is_read_when_it_is_asked_for(office):
    at = page(office, office.case.case_no)
    before = len(blocks_of(at, "timeline"))
    at.session_state["why"] = True
    at = at.run()
    assert len(blocks_of(at, "timeline")) == before + 1


@pytest.mark.parametrize("number", [None, "D2020-99999"])
def test_without_a_case_there_is_a_field_to_enter_one(office, number):
    at = page(office, number)
    at.text_input(key="case_wanted").set_value(office.case.case_no.lower()).run()
    (head,) = blocks_of(at, "head")
    assert head["number"] == office.case.case_no


def test_a_case_outside_the_scope_is_not_there(office):
    elsewhere = page(office, office.case.case_no, Role.TOWN, unit=office.world.town_b)
    nowhere = "找不到这件案件"
    assert nowhere in elsewhere.warning[0].value
    assert not blocks_of(elsewhere, "head")


def test_who_may_only_read_is_offered_no_form(office):
    at = page(office, office.case.case_no, Role.LEADER)
    assert blocks_of(at, "timeline")
    assert "step_submit" not in [button.key for button in at.button]
    assert not [one for one in at.get("button_group") if one.key == "case_form"]


def test_a_likely_duplicate_is_offered_and_merging_needs_only_its_reason(office):
    at = page(office, office.same.case_no)
    said = [row for block in blocks_of(at, "links") for row in block["rows"]]
    assert office.case.case_no in [row["number"] for row in said]
    assert any("王某某" in row["text"] and "当事人同名" in row["text"] for row in said)
    at.button(key=f"merge_into_{office.case.case_no}").click().run()
    assert at.text_input(key=f"step_other_case_{office.same.case_no}").value == office.case.case_no
    at.text_area(key=f"step_note_{office.same.case_no}").set_value(WHY)
    at.button(key="step_submit").click().run()
    assert not at.error
    assert stage(office, office.same) is Stage.CLOSED
    assert linked(at) == {"本案已并入": [office.case.case_no]}
    stays = go(at, office.case.case_no)
    assert linked(stays) == {"并入本案的案件(1)": [office.same.case_no]}


def test_the_drawer_tells_of_merged_cases_too_and_leads_to_the_page(office):
    step(office, office.same, Action.MERGE, other_case=office.case.case_no)
    at = office.sign_in(Role.DUTY)
    at.run()
    at.query_params["case"] = office.case.case_no
    at = at.switch_page(QUEUE).run()
    assert linked(at) == {"并入本案的案件(1)": [office.same.case_no]}
    ways = [row["address"] for block in blocks_of(at, "links") for row in block["rows"]]
    assert f"/case?no={office.case.case_no}" in ways


def test_an_undone_merging_is_told_on_both_pages_and_ties_them_no_more(office):
    step(office, office.same, Action.MERGE, other_case=office.case.case_no)
    at = page(office, office.same.case_no)
    at.session_state[f"step_action_{office.same.case_no}"] = Action.UNMERGE
    at.session_state[f"step_note_{office.same.case_no}"] = "当事人并非同一人"
    at.run()
    at.button(key="step_submit").click().run()
    assert not at.error
    assert stage(office, office.same) is Stage.ACCEPTED
    assert linked(at) == {}
    (told,) = blocks_of(at, "timeline")
    assert told["rows"][0]["text"] == f"撤销并案: {office.case.case_no}"
    stays = go(at, office.case.case_no)
    assert linked(stays) == {}
    (told,) = blocks_of(stays, "timeline")
    assert told["rows"][0]["text"] == f"并入的一件又分出: {office.same.case_no}"


def test_nothing_is_offered_from_outside_the_scope(office):
    world = office.world
    far = world.case(
        parties=("王小明",),
        town_id=world.town_b,
        community_id=world.community_b,
        grid_id=world.grid_b,
        occurred_on=date(2026, 3, 1),
    )
    at = page(office, office.same.case_no, Role.TOWN, unit=world.town_a)
    assert far.case_no not in everything_sent(at)
    assert office.case.case_no in everything_sent(at)
