"""The county's map: begun once for as long as a page stands, then a small message a refresh.

It is folium's Map shown by st_folium, with three differences. The script that begins the map is one
constant text, so that the component is never made anew; shapes are fetched by the browser from
addresses that name their content; and each refresh travels as the one `feature_group_to_add`.

folium renders what it is given as Jinja2 templates, twice and unsandboxed, and st_folium hands the
result to the browser's `eval`. So nothing that comes from data stands in either as it is: a refresh
is base64 of deflated JSON, an alphabet in which neither a template nor a script can be written, and
ui/assets/map/county_map.js takes `eval` away before the first one arrives.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal, TypeAlias

import folium
import streamlit as st
from folium.template import Template
from streamlit_folium import st_folium

from domain.cases import Lamp
from texts import gettext as _
from texts import language
from ui.map_events import MapEvent, event_from
from ui.map_look import Scale, Theme, look

Level: TypeAlias = Literal["county", "town", "community", "grid"]
_FOLDER = Path(__file__).parent / "assets"
# From the component's own page, <base>/component/streamlit_folium.st_folium/index.html: relative,
# so that a base path or a proxy changes nothing.
_ASSETS = "../../assets"
_LEVEL = 6  # of compression: a twentieth of a second for 20,000 areas
_FIRST_CHARACTER, _SURROGATES, _SURROGATES_LONG = 0x5D, 0xD800, 0x800
_DIGITS = 5  # of a degree: one metre


@dataclass(frozen=True, slots=True)
class MapLayers:
    """Where the shapes of each level are, as (level, address), and what the map is called aloud.

    The addresses are relative to the component's page, e.g. "../../geometry/<sha>.json".
    """

    urls: tuple[tuple[Level, str], ...]
    title: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """`count` open cases under one lamp at a place. Markers at the same place are drawn as one.

    `label` is read aloud and on pointing, and holds nothing personal; a `new` one pulses once.
    An `exact` one stands where its case is, any other beside the middle of its area.
    """

    id: str
    lat: float
    lon: float
    lamp: Lamp
    count: int
    label: str
    new: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True)
class ZoneOutline:
    """A zone drawn over the areas: `rings` of (latitude, longitude)."""

    id: int
    name: str
    rings: tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True, slots=True)
class Pulse:
    """A ring that spreads once around a place where something changed; again under another `id`."""

    id: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class View:
    """A wish to see `bounds` (south, west, north, east).

    It is granted once for each new `nonce`; between them the view is the reader's own.
    """

    nonce: str | int
    bounds: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """One refresh. `classes`, `show` and `values` stand in the order of the level's shapes.

    A class is "0" to "4", "s" for suppressed, "-" for no data, "x" for outside what the reader may
    see. Where `show` has "0" the area fades; None shows all. `values` are the tooltips' texts.
    In mode "draw" a stroke sends a ring, and a click still sends its area. A `still` map hangs
    where nobody has a pointer: it has no buttons, answers nothing, and grows with its frame.
    """

    level: Level
    classes: str
    show: str | None = None
    values: tuple[str, ...] = ()
    markers: tuple[Marker, ...] = ()
    zones: tuple[ZoneOutline, ...] = ()
    selected: tuple[int, ...] = ()
    view: View | None = None
    mode: Literal["look", "draw"] = "look"
    palette: Scale = "sequence"
    pulses: tuple[Pulse, ...] = ()
    still: bool = False


def show(
    layers: MapLayers,
    frame: Frame,
    *,
    key: str,
    height: int,
    on_event: Callable[[MapEvent], None] | None = None,
    theme: Theme = "desk",
) -> None:
    """Draw the map, or repaint it in place, `height` pixels high and as wide as its place.

    `on_event` is called before the next run, once for each event (ui.map_events). `key` names the
    map within the page and stays the same; `theme` is "desk" (light) or "wall" (dark).
    """
    st_folium(
        _CountyMap(),
        key=key,
        height=height,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=_Refresh(_refresh(layers, frame, theme, language())),
        on_change=lambda: _arrived(key, on_event),
    )


def _arrived(key: str, on_event: Callable[[MapEvent], None] | None) -> None:
    """Hand on what the browser sent, unless it is no event or was handed on before."""
    event = event_from(st.session_state.get(key))
    seen_key = f"{key}:seen"
    if event is None or st.session_state.get(seen_key) == event["turn"]:
        return
    st.session_state[seen_key] = event["turn"]
    if on_event is not None:
        on_event(event)


@lru_cache(maxsize=16)
def _refresh(layers: MapLayers, frame: Frame, theme: Theme, _language: str) -> str:
    """Made once for all who look at the same, and while nothing changes."""
    return _packed(_message(layers, frame, theme))


def _message(layers: MapLayers, frame: Frame, theme: Theme) -> dict[str, Any]:
    cells, areas = _cells(frame)
    return {
        "urls": dict(layers.urls),
        "level": frame.level,
        "cells": cells,
        "areas": areas,
        "markers": [_marker(one) for one in frame.markers],
        "zones": [{"id": z.id, "name": z.name, "rings": _rounded(z.rings)} for z in frame.zones],
        "selected": frame.selected,
        "view": frame.view and {"nonce": frame.view.nonce, "bounds": frame.view.bounds},
        "mode": frame.mode,
        "pulses": [
            [one.id, round(one.lat, _DIGITS), round(one.lon, _DIGITS)] for one in frame.pulses
        ],
        "still": frame.still,
        "look": look(theme, frame.palette),
        "words": _words(layers),
    }


def _cells(frame: Frame) -> tuple[list[tuple[str, str, str]], str]:
    """What areas look like and say, each once; and for each area one character that names its own.

    Many areas are alike: for 20,000 of them this is half of what three lists would be.
    """
    seen: dict[tuple[str, str, str], int] = {}
    alike = zip_longest(
        frame.classes,
        frame.show or "1" * len(frame.classes),
        frame.values or ("",) * len(frame.classes),
        fillvalue="",
    )
    numbers = [seen.setdefault(cell, len(seen)) for cell in alike]
    return list(seen), "".join(map(_character, numbers))


def _character(number: int) -> str:
    """A character that JSON leaves as it is: after the backslash, around the surrogates."""
    code = number + _FIRST_CHARACTER
    return chr(code if code < _SURROGATES else code + _SURROGATES_LONG)


def _marker(one: Marker) -> tuple[str | float | int | bool, ...]:
    lat, lon = round(one.lat, _DIGITS), round(one.lon, _DIGITS)
    return (one.id, lat, lon, one.lamp.value, one.count, one.label, one.new)


def _ring(one: Pulse) -> tuple[str, float, float]:
    return one.id, round(one.lat, _DIGITS), round(one.lon, _DIGITS)


def _rounded(
    rings: tuple[tuple[tuple[float, float], ...], ...],
) -> list[list[tuple[float, float]]]:
    return [[(round(lat, _DIGITS), round(lon, _DIGITS)) for lat, lon in ring] for ring in rings]


def _words(layers: MapLayers) -> dict[str, str]:
    keys = _(
        "方向键在区域之间移动,回车选择,Esc 返回上一级,加号和减号缩放。旁边的表格列出同样的数字。"
    )
    return {
        "title": layers.title or _("地图"),
        "description": f"{layers.description} {keys}".strip(),
        "loading": _("正在取边界图形…"),
        "failed": _("边界图形没有取到,地图暂时画不出来。数字在旁边的表格里。"),
        "retry": _("再试一次"),
        "zoom_in": _("放大"),
        "zoom_out": _("缩小"),
        "whole": _("回到所选区域"),
    }


def _packed(message: dict[str, Any]) -> str:
    plain = json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(zlib.compress(plain.encode(), _LEVEL)).decode()


@cache
def _address(name: str) -> str:
    """An asset's address with the hash of its content: what is served so is kept for ever."""
    digest = hashlib.sha256((_FOLDER / name).read_bytes()).hexdigest()[:12]
    return f"{_ASSETS}/{name}?v={digest}"


