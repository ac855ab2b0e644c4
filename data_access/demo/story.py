"""A case as the flow tells it: a dispute and the steps that were taken with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from data_access.demo.disputes import Dispute
from domain.cases import HELD_STAGES, WEIGHT, EventKind, ReassignReason, Stage
from domain.clocks import Deadline


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a case and how it stood after it; one event, and one span while it is open.

    Times are seconds of the flow; `mediator` is an index. `data` goes into the event.
    """

    at: int
    kind: EventKind
    stage: Stage
    stage_since: int
    due_at: datetime | None
    soon_at: datetime | None
    mediator: int | None
    held_since: int | None
    outcome: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    reason: ReassignReason | None = None
    note: str = ""


@dataclass(slots=True)
class Story:
    """A dispute, its steps so far, who must not take it, and the turn that its plans are good for.

    Whatever was planned under an earlier `turn` is void: the case went another way meanwhile.
    """

    dispute: Dispute
    steps: list[Step] = field(default_factory=list)
    recused: set[int] = field(default_factory=set)
    turn: int = 0
    ends: int = 0
    outcome: str | None = None

    @property
    def last(self) -> Step:
        """The youngest step."""
        return self.steps[-1]

    @property
    def is_open(self) -> bool:
        """Whether it is registered and not closed."""
        return bool(self.steps) and self.last.stage is not Stage.CLOSED

    @property
    def is_held(self) -> bool:
        """Whether a mediator has it in hand."""
        return bool(self.steps) and self.last.stage in HELD_STAGES

    @property
    def awaits_closing(self) -> bool:
        """Whether all is done but the closing of the file."""
        last = self.last
        confirmed = last.kind is EventKind.CONFIRMED and last.stage is Stage.CONFIRMATION
        return confirmed or last.kind is EventKind.PERFORMED

    @property
    def weight(self) -> int:
        """Its points of work in tenths."""
        return WEIGHT[self.dispute.difficulty]

    def enter(
        self,
        at: int,
        kind: EventKind,
        stage: Stage,
        deadline: Deadline | None,
        *,
        mediator: int | None = None,
        outcome: str | None = None,
        data: Mapping[str, Any] | None = None,
        reason: ReassignReason | None = None,
    ) -> None:
        """Move into a stage; `mediator` is who holds it from now on, where somebody else does."""
        holder, since = (mediator, at) if mediator is not None else self._holding()
        self.turn += 1
        self.steps.append(
            Step(
                at,
                kind,
                stage,
                at,
                deadline.due_at if deadline else None,
                deadline.soon_at if deadline else None,
                holder,
                since,
                outcome,
                data or {},
                reason,
            )
        )

    def _holding(self) -> tuple[int | None, int | None]:
        return (self.last.mediator, self.last.held_since) if self.steps else (None, None)

    def note_step(self, at: int, kind: EventKind, data: Mapping[str, Any]) -> None:
        """Something happened that leaves the case where it is."""
        last = self.last
        self.steps.append(
            Step(
                at,
                kind,
                last.stage,
                last.stage_since,
                last.due_at,
                last.soon_at,
                last.mediator,
                last.held_since,
                data=data,
            )
        )

    def hand_over(self, at: int, mediator: int, reason: ReassignReason, note: str) -> None:
        """Give it to somebody else; stage and clock run on."""
        last = self.last
        self.turn += 1
        self.steps.append(
            Step(
                at,
                EventKind.REASSIGNED,
                last.stage,
                last.stage_since,
                last.due_at,
                last.soon_at,
                mediator,
                at,
                data={"from": last.mediator, "to": mediator, "reason": reason.value},
                reason=reason,
                note=note,
            )
        )
