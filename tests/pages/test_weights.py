"""The weights' page: the table in force, one looked at and applied, one to come withdrawn."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data_access.tables import Case, StoredWeights
from domain.cases import Difficulty, Stage
from domain.clocks import day_of
from domain.people import Role
from tests.desk import data_of, everything_sent
from ui import clock

WEIGHTS = "../../pages/admin/weights.py"
REASON = "县综治委会议决定"


def page(desk, role=Role.CENTRE_ADMIN):
    at = desk.sign_in(role)
    at.run()
    return at.switch_page(WEIGHTS).run()


def field(at, kind, name):
    """A field of the form by its name, whatever round it is of."""
    (found,) = [
        one
        for one in getattr(at, kind)
        if one.key.startswith("weights_") and one.key.rpartition("_")[0] == f"weights_{name}"
    ]
    return found


def press(at, key):
    return at.button(key=key).click().run()


def stored(desk):
    with desk.here.db.read() as session:
        return session.scalars(select(StoredWeights).order_by(StoredWeights.version)).all()


def weights(desk):
    with desk.here.db.read() as session:
        return session.scalars(select(Case.weight).order_by(Case.id)).all()


def tables_with(at, head):
    """The rows of every table whose head begins so."""
    views = data_of(at, "import_view")
    return [
        [row["cells"] for row in block["rows"]]
        for view in views
        for block in view["blocks"]
        if block["kind"] == "table" and block["head"][0] == head
    ]


def enter(at, *, later=0):
    press(at, "weights_new")
    field(at, "number_input", f"difficulty_{Difficulty.ORDINARY}").set_value(1.5)
    field(at, "number_input", f"stage_{Stage.FOLLOW_UP}").set_value(0.5)
    field(at, "multiselect", "types").set_value(["0402"]).run()
    field(at, "number_input", "type_0402").set_value(1.2)
    field(at, "date_input", "from").set_value(day_of(clock.now()) + timedelta(days=later)).run()
    return press(at, "weights_look")


def apply(at):
    field(at, "text_input", "reason").set_value(REASON)
    return press(at, "weights_apply")


@pytest.mark.parametrize("role", Role)
def test_the_page_is_for_who_keeps_the_rules(desk, role):
    at = desk.sign_in(role)
    at.run()
    if role in {Role.CENTRE_ADMIN, Role.SYSTEM_ADMIN}:
        at.switch_page(WEIGHTS).run()
        assert not at.exception
        assert "简易 0.5、一般 1、" in everything_sent(at)
        return
    with pytest.raises(ValueError, match="weights"):
        at.switch_page(WEIGHTS).run()


def test_a_table_is_looked_at_with_every_load_and_then_applied(desk):
    mediator = desk.world.mediator("张建国", full_time=True)
    desk.world.case(mediator_id=mediator, type_code="0402")
    desk.world.case(mediator_id=mediator, type_code="0402", difficulty=Difficulty.MAJOR)
    at = enter(page(desk))
    assert not at.exception
    sent = everything_sent(at)
    assert "预览:还没有改动" in sent
    assert "一般 1.5" in sent
    assert "×1.20" in sent
    # 10 -> 18 and 40 -> 48 tenths on one full place.
    committees, people, *all_of_them = tables_with(at, "名称")
    assert people == [["张建国(和众社区调委会)", "5.00", "6.60"]]
    assert committees == [["和众社区调委会", "5.00", "6.60"]]
    assert all_of_them == [committees, people]
    assert (stored(desk), weights(desk)) == ([], [10, 40])
    apply(at)
    assert not at.error
    assert not at.exception
    (row,) = stored(desk)
    assert row.weights["type"] == {"0402": 120}
    assert row.weights["stage"] == {Stage.FOLLOW_UP: 50}
    assert weights(desk) == [18, 48]
    sent = everything_sent(at)
    assert REASON in sent
    assert "第 2 版" in sent


def test_what_changed_after_the_preview_is_shown_again_and_nothing_is_applied(desk):
    at = enter(page(desk))
    mediator = desk.world.mediator("张建国", full_time=True)
    desk.world.case(mediator_id=mediator)
    apply(at)
    assert "重新预览" in at.error[0].value
    assert stored(desk) == []
    assert tables_with(at, "名称")
    apply(at)
    assert weights(desk) == [18]


def test_refusals_stand_beside_the_form_and_what_was_entered_stays(desk):
    at = page(desk)
    press(at, "weights_new")
    press(at, "weights_look")
    assert "与现有的完全相同" in at.error[0].value
    field(at, "number_input", "cross_town").set_value(1.3)
    press(at, "weights_look")
    press(at, "weights_apply")
    assert "必填" in at.error[0].value
    assert stored(desk) == []
    press(at, "weights_cancel")
    assert at.button(key="weights_new")
    assert not [one for one in at.button if one.key == "weights_apply"]


def test_the_proposed_factors_fill_the_form(desk):
    at = page(desk)
    press(at, "weights_new")
    press(at, "weights_propose")
    assert field(at, "number_input", "people").value == pytest.approx(0.35)
    assert field(at, "number_input", "repeated").value == pytest.approx(1.25)
    press(at, "weights_look")
    apply(at)
    (row,) = stored(desk)
    assert (row.weights["people_exponent"], row.weights["cross_town"]) == (35, 130)


def test_a_table_to_come_is_withdrawn_for_a_reason(desk):
    mediator = desk.world.mediator("张建国", full_time=True)
    desk.world.case(mediator_id=mediator)
    at = enter(page(desk), later=5)
    assert "按今天在办的案件估计" in everything_sent(at)
    apply(at)
    assert weights(desk) == [10]
    press(at, "weights_withdraw_2")
    press(at, "weights_withdraw")
    assert at.error
    assert stored(desk)[0].withdrawn_at is None
    field(at, "text_input", "why_2").set_value("会议改期再定")
    press(at, "weights_withdraw")
    assert stored(desk)[0].withdrawn_at is not None
    assert "已撤下" in everything_sent(at)
