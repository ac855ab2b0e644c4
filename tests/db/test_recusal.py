"""What the parties say of a mediator: objections, consents, choices, pins; what each comes to."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import event, select

from data_access import history
from data_access.commands.consents import (
    Given,
    approve_recusal_consent,
    record_recusal_consent,
    revoke_recusal_consent,
)
from data_access.commands.locks import (
    end_choice,
    pin_case,
    record_choice,
    unpin_case,
)
from data_access.commands.meetings import record_meeting
from data_access.commands.objections import lift_objection, record_objection, withdraw_objection
from data_access.commands.reassign import reassign_case, undo_reassignment
from data_access.commands.steps import take_step
from data_access.locks import locks_of
from data_access.queries.candidates import choice
from data_access.queries.cases import case_view
from data_access.queries.recusals import recusals_to_resolve
from data_access.recusal import require_no_recusal
from data_access.tables import AuditLine, Case, CaseEvent, Committee, Mediator, RecusalConsent, User
from data_access.vault import Indexed
from domain.cases import CaseObjection, EventKind, FieldProblem, ReassignReason, Stage
from domain.eligibility import Objection
from domain.errors import (
    Conflict,
    Invalid,
    NotAllowed,
    NotEligible,
    NotFound,
    NotPossible,
    NotReassignable,
)
from domain.locks import Lock
from domain.organisation import PartyRole, RelationKind
from domain.people import Permission, Scope
from domain.recusal import ConsentForm, RecordObjection
from domain.transitions import Action
from domain.transitions import Given as GivenStep
from tests import invariants
from tests.world import NOW

KIN, OTHER = "990129199001010011", "990129199001010038"
DAY = date(2026, 3, 2)
NOTE = "当事人王小明当面说明"
SAID = Given(DAY, ConsentForm.WRITTEN)


class Desk:
    """A case of two parties, its holder, a second mediator who is kin to one of them."""

    def __init__(self, db, world):
        self.db, self.world = db, world
        self.holder = world.mediator("原承办")
        self.kin = world.mediator("亲属")
        world.relation(self.kin, KIN)
        self.case = world.case(identities=(KIN, OTHER), mediator_id=self.holder)
        self.head, self.boss, self.third = map(world.actor, ("主任", "站长", "值班"))
        self.version, self.keys = 1, 0

    def ask(self, command, *, actor=None, **over):
        """Do it as the head, at the version that the case has; the version it has then."""
        self.keys += 1
        done = command(
            self.db,
            **{
                "case_no": self.case.case_no,
                "expected_version": self.version,
                "actor": actor or self.head,
                "now": NOW,
                "key": f"k{self.keys}",
                "note": NOTE,
                **over,
            },
        )
        self.version = done.version
        return done

    def give(self, to, *, actor=None, reason=ReassignReason.OVERLOAD, **over):
        return self.ask(reassign_case, to_mediator_id=to, reason=reason, actor=actor, **over)

    def consent(self, **over):
        given = {"mediator_id": self.kin, "applicant": SAID, "respondent": SAID, **over}
        return self.ask(record_recusal_consent, **given)

    def approve(self, **over):
        given = {"mediator_id": self.kin, "actor": self.boss, **over}
        return self.ask(approve_recusal_consent, **given)

    def object_(self, mediator_id, side=PartyRole.RESPONDENT, **over):
        given = {"mediator_id": mediator_id, "side": side, "day": DAY, **over}
        return self.ask(record_objection, **given)

    def to_resolve(self):
        scope = Scope(self.world.county, whole_county=True)
        with self.db.read() as session:
            found = recusals_to_resolve(session, scope=scope, now=NOW + timedelta(days=3))
        return {(one.case_no, one.mediator_name, one.grounds) for one in found}

    def locks(self, now=NOW):
        with self.db.read() as session:
            held = locks_of(session, [self.case.id], county_id=self.world.county, now=now)
        return set(held[self.case.id].locks)


@pytest.fixture
def desk(db, world):
    found = Desk(db, world)
    yield found
    invariants.assert_hold(db, county_id=world.county)


def reasons_of(refusal):
    return tuple(refusal.value.reasons)


# --- the grounds ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "ground"),
    [
        (RelationKind.KIN, Objection.KIN),
        (RelationKind.INTEREST, Objection.INTEREST),
        (RelationKind.FORMER_ROLE, Objection.PRIOR_ROLE),
        (RelationKind.OTHER, Objection.OTHER_TIE),
    ],
)
def test_each_kind_of_relation_is_a_ground_of_its_own(desk, kind, ground):
    tied = desk.world.mediator("有关系的人")
    desk.world.relation(tied, OTHER, kind)
    with pytest.raises(NotEligible) as refused:
        desk.give(tied)
    assert reasons_of(refused) == (ground,)


def test_who_lives_in_the_same_grid_may_take_the_case(desk):
    neighbour = desk.world.mediator("同网格的人")
    assert desk.give(neighbour).mediator_id == neighbour


def test_accreditation_and_term_end_with_their_last_day(desk):
    with_until = {
        day: desk.world.mediator("聘期", licence_until=day)
        for day in (DAY, DAY - timedelta(days=1))
    }
    with pytest.raises(NotEligible) as refused:
        desk.give(with_until[DAY - timedelta(days=1)])
    assert reasons_of(refused) == (Objection.LICENCE_OVER,)
    desk.give(with_until[DAY])
    ended = desk.world.mediator("届满")

    def end_term(session):
        session.get(Committee, desk.world.committee_a).term_to = DAY - timedelta(days=1)

    desk.db.write(end_term)
    with pytest.raises(NotEligible) as refused:
        desk.give(ended)
    assert reasons_of(refused) == (Objection.TERM_OVER,)


# --- objections ----------------------------------------------------------------------------------


def test_one_sides_objection_is_enough_and_ends_when_it_is_withdrawn(desk):
    other = desk.world.mediator("被申请回避")
    desk.object_(other)
    with pytest.raises(NotEligible) as refused:
        desk.give(other)
    assert reasons_of(refused) == (Objection.PARTY_OBJECTS,)
    side = {"mediator_id": other, "side": PartyRole.RESPONDENT, "day": DAY}
    with pytest.raises(NotPossible) as again:
        desk.ask(record_objection, **side)
    assert reasons_of(again) == (RecordObjection.OBJECTS_ALREADY,)
    desk.ask(withdraw_objection, **side)
    # Who records that it was taken back takes the wall down for nobody.
    with pytest.raises(NotEligible):
        desk.give(other)
    side.pop("day")
    with pytest.raises(NotPossible) as alone:
        desk.ask(lift_objection, **side)
    assert reasons_of(alone) == (RecordObjection.SAME_PERSON,)
    desk.ask(lift_objection, actor=desk.boss, **side)
    desk.give(other)


def test_an_objection_said_to_be_withdrawn_is_upheld_by_saying_it_again(desk):
    other = desk.world.mediator("被申请回避")
    desk.object_(other)
    side = {"mediator_id": other, "side": PartyRole.RESPONDENT}
    desk.ask(withdraw_objection, day=DAY, **side)
    with pytest.raises(NotPossible) as again:
        desk.ask(withdraw_objection, day=DAY, **side)
    assert reasons_of(again) == (RecordObjection.WITHDRAWN_ALREADY,)
    desk.ask(record_objection, day=DAY, **side)
    with pytest.raises(NotPossible) as nothing:
        desk.ask(lift_objection, actor=desk.boss, **side)
    assert reasons_of(nothing) == (RecordObjection.NOT_WITHDRAWN,)
    with pytest.raises(NotEligible):
        desk.give(other)


def test_an_objection_to_the_holder_moves_nothing_and_is_listed(desk):
    desk.object_(desk.holder)
    assert desk.to_resolve() == {(desk.case.case_no, "原承办", (Objection.PARTY_OBJECTS,))}
    desk.give(desk.world.mediator("接手的人"), reason=ReassignReason.RECUSAL)
    assert desk.to_resolve() == set()
    # And not back: the wall stands in the way of an undo.
    with pytest.raises(Exception, match="former_not_eligible"):
        undo_reassignment(
            desk.db,
            case_no=desk.case.case_no,
            expected_version=desk.version,
            actor=desk.head,
            now=NOW,
            key="u",
        )


def test_the_mediator_concerned_takes_nothing_back_and_agrees_to_nothing(desk):
    desk.object_(desk.kin)

    def make_mediator(session):
        session.get(User, desk.third.user_id).mediator_id = desk.kin

    desk.db.write(make_mediator)
    side = {"mediator_id": desk.kin, "side": PartyRole.RESPONDENT, "day": DAY}
    for attempt in (
        lambda: desk.ask(withdraw_objection, actor=desk.third, **side),
        lambda: (
            desk.ask(withdraw_objection, **side),
            desk.ask(
                lift_objection, actor=desk.third, **{k: side[k] for k in ("mediator_id", "side")}
            ),
        ),
        lambda: desk.consent(actor=desk.third),
        lambda: (desk.consent(), desk.approve(actor=desk.third)),
    ):
        with pytest.raises(NotPossible) as refused:
            attempt()
        assert reasons_of(refused) == (RecordObjection.OWN_MATTER,)


@pytest.mark.parametrize(
    ("over", "refusal"),
    [
        ({"note": " "}, Invalid),
        ({"note": "短"}, Invalid),
        ({"note": "长" * 501}, Invalid),
        ({"day": date(2026, 3, 3)}, Invalid),
        ({"day": date(2026, 2, 28)}, Invalid),
        ({"side": PartyRole.OTHER}, NotPossible),
        ({"mediator_id": 999_999}, NotFound),
        ({"expected_version": 9}, Conflict),
    ],
)
def test_what_cannot_be_so_is_not_recorded(desk, over, refusal):
    with pytest.raises(refusal):
        desk.object_(**{"mediator_id": desk.kin, **over})
    with desk.db.read() as session:
        assert session.scalar(select(Case.version)) == 1


# --- consents ------------------------------------------------------------------------------------


def test_the_way_through_takes_both_sides_and_a_second_person(desk):
    with pytest.raises(NotEligible):
        desk.give(desk.kin)
    desk.consent(respondent=Given(DAY, ConsentForm.ORAL))
    with pytest.raises(NotEligible) as unapproved:
        desk.give(desk.kin)
    assert reasons_of(unapproved) == (Objection.KIN,)
    with pytest.raises(NotPossible) as same:
        desk.approve(actor=desk.head)
    assert reasons_of(same) == (RecordObjection.SAME_PERSON,)
    desk.approve()
    with pytest.raises(NotEligible) as own:
        desk.give(desk.kin, actor=desk.boss)
    assert reasons_of(own) == (Objection.OWN_APPROVAL,)
    assert desk.give(desk.kin).mediator_id == desk.kin
    assert desk.to_resolve() == set()


def test_a_record_says_codes_and_days_and_no_name(desk):
    desk.consent()
    desk.approve()
    with desk.db.read() as session:
        (kept,) = session.scalars(select(RecusalConsent)).all()
        assert (kept.grounds, kept.recorded_by, kept.approved_by) == (
            "kin",
            desk.head.user_id,
            desk.boss.user_id,
        )
        lines = session.scalars(select(AuditLine).order_by(AuditLine.seq.desc()).limit(2)).all()
        events = session.scalars(select(CaseEvent).order_by(CaseEvent.seq.desc()).limit(2)).all()
        scope = Scope(desk.world.county, whole_county=True)
        view = case_view(session, scope=scope, case_no=desk.case.case_no, now=NOW)
    assert [line.action for line in lines] == ["case:approve_consent", "case:consent"]
    assert "王小明" not in str([(line.payload, line.subject) for line in lines])
    assert "王小明" not in str([one.data for one in events])
    assert events[1].data["grounds"] == ["kin"]
    told = [(one.kind, one.to_name) for one in view.events[:2]]
    assert told == [(EventKind.CONSENT_APPROVED, "亲属"), (EventKind.CONSENTED, "亲属")]
    # The words are there, sealed, and shown without the party's name.
    assert view.events[0].note
    assert "王小明" not in view.events[0].note


def add_party(desk, identity):
    """A third person joins the dispute, as a file would bring one."""

    def work(session):
        desk.world._parties(session, desk.case.id, ("赵新来",), (identity,), ())

    desk.db.write(work)


@pytest.mark.parametrize("what", ["party", "relation", "objection", "revoked"])
def test_whatever_comes_later_makes_the_consent_void(desk, what):
    desk.consent()
    desk.approve()
    desk.give(desk.kin)
    assert desk.to_resolve() == set()
    if what == "party":
        add_party(desk, "990129199001010054")
    elif what == "relation":
        desk.world.relation(desk.kin, OTHER, RelationKind.INTEREST)
    elif what == "objection":
        desk.object_(desk.kin)
    else:
        desk.ask(revoke_recusal_consent, mediator_id=desk.kin)
    ((_number, name, grounds),) = desk.to_resolve()
    assert (name, grounds[0]) == ("亲属", Objection.KIN)
    with pytest.raises(NotEligible), desk.db.read() as session:
        require_no_recusal(session, desk.case, desk.kin, assigner=None)


def test_what_changed_before_the_approval_is_not_approved(desk):
    desk.consent()
    desk.world.relation(desk.kin, OTHER, RelationKind.INTEREST)
    with pytest.raises(NotPossible) as refused:
        desk.approve()
    assert reasons_of(refused) == (RecordObjection.GROUNDS_CHANGED,)
    # Asked again, about both, it can be.
    desk.consent()
    desk.approve()
    desk.give(desk.kin)


def test_nobody_mediates_their_own_dispute_whoever_agrees(desk):
    own = desk.world.mediator("当事人自己", identity=OTHER)
    with pytest.raises(NotPossible) as refused:
        desk.consent(mediator_id=own)
    assert reasons_of(refused) == (RecordObjection.NOT_CONSENTABLE,)


def test_a_consent_does_not_cover_that_the_mediator_turns_out_to_be_a_party(desk):
    desk.consent()
    desk.approve()

    def identify(session):
        index = desk.db.vault.index(OTHER, Indexed.IDENTITY)
        session.get(Mediator, desk.kin).identity_index = index

    desk.db.write(identify)
    with pytest.raises(NotEligible) as refused:
        desk.give(desk.kin)
    assert reasons_of(refused) == (Objection.IS_PARTY, Objection.KIN)


def test_a_consent_needs_a_ground_and_an_approval_a_record(desk):
    for attempt, why in (
        (lambda: desk.consent(mediator_id=desk.holder), RecordObjection.NO_GROUND),
        (desk.approve, RecordObjection.NOTHING_TO_APPROVE),
        (
            lambda: desk.ask(revoke_recusal_consent, mediator_id=desk.kin),
            RecordObjection.NOTHING_TO_REVOKE,
        ),
        (lambda: desk.consent(applicant=Given(date(2026, 3, 3), ConsentForm.ORAL)), None),
    ):
        with pytest.raises((NotPossible, Invalid)) as refused:
            attempt()
        if why is None:
            assert refused.value.problems == {"applicant": FieldProblem.IN_FUTURE}
        else:
            assert reasons_of(refused) == (why,)


def test_each_record_asks_for_its_own_permission(desk):
    for permission, command, over in (
        (Permission.CASE_MEDIATE, record_objection, {"side": PartyRole.APPLICANT, "day": DAY}),
        (Permission.CASE_REASSIGN, record_recusal_consent, {"applicant": SAID, "respondent": SAID}),
        (Permission.CASE_APPROVE, approve_recusal_consent, {}),
        (Permission.CASE_REASSIGN, revoke_recusal_consent, {}),
        (Permission.CASE_MEDIATE, record_choice, {"applicant_on": DAY, "respondent_on": DAY}),
    ):
        rest = [one for one in Permission if one is not permission]
        actor = desk.world.actor("少一项", permissions=rest)
        with pytest.raises(NotAllowed):
            desk.ask(command, actor=actor, mediator_id=desk.kin, **over)
    for command in (pin_case, unpin_case):
        rest = [one for one in Permission if one is not Permission.CASE_SUPERVISE]
        with pytest.raises(NotAllowed):
            desk.ask(command, actor=desk.world.actor("少一项", permissions=rest))


# --- every change of a holder --------------------------------------------------------------------


def test_no_change_written_by_whatever_command_passes_the_wall(desk):
    """The wall is where changes are written, so a command that forgets to ask meets it too."""
    what = history.Change(
        EventKind.REASSIGNED, "case:reassign", {"mediator_id": desk.kin, "held_since": NOW}
    )

    def careless(session):
        case = session.scalars(select(Case)).one()
        history.change(session, case, what, actor=desk.head, now=NOW)

    with pytest.raises(NotEligible) as refused:
        desk.db.write(careless)
    assert reasons_of(refused) == (Objection.KIN,)


def test_a_case_does_not_bring_its_parties_to_their_kin_by_merging(desk):
    world = desk.world
    held_by_kin = world.case(parties=("陈一", "陈二"), mediator_id=desk.kin)
    merge = {"action": Action.MERGE, "given": GivenStep(note=NOTE, other_case=held_by_kin.case_no)}
    with pytest.raises(NotEligible) as refused:
        take_step(
            desk.db,
            **merge,
            case_no=desk.case.case_no,
            expected_version=1,
            actor=desk.head,
            now=NOW,
            key="m",
        )
    assert reasons_of(refused) == (Objection.KIN,)


def test_a_merged_case_comes_back_to_nobody_when_its_holder_must_withdraw(desk):
    stays = desk.world.case(parties=("陈一", "陈二"))
    steps = {"actor": desk.head, "now": NOW, "case_no": desk.case.case_no}
    given = GivenStep(note=NOTE, other_case=stays.case_no)
    take_step(desk.db, action=Action.MERGE, given=given, expected_version=1, key="m", **steps)
    desk.world.relation(desk.holder, OTHER)
    again = {"given": GivenStep(note=NOTE), "expected_version": 2, "key": "n", **steps}
    back = take_step(desk.db, action=Action.UNMERGE, **again)
    assert back.stage is Stage.ACCEPTED
    with desk.db.read() as session:
        case = session.scalars(select(Case).where(Case.id == desk.case.id)).one()
    assert (case.mediator_id, case.committee_id, case.held_since) == (None, None, None)
    assert (case.is_open, case.outcome_code, case.merged_into) == (1, None, None)
    assert case.due_at > NOW


# --- locks ---------------------------------------------------------------------------------------


def test_the_parties_choice_keeps_suggestions_and_light_reasons_away(desk):
    other, third = desk.world.mediator("当事人选的人"), desk.world.mediator("别人")
    desk.ask(record_choice, mediator_id=other, applicant_on=DAY, respondent_on=DAY)
    with pytest.raises(NotReassignable) as refused:
        desk.give(third)
    assert reasons_of(refused) == (Lock.CHOSEN_BY_PARTIES,)
    scope = Scope(desk.world.county, whole_county=True)
    with desk.db.read() as session:
        judged = choice(session, scope=scope, case_no=desk.case.case_no, now=NOW).judged
    assert judged[0].candidate.mediator_id == other
    assert judged[0].locks == ()
    desk.give(other)
    # The parties may want another; who leaves cannot be kept.
    desk.give(third, reason=ReassignReason.PARTY_CHOICE)
    desk.ask(end_choice)
    with pytest.raises(NotPossible) as none:
        desk.ask(end_choice)
    assert reasons_of(none) == (RecordObjection.NO_CHOICE,)


def test_a_choice_lifts_no_recusal(desk):
    desk.ask(record_choice, mediator_id=desk.kin, applicant_on=DAY, respondent_on=DAY)
    with pytest.raises(NotEligible):
        desk.give(desk.kin, reason=ReassignReason.PARTY_CHOICE)


def test_a_pin_yields_to_supervisors_and_to_whoever_must_leave(desk):
    other = desk.world.mediator("别人")
    desk.ask(pin_case)
    assert desk.locks() == {Lock.PINNED}
    with pytest.raises(NotPossible) as twice:
        desk.ask(pin_case)
    assert reasons_of(twice) == (RecordObjection.PINNED_ALREADY,)
    rest = [one for one in Permission if one is not Permission.CASE_SUPERVISE]
    head = desk.world.actor("主任", permissions=rest)
    with pytest.raises(NotReassignable) as refused:
        desk.give(other, actor=head)
    assert reasons_of(refused) == (Lock.PINNED,)
    # Who supervises another place supervises nothing here.
    elsewhere = Scope(desk.world.county, committees=frozenset({desk.world.committee_b}))
    grants = head.grants | {Permission.CASE_SUPERVISE: elsewhere}
    with pytest.raises(NotReassignable) as refused:
        desk.give(other, actor=replace(head, grants=grants))
    assert reasons_of(refused) == (Lock.PINNED,)
    soon = NOW + timedelta(minutes=1)
    desk.give(other, actor=head, reason=ReassignReason.LEFT_POST, now=soon)
    # It kept the case with who had it then; nobody pinned it to whoever has it now.
    assert Lock.PINNED not in desk.locks()
    desk.give(desk.holder, now=soon)
    desk.ask(pin_case, now=soon)
    assert Lock.PINNED in desk.locks()
    desk.ask(unpin_case, now=soon)
    assert Lock.PINNED not in desk.locks()
    with pytest.raises(NotPossible) as gone:
        desk.ask(unpin_case)
    assert reasons_of(gone) == (RecordObjection.NOT_PINNED,)


def test_a_meeting_holds_the_case_with_whom_the_parties_met(desk):
    desk.ask(record_meeting, day=DAY)
    assert desk.locks() == {Lock.MID_MEDIATION}
    other = desk.world.mediator("别人")
    desk.give(other)
    assert desk.locks() == {Lock.MOVED_LATELY}
    assert desk.locks(now=NOW + timedelta(days=14)) == set()


def test_a_move_that_was_taken_back_is_none(desk):
    desk.give(desk.world.mediator("别人"))
    assert desk.locks() == {Lock.MOVED_LATELY}
    undo_reassignment(
        desk.db,
        case_no=desk.case.case_no,
        expected_version=desk.version,
        actor=desk.head,
        now=NOW,
        key="u",
    )
    assert desk.locks() == set()


def test_an_agreement_holds_the_case(db, world):
    desk = Desk(db, world)
    desk.case = world.case(mediator_id=desk.holder, stage=Stage.AGREEMENT)
    assert desk.locks() == {Lock.AGREEMENT}
    with pytest.raises(NotPossible):
        desk.ask(record_meeting, day=DAY)


def test_a_closed_case_takes_no_record(db, world):
    desk = Desk(db, world)
    desk.case = world.case(stage=Stage.CLOSED, outcome_code="O05", mediator_id=desk.holder)
    for attempt in (lambda: desk.object_(desk.kin), lambda: desk.ask(pin_case)):
        with pytest.raises(NotPossible) as refused:
            attempt()
        assert reasons_of(refused) == (CaseObjection.CLOSED,)


def test_a_retry_gets_the_first_answer(desk):
    first = desk.object_(desk.holder, key="same")
    desk.version = 1
    assert desk.object_(desk.holder, key="same") == first


# --- reading -------------------------------------------------------------------------------------


def statements(db, work):
    counted = []

    def note(_connection, _cursor, statement, *_rest):
        counted.append(statement)

    event.listen(db.bind, "before_cursor_execute", note)
    try:
        with db.read() as session:
            work(session)
    finally:
        event.remove(db.bind, "before_cursor_execute", note)
    return len(counted)


def test_the_number_of_queries_does_not_grow_with_people_or_grounds(desk):
    scope = Scope(desk.world.county, whole_county=True)

    def look(session):
        choice(session, scope=scope, case_no=desk.case.case_no, now=NOW)

    few = statements(desk.db, look)
    for one in range(12):
        tied = desk.world.mediator(f"调解员{one}")
        desk.world.relation(tied, KIN)
        desk.object_(tied)
    desk.consent()
    desk.approve()
    desk.ask(pin_case)
    assert statements(desk.db, look) == few


def test_what_is_to_resolve_is_each_scopes_own(desk):
    desk.object_(desk.holder)
    with desk.db.read() as session:
        for part, count in (
            ({"towns": frozenset({desk.world.town_a})}, 1),
            ({"committees": frozenset({desk.world.committee_a})}, 1),
            ({"towns": frozenset({desk.world.town_b})}, 0),
        ):
            scope = Scope(desk.world.county, **part)
            found = recusals_to_resolve(session, scope=scope, now=NOW + timedelta(days=3))
            assert len(found) == count
            assert all(one.days_held == 4 for one in found)


def test_whoever_approved_a_consent_finds_its_mediator_among_those_who_cannot(desk):
    desk.consent()
    desk.approve()

    def found_by(actor):
        with desk.db.read() as session:
            found = choice(
                session,
                scope=Scope(desk.world.county, whole_county=True),
                case_no=desk.case.case_no,
                now=NOW,
                assigner=actor.user_id,
            )
        (one,) = [one for one in found.judged if one.candidate.mediator_id == desk.kin]
        return one.objections

    assert found_by(desk.boss) == (Objection.OWN_APPROVAL,)
    assert found_by(desk.head) == ()
