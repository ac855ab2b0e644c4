"""The drawer of the people page: a new account, or the card of one."""

import streamlit as st

from domain.errors import AccountNotFound
from texts import gettext as _
from ui import clock, feedback, new_account, page_asks, people_reads, person_card
from ui.plain import plain
from ui.session import require

WIDTH = 640
NEW = 0
_ASKED = "person_asked"
# What belongs to one account and must not be carried over to the next.
_OF_ONE = ("one_time", "_refusal", "identity", "person_version")


def open_drawer(user_id: int) -> None:
    """Remember that this account is to be shown, or the form for a NEW one."""
    if st.session_state.get("person_open") != user_id:
        _forget()
    st.session_state["person_open"] = user_id
    st.session_state[_ASKED] = True
    if user_id == NEW:
        _leave_address()
    else:
        st.query_params["account"] = str(user_id)


def close_drawer() -> None:
    """The person closed it: a one-time password that was shown is gone for good."""
    _forget()
    for name in ("person_open", _ASKED):
        st.session_state.pop(name, None)
    _leave_address()


def read_address() -> None:
    """Open what a link asks for, and keep open what was open when the page is drawn anew."""
    asked = st.query_params.get("account", "")
    if asked.isascii() and asked.isdigit() and len(asked) <= len(str(2**62)):
        open_drawer(int(asked))
    elif st.session_state.get("person_open") == NEW:
        st.session_state[_ASKED] = True


def show_if_asked(*, live: bool = False) -> None:
    """Open the dialog where a click asked for it, or where the page is drawn anew with one open.

    A `live` part leaves that to the page: see page_asks.
    """
    if page_asks.take(_ASKED, live=live):
        user_id = st.session_state["person_open"]
        title = plain(_title(user_id))
        st.dialog(title, width=WIDTH, position="right", on_dismiss=close_drawer)(_drawer)()


def _title(user_id: int) -> str:
    if user_id == NEW:
        return _("新建账号")
    scope = people_reads.scope_of(require(*people_reads.OPENED_TO))
    try:
        return people_reads.account(scope, user_id, clock.now()).name
    except AccountNotFound:
        return _("账号")


def _drawer() -> None:
    _live()


@st.fragment(run_every=clock.REFRESH_SECONDS)
def _live() -> None:
    """What is in the drawer, again and again.

    Not only to be up to date: a click that is sent while another draw is under way may be answered
    by the refresh of another part of the page, and would not show here until the next one.
    """
    user_id = st.session_state.get("person_open")
    if user_id is None:
        return
    if st.session_state.pop("account_made", False):
        # The drawer of the form goes on as the one of the new account, under its name.
        st.rerun()
    feedback.show_told()
    if user_id == NEW:
        new_account.show()
    else:
        person_card.show(user_id)


def _leave_address() -> None:
    if "account" in st.query_params:
        del st.query_params["account"]


def _forget() -> None:
    for name in _OF_ONE:
        st.session_state.pop(name, None)
