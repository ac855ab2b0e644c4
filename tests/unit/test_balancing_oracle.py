"""Plans against every possible one: small pools are tried out to the last assignment."""

import itertools
import random
import sys
from dataclasses import replace

import pytest

from domain.balancing import Lock, Mode, Person, Pool, Work, propose, verify
from domain.balancing.board import Board
from domain.balancing.bounds import bound_on
from domain.balancing.fewest_late import FewestLate
from domain.balancing.levelling import AWAY, MOVE, OVER
from domain.balancing.progress import uninterrupted
from domain.balancing.proposing import Request
from domain.balancing.solving import solve

INSTANCES = 420
_PARTS = 10_000


def small_pool(seed, *, due=(-3, 12), habit=False):
    """At most four mediators and seven cases, with everything that can be odd about them.

    `habit`: the first mediator gets whatever they may.
    """
    chance = random.Random(seed)
    people = tuple(
        Person(
            me,
            chance.choice([0, 2, 5, 10, 10]),
            chance.choice([1, 2, 3, 9]),
            chance.choice([0, 0, 5, 30]),
            chance.choice([0, 0, 1]),
            chance.choice([2.0, 5.0, 12.0]),
        )
        for me in range(1, chance.randint(2, 4) + 1)
    )
    ids = [one.mediator_id for one in people]
    works = []
    for case_id in range(1, chance.randint(1, 7) + 1):
        eligible = {one for one in ids if chance.random() < 0.7}
        holder = 1 if habit and chance.random() < 0.7 else chance.choice([*ids, None])
        if holder is not None and chance.random() < 0.9:
            eligible.add(holder)
        weight = chance.choice([5, 10, 20, 40])
        works.append(
            Work(
                case_id,
                weight,
                weight * chance.choice([0.3, 1.0]),
                round(chance.uniform(*due), 2),
                holder,
                frozenset(eligible),
                chance.choice([None, None, None, Lock.PINNED]),
            )
        )
    distance = {(case, me): float(chance.randint(0, 9)) for case in range(1, 8) for me in ids}
    return Pool(people, tuple(works), distance)


