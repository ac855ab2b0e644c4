"""Keeping committees, their people, leave and the roster: on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, event, select, update

from data_access.commands import leave, mediators, relations, roster, teams
from data_access.commands.mediators import NewMediator
from data_access.queries import candidates, duty
from data_access.queries import relations as asked_for
from data_access.queries import teams as queries
from data_access.queries.teams import Filters
from data_access.tables import (
    AuditLine,
    Committee,
    DutyRoster,
    Mediator,
    MediatorAbsence,
    MediatorRelation,
    PartyObjection,
    TeamChange,
    User,
)
from domain.cases import FieldProblem, Stage
from domain.committees import CheckState, LawCheck
from domain.eligibility import CommitteeKind, Objection
from domain.errors import Invalid, KeyReused, NotAllowed, NotKeepable, TeamChanged, TeamNotFound
from domain.identity import check_digit
from domain.organisation import (
    AbsenceKind,
    DutyShift,
    PartyRole,
    RelationKind,
    UnitLevel,
    WithdrawalReason,
)
from domain.people import GRANTS, Permission, Role, Scope
from domain.teams import MemberSeat, TeamObjection, TeamProblem
from tests.world import NOW, World

TODAY = date(2026, 3, 2)  # a Monday
DAY = timedelta(days=1)
KIN, CHILD = (body + check_digit(body) for body in ("51012919900101123", "51012920150101123"))


@pytest.fixture
def office(db, world):
    """Three people of committee A, and somebody of the county who keeps them."""
    world.first = world.mediator("张建国", chair=True)
    world.second = world.mediator("李红", sex="2")
    world.third = world.mediator("王平")
    world.keeper = world.actor("县里")
    world.county_scope = Scope(world.county, whole_county=True)
    return world


@pytest.fixture
def do(db, office):
    """Run a command as the keeper (or `actor`), with a key of its own."""

    def run(command, actor=None, now=NOW, key=None, **arguments):
        return command(
            db,
            **arguments,
            actor=actor or office.keeper,
            now=now,
            key=key or f"key {office.next()}",
        )

    return run


def rows(db, table, *where):
    with db.read() as session:
        return session.scalars(select(table).where(*where).order_by(table.id)).all()


def stored(db, table, row_id):
    with db.read() as session:
        return session.get(table, row_id)


def refused(error):
    return [TeamObjection(one) for one in error.value.reasons]


def away(do, mediator_id, first=0, last=0, **over):
    arguments = {
        "mediator_id": mediator_id,
        "first_day": TODAY + first * DAY,
        "last_day": TODAY + last * DAY,
        "kind": AbsenceKind.LEAVE,
    }
    return do(leave.add_leave, **arguments | over)


def change_away(do, mediator_id, absence_id, first, last, **over):
    arguments = {
        "mediator_id": mediator_id,
        "absence_id": absence_id,
        "first_day": TODAY + first * DAY,
        "last_day": TODAY + last * DAY,
        "kind": AbsenceKind.LEAVE,
    }
    return do(leave.change_leave, **arguments | over)


# --- leave -----------------------------------------------------------------------------------


def test_leave_bars_from_cases_while_it_lasts(db, office, do):
    away(do, office.first, 0, 1)
    case = office.case()
    for ahead, absent in ((0, True), (1, True), (2, False)):
        with db.read() as session:
            found = candidates.choice(
                session, scope=office.county_scope, case_no=case.case_no, now=NOW + ahead * DAY
            )
        (one,) = [one for one in found.judged if one.candidate.mediator_id == office.first]
        assert (Objection.ABSENT in one.objections) is absent


def test_each_leave_is_dated_and_in_the_trail_and_what_was_stays_readable(db, office, do):
    made = away(do, office.first, 1, 5)
    change_away(do, office.first, made.absence_id, 2, 4)
    do(leave.cancel_leave, mediator_id=office.first, absence_id=made.absence_id)
    assert rows(db, MediatorAbsence) == []
    changes = rows(db, TeamChange)
    assert [one.action for one in changes] == [
        "mediator:add_leave",
        "mediator:change_leave",
        "mediator:cancel_leave",
    ]
    told = changes[1].data
    days = {side: (told[side]["first"], told[side]["last"]) for side in ("before", "after")}
    assert days == {"before": ("2026-03-03", "2026-03-07"), "after": ("2026-03-04", "2026-03-06")}
    assert {one.actor_id for one in changes} == {office.keeper.user_id}
    with db.read() as session:
        lines = session.scalars(
            select(AuditLine.action).where(AuditLine.subject == f"mediator:{office.first}")
        ).all()
        listed_changes = queries.changes(
            session,
            scope=office.county_scope,
            committee_id=office.committee_a,
            mediator_id=office.first,
        )
    assert lines == [one.action for one in changes]
    assert [one.action for one in listed_changes] == lines[::-1]
    assert (listed_changes[0].actor, listed_changes[0].mediator) == ("县里", "张建国")


def test_overlapping_leave_is_refused_and_another_persons_is_not(db, office, do):
    away(do, office.first, 1, 5)
    with pytest.raises(Invalid) as refusal:
        away(do, office.first, 5, 9)
    assert refusal.value.problems == {"first_day": TeamProblem.OVERLAPS}
    away(do, office.second, 5, 9)
    made = away(do, office.first, 6, 9)
    with pytest.raises(Invalid):
        change_away(do, office.first, made.absence_id, 5, 9)
    assert len(rows(db, MediatorAbsence)) == 3


def test_a_leave_that_has_begun_is_cut_short_not_moved_or_cancelled(db, office, do):
    made = away(do, office.first, -2, 5)
    with pytest.raises(NotKeepable) as refusal:
        do(leave.cancel_leave, mediator_id=office.first, absence_id=made.absence_id)
    assert refused(refusal) == [TeamObjection.LEAVE_BEGUN]
    with pytest.raises(NotKeepable) as refusal:
        change_away(do, office.first, made.absence_id, -1, 5)
    assert refused(refusal) == [TeamObjection.LEAVE_BEGUN]
    with pytest.raises(Invalid):
        change_away(do, office.first, made.absence_id, -2, -2)
    change_away(do, office.first, made.absence_id, -2, -1)
    assert stored(db, MediatorAbsence, made.absence_id).last_day == TODAY - DAY
    with pytest.raises(NotKeepable) as refusal:
        change_away(do, office.first, made.absence_id, -2, 3)
    assert refused(refusal) == [TeamObjection.LEAVE_OVER]


def test_a_retry_writes_nothing_twice_and_the_key_is_good_for_one_thing(db, office, do):
    first = away(do, office.first, 1, 2, key="same")
    assert away(do, office.first, 1, 2, key="same") == first
    with pytest.raises(KeyReused):
        away(do, office.first, 1, 3, key="same")
    assert len(rows(db, MediatorAbsence)) == len(rows(db, TeamChange)) == 1


def test_leave_over_duties_says_so(db, office, do):
    put(do, office, office.first, day=TODAY + DAY)
    assert away(do, office.first, 0, 3).duty_days == 1


# --- the roster ------------------------------------------------------------------------------


def put(do, office, *people, day=TODAY, shift=DutyShift.DAY, **over):
    arguments = {"committee_id": office.committee_a, "day": day, "shift": shift}
    return do(roster.set_duty, mediator_ids=people, **arguments | over)


def month(db, office, day=TODAY):
    with db.read() as session:
        return duty.month(
            session, scope=office.county_scope, committee_id=office.committee_a, day=day
        )


def test_who_is_on_duty_on_a_day(db, office, do):
    put(do, office, office.first, office.second)
    put(do, office, office.third, shift=DutyShift.NIGHT)
    put(do, office, office.second)
    found = month(db, office)
    assert found.on_duty(TODAY, DutyShift.DAY) == (office.second,)
    assert found.on_duty(TODAY, DutyShift.NIGHT) == (office.third,)
    assert found.on_duty(TODAY + DAY, DutyShift.DAY) == ()
    assert (found.first, found.last) == (date(2026, 3, 1), date(2026, 3, 31))
    put(do, office)
    assert month(db, office).on_duty(TODAY, DutyShift.DAY) == ()
    assert len(rows(db, TeamChange)) == 4


def test_nobody_is_on_duty_who_is_away_or_of_another_committee_or_has_left(db, office, do):
    away(do, office.first, 0, 0)
    elsewhere = office.mediator("外人", committee_id=office.committee_b)
    left = office.mediator("离岗", active=False)
    for people, why in (
        ([office.first], TeamObjection.ON_LEAVE),
        ([elsewhere], TeamObjection.OTHER_COMMITTEE),
        ([left], TeamObjection.OTHER_COMMITTEE),
    ):
        with pytest.raises(NotKeepable) as refusal:
            put(do, office, *people)
        assert refused(refusal) == [why]
    with pytest.raises(NotKeepable) as refusal:
        put(do, office, office.second, day=TODAY - DAY)
    assert refused(refusal) == [TeamObjection.DAY_OVER]
    assert rows(db, DutyRoster) == []
    found = month(db, office)
    (one,) = [one for one in found.people if one.mediator_id == office.first]
    assert one.away_on(TODAY) is AbsenceKind.LEAVE
    assert one.away_on(TODAY + DAY) is None


def copy(do, office, to=TODAY + 7 * DAY, **over):
    return do(
        roster.copy_week,
        committee_id=office.committee_a,
        from_week=TODAY + 3 * DAY,
        to_week=to,
        **over,
    )


def test_a_week_is_copied_around_who_is_away_and_what_is_taken(db, office, do):
    with pytest.raises(NotKeepable):
        copy(do, office)
    put(do, office, office.first)
    put(do, office, office.second, office.third, day=TODAY + DAY)
    put(do, office, office.third, day=TODAY + 6 * DAY, shift=DutyShift.NIGHT)
    put(do, office, office.second, day=TODAY + 13 * DAY, shift=DutyShift.NIGHT)  # taken
    away(do, office.third, 8, 8)
    first = copy(do, office, key="week")
    assert (first.added, first.left_out) == (2, 2)
    assert copy(do, office, key="week") == first
    found = month(db, office)
    assert found.on_duty(TODAY + 7 * DAY, DutyShift.DAY) == (office.first,)
    assert found.on_duty(TODAY + 8 * DAY, DutyShift.DAY) == (office.second,)
    assert found.on_duty(TODAY + 13 * DAY, DutyShift.NIGHT) == (office.second,)
    with pytest.raises(NotKeepable):
        copy(do, office, to=TODAY - 3 * DAY)


# --- people ----------------------------------------------------------------------------------


def test_specialities_and_capacity_are_changed_once_and_as_they_were_seen(db, office, do):
    change = {"mediator_id": office.first, "expected_version": 1}
    do(mediators.set_specialities, **change, specialities=["0402", "02"])
    with pytest.raises(TeamChanged):
        do(mediators.set_capacity, **change, capacity=3, full_time=True)
    do(
        mediators.set_capacity,
        mediator_id=office.first,
        expected_version=2,
        capacity=3,
        full_time=True,
    )
    with db.read() as session:
        view = queries.person(session, scope=office.county_scope, mediator_id=office.first, now=NOW)
    one = view.person
    assert (one.specialities, one.capacity, one.full_time) == (("02", "0402"), 3, True)
    data = rows(db, TeamChange)[0].data
    assert data == {"before": {"types": ["00"]}, "after": {"types": ["02", "0402"]}}


@pytest.mark.parametrize(
    ("command", "arguments", "problem"),
    [
        (mediators.set_specialities, {"specialities": []}, FieldProblem.MISSING),
        (mediators.set_specialities, {"specialities": ["9x"]}, FieldProblem.NOT_A_CHOICE),
        (mediators.set_capacity, {"capacity": -1, "full_time": True}, FieldProblem.OUT_OF_RANGE),
        (
            mediators.set_particulars,
            {"sex": "7", "minority": None, "adult": None},
            FieldProblem.NOT_A_CHOICE,
        ),
    ],
)
def test_what_cannot_be_taken_changes_nothing(db, office, do, command, arguments, problem):
    with pytest.raises(Invalid) as refusal:
        do(command, mediator_id=office.first, **arguments)
    assert list(refusal.value.problems.values()) == [problem]
    assert rows(db, TeamChange) == []
    assert stored(db, Mediator, office.first).version == 1


def test_what_is_so_already_is_no_change(db, office, do):
    with pytest.raises(NotKeepable) as refusal:
        do(mediators.set_capacity, mediator_id=office.first, capacity=10, full_time=False)
    assert refused(refusal) == [TeamObjection.UNCHANGED]


def test_a_new_chair_makes_the_former_one_a_member_and_both_are_told(db, office, do):
    do(mediators.set_seat, mediator_id=office.second, seat=MemberSeat.CHAIR)
    first, second = (stored(db, Mediator, one) for one in (office.first, office.second))
    assert (first.chair, first.member, second.chair, second.member) == (False, True, True, True)
    assert [one.mediator_id for one in rows(db, TeamChange)] == [office.first, office.second]
    do(mediators.set_seat, mediator_id=office.first, seat=MemberSeat.HIRED)
    assert stored(db, Mediator, office.first).member is False


def test_particulars_settle_what_a_check_did_not_know(db, office, do):
    arguments = {"sex": "2", "minority": True, "adult": True}
    for one in (office.first, office.second, office.third):
        do(mediators.set_particulars, mediator_id=one, **arguments)
    (row,) = listed(db, office, Filters(term="和众"))
    assert {one.check: one.state for one in row.checks}[LawCheck.ADULTS] is CheckState.HOLDS
    # The trail tells for ever that it changed, and not what somebody's nationality is.
    assert {one.data["after"]["minority"] for one in rows(db, TeamChange)} == {"changed"}


def test_a_new_mediator_and_nothing_readable_of_the_number(db, office, do):
    new = NewMediator("周 敏", sex="2", seat=MemberSeat.MEMBER, identity=KIN)
    made = do(mediators.add_mediator, committee_id=office.committee_a, new=new, key="new")
    assert do(mediators.add_mediator, committee_id=office.committee_a, new=new, key="new") == made
    row = stored(db, Mediator, made)
    assert (row.name, row.member, row.adult, row.active) == ("周 敏", True, True, True)
    case = office.case(identities=(KIN,))
    with db.read() as session:
        judged = candidates.choice(
            session, scope=office.county_scope, case_no=case.case_no, now=NOW
        ).judged
        told = [session.scalars(select(one)).all() for one in (AuditLine.payload, TeamChange.data)]
    (one,) = [one for one in judged if one.candidate.mediator_id == made]
    assert Objection.IS_PARTY in one.objections
    assert KIN not in repr(told)
    assert KIN not in repr(new)


def test_nobody_under_age_and_no_wrong_number(db, office, do):
    for new, field in (
        (NewMediator("周敏", adult=False), "adult"),
        (NewMediator("周敏", identity=CHILD), "adult"),
        (NewMediator("周敏", identity=f"{KIN[:-2]}00"), "identity_number"),
        (NewMediator(" "), "name"),
        (NewMediator("周敏", capacity=999), "capacity"),
    ):
        with pytest.raises(Invalid) as refusal:
            do(mediators.add_mediator, committee_id=office.committee_a, new=new)
        assert list(refusal.value.problems) == [field]


def test_a_post_does_not_end_while_cases_are_held_and_says_which(db, office, do):
    held = office.case(mediator_id=office.first)
    office.case(mediator_id=office.first, town_id=office.town_b, community_id=office.community_b)
    office.case(mediator_id=office.first, stage=Stage.CLOSED)
    town = Scope(office.county, towns=frozenset({office.town_a}))
    station = office.actor("站长", scope=town)
    with pytest.raises(NotKeepable) as refusal:
        do(mediators.end_post, mediator_id=office.first, actor=station)
    assert refused(refusal) == [TeamObjection.HOLDS_CASES]
    assert (refusal.value.cases, refusal.value.count) == ((held.case_no,), 2)
    assert stored(db, Mediator, office.first).active


def test_who_leaves_is_off_the_roster_from_today_on_and_gets_no_leave(db, office, do):
    office.add(
        DutyRoster(
            committee_id=office.committee_a,
            day=TODAY - DAY,
            shift=DutyShift.DAY,
            mediator_id=office.third,
        )
    )
    put(do, office, office.third, day=TODAY + DAY)
    do(mediators.end_post, mediator_id=office.third, key="end")
    do(mediators.end_post, mediator_id=office.third, key="end")
    assert [one.day for one in rows(db, DutyRoster)] == [TODAY - DAY]
    row = stored(db, Mediator, office.third)
    assert (row.active, row.member, row.seat_to) == (False, False, TODAY)
    with pytest.raises(NotKeepable) as refusal:
        away(do, office.third)
    assert refused(refusal) == [TeamObjection.LEFT_POST]


# --- relations -------------------------------------------------------------------------------


def test_a_disclosed_relation_bars_tells_the_cases_and_keeps_no_name(db, office, do):
    held = office.case(mediator_id=office.first, parties=("王小明", "李大华"))
    arguments = {"mediator_id": office.first, "name": "李大华"}
    made = do(relations.disclose_relation, **arguments, kind=RelationKind.KIN, key="kin")
    assert made.cases == (held.case_no,)
    assert do(relations.disclose_relation, **arguments, kind=RelationKind.KIN, key="kin") == made
    with pytest.raises(NotKeepable) as refusal:
        do(relations.disclose_relation, **arguments, kind=RelationKind.OTHER)
    assert refused(refusal) == [TeamObjection.ALREADY_DISCLOSED]
    with db.read() as session:
        view = queries.person(session, scope=office.county_scope, mediator_id=office.first, now=NOW)
        everything = repr([session.execute(select(table)).all() for table in (AuditLine,)])
    assert view.relations == ((RelationKind.KIN, 1),)
    assert "李大华" not in everything
    assert "李大华" not in repr([one.data for one in rows(db, TeamChange)])


def ask(do, office, **over):
    """The keeper asks that the relation of the first to 李大华 bar no longer; its row's id."""
    arguments = {"mediator_id": office.first, "name": "李大华", "reason": WithdrawalReason.MISTAKEN}
    do(relations.ask_to_withdraw, **arguments | over)


