"""What more moves would bring: the points between which a slider goes."""

from collections.abc import Callable
from dataclasses import dataclass

from domain.balancing.board import Board
from domain.balancing.bounds import bound_on
from domain.balancing.fewest_late import FewestLate
from domain.balancing.levelling import Levelling
from domain.balancing.placing import place
from domain.balancing.plan import Mode
from domain.balancing.pool import Pool
from domain.balancing.progress import Tick, part, tell, uninterrupted
from domain.balancing.proposing import usual_tau

MOST_MOVES = 200
_LEVELS = 8


@dataclass(frozen=True, slots=True)
class Point:
    """So many voluntary moves, and the peak load and the late cases after them.

    `tau` is the ceiling that leads there: a plan is asked for with it and with `moves` as budget.
    """

    moves: int
    peak: int
    late: int
    tau: int


def frontier(
    pool: Pool,
    mode: Mode,
    *,
    away: frozenset[int] = frozenset(),
    most: int = MOST_MOVES,
    tick: Tick = uninterrupted,
) -> tuple[Point, ...]:
    """Peak and late cases against moves, fewest moves first; mandatory moves are made in each.

    For the fewest late cases: one run, seen after each move. For levelling: the fewest moves for
    each of eight ceilings from the present peak down to the bound. No point needs more than `most`
    moves. Raises ValueError for a mode that has no such choice, Cancelled when `tick` says so.
    """
    board = Board(pool, away=away)
    lowest = bound_on(board, tick=part(tick, start=0.0, end=0.3))
    usual = usual_tau(board, mode, lowest)
    placed = place(board, tau=usual, only_of=None, tick=part(tick, start=0.3, end=0.4))
    tick = part(tick, start=0.4, end=1.0)
    if mode is Mode.FEWEST_LATE:
        return _by_late(board, placed.tau, most, tick)
    if mode is Mode.LEVEL:
        return _by_peak(board, placed.tau, most, tick)
    raise ValueError(f"{mode} has no frontier")


def _by_late(board: Board, tau: int, most: int, tick: Tick) -> tuple[Point, ...]:
    points = {0: Point(0, board.peak(), board.late_total(), tau)}

    def watch(moves: int) -> None:
        points[moves] = Point(moves, board.peak(), board.late_total(), tau)

    FewestLate(board, tau=tau, least_gain=1).run(budget=most, tick=tick, watch=watch)
    return _descending(points, lambda one: one.late)


def _by_peak(board: Board, tau: int, most: int, tick: Tick) -> tuple[Point, ...]:
    late, peak = board.late_total(), board.peak()
    points = {0: Point(0, peak, late, max(peak, tau))}
    for level in range(1, _LEVELS + 1):
        tell(tick, level / _LEVELS)
        ceiling = round(peak - (peak - tau) * level / _LEVELS)
        if peak <= tau:
            break
        run = Levelling(board, tau=ceiling)
        steps = run.run(budget=most, late_most=late, tick=lambda _: tick(level / _LEVELS))  # noqa: B023 - called in this round only
        points.setdefault(len(steps), Point(len(steps), board.peak(), board.late_total(), ceiling))
        board.take_back(steps)
    return _descending(points, lambda one: one.peak)


def _descending(points: dict[int, Point], figure: Callable[[Point], int]) -> tuple[Point, ...]:
    """Those that bring a lower figure than every one with fewer moves."""
    kept: list[Point] = []
    for moves in sorted(points):
        if not kept or figure(points[moves]) < figure(kept[-1]):
            kept.append(points[moves])
    return tuple(kept)
