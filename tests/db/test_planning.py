"""What a plan is made from: who may get which case, what they hold beside it, how fast they are."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import event

from data_access import reckoning
from data_access.commands.batches import NewBatch, commit_batch
from data_access.commands.steps import take_step
from data_access.history import SPAN_FIELDS
from data_access.paces import FIRST_PACE, paces_of
from data_access.queries.candidates import candidates, facts
from data_access.queries.loads import mediator_loads, working_tenths
from data_access.queries.planning import planning
from data_access.reach import seen
from data_access.reckoning import Reckoning
from data_access.tables import Case, CasePin, CaseSpan, MediatorTime
from domain.balancing import Lock as PlanLock
from domain.balancing import Mode, assess, hand_back, propose, verify
from domain.balancing.breaches import Breach
from domain.balancing.orders import HandingBack, Weighing, plan_of
from domain.balancing.plan import Held, Unplaced, WhyUnplaced
from domain.balancing.pool import moved
from domain.balancing.proposing import Request, Unverified
from domain.batches import BatchMode, PlannedMove
from domain.cases import CaseObjection, ReassignReason, Stage
from domain.eligibility import CommitteeKind, Objection, objections
from domain.locks import Lock
from domain.people import Scope
from domain.transitions import Action, AgreementForm, Given
from tests.world import NOW

KIN = "990129199001010011"
DAY = timedelta(days=1)


@pytest.fixture
def office(world):
    """Two towns with people of every kind, and cases of both."""
    world.town_room = world.committee("安仁镇调委会", kind=CommitteeKind.TOWN, town=world.town_a)
    world.industry = world.committee("医疗调委会", kind=CommitteeKind.INDUSTRY)
    world.busy = world.mediator("忙的人")
    world.free = world.mediator("闲的人", full_time=True)
    world.kin = world.mediator("亲属")
    world.relation(world.kin, KIN)
    world.ill = world.mediator("请假的人")
    world.absence(world.ill, NOW.date() - DAY, NOW.date() + DAY)
    world.gone = world.mediator("离岗的人", active=False)
    world.doctor = world.mediator("懂医的人", committee_id=world.industry, specialities=("0601",))
    world.of_town = world.mediator("镇上的人", committee_id=world.town_room)
    world.elsewhere = world.mediator("外镇的人", committee_id=world.committee_b)
    world.cases = [
        world.case(mediator_id=world.busy, identities=(KIN,)),
        world.case(mediator_id=world.busy, due_at=NOW - DAY, soon_at=NOW - 2 * DAY),
        world.case(),
        world.case(mediator_id=world.busy, type_code="0601"),
    ]
    world.other = world.case(mediator_id=world.busy)
    world.numbers = [one.case_no for one in world.cases]
    return world


def read(office, numbers=None, **over):
    given = {"scope": Scope(office.county, whole_county=True), "now": NOW, **over}
    with office.db.read() as session:
        return planning(session, case_nos=office.numbers if numbers is None else numbers, **given)


def works(found):
    return {one.case_id: one for one in found.pool.works}


def test_who_may_get_a_case_is_whom_nothing_speaks_against(office):
    """The same answer as the rule that the commit asks, person by person."""
    found = works(read(office))
    for one in office.cases:
        with office.db.read() as session:
            case = session.get(Case, (office.county, one.id))
            known = facts(session, [case], now=NOW)[case.id]
            fit = {
                each.mediator_id
                for each in candidates(session, case, now=NOW)
                if not set(objections(each, known))
                - {Objection.AT_CAPACITY, Objection.ALREADY_HOLDS}
            }
        assert found[one.id].eligible == fit, one.case_no
    assert office.kin not in found[office.cases[0].id].eligible
    assert office.doctor in found[office.cases[3].id].eligible


def test_only_the_chosen_cases_may_move_and_the_others_stand_in_the_queues(office):
    found = read(office)
    beside = works(found)[office.other.id]
    assert (beside.locked, beside.eligible) == (PlanLock.NOT_ASKED, frozenset({office.busy}))
    assert office.other.id not in found.rows
    (busy,) = [one for one in found.pool.people if one.mediator_id == office.busy]
    assert (busy.fixed_cases, busy.fixed_weight) == (0, 0)
    plan = propose(found.pool, Request(Mode.ABSENCE, away=frozenset({office.busy})))
    assert verify(found.pool, plan) == []
    assert set(plan.assignment) <= set(found.rows)


def test_what_cannot_be_moved_at_all_is_told_apart_with_the_reason(office):
    closed = office.case(stage=Stage.CLOSED, mediator_id=office.busy)
    young = office.case(stage=Stage.REGISTERED)
    found = read(office, [closed.case_no, young.case_no, "D2026-99999"])
    assert found.rows == {}
    assert found.stuck == {
        closed.case_no: (CaseObjection.CLOSED,),
        young.case_no: (CaseObjection.NOT_ACCEPTED,),
    }
    assert found.pool.works == ()


def test_a_pinned_case_is_locked_and_a_parked_one_is_never_late(office):
    pinned, parked = office.cases[1], office.case(mediator_id=office.busy, paused=1)
    office.add(
        CasePin(
            county_id=office.county, case_id=pinned.id, pinned_at=NOW,
            pinned_by=office.user("督办").id,
        )
    )  # fmt: skip
    found = read(office, [pinned.case_no, parked.case_no])
    assert works(found)[pinned.id].locked is PlanLock.PINNED
    assert found.locks[pinned.id] == {Lock.PINNED}
    assert works(found)[parked.id].due_in > 1000


def test_a_pinned_case_stays_where_an_absence_is_spread_by_who_does_not_supervise_it(office):
    pinned, other = office.cases[1], office.cases[3]
    office.add(
        CasePin(
            county_id=office.county, case_id=pinned.id, pinned_at=NOW,
            pinned_by=office.user("督办").id,
        )
    )  # fmt: skip
    away = Request(Mode.ABSENCE, away=frozenset({office.busy}))

    def moved(supervise):
        found = read(office, [pinned.case_no, other.case_no], supervise=supervise)
        return propose(found.pool, away).assignment.keys()

    assert moved(Scope(office.county)) == {other.id}
    assert moved(Scope(office.county, towns=frozenset({office.town_a}))) == {pinned.id, other.id}


def test_a_holder_who_must_withdraw_has_to_give_the_case_up(office):
    """Whatever put it there: a relation that came out later, somebody who left."""
    case = office.case(mediator_id=office.kin, identities=(KIN,))
    left = office.case(mediator_id=office.gone)
    found = works(read(office, [case.case_no, left.case_no]))
    assert office.kin not in found[case.id].eligible
    assert office.gone not in found[left.id].eligible
    plan = propose(read(office, [case.case_no, left.case_no]).pool)
    assert {move.case_id for move in plan.moves if move.mandatory} == {case.id, left.id}


def test_less_is_left_of_a_case_whose_time_is_nearly_over(office):
    young = office.case(mediator_id=office.free, stage_since=NOW, due_at=NOW + 10 * DAY)
    old = office.case(mediator_id=office.free, stage_since=NOW - 9 * DAY, due_at=NOW + DAY)
    asked = office.case(mediator_id=office.free, stage=Stage.PERFORMANCE)
    found = works(read(office, [young.case_no, old.case_no, asked.case_no]))
    efforts = [found[one.id].effort / found[one.id].weight for one in (young, old, asked)]
    assert efforts == [1.0, pytest.approx(0.46), 0.1]


def settled(office, mediator_id, days):
    """A case that this mediator settled after so many days, and that is being performed."""
    began = NOW - 30 * DAY
    case = office.case(mediator_id=mediator_id, stage=Stage.PERFORMANCE, registered_at=began)

    def work(session):
        span = session.get_one(CaseSpan, (office.county, case.id, 1))
        fields = {name: getattr(span, name) for name in (*SPAN_FIELDS, "recorded_seq")}
        span.stage, span.ends_at = Stage.IN_MEDIATION, began + days * DAY
        key = {"county_id": office.county, "case_id": case.id, "seq": 2}
        session.add(CaseSpan(**key, starts_at=began + days * DAY, **fields))

    office.db.write(work)


def test_whoever_needed_fewer_days_is_faster_and_idle_days_make_nobody_slow(office):
    quick = office.mediator("快的人", full_time=True)
    for _number in range(5):
        settled(office, quick, 2)
        settled(office, office.free, 20)
    speeds = {one.mediator_id: one.speed for one in read(office).pool.people}
    idle = office.mediator("没有案件的人", full_time=True)
    speeds_then = {one.mediator_id: one.speed for one in read(office).pool.people}
    assert speeds[quick] > speeds[office.free] > 0
    assert speeds_then[quick] == speeds[quick]
    assert speeds[office.free] < speeds_then[idle] < speeds[quick]


def in_mediation(office, mediator_id, number):
    began = NOW - (30 - number) * DAY
    return office.case(mediator_id=mediator_id, registered_at=began, occurred_on=began.date())


def ended_by_file(office, case, at, *, followed=None):
    """As a file that says that a case is over leaves it: an interval that ended, and no other."""

    def work(session):
        span = session.get_one(CaseSpan, (office.county, case.id, 1))
        fields = {name: getattr(span, name) for name in (*SPAN_FIELDS, "recorded_seq")}
        span.ends_at = at
        if followed:
            key = {"county_id": office.county, "case_id": case.id, "seq": 2}
            session.add(CaseSpan(**key, starts_at=at, **(fields | followed)))
        else:
            row = session.get_one(Case, (office.county, case.id))
            row.stage, row.is_open, row.closed_at = Stage.CLOSED, 0, at
            row.due_at = row.soon_at = None

    office.db.write(work)


def paces(office, *people, since=None):
    with office.db.read() as session:
        found = paces_of(
            session, dict.fromkeys(people, 10), county_id=office.county, now=NOW, since=since
        )
    return [found[one] for one in people]


def stepped(office, case, action, at, **given):
    take_step(
        office.db, case_no=case.case_no, action=action, given=Given(**given), expected_version=1,
        actor=office.actor("王主任"), now=at, key=f"{action} {case.id}",
    )  # fmt: skip


def test_a_case_is_done_however_it_ended_and_merging_or_passing_on_ends_nothing(office):
    names = "甲乙丙丁戊"
    settles, closes, merges, passes, other = (
        office.mediator(name, full_time=True) for name in names
    )
    kept = office.case(stage=Stage.REGISTERED)
    for number in range(10):
        end = NOW - (20 - number) * DAY
        one = in_mediation(office, settles, number)
        stepped(office, one, Action.SETTLE, end, form=AgreementForm.WRITTEN, day=end.date())
        one = in_mediation(office, closes, number)
        if number % 2:
            stepped(office, one, Action.WITHDRAW, end, note="申请人撤回申请")
        else:
            ended_by_file(office, one, end)
        one = in_mediation(office, merges, number)
        stepped(office, one, Action.MERGE, end, note="同一件纠纷", other_case=kept.case_no)
        one = in_mediation(office, passes, number)
        back = {"stage": Stage.ACCEPTED, "mediator_id": None}
        ended_by_file(office, one, end, followed=back if number % 2 else {"mediator_id": other})
    first, second, third, fourth = paces(office, settles, closes, merges, passes)
    assert first == second > third == fourth
    # What was over before counts neither as done nor as time.
    (later,) = paces(office, closes, since=NOW - 15 * DAY)
    assert later == pytest.approx(paces(office, settles, since=NOW - 15 * DAY)[0])
    assert paces(office, closes, since=NOW) == [FIRST_PACE]


def test_only_who_is_in_reach_is_reckoned_and_comes_out_as_among_the_whole_county(office):
    """Also who has left and still holds a case; the county's pace is that of everybody."""
    office.case(mediator_id=office.gone)
    office.add(
        MediatorTime(
            mediator_id=office.busy, tenths=3, valid_from=NOW.date() - DAY,
        )
    )  # fmt: skip
    for days, one in ((2, office.busy), (20, office.elsewhere), (9, office.gone)):
        settled(office, one, days)
    numbers = [*office.numbers, office.case(mediator_id=office.gone).case_no]
    everywhere = Scope(office.county, whole_county=True)
    with office.db.read() as session:
        loads = {one.mediator_id: one for one in mediator_loads(session, scope=everywhere, now=NOW)}
        tenths = {one.mediator_id: one.tenths for one in loads.values()}
        assert working_tenths(session, scope=everywhere, now=NOW) == tenths
        speeds = paces_of(session, tenths, county_id=office.county, now=NOW)
    found = {one.mediator_id: one for one in read(office, numbers).pool.people}
    assert {office.busy, office.gone} < found.keys() < loads.keys()
    for one in found.values():
        own = loads[one.mediator_id]
        assert (one.speed, one.capacity) == (speeds[one.mediator_id], own.capacity)
        assert one.availability == (own.available if own.active else 0)
        listed = [
            work.weight
            for work in read(office, numbers).pool.works
            if work.holder == one.mediator_id
        ]
        assert one.fixed_weight == own.duties + own.points - sum(listed)
        assert one.fixed_cases == own.count - len(listed)


