"""The live part of the map's page: read the cut that is in force, draw it, again and again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from data_access import site
from data_access.queries.choices import Choices
from data_access.queries.layers import Area
from domain.clocks import day_of
from domain.kpi import AreaCounts, Window
from domain.organisation import UnitLevel
from texts import gettext as _
from texts import kpi as kpi_texts
from texts.words import word
from ui import (
    county_map,
    elements,
    live,
    map_drawn,
    map_markers,
    map_panel,
    map_reads,
    map_state,
    map_table,
    map_view,
)
from ui.map_drawn import Drawn
from ui.map_events import MapEvent
from ui.map_places import Places
from ui.map_sight import Reading, Sight
from ui.map_state import Shown

_HEAD = elements.element("map_head")
_LEGEND = elements.element("map_legend")
# Where the page's own style does not reach; it gives the maps what the window has left.
_HEIGHT = 430


@dataclass(frozen=True)
class Callbacks:
    """What the page does when something is clicked."""

    on_map: Callable[[MapEvent], None]
    on_go: Callable[[], None]
    on_level: Callable[[], None]
    on_figure: Callable[[], None]
    on_type: Callable[[], None]
    on_open: Callable[[], None]
    on_turn: Callable[[], None]
    on_queue: Callable[[], None]


def draw(sight: Sight, offered: Choices, now: datetime, callbacks: Callbacks) -> None:
    """Head, map or two maps, panel, legend and table."""
    today = day_of(now)
    places = map_reads.places(sight.scope, today)
    reading = Reading(sight, map_state.shown(places, today=today), now)
    watermark = site.current().watcher.seen(now=now)
    read_at = watermark.read_at
    live.show(watermark)
    maps = map_drawn.maps(reading)
    _head(places, reading, maps[-1], callbacks)
    if reading.shown.compare:
        with st.container(key="map_two"):
            for place, one in zip(st.columns(2), maps, strict=True):
                with place:
                    _map(reading, one, read_at, callbacks)
        _panel(reading, places, offered, callbacks)
    else:
        left, right = st.columns([13, 7])
        with left, st.container(key="map_one"):
            _map(reading, maps[0], read_at, callbacks)
        with right:
            _panel(reading, places, offered, callbacks)
    map_table.show(maps, reading, notes=map_view.notes(maps[-1]))


def _head(places: Places, reading: Reading, drawn: Drawn, callbacks: Callbacks) -> None:
    shown = reading.shown
    cut = _("已按类型、来源筛选") if shown.types or shown.sources else ""
    _HEAD(
        key="map_head",
        data={
            "path": [{"area": one.code, "name": one.name} for one in places.path(shown.area)],
            "levels": [
                {
                    "level": level.value,
                    "name": _("按{level}").format(level=word(level)),
                    "selected": level is drawn.level,
                }
                for level in _levels(shown, drawn)
            ],
            "what": cut,
            "words": {"path": _("位置"), "levels": _("按哪一级显示")},
        },
        on_go_change=callbacks.on_go,
        on_level_change=callbacks.on_level,
    )


def _levels(shown: Shown, drawn: Drawn) -> list[UnitLevel]:
    """The levels to choose from, and the one that is drawn where that is another."""
    offered = map_state.levels_below(shown.area)
    return [*offered] if drawn.level in offered else [drawn.level, *offered]


def _map(reading: Reading, drawn: Drawn, read_at: datetime, callbacks: Callbacks) -> None:
    """A map and its legend."""
    shown = reading.shown
    is_now = drawn.window == shown.window
    title = _("{figure}地图").format(figure=kpi_texts.figure_name(shown.figure))
    placed = map_markers.markers(reading, drawn) if is_now else ()
    frame = map_view.frame(
        drawn,
        focus=drawn.places.nearest(shown.area),
        # Asked for by the reader, not by shapes that change: the view is theirs until then.
        nonce=f"{shown.area.code} {shown.level} {drawn.level}",
        markers=placed,
        picked=map_state.picked() if is_now else (),
        zones=shown.zones,
        drawing=is_now and map_state.drawing(),
    )
    county_map.show(
        map_view.layers(drawn.places, title),
        frame,
        key="map_now" if is_now else "map_before",
        height=_HEIGHT,
        on_event=callbacks.on_map,
    )
    _legend(reading, drawn, read_at, map_markers.note(placed))


def _legend(reading: Reading, drawn: Drawn, read_at: datetime, about_markers: str) -> None:
    notes = [*filter(None, [about_markers]), *map_view.notes(drawn)]
    key = "legend_now" if drawn.window == reading.shown.window else "legend_before"
    _LEGEND(key=key, data=map_view.legend(drawn, read_at=read_at, notes=notes))


def _panel(reading: Reading, places: Places, offered: Choices, callbacks: Callbacks) -> None:
    shown, area = reading.shown, reading.shown.area
    held = map_drawn.of_area(reading, places, area, shown.window)
    data = map_panel.panel(
        places,
        reading,
        held,
        changed=map_drawn.changed_of(reading, places, area, shown.window),
    )
    nothing = held == AreaCounts() and not reading.sight.sees_all_of(places, area)
    if not (reading.suppressed or nothing):
        seen = map_reads.close(reading.scope, area, shown.window, reading.cut)
        data |= map_panel.closely(seen, shown, offered, today=reading.today)
        data |= _cases(reading, places, area)
    map_panel.show(
        data,
        key="area_panel",
        on_figure=callbacks.on_figure,
        on_type=callbacks.on_type,
        on_open=callbacks.on_open,
        on_turn=callbacks.on_turn,
        on_queue=callbacks.on_queue,
    )


def _cases(reading: Reading, places: Places, area: Area) -> dict[str, Any]:
    """The list is of now, whatever the days that the figures are of."""
    today = Window(reading.today, reading.today)
    window = reading.shown.window if reading.shown.window.last_day == reading.today else today
    held = map_drawn.of_area(reading, places, area, window)
    found = map_reads.open_cases(reading.scope, area, reading.cut, reading.now)
    pages = -(-len(found) // map_reads.CASES_A_PAGE)
    number = map_state.page_number(pages)
    first = number * map_reads.CASES_A_PAGE
    rows = map_reads.case_rows(
        reading.scope, found[first : first + map_reads.CASES_A_PAGE], reading.now
    )
    return map_panel.cases(
        rows, area, held.open, turned=number > 0, more=number + 1 < pages, now=reading.now
    )
