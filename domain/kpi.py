"""The county's figures, each defined once: what is counted, of what, over which days, and why.

A figure is data. Screens, wall and files take its value from `value`, its words from texts/kpi.py,
and its counts from data_access/queries/figures.py, so that the same name is the same number.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median

from domain.clocks import BEIJING

# What counts as settled: an agreement in writing or orally, or the parties' own reconciliation
# (人民调解法 28 to 30; 人民法院在线调解规则 25(二)).
SETTLED_OUTCOMES = frozenset({"O01", "O02", "O03"})
# Left out of a rate of settling: a party's refusal is lawful (人民调解法 17) and says nothing of
# the mediator; out of scope, referred to the police (人民调解法 25) and entered twice are no
# disputes to be settled here.
NOT_HANDLED = frozenset({"O12", "O13", "O14"})
NOT_TO_BE_SETTLED = NOT_HANDLED | {"O05"}
# 随手调: found and settled by a grid worker on the way.
ON_THE_WAY_SOURCE = "S01"


class FigureKey(StrEnum):
    """The figures of the map, in the order in which they are offered."""

    OPEN = "open"  # 在办
    OVERDUE = "overdue"  # 超期
    RED = "red"  # 红色风险
    NEW = "new"  # 新登记
    PER_THOUSAND = "per_thousand"  # 每千户新登记
    RESOLUTION = "resolution"  # 化解率(按登记批次)
    ON_THE_SPOT = "on_the_spot"  # 随手调占比
    MEDIAN_DAYS = "median_days"  # 办结天数中位数
    CHANGE = "change"  # 较上一时段


class Better(StrEnum):
    """Which way is good. More disputes told of is neither: a quiet register can be a bad one."""

    DOWN = "down"
    UP = "up"
    NEITHER = "neither"


class Measure(StrEnum):
    """What a value is in."""

    CASES = "cases"
    PER_THOUSAND = "per_thousand"
    PERCENT = "percent"
    DAYS = "days"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `numerator` and `denominator` name counts of AreaCounts; the latter may be none.

    `at_moment`: it is of a moment, not of the days of a window. `adds_up`: an area's value is the
    sum of those of its parts.
    """

    key: FigureKey
    measure: Measure
    better: Better
    numerator: str
    denominator: str = ""
    at_moment: bool = False
    adds_up: bool = False

    @property
    def is_rate(self) -> bool:
        """Whether it rests on a base that can be too small to say anything."""
        return bool(self.denominator)


FIGURES: dict[FigureKey, Figure] = {
    one.key: one
    for one in (
        Figure(FigureKey.OPEN, Measure.CASES, Better.NEITHER, "open", at_moment=True, adds_up=True),
        Figure(
            FigureKey.OVERDUE, Measure.CASES, Better.DOWN, "overdue", at_moment=True, adds_up=True
        ),
        Figure(FigureKey.RED, Measure.CASES, Better.DOWN, "red", at_moment=True, adds_up=True),
        Figure(FigureKey.NEW, Measure.CASES, Better.NEITHER, "new", adds_up=True),
        Figure(FigureKey.PER_THOUSAND, Measure.PER_THOUSAND, Better.NEITHER, "new", "households"),
        Figure(FigureKey.RESOLUTION, Measure.PERCENT, Better.UP, "resolved", "cohort"),
        Figure(FigureKey.ON_THE_SPOT, Measure.PERCENT, Better.UP, "on_the_spot", "settled"),
        Figure(FigureKey.MEDIAN_DAYS, Measure.DAYS, Better.DOWN, "days", "closed"),
        # Parts of what was split stand together against the whole: each says the same.
        Figure(FigureKey.CHANGE, Measure.DIFFERENCE, Better.NEITHER, "new"),
    )
}


@dataclass(frozen=True, slots=True)
class Window:
    """Whole days in Beijing, the first and the last included. Raises ValueError the wrong way."""

    first_day: date
    last_day: date

    def __post_init__(self) -> None:
        """Refuse a window that ends before it begins."""
        if self.last_day < self.first_day:
            msg = f"{self.first_day} lies after {self.last_day}"
            raise ValueError(msg)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last_day - self.first_day).days + 1

    @property
    def starts_at(self) -> datetime:
        """Its first moment."""
        return datetime.combine(self.first_day, time.min, BEIJING)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last_day + timedelta(days=1), time.min, BEIJING)

    def before(self) -> "Window":
        """As many days, right before it."""
        last = self.first_day - timedelta(days=1)
        return Window(last - timedelta(days=self.days - 1), last)

    def parts(self, most: int = 30) -> list["Window"]:
        """It in at most so many parts, in order; their lengths differ by one day at the most.

        A short last part would be read as a fall.
        """
        count = -(-self.days // -(-self.days // most))
        starts = [self.days * number // count for number in range(count + 1)]
        return [
            Window(self.first_day + timedelta(days=start), self.first_day + timedelta(days=end - 1))
            for start, end in pairwise(starts)
        ]


@dataclass(frozen=True, slots=True)
class AreaCounts:
    """What figures are made of, for one area; of areas without a case in common, it adds up.

    `open`, `soon`, `overdue`, `paused` and `red` are of a moment: overdue as the lamp says it, so
    what stands still is neither soon nor late; of the paused, `parking_over` are parked for longer
    than they should be, which only the present knows. The others are of a window: `new` registered
    in it, `new_before` in the one before, `cohort` those of it that are there to be settled and
    `resolved` those settled by now and `pending` those without a result; `closed` in it,
    `settled` of these, `on_the_spot` of these, and from registration to closing the `days` of each.
    """

    open: int = 0
    soon: int = 0
    overdue: int = 0
    paused: int = 0
    parking_over: int = 0
    red: int = 0
    new: int = 0
    new_before: int = 0
    cohort: int = 0
    resolved: int = 0
    pending: int = 0
    closed: int = 0
    settled: int = 0
    on_the_spot: int = 0
    days: tuple[float, ...] = ()

    def __add__(self, other: "AreaCounts") -> "AreaCounts":
        """The counts of both together."""
        return AreaCounts(
            *(getattr(self, one.name) + getattr(other, one.name) for one in fields(AreaCounts))
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure of an area: None where there is nothing to say. `base` is what it rests on.

    `count` is the numerator, a whole number of cases.
    """

    value: float | None
    count: int
    base: int


def value(figure: Figure, counts: AreaCounts, *, households: int | None) -> Measured:
    """A figure out of counts: a count, a share in per cent, a rate per 1,000, days, a difference.

    Without a base there is no rate: a share of nothing is not 0 %.
    """
    count = len(counts.days) if figure.numerator == "days" else getattr(counts, figure.numerator)
    match figure.measure:
        case Measure.CASES:
            return Measured(float(count), count, count)
        case Measure.DIFFERENCE:
            return Measured(float(count - counts.new_before), count, count + counts.new_before)
        case Measure.DAYS:
            return Measured(median(counts.days) if counts.days else None, count, count)
        case Measure.PER_THOUSAND:
            base = households or 0
            return Measured(1000 * count / base if base else None, count, base)
        case Measure.PERCENT:
            base = getattr(counts, figure.denominator)
            return Measured(100 * count / base if base else None, count, base)


def total(counts: Iterable[AreaCounts]) -> AreaCounts:
    """The counts of many areas together."""
    return sum(counts, start=AreaCounts())
