"""The sandbox: putting in, proposing, setting by hand, committing, taking back, handing back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from data_access import reckoning
from data_access.commands.reassign import reassign_case
from data_access.tables import Case, MediatorRelation, ReassignBatch
from data_access.vault import Indexed
from domain.balancing import Mode
from domain.batches import BatchMode
from domain.cases import ReassignReason
from domain.people import Role
from tests.desk import data_of, everything_sent, somebody_else_moves
from ui import clock, sandbox_ask, sandbox_state
from ui.queue_marks import SANDBOX

PAGE = "../../pages/desk/reassign.py"
KIN = "990129199001010011"
PARTIES = ("王小明", "李大华")


@pytest.fixture
def office(desk):
    """Three cases of somebody, two colleagues, and a relative who may have none of them."""
    world = desk.world
    desk.away = world.mediator("请假的人")
    desk.first = world.mediator("甲同事")
    desk.second = world.mediator("乙同事")
    desk.kin = world.mediator("亲属")
    world.add(
        MediatorRelation(
            mediator_id=desk.kin,
            person_index=desk.here.db.vault.index(KIN, Indexed.IDENTITY),
            kind="kin",
            disclosed_on=clock.now().date(),
        )
    )
    now = clock.now()
    desk.cases = [
        world.case(
            mediator_id=desk.away,
            identities=(KIN,),
            parties=PARTIES,
            registered_at=now - timedelta(days=3),
            stage_since=now - timedelta(days=3),
            due_at=now + timedelta(days=day),
            soon_at=now + timedelta(days=day - 1),
        )
        for day in (2, 4, 6)
    ]
    return desk


def page(office, role=Role.DUTY, *, numbers=None, **over):
    at = office.sign_in(role, **over)
    at.run()
    if numbers:
        at.session_state[SANDBOX] = tuple(numbers)
    at.switch_page(PAGE).run()
    assert not at.exception
    return at


def full(office, **over):
    return page(office, numbers=[one.case_no for one in office.cases], **over)


def proposed(office, mode=Mode.ABSENCE):
    """The page with a plan that spreads what the one who is away holds."""
    at = full(office)
    at.segmented_control(key="sandbox_mode").set_value(mode).run()
    if mode is Mode.ABSENCE:
        at.multiselect(key="sandbox_away").set_value([office.away]).run()
    at.button(key="sandbox_propose").click().run()
    arrived(at)
    assert not at.exception
    return at


def arrived(at):
    """Wait for a plan that is still on its way in its own process."""
    box = at.session_state["sandbox"]
    if box.reckoning is not None:
        assert box.reckoning.wait(30)
        at.run()


def plan(at):
    return data_of(at, "sandbox_plan")


def committed(at, note="请假期间由他人代办"):
    at.text_input(key="sandbox_note").set_value(note).run()
    at.button(key="sandbox_submit").click().run()
    assert not at.exception
    return at


def said(element):
    """What people read: without what keeps it from being Markdown."""
    return element.value.replace("\\", "")


def holders(office):
    with office.here.db.read() as session:
        rows = session.execute(select(Case.case_no, Case.mediator_id)).all()
    return dict(rows)


@pytest.mark.parametrize("role", [Role.LEADER, Role.MEDIATOR, Role.WALL, Role.COURT])
def test_who_moves_no_case_has_no_sandbox(office, role):
    at = office.sign_in(role)
    at.run()
    with pytest.raises(ValueError, match="reassign"):
        at.switch_page(PAGE)


def test_the_next_person_in_the_same_tab_finds_nothing_of_what_was_there(office):
    at = proposed(office)
    at.text_input(key="sandbox_note").set_value("请假期间由他人代办").run()
    office.sign_in(Role.DUTY, name="第二位")
    office.world.case()
    office.here.watcher.look()
    at.run()
    assert "改派台里还没有案件" in at.info[0].value
    assert "sandbox_note" not in at.session_state
    assert not any(one.case_no in everything_sent(at) for one in office.cases)


def test_a_reach_that_became_another_reads_the_cases_anew(office):
    at = proposed(office)
    at.session_state["sandbox"] = replace(at.session_state["sandbox"], scope="t1")
    at.run()
    box = at.session_state["sandbox"]
    assert (box.plan, len(box.planning.rows)) == (None, 3)


def test_an_empty_sandbox_says_how_cases_come_in(office):
    at = page(office)
    assert "改派台里还没有案件" in at.info[0].value
    assert not [one for one in at.button if one.key == "sandbox_propose"]


def test_somebodys_open_cases_are_put_in_by_name(office):
    at = page(office)
    at.selectbox(key="sandbox_person").set_value(office.away).run()
    assert at.subheader[0].value == "放入 3 件"
    assert at.session_state["sandbox"].numbers == tuple(one.case_no for one in office.cases)
    at.button(key="sandbox_clear").click().run()
    assert "改派台里还没有案件" in at.info[0].value


def test_a_plan_shows_everybody_before_and_after_and_no_partys_name(office):
    at = proposed(office)
    people = {one["name"]: one for one in plan(at)["people"]}
    assert set(people) == {"请假的人", "甲同事", "乙同事"}
    assert people["请假的人"]["cases"] == "0 件(-3)"
    moves = [move for one in people.values() for move in one["moves"]]
    assert {move["number"] for move in moves} == {one.case_no for one in office.cases}
    assert all(move["from"] == "原承办 请假的人" for move in moves)
    assert "亲属" not in people
    sent = everything_sent(at)
    assert not any(name in sent for name in (*PARTIES, KIN))
    assert holders(office) == {one.case_no: office.away for one in office.cases}


def test_a_commit_is_what_was_shown(office):
    at = proposed(office)
    shown = {move["number"]: one["id"] for one in plan(at)["people"] for move in one["moves"]}
    committed(at)
    assert holders(office) == shown
    assert [one.value for one in at.toast][-1].startswith("已改派 3 件")
    with office.here.db.read() as session:
        batch = session.scalars(select(ReassignBatch)).one()
    assert (batch.mode, batch.name.endswith("请假的人离岗")) == (BatchMode.ABSENCE, True)
    assert "改派台里还没有案件" in at.info[0].value


def test_what_changed_in_between_is_told_and_nothing_is_moved(office):
    at = proposed(office)
    touched = office.cases[0]
    somebody_else_moves(office, touched, office.first)
    at.run()
    assert touched.case_no in said(at.warning[0])
    committed(at)
    assert f"{touched.case_no}:刚有人办理过" in said(at.error[0])
    left = {one.case_no: office.away for one in office.cases[1:]}
    assert holders(office) == left | {touched.case_no: office.first}
    # The cases stay, to be planned anew.
    assert at.subheader[0].value == "放入 3 件"


def test_a_load_that_changed_in_between_is_told_and_nothing_is_moved(office):
    """Two heads must not fill one person from two sandboxes, each seeing room."""
    at = proposed(office)
    office.world.case(mediator_id=office.first)
    office.here.watcher.look()
    name = next(one["name"] for one in plan(at)["people"] if one["id"] == office.first)
    at.run()
    assert f"{name} 的在办、请假或任职在此期间变了" in said(at.warning[0])
    committed(at)
    assert f"{name} 的在办、请假或任职在此期间变了" in said(at.error[0])
    assert {one.case_no for one in office.cases} == {
        number for number, holder in holders(office).items() if holder == office.away
    }


def test_a_commit_without_a_note_keeps_the_plan(office):
    at = proposed(office)
    at.button(key="sandbox_submit").click().run()
    assert "说明" in at.error[0].value
    assert len(plan(at)["people"]) == 3
    assert set(holders(office).values()) == {office.away}


def test_an_old_plan_cannot_be_committed(office, monkeypatch):
    at = proposed(office)
    later = clock.now() + sandbox_state.EXPIRES_AFTER + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    at.run()
    assert "超过 30 分钟" in at.warning[0].value
    assert at.button(key="sandbox_submit").disabled


def test_a_case_is_given_by_hand_to_who_may_have_it(office):
    at = full(office)
    case = office.cases[0]
    at.selectbox(key="sandbox_hand_case").set_value(case.id).run()
    offered = at.selectbox(key="sandbox_hand_to")
    assert len(offered.options) == 2
    assert not any("亲属" in option or "请假的人" in option for option in offered.options)
    offered.set_value(office.second).run()
    at.button(key="sandbox_hand_set").click().run()
    (move,) = [move for one in plan(at)["people"] for move in one["moves"]]
    assert move["number"] == case.case_no
    at.button(key="sandbox_restore").click().run()
    assert [one["moves"] for one in plan(at)["people"]] == []


def given_by_hand(at, office, to):
    at.selectbox(key="sandbox_hand_case").set_value(office.cases[0].id).run()
    at.selectbox(key="sandbox_hand_to").set_value(to).run()
    at.button(key="sandbox_hand_set").click().run()
    assert not at.exception


@pytest.fixture
def large(monkeypatch):
    """As in a county whose plans take too long to be weighed in the server."""
    monkeypatch.setattr(reckoning, "_FEW", 0)
    # However busy this machine is.
    monkeypatch.setattr(sandbox_ask, "_WEIGHED_SECONDS", 60.0)


@pytest.fixture
def slow(large, monkeypatch):
    """And longer than a click waits."""
    monkeypatch.setattr(sandbox_ask, "_WEIGHED_SECONDS", 0.0)


def test_a_case_given_by_hand_in_a_large_county_is_weighed_in_the_same_run(office, large):
    at = full(office)
    given_by_hand(at, office, office.second)
    (move,) = [move for one in plan(at)["people"] for move in one["moves"]]
    assert move["number"] == office.cases[0].case_no
    assert at.selectbox(key="sandbox_hand_case").value is None


def test_nothing_is_committed_while_a_change_is_weighed_and_it_can_be_called_off(office, slow):
    at = proposed(office)
    before = plan(at)
    moves = at.session_state["sandbox"].plan.assignment
    to = next(one for one in (office.first, office.second) if one != moves[office.cases[0].id])
    given_by_hand(at, office, to)
    assert plan(at) is None
    assert not [one for one in at.button if one.key == "sandbox_submit"]
    at.button(key="sandbox_cancel").click().run()
    assert plan(at) == before
    given_by_hand(at, office, to)
    arrived(at)
    assert at.session_state["sandbox"].plan.assignment == moves | {office.cases[0].id: to}
    assert at.session_state["sandbox_name"]
    committed(at)
    assert holders(office)[office.cases[0].case_no] == to


@pytest.mark.parametrize("where", ["here", "large", "slow"])
def test_what_may_not_be_is_refused_with_the_reason_and_changes_nothing(office, request, where):
    if where != "here":
        request.getfixturevalue(where)
    full_up = office.world.mediator("已满", capacity=0)
    at = proposed(office)
    before = plan(at)
    given_by_hand(at, office, full_up)
    arrived(at)
    (error,) = at.error
    assert said(error).startswith("这样改不行:")
    assert plan(at) == before
    assert at.button(key="sandbox_submit")


def test_what_goes_back_in_a_large_county_is_shown_when_it_is_there(office, slow):
    at = committed(proposed(office))
    batch_id = made(office)
    opened(at, batch_id)
    at.button(key=f"hand_back_{batch_id}").click().run()
    assert plan(at) is None
    arrived(at)
    people = {one["name"]: one["cases"] for one in plan(at)["people"]}
    assert people["请假的人"] == "3 件(+3)"
    committed(at, "已返岗,案件交还")
    assert set(holders(office).values()) == {office.away}


def made(office):
    with office.here.db.read() as session:
        return session.scalars(select(ReassignBatch.id)).one()


def opened(at, batch_id):
    """The batch's part of the page, unfolded."""
    at.session_state[f"batch_{batch_id}_False"] = True
    at.run()
    assert not at.exception
    return at


