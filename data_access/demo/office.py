"""What everybody in the flow works with: the agenda, the book, the desk, and who holds what."""

from collections import deque
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from data_access.demo import notes
from data_access.demo.agenda import Agenda
from data_access.demo.assigning import Desk
from data_access.demo.casebook import CaseBook
from data_access.demo.chance import one_of
from data_access.demo.people import MediatorPlan
from data_access.demo.story import Story
from domain.cases import ReassignReason, Stage
from domain.organisation import RelationKind
from domain.transitions import TRANSITIONS, Action, Given, Need

_RECENT, _CLOSED = 120, 900


@dataclass
class History:
    """What the flow leaves: all cases in order of registration, and disclosed relations.

    A relation is (mediator's index, identity number, kind, day of its disclosure).
    """

    stories: list[Story] = field(default_factory=list)
    relations: list[tuple[int, str, RelationKind, date]] = field(default_factory=list)


class Office:
    """Takes steps, and knows which cases are open, recent and in whose hand."""

    def __init__(
        self,
        agenda: Agenda,
        book: CaseBook,
        desk: Desk,
        mediators: tuple[MediatorPlan, ...],
        rng: np.random.Generator,
    ) -> None:
        self.agenda, self.book, self.desk = agenda, book, desk
        self.time, self.mediators, self.rng = agenda.time, mediators, rng
        self.history = History()
        self.held: list[dict[int, Story]] = [{} for _ in mediators]
        self.open: dict[int, Story] = {}
        self.recent: deque[Story] = deque(maxlen=_RECENT)
        self.closed: deque[Story] = deque(maxlen=_CLOSED)

    def note(self, action: Action) -> str:
        """A reason in the words of the trade; empty where a step needs none."""
        needed = Need.NOTE in TRANSITIONS[action].needs
        return one_of(self.rng, notes.STEPS[action]) if needed else ""

    def register(self, story: Story, at: int) -> None:
        """Take a dispute down."""
        self.book.register(story, at)
        self.open[story.place] = story
        self.recent.append(story)

    def settle_on_the_spot(self, story: Story, at: int) -> None:
        """Take down what was settled where it was found."""
        self.book.settle_on_the_spot(story, at, one_of(self.rng, notes.ON_THE_SPOT))
        self.closed.append(story)

    def take(self, story: Story, at: int, action: Action, given: Given | None = None) -> None:
        """A step of the table, with a reason where none is given."""
        given = given or Given(note=self.note(action))
        before = story.now.mediator
        self.book.take(story, at, action, given)
        self._follow(story, before)

    def merge(self, story: Story, into: Story, at: int) -> None:
        """Two registrations of one dispute become one."""
        before = story.now.mediator
        self.book.merge(story, into, at, self.note(Action.MERGE))
        self._follow(story, before)

    def unmerge(self, story: Story, at: int, *, stayed: Story) -> None:
        """Two disputes after all: the merged case goes on by itself."""
        self.book.unmerge(story, at, self.note(Action.UNMERGE), stayed=stayed)
        self.closed.remove(story)
        self._follow(story, None)

    def give(self, story: Story, at: int, mediator: int, reason: ReassignReason) -> None:
        """A case into somebody's hand, out of whosever it was in."""
        before = story.now.mediator
        self.book.give(story, at, mediator, reason, one_of(self.rng, notes.REASONS[reason]))
        if before is not None:
            self._out_of(before, story)
        self.held[mediator][story.place] = story
        self.desk.take(mediator, story)

    def _follow(self, story: Story, before: int | None) -> None:
        """Open and held cases after a step."""
        if story.is_open:
            self.open[story.place] = story
        else:
            self.open.pop(story.place, None)
            self.closed.append(story)
        gone = not story.is_open or story.now.mediator is None
        if before is not None and gone and story.place in self.held[before]:
            self._out_of(before, story)

    def _out_of(self, mediator: int, story: Story) -> None:
        del self.held[mediator][story.place]
        self.desk.give_back(mediator, story)

    def is_late(self, story: Story, at: int) -> bool:
        """Whether an open case is past its deadline and its clock runs."""
        due = story.now.deadline
        return due is not None and not story.now.paused and self.time.moment(at) >= due.due_at

    def second_of_deadline(self, story: Story) -> int:
        """The deadline of an open case as a second of the flow."""
        due = story.now.deadline
        assert due is not None  # noqa: S101 - an open case has a deadline
        return int((due.due_at - self.time.moment(0)).total_seconds())


def before_agreement(story: Story) -> bool:
    """Whether two registrations of it could still be merged."""
    return story.is_open and story.now.stage in {
        Stage.REGISTERED,
        Stage.ACCEPTED,
        Stage.IN_MEDIATION,
    }