def decide(do, office, relation, actor, *, agreed=True, **over):
    arguments = {"mediator_id": office.first, "relation_id": relation.id, "agreed": agreed}
    do(relations.decide_withdrawal, actor=actor, **arguments | over)


@pytest.fixture
def disclosed(db, office, do):
    """A relation of the first person to 李大华."""
    do(
        relations.disclose_relation,
        mediator_id=office.first,
        name="李大华",
        kind=RelationKind.KIN,
    )
    (row,) = rows(db, MediatorRelation)
    return row


def bars(db, office):
    """Whether the first person is barred from a case of 李大华."""
    case = office.case(parties=("王小明", "李大华"))
    with db.read() as session:
        found = candidates.choice(session, scope=office.county_scope, case_no=case.case_no, now=NOW)
    (one,) = [one for one in found.judged if one.candidate.mediator_id == office.first]
    return Objection.KIN in one.objections


def test_a_relation_by_number_and_name_bars_from_those_without_a_number(db, office, do):
    both = {"mediator_id": office.first, "name": "李大华", "kind": RelationKind.KIN}
    do(relations.disclose_relation, identity=KIN, **both)
    assert bars(db, office)
    namesake = office.case(parties=("王小明", "李大华"), identities=("", CHILD))
    with db.read() as session:
        found = candidates.choice(
            session, scope=office.county_scope, case_no=namesake.case_no, now=NOW
        )
    (one,) = [one for one in found.judged if one.candidate.mediator_id == office.first]
    assert Objection.KIN not in one.objections


