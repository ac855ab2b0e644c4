"""Many people on one queue: a change is read once for all who see the same part of the county."""

import re
from collections import Counter

import pytest
from sqlalchemy import event

import ui.session
from domain.people import Role
from tests.desk import data_of
from ui import clock

VIEWERS = 20
COUNTY_ROLES = (Role.DUTY, Role.LEADER, Role.CENTRE_ADMIN, Role.JUSTICE)
KINDS = {
    "page": r"ORDER BY cases\.paused",
    "counts": r"GROUP BY cases\.stage",
    "holders": r"^SELECT mediator\.id, mediator\.code",
    "red events": r"red_event\.raised_at",
}


@pytest.fixture
def standing_clock(monkeypatch):
    """Screens age by the minute: here none passes."""
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)


class Viewer:
    """A signed-in browser that stays who it is while others sign in."""

    def __init__(self, desk, monkeypatch, role, **over):
        self._page = desk.queue(role, **over)
        self._who = ui.session.presented
        self._patch = monkeypatch

    def refresh(self):
        self._patch.setattr(ui.session, "presented", self._who)
        self._page.run()
        assert not self._page.exception
        return data_of(self._page, "queue_list")


@pytest.fixture
def questions(here):
    """The statements that read, each with its values, since the list was last cleared."""
    seen = []

    def note(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith("SELECT"):
            seen.append((statement, repr(parameters)))

    event.listen(here.db.bind, "before_cursor_execute", note)
    yield seen
    event.remove(here.db.bind, "before_cursor_execute", note)


def of_cases(questions):
    """How often each kind of question about cases was asked; any other kind is named in full."""
    asked = [one for one, _values in questions if re.search(r"\b(FROM|JOIN) cases\b", one)]
    return Counter(
        next((name for name, form in KINDS.items() if re.search(form, one)), one) for one in asked
    )


def test_a_change_costs_one_question_of_each_kind_for_all_viewers(
    desk, questions, monkeypatch, standing_clock
):
    desk.world.case()
    viewers = [
        Viewer(desk, monkeypatch, COUNTY_ROLES[place % len(COUNTY_ROLES)])
        for place in range(VIEWERS)
    ]
    number = desk.world.case().case_no
    questions.clear()
    desk.here.watcher.look()
    shown = [viewer.refresh() for viewer in viewers]
    assert all(number in [row["number"] for row in one["rows"]] for one in shown)
    assert of_cases(questions) == {"page": 1, "counts": 1, "holders": 1, "red events": 1}
    # Neither does anything else that a refresh needs, such as who is signed in, cost one a viewer.
    assert {one: times for one, times in Counter(questions).items() if times > 1} == {}


def test_nothing_is_asked_while_nothing_changes(desk, questions, monkeypatch, standing_clock):
    desk.world.case()
    viewers = [Viewer(desk, monkeypatch, Role.DUTY) for _ in range(3)]
    for viewer in viewers:
        viewer.refresh()
    questions.clear()
    for viewer in viewers:
        viewer.refresh()
    assert questions == []


def test_another_part_of_the_county_is_another_question(
    desk, questions, monkeypatch, standing_clock
):
    here = desk.world.case()
    there = desk.world.case(
        town_id=desk.world.town_b, community_id=desk.world.community_b, grid_id=None
    )
    parts = {"county": [here, there], desk.world.town_a: [here], desk.world.town_b: [there]}
    viewers = [
        (Viewer(desk, monkeypatch, Role.TOWN, unit=unit), cases)
        for unit, cases in parts.items()
        for _ in range(3)
    ]
    desk.world.case(town_id=desk.world.town_a)
    questions.clear()
    desk.here.watcher.look()
    for viewer, cases in viewers:
        assert {case.case_no for case in cases} <= {
            row["number"] for row in viewer.refresh()["rows"]
        }
    assert of_cases(questions) == dict.fromkeys(KINDS, len(parts))


def test_what_did_not_change_is_the_same_to_the_last_byte(desk, monkeypatch, standing_clock):
    # So that a browser which has the list is sent a reference to it, not the list.
    desk.world.case()
    viewer = Viewer(desk, monkeypatch, Role.DUTY)
    before = viewer.refresh()
    desk.here.watcher.look()
    assert viewer.refresh() == before
    assert "实时" not in repr(before)
