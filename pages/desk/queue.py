"""实时纠纷队列: the open cases, the most urgent first."""

from typing import Any

import streamlit as st

from data_access import site
from data_access.queries import queue
from domain.people import Permission
from texts import gettext as _
from ui import clock, drawer, queue_list, queue_reads, queue_state
from ui.session import acting, require

actor = require(Permission.CASE_READ)
scope = actor.scope(Permission.CASE_READ)
offered = queue_reads.choices(scope)
names = queue_state.options(offered)
queue_state.read_address(names)
if "case" in st.query_params:
    # A link to one case, or a page drawn anew behind an open drawer.
    drawer.open_drawer(st.query_params["case"], st.session_state.get("drawer_view", "facts"))


def clicked(trigger: str) -> Any:
    """What the list's last click carried."""
    acting(Permission.CASE_READ)
    return st.session_state["queue_list"][trigger]


def on_open() -> None:
    """A row was opened."""
    wanted = clicked("open")
    drawer.open_drawer(wanted["case"], wanted["view"])


def on_stage() -> None:
    """Another tab was chosen."""
    st.session_state["stage"] = clicked("stage") or None
    queue_state.restart()
    queue_state.write_address()


def on_drop() -> None:
    """A filter was removed."""
    queue_state.drop(clicked("drop"))
    queue_state.write_address()


def on_turn() -> None:
    """The next page, or the one before."""
    if clicked("turn") == "back":
        st.session_state["cursors"] = st.session_state["cursors"][:-1]
    elif (following := st.session_state.get("next_cursor")) is not None:
        st.session_state["cursors"] = [*st.session_state["cursors"], following]


@st.fragment(run_every=clock.REFRESH_SECONDS)
def live_list() -> None:
    """Read and show again and again: from memory unless something changed."""
    actor = require(Permission.CASE_READ)
    scope = actor.scope(Permission.CASE_READ)
    now = clock.now()
    watermark = site.current().watcher.latest
    filters = queue_state.filters(offered)
    cursors = st.session_state["cursors"]
    term = st.session_state.get("search", "").strip()
    if term:
        parties = actor.may(Permission.CASE_UNMASK)
        found = queue_reads.search(scope, term, now, parties=parties)
        page, counts = queue.Page(found, None), None
    else:
        page = queue_reads.page(scope, filters, cursors[-1] if cursors else None, now)
        counts = queue_reads.counts(scope, filters, now)
    st.session_state["next_cursor"] = page.next
    queue_list.show(
        rows=page.rows,
        counts=counts,
        stage=filters.stage,
        chips=[] if term else queue_state.chips(names),
        page_number=len(cursors) + 1,
        has_next=page.next is not None,
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
