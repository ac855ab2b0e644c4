"""How long work takes and how it ends: the chances that the flow and the pulse draw from."""

from dataclasses import dataclass

import numpy as np

from data_access.demo import notes
from data_access.demo.arrivals import DAY, HOUR
from data_access.demo.chance import Weighted, lognormal, one_of
from data_access.demo.disputes import DisputeType
from domain.cases import Difficulty
from domain.transitions import Action, AgreementForm, Decision, Rating, caution

# Asked at a door or on the telephone, most people say that they are content; some say nothing.
_RATINGS: Weighted[Rating] = Weighted(tuple(Rating), (0.58, 0.22, 0.04, 0.11, 0.05))
_RATE_ALIKE = 0.5
# What is decided about a case that came in. None: it is accepted.
_DECISIONS: Weighted[Action | None] = Weighted(
    (
        None,
        Action.REFUSE_SCOPE,
        Action.REFER_TO_POLICE,
        Action.PARTY_REFUSES,
        Action.WITHDRAW,
    ),
    (950, 18, 6, 16, 10),
)
# 一方明确拒绝: lawful, and no failure of whoever mediated.
REFUSED = "O05"
_FAILURES = Weighted(("O04", "O07", "O06", "O08"), (70, 12, 10, 8))
_ROUTES = Weighted(("O09", "O11"), (80, 20))
_LABOUR_ROUTES = Weighted(("O10", "O09", "O11"), (75, 15, 10))
_FAIL = {
    Difficulty.SIMPLE: 0.015,
    Difficulty.ORDINARY: 0.036,
    Difficulty.COMPLEX: 0.09,
    Difficulty.MAJOR: 0.17,
}
_WITHDRAW, _REFUSE, _POLICE = 0.035, 0.02, 0.004
_MORE_WRITTEN = {Difficulty.SIMPLE: -0.25, Difficulty.ORDINARY: -0.06, Difficulty.MAJOR: 0.3}
_ORAL_PERFORMS = 0.85
_CONFIRM = {"0503": 0.22, "0502": 0.4, "07": 0.26, "0507": 0.3, "08": 0.24}
_CONFIRM_OTHERWISE = 0.11

