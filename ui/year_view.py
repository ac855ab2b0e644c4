"""A year of the work calendar: twelve months, each day by what it is."""

from calendar import monthcalendar
from collections.abc import Callable
from datetime import date
from typing import Any

from data_access.queries.rules import CalendarView
from domain.work_calendar import FULL_DAY, DayKind, NamedDay
from texts import gettext as _
from texts import language
from texts.rules import day_with_weekday, names_of_month, weekday
from texts.words import word
from ui import elements

_YEAR = elements.element("year_calendar")
_A_MONDAY = date(2026, 3, 2)


def show(view: CalendarView, year: int, *, today: date, on_day: Callable[[], None]) -> None:
    """Draw the year; a click on a day triggers `day` with its ISO date."""
    data = {
        "legend": [[kind.value, _mark(kind), word(kind)] for kind in DayKind],
        "weekdays": [weekday(_A_MONDAY.replace(day=2 + n))[-1:] for n in range(7)]
        if language() == "zh"
        else [weekday(_A_MONDAY.replace(day=2 + n)) for n in range(7)],
        "months": [_month(view, year, month, today) for month in range(1, 13)],
    }
    _YEAR(key="calendar_year_view", data=data, on_day_change=on_day)


def _mark(kind: DayKind) -> str:
    return {
        DayKind.HOLIDAY: _("休"),
        DayKind.MAKE_UP: _("班"),
        DayKind.HALF: _("半"),
    }.get(kind, "")


def _month(view: CalendarView, year: int, month: int, today: date) -> dict[str, Any]:
    days = [
        date(year, month, number)
        for week in monthcalendar(year, month)
        for number in week
        if number
    ]
    halves = sum(view.calendar.halves(day) for day in days)
    named = [
        NamedDay(day, view.calendar.halves(day), view.names[day])
        for day in days
        if day in view.names
    ]
    return {
        "title": _("{month}月").format(month=month),
        "worked": _("工作日 {days:g}").format(days=halves / FULL_DAY),
        "names": names_of_month(named),
        "weeks": [
            [_day(view, date(year, month, number), today) if number else None for number in week]
            for week in monthcalendar(year, month)
        ],
    }


def _day(view: CalendarView, day: date, today: date) -> dict[str, Any]:
    kind = view.calendar.kind(day)
    label = " ".join(filter(None, (day_with_weekday(day), word(kind), view.names.get(day))))
    return {
        "day": day.isoformat(),
        "number": day.day,
        "kind": kind.value,
        "mark": _mark(kind),
        "label": label,
        "today": day == today,
    }
