"""The committees' page: who opens it, what the list says, and what is kept from the drawer."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data_access.commands.leave import add_leave
from data_access.commands.mediators import set_capacity
from data_access.tables import (
    Committee,
    DutyRoster,
    Mediator,
    MediatorAbsence,
    MediatorRelation,
    MediatorSpeciality,
    TeamChange,
)
from domain.clocks import day_of
from domain.committees import CheckState
from domain.eligibility import CommitteeKind
from domain.organisation import AbsenceKind, DutyShift, RelationKind
from domain.people import Role
from domain.teams import MemberSeat
from tests.desk import blocks_of, data_of, everything_sent
from ui import clock

TEAMS = "../../pages/supervise/teams.py"
DAY = timedelta(days=1)


@pytest.fixture
def county(desk):
    """Three people of committee A; nobody in B."""
    desk.first = desk.world.mediator("张建国", chair=True, adult=True)
    desk.second = desk.world.mediator("李红", sex="2", adult=True)
    desk.third = desk.world.mediator("王平", adult=True)
    desk.committee = desk.world.committee_a
    desk.today = day_of(clock.now())
    return desk


def show(at, **opened):
    for kind, number in opened.items():
        at.query_params[kind] = str(number)
    return at.switch_page(TEAMS).run()


def page(desk, role=Role.CENTRE_ADMIN, *, unit="county", view=None, **opened):
    at = desk.sign_in(role, unit=unit)
    at.run()
    at = show(at, **opened)
    if view is not None:
        at.segmented_control(key="team_view").set_value(view).run()
    assert not at.exception
    return at


def names(at):
    return [row["name"] for row in data_of(at, "team_list")["rows"]]


def control(at, kind, name):
    """The widget of a form's field, whichever turn the forms are in."""
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
    (block,) = blocks_of(at, "facts")
    return dict(block["rows"])


# --- the list --------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_the_page_is_for_who_reads_teams(county, role):
    reading = {Role.LEADER, Role.DUTY, Role.CENTRE_ADMIN, Role.TOWN, Role.JUSTICE}
    at = county.sign_in(role)
    at.run()
    if role in reading | {Role.COMMITTEE_HEAD}:
        assert "和众社区调委会" in names(show(at))
        return
    with pytest.raises(ValueError, match="teams"):
        show(at)
    assert data_of(at, "team_list") is None


def test_a_row_tells_the_term_the_people_and_what_the_law_misses(county):
    at = page(county)
    first, second = data_of(at, "team_list")["rows"]
    assert first["name"] == "太平社区调委会"
    assert [mark["text"] for mark in first["marks"]] == ["■ 补选委员到至少三人", "■ 推选一位主任"]
    assert first["more"]
    assert (second["chair"], second["people"]) == ("张建国", "3 人(委员 3)")
    assert second["term"] == "2024-06-01 — 2027-05-31"


def test_the_list_is_searched_and_narrowed_and_the_term_stays_out_of_the_address(county):
    at = page(county)
    at.text_input(key="team_search").set_value("李红").run()
    assert names(at) == ["和众社区调委会"]
    assert "李红" not in str(dict(at.query_params))
    at.text_input(key="team_search").set_value("").run()
    at.selectbox(key="team_state").set_value(CheckState.FAILS).run()
    assert "太平社区调委会" in names(at)
    at.selectbox(key="team_kind").set_value(CommitteeKind.TOWN).run()
    assert names(at) == []
    assert "没有找到" in data_of(at, "team_list")["words"]["empty"]


def test_a_town_sees_its_own(county):
    at = page(county, Role.TOWN, unit=county.world.town_b)
    assert names(at) == ["太平社区调委会"]
    at = show(at, committee=county.committee)
    assert "和众" not in everything_sent(at)
    assert "找不到" in at.warning[0].value


# --- a committee -----------------------------------------------------------------------------


def test_the_drawer_tells_each_check_with_its_article_and_its_people(county):
    at = page(county, committee=county.committee)
    card = data_of(at, "team_card")
    assert {one["article"] for one in card["checks"]} == {
        "人民调解法第 8 条",
        "人民调解法第 9 条",
        "人民调解法第 14 条",
    }
    assert {one["name"] for one in card["people"]} == {"张建国", "李红", "王平"}


def test_a_new_term_is_begun_and_stands_among_the_changes(county):
    at = page(county, Role.JUSTICE, committee=county.committee, view="term")
    control(at, "multiselect", "term_members").set_value([county.second, county.third])
    control(at, "selectbox", "term_chair").set_value(county.second)
    press(at, "term_begin")
    assert at.toast[0].value == "已登记新一届。"
    chairs = [one.id for one in stored(county, Mediator) if one.chair]
    assert chairs == [county.second]
    at.segmented_control(key="team_view").set_value("changes").run()
    (block,) = blocks_of(at, "timeline")
    assert "登记新一届" in block["rows"][0]["text"]
    assert "张建国 → 李红" in block["rows"][0]["note"]


