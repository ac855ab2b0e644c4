"""Areas that were merged or split: what of the past is told of which area of today."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from domain.kpi import AreaCounts, total

Pair = tuple[int, int]  # (the unit that ended, one that came after it)


def heirs(unit: int, pairs: Iterable[Pair], current: Collection[int]) -> frozenset[int]:
    """The areas of today that a unit became, over any number of changes; itself where it is one."""
    return _heirs(unit, _after(pairs), current)


def _heirs(
    unit: int, after: Mapping[int, Collection[int]], current: Collection[int]
) -> frozenset[int]:
    found, seen, waiting = set(), set(), [unit]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if one in current:
            found.add(one)
        else:
            waiting += after.get(one, ())
    return frozenset(found)


def folded(
    counts: Mapping[int | None, AreaCounts], pairs: Iterable[Pair], current: Collection[int]
) -> dict[int | None, AreaCounts]:
    """Counts by the areas of today. Nothing is lost: the total stays the same.

    What lies in a unit that was merged is its successor's. What lies in one that was split belongs
    to none of its parts rather than to another, so it is counted under None.
    """
    after = _after(pairs)
    found: dict[int | None, AreaCounts] = {}
    for unit, held in counts.items():
        became = frozenset() if unit is None else _heirs(unit, after, current)
        (heir,) = became if len(became) == 1 else (None,)
        found[heir] = found[heir] + held if heir in found else held
    return found


def of_one_ground(changes: Iterable[tuple[int, int, date]], *, since: date) -> list[Pair]:
    """The pairs that a comparison from a day on has to take together: (unit, successor, day).

    What was split by then has parts with a history of their own; what was merged stays merged.
    """
    known = list(changes)
    parts = Counter(unit for unit, _successor, _day in known)
    return [(unit, later) for unit, later, day in known if day > since or parts[unit] == 1]


def comparable(
    counts: Mapping[int | None, AreaCounts], pairs: Iterable[Pair], current: Collection[int]
) -> dict[int | None, AreaCounts]:
    """For each area of today, the counts of all that it shares a history with, itself included.

    So a change against an earlier time compares the same ground: the parts of a split unit stand
    together against the whole that they were.
    """
    group: dict[int, int] = {}

    def root(unit: int) -> int:
        while group.setdefault(unit, unit) != unit:
            unit = group[unit]
        return unit

    for before, later in pairs:
        group[root(before)] = root(later)
    together: dict[int, list[AreaCounts]] = defaultdict(list)
    for unit, held in counts.items():
        if unit is not None:
            together[root(unit)].append(held)
    sums = {one: total(held) for one, held in together.items()}
    return {unit: sums.get(root(unit), AreaCounts()) for unit in current}


def _after(pairs: Iterable[Pair]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for before, later in pairs:
        found[before].append(later)
    return found