class Tried:
    """A pool and its every assignment, reckoned here by hand."""

    def __init__(self, pool):
        self.pool, self.people = pool, {one.mediator_id: one for one in pool.people}
        self.before = {one.case_id: one.holder for one in pool.works}

    def has_to_move(self, work):
        return (
            work.holder is None
            or not self.people[work.holder].availability
            or work.holder not in work.eligible
        )

    def able(self, work):
        return [one for one in sorted(work.eligible) if self.people[one].availability]

    def choices(self, work):
        """Who may have it after a plan; the holder stands also for a case that finds no place."""
        able = self.able(work)
        if self.has_to_move(work):
            return [*able, work.holder]
        return [work.holder] if work.locked else sorted({*able, work.holder})

    def sums(self, at, figure, of):
        found = {one.mediator_id: of(one) for one in self.pool.people}
        for work in self.pool.works:
            if at[work.case_id] is not None:
                found[at[work.case_id]] += figure(work)
        return found

    def weights(self, at):
        return self.sums(at, lambda work: work.weight, lambda one: one.fixed_weight)

    def counts(self, at):
        return self.sums(at, lambda _: 1, lambda one: one.fixed_cases)

    def ceilings(self, tau):
        floors = {one.mediator_id: one.fixed_weight for one in self.pool.people}
        for work in self.pool.works:
            stays = not self.able(work) or (work.locked and not self.has_to_move(work))
            if work.holder is not None and stays:
                floors[work.holder] += work.weight
        return {
            me: max(one.availability * tau // 10, floors[me]) for me, one in self.people.items()
        }

    def everything(self):
        ids = [work.case_id for work in self.pool.works]
        for found in itertools.product(*(self.choices(work) for work in self.pool.works)):
            yield dict(zip(ids, found, strict=True))

    def allowed(self, at, tau):
        """Whether no limit is broken that was not broken before."""
        counts, was = self.counts(at), self.counts(self.before)
        if any(counts[me] > max(one.capacity, was[me]) for me, one in self.people.items()):
            return False
        weights, had, most = self.weights(at), self.weights(self.before), self.ceilings(tau)
        return all(
            weights[me] <= max(most[me], had[me])
            for me, one in self.people.items()
            if one.availability
        )

    def voluntary(self, at):
        return [
            work
            for work in self.pool.works
            if at[work.case_id] != work.holder and not self.has_to_move(work)
        ]

    def cost(self, at, tau):
        """What levelling minimises."""
        weights, most = self.weights(at), self.ceilings(tau)
        total = OVER * sum(
            max(weights[me] - most[me], 0) for me, one in self.people.items() if one.availability
        )
        heaviest = max(work.weight for work in self.pool.works)
        for work in self.pool.works:
            to = at[work.case_id]
            if to == work.holder:
                stuck = self.has_to_move(work) and self.able(work)
                total += (1_000_000 + 2 * OVER * heaviest) if stuck else 0
            else:
                far = self.pool.distance.get((work.case_id, to), 0.0)
                total += round(AWAY * far) + (0 if self.has_to_move(work) else MOVE)
        return total

    def late(self, at):
        """How many cases are late by the projection; one that is nobody's is."""
        total = sum(one is None for one in at.values())
        for me, one in self.people.items():
            queue = [work for work in self.pool.works if at[work.case_id] == me]
            rate = one.speed * one.availability / 10
            if not rate:
                total += len(queue)
                continue
            clock = 0
            for work in sorted(queue, key=lambda each: (round(each.due_in * _PARTS), each.case_id)):
                clock += round(work.effort * _PARTS / rate)
                waits = _PARTS if work.holder != me else 0
                total += clock + waits > round(work.due_in * _PARTS)
        return total


@pytest.mark.parametrize("part", range(4))
def test_the_solver_finds_what_trying_everything_finds(part):
    infeasible = 0
    for seed in range(part, INSTANCES, 4):
        pool = small_pool(seed)
        tried, board = Tried(pool), Board(pool)
        tau = bound_on(board) + seed % 5 * 3
        budget = (None, 1, 2)[seed % 3]
        solution = solve(board, tau=tau, budget=budget)
        best = min(
            (
                tried.cost(at, tau)
                for at in tried.everything()
                if tried.allowed(at, tau) and (budget is None or len(tried.voluntary(at)) <= budget)
            ),
            default=None,
        )
        if best is None:
            infeasible += 1
            assert solution.steps is None, seed
            continue
        assert solution.steps is not None, seed
        at = dict(tried.before)
        for step in solution.steps:
            at[int(board.case_id[step.work])] = board.people[step.target].mediator_id
        assert tried.allowed(at, tau), seed
        assert tried.cost(at, tau) == best, seed
        assert (solution.proven, solution.whole) == (True, True), seed
        assert solution.lowest <= best + 1e-6, seed


def test_steps_of_two_moves_spare_nearly_what_trying_everything_spares():
    """The share is printed; the floor is well under it and over a planner that misses the point."""
    found = best_found = best_cases = cases = 0
    for seed in range(1_000, 1_300):
        pool = placed(small_pool(seed, due=(0, 8), habit=True))
        tried, board = Tried(pool), Board(pool)
        tau = max(bound_on(board), board.peak())
        before = tried.late(tried.before)
        FewestLate(board, tau=tau, least_gain=1).run(budget=2, tick=uninterrupted)
        spared = before - board.late_total()
        most = max(
            before - tried.late(at)
            for at in tried.everything()
            if tried.allowed(at, tau) and len(tried.voluntary(at)) <= 2
        )
        assert 0 <= spared <= most, seed
        found, best_found = found + spared, best_found + most
        cases, best_cases = cases + 1, best_cases + (spared == most)
    sys.stderr.write(
        f"\ntwo steps: the best in {best_cases} of {cases}, {found} of {best_found} late spared\n"
    )
    assert best_found > 100
    assert found >= 0.9 * best_found
    assert best_cases >= 0.85 * cases


def placed(pool):
    """The pool without cases that have to move, so that only choices are compared."""
    tried = Tried(pool)
    works = tuple(work for work in pool.works if not tried.has_to_move(work))
    return replace(pool, works=works)


def test_the_bound_is_the_lowest_peak_of_divisible_cases():
    """No assignment of whole cases goes below it."""
    for seed in range(2_000, 2_200):
        pool = placed(small_pool(seed))
        tried, board = Tried(pool), Board(pool)
        lowest = bound_on(board)
        peaks = [
            max(
                (
                    -(-10 * weight // tried.people[me].availability)
                    for me, weight in tried.weights(at).items()
                    if tried.people[me].availability
                ),
                default=0,
            )
            for at in tried.everything()
        ]
        assert lowest <= min(peaks, default=0), seed


@pytest.mark.parametrize("mode", [Mode.FEWEST_LATE, Mode.LEVEL, Mode.ABSENCE])
def test_a_plan_of_any_small_pool_passes_the_check_and_states_the_figures_of_hand(mode):
    for seed in range(3_000, 3_150):
        pool = small_pool(seed)
        tried = Tried(pool)
        plan = propose(pool, Request(mode, budget=seed % 4))
        assert verify(pool, plan) == [], seed
        at = tried.before | plan.assignment
        assert (plan.late_before, plan.late_after) == (tried.late(tried.before), tried.late(at))
        assert plan.late_after <= plan.late_placed
        weights = tried.weights(at)
        assert {one.mediator_id: one.weight.after for one in plan.people} == weights
        assert plan == propose(pool, Request(mode, budget=seed % 4)), "not the same twice"
