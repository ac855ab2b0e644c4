"""What the forms of the committees' page have in common: fields, keys, and what was seen."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import streamlit as st

from data_access import site
from data_access.queries.teams import PersonRow
from domain.errors import KeyReused, TeamChanged
from ui import feedback

PLACE = "team"
_TURN, _KEY, _SEEN = "team_turn", "team_key", "team_seen"


def field(name: str) -> str:
    """The key of a field, which is another one each time the forms begin anew."""
    return f"team_{name}_{st.session_state.get(_TURN, 0)}"


def begin_anew() -> None:
    """Empty the forms: what was entered has been taken, or another thing is opened."""
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    for name in (_KEY, _SEEN):
        st.session_state.pop(name, None)


def key() -> str:
    """What makes a second press harmless: the same until something was done."""
    made: str = st.session_state.setdefault(_KEY, uuid4().hex)
    return made


def seen_version(person: PersonRow) -> int:
    """The version of a person that was seen first, until something is done to them."""
    seen: int = st.session_state.setdefault(_SEEN, person.version)
    return seen


@contextmanager
def acted_on(place: str = PLACE) -> Iterator[None]:
    """Around a change in a callback: a refusal is kept with what was typed.

    It is said at the top of the drawer, or at `place`, where a form far down shows its own.
    """
    with feedback.refusals_kept(place):
        try:
            yield
        except TeamChanged:
            st.session_state.pop(_SEEN, None)
            raise
        except KeyReused:
            # The first press was carried out; the next one is a new deed.
            st.session_state.pop(_KEY, None)
            raise
        begin_anew()
        site.current().watcher.look()
