"""The load below which no distribution can push the peak: a bound, not a plan.

Weights are taken as divisible. At a load z, everything fits where the largest flow from the cases
through whoever may have them to what each has room for carries the whole weight; the smallest such
z is found by halving (Lenstra, Shmoys, Tardos 1990 round the same relaxation).
"""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from domain.balancing.board import Board
from domain.balancing.pool import Pool
from domain.balancing.progress import Tick, tell, uninterrupted
from domain.balancing.projection import Ints

_MOST = 2**31 - 1


class _Network:
    """Cases with the same possible mediators are one node: a county has few such sets."""

    def __init__(self, board: Board) -> None:
        self._board = board
        groups: dict[bytes, int] = {}
        weights: list[int] = []
        members: list[Ints] = []
        for work in np.flatnonzero(board.movable & (board.weight > 0)).tolist():
            targets = board.targets(work)
            group = groups.setdefault(targets.tobytes(), len(weights))
            if group == len(weights):
                weights.append(0)
                members.append(targets)
            weights[group] += int(board.weight[work])
        self.total = sum(weights)
        self._weights = np.array(weights, dtype=np.int64)
        self._from = np.repeat(np.arange(len(weights)), [len(one) for one in members])
        self._to = np.concatenate([*members, np.empty(0, dtype=np.int64)])

    def fits(self, tau: int) -> bool:
        """Whether everything fits at this load, weights taken as divisible."""
        groups, people = len(self._weights), len(self._board.people)
        source, sink = groups + people, groups + people + 1
        room = np.minimum(self._board.ceilings(tau) - self._board.floor, self.total)
        rows = [np.full(groups, source), self._from, groups + np.arange(people)]
        columns = [np.arange(groups), groups + self._to, np.full(people, sink)]
        limits = [self._weights, self._weights[self._from], room]
        data, row, column = (np.concatenate(one) for one in (limits, rows, columns))
        kept = data > 0
        size = groups + people + 2
        graph = csr_array(
            (data[kept].astype(np.int32), (row[kept], column[kept])), shape=(size, size)
        )
        return int(maximum_flow(graph, source, sink).flow_value) == self.total


def bound_on(board: Board, *, tick: Tick = uninterrupted) -> int:
    """The bound for what the board shows; see `bound`."""
    network = _Network(board)
    if network.total > _MOST:
        raise OverflowError("more weight than a flow can carry")
    low, high = 0, 10
    while network.total and not network.fits(high):
        low, high = high, high * 2
    doublings = 1
    while low < high and network.total:
        tell(tick, 1 - 1 / doublings)
        doublings += 1
        middle = (low + high) // 2
        low, high = (low, middle) if network.fits(middle) else (middle + 1, high)
    return low


def bound(pool: Pool, *, away: frozenset[int] = frozenset(), tick: Tick = uninterrupted) -> int:
    """The least peak (tenths of points per full-time post) of any way to spread what may move.

    What may not move is a floor under its holder's ceiling and does not raise the bound for
    everybody. Cases that nobody may have are left out.
    """
    return bound_on(Board(pool, away=away), tick=tick)
