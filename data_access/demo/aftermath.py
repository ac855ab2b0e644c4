"""After mediation: performance, the court, the follow-up; rights, hand-over, the archive."""

from dataclasses import replace
from datetime import timedelta

from data_access.demo import outcomes
from data_access.demo.arrivals import DAY, HOUR
from data_access.demo.office import Office
from data_access.demo.oversight import Oversight
from data_access.demo.story import Story
from domain.cases import Stage
from domain.transitions import Action, Given

_VALID, _DONE_MEANWHILE = 0.92, 0.4
_TO_COURT_LATER = 0.03
_AT_ONCE = 0.6
_HANDED_OVER, _REFUSED_HANDED_OVER = 0.6, 0.3


class Aftermath:
    """Takes cases from the end of their mediation to the archive."""

    def __init__(self, office: Office, oversight: Oversight) -> None:
        self._office, self._oversight = office, oversight
        self._agenda, self._rng = office.agenda, office.rng
        # Of its own: what people answer moves nothing else in the county.
        (self._asked,) = office.rng.spawn(1)

    def arrange(self, story: Story, at: int, end: outcomes.Ending) -> None:
        """Settled: what is to be done about it is arranged, often at the same table."""
        assert end.form is not None  # noqa: S101 - an agreement has a form
        if not (end.confirms or end.performs) and self._rng.random() < _AT_ONCE:
            soon = at + int(self._rng.uniform(300, 2400))
        else:
            office_seconds = outcomes.arrangement_seconds(self._rng, end.form)
            soon = self._agenda.time.after(at, office_seconds)
        step = self._performed_at_once
        if end.confirms:
            step = self._go_to_court
        elif end.performs:
            step = self._agree_on_a_day
        self._agenda.plan_next(story, soon, step)

    def go_on(self, story: Story, at: int) -> None:
        """Not settled: what follows by the stage that it came to."""
        if not story.is_open:
            return
        seconds, step = {
            Stage.FAILED: (outcomes.telling_seconds, self._tell_rights),
            Stage.RIGHTS_TOLD: (outcomes.handing_over_seconds, self._hand_over),
            Stage.HANDED_OVER: (outcomes.archiving_seconds, self._archive),
        }[story.now.stage]
        self._agenda.plan_next(story, self._agenda.time.after(at, seconds(self._rng)), step)

    def _performed_at_once(self, story: Story, at: int) -> None:
        self._office.take(story, at, Action.PERFORM_AT_ONCE)
        self._plan_follow_up(story, at)

    def _agree_on_a_day(self, story: Story, at: int) -> None:
        promise = outcomes.promise(self._rng)
        until = self._agenda.time.day(at) + timedelta(days=promise.days)
        self._office.take(story, at, Action.PLAN_PERFORMANCE, Given(until=until))
        self._plan_performance(story, at, promise)
        if self._rng.random() < _TO_COURT_LATER:
            later = self._agenda.time.after(int(at + self._rng.uniform(1, 12) * DAY), HOUR)
            self._agenda.plan_beside(story, later, self._go_to_court_after_all)

    def _plan_performance(self, story: Story, at: int, promise: outcomes.Promise) -> None:
        done = self._agenda.when_people_meet(at + promise.seconds, after=at)
        step = self._performed if promise.kept else self._defaulted
        self._agenda.plan_next(story, done, step)
        self._oversight.foresee_performance(story, at, done)

    def _go_to_court_after_all(self, story: Story, at: int) -> None:
        if self._office.book.may_go_to_court(story, at):
            self._go_to_court(story, at)

    def _go_to_court(self, story: Story, at: int) -> None:
        given = Given(day=self._agenda.time.day(at))
        self._office.take(story, at, Action.APPLY_CONFIRMATION, given)
        heard = at + int(outcomes.confirmation_seconds(self._rng))
        self._agenda.plan_next(story, self._agenda.time.after(heard, 0), self._hear_from_court)

    def _hear_from_court(self, story: Story, at: int) -> None:
        valid = self._rng.random() < _VALID
        promise = outcomes.promise(self._rng)
        if valid and self._rng.random() < _DONE_MEANWHILE:
            promise = outcomes.Promise(3, self._rng.uniform(0.1, 2) * DAY, kept=True)
        until = self._agenda.time.day(at) + timedelta(days=promise.days)
        decision, said = outcomes.court(self._rng, valid=valid)
        given = Given(note=said, until=until, decision=decision, day=self._agenda.time.day(at))
        self._office.take(story, at, Action.END_CONFIRMATION, given)
        self._plan_performance(story, at, promise)

    def _performed(self, story: Story, at: int) -> None:
        given = Given(day=self._agenda.time.day(at))
        self._office.take(story, at, Action.PERFORMED, given)
        self._plan_follow_up(story, at)

    def _defaulted(self, story: Story, at: int) -> None:
        self._office.take(story, at, Action.DEFAULTED)
        self.go_on(story, at)

    def _plan_follow_up(self, story: Story, at: int) -> None:
        asked = at + int(outcomes.follow_up_seconds(self._rng))
        met = self._agenda.when_people_meet(asked, after=at)
        self._agenda.plan_next(story, met, self._follow_up)

    def _follow_up(self, story: Story, at: int) -> None:
        note, day = self._office.note(Action.FOLLOW_UP), self._agenda.time.day(at)
        applicant, respondent = outcomes.ratings(self._asked)
        said = Given(note=note, day=day)
        given = replace(said, applicant_rating=applicant, respondent_rating=respondent)
        self._office.take(story, at, Action.FOLLOW_UP, given)

    def _tell_rights(self, story: Story, at: int) -> None:
        given = Given(day=self._agenda.time.day(at))
        self._office.take(story, at, Action.TELL_RIGHTS, given)
        self.go_on(story, at)

    def _hand_over(self, story: Story, at: int) -> None:
        refused = story.now.outcome == outcomes.REFUSED
        if self._rng.random() >= (_REFUSED_HANDED_OVER if refused else _HANDED_OVER):
            self._archive(story, at)
            return
        route = outcomes.route(self._rng, story.dispute.type.code)
        given = Given(note=self._office.note(Action.HAND_OVER), onward=route)
        self._office.take(story, at, Action.HAND_OVER, given)
        self.go_on(story, at)

    def _archive(self, story: Story, at: int) -> None:
        self._office.take(story, at, Action.ARCHIVE)
