"""回避与选定: each record by who may make it, the second person's approval, refusals in words."""

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select

from data_access.commands.reassign import reassign_case
from data_access.tables import (
    BookedMeeting,
    Case,
    CasePin,
    PartyChoice,
    PartyObjection,
    RecusalConsent,
)
from domain.cases import ReassignReason
from domain.clocks import BEIJING, day_of
from domain.errors import NotEligible
from domain.organisation import PartyRole
from domain.people import Role
from domain.recusal import ConsentForm
from tests.desk import QUEUE, blocks_of, data_of, everything_sent, record_key, somebody_else_moves
from ui import clock
from ui.record_kinds import Errand

KIN, OTHER = "990129199001010011", "990129199001010038"
WHY = "当事人已经当面说清"
CASE = "../../pages/desk/case.py"
WORKLOAD = "../../pages/desk/workload.py"


@pytest.fixture
def office(desk):
    """A held case of two parties, and a mediator who is kin to one of them."""
    world = desk.world
    desk.holder = world.mediator("原承办")
    desk.kin = world.mediator("近亲属")
    world.relation(desk.kin, KIN)
    desk.today = day_of(clock.now())
    desk.case = world.case(
        mediator_id=desk.holder,
        parties=("王小明", "李大华"),
        identities=(KIN, OTHER),
        occurred_on=desk.today - timedelta(days=3),
    )
    return desk


def drawer(office, role=Role.DUTY, *, view="records", **over):
    at = office.sign_in(role, **over)
    # Any deed moves the chain, as signing in does: then the registry knows this session too.
    office.world.case()
    office.here.watcher.look()
    at.run()
    at.query_params["case"] = office.case.case_no
    at.session_state["drawer_view"] = view
    return at.switch_page(QUEUE).run()


def offered(at):
    """What can be recorded, as the browser gets it."""
    groups = [one for one in at.get("button_group") if one.proto.label == "记录"]
    return [option.content for one in groups for option in one.proto.options]


def fill_in(at, office, errand, **typed):
    at.session_state[record_key(at, office.case.case_no, "errand")] = errand
    for field, value in typed.items():
        at.session_state[record_key(at, office.case.case_no, field)] = value
    return at.run()


def record(at, office, errand, **typed):
    at = fill_in(at, office, errand, **typed)
    at = at.button(key="record_submit").click().run()
    assert not at.exception
    return at


def rows(office, entity):
    with office.here.db.read() as session:
        return session.scalars(select(entity).order_by(entity.id)).all()


def consent(at, office):
    return record(
        at,
        office,
        Errand.CONSENT,
        mediator=office.kin,
        applicant_on=office.today,
        applicant_form=ConsentForm.WRITTEN,
        respondent_on=office.today - timedelta(days=1),
        respondent_form=ConsentForm.ORAL,
        note=WHY,
    )


def give_to_kin(office):
    with office.here.db.read() as session:
        version = session.get(Case, (office.case.county_id, office.case.id)).version
    return reassign_case(
        office.here.db,
        case_no=office.case.case_no,
        to_mediator_id=office.kin,
        reason=ReassignReason.PARTY_CHOICE,
        note=WHY,
        expected_version=version,
        actor=office.world.actor("李站长"),
        now=clock.now(),
        key=f"give{version}",
    )


def test_each_record_shows_to_who_may_make_it(office):
    everything = [
        "申请回避",
        "双方同意不回避",
        "双方选定调解员",
        "锁定",
        "约定调解会",
        "调解会已开",
        "评定风险",
    ]
    assert offered(drawer(office)) == everything
    town = drawer(office, Role.TOWN, unit=office.world.town_a, name="站长")
    assert offered(town) == [one for one in everything if one != "锁定"]
    elsewhere = drawer(office, Role.TOWN, unit=office.world.town_b, name="外镇")
    assert offered(elsewhere) == []
    own = drawer(office, Role.MEDIATOR, unit=None, mediator_id=office.holder, name="调解员")
    assert offered(own) == ["申请回避", "双方选定调解员", "约定调解会", "调解会已开"]
    assert offered(drawer(office, Role.JUSTICE, name="司法局")) == ["锁定"]
    leader = drawer(office, Role.LEADER, name="领导")
    assert leader.session_state["drawer_view"] == "facts"


