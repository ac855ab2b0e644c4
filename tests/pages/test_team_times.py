"""On a person's card: working time, duties, accreditation, and relations withdrawn by two."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data_access.commands.relations import ask_to_withdraw
from data_access.tables import Mediator, MediatorRelation, MediatorTime, StandingDuty
from domain.clocks import day_of
from domain.identity import check_digit
from domain.organisation import RelationKind, WithdrawalReason
from domain.people import Role
from tests.desk import blocks_of, everything_sent
from ui import clock

TEAMS = "../../pages/supervise/teams.py"
DAY = timedelta(days=1)
KIN = "51012919900101123" + check_digit("51012919900101123")


@pytest.fixture
def someone(desk):
    return desk.world.mediator("张建国", full_time=True)


def card(desk, mediator_id, view="keep", role=Role.CENTRE_ADMIN):
    """The card in the browser of somebody new, at one of its parts."""
    at = desk.sign_in(role)
    at.run()
    at.query_params["mediator"] = str(mediator_id)
    at.switch_page(TEAMS).run()
    at.segmented_control(key="team_view").set_value(view).run()
    assert not at.exception
    return at


def control(at, kind, name):
    (one,) = [
        one for one in getattr(at, kind) if one.key and one.key.rpartition("_")[0] == f"team_{name}"
    ]
    return one


def press(at, key):
    at.button(key=key).click().run()
    assert not at.exception
    return at


def stored(desk, table):
    with desk.here.db.read() as session:
        return session.scalars(select(table)).all()


def facts(at):
    at.segmented_control(key="team_view").set_value("card").run()
    (block,) = blocks_of(at, "facts")
    return dict(block["rows"])


def test_working_time_is_set_from_a_day_on_and_told_on_the_card(desk, someone):
    later = day_of(clock.now()) + 10 * DAY
    at = card(desk, someone)
    control(at, "selectbox", "tenths").set_value(5)
    control(at, "date_input", "time_from").set_value(later)
    press(at, "time_save")
    assert [(one.tenths, one.valid_from) for one in stored(desk, MediatorTime)] == [(5, later)]
    coming = f"{later} 起 0.5 个全职"
    assert coming in [one.value.replace("\\", "") for one in at.caption]
    assert facts(at)["工作时间"] == f"1 个全职;{coming}"


def test_a_duty_is_entered_told_and_ended(desk, someone):
    today = day_of(clock.now())
    at = card(desk, someone)
    control(at, "text_input", "duty_name").set_value("驻法庭")
    control(at, "number_input", "duty_points").set_value(3.0)
    press(at, "duty_add")
    (duty,) = stored(desk, StandingDuty)
    assert (duty.name, duty.tenths, duty.valid_from, duty.valid_to) == ("驻法庭", 30, today, None)
    assert facts(at)["常设事务"] == f"驻法庭 3 个标准案,{today} — 未定"
    at.segmented_control(key="team_view").set_value("keep").run()
    press(at, f"duty_stop_{duty.id}")
    assert stored(desk, StandingDuty)[0].valid_to == today + DAY


def test_a_duty_without_a_name_is_refused_and_what_was_typed_stays(desk, someone):
    at = card(desk, someone)
    control(at, "number_input", "duty_points").set_value(4.5)
    press(at, "duty_add")
    (said,) = at.error
    assert "事务名称" in said.value
    assert control(at, "number_input", "duty_points").value == 4.5
    assert stored(desk, StandingDuty) == []


def test_the_accreditation_has_a_last_day(desk, someone):
    until = day_of(clock.now()) + 30 * DAY
    at = card(desk, someone)
    control(at, "date_input", "licence").set_value(until)
    press(at, "licence_save")
    (one,) = [one for one in stored(desk, Mediator) if one.id == someone]
    assert one.licence_until == until
    assert facts(at)["聘期至"] == str(until)


def test_who_keeps_no_teams_has_no_forms(desk, someone):
    at = desk.sign_in(Role.LEADER)
    at.run()
    at.query_params["mediator"] = str(someone)
    at.switch_page(TEAMS).run()
    assert not at.exception
    assert "keep" not in at.segmented_control(key="team_view").options


# --- relations, withdrawn by two -----------------------------------------------------------


@pytest.fixture
def related(desk, someone):
    desk.world.relation(someone, KIN, RelationKind.KIN)
    return someone


def ask(at):
    control(at, "text_input", "relation_identity").set_value(KIN)
    control(at, "selectbox", "withdrawal_reason").set_value(WithdrawalReason.ENDED)
    return press(at, "relation_withdraw")


def test_who_asks_to_withdraw_a_relation_can_only_take_that_back(desk, related):
    at = ask(card(desk, related))
    (one,) = stored(desk, MediatorRelation)
    assert one.withdrawal_reason is WithdrawalReason.ENDED
    keys = {button.key for button in at.button}
    assert f"agree_{one.id}" not in keys
    press(at, f"keep_{one.id}")
    assert stored(desk, MediatorRelation)[0].withdrawal_reason is None


def test_a_second_person_is_told_above_the_list_and_agrees(desk, related):
    ask_to_withdraw(
        desk.here.db,
        mediator_id=related,
        reason=WithdrawalReason.ENDED,
        identity=KIN,
        actor=desk.world.actor("李站长"),
        now=clock.now(),
        key="asked",
    )
    (one,) = stored(desk, MediatorRelation)
    at = desk.sign_in(Role.CENTRE_ADMIN)
    at.run()
    at.switch_page(TEAMS).run()
    assert any("1 项撤回回避关系的申请等您决定" in text.value for text in at.text)
    press(at, f"waiting_{related}")
    assert any("李站长" in text.value and "关系已不存在" in text.value for text in at.markdown)
    press(at, f"agree_{one.id}")
    assert stored(desk, MediatorRelation) == []
    assert KIN not in everything_sent(at)
    at.run()
    assert not any("申请等您决定" in text.value for text in at.text)


def test_whom_it_bars_is_neither_asked_nor_offered_a_word(desk, related):
    ask_to_withdraw(
        desk.here.db,
        mediator_id=related,
        reason=WithdrawalReason.MISTAKEN,
        identity=KIN,
        actor=desk.world.actor("李站长"),
        now=clock.now(),
        key="asked",
    )
    (one,) = stored(desk, MediatorRelation)
    at = desk.sign_in(Role.CENTRE_ADMIN, mediator_id=related)
    at.run()
    at.query_params["mediator"] = str(related)
    at.switch_page(TEAMS).run()
    at.segmented_control(key="team_view").set_value("keep").run()
    assert not any("等您决定" in text.value for text in at.text)
    told = [text.value for text in at.markdown if "申请撤回一项" in text.value]
    assert [str(one.disclosed_on) in text.replace("\\", "") for text in told] == [True]
    assert not {f"agree_{one.id}", f"keep_{one.id}"} & {button.key for button in at.button}


@pytest.mark.parametrize("role", [Role.LEADER, Role.COMMITTEE_HEAD])
def test_who_keeps_no_people_is_not_told_of_requests(desk, related, role):
    ask(card(desk, related))
    unit = "county" if role is Role.LEADER else None
    at = desk.sign_in(role, unit=unit)
    at.run()
    at.switch_page(TEAMS).run()
    assert not at.exception
    assert not any("申请等您决定" in text.value for text in at.text)
