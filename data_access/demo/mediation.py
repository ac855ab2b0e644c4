"""Mediation and what comes after it: who holds a case, how it ends, and when it changes hands."""

from dataclasses import dataclass, field

import numpy as np

from data_access.demo import outcomes
from data_access.demo.agenda import Agenda
from data_access.demo.arrivals import DAY, HOUR
from data_access.demo.assigning import Desk
from data_access.demo.chance import Weighted, one_of
from data_access.demo.people import MediatorPlan
from data_access.demo.story import Story
from domain.cases import EventKind, ReassignReason, Stage
from domain.organisation import RelationKind

_DISCLOSED_LATER, _PARTY_CHOICE, _BETTER_SPECIALITY = 0.012, 0.008, 0.012
_PASSED_ON_WHEN_LATE = 0.25
_VALID, _DONE_MEANWHILE, _NOT_PERFORMED = 0.92, 0.4, 0.07
_RELATIONS = Weighted(tuple(RelationKind), (60, 20, 10, 10))
NOTES = {
    ReassignReason.FIRST_ASSIGNMENT: ("按专长和在办数量指派",),
    ReassignReason.ABSENCE: ("原承办人请假，期间案件移交办理", "外出培训，为不耽误期限改派"),
    ReassignReason.OVERLOAD: ("在办案件较多，均衡分担", "近期集中收案，分流办理"),
    ReassignReason.RECUSAL: ("承办人申明与当事人有亲友关系，主动回避",),
    ReassignReason.SPECIALITY: ("案情需要熟悉该领域的调解员", "涉及专业问题，转有专长的同志"),
    ReassignReason.PARTY_CHOICE: ("双方当事人共同选定调解员",),
    ReassignReason.OVERDUE: ("超期未结，另行安排人员加快办理",),
    ReassignReason.LEFT_POST: ("原承办人离岗，案件移交",),
}


@dataclass
class History:
    """What the flow leaves: all cases in order of registration, and disclosed relations.

    A relation is (mediator's index, identity number, kind).
    """

    stories: list[Story] = field(default_factory=list)
    relations: list[tuple[int, str, RelationKind]] = field(default_factory=list)


