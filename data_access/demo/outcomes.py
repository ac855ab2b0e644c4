"""How long work takes and how it ends: the chances that the flow draws from."""

from dataclasses import dataclass

import numpy as np

from data_access.demo.arrivals import DAY, HOUR
from data_access.demo.chance import Weighted, lognormal
from data_access.demo.disputes import DisputeType
from domain.cases import Difficulty

WRITTEN, ORAL, WITHDRAWN, REFUSED = "O01", "O02", "O03", "O05"
# Court confirmation: valid, dismissed, withdrawn, the 30 days run out.
VALID, NOT_VALID = "J5", Weighted(("J6", "J8", "J9"), (2, 4, 2))
PERFORMED_AT_ONCE, PERFORMED = "P1", "P3"
NOT_PERFORMED = Weighted(("P4", "P5"), (3, 2))

_SPOT_OUTCOMES = Weighted((ORAL, WITHDRAWN), (93, 7))
# Out of scope, a duplicate, for the police, one side refuses from the start.
_TURNED_AWAY = Weighted((None, "O13", "O14", "O12", REFUSED), (950, 18, 12, 6, 14))
_FAILURES = Weighted(("O04", "O09", "O07", "O06", "O08", "O11"), (60, 18, 7, 6, 4, 5))
_LABOUR_FAILURES = Weighted(("O10", "O04", "O07"), (60, 32, 8))
_FAIL = {
    Difficulty.SIMPLE: 0.015,
    Difficulty.ORDINARY: 0.045,
    Difficulty.COMPLEX: 0.11,
    Difficulty.MAJOR: 0.17,
}
_WITHDRAW, _REFUSE = 0.035, 0.02
_MORE_WRITTEN = {Difficulty.SIMPLE: -0.25, Difficulty.ORDINARY: -0.06, Difficulty.MAJOR: 0.3}
_ORAL_PERFORMS = 0.85
_CONFIRM = {"0503": 0.22, "0502": 0.4, "07": 0.26, "0507": 0.3, "08": 0.24}
_CONFIRM_OTHERWISE = 0.11
# What a court cannot confirm: identity relations (民诉法解释 355).
_NOT_CONFIRMABLE = ("0101", "0199")

# Days of mediation: the median, before the mediator's pace and load; the limits are 1 working day,
# 7, 20 and 30 days, and nothing else ties the two together.
_MEDIATION_DAYS = {
    Difficulty.SIMPLE: 0.5,
    Difficulty.ORDINARY: 4.6,
    Difficulty.COMPLEX: 12.5,
    Difficulty.MAJOR: 19.0,
}
_MEDIATION_SPREAD = 0.55
_IDLE_FACTOR, _BUSY_FACTOR = 0.85, 0.45
_PERFORMANCE_DAYS, _PERFORMANCE_SPREAD = 20.0, 0.48
_CONFIRMATION_DAYS, _CONFIRMATION_SPREAD, _CONFIRMATION_RANGE = 14.0, 5.0, (3.0, 28.0)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a mediation ends. `confirms` and `performs`: what is still to be done afterwards."""

    outcome: str
    success: bool
    confirms: bool = False
    performs: bool = False


def spot_outcome(rng: np.random.Generator) -> str:
    """How something ends that a grid worker settles where it was found."""
    return _SPOT_OUTCOMES.pick(rng)


def spot_seconds(rng: np.random.Generator) -> int:
    """How long that takes: ten minutes to an hour and a half."""
    return int(rng.uniform(600, 5400))


def turned_away(rng: np.random.Generator) -> str | None:
    """The outcome of a case that is not accepted, or None where it is."""
    return _TURNED_AWAY.pick(rng)


def acceptance_seconds(rng: np.random.Generator) -> float:
    """Office time until it is decided whether to accept; the limit is two working days."""
    slow = rng.random() < 0.05  # noqa: PLR2004 - a form is missing, a party cannot be reached
    return float(rng.exponential(14 * HOUR if slow else 2.4 * HOUR))


def assignment_seconds(rng: np.random.Generator) -> float:
    """Office time until a mediator is named; the limit is one working day."""
    slow = rng.random() < 0.08  # noqa: PLR2004 - the parties are asked whom they want
    return float(rng.exponential(10 * HOUR if slow else 2.2 * HOUR))


def mediation_seconds(
    rng: np.random.Generator, difficulty: Difficulty, *, pace: float, busy: float
) -> float:
    """Time from the assignment to the end of mediation; slower with those who have much to do."""
    days = lognormal(rng, median=_MEDIATION_DAYS[difficulty], spread=_MEDIATION_SPREAD)
    return days * pace * (_IDLE_FACTOR + _BUSY_FACTOR * busy) * DAY


def performance_seconds(rng: np.random.Generator) -> float:
    """Time until what was agreed is done."""
    return lognormal(rng, median=_PERFORMANCE_DAYS, spread=_PERFORMANCE_SPREAD) * DAY


def confirmation_seconds(rng: np.random.Generator) -> float:
    """Time until the court has decided, inside the 30 days of 人民调解法 33."""
    days = rng.normal(_CONFIRMATION_DAYS, _CONFIRMATION_SPREAD)
    return float(np.clip(days, *_CONFIRMATION_RANGE)) * DAY


def ending(rng: np.random.Generator, kind: DisputeType, difficulty: Difficulty) -> Ending:
    """How the mediation of a dispute ends."""
    point = rng.random()
    if point < _WITHDRAW:
        return Ending(WITHDRAWN, success=False)
    if point < _WITHDRAW + _REFUSE:
        return Ending(REFUSED, success=False)
    if rng.random() < _FAIL[difficulty]:
        failures = _LABOUR_FAILURES if kind.code.startswith("07") else _FAILURES
        return Ending(failures.pick(rng), success=False)
    written = rng.random() < kind.written + _MORE_WRITTEN.get(difficulty, 0)
    confirmable = written and kind.code not in _NOT_CONFIRMABLE
    if confirmable and rng.random() < _confirms(kind.code):
        return Ending(WRITTEN, success=True, confirms=True)
    performs = rng.random() < kind.performs * (1 if written else _ORAL_PERFORMS)
    return Ending(WRITTEN if written else ORAL, success=True, performs=performs)


def _confirms(code: str) -> float:
    return _CONFIRM.get(code, _CONFIRM.get(code[:2], _CONFIRM_OTHERWISE))


def is_failure(outcome: str) -> bool:
    """Whether an outcome counts as 调解不成, in the base of the success rate."""
    return outcome in {*_FAILURES.things, *_LABOUR_FAILURES.things}
