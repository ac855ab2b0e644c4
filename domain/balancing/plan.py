"""What a plan says: each move with its reasons, and everybody before and after."""

from dataclasses import dataclass
from enum import StrEnum

from domain.spread import Spread


class Mode(StrEnum):
    """What a plan is for."""

    FEWEST_LATE = "fewest_late"  # 超期最少
    LEVEL = "level"  # 负荷均衡
    ABSENCE = "absence"  # 有人离岗
    HAND_BACK = "hand_back"  # 返岗交还
    BY_HAND = "by_hand"  # 手工指派


class Status(StrEnum):
    """How good the plan is known to be."""

    PROVEN = "proven"  # nothing is better by more than the gap, by the solver's own bound
    BEST_FOUND = "best_found"  # the solver's time was over: at most `gap` from the best
    NOT_PROVEN = "not_proven"  # found step by step
    MANDATORY_ONLY = "mandatory_only"  # what was found beyond did not pass its check
    BY_HAND = "by_hand"


class NotChosen(StrEnum):
    """Why somebody else who may have the case was not proposed for it."""

    FULL = "full"  # 在办已满
    OVER_CEILING = "over_ceiling"  # 将超过负荷上限
    MORE_LATE = "more_late"  # 会多出超期
    HEAVIER = "heavier"  # 负荷更高
    FARTHER = "farther"  # 更远
    EQUAL = "equal"  # 条件相同
    KEPT_FOR_OTHERS = "kept_for_others"  # 余量留给其他案件


class WhyUnplaced(StrEnum):
    """Why a case that has to move cannot."""

    NOBODY_ELIGIBLE = "nobody_eligible"  # 无人可办
    ALL_FULL = "all_full"  # 可办的人都已满
    NOT_ELIGIBLE = "not_eligible"  # 原承办人已不能办
    LOCKED = "locked"  # 已锁定, 不宜再动
    NOT_OPEN = "not_open"  # 已办结或不在所选之列


@dataclass(frozen=True, slots=True)
class Change:
    """A figure before and after."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """Somebody else who may have the case, and what it would do there."""

    mediator_id: int
    why: NotChosen
    late_added: int
    load_after: int
    distance: float


@dataclass(frozen=True, slots=True)
class Reasons:
    """What one move does, at its place in the order of the moves; `from` is None for a new case.

    Late cases are counts by the projection, loads tenths of points per full-time post.
    """

    late_from: Change | None
    late_to: Change
    load_from: Change | None
    load_to: Change
    distance: float
    alternatives: tuple[Alternative, ...]

    @property
    def averted(self) -> int:
        """Late cases fewer by this move; a case that is nobody's counts as late."""
        gone = 1 if self.late_from is None else self.late_from.before - self.late_from.after
        return gone - (self.late_to.after - self.late_to.before)


@dataclass(frozen=True, slots=True)
class Move:
    """One case to somebody else. `mandatory`: its holder cannot keep it, or it has none."""

    case_id: int
    from_id: int | None
    to_id: int
    reasons: Reasons
    mandatory: bool


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A case that has to move and cannot."""

    case_id: int
    why: WhyUnplaced


@dataclass(frozen=True, slots=True)
class Standing:
    """One mediator before and after. `ceiling`: tenths of points that the plan lets them have."""

    mediator_id: int
    load: Change
    late: Change
    cases: Change
    weight: Change
    ceiling: int


@dataclass(frozen=True, slots=True)
class Held:
    """Who had a case before it was spread, so that it can be handed back."""

    case_id: int
    mediator_id: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan.

    `tau`: the load per full-time post above which nobody is given more; higher than asked for where
    the mandatory moves had no room else. `late_placed`: late cases once the mandatory moves are
    made and before any other. `bound`: the peak load that no distribution of what may move can go
    below. `objective`: what the mode minimises; `gap`: the largest share by which it may be above
    the best, None where nothing is known. `within`: how many mediators for each case the solver
    compared, None where all: status and gap are then of that smaller problem and say nothing of
    the others. `budget`: the most voluntary moves, None for no limit.
    The spreads are None where fewer than two people are there.
    """

    mode: Mode
    moves: tuple[Move, ...]
    unplaced: tuple[Unplaced, ...]
    late_before: int
    late_placed: int
    late_after: int
    peak_before: int
    peak_after: int
    bound: int
    tau: int
    budget: int | None
    away: frozenset[int]
    objective: int
    gap: float | None
    within: int | None
    status: Status
    spread_before: Spread | None
    spread_after: Spread | None
    people: tuple[Standing, ...]

    @property
    def record(self) -> tuple[Held, ...]:
        """Who had what, of the cases that move."""
        return tuple(
            Held(move.case_id, move.from_id) for move in self.moves if move.from_id is not None
        )

    @property
    def assignment(self) -> dict[int, int]:
        """Who has each moved case after the plan."""
        return {move.case_id: move.to_id for move in self.moves}
