"""Who should take one case: a score of six terms, each kept so that a screen can say it.

`1.0 P(on time) - 0.5 late cases caused - 0.3 load after / ceiling - 0.01 km + 0.2 worked with these
parties + 0.1 rate of settling this type`. The rate of one person on one type stands on 5 to 20
cases, so it is drawn towards what is usual: `(settled + 10 usual) / (handled + 10)`; nobody is
ranked by a raw rate of success.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from domain.balancing.board import Board
from domain.balancing.bounds import bound_on
from domain.balancing.plan import Mode, NotChosen
from domain.balancing.pool import Pool, load_per_post
from domain.balancing.projection import HANDOVER
from domain.balancing.proposing import usual_tau

TOP = 3
EXCLUDED_SHOWN = 2
_PRIOR_CASES = 10
# How far an effort is usually off, as the spread of its logarithm: by half again, or a third less.
_LOG_ERROR = 0.4


class TermKind(StrEnum):
    """What speaks for or against somebody."""

    ON_TIME = "on_time"  # 按期可能
    LATE_CAUSED = "late_caused"  # 使其他案件超期
    LOAD_AFTER = "load_after"  # 接办后负荷
    DISTANCE = "distance"  # 距离
    KNOWN_TO_PARTIES = "known_to_parties"  # 曾为当事人调成
    SETTLES_TYPE = "settles_type"  # 此类纠纷调成率


DEFAULT_WEIGHTS: Mapping[TermKind, float] = {
    TermKind.ON_TIME: 1.0,
    TermKind.LATE_CAUSED: -0.5,
    TermKind.LOAD_AFTER: -0.3,
    TermKind.DISTANCE: -0.01,
    TermKind.KNOWN_TO_PARTIES: 0.2,
    TermKind.SETTLES_TYPE: 0.1,
}


@dataclass(frozen=True, slots=True)
class Past:
    """What a mediator did before: with these parties, and with this type of dispute."""

    settled_with_parties: bool = False
    settled: int = 0
    handled: int = 0


@dataclass(frozen=True, slots=True)
class Term:
    """One term: its value in its own measure, and what it adds to the score."""

    kind: TermKind
    value: float
    points: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A mediator for the case; `score` is the sum of the points of the terms."""

    mediator_id: int
    terms: tuple[Term, ...]
    late_after: int
    load_after: int

    @property
    def score(self) -> float:
        """The sum of the terms."""
        return math.fsum(term.points for term in self.terms)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Somebody who may have the case by every rule but one of room, and what they would score."""

    suggestion: Suggestion
    why: NotChosen


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The best three, and the best two of those left out for want of room."""

    best: tuple[Suggestion, ...]
    left_out: tuple[LeftOut, ...]
    tau: int


@dataclass(frozen=True, slots=True)
class Experience:
    """What is known of the past: by mediator, and the usual share of settling for the type."""

    of: Mapping[int, Past] = field(default_factory=dict)
    usual: float = 0.5


def suggest(
    pool: Pool,
    case_id: int,
    *,
    experience: Experience | None = None,
    weights: Mapping[TermKind, float] = DEFAULT_WEIGHTS,
    tau: int | None = None,
) -> Suggestions:
    """The best for one case of the pool, by score and then id; its holder is not among them.

    `tau`: the load per full-time post that counts as full, by default that of the plans. Raises
    KeyError for a case that the pool does not have.
    """
    board = Board(pool)
    work = board.work_number[case_id]
    if tau is None:
        tau = usual_tau(board, Mode.FEWEST_LATE, bound_on(board))
    found = _scored(board, work, experience or Experience(), weights, tau)
    ceilings = board.ceilings(tau)
    best, left_out = [], []
    for one in sorted(found, key=lambda each: (-each.score, each.mediator_id)):
        person = board.person_number[one.mediator_id]
        if board.count[person] + 1 > board.capacity[person]:
            left_out.append(LeftOut(one, NotChosen.FULL))
        elif board.load[person] + board.weight[work] > ceilings[person]:
            left_out.append(LeftOut(one, NotChosen.OVER_CEILING))
        else:
            best.append(one)
    # Where everybody is above the ceiling it tells nobody apart: capacity alone decides.
    if not best:
        best = [one.suggestion for one in left_out if one.why is NotChosen.OVER_CEILING]
        left_out = [one for one in left_out if one.why is NotChosen.FULL]
    return Suggestions(tuple(best[:TOP]), tuple(left_out[:EXCLUDED_SHOWN]), tau)


def _scored(
    board: Board,
    work: int,
    experience: Experience,
    weights: Mapping[TermKind, float],
    tau: int,
) -> list[Suggestion]:
    people = board.targets(work)
    people = people[people != board.at[work]]
    own = np.full(len(people), work)
    added, ends = board.queues.added(own, people), board.queues.ends(own, people)
    found = []
    for place, person in enumerate(people.tolist()):
        mediator_id = board.people[person].mediator_id
        load = load_per_post(
            int(board.load[person] + board.weight[work]), int(board.availability[person])
        )
        itself = int(ends[place]) + HANDOVER > board.due[work]
        past = experience.of.get(mediator_id, Past())
        values = {
            TermKind.ON_TIME: on_time(int(ends[place]), due=int(board.due[work])),
            TermKind.LATE_CAUSED: float(added[place] - itself),
            TermKind.LOAD_AFTER: load / tau if tau else 0.0,
            TermKind.DISTANCE: board.distance(work, person),
            TermKind.KNOWN_TO_PARTIES: float(past.settled_with_parties),
            TermKind.SETTLES_TYPE: shrunken(past, experience.usual),
        }
        terms = tuple(Term(kind, value, weights[kind] * value) for kind, value in values.items())
        late = int(board.queues.late[person] + added[place])
        found.append(Suggestion(mediator_id, terms, late, load))
    return found


def on_time(end: int, *, due: int) -> float:
    """How likely a case is on time, from when its queue gets to its end (parts of a day).

    The time of work is taken as log-normal around the projection; the hand-over is certain.
    """
    room = due - HANDOVER
    if room <= 0:
        return 0.0
    if end == 0:
        return 1.0
    return 0.5 * (1 + math.erf(math.log(room / end) / _LOG_ERROR / math.sqrt(2)))


def shrunken(past: Past, usual: float) -> float:
    """The share settled, drawn towards what is usual as if by ten more cases."""
    return (past.settled + _PRIOR_CASES * usual) / (past.handled + _PRIOR_CASES)