def test_a_name_is_added_to_a_relation_that_was_known_by_its_number(db, office, do):
    known = {"mediator_id": office.first, "identity": KIN, "kind": RelationKind.KIN}
    do(relations.disclose_relation, **known)
    assert not bars(db, office)
    do(relations.disclose_relation, name="李大华", **known)
    assert bars(db, office)
    with pytest.raises(NotKeepable) as refusal:
        do(relations.disclose_relation, name="李大华", **known)
    assert refused(refusal) == [TeamObjection.ALREADY_DISCLOSED]


def test_who_comes_back_is_barred_as_before(db, office, do, disclosed):
    case = office.case()
    objection = PartyObjection(
        county_id=case.county_id,
        case_id=case.id,
        mediator_id=office.first,
        side=PartyRole.APPLICANT,
        raised_on=TODAY,
        recorded_by=office.keeper.user_id,
        recorded_at=NOW,
    )
    office.add(objection)
    do(mediators.end_post, mediator_id=office.first)
    new = NewMediator("张建国", adult=True)
    with pytest.raises(NotKeepable) as refusal:
        do(mediators.add_mediator, committee_id=office.committee_a, new=new)
    assert refused(refusal) == [TeamObjection.SERVED_BEFORE]
    # What was said of another name says nothing here.
    with pytest.raises(NotKeepable):
        do(
            mediators.add_mediator,
            committee_id=office.committee_a,
            new=replace(new, formerly=frozenset({office.second})),
        )
    again = replace(new, formerly=frozenset({office.first}))
    made = do(mediators.add_mediator, committee_id=office.committee_a, new=again)
    office.first = made
    assert bars(db, office)
    assert len(rows(db, PartyObjection, PartyObjection.mediator_id == made)) == 1
    other = replace(new, formerly=frozenset())
    namesake = do(mediators.add_mediator, committee_id=office.committee_a, new=other)
    assert rows(db, MediatorRelation, MediatorRelation.mediator_id == namesake) == []
    # That it is somebody else is one person's word, so it is told for ever.
    (told,) = [one for one in rows(db, TeamChange) if one.mediator_id == namesake]
    assert len(told.data["after"]["not_formerly"]) == 2


