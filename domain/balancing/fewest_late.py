"""The default: each time the move that spares most late cases, until the budget is used.

Peak load does not come first. In paired simulation, moving by peak raised missed deadlines in most
settings, for it takes the largest cases off hopeless queues and makes healthy ones late; moving by
spared late cases never did significantly.
"""

from collections.abc import Callable

import numpy as np

from domain.balancing.board import Board, Step
from domain.balancing.progress import Tick, tell
from domain.balancing.projection import Ints

# Pairs of a case and a mediator that are reckoned at once.
_AT_ONCE = 20_000


class FewestLate:
    """One run; `watch` of `run` is told after each step how many works have moved."""

    def __init__(self, board: Board, *, tau: int, least_gain: int) -> None:
        self._board, self._least = board, max(least_gain, 1)
        self._ceilings = board.ceilings(tau)
        self._added = np.zeros(len(board.pair_work), dtype=np.int64)
        self._stale = np.ones(len(board.pair_work), dtype=bool)
        self._spared = np.zeros(len(board.works), dtype=np.int64)
        self._chosen: list[int] = []
        for person in range(len(board.people)):
            self._look_again(person)

    def run(
        self, *, budget: int | None, tick: Tick, watch: Callable[[int], None] | None = None
    ) -> tuple[Step, ...]:
        """Move until the budget is used or nothing spares enough. Returns the moves in order."""
        rounds = 0
        while budget is None or len(self._chosen) < budget:
            rounds += 1
            tell(tick, 1 - 1 / (1 + rounds / 10))
            best = self._best()
            if best is None:
                break
            self._move(*best)
            self._drop_needless()
            if watch is not None:
                watch(len(self._chosen))
        board = self._board
        return tuple(
            Step(work, int(board.holder[work]), int(board.at[work]), mandatory=False)
            for work in self._chosen
        )

    def _move(self, work: int, target: int) -> None:
        origin = int(self._board.at[work])
        self._board.give(work, target)
        self._chosen.append(work)
        self._look_again(origin)
        self._look_again(target)

    def _look_again(self, person: int) -> None:
        numbers, spared = self._board.queues.spared(person)
        self._spared[numbers] = spared
        self._stale[self._board.pair_person == person] = True

    def _best(self) -> tuple[int, int] | None:
        """The work and the target of the best move.

        No move gains more than its work spares where it is, so works are looked at by that, and
        whoever cannot reach the best found so far is not looked at.
        """
        board = self._board
        stays = board.free & (board.at == board.holder) & (self._spared >= self._least)
        works = np.flatnonzero(stays)
        best: tuple[tuple[float, ...], int, int] | None = None
        for level in np.unique(self._spared[works])[::-1].tolist():
            if best is not None and level < -best[0][0]:
                break
            found = self._best_of(works[self._spared[works] == level])
            if found is not None and (best is None or found[0] < best[0]):
                best = found
        return None if best is None else best[1:]

    def _best_of(self, works: Ints) -> tuple[tuple[float, ...], int, int] | None:
        board = self._board
        pairs = self._open_pairs(works)
        if not len(pairs):
            return None
        self._reckon(pairs)
        work, person = board.pair_work[pairs], board.pair_person[pairs]
        gain = self._spared[work] - self._added[pairs]
        origin = board.at[work]
        over = np.maximum(board.load[origin] - self._ceilings[origin], 0)
        keys = (
            person,
            board.case_id[work],
            board.pair_distance[pairs],
            -np.minimum(over, board.weight[work]),
            -gain,
        )
        first = int(np.lexsort(keys)[0])
        if gain[first] < self._least:
            return None
        order = tuple(float(key[first]) for key in reversed(keys))
        return order, int(work[first]), int(person[first])

    def _open_pairs(self, works: Ints) -> Ints:
        """The pairs of these works whose target has room."""
        board = self._board
        sizes = board.first[works + 1] - board.first[works]
        starts = np.repeat(board.first[works] - (sizes.cumsum() - sizes), sizes)
        pairs = starts + np.arange(int(sizes.sum()))
        work, person = board.pair_work[pairs], board.pair_person[pairs]
        room = board.load[person] + board.weight[work] <= self._ceilings[person]
        room &= board.count[person] + 1 <= board.capacity[person]
        return np.asarray(pairs[room & (person != board.at[work])], dtype=np.int64)

    def _reckon(self, pairs: Ints) -> None:
        stale = pairs[self._stale[pairs]]
        board = self._board
        for start in range(0, len(stale), _AT_ONCE):
            some = stale[start : start + _AT_ONCE]
            self._added[some] = board.queues.added(board.pair_work[some], board.pair_person[some])
        self._stale[stale] = False

    def _drop_needless(self) -> None:
        """Take back what later moves made needless, so that no move is made for nothing."""
        again = True
        while again:
            again = False
            for work in list(self._chosen):
                if self._is_needless(work):
                    here, home = int(self._board.at[work]), int(self._board.holder[work])
                    self._board.give(work, home)
                    self._chosen.remove(work)
                    self._look_again(here)
                    self._look_again(home)
                    again = True

    def _is_needless(self, work: int) -> bool:
        board = self._board
        if not board.can_return(work, self._ceilings):
            return False
        home = int(board.holder[work])
        more_over = board.load[home] + board.weight[work] > max(
            self._ceilings[home], board.load[home]
        )
        change = board.undo_change(work)
        return change < 0 or (change == 0 and not (more_over and board.weight[work] > 0))
