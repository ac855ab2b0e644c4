"""Say what happened, in the user's words, beside what was typed."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from domain.errors import Refusal, SessionEnded
from texts import gettext as _
from texts.sentences import explain
from ui.clock import now
from ui.plain import plain

_KEPT = "_refusal"
_TOLD = "_told"


@contextmanager
def refusals_kept() -> Iterator[None]:
    """Turn a refusal in a callback into a message for the next draw; nothing else is caught."""
    st.session_state.pop(_KEPT, None)
    try:
        yield
    except Refusal as refusal:
        ended = isinstance(refusal, SessionEnded)
        st.session_state[_KEPT] = (explain(refusal, now=now()), ended)


def tell(sentence: str) -> None:
    """Say in the next draw that something was done: a callback itself must draw nothing."""
    st.session_state[_TOLD] = sentence


def show_kept() -> None:
    """Show what the last action came to, once: done, or refused with the reason."""
    if told := st.session_state.pop(_TOLD, None):
        st.toast(plain(told), icon=":material/check:")
    kept = st.session_state.pop(_KEPT, None)
    if kept is None:
        return
    sentence, ended = kept
    st.error(plain(sentence), icon=":material/error:")
    if ended:
        st.link_button(_("重新登录"), "/signin?next=/signed-in", type="primary")
