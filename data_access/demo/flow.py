"""Two years of disputes, event by event: what is open at the end is what the flow leaves.

A queue of events in order of time. Each event takes one step with one case and plans the next; a
plan is void when the case went another way meanwhile. Nothing is placed, late or otherwise: a case
is late where its own time and its mediator's load made it so. Only where one of the rarer states is
empty when the last day ends, one case takes the step into it that evening (see eve).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from data_access.demo import outcomes
from data_access.demo.aftermath import Aftermath
from data_access.demo.agenda import Action as Happening
from data_access.demo.agenda import Agenda
from data_access.demo.arrivals import DAY, HOUR
from data_access.demo.assigning import Desk
from data_access.demo.casebook import CaseBook
from data_access.demo.chance import one_of
from data_access.demo.disputes import Dispute
from data_access.demo.eve import Eve
from data_access.demo.mediation import Mediation
from data_access.demo.office import History, Office, before_agreement
from data_access.demo.oversight import Oversight
from data_access.demo.people import Workforce
from data_access.demo.story import Story
from data_access.demo.worktime import OPENS
from domain.cases import ReassignReason, Stage
from domain.transitions import Action

_KNOWN_RELATION = 0.07
_NEAREST = 12
_PASSED_ON_FOR_LEAVE, _PASSED_ON_WHEN_FULL = 0.55, 0.06
_SHORT_LEAVE_DAYS = 3
_BROUGHT_TWICE, _RECOGNISED, _SEPARATED_AGAIN = 0.014, 0.85, 0.06
# Of what was closed in about the last two months, the share that comes back in a working day.
_REOPENED_A_DAY = 0.00018


class Flow:
    """Runs disputes through the county until a moment."""

    def __init__(
        self,
        disputes: Sequence[Dispute],
        workforce: Workforce,
        desk: Desk,
        agenda: Agenda,
        book: CaseBook,
        *,
        rng: np.random.Generator,
    ) -> None:
        self._mediators, self._desk = workforce.mediators, desk
        self._agenda, self._rng = agenda, rng
        self._office = Office(agenda, book, desk, workforce.mediators, rng)
        self._oversight = Oversight(self._office)
        self._aftermath = Aftermath(self._office, self._oversight)
        self._mediation = Mediation(self._office, self._aftermath, self._oversight)
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
        self._agenda.plan(until - 3 * HOUR, Eve(self._office, self._oversight).complete)
        self._agenda.run(until=until)
        return self._office.history

    def _arriving(self, dispute: Dispute) -> Happening:
        def arrive(at: int) -> None:
            stories = self._office.history.stories
            story = self._brought_twice(dispute, at, place=len(stories))
            stories.append(story)
            if story.dispute.on_the_spot:
                self._office.settle_on_the_spot(story, at)
                return
            self._office.register(story, at)
            if self._rng.random() < _KNOWN_RELATION:
                self._disclose_known(story, at)
            decided = self._agenda.time.after(at, outcomes.acceptance_seconds(self._rng))
            self._agenda.plan_next(story, decided, self._decide)

        return arrive

    def _brought_twice(self, dispute: Dispute, at: int, *, place: int) -> Story:
        """A new story; now and then of a dispute that somebody else has brought already."""
        if not dispute.on_the_spot and self._rng.random() < _BROUGHT_TWICE:
            known = [one for one in self._office.recent if one.twin is None]
            known = [one for one in known if before_agreement(one) and not one.now.paused]
            if known:
                twin = one_of(self._rng, known)
                days = (at - twin.dispute.at) // DAY + twin.dispute.days_before
                again = replace(twin.dispute, at=at, source=dispute.source, days_before=days)
                # Who must not take the one must not take the other.
                return Story(again, place, recused=twin.recused, twin=twin)
        return Story(dispute, place)

    def _decide(self, story: Story, at: int) -> None:
        twin = story.twin
        if twin is not None and twin.is_open and self._rng.random() < _RECOGNISED:
            self._office.merge(story, twin, at)
            if self._rng.random() < _SEPARATED_AGAIN:
                later = self._agenda.time.after(at, self._rng.uniform(2, 20) * HOUR)
                self._agenda.plan_next(story, later, self._separate)
            return
        stop = outcomes.decision(self._rng)
        if stop is not None:
            self._office.take(story, at, stop)
            self._aftermath.go_on(story, at)
            return
        self._office.take(story, at, Action.ACCEPT)
        self._mediation.plan_assignment(story, at)

    def _separate(self, story: Story, at: int) -> None:
        """Looked at again, it is another dispute of the same people."""
        if story.twin is not None:
            self._office.unmerge(story, at, stayed=story.twin)
            story.twin = None
            self._agenda.plan_next(story, at + HOUR // 4, self._decide)

    def _disclose_known(self, story: Story, at: int) -> None:
        """A mediator who could be asked is related to a party, and has said so before."""
        if story.twin is not None:
            return
        identities = [person.identity for _, person in story.dispute.parties if person.identity]
        reach = self._desk.within_reach(story)
        if identities and reach:
            self._mediation.relate(
                story, one_of(self._rng, reach[:_NEAREST]), one_of(self._rng, identities), at
            )

    def _plan_departure(self, day: date, action: Happening) -> None:
        """What is handed over is handed over on the afternoon before."""
        at = self._agenda.time.start_of(day) - 8 * HOUR
        if at > 0:
            self._agenda.plan(at, action)

    def _leaving(self, mediator: int) -> Happening:
        """Before a leave of some days, the urgent cases are passed on."""

        def leave(at: int) -> None:
            tomorrow = self._agenda.time.day(at + DAY)
            absence = next(a for a in self._mediators[mediator].absences if a.covers(tomorrow))
            if (absence.last_day - absence.first_day).days < _SHORT_LEAVE_DAYS:
                return
            back = self._agenda.time.moment(self._agenda.time.start_of(absence.last_day) + DAY)
            for story in list(self._office.held[mediator].values()):
                due = story.now.deadline
                urgent = due is not None and due.due_at < back
                if urgent and self._rng.random() < _PASSED_ON_FOR_LEAVE:
                    self._mediation.pass_on(story, at, ReassignReason.ABSENCE)

        return leave

    def _quitting(self, mediator: int) -> Happening:
        """Before the last day, everything is passed on; what nobody may take is tried again."""

        def quit_post(at: int) -> None:
            for story in list(self._office.held[mediator].values()):
                self._mediation.pass_on(story, at, ReassignReason.LEFT_POST)
            if self._office.held[mediator]:
                self._agenda.plan(at + DAY, quit_post)

        return quit_post

    def _review(self, at: int) -> None:
        """Each working day somebody looks at what is late, who is full, and what came back."""
        if not self._agenda.time.is_working(at):
            return
        self._oversight.review(at)
        self._relieve(at)
        self._take_up_again(at)

    def _relieve(self, at: int) -> None:
        """Sometimes a case is taken away from somebody who is full."""
        day = self._agenda.time.day(at)
        for mediator, held in enumerate(self._office.held):
            full = held and self._desk.busy(mediator, day) >= 1
            if full and self._rng.random() < _PASSED_ON_WHEN_FULL:
                young = [s for s in held.values() if s.now.stage is Stage.IN_MEDIATION]
                if young:
                    self._mediation.pass_on(young[-1], at, ReassignReason.OVERLOAD)

    def _take_up_again(self, at: int) -> None:
        """Of what was closed a little comes back, and waits to be assigned anew."""
        closed = self._office.closed
        if not closed or self._rng.random() >= _REOPENED_A_DAY * len(closed):
            return
        story = one_of(self._rng, list(closed))
        if self._office.book.may(story, at, Action.REOPEN):
            closed.remove(story)
            self._office.take(story, at, Action.REOPEN)
            self._mediation.plan_assignment(story, at)
