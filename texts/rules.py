"""The work calendar and the limits in words."""

from collections.abc import Iterable
from datetime import date

from domain.clocks import Limit
from domain.work_calendar import HALF_DAY, NamedDay
from texts.catalog import gettext as _
from texts.catalog import language
from texts.words import word


def weekday(day: date) -> str:
    """周一."""
    return (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))[
        day.weekday()
    ]


def day_with_weekday(day: date) -> str:
    """2026年3月5日 周四."""
    if language() == "en":
        return f"{day:%d %b %Y} {weekday(day)}"
    return f"{day.year}年{day.month}月{day.day}日 {weekday(day)}"


def worked(one: NamedDay | None, day: date) -> str:
    """How much of a day is worked, with its name; None is the plain week."""
    if one is None:
        return _("工作日") if day.weekday() < 5 else _("周末")  # noqa: PLR2004 - Monday to Friday
    how = (_("休息"), _("半天班"), _("上班"))[one.halves]
    return f"{how} · {one.note}" if one.note else how


def names_of_month(days: Iterable[NamedDay]) -> list[str]:
    """What differs in a month, by name: 国庆节 1—7."""
    by_name: dict[str, list[int]] = {}
    for one in sorted(days, key=lambda one: one.day):
        by_name.setdefault(one.note, []).append(one.day.day)
    return [f"{name} {_ranges(numbers)}" for name, numbers in by_name.items()]


def _ranges(numbers: list[int]) -> str:
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    told = (f"{part[0]}–{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts)
    return _("、").join(told)


def halves_word(halves: int) -> str:
    """What a day is set to."""
    if halves == HALF_DAY:
        return _("半天班")
    return _("上班") if halves else _("休息")


def amount(limit: Limit) -> str:
    """3 个工作日."""
    return _("{amount} {unit}").format(amount=limit.amount, unit=word(limit.unit))


def for_whom(limit: Limit) -> str:
    """一般 · 镇街级; empty for all cases."""
    parts = [word(one) for one in (limit.difficulty, limit.level) if one is not None]
    return " · ".join(parts) or _("全部")


def validity(limit: Limit) -> str:
    """From a day, to a day that is not included any more."""
    first = _("自 {day}").format(day=limit.valid_from.isoformat())
    if limit.valid_to is None:
        return first
    return _("{first} 至 {last}(不含)").format(first=first, last=limit.valid_to.isoformat())