def test_nobody_sees_or_moves_a_case_out_of_reach(office):
    town_b = Scope(office.county, towns=frozenset({office.town_b}))
    found = read(office, scope=town_b)
    assert (found.rows, found.stuck, found.pool.works) == ({}, {}, ())


def test_statements_do_not_grow_with_the_cases(office):
    def counted(numbers):
        statements = []
        with office.db.read() as session:
            connection = session.connection()
            event.listen(
                connection, "before_cursor_execute", lambda *given: statements.append(given[2])
            )
            planning(
                session, scope=Scope(office.county, whole_county=True), case_nos=numbers, now=NOW
            )
        return len(statements)

    few = counted(office.numbers[:1])
    more = [office.case(mediator_id=office.free).case_no for _number in range(20)]
    assert counted([*office.numbers, *more]) == few


def test_a_plan_is_committed_as_it_was_previewed(office):
    found = read(office)
    plan = propose(found.pool, Request(Mode.ABSENCE, away=frozenset({office.busy})))
    assert plan.moves
    moves = tuple(PlannedMove(found.rows[one.case_id].case_no, 1, one.to_id) for one in plan.moves)
    people = tuple(seen(found.people[one]) for one in {one.to_mediator_id for one in moves})
    new = NewBatch("请假", BatchMode.ABSENCE, ReassignReason.ABSENCE, "外出培训", moves, people)
    head = office.actor("王主任")
    commit_batch(office.db, batch=new, actor=head, now=NOW, key="k")
    after = works(read(office))
    assert {one: after[one].holder for one in plan.assignment} == plan.assignment
    assert all(after[one].locked is PlanLock.MOVED_LATELY for one in plan.assignment)
    # What goes back does so though it moved lately, also after one of it was struck out.
    again = read(office)
    record = tuple(Held(one.case_id, office.busy) for one in plan.moves)
    back = plan_of(again.pool, HandingBack(record)).assignment
    left = dict(list(back.items())[1:])
    assert left
    assert plan_of(again.pool, Weighing(left, going_back=True)).assignment == left
    with pytest.raises(Unverified):
        plan_of(again.pool, Weighing(left))


