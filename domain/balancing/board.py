"""The pool in figures while a plan is being made: who has what, and what a move would do.

People are numbered by id, works by due date and id. Nothing here decides anything.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.balancing.pool import Pool, load_per_post, without
from domain.balancing.projection import HANDOVER, Floats, Ints, Queues, parts, rate_of

NOBODY = -1


@dataclass(frozen=True, slots=True)
class Step:
    """One move by the numbers of the board; `origin` is NOBODY for a new case."""

    work: int
    origin: int
    target: int
    mandatory: bool


class Board:
    """The state: `at` says who has each work; loads, counts and queues follow it."""

    def __init__(self, pool: Pool, *, away: frozenset[int] = frozenset()) -> None:
        self.pool = without(pool, away)
        self.people = sorted(self.pool.people, key=lambda one: one.mediator_id)
        self.works = sorted(self.pool.works, key=lambda one: (parts(one.due_in), one.case_id))
        self.person_number = {one.mediator_id: j for j, one in enumerate(self.people)}
        self.work_number = {one.case_id: i for i, one in enumerate(self.works)}
        self._read_people()
        self._read_works()
        self._read_targets()
        self._start()

    def _read_people(self) -> None:
        self.availability = _ints(one.availability for one in self.people)
        self.fixed_weight = _ints(one.fixed_weight for one in self.people)
        self.fixed_cases = _ints(one.fixed_cases for one in self.people)
        self.rate = np.array([rate_of(one) for one in self.people], dtype=np.float64)

    def _read_works(self) -> None:
        self.weight = _ints(one.weight for one in self.works)
        self.effort = np.array([one.effort for one in self.works], dtype=np.float64)
        self.due = _ints(parts(one.due_in) for one in self.works)
        self.handover = _ints(parts(one.handover) for one in self.works)
        self.case_id = _ints(one.case_id for one in self.works)
        self.holder = _ints(
            NOBODY if one.holder is None else self.person_number[one.holder] for one in self.works
        )

    def _read_targets(self) -> None:
        """Who may have each work, as one long list: pairs `first[i]` to `first[i + 1]` are i's."""
        able = {one.mediator_id for one in self.people if one.availability > 0}
        shared: dict[frozenset[int], list[int]] = {}
        each = []
        for one in self.works:
            if one.eligible not in shared:
                shared[one.eligible] = sorted(self.person_number[x] for x in one.eligible & able)
            each.append(shared[one.eligible])
        sizes = _ints(len(one) for one in each)
        self.first = np.concatenate([[0], sizes.cumsum()]).astype(np.int64)
        self.pair_work = np.repeat(np.arange(len(each)), sizes)
        self.pair_person = _ints(person for one in each for person in one)
        self.pair_distance = self._distances()
        keeps = np.zeros(len(each), dtype=bool)
        keeps[self.pair_work[self.pair_person == self.holder[self.pair_work]]] = True
        self.mandatory: NDArray[np.bool_] = ~keeps
        locked = np.array([one.locked is not None for one in self.works], dtype=bool)
        self.free: NDArray[np.bool_] = ~locked & ~self.mandatory
        self.movable: NDArray[np.bool_] = (self.free | self.mandatory) & (sizes > 0)

    def _distances(self) -> Floats:
        if not self.pool.distance:
            return np.zeros(len(self.pair_work))
        ids = [one.mediator_id for one in self.people]
        get, case_ids = self.pool.distance.get, self.case_id.tolist()
        pairs = zip(self.pair_work.tolist(), self.pair_person.tolist(), strict=True)
        return np.array([get((case_ids[i], ids[j]), 0.0) for i, j in pairs], dtype=np.float64)

    def _start(self) -> None:
        self.at = self.holder.copy()
        held = self.holder >= 0
        size = len(self.people)
        self.count = self.fixed_cases + np.bincount(self.holder[held], minlength=size)
        self.load = self.fixed_weight + _sums(self.holder[held], self.weight[held], size)
        self.load_before, self.count_before = self.load.copy(), self.count.copy()
        stays = held & ~self.movable
        self.floor = self.fixed_weight + _sums(self.holder[stays], self.weight[stays], size)
        # Nobody has to give cases away because a limit came after them.
        self.capacity = np.maximum(_ints(one.capacity for one in self.people), self.count)
        most = int(np.bincount(self.holder[held], minlength=1).max(initial=0))
        self.queues = Queues(effort=self.effort, due=self.due, rate=self.rate, idle=most + 8)
        for person in range(size):
            self._requeue(person)
        self.late_before = self.late_by_person()
        self.late_total_before = self.late_total()

    def _requeue(self, person: int) -> None:
        numbers = np.flatnonzero(self.at == person)
        stayed = self.holder[numbers] == person
        self.queues.place(person, numbers, np.where(stayed, self.handover[numbers], HANDOVER))

    def targets(self, work: int) -> Ints:
        """Who may have the work and is there, by number."""
        return self.pair_person[self.first[work] : self.first[work + 1]]

    def distances(self, work: int) -> Floats:
        """How far the work is from each of its `targets`."""
        return self.pair_distance[self.first[work] : self.first[work + 1]]

    def distance(self, work: int, person: int) -> float:
        """How far the work is from one person."""
        mediator_id = self.people[person].mediator_id
        return float(self.pool.distance.get((int(self.case_id[work]), mediator_id), 0.0))

    def late_by_person(self) -> Ints:
        """Late cases of each person by the projection, as it stands."""
        late: Ints = self.queues.late.copy()
        return late

    def late_total(self) -> int:
        """Late cases of all; a case that is nobody's is late, for nobody works on it."""
        return int(self.queues.late.sum() + (self.at == NOBODY).sum())

    def ceilings(self, tau: int) -> Ints:
        """The weight that each may have at a load of `tau`: what cannot move is a floor."""
        most: Ints = np.maximum(self.availability * tau // 10, self.floor)
        return most

    def give(self, work: int, target: int) -> None:
        """Move one work; NOBODY takes it from everybody."""
        for person in self._hand_on(work, target):
            self._requeue(person)

    def take_back(self, steps: Sequence[Step]) -> None:
        """Put every work of `steps` back where it was, as if one after the other from the last."""
        touched: set[int] = set()
        for step in reversed(steps):
            touched |= self._hand_on(step.work, step.origin)
        for person in touched:
            self._requeue(person)

    def _hand_on(self, work: int, target: int) -> set[int]:
        """Move one work in all but the queues; whose have to be made anew."""
        origin = int(self.at[work])
        self.at[work] = target
        for person, sign in ((origin, -1), (target, 1)):
            if person != NOBODY:
                self.load[person] += sign * self.weight[work]
                self.count[person] += sign
        return {origin, target} - {NOBODY}

    def undo_change(self, work: int) -> int:
        """Late cases more (negative: fewer) if the work goes back to its holder."""
        here, home = int(self.at[work]), int(self.holder[work])
        numbers, spared = self.queues.spared(here)
        own = np.array([work])
        added = self.queues.added(own, np.array([home]), self.handover[own])
        return int(added[0]) - int(spared[np.searchsorted(numbers, work)])

    def can_return(self, work: int, ceilings: Ints) -> bool:
        """Whether the holder of before has room for it: as much as they had then, or as now."""
        home = int(self.holder[work])
        most = max(int(ceilings[home]), int(self.load_before[home]))
        return bool(
            self.load[home] + self.weight[work] <= most
            and self.count[home] + 1 <= self.capacity[home]
        )

    def peak(self) -> int:
        """The highest load per full-time post of whoever is there."""
        return max(self._loads(), default=0)

    def _loads(self) -> Iterator[int]:
        for weight, availability in zip(
            self.load.tolist(), self.availability.tolist(), strict=True
        ):
            yield load_per_post(weight, availability)

    def loads(self) -> list[int]:
        """The load per full-time post of each, in the order of the people."""
        return list(self._loads())


def _ints(values: Iterable[int]) -> Ints:
    return np.array(list(values), dtype=np.int64)


def _sums(people: Ints, weights: Ints, size: int) -> Ints:
    sums: Ints = np.rint(np.bincount(people, weights=weights, minlength=size)).astype(np.int64)
    return sums