def test_a_batch_is_taken_back_but_for_what_was_touched_and_by_whom(office):
    at = committed(proposed(office))
    touched, batch_id = office.cases[0], made(office)
    held = holders(office)[touched.case_no]
    other = office.second if held == office.first else office.first
    reassign_case(
        office.here.db, case_no=touched.case_no, to_mediator_id=other,
        reason=ReassignReason.OTHER, note="住得更近", expected_version=2,
        actor=office.world.actor("李站长"), now=clock.now(), key="on",
    )  # fmt: skip
    office.here.watcher.look()
    opened(at, batch_id)
    assert "之后 李站长 办理过" in repr(at.dataframe[0].value)
    at.button(key=f"undo_batch_{batch_id}").click().run()
    assert not at.exception
    back = {one.case_no: office.away for one in office.cases[1:]}
    assert holders(office) == back | {touched.case_no: other}
    assert f"{touched.case_no} 之后有人办理过(李站长)" in said(at.warning[0])
    assert said(at.toast[-1]) == "已撤销:还给原承办人 2 件,留在原处 1 件。"


def test_what_an_absence_spread_is_handed_back_after_it(office):
    at = committed(proposed(office))
    batch_id = made(office)
    opened(at, batch_id)
    at.button(key=f"hand_back_{batch_id}").click().run()
    assert not at.exception
    people = {one["name"]: one["cases"] for one in plan(at)["people"]}
    assert people["请假的人"] == "3 件(+3)"
    committed(at, "已返岗,案件交还")
    assert set(holders(office).values()) == {office.away}
    with office.here.db.read() as session:
        modes = session.scalars(select(ReassignBatch.mode).order_by(ReassignBatch.id)).all()
    assert modes == [BatchMode.ABSENCE, BatchMode.HAND_BACK]


