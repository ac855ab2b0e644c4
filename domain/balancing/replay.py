"""What the past would have been under another rule: day by day, the same cases, the same people.

A county switches suggestions on where its own history says that fewer deadlines would have been
missed, not because another county's did. A figure of evenness is never the only one shown: moving
by peak makes the spread look better while more cases are late.
"""

from bisect import insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean, quantiles

import numpy as np

from domain.balancing.histories import Arrival, History, Order, perturbed
from domain.balancing.outcomes import Estimate, Line, Outcome, estimate, line_of
from domain.balancing.policies import Policy, Rule, policy_of
from domain.balancing.pool import HANDOVER_DAYS, Lock, Pool, Work
from domain.balancing.progress import Tick, part, tell, uninterrupted
from domain.balancing.proposing import Request, propose

__all__ = [
    "Arrival",
    "Estimate",
    "History",
    "Line",
    "Order",
    "Outcome",
    "Policy",
    "Rule",
    "estimate",
    "perturbed",
    "policy_of",
    "replay",
    "simulate",
]

FROZEN_DAYS = 14
WEEK = 7
_TENTHS = 10
# Until as much is done, a case is mostly taken to be as long as its weight says: ten standard ones.
_BELIEVED_WEIGHT = 100.0
# A case that took longer than its weight promised is not nearly over because of that.
_LEAST_LEFT = 0.1


