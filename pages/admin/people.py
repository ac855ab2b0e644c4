"""人员: the accounts of the county, their posts, and what is done with them."""

from typing import Any

import streamlit as st

from data_access import site
from domain.people import Permission
from texts import gettext as _
from texts.people import separation_lines
from ui import clock, feedback, live, people_list, people_reads, people_state, person_drawer
from ui.plain import plain
from ui.session import acting, require

actor = require(*people_reads.OPENED_TO)
person_drawer.read_address()
person_drawer.show_if_asked()


def clicked(trigger: str) -> Any:
    """What the list's last click carried."""
    acting(*people_reads.OPENED_TO)
    return st.session_state["people_list"][trigger]


@feedback.left_to_the_page
def on_open() -> None:
    """An account was opened."""
    person_drawer.open_drawer(int(clicked("open")))


@feedback.left_to_the_page
def on_turn() -> None:
    """Another page of the list."""
    people_state.turn(clicked("turn"))


@feedback.left_to_the_page
def on_new() -> None:
    """A new account is wanted."""
    acting(Permission.PEOPLE_MANAGE)
    person_drawer.open_drawer(person_drawer.NEW)


@feedback.left_to_the_page
def narrowed() -> None:
    """The search or a filter was changed."""
    acting(*people_reads.OPENED_TO)
    people_state.restart()


@live.part
def live_list() -> None:
    """Read and show again and again: from memory unless something changed."""
    person_drawer.show_if_asked(live=True)
    actor = require(*people_reads.OPENED_TO)
    scope = people_reads.scope_of(actor)
    now = clock.now()
    watermark = site.current().watcher.seen(now=now)
    if people_reads.separated():
        found = people_reads.separation(scope, now)
        for line in separation_lines(found.collisions, found.vacant):
            st.warning(plain(line), icon=":material/warning:")
    filters = people_state.filters()
    people_list.show(
        people_reads.page(scope, filters, people_state.page_number(), now),
        watermark=watermark,
        open_user=st.session_state.get("person_open"),
        narrowed=people_state.is_narrowed(),
        now=now,
        on_open=on_open,
        on_turn=on_turn,
    )


with st.container(horizontal=True, vertical_alignment="bottom", key="toolbar"):
    st.text_input(
        _("搜索"),
        key="people_search",
        type="search",
        placeholder=_("姓名或用户名"),
        label_visibility="collapsed",
        on_change=narrowed,
    )
    with st.popover(_("筛选"), icon=":material/filter_list:", key="people_filters"):
        offer = people_reads.offer(people_reads.scope_of(actor), clock.now())
        people_state.show_filters(offer, narrowed)
    if actor.may(Permission.PEOPLE_MANAGE):
        st.button(
            _("新建账号"),
            key="account_new",
            type="primary",
            icon=":material/person_add:",
            on_click=on_new,
        )
live_list()
