"""Classes of a map: five colours for many values, with limits that can be read aloud.

Areas with the same value always have the same colour, so a class may hold more than its share.
"""

import math
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from domain.kpi import Figure, Measure, Measured
from domain.small_cells import FEWEST_TOLD, LEAST_BASE, tells_too_much

CLASSES = 5
# Fewer cases than are told are shown as one class, "0-2".
MOST_SUPPRESSED = FEWEST_TOLD - 1
SUPPRESSED, NO_DATA = "s", "-"


@dataclass(frozen=True, slots=True)
class Classes:
    """Upper limits of all classes but the last, ascending; a value on a limit belongs below it.

    `first` is the number of the lowest class: fewer than five distinct values use the darker end.
    """

    limits: tuple[float, ...]
    first: int = 0

    def of(self, value: float) -> int:
        """The class of a value, 0 to 4."""
        return self.first + bisect_left(self.limits, value)


def quantile(values: Collection[float]) -> Classes:
    """Classes with about as many areas each; equal values are never divided.

    Of few distinct values each has a colour of its own, the highest the darkest, nought the
    lightest.
    """
    ordered = sorted(values)
    distinct = sorted(set(ordered))
    missing = CLASSES - len(distinct)
    if missing >= 0:
        limits = tuple(distinct[:-1])
        if distinct[:1] == [0]:
            return Classes((0.0,) * missing + limits)
        return Classes(limits, min(missing, CLASSES - 1))
    share = len(ordered) / CLASSES
    picked = {ordered[math.ceil(share * number) - 1] for number in range(1, CLASSES)}
    # The highest value bounds no class, and where many are equal others have to divide the rest.
    picked.discard(distinct[-1])
    spare = [one for one in distinct[:-1] if one not in picked]
    return Classes(tuple(sorted([*picked, *spare[: CLASSES - 1 - len(picked)]])))


def fixed(values: Collection[float], measure: Measure) -> Classes:
    """Five steps of one round width (1, 2 or 5 times a power of ten); a share has steps of 20."""
    if measure is Measure.PERCENT:
        return Classes((20.0, 40.0, 60.0, 80.0))
    width = _round_up(max(values, default=0) / CLASSES)
    return Classes(tuple(width * number for number in range(1, CLASSES)))


def diverging(values: Collection[float]) -> Classes:
    """Much less, less, unchanged, more, much more: "much" is over half of the widest change."""
    widest = max((abs(one) for one in values), default=0)
    much = max(1.0, math.floor(widest / 2))
    # A value on a limit belongs below it: -much is much less, and much is not yet much more.
    return Classes((-much, math.nextafter(0, -1), 0, much))


def _round_up(width: float) -> float:
    if width <= 1:
        return 1.0
    power = 10 ** math.floor(math.log10(width))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= width))


def is_small(figure: Figure, measured: Measured) -> bool:
    """Whether a figure is one of "0-2" where small ones are suppressed."""
    counts = {Measure.CASES, Measure.PER_THOUSAND}
    return figure.measure in counts and measured.count <= MOST_SUPPRESSED


def says_too_little(figure: Figure, measured: Measured) -> bool:
    """Whether a rate, a median or a change is drawn for nobody who may not open the cases.

    It rests on too few, or one or two cases could be reckoned from it: a share of 29 in 30 tells
    of the one.
    """
    match figure.measure:
        case Measure.CASES:
            return False
        case Measure.DIFFERENCE:
            least = min(measured.count, measured.base - measured.count)
            return measured.base < LEAST_BASE or least <= MOST_SUPPRESSED
        case Measure.PERCENT:
            return tells_too_much(measured.count, measured.base)
        case Measure.DAYS | Measure.PER_THOUSAND:
            return measured.base < LEAST_BASE


def gives_way(figure: Figure, found: Sequence[Measured]) -> bool:
    """Whether a level says nothing where small figures are suppressed: most of its areas are small.

    Then the level above is drawn. What this form guarantees is that no figure of one to two cases
    is shown by itself; it does not keep anybody from subtracting towns from the county.
    """
    silent = sum(is_small(figure, one) or says_too_little(figure, one) for one in found)
    return silent * 2 > len(found)


def marks(figure: Figure, found: Sequence[Measured], classes: Classes, *, suppressed: bool) -> str:
    """One character an area: its class "0" to "4", SUPPRESSED, or NO_DATA."""
    return "".join(_mark(figure, one, classes, suppressed=suppressed) for one in found)


def shown(figure: Figure, found: Sequence[Measured], *, suppressed: bool) -> list[float]:
    """The values that classes are made of."""
    return [
        one.value
        for one in found
        if one.value is not None
        and not (suppressed and (is_small(figure, one) or says_too_little(figure, one)))
    ]


def _mark(figure: Figure, one: Measured, classes: Classes, *, suppressed: bool) -> str:
    if one.value is None or (suppressed and says_too_little(figure, one)):
        return NO_DATA
    if suppressed and is_small(figure, one):
        return SUPPRESSED
    return str(classes.of(one.value))
