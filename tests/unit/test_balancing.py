"""What holds for every plan: who moves, who does not, what a plan that lies is caught by."""

from dataclasses import replace
from importlib import import_module

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.balancing import (
    Cancelled,
    Lock,
    Mode,
    Person,
    Pool,
    Work,
    assess,
    frontier,
    hand_back,
    propose,
    solving,
    suggest,
    verify,
)
from domain.balancing.board import Board
from domain.balancing.bounds import bound_on
from domain.balancing.plan import Change, Held, NotChosen, Status, WhyUnplaced
from domain.balancing.pool import BadPool, moved
from domain.balancing.proposing import Request, Unverified
from domain.balancing.suggesting import Experience, Past, TermKind
from domain.balancing.verifying import Asked, Breach
from domain.balancing.worklist import Turn, worklist_order
from tests.county_pool import county, skew
from tests.db.test_demo import NOW
from texts.planning import how_good

quick = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
MODES = [Mode.FEWEST_LATE, Mode.LEVEL]


@st.composite
def pools(draw):
    """Pools of up to eight mediators and thirty cases."""
    people = tuple(
        Person(
            me,
            draw(st.sampled_from([0, 3, 5, 10, 10])),
            draw(st.integers(1, 12)),
            draw(st.sampled_from([0, 10, 30])),
            draw(st.integers(0, 2)),
            draw(st.sampled_from([3.0, 6.0, 15.0])),
        )
        for me in range(1, draw(st.integers(1, 8)) + 1)
    )
    ids = [one.mediator_id for one in people]
    works = []
    for case_id in range(1, draw(st.integers(0, 30)) + 1):
        holder = draw(st.sampled_from([None, *ids[:2], *ids]))
        eligible = frozenset(draw(st.sets(st.sampled_from(ids))))
        kept = draw(st.booleans())
        weight = draw(st.sampled_from([0, 5, 10, 20, 40]))
        works.append(
            Work(
                case_id,
                weight,
                weight * draw(st.sampled_from([0.3, 1.0])),
                draw(st.floats(-4, 15).map(lambda days: round(days, 2))),
                holder,
                eligible | {holder} if kept and holder else eligible,
                draw(st.sampled_from([None, None, None, *Lock])),
            )
        )
    return Pool(people, tuple(works))


@pytest.mark.parametrize("mode", MODES)
@quick
@given(pool=pools(), budget=st.integers(0, 6))
def test_every_rule_of_a_plan_holds(mode, pool, budget):
    plan = propose(pool, Request(mode, budget=budget))
    assert verify(pool, plan) == []
    works = {one.case_id: one for one in pool.works}
    people = {one.mediator_id: one for one in pool.people}
    assert len(plan.assignment) == len(plan.moves)
    for move in plan.moves:
        work = works[move.case_id]
        assert move.to_id in work.eligible
        assert people[move.to_id].availability
        assert move.mandatory or work.locked is None
        assert move.to_id != work.holder
    assert sum(not move.mandatory for move in plan.moves) <= budget
    assert plan.late_after <= plan.late_placed
    assert sum(move.reasons.averted for move in plan.moves) == plan.late_before - plan.late_after
    stuck = {one.case_id for one in plan.unplaced}
    assert not stuck & set(plan.assignment)
    assert plan == propose(pool, Request(mode, budget=budget))


@quick
@given(pool=pools())
def test_a_plan_that_was_carried_out_leaves_nothing_to_propose(pool):
    plan = propose(pool, Request(Mode.FEWEST_LATE, budget=None))
    after = moved(pool, plan.assignment)
    again = propose(after, Request(Mode.FEWEST_LATE, budget=None, tau=plan.tau))
    # What was placed stays placed; a case that arrived gives nobody a reason to move another.
    assert not [move for move in again.moves if move.case_id in plan.assignment]
    assert again.late_after <= again.late_placed


@quick
@given(pool=pools())
def test_more_moves_never_leave_more_late(pool):
    late = [propose(pool, Request(budget=most, tau=10**4)).late_after for most in range(4)]
    assert late == sorted(late, reverse=True)


@quick
@given(pool=pools(), shift=st.integers(1, 50))
def test_other_numbers_for_the_same_people_change_no_figure(pool, shift):
    people = tuple(replace(one, mediator_id=one.mediator_id + shift) for one in pool.people)
    works = tuple(
        replace(
            one,
            case_id=one.case_id + shift,
            holder=one.holder and one.holder + shift,
            eligible=frozenset(each + shift for each in one.eligible),
        )
        for one in pool.works
    )
    first, second = propose(pool), propose(Pool(people, works))
    for figure in ("late_before", "late_after", "peak_before", "peak_after", "bound", "tau"):
        assert getattr(first, figure) == getattr(second, figure)


