"""What a click or a stroke on the map does."""

from collections.abc import Sequence
from datetime import datetime

from data_access.queries.layers import Area
from domain.clocks import day_of
from domain.succession import heirs
from ui import drawer, map_drawn, map_reads, map_state, map_view
from ui.map_events import MapEvent
from ui.map_places import Places
from ui.map_sight import Reading, Sight


def act(event: MapEvent, *, sight: Sight, places: Places, now: datetime) -> None:
    """Go into an area, pick areas, open a case, or go back up; what is not there is left alone."""
    match event:
        case {"event": "area", "id": int(number)}:
            area = _area(sight, number, now)
            if area is not None and map_state.drawing():
                map_state.pick((area,), places)
            elif area is not None:
                map_state.go(area)
        case {"event": "ring"}:
            map_state.pick(_ringed(sight, event, now), places)
        case {"event": "marker", "id": str(marker)}:
            kind, _colon, case_no = marker.partition(":")
            if kind == "case" and map_state.may_open_cases(sight.actor):
                drawer.open_drawer(case_no)
            elif kind.isascii() and kind.isdecimal() and int(kind) in places.by_id:
                map_state.go(places.by_id[int(kind)])
        case {"event": "back"}:
            map_state.up(places)
        case _unknown_place:
            pass


def _area(sight: Sight, number: int, now: datetime) -> Area | None:
    """The area of today that was clicked; of one that has ended, what came after it or held it."""
    places = map_reads.places(sight.scope, day_of(now))
    window = map_state.window(today=day_of(now))
    for day in (day_of(now), window.last_day, window.before().last_day):
        of_then = map_reads.places(sight.scope, day).by_id
        if number in of_then:
            return next(iter(_today(sight, places, [of_then[number]])), None)
    return None


def _ringed(sight: Sight, event: MapEvent, now: datetime) -> tuple[Area, ...]:
    """The areas of the drawn map whose inner point a stroke covers; of ended ones what they are."""
    places = map_reads.places(sight.scope, day_of(now))
    reading = Reading(sight, map_state.shown(places, today=day_of(now)), now)
    drawn = map_drawn.maps(reading)[-1]
    signs = drawn.mask or "1" * len(drawn.areas)
    found = [
        area
        for area, sign in zip(drawn.areas, signs, strict=True)
        if sign == "1" and map_view.covers(event.get("points", ()), area)
    ]
    return tuple(_today(sight, places, found))


def _today(sight: Sight, places: Places, areas: Sequence[Area]) -> list[Area]:
    """The areas of today that these became, each once; themselves where they are still there."""
    pairs = map_reads.successions(sight.scope)
    became = (
        unit for area in areas for unit in sorted(heirs(area.id, pairs, places.ids(area.level)))
    )
    return [places.by_id[unit] for unit in dict.fromkeys(became)]
