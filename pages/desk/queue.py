"""实时纠纷队列: the open cases, the most urgent first."""

from typing import Any

import streamlit as st

from data_access import site
from domain.people import Permission
from texts import gettext as _
from ui import clock, drawer, feedback, queue_list, queue_reads, queue_state
from ui.session import acting, require

actor = require(Permission.CASE_READ)
scope = actor.scope(Permission.CASE_READ)
offered = queue_reads.choices(scope)
queue_state.read_address(offered)
names = queue_state.options(offered)
if "case" in st.query_params:
    # A link to one case, or a page drawn anew behind an open drawer.
    drawer.open_drawer(st.query_params["case"], st.session_state.get("drawer_view", "facts"))


def clicked(trigger: str) -> Any:
    """What the list's last click carried."""
    acting(Permission.CASE_READ)
    return st.session_state["queue_list"][trigger]


@feedback.left_to_the_page
def on_open() -> None:
    """A row was opened."""
    wanted = clicked("open")
    drawer.open_drawer(wanted["case"], wanted["view"])


@feedback.left_to_the_page
def on_stage() -> None:
    """Another tab was chosen."""
    queue_state.choose_stage(clicked("stage"))


@feedback.left_to_the_page
def on_drop() -> None:
    """A filter was removed."""
    queue_state.drop(clicked("drop"))


@feedback.left_to_the_page
def on_turn() -> None:
    """The next page, or the one before."""
    queue_state.turn(clicked("turn"))


@st.fragment(run_every=clock.REFRESH_SECONDS)
def live_list() -> None:
    """Read and show again and again: from memory unless something changed."""
    actor = require(Permission.CASE_READ)
    scope = actor.scope(Permission.CASE_READ)
    now = clock.now()
    watermark = site.current().watcher.seen(now=now)
    filters = queue_state.filters(offered)
    cursors = st.session_state["cursors"]
    term = st.session_state.get("search", "").strip()
    if term:
        page, counts = queue_reads.found(actor, term, now), None
    else:
        page, counts = queue_reads.page(scope, filters, cursors[-1] if cursors else None, now)
    st.session_state["next_cursor"] = page.next
    number = queue_state.selection_id()
    picked = queue_reads.selection(scope, number) if number is not None else None
    queue_list.show(
        rows=page.rows,
        counts=counts,
        stage=filters.stage,
        chips=[] if term else queue_state.chips(names, picked),
        page_number=len(cursors) + 1,
        has_next=page.next is not None,
        more_found=page.more,
        open_case=st.session_state.get("drawer_case"),
        may_move=actor.may(Permission.CASE_REASSIGN),
        watermark=watermark,
        now=now,
        on_open=on_open,
        on_stage=on_stage,
        on_drop=on_drop,
        on_turn=on_turn,
    )
    drawer.show_if_asked()


@feedback.left_to_the_page
def narrowed() -> None:
    """A filter widget was changed."""
    acting(Permission.CASE_READ)
    queue_state.restart()


with st.container(horizontal=True, vertical_alignment="bottom", key="toolbar"):
    st.text_input(
        _("搜索"),
        key="search",
        type="search",
        placeholder=queue_state.search_hint(parties=actor.may(Permission.CASE_UNMASK)),
        label_visibility="collapsed",
        on_change=narrowed,
    )
    with st.popover(_("筛选"), icon=":material/filter_list:", key="filters"):
        queue_state.show_filters(names, narrowed)
queue_state.write_address()
live_list()