@quick
@example(pool=Pool((Person(1, 0, 1, 0, 0, 3.0),), (Work(1, 5, 1.5, 0.0, 1, frozenset({1})),)))
@given(pool=pools())
def test_more_people_or_more_of_their_time_never_raise_the_bound(pool):
    lowest = bound_on(Board(pool))
    me = max(one.mediator_id for one in pool.people) + 1
    more = Pool(
        (*pool.people, Person(me, 10, 99, 0, 0, 10.0)),
        tuple(replace(one, eligible=one.eligible | {me}) for one in pool.works),
    )
    longer = Pool(
        tuple(replace(one, availability=min(10, one.availability + 1)) for one in pool.people),
        pool.works,
    )
    # A case that nobody who is there can have counts for nothing before, and for somebody after.
    there = {one.mediator_id for one in pool.people if one.availability}
    if all(one.eligible & there for one in pool.works):
        assert bound_on(Board(more)) <= lowest
        assert bound_on(Board(longer)) <= lowest
    plan = propose(pool, Request(Mode.LEVEL, time_limit=0))
    if not plan.unplaced:
        assert plan.bound <= plan.peak_after


@pytest.mark.parametrize(
    "pool",
    [
        Pool((), ()),
        Pool((Person(1, 10, 5, 0, 0, 5.0),), ()),
        Pool((Person(1, 0, 5, 0, 0, 5.0),), (Work(1, 10, 10, 3, 1, frozenset({1})),)),
        Pool((Person(1, 10, 5, 0, 0, 0.0),), (Work(1, 0, 0, 3, 1, frozenset({1})),)),
        Pool(
            (Person(1, 10, 5, 0, 0, 5.0), Person(2, 10, 5, 0, 0, 5.0)),
            (Work(1, 10, 10, 3, 1, frozenset({1, 2}), Lock.PINNED),),
        ),
    ],
    ids=["nothing", "no case", "all away", "no weight", "all locked"],
)
@pytest.mark.parametrize("mode", [*MODES, Mode.ABSENCE])
def test_odd_pools_have_plans_without_voluntary_moves(pool, mode):
    plan = propose(pool, Request(mode))
    assert verify(pool, plan) == []
    assert plan.moves == ()


@pytest.mark.parametrize(
    ("people", "works"),
    [
        ((Person(1, 10, 5, 0, 0, 5.0),) * 2, ()),
        ((Person(1, 11, 5, 0, 0, 5.0),), ()),
        ((Person(1, 10, 5, 0, 0, float("nan")),), ()),
        ((), (Work(1, 10, 10, 3, None, frozenset()),) * 2),
        ((), (Work(1, 10, 10, 3, 7, frozenset()),)),
        ((), (Work(1, 10, 10, float("nan"), None, frozenset()),)),
        ((), (Work(1, -1, 10, 3, None, frozenset()),)),
    ],
)
def test_a_pool_that_contradicts_itself_is_refused(people, works):
    with pytest.raises(BadPool):
        Pool(people, works)


# -------------------------------------------------------------------------- a small county of three

THREE = (
    Person(1, 10, 20, 0, 0, 10.0),
    Person(2, 10, 20, 0, 0, 10.0),
    Person(3, 5, 20, 0, 0, 10.0),
)
ALL = frozenset({1, 2, 3})


def loaded(number=8, **given):
    """Eight cases with the first mediator, due day by day."""
    works = tuple(
        Work(**{"case_id": one, "weight": 10, "effort": 10.0, "due_in": one / 2 + 1.5, "holder": 1,
                "eligible": ALL} | given)
        for one in range(1, number + 1)
    )  # fmt: skip
    return Pool(THREE, works)


def test_work_goes_from_who_is_late_to_who_is_free():
    plan = propose(loaded())
    assert plan.late_after < plan.late_before
    assert {move.from_id for move in plan.moves} == {1}
    assert {move.to_id for move in plan.moves} <= {2, 3}
    assert plan.status is Status.NOT_PROVEN
    assert all(move.reasons.alternatives for move in plan.moves)


def test_levelling_proves_how_far_it_is_from_the_best():
    plan = propose(loaded(), Request(Mode.LEVEL))
    assert plan.peak_after < plan.peak_before
    assert plan.status is Status.PROVEN
    assert plan.gap == 0.0


