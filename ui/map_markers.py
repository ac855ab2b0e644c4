"""Open cases as markers: counted by lamp on an area, or one by one in their grid."""

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import streamlit as st

from data_access.queries.figures import OpenCase
from data_access.queries.layers import Area, Bounds
from domain.cases import Lamp
from domain.kpi import AreaCounts
from domain.organisation import UnitLevel
from domain.people import Permission
from domain.points import Point
from domain.succession import heirs
from texts import gettext as _
from texts.numbers import count
from texts.words import LAMP_SHAPES, word
from ui import map_drawn, map_reads
from ui.county_map import Marker
from ui.map_drawn import Drawn
from ui.map_places import Places
from ui.map_sight import Reading

# More clusters than these hide the map that they stand on.
_MOST_CLUSTERS = 160
# A case without an exact place stands this far from its grid's inner point, in degrees (about
# 40 m), in a direction that its number decides: near each other, never on the spot.
_OFFSET = 0.0004
_LAMP_COUNTS = (
    (Lamp.LATE, "overdue"),
    (Lamp.SOON, "soon"),
    (Lamp.PARKING_OVER, "parking_over"),
    (Lamp.PAUSED, "paused"),
)
# A marker stays new for longer than the browser needs to be told, and for less than a second case
# takes to come.
_NEW_FOR = timedelta(seconds=4)
_BEFORE = "map_markers_before"


def markers(reading: Reading, drawn: Drawn) -> tuple[Marker, ...]:
    """Clusters by area, or one by one where the grids of one community are in sight."""
    shown = reading.shown
    # On a map of shares or changes, counts of something else would be read as its values.
    if not (shown.points and shown.figure.at_moment):
        return ()
    if drawn.suppressed or drawn.window.last_day < reading.today:
        return ()
    inside = shown.area
    if drawn.level is UnitLevel.GRID and inside.level in {UnitLevel.COMMUNITY, UnitLevel.GRID}:
        if inside.level is UnitLevel.GRID:
            inside = drawn.places.parent(inside)
        places = reading.sight.actor.grants.get(Permission.CASE_PLACE)
        found = map_reads.open_cases(reading.scope, inside, reading.cut, reading.now, places=places)
        grids = drawn.places.ids(UnitLevel.GRID)
        pairs = map_reads.successions(reading.scope)
        heir = {one.grid_id: heirs(one.grid_id, pairs, grids) for one in found if one.grid_id}
        return with_new(reading, inside, case_markers(drawn.places, found, heir))
    mask = drawn.mask or "1" * len(drawn.areas)
    areas = [area for area, sign in zip(drawn.areas, mask, strict=True) if sign == "1"]
    if len(areas) > _MOST_CLUSTERS:
        return ()
    counts = map_drawn.counts(reading, drawn.places, drawn.level, shown.window)
    return with_new(reading, inside, cluster_markers(areas, counts))


def cluster_markers(
    areas: Sequence[Area], counts: Mapping[int | None, AreaCounts]
) -> tuple[Marker, ...]:
    """The open cases of each area at its inner point, counted by lamp."""
    found = []
    for area in areas:
        held = counts.get(area.id, AreaCounts())
        by_lamp = {lamp: getattr(held, name) for lamp, name in _LAMP_COUNTS}
        by_lamp[Lamp.PAUSED] -= held.parking_over
        by_lamp[Lamp.ON_TIME] = held.open - sum(by_lamp.values())
        found += [
            Marker(
                f"{area.id}:{lamp.value}",
                area.lat,
                area.lon,
                lamp,
                number,
                _("{area} {lamp} {count} 件").format(
                    area=area.name, lamp=f"{LAMP_SHAPES[lamp]} {word(lamp)}", count=count(number)
                ),
            )
            for lamp, number in by_lamp.items()
            if number
        ]
    return tuple(found)


def case_markers(
    places: Places, cases: Sequence[OpenCase], heirs_of: Mapping[int, Collection[int]]
) -> tuple[Marker, ...]:
    """Each open case at its exact point, or in its grid: a stated offset from the inner point.

    A grid that was merged is what it was merged into; a case of one that was split, without an
    exact point, is in none of its parts.
    """
    found = []
    for case in cases:
        label = f"{LAMP_SHAPES[case.lamp]} {word(case.lamp)} {case.case_no}"
        became = heirs_of.get(case.grid_id or 0, ())
        if exact := case.point is not None and _lies_within(places.county.bounds, case.point):
            point, label = case.point, _("{case} 确切地点").format(case=label)
        elif len(became) == 1:
            point = _beside(places.by_id[next(iter(became))], case.case_no)
        else:
            continue
        found.append(Marker(f"case:{case.case_no}", *point, case.lamp, 1, label, exact=exact))
    return tuple(found)


def _lies_within(bounds: Bounds, point: Point) -> bool:
    """Whether a point can be of the county: a mistyped one would stand far off the map."""
    south, west, north, east = bounds
    return south <= point[0] <= north and west <= point[1] <= east


def note(placed: Sequence[Marker]) -> str:
    """What has to be known of where single cases stand; empty where there are none."""
    if not any(one.id.startswith("case:") for one in placed):
        return ""
    if any(one.exact for one in placed):
        return _("有确切地点的案件画在实际地点,其余画在所属网格内。")
    return _("案件标记画在所属网格内,不是实际地点。")


def _beside(grid: Area, case_no: str) -> tuple[float, float]:
    digest = hashlib.sha256(case_no.encode()).digest()
    angle = 2 * math.pi * int.from_bytes(digest[:4]) / 2**32
    far = _OFFSET * (0.4 + 0.6 * digest[4] / 255)
    return grid.lat + far * math.sin(angle), grid.lon + far * math.cos(angle)


# --- which of them are new -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Seen:
    """What stood on this reader's map a moment ago, and what has come since, until when."""

    cut: str
    numbers: Mapping[str, int]
    new_until: Mapping[str, datetime] = field(default_factory=dict)


def with_new(reading: Reading, inside: Area, found: tuple[Marker, ...]) -> tuple[Marker, ...]:
    """The markers with those marked that hold more cases than when this reader last saw them.

    A case whose lamp changes is not new: its area holds as many as before.
    """
    cut = f"{inside.code} {reading.shown.level} {reading.cut}"
    numbers = {one.id: one.count for one in found}
    before: _Seen | None = st.session_state.get(_BEFORE)
    if before is None or before.cut != cut:
        st.session_state[_BEFORE] = _Seen(cut, numbers)
        return found
    until = {one: at for one, at in before.new_until.items() if at > reading.now}
    until |= dict.fromkeys(_grown(before.numbers, numbers), reading.now + _NEW_FOR)
    st.session_state[_BEFORE] = _Seen(cut, numbers, until)
    return tuple(replace(one, new=True) if one.id in until else one for one in found)


def _grown(before: Mapping[str, int], now: Mapping[str, int]) -> list[str]:
    """The markers with more cases than before, on places that have more cases than before."""
    more = _by_place(now)
    fewer = _by_place(before)
    return [
        one
        for one, number in now.items()
        if number > before.get(one, 0) and more[_place(one)] > fewer.get(_place(one), 0)
    ]


def _by_place(numbers: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one, number in numbers.items():
        found[_place(one)] = found.get(_place(one), 0) + number
    return found


def _place(marker: str) -> str:
    """What a marker's cases lie in: its area, or for a single case the case itself."""
    kind, _colon, _rest = marker.partition(":")
    return marker if kind == "case" else kind
