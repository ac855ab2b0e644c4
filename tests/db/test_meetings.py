"""Meetings of the parties: booked, given way to, cancelled, held; and told where loads are told."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data_access.commands.meetings import (
    FURTHEST_BOOKED,
    book_meeting,
    cancel_meeting,
    record_meeting,
)
from data_access.commands.reassign import reassign_case
from data_access.queries.case_records import case_records
from data_access.queries.loads import mediator_loads
from data_access.tables import BookedMeeting, Case, CaseEvent
from domain.cases import FieldProblem, ReassignReason, Stage
from domain.clocks import day_of
from domain.errors import Invalid, NotPossible
from domain.people import Scope
from domain.recusal import RecordObjection
from tests.world import NOW

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def office(world):
    world.holder = world.mediator("张建国")
    world.other = world.mediator("李红")
    world.held = world.case(mediator_id=world.holder, occurred_on=day_of(NOW) - DAY)
    world.clerk = world.actor("值班员")
    world.scope = Scope(world.county, whole_county=True)
    return world


@pytest.fixture
def do(db, office):
    """Run a command on the one case at its present version."""

    def run(command, **arguments):
        with db.read() as session:
            version = session.get(Case, (office.held.county_id, office.held.id)).version
        defaults = {
            "case_no": office.held.case_no,
            "expected_version": version,
            "actor": office.clerk,
            "now": NOW,
            "key": f"key {office.next()}",
        }
        return command(db, **defaults | arguments)

    return run


def booked(db):
    with db.read() as session:
        return [one.meets_at for one in session.scalars(select(BookedMeeting))]


def kinds(db, office):
    with db.read() as session:
        rows = select(CaseEvent.kind).where(CaseEvent.case_id == office.held.id)
        return session.scalars(rows.order_by(CaseEvent.seq)).all()


def told(db, office, at=None):
    """(meetings ahead, the next) of each mediator by name."""
    with db.read() as session:
        loads = mediator_loads(session, scope=office.scope, now=NOW, at=at)
    return {one.name: (one.booked, one.meets_next) for one in loads}


def test_a_booking_is_told_and_a_later_one_takes_its_place(db, office, do):
    do(book_meeting, meets_at=NOW + DAY)
    do(book_meeting, meets_at=NOW + 2 * DAY)
    assert booked(db) == [NOW + 2 * DAY]
    assert kinds(db, office)[-2:] == ["meeting_booked", "meeting_booked"]
    assert told(db, office)["张建国"] == (1, NOW + 2 * DAY)
    with db.read() as session:
        found = case_records(session, scope=office.scope, case_no=office.held.case_no).booked
    assert (found.meets_at, found.recorded.by) == (NOW + 2 * DAY, "值班员")


def test_a_booking_goes_with_the_case_to_its_next_mediator(db, office, do):
    do(book_meeting, meets_at=NOW + DAY)
    do(
        reassign_case,
        to_mediator_id=office.other,
        reason=ReassignReason.OVERLOAD,
        note="负荷过高,分流",
    )
    assert told(db, office) == {"张建国": (0, None), "李红": (1, NOW + DAY)}


def test_a_cancelled_meeting_is_gone_and_its_reason_stays(db, office, do):
    do(book_meeting, meets_at=NOW + DAY)
    do(cancel_meeting, note="被申请人出差,另约")
    assert booked(db) == []
    assert kinds(db, office)[-1] == "meeting_cancelled"
    with pytest.raises(NotPossible) as refusal:
        do(cancel_meeting, note="被申请人出差,另约")
    assert list(refusal.value.reasons) == [RecordObjection.NO_MEETING_BOOKED]


def test_a_meeting_that_was_held_ends_its_booking_and_no_later_one(db, office, do):
    do(book_meeting, meets_at=NOW + DAY)
    do(record_meeting, day=day_of(NOW))
    assert booked(db) == [NOW + DAY]
    do(record_meeting, day=day_of(NOW + DAY), now=NOW + DAY + HOUR)
    assert booked(db) == []


@pytest.mark.parametrize(
    ("ahead", "problem"),
    [
        (timedelta(0), FieldProblem.GONE_BY),
        (-HOUR, FieldProblem.GONE_BY),
        (FURTHEST_BOOKED + HOUR, FieldProblem.OUT_OF_RANGE),
    ],
)
def test_a_meeting_is_booked_ahead_and_not_too_far(db, office, do, ahead, problem):
    with pytest.raises(Invalid) as refusal:
        do(book_meeting, meets_at=NOW + ahead)
    assert refusal.value.problems == {"meets_at": problem}
    assert booked(db) == []


def test_only_a_case_in_mediation_is_met_about(db, office, do):
    office.held = office.case(stage=Stage.ACCEPTED, mediator_id=None)
    with pytest.raises(NotPossible):
        do(book_meeting, meets_at=NOW + DAY)
    assert booked(db) == []


def test_of_a_past_moment_no_meeting_ahead_is_told(db, office, do):
    do(book_meeting, meets_at=NOW + DAY)
    assert told(db, office, at=NOW - DAY)["张建国"] == (None, None)
