"""What is planned: events in order of time, and the hours at which people meet."""

import heapq
from collections.abc import Callable
from itertools import count

import numpy as np

from data_access.demo.arrivals import DAY, HOUR
from data_access.demo.story import Story
from data_access.demo.worktime import LAST_MEETING, OPENS, WorkTime

Action = Callable[[int], None]
_WEEKEND_REST = 0.6
_USUAL_HOUR = 15.5 * HOUR


class Agenda:
    """A queue of events, each at a second of the flow."""

    def __init__(self, time: WorkTime, rng: np.random.Generator) -> None:
        self.time, self._rng = time, rng
        self._queue: list[tuple[int, int, Action]] = []
        self._order = count()

    def run(self, *, until: int) -> None:
        """Everything that happens before second `until`, in order."""
        while self._queue and self._queue[0][0] < until:
            at, _, action = heapq.heappop(self._queue)
            action(at)

    def plan(self, at: float, action: Action) -> None:
        """Let `action` happen at `at`."""
        heapq.heappush(self._queue, (int(at), next(self._order), action))

    def plan_next(self, story: Story, at: float, step: Callable[[Story, int], None]) -> None:
        """Plan how a case goes on; whatever was planned for it before is void."""
        story.turn += 1
        story.planned = (int(at), step)
        turn = story.turn

        def action(then: int) -> None:
            if story.turn == turn:
                step(story, then)

        self.plan(at, action)

    def plan_beside(self, story: Story, at: float, step: Callable[[Story, int], None]) -> None:
        """Plan something that is void once the case left its stage, or while it stands still."""
        since = story.now.stage_since

        def action(then: int) -> None:
            if story.is_open and story.now.stage_since == since and not story.now.paused:
                step(story, then)

        self.plan(at, action)

    def when_people_meet(self, at: float, *, after: int) -> int:
        """An hour between nine and half past eight in the evening, seldom on a day off."""
        at = int(at)
        while not self.time.is_working(at) and self._rng.random() < _WEEKEND_REST:
            at += DAY
        met = at - at % DAY + int(self._rng.triangular(OPENS, _USUAL_HOUR, LAST_MEETING))
        return met if met > after + HOUR // 2 else after + int(self._rng.uniform(0.5, 1.5) * HOUR)
