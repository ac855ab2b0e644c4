"""Towns pulse on the wall's map when their open cases change: once, and only where it is seen."""

from types import SimpleNamespace

import pytest

from data_access.queries.wall_map import AreaLoad, LoadMap
from domain.organisation import UnitLevel
from domain.small_cells import Cell
from ui import wall_pulse

A, B = "510129101", "510129102"
PLACES = SimpleNamespace(
    by_code={
        A: SimpleNamespace(code=A, lat=30.5, lon=103.5),
        B: SimpleNamespace(code=B, lat=30.6, lon=103.6),
    }
)


@pytest.fixture(autouse=True)
def session(monkeypatch):
    monkeypatch.setattr(wall_pulse.st, "session_state", {})


def drawn(a, b, *, in_sight=True):
    towns = (AreaLoad(A, Cell(a)), AreaLoad(B, Cell(b)))
    found = wall_pulse.pulses(LoadMap(UnitLevel.TOWN, (), towns), PLACES, in_sight=in_sight)
    return [(one.id.split()[1], one.id.split()[0]) for one in found]


def test_a_wall_that_begins_pulses_nowhere():
    assert drawn(3, 5) == []


def test_a_town_whose_count_changed_pulses_and_stands_until_the_next_change():
    drawn(3, 5)
    first = drawn(4, 5)
    assert [code for code, _turn in first] == [A]
    # The same ring, which the browser has drawn: it pulses no second time.
    assert drawn(4, 5) == first
    both = drawn(5, 4)
    assert [code for code, _turn in both] == [A, B]
    assert {turn for _code, turn in both}.isdisjoint({turn for _code, turn in first})


def test_what_changed_while_another_scene_was_on_pulses_when_the_map_comes():
    drawn(3, 5)
    assert drawn(3, 6, in_sight=False) == []
    assert drawn(3, 7, in_sight=False) == []
    assert [code for code, _turn in drawn(3, 7)] == [B]


def test_a_town_that_is_new_on_the_map_does_not_pulse():
    wall_pulse.pulses(LoadMap(UnitLevel.TOWN, (), (AreaLoad(A, Cell(1)),)), PLACES, in_sight=True)
    assert drawn(1, 5) == []