def test_a_refusal_stands_beside_what_was_typed(county):
    at = page(county, committee=county.committee, view="term")
    control(at, "multiselect", "term_members").set_value([county.second, county.third])
    press(at, "term_begin")
    assert "主任" in at.error[0].value
    kept = control(at, "multiselect", "term_members").value
    assert kept == [county.second, county.third]
    assert stored(county, TeamChange) == []


def test_a_committee_is_renamed_and_somebody_is_added(county):
    at = page(county, committee=county.committee, view="keep")
    control(at, "text_input", "name").set_value("和众社区人民调解委员会")
    press(at, "committee_save")
    assert "和众社区人民调解委员会" in [one.name for one in stored(county, Committee)]
    control(at, "text_input", "new_name").set_value("周敏")
    control(at, "selectbox", "new_seat").set_value(MemberSeat.MEMBER)
    control(at, "checkbox", "new_adult").set_value(True)
    press(at, "mediator_add")
    (added,) = [one for one in stored(county, Mediator) if one.name == "周敏"]
    assert (added.member, added.adult, added.committee_id) == (True, True, county.committee)


def test_who_comes_back_is_asked_for_and_barred_as_before(county):
    former = county.world.mediator("周敏", active=False, committee_id=county.committee)
    county.world.relation(former, "990129199001010011")
    county.here.watcher.look()
    at = page(county, committee=county.committee, view="keep")
    control(at, "text_input", "new_name").set_value("周敏").run()
    control(at, "checkbox", "new_adult").set_value(True)
    press(at, "mediator_add")
    assert "是不是同一人" in at.error[0].value
    control(at, "multiselect", "new_known").set_value([former])
    press(at, "mediator_add")
    (back,) = [one for one in stored(county, Mediator) if one.name == "周敏" and one.active]
    assert len(stored(county, MediatorRelation)) == 2
    assert back.id in {one.mediator_id for one in stored(county, MediatorRelation)}


def test_a_committee_is_made(county):
    at = page(county)
    press(at, "committee_new")
    control(at, "text_input", "committee_name").set_value("安仁镇人民调解委员会")
    control(at, "selectbox", "committee_kind").set_value(CommitteeKind.TOWN)
    control(at, "selectbox", "committee_unit").set_value(county.world.town_a)
    press(at, "committee_add")
    (made,) = [one for one in stored(county, Committee) if one.kind is CommitteeKind.TOWN]
    assert made.name == "安仁镇人民调解委员会"
    assert at.query_params["committee"] == str(made.id)


# --- the roster ------------------------------------------------------------------------------


def test_the_month_shows_leave_and_duties_and_a_day_is_filled(county):
    county.world.absence(county.first, county.today, county.today, AbsenceKind.TRAINING)
    at = page(county, committee=county.committee, view="roster")
    day = county.today.isoformat()
    control(at, "multiselect", f"duty_{day}_day").set_value([county.second])
    press(at, "roster_save")
    (duty,) = stored(county, DutyRoster)
    assert (duty.mediator_id, duty.shift, duty.day) == (county.second, DutyShift.DAY, county.today)
    grid = data_of(at, "team_month")
    marks = {row["name"]: row["cells"][county.today.day - 1]["mark"] for row in grid["rows"]}
    assert marks == {"张建国": "训", "李红": "白", "王平": ""}
    control(at, "multiselect", f"duty_{day}_night").set_value([county.first])
    press(at, "roster_save")
    assert "请假" in at.error[0].value
    assert len(stored(county, DutyRoster)) == 1


def test_a_duty_of_somebody_away_is_marked(county):
    duty = DutyRoster(
        committee_id=county.committee,
        day=county.today,
        shift=DutyShift.DAY,
        mediator_id=county.first,
    )
    county.world.add(duty)
    county.world.absence(county.first, county.today, county.today)
    at = page(county, committee=county.committee, view="roster")
    (row,) = [row for row in data_of(at, "team_month")["rows"] if row["name"] == "张建国"]
    assert row["cells"][county.today.day - 1]["kind"] == "conflict"


def test_who_only_reads_sees_no_form(county):
    at = page(county, Role.LEADER, committee=county.committee, view="roster")
    assert "roster_save" not in {one.key for one in at.button}
    at.segmented_control(key="team_view").set_value("term").run()
    assert "term_begin" not in {one.key for one in at.button}
    assert "keep" not in at.segmented_control(key="team_view").options


# --- a person --------------------------------------------------------------------------------


