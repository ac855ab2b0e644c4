"""The moves of a plan made once more, one after the other, and every figure of each compared."""

from collections.abc import Iterator

from domain.balancing.breaches import Breach, Violation
from domain.balancing.plan import Alternative, Change, Move, NotChosen, Plan
from domain.balancing.second_reckoning import Reckoning, with_one, without_one

_ALTERNATIVES = 2  # named with each move, where so many there are


class MovesAgain:
    """The state of the pool, from before the first move to after the last."""

    def __init__(self, reckoning: Reckoning, plan: Plan) -> None:
        self._known, self._plan = reckoning, plan
        self._queues, self._late = dict(reckoning.queues_before), dict(reckoning.late_before)
        self._weight, self._count = dict(reckoning.weights_before), dict(reckoning.counts_before)

    def violations(self) -> Iterator[Violation]:
        """What the moves state wrongly, each judged at its place in their order."""
        voluntary = False
        for move in self._plan.moves:
            if move.mandatory and voluntary:  # those that have to go first, by what is said of them
                yield Violation(Breach.WRONGLY_MANDATORY, move.case_id)
            voluntary |= not move.mandatory
            yield from self._compared(move)

    def _compared(self, move: Move) -> Iterator[Violation]:
        """Compare what a move says, and make it."""
        known, its, me, origin = self._known, move.reasons, move.to_id, move.from_id
        work = known.works[move.case_id]
        come = with_one(self._queues[me], known.waiting(move.case_id, me))
        gone = without_one(self._queues[origin], known.as_it_is[move.case_id])
        late_to = Change(self._late[me], known.late_in(me, come))
        late_from = Change(self._late[origin], known.late_in(origin, gone))
        load_to = self._load(me, work.weight)
        if (its.late_to, its.late_from) != (late_to, None if origin is None else late_from):
            yield Violation(Breach.LATE_FIGURE, move.case_id)
        load_from = None if origin is None else self._load(origin, -work.weight)
        if (its.load_to, its.load_from) != (load_to, load_from):
            yield Violation(Breach.LOAD_FIGURE, move.case_id)
        if its.distance != known.pool.distance.get((move.case_id, me), 0.0):
            yield Violation(Breach.DISTANCE_FIGURE, move.case_id)
        if not self._sound_alternatives(move, late_to.after - late_to.before, load_to.after):
            yield Violation(Breach.ALTERNATIVE, move.case_id)
        self._queues[me], self._queues[origin] = come, gone
        self._late[me], self._late[origin] = late_to.after, late_from.after
        for person, sign in ((me, 1), (origin, -1)):
            if person is not None:
                self._weight[person] += sign * work.weight
                self._count[person] += sign

    def _load(self, mediator_id: int, more: int) -> Change:
        weight = self._weight[mediator_id]
        load = self._known.load
        return Change(load(mediator_id, weight), load(mediator_id, weight + more))

    def _sound_alternatives(self, move: Move, added: int, load: int) -> bool:
        """Whether as many others are named as there are, each with true figures and reason."""
        others = self._known.able(self._known.works[move.case_id]) - {move.to_id, move.from_id}
        named = [one.mediator_id for one in move.reasons.alternatives]
        if len(named) != min(len(others), _ALTERNATIVES) or len(set(named)) < len(named):
            return False
        return others.issuperset(named) and all(
            one == self._alternative(move, one.mediator_id, added, load)
            for one in move.reasons.alternatives
        )

    def _alternative(self, move: Move, me: int, added: int, load: int) -> Alternative:
        """What is to be said of somebody else: the first reason that holds speaks against them."""
        known = self._known
        work, person = known.works[move.case_id], known.people[me]
        late = known.late_in(me, with_one(self._queues[me], known.waiting(move.case_id, me)))
        late_added, weight = late - self._late[me], self._weight[me] + work.weight
        load_after = known.load(me, weight)
        distance = known.pool.distance.get((move.case_id, me), 0.0)
        nearest = known.pool.distance.get((move.case_id, move.to_id), 0.0)
        if self._count[me] >= max(person.capacity, known.counts_before[me]):
            why = NotChosen.FULL
        elif weight > known.ceiling(me, self._plan.tau):
            why = NotChosen.OVER_CEILING
        elif late_added > added:
            why = NotChosen.MORE_LATE
        elif distance > nearest:
            why = NotChosen.FARTHER
        elif load_after > load:
            why = NotChosen.HEAVIER
        elif (late_added, distance, load_after) == (added, nearest, load):
            why = NotChosen.EQUAL
        else:
            why = NotChosen.KEPT_FOR_OTHERS
        return Alternative(me, why, late_added, load_after, distance)