# Days of mediation: the median, before the mediator's pace and load; the limits are 1 working day,
# 7, 20 and 30 days, and nothing else ties the two together.
_MEDIATION_DAYS = {
    Difficulty.SIMPLE: 0.5,
    Difficulty.ORDINARY: 5.0,
    Difficulty.COMPLEX: 13.0,
    Difficulty.MAJOR: 19.0,
}
_MEDIATION_SPREAD = 0.6
_IDLE_FACTOR, _BUSY_FACTOR = 0.85, 0.45
_CONFIRMATION_DAYS, _CONFIRMATION_SPREAD, _CONFIRMATION_RANGE = 14.0, 5.0, (3.0, 28.0)
# The days that people agree on, and what becomes of them: kept, kept late, not kept.
_AGREED_DAYS = Weighted((3, 7, 10, 15, 20, 30, 45, 60, 90), (8, 14, 12, 22, 10, 22, 6, 5, 1))
_NOT_KEPT, _KEPT_LATE = 0.035, 0.11
_LATE_DAYS, _GIVEN_UP_AFTER = 5.0, (3.0, 12.0)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a mediation ends: the step, its outcome or form, and what is to be done afterwards."""

    action: Action
    outcome: str | None = None
    form: AgreementForm | None = None
    confirms: bool = False
    performs: bool = False


@dataclass(frozen=True, slots=True)
class Promise:
    """What was agreed to be done by a day, and what becomes of it: seconds from the agreement."""

    days: int
    seconds: float
    kept: bool


def decision(rng: np.random.Generator) -> Action | None:
    """Why a case goes no further, or None where it is accepted."""
    return _DECISIONS.pick(rng)


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


def confirmation_seconds(rng: np.random.Generator) -> float:
    """Time until the court has decided, inside the 30 days of 人民调解法 33."""
    days = rng.normal(_CONFIRMATION_DAYS, _CONFIRMATION_SPREAD)
    return float(np.clip(days, *_CONFIRMATION_RANGE)) * DAY


def arrangement_seconds(rng: np.random.Generator, form: AgreementForm) -> float:
    """Office time from an agreement to what follows of it; the limit is three working days."""
    return float(rng.exponential(8 * HOUR if form is AgreementForm.WRITTEN else 3 * HOUR))


def promise(rng: np.random.Generator) -> Promise:
    """How long people give each other, and whether they keep to it."""
    days = _AGREED_DAYS.pick(rng)
    point = rng.random()
    if point < _NOT_KEPT:
        return Promise(days, (days + rng.uniform(*_GIVEN_UP_AFTER)) * DAY, kept=False)
    if point < _NOT_KEPT + _KEPT_LATE:
        return Promise(days, (days + rng.exponential(_LATE_DAYS)) * DAY, kept=True)
    return Promise(days, days * float(rng.beta(4, 1.2)) * DAY, kept=True)


def follow_up_seconds(rng: np.random.Generator) -> float:
    """Time until somebody asks whether it lasted; the limit is seven days."""
    return lognormal(rng, median=3.2, spread=0.55) * DAY


def telling_seconds(rng: np.random.Generator) -> float:
    """Office time until the parties know their other ways; the limit is two working days."""
    return float(rng.exponential(7.5 * HOUR))


def handing_over_seconds(rng: np.random.Generator) -> float:
    """Office time until a case goes to a court or an office; the limit is five working days."""
    return float(rng.exponential(17 * HOUR))


def archiving_seconds(rng: np.random.Generator) -> float:
    """Office time until the file is closed; the limit is ten working days."""
    return float(rng.exponential(34 * HOUR))


def route(rng: np.random.Generator, type_code: str) -> str:
    """Where a case goes that was not settled: to a court, to arbitration, to an office."""
    return (_LABOUR_ROUTES if type_code.startswith("07") else _ROUTES).pick(rng)


def court(rng: np.random.Generator, *, valid: bool) -> tuple[Decision, str]:
    """What became of an application for confirmation, and how that is noted."""
    if valid:
        return Decision.VALID, one_of(rng, notes.CONFIRMED)
    said = one_of(rng, [*notes.NOT_CONFIRMED])
    return notes.NOT_CONFIRMED[said], said


def ratings(rng: np.random.Generator) -> tuple[Rating, Rating]:
    """What applicants and respondents answer when they are visited: often the same."""
    applicant = _RATINGS.pick(rng)
    alike = rng.random() < _RATE_ALIKE
    return applicant, applicant if alike else _RATINGS.pick(rng)


def ending(rng: np.random.Generator, kind: DisputeType, difficulty: Difficulty) -> Ending:
    """How the mediation of a dispute ends."""
    point = rng.random()
    for share, action in (
        (_WITHDRAW, Action.WITHDRAW),
        (_REFUSE, Action.PARTY_REFUSES),
        (_POLICE, Action.REFER_TO_POLICE),
    ):
        if point < share:
            return Ending(action)
        point -= share
    if rng.random() < _FAIL[difficulty]:
        return Ending(Action.FAIL, outcome=_FAILURES.pick(rng))
    written = rng.random() < kind.written + _MORE_WRITTEN.get(difficulty, 0)
    # Where a court might find identity or title in it, people do not go there.
    confirmable = written and caution(kind.code) is None
    if confirmable and rng.random() < _confirms(kind.code):
        return Ending(Action.SETTLE, form=AgreementForm.WRITTEN, confirms=True)
    performs = rng.random() < kind.performs * (1 if written else _ORAL_PERFORMS)
    form = AgreementForm.WRITTEN if written else AgreementForm.ORAL
    return Ending(Action.SETTLE, form=form, performs=performs)


def _confirms(code: str) -> float:
    return _CONFIRM.get(code, _CONFIRM.get(code[:2], _CONFIRM_OTHERWISE))
