"""The database goes away while it is asked: what is said is true, and a second try is safe."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from data_access import sessions
from data_access.engine import Database
from data_access.tables import Case
from domain.cases import ReassignReason, Stage
from domain.transitions import Action
from tests.desk import QUEUE, data_of


@pytest.fixture
def form(desk):
    """The form of a held case, filled in, as it stands before the button is pressed."""
    world = desk.world
    desk.first, desk.second = world.mediator("原承办"), world.mediator("李秀英")
    case = desk.case = world.case(mediator_id=desk.first)
    at = desk.sign_in()
    at.run()
    at.query_params["case"] = case.case_no
    at.session_state["drawer_view"] = "reassign"
    at.switch_page(QUEUE).run()
    at.session_state["mediator_chosen"] = desk.second
    at.selectbox(key=f"reason_{case.case_no}").set_value(ReassignReason.ABSENCE)
    return at.text_area(key=f"note_{case.case_no}").set_value("原承办人外出培训").run()


class Went(Exception):
    """What the driver says; a full disk has its name."""

    def __init__(self, name=""):
        super().__init__("gone")
        self.sqlite_errorname = name


def lost(monkeypatch, *, done, name=""):
    """The next write is done or not done, and in either case its answer does not arrive."""
    write = Database.write

    def lose(db, work, **more):
        monkeypatch.setattr(Database, "write", write)
        if done:
            write(db, work, **more)
        raise OperationalError("COMMIT", {}, Went(name))

    monkeypatch.setattr(Database, "write", lose)


def standing(desk):
    with desk.here.db.read() as session:
        return session.execute(select(Case.version, Case.mediator_id)).one()


@pytest.mark.parametrize("done", [True, False], ids=["it was done", "it was not done"])
def test_an_answer_that_is_lost_is_called_lost_and_asked_for_again(desk, form, monkeypatch, done):
    lost(monkeypatch, done=done)
    form.button(key="reassign_submit").click().run()
    assert not form.exception
    (said,) = [one.value for one in form.error]
    assert "不知道这一次办成没有" in said
    assert standing(desk).version == 1 + done
    # What was typed is there, and so is the key: the second press does nothing twice.
    assert form.text_area(key=f"note_{desk.case.case_no}").value == "原承办人外出培训"
    form.button(key="reassign_submit").click().run()
    assert "李秀英" in form.toast[0].value
    assert tuple(standing(desk)) == (2, desk.second)


@pytest.fixture
def step(desk):
    """The form of a held case's next step, as it stands before one is chosen."""
    desk.first = desk.world.mediator("原承办")
    desk.case = desk.world.case(mediator_id=desk.first)
    at = desk.sign_in()
    at.run()
    at.query_params["case"] = desk.case.case_no
    at.session_state["drawer_view"] = "steps"
    return at.switch_page(QUEUE).run()


def choose(at, desk, action, **typed):
    at.session_state[f"step_action_{desk.case.case_no}"] = action
    for field, value in typed.items():
        at.session_state[f"step_{field}_{desk.case.case_no}"] = value
    return at.run()


def test_another_step_after_a_lost_answer_hears_that_the_first_was_done(desk, step, monkeypatch):
    lost(monkeypatch, done=True)
    choose(step, desk, Action.SEND_BACK, note="承办人请求重新指派")
    step.button(key="step_submit").click().run()
    assert "不知道这一次办成没有" in step.error[0].value
    desk.here.watcher.look()
    step.run()
    choose(step, desk, Action.WITHDRAW, note="双方已自行和解")
    step.button(key="step_submit").click().run()
    (said,) = [one.value.replace("\\", "") for one in step.error]
    assert f"上一次提交已经办成:{desk.case.case_no}" in said
    assert standing(desk).version == 2
    assert step.session_state[f"step_note_{desk.case.case_no}"] == "双方已自行和解"
    # Having seen how it stands, the person decides: one more press is a step of its own.
    choose(step, desk, Action.WITHDRAW, note="双方已自行和解")
    step.button(key="step_submit").click().run()
    assert not step.error
    with desk.here.db.read() as session:
        assert session.scalar(select(Case.stage)) is Stage.CLOSED


def test_a_full_disk_is_called_by_its_name(desk, form, monkeypatch):
    lost(monkeypatch, done=False, name="SQLITE_FULL")
    form.button(key="reassign_submit").click().run()
    (said,) = [one.value for one in form.error]
    assert "磁盘已满" in said
    assert tuple(standing(desk)) == (1, desk.first)


def test_who_only_reads_reads_on_while_nothing_can_be_written(desk, form, monkeypatch):
    """That somebody was seen is written once a minute: it must not take their page away."""
    monkeypatch.setattr(sessions, "TOUCH_INTERVAL", timedelta(0))
    tried = []

    def fail(_db, _work, **_):
        tried.append(1)
        raise OperationalError("BEGIN", {}, Went("SQLITE_FULL"))

    monkeypatch.setattr(Database, "write", fail)
    form.run()
    assert tried
    assert not form.exception
    assert not form.error
    assert data_of(form, "queue_list")["rows"]
