"""Writes into a story what the commands would have written for the same deeds.

Every step goes through the county's table of transitions and its clock; a deed that the table
closes is an error of the flow and raises.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import date
from typing import Any

from data_access.demo.story import State, Step, Story
from data_access.demo.worktime import WorkTime
from domain.cases import EventKind, ReassignReason, Stage
from domain.clocks import Clock, Deadline, Pause, Running
from domain.organisation import UnitLevel
from domain.transitions import (
    LEVELS,
    TRANSITIONS,
    Action,
    AgreementForm,
    Given,
    Need,
    Standing,
    Transition,
    checked,
    last_day_to_confirm,
    objections,
    require_fitting,
)

_OUTCOME_OF_FORM = {AgreementForm.WRITTEN: "O01", AgreementForm.ORAL: "O02"}
_GIVES_UP = frozenset({Action.SEND_BACK, Action.REOPEN})
_SETTLED_BY_WORD = "O02"
_KEPT = tuple(field.name for field in fields(Given) if field.name != "note")


class CaseBook:
    """Takes the steps of stories. `levels` is the level of each mediator's committee."""

    def __init__(self, clock: Clock, time: WorkTime, levels: Sequence[UnitLevel]) -> None:
        self._clock, self._time, self._levels = clock, time, levels

    def register(self, story: Story, at: int) -> None:
        """Take the dispute down; its clock of acceptance starts."""
        state = self._fresh(story, State(Stage.REGISTERED, at))
        data = {"to_stage": Stage.REGISTERED.value}
        story.steps.append(Step(at, EventKind.REGISTERED, state, data))

    def settle_on_the_spot(self, story: Story, at: int, note: str) -> None:
        """Registered and settled in one: nobody's queue ever saw it."""
        story.steps.append(
            Step(
                at,
                EventKind.REGISTERED,
                State(Stage.REGISTERED, at),
                {"to_stage": Stage.REGISTERED.value},
            )
        )
        closed = State(
            Stage.CLOSED,
            at,
            outcome=_SETTLED_BY_WORD,
            form=AgreementForm.ORAL,
            agreed_on=self._time.day(at),
            closed_at=at,
        )
        data = _moving(Stage.REGISTERED, Stage.CLOSED) | {"outcome": _SETTLED_BY_WORD}
        story.steps.append(Step(at, EventKind.ON_THE_SPOT, closed, data, note=note))

    def may(self, story: Story, at: int, action: Action) -> bool:
        """Whether the table opens a step to this case at this moment."""
        standing = self._standing(story)
        now = self._time.moment(at)
        return not objections(TRANSITIONS[action], standing, may=True, now=now)

    def may_go_to_court(self, story: Story, at: int) -> bool:
        """Whether confirmation may still be applied for today."""
        last = self._confirm_by(story.now)
        in_time = last is None or self._time.day(at) <= last
        return in_time and self.may(story, at, Action.APPLY_CONFIRMATION)

    def take(self, story: Story, at: int, action: Action, given: Given) -> None:
        """Take a step of the table. Raises ValueError where it is closed, Invalid, LookupError."""
        transition = TRANSITIONS[action]
        given = checked(transition, given, today=self._time.day(at))
        require_fitting(transition, given, self._standing(story))
        if not self.may(story, at, action):
            msg = f"{action} is closed to a case in {story.now.stage}"
            raise ValueError(msg)
        before = story.now
        after = self._after(story, transition, given, at)
        data = _said(given) | _moving(before.stage, after.stage)
        if after.mediator != before.mediator:
            data["from"] = before.mediator
        if after.stage is not before.stage:
            story.turn += 1
        story.steps.append(Step(at, transition.event, after, data, note=given.note))

    def merge(self, story: Story, into: Story, at: int, note: str) -> None:
        """Close a case into another one, which is told of it and goes on."""
        before = story.now
        # The number of the other case is not known before all are numbered: its place stands for
        # it, as everywhere in stories.
        given = Given(note=note, other_case=str(into.place))
        self.take(story, at, Action.MERGE, given)
        merged = story.steps.pop()
        data = {"other_case": into.place} | _moving(before.stage, Stage.CLOSED)
        after = replace(merged.after, merged_into=into.place)
        told = Step(at, EventKind.MERGED_INTO, into.now, {"merged": story.place})
        into.steps.append(told)
        story.steps.append(replace(merged, after=after, data=data))

    def unmerge(self, story: Story, at: int, note: str, *, stayed: Story) -> None:
        """Undo a merging: the case is again what it was, its clock moved on by the time between."""
        if not self.may(story, at, Action.UNMERGE):
            msg = "it was not merged"
            raise ValueError(msg)
        merged = max(i for i, step in enumerate(story.steps) if step.kind is EventKind.MERGED)
        kept = story.steps[merged - 1].after
        after = replace(kept, deadline=self._due(story, kept, until=at))
        stayed.steps.append(Step(at, EventKind.UNMERGED_FROM, stayed.now, {"merged": story.place}))
        data = _moving(Stage.CLOSED, after.stage) | {"stays": stayed.place}
        story.turn += 1
        story.steps.append(Step(at, EventKind.UNMERGED, after, data, note=note))

    def give(self, story: Story, at: int, mediator: int, reason: ReassignReason, note: str) -> None:
        """Assign or reassign; a case that waits for it begins mediation."""
        before = story.now
        first = before.stage is Stage.ACCEPTED
        if first:
            begun = replace(
                before,
                stage=Stage.IN_MEDIATION,
                stage_since=at,
                mediator=mediator,
                held_since=at,
                limit_level=self._levels[mediator],
                stated_due_on=None,
                extended=0,
                extension_asked=None,
                extensions=0,
            )
            after = self._fresh(story, begun)
            story.turn += 1
        else:
            after = replace(before, mediator=mediator, held_since=at)
        data = {"from": before.mediator, "to": mediator, "reason": reason.value}
        kind = EventKind.ASSIGNED if first else EventKind.REASSIGNED
        story.steps.append(Step(at, kind, after, data, reason, note))

    def limit_days(self, story: Story) -> int:
        """How much the present stage's limit gives, in its own unit: the most that may be asked."""
        state = story.now
        start = self._time.moment(state.stage_since)
        running = Running(
            state.stage,
            story.dispute.difficulty,
            start,
            state.stated_due_on,
            level=state.limit_level,
        )
        return max(1, self._clock.limit(running).amount)

    def _standing(self, story: Story) -> Standing:
        state = story.now
        closed = None if state.closed_at is None else self._time.moment(state.closed_at)
        return Standing(
            stage=state.stage,
            type_code=story.dispute.type.code,
            due_at=None if state.deadline is None else state.deadline.due_at,
            parked=state.paused,
            extension_asked=state.extension_asked is not None,
            extensions=state.extensions,
            supervised=state.supervised > 0,
            form=state.form,
            agreed_on=state.agreed_on,
            confirm_by=self._confirm_by(state),
            decision=state.court_decision,
            closed_at=closed,
            outcome_code=state.outcome,
            merged=state.merged_into is not None,
        )

    def _confirm_by(self, state: State) -> date | None:
        if state.agreed_on is None:
            return None
        return last_day_to_confirm(state.agreed_on, self._clock.calendar)

    def _after(self, story: Story, transition: Transition, given: Given, at: int) -> State:
        if transition.target is Stage.CLOSED:
            return _closing(story.now, transition, given, at)
        if transition.target is not None:
            return self._entering(story, transition, given, at)
        return self._beside(story, transition, given, at)

    def _beside(self, story: Story, transition: Transition, given: Given, at: int) -> State:
        """Parked, extended, supervised: what stands beside the stage."""
        state = story.now
        match transition.action:
            case Action.PARK:
                return replace(state, paused=True, parked_until=given.until)
            case Action.RESUME:
                state = replace(state, paused=False, parked_until=None)
                return replace(state, deadline=self._due(story, state, until=at))
            case Action.ASK_EXTENSION:
                return replace(state, extension_asked=given.days)
            case Action.GRANT_EXTENSION:
                state = replace(
                    state,
                    extended=state.extended + (state.extension_asked or 0),
                    extensions=state.extensions + 1,
                    extension_asked=None,
                )
                return replace(state, deadline=self._due(story, state))
            case Action.REFUSE_EXTENSION:
                return replace(state, extension_asked=None)
            case _supervision:
                level = LEVELS.index(given.level) + 1 if given.level else 0
                return replace(state, supervised=level)

    def _entering(self, story: Story, transition: Transition, given: Given, at: int) -> State:
        """Into another stage, whose clock starts anew."""
        before = story.now
        given_up = transition.action in _GIVES_UP
        holder = None if given_up else before.mediator
        state = self._fresh(
            story,
            State(
                stage=transition.target or before.stage,
                stage_since=at,
                mediator=holder,
                held_since=None if holder is None else before.held_since,
                outcome=before.outcome,
                onward=before.onward,
                form=before.form,
                agreed_on=before.agreed_on,
                court_decision=before.court_decision,
                limit_level=None if holder is None else self._levels[holder],
                stated_due_on=given.until if Need.UNTIL in transition.needs else None,
                supervised=before.supervised,
            ),
        )
        if transition.action is Action.REOPEN:
            state = replace(state, outcome=None, onward=None, form=None, agreed_on=None)
            return replace(state, court_decision=None)
        if transition.action is Action.SETTLE and given.form is not None:
            outcome = _OUTCOME_OF_FORM[given.form]
            return replace(state, form=given.form, agreed_on=given.day, outcome=outcome)
        return _ending(state, transition, given)

    def _fresh(self, story: Story, state: State) -> State:
        """A state that has just come into its stage, under the clock that starts with it."""
        return replace(state, deadline=self._due(story, state))

    def _due(self, story: Story, state: State, *, until: int | None = None) -> Deadline:
        running = Running(
            state.stage,
            story.dispute.difficulty,
            self._time.moment(state.stage_since),
            state.stated_due_on,
            tuple(self._pauses(story, state, until)),
            state.extended,
            state.limit_level,
        )
        return self._clock.due(running)

    def _pauses(self, story: Story, state: State, until: int | None) -> Iterator[Pause]:
        """Where the clock of the state's stage stood still; the last lasts until `until`."""
        since: int | None = None
        for step in story.steps:
            if step.at < state.stage_since or step.kind not in _STOPS | _STARTS:
                continue
            if step.kind in _STOPS:
                since = step.at
            elif since is not None:
                yield Pause(self._time.moment(since), self._time.moment(step.at))
                since = None
        if since is not None and until is not None and until > since:
            yield Pause(self._time.moment(since), self._time.moment(until))


