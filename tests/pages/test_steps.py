"""The forms for steps: each with its needs, refusals beside what was typed, nothing changed."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data_access.commands.steps import take_step
from data_access.reference import load_calendar
from data_access.tables import Case, CaseEvent
from domain.cases import Stage
from domain.clocks import day_of
from domain.people import Role
from domain.transitions import (
    TRANSITIONS,
    Action,
    AgreementForm,
    Given,
    Need,
    Supervision,
    last_day_to_confirm,
)
from tests.desk import QUEUE, somebody_else_moves
from ui import clock

WHY = "当事人已经当面说清"


@pytest.fixture
def office(desk):
    desk.holder = desk.world.mediator("原承办")
    now = clock.now()
    open_case = {
        "stage_since": now - timedelta(days=1),
        "registered_at": now - timedelta(days=1),
        "due_at": now + timedelta(days=5),
        "soon_at": now + timedelta(days=4),
        "occurred_on": day_of(now),
    }
    desk.held = desk.world.case(mediator_id=desk.holder, parties=("王小明",), **open_case)
    desk.waiting = desk.world.case(parties=("李大华",), stage=Stage.REGISTERED, **open_case)
    return desk


def form(office, case, role=Role.DUTY, **over):
    """The drawer of a case at the steps, as a new person sees it."""
    at = office.sign_in(role, **over)
    at.run()
    at.query_params["case"] = case.case_no
    at.session_state["drawer_view"] = "steps"
    return at.switch_page(QUEUE).run()


def choose(at, case, action, **typed):
    at.session_state[f"step_action_{case.case_no}"] = action
    for field, value in typed.items():
        at.session_state[f"step_{field}_{case.case_no}"] = value
    return at.run()


def submit(at):
    at = at.button(key="step_submit").click().run()
    assert not at.exception
    return at


def row(office, case):
    with office.here.db.read() as session:
        return session.get(Case, (case.county_id, case.id))


def kept(at, case, field):
    return at.session_state[f"step_{field}_{case.case_no}"]


_INPUTS = ("text_area", "text_input", "date_input", "number_input", "selectbox", "button_group")


def offered(at):
    """The names of the steps that are open, as the browser gets them."""
    groups = [one for one in at.get("button_group") if one.proto.label == "下一步"]
    return [option.content for one in groups for option in one.proto.options]


def test_what_one_may_do_is_offered_and_why_the_rest_is_closed(office):
    at = form(office, office.held)
    assert "达成协议" in offered(at)
    assert "受理" not in offered(at)
    assert "同意延期" not in offered(at)
    said = [text.value for text in at.text]
    assert "同意延期:没有待审核的延期申请" in said
    assert "解除督办:案件没有被督办" in said


def test_a_mediator_works_on_the_case_and_to_park_or_supervise_it_is_for_others(office):
    mine = form(office, office.held, Role.MEDIATOR, unit=None, mediator_id=office.holder)
    assert "达成协议" in offered(mine)
    assert not {"挂账", "督办", "并入另一件"} & set(offered(mine))
    assert "督办:您的岗位没有这项权限" in [text.value for text in mine.text]


@pytest.mark.parametrize(
    "action", [one for one in Action if Stage.IN_MEDIATION in TRANSITIONS[one].sources]
)
def test_each_form_asks_for_its_needs_and_for_nothing_else(office, action):
    given = Given(note=WHY, days=1, level=Supervision.RED)
    before = {
        Action.RESUME: (Action.PARK, Given(note=WHY, until=day_of(clock.now()) + timedelta(9))),
        Action.GRANT_EXTENSION: (Action.ASK_EXTENSION, given),
        Action.REFUSE_EXTENSION: (Action.ASK_EXTENSION, given),
        Action.END_SUPERVISION: (Action.SUPERVISE, given),
    }.get(action)
    if before:
        somebody_steps(office, before[0], before[1])
    at = choose(form(office, office.held), office.held, action)
    number = office.held.case_no
    asked = {
        key.removeprefix("step_").removesuffix(f"_{number}")
        for key in (node.key for kind in _INPUTS for node in at.get(kind))
        if key and key.startswith("step_") and key.endswith(number)
    }
    needs = {need.value for need in TRANSITIONS[action].needs}
    assert asked - {"action"} == needs | {"note"}
    (note,) = [one for one in at.text_area if one.key == f"step_note_{number}"]
    assert ("必填" in note.label) is (Need.NOTE in TRANSITIONS[action].needs)


def somebody_steps(office, action, given):
    done = take_step(
        office.here.db,
        case_no=office.held.case_no,
        action=action,
        given=given,
        expected_version=row(office, office.held).version,
        actor=office.world.actor("李站长"),
        now=clock.now(),
        key=f"other {action}",
    )
    office.here.watcher.look()
    return done


def agreed(office, type_code, *, days_ago):
    """A written agreement of some days ago, with all the time in the world to arrange it."""
    return office.world.case(
        mediator_id=office.holder,
        stage=Stage.AGREEMENT,
        type_code=type_code,
        outcome_code="O01",
        agreement_form=AgreementForm.WRITTEN,
        agreed_on=day_of(clock.now()) - timedelta(days_ago),
        due_at=clock.now() + timedelta(90),
    )


@pytest.mark.parametrize(("days_ago", "over"), [(3, False), (60, True)])
def test_the_last_day_to_apply_for_confirmation_is_said_at_the_step(office, days_ago, over):
    case = agreed(office, "0402", days_ago=days_ago)
    at = choose(form(office, case), case, Action.APPLY_CONFIRMATION)
    with office.here.db.read() as session:
        last = last_day_to_confirm(case.agreed_on, load_calendar(session))
    (said,) = [text.value for text in at.text if str(last) in text.value]
    assert str(case.agreed_on) in said
    assert ("届满" in said) is over
    assert not at.info


@pytest.mark.parametrize(("type_code", "word"), [("0101", "身份关系"), ("0902", "确权")])
def test_what_a_court_would_not_confirm_is_a_hint_and_closes_nothing(office, type_code, word):
    case = agreed(office, type_code, days_ago=3)
    at = choose(form(office, case), case, Action.APPLY_CONFIRMATION)
    assert word in at.info[0].value
    at = submit(at)
    assert row(office, case).stage is Stage.CONFIRMATION


def test_who_asked_for_more_time_is_told_that_another_answers(office):
    at = form(office, office.held)
    at = submit(choose(at, office.held, Action.ASK_EXTENSION, note=WHY))
    assert row(office, office.held).extension_asked == 1
    at.session_state["drawer_view"] = "steps"
    at = at.run()
    assert not {"同意延期", "不同意延期"} & set(offered(at))
    assert "同意延期:是您自己申请的延期,请由另一位审核" in [text.value for text in at.text]


def test_a_step_is_taken_and_told(office):
    at = form(office, office.held)
    choose(at, office.held, Action.SETTLE, form=AgreementForm.ORAL)
    at = submit(at)
    assert not at.error
    assert "达成协议" in at.toast[0].value
    assert row(office, office.held).stage is Stage.AGREEMENT


def test_who_accepts_a_case_is_led_to_its_assignment(office):
    at = submit(choose(form(office, office.waiting), office.waiting, Action.ACCEPT))
    assert row(office, office.waiting).stage is Stage.ACCEPTED
    assert at.session_state["drawer_view"] == "reassign"
    assert "确认指派" in at.button(key="reassign_submit").label


@pytest.mark.parametrize(
    ("action", "typed", "message"),
    [
        (Action.SETTLE, {"note": "双方当面说清了"}, "协议形式"),
        (Action.FAIL, {"note": "双方各不相让"}, "结果"),
        (Action.WITHDRAW, {"note": "短"}, "太短"),
        (Action.MERGE, {"note": WHY, "other_case": "D2020-00001"}, "保留的案件编号"),
        (Action.SUPERVISE, {"note": WHY}, "督办级别"),
        (Action.ASK_EXTENSION, {"note": WHY, "days": 99}, "延长"),
    ],
)
def test_a_refused_step_says_why_changes_nothing_and_keeps_what_was_typed(
    office, action, typed, message
):
    at = submit(choose(form(office, office.held), office.held, action, **typed))
    assert message in at.error[0].value
    assert row(office, office.held).version == 1
    assert {field: kept(at, office.held, field) for field in typed} == typed
    assert kept(at, office.held, "action") == action
    # What was missing is added, and it goes on from there.
    at = submit(choose(at, office.held, Action.WITHDRAW, note=WHY))
    assert row(office, office.held).stage is Stage.CLOSED


def test_who_comes_second_hears_it_keeps_what_was_typed_and_may_try_again(office):
    at = choose(form(office, office.held), office.held, Action.WITHDRAW, note=WHY)
    somebody_steps(office, Action.SUPERVISE, Given(note="群众反映强烈", level=Supervision.RED))
    at = submit(at)
    assert "李站长" in at.error[0].value
    assert "督办" in at.error[0].value
    assert row(office, office.held).stage is Stage.IN_MEDIATION
    assert kept(at, office.held, "note") == WHY
    at = submit(at)
    assert row(office, office.held).stage is Stage.CLOSED


def test_a_step_that_is_no_longer_ones_own_is_refused(office):
    """Given to somebody else between the draw and the click."""
    at = form(office, office.held, Role.MEDIATOR, unit=None, mediator_id=office.holder)
    choose(at, office.held, Action.WITHDRAW, note=WHY)
    other = office.world.mediator("另一位")
    somebody_else_moves(office, office.held, other)
    at = at.button(key="step_submit").click().run()
    assert not at.exception
    assert row(office, office.held).stage is Stage.IN_MEDIATION
    with office.here.db.read() as session:
        kinds = session.scalars(
            select(CaseEvent.kind).where(CaseEvent.case_id == office.held.id)
        ).all()
    assert "withdrawn" not in kinds
