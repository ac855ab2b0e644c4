"""Cached reads: many screens, one query.

The key is the question, the scope, the data watermark and the minute; so a hundred viewers of one
queue cost one query per change, and nobody is served another scope's answer.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import streamlit as st

from data_access import site
from data_access.faults import UNREADABLE
from domain.people import Scope
from ui.clock import minute

T = TypeVar("T")


@st.cache_data(max_entries=512, show_spinner=False)
def _answer(key: str, _load: Callable[[], object]) -> object:  # noqa: ARG001 - Streamlit's key
    return _load()


@st.cache_resource(max_entries=512, show_spinner=False)
def _last_answers(question: str) -> dict[str, object]:  # noqa: ARG001 - Streamlit's key
    """Where the last answer to a question stays, whatever the watermark."""
    return {}


def cached(
    question: str, load: Callable[[Any], T], *, scope: Scope, now: datetime | None = None
) -> T:
    """`load`'s answer for this scope at the current watermark; `now` where the answer ages.

    `question` names the query and all its arguments but scope and time. While the database does not
    answer, the last answer is given again: the watermark on the screen says since when it stands.
    """
    here = site.current()
    # The watermark is read before the query that it labels: the other order would keep old rows
    # under a new number.
    watermark = here.watcher.latest
    asked = f"{here.url}|{question}|{scope.key}"
    age = minute(now).isoformat() if now else ""

    def read() -> T:
        with here.db.read() as session:
            return load(session)

    kept = _last_answers(asked)
    try:
        kept["last"] = _answer(f"{asked}|{watermark.data_seq}|{age}", read)
    except UNREADABLE:
        here.watcher.look()
        if "last" not in kept:
            raise
    answer: T = kept["last"]  # type: ignore[assignment]
    return answer


@st.cache_data(max_entries=256, show_spinner=False)
def _kept(key: str, _load: Callable[[], object]) -> object:  # noqa: ARG001 - Streamlit's key
    return _load()


def kept(question: str, load: Callable[[Any], T], *, scope: Scope) -> T:
    """`load`'s answer for this scope, asked for once, whatever is written afterwards.

    For what a screen goes by and must not change under it. `question` names all that it depends on.
    """
    here = site.current()

    def read() -> T:
        with here.db.read() as session:
            return load(session)

    answer: T = _kept(f"{here.url}|{question}|{scope.key}", read)  # type: ignore[assignment]
    return answer


@st.cache_resource(max_entries=256, show_spinner=False)
def _made(key: str, _make: Callable[[], object]) -> object:  # noqa: ARG001 - Streamlit's key
    return _make()


def shared(question: str, make: Callable[[], T], *, scope: Scope, now: datetime | None = None) -> T:
    """What `make` makes of cached answers, made once and handed to everybody as the same object.

    For what is large, frozen, and dear to copy. `question` names all that it depends on but scope
    and time.
    """
    here = site.current()
    age = minute(now).isoformat() if now else ""
    key = f"{here.url}|{question}|{scope.key}|{here.watcher.latest.data_seq}|{age}"
    made: T = _made(key, make)  # type: ignore[assignment]
    return made
