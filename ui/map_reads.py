"""The map's reads through the cache: shapes by day, counts by area, and one area closely."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from data_access.queries import figures, layers, queue
from data_access.queries.figures import CommitteeLoad, Cut, Ground, OpenCase, Step
from data_access.queries.layers import Area
from data_access.queries.queue import QueueRow
from domain.kpi import AreaCounts, Window
from domain.organisation import UnitLevel
from domain.people import Scope
from domain.succession import heirs
from ui.cache import cached, shared
from ui.clock import minute
from ui.map_places import Places

CASES_A_PAGE = 8


@dataclass(frozen=True, slots=True)
class Close:
    """One area closely: its days, its types, who holds its open cases."""

    trend: list[Step]
    types: list[tuple[str, int]]
    committees: list[CommitteeLoad]


def places(scope: Scope, day: date) -> Places:
    """The areas of a day. They are the same for everybody of the county."""
    everybody = Scope(scope.county_id, whole_county=True)

    def read() -> Places:
        return Places(
            cached(
                f"layers {day}",
                lambda session: layers.layers_on(session, scope=everybody, day=day),
                scope=everybody,
            )
        )

    return shared(f"places {day}", read, scope=everybody)


def changes(scope: Scope) -> tuple[tuple[int, int, date], ...]:
    """Which units became which, and from which day on."""
    everybody = Scope(scope.county_id, whole_county=True)
    found = cached(
        "successions",
        lambda session: layers.successions(session, scope=everybody),
        scope=everybody,
    )
    return tuple((one.unit_id, one.successor_id, one.day) for one in found)


def successions(scope: Scope) -> tuple[tuple[int, int], ...]:
    """Which units became which."""
    return tuple((unit, later) for unit, later, _day in changes(scope))


def units_of(scope: Scope, areas: Sequence[Area]) -> set[int]:
    """The units of areas, and those that became nothing but them: their old cases lie there."""
    picked, pairs = {area.id for area in areas}, successions(scope)
    current = picked | ({later for _unit, later in pairs} - {unit for unit, _later in pairs})
    return picked | {unit for unit, _later in pairs if heirs(unit, pairs, current) <= picked}


def counts(
    scope: Scope, level: UnitLevel, window: Window, cut: Cut, now: datetime
) -> dict[int | None, AreaCounts]:
    """What the figures of every area of a level are made of, as of this minute."""
    return cached(
        f"map {level} {window!r} {cut!r}",
        lambda session: figures.counts(
            session, scope=scope, level=level, window=window, cut=cut, now=minute(now)
        ),
        scope=scope,
        now=now,
    )


def close(scope: Scope, area: Area, window: Window, cut: Cut) -> Close:
    """One area closely."""
    ground = _ground(scope, area)

    def load(session: Any) -> Close:
        return Close(
            figures.trend(session, scope=scope, area=ground, window=window, cut=cut),
            figures.types_of(session, scope=scope, area=ground, window=window, cut=cut),
            figures.committees_of(session, scope=scope, area=ground, cut=cut),
        )

    return cached(f"area {ground} {window!r} {cut!r}", load, scope=scope)


def open_cases(
    scope: Scope, area: Area, cut: Cut, now: datetime, *, places: Scope | None = None
) -> list[OpenCase]:
    """The open cases of an area, the most urgent first; no more than can be looked through.

    With exact points within `places`.
    """
    ground = _ground(scope, area)
    return cached(
        f"points {ground} {cut!r} {places and places.key}",
        lambda session: figures.open_cases(
            session, scope=scope, area=ground, cut=cut, now=minute(now), places=places
        ),
        scope=scope,
        now=now,
    )


def case_rows(scope: Scope, cases: Sequence[OpenCase], now: datetime) -> list[QueueRow]:
    """These cases as the queue shows them, in the same order."""
    wanted = tuple(one.case_no for one in cases)
    rows = cached(
        f"area cases {wanted}",
        lambda session: queue.by_numbers(session, scope=scope, case_nos=wanted, now=minute(now)),
        scope=scope,
        now=now,
    )
    by_number = {row.case_no: row for row in rows}
    return [by_number[one] for one in wanted if one in by_number]


def _ground(scope: Scope, area: Area) -> Ground:
    """An area with those that were merged into it: their cases are its own."""
    return area.level, tuple(sorted(units_of(scope, (area,))))
