"""The cases that are marked in the queue: by number, whatever the list shows meanwhile."""

import re
from dataclasses import dataclass
from typing import Any

import streamlit as st

from data_access.queries.queue import Filters
from domain.batches import MOST_MOVES
from domain.people import Scope
from ui import clock, page_asks, queue_reads

_NUMBER = re.compile(r"D\d{4}-\d{5,7}")
_KEY = "queue_marks"
SANDBOX = "sandbox_cases"
_SANDBOX_PAGE = "../../pages/desk/reassign.py"


@dataclass(frozen=True, slots=True)
class Marks:
    """The numbers in the order in which they were marked; `turn` counts up with every change."""

    numbers: tuple[str, ...] = ()
    turn: int = 0


def marks() -> Marks:
    """What is marked."""
    kept: Marks = st.session_state.get(_KEY, Marks())
    return kept


def act(sent: object, *, scope: Scope, filters: Filters) -> None:
    """Mark these cases, or all that the filters leave, or put those that are marked into the
    sandbox. What is no case number is left out: anybody can write to a socket.
    """
    before = marks()
    match sent:
        # What an earlier click said takes no later one back.
        case {"act": "these", "numbers": list(numbers), "turn": int(turn)} if turn > before.turn:
            _keep(numbers, turn)
        case {"act": "all"}:
            found = queue_reads.numbers(scope, filters, clock.now())
            _keep([*before.numbers, *found], before.turn + 1)
        case {"act": "sandbox", "numbers": list(numbers)}:
            _keep(numbers, before.turn + 1)
            st.session_state[SANDBOX] = marks().numbers
            _keep([], before.turn + 2)
        case _unknown:
            pass


def go_to_sandbox_if_asked(*, live: bool = False) -> None:
    """Leave for the sandbox where the last click put cases into it.

    A `live` part leaves that to the page: see page_asks.
    """
    if page_asks.is_asked(SANDBOX, live=live):
        st.switch_page(_SANDBOX_PAGE)


def _keep(numbers: list[Any], turn: int) -> None:
    words = (one for one in numbers if isinstance(one, str) and _NUMBER.fullmatch(one))
    known = dict.fromkeys(words)
    st.session_state[_KEY] = Marks(tuple(known)[:MOST_MOVES], turn)
