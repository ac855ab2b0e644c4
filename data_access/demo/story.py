"""A case as the flow tells it: a dispute and the steps that were taken with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from data_access.demo.disputes import Dispute
from domain.cases import WEIGHT, EventKind, ReassignReason, Stage
from domain.clocks import Deadline
from domain.eligibility import Objection
from domain.organisation import UnitLevel
from domain.transitions import AgreementForm, Decision, Rating


@dataclass(frozen=True, slots=True)
class State:
    """How a case stands after a step: what may change of its row.

    Times are seconds of the flow; `mediator` is an index, `merged_into` the place of a story.
    """

    stage: Stage
    stage_since: int
    deadline: Deadline | None = None
    mediator: int | None = None
    held_since: int | None = None
    outcome: str | None = None
    onward: str | None = None
    form: AgreementForm | None = None
    agreed_on: date | None = None
    court_decision: Decision | None = None
    applicant_rating: Rating | None = None
    respondent_rating: Rating | None = None
    limit_level: UnitLevel | None = None
    stated_due_on: date | None = None
    extended: int = 0
    extension_asked: int | None = None
    extensions: int = 0
    paused: bool = False
    parked_until: date | None = None
    supervised: int = 0
    closed_at: int | None = None
    merged_into: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a case and how it stood after it; one event, and one span while it is open.

    `data` goes into the event; a mediator in it is an index, another case the place of its story.
    """

    at: int
    kind: EventKind
    after: State
    data: Mapping[str, Any] = field(default_factory=dict)
    reason: ReassignReason | None = None
    note: str = ""


@dataclass(slots=True, eq=False)
class Story:
    """A dispute, its steps so far, and what is planned for it.

    `place` is its number among the stories. Whatever was planned under an earlier `turn` is void:
    the case went another way meanwhile. `ends` is when its mediation will be over. `twin` is an
    earlier case of the same dispute, where it was brought twice.
    """

    dispute: Dispute
    place: int
    steps: list[Step] = field(default_factory=list)
    recused: dict[int, frozenset[Objection]] = field(default_factory=dict)
    turn: int = 0
    planned: "tuple[int, Callable[[Story, int], None]] | None" = None
    ends: int = 0
    twin: "Story | None" = None

    @property
    def now(self) -> State:
        """How it stands after its youngest step."""
        return self.steps[-1].after

    @property
    def is_open(self) -> bool:
        """Whether it is registered and not closed."""
        return bool(self.steps) and self.now.stage is not Stage.CLOSED

    @property
    def weight(self) -> int:
        """Its points of work in tenths."""
        return WEIGHT[self.dispute.difficulty]