def test_an_objection_is_recorded_told_to_every_reader_and_taken_back(office):
    at = drawer(office)
    record(
        at,
        office,
        Errand.OBJECT,
        mediator=office.holder,
        side=PartyRole.RESPONDENT,
        day=office.today,
        note=WHY,
    )
    assert not at.error
    (row,) = rows(office, PartyObjection)
    assert (row.mediator_id, row.side) == (office.holder, PartyRole.RESPONDENT)
    reader = drawer(office, Role.LEADER, view="facts", name="领导")
    sent = everything_sent(reader)
    assert f"被申请人 {office.today} 对 原承办 申请回避,周值班" in sent
    assert "▲ 承办人 原承办 须回避:当事人申请回避" in sent
    assert "王小明" not in sent
    at = drawer(office, name="第二人")
    record(
        at,
        office,
        Errand.WITHDRAW,
        objection=f"{office.holder}:respondent",
        day=office.today,
        note=WHY,
    )
    assert rows(office, PartyObjection)[0].withdrawn_at is not None
    facts = [line for block in blocks_of(at, "facts") for line in block["rows"]]
    assert any("第二人" in text and "待另一人确认" in text for _label, text in facts)
    second = drawer(office, Role.TOWN, unit=office.world.town_a, name="站长")
    record(second, office, Errand.LIFT, objection=f"{office.holder}:respondent", note=WHY)
    assert not second.error
    after = drawer(office, name="第三人")
    assert "还没有记录。" in [one.value for one in after.caption]


def test_both_sides_consent_and_the_same_person_cannot_approve_it(office):
    with pytest.raises(NotEligible):
        give_to_kin(office)
    at = consent(drawer(office), office)
    assert not at.error
    (row,) = rows(office, RecusalConsent)
    assert (row.applicant_form, row.respondent_form) == (ConsentForm.WRITTEN, ConsentForm.ORAL)
    facts = [line for block in blocks_of(at, "facts") for line in block["rows"]]
    (told,) = [text for label, text in facts if label == "双方同意"]
    assert f"申请人 {office.today}(书面)" in told
    assert "口头(已记录)" in told
    assert "周值班" in told
    assert "待另一人批准" in told
    record(at, office, Errand.APPROVE, mediator=office.kin, note="同意由其承办")
    assert "批准人不能是记录人" in at.error[0].value
    assert at.session_state[record_key(at, office.case.case_no, "note")] == "同意由其承办"
    with pytest.raises(NotEligible):
        give_to_kin(office)
    second = drawer(office, Role.TOWN, unit=office.world.town_a, name="站长")
    record(second, office, Errand.APPROVE, mediator=office.kin, note="同意由其承办")
    assert not second.error
    assert "站长" in everything_sent(second)
    assert give_to_kin(office).mediator_id == office.kin


def test_a_consent_is_revoked_and_the_wall_stands_again(office):
    consent(drawer(office), office)
    second = drawer(office, Role.TOWN, unit=office.world.town_a, name="站长")
    record(second, office, Errand.APPROVE, mediator=office.kin, note="同意由其承办")
    record(second, office, Errand.REVOKE, mediator=office.kin, note="当事人反悔,不再同意")
    assert not second.error
    assert rows(office, RecusalConsent)[0].revoked_at is not None
    with pytest.raises(NotEligible):
        give_to_kin(office)