def test_of_a_smaller_problem_nothing_is_said_about_the_whole(monkeypatch):
    whole = propose(loaded(), Request(Mode.LEVEL))
    assert whole.within is None
    monkeypatch.setattr(solving, "PAIRS_UNPRUNED", 0)
    plan = propose(loaded(), Request(Mode.LEVEL))
    assert plan.within == solving.TARGETS_KEPT
    assert "8 个去向之内" in how_good(plan)
    assert "8 个去向之内" in how_good(replace(plan, status=Status.BEST_FOUND, gap=0.02))
    assert how_good(plan) != how_good(whole)
    assert propose(loaded()).within is None


def test_who_is_away_gives_all_and_gets_all_back():
    pool = loaded()
    plan = propose(pool, Request(Mode.ABSENCE, away=frozenset({1})))
    assert len(plan.moves) == 8
    assert {move.to_id for move in plan.moves} == {2, 3}
    assert all(move.mandatory for move in plan.moves)
    back = hand_back(moved(pool, plan.assignment), plan.record)
    assert verify(moved(pool, plan.assignment), back) == []
    assert set(back.assignment.values()) == {1}
    assert len(back.moves) == 8


def test_what_mediation_has_begun_on_or_was_closed_is_not_handed_back():
    pool = loaded(3)
    after = moved(pool, {1: 2, 2: 2})
    begun = replace(after.works[0], locked=Lock.MID_MEDIATION)
    record = (Held(1, 1), Held(2, 1), Held(9, 1), Held(3, 1))
    plan = hand_back(replace(after, works=(begun, *after.works[1:])), record)
    assert plan.assignment == {2: 1}
    assert {one.case_id: one.why for one in plan.unplaced} == {
        1: WhyUnplaced.LOCKED,
        9: WhyUnplaced.NOT_OPEN,
    }


def test_whom_nobody_may_follow_is_reported_with_the_reason():
    nobody = Work(9, 10, 10.0, 3.0, 1, frozenset())
    full = Work(10, 10, 10.0, 3.0, 1, frozenset({2}))
    people = (Person(1, 10, 9, 0, 0, 5.0), Person(2, 10, 1, 0, 1, 5.0))
    plan = propose(Pool(people, (nobody, full)))
    assert {one.case_id: one.why for one in plan.unplaced} == {
        9: WhyUnplaced.NOBODY_ELIGIBLE,
        10: WhyUnplaced.ALL_FULL,
    }


def test_a_struck_move_is_weighed_again_with_the_others():
    pool = loaded()
    plan = propose(pool)
    kept = dict(list(plan.assignment.items())[1:])
    less = assess(pool, kept, tau=plan.tau)
    assert less.assignment == kept
    assert less.late_after >= plan.late_after
    assert assess(pool, plan.assignment, tau=plan.tau).late_after == plan.late_after


def test_by_hand_nobody_gets_what_they_may_not():
    pool = loaded(eligible=frozenset({1, 2}))
    with pytest.raises(Unverified) as refused:
        assess(pool, {1: 3})
    assert [one.breach for one in refused.value.violations] == [Breach.NOT_ELIGIBLE]
    with pytest.raises(Unverified):
        assess(loaded(locked=Lock.PINNED), {1: 2})


def test_points_of_the_frontier_bring_less_with_more_moves():
    pool = county(seed=5, people=40, cases=300, towns=2)
    for mode, figure in ((Mode.FEWEST_LATE, "late"), (Mode.LEVEL, "peak")):
        points = frontier(pool, mode, most=40)
        assert len(points) > 2
        moves, figures = [one.moves for one in points], [getattr(one, figure) for one in points]
        assert moves == sorted(set(moves))
        assert figures == sorted(set(figures), reverse=True)
        last = points[-1]
        plan = propose(pool, Request(mode, budget=last.moves, tau=last.tau, time_limit=0))
        assert getattr(plan, f"{figure}_after") <= figures[0]


def test_a_plan_says_how_far_it_is_and_stops_when_told():
    told = []

    def stop(share):
        told.append(share)
        return len(told) < 4

    with pytest.raises(Cancelled):
        propose(county(seed=1, people=40, cases=300, towns=2), tick=stop)
    assert told == sorted(told)
    shares = []
    propose(loaded(), tick=lambda share: shares.append(share) or True)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


replaying = import_module("domain.balancing.replay")


