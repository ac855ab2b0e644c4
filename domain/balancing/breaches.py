"""What can be wrong with a plan, and what it has to answer to."""

from dataclasses import dataclass
from enum import StrEnum

from domain.balancing.plan import Mode


class Breach(StrEnum):
    """A rule that a plan breaks, or a figure that it states wrongly."""

    UNKNOWN = "unknown"  # a case or mediator that the pool does not have
    TWICE = "twice"
    WRONG_HOLDER = "wrong_holder"
    NO_MOVE = "no_move"  # to whom it is already
    NOT_ELIGIBLE = "not_eligible"
    AWAY = "away"
    LOCKED = "locked"
    WRONGLY_MANDATORY = "wrongly_mandatory"
    LEFT_BEHIND = "left_behind"  # has to move and is neither moved nor reported
    WRONGLY_UNPLACED = "wrongly_unplaced"
    OVER_BUDGET = "over_budget"
    OVER_CAPACITY = "over_capacity"
    OVER_CEILING = "over_ceiling"
    MORE_LATE = "more_late"
    LATE_FIGURE = "late_figure"
    LOAD_FIGURE = "load_figure"
    DISTANCE_FIGURE = "distance_figure"
    ALTERNATIVE = "alternative"  # somebody who may not have the case, or a figure of theirs
    PEOPLE = "people"  # somebody listed twice, or not at all
    BELOW_BOUND = "below_bound"
    BOUND_FIGURE = "bound_figure"
    TAU_FIGURE = "tau_figure"
    OBJECTIVE_FIGURE = "objective_figure"
    SPREAD_FIGURE = "spread_figure"
    CLAIM = "claim"  # said to be nearer the best, or of another kind, than is known
    NOT_ASKED = "not_asked"  # another mode, budget or absence than asked for
    WRONG_SUM = "wrong_sum"


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule broken, by a case or a mediator where it is one's."""

    breach: Breach
    case_id: int | None = None
    mediator_id: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, and what the solver answered, each from where it was said first.

    `tau`: None for the usual ceiling of the mode. `lowest`: what no plan of the solver's model can
    cost less than, `within` the targets that it kept for each case; None where it said nothing, or
    kept all.
    """

    mode: Mode
    budget: int | None
    tau: int | None
    away: frozenset[int]
    lowest: float | None = None
    within: int | None = None
