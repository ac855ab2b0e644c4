"""Two years of disputes, event by event: what is open at the end is what the flow leaves.

A queue of events in order of time. Each event takes one step with one case and plans the next; a
plan is void when the case went another way meanwhile. Nothing is placed, late or otherwise: a case
is late where its own time and its mediator's load made it so.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from data_access.demo import outcomes
from data_access.demo.agenda import Action, Agenda
from data_access.demo.arrivals import DAY, HOUR
from data_access.demo.assigning import Desk
from data_access.demo.chance import one_of
from data_access.demo.disputes import Dispute
from data_access.demo.mediation import History, Mediation
from data_access.demo.people import Workforce
from data_access.demo.story import Story
from data_access.demo.worktime import OPENS
from domain.cases import EventKind, ReassignReason, Stage

_KNOWN_RELATION = 0.07
_NEAREST = 12
_PASSED_ON_FOR_LEAVE, _PASSED_ON_WHEN_FULL = 0.55, 0.06
_SHORT_LEAVE_DAYS = 3


class Flow:
    """Runs disputes through the county until a moment."""

    def __init__(
        self,
        disputes: Sequence[Dispute],
        workforce: Workforce,
        desk: Desk,
        agenda: Agenda,
        *,
        rng: np.random.Generator,
    ) -> None:
        self._mediators, self._desk = workforce.mediators, desk
        self._agenda, self._rng = agenda, rng
        self._history = History()
        self._mediation = Mediation(agenda, workforce.mediators, desk, self._history, rng)
        for dispute in disputes:
            agenda.plan(dispute.at, self._arriving(dispute))
        for index, mediator in enumerate(workforce.mediators):
            for absence in mediator.absences:
                self._plan_departure(absence.first_day, self._leaving(index))
            if mediator.left_on is not None:
                self._plan_departure(mediator.left_on, self._quitting(index))

    def run(self, *, until: int) -> History:
        """Everything that happens before second `until`."""
        for midnight in range(0, until, DAY):
            self._agenda.plan(midnight + OPENS + HOUR, self._review)
        self._agenda.run(until=until)
        return self._history

    def _arriving(self, dispute: Dispute) -> Action:
        def arrive(at: int) -> None:
            story = Story(dispute)
            self._history.stories.append(story)
            deadline = self._agenda.deadline(story, Stage.REGISTERED, at)
            story.enter(
                at,
                EventKind.REGISTERED,
                Stage.REGISTERED,
                deadline,
                data={"source": dispute.source},
            )
            if dispute.on_the_spot:
                done = at + outcomes.spot_seconds(self._rng)
                self._agenda.plan_for(story, done, self._settle_on_the_spot)
                return
            if self._rng.random() < _KNOWN_RELATION:
                self._disclose_known(story)
            decided = self._agenda.time.after(at, outcomes.acceptance_seconds(self._rng))
            self._agenda.plan_for(story, decided, self._decide)

        return arrive

    def _settle_on_the_spot(self, story: Story, at: int) -> None:
        self._mediation.close(story, at, outcomes.spot_outcome(self._rng))

    def _decide(self, story: Story, at: int) -> None:
        refused = outcomes.turned_away(self._rng)
        if refused:
            self._mediation.close(story, at, refused)
            return
        deadline = self._agenda.deadline(story, Stage.ACCEPTED, at)
        story.enter(at, EventKind.ACCEPTED, Stage.ACCEPTED, deadline)
        assigned = self._agenda.time.after(at, outcomes.assignment_seconds(self._rng))
        self._agenda.plan_for(story, assigned, self._mediation.assign)

    def _disclose_known(self, story: Story) -> None:
        """A mediator who could be asked is related to a party, and has said so before."""
        identities = [person.identity for _, person in story.dispute.parties if person.identity]
        reach = self._desk.within_reach(story)
        if identities and reach:
            self._mediation.relate(
                story, one_of(self._rng, reach[:_NEAREST]), one_of(self._rng, identities)
            )

    def _plan_departure(self, day: date, action: Action) -> None:
        """What is handed over is handed over on the afternoon before."""
        at = self._agenda.time.start_of(day) - 8 * HOUR
        if at > 0:
            self._agenda.plan(at, action)

    def _leaving(self, mediator: int) -> Action:
        """Before a leave of some days, the urgent cases are passed on."""

        def leave(at: int) -> None:
            tomorrow = self._agenda.time.day(at + DAY)
            absence = next(a for a in self._mediators[mediator].absences if a.covers(tomorrow))
            if (absence.last_day - absence.first_day).days < _SHORT_LEAVE_DAYS:
                return
            back = self._agenda.time.moment(self._agenda.time.start_of(absence.last_day) + DAY)
            for story in list(self._mediation.held[mediator].values()):
                urgent = story.last.due_at is not None and story.last.due_at < back
                if urgent and self._rng.random() < _PASSED_ON_FOR_LEAVE:
                    self._mediation.pass_on(story, at, ReassignReason.ABSENCE)

        return leave

    def _quitting(self, mediator: int) -> Action:
        """Before the last day, everything is passed on; what nobody may take is tried again."""

        def quit_post(at: int) -> None:
            for story in list(self._mediation.held[mediator].values()):
                self._mediation.pass_on(story, at, ReassignReason.LEFT_POST)
            if self._mediation.held[mediator]:
                self._agenda.plan(at + DAY, quit_post)

        return quit_post

    def _review(self, at: int) -> None:
        """Each working day somebody looks at who is full, and sometimes takes a case away."""
        if not self._agenda.time.is_working(at):
            return
        day = self._agenda.time.day(at)
        for mediator, held in enumerate(self._mediation.held):
            full = held and self._desk.busy(mediator, day) >= 1
            if full and self._rng.random() < _PASSED_ON_WHEN_FULL:
                young = [s for s in held.values() if s.last.stage is Stage.IN_MEDIATION]
                if young:
                    self._mediation.pass_on(young[-1], at, ReassignReason.OVERLOAD)
