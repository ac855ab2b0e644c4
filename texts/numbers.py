"""Moments, spans of time and counts as the users read them."""

from datetime import date, datetime, timedelta

from domain.clocks import BEIJING
from texts.catalog import gettext as _
from texts.catalog import language

_TEN_THOUSAND = 100_000


def moment(at: datetime, *, now: datetime) -> str:
    """11月22日 14:05, with the year only where it differs from this year's."""
    local, today = at.astimezone(BEIJING), now.astimezone(BEIJING)
    if language() == "en":
        return f"{local:%d %b %H:%M}" if local.year == today.year else f"{local:%d %b %Y %H:%M}"
    day = f"{local.month}月{local.day}日 {local:%H:%M}"
    return day if local.year == today.year else f"{local.year}年{day}"


def due_day(at: datetime, *, now: datetime) -> str:
    """A deadline: midnight belongs to the day it ends, so 11月23日 00:00 reads 11月22日 24:00."""
    local = at.astimezone(BEIJING)
    if local.hour or local.minute:
        return moment(at, now=now)
    day = moment(at - timedelta(minutes=1), now=now).rsplit(" ", 1)[0]
    return f"{day} 24:00"


def day(on: date, *, today: date) -> str:
    """11月22日, with the year only where it differs from this year's."""
    if language() == "en":
        return f"{on:%d %b}" if on.year == today.year else f"{on:%d %b %Y}"
    shown = f"{on.month}月{on.day}日"
    return shown if on.year == today.year else f"{on.year}年{shown}"


def clock_time(at: datetime) -> str:
    """14:05:09, Beijing time."""
    return f"{at.astimezone(BEIJING):%H:%M:%S}"


def span(length: timedelta) -> str:
    """2 天 3 小时, 5 小时, 12 分钟: two units while days count, then one."""
    minutes = max(0, int(length.total_seconds() // 60))
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days and hours:
        return _("{days} 天 {hours} 小时").format(days=days, hours=hours)
    if days:
        return _("{days} 天").format(days=days)
    if hours:
        return _("{hours} 小时").format(hours=hours)
    return _("{minutes} 分钟").format(minutes=minutes)


def time_left(due_at: datetime, *, now: datetime) -> str:
    """还剩 2 天 3 小时 / 已超 1 天."""
    if now >= due_at:
        return _("已超 {span}").format(span=span(now - due_at))
    return _("还剩 {span}").format(span=span(due_at - now))


def count(number: int) -> str:
    """12,345; in Chinese 12.3 万 from 100,000 on."""
    if language() == "zh" and number >= _TEN_THOUSAND:
        return f"{number / 10_000:,.1f} 万"
    return f"{number:,}"


def exact(number: int) -> str:
    """12,345, and 123,456 too: where a number is watched, one more has to be seen."""
    return f"{number:,}"
