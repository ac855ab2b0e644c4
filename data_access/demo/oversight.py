"""What stands beside a stage: more time asked for, a clock that stands still, a look from above."""

from datetime import timedelta

from data_access.demo.arrivals import DAY, HOUR
from data_access.demo.office import Office
from data_access.demo.story import Story
from domain.cases import Difficulty, Stage
from domain.transitions import LEVELS, Action, Given

_ASKS_IN_NEED, _ASKS_ANYWAY, _ASKS_TO_PAY_LATER = 0.36, 0.02, 0.35
_GRANTED = 0.78
_ANSWER_HOURS = 11
_PARKED = {
    Difficulty.SIMPLE: 0.002,
    Difficulty.ORDINARY: 0.012,
    Difficulty.COMPLEX: 0.035,
    Difficulty.MAJOR: 0.05,
}
_PARKED_DAYS = (14, 100)
# How many days late a case is looked over on each level, and how soon then.
_LOOKED_OVER_AFTER_DAYS = (3, 5, 9)
_LOOKED_OVER_A_DAY, _RELEASED_A_DAY = 0.25, 0.45


class Oversight:
    """Extensions, parking, supervision."""

    def __init__(self, office: Office) -> None:
        self._office, self._agenda, self._rng = office, office.agenda, office.rng

    def foresee(self, story: Story, at: int) -> None:
        """As a mediation begins: will it need more time, or must it wait for something?"""
        due = self._office.second_of_deadline(story)
        self._perhaps_ask(story, at, late=story.ends > due, in_need=_ASKS_IN_NEED)
        if self._rng.random() < _PARKED[story.dispute.difficulty]:
            later = self._agenda.time.after(int(at + self._rng.uniform(0.2, 4) * DAY), 0)
            self._agenda.plan_beside(story, later, self._park)

    def foresee_performance(self, story: Story, at: int, done: int) -> None:
        """Somebody who cannot pay by the day asks for some more, now and then in time."""
        due = self._office.second_of_deadline(story)
        if done > due:
            self._perhaps_ask(story, at, late=True, in_need=_ASKS_TO_PAY_LATER)

    def review(self, at: int) -> None:
        """Each working day the centre goes through what is late, and what it looks over."""
        for story in list(self._office.open.values()):
            state = story.now
            if state.paused:
                continue
            if self._office.is_late(story, at):
                self._perhaps_look_over(story, at)
            elif state.supervised and self._rng.random() < _RELEASED_A_DAY:
                self._office.take(story, at, Action.END_SUPERVISION)

    def _perhaps_look_over(self, story: Story, at: int) -> None:
        days = (at - self._office.second_of_deadline(story)) / DAY
        level = sum(days >= after for after in _LOOKED_OVER_AFTER_DAYS)
        if level > story.now.supervised and self._rng.random() < _LOOKED_OVER_A_DAY:
            note = self._office.note(Action.SUPERVISE)
            given = Given(note=note, level=LEVELS[story.now.supervised])
            self._office.take(story, at, Action.SUPERVISE, given)

    def _perhaps_ask(self, story: Story, at: int, *, late: bool, in_need: float) -> None:
        if self._rng.random() >= (in_need if late else _ASKS_ANYWAY):
            return
        due = self._office.second_of_deadline(story)
        left = due - at
        asked = self._agenda.time.after(int(at + left * self._rng.uniform(0.55, 0.9)), 0)
        if asked < due:
            self._agenda.plan_beside(story, asked, self.ask)

    def ask(self, story: Story, at: int) -> None:
        """Ask for more time; the answer comes within office hours."""
        if not self._office.book.may(story, at, Action.ASK_EXTENSION):
            return
        most = self._office.book.limit_days(story)
        days = 1 + int(self._rng.random() * min(most, 15))
        given = Given(note=self._office.note(Action.ASK_EXTENSION), days=days)
        self._office.take(story, at, Action.ASK_EXTENSION, given)
        answered = self._agenda.time.after(at, self._rng.exponential(_ANSWER_HOURS * HOUR))
        self._agenda.plan_beside(story, answered, self._answer)

    def _answer(self, story: Story, at: int) -> None:
        granted = self._rng.random() < _GRANTED
        # What was not answered by the deadline has lapsed, and can only be refused.
        granted = granted and self._office.book.may(story, at, Action.GRANT_EXTENSION)
        action = Action.GRANT_EXTENSION if granted else Action.REFUSE_EXTENSION
        if self._office.book.may(story, at, action):
            self._office.take(story, at, action)

    def _park(self, story: Story, at: int) -> None:
        if story.now.stage is not Stage.IN_MEDIATION or self._office.is_late(story, at):
            return
        self.park(story, at)

    def park(self, story: Story, at: int) -> None:
        """Let the clock stand still until a day, and take the case up again about then."""
        days = int(self._rng.uniform(*_PARKED_DAYS))
        until = self._agenda.time.day(at) + timedelta(days=days)
        note = self._office.note(Action.PARK)
        self._office.take(story, at, Action.PARK, Given(note=note, until=until))
        story.turn += 1
        back = self._agenda.time.after(int(at + days * DAY * self._rng.uniform(0.5, 1.04)), HOUR)

        def resume(then: int) -> None:
            if story.is_open and story.now.paused:
                self._resume(story, then, stood_still=then - at)

        self._agenda.plan(back, resume)

    def _resume(self, story: Story, at: int, *, stood_still: int) -> None:
        self._office.take(story, at, Action.RESUME)
        story.ends += stood_still
        if story.planned is not None:
            planned, step = story.planned
            self._agenda.plan_next(story, max(planned + stood_still, at + 4 * HOUR), step)