class _Begin(folium.MacroElement):
    """Gives Leaflet's map to our script."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "window.wusongMap.begin({{ this._parent.get_name() }});"
        "{% endmacro %}"
    )


class _CountyMap(folium.Map):
    """An empty map without tiles, links or anything that differs from one run to the next.

    Made anew for every run: rendering changes folium's objects, so they cannot be kept.
    """

    default_js = [
        (name, _address(f"map/{name}.js"))
        for name in ("leaflet/leaflet", "areas", "sheets", "markers", "drawing", "county_map")
    ]
    default_css = [
        ("leaflet", _address("map/leaflet/leaflet.css")),
        ("fonts", _address("fonts/wusong.css")),
        ("county_map", _address("map/county_map.css")),
    ]

    def __init__(self) -> None:
        super().__init__(
            location=(0, 0),
            zoom_start=2,
            tiles=None,
            zoom_control=False,
            attribution_control=False,  # a flag and a link to another site otherwise
            keyboard=False,  # the arrows go from area to area instead
            box_zoom=False,
            zoom_snap=0.25,
            zoom_delta=0.5,
        )
        self.options["maxZoom"] = 18
        self.add_child(_Begin())  # type: ignore[no-untyped-call]  # branca has no types


class _Refresh(folium.FeatureGroup):
    """The message in the dress of a feature group. Holds no layer of Leaflet's."""

    _template = Template(
        '{% macro script(this, kwargs) %}window.wusongMap.frame("{{ this.packed }}");{% endmacro %}'
    )

    def __init__(self, packed: str) -> None:
        super().__init__(name="refresh", control=False)
        self.packed = packed
