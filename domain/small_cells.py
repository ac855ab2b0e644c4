"""Small cells: which counts may be shown where everybody looks on, and which tell of persons.

A wall in a hall is disclosure (个人信息保护法 25): of one or two cases in a community, or of one
kind or end, the neighbours know whose they are. Counts of the office's own work (open, due, late,
waiting) by town or department describe offices, and are shown as they are.

The rule keeps one screen from telling. It does not keep anybody from noting what it showed an hour
ago, when a figure was large enough to be shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

# Of fewer cases persons could be recognised; of family, medical and minors' matters even of these.
FEWEST_TOLD, FEWEST_SENSITIVE = 3, 5
# A rate on fewer cases, or a change from fewer, is drawn for nobody who may not open the cases.
LEAST_BASE = 20
# GB/T 31000-2015 table 91: 婚恋家庭 (with 抚养赡养监护), 教育机构 (nearly always about a minor),
# 医疗损害, 计划生育管理.
SENSITIVE_TYPES = ("01", "0501", "0502", "1307")
_PAIR = 2


def fewest_told(type_code: str) -> int:
    """From how many cases on a count of this type is told; a group goes by its gravest type."""
    grave = any(type_code.startswith(one) or one.startswith(type_code) for one in SENSITIVE_TYPES)
    return FEWEST_SENSITIVE if grave else FEWEST_TOLD


def tells_too_much(count: int, base: int) -> bool:
    """Whether from a share of `count` in `base` one or two cases could be reckoned.

    It rests on too few; or nearly all or nearly none are counted: 29 in 30 tells of the one.
    """
    return base < LEAST_BASE or 0 < min(count, base - count) < FEWEST_TOLD


@dataclass(frozen=True, slots=True)
class Rate:
    """A share in per cent with the number of cases that it rests on; None where it is not told."""

    percent: float | None
    base: int | None


def rate(count: int, base: int) -> Rate:
    """A share as it may be told."""
    if tells_too_much(count, base):
        return Rate(None, None)
    return Rate(100 * count / base, base)


@dataclass(frozen=True, slots=True)
class Cell:
    """A count as it may be told. None: fewer than `under`, and not none.

    With `under` 0 it is held back, whatever it is, so that another cannot be reckoned from it.
    """

    count: int | None
    under: int = 0


HELD_BACK = Cell(None)


def alone(count: int, *, least: int = FEWEST_TOLD) -> Cell:
    """A count beside which no total is shown that it is a part of."""
    return Cell(None, least) if 0 < count < least else Cell(count)


def beside_total(counts: Sequence[int], *, least: Sequence[int]) -> tuple[Cell, ...]:
    """All parts of a total that is known: as many as can be told so that no small one is known.

    `least` is for each part from how many on it is told. Whoever knows the total, what is told, and
    this very rule finds for each part that is not told at least two values that fit; so what is
    held back never depends on a small count but in ways that can be read from what is told. Of one
    part alone nothing can be kept: it is its total.
    """
    small = [place for place, count in enumerate(counts) if 0 < count < least[place]]
    if not small:
        return tuple(map(Cell, counts))
    hidden = _hidden(counts, least, small)
    if hidden is None:
        # Not even where there is none: of one case in a town, the zeros would tell whose it is.
        return (HELD_BACK,) * len(counts)
    return tuple(
        Cell(count) if place not in hidden
        else Cell(None, least[place]) if place in small
        else HELD_BACK
        for place, count in enumerate(counts)
    )  # fmt: skip


def _hidden(
    counts: Sequence[int], least: Sequence[int], small: Sequence[int]
) -> frozenset[int] | None:
    """The parts that must not be told, where the others may; None where none may."""
    # Of two, whatever is told of one tells the other; of few in all, there are few ways to lie.
    if len(counts) == _PAIR or sum(counts) <= max(least):
        return None
    if len(small) > 1 and not _at_an_end(counts, least, small):
        # Each can be less by one while another is more.
        return frozenset(small)
    others = (place for place, count in enumerate(counts) if count and place not in small)
    taken = next(others, None)
    if taken is None:
        return None
    # The first of the others goes with them, in the order of the parts: to choose the next smallest
    # would tell that it is no larger than any that is shown.
    together = counts[taken] + sum(counts[place] for place in small)
    fitting = [one for one in _possible(least, small) if together - sum(one) >= least[taken]]
    return frozenset([*small, taken]) if len(fitting) > 1 else None


def _at_an_end(counts: Sequence[int], least: Sequence[int], small: Sequence[int]) -> bool:
    """Whether all small parts are as small, or all as large, as small ones can be."""
    together = sum(counts[place] for place in small)
    return together in {len(small), sum(least[place] - 1 for place in small)}


def _possible(least: Sequence[int], small: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """What small parts can be that must not stand alone: a single one anything, several an end."""
    if len(small) == 1:
        return product(range(1, least[small[0]]))
    return iter([(1,) * len(small), tuple(least[place] - 1 for place in small)])
