"""The drawer: reassigning, refusals beside what was typed, undo, unmasking."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

import ui.session
from data_access.commands.consents import (
    Given,
    approve_recusal_consent,
    record_recusal_consent,
)
from data_access.tables import AuditLine, AuthSession, Case, CaseEvent, UserRole
from domain.cases import ReassignReason, Stage
from domain.eligibility import CommitteeKind, Objection
from domain.people import Permission, Role
from domain.recusal import ConsentForm
from tests.desk import QUEUE, blocks_of, data_of, everything_sent, somebody_else_moves
from texts.words import word
from ui import case_parts, clock, feedback

KIN = "990129199001010011"


@pytest.fixture
def office(desk):
    """A held case, somebody who could take it, and somebody who could not."""
    world = desk.world
    desk.first = world.mediator("原承办")
    desk.second = world.mediator("李秀英")
    desk.kin = world.mediator("近亲属")
    world.relation(desk.kin, KIN)
    desk.case = world.case(mediator_id=desk.first, parties=("王小明",), identities=(KIN,))
    return desk


def drawer(office, view="facts", role=Role.DUTY, **over):
    at = office.sign_in(role, **over)
    at.run()
    return show(at, office, view)


def show(at, office, view):
    at.query_params["case"] = office.case.case_no
    at.session_state["drawer_view"] = view
    return at.switch_page(QUEUE).run()


def fill_in(at, office, *, mediator=None, note="原承办人外出培训"):
    at.session_state["mediator_chosen"] = mediator or office.second
    at.selectbox(key=f"reason_{office.case.case_no}").set_value(ReassignReason.ABSENCE)
    return at.text_area(key=f"note_{office.case.case_no}").set_value(note).run()


def held_by(office):
    with office.here.db.read() as session:
        return session.get(Case, (office.case.county_id, office.case.id)).mediator_id


def people(at, *, choosable):
    lists = data_of(at, "candidates")
    (found,) = [one for one in lists if one["choosable"] is choosable and not one["suggested"]]
    return {one["name"]: one for one in found["people"]}


def suggested(at):
    """The rows of the suggestions, in order; none where there is no such list."""
    return [
        row for one in data_of(at, "candidates") or [] if one["suggested"] for row in one["people"]
    ]


def test_who_could_take_it_and_who_could_not_with_every_reason(office):
    at = drawer(office, "reassign")
    assert set(people(at, choosable=True)) == {"李秀英"}
    against = {name: one["against"] for name, one in people(at, choosable=False).items()}
    assert against == {"原承办": "已由其承办", "近亲属": "须回避:当事人近亲属"}


def test_whoever_approved_a_consent_sees_that_they_may_not_give_the_case(office, monkeypatch):
    """Two people at the same case, one after the other: each has their own answer."""
    office.case = office.world.case(mediator_id=office.first, identities=(KIN,))
    other = office.sign_in(name="值班")
    theirs = ui.session.presented()
    at = office.sign_in(name="站长")
    at.run()
    boss, now = office.user, clock.now()
    given = Given(now.date(), ConsentForm.ORAL)
    of = {"case_no": office.case.case_no, "mediator_id": office.kin, "note": "当事人双方均同意"}
    head = office.world.actor("主任")
    record_recusal_consent(
        office.here.db, **of, applicant=given, respondent=given, expected_version=1, actor=head,
        now=now, key="r",
    )  # fmt: skip
    approve_recusal_consent(
        office.here.db, **of, expected_version=2, actor=replace(head, user_id=boss.id), now=now,
        key="a",
    )  # fmt: skip
    office.here.watcher.look()
    at = show(at, office, "reassign")
    against = people(at, choosable=False)["近亲属"]["against"]
    assert against == word(Objection.OWN_APPROVAL)
    monkeypatch.setattr(ui.session, "presented", lambda: theirs)
    other.run()
    at = show(other, office, "reassign")
    assert set(people(at, choosable=True)) == {"李秀英", "近亲属"}


def test_a_reassignment_shows_at_once_and_can_be_taken_back(office):
    at = fill_in(drawer(office, "reassign"), office)
    at.button(key="reassign_submit").click().run()
    assert not at.exception
    assert not at.error
    assert "李秀英" in at.toast[0].value
    assert held_by(office) == office.second
    assert data_of(at, "queue_list")["rows"][0]["holder"] == "承办 李秀英"
    at = show(at, office, "facts")
    at.button(key="reassign_undo").click().run()
    assert held_by(office) == office.first


def test_the_best_are_suggested_with_their_reasons_and_the_choice_is_kept(office):
    full = office.world.mediator("已办满", capacity=0)
    third = office.world.mediator("王芳", full_time=True)
    at = drawer(office, "reassign")
    best = suggested(at)
    assert {row["id"] for row in best} == {office.second, third}
    for row in best:
        for part in ("按期办结", "其他案件", "接办后负荷", "同社区", "调成率"):
            assert part in row["why"]
    (said,) = [one.value.replace("\\", "") for one in at.caption if "未列入" in one.value]
    assert "已办满(在办已满)" in said
    assert "近亲属(须回避" in said
    assert full not in {row["id"] for row in best}
    shown = [row["id"] for row in best]
    at = fill_in(at, office, mediator=shown[1])
    at.button(key="reassign_submit").click().run()
    assert held_by(office) == shown[1]
    with office.here.db.read() as session:
        (event,) = session.scalars(select(CaseEvent).where(CaseEvent.seq == 2)).all()
        line = session.scalars(select(AuditLine).where(AuditLine.action == "case:reassign")).one()
    assert event.data["suggested"] == shown
    assert line.payload["suggested"] == shown
    assert "王小明" not in str(event.data)


def test_suggestions_stay_while_somebody_decides_and_are_new_when_the_case_changed(office):
    at = drawer(office, "reassign")
    shown = [row["id"] for row in suggested(at)]
    office.world.mediator("后来", full_time=True, capacity=50)
    office.world.case(mediator_id=office.second)
    office.here.watcher.look()
    at.run()
    assert [row["id"] for row in suggested(at)] == shown
    somebody_else_moves(office, office.case, office.second)
    at.run()
    assert [row["id"] for row in suggested(at)] != shown


def test_whom_nobody_could_follow_gets_no_suggestion(office):
    office.world.absence(office.second, clock.now().date(), clock.now().date() + timedelta(days=30))
    at = drawer(office, "reassign")
    assert suggested(at) == []
    assert not at.exception


def test_somebody_elses_reassignment_offers_no_undo(office):
    somebody_else_moves(office, office.case, office.second)
    at = drawer(office)
    assert "reassign_undo" not in [button.key for button in at.button]


def test_a_conflict_says_who_was_first_and_keeps_what_was_typed(office):
    at = fill_in(drawer(office, "reassign"), office)
    third = office.world.mediator("第三人")
    somebody_else_moves(office, office.case, third)
    at.button(key="reassign_submit").click().run()
    said = at.error[0].value
    assert "李站长" in said
    assert "第三人" in said
    assert held_by(office) == third
    assert at.text_area(key=f"note_{office.case.case_no}").value == "原承办人外出培训"


def test_a_refusal_stays_through_refreshes_until_it_was_read_or_tried_again(office, monkeypatch):
    at = fill_in(drawer(office, "reassign"), office, note="短")
    at.button(key="reassign_submit").click().run()
    assert [one.value for one in at.run().error] == [one.value for one in at.run().error]
    assert "太短" in at.error[0].value
    monkeypatch.setattr(feedback, "now", lambda: clock.now() + timedelta(seconds=21))
    assert not at.run().error
    at.button(key="reassign_submit").click().run()
    assert "太短" in at.error[0].value
    at.text_area(key=f"note_{office.case.case_no}").input("原承办人外出培训").run()
    at.button(key="reassign_submit").click().run()
    assert not at.error


@pytest.mark.parametrize(
    ("spoil", "message"),
    [({"note": ""}, "说明"), ({"note": "短"}, "太短"), ({"mediator": -1}, "调解员")],
)
def test_what_is_missing_is_said_and_nothing_changes(office, spoil, message):
    at = fill_in(drawer(office, "reassign"), office, **spoil)
    if "mediator" in spoil:
        del at.session_state["mediator_chosen"]
    at.button(key="reassign_submit").click().run()
    assert message in at.error[0].value
    assert held_by(office) == office.first


def test_a_session_that_ended_while_typing_keeps_what_was_typed(office):
    at = fill_in(drawer(office, "reassign"), office)
    office.here.db.write(
        lambda session: session.execute(update(AuthSession).values(revoked_at=clock.now()))
    )
    office.world.case()
    office.here.watcher.look()
    at.button(key="reassign_submit").click().run()
    assert held_by(office) == office.first
    office.here.db.write(
        lambda session: session.execute(update(AuthSession).values(revoked_at=None))
    )
    office.world.case()
    office.here.watcher.look()
    at = show(at, office, "reassign")
    assert at.text_area(key=f"note_{office.case.case_no}").value == "原承办人外出培训"
    at.button(key="reassign_submit").click().run()
    assert held_by(office) == office.second


def test_a_reader_is_offered_no_reassignment_and_no_unmasking(office):
    at = drawer(office, "reassign", Role.LEADER)
    assert data_of(at, "candidates") is None
    assert not {"reassign_submit", "unmask"} & {button.key for button in at.button}


def test_an_unmasking_needs_a_reason_and_leaves_a_line(office):
    at = drawer(office)
    at.text_input(key="unmask_reason").set_value("核对当事人身份").run()
    at = show(at, office, "facts")
    at.button(key="unmask").click().run()
    assert "王小明" in everything_sent(at)
    with office.here.db.read() as session:
        lines = session.scalars(select(AuditLine).where(AuditLine.action == "case:unmask")).all()
    assert [line.actor_id for line in lines] == [office.user.id]


def test_a_press_that_arrives_twice_is_one_unmasking(office, monkeypatch):
    press = case_parts._unmask
    monkeypatch.setattr(case_parts, "_unmask", lambda case_no: (press(case_no), press(case_no)))
    at = drawer(office)
    at.session_state["unmask_reason"] = "核对当事人身份"
    at.button(key="unmask").click().run()
    assert "王小明" in everything_sent(at)
    with office.here.db.read() as session:
        lines = session.scalars(select(AuditLine).where(AuditLine.action == "case:unmask")).all()
    assert len(lines) == 1


def test_another_case_begins_masked_again(office):
    at = drawer(office)
    at.session_state["unmask_reason"] = "核对当事人身份"
    at.button(key="unmask").click().run()
    office.case = office.world.case(parties=("王小明",))
    office.here.watcher.look()
    at = show(at, office, "facts")
    assert [row["name"] for row in blocks_of(at, "parties")[0]["rows"]] == ["王某某"]


def test_a_case_that_waits_is_assigned_and_begins_mediation(office):
    office.case = office.world.case(parties=("王小明",))
    at = drawer(office, "reassign")
    at.session_state["mediator_chosen"] = office.second
    at.text_area(key=f"note_{office.case.case_no}").set_value("按就近原则指派").run()
    at.button(key="reassign_submit").click().run()
    with office.here.db.read() as session:
        case = session.get(Case, (office.case.county_id, office.case.id))
    assert (case.stage, case.mediator_id) == (Stage.IN_MEDIATION, office.second)


def test_a_mediator_unmasks_only_what_they_hold(office):
    other = office.world.case(mediator_id=office.second)
    at = office.sign_in(Role.MEDIATOR, unit=None, mediator_id=office.first)
    at.run()
    assert (
        Permission.CASE_REASSIGN
        not in office.here.registry.actor(office.session.id, clock.now()).grants
    )
    at = show(at, office, "facts")
    assert [row["number"] for row in data_of(at, "queue_list")["rows"]] == [office.case.case_no]
    assert "unmask" in [button.key for button in at.button]
    office.case = other
    assert "找不到这件案件" in show(at, office, "facts").warning[0].value


def test_a_redraw_does_not_hide_that_the_case_changed_since_it_was_opened(office):
    at = drawer(office, "reassign")
    third = office.world.mediator("第三人")
    somebody_else_moves(office, office.case, third)
    at = fill_in(at.run(), office)
    assert any("此案刚有变动" in block["text"] for block in blocks_of(at, "notice"))
    at.button(key="reassign_submit").click().run()
    assert "李站长" in at.error[0].value
    assert held_by(office) == third
    # Told, the person may decide again, about what they see now.
    at.button(key="reassign_submit").click().run()
    assert held_by(office) == office.second


def test_names_go_from_the_screen_with_the_right_to_see_them(office):
    at = office.sign_in(Role.MEDIATOR, unit=None, mediator_id=office.first)
    office.world.add(
        UserRole(
            user_id=office.user.id,
            role=Role.GRID_WORKER,
            unit_id=office.world.grid_a,
            valid_from=date(2020, 1, 1),
        )
    )
    at.run()
    at = show(at, office, "facts")
    at.session_state["unmask_reason"] = "核对当事人身份"
    at.button(key="unmask").click().run()
    assert "王小明" in everything_sent(at)
    somebody_else_moves(office, office.case, office.second)
    at.run()
    assert blocks_of(at, "facts")
    assert "王小明" not in everything_sent(at)


def test_a_case_given_away_out_of_ones_scope_can_still_be_taken_back_here(office):
    town = office.world.committee("安仁镇调委会", kind=CommitteeKind.TOWN, town=office.world.town_a)
    other = office.world.mediator("镇调解员", committee_id=town)
    at = office.sign_in(Role.COMMITTEE_HEAD, unit=None)
    office.world.add(
        UserRole(
            user_id=office.user.id,
            role=Role.COMMITTEE_HEAD,
            committee_id=town,
            valid_from=date(2020, 1, 1),
        )
    )
    office.here.db.write(lambda session: session.execute(update(Case).values(committee_id=town)))
    industry = office.world.committee("物业纠纷调委会", kind=CommitteeKind.INDUSTRY)
    expert = office.world.mediator("物业专员", specialities=("0402",), committee_id=industry)
    office.here.watcher.look()
    at.run()
    at = fill_in(show(at, office, "reassign"), office, mediator=expert)
    at.button(key="reassign_submit").click().run()
    assert held_by(office) == expert
    at.run()
    at.button(key="reassign_undo").click().run()
    assert held_by(office) == office.first
    assert other != office.first