def test_leave_is_added_changed_and_cancelled(county):
    at = page(county, mediator=county.first, view="leave")
    control(at, "date_input", "leave_first").set_value(county.today + 2 * DAY)
    control(at, "date_input", "leave_last").set_value(county.today + 4 * DAY)
    press(at, "leave_add")
    (kept,) = stored(county, MediatorAbsence)
    assert (kept.first_day, kept.last_day) == (county.today + 2 * DAY, county.today + 4 * DAY)
    control(at, "date_input", f"leave_{kept.id}_last").set_value(county.today + 3 * DAY)
    press(at, f"leave_save_{kept.id}")
    assert stored(county, MediatorAbsence)[0].last_day == county.today + 3 * DAY
    press(at, f"leave_cancel_{kept.id}")
    assert stored(county, MediatorAbsence) == []
    assert len(stored(county, TeamChange)) == 3


def test_overlapping_leave_is_refused_and_what_was_typed_stays(county):
    county.world.absence(county.first, county.today + 3 * DAY, county.today + 9 * DAY)
    at = page(county, mediator=county.first, view="leave")
    control(at, "date_input", "leave_last").set_value(county.today + 4 * DAY)
    press(at, "leave_add")
    assert "重叠" in at.error[0].value
    assert control(at, "date_input", "leave_last").value == county.today + 4 * DAY


def test_specialities_and_capacity_are_kept(county):
    at = page(county, mediator=county.first, view="keep")
    control(at, "multiselect", "types").set_value(["0402"])
    press(at, "types_save")
    control(at, "number_input", "capacity").set_value(4)
    control(at, "toggle", "full_time").set_value(True)
    press(at, "capacity_save")
    kept = [
        one.type_code
        for one in stored(county, MediatorSpeciality)
        if one.mediator_id == county.first
    ]
    assert kept == ["0402"]
    (one,) = [one for one in stored(county, Mediator) if one.id == county.first]
    assert (one.capacity, one.full_time) == (4, True)
    at.segmented_control(key="team_view").set_value("card").run()
    assert facts(at)["在办"] == "0 件,上限 4 件"


def test_who_comes_second_is_told_and_nothing_is_lost(county):
    at = page(county, mediator=county.first, view="keep")
    set_capacity(
        county.here.db,
        mediator_id=county.first,
        capacity=7,
        full_time=False,
        actor=county.world.actor("李站长"),
        now=clock.now(),
        key="other",
    )
    county.here.watcher.look()
    control(at, "number_input", "capacity").set_value(4)
    press(at, "capacity_save")
    assert "刚被他人改过" in at.error[0].value
    press(at, "capacity_save")
    (one,) = [one for one in stored(county, Mediator) if one.id == county.first]
    assert one.capacity == 4


def test_a_relation_is_disclosed_and_the_card_tells_its_kind_only(county):
    held = county.world.case(mediator_id=county.first, parties=("王小明", "李大华"))
    county.here.watcher.look()
    at = page(county, mediator=county.first, view="keep")
    control(at, "text_input", "relation_name").set_value("李大华")
    control(at, "selectbox", "relation_kind").set_value(RelationKind.INTEREST)
    press(at, "relation_add")
    assert held.case_no in at.toast[0].value.replace("\\", "")
    assert len(stored(county, MediatorRelation)) == 1
    at.segmented_control(key="team_view").set_value("card").run()
    assert facts(at)["回避关系"] == "有利害关系 1 人"
    assert "李大华" not in everything_sent(at)


def test_a_post_does_not_end_while_cases_are_held(county):
    held = county.world.case(mediator_id=county.first)
    county.here.watcher.look()
    at = page(county, mediator=county.first, view="keep")
    press(at, "post_end")
    assert held.case_no in at.error[0].value.replace("\\", "")
    assert all(one.active for one in stored(county, Mediator))


def test_a_post_is_ended(county):
    at = page(county, mediator=county.third, view="keep")
    press(at, "post_end")
    left = {one.id for one in stored(county, Mediator) if not one.active}
    assert left == {county.third}
    at.segmented_control(key="team_view").set_value("card").run()
    assert facts(at)["身份"] == "已离岗"


def test_from_a_person_back_to_the_committee(county):
    at = page(county, mediator=county.first)
    press(at, "team_back")
    assert at.query_params["committee"] == str(county.committee)
    assert data_of(at, "team_card") is not None


def test_leave_of_somebody_else_shows_without_a_click(county):
    at = page(county, mediator=county.first)
    assert facts(at)["假期"] == "—"
    add_leave(
        county.here.db,
        mediator_id=county.first,
        first_day=county.today,
        last_day=county.today + DAY,
        kind=AbsenceKind.LEAVE,
        actor=county.world.actor("李站长"),
        now=clock.now(),
        key="other",
    )
    county.here.watcher.look()
    at.run()
    assert facts(at)["假期"].startswith("请假")
