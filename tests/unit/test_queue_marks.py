"""Marked cases are these numbers, whatever the list shows and in whatever order clicks arrive."""

import pytest
import streamlit as st

from data_access.queries.queue import Filters
from domain.batches import MOST_MOVES
from domain.people import Scope
from ui import queue_marks, queue_reads
from ui.queue_marks import SANDBOX, act, marks

ONE, TWO, THREE = "D2026-00001", "D2026-00002", "D2026-00003"
ALL = tuple(f"D2026-{number:05d}" for number in range(1, MOST_MOVES + 100))


@pytest.fixture(autouse=True)
def session_state(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setattr(queue_reads, "numbers", lambda *_asked: ALL)


def sent(**what):
    act(what, scope=Scope(1, whole_county=True), filters=Filters())
    return marks().numbers


def test_each_click_says_all_that_is_marked():
    assert sent(act="these", numbers=[ONE], turn=1) == (ONE,)
    assert sent(act="these", numbers=[ONE, TWO], turn=2) == (ONE, TWO)
    assert sent(act="these", numbers=[TWO], turn=3) == (TWO,)


def test_an_earlier_click_that_arrives_late_takes_nothing_back():
    sent(act="these", numbers=[ONE, TWO], turn=2)
    assert sent(act="these", numbers=[ONE], turn=1) == (ONE, TWO)


def test_all_that_the_filters_leave_are_added_up_to_what_can_be_moved():
    sent(act="these", numbers=["D2025-00009"], turn=1)
    found = sent(act="all")
    assert len(found) == MOST_MOVES
    assert found[:2] == ("D2025-00009", ONE)
    # A click that was made before that is not taken for a later one.
    assert sent(act="these", numbers=[], turn=2) == found


def test_what_goes_into_the_sandbox_is_not_marked_any_more():
    sent(act="these", numbers=[ONE, TWO], turn=1)
    assert sent(act="sandbox", numbers=[ONE, THREE]) == ()
    assert st.session_state[SANDBOX] == (ONE, THREE)


@pytest.mark.parametrize(
    "what",
    [
        None,
        "all",
        {},
        {"act": "other"},
        {"act": "these", "numbers": "D2026-00001", "turn": 9},
        {"act": "these", "numbers": [ONE], "turn": "9"},
    ],
)
def test_what_is_no_mark_changes_nothing(what):
    sent(act="these", numbers=[ONE], turn=1)
    act(what, scope=Scope(1, whole_county=True), filters=Filters())
    assert marks() == queue_marks.Marks((ONE,), 1)


def test_what_is_no_number_is_left_out():
    hostile = [ONE, 7, None, [TWO], "<script>", "D2026-1", ONE]
    assert sent(act="these", numbers=hostile, turn=1) == (ONE,)
