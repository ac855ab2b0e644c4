"""The evening before the county is shown: the rarer states, where the flow left one of them empty.

Ten cases at a time are in some of them, one or none in others. So that nobody looks for a state in
vain, one case for each that is missing takes the step into it: a step that the table opens to it,
taken on the last evening, with whatever the clock makes of it.
"""

from collections.abc import Callable, Iterator

from data_access.demo.office import Office
from data_access.demo.oversight import Oversight
from data_access.demo.story import Story
from domain.cases import EventKind, Stage
from domain.clocks import day_of
from domain.transitions import LEVELS, Action, AgreementForm, Given, Supervision

# Where fewer are in mediation the county is a thin one, and nothing is missed in it.
_ENOUGH = 30

Way = tuple[Callable[[Story], bool], Action, Given | None]


class Eve:
    """Looks on the last evening which states are empty."""

    def __init__(self, office: Office, oversight: Oversight) -> None:
        self._office, self._oversight = office, oversight

    def complete(self, at: int) -> None:
        """One case into each stage and side state that is empty, as far as the table lets it."""
        if len(self._in(Stage.IN_MEDIATION)) < _ENOUGH:
            return
        for is_there, action, given in self._ways(at):
            stories = list(self._office.open.values())
            if any(is_there(story) for story in stories):
                continue
            # Those who are not looked for elsewhere, so that no state is emptied to fill another.
            ready = [story for story in self._ready(action, at) if self._is_spare(story)]
            if ready and action is Action.PARK:
                self._oversight.park(ready[0], at)
            elif ready:
                self._office.take(ready[0], at, action, given)

    def _ways(self, at: int) -> Iterator[Way]:
        today = day_of(self._office.time.moment(at))
        for stage, action, given in (
            (Stage.HANDED_OVER, Action.HAND_OVER, self._said(Action.HAND_OVER, onward="O09")),
            (Stage.RIGHTS_TOLD, Action.TELL_RIGHTS, Given(day=today)),
            (Stage.FAILED, Action.FAIL, self._said(Action.FAIL, outcome="O04")),
            (Stage.AGREEMENT, Action.SETTLE, Given(form=AgreementForm.ORAL, day=today)),
            (Stage.CONFIRMATION, Action.APPLY_CONFIRMATION, Given(day=today)),
            (Stage.ACCEPTED, Action.ACCEPT, None),
        ):
            yield _in_stage(stage), action, given
        for level in LEVELS:
            given = self._said(Action.SUPERVISE, level=level)
            yield _looked_over(level), Action.SUPERVISE, given
        yield lambda story: story.now.extended > 0, Action.GRANT_EXTENSION, None
        asking = self._said(Action.ASK_EXTENSION, days=1)
        yield lambda story: story.now.extension_asked is not None, Action.ASK_EXTENSION, asking
        yield lambda story: story.now.paused, Action.PARK, None
        yield _came_back, Action.REOPEN, None

    def _said(self, action: Action, **given: object) -> Given:
        return Given(note=self._office.note(action), **given)  # type: ignore[arg-type]

    def _in(self, stage: Stage) -> list[Story]:
        return [story for story in self._office.open.values() if story.now.stage is stage]

    def _ready(self, action: Action, at: int) -> list[Story]:
        """The cases to which the step is open, in order of their deadlines."""
        if action is Action.REOPEN:
            found = list(self._office.closed)
        else:
            found = sorted(self._office.open.values(), key=self._office.second_of_deadline)
        book = self._office.book
        if action is Action.APPLY_CONFIRMATION:
            return [story for story in found if book.may_go_to_court(story, at)]
        return [story for story in found if book.may(story, at, action)]

    def _is_spare(self, story: Story) -> bool:
        """Whether it is one of several in its stage, and nothing stands beside it."""
        state = story.now
        alone = state.stage is not Stage.CLOSED and len(self._in(state.stage)) == 1
        beside = state.paused or state.supervised or state.extended
        return not (alone or beside)


def _in_stage(stage: Stage) -> Callable[[Story], bool]:
    return lambda story: story.now.stage is stage


def _looked_over(level: Supervision) -> Callable[[Story], bool]:
    return lambda story: story.now.supervised == LEVELS.index(level) + 1


def _came_back(story: Story) -> bool:
    return any(step.kind is EventKind.REOPENED for step in story.steps)