_STOPS = frozenset({EventKind.PARKED, EventKind.MERGED})
_STARTS = frozenset({EventKind.RESUMED, EventKind.UNMERGED})


def _ending(state: State, transition: Transition, given: Given) -> State:
    if transition.outcomes:
        return replace(state, outcome=given.outcome or transition.outcomes[0])
    if transition.action is Action.END_CONFIRMATION:
        return replace(state, court_decision=given.decision)
    if transition.action is Action.APPLY_CONFIRMATION:
        return replace(state, court_decision=None)
    if transition.action is Action.FOLLOW_UP:
        applicant, respondent = given.applicant_rating, given.respondent_rating
        return replace(state, applicant_rating=applicant, respondent_rating=respondent)
    if transition.onward:
        onward = given.onward or transition.onward[0]
        return replace(state, onward=onward, outcome=state.outcome or onward)
    return state


def _closing(before: State, transition: Transition, given: Given, at: int) -> State:
    return replace(
        _ending(before, transition, given),
        stage=Stage.CLOSED,
        stage_since=at,
        deadline=None,
        paused=False,
        parked_until=None,
        closed_at=at,
        stated_due_on=None,
        extension_asked=None,
        supervised=0,
    )


def _moving(source: Stage, target: Stage) -> dict[str, Any]:
    return {"stage": source.value, "to_stage": target.value}


def _said(given: Given) -> dict[str, Any]:
    """What an event keeps of what was given, beside its note: codes, days."""
    said = {name: getattr(given, name) for name in _KEPT}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in said.items()
        if value is not None and value != ""
    }
