"""What the law asks of a committee: each check, by one member more or less, one day on or off."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.committees import (
    ARTICLES,
    CheckState,
    CommitteeFacts,
    LawCheck,
    Remedy,
    Seated,
    checks,
    gravest,
    latest_end,
)
from domain.eligibility import CommitteeKind
from domain.organisation import AbsenceKind
from domain.teams import (
    LATE_ENTRY,
    Away,
    TeamProblem,
    born_on,
    is_adult,
    leave_problems,
    week_of,
)
from texts.teams import article, change_lines, check_words
from texts.words import word

TODAY = date(2026, 3, 2)
DAY = timedelta(days=1)


def person(number, **over):
    over = {"member": True, "chair": False, "sex": "1", "minority": False, "adult": True} | over
    return Seated(number, **over)


LAWFUL = CommitteeFacts(
    CommitteeKind.COMMUNITY,
    minority_area=False,
    term_from=date(2024, 6, 1),
    term_to=date(2027, 6, 1),
    people=(person(1, chair=True), person(2, sex="2"), person(3)),
)


def found(committee, check, today=TODAY):
    (one,) = [one for one in checks(committee, today=today) if one.check is check]
    return one


def with_people(*people, **over):
    return replace(LAWFUL, people=people, **over)


def test_a_lawful_committee_fails_nothing():
    assert {one.state for one in checks(LAWFUL, today=TODAY)} == {CheckState.HOLDS}
    assert gravest(checks(LAWFUL, today=TODAY)) is CheckState.HOLDS
    assert gravest(()) is CheckState.HOLDS


@pytest.mark.parametrize(
    ("members", "remedy"),
    [(2, Remedy.ELECT_MORE), (3, None), (9, None), (10, Remedy.ELECT_FEWER)],
)
def test_three_to_nine_members_and_the_hired_do_not_count(members, remedy):
    hired = person(99, member=False)
    one = found(with_people(*map(person, range(members)), hired), LawCheck.SIZE)
    assert (one.number, one.remedy, one.article) == (members, remedy, 8)


@pytest.mark.parametrize(
    ("chairs", "remedy"), [(0, Remedy.NAME_CHAIR), (1, None), (2, Remedy.ONE_CHAIR)]
)
def test_one_chair_who_is_a_member(chairs, remedy):
    people = [person(number, chair=number < chairs) for number in range(4)]
    assert found(with_people(*people), LawCheck.CHAIR).remedy is remedy
    hired_chair = with_people(*(replace(one, chair=False) for one in people))
    hired_chair = replace(
        hired_chair, people=(*hired_chair.people, person(9, chair=True, member=False))
    )
    assert found(hired_chair, LawCheck.CHAIR).remedy is Remedy.NAME_CHAIR


def test_a_woman_is_a_member_and_not_knowing_is_not_having_none():
    men = [person(number) for number in range(3)]
    assert found(with_people(*men), LawCheck.WOMAN).state is CheckState.FAILS
    hired = person(9, sex="2", member=False)
    assert found(with_people(*men, hired), LawCheck.WOMAN).state is CheckState.FAILS
    unsaid = found(with_people(*men, person(4, sex="9")), LawCheck.WOMAN)
    assert (unsaid.state, unsaid.people) == (CheckState.UNKNOWN, (4,))


def test_a_minority_member_is_asked_for_only_where_several_nationalities_live():
    assert LawCheck.MINORITY not in {one.check for one in checks(LAWFUL, today=TODAY)}
    area = replace(LAWFUL, minority_area=True)
    assert found(area, LawCheck.MINORITY).state is CheckState.FAILS
    unsaid = replace(area, people=(*area.people, person(4, minority=None)))
    assert found(unsaid, LawCheck.MINORITY).state is CheckState.UNKNOWN
    has = replace(area, people=(*area.people, person(4, minority=True)))
    assert found(has, LawCheck.MINORITY).state is CheckState.HOLDS


@pytest.mark.parametrize(
    ("days_left", "state"),
    [
        (61, CheckState.HOLDS),
        (60, CheckState.SOON),
        (1, CheckState.SOON),
        (0, CheckState.FAILS),
        (-9, CheckState.FAILS),
    ],
)
def test_a_term_that_ends_is_said_two_months_ahead(days_left, state):
    today = LAWFUL.term_to - timedelta(days=days_left)
    one = found(LAWFUL, LawCheck.TERM_ENDS, today)
    assert (one.state, one.number) == (state, days_left)


def test_a_term_is_three_years_at_most_also_from_the_29th_of_february():
    assert latest_end(date(2024, 2, 29)) == date(2027, 3, 1)
    longer = replace(LAWFUL, term_to=LAWFUL.term_to + DAY)
    assert found(longer, LawCheck.TERM_LENGTH).state is CheckState.FAILS
    assert found(LAWFUL, LawCheck.TERM_LENGTH).state is CheckState.HOLDS


def test_everybodys_own_seat_is_looked_at():
    over = person(3, seat_from=date(2023, 1, 1), seat_to=TODAY)
    long = person(4, seat_from=date(2025, 1, 1), seat_to=date(2028, 1, 2))
    sound = person(5, seat_from=date(2025, 1, 1), seat_to=date(2028, 1, 1))
    one = found(with_people(over, long, sound), LawCheck.MEMBER_TERMS)
    assert (one.state, one.people) == (CheckState.FAILS, (3, 4))


def test_adults_only_and_the_hired_too():
    minor = person(9, member=False, adult=False)
    one = found(replace(LAWFUL, people=(*LAWFUL.people, minor)), LawCheck.ADULTS)
    assert (one.state, one.people, one.article) == (CheckState.FAILS, (9,), 14)
    unsaid = person(9, member=False, adult=None)
    one = found(replace(LAWFUL, people=(*LAWFUL.people, unsaid)), LawCheck.ADULTS)
    assert one.state is CheckState.UNKNOWN


def test_a_room_elects_nobody():
    room = replace(LAWFUL, kind=CommitteeKind.BRAND_ROOM, people=(), minority_area=True)
    asked = {one.check for one in checks(room, today=TODAY)}
    assert asked == {
        LawCheck.TERM_LENGTH,
        LawCheck.TERM_ENDS,
        LawCheck.MEMBER_TERMS,
        LawCheck.ADULTS,
    }


people = some.builds(
    Seated,
    some.integers(1, 99),
    some.booleans(),
    some.booleans(),
    some.sampled_from(["1", "2", "9"]),
    some.sampled_from([None, True, False]),
    some.sampled_from([None, True, False]),
)


@given(
    some.sampled_from(CommitteeKind),
    some.booleans(),
    some.lists(people, max_size=12),
    some.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_what_does_not_hold_says_what_to_do_and_what_holds_does_not(kind, area, sitting, today):
    committee = replace(LAWFUL, kind=kind, minority_area=area, people=tuple(sitting))
    for one in checks(committee, today=today):
        assert (one.remedy is None) == (one.state is CheckState.HOLDS)
        assert one.article == ARTICLES[one.check]
        assert str(one.article) in article(one)
        assert check_words(one)
        assert word(one.check)
        assert one.remedy is None or word(one.remedy)


# --- leave -----------------------------------------------------------------------------------


def leave(first, last):
    return Away(TODAY + first * DAY, TODAY + last * DAY, AbsenceKind.LEAVE)


@pytest.mark.parametrize(
    ("wanted", "begun", "problems"),
    [
        (leave(0, 0), False, {}),
        (leave(1, 0), False, {"last_day": TeamProblem.REVERSED}),
        (leave(0, 367), False, {"last_day": TeamProblem.TOO_LONG_AWAY}),
        (leave(-LATE_ENTRY.days, 0), False, {}),
        (leave(-LATE_ENTRY.days - 1, 0), False, {"first_day": TeamProblem.TOO_EARLY}),
        (leave(367, 367), False, {"first_day": TeamProblem.TOO_FAR}),
        (leave(-30, -1), True, {}),
        (leave(-30, -2), True, {"last_day": TeamProblem.TOO_EARLY}),
    ],
)
def test_days_of_a_leave(wanted, begun, problems):
    assert leave_problems(wanted, [], today=TODAY, begun=begun) == problems


@given(*[some.integers(0, 20) for _ in range(4)])
def test_leaves_overlap_exactly_where_they_share_a_day(first, length, other, other_length):
    one, two = leave(first, first + length), leave(other, other + other_length)
    calendar = [TODAY + n * DAY for n in range(60)]
    days = [{day for day in calendar if away.covers(day)} for away in (one, two)]
    overlaps = leave_problems(one, [two], today=TODAY) == {"first_day": TeamProblem.OVERLAPS}
    assert overlaps == bool(days[0] & days[1]) == one.meets(two) == two.meets(one)


def test_a_week_begins_on_monday():
    assert week_of(date(2026, 3, 8)) == tuple(TODAY + n * DAY for n in range(7)) == week_of(TODAY)


def test_of_age_on_the_eighteenth_birthday():
    assert is_adult(date(2008, 3, 2), today=TODAY)
    assert not is_adult(date(2008, 3, 3), today=TODAY)
    assert born_on("990129198810000019") is None
    assert born_on("990129198810010019") == date(1988, 10, 1)
    assert born_on("990129881001001") is None


def test_a_change_is_told_by_old_and_new():
    names = {5: "张建国", 6: "李红"}
    assert change_lines({"capacity": 8}, {"capacity": 5}, names) == ["承办上限:8 → 5"]
    assert change_lines({"chairs": [5]}, {"chairs": [6]}, names) == ["主任:张建国 → 李红"]
    assert change_lines({}, {"seat": "hired"}, names) == ["身份:聘任"]
    assert change_lines({"full_time": False}, {"full_time": True}, names) == ["专职:否 → 是"]
    assert change_lines({"types": ["00"]}, {"types": ["0402"]}, names) == ["专长:综合 → 0402"]
