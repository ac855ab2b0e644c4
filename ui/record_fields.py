"""What the fields of the records' form have in common: keys, what was given, one of a list."""

from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from domain.cases import FieldProblem
from domain.errors import Invalid
from texts import gettext as _


def key_of(case_no: str, name: str) -> str:
    """Where a field keeps what was entered: for each case its own, and another after each record.

    A refresh that the browser asked for before it heard of the record carries what stood in the
    fields then. Under the same keys it would fill them again, and take back what was chosen next.
    """
    turn = st.session_state.get(_turn_of(case_no), 0)
    return f"record_{name}_{case_no}" + (f"_{turn}" if turn else "")


def begin_anew(case_no: str, names: Iterable[str]) -> None:
    """Empty the fields: what was entered in them has been recorded."""
    for name in names:
        st.session_state.pop(key_of(case_no, name), None)
    st.session_state[_turn_of(case_no)] = st.session_state.get(_turn_of(case_no), 0) + 1


def _turn_of(case_no: str) -> str:
    return f"record_turn_{case_no}"


def given(case_no: str, name: str) -> Any:
    """What was entered. Raises Invalid where nothing was."""
    said = st.session_state.get(key_of(case_no, name))
    if said is None:
        raise Invalid(**{name: FieldProblem.MISSING})
    return said


def select_one(
    case_no: str, name: str, label: str, options: Sequence[Any], said: dict[Any, str]
) -> None:
    """One of a list, chosen already where there is only one."""
    key = key_of(case_no, name)
    if st.session_state.get(key) not in options:
        st.session_state.pop(key, None)
    if len(options) == 1:
        st.session_state[key] = options[0]
    st.selectbox(
        label,
        options,
        format_func=lambda one: said.get(one, str(one)),
        key=key,
        index=None,
        placeholder=_("请选择"),
        persist_state="session",
    )
