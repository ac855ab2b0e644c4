"""Levelling as one integer programme, solved by HiGHS: the answer's worth is its certificate."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, hstack

from domain.balancing.board import NOBODY, Board, Step
from domain.balancing.levelling import AWAY, MOVE, OVER, cost_unplaced
from domain.balancing.projection import Floats, Ints

TARGETS_KEPT = 8
REL_GAP = 0.003
TIME_LIMIT_SECONDS = 15.0
# Below this many pairs every target is kept, and the solver's bound is one for the whole problem.
PAIRS_UNPRUNED = 20_000
_FEASIBLE = {0, 1}  # optimal to the gap; stopped by time, perhaps with something in hand


@dataclass(frozen=True, slots=True)
class Solution:
    """The moves found, or None, and what no solution of this model can cost less than.

    `within`: how many targets the model keeps for each case. Where it keeps all (None), the model
    is the `whole` problem; else `lowest` holds only for plans that stay within those.
    """

    steps: tuple[Step, ...] | None
    lowest: float | None
    proven: bool
    within: int | None

    @property
    def whole(self) -> bool:
        """Whether no target was left out of the model, so that `lowest` holds for the problem."""
        return self.within is None


@dataclass(frozen=True, slots=True)
class _Options:
    """The choices, each a work and a person (or NOBODY), with its cost and whether it counts."""

    work: Ints
    person: Ints
    cost: Floats
    counts: Ints


def solve(
    board: Board,
    *,
    tau: int,
    budget: int | None,
    hint: tuple[Step, ...] = (),
    time_limit: float = TIME_LIMIT_SECONDS,
    targets: int | None = None,
) -> Solution:
    """Solve for the board as it was before any move, on one thread.

    `targets`: how many mediators are kept for each case; by default eight where the county is
    large, with those of `hint` always among them. The solver cannot be interrupted before
    `time_limit` (seconds), but leaves other threads alone.
    """
    movable = np.flatnonzero(board.movable)
    if not len(movable):
        return Solution((), 0.0, proven=True, within=None)
    if targets is None and len(board.pair_work) > PAIRS_UNPRUNED:
        targets = TARGETS_KEPT
    options = _options(board, movable, targets, hint)
    people = np.flatnonzero(board.availability > 0)
    found = milp(
        np.concatenate([options.cost, np.full(len(people), float(OVER))]),
        integrality=np.concatenate([np.ones(len(options.work)), np.zeros(len(people))]),
        bounds=Bounds(0, np.concatenate([np.ones(len(options.work)), _excess(board, tau, people)])),
        constraints=_constraints(board, options, movable, people, tau=tau, budget=budget),
        options={"time_limit": time_limit, "mip_rel_gap": 1e-9 if targets is None else REL_GAP},
    )
    lowest = None if found.mip_dual_bound is None else float(found.mip_dual_bound)
    if found.x is None or found.status not in _FEASIBLE:
        return Solution(None, lowest, proven=False, within=targets)
    steps = _steps(board, options, found.x[: len(options.work)])
    return Solution(steps, lowest, proven=found.status == 0, within=targets)


def _excess(board: Board, tau: int, people: Ints) -> Floats:
    """How far above the ceiling each may stay: not above what they had."""
    over = np.maximum(board.load_before - board.ceilings(tau), 0)
    return np.asarray(over[people], dtype=np.float64)


def _options(board: Board, movable: Ints, targets: int | None, hint: tuple[Step, ...]) -> _Options:
    pairs = np.flatnonzero(board.movable[board.pair_work])
    if targets is not None:
        pairs = _nearest(board, pairs, targets, hint)
    work, person = board.pair_work[pairs], board.pair_person[pairs]
    moves = person != board.holder[work]
    voluntary = moves & ~board.mandatory[work]
    cost = np.where(moves, np.rint(AWAY * board.pair_distance[pairs]), 0) + MOVE * voluntary
    stuck = movable[board.mandatory[movable]]
    return _Options(
        np.concatenate([work, stuck]),
        np.concatenate([person, board.holder[stuck]]),
        np.concatenate([cost, np.full(len(stuck), float(cost_unplaced(board)))]),
        np.concatenate([voluntary, np.zeros(len(stuck), dtype=bool)]).astype(np.int64),
    )


def _nearest(board: Board, pairs: Ints, targets: int, hint: tuple[Step, ...]) -> Ints:
    """For each case its holder, the target of the hint, and the nearest with the lightest load."""
    work, person = board.pair_work[pairs], board.pair_person[pairs]
    hinted = board.holder.copy()
    for step in hint:
        hinted[step.work] = step.target
    kept = (person == board.holder[work]) | (person == hinted[work])
    loads = 10 * board.load_before[person] // board.availability[person]
    order = np.lexsort((person, loads, board.pair_distance[pairs], ~kept, work))
    starts = np.concatenate([[True], work[order][1:] != work[order][:-1]])
    place = np.arange(len(order)) - np.maximum.accumulate(
        np.where(starts, np.arange(len(order)), 0)
    )
    return np.asarray(np.sort(pairs[order[place <= targets]]), dtype=np.int64)


def _constraints(
    board: Board,
    options: _Options,
    movable: Ints,
    people: Ints,
    *,
    tau: int,
    budget: int | None,
) -> list[LinearConstraint]:
    """Each case once; loads under the ceilings; counts under the capacities; few moves."""
    size, columns = len(options.work), np.arange(len(options.work))
    row_of_work = np.searchsorted(movable, options.work)
    once = csr_array((np.ones(size), (row_of_work, columns)), shape=(len(movable), size))
    row_of = np.full(len(board.people) + 1, -1)
    row_of[people] = np.arange(len(people))
    row = row_of[options.person]  # NOBODY is -1: the last, which has no row
    has = (row >= 0) & (options.person != NOBODY)
    at = (row[has], columns[has])
    weights = csr_array(
        (board.weight[options.work[has]].astype(float), at), shape=(len(people), size)
    )
    counts = csr_array((np.ones(int(has.sum())), at), shape=(len(people), size))
    over = csr_array((-np.ones(len(people)), (np.arange(len(people)),) * 2))
    none = csr_array((len(people), len(people)))
    room = (board.ceilings(tau) - board.floor)[people]
    stays = (board.holder >= 0) & ~board.movable
    kept = board.fixed_cases + np.bincount(board.holder[stays], minlength=len(board.people))
    rows = [
        LinearConstraint(hstack([once, csr_array((len(movable), len(people)))]), 1, 1),
        LinearConstraint(hstack([weights, over]), -np.inf, room),
        LinearConstraint(hstack([counts, none]), -np.inf, (board.capacity - kept)[people]),
    ]
    if budget is not None:
        charged = csr_array(options.counts[None, :].astype(float))
        rows.append(
            LinearConstraint(hstack([charged, csr_array((1, len(people)))]), -np.inf, budget)
        )
    return rows


def _steps(board: Board, options: _Options, values: Floats) -> tuple[Step, ...]:
    """The moves of a solution, the mandatory first."""
    taken = np.flatnonzero(values > 0.5)  # noqa: PLR2004 - nought or one, but for rounding
    steps = [
        Step(work, int(board.holder[work]), person, mandatory=bool(board.mandatory[work]))
        for work, person in zip(
            options.work[taken].tolist(), options.person[taken].tolist(), strict=True
        )
        if person != board.holder[work]
    ]
    return tuple(sorted(steps, key=lambda one: (not one.mandatory, int(board.case_id[one.work]))))