def test_who_serves_elsewhere_is_asked_for_before_they_leave_there(db, office, do, disclosed):
    new = NewMediator("张建国", adult=True)
    with pytest.raises(NotKeepable) as refusal:
        do(mediators.add_mediator, committee_id=office.committee_b, new=new)
    assert refused(refusal) == [TeamObjection.SERVED_BEFORE]


def test_who_comes_back_without_a_number_still_mediates_no_dispute_of_their_own(db, office, do):
    first = do(
        mediators.add_mediator,
        committee_id=office.committee_a,
        new=NewMediator("周敏", identity=KIN),
    )
    do(mediators.end_post, mediator_id=first)
    back = do(
        mediators.add_mediator,
        committee_id=office.committee_a,
        new=NewMediator("周敏", adult=True, formerly=frozenset({first})),
    )
    case = office.case(identities=(KIN,))
    with db.read() as session:
        found = candidates.choice(session, scope=office.county_scope, case_no=case.case_no, now=NOW)
    (one,) = [one for one in found.judged if one.candidate.mediator_id == back]
    assert Objection.IS_PARTY in one.objections


def test_no_one_alone_puts_another_name_in_the_place_of_one_that_bars(db, office, do):
    known = {"mediator_id": office.first, "identity": KIN, "kind": RelationKind.KIN}
    do(relations.disclose_relation, name="李大华", **known)
    with pytest.raises(NotKeepable) as refusal:
        do(relations.disclose_relation, name="王二", **known)
    assert refused(refusal) == [TeamObjection.ALREADY_DISCLOSED]
    assert bars(db, office)


