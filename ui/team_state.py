"""What the list of committees is narrowed to; none of it goes into the address."""

from collections.abc import Callable

import streamlit as st

from data_access.queries.teams import Filters, Offer
from domain.committees import CheckState
from domain.eligibility import CommitteeKind
from domain.organisation import UnitLevel
from texts import gettext as _
from texts.words import word


def filters() -> Filters:
    """What is asked for now."""
    chosen = st.session_state
    return Filters(
        term=chosen.get("team_search", ""),
        town_id=chosen.get("team_town"),
        kind=chosen.get("team_kind"),
        state=chosen.get("team_state"),
        closed=chosen.get("team_closed", False),
    )


def is_narrowed() -> bool:
    """Whether the list leaves any out."""
    return filters() != Filters()


def page_number() -> int:
    """Which page is shown, from 1."""
    number: int = st.session_state.get("team_page", 1)
    return number


def turn(number: object) -> None:
    """Go to another page; one that there is not ends at the last."""
    st.session_state["team_page"] = number if isinstance(number, int) else 1


def show_filters(offer: Offer, changed: Callable[[], None]) -> None:
    """Draw the filters."""
    towns = {one.unit_id: one.names[-1] for one in offer.places if one.level is UnitLevel.TOWN}
    nothing = _("全部")
    st.selectbox(
        _("镇街"),
        list(towns),
        format_func=towns.__getitem__,
        index=None,
        key="team_town",
        placeholder=nothing,
        on_change=changed,
    )
    st.selectbox(
        _("类别"),
        list(CommitteeKind),
        format_func=word,
        index=None,
        key="team_kind",
        placeholder=nothing,
        on_change=changed,
    )
    st.selectbox(
        _("法定要求"),
        list(CheckState),
        format_func=word,
        index=None,
        key="team_state",
        placeholder=nothing,
        on_change=changed,
    )
    st.toggle(_("看已撤销的"), key="team_closed", on_change=changed)