# -------------------------------------------------------------------- in a process of its own


def test_a_plan_in_a_process_of_its_own_is_the_same_plan(office):
    found = read(office)
    request = Request(Mode.LEVEL)
    reckoning = Reckoning(found.pool, request).begin()
    assert reckoning.wait(30)
    assert reckoning.plan == propose(found.pool, request)
    assert not reckoning.failed
    shares = [point.moves for point in reckoning.points]
    assert all(one < other for one, other in pairwise(shares))


def test_a_plan_that_is_called_off_is_over_and_nothing_came_of_it(office):
    reckoning = Reckoning(read(office).pool, Request()).begin()
    reckoning.cancel()
    assert reckoning.wait(30)
    assert (reckoning.plan, reckoning.failed) == (None, False)


@pytest.mark.parametrize("few", [0, 800])
def test_what_is_made_by_hand_is_weighed_beside_the_server_where_that_takes_long(
    office, monkeypatch, few
):
    monkeypatch.setattr(reckoning, "_FEW", few)
    pool = read(office).pool
    plan = propose(pool, Request(Mode.ABSENCE, away=frozenset({office.busy})))
    kept = dict(list(plan.assignment.items())[1:])
    unplaced = (Unplaced(office.cases[0].id, WhyUnplaced.ALL_FULL),)
    weighing = Weighing(kept, plan.tau, plan.away, unplaced)
    by_hand = Reckoning(pool, weighing).begin()
    back = Reckoning(moved(pool, plan.assignment), HandingBack(plan.record)).begin()
    refused = Reckoning(pool, Weighing({office.cases[0].id: office.kin})).begin()
    assert by_hand.over is back.over is refused.over is bool(few)
    assert all(one.wait(30) for one in (by_hand, back, refused))
    weighed = assess(pool, kept, tau=plan.tau, away=plan.away)
    assert by_hand.plan == replace(weighed, unplaced=unplaced)
    assert back.plan == hand_back(moved(pool, plan.assignment), plan.record)
    assert len(back.plan.moves) == len(plan.record)
    assert (refused.plan, refused.failed) == (None, True)
    assert Breach.NOT_ELIGIBLE in {one.breach for one in refused.violations}
