"""What a person makes of a case in the pulse: the step, and what is given with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from data_access.demo import notes, outcomes
from data_access.demo.chance import one_of
from data_access.demo.crew import Where
from data_access.demo.disputes import DisputeType
from data_access.demo.errands import BeatKind
from domain.cases import Difficulty
from domain.clocks import day_of
from domain.transitions import (
    LEVELS,
    TRANSITIONS,
    Action,
    AgreementForm,
    Given,
    Need,
    Standing,
    caution,
    objections,
)

_GRANTED, _HANDED_OVER, _TO_COURT, _TO_COURT_LATER, _VALID = 0.78, 0.5, 0.2, 0.02, 0.92
_DEFAULTED_WHEN_LATE = 0.3
_PARKED_DAYS = (14, 100)
_FALLBACK_TYPE = "99"


@dataclass(frozen=True, slots=True)
class Seen:
    """A case as it was looked at. `level`: how high it is looked over, from 0."""

    case_no: str
    version: int
    standing: Standing
    where: Where
    difficulty: Difficulty
    due_at: datetime | None
    level: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """A step with what is given."""

    action: Action
    given: Given


class Choices:
    """Draws the steps of a case by the same chances as the flow."""

    def __init__(self, types: Mapping[str, DisputeType], rng: np.random.Generator) -> None:
        self._types, self._rng = types, rng
        (self._asked,) = rng.spawn(1)
        self._by_kind: dict[BeatKind, Callable[[Seen, datetime], Chosen]] = {
            BeatKind.ACCEPTANCE: self._decide,
            BeatKind.MEDIATION: self._end_mediation,
            BeatKind.ARRANGEMENT: self._arrange,
            BeatKind.CONFIRMATION: self._hear_from_court,
            BeatKind.PERFORMANCE: self._perform,
            BeatKind.FOLLOW_UP: self._visit,
            BeatKind.TELLING: self._plain(Action.TELL_RIGHTS),
            BeatKind.HANDING_OVER: self._hand_over,
            BeatKind.ARCHIVING: self._plain(Action.ARCHIVE),
            BeatKind.SENDING_BACK: self._plain(Action.SEND_BACK),
            BeatKind.PARKING: self._park,
            BeatKind.RESUMING: self._plain(Action.RESUME),
            BeatKind.ASKING: self._ask,
            BeatKind.ANSWERING: self._answer,
            BeatKind.SUPERVISION: self._supervise,
            BeatKind.RELEASE: self._plain(Action.END_SUPERVISION),
            BeatKind.REOPENING: self._plain(Action.REOPEN),
            BeatKind.UNMERGING: self._plain(Action.UNMERGE),
        }

    def step(self, kind: BeatKind, seen: Seen, *, now: datetime) -> Chosen:
        """The step that an errand takes with a case, at this moment."""
        return self._by_kind[kind](seen, now)

    def merge(self, other: str) -> Chosen:
        """Into the case that was registered before."""
        return Chosen(Action.MERGE, self._given(Action.MERGE, other_case=other))

    def _plain(self, action: Action) -> Callable[[Seen, datetime], Chosen]:
        def choose(_seen: Seen, now: datetime) -> Chosen:
            return Chosen(action, self._given(action, day=day_of(now)))

        return choose

    def _visit(self, _seen: Seen, now: datetime) -> Chosen:
        applicant, respondent = outcomes.ratings(self._asked)
        said = {"applicant_rating": applicant, "respondent_rating": respondent}
        return Chosen(Action.FOLLOW_UP, self._given(Action.FOLLOW_UP, day=day_of(now), **said))

    def _decide(self, _seen: Seen, _now: datetime) -> Chosen:
        action = outcomes.decision(self._rng) or Action.ACCEPT
        return Chosen(action, self._given(action))

    def _end_mediation(self, seen: Seen, now: datetime) -> Chosen:
        end = outcomes.ending(self._rng, self._type(seen), seen.difficulty)
        given = self._given(end.action, day=day_of(now), form=end.form, outcome=end.outcome)
        return Chosen(end.action, given)

    def _arrange(self, seen: Seen, now: datetime) -> Chosen:
        standing = seen.standing
        written = standing.form is AgreementForm.WRITTEN
        confirmable = written and caution(standing.type_code) is None
        if confirmable and self._rng.random() < _TO_COURT and self._to_court_is_open(seen, now):
            return self._go_to_court(now)
        if self._rng.random() < self._type(seen).performs:
            return Chosen(Action.PLAN_PERFORMANCE, Given(until=self._agreed_day(now)))
        return Chosen(Action.PERFORM_AT_ONCE, Given())

    def _to_court_is_open(self, seen: Seen, now: datetime) -> bool:
        """人民调解法 33: a written agreement, within thirty days."""
        way, last = TRANSITIONS[Action.APPLY_CONFIRMATION], seen.standing.confirm_by
        in_time = last is None or day_of(now) <= last
        return in_time and not objections(way, seen.standing, may=True, now=now)

    def _go_to_court(self, now: datetime) -> Chosen:
        return Chosen(Action.APPLY_CONFIRMATION, Given(day=day_of(now)))

    def _hear_from_court(self, _seen: Seen, now: datetime) -> Chosen:
        decision, said = outcomes.court(self._rng, valid=self._rng.random() < _VALID)
        until = self._agreed_day(now)
        given = Given(note=said, until=until, decision=decision, day=day_of(now))
        return Chosen(Action.END_CONFIRMATION, given)

    def _perform(self, seen: Seen, now: datetime) -> Chosen:
        if self._rng.random() < _TO_COURT_LATER and self._to_court_is_open(seen, now):
            return self._go_to_court(now)
        late = seen.due_at is not None and now >= seen.due_at
        defaulted = late and self._rng.random() < _DEFAULTED_WHEN_LATE
        action = Action.DEFAULTED if defaulted else Action.PERFORMED
        return Chosen(action, self._given(action, day=day_of(now)))

    def _hand_over(self, seen: Seen, _now: datetime) -> Chosen:
        if self._rng.random() >= _HANDED_OVER:
            return Chosen(Action.ARCHIVE, self._given(Action.ARCHIVE))
        route = outcomes.route(self._rng, seen.standing.type_code)
        return Chosen(Action.HAND_OVER, self._given(Action.HAND_OVER, onward=route))

    def _park(self, _seen: Seen, now: datetime) -> Chosen:
        days = int(self._rng.uniform(*_PARKED_DAYS))
        until = day_of(now) + timedelta(days=days)
        return Chosen(Action.PARK, self._given(Action.PARK, until=until))

    def _ask(self, _seen: Seen, _now: datetime) -> Chosen:
        # A simple case has one day and may be given one more: what is asked is never above it.
        simple = _seen.difficulty is Difficulty.SIMPLE
        days = 1 if simple else 1 + int(self._rng.random() * 5)
        return Chosen(Action.ASK_EXTENSION, self._given(Action.ASK_EXTENSION, days=days))

    def _answer(self, seen: Seen, now: datetime) -> Chosen:
        late = seen.due_at is not None and now >= seen.due_at
        granted = self._rng.random() < _GRANTED and not late
        action = Action.GRANT_EXTENSION if granted else Action.REFUSE_EXTENSION
        return Chosen(action, self._given(action))

    def _supervise(self, seen: Seen, _now: datetime) -> Chosen:
        return Chosen(Action.SUPERVISE, self._given(Action.SUPERVISE, level=LEVELS[seen.level]))

    def _agreed_day(self, now: datetime) -> date:
        return day_of(now) + timedelta(days=outcomes.promise(self._rng).days)

    def _given(self, action: Action, **given: object) -> Given:
        """What the step needs of what there is, and a reason in the words of the trade."""
        needs = TRANSITIONS[action].needs
        note = one_of(self._rng, notes.STEPS[action]) if Need.NOTE in needs else ""
        wanted = {need.value for need in needs}
        kept = {name: value for name, value in given.items() if name in wanted}
        return Given(note=note, **kept)  # type: ignore[arg-type]

    def _type(self, seen: Seen) -> DisputeType:
        return self._types.get(seen.standing.type_code, self._types[_FALLBACK_TYPE])