def test_nobody_plans_with_cases_out_of_their_reach(office):
    world = office.world
    foreign = world.case(town_id=world.town_b, community_id=world.community_b, grid_id=world.grid_b)
    at = page(
        office, Role.TOWN, unit=world.town_a, numbers=[foreign.case_no, office.cases[0].case_no]
    )
    rows = at.session_state["sandbox"].planning.rows.values()
    assert [row.case_no for row in rows] == [office.cases[0].case_no]


def test_the_slider_stands_where_the_plan_does_and_asks_for_another(office):
    now = clock.now()
    more = [
        office.world.case(
            mediator_id=office.away,
            stage_since=now,
            due_at=now + timedelta(days=5),
            soon_at=now + timedelta(days=4),
            weight=5,
        )
        for _number in range(4)
    ]
    at = page(office, numbers=[one.case_no for one in more])
    at.number_input(key="sandbox_budget").set_value(2).run()
    at.button(key="sandbox_propose").click().run()
    arrived(at)
    points = [one.moves for one in at.session_state["sandbox"].points]
    assert len(points) > 1
    slider = at.select_slider(key="sandbox_point")
    assert slider.value == len(at.session_state["sandbox"].plan.moves) == 2
    slider.set_value(1).run()
    arrived(at)
    assert len(at.session_state["sandbox"].plan.moves) == 1
    assert at.select_slider(key="sandbox_point").value == 1


def test_the_order_of_work_moves_nothing_and_says_why(office):
    at = full(office)
    at.segmented_control(key="sandbox_mode").set_value("worklist").run()
    assert not at.exception
    assert not [one for one in at.button if one.key == "sandbox_propose"]
    listed = at.dataframe[0].value
    # What is due in two days cannot be done in them any more, and drags no other over its day.
    first, *others = [one.case_no for one in office.cases]
    assert list(listed["案号"]) == [*others, first]
    assert list(listed["为什么"]) == ["还能按期", "还能按期", "已难按期"]
    assert "请假的人" in said(at.markdown[0])
