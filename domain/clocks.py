"""Deadlines: one function from a start, a limit and a work calendar to a moment.

Periods count as the Civil Code counts them: the day of the start is not counted (民法典 201), the
last day ends at 24:00, and where it is a day off it moves to the next working day (民法典 203).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from functools import lru_cache

from domain.cases import Difficulty, Lamp, Stage
from domain.organisation import UnitLevel
from domain.work_calendar import FULL_DAY, DayKind, WorkCalendar

# China keeps one civil time without daylight saving (北京时间), so a fixed offset is exact for the
# years this product covers and costs no time-zone database.
BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
# The lamp turns when 70 % of the limit is used (四川网格化服务管理系统: floor(0.7 x limit)).
SOON_TENTHS = 7


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
    # Whether a last day off moves to the next working day (民法典 203).
    moves: bool = True
    # Of the committee that holds the case; None for all levels, and before anybody holds it.
    level: UnitLevel | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a stage is due, and when its lamp turns yellow. Both aware, UTC."""

    due_at: datetime
    soon_at: datetime


@lru_cache(maxsize=4096)
def _end_of_day(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, BEIJING).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which the clock of a case stood still (中止). Both moments aware."""

    starts_at: datetime
    ends_at: datetime

    def covers(self, day: date) -> bool:
        """Whether the clock stood still when the day ended: then the day does not count.

        So a pause saves as many days as it has midnights, and one within a day saves none.
        """
        return self.starts_at <= _end_of_day(day) < self.ends_at


class Count(StrEnum):
    """What a day is in the counting of a limit."""

    START = "start"  # 开始当日不计 (民法典 201)
    COUNTED = "counted"  # 计 1 天
    HALF = "half"  # 计半天
    DAY_OFF = "day_off"  # 休息日, 不计
    PAUSED = "paused"  # 中止期间, 不计
    MOVED = "moved"  # 末日为休息日, 顺延 (民法典 203)


@dataclass(frozen=True, slots=True)
class CountedDay:
    """One day of a deadline's explanation. `used_halves`: half days used when it ended."""

    day: date
    kind: DayKind
    count: Count
    used_halves: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a deadline came about: from where, by which rule, each day, and the result.

    `extended` is what was granted on top of the limit, in its unit. `parked_at`: since when the
    clock stands still, where it does; the days are those that it had left then.
    """

    start: datetime
    limit: "Limit"
    extended: int
    pauses: tuple[Pause, ...]
    days: tuple[CountedDay, ...]
    deadline: Deadline
    parked_at: datetime | None = None


def stated_limit(stage: Stage, start: datetime, last_day: date) -> "Limit":
    """A last day that somebody stated (化解时限, 约定的履行日) as the limit that ends on it.

    It is taken as it is, also where it is a day off. Raises ValueError where it lies before the
    start.
    """
    days = (last_day - day_of(start)).days
    if days < 0:
        msg = f"the last day {last_day} lies before the start"
        raise ValueError(msg)
    return Limit(stage, days, LimitUnit.CALENDAR_DAYS, moves=False)


def deadline(
    start: datetime,
    limit: "Limit",
    calendar: WorkCalendar,
    *,
    pauses: Sequence[Pause] = (),
    extended: int = 0,
) -> Deadline:
    """When a stage that began at `start` is due under `limit`.

    `start` is aware. The due moment is 24:00 of the last day, Beijing time. The yellow moment is
    24:00 of day floor(0.7 x (amount + extended)), or the start itself where that is day 0. Days
    that a pause covers do not count; `extended` is in the limit's unit.
    """
    if pauses:
        return explain(start, limit, calendar, pauses=pauses, extended=extended).deadline
    # Without a pause the same days, found without a look at each: half of all rows of a big import.
    first, amount = day_of(start), limit.amount + extended
    soon_days = amount * SOON_TENTHS // 10
    if limit.unit is LimitUnit.WORKING_DAYS:
        last = calendar.working_day_after(first, amount)
        soon = calendar.working_day_after(first, soon_days)
    else:
        last = first + timedelta(days=amount)
        last = calendar.first_working_day_from(last) if limit.moves else last
        soon = first + timedelta(days=soon_days)
    return _deadline(start, last, soon if soon_days else None)


def explain(
    start: datetime,
    limit: "Limit",
    calendar: WorkCalendar,
    *,
    pauses: Sequence[Pause] = (),
    extended: int = 0,
) -> Explanation:
    """The deadline with every day from the start to it, counted or not, and why."""
    amount = limit.amount + extended
    days = tuple(_days(day_of(start), limit, amount, calendar, pauses))
    soon_halves = amount * SOON_TENTHS // 10 * FULL_DAY
    soon = next((one.day for one in days if 0 < soon_halves <= one.used_halves), None)
    found = _deadline(start, days[-1].day, soon)
    return Explanation(start, limit, extended, tuple(pauses), days, found)


def _deadline(start: datetime, last: date, soon: date | None) -> Deadline:
    soon_at = _end_of_day(soon) if soon else start.astimezone(UTC)
    return Deadline(_end_of_day(last), soon_at)


def _days(
    first: date,
    limit: "Limit",
    amount: int,
    calendar: WorkCalendar,
    pauses: Sequence[Pause],
) -> Iterator[CountedDay]:
    """The start's own day, then each until `amount` is used up and, by calendar days, worked.

    A pause holds the last day as it holds any other: parked on the Saturday to which a limit ran,
    a case is not due on the Monday in between.
    """
    working = limit.unit is LimitUnit.WORKING_DAYS
    stays = working or not limit.moves
    needed, used, day = amount * FULL_DAY, 0, first
    count = Count.START
    while True:
        yield CountedDay(day, calendar.kind(day), count, used)
        if used >= needed and count is not Count.PAUSED and (stays or calendar.is_working(day)):
            return
        day += timedelta(days=1)
        if any(pause.covers(day) for pause in pauses):
            count = Count.PAUSED
        elif used >= needed:
            count = Count.MOVED
        else:
            halves = calendar.halves(day) if working else FULL_DAY
            used += halves
            count = (Count.DAY_OFF, Count.HALF, Count.COUNTED)[halves]


def limit_for(
    limits: Sequence[Limit],
    stage: Stage,
    difficulty: Difficulty,
    *,
    on: date,
    level: UnitLevel | None = None,
) -> Limit:
    """The rule that holds for a stage, difficulty and level on a day.

    A rule for the difficulty goes before one for all, then a rule for the level before one for all;
    of several, the youngest. Raises LookupError where the table has none: a case without a clock
    must not exist.
    """
    fitting = [
        limit
        for limit in limits
        if limit.stage is stage
        and limit.difficulty in (None, difficulty)
        and limit.level in (None, level)
        and limit.valid_from <= on
        and (limit.valid_to is None or on < limit.valid_to)
    ]
    if not fitting:
        msg = f"no limit for {stage} on {on}"
        raise LookupError(msg)
    return max(
        fitting,
        key=lambda one: (one.difficulty is not None, one.level is not None, one.valid_from),
    )


@dataclass(frozen=True, slots=True)
class Running:
    """A stage under its clock: since when, which day was stated, where it stood still, and more.

    `level` is of the committee that held the case when the stage began. `limit_on` is the day whose
    rule it is under: None for the day of the start, later where it took over a younger rule.
    """

    stage: Stage
    difficulty: Difficulty
    start: datetime
    stated_due_on: date | None = None
    pauses: tuple[Pause, ...] = ()
    extended: int = 0
    level: UnitLevel | None = None
    limit_on: date | None = None


@dataclass(frozen=True)
class Clock:
    """The county's limits and calendar together: what every command asks for a deadline."""

    limits: tuple[Limit, ...]
    calendar: WorkCalendar

    def deadline(self, stage: Stage, difficulty: Difficulty, *, start: datetime) -> Deadline:
        """When `stage`, begun at `start`, is due. Raises LookupError without a rule."""
        return deadline(start, self.limit(Running(stage, difficulty, start)), self.calendar)

    def limit(self, running: "Running") -> Limit:
        """The rule that a running stage is under: the stated day, or the table's of its day."""
        if running.stated_due_on is not None:
            return stated_limit(running.stage, running.start, running.stated_due_on)
        on = running.limit_on or day_of(running.start)
        return limit_for(self.limits, running.stage, running.difficulty, on=on, level=running.level)

    def due(self, running: "Running") -> Deadline:
        """When a running stage is due, whatever happened to its clock. Raises LookupError."""
        return deadline(
            running.start,
            self.limit(running),
            self.calendar,
            pauses=running.pauses,
            extended=running.extended,
        )

    def explain(self, running: "Running") -> Explanation:
        """How `due` comes about, day by day."""
        return explain(
            running.start,
            self.limit(running),
            self.calendar,
            pauses=running.pauses,
            extended=running.extended,
        )


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
        (Stage.AGREEMENT, None, 3, LimitUnit.WORKING_DAYS, "人民调解法 28 至 31, 本县 3 个工作日"),
        (
            Stage.PERFORMANCE,
            None,
            30,
            LimitUnit.CALENDAR_DAYS,
            "人民调解法 31 督促履行, 本县 30 日",
        ),
        (Stage.CONFIRMATION, None, 30, LimitUnit.CALENDAR_DAYS, "民事诉讼法 187 特别程序 30 日内"),
        (Stage.FOLLOW_UP, None, 7, LimitUnit.CALENDAR_DAYS, "人民调解法 31, 本县 回访 7 日"),
        (Stage.FAILED, None, 2, LimitUnit.WORKING_DAYS, "人民调解法 26 告知, 本县 2 个工作日"),
        (Stage.RIGHTS_TOLD, None, 5, LimitUnit.WORKING_DAYS, "人民调解法 26, 本县 5 个工作日"),
        (Stage.HANDED_OVER, None, 10, LimitUnit.WORKING_DAYS, "本县 移交后归档 10 个工作日"),
    )
)
