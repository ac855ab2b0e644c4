"""The check of a plan by somebody who did not make it.

Nothing of the planner is used here, not even its arithmetic: the rules are written down a second
time, one mediator and one case after the other, so that one mistake is not made twice. What is
shared is the form of the data alone.
"""

from collections.abc import Iterator

from domain.balancing.breaches import Asked, Breach, Violation
from domain.balancing.plan import Mode, Move, Plan
from domain.balancing.pool import Lock, Pool, Work
from domain.balancing.second_reckoning import Reckoning
from domain.balancing.verifying_claims import Claims
from domain.balancing.verifying_moves import MovesAgain

__all__ = ["Asked", "Breach", "Violation", "verify"]

_UNCHECKED_LIMITS = frozenset({Mode.BY_HAND, Mode.HAND_BACK})


def verify(pool: Pool, plan: Plan, *, asked: Asked | None = None) -> list[Violation]:
    """Everything that is wrong with the plan; empty where it may be shown.

    `asked`: what the plan has to answer to. Without it, the plan's own word is taken for the mode,
    the budget, who is away, the ceiling and what the solver answered; all else is checked.
    """
    found = list(_malformed(pool, plan))
    if found:
        return found
    check = _Check(pool, plan)
    return [
        *check.moves(),
        *check.completeness(),
        *check.limits(),
        *check.late(),
        *check.figures(),
        *MovesAgain(check.known, plan).violations(),
        *Claims(check.known, plan, asked, check.after).violations(),
    ]


def _malformed(pool: Pool, plan: Plan) -> Iterator[Violation]:
    works = {work.case_id: work for work in pool.works}
    people = sorted(one.mediator_id for one in pool.people)
    if sorted(one.mediator_id for one in plan.people) != people:
        yield Violation(Breach.PEOPLE)
    known, seen = set(people), set()
    for move in plan.moves:
        if move.case_id not in works or move.to_id not in known:
            yield Violation(Breach.UNKNOWN, move.case_id, move.to_id)
        elif works[move.case_id].holder != move.from_id:
            yield Violation(Breach.WRONG_HOLDER, move.case_id, move.from_id)
        if move.case_id in seen:
            yield Violation(Breach.TWICE, move.case_id)
        seen.add(move.case_id)


