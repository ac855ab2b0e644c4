"""Which markers are new: those on places that hold more cases than a moment ago."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import streamlit as st

from domain.cases import Lamp
from domain.organisation import UnitLevel
from ui.county_map import Marker
from ui.map_markers import with_new

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def session_state(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})


def reading(*, now=NOW, cut="", level=UnitLevel.TOWN):
    return SimpleNamespace(shown=SimpleNamespace(level=level), cut=cut, now=now)


def marker(name, count=1):
    return Marker(name, 30.5, 103.5, Lamp.ON_TIME, count, name)


def new(found, *, area="a", **over):
    inside = SimpleNamespace(code=area)
    return [one.id for one in with_new(reading(**over), inside, tuple(found)) if one.new]


def test_what_is_seen_first_is_not_new():
    assert new([marker("7:on_time", 3)]) == []


def test_one_more_case_in_an_area_is_new_for_a_moment():
    new([marker("7:on_time", 3), marker("8:late", 1)])
    grown = [marker("7:on_time", 4), marker("8:late", 1)]
    assert new(grown) == ["7:on_time"]
    assert new(grown, now=NOW + timedelta(seconds=3)) == ["7:on_time"]
    assert new(grown, now=NOW + timedelta(seconds=5)) == []


def test_a_lamp_that_changes_is_no_new_case():
    new([marker("7:on_time", 3)])
    assert new([marker("7:on_time", 2), marker("7:soon", 1)]) == []


def test_another_area_or_other_filters_are_looked_at_for_the_first_time():
    new([marker("7:on_time", 3)])
    assert new([marker("7:on_time", 4)], area="b") == []
    assert new([marker("7:on_time", 5)], cut="04", area="b") == []


def test_a_single_case_that_was_not_there_is_new():
    new([marker("case:D2026-00001")])
    both = [marker("case:D2026-00001"), marker("case:D2026-00002")]
    assert new(both) == ["case:D2026-00002"]
    changed = [replace(both[0], lamp=Lamp.LATE), both[1]]
    assert new(changed, now=NOW + timedelta(seconds=9)) == []
