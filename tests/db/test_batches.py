"""Many cases in one go: all or nothing, within capacity as a whole, and back again for days."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from data_access import audit, history
from data_access.commands.batches import Committed, NewBatch, commit_batch, undo_batch
from data_access.commands.leave import add_leave
from data_access.commands.reassign import reassign_case
from data_access.locks import locks_of
from data_access.queries.batches import batches, moves_of
from data_access.tables import (
    Assignment,
    AuditLine,
    BatchMove,
    Case,
    CaseEvent,
    CasePin,
    ReassignBatch,
)
from domain.batches import (
    MOST_MOVES,
    UNDO_DAYS,
    BatchMode,
    BatchRefused,
    KeptBecause,
    PlannedMove,
    SeenPerson,
)
from domain.cases import EventKind, FieldProblem, ReassignReason, Stage, UndoObjection
from domain.eligibility import CommitteeKind, Objection
from domain.errors import Conflict, Invalid, NotAllowed, NotEligible, NotFound, NotUndoable
from domain.locks import Lock
from domain.organisation import AbsenceKind
from domain.people import Permission, Scope
from tests.world import NOW

KIN = "990129199001010011"
LATER = NOW + timedelta(days=3)


@pytest.fixture
def office(world):
    """Two cases of somebody who goes on leave, one that waits, and two colleagues."""
    world.away = world.mediator("请假的人")
    world.first = world.mediator("甲")
    world.second = world.mediator("乙")
    world.held = [world.case(mediator_id=world.away) for _number in range(2)]
    world.waiting = world.case()
    world.head = world.actor("王主任")
    return world


def moves(office):
    people = (office.first, office.second, office.first)
    pairs = zip([*office.held, office.waiting], people, strict=True)
    return tuple(PlannedMove(case.case_no, 1, to) for case, to in pairs)


def batch(office, **over):
    chosen = over.get("moves", moves(office))
    return NewBatch(
        **{
            "people": office.seen(*{one.to_mediator_id for one in chosen}),
            "name": "请假分流",
            "mode": BatchMode.ABSENCE,
            "reason": ReassignReason.ABSENCE,
            "note": "外出培训三周",
            "moves": moves(office),
            **over,
        }
    )


def commit(office, *, key="k", actor=None, now=NOW, **over):
    return commit_batch(
        office.db, batch=batch(office, **over), actor=actor or office.head, now=now, key=key
    )


def undo(office, made, *, key="u", actor=None, now=LATER):
    return undo_batch(
        office.db, batch_id=made.batch_id, actor=actor or office.head, now=now, key=key
    )


def holders(office):
    with office.db.read() as session:
        rows = session.execute(select(Case.case_no, Case.mediator_id).order_by(Case.case_no))
        return dict(rows.all())


def everything(db):
    with db.read() as session:
        return [
            session.execute(
                select(*table.__table__.columns).order_by(*table.__table__.primary_key)
            ).all()
            for table in (Case, CaseEvent, Assignment, AuditLine, ReassignBatch, BatchMove)
        ]


def test_what_was_previewed_is_what_is_done(db, office):
    made = commit(office)
    assert made == Committed(made.batch_id, 3)
    assert holders(office) == {one.case_no: one.to_mediator_id for one in moves(office)}
    with db.read() as session:
        kept = session.scalars(select(BatchMove).order_by(BatchMove.case_id)).all()
        assert [one.from_mediator_id for one in kept] == [office.away, office.away, None]
        assert session.scalars(select(Case.stage)).all() == [Stage.IN_MEDIATION] * 3
        line = session.scalars(select(AuditLine).order_by(AuditLine.seq.desc())).first()
        assert (line.action, line.payload["moves"]) == ("batch:commit", 3)
        assert audit.verify(session, county_id=office.county).broken_at is None


def test_a_retry_does_nothing_twice(db, office):
    previewed = batch(office).people
    made = commit(office, people=previewed)
    before = everything(db)
    assert commit(office, people=previewed) == made
    assert everything(db) == before


def test_one_case_that_changed_in_between_refuses_all_and_says_who(db, office):
    reassign_case(
        db,
        case_no=office.held[1].case_no,
        to_mediator_id=office.second,
        reason=ReassignReason.OVERLOAD,
        note="负荷过高,分流",
        expected_version=1,
        actor=office.actor("李站长"),
        now=NOW,
        key="other",
    )
    before = everything(db)
    with pytest.raises(BatchRefused) as refused:
        commit(office)
    assert everything(db) == before
    (one,) = refused.value.cases
    assert moves(office)[one.place].case_no == office.held[1].case_no
    assert isinstance(one.refusal, Conflict)
    assert one.refusal.last.actor_name == "李站长"


def test_every_case_that_stands_in_the_way_is_named(db, office):
    relative = office.mediator("亲属")
    office.relation(relative, KIN)
    theirs = office.case(parties=("王小明",), identities=(KIN,))
    planned = (
        *moves(office),
        PlannedMove(theirs.case_no, 1, relative),
        PlannedMove("D2026-99999", 1, office.first),
        PlannedMove(office.case().case_no, 1, 999_999),
    )
    people = (*office.seen(office.first, office.second, relative), SeenPerson(999_999, 1, 0, 0))
    with pytest.raises(BatchRefused) as refused:
        commit(office, moves=planned, people=people)
    why = {planned[one.place].case_no: one.refusal for one in refused.value.cases}
    assert len(why) == 3
    assert why[theirs.case_no].reasons == (Objection.KIN,)
    assert isinstance(why["D2026-99999"], NotFound)


def test_what_changed_of_a_person_in_between_refuses_all_and_names_them(db, office):
    """The preview told their load after the batch: with other cases, or a leave, it is not true."""
    people = office.seen(office.away, office.first, office.second)
    before = everything(db)
    office.case(mediator_id=office.second)
    with pytest.raises(BatchRefused) as refused:
        commit(office, people=people)
    assert (refused.value.cases, refused.value.people) == ((), (office.second,))
    people = office.seen(office.away, office.first, office.second)
    add_leave(
        db,
        mediator_id=office.first,
        first_day=NOW.date() + timedelta(days=3),
        last_day=NOW.date() + timedelta(days=9),
        kind=AbsenceKind.LEAVE,
        actor=office.head,
        now=NOW,
        key="leave",
    )
    with pytest.raises(BatchRefused) as refused:
        commit(office, people=people)
    assert refused.value.people == (office.first,)
    assert holders(office)[office.held[0].case_no] == office.away
    assert len(before[4]) == len(everything(db)[4])
    # Whom the plan gives a case has to have been shown at all.
    with pytest.raises(Invalid):
        commit(office, people=people[:1])


def test_what_holds_a_case_fast_holds_it_against_a_batch(db, office):
    """By every mode but an absence; who must withdraw gives it up all the same."""
    with db.read() as session:
        case = session.scalars(select(Case).where(Case.case_no == office.held[0].case_no)).one()
    day = {"county_id": case.county_id, "case_id": case.id}
    office.add(CasePin(**day, pinned_by=office.head.user_id, pinned_at=NOW))
    supervisor = office.actor("督办人")
    with pytest.raises(BatchRefused) as refused:
        commit(office, mode=BatchMode.LEVEL, reason=ReassignReason.OVERLOAD, actor=supervisor)
    (one,) = refused.value.cases
    assert one.refusal.reasons == (Lock.PINNED,)
    commit(office, mode=BatchMode.ABSENCE, actor=supervisor)


def test_capacity_is_asked_of_the_whole(db, office):
    small, other = office.mediator("满员甲", capacity=1), office.mediator("满员乙", capacity=1)
    mine, theirs = office.case(mediator_id=small), office.case(mediator_id=other)
    exchange = (PlannedMove(mine.case_no, 1, other), PlannedMove(theirs.case_no, 1, small))
    commit(office, moves=exchange)
    assert holders(office)[mine.case_no] == other
    one_too_many = (
        PlannedMove(office.held[0].case_no, 1, small),
        PlannedMove(office.held[1].case_no, 1, other),
    )
    before = everything(db)
    with pytest.raises(BatchRefused) as refused:
        commit(office, key="k2", moves=one_too_many)
    assert everything(db) == before
    assert all(isinstance(one.refusal, NotEligible) for one in refused.value.cases)


@pytest.mark.parametrize(
    ("over", "problems"),
    [
        ({"name": " "}, {"name": FieldProblem.MISSING}),
        ({"name": "长" * 81}, {"name": FieldProblem.TOO_LONG}),
        ({"note": ""}, {"note": FieldProblem.MISSING}),
        ({"note": "短"}, {"note": FieldProblem.TOO_SHORT}),
        ({"note": "长" * 501}, {"note": FieldProblem.TOO_LONG}),
        ({"moves": ()}, {"cases": FieldProblem.MISSING}),
        ({"moves": (PlannedMove("D", 1, 1),) * 2}, {"cases": FieldProblem.OUT_OF_RANGE}),
        (
            {"moves": tuple(PlannedMove(f"D{n}", 1, 1) for n in range(MOST_MOVES + 1))},
            {"cases": FieldProblem.OUT_OF_RANGE},
        ),
    ],
)
def test_what_cannot_be_taken_is_said_per_field(db, office, over, problems):
    before = everything(db)
    with pytest.raises(Invalid) as refused:
        commit(office, **over)
    assert refused.value.problems == problems
    assert everything(db) == before


def test_whoever_may_not_reassign_commits_and_undoes_nothing(db, office):
    made = commit(office)
    reader = office.actor("县领导", permissions=(Permission.CASE_READ,))
    with pytest.raises(NotAllowed):
        commit(office, key="k2", actor=reader)
    with pytest.raises(NotAllowed):
        undo(office, made, actor=reader)


def test_an_undo_restores_what_nobody_touched_and_names_the_rest(db, office):
    made = commit(office)
    touched = office.held[0].case_no
    reassign_case(
        db,
        case_no=touched,
        to_mediator_id=office.second,
        reason=ReassignReason.OVERLOAD,
        note="负荷过高,分流",
        expected_version=2,
        actor=office.actor("李站长"),
        now=NOW,
        key="other",
    )
    undone = undo(office, made)
    assert undone.kept == {touched: KeptBecause.CHANGED_SINCE}
    assert set(undone.restored) == {office.held[1].case_no, office.waiting.case_no}
    now_held = holders(office)
    assert now_held[touched] == office.second
    assert now_held[office.held[1].case_no] == office.away
    assert now_held[office.waiting.case_no] is None
    with db.read() as session:
        kept = session.get(ReassignBatch, made.batch_id)
        assert (kept.undone_at, kept.undone_by) == (LATER, office.head.user_id)
        assert session.scalar(select(func.count()).select_from(BatchMove)) == 3
        assert audit.verify(session, county_id=office.county).broken_at is None


def test_an_undo_is_done_once_and_not_for_ever(db, office):
    made = commit(office)
    first = undo(office, made)
    assert undo(office, made) == first
    with pytest.raises(NotUndoable) as refused:
        undo(office, made, key="again")
    assert refused.value.reasons == (UndoObjection.UNDONE_ALREADY,)
    other = commit(office, key="k2", moves=(PlannedMove(office.case().case_no, 1, office.first),))
    with pytest.raises(NotUndoable) as refused:
        undo(office, other, key="u2", now=NOW + UNDO_DAYS + timedelta(minutes=1))
    assert refused.value.reasons == (UndoObjection.TOO_LONG_AGO,)


def test_nobody_goes_back_to_somebody_who_is_recused_by_now(db, office):
    theirs = office.case(mediator_id=office.away, parties=("王小明",), identities=(KIN,))
    made = commit(office, moves=(PlannedMove(theirs.case_no, 1, office.first),))
    office.relation(office.away, KIN)
    assert undo(office, made).kept == {theirs.case_no: KeptBecause.FORMER_NOT_ELIGIBLE}
    assert holders(office)[theirs.case_no] == office.first


def test_a_batch_is_its_owners_and_the_supervisors_to_undo(db, office):
    made = commit(office)
    head = office.actor(
        "另一位主任",
        scope=Scope(office.county, towns=frozenset({office.town_a})),
        permissions=(Permission.CASE_REASSIGN,),
    )
    with pytest.raises(NotFound):
        undo(office, made, actor=head)
    part = {"towns": frozenset({office.town_b})}
    elsewhere = office.actor("别镇", scope=Scope(office.county, **part))
    with pytest.raises(NotFound):
        undo(office, made, actor=elsewhere)


def test_a_supervisor_gives_back_what_lies_in_their_part(db, office):
    there = office.case(
        town_id=office.town_b, community_id=office.community_b, grid_id=office.grid_b
    )
    county = office.committee("物业调委会", kind=CommitteeKind.INDUSTRY)
    anywhere = office.mediator("县级", committee_id=county)
    planned = (*moves(office), PlannedMove(there.case_no, 1, anywhere))
    made = commit(office, moves=planned)
    part = {"towns": frozenset({office.town_b})}
    undone = undo(office, made, actor=office.actor("别镇", scope=Scope(office.county, **part)))
    assert undone.restored == (there.case_no,)
    assert set(undone.kept.values()) == {KeptBecause.OUT_OF_SCOPE}


def test_batches_are_listed_with_what_became_of_them(db, office):
    everywhere = Scope(office.county, whole_county=True)
    nobody = Scope(office.county, towns=frozenset({office.town_b}))
    made = commit(office)
    undo(office, made)
    commit(office, key="k2", moves=(PlannedMove(office.case().case_no, 1, office.first),))
    with db.read() as session:
        found = batches(session, scope=everywhere, owner_id=0)
        assert [(one.moves, one.untouched) for one in found] == [(1, 1), (3, 0)]
        assert found[1].undone_at == LATER
        assert (found[1].owner, found[1].mode) == ("王主任", BatchMode.ABSENCE)
        own = batches(session, scope=nobody, owner_id=office.head.user_id)
        assert len(own) == 2
        assert batches(session, scope=nobody, owner_id=0) == []
        rows = moves_of(session, scope=everywhere, owner_id=0, batch_id=made.batch_id)
        assert [(one.from_name, one.to_name, one.restored) for one in rows] == [
            ("请假的人", "甲", True),
            ("请假的人", "乙", True),
            (None, "甲", True),
        ]
        assert moves_of(session, scope=nobody, owner_id=0, batch_id=made.batch_id) == []


def test_what_the_rules_did_meanwhile_keeps_no_case_back(db, office):
    """A new table of weights touches every open case; nobody worked on any of them."""
    made = commit(office)
    by_new_rule = LATER.date()

    def reweigh(session):
        for number in (office.held[0], office.waiting):
            case = session.get(Case, (number.county_id, number.id))
            what = history.Change(EventKind.REWEIGHED, "case:reweigh", {"weight": 15}, {})
            history.change(session, case, what, actor=office.head, now=LATER)
        other = session.get(Case, (office.county, office.held[1].id))
        values = {"limit_on": by_new_rule, "due_at": LATER + timedelta(days=9)}
        what = history.Change(EventKind.DEADLINE_MOVED, "case:move_deadline", values, {})
        history.change(session, other, what, actor=office.head, now=LATER)

    db.write(reweigh)
    with db.read() as session:
        scope = Scope(office.county, whole_county=True)
        arguments = {"scope": scope, "owner_id": office.head.user_id}
        (row,) = batches(session, **arguments)
        told = moves_of(session, **arguments, batch_id=made.batch_id)
    assert row.untouched == 3
    assert [(one.touched, one.changed_by) for one in told] == [(False, None)] * 3
    done = undo(office, made, now=LATER + timedelta(hours=1))
    assert len(done.restored) == 3
    assert holders(office)[office.held[0].case_no] == office.away
    # The deadline that they moved stays where they moved it.
    with db.read() as session:
        case = session.get_one(Case, (office.county, office.held[1].id))
        assert (case.limit_on, case.due_at) == (by_new_rule, LATER + timedelta(days=9))
    # And a move that was taken back holds the case nowhere.
    with db.read() as session:
        ids = [one.id for one in office.held]
        held = locks_of(session, ids, county_id=office.county, now=LATER)
    assert {one.locks for one in held.values()} == {frozenset()}
