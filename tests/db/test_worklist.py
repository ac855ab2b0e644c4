"""The order in which a mediator should take up their cases, as the database tells it."""

from datetime import timedelta

import pytest

from data_access.queries.worklist import worklist
from domain.balancing.worklist import Turn
from domain.errors import NotFound
from domain.people import Scope
from tests.world import NOW

DAY = timedelta(days=1)


def test_savable_goes_before_lost_and_what_stands_still_is_last(db, world):
    me = world.mediator(full_time=True)
    due = {"late": -2, "soon": 3, "later": 9, "forgotten": -40}
    cases = {
        name: world.case(mediator_id=me, due_at=NOW + days * DAY, stage_since=NOW - 50 * DAY)
        for name, days in due.items()
    }
    cases["parked"] = world.case(
        mediator_id=me, due_at=NOW + DAY, paused=1, parked_until=(NOW + 9 * DAY).date()
    )
    names = {case.case_no: name for name, case in cases.items()}
    scope = Scope(world.county, mediators=frozenset({me}))
    with db.read() as session:
        today = worklist(session, scope=scope, mediator_id=me, now=NOW)
    assert [(names[one.case_no], one.turn) for one in today] == [
        ("forgotten", Turn.TOO_LONG),
        ("soon", Turn.SAVABLE),
        ("later", Turn.SAVABLE),
        ("late", Turn.LOST),
        ("parked", None),
    ]


def test_whoever_is_away_saves_nothing(db, world):
    me = world.mediator(full_time=True)
    case = world.case(mediator_id=me, due_at=NOW + 3 * DAY)
    world.absence(me, NOW.date(), NOW.date() + 60 * DAY)
    with db.read() as session:
        (one,) = worklist(
            session, scope=Scope(world.county, whole_county=True), mediator_id=me, now=NOW
        )
    assert (one.case_no, one.turn) == (case.case_no, Turn.LOST)


def test_a_mediator_out_of_reach_is_not_found(db, world):
    me = world.mediator()
    scopes = (
        Scope(world.county),
        Scope(world.county, committees=frozenset({world.committee_b})),
        Scope(world.county, mediators=frozenset({world.mediator("赵某")})),
    )
    for scope in scopes:
        with db.read() as session, pytest.raises(NotFound):
            worklist(session, scope=scope, mediator_id=me, now=NOW)
