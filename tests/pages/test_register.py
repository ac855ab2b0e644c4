"""The registration page: duplicates while typing, on the spot, what a refusal keeps."""

import pytest
from sqlalchemy import select

from data_access.tables import Case, CaseEvent, Party
from domain.cases import Stage
from domain.clocks import day_of
from domain.people import Role
from tests.desk import everything_sent
from ui import clock

REGISTER = "../../pages/desk/register.py"


@pytest.fixture
def office(desk):
    desk.there = desk.world.case(
        parties=("王小明",), phones=("13800000001",), occurred_on=day_of(clock.now())
    )
    return desk


def page(office, role=Role.GRID_WORKER, **over):
    over.setdefault("unit", office.world.grid_a)
    at = office.sign_in(role, **over)
    at.run()
    return at.switch_page(REGISTER).run()


def fill_in(at, **typed):
    given = {"title": "楼上漏水", "type": "0402", "name0": "赵六", "name1": "钱七"} | typed
    for name, value in given.items():
        if value is not None:
            at.session_state[f"register_0_{name}"] = value
    return at.run()


def submit(at):
    at = at.button(key="register").click().run()
    assert not at.exception
    return at


def kept(at, name):
    return at.session_state[f"register_0_{name}"]


def cases(office):
    with office.here.db.read() as session:
        return session.scalars(select(Case).order_by(Case.id)).all()


def test_a_grid_worker_registers_in_their_own_grid_without_choosing_it(office):
    at = submit(fill_in(page(office)))
    assert not at.error
    _there, new = cases(office)
    assert (new.stage, new.grid_id) == (Stage.REGISTERED, office.world.grid_a)
    assert new.case_no in at.success[0].value.replace("\\", "")
    with office.here.db.read() as session:
        parties = session.scalars(select(Party).where(Party.case_id == new.id)).all()
    assert len(parties) == 2


def test_what_is_settled_on_the_spot_goes_to_the_archive_in_one_step(office):
    at = fill_in(page(office), on_the_spot=True)
    assert at.button(key="register").label == "登记并结案"
    at = fill_in(at, settled="双方当场说清,互相道歉")
    at = submit(at)
    new = cases(office)[-1]
    assert (new.stage, new.outcome_code, new.is_open) == (Stage.CLOSED, "O02", 0)
    with office.here.db.read() as session:
        kinds = session.scalars(
            select(CaseEvent.kind).where(CaseEvent.case_id == new.id).order_by(CaseEvent.seq)
        ).all()
    assert kinds == ["registered", "on_the_spot"]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"title": ""}, "事件名称"),
        ({"type": None}, "纠纷类型"),
        ({"name0": "", "name1": ""}, "当事人"),
        ({"phone1": "12"}, "第 2 位当事人的联系电话"),
        ({"identity0": "510129199001010012"}, "第 1 位当事人的证件号码"),
        ({"on_the_spot": True}, "当场化解情况"),
        ({"on_the_spot": True, "settled": "短"}, "当场化解情况:太短"),
    ],
)
def test_a_refusal_says_which_field_registers_nothing_and_keeps_what_was_typed(
    office, typed, message
):
    at = submit(fill_in(page(office), **typed))
    assert message in at.error[0].value.replace("\\", "")
    assert len(cases(office)) == 1
    expected = {"title": "楼上漏水", "name0": "赵六", "name1": "钱七"} | typed
    for name, value in expected.items():
        if value is not None:
            assert kept(at, name) == value, name


def test_what_may_be_registered_already_is_shown_while_it_is_typed_with_names_masked(office):
    at = fill_in(page(office), type=None, name0="王小明", name1="")
    assert "可能已经登记过" in at.warning[0].value
    sent = everything_sent(at)
    assert office.there.case_no in sent
    assert "王某某" in sent
    assert "当事人同名" in sent
    at = fill_in(at, type="0402", name0="别人")
    # Now only the grid and the type agree.
    assert "同网格同类型" in everything_sent(at)


def test_nothing_is_shown_of_another_grid(office):
    at = fill_in(page(office, unit=office.world.grid_b), name0="王小明")
    assert not at.warning
    assert office.there.case_no not in everything_sent(at)


def test_the_next_one_begins_with_an_empty_form(office):
    at = submit(fill_in(page(office)))
    at = at.button(key="register_again").click().run()
    assert at.text_input(key="register_1_title").value == ""
    assert not at.success


def test_who_may_not_register_has_no_form(office):
    at = office.sign_in(Role.LEADER, unit="county")
    at.run()
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        at.switch_page(REGISTER)