def test_a_replay_shows_its_planner_no_effort_that_nobody_knew(monkeypatch):
    def seen(effort):
        pools = []

        def watched(pool, asked):
            pools.append(pool)
            return propose(pool, asked)

        monkeypatch.setattr(replaying, "propose", watched)
        arrivals = tuple(
            replaying.Arrival(case_id, 0, 20, effort, 30.0, 1, ALL, passed=case_id / 10)
            for case_id in range(4)
        )
        lived = replaying.History(THREE[:1], arrivals, 7)
        replaying.simulate(lived, replaying.Policy(replaying.Rule.HABIT, Mode.FEWEST_LATE))
        return {one.case_id: one.effort for one in pools[0].works}

    # Six days at ten a day are over: the first of both is still being worked on.
    assert seen(90.0) == seen(500.0)
    assert seen(90.0) == {0: 2.0, 1: 18.0, 2: 16.0, 3: 14.0}


# ----------------------------------------------------------------------------- plans that are wrong


def broken(change):
    """The breaches found in a plan after a change of it."""
    return found_in(change, ASKED)


def found_in(change, asked):
    pool = far()
    plan = propose(pool, Request(asked.mode, asked.budget, asked.tau, away=asked.away))
    assert verify(pool, plan, asked=asked) == []
    changed = change(plan)
    assert changed != plan
    return {one.breach for one in verify(pool, changed, asked=asked)}


def far():
    """Cases at a distance from everybody."""
    steps = {(case_id, me): float(case_id * me) for case_id in range(1, 9) for me in ALL}
    return replace(loaded(), distance=steps)


ASKED = Asked(Mode.FEWEST_LATE, 20, None, frozenset())


def first(plan, **given):
    return replace(plan, moves=(replace(plan.moves[0], **given), *plan.moves[1:]))


def of_reasons(plan, **given):
    return first(plan, reasons=replace(plan.moves[0].reasons, **given))


def other(plan, **given):
    """The first of the alternatives of the first move otherwise."""
    head, *tail = plan.moves[0].reasons.alternatives
    return of_reasons(plan, alternatives=(replace(head, **given), *tail))


def shifted(plan):
    """Late cases of a move all five more: what it spares stays right."""
    its = plan.moves[0].reasons
    more = [Change(one.before + 5, one.after + 5) for one in (its.late_from, its.late_to)]
    return of_reasons(plan, late_from=more[0], late_to=more[1])


def uneven(spread, figure):
    return replace(spread, **{figure: replace(getattr(spread, figure), actual=0.123)})


def of_person(plan, **given):
    return replace(plan, people=(replace(plan.people[0], **given), *plan.people[1:]))


