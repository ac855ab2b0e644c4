"""Which days are worked: the plain week, the official holidays and make-up days, half days."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

SATURDAY = 5
# How long before days without their official arrangement people are told: longer than any default
# limit with the holidays that lengthen it. The State Council's notice mostly comes in November.
GAP_TOLD_BEFORE = timedelta(days=60)
FULL_DAY, HALF_DAY = 2, 1


class DayKind(StrEnum):
    """What a day is in the work calendar."""

    WORKING = "working"  # 工作日
    MAKE_UP = "make_up"  # 调休上班
    HALF = "half"  # 半天班
    WEEKEND = "weekend"  # 周末
    HOLIDAY = "holiday"  # 放假


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A day of which it is said how much of it is worked: 0, 1 or 2 half days, and why."""

    day: date
    halves: int
    note: str


@dataclass(frozen=True)
class WorkCalendar:
    """Days that differ from the plain week: False for a day off, True for a make-up day (调休).

    On `half_days` offices work half a day. Until `complete_until`, the last day of a year, the
    official arrangement is entered. After it only the holidays that the law itself fixes are known,
    and a deadline may still move.
    """

    exceptions: Mapping[date, bool] = field(default_factory=dict)
    complete_until: date = date.min
    half_days: frozenset[date] = frozenset()

    def with_days(self, days: Iterable["NamedDay"]) -> "WorkCalendar":
        """The calendar with these days as they are said to be, whatever they were before."""
        exceptions, half_days = dict(self.exceptions), set(self.half_days)
        for one in days:
            exceptions.pop(one.day, None)
            half_days.discard(one.day)
            if one.halves == HALF_DAY:
                half_days.add(one.day)
            else:
                exceptions[one.day] = one.halves == FULL_DAY
        return replace(self, exceptions=exceptions, half_days=frozenset(half_days))

    def is_working(self, day: date) -> bool:
        """Whether offices work on this day, all of it or half."""
        return day in self.half_days or self.exceptions.get(day, day.weekday() < SATURDAY)

    def kind(self, day: date) -> DayKind:
        """What the day is."""
        if day in self.half_days:
            return DayKind.HALF
        weekend = day.weekday() >= SATURDAY
        if self.is_working(day):
            return DayKind.MAKE_UP if weekend else DayKind.WORKING
        # A Saturday inside a holiday is told as what the plain week makes of it.
        return DayKind.WEEKEND if weekend else DayKind.HOLIDAY

    def halves(self, day: date) -> int:
        """How much of a working day it is, in half days: 0, 1 or 2."""
        if day in self.half_days:
            return HALF_DAY
        return FULL_DAY if self.is_working(day) else 0

    def gap(self, *, today: date) -> date | None:
        """The first day of which the arrangement is missing, once it is near or here; or None."""
        if self.complete_until > today + GAP_TOLD_BEFORE - timedelta(days=1):
            return None
        return self.complete_until + timedelta(days=1)

    def working_day_after(self, day: date, count: int) -> date:
        """The day on which `count` working days after `day` are full; `day` itself for 0."""
        halves = count * FULL_DAY
        while halves > 0:
            day += timedelta(days=1)
            halves -= self.halves(day)
        return day

    def first_working_day_from(self, day: date) -> date:
        """`day`, or the next working day where it is a day off (民法典 203)."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day
