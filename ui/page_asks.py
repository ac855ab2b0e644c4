"""What a click in a live part asks of the page: to open a drawer, or to leave for another page."""

import streamlit as st


def is_asked(name: str, *, live: bool) -> bool:
    """Whether the session's state says so; a `live` part hands it to the page, drawing it anew.

    A live part opens and leaves nothing itself. A dialog that it opened would be its own: where a
    click in the dialog is answered together with the part's refresh, only the part is drawn, and
    the browser empties the dialog as what the part did not draw again. And what a part that leaves
    has under way arrives at another page, which has no place for it.
    """
    asked = bool(st.session_state.get(name))
    if asked and live:
        st.rerun()
    return asked


def take(name: str, *, live: bool) -> bool:
    """As is_asked, and it is asked no more."""
    asked = is_asked(name, live=live)
    st.session_state.pop(name, None)
    return asked
