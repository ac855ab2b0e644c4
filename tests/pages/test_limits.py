"""The limits' page: the table, a rule looked at and applied, one to come withdrawn."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data_access.tables import LimitRule, RuleChange
from domain.cases import Stage
from domain.clocks import LimitUnit, day_of
from domain.organisation import UnitLevel
from domain.people import Role
from tests.desk import everything_sent
from ui import clock

LIMITS = "../../pages/admin/limits.py"
REASON = "县综治委会议决定"


def page(desk, role=Role.CENTRE_ADMIN):
    at = desk.sign_in(role)
    at.run()
    return at.switch_page(LIMITS).run()


def field(at, kind, name):
    """A field of the form by its name, whatever round it is of."""
    (found,) = [one for one in getattr(at, kind) if one.key.startswith(f"limits_{name}_")]
    return found


def press(at, key):
    return at.button(key=key).click().run()


def new_rules(desk):
    with desk.here.db.read() as session:
        return session.scalars(select(LimitRule).where(LimitRule.change_id.is_not(None))).all()


def enter(at, *, later=0, stage=Stage.IN_MEDIATION):
    press(at, "limits_new")
    field(at, "selectbox", "stage").set_value(stage).run()
    if stage is Stage.IN_MEDIATION:
        field(at, "selectbox", "level").set_value(UnitLevel.TOWN)
    field(at, "number_input", "amount").set_value(9)
    field(at, "text_input", "source").set_value("县综治委〔2026〕12 号")
    day = day_of(clock.now()) + timedelta(days=later)
    field(at, "date_input", "from").set_value(day).run()
    return press(at, "limits_look")


def apply(at):
    field(at, "text_input", "reason").set_value(REASON)
    return press(at, "limits_apply")


@pytest.mark.parametrize("role", Role)
def test_the_page_is_for_who_keeps_the_rules(desk, role):
    at = desk.sign_in(role)
    at.run()
    if role in {Role.CENTRE_ADMIN, Role.SYSTEM_ADMIN}:
        at.switch_page(LIMITS).run()
        assert "民事诉讼法 187 特别程序 30 日内" in everything_sent(at)
        return
    with pytest.raises(ValueError, match="limits"):
        at.switch_page(LIMITS).run()


def test_a_rule_is_looked_at_and_then_added_with_its_source_and_level(desk):
    at = enter(page(desk))
    assert new_rules(desk) == []
    assert "预览:还没有改动" in everything_sent(at)
    apply(at)
    assert not at.exception
    (rule,) = new_rules(desk)
    assert (rule.stage, rule.level, rule.amount) == (Stage.IN_MEDIATION, UnitLevel.TOWN, 9)
    assert (rule.unit, rule.source) == (LimitUnit.WORKING_DAYS, "县综治委〔2026〕12 号")
    sent = everything_sent(at)
    assert REASON in sent
    assert "镇街级" in sent
    # The same again on the same day is refused, and what was entered stays.
    enter(at)
    assert "同一范围" in at.error[0].value
    assert field(at, "text_input", "source").value == "县综治委〔2026〕12 号"


def test_a_stage_before_anybody_holds_the_case_knows_no_level(desk):
    at = page(desk)
    press(at, "limits_new")
    assert field(at, "selectbox", "level").disabled
    enter(at, stage=Stage.REGISTERED)
    apply(at)
    assert [rule.level for rule in new_rules(desk)] == [None]


def test_a_rule_to_come_is_withdrawn_for_a_reason(desk):
    at = enter(page(desk), later=5)
    apply(at)
    (rule,) = new_rules(desk)
    press(at, f"limits_remove_{rule.id}")
    press(at, "limits_remove")
    assert at.error
    assert len(new_rules(desk)) == 1
    field(at, "text_input", f"why_{rule.id}").set_value("会议改期再定")
    press(at, "limits_remove")
    assert new_rules(desk) == []
    with desk.here.db.read() as session:
        assert len(session.scalars(select(RuleChange)).all()) == 2


def test_only_a_rule_of_today_is_taken_over_by_open_cases(desk):
    at = page(desk)
    press(at, "limits_new")
    assert not field(at, "toggle", "open_cases").disabled
    field(at, "date_input", "from").set_value(day_of(clock.now()) + timedelta(days=1)).run()
    assert field(at, "toggle", "open_cases").disabled
