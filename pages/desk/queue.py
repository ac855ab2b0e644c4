"""实时纠纷队列: the open cases, the most urgent first."""

from typing import Any

import streamlit as st

from data_access import site
from domain.people import Permission
from ui import (
    clock,
    drawer,
    feedback,
    live,
    queue_arrivals,
    queue_list,
    queue_marks,
    queue_notices,
    queue_reads,
    queue_state,
)
from ui.session import acting, require

actor = require(Permission.CASE_READ)
queue_marks.go_to_sandbox_if_asked()
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
    queue_arrivals.opened(wanted["case"], actor=acting(Permission.CASE_READ), now=clock.now())
    drawer.open_drawer(wanted["case"], wanted["view"])


@feedback.left_to_the_page
def on_seen() -> None:
    """What came was looked at."""
    queue_arrivals.seen(clicked("seen"), actor=acting(Permission.CASE_READ), now=clock.now())


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


@feedback.left_to_the_page
def on_mark() -> None:
    """Cases were marked, or something is to be done with those that are."""
    moving = acting(Permission.CASE_REASSIGN).scope(Permission.CASE_REASSIGN)
    queue_marks.act(clicked("mark"), scope=moving, filters=queue_state.filters(offered))


@live.part
def live_list() -> None:
    """Read and show again and again: from memory unless something changed."""
    queue_marks.go_to_sandbox_if_asked(live=True)
    drawer.show_if_asked(live=True)
    actor = require(Permission.CASE_READ)
    scope, now = actor.scope(Permission.CASE_READ), clock.now()
    watermark = site.current().watcher.seen(now=now)
    filters, cursors = queue_state.filters(offered), st.session_state["cursors"]
    if term := st.session_state.get("search", "").strip():
        page, counts = queue_reads.found(actor, term, now), None
    else:
        page, counts = queue_reads.page(scope, filters, cursors[-1] if cursors else None, now)
    st.session_state["next_cursor"] = page.next
    picked = queue_reads.selection(scope, queue_state.selection_id())
    queue_list.show(
        page,
        counts=counts,
        stage=filters.stage,
        chips=[] if term else queue_state.chips(names, picked),
        page_number=len(cursors) + 1,
        open_case=st.session_state.get("drawer_case"),
        marks=queue_marks.marks() if actor.may(Permission.CASE_REASSIGN) else None,
        notices=queue_notices.notices(actor, now, searching=bool(term)),
        watermark=watermark,
        now=now,
        clicks=queue_list.Clicks(on_mark, on_seen, on_open, on_stage, on_drop, on_turn),
    )


@feedback.left_to_the_page
def narrowed() -> None:
    """A filter widget was changed."""
    acting(Permission.CASE_READ)
    queue_state.restart()


queue_state.show_toolbar(names, narrowed, parties=actor.may(Permission.CASE_UNMASK))
queue_state.write_address()
drawer.show_if_asked()
live_list()
