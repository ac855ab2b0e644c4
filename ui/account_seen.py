"""Which version of an account its administrator has seen: what they do is about that one."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from data_access import site
from data_access.queries.accounts import Account
from domain.errors import AccountChanged
from ui import feedback

_KEPT = "person_version"


def version(account: Account) -> int:
    """What they saw first, until they act or are told that it changed; not a later refresh."""
    seen: int = st.session_state.setdefault(_KEPT, account.version)
    return seen


@contextmanager
def acted_on(place: str) -> Iterator[None]:
    """Around a change in a callback: a refusal is kept for `place`, and the next look is anew."""
    with feedback.refusals_kept(place):
        try:
            yield
        except AccountChanged:
            # Told now; the next attempt is about what they see from here on.
            st.session_state.pop(_KEPT, None)
            raise
        st.session_state.pop(_KEPT, None)
        # Look at once, so that the person who wrote sees the new state in this very run.
        site.current().watcher.look()
