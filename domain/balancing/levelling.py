"""Levelling the load: little weight above the ceiling, by few and short moves.

What is minimised (whole numbers): `OVER` for each tenth of a point above a ceiling, `MOVE` for a
move and `AWAY` for a kilometre; so a move has to take half a standard case off somebody's excess. A
case that has to move and does not costs more than all of that. Large pieces first, then chains of
two: somebody passes a case on to make room.
"""

import heapq
from collections.abc import Iterator

import numpy as np

from domain.balancing.board import Board, Step
from domain.balancing.progress import Tick, tell
from domain.balancing.projection import Ints

OVER, MOVE, AWAY = 200, 1000, 10


def cost_of_move(distance: float) -> int:
    """What a voluntary move over this distance costs."""
    return MOVE + round(AWAY * distance)


def cost_unplaced(board: Board) -> int:
    """What a case without a place costs: more than anything that a place for it could cost."""
    heaviest = int(board.weight.max(initial=0))
    return 1_000_000 + 2 * OVER * heaviest


def objective(board: Board, tau: int) -> int:
    """What the state of the board costs."""
    ceilings = board.ceilings(tau)
    there = board.availability > 0
    over = int(np.maximum(board.load - ceilings, 0)[there].sum())
    total = OVER * over
    for work in np.flatnonzero(board.at != board.holder).tolist():
        distance = board.distance(work, int(board.at[work]))
        total += round(AWAY * distance) + (0 if board.mandatory[work] else MOVE)
    stuck = board.mandatory & board.movable & (board.at == board.holder)
    return total + cost_unplaced(board) * int(stuck.sum())


class Levelling:
    """One run on a board on which the mandatory moves are made."""

    def __init__(self, board: Board, *, tau: int) -> None:
        self._board, self._ceilings = board, board.ceilings(tau)
        self._chosen: list[int] = []

    def run(self, *, budget: int | None, late_most: int, tick: Tick) -> tuple[Step, ...]:
        """Move until nothing is gained. Returns the moves in order.

        Levelling is not paid for with late cases: what leaves more than `late_most` is taken back.
        """
        self._largest_first(budget, tick)
        self._chains(budget, tick)
        self._drop_needless()
        kept_on_time(self._board, self._chosen, self._ceilings, late_most=late_most)
        board = self._board
        return tuple(
            Step(work, int(board.holder[work]), int(board.at[work]), mandatory=False)
            for work in self._chosen
        )

    def _left(self, budget: int | None) -> int:
        return len(self._board.works) if budget is None else budget - len(self._chosen)

    def _over(self, person: int) -> int:
        return max(int(self._board.load[person] - self._ceilings[person]), 0)

    def _best_target(self, work: int) -> tuple[int, int] | None:
        """What moving the work gains at best, and to whom: the nearest, then the one with room."""
        board = self._board
        people = board.targets(work)
        room = self._ceilings[people] - board.load[people] - board.weight[work]
        fits = (room >= 0) & (board.count[people] + 1 <= board.capacity[people])
        fits &= people != board.at[work]
        if not fits.any():
            return None
        distances = board.distances(work)[fits]
        first = int(np.lexsort((people[fits], -room[fits], distances))[0])
        relief = min(int(board.weight[work]), self._over(int(board.at[work])))
        return OVER * relief - cost_of_move(float(distances[first])), int(people[fits][first])

    def _movable_of(self, person: int) -> Ints:
        board = self._board
        return np.flatnonzero((board.at == person) & board.free & (board.holder == person))

    def _largest_first(self, budget: int | None, tick: Tick) -> None:
        """Gains only shrink as moves are made, so one look at the top of a heap is enough."""
        board = self._board
        heap: list[tuple[int, int, int, int]] = []
        for person in np.flatnonzero(board.load > self._ceilings).tolist():
            for work in self._movable_of(person).tolist():
                self._push(heap, work)
        heapq.heapify(heap)
        rounds = 0
        while heap and self._left(budget) > 0:
            rounds += 1
            if rounds % 64 == 0:
                tell(tick, 0.6 * (1 - 1 / (1 + rounds / 1000)))
            promised, *_, work = heapq.heappop(heap)
            found = self._best_target(work)
            if found is None or found[0] <= 0:
                continue
            if found[0] < -promised:
                self._push(heap, work)
                continue
            board.give(work, found[1])
            self._chosen.append(work)

    def _push(self, heap: list[tuple[int, int, int, int]], work: int) -> None:
        found = self._best_target(work)
        if found is not None and found[0] > 0:
            board = self._board
            heapq.heappush(
                heap, (-found[0], int(board.weight[work]), int(board.case_id[work]), work)
            )

    def _chains(self, budget: int | None, tick: Tick) -> None:
        board = self._board
        overloaded = np.flatnonzero(board.load > self._ceilings).tolist()
        for done, person in enumerate(overloaded):
            tell(tick, 0.6 + 0.4 * done / len(overloaded))
            while self._over(person) and self._left(budget) > 1:
                chain = next(self._chains_of(person), None)
                if chain is None:
                    break
                for work, target in chain:
                    board.give(work, target)
                    self._chosen.append(work)

    def _chains_of(self, person: int) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """Pairs of moves that gain: somebody passes a case on and takes one of `person`'s."""
        board = self._board
        works = self._movable_of(person)
        for work in works[np.argsort(-board.weight[works], kind="stable")].tolist():
            relief = OVER * min(int(board.weight[work]), self._over(person))
            if relief <= 2 * MOVE:
                return
            for between, far in zip(
                board.targets(work).tolist(), board.distances(work).tolist(), strict=True
            ):
                if between == person or board.count[between] > board.capacity[between]:
                    continue
                least = int(board.load[between] + board.weight[work] - self._ceilings[between])
                for other in self._movable_of(between).tolist():
                    if board.weight[other] < least:
                        continue
                    passed = self._best_target(other)
                    # What passing the other case on costs, without what it may gain by itself.
                    if passed is None or passed[1] == person:
                        continue
                    distance = board.distance(other, passed[1])
                    if relief > cost_of_move(far) + cost_of_move(distance):
                        yield (other, passed[1]), (work, between)

    def _drop_needless(self) -> None:
        """Take back each move that costs more than it brings."""
        board = self._board
        for work in list(self._chosen):
            here, home = int(board.at[work]), int(board.holder[work])
            weight = int(board.weight[work])
            more = max(int(board.load[home]) + weight - int(self._ceilings[home]), 0)
            costs = OVER * (more - self._over(home))
            saves = cost_of_move(board.distance(work, here))
            if costs < saves and board.can_return(work, self._ceilings):
                board.give(work, home)
                self._chosen.remove(work)


def kept_on_time(board: Board, chosen: list[int], ceilings: Ints, *, late_most: int) -> None:
    """Take moves out of `chosen` until no more than `late_most` cases are late.

    Each time the one whose return spares most. Where none can return any more, all of them do:
    then everything is as it was.
    """
    while chosen and board.late_total() > late_most:
        able = [work for work in chosen if board.can_return(work, ceilings)]
        changes = [board.undo_change(work) for work in able]
        if not able or min(changes) >= 0:
            for work in chosen:
                board.give(work, int(board.holder[work]))
            chosen.clear()
            return
        work = able[int(np.argmin(changes))]
        board.give(work, int(board.holder[work]))
        chosen.remove(work)
