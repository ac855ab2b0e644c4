"""The case drawer: comes from the right, keeps the list in sight, stays live while it is open."""

import streamlit as st

from data_access.queries.cases import CaseView
from domain.errors import NotFound
from domain.people import Actor, Permission
from texts import gettext as _
from ui import case_card, case_parts, case_reads, case_related, clock, feedback, page_asks, records
from ui.plain import plain
from ui.queue_list import RED_VIEW
from ui.record_kinds import Errand
from ui.session import require

WIDTH = 640
_ASKED = "drawer_asked"
VIEWS = ("facts", "steps", "reassign", "records", "timeline")


def open_drawer(case_no: str, view: str = "facts") -> None:
    """Remember that this case is to be shown; the next draw of the page opens it."""
    if st.session_state.get("drawer_case") != case_no:
        case_parts.forget()
    st.session_state["drawer_case"] = case_no
    if view == RED_VIEW:
        # From the alarm to what it asks for, by one click.
        view = "records"
        records.choose(case_no, Errand.ACKNOWLEDGE)
    st.session_state["drawer_view"] = view if view in VIEWS else "facts"
    st.session_state[_ASKED] = True
    st.query_params["case"] = case_no


def close_drawer() -> None:
    """The person closed it: nothing of the case stays on the screen or in the address."""
    case_parts.forget()
    for name in ("drawer_case", _ASKED):
        st.session_state.pop(name, None)
    if "case" in st.query_params:
        del st.query_params["case"]


def show_if_asked(*, live: bool = False) -> None:
    """Open the dialog where a click asked for it, or where the page is drawn anew with one open.

    A `live` part leaves that to the page: see page_asks.
    """
    if page_asks.take(_ASKED, live=live):
        case_no = st.session_state["drawer_case"]
        dialog = st.dialog(plain(case_no), width=WIDTH, position="right", on_dismiss=close_drawer)
        dialog(_drawer)(case_no)


def _drawer(case_no: str) -> None:
    actor = require(Permission.CASE_READ)
    feedback.show_told()
    try:
        view = case_reads.view(case_no, actor.scope(Permission.CASE_READ), clock.now())
    except NotFound as refusal:
        case_parts.show_gone(case_no, refusal)
        return
    # What the person has seen, until they act or are told that it changed: not what a later
    # redraw happens to read.
    st.session_state.setdefault("seen_version", view.row.version)
    case_parts.live_head(case_no)
    chosen = _choose_view(view, actor)
    case_parts.undo_if_possible(view, actor)
    match chosen:
        case "reassign" | "steps" | "records":
            case_parts.show_form(chosen, case_no)
        case "timeline":
            case_parts.live_timeline(case_no)
        case _facts:
            if view.row.due_at is not None:
                case_parts.live_clock(case_no)
                case_parts.offer_why(case_no, actor)
            case_related.show(view, actor)
            case_parts.live_facts(case_no)
            case_parts.offer_unmasking(case_no, actor)
            case_card.show([case_card.way_to_page(case_no)], key="card_page")


def _choose_view(view: CaseView, actor: Actor) -> str:
    names = {"facts": _("概况"), **case_parts.forms(view, actor), "timeline": _("经过")}
    if st.session_state.get("drawer_view") not in names:
        st.session_state["drawer_view"] = "facts"
    chosen = st.segmented_control(
        _("显示"),
        list(names),
        format_func=names.__getitem__,
        key="drawer_view",
        required=True,
        label_visibility="collapsed",
    )
    return chosen or "facts"