def test_a_number_tells_who_comes_back_and_who_is_there(db, office, do):
    new = NewMediator("周敏", identity=KIN)
    first = do(mediators.add_mediator, committee_id=office.committee_a, new=new)
    about = {"mediator_id": first, "name": "李大华", "kind": RelationKind.INTEREST}
    do(relations.disclose_relation, **about)
    with pytest.raises(NotKeepable) as refusal:
        do(mediators.add_mediator, committee_id=office.committee_b, new=new)
    assert refused(refusal) == [TeamObjection.IN_POST_ALREADY]
    do(mediators.end_post, mediator_id=first)
    back = do(
        mediators.add_mediator,
        committee_id=office.committee_b,
        new=replace(new, name="周 小敏"),
    )
    (one,) = rows(db, MediatorRelation, MediatorRelation.mediator_id == back)
    assert one.kind is RelationKind.INTEREST


def test_a_relation_bars_until_a_second_person_agrees_to_withdraw_it(db, office, do, disclosed):
    ask(do, office)
    assert bars(db, office)
    with pytest.raises(NotKeepable) as refusal:
        decide(do, office, disclosed, office.keeper)
    assert refused(refusal) == [TeamObjection.SAME_PERSON]
    assert bars(db, office)
    decide(do, office, disclosed, office.actor("另一位"))
    assert rows(db, MediatorRelation) == []
    assert not bars(db, office)
    changes = [one for one in rows(db, TeamChange) if "relation" in str(one.data)]
    assert [(one.action, one.data) for one in changes[1:]] == [
        (
            "mediator:ask_to_withdraw",
            {"after": {"relation": "kin", "withdrawal": "mistaken"}},
        ),
        (
            "mediator:withdraw_relation",
            {"before": {"relation": "kin", "withdrawal": "mistaken"}},
        ),
    ]
    assert "李大华" not in repr([one.payload for one in rows_of_trail(db)])


