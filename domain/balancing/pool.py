"""Who there is, what is to be done, and how far everybody is from it: what a plan is made from.

Weights are tenths of points (a standard case has 10), efforts the same measure of what remains to
be done, availability tenths of a full-time post over the next 14 days, time is in days from now.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

MOST_AVAILABLE = 10
# A case that changes hands stands still for a day: the file is read, the parties are told.
HANDOVER_DAYS = 1.0
# Beyond any weight, effort or number of days that is meant.
_MOST = 10**6


class BadPool(ValueError):
    """The pool contradicts itself: an id twice, a holder who is not among the people, …"""


class Lock(StrEnum):
    """Why a case stays where it is, unless its holder cannot keep it."""

    MID_MEDIATION = "mid_mediation"  # 调解中途
    AGREEMENT = "agreement"  # 正在拟协议
    PINNED = "pinned"  # 主管指定不动
    MOVED_LATELY = "moved_lately"  # 14 天内刚改派
    CHOSEN_BY_PARTIES = "chosen_by_parties"  # 当事人选定(人民调解法 19)
    NOT_ASKED = "not_asked"  # 不在所选之列


@dataclass(frozen=True, slots=True)
class Person:
    """A mediator.

    `fixed_weight` and `fixed_cases` are what the mediator carries beside the works of the pool:
    standing duties, and cases that the pool does not list. A locked case that the pool does list
    is counted there, not here. `speed`: tenths of points cleared in a full-time day.
    """

    mediator_id: int
    availability: int
    capacity: int
    fixed_weight: int
    fixed_cases: int
    speed: float


@dataclass(frozen=True, slots=True)
class Work:
    """An open case. `due_in`: days from now, negative when late; `holder`: None while nobody's.

    `eligible` are the mediators who may have it, the holder among them only while that is so.
    `handover`: days until work on it can begin again, for a case that has just moved.
    """

    case_id: int
    weight: int
    effort: float
    due_in: float
    holder: int | None
    eligible: frozenset[int]
    locked: Lock | None = None
    handover: float = 0.0


@dataclass(frozen=True, slots=True)
class Pool:
    """People, works, and the distance of a case to a mediator (0 where none is given)."""

    people: tuple[Person, ...]
    works: tuple[Work, ...]
    distance: Mapping[tuple[int, int], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise BadPool for what no plan could make sense of."""
        _require_once((one.mediator_id for one in self.people), "mediator")
        _require_once((one.case_id for one in self.works), "case")
        known = {one.mediator_id for one in self.people}
        if strangers := {work.holder for work in self.works} - known - {None}:
            raise BadPool(f"{len(strangers)} holders are not among the people")
        if any(not _sound_person(one) for one in self.people):
            raise BadPool("a mediator with figures out of range")
        if not all(map(_sound_work, self.works)):
            raise BadPool("a case with figures out of range")


def _require_once(ids: Iterable[int], what: str) -> None:
    if twice := [one for one, times in Counter(ids).items() if times > 1]:
        raise BadPool(f"{what} given more than once: {sorted(twice)[:3]}")


def _sound_person(person: Person) -> bool:
    return 0 <= person.availability <= MOST_AVAILABLE and (
        min(person.capacity, person.fixed_weight, person.fixed_cases) >= 0
        and 0 <= person.speed < _MOST
    )


def _sound_work(work: Work) -> bool:
    return (
        0 <= work.weight < _MOST
        and 0 <= work.effort < _MOST
        and abs(work.due_in) < _MOST
        and 0 <= work.handover < _MOST
    )


def load_per_post(weight: int, availability: int) -> int:
    """Tenths of points per full-time post, rounded up: never raw counts, never raw points.

    Somebody who is not there at all has no load; the cases they hold have to go to somebody else.
    """
    return -(-10 * weight // availability) if availability else 0


def without(pool: Pool, away: frozenset[int]) -> Pool:
    """The pool with these mediators away for the whole time."""
    if not away:
        return pool
    people = tuple(
        replace(one, availability=0) if one.mediator_id in away else one for one in pool.people
    )
    return replace(pool, people=people)


def moved(pool: Pool, to: Mapping[int, int]) -> Pool:
    """The pool after a plan was carried out: `to` says who has each moved case now."""

    def after(work: Work) -> Work:
        if work.case_id not in to or to[work.case_id] == work.holder:
            return work
        return replace(
            work,
            holder=to[work.case_id],
            locked=Lock.MOVED_LATELY,
            handover=HANDOVER_DAYS,
        )

    return replace(pool, works=tuple(after(work) for work in pool.works))


def works_of(pool: Pool, mediator_id: int) -> Sequence[Work]:
    """What the mediator holds, in the order of the pool."""
    return [work for work in pool.works if work.holder == mediator_id]
