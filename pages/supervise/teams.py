"""调委会: the committees, how each stands to the law, their people, leave and duty roster."""

from typing import Any

import streamlit as st

from data_access import site
from domain.people import Permission
from texts import gettext as _
from ui import (
    clock,
    feedback,
    live,
    queue_marks,
    team_drawer,
    team_list,
    team_reads,
    team_relations,
    team_state,
)
from ui.session import acting, require

actor = require(*team_reads.OPENED_TO)
queue_marks.go_to_sandbox_if_asked()
team_drawer.read_address()
team_drawer.show_if_asked()


def clicked(trigger: str) -> Any:
    """What the list's last click carried."""
    acting(*team_reads.OPENED_TO)
    return st.session_state["team_list"][trigger]


@feedback.left_to_the_page
def on_open() -> None:
    """A committee was opened."""
    team_drawer.open_drawer(team_drawer.COMMITTEE, int(clicked("open")))


@feedback.left_to_the_page
def on_turn() -> None:
    """Another page of the list."""
    team_state.turn(clicked("turn"))


@feedback.left_to_the_page
def on_new() -> None:
    """A new committee is wanted."""
    acting(Permission.TEAM_KEEP)
    team_drawer.open_drawer(team_drawer.NEW, 0)


@feedback.left_to_the_page
def narrowed() -> None:
    """The search or a filter was changed."""
    acting(*team_reads.OPENED_TO)
    team_state.turn(1)


@feedback.left_to_the_page
def on_request(mediator_id: int) -> None:
    """A request to withdraw a relation is to be decided."""
    acting(Permission.TEAM_KEEP)
    team_drawer.open_drawer(team_drawer.PERSON, mediator_id)
    st.session_state["team_view"] = "keep"


@live.part
def live_list() -> None:
    """Read and show again and again: from memory unless something changed."""
    queue_marks.go_to_sandbox_if_asked(live=True)
    team_drawer.show_if_asked(live=True)
    actor = require(*team_reads.OPENED_TO)
    scope, now = team_reads.scope_of(actor), clock.now()
    watermark = site.current().watcher.seen(now=now)
    team_relations.show_waiting(team_reads.withdrawals(actor), on_request)
    team_list.show(
        team_reads.page(scope, team_state.filters(), team_state.page_number(), now),
        watermark=watermark,
        open_committee=team_drawer.open_committee(),
        narrowed=team_state.is_narrowed(),
        now=now,
        on_open=on_open,
        on_turn=on_turn,
    )


with st.container(horizontal=True, vertical_alignment="bottom", key="toolbar"):
    st.text_input(
        _("搜索"),
        key="team_search",
        type="search",
        placeholder=_("调委会或调解员姓名"),
        label_visibility="collapsed",
        on_change=narrowed,
    )
    with st.popover(_("筛选"), icon=":material/filter_list:", key="team_filters"):
        offer = team_reads.offer(team_reads.scope_of(actor), clock.now())
        team_state.show_filters(offer, narrowed)
    if actor.may(Permission.TEAM_KEEP):
        st.button(
            _("新设调委会"),
            key="committee_new",
            type="primary",
            icon=":material/add:",
            on_click=on_new,
        )
live_list()
