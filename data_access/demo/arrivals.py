"""When disputes come in: an inhomogeneous Poisson process, by type, season, weekday and hour."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from domain.work_calendar import WorkCalendar

HOUR = 3600
DAY = 24 * HOUR

# 正月初一. Wage disputes peak in the weeks before it; nearly everything rests in the week after.
# In days after New Year, from 2019 to 2040.
_FESTIVAL_OFFSETS = (
    35, 24, 42, 31, 21, 40, 28, 47, 36, 25, 43,
    33, 22, 41, 30, 49, 38, 27, 45, 34, 23, 42,
)  # fmt: skip
_SPRING_FESTIVALS = tuple(
    date(2019 + index, 1, 1) + timedelta(days=offset)
    for index, offset in enumerate(_FESTIVAL_OFFSETS)
)
_FESTIVAL_REST = range(-1, 6)
_REST_SHARE = 0.35

_MONDAY_TO_SUNDAY = (1.16, 1.06, 1.02, 1.0, 1.04, 0.86, 0.86)
_DAY_OFF_SHARE = 0.72

# How many come in each hour from 7:00 on: the hall's mornings and afternoons, the evening talks
# (社区夜话); days off have no hall, but markets and dinners.
_FIRST_HOUR = 7
_WORKING_HOURS = (2, 6, 12, 13, 9, 4, 3, 9, 11, 9, 6, 5, 8, 9, 5, 2)
_FREE_HOURS = (2, 4, 7, 8, 7, 5, 4, 6, 7, 6, 6, 6, 9, 9, 6, 3)


def days_to_festival(day: date) -> int:
    """Days since the nearest Spring Festival; negative before it."""
    nearest = min(_SPRING_FESTIVALS, key=lambda festival: abs((day - festival).days))
    return (day - nearest).days


def _wave(day: date, *, peak: int, height: float) -> float:
    """A yearly cosine: 1 + height on the peak day of the year, 1 - height half a year off."""
    return 1 + height * math.cos(2 * math.pi * (day.timetuple().tm_yday - peak) / 365.25)


def _bump(distance: float, *, width: float) -> float:
    return math.exp(-((distance / width) ** 2))


_SEASONS: dict[str, Callable[[date], float]] = {
    "none": lambda _day: 1.0,
    # Open windows, evenings outside, little water.
    "summer": lambda day: _wave(day, peak=200, height=0.42),
    # The accounts of the year are settled before people travel home.
    "wage": lambda day: 0.75 + 1.7 * _bump(days_to_festival(day) + 16, width=18),
    # Families are together at the festival; what broke there comes to the table afterwards.
    "family": lambda day: 0.95 + 0.4 * _bump(days_to_festival(day) - 18, width=14),
    "farming": lambda day: (
        0.85
        + 0.5 * _bump(day.timetuple().tm_yday - 120, width=25)
        + 0.4 * _bump(day.timetuple().tm_yday - 275, width=22)
    ),
    "trade": lambda day: 1.0 + 0.35 * _bump(days_to_festival(day) + 25, width=30),
    "school": lambda day: 0.15 if day.month in {7, 8} else 1.1,
}


@dataclass(frozen=True, slots=True)
class Stream:
    """One type's stream: its share of all, and which season it follows."""

    share: float
    season: str


def daily_rates(
    streams: tuple[Stream, ...],
    calendar: WorkCalendar,
    *,
    first_day: date,
    days: int,
    cases_a_year: float,
) -> np.ndarray:
    """Expected arrivals, shape (days, streams). A year of them sums to `cases_a_year`.

    Each season is scaled to a mean of 1 over four years, so that it moves cases within the year and
    adds none.
    """
    span = [first_day + timedelta(days=offset) for offset in range(days)]
    rhythm = np.array([_rhythm(day, calendar) for day in span]) / _mean_rhythm(calendar, first_day)
    total = sum(stream.share for stream in streams)
    columns = [
        rhythm
        * np.array([_SEASONS[stream.season](day) for day in span])
        / _mean_season(stream.season, first_day.year)
        * (cases_a_year / 365.25 * stream.share / total)
        for stream in streams
    ]
    return np.column_stack(columns)


def arrival_times(
    rates: np.ndarray,
    calendar: WorkCalendar,
    rng: np.random.Generator,
    *,
    first_day: date,
) -> list[tuple[int, int]]:
    """All arrivals as (second since the first day's midnight, stream), in order of time."""
    counts = rng.poisson(rates)
    found: list[tuple[int, int]] = []
    for offset in range(len(rates)):
        working = calendar.is_working(first_day + timedelta(days=offset))
        profile = np.array(_WORKING_HOURS if working else _FREE_HOURS, dtype=float)
        streams = np.repeat(np.arange(rates.shape[1]), counts[offset])
        hours = rng.choice(len(profile), size=len(streams), p=profile / profile.sum())
        within = (_FIRST_HOUR + hours) * HOUR + rng.integers(HOUR, size=len(streams))
        found += zip((offset * DAY + within).tolist(), streams.tolist(), strict=True)
    return sorted(found)


def _rhythm(day: date, calendar: WorkCalendar) -> float:
    if days_to_festival(day) in _FESTIVAL_REST:
        return _REST_SHARE
    weekday = _MONDAY_TO_SUNDAY[day.weekday()]
    if calendar.is_working(day):
        return max(weekday, 1.0)
    return min(weekday, _DAY_OFF_SHARE) if day.weekday() < 5 else weekday  # noqa: PLR2004 - Saturday


def _four_years(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=offset) for offset in range(4 * 365 + 1)]


def _mean_rhythm(calendar: WorkCalendar, first_day: date) -> float:
    days = _four_years(first_day.year)
    return float(np.mean([_rhythm(day, calendar) for day in days]))


def _mean_season(season: str, year: int) -> float:
    return float(np.mean([_SEASONS[season](day) for day in _four_years(year)]))
