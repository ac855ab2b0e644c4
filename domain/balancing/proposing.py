"""Plans proposed by mode.

A plan that was not verified is never returned. What the solver found is tried first, where it is
better; then what was found step by step; then the mandatory moves alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from domain.balancing.board import NOBODY, Board, Step
from domain.balancing.bounds import bound_on
from domain.balancing.explaining import Draft, written
from domain.balancing.fewest_late import FewestLate
from domain.balancing.levelling import Levelling, kept_on_time, objective
from domain.balancing.placing import Placed, place
from domain.balancing.plan import Mode, Plan, Status, Unplaced, WhyUnplaced
from domain.balancing.pool import Pool
from domain.balancing.progress import Tick, part, tell, uninterrupted
from domain.balancing.projection import Ints
from domain.balancing.solving import TIME_LIMIT_SECONDS, Solution, solve
from domain.balancing.verifying import Asked, Violation, verify

BUDGET = 20
_PROVEN_GAP = 0.0031
LEAST_GAIN = 1


class Unverified(Exception):
    """Not even the mandatory moves pass the check: the pool or the planner is wrong."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__("; ".join(sorted({one.breach for one in violations})))
        self.violations = tuple(violations)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for.

    `budget`: the most voluntary moves, None for no limit. `tau`: the load per full-time post above
    which nobody is given more; by default 1.15 times the bound or 1.5 times the mean, and 1.10
    times the bound for levelling. `least_gain`: late cases that a move has to spare; 2 is wise
    while the speeds are not known. `away`: who is away for the whole time. `time_limit`: seconds
    of the solver; 0 does without it.
    """

    mode: Mode = Mode.FEWEST_LATE
    budget: int | None = BUDGET
    tau: int | None = None
    least_gain: int = LEAST_GAIN
    away: frozenset[int] = frozenset()
    time_limit: float = TIME_LIMIT_SECONDS


def usual_tau(board: Board, mode: Mode, lowest: int) -> int:
    """The ceiling of a mode by default, from the bound and the mean load."""
    if mode is Mode.LEVEL:
        return -(-110 * lowest // 100)
    there = board.availability > 0
    absent = board.load[~there].sum() - board.fixed_weight[~there].sum()
    weight = int(board.load[there].sum() + absent + board.weight[board.at == NOBODY].sum())
    posts = int(board.availability.sum())
    mean = -(-15 * weight // posts) if posts else 0
    return max(-(-115 * lowest // 100), mean)


def propose(pool: Pool, request: Request | None = None, *, tick: Tick = uninterrupted) -> Plan:
    """The plan of a mode. The same pool and request give the same plan.

    Raises Cancelled when `tick` says so, Unverified when nothing passes the check.
    """
    asked = _with_absent(pool, request or Request())
    if asked.mode in (Mode.BY_HAND, Mode.HAND_BACK):
        raise ValueError(f"{asked.mode} is not proposed")
    tell(tick, 0.0)
    board = Board(pool, away=asked.away)
    lowest = bound_on(board, tick=part(tick, start=0.05, end=0.25))
    tau = usual_tau(board, asked.mode, lowest) if asked.tau is None else asked.tau
    only = _numbers(board, asked.away) if asked.mode is Mode.ABSENCE else None
    placed = place(board, tau=tau, only_of=only, tick=part(tick, start=0.25, end=0.35))
    work = _Work(board, asked, placed, lowest, part(tick, start=0.35, end=0.95))
    plan = first_verified(pool, board, work.drafts())
    tell(tick, 1.0)
    return plan


def _with_absent(pool: Pool, asked: Request) -> Request:
    """Who is away, where an absence names nobody: everybody who is not there at all."""
    if asked.mode is not Mode.ABSENCE or asked.away:
        return asked
    absent = frozenset(one.mediator_id for one in pool.people if not one.availability)
    return replace(asked, away=absent)


def _numbers(board: Board, mediator_ids: Iterable[int]) -> Ints:
    return np.array([board.person_number[one] for one in mediator_ids], dtype=np.int64)


def first_verified(pool: Pool, board: Board, drafts: Iterable[tuple[Draft, Asked]]) -> Plan:
    """The first of the drafts, written out as a plan, that passes the check.

    Raises Unverified where none does.
    """
    violations: list[Violation] = []
    for draft, asked in drafts:
        plan = written(board, draft)
        violations = verify(pool, plan, asked=asked)
        if not violations:
            return plan
    raise Unverified(violations)


class _Work:
    """The drafts of a request, the best first; the board is as it was before each is taken.

    With each goes what it has to answer to, which does not pass through the draft.
    """

    def __init__(
        self, board: Board, asked: Request, placed: Placed, lowest: int, tick: Tick
    ) -> None:
        self._board, self._asked, self._placed = board, asked, placed
        self._lowest, self._tick = lowest, tick

    def drafts(self) -> Iterator[tuple[Draft, Asked]]:
        board, placed = self._board, self._placed
        late_placed = board.late_total()
        by_steps = (*placed.steps, *self._voluntary(late_placed))
        found = [self._draft(by_steps, placed.unplaced, Status.NOT_PROVEN)]
        board.take_back(by_steps)
        given = self._asked
        asked = Asked(given.mode, given.budget, given.tau, given.away)
        if self._asked.mode is Mode.LEVEL and self._asked.time_limit > 0:
            found, solution = self._with_solver(found[0])
            asked = replace(asked, lowest=_lowest(solution), within=solution.within)
        yield from ((one, asked) for one in sorted(found, key=lambda one: one.objective))
        for step in placed.steps:
            board.give(step.work, step.target)
        last = self._draft(placed.steps, placed.unplaced, Status.MANDATORY_ONLY)
        board.take_back(placed.steps)
        yield last, asked

    def _voluntary(self, late_placed: int) -> tuple[Step, ...]:
        asked, tau = self._asked, self._placed.tau
        if asked.mode is Mode.FEWEST_LATE:
            run = FewestLate(self._board, tau=tau, least_gain=asked.least_gain)
            return run.run(budget=asked.budget, tick=self._tick)
        if asked.mode is Mode.LEVEL:
            tick = part(self._tick, start=0.0, end=0.3)
            levelling = Levelling(self._board, tau=tau)
            return levelling.run(budget=asked.budget, late_most=late_placed, tick=tick)
        return ()

    def _with_solver(self, by_steps: Draft) -> tuple[list[Draft], Solution]:
        board, asked, tau = self._board, self._asked, self._placed.tau
        tell(self._tick, 0.3)
        solution = solve(
            board, tau=tau, budget=asked.budget, hint=by_steps.steps, time_limit=asked.time_limit
        )
        tell(self._tick, 0.9)
        drafts = [by_steps]
        if solution.steps is not None:
            drafts.append(self._solved(solution))
        return [_judged(one, solution) for one in drafts], solution

    def _solved(self, solution: Solution) -> Draft:
        board, tau = self._board, self._placed.tau
        found = solution.steps or ()
        mandatory = tuple(step for step in found if step.mandatory)
        for step in mandatory:
            board.give(step.work, step.target)
        late_most = board.late_total()
        chosen = [step.work for step in found if not step.mandatory]
        for step in found[len(mandatory) :]:
            board.give(step.work, step.target)
        kept_on_time(board, chosen, board.ceilings(tau), late_most=late_most)
        kept = set(chosen)
        steps = tuple(one for one in found if one.mandatory or one.work in kept)
        draft = self._draft(steps, self._unplaced(steps), Status.NOT_PROVEN)
        board.take_back(steps)
        return draft

    def _unplaced(self, steps: tuple[Step, ...]) -> tuple[Unplaced, ...]:
        moved = {step.work for step in steps}
        board = self._board
        return tuple(
            Unplaced(
                int(board.case_id[work]),
                WhyUnplaced.ALL_FULL if board.movable[work] else WhyUnplaced.NOBODY_ELIGIBLE,
            )
            for work in np.flatnonzero(board.mandatory).tolist()
            if work not in moved
        )

    def _draft(
        self, steps: tuple[Step, ...], unplaced: tuple[Unplaced, ...], status: Status
    ) -> Draft:
        """The draft of the state that the board shows."""
        asked, tau = self._asked, self._placed.tau
        level = asked.mode is Mode.LEVEL
        return Draft(
            mode=asked.mode,
            steps=steps,
            unplaced=unplaced,
            bound=self._lowest,
            tau=tau,
            budget=0 if asked.mode is Mode.ABSENCE else asked.budget,
            away=asked.away,
            objective=objective(self._board, tau) if level else self._board.late_total(),
            gap=None,
            within=None,
            status=status,
        )


def _lowest(solution: Solution) -> float | None:
    """What the solver says that nothing can cost less than; never less than nothing."""
    known = solution.lowest is not None and np.isfinite(solution.lowest)
    return max(solution.lowest or 0.0, 0.0) if known else None


def _judged(draft: Draft, solution: Solution) -> Draft:
    """The draft with how far it may be from the best, where the solver says so."""
    lowest = _lowest(solution)
    if lowest is None:
        return draft
    above = max(draft.objective - lowest, 0.0)
    gap = above / draft.objective if draft.objective > 0 else 0.0
    proven = solution.proven and gap <= _PROVEN_GAP
    status = Status.PROVEN if proven else Status.BEST_FOUND
    return replace(draft, gap=gap, within=solution.within, status=status)
