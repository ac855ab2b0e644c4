"""Deadlines: one function from a start, a limit and a work calendar to a moment.

Periods count as the Civil Code counts them: the day of the start is not counted (民法典 201), the
last day ends at 24:00, and where it is a day off it moves to the next working day (民法典 203).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from functools import lru_cache

from domain.cases import Difficulty, Lamp, Stage

# China keeps one civil time without daylight saving (北京时间), so a fixed offset is exact for the
# years this product covers and costs no time-zone database.
BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
SATURDAY = 5
# The lamp turns when 70 % of the limit is used (四川网格化服务管理系统: floor(0.7 x limit)).
SOON_TENTHS = 7
# How long before days without their official arrangement people are told: longer than any default
# limit with the holidays that lengthen it. The State Council's notice mostly comes in November.
GAP_TOLD_BEFORE = timedelta(days=60)


def day_of(moment: datetime) -> date:
    """The day of a moment in Beijing time."""
    return moment.astimezone(BEIJING).date()


class LimitUnit(StrEnum):
    """What a limit counts in. Never mixed silently."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"


@dataclass(frozen=True, slots=True)
class Limit:
    """How long one stage may take, from which day this rule holds, and who says so."""

    stage: Stage
    amount: int
    unit: LimitUnit
    difficulty: Difficulty | None = None
    valid_from: date = date.min
    valid_to: date | None = None
    source: str = ""


@dataclass(frozen=True)
class WorkCalendar:
    """Days that differ from the plain week: False for a day off, True for a make-up day (调休).

    Until `complete_until`, the last day of a year, the official arrangement is entered. After it
    only the holidays that the law itself fixes are known, and a deadline may still move.
    """

    exceptions: Mapping[date, bool] = field(default_factory=dict)
    complete_until: date = date.min

    def is_working(self, day: date) -> bool:
        """Whether offices work on this day."""
        return self.exceptions.get(day, day.weekday() < SATURDAY)

    def gap(self, *, today: date) -> date | None:
        """The first day of which the arrangement is missing, once it is near or here; or None."""
        if self.complete_until > today + GAP_TOLD_BEFORE - timedelta(days=1):
            return None
        return self.complete_until + timedelta(days=1)

    def working_day_after(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`; `day` itself for 0."""
        while count > 0:
            day += timedelta(days=1)
            if self.is_working(day):
                count -= 1
        return day

    def first_working_day_from(self, day: date) -> date:
        """`day`, or the next working day where it is a day off (民法典 203)."""
        return day if self.is_working(day) else self.working_day_after(day, 1)


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a stage is due, and when its lamp turns yellow. Both aware, UTC."""

    due_at: datetime
    soon_at: datetime


@lru_cache(maxsize=4096)
def _end_of_day(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, BEIJING).astimezone(UTC)


def deadline(start: datetime, limit: Limit, calendar: WorkCalendar) -> Deadline:
    """When a stage that began at `start` is due under `limit`.

    `start` is aware. The due moment is 24:00 of the last day, Beijing time. The yellow moment is
    24:00 of day floor(0.7 x amount), or the start itself where that is day 0.
    """
    first = day_of(start)
    soon_days = limit.amount * SOON_TENTHS // 10
    if limit.unit is LimitUnit.WORKING_DAYS:
        last = calendar.working_day_after(first, limit.amount)
        soon = calendar.working_day_after(first, soon_days)
    else:
        last = calendar.first_working_day_from(first + timedelta(days=limit.amount))
        soon = first + timedelta(days=soon_days)
    return Deadline(_end_of_day(last), _end_of_day(soon) if soon_days else start.astimezone(UTC))


def limit_for(
    limits: tuple[Limit, ...], stage: Stage, difficulty: Difficulty, *, on: date
) -> Limit:
    """The rule that holds for a stage and difficulty on a day.

    A rule for the difficulty goes before one for all; of several, the youngest. Raises LookupError
    where the table has none: a case without a clock must not exist.
    """
    fitting = [
        limit
        for limit in limits
        if limit.stage is stage
        and limit.difficulty in (None, difficulty)
        and limit.valid_from <= on
        and (limit.valid_to is None or on < limit.valid_to)
    ]
    if not fitting:
        msg = f"no limit for {stage} on {on}"
        raise LookupError(msg)
    return max(fitting, key=lambda limit: (limit.difficulty is not None, limit.valid_from))


@dataclass(frozen=True)
class Clock:
    """The county's limits and calendar together: what every command asks for a deadline."""

    limits: tuple[Limit, ...]
    calendar: WorkCalendar

    def deadline(self, stage: Stage, difficulty: Difficulty, *, start: datetime) -> Deadline:
        """When `stage`, begun at `start`, is due. Raises LookupError without a rule."""
        rule = limit_for(self.limits, stage, difficulty, on=day_of(start))
        return deadline(start, rule, self.calendar)


def lamp(
    *,
    now: datetime,
    due_at: datetime | None,
    soon_at: datetime | None,
    paused: bool = False,
) -> Lamp:
    """How a case stands at `now`; a case without a due moment is closed."""
    if due_at is None:
        return Lamp.CLOSED
    if paused:
        return Lamp.PAUSED
    if now >= due_at:
        return Lamp.LATE
    if soon_at is not None and now >= soon_at:
        return Lamp.SOON
    return Lamp.ON_TIME


# The county's defaults, dated so that a later change does not rewrite an earlier verdict.
_RULES_FROM = date(2020, 1, 1)
DEFAULT_LIMITS: tuple[Limit, ...] = tuple(
    Limit(stage, amount, unit, difficulty, _RULES_FROM, None, source)
    for stage, difficulty, amount, unit, source in (
        (Stage.REGISTERED, None, 2, LimitUnit.WORKING_DAYS, "四川网格化系统 受理红牌 2 个工作日"),
        (Stage.ACCEPTED, None, 1, LimitUnit.WORKING_DAYS, "本县交办 1 个工作日"),
        (Stage.IN_MEDIATION, Difficulty.SIMPLE, 1, LimitUnit.WORKING_DAYS, "东至县 简易 1 天"),
        (Stage.IN_MEDIATION, Difficulty.ORDINARY, 7, LimitUnit.CALENDAR_DAYS, "东至县 一般 7 天"),
        (Stage.IN_MEDIATION, Difficulty.COMPLEX, 20, LimitUnit.CALENDAR_DAYS, "东至县 复杂 20 天"),
        (
            Stage.IN_MEDIATION,
            Difficulty.MAJOR,
            30,
            LimitUnit.CALENDAR_DAYS,
            "人民调解工作若干规定 33 一般在一个月内调结",
        ),
        (
            Stage.PERFORMANCE,
            None,
            30,
            LimitUnit.CALENDAR_DAYS,
            "人民调解法 31 督促履行, 本县 30 日",
        ),
        (Stage.CONFIRMATION, None, 30, LimitUnit.CALENDAR_DAYS, "人民调解法 33 司法确认 30 日内"),
    )
)
