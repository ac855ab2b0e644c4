"""The page of map_bench_app.py. Its address says what is drawn, and how often."""

import json
import random
import sys
from dataclasses import replace
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from domain.cases import Lamp  # noqa: E402 - the path comes first
from tests.e2e.square_grids import HOSTILE, Squares  # noqa: E402
from ui.county_map import (  # noqa: E402
    Frame,
    MapLayers,
    Marker,
    View,
    ZoneOutline,
    show,
)
from ui.elements import style  # noqa: E402

LEVELS = ("county", "town", "community", "grid")
LAMPS = (Lamp.LATE, Lamp.SOON, Lamp.ON_TIME)

st.set_page_config(layout="wide")
st.html(f"<style>{style('page.css')}</style>")
ask = st.query_params
count = int(ask.get("n", "147"))
hostile = "hostile" in ask
state = st.session_state
state.setdefault("level", ask.get("level", "grid"))
state.setdefault("parent", None)
state.setdefault("turn", 0)
state.setdefault("events", [])
state.setdefault("mode", ask.get("mode", "look"))
state.setdefault("selected", ())


@st.cache_resource
def squares(size):
    return Squares(size)


def on_event(event):
    state.events = [*state.events, {**event, "turn": list(event["turn"])}]
    at = LEVELS.index(state.level)
    if event["event"] == "area" and state.mode == "draw":
        state.selected = (*state.selected, event["id"])
    elif event["event"] == "area" and at < len(LEVELS) - 1:
        state.parent = (state.level, squares(count).ids(state.level).index(event["id"]))
        state.level = LEVELS[at + 1]
    elif event["event"] == "back" and at:
        state.level, state.parent = LEVELS[at - 1], None


def text(place, number):
    return HOSTILE[place % len(HOSTILE)] if hostile else f"在办 {number} 件"


def frame():
    county, chance = squares(count), random.Random(state.turn)
    ids = county.ids(state.level)
    numbers = [int(chance.expovariate(0.15)) for _ in ids]
    classes = "".join("s" if n == 0 else str(min(4, n // 4)) for n in numbers)
    classes = classes[:-1] + "-" if len(classes) > 1 else classes
    drawn = Frame(
        level=state.level,
        classes=classes,
        show=county.parent_shows(state.level, *state.parent) if state.parent else None,
        values=tuple(text(place, number) for place, number in enumerate(numbers)),
        mode=state.mode,
        selected=tuple(state.selected),
        palette=ask.get("palette", "sequence"),
    )
    if state.parent:
        bounds = county.box(*state.parent)
        return replace(drawn, view=View(f"{state.parent}", bounds))
    return drawn


def decked(drawn):
    """With markers, zones and a selection."""
    county = squares(count)
    towns = range(len(county.ids("town")))
    markers = [
        Marker(
            id=f"{HOSTILE[place % len(HOSTILE)] if hostile else ''}{place}{lamp}",
            lat=county.middle("town", place)[0],
            lon=county.middle("town", place)[1],
            lamp=lamp,
            count=3 + place + state.turn,
            label=text(place, place),
            new=place == 0,
        )
        for place in towns
        for lamp in LAMPS[: 1 + place % 3]
    ]
    south, west, north, east = county.box("community", len(county.ids("community")) // 2)
    ring = ((south, west), (north, west), (north, east + 0.004), (south - 0.003, east))
    zone = ZoneOutline(1, HOSTILE[3] if hostile else "工业园区", (ring,))
    chosen = (*drawn.selected, county.ids(drawn.level)[1])
    return replace(drawn, markers=tuple(markers), zones=(zone,), selected=chosen)


def name(level):
    kind = "-hostile" if hostile else ""
    return f"../../geometry/{ask.get('shapes', count)}-{level}{kind}.json"


def ours():
    layers = MapLayers(
        tuple((level, name(level)) for level in LEVELS),
        title=HOSTILE[3] if hostile else "在办纠纷",
        description=HOSTILE[5] if hostile else "147 个网格",
    )
    drawn = decked(frame()) if "decked" in ask else frame()
    height = int(ask.get("height", "560"))
    show(layers, drawn, key="map", height=height, on_event=on_event, theme=ask.get("theme", "desk"))


def stock():
    """The same areas as folium and st_folium do it by themselves, with our Leaflet."""
    import folium  # noqa: PLC0415 - only where it is asked for
    from streamlit_folium import st_folium  # noqa: PLC0415

    from ui.county_map import _CountyMap  # noqa: PLC0415

    county, chance = squares(count), random.Random(state.turn)
    shapes = county.collection("grid")
    colours = ("#EAF2FB", "#C5DCF2", "#8FBCE4", "#4F90CC", "#1E5AA8")
    for feature in shapes["features"]:
        feature["properties"]["colour"] = colours[min(4, int(chance.expovariate(0.15)) // 4)]
    drawn = folium.Map(
        location=(county.middle("county", 0)), zoom_start=11, tiles=None, prefer_canvas=True
    )
    drawn.default_js = [_CountyMap.default_js[0]]
    drawn.default_css = [_CountyMap.default_css[0]]
    folium.GeoJson(
        shapes,
        style_function=lambda one: {
            "fillColor": one["properties"]["colour"],
            "fillOpacity": 0.8,
            "color": "#FFFFFF",
            "weight": 0.6,
        },
    ).add_to(drawn)
    st_folium(drawn, key="map", height=560, use_container_width=True, returned_objects=[])


def part():
    if "every" in ask and state.turn < int(ask.get("turns", "1000000")):
        state.turn += 1
    if "none" in ask:
        pass
    elif "stock" in ask:
        stock()
    else:
        ours()
    with st.container(key="state"):
        st.text(f"turn {state.turn}")
        st.text(json.dumps(state.events[-1:]))


def again():
    state.turn += 1


def draw():
    state.mode = "look" if state.mode == "draw" else "draw"


if "every" in ask:
    st.fragment(part, run_every=float(ask["every"]))()
else:
    left, right = st.columns(2)
    left.button("refresh", on_click=again)
    right.button("draw", on_click=draw)
    part()
