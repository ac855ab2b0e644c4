"""审计: who did what to what, and when; whether the record is whole; who saw personal data."""

from typing import Any

import streamlit as st

from data_access import site
from domain.clocks import day_of
from domain.people import Permission
from ui import clock, trail_check, trail_list, trail_reads, trail_reasons, trail_state
from ui.feedback import left_to_the_page
from ui.session import acting, require

actor = require(Permission.TRAIL_READ)
accounts = trail_reads.accounts(trail_reads.whole_county(actor))
trail_state.read_address(accounts)


@left_to_the_page
def narrowed() -> None:
    """A filter was changed."""
    acting(Permission.TRAIL_READ)
    trail_state.restart()
    trail_reasons.forget()


@left_to_the_page
def on_turn() -> None:
    """The next page, or the one before."""
    acting(Permission.TRAIL_READ)
    clicked: Any = st.session_state["trail_list"]
    trail_state.turn(clicked["turn"], st.session_state.get("trail_next"))
    trail_reasons.forget()


@st.fragment(run_every=clock.REFRESH_SECONDS)
def live_trail() -> None:
    """Read and show again and again: from memory unless something was written."""
    actor = require(Permission.TRAIL_READ)
    scope, now = trail_reads.whole_county(actor), clock.now()
    trail_check.show(actor, now)
    typed = trail_state.about()
    subject = trail_reads.subject(scope, typed) if typed else None
    if typed and subject is None:
        trail_state.show_not_found(typed)
        return
    filters = trail_state.filters(accounts, subject, now)
    page = trail_reads.page(actor, filters, trail_state.cursor())
    st.session_state["trail_next"] = page.next
    if trail_state.only_reads():
        trail_reasons.offer(page, actor)
    trail_list.show(
        page,
        reasons=trail_reasons.shown(actor),
        page_number=trail_state.page_number(),
        watermark=site.current().watcher.seen(now=now),
        now=now,
        on_turn=on_turn,
    )


trail_state.show_filters(accounts, narrowed, today=day_of(clock.now()))
trail_state.write_address()
live_trail()
