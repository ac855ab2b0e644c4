"""Working time, standing duties and accreditation: from a day on, never over what was."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from data_access.commands.mediators import end_post, set_licence
from data_access.commands.working_times import add_duty, end_duty, set_working_time
from data_access.queries import candidates, loads
from data_access.queries.working_times import working_time
from data_access.tables import AuditLine, MediatorTime, StandingDuty, TeamChange
from domain.cases import FieldProblem
from domain.eligibility import Objection
from domain.errors import Invalid, KeyReused, NotAllowed, NotKeepable, TeamChanged, TeamNotFound
from domain.people import GRANTS, Role, Scope
from domain.teams import TeamObjection, TeamProblem
from tests.world import NOW

TODAY = date(2026, 3, 2)
DAY = timedelta(days=1)


@pytest.fixture
def office(world):
    world.someone = world.mediator("张建国", full_time=True)
    world.keeper = world.actor("县里")
    world.county_scope = Scope(world.county, whole_county=True)
    return world


@pytest.fixture
def do(db, office):
    """Run a command on the one mediator as the keeper, with a key of its own."""

    def run(command, **arguments):
        defaults = {
            "mediator_id": office.someone,
            "actor": office.keeper,
            "now": NOW,
            "key": f"key {office.next()}",
        }
        return command(db, **defaults | arguments)

    return run


def times(db):
    with db.read() as session:
        rows = session.scalars(select(MediatorTime).order_by(MediatorTime.valid_from)).all()
    return [(one.tenths, one.valid_from, one.valid_to) for one in rows]


def duties(db):
    with db.read() as session:
        rows = session.scalars(select(StandingDuty).order_by(StandingDuty.id)).all()
    return [(one.name, one.tenths, one.valid_from, one.valid_to) for one in rows]


def changes(db):
    with db.read() as session:
        rows = session.scalars(select(TeamChange).order_by(TeamChange.id)).all()
    return [(one.action, one.day, one.data) for one in rows]


def test_working_time_holds_from_its_day_until_the_next(db, office, do):
    later = TODAY + 30 * DAY
    do(set_working_time, tenths=8, first_day=later)
    do(set_working_time, tenths=5, first_day=TODAY)
    assert times(db) == [(5, TODAY, later), (8, later, None)]
    assert changes(db)[-1] == (
        "mediator:set_time",
        TODAY,
        {"before": {"tenths": 10}, "after": {"tenths": 5}},
    )


def test_what_was_worked_before_stays(db, office, do):
    office.add(MediatorTime(mediator_id=office.someone, tenths=6, valid_from=TODAY - 90 * DAY))
    do(set_working_time, tenths=3, first_day=TODAY)
    assert times(db) == [(6, TODAY - 90 * DAY, TODAY), (3, TODAY, None)]


def test_a_second_word_for_the_same_day_takes_the_place_of_the_first(db, office, do):
    do(set_working_time, tenths=3, first_day=TODAY)
    do(set_working_time, tenths=4, first_day=TODAY)
    assert times(db) == [(4, TODAY, None)]


@pytest.mark.parametrize(
    ("arguments", "field", "problem"),
    [
        ({"tenths": 0, "first_day": TODAY}, "tenths", FieldProblem.OUT_OF_RANGE),
        ({"tenths": 11, "first_day": TODAY}, "tenths", FieldProblem.OUT_OF_RANGE),
        ({"tenths": 5, "first_day": TODAY - DAY}, "first_day", TeamProblem.TOO_EARLY),
        ({"tenths": 5, "first_day": TODAY + 400 * DAY}, "first_day", TeamProblem.TOO_FAR),
    ],
)
def test_working_time_out_of_bounds_is_refused(db, office, do, arguments, field, problem):
    with pytest.raises(Invalid) as refusal:
        do(set_working_time, **arguments)
    assert refusal.value.problems == {field: problem}
    assert times(db) == []


def test_the_same_working_time_again_changes_nothing(db, office, do):
    with pytest.raises(NotKeepable) as refusal:
        do(set_working_time, tenths=10, first_day=TODAY)
    assert list(refusal.value.reasons) == [TeamObjection.UNCHANGED]
    assert times(db) == []


def test_a_duty_is_kept_with_its_days_and_its_name_stays_out_of_the_trail(db, office, do):
    do(add_duty, name="  驻法庭 ", tenths=30, first_day=TODAY, last_day=TODAY + 9 * DAY)
    assert duties(db) == [("驻法庭", 30, TODAY, TODAY + 10 * DAY)]
    with db.read() as session:
        trail = repr([one.payload for one in session.scalars(select(AuditLine))])
        found = working_time(
            session, scope=office.county_scope, mediator_id=office.someone, day=TODAY
        )
    assert "驻法庭" not in trail
    assert [one.name for one in found[1]] == ["驻法庭"]


@pytest.mark.parametrize(
    ("arguments", "field", "problem"),
    [
        ({"name": " "}, "duty_name", FieldProblem.MISSING),
        ({"name": "驻"}, "duty_name", FieldProblem.TOO_SHORT),
        ({"name": "驻" * 61}, "duty_name", FieldProblem.TOO_LONG),
        ({"tenths": 0}, "duty", FieldProblem.OUT_OF_RANGE),
        ({"tenths": 201}, "duty", FieldProblem.OUT_OF_RANGE),
        ({"last_day": TODAY - DAY}, "last_day", TeamProblem.REVERSED),
        ({"first_day": TODAY - DAY}, "first_day", TeamProblem.TOO_EARLY),
    ],
)
def test_a_duty_as_it_cannot_be_is_refused(db, office, do, arguments, field, problem):
    wanted = {"name": "驻法庭", "tenths": 20, "first_day": TODAY, "last_day": None}
    with pytest.raises(Invalid) as refusal:
        do(add_duty, **wanted | arguments)
    assert refusal.value.problems == {field: problem}
    assert duties(db) == []


def test_a_duty_ends_and_its_past_stays(db, office, do):
    first = TODAY - 60 * DAY
    duty = office.add(
        StandingDuty(mediator_id=office.someone, name="带新人", tenths=10, valid_from=first)
    )
    do(end_duty, duty_id=duty.id, last_day=TODAY)
    assert duties(db) == [("带新人", 10, first, TODAY + DAY)]


def test_a_duty_that_has_not_begun_goes(db, office, do):
    do(add_duty, name="驻法庭", tenths=20, first_day=TODAY + 5 * DAY, last_day=None)
    with db.read() as session:
        duty_id = session.scalar(select(StandingDuty.id))
    do(end_duty, duty_id=duty_id, last_day=TODAY)
    assert duties(db) == []


def test_a_duty_that_is_over_or_anothers_is_not_ended(db, office, do):
    first = TODAY - 60 * DAY
    over = office.add(
        StandingDuty(
            mediator_id=office.someone,
            name="带新人",
            tenths=10,
            valid_from=first,
            valid_to=TODAY,
        )
    )
    other = office.add(
        StandingDuty(
            mediator_id=office.mediator("李红"), name="带新人", tenths=10, valid_from=first
        )
    )
    for duty in (over, other):
        with pytest.raises(NotKeepable) as refusal:
            do(end_duty, duty_id=duty.id, last_day=TODAY)
        assert list(refusal.value.reasons) == [TeamObjection.NO_SUCH_DUTY]


def test_after_the_last_day_of_the_accreditation_no_case_is_given(db, office, do):
    do(set_licence, until=TODAY)
    case = office.case()
    for ahead, barred in ((0, False), (1, True)):
        with db.read() as session:
            found = candidates.choice(
                session, scope=office.county_scope, case_no=case.case_no, now=NOW + ahead * DAY
            )
        (one,) = [one for one in found.judged if one.candidate.mediator_id == office.someone]
        assert (Objection.LICENCE_OVER in one.objections) is barred
    do(set_licence, until=None)
    with pytest.raises(Invalid) as refusal:
        do(set_licence, until=TODAY - DAY)
    assert refusal.value.problems == {"licence_until": TeamProblem.TOO_EARLY}


def test_a_card_that_changed_meanwhile_refuses_the_change(db, office, do):
    do(set_licence, until=TODAY + DAY, expected_version=1)
    with pytest.raises(TeamChanged):
        do(set_working_time, tenths=5, first_day=TODAY, expected_version=1)
    assert times(db) == []


# --- what every one of them holds to ---------------------------------------------------------

ALL = [
    (set_working_time, {"tenths": 4, "first_day": TODAY}),
    (add_duty, {"name": "带教新人", "tenths": 5, "first_day": TODAY, "last_day": None}),
    (set_licence, {"until": TODAY + DAY}),
]


def trail(db):
    with db.read() as session:
        lines = session.scalars(select(AuditLine).order_by(AuditLine.seq)).all()
    return [(one.action, one.subject, one.payload) for one in lines]


@pytest.mark.parametrize(("command", "given"), ALL)
def test_each_is_told_once_in_the_changes_and_in_the_trail(db, office, do, command, given):
    for _again in range(2):
        do(command, **given, expected_version=1, key="once")
    ((action, day, data),) = changes(db)
    assert day == TODAY
    assert trail(db)[-1] == (action, f"mediator:{office.someone}", data)
    other = office.mediator("李红")
    with pytest.raises(KeyReused):
        do(command, **given, mediator_id=other, key="once")


@pytest.mark.parametrize(("command", "given"), ALL)
def test_nobody_keeps_who_has_left_or_is_of_another_town(db, office, do, command, given):
    elsewhere = Scope(office.county, towns=frozenset({office.town_b}))
    with pytest.raises(TeamNotFound):
        do(command, **given, actor=office.actor("邻镇", scope=elsewhere))
    with pytest.raises(NotAllowed):
        do(command, **given, actor=office.actor("主任", permissions=GRANTS[Role.COMMITTEE_HEAD]))
    do(end_post)
    with pytest.raises(NotKeepable) as refusal:
        do(command, **given)
    assert list(refusal.value.reasons) == [TeamObjection.LEFT_POST]
    assert [action for action, _day, _data in changes(db)] == ["mediator:end_post"]
    assert times(db) == duties(db) == []


def test_the_first_word_about_part_time_tells_what_held_without_one(db, office, do):
    part = office.mediator("李红")
    do(set_working_time, mediator_id=part, tenths=7, first_day=TODAY + DAY)
    assert changes(db)[-1][2] == {"before": {"tenths": 5}, "after": {"tenths": 7}}


def test_loads_are_reckoned_by_the_working_time_of_their_day(db, office, do):
    def place(at):
        with db.read() as session:
            found = loads.mediator_loads(session, scope=office.county_scope, now=at)
        (one,) = [one for one in found if one.mediator_id == office.someone]
        return one.tenths

    do(set_working_time, tenths=4, first_day=TODAY + DAY)
    assert (place(NOW), place(NOW + DAY)) == (10, 4)


def test_what_is_over_is_not_told_and_what_comes_is(db, office, do):
    gone, soon = TODAY - 9 * DAY, TODAY + 9 * DAY
    someone = {"mediator_id": office.someone, "tenths": 8, "valid_from": gone}
    office.add(MediatorTime(**someone, valid_to=TODAY - DAY))
    office.add(StandingDuty(**someone, name="带新人", valid_to=TODAY))
    do(set_working_time, tenths=4, first_day=soon)
    do(add_duty, name="驻法庭", tenths=20, first_day=soon, last_day=None)
    with db.read() as session:
        times_told, duties_told = working_time(
            session, scope=office.county_scope, mediator_id=office.someone, day=TODAY
        )
    assert [(one.tenths, one.valid_from) for one in times_told] == [(4, soon)]
    assert [one.name for one in duties_told] == ["驻法庭"]


def test_a_duty_ends_yesterday_at_the_earliest(db, office, do):
    first = TODAY - 60 * DAY
    duty = office.add(
        StandingDuty(mediator_id=office.someone, name="带新人", tenths=10, valid_from=first)
    )
    with pytest.raises(Invalid) as refusal:
        do(end_duty, duty_id=duty.id, last_day=TODAY - 2 * DAY)
    assert refusal.value.problems == {"last_day": TeamProblem.TOO_EARLY}
    do(end_duty, duty_id=duty.id, last_day=TODAY - DAY)
    assert duties(db) == [("带新人", 10, first, TODAY)]