class _Check:
    def __init__(self, pool: Pool, plan: Plan) -> None:
        self.pool, self.plan = pool, plan
        self.known = Reckoning(pool, plan.away)
        self.works, self.before = self.known.works, self.known.before
        self.after = self.before | {move.case_id: move.to_id for move in plan.moves}
        self.weights = [self.known.weights_before, self.known.weights(self.after)]
        self.counts = [self.known.counts_before, self.known.counts(self.after)]

    def has_to_move(self, work: Work) -> bool:
        return work.case_id in self.known.has_to_move

    def moves(self) -> Iterator[Violation]:
        """What is wrong with each move by itself."""
        for move in self.plan.moves:
            work = self.works[move.case_id]
            if move.to_id == work.holder:
                yield Violation(Breach.NO_MOVE, move.case_id, move.to_id)
            if move.to_id not in work.eligible:
                yield Violation(Breach.NOT_ELIGIBLE, move.case_id, move.to_id)
            if self.known.there[move.to_id] == 0:
                yield Violation(Breach.AWAY, move.case_id, move.to_id)
            if move.mandatory != self.has_to_move(work):
                yield Violation(Breach.WRONGLY_MANDATORY, move.case_id)
            if self._held_fast(work):
                yield Violation(Breach.LOCKED, move.case_id)
        voluntary = [move for move in self.plan.moves if not move.mandatory]
        if self.plan.budget is not None and len(voluntary) > self.plan.budget:
            yield Violation(Breach.OVER_BUDGET)

    def _held_fast(self, work: Work) -> bool:
        if work.locked is None or self.has_to_move(work):
            return False
        # What was spread in an absence has moved lately, and is to be handed back all the same.
        return not (self.plan.mode is Mode.HAND_BACK and work.locked is Lock.MOVED_LATELY)

    def completeness(self) -> Iterator[Violation]:
        """Whether everything that has to move does, or is reported with a true reason."""
        if self.plan.mode in _UNCHECKED_LIMITS:
            return
        moved = {move.case_id for move in self.plan.moves}
        told = moved | {one.case_id for one in self.plan.unplaced}
        for work in self.pool.works:
            if self.plan.mode is Mode.ABSENCE and work.holder not in self.plan.away:
                if work.case_id in moved:
                    yield Violation(Breach.LEFT_BEHIND, work.case_id)
            elif self.has_to_move(work) and work.case_id not in told:
                yield Violation(Breach.LEFT_BEHIND, work.case_id)
        for one in self.plan.unplaced:
            known = one.case_id in self.works and one.case_id not in moved
            nobody = known and one.case_id not in self.known.could_move
            has_to = known and self.has_to_move(self.works[one.case_id])
            if not has_to or nobody != (one.why.value == "nobody_eligible"):
                yield Violation(Breach.WRONGLY_UNPLACED, one.case_id)

    def limits(self) -> Iterator[Violation]:
        """Whether anybody has more than they may."""
        known = self.known
        weight_before, weight_after = self.weights
        cases_before, cases_after = self.counts
        for one in self.pool.people:
            me = one.mediator_id
            if cases_after[me] > max(one.capacity, cases_before[me]):
                yield Violation(Breach.OVER_CAPACITY, mediator_id=me)
            most = max(known.ceiling(me, self.plan.tau), weight_before[me])
            if weight_after[me] > most and self.plan.mode not in _UNCHECKED_LIMITS:
                yield Violation(Breach.OVER_CEILING, mediator_id=me)

    def late(self) -> Iterator[Violation]:
        """Whether the late cases are as stated, and not made more by what did not have to be."""
        plan = self.plan
        placed = self.before | {one.case_id: one.to_id for one in plan.moves if one.mandatory}
        before, after = self.known.late_before, self.known.late(self.after)
        between = self.known.late(placed)
        stated = (plan.late_before, plan.late_placed, plan.late_after)
        if (sum(before.values()), sum(between.values()), sum(after.values())) != stated:
            yield Violation(Breach.LATE_FIGURE)
        if plan.mode not in _UNCHECKED_LIMITS and plan.late_after > plan.late_placed:
            yield Violation(Breach.MORE_LATE)
        if sum(map(_averted, plan.moves)) != plan.late_before - plan.late_after:
            yield Violation(Breach.WRONG_SUM)
        for one in plan.people:
            me = one.mediator_id
            if (one.late.before, one.late.after) != (before[me], after[me]):
                yield Violation(Breach.LATE_FIGURE, mediator_id=me)

    def figures(self) -> Iterator[Violation]:
        """Whether loads, weights, ceilings and counts of everybody are as stated."""
        plan, known = self.plan, self.known
        peaks = [max(map(known.load, one, one.values()), default=0) for one in self.weights]
        if peaks != [plan.peak_before, plan.peak_after]:
            yield Violation(Breach.LOAD_FIGURE)
        for one in plan.people:
            me = one.mediator_id
            stated = (one.load, one.weight, one.cases)
            found = (
                [known.load(me, sums[me]) for sums in self.weights],
                [sums[me] for sums in self.weights],
                [sums[me] for sums in self.counts],
            )
            if [[each.before, each.after] for each in stated] != list(found):
                yield Violation(Breach.LOAD_FIGURE, mediator_id=me)
            if one.ceiling != known.ceiling(me, plan.tau):
                yield Violation(Breach.LOAD_FIGURE, mediator_id=me)
        stuck = any(self.after[one] == self.before[one] for one in known.has_to_move)
        if plan.peak_after < plan.bound and not stuck:
            yield Violation(Breach.BELOW_BOUND)


def _averted(move: Move) -> int:
    reasons = move.reasons
    here = 1 if reasons.late_from is None else reasons.late_from.before - reasons.late_from.after
    return here - reasons.late_to.after + reasons.late_to.before
