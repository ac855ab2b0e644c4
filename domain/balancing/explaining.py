"""A plan written out: every move weighed at its place in the order, everybody before and after."""

from dataclasses import dataclass

import numpy as np

from domain.balancing.board import NOBODY, Board, Step
from domain.balancing.plan import (
    Alternative,
    Change,
    Mode,
    Move,
    NotChosen,
    Plan,
    Reasons,
    Standing,
    Status,
    Unplaced,
)
from domain.balancing.pool import load_per_post
from domain.balancing.projection import Ints
from domain.spread import Bearer, Spread, spread_of

_ALTERNATIVES = 2


@dataclass(frozen=True, slots=True)
class Draft:
    """Moves in order, the mandatory first, with what is known of them but not yet shown."""

    mode: Mode
    steps: tuple[Step, ...]
    unplaced: tuple[Unplaced, ...]
    bound: int
    tau: int
    budget: int | None
    away: frozenset[int]
    objective: int
    gap: float | None
    within: int | None
    status: Status


def written(board: Board, draft: Draft) -> Plan:
    """The plan of a draft. The board has to show the state before any move, and shows it again."""
    before = _Snapshot(board)
    ceilings = board.ceilings(draft.tau)
    moves, late_placed = [], board.late_total()
    for step in draft.steps:
        moves.append(_move(board, step, ceilings))
        board.give(step.work, step.target)
        if step.mandatory:
            late_placed = board.late_total()
    after = _Snapshot(board)
    board.take_back(draft.steps)
    return Plan(
        mode=draft.mode,
        moves=tuple(moves),
        unplaced=draft.unplaced,
        late_before=before.late_total,
        late_placed=late_placed,
        late_after=after.late_total,
        peak_before=max(before.load, default=0),
        peak_after=max(after.load, default=0),
        bound=draft.bound,
        tau=draft.tau,
        budget=draft.budget,
        away=draft.away,
        objective=draft.objective,
        gap=draft.gap,
        within=draft.within,
        status=draft.status,
        spread_before=before.spread,
        spread_after=after.spread,
        people=_standings(board, before, after, ceilings),
    )


class _Snapshot:
    def __init__(self, board: Board) -> None:
        self.load = board.loads()
        self.late = board.late_by_person().tolist()
        self.late_total = board.late_total()
        self.cases = board.count.tolist()
        self.weight = board.load.tolist()
        self.spread = _spread(board)


def _spread(board: Board) -> Spread | None:
    """Among all people of the board; what the pool does not list stays with them, as duties do."""
    held: list[list[int]] = [[] for _ in board.people]
    for person, weight in zip(board.at.tolist(), board.weight.tolist(), strict=True):
        if person != NOBODY:
            held[person].append(weight)
    fixed, there = board.fixed_weight.tolist(), board.availability.tolist()
    return spread_of([Bearer(tuple(own), fixed[j], there[j]) for j, own in enumerate(held)])


def _standings(
    board: Board, before: _Snapshot, after: _Snapshot, ceilings: Ints
) -> tuple[Standing, ...]:
    return tuple(
        Standing(
            person.mediator_id,
            load=Change(before.load[j], after.load[j]),
            late=Change(before.late[j], after.late[j]),
            cases=Change(before.cases[j], after.cases[j]),
            weight=Change(before.weight[j], after.weight[j]),
            ceiling=int(ceilings[j]),
        )
        for j, person in enumerate(board.people)
    )


def _move(board: Board, step: Step, ceilings: Ints) -> Move:
    work, origin, target = step.work, step.origin, step.target
    own, weight = np.array([work]), int(board.weight[work])
    added = int(board.queues.added(own, np.array([target]))[0])
    late_to = int(board.queues.late[target])
    reasons = Reasons(
        late_from=_late_from(board, work, origin),
        late_to=Change(late_to, late_to + added),
        load_from=None if origin == NOBODY else _load(board, origin, -weight),
        load_to=_load(board, target, weight),
        distance=board.distance(work, target),
        alternatives=_alternatives(board, step, added, ceilings),
    )
    from_id = None if origin == NOBODY else board.people[origin].mediator_id
    to_id = board.people[target].mediator_id
    return Move(int(board.case_id[work]), from_id, to_id, reasons, step.mandatory)


def _late_from(board: Board, work: int, origin: int) -> Change | None:
    if origin == NOBODY:
        return None
    numbers, spared = board.queues.spared(origin)
    late = int(board.queues.late[origin])
    return Change(late, late - int(spared[np.searchsorted(numbers, work)]))


def _load(board: Board, person: int, more: int) -> Change:
    weight, availability = int(board.load[person]), int(board.availability[person])
    return Change(load_per_post(weight, availability), load_per_post(weight + more, availability))


def _alternatives(board: Board, step: Step, added: int, ceilings: Ints) -> tuple[Alternative, ...]:
    """The two best of the others who may have the case, and what speaks against each."""
    all_targets = board.targets(step.work)
    others = (all_targets != step.target) & (all_targets != step.origin)
    people, distances = all_targets[others], board.distances(step.work)[others]
    if not len(people):
        return ()
    late = board.queues.added(np.full(len(people), step.work), people)
    weights = board.load[people] + board.weight[step.work]
    loads = -(-10 * weights // board.availability[people])
    full = board.count[people] + 1 > board.capacity[people]
    over = weights > ceilings[people]
    order = np.lexsort((people, loads, distances, late, full | over))[:_ALTERNATIVES]
    distance = board.distance(step.work, step.target)
    load = _load(board, step.target, int(board.weight[step.work])).after
    against = (
        (NotChosen.FULL, full),
        (NotChosen.OVER_CEILING, over),
        (NotChosen.MORE_LATE, late > added),
        (NotChosen.FARTHER, distances > distance),
        (NotChosen.HEAVIER, loads > load),
        (NotChosen.EQUAL, (late == added) & (distances == distance) & (loads == load)),
        (NotChosen.KEPT_FOR_OTHERS, np.ones(len(people), dtype=bool)),
    )
    return tuple(
        Alternative(
            board.people[people[one]].mediator_id,
            next(why for why, holds in against if holds[one]),
            int(late[one]),
            int(loads[one]),
            float(distances[one]),
        )
        for one in order.tolist()
    )
