"""The work calendar's page: who opens it, a notice and a day looked at, applied, and refused."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data_access.tables import AuditLine, Case, RuleChange, WorkDay
from domain.clocks import day_of
from domain.people import Role
from tests.desk import data_of, everything_sent
from ui import clock

CALENDAR = "../../pages/admin/calendar.py"
REASON = "县政府办公室通知"


def show(at):
    return at.switch_page(CALENDAR).run()


@pytest.fixture
def county(desk):
    desk.world.case(due_at=clock.now() + timedelta(days=5))
    return desk


def page(desk, role=Role.CENTRE_ADMIN):
    at = desk.sign_in(role)
    at.run()
    return show(at)


def stored(desk, entity):
    with desk.here.db.read() as session:
        return session.scalars(select(entity)).all()


def field(at, kind, name):
    """A field of the form by its name, whatever round it is of."""
    (found,) = [one for one in getattr(at, kind) if one.key.startswith(f"calendar_{name}_")]
    return found


def press(at, key):
    return at.button(key=key).click().run()


def look_at_day(at, note="县庆放假", day=None):
    press(at, "calendar_one_day")
    if day is not None:
        field(at, "date_input", "day").set_value(day)
    field(at, "text_input", "note").set_value(note)
    return press(at, "calendar_look")


@pytest.mark.parametrize("role", Role)
def test_the_page_is_for_who_keeps_the_rules(county, role):
    at = county.sign_in(role)
    at.run()
    if role in {Role.CENTRE_ADMIN, Role.SYSTEM_ADMIN}:
        assert len(data_of(show(at), "year_calendar")["months"]) == 12
        return
    with pytest.raises(ValueError, match="calendar"):
        show(at)


def test_a_year_shows_each_day_by_what_it_is(county):
    at = page(county)
    at.session_state["calendar_year"] = 2026
    at.run()
    months = data_of(at, "year_calendar")["months"]
    february = {day["number"]: day for week in months[1]["weeks"] for day in week if day}
    kinds = [february[number]["kind"] for number in (13, 14, 15, 16)]
    assert kinds == ["working", "make_up", "weekend", "holiday"]
    assert february[16]["label"] == "2026年2月16日 周一 节假日 春节"
    assert months[1]["names"] == ["春节调休上班 14、28", "春节 16–20、23"]
    press(at, "calendar_before")
    assert at.session_state["calendar_year"] == 2025
    press(at, "calendar_next")
    press(at, "calendar_next")
    assert "国务院安排没有录入" in everything_sent(at)


def test_a_day_is_looked_at_before_it_is_applied_with_a_reason(county):
    at = look_at_day(page(county))
    assert "预览:还没有改动" in everything_sent(at)
    today = day_of(clock.now())
    assert today not in {row.day for row in stored(county, WorkDay) if row.note == "县庆放假"}
    press(at, "calendar_apply")
    assert "理由" in at.error[0].value
    assert stored(county, RuleChange) == []
    field(at, "text_input", "reason").set_value(REASON)
    press(at, "calendar_apply")
    assert not at.exception
    (change,) = stored(county, RuleChange)
    (day,) = [row for row in stored(county, WorkDay) if row.note == "县庆放假"]
    assert (day.day, day.halves, day.official, day.change_id) == (today, 0, False, change.id)
    lines = [one.action for one in stored(county, AuditLine) if one.subject.startswith("rules:")]
    assert lines == ["calendar:change"]
    assert REASON in everything_sent(at)


def test_what_changed_meanwhile_is_looked_at_again(county):
    at = look_at_day(page(county), day=day_of(clock.now()) + timedelta(days=1))
    first = at.session_state["calendar_draft"].seen.moves.fingerprint
    county.world.case(due_at=clock.now() + timedelta(days=9))
    field(at, "text_input", "reason").set_value(REASON)
    press(at, "calendar_apply")
    assert "没有应用" in at.error[0].value
    assert stored(county, RuleChange) == []
    assert at.session_state["calendar_draft"].seen.moves.fingerprint != first
    assert field(at, "text_input", "reason").value == REASON
    press(at, "calendar_apply")
    assert len(stored(county, RuleChange)) == 1
    assert {case.version for case in stored(county, Case)} == {2}


def test_a_sentence_that_is_not_understood_is_named_and_nothing_is_taken(county):
    at = page(county)
    press(at, "calendar_notice")
    year = day_of(clock.now()).year + 1
    text = f"关于{year}年部分节假日安排的通知 一、元旦:1月1日放假。二、春节:2月5日放假,2月6日上班。"
    field(at, "text_area", "text").set_value(text)
    press(at, "calendar_look")
    assert "2月5日放假,2月6日上班" in at.error[0].value.replace("\\", "")
    assert field(at, "text_area", "text").value == text
    assert "calendar_draft" not in at.session_state
    field(at, "text_area", "text").set_value(
        text.replace(",2月6日上班", "").replace("关于2", "关于1")
    )
    press(at, "calendar_look")
    assert "另一年" in at.error[0].value
    field(at, "text_area", "text").set_value(text.replace(",2月6日上班", ""))
    press(at, "calendar_look")
    assert [one.day.month for one in at.session_state["calendar_draft"].days] == [1, 2]
    press(at, "calendar_cancel")
    assert "calendar_draft" not in at.session_state


def test_a_click_on_a_day_opens_it(county):
    at = page(county)
    press(at, "calendar_one_day")
    field(at, "text_input", "note").set_value("")
    press(at, "calendar_look")
    assert "名称" in at.error[0].value
