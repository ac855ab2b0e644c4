"""Reassigning a case: who may, what it writes, what it refuses, and taking it back."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from data_access import audit, history
from data_access.commands.reassign import reassign_case, undo_reassignment
from data_access.reference import load_clock
from data_access.tables import Assignment, AuditLine, Case, CaseEvent, CaseSpan
from domain.cases import Difficulty, EventKind, FieldProblem, ReassignReason, Stage
from domain.eligibility import CommitteeKind, Objection
from domain.errors import (
    Conflict,
    Invalid,
    KeyReused,
    NotAllowed,
    NotEligible,
    NotFound,
    NotReassignable,
    NotUndoable,
)
from domain.people import Permission, Scope
from tests.world import NOW, World

KIN = "990129199001010011"
DAY = timedelta(days=1)


@pytest.fixture
def good(world):
    """A good reassignment; a test spoils one thing."""
    world.first = world.mediator("原承办")
    world.second = world.mediator("新承办")
    case = world.case(mediator_id=world.first)
    return {
        "case_no": case.case_no,
        "to_mediator_id": world.second,
        "reason": ReassignReason.ABSENCE,
        "note": "原调解员外出培训",
        "expected_version": 1,
        "actor": world.actor("王值班"),
        "now": NOW,
        "key": "k1",
    }


def snapshot(db):
    """Everything a reassignment could have touched."""
    with db.read() as session:
        return [
            session.execute(
                select(*table.__table__.columns).order_by(*table.__table__.primary_key)
            ).all()
            for table in (Case, CaseEvent, CaseSpan, Assignment, AuditLine)
        ]


def test_the_case_its_event_span_assignment_and_audit_line_agree(db, world, good):
    moved = reassign_case(db, **good)
    assert (moved.version, moved.mediator_name) == (2, "新承办")
    with db.read() as session:
        case = session.scalars(select(Case)).one()
        assert (case.mediator_id, case.version, case.stage) == (world.second, 2, Stage.IN_MEDIATION)
        assert case.held_since == NOW
        event = session.scalars(select(CaseEvent).order_by(CaseEvent.seq.desc())).first()
        assert (event.seq, event.kind, event.data["to"]) == (2, EventKind.REASSIGNED, world.second)
        spans = session.scalars(select(CaseSpan).order_by(CaseSpan.seq)).all()
        assert [(s.mediator_id, s.ends_at) for s in spans] == [
            (world.first, NOW),
            (world.second, None),
        ]
        held = session.scalars(select(Assignment).order_by(Assignment.seq)).all()
        assert [(a.mediator_id, a.ends_at) for a in held] == [
            (world.first, NOW),
            (world.second, None),
        ]
        line = session.scalars(select(AuditLine).order_by(AuditLine.seq.desc())).first()
        assert line.action == "case:reassign"
        assert "原调解员" not in str(line.payload)
        assert audit.verify(session, county_id=world.county).broken_at is None


def test_a_first_assignment_begins_mediation_with_its_own_deadline(db, world, good):
    waiting = world.case()
    reassign_case(db, **good | {"case_no": waiting.case_no})
    with db.read() as session:
        case = session.scalars(select(Case).where(Case.case_no == waiting.case_no)).one()
    assert case.stage is Stage.IN_MEDIATION
    # Seven calendar days after Monday 2 March, to 24:00 Beijing time.
    assert case.due_at.isoformat() == "2026-03-09T16:00:00+00:00"


@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        ({"case_no": "D2026-99999"}, NotFound),
        ({"to_mediator_id": 999_999}, NotFound),
        ({"expected_version": 7}, Conflict),
        ({"note": "  "}, Invalid),
        ({"note": "短"}, Invalid),
        ({"note": "长" * 501}, Invalid),
    ],
)
def test_a_refusal_changes_nothing(db, good, spoil, refusal):
    before = snapshot(db)
    with pytest.raises(refusal):
        reassign_case(db, **good | spoil)
    assert snapshot(db) == before


def test_somebody_without_the_permission_is_refused(db, world, good):
    before = snapshot(db)
    reader = world.actor("县领导", permissions=(Permission.CASE_READ,))
    with pytest.raises(NotAllowed):
        reassign_case(db, **good | {"actor": reader})
    assert snapshot(db) == before


def test_a_case_outside_the_scope_does_not_exist(db, world, good):
    stranger = world.actor("䢺江站", scope=Scope(world.county, towns=frozenset({world.town_b})))
    with pytest.raises(NotFound):
        reassign_case(db, **good | {"actor": stranger})


def test_every_reason_against_a_mediator_is_named(db, world, good):
    away = world.mediator(
        "请假人", specialities=("07",), capacity=0, committee_id=world.committee_b
    )
    world.absence(away, date(2026, 3, 1), date(2026, 3, 2))
    with pytest.raises(NotEligible) as refused:
        reassign_case(db, **good | {"to_mediator_id": away})
    assert refused.value.reasons == (
        Objection.ABSENT,
        Objection.OTHER_JURISDICTION,
        Objection.NO_SPECIALITY,
        Objection.AT_CAPACITY,
    )


def test_a_relative_of_a_party_never_gets_the_case(db, world, good):
    world.relation(world.second, KIN)
    case = world.case(identities=(KIN,), mediator_id=world.first)
    with pytest.raises(NotEligible) as refused:
        reassign_case(db, **good | {"case_no": case.case_no})
    assert refused.value.reasons == (Objection.KIN,)


def test_a_party_never_mediates_their_own_case(db, world, good):
    party = world.mediator("当事人自己", identity=KIN)
    case = world.case(identities=(KIN,), mediator_id=world.first)
    with pytest.raises(NotEligible) as refused:
        reassign_case(db, **good | {"case_no": case.case_no, "to_mediator_id": party})
    assert refused.value.reasons == (Objection.IS_PARTY,)


def test_a_specialist_type_needs_a_specialist_of_any_committee_in_reach(db, world, good):
    medical = world.committee("医疗纠纷调委会", kind=CommitteeKind.INDUSTRY)
    expert = world.mediator("医调员", specialities=("0502",), committee_id=medical)
    case = world.case(type_code="0502", mediator_id=world.first)
    with pytest.raises(NotEligible) as refused:
        reassign_case(db, **good | {"case_no": case.case_no})
    assert refused.value.reasons == (Objection.NO_SPECIALITY,)
    done = reassign_case(
        db, **good | {"case_no": case.case_no, "to_mediator_id": expert, "key": "k2"}
    )
    assert done.mediator_id == expert


@pytest.mark.parametrize("stage", [Stage.REGISTERED, Stage.CLOSED])
def test_a_case_that_is_not_accepted_or_is_closed_goes_to_nobody(db, world, good, stage):
    case = world.case(stage=stage)
    with pytest.raises(NotReassignable):
        reassign_case(db, **good | {"case_no": case.case_no})


def test_a_retry_gets_the_first_answer_and_does_nothing_twice(db, good):
    first = reassign_case(db, **good)
    after = snapshot(db)
    assert reassign_case(db, **good) == first
    assert snapshot(db) == after


def test_a_key_with_another_request_is_refused(db, world, good):
    reassign_case(db, **good)
    with pytest.raises(KeyReused):
        reassign_case(db, **good | {"note": "换了一个说明"})


def test_a_conflict_says_who_did_what_and_when(db, world, good):
    reassign_case(db, **good)
    with pytest.raises(Conflict) as conflict:
        reassign_case(db, **good | {"key": "k2", "actor": world.actor("李站长")})
    last = conflict.value.last
    assert (last.actor_name, last.kind, last.at, last.to_mediator_name) == (
        "王值班",
        "reassigned",
        NOW,
        "新承办",
    )


def by_the_clock(db, stage):
    """The deadline of a case that came into a stage a day ago."""
    with db.read() as session:
        due = load_clock(session).deadline(stage, Difficulty.ORDINARY, start=NOW - DAY)
    return {"due_at": due.due_at, "soon_at": due.soon_at}


def test_undo_gives_the_case_back_as_it_was(db, world, good):
    due = by_the_clock(db, Stage.IN_MEDIATION)
    case_no = world.case(mediator_id=world.first, **due).case_no
    good |= {"case_no": case_no}
    of_case = Case.case_no == case_no
    with db.read() as session:
        before = session.scalars(select(Case).where(of_case)).one()
    reassign_case(db, **good)
    later = NOW + timedelta(minutes=1)
    undone = undo_reassignment(
        db, case_no=good["case_no"], expected_version=2, actor=good["actor"], now=later, key="u1"
    )
    assert (undone.mediator_id, undone.version) == (world.first, 3)
    with db.read() as session:
        case = session.scalars(select(Case).where(of_case)).one()
        for name in ("mediator_id", "committee_id", "stage", "due_at", "soon_at", "held_since"):
            assert getattr(case, name) == getattr(before, name), name
        still = CaseSpan.case_id == before.id, CaseSpan.ends_at.is_(None)
        assert session.scalar(select(func.count()).select_from(CaseSpan).where(*still)) == 1
        assert audit.verify(session, county_id=world.county).broken_at is None


def test_what_the_rules_did_meanwhile_is_in_the_way_of_no_undo(db, world, good):
    moved = reassign_case(db, **good)

    def reweigh(session):
        case = session.scalars(select(Case).where(Case.case_no == good["case_no"])).one()
        what = history.Change(EventKind.REWEIGHED, "case:reweigh", {"weight": 15}, {})
        history.change(session, case, what, actor=world.system, now=NOW)

    db.write(reweigh)
    undone = undo_reassignment(
        db,
        case_no=good["case_no"],
        expected_version=moved.version + 1,
        actor=good["actor"],
        now=NOW,
        key="u1",
    )
    assert undone.mediator_id == world.first


def test_undo_of_a_first_assignment_puts_the_case_back_into_waiting(db, world, good):
    waiting = world.case(**by_the_clock(db, Stage.ACCEPTED))
    reassign_case(db, **good | {"case_no": waiting.case_no})
    undo_reassignment(
        db, case_no=waiting.case_no, expected_version=2, actor=good["actor"], now=NOW, key="undo"
    )
    with db.read() as session:
        case = session.scalars(select(Case).where(Case.case_no == waiting.case_no)).one()
    assert (case.stage, case.mediator_id, case.due_at) == (Stage.ACCEPTED, None, waiting.due_at)


def test_only_the_one_who_did_it_takes_it_back(db, world, good):
    reassign_case(db, **good)
    with pytest.raises(NotUndoable):
        undo_reassignment(
            db,
            case_no=good["case_no"],
            expected_version=2,
            actor=world.actor("李站长"),
            now=NOW,
            key="undo",
        )


def test_nothing_is_taken_back_after_somebody_else_changed_the_case(db, world, good):
    reassign_case(db, **good)
    other = world.actor("李站长")
    back = {"to_mediator_id": world.first, "expected_version": 2, "key": "k2", "actor": other}
    reassign_case(db, **good | back)
    with pytest.raises(Conflict):
        undo_reassignment(
            db,
            case_no=good["case_no"],
            expected_version=2,
            actor=good["actor"],
            now=NOW,
            key="undo",
        )


def test_an_undo_never_returns_a_case_to_a_relative(db, world, good):
    world.relation(world.first, KIN)
    case = world.case(identities=(KIN,), mediator_id=world.first)
    reassign_case(db, **good | {"case_no": case.case_no, "reason": ReassignReason.RECUSAL})
    with pytest.raises(NotUndoable):
        undo_reassignment(
            db, case_no=case.case_no, expected_version=2, actor=good["actor"], now=NOW, key="undo"
        )


def test_a_missing_note_is_named_as_such(db, good):
    with pytest.raises(Invalid) as refused:
        reassign_case(db, **good | {"note": ""})
    assert refused.value.problems == {"note": FieldProblem.MISSING}


def test_of_eight_writers_on_one_case_one_wins_and_seven_get_a_clear_conflict(committed):
    world = World(committed)
    first = world.mediator("原承办")
    case = world.case(mediator_id=first)
    people = [world.mediator(f"候选{i}") for i in range(8)]
    actors = [world.actor(f"值班{i}") for i in range(8)]
    gate = threading.Barrier(8)

    def race(place):
        gate.wait()
        try:
            reassign_case(
                committed,
                case_no=case.case_no,
                to_mediator_id=people[place],
                reason=ReassignReason.OVERLOAD,
                note="负荷过高,分流",
                expected_version=1,
                actor=actors[place],
                now=NOW,
                key=f"race-{place}",
            )
        except Conflict as conflict:
            return conflict.last
        return None

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(race, range(8)))
    losers = [last for last in answers if last is not None]
    assert len(losers) == 7
    winner = answers.index(None)
    assert {last.actor_name for last in losers} == {f"值班{winner}"}
    assert {last.to_mediator_name for last in losers} == {f"候选{winner}"}
    with committed.read() as session:
        assert session.scalars(select(Case.mediator_id)).one() == people[winner]
        assert session.scalar(select(func.count()).select_from(CaseEvent)) == 2
        assert audit.verify(session, county_id=world.county).broken_at is None


def test_two_cases_never_both_take_the_last_free_place(committed):
    world = World(committed)
    narrow = world.mediator("只剩一个名额", capacity=1)
    cases = [world.case() for _ in range(4)]
    actor = world.actor()
    gate = threading.Barrier(4)

    def race(case):
        gate.wait()
        try:
            reassign_case(
                committed,
                case_no=case.case_no,
                to_mediator_id=narrow,
                reason=ReassignReason.FIRST_ASSIGNMENT,
                note="首次指派到人",
                expected_version=1,
                actor=actor,
                now=NOW,
                key=case.case_no,
            )
        except NotEligible:
            return 0
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(race, cases)) == 1


def test_a_case_that_was_given_away_out_of_ones_scope_is_taken_back_all_the_same(db, world, good):
    town = world.committee("安仁镇调委会", kind=CommitteeKind.TOWN, town=world.town_a)
    other = world.mediator("镇调解员", committee_id=town)
    scope = Scope(world.county, committees=frozenset({world.committee_a}))
    head = world.actor("调委会主任", scope=scope)
    moved = reassign_case(db, **good | {"to_mediator_id": other, "actor": head})
    assert reassign_case(db, **good | {"to_mediator_id": other, "actor": head}) == moved
    undo = {"case_no": good["case_no"], "expected_version": 2, "now": NOW}
    with pytest.raises(NotFound):
        undo_reassignment(db, **undo, actor=world.actor("别的主任", scope=scope), key="u1")
    back = undo_reassignment(db, **undo, actor=head, key="u2")
    assert back.mediator_id == world.first
    assert undo_reassignment(db, **undo, actor=head, key="u2") == back


@pytest.mark.parametrize("stage", [Stage.FAILED, Stage.RIGHTS_TOLD, Stage.HANDED_OVER])
@pytest.mark.parametrize("parked", [0, 1])
def test_a_case_whose_mediator_left_changes_hands_also_after_its_mediation(
    db, world, good, stage, parked
):
    gone = world.mediator("离岗人", active=False)
    case = world.case(mediator_id=gone, stage=stage, paused=parked, outcome_code="O04")
    wanted = {"case_no": case.case_no, "reason": ReassignReason.LEFT_POST}
    moved = reassign_case(db, **good | wanted)
    assert (moved.version, moved.mediator_id) == (2, world.second)
    with db.read() as session:
        row = session.scalars(select(Case).where(Case.case_no == case.case_no)).one()
        held = session.scalars(select(Assignment).where(Assignment.case_id == row.id)).all()
    # Stage, clock and outcome are what they were.
    assert (row.stage, row.due_at, row.outcome_code) == (stage, case.due_at, "O04")
    assert [one.mediator_id for one in held if one.ends_at is None] == [world.second]


def test_what_a_party_refused_before_anybody_held_it_can_be_given_to_somebody(db, world, good):
    case = world.case(stage=Stage.FAILED, outcome_code="O05")
    reassign_case(db, **good | {"case_no": case.case_no, "reason": ReassignReason.OTHER})
    with db.read() as session:
        row = session.scalars(select(Case).where(Case.case_no == case.case_no)).one()
    assert (row.stage, row.mediator_id, row.outcome_code) == (Stage.FAILED, world.second, "O05")
