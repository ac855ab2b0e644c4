"""The cases that have to move: their holder is away, may not have them any more, or is nobody.

They go first and are charged to no budget. The hardest to place goes first; where nobody has room
below the ceiling, the ceiling is raised just enough: a case that nobody works on is worse than a
load above the target.
"""

from dataclasses import dataclass

import numpy as np

from domain.balancing.board import Board, Step
from domain.balancing.plan import Unplaced, WhyUnplaced
from domain.balancing.pool import load_per_post
from domain.balancing.progress import Tick, tell
from domain.balancing.projection import Ints


@dataclass(frozen=True, slots=True)
class Placed:
    """The mandatory moves, the cases without a place, and the ceiling that was needed."""

    steps: tuple[Step, ...]
    unplaced: tuple[Unplaced, ...]
    tau: int


def place(board: Board, *, tau: int, only_of: Ints | None, tick: Tick) -> Placed:
    """Place what has to move on the board, `only_of` these holders where given."""
    steps: dict[int, Step] = {}
    unplaced = []
    works = _hardest_first(board, only_of)
    for done, work in enumerate(works):
        if done % 16 == 0:
            tell(tick, done / len(works))
        if not len(board.targets(work)):
            unplaced.append(_unplaced(board, work, WhyUnplaced.NOBODY_ELIGIBLE))
            continue
        target = _best_target(board, work, tau)
        if target is None:
            target = _make_room(board, work, steps)
        if target is None:
            unplaced.append(_unplaced(board, work, WhyUnplaced.ALL_FULL))
            continue
        _put(board, steps, work, target)
    used = {step.target for step in steps.values()}
    return Placed(tuple(steps.values()), tuple(unplaced), max([tau, *_needed(board, tau, used)]))


def _needed(board: Board, tau: int, people: set[int]) -> list[int]:
    """The ceilings that the loads of `people` ask for, where they are above `tau`."""
    most = np.maximum(board.ceilings(tau), board.load_before)
    return [
        load_per_post(int(board.load[one]), int(board.availability[one]))
        for one in sorted(people)
        if board.load[one] > most[one]
    ]


def _hardest_first(board: Board, only_of: Ints | None) -> list[int]:
    works = np.flatnonzero(board.mandatory)
    if only_of is not None:
        works = works[np.isin(board.holder[works], only_of)]
    choices = board.first[works + 1] - board.first[works]
    order = np.lexsort((board.case_id[works], board.due[works], -board.weight[works], choices))
    return [int(one) for one in works[order]]


def _unplaced(board: Board, work: int, why: WhyUnplaced) -> Unplaced:
    return Unplaced(int(board.case_id[work]), why)


def _best_target(board: Board, work: int, tau: int) -> int | None:
    """Within the ceiling, fewest late, least load: so the cases of one go to several."""
    people = board.targets(work)
    after = board.load[people] + board.weight[work]
    fits = board.count[people] + 1 <= board.capacity[people]
    if not fits.any():
        return None
    over = after > board.ceilings(tau)[people]
    loads = -(-10 * after // board.availability[people])
    added = board.queues.added(np.full(len(people), work), people)
    # Above the ceiling the load decides: the less the ceiling has to be raised, the better.
    order = np.lexsort(
        (people, board.distances(work), loads, np.where(over, 0, added), np.where(over, loads, 0))
    )
    return int(next(people[one] for one in order if fits[one]))


def _make_room(board: Board, work: int, steps: dict[int, Step]) -> int | None:
    """Where all are full: somebody placed a moment ago goes elsewhere to make room."""
    for target in board.targets(work).tolist():
        for other in [one for one, step in steps.items() if step.target == target]:
            people = board.targets(other)
            roomy = people[board.count[people] + 1 <= board.capacity[people]]
            if len(roomy):
                loads = -(-10 * board.load[roomy] // board.availability[roomy])
                _put(board, steps, other, int(roomy[np.lexsort((roomy, loads))[0]]))
                return int(target)
    return None


def _put(board: Board, steps: dict[int, Step], work: int, target: int) -> None:
    board.give(work, target)
    steps[work] = Step(work, int(board.holder[work]), target, mandatory=True)