def rows_of_trail(db):
    with db.read() as session:
        return session.scalars(select(AuditLine)).all()


def test_what_is_refused_or_taken_back_goes_on_barring_and_can_be_asked_again(
    db, office, do, disclosed
):
    for decider in (office.actor("另一位"), office.keeper):
        ask(do, office)
        decide(do, office, disclosed, decider, agreed=False)
        assert bars(db, office)
        with pytest.raises(NotKeepable) as refusal:
            decide(do, office, disclosed, office.actor("第三位"))
        assert refused(refusal) == [TeamObjection.NO_WITHDRAWAL]


def test_a_withdrawal_is_asked_once_and_of_what_was_disclosed(db, office, do, disclosed):
    with pytest.raises(NotKeepable) as refusal:
        ask(do, office, name="李小华")
    assert refused(refusal) == [TeamObjection.NOT_DISCLOSED]
    ask(do, office)
    with pytest.raises(NotKeepable) as refusal:
        ask(do, office)
    assert refused(refusal) == [TeamObjection.WITHDRAWAL_ASKED]


def test_whom_a_relation_bars_does_not_decide_on_it(db, office, do, disclosed):
    ask(do, office)
    themselves = office.actor("张建国")
    own = update(User).where(User.id == themselves.user_id).values(mediator_id=office.first)
    db.write(lambda session: session.execute(own))
    for agreed in (True, False):
        with pytest.raises(NotKeepable) as refusal:
            decide(do, office, disclosed, themselves, agreed=agreed)
        assert refused(refusal) == [TeamObjection.OWN_RELATION]


def test_a_request_of_one_person_is_not_decided_under_anothers_name(db, office, do, disclosed):
    ask(do, office)
    with pytest.raises(NotKeepable) as refusal:
        decide(do, office, disclosed, office.actor("另一位"), mediator_id=office.second)
    assert refused(refusal) == [TeamObjection.NO_WITHDRAWAL]


def test_requests_are_told_with_who_asked_and_to_no_other_part(db, office, do, disclosed):
    ask(do, office)
    for scope, told in (
        (office.county_scope, 1),
        (Scope(office.county, committees=frozenset({office.committee_b})), 0),
    ):
        with db.read() as session:
            found = asked_for.withdrawals(session, scope=scope)
        assert len(found) == told
    with db.read() as session:
        (one,) = queries.person(
            session, scope=office.county_scope, mediator_id=office.first, now=NOW
        ).withdrawals
    assert (one.asked_by_name, one.reason, one.mediator_name, one.disclosed_on) == (
        "县里",
        WithdrawalReason.MISTAKEN,
        "张建国",
        TODAY,
    )


def test_a_request_is_for_who_did_not_ask_and_is_not_barred(db, office, do, disclosed):
    barred, second = office.actor("张建国"), office.actor("另一位")
    own = update(User).where(User.id == barred.user_id).values(mediator_id=office.first)
    db.write(lambda session: session.execute(own))
    ask(do, office)
    with db.read() as session:
        (one,) = asked_for.withdrawals(session, scope=office.county_scope)
    told = {who.name: one.may_be_decided_by(who.user_id) for who in (office.keeper, barred, second)}
    assert told == {"县里": False, "张建国": False, "另一位": True}


def test_of_who_left_nothing_is_asked_any_more(db, office, do, disclosed):
    ask(do, office)
    do(mediators.end_post, mediator_id=office.first)
    with db.read() as session:
        assert asked_for.withdrawals(session, scope=office.county_scope) == ()


def test_of_two_who_decide_at_once_one_is_heard(committed):
    """One agrees and one does not; whoever is second finds nothing asked, and says so once."""
    world = World(committed)
    mediator, asker = world.mediator("张建国"), world.actor("县里")
    deciders = [world.actor("同意的"), world.actor("不同意的")]
    for round_number in range(6):
        relation = world.relation(mediator, KIN)
        common = {"mediator_id": mediator, "now": NOW}
        relations.ask_to_withdraw(
            committed,
            **common,
            identity=KIN,
            reason=WithdrawalReason.ENDED,
            actor=asker,
            key=f"ask {round_number}",
        )
        gate = threading.Barrier(2)

        def decide_now(place, *, row=relation, gate=gate, common=common, turn=round_number):
            gate.wait()
            try:
                relations.decide_withdrawal(
                    committed,
                    **common,
                    relation_id=row.id,
                    agreed=place == 0,
                    actor=deciders[place],
                    key=f"decide {turn} {place}",
                )
            except NotKeepable as refusal:
                return list(refusal.reasons)
            return None

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(decide_now, range(2)))
        assert sorted(answers, key=bool) == [None, [TeamObjection.NO_WITHDRAWAL]]
        agreed = answers[0] is None
        left = rows(committed, MediatorRelation)
        assert len(left) == (0 if agreed else 1)
        assert all(one.withdrawal_by is None for one in left)
        committed.write(lambda session: session.execute(delete(MediatorRelation)))
        decided = rows(committed, TeamChange)[-1]
        assert decided.actor_id == deciders[0 if agreed else 1].user_id


