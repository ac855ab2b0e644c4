"""What a plan claims of itself as a whole: bound, ceiling, cost, nearness to the best, spread."""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from statistics import median, quantiles

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import maximum_flow

from domain.balancing.breaches import Asked, Breach, Violation
from domain.balancing.plan import Mode, Plan, Status
from domain.balancing.second_reckoning import Reckoning
from domain.spread import Spread

_BY_HAND = frozenset({Mode.BY_HAND, Mode.HAND_BACK})
_SOLVED = frozenset({Status.PROVEN, Status.BEST_FOUND})
# What levelling minimises: a tenth of a point above a ceiling, a move, a kilometre, no place.
_OVER, _MOVE, _KILOMETRE, _NO_PLACE = 200, 1000, 10, 1_000_000
_PROVEN = 0.0031
_CLOSE = 1e-9
# Nobody is uneven alone.
_FEWEST = 2


class Claims:
    """The claims of a plan beside what they should be. `at`: who has what after it."""

    def __init__(
        self, reckoning: Reckoning, plan: Plan, asked: Asked | None, at: Mapping[int, int | None]
    ) -> None:
        self._known, self._plan, self._asked, self._after = reckoning, plan, asked, at
        self._weight_before = reckoning.weights_before
        self._weight_after = reckoning.weights(at)

    def violations(self) -> Iterator[Violation]:
        """Every claim that does not hold."""
        holds = {
            Breach.NOT_ASKED: self._as_asked(),
            Breach.BOUND_FIGURE: self._bound_holds(),
            Breach.TAU_FIGURE: self._tau_holds(),
            Breach.OBJECTIVE_FIGURE: self._plan.objective == self._objective(),
            Breach.CLAIM: self._status_holds() and self._gap_holds(),
            Breach.SPREAD_FIGURE: self._spread_holds(),
        }
        yield from (Violation(breach) for breach, true in holds.items() if not true)

    def _as_asked(self) -> bool:
        plan, asked = self._plan, self._asked
        if plan.mode in _BY_HAND and plan.budget is not None:
            return False
        if asked is None:
            return True
        budget = 0 if asked.mode is Mode.ABSENCE else asked.budget
        return (plan.mode, plan.budget, plan.away) == (asked.mode, budget, asked.away)

    def _bound_holds(self) -> bool:
        """Everything fits at the bound, and does not just below it: weights taken as divisible."""
        lowest, flow = self._plan.bound, _Flow(self._known)
        if lowest < 0 or not flow.total:
            return lowest == 0
        return flow.fits(lowest) and (lowest == 0 or not flow.fits(lowest - 1))

    def _tau_holds(self) -> bool:
        """The ceiling asked for, or as much above it as what had to move needed."""
        plan, asked = self._plan, self._asked
        if asked is None:
            return plan.tau >= 0
        least = self._usual_tau() if asked.tau is None else asked.tau
        if plan.mode in _BY_HAND:
            return plan.tau == least
        if plan.mode is Mode.LEVEL:
            # The solver may place otherwise than the steps for which the ceiling was raised.
            return least <= plan.tau <= max(least, self._most_needed())
        return plan.tau == max([least, *self._needed(least)])

    def _usual_tau(self) -> int:
        known, lowest = self._known, self._plan.bound
        if self._plan.mode is Mode.LEVEL:
            return (110 * lowest + 99) // 100
        posts = sum(known.there.values())
        weight = sum(work.weight for work in known.works.values())
        weight += sum(one.fixed_weight for me, one in known.people.items() if known.there[me] > 0)
        mean = (15 * weight + posts - 1) // posts if posts else 0
        return max((115 * lowest + 99) // 100, mean)

    def _needed(self, least: int) -> Iterator[int]:
        """The loads above `least` that the mandatory moves led to, of those who got one."""
        known, plan = self._known, self._plan
        placed = known.before | {one.case_id: one.to_id for one in plan.moves if one.mandatory}
        weights = known.weights(placed)
        for me in {one.to_id for one in plan.moves if one.mandatory}:
            if weights[me] > max(known.ceiling(me, least), self._weight_before[me]):
                yield known.load(me, weights[me])

    def _most_needed(self) -> int:
        """The most that anybody who may get some of what has to move could be loaded with."""
        known, most = self._known, dict[int, int]()
        for case_id in known.has_to_move:
            for me in known.able(known.works[case_id]):
                most[me] = most.get(me, self._weight_before[me]) + known.works[case_id].weight
        return max((known.load(me, weight) for me, weight in most.items()), default=0)

    def _objective(self) -> int:
        known, plan = self._known, self._plan
        if plan.mode is not Mode.LEVEL:
            return plan.late_after
        total = _OVER * sum(
            max(weight - known.ceiling(me, plan.tau), 0)
            for me, weight in self._weight_after.items()
            if known.there[me] > 0
        )
        for move in plan.moves:
            distance = known.pool.distance.get((move.case_id, move.to_id), 0.0)
            total += round(_KILOMETRE * distance) + (0 if move.mandatory else _MOVE)
        moved = {one.case_id for one in plan.moves}
        stuck = len((known.has_to_move & known.could_move) - moved)
        heaviest = max((one.weight for one in known.works.values()), default=0)
        return total + stuck * (_NO_PLACE + 2 * _OVER * heaviest)

    def _status_holds(self) -> bool:
        """Whether a plan of this kind can be what it says it is."""
        plan = self._plan
        by_hand = plan.status is Status.BY_HAND
        if by_hand != (plan.mode in _BY_HAND):
            return False
        if plan.status in _SOLVED:
            return plan.mode is Mode.LEVEL and plan.gap is not None and 0 <= plan.gap <= 1
        if plan.status is Status.MANDATORY_ONLY and not all(one.mandatory for one in plan.moves):
            return False
        return plan.gap is None and plan.within is None

    def _gap_holds(self) -> bool:
        """Whether it is as near the best as the solver's own answer says, and no nearer."""
        plan, asked = self._plan, self._asked
        if plan.gap is None:
            return True
        if plan.status is Status.PROVEN and plan.gap > _PROVEN:
            return False
        if asked is None:
            return True
        if asked.lowest is None or plan.within != asked.within:
            return False
        lowest = plan.objective - plan.gap * plan.objective
        return abs(lowest - min(asked.lowest, plan.objective)) <= _CLOSE * max(lowest, 1.0) or (
            plan.objective <= 0 and plan.gap == 0
        )

    def _spread_holds(self) -> bool:
        stated = (self._plan.spread_before, self._plan.spread_after)
        found = map(self._uneven, (self._weight_before, self._weight_after))
        return all(map(_same_spread, stated, found))

    def _uneven(self, weights: Mapping[int, int]) -> tuple[float | None, ...] | None:
        """Gini by the area under Lorenz's curve, p90 by p50, most by mean, of whoever is there."""
        posts = {me: part for me, part in self._known.there.items() if part}
        loads = sorted(weights[me] / part for me, part in posts.items())
        total, size = sum(loads), len(loads)
        if size < _FEWEST:
            return None
        if not total:
            return None, None, None
        area = sum(accumulate(loads)) / total - 0.5
        middle = median(loads)
        high = quantiles(loads, n=10, method="inclusive")[-1]
        return 1 - 2 * area / size, high / middle if middle else None, loads[-1] * size / total


def _same_spread(stated: Spread | None, found: tuple[float | None, ...] | None) -> bool:
    if stated is None or found is None:
        return stated is None and found is None
    figures = (stated.gini, stated.p90_p50, stated.max_mean)
    return all(_same(one.actual, other) for one, other in zip(figures, found, strict=True))


def _same(stated: float | None, found: float | None) -> bool:
    if stated is None or found is None:
        return stated is found
    return abs(stated - found) <= _CLOSE


class _Flow:
    """Whether the weights, taken as divisible, fit under a load: a flow from cases to people."""

    def __init__(self, reckoning: Reckoning) -> None:
        known = self._known = reckoning
        weights: dict[frozenset[int], int] = {}
        for work in known.works.values():
            if work.weight > 0 and work.case_id in known.may_move:
                able = work.eligible
                weights[able] = weights.get(able, 0) + work.weight
        self.total = sum(weights.values())
        place = {me: number for number, me in enumerate(known.people)}
        self._sink, start = len(place) + len(weights) + 1, len(place) + 1
        people = range(1, start)
        rows, columns, limits = [*people], [self._sink] * len(people), list[int]()
        for number, (able, weight) in enumerate(weights.items(), start):
            to = [place[me] + 1 for me in able if known.there.get(me)]
            rows += [0, *[number] * len(to)]
            columns += [number, *to]
            limits += [weight] * (len(to) + 1)
        self._edges = np.array([rows, columns])
        self._limits = np.array(limits, dtype=np.int32)

    def fits(self, tau: int) -> bool:
        """Whether the largest flow carries everything at this load."""
        known = self._known
        room = [min(known.ceiling(me, tau) - known.floors[me], self.total) for me in known.people]
        limits = np.concatenate((np.array(room, dtype=np.int32), self._limits))
        size = self._sink + 1
        graph = coo_array((limits, self._edges), shape=(size, size)).tocsr()
        return int(maximum_flow(graph, 0, self._sink).flow_value) == self.total
