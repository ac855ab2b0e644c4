"""Red events of the demonstration county: the duty desk acknowledges them within minutes.

Told after the flow, and drawn apart from it: an acknowledgement moves no case, so two years of
disputes go on as they would have gone without.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from data_access.demo import notes
from data_access.demo.chance import one_of
from data_access.demo.story import Step, Story
from domain.cases import EventKind, Stage
from domain.red_events import Turn, is_red, turn

_MINUTE = 60
_SOONEST, _USUALLY = 1, 7  # minutes


@dataclass(frozen=True, slots=True)
class Alarm:
    """One red event of a story. `seq` is the number of the step that raised it, from 1."""

    seq: int
    at: int
    acknowledged_at: int | None
    ended_at: int | None


def alarms(story: Story) -> Iterator[Alarm]:
    """The red events of a story in their order, by the same rule as any case's."""
    raised: tuple[int, int] | None = None
    acknowledged: int | None = None
    was_red = False
    for seq, step in enumerate(story.steps, start=1):
        # Settled where it arose, it was in nobody's queue and on nobody's wall.
        seen = seq > 1 or not story.dispute.on_the_spot
        red = is_red(story.dispute.risk, is_open=seen and step.after.stage is not Stage.CLOSED)
        match turn(before=was_red, after=red):
            case Turn.RAISED:
                raised, acknowledged = (seq, step.at), None
            case Turn.ENDED if raised is not None:
                yield Alarm(*raised, acknowledged, step.at)
                raised = None
        if step.kind is EventKind.RED_ACKNOWLEDGED:
            acknowledged = step.at
        was_red = red
    if raised is not None:
        yield Alarm(*raised, acknowledged, None)


def acknowledge(stories: Sequence[Story], rng: np.random.Generator, *, until: int) -> None:
    """Somebody at the desk takes notice of each red event before second `until`, but of the last.

    The youngest that goes on is left to be seen: as an alarm, and as something to do.
    """
    found = [(story, alarm) for story in stories for alarm in alarms(story)]
    going_on = [alarm.at for _story, alarm in found if alarm.ended_at is None]
    youngest = max(going_on, default=None)
    for story, alarm in found:
        at = alarm.at + int((_SOONEST + rng.exponential(_USUALLY)) * _MINUTE)
        note = one_of(rng, notes.ACKNOWLEDGED)
        left = alarm.ended_at is None and alarm.at == youngest
        if not left and at < (until if alarm.ended_at is None else alarm.ended_at):
            _take_notice(story, at, note)


def _take_notice(story: Story, at: int, note: str) -> None:
    """A step that changes nothing of how the case stands."""
    place = sum(step.at <= at for step in story.steps)
    after = story.steps[place - 1].after
    story.steps.insert(place, Step(at, EventKind.RED_ACKNOWLEDGED, after, note=note))