class _Run:
    def __init__(self, history: History, policy: Policy, seed: int) -> None:
        self.history, self.policy = history, policy
        self.people = {one.mediator_id: one for one in history.people}
        self.queue: dict[int, list[tuple[float, int]]] = {me: [] for me in self.people}
        self.weight = {me: one.fixed_weight for me, one in self.people.items()}
        self.left = {one.case_id: one.effort for one in history.arrivals}
        self.case = {one.case_id: one for one in history.arrivals}
        self.holder: dict[int, int] = {}
        self.ready: dict[int, float] = {}
        self.moved_on: dict[int, int] = {}
        self.done: dict[int, float] = {}
        self.effort_done = self.weight_done = _BELIEVED_WEIGHT
        self.moves, self.ratios = 0, list[float]()
        chance = np.random.default_rng(seed).random(len(history.arrivals)).tolist()
        by_chance = history.order is Order.CHANCE
        self.rank = {
            one.case_id: drawn if by_chance else one.day + one.allowed
            for one, drawn in zip(history.arrivals, chance, strict=True)
        }

    def days(self) -> Iterator[int]:
        """Live through the history; yields each day that is over."""
        arrivals = sorted(self.history.arrivals, key=lambda one: (one.day, one.case_id))
        coming = 0
        for day in range(self.history.days):
            while coming < len(arrivals) and arrivals[coming].day <= day:
                self._assign(arrivals[coming], self._chosen(arrivals[coming]))
                coming += 1
            if day % WEEK == WEEK - 1:
                self._rebalance(day)
                self._measure()
            for me in self.people:
                self._work(me, day)
            yield day

    def _chosen(self, case: Arrival) -> int:
        able = [me for me in case.eligible if me in self.people and self.people[me].availability]
        if self.policy.intake is Rule.HABIT or not able:
            return case.habitual
        distance = self.history.distance

        def order(me: int) -> tuple[float, float, int]:
            away = distance.get((case.case_id, me), 0.0)
            if self.policy.intake is Rule.LEAST_COUNT:
                return len(self.queue[me]) + self.people[me].fixed_cases, away, me
            return (self.weight[me] + case.weight) / self.people[me].availability, away, me

        roomy = [me for me in able if len(self.queue[me]) < self.people[me].capacity]
        return min(roomy or able, key=order)

    def _assign(self, case: Arrival, me: int) -> None:
        self.holder[case.case_id] = me
        insort(self.queue[me], (self.rank[case.case_id], case.case_id))
        self.weight[me] += case.weight

    def _leave(self, case_id: int) -> None:
        me = self.holder.pop(case_id)
        self.queue[me].remove((self.rank[case_id], case_id))
        self.weight[me] -= self.case[case_id].weight

    def _work(self, me: int, day: int) -> None:
        """One day: the first of the list that can be worked on, then the next."""
        person = self.people[me]
        rate = hours = person.speed * person.availability / _TENTHS
        for _, case_id in list(self.queue[me]):
            if hours <= 0:
                return
            if self.ready.get(case_id, 0.0) > day:
                continue
            done = min(self.left[case_id], hours)
            self.left[case_id] -= done
            hours -= done
            if self.left[case_id] <= 0:
                self.done[case_id] = day + (rate - hours) / rate
                self.effort_done += self.case[case_id].effort
                self.weight_done += self._whole(self.case[case_id])
                self._leave(case_id)

    def _rebalance(self, day: int) -> None:
        if self.policy.weekly is None:
            return
        asked = Request(
            self.policy.weekly,
            budget=self.policy.budget,
            least_gain=self.policy.least_gain,
            time_limit=0,
        )
        for move in propose(self._pool(day), asked).moves:
            self._leave(move.case_id)
            self._assign(self.case[move.case_id], move.to_id)
            self.ready[move.case_id] = day + HANDOVER_DAYS
            self.moved_on[move.case_id] = day
            self.moves += 1

    def _pool(self, day: int) -> Pool:
        believed = self.history.believed
        people = tuple(
            replace(one, speed=believed.get(one.mediator_id, one.speed))
            for one in self.history.people
        )
        works = tuple(self._open(case_id, me, day) for case_id, me in self.holder.items())
        return Pool(people, works, self.history.distance)

    def _open(self, case_id: int, me: int, day: int) -> Work:
        case = self.case[case_id]
        locked = None
        if self.left[case_id] < case.effort:
            locked = Lock.MID_MEDIATION
        elif day - self.moved_on.get(case_id, -FROZEN_DAYS) < FROZEN_DAYS:
            locked = Lock.MOVED_LATELY
        return Work(
            case_id,
            case.weight,
            self._expected(case, me),
            case.day + case.allowed - day,
            me,
            case.eligible,
            locked,
            max(self.ready.get(case_id, 0.0) - day, 0.0),
        )

    @staticmethod
    def _whole(case: Arrival) -> float:
        """What the weight promises of a case, without what was over when it came."""
        return case.weight * (1 - case.passed)

    def _expected(self, case: Arrival, me: int) -> float:
        """What a planner of that day takes to be left: never what the case was to take in fact.

        Its weight, by what a point has taken so far, less the time spent on it at the speed that
        its holder is believed to have.
        """
        whole = self._whole(case) * self.effort_done / self.weight_done
        speed = self.people[me].speed
        spent = (case.effort - self.left[case.case_id]) / speed if speed else 0.0
        return max(whole - spent * self.history.believed.get(me, speed), _LEAST_LEFT * whole)

    def _measure(self) -> None:
        loads = [
            self.weight[me] / one.availability
            for me, one in self.people.items()
            if one.availability
        ]
        if sum(loads):
            self.ratios.append(max(loads) / fmean(loads))

    def outcome(self, warm_up: int) -> Outcome:
        """What came of it."""
        judged = [
            one
            for one in self.history.arrivals
            if one.day >= warm_up and one.day + one.allowed <= self.history.days
        ]
        ends = {one.case_id: self.done.get(one.case_id, float("inf")) for one in judged}
        missed = sum(ends[one.case_id] > one.day + one.allowed for one in judged)
        spans = [self.done[one.case_id] - one.day for one in judged if one.case_id in self.done]
        weeks = max(self.history.days // WEEK, 1)
        return Outcome(
            cases=len(judged),
            missed=missed / len(judged) if judged else 0.0,
            p90_days=quantiles(spans, n=10)[-1] if len(spans) > 1 else 0.0,
            moves=self.moves,
            moves_per_week=self.moves / weeks,
            max_mean=fmean(self.ratios) if self.ratios else 0.0,
        )


def simulate(
    history: History,
    rule: Rule | Policy,
    *,
    seed: int = 0,
    warm_up: int = 0,
    tick: Tick = uninterrupted,
) -> Outcome:
    """Live through `history` under a rule. `warm_up`: days whose cases are not judged.

    The seed decides the order of work where that is by chance. Raises Cancelled when told so.
    """
    run = _Run(history, policy_of(rule) if isinstance(rule, Rule) else rule, seed)
    for day in run.days():
        tell(tick, day / history.days)
    return run.outcome(warm_up)


def replay(
    histories: Sequence[History],
    policies: Mapping[str, Rule | Policy],
    *,
    warm_up: int = 0,
    tick: Tick = uninterrupted,
) -> tuple[Line, ...]:
    """Each policy over the same histories; the first is what the others are held against.

    History number n is lived through with seed n by all, so that differences are paired. One real
    history becomes several by `perturbed`.
    """
    total = len(histories) * len(policies)
    outcomes: dict[str, list[Outcome]] = {}
    for turn, (name, policy) in enumerate(policies.items()):
        outcomes[name] = [
            simulate(
                history,
                policy,
                seed=number,
                warm_up=warm_up,
                tick=part(tick, start=done / total, end=(done + 1) / total),
            )
            for number, history in enumerate(histories)
            for done in [turn * len(histories) + number]
        ]
    first = next(iter(outcomes.values()), [])
    return tuple(line_of(name, found, first) for name, found in outcomes.items())