# --- committees and terms --------------------------------------------------------------------


def begin(do, office, **over):
    arguments = {
        "committee_id": office.committee_a,
        "term_from": date(2026, 3, 1),
        "term_to": date(2029, 3, 1),
        "members": [office.second, office.third],
        "chair_id": office.second,
    }
    return do(teams.begin_term, **arguments | over)


def test_a_new_term_seats_who_was_elected_and_tells_who_sat_before(db, office, do):
    begin(do, office, key="term")
    begin(do, office, key="term")
    row = stored(db, Committee, office.committee_a)
    assert (row.term_from, row.term_to) == (date(2026, 3, 1), date(2029, 3, 1))
    seats = {one.id: (one.member, one.chair) for one in rows(db, Mediator)}
    assert seats[office.first] == (False, False)
    assert seats[office.second] == (True, True)
    assert seats[office.third] == (True, False)
    (change,) = rows(db, TeamChange)
    assert (change.day, change.data["before"]["term_to"]) == (date(2026, 3, 1), "2027-06-01")
    assert change.data["before"]["chairs"] == [office.first]
    with pytest.raises(Invalid):
        begin(do, office)


@pytest.mark.parametrize(
    ("over", "field", "problem"),
    [
        ({"term_to": date(2029, 3, 2)}, "term_to", TeamProblem.LONGER_THAN_TERM),
        ({"term_to": date(2026, 3, 1)}, "term_to", TeamProblem.REVERSED),
        ({"term_from": date(2026, 3, 3)}, "term_from", TeamProblem.BEGINS_LATER),
        (
            {"term_from": date(2024, 6, 1), "term_to": date(2027, 6, 1)},
            "term_from",
            TeamProblem.BEFORE_LAST_TERM,
        ),
        ({"members": [999_999]}, "members", TeamProblem.NOT_OF_COMMITTEE),
        ({"members": []}, "chair", TeamProblem.CHAIR_NOT_MEMBER),
    ],
)
def test_a_term_that_cannot_be_is_refused(db, office, do, over, field, problem):
    with pytest.raises(Invalid) as refusal:
        begin(do, office, **over)
    assert refusal.value.problems == {field: problem}
    assert rows(db, TeamChange) == []


def test_a_committee_is_added_renamed_and_closed_empty(db, office, do):
    made = do(
        teams.add_committee,
        name="  和众 旅游调委会 ",
        kind=CommitteeKind.COMMUNITY,
        unit_id=office.community_a,
        term_from=TODAY,
        term_to=date(2029, 3, 2),
        minority_area=False,
    )
    row = stored(db, Committee, made)
    assert (row.town_id, row.community_id) == (office.town_a, office.community_a)
    change = {"committee_id": made, "name": "和众旅游调委会", "minority_area": True}
    do(teams.change_committee, **change)
    do(mediators.add_mediator, committee_id=made, new=NewMediator("周敏", adult=True))
    with pytest.raises(NotKeepable) as refusal:
        do(teams.close_committee, committee_id=made)
    assert refused(refusal) == [TeamObjection.HAS_PEOPLE]
    (person,) = rows(db, Mediator, Mediator.committee_id == made)
    do(mediators.end_post, mediator_id=person.id)
    do(teams.close_committee, committee_id=made)
    with pytest.raises(NotKeepable):
        do(teams.change_committee, **change | {"name": "另名"})
    assert made not in [one.committee_id for one in listed(db, office, Filters())]
    assert [one.committee_id for one in listed(db, office, Filters(closed=True))] == [made]


def test_a_committee_stands_where_its_kind_belongs(db, office, do):
    with pytest.raises(Invalid) as refusal:
        do(
            teams.add_committee,
            name="错级",
            kind=CommitteeKind.TOWN,
            unit_id=office.community_a,
            term_from=TODAY,
            term_to=date(2029, 3, 2),
            minority_area=False,
        )
    assert refusal.value.problems == {"kind": TeamProblem.KIND_UNFIT}


# --- who may ---------------------------------------------------------------------------------


def in_post(office, role, scope):
    """Somebody with what a post gives, in a part of the county."""
    actor = office.actor(role.value, role=role)
    return replace(actor, grants=dict.fromkeys(GRANTS[role], scope))


