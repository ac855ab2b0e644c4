"""What forms in a drawer have in common: fields, the key of a deed, and what was seen."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import streamlit as st

from data_access import site
from domain.errors import Conflict, KeyReused
from ui import feedback


class EntryForm:
    """The forms of one drawer, which begin anew together.

    `changed` is the refusal that tells of somebody who was quicker. A name of its own keeps the
    fields of two drawers apart.
    """

    def __init__(self, name: str, changed: type[Conflict]) -> None:
        self.place = name
        self._changed = changed
        self._turn, self._key, self._seen = f"{name}_turn", f"{name}_key", f"{name}_seen"

    def field(self, name: str) -> str:
        """The key of a field, which is another one each time the forms begin anew."""
        return f"{self.place}_{name}_{st.session_state.get(self._turn, 0)}"

    def begin_anew(self) -> None:
        """Empty the forms: what was entered has been taken, or another thing is opened."""
        st.session_state[self._turn] = st.session_state.get(self._turn, 0) + 1
        for name in (self._key, self._seen):
            st.session_state.pop(name, None)

    def key(self) -> str:
        """What makes a second press harmless: the same until something was done."""
        made: str = st.session_state.setdefault(self._key, uuid4().hex)
        return made

    def seen(self, version: int) -> int:
        """The version that was seen first, until something is done or somebody was quicker."""
        first: int = st.session_state.setdefault(self._seen, version)
        return first

    @contextmanager
    def acted_on(self, place: str = "") -> Iterator[None]:
        """Around a change in a callback: a refusal is kept with what was typed.

        It is said at the top of the drawer, or at `place`, where a form far down shows its own.
        """
        with feedback.refusals_kept(place or self.place):
            try:
                yield
            except self._changed:
                st.session_state.pop(self._seen, None)
                raise
            except KeyReused:
                # The first press was carried out; the next one is a new deed.
                st.session_state.pop(self._key, None)
                raise
            self.begin_anew()
            site.current().watcher.look()
