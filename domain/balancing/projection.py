"""Which cases will be late: the works of one mediator by due date, one after the other.

A mediator clears `speed * availability / 10` tenths of points a day. A case is late where the sum
of what is due before it and of itself, and its hand-over, ends after its due day. Time is counted
in whole ten-thousandths of a day, so that two ways to reckon it agree to the last case.

The order is the one by due date: nobody works exactly so, and the figure is a yardstick for
comparing plans, not a promise.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from domain.balancing.pool import HANDOVER_DAYS, Person, Work

PARTS_OF_A_DAY = 10_000
HANDOVER = round(HANDOVER_DAYS * PARTS_OF_A_DAY)
# Nobody works on it: longer than any due date, short enough that sums of it stay exact.
NEVER = 10**12

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def parts(days: float) -> int:
    """Days in ten-thousandths, rounded."""
    return round(days * PARTS_OF_A_DAY)


def durations(effort: Floats, rate: Floats | float) -> Ints:
    """How long each effort takes at each rate (tenths of points a day), in parts of a day."""
    works = rate > 0
    days = np.where(works, effort * PARTS_OF_A_DAY / np.where(works, rate, 1.0), float(NEVER))
    whole: Ints = np.rint(np.minimum(days, float(NEVER))).astype(np.int64)
    return whole


def rate_of(person: Person) -> float:
    """Tenths of points that the mediator clears in a day of the coming 14."""
    return person.speed * person.availability / 10


def late_cases(person: Person, works: Iterable[Work]) -> tuple[int, ...]:
    """The ids of `works` that will be late if `person` has them all, in the order of due dates.

    Works of the same due date go by id. Somebody who is away is late with all of them.
    """
    queue = sorted(works, key=lambda work: (parts(work.due_in), work.case_id))
    efforts = np.array([work.effort for work in queue], dtype=np.float64)
    ends = durations(efforts, rate_of(person)).cumsum()
    return tuple(
        work.case_id
        for work, end in zip(queue, ends, strict=True)
        if end + parts(work.handover) > parts(work.due_in)
    )


class Queues:
    """The queues of everybody as rows of tables, so that one question is asked of many at once.

    A work's number is its place in the order of due dates over the whole pool, so that numbers
    order every queue. Row j holds the numbers of j's works, their lengths and what time each has
    left (below 0: late); unused places hold -1, 0 and -1.
    """

    def __init__(self, *, effort: Floats, due: Ints, rate: Floats, idle: int) -> None:
        self._effort, self._due, self._rate = effort, due, rate
        self._numbers = np.full((len(rate), max(idle, 1)), -1, dtype=np.int64)
        self._length = np.zeros_like(self._numbers)
        self._left = np.full_like(self._numbers, -1)
        self.late = np.zeros(len(rate), dtype=np.int64)

    def place(self, person: int, numbers: Ints, handover: Ints) -> None:
        """Give `person` exactly the works `numbers` (ascending), with their hand-over times."""
        size = len(numbers)
        if size > self._numbers.shape[1]:
            self._widen(size + 8)
        length = durations(self._effort[numbers], float(self._rate[person]))
        left = self._due[numbers] - handover - length.cumsum()
        for table, values, empty in (
            (self._numbers, numbers, -1),
            (self._length, length, 0),
            (self._left, left, -1),
        ):
            table[person, :size] = values
            table[person, size:] = empty
        self.late[person] = int((left < 0).sum())

    def _widen(self, size: int) -> None:
        more = ((0, 0), (0, size - self._numbers.shape[1]))
        self._numbers = np.pad(self._numbers, more, constant_values=-1)
        self._length = np.pad(self._length, more)
        self._left = np.pad(self._left, more, constant_values=-1)

    def added(self, works: Ints, people: Ints, handover: int | Ints = HANDOVER) -> Ints:
        """Late cases more at each of `people` if they get the work beside it in `works`."""
        own = durations(self._effort[works], self._rate[people])
        left = self._left[people]
        pushed = (left >= 0) & (left < own[:, None]) & (self._numbers[people] > works[:, None])
        late = self.ends(works, people) + handover > self._due[works]
        return np.asarray(pushed.sum(axis=1) + late, dtype=np.int64)

    def ends(self, works: Ints, people: Ints) -> Ints:
        """When each work would be done, without its hand-over, in the queue of the person."""
        own = durations(self._effort[works], self._rate[people])
        after = self._numbers[people] > works[:, None]
        before = np.where(after, 0, self._length[people]).sum(axis=1)
        return np.asarray(before + own, dtype=np.int64)

    def spared(self, person: int) -> tuple[Ints, Ints]:
        """The works of a queue, and the late cases fewer there if each of them leaves it."""
        size = int((self._numbers[person] >= 0).sum())
        left, length = self._left[person, :size], self._length[person, :size]
        saved = (left < 0) & (left + length[:, None] >= 0)
        own = left < 0
        return self._numbers[person, :size], np.triu(saved, 1).sum(axis=1) + own
