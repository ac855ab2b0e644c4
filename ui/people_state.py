"""What the list of accounts is narrowed to; none of it goes into the address: it may be a name."""

from collections.abc import Callable

import streamlit as st

from data_access.queries.accounts import Filters
from data_access.queries.posts import Offer
from domain.people import AccountState, Role, Seat
from texts import gettext as _
from texts.words import word
from ui.plain import plain

_CHOICES = ("people_role", "people_town", "people_state")


def filters() -> Filters:
    """What is asked for now."""
    chosen = st.session_state
    return Filters(
        term=chosen.get("people_search", ""),
        role=chosen.get("people_role"),
        town_id=chosen.get("people_town"),
        state=chosen.get("people_state"),
    )


def is_narrowed() -> bool:
    """Whether the list leaves anybody out."""
    return filters() != Filters()


def page_number() -> int:
    """Which page is shown, from 1."""
    number: int = st.session_state.get("people_page", 1)
    return number


def turn(number: object) -> None:
    """Go to another page; one that there is not ends at the last."""
    st.session_state["people_page"] = number if isinstance(number, int) else 1


def restart() -> None:
    """Back to the first page: whenever what is asked for changes."""
    st.session_state["people_page"] = 1


def show_filters(offer: Offer, changed: Callable[[], None]) -> None:
    """Draw the filters."""
    towns = {one.place_id: one.names[-1] for one in offer.places if one.seat is Seat.TOWN}
    st.selectbox(
        _("岗位"),
        list(Role),
        format_func=word,
        index=None,
        key="people_role",
        placeholder=_("全部"),
        on_change=changed,
    )
    st.selectbox(
        _("镇街"),
        list(towns),
        format_func=lambda town: plain(towns[town]),
        index=None,
        key="people_town",
        placeholder=_("全部"),
        on_change=changed,
    )
    st.selectbox(
        _("状态"),
        list(AccountState),
        format_func=word,
        index=None,
        key="people_state",
        placeholder=_("全部"),
        on_change=changed,
    )