def test_the_parties_choice_is_recorded_and_ended(office):
    days = {"applicant_on": office.today, "respondent_on": office.today}
    at = record(drawer(office), office, Errand.CHOOSE, mediator=office.holder, note=WHY, **days)
    assert [row.mediator_id for row in rows(office, PartyChoice)] == [office.holder]
    assert "原承办:申请人" in everything_sent(at)
    record(at, office, Errand.END_CHOICE, note=WHY)
    assert rows(office, PartyChoice)[0].ended_at is not None


def test_a_pin_takes_a_reason_and_comes_off_with_one(office):
    at = record(drawer(office), office, Errand.PIN)
    assert "必填" in at.error[0].value
    assert rows(office, CasePin) == []
    record(at, office, Errand.PIN, note="挂牌督办期间不得改派")
    assert "解除锁定" in offered(at)
    assert "锁定" not in offered(at)
    record(at, office, Errand.UNPIN, note="督办已经解除")
    assert rows(office, CasePin)[0].unpinned_at is not None


def test_a_meeting_needs_no_note_and_stands_with_its_day(office):
    at = record(drawer(office), office, Errand.MEET, day=office.today)
    assert not at.error
    facts = [line for block in blocks_of(at, "facts") for line in block["rows"]]
    assert ["调解会", office.today.isoformat()] in facts


def test_what_lacks_is_refused_beside_what_was_typed(office):
    at = record(drawer(office), office, Errand.OBJECT, mediator=office.holder, note=WHY)
    assert "当事人一方" in at.error[0].value
    assert rows(office, PartyObjection) == []
    assert at.session_state[record_key(at, office.case.case_no, "note")] == WHY
    consenting = {"mediator": office.kin, "applicant_on": office.today, "note": WHY}
    record(at, office, Errand.CONSENT, **consenting)
    assert "申请人的形式" in at.error[0].value


def test_a_meeting_is_booked_and_told_on_the_card_and_beside_the_load(office):
    at = record(
        drawer(office),
        office,
        Errand.BOOK,
        meets_on=office.today + timedelta(days=2),
        meets_hour=time(14, 30),
    )
    assert not at.error
    (row,) = rows_of_meetings(office)
    meets = datetime.combine(office.today + timedelta(days=2), time(14, 30), tzinfo=BEIJING)
    assert row.meets_at == meets
    assert "14:30,周值班" in everything_sent(drawer(office, Role.LEADER, view="facts", name="领导"))
    at = office.sign_in(Role.DUTY, name="第三人")
    office.world.case()
    office.here.watcher.look()
    at.run()
    at.query_params["person"] = str(office.holder)
    at.switch_page(WORKLOAD).run()
    (told,) = data_of(at, "workload_list")["rows"]
    assert told["booked"].startswith("已约调解会 1,最近 ")


def rows_of_meetings(office):
    with office.here.db.read() as session:
        return session.scalars(select(BookedMeeting)).all()


def test_who_holds_no_consentable_ground_is_not_offered_for_consent(office):
    at = fill_in(drawer(office), office, Errand.CONSENT)
    (people,) = [one for one in at.selectbox if one.key.startswith("record_mediator")]
    assert people.options == ["近亲属(和众社区调委会)"]


def test_a_case_that_moved_meanwhile_takes_no_record_before_it_was_looked_at(office):
    at = fill_in(drawer(office), office, Errand.PIN, note="挂牌督办期间不得改派")
    somebody_else_moves(office, office.case, office.world.mediator("接手的人"))
    at = at.button(key="record_submit").click().run()
    assert "没有生效" in at.error[0].value
    assert rows(office, CasePin) == []
    at.button(key="record_submit").click().run()
    assert len(rows(office, CasePin)) == 1


def test_the_case_page_has_the_section_too(office):
    at = office.sign_in(Role.DUTY)
    at.run()
    at.query_params["no"] = office.case.case_no
    at.session_state["case_form"] = "records"
    at.session_state["case_shown"] = office.case.case_no
    at.switch_page(CASE).run()
    assert not at.exception
    assert "申请回避" in offered(at)