class Mediation:
    """Takes cases from their assignment to their end."""

    def __init__(
        self,
        agenda: Agenda,
        mediators: tuple[MediatorPlan, ...],
        desk: Desk,
        history: History,
        rng: np.random.Generator,
    ) -> None:
        self.held: list[dict[int, Story]] = [{} for _ in mediators]
        self._agenda, self._mediators, self._desk = agenda, mediators, desk
        self._history, self._rng = history, rng

    def assign(self, story: Story, at: int) -> None:
        """Give an accepted case to its first mediator; where nobody may, try again later."""
        chosen = self._desk.choose(story, self._agenda.time.day(at))
        if chosen is None:
            self._agenda.plan_for(story, self._agenda.time.after(at, 4 * HOUR), self.assign)
            return
        story.enter(
            at,
            EventKind.ASSIGNED,
            Stage.IN_MEDIATION,
            self._agenda.deadline(story, Stage.IN_MEDIATION, at),
            mediator=chosen,
            data={"from": None, "to": chosen, "reason": ReassignReason.FIRST_ASSIGNMENT.value},
            reason=ReassignReason.FIRST_ASSIGNMENT,
        )
        self._hold(story, chosen)
        story.ends = at + int(
            outcomes.mediation_seconds(
                self._rng,
                story.dispute.difficulty,
                pace=self._mediators[chosen].pace,
                busy=self._desk.busy(chosen, self._agenda.time.day(at)),
            )
        )
        self._plan_mediation(story, at)
        self._plan_surprise(story, at)

    def pass_on(self, story: Story, at: int, reason: ReassignReason) -> bool:
        """Hand the case to somebody else; False where nobody may take it."""
        if story.awaits_closing:
            return False
        named = reason is ReassignReason.SPECIALITY
        chosen = self._desk.choose(story, self._agenda.time.day(at), named_only=named)
        if chosen is None:
            return False
        self._release(story)
        story.hand_over(at, chosen, reason, one_of(self._rng, NOTES[reason]))
        self._hold(story, chosen)
        if story.last.stage is Stage.IN_MEDIATION:
            left = max(0, story.ends - at) * self._mediators[chosen].pace
            hurry = 0.5 if reason is ReassignReason.OVERDUE else 1
            story.ends = int(at + left * hurry + DAY // 2)
            self._plan_mediation(story, at)
        elif story.last.stage is Stage.PERFORMANCE:
            self._agenda.plan_for(story, max(story.ends, at + DAY), self._perform)
        else:
            self._agenda.plan_for(story, max(story.ends, at + DAY), self._hear_from_court)
        return True

    def close(
        self, story: Story, at: int, outcome: str | None, *, performance: str | None = None
    ) -> None:
        """End a case with an outcome, and how far what was agreed was performed."""
        self._release(story)
        failed = outcome is not None and outcomes.is_failure(outcome)
        data = {"outcome": outcome} | ({"performance": performance} if performance else {})
        kind = EventKind.FAILED if failed else EventKind.CLOSED
        story.enter(at, kind, Stage.CLOSED, None, outcome=outcome, data=data)

    def relate(self, story: Story, mediator: int, identity: str) -> None:
        """Record that a mediator disclosed a relation to a party: they must not take this case."""
        story.recused.add(mediator)
        self._history.relations.append((mediator, identity, _RELATIONS.pick(self._rng)))

    def _plan_mediation(self, story: Story, at: int) -> None:
        """The end of mediation, and a look at it once it is overdue."""
        self._agenda.plan_for(
            story, self._agenda.when_people_meet(story.ends, after=at), self._finish
        )
        assert story.last.due_at is not None  # noqa: S101 - a case in mediation has a deadline
        overdue = int((story.last.due_at - self._agenda.time.moment(0)).total_seconds())
        if overdue > at:
            looked_at = overdue + self._rng.uniform(1, 4) * DAY
            self._agenda.plan_for(story, self._agenda.time.after(int(looked_at), 0), self._speed_up)

    def _plan_surprise(self, story: Story, at: int) -> None:
        """Now and then the first choice does not last."""
        point = self._rng.random()
        later = self._agenda.time.after(at, self._rng.exponential(6 * HOUR))
        if point < _DISCLOSED_LATER:
            self._agenda.plan_for(story, later, self._disclose_now)
        elif point < _DISCLOSED_LATER + _PARTY_CHOICE:
            self._agenda.plan_for(story, later, self._follow_parties)
        elif point < _DISCLOSED_LATER + _PARTY_CHOICE + _BETTER_SPECIALITY:
            self._agenda.plan_for(story, later, self._find_specialist)

    def _disclose_now(self, story: Story, at: int) -> None:
        identities = [person.identity for _, person in story.dispute.parties if person.identity]
        holder = story.last.mediator
        if identities and holder is not None and self.pass_on(story, at, ReassignReason.RECUSAL):
            self.relate(story, holder, one_of(self._rng, identities))

    def _follow_parties(self, story: Story, at: int) -> None:
        self.pass_on(story, at, ReassignReason.PARTY_CHOICE)

    def _find_specialist(self, story: Story, at: int) -> None:
        self.pass_on(story, at, ReassignReason.SPECIALITY)

    def _speed_up(self, story: Story, at: int) -> None:
        if self._rng.random() < _PASSED_ON_WHEN_LATE:
            self.pass_on(story, at, ReassignReason.OVERDUE)

    def _hold(self, story: Story, mediator: int) -> None:
        self.held[mediator][id(story)] = story
        self._desk.take(mediator, story)

    def _release(self, story: Story) -> None:
        holder = story.last.mediator
        if holder is not None:
            del self.held[holder][id(story)]
            self._desk.give_back(holder, story)

    def _finish(self, story: Story, at: int) -> None:
        if back := self._away_until(story, at):
            self._agenda.plan_for(
                story, self._agenda.when_people_meet(back, after=at), self._finish
            )
            return
        end = outcomes.ending(self._rng, story.dispute.type, story.dispute.difficulty)
        if not end.success:
            self.close(story, at, end.outcome)
        elif end.confirms:
            self._agree(story, at, end.outcome, Stage.CONFIRMATION)
        elif end.performs:
            self._agree(story, at, end.outcome, Stage.PERFORMANCE)
        else:
            self.close(story, at, end.outcome, performance=outcomes.PERFORMED_AT_ONCE)

    def _away_until(self, story: Story, at: int) -> int | None:
        """The day after the mediator's present absence, as a second of the flow."""
        assert story.last.mediator is not None  # noqa: S101 - somebody holds it
        day = self._agenda.time.day(at)
        for absence in self._mediators[story.last.mediator].absences:
            if absence.covers(day):
                return self._agenda.time.start_of(absence.last_day) + DAY
        return None

    def _agree(self, story: Story, at: int, outcome: str, stage: Stage) -> None:
        story.outcome = outcome
        deadline = self._agenda.deadline(story, stage, at)
        story.enter(at, EventKind.SETTLED, stage, deadline, data={"outcome": outcome})
        if stage is Stage.CONFIRMATION:
            story.ends = at + int(outcomes.confirmation_seconds(self._rng))
            self._agenda.plan_for(
                story, self._agenda.time.after(story.ends, 0), self._hear_from_court
            )
        else:
            self._plan_performance(story, at)

    def _plan_performance(self, story: Story, at: int) -> None:
        story.ends = at + int(outcomes.performance_seconds(self._rng))
        self._agenda.plan_for(
            story, self._agenda.when_people_meet(story.ends, after=at), self._perform
        )

    def _hear_from_court(self, story: Story, at: int) -> None:
        valid = self._rng.random() < _VALID
        result = outcomes.VALID if valid else outcomes.NOT_VALID.pick(self._rng)
        data = {"confirmation": result}
        if valid and self._rng.random() < _DONE_MEANWHILE:
            story.note_step(at, EventKind.CONFIRMED, data)
            self._plan_closing(story, at, outcomes.PERFORMED)
            return
        kind = EventKind.CONFIRMED if valid else EventKind.UPDATED
        deadline = self._agenda.deadline(story, Stage.PERFORMANCE, at)
        story.enter(at, kind, Stage.PERFORMANCE, deadline, data=data)
        self._plan_performance(story, at)

    def _perform(self, story: Story, at: int) -> None:
        if self._rng.random() < _NOT_PERFORMED:
            self.close(story, at, story.outcome, performance=outcomes.NOT_PERFORMED.pick(self._rng))
            return
        story.note_step(at, EventKind.PERFORMED, {"performance": outcomes.PERFORMED})
        self._plan_closing(story, at, outcomes.PERFORMED)

    def _plan_closing(self, story: Story, at: int, performance: str) -> None:
        """The file is closed within the hours after the last news."""

        def close(told: Story, then: int) -> None:
            self.close(told, then, told.outcome, performance=performance)

        self._agenda.plan_for(story, at + self._rng.uniform(600, 3 * HOUR), close)
