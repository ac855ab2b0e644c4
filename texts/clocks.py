"""A deadline in words: the rule, each day, the result."""

from dataclasses import dataclass
from datetime import date

from domain.clocks import Count, CountedDay, Explanation, LimitUnit, day_of
from domain.work_calendar import FULL_DAY
from texts.catalog import gettext as _
from texts.words import word


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an explanation: the day, what it is, and how far the counting is."""

    day: str
    text: str
    note: str = ""


def lines(explained: Explanation) -> list[Line]:
    """The explanation from the start to the result, line by line."""
    unit = explained.limit.unit
    begun = Line(_day(day_of(explained.start)), rule(explained), explained.limit.source)
    days = [_line(one, unit) for one in explained.days]
    last = explained.days[-1].day
    result = Line(_day(last), _("到期:{day} 24:00").format(day=_day(last)))
    if explained.parked_at is None:
        return [begun, *days, result]
    since = _day(day_of(explained.parked_at))
    left = _("挂账前的到期:{day} 24:00").format(day=_day(last))
    stands = _("自 {day} 起挂账中止,不计时").format(day=since)
    note = _("恢复办理后,挂账期间的每一天都不计入,到期日相应顺延")
    return [begun, *days, Line(_day(last), left), Line(since, stands, note)]


def rule(explained: Explanation) -> str:
    """The rule that a deadline is under, with what was granted on top."""
    limit = explained.limit
    if limit.moves:
        text = _("{stage}时限 {amount} {unit}").format(
            stage=word(limit.stage), amount=limit.amount, unit=word(limit.unit)
        )
    else:
        text = _("时限由约定或原系统载明,按日历天数计,末日不顺延")
    if explained.extended:
        text += _(",已同意延长 {amount} {unit}").format(
            amount=explained.extended, unit=word(limit.unit)
        )
    return text


def _line(one: CountedDay, unit: LimitUnit) -> Line:
    kind = word(one.kind)
    text = _("{kind}:{count}").format(kind=kind, count=word(one.count))
    if one.count in {Count.COUNTED, Count.HALF}:
        used = one.used_halves / FULL_DAY
        return Line(
            _day(one.day),
            text,
            _("累计 {used:g} {unit}").format(used=used, unit=word(unit)),
        )
    return Line(_day(one.day), text)


def _day(day: date) -> str:
    weekdays = (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))
    return _("{month}月{day}日 {weekday}").format(
        month=day.month, day=day.day, weekday=weekdays[day.weekday()]
    )