@pytest.mark.parametrize(
    ("change", "breach"),
    [
        (lambda plan: first(plan, case_id=99), Breach.UNKNOWN),
        (lambda plan: first(plan, from_id=3), Breach.WRONG_HOLDER),
        (lambda plan: replace(plan, moves=plan.moves + plan.moves[:1]), Breach.TWICE),
        (lambda plan: first(plan, to_id=1), Breach.NO_MOVE),
        (lambda plan: first(plan, mandatory=True), Breach.WRONGLY_MANDATORY),
        (lambda plan: replace(plan, budget=0), Breach.OVER_BUDGET),
        (lambda plan: replace(plan, tau=1), Breach.OVER_CEILING),
        (lambda plan: replace(plan, late_after=plan.late_after - 1), Breach.LATE_FIGURE),
        (lambda plan: replace(plan, late_placed=plan.late_after - 1), Breach.MORE_LATE),
        (lambda plan: replace(plan, peak_after=1), Breach.LOAD_FIGURE),
        (lambda plan: replace(plan, bound=10**6), Breach.BELOW_BOUND),
        (lambda plan: replace(plan, away=frozenset({2, 3})), Breach.AWAY),
        (lambda plan: of_person(plan, late=replace(plan.people[0].late, after=99)),
         Breach.LATE_FIGURE),
        (lambda plan: of_person(plan, load=replace(plan.people[0].load, after=99)),
         Breach.LOAD_FIGURE),
        (lambda plan: of_reasons(plan, load_to=Change(1, 2)), Breach.LOAD_FIGURE),
        (lambda plan: of_reasons(plan, load_from=Change(9, 1)), Breach.LOAD_FIGURE),
        (lambda plan: of_reasons(plan, load_from=None), Breach.LOAD_FIGURE),
        (lambda plan: of_reasons(plan, distance=0.5), Breach.DISTANCE_FIGURE),
        (shifted, Breach.LATE_FIGURE),
        (lambda plan: replace(plan, moves=plan.moves[::-1]), Breach.LOAD_FIGURE),
        (lambda plan: of_reasons(plan, alternatives=()), Breach.ALTERNATIVE),
        (lambda plan: other(plan, mediator_id=1), Breach.ALTERNATIVE),
        (lambda plan: other(plan, mediator_id=99), Breach.ALTERNATIVE),
        (lambda plan: other(plan, mediator_id=plan.moves[0].to_id), Breach.ALTERNATIVE),
        (lambda plan: other(plan, why=NotChosen.FULL), Breach.ALTERNATIVE),
        (lambda plan: other(plan, late_added=7), Breach.ALTERNATIVE),
        (lambda plan: other(plan, load_after=1), Breach.ALTERNATIVE),
        (lambda plan: other(plan, distance=0.5), Breach.ALTERNATIVE),
        (lambda plan: of_person(plan, weight=Change(1, 1)), Breach.LOAD_FIGURE),
        (lambda plan: of_person(plan, cases=Change(1, 1)), Breach.LOAD_FIGURE),
        (lambda plan: of_person(plan, ceiling=10**6), Breach.LOAD_FIGURE),
        (lambda plan: replace(plan, people=(*plan.people, plan.people[0])), Breach.PEOPLE),
        (lambda plan: replace(plan, people=plan.people[1:]), Breach.PEOPLE),
        (lambda plan: replace(plan, tau=plan.tau * 10), Breach.TAU_FIGURE),
        (lambda plan: replace(plan, bound=0), Breach.BOUND_FIGURE),
        (lambda plan: replace(plan, bound=plan.bound - 1), Breach.BOUND_FIGURE),
        (lambda plan: replace(plan, bound=plan.bound + 1), Breach.BOUND_FIGURE),
        (lambda plan: replace(plan, objective=plan.objective + 1), Breach.OBJECTIVE_FIGURE),
        (lambda plan: replace(plan, gap=0.0), Breach.CLAIM),
        (lambda plan: replace(plan, within=8), Breach.CLAIM),
        (lambda plan: replace(plan, status=Status.PROVEN), Breach.CLAIM),
        (lambda plan: replace(plan, status=Status.PROVEN, gap=0.0), Breach.CLAIM),
        (lambda plan: replace(plan, status=Status.BEST_FOUND), Breach.CLAIM),
        (lambda plan: replace(plan, status=Status.BY_HAND), Breach.CLAIM),
        (lambda plan: replace(plan, status=Status.MANDATORY_ONLY), Breach.CLAIM),
        (lambda plan: replace(plan, spread_after=plan.spread_before), Breach.SPREAD_FIGURE),
        (lambda plan: replace(plan, spread_before=uneven(plan.spread_before, "gini")),
         Breach.SPREAD_FIGURE),
        (lambda plan: replace(plan, spread_after=uneven(plan.spread_after, "max_mean")),
         Breach.SPREAD_FIGURE),
        (lambda plan: replace(plan, budget=1000), Breach.NOT_ASKED),
        (lambda plan: replace(plan, budget=None), Breach.NOT_ASKED),
        (lambda plan: replace(plan, mode=Mode.LEVEL), Breach.NOT_ASKED),
        (lambda plan: replace(plan, away=frozenset({9})), Breach.NOT_ASKED),
    ],
    ids=map(str, range(53)),
)  # fmt: skip
def test_a_plan_that_is_wrong_is_caught(change, breach):
    assert breach in broken(change)


