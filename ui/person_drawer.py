"""The drawer of the people page: a new account, or the card of one."""

from datetime import datetime

import streamlit as st

from domain.errors import AccountNotFound
from domain.people import Scope
from texts import gettext as _
from ui import clock, feedback, new_account, people_reads, person_card
from ui.plain import plain

WIDTH = 640
NEW = 0
# What belongs to one account and must not be carried over to the next.
_OF_ONE = ("one_time", "_refusal", "identity", "person_version")


def open_drawer(user_id: int) -> None:
    """Remember that this account is to be shown, or the form for a NEW one."""
    if st.session_state.get("person_open") != user_id:
        _forget()
    st.session_state["person_open"] = user_id
    st.session_state["person_asked"] = True
    if user_id == NEW:
        _leave_address()
    else:
        st.query_params["account"] = str(user_id)


def close_drawer() -> None:
    """The person closed it: a one-time password that was shown is gone for good."""
    _forget()
    st.session_state.pop("person_open", None)
    _leave_address()


def read_address() -> None:
    """Open what a link asks for, and keep open what was open when the page is drawn anew."""
    asked = st.query_params.get("account", "")
    if asked.isascii() and asked.isdigit() and len(asked) <= len(str(2**62)):
        open_drawer(int(asked))
    elif st.session_state.get("person_open") == NEW:
        st.session_state["person_asked"] = True


def show_if_asked(scope: Scope, now: datetime) -> None:
    """Open the dialog where a click asked for it, or where the page is drawn anew with one open."""
    user_id = st.session_state.get("person_open")
    if user_id is not None and st.session_state.pop("person_asked", False):
        title = plain(_title(user_id, scope, now))
        st.dialog(title, width=WIDTH, position="right", on_dismiss=close_drawer)(_drawer)()


def _title(user_id: int, scope: Scope, now: datetime) -> str:
    if user_id == NEW:
        return _("新建账号")
    try:
        return people_reads.account(scope, user_id, now).name
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