def test_a_head_keeps_leave_and_roster_of_the_own_committee_and_nothing_else(db, office, do):
    own = Scope(
        office.county,
        committees=frozenset({office.committee_a}),
        communities=frozenset({office.community_a}),
    )
    head = in_post(office, Role.COMMITTEE_HEAD, own)
    away(do, office.first, 1, 1, actor=head)
    put(do, office, office.second, actor=head)
    elsewhere = office.mediator("外人", committee_id=office.committee_b)
    with pytest.raises(TeamNotFound):
        away(do, elsewhere, 1, 1, actor=head)
    with pytest.raises(NotAllowed):
        do(mediators.set_capacity, mediator_id=office.first, capacity=1, full_time=True, actor=head)
    with pytest.raises(NotAllowed):
        begin(do, office, actor=head)


def test_the_justice_bureau_keeps_terms_and_reads(db, office, do):
    bureau = in_post(office, Role.JUSTICE, office.county_scope)
    begin(do, office, actor=bureau)
    with pytest.raises(NotAllowed):
        away(do, office.first, 1, 1, actor=bureau)


def test_who_opens_a_post_of_the_team():
    may = {
        permission: {role for role in Role if permission in GRANTS[role]}
        for permission in Permission
        if permission.startswith("team:")
    }
    keepers = {Role.CENTRE_ADMIN, Role.TOWN}
    assert may == {
        Permission.TEAM_KEEP: keepers,
        Permission.TEAM_TERM: keepers | {Role.JUSTICE},
        Permission.TEAM_ROSTER: keepers | {Role.COMMITTEE_HEAD},
        Permission.TEAM_READ: keepers | {Role.COMMITTEE_HEAD, Role.JUSTICE, Role.LEADER, Role.DUTY},
    }


# --- reads -----------------------------------------------------------------------------------


def listed(db, office, filters, now=NOW):
    with db.read() as session:
        return queries.committees(session, scope=office.county_scope, filters=filters, now=now).rows


def test_the_list_tells_checks_and_counts_the_gravest_first(db, office, do):
    away(do, office.first, 0, 0)
    office.case(mediator_id=office.first)
    first, second = listed(db, office, Filters())
    assert first.committee_id == office.committee_b  # nobody at all
    assert first.state is CheckState.FAILS
    assert (second.name, second.chair, second.place) == (
        "和众社区调委会",
        "张建国",
        ("安仁镇", "和众社区"),
    )
    assert (second.people, second.members, second.away_today, second.open_cases) == (3, 3, 1, 1)
    assert second.state is CheckState.UNKNOWN  # nobody said who is of age


def test_the_list_is_narrowed_by_town_kind_state_and_name(db, office):
    town = office.committee("安仁镇调委会", kind=CommitteeKind.TOWN, town=office.town_a)
    for filters, expected in (
        (Filters(term="张建"), [office.committee_a]),
        (Filters(term="太平"), [office.committee_b]),
        (Filters(town_id=office.town_b), [office.committee_b]),
        (Filters(kind=CommitteeKind.TOWN), [town]),
        (Filters(state=CheckState.UNKNOWN), [office.committee_a]),
        (Filters(state=CheckState.HOLDS), []),
        (Filters(term="%"), []),
    ):
        assert [one.committee_id for one in listed(db, office, filters)] == expected


def test_the_number_of_queries_does_not_grow(db, office, do):
    def statements(read):
        seen = []

        def note(_connection, _cursor, statement, *_rest):
            if statement.lstrip().upper().startswith("SELECT"):
                seen.append(statement)

        with db.read() as session:
            bind = session.get_bind()
            event.listen(bind, "before_cursor_execute", note)
            read(session)
            event.remove(bind, "before_cursor_execute", note)
        return len(seen)

    reads = [
        lambda session: queries.committees(
            session, scope=office.county_scope, filters=Filters(), now=NOW
        ),
        lambda session: queries.committee(
            session, scope=office.county_scope, committee_id=office.committee_a, now=NOW
        ),
        lambda session: queries.person(
            session, scope=office.county_scope, mediator_id=office.first, now=NOW
        ),
        lambda session: duty.month(
            session, scope=office.county_scope, committee_id=office.committee_a, day=TODAY
        ),
    ]
    few = [statements(read) for read in reads]
    for number in range(5):
        office.committee(f"又一{number}", community=office.community_a, town=office.town_a)
        one = office.mediator(f"某{number}", specialities=("00", "0402"))
        away(do, one, number, number)
        put(do, office, one, day=TODAY + (number + 1) * DAY)
    assert [statements(read) for read in reads] == few
    assert few[0] == 4


def test_a_card_shows_leave_that_is_over_and_the_seat(db, office, do):
    office.absence(office.first, TODAY - 20 * DAY, TODAY - 10 * DAY)
    away(do, office.first, 3, 4)
    with db.read() as session:
        view = queries.person(session, scope=office.county_scope, mediator_id=office.first, now=NOW)
        places = queries.offer(session, scope=office.county_scope, now=NOW).places
    assert [one.first_day for one in view.all_leave] == [TODAY + 3 * DAY, TODAY - 20 * DAY]
    assert [one.first_day for one in view.person.leave] == [TODAY + 3 * DAY]
    assert view.person.seat is MemberSeat.CHAIR
    assert {one.level for one in places} == {UnitLevel.COUNTY, UnitLevel.TOWN, UnitLevel.COMMUNITY}