@pytest.mark.parametrize(
    ("change", "breach"),
    [
        (lambda plan: replace(plan, gap=0.003), Breach.CLAIM),
        (lambda plan: replace(plan, gap=None), Breach.CLAIM),
        (lambda plan: replace(plan, within=8), Breach.CLAIM),
        (lambda plan: replace(plan, gap=0.01), Breach.CLAIM),
        (lambda plan: replace(plan, status=Status.BEST_FOUND, gap=0.01), Breach.CLAIM),
        (lambda plan: replace(plan, status=Status.NOT_PROVEN), Breach.CLAIM),
        (lambda plan: replace(plan, objective=plan.objective - 1), Breach.OBJECTIVE_FIGURE),
        (lambda plan: replace(plan, tau=plan.tau + 1), Breach.TAU_FIGURE),
    ],
    ids=map(str, range(8)),
)
def test_a_levelled_plan_says_no_more_than_the_solver_answered(change, breach):
    board = Board(far())
    tau = -(-110 * bound_on(board) // 100)
    lowest = solving.solve(board, tau=tau, budget=20).lowest
    assert breach in found_in(change, Asked(Mode.LEVEL, 20, None, frozenset(), lowest))


def test_a_levelled_plan_is_no_nearer_the_best_than_was_answered():
    pool = far()
    plan = propose(pool, Request(Mode.LEVEL))
    asked = Asked(Mode.LEVEL, 20, None, frozenset(), plan.objective / 2)
    assert plan.gap == 0.0
    assert [one.breach for one in verify(pool, plan, asked=asked)] == [Breach.CLAIM]
    half = replace(plan, gap=0.5, status=Status.BEST_FOUND)
    assert verify(pool, half, asked=asked) == []
    proven = replace(half, status=Status.PROVEN)
    assert [one.breach for one in verify(pool, proven, asked=asked)] == [Breach.CLAIM]
    unknown = replace(asked, lowest=None)
    assert [one.breach for one in verify(pool, half, asked=unknown)] == [Breach.CLAIM]


def test_a_plan_of_another_day_is_caught():
    plan = propose(loaded())
    for otherwise, breach in (
        ({"eligible": frozenset({1})}, Breach.NOT_ELIGIBLE),
        ({"locked": Lock.CHOSEN_BY_PARTIES}, Breach.LOCKED),
        ({"eligible": frozenset({2, 3})}, Breach.LEFT_BEHIND),
    ):
        assert breach in {one.breach for one in verify(loaded(**otherwise), plan)}
    full = tuple(replace(one, capacity=0) for one in THREE)
    pool = replace(loaded(), people=full)
    assert Breach.OVER_CAPACITY in {one.breach for one in verify(pool, plan)}


# ------------------------------------------------------------------------------------- one case


def test_the_best_three_are_suggested_each_term_with_its_points():
    pool = loaded(6)
    found = suggest(pool, 1)
    assert [one.mediator_id for one in found.best] == [2, 3]
    for one in found.best:
        assert {term.kind for term in one.terms} == set(TermKind)
        assert one.score == pytest.approx(sum(term.points for term in one.terms))
    experience = Experience({3: Past(settled_with_parties=True, settled=9, handled=9)}, usual=0.5)
    # Where both have time, what somebody did before decides.
    easy = loaded(6, due_in=60.0, weight=1, effort=1.0)
    assert suggest(easy, 1).best[0].mediator_id == 2
    better = suggest(easy, 1, experience=experience)
    assert better.best[0].mediator_id == 3


def test_who_has_no_room_is_named_apart_with_the_reason():
    people = (THREE[0], replace(THREE[1], capacity=0), THREE[2])
    found = suggest(replace(loaded(6), people=people), 1)
    assert [one.mediator_id for one in found.best] == [3]
    assert [(one.suggestion.mediator_id, one.why) for one in found.left_out] == [
        (2, NotChosen.FULL)
    ]
    with pytest.raises(KeyError):
        suggest(loaded(6), 77)


def test_savable_cases_come_first_and_the_oldest_on_one_day_in_four():
    person = Person(1, 10, 9, 0, 0, 10.0)
    works = [
        Work(1, 10, 10.0, -3.0, 1, ALL),
        Work(2, 10, 10.0, 2.0, 1, ALL),
        Work(3, 10, 10.0, 5.0, 1, ALL),
        Work(4, 10, 10.0, -40.0, 1, ALL),
        Work(5, 10, 10.0, 0.2, 1, ALL),
    ]
    orders = set()
    for day in range(4):
        listed = worklist_order(works, person=person, now=NOW.replace(day=NOW.day + day))
        orders.add(tuple((one.case_id, one.turn) for one in listed))
    usual = ((4, Turn.TOO_LONG), (2, Turn.SAVABLE), (3, Turn.SAVABLE), (1, Turn.LOST),
             (5, Turn.LOST))  # fmt: skip
    guard = ((4, Turn.TOO_LONG), (1, Turn.GUARD_DAY), (2, Turn.SAVABLE), (3, Turn.SAVABLE),
             (5, Turn.LOST))  # fmt: skip
    assert orders == {usual, guard}


def test_the_generator_says_how_skewed_its_county_is():
    told = skew(county(seed=1, people=60, cases=400, towns=3))
    assert "60 mediators" in told
    assert "by chance" in told
