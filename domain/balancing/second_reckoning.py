"""The arithmetic of a plan a second time, for its check: loads, queues, and what has to move.

One mediator and one case after the other, in whole numbers, from the pool alone.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from domain.balancing.pool import Pool, Work

_PARTS = 10_000  # of a day, in which the projection counts


class Waiting(NamedTuple):
    """A case in a queue: sorted by due date and id. Times are in parts of a day.

    `span`: what it takes whoever has it; `latest`: the end of work from which on it is late.
    """

    due: int
    case_id: int
    span: int
    latest: int


class Reckoning:
    """Everything that the pool says of everybody, with these mediators away."""

    def __init__(self, pool: Pool, away: frozenset[int]) -> None:
        self.pool = pool
        self.people = {one.mediator_id: one for one in pool.people}
        self.there = {me: 0 if me in away else one.availability for me, one in self.people.items()}
        self._able = {me for me, posts in self.there.items() if posts > 0}
        self.rate = {me: one.speed * self.there[me] / 10 for me, one in self.people.items()}
        self.works = {work.case_id: work for work in pool.works}
        self.before = {work.case_id: work.holder for work in pool.works}
        self.due = {one.case_id: round(one.due_in * _PARTS) for one in pool.works}
        self.has_to_move = {one.case_id for one in pool.works if self._has_to_move(one)}
        self.could_move = {
            one.case_id for one in pool.works if not one.eligible.isdisjoint(self._able)
        }
        self.may_move = {one.case_id for one in pool.works if self._may_move(one)}
        self.floors = self._floors()
        self._by_due = sorted((due, case_id) for case_id, due in self.due.items())
        self.as_it_is = {one: self.waiting(one, me) for one, me in self.before.items()}
        self.queues_before = self.queues(self.before)
        self.late_before = self._late(self.queues_before)
        self.weights_before = self.weights(self.before)
        self.counts_before = self.counts(self.before)

    def _has_to_move(self, work: Work) -> bool:
        holder = work.holder
        return holder is None or self.there[holder] == 0 or holder not in work.eligible

    def _may_move(self, work: Work) -> bool:
        """Whether the case has to or can go to somebody."""
        free = work.locked is None or work.case_id in self.has_to_move
        return free and work.case_id in self.could_move

    def _floors(self) -> dict[int, int]:
        floor = {one.mediator_id: one.fixed_weight for one in self.pool.people}
        for work in self.pool.works:
            if work.holder is not None and work.case_id not in self.may_move:
                floor[work.holder] += work.weight
        return floor

    def able(self, work: Work) -> frozenset[int]:
        """Who may have the case and is there."""
        return work.eligible & self._able

    def ceiling(self, mediator_id: int, tau: int) -> int:
        """The weight that somebody may have at a load of `tau`."""
        return max(self.there[mediator_id] * tau // 10, self.floors[mediator_id])

    def weights(self, at: Mapping[int, int | None]) -> dict[int, int]:
        """Tenths of points that each carries."""
        sums = {one.mediator_id: one.fixed_weight for one in self.pool.people}
        for case_id, mediator_id in at.items():
            if mediator_id is not None:
                sums[mediator_id] += self.works[case_id].weight
        return sums

    def counts(self, at: Mapping[int, int | None]) -> dict[int, int]:
        """Cases that each carries."""
        sums = {one.mediator_id: one.fixed_cases for one in self.pool.people}
        for mediator_id in at.values():
            if mediator_id is not None:
                sums[mediator_id] += 1
        return sums

    def load(self, mediator_id: int, weight: int) -> int:
        """Tenths of points per full-time post, rounded up; nought for who is not there."""
        posts = self.there[mediator_id]
        return (10 * weight + posts - 1) // posts if posts else 0

    def queues(self, at: Mapping[int, int | None]) -> dict[int | None, list[Waiting]]:
        """What waits with each, by due date; what is nobody's, under None."""
        queues: dict[int | None, list[Waiting]] = {me: [] for me in self.people}
        queues[None] = []
        before, waits = self.before, self.as_it_is
        for _, case_id in self._by_due:
            me = at[case_id]
            stays = me == before[case_id]
            queues[me].append(waits[case_id] if stays else self.waiting(case_id, me))
        return queues

    def waiting(self, case_id: int, mediator_id: int | None) -> Waiting:
        """The case as it waits with somebody; who did not have it loses a day."""
        work, due = self.works[case_id], self.due[case_id]
        days = work.handover if work.holder == mediator_id else 1.0
        rate = 0.0 if mediator_id is None else self.rate[mediator_id]
        span = round(work.effort * _PARTS / rate) if rate else 0
        return Waiting(due, case_id, span, due - round(days * _PARTS))

    def late_in(self, mediator_id: int | None, queue: Sequence[Waiting]) -> int:
        """Late cases of a queue; those of nobody, and of who never works, are all late."""
        if mediator_id is None or self.rate[mediator_id] == 0:
            return len(queue)
        now = late = 0
        for _, _, span, latest in queue:
            now += span
            if now > latest:
                late += 1
        return late

    def late(self, at: Mapping[int, int | None]) -> dict[int | None, int]:
        """Late cases of each, and of nobody."""
        return self._late(self.queues(at))

    def _late(self, queues: Mapping[int | None, list[Waiting]]) -> dict[int | None, int]:
        return {me: self.late_in(me, queue) for me, queue in queues.items()}


def with_one(queue: Iterable[Waiting], one: Waiting) -> list[Waiting]:
    """The queue with one case more."""
    longer = list(queue)
    insort(longer, one)
    return longer


def without_one(queue: Sequence[Waiting], one: Waiting) -> list[Waiting]:
    """The queue without a case that is in it."""
    place = bisect_left(queue, one)
    return [*queue[:place], *queue[place + 1 :]]
