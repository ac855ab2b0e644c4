"""一张图: any figure by area, from the county down to the grid, live."""

import streamlit as st

from domain.clocks import day_of
from domain.people import Permission, Scope
from ui import (
    clock,
    drawer,
    elements,
    feedback,
    live,
    map_bar,
    map_clicks,
    map_live,
    map_reads,
    map_state,
    queue_reads,
)
from ui.map_events import MapEvent
from ui.map_live import Callbacks
from ui.map_sight import Sight
from ui.session import acting, require

actor = require(Permission.FIGURES_READ)
map_bar.leave_if_asked()
st.html(f"<style>{elements.style('map_page.css')}</style>")
offered = queue_reads.choices(Scope(actor.county_id))
places = map_reads.places(Scope(actor.county_id), day_of(clock.now()))
if not places.layers.county.areas:
    map_bar.stop_without_shapes()
map_state.read_address(places, offered, Sight.of(actor).home(places))
if "case" in st.query_params and map_state.may_open_cases(actor):
    drawer.open_drawer(st.query_params["case"], st.session_state.get("drawer_view", "facts"))


def clicked(element: str, trigger: str) -> str:
    """What an element's last click carried; empty where it was no word: ours send none such."""
    acting(Permission.FIGURES_READ)
    sent = st.session_state[element][trigger]
    return sent if isinstance(sent, str) else ""


@feedback.left_to_the_page
def on_map(event: MapEvent) -> None:
    """Something was clicked or drawn on the map."""
    sight = Sight.of(acting(Permission.FIGURES_READ))
    map_clicks.act(event, sight=sight, places=places, now=clock.now())


@feedback.left_to_the_page
def on_go() -> None:
    """A step of the way was clicked."""
    code = clicked("map_head", "go")
    if code in places.by_code:
        map_state.go(places.by_code[code])


@feedback.left_to_the_page
def on_level() -> None:
    """Another level was chosen."""
    map_state.draw_level(clicked("map_head", "level"))


@feedback.left_to_the_page
def on_figure() -> None:
    """Another figure was chosen in the panel."""
    map_state.choose_figure(clicked("area_panel", "figure"))


@feedback.left_to_the_page
def on_type() -> None:
    """A type was chosen in the panel."""
    map_state.toggle_type(clicked("area_panel", "type"), offered)


@feedback.left_to_the_page
def on_open() -> None:
    """A case was opened."""
    number = clicked("area_panel", "open")
    if map_state.may_open_cases(acting(Permission.CASE_READ)):
        drawer.open_drawer(number)


@feedback.left_to_the_page
def on_turn() -> None:
    """The next page of cases, or the one before."""
    map_state.turn(clicked("area_panel", "turn"))


@feedback.left_to_the_page
def on_queue() -> None:
    """To the queue with this area's cases."""
    acting(Permission.CASE_READ)
    map_bar.to_queue((map_state.area(places),))


callbacks = Callbacks(on_map, on_go, on_level, on_figure, on_type, on_open, on_turn, on_queue)


@live.part
def live_map() -> None:
    """Read and draw again and again: from memory unless something changed."""
    sight = Sight.of(require(Permission.FIGURES_READ))
    if map_state.widgets_are_behind():
        st.rerun()
    map_bar.leave_if_asked(live=True)
    drawer.show_if_asked(live=True)
    map_bar.show_picked(places, moves_cases=sight.actor.may(Permission.CASE_REASSIGN))
    map_live.draw(sight, offered, clock.now(), callbacks)
    map_state.write_address()


# A projector shows no case, whatever the address or an earlier click asked for.
if map_state.may_open_cases(actor):
    drawer.show_if_asked()
else:
    drawer.close_drawer()
map_bar.show(places, offered, sees_cases=map_state.may_open_cases(actor))
live_map()
