"""Points and loads: what a case weighs, who is there, and what somebody should look at."""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from domain.cases import WEIGHT, Difficulty, FieldProblem, Lamp, Stage
from domain.clocks import BEIJING
from domain.kpi import Window
from domain.limits import RuleProblem
from domain.loads import (
    FIRST_TABLE,
    FULL_TIME,
    Band,
    CaseWork,
    WeightTable,
    availability,
    band_of,
    filled_of,
    in_force,
    load_of,
    points,
    problems_of,
    proposed_table,
    room_of,
    table_of,
)
from domain.organisation import AbsenceKind, DutyShift
from domain.spread import Bearer, gini, spread_of
from domain.work_calendar import WorkCalendar
from domain.workload import (
    Concern,
    Leave,
    LookAt,
    MediatorLoad,
    Piece,
    Term,
    concerns_of,
    month_of,
    months_before,
)
from texts.loads import concern, concerned, load_text, points_text
from texts.words import word

MONDAY = date(2026, 3, 2)
DAY = timedelta(days=1)
PLAIN = WorkCalendar()
ORDINARY = CaseWork(Difficulty.ORDINARY, "0402", Stage.IN_MEDIATION)


def table(**over):
    return WeightTable(**{"version": 2, "valid_from": MONDAY, "by_difficulty": WEIGHT, **over})


# --- points ----------------------------------------------------------------------------------


@pytest.mark.parametrize("difficulty", Difficulty)
@pytest.mark.parametrize("stage", Stage)
def test_the_first_table_goes_by_difficulty_alone(difficulty, stage):
    for people in (1, 2, 99_999):
        work = CaseWork(difficulty, "0502", stage, people, cross_town=True, repeated=True)
        assert points(work, FIRST_TABLE) == WEIGHT[difficulty]


def test_each_factor_counts_and_the_longer_code_goes_first():
    rich = table(
        by_type={"04": 150, "0402": 200},
        by_stage={Stage.FOLLOW_UP: 50},
        people_exponent=35,
        cross_town=130,
        repeated=125,
    )
    assert points(ORDINARY, rich) == 20
    assert points(replace(ORDINARY, type_code="0401"), rich) == 15
    assert points(replace(ORDINARY, type_code="0501"), rich) == 10
    assert points(replace(ORDINARY, stage=Stage.FOLLOW_UP), rich) == 10
    assert points(replace(ORDINARY, cross_town=True), rich) == 26
    assert points(replace(ORDINARY, repeated=True), rich) == 25
    # 20 people are ten times two: 20 * 10 ** .35 = 44.8
    assert points(replace(ORDINARY, people=20), rich) == 45


def test_people_count_from_two_on_and_no_crowd_without_end():
    proposed = proposed_table(version=2, valid_from=MONDAY)
    at = [points(replace(ORDINARY, people=n), proposed) for n in range(1, 300)]
    assert at[0] == at[1] == 10
    assert at == sorted(at)
    assert at[99] == at[298] == 39  # 10 * 50 ** .35


def test_no_case_weighs_nothing():
    least = table(by_difficulty=dict.fromkeys(Difficulty, 1), cross_town=10)
    assert points(replace(ORDINARY, cross_town=True), least) == 1


def test_a_table_is_written_and_read_without_loss():
    rich = table(by_type={"0402": 200, "04": 150}, by_stage={Stage.FAILED: 50}, people_exponent=35)
    assert table_of(rich.numbers(), version=2, valid_from=MONDAY) == rich
    turned = replace(rich, by_type={"04": 150, "0402": 200})
    assert list(turned.numbers()["type"]) == list(rich.numbers()["type"])


def test_the_last_that_has_begun_is_in_force():
    later = replace(table(), version=3, valid_from=MONDAY + DAY)
    both = [FIRST_TABLE, later, table()]
    assert in_force(both, MONDAY - DAY) is FIRST_TABLE
    assert in_force(both, MONDAY).version == 2
    assert in_force(both, MONDAY + 9 * DAY) is later
    assert in_force([], MONDAY) is FIRST_TABLE


@pytest.mark.parametrize(
    ("over", "field", "problem"),
    [
        ({"by_difficulty": dict.fromkeys(Difficulty, 0)}, "difficulty", FieldProblem.OUT_OF_RANGE),
        ({"by_difficulty": {Difficulty.MAJOR: 5}}, "difficulty", FieldProblem.OUT_OF_RANGE),
        ({"by_type": {"04": 9}}, "type_code", FieldProblem.OUT_OF_RANGE),
        ({"by_stage": {Stage.FAILED: 1001}}, "stage", FieldProblem.OUT_OF_RANGE),
        ({"by_stage": {Stage.CLOSED: 50}}, "stage", FieldProblem.NOT_A_CHOICE),
        ({"people_exponent": 101}, "people_exponent", FieldProblem.OUT_OF_RANGE),
        ({"cross_town": 1}, "cross_town", FieldProblem.OUT_OF_RANGE),
        ({"repeated": 5000}, "repeated", FieldProblem.OUT_OF_RANGE),
        ({"valid_from": MONDAY - DAY, "repeated": 125}, "valid_from", FieldProblem.IN_PAST),
        ({}, "table", RuleProblem.NOTHING_CHANGES),
    ],
)
def test_what_cannot_be_taken_is_told_by_its_field(over, field, problem):
    assert problems_of(table(**over), [FIRST_TABLE], today=MONDAY) == {field: problem}


def test_two_tables_cannot_begin_on_one_day():
    known = [FIRST_TABLE, table(repeated=125)]
    assert problems_of(table(cross_town=130), known, today=MONDAY) == {
        "valid_from": RuleProblem.SAME_DAY
    }
    assert problems_of(table(cross_town=130, valid_from=MONDAY + DAY), known, today=MONDAY) == {}


# --- who is there ----------------------------------------------------------------------------


def there(tenths=FULL_TIME, **over):
    return availability(tenths, **{"first_day": MONDAY, "calendar": PLAIN, **over})


def test_a_full_place_without_leave_is_all_there():
    assert there() == 10
    assert there(5) == 5


def test_leave_and_duty_lower_it_by_worked_days_alone():
    week = (MONDAY, MONDAY + 6 * DAY)
    assert there(away=[week]) == 5
    assert there(away=[(MONDAY + 5 * DAY, MONDAY + 6 * DAY)]) == 10  # a weekend
    assert there(duty={MONDAY, MONDAY + DAY}) == 8
    assert there(duty={MONDAY + 5 * DAY}) == 10
    assert there(away=[week], duty={MONDAY}) == 5  # not twice


def test_nobody_is_there_only_who_is_not_there_at_all():
    assert there(away=[(MONDAY, MONDAY + 13 * DAY)]) == 0
    assert there(0) == 0
    assert there(1, away=[(MONDAY, MONDAY + 10 * DAY)]) == 1


def test_a_holiday_longer_than_the_look_ahead_leaves_people_there():
    off = WorkCalendar({MONDAY + n * DAY: False for n in range(14)})
    assert there(calendar=off) == 10
    assert there(calendar=off, away=[(MONDAY, MONDAY + 13 * DAY)]) == 0


def test_more_availability_never_raises_a_load_and_a_load_scales():
    chance = random.Random(6)
    for _ in range(500):
        days = sorted(chance.sample(range(14), 2))
        leave = (MONDAY + days[0] * DAY, MONDAY + days[1] * DAY)
        shorter = (leave[0], leave[1] - chance.randrange(3) * DAY)
        tenths, weight = chance.randint(1, 10), chance.randint(0, 900)
        less, more = there(tenths, away=[leave]), there(tenths, away=[shorter])
        assert less <= more <= there(min(10, tenths + 1), away=[shorter])
        assert 0 <= less <= tenths
        if less:
            assert load_of(weight, more) <= load_of(weight, less)
            assert load_of(3 * weight, less) == pytest.approx(3 * load_of(weight, less))
            filled = [filled_of(weight, 12, tenths=tenths, available=one) for one in (less, more)]
            assert filled[1] <= filled[0]


def test_where_nobody_is_there_is_no_load():
    assert load_of(50, 0) is None
    assert filled_of(50, 10, tenths=10, available=0) is None
    assert filled_of(50, 0, tenths=10, available=10) is None
    # Half of the usual time is left, so half a full desk is full.
    assert filled_of(60, 12, tenths=10, available=5) == 1
    assert filled_of(60, 12, tenths=5, available=5) == 0.5


@pytest.mark.parametrize(
    ("points_held", "band"),
    [
        (0, Band.FREE),
        (49, Band.FREE),
        (50, Band.NORMAL),
        (89, Band.NORMAL),
        (90, Band.FULL),
        (100, Band.FULL),
        (101, Band.OVER),
    ],
)
def test_a_band_goes_by_the_room_that_there_is(points_held, band):
    assert band_of(points_held, room_of(10, tenths=10, available=10)) is band
    assert band_of(points_held, room_of(20, tenths=10, available=5)) is band


def test_where_nobody_is_there_is_no_band():
    assert band_of(0, room_of(10, tenths=10, available=0)) is None
    assert band_of(30, 0) is None


def test_months_that_are_over_are_whole_and_follow_each_other():
    found = months_before(date(2026, 3, 31), 14)
    assert found[-1] == month_of(date(2026, 2, 1))
    assert found[-1] == Window(date(2026, 2, 1), date(2026, 2, 28))
    assert found[0].first_day == date(2025, 1, 1)
    assert [one.first_day for one in found[1:]] == [one.last_day + DAY for one in found[:-1]]
    assert months_before(date(2026, 1, 1), 1) == (month_of(date(2025, 12, 1)),)


# --- spread ----------------------------------------------------------------------------------


def test_gini_of_known_distributions():
    assert gini([]) == 0
    assert gini([0, 0]) == 0
    assert gini([3, 3, 3]) == 0
    assert gini([0, 0, 0, 1]) == pytest.approx(0.75)
    assert gini([1, 2, 3, 4]) == pytest.approx(0.25)


def test_cases_given_out_by_lot_are_seldom_called_uneven_and_a_heap_always_is():
    chance, told = random.Random(11), 0
    for _round in range(60):
        piles = [[] for _ in range(12)]
        for _ in range(90):
            chance.choice(piles).append(chance.choice([5, 10, 20]))
        told += spread_of([Bearer(tuple(one), 0, 10) for one in piles]).gini.more_than_chance
    assert told <= 12  # 5 % are expected
    heap = [Bearer((10,) * 40, 0, 10), *[Bearer((), 0, 10)] * 11]
    found = spread_of(heap)
    assert found.people == 12
    for one in (found.gini, found.max_mean):
        assert one.more_than_chance
        assert one.low <= one.by_chance <= one.high < one.actual
    assert found.max_mean.actual == pytest.approx(12)
    # Who is in the middle has nothing: there is no ratio to it.
    assert found.p90_p50.actual is None
    assert not found.p90_p50.more_than_chance


def test_a_spread_is_of_several_who_are_there_and_the_same_every_time():
    one = Bearer((10, 20), 5, 10)
    assert spread_of([one]) is None
    assert spread_of([one, Bearer((10,), 0, 0)]) is None
    assert spread_of([one, one]) == spread_of([one, one])
    # Loads are per place: half the time and half the points are even.
    assert spread_of([Bearer((10, 10), 0, 10), Bearer((10,), 0, 5)]).gini.actual == 0


def test_the_ratios_are_those_of_the_loads_per_place():
    people = [Bearer((10,) * cases, 0, 10) for cases in range(11)]
    found = spread_of(people)
    assert found.p90_p50.actual == pytest.approx(9 / 5)
    assert found.max_mean.actual == pytest.approx(10 / 5)
    assert found.gini.actual == pytest.approx(gini(range(11)))


def test_where_no_case_can_fall_elsewhere_chance_is_no_range():
    duties = [Bearer((), tenths, 10) for tenths in (10, 20, 40)]
    found = spread_of(duties)
    assert found.gini.actual > 0
    assert not any(one.compares for one in (found.gini, found.p90_p50, found.max_mean))
    assert not found.gini.more_than_chance
    assert spread_of([*duties, Bearer((10, 10, 5), 0, 10)]).gini.compares
    assert not spread_of([Bearer((), 0, 10)] * 6).gini.compares


# --- what to look at -------------------------------------------------------------------------


def piece(lamp=Lamp.ON_TIME, *, due=MONDAY + 3 * DAY, points=10):
    due_at = datetime.combine(due, datetime.max.time(), BEIJING)
    return Piece("D1", points, lamp, Stage.IN_MEDIATION, 3, due_at)


def person(number=1, pieces=(), **over):
    usual = {
        "mediator_id": number,
        "name": f"调解员{number}",
        "committee_id": 1,
        "committee_name": "和众社区调委会",
        "active": True,
        "capacity": 4,
        "tenths": 10,
        "available": 10,
        "duties": 0,
        "points": sum(one.points for one in pieces),
        "pieces": tuple(pieces),
        "due_this_week": 0,
        "leave": None,
        "specialities": ("00",),
        "closed": 0,
        "busy": 40.0,
        "met": 0,
    }
    return MediatorLoad(**usual | over)


def kinds(people, terms=()):
    return {one.kind: one for one in concerns_of(people, terms, today=MONDAY)}


def test_a_quiet_desk_is_nothing_to_look_at():
    assert kinds([person(pieces=[piece()])], [Term(1, "和众", MONDAY + 31 * DAY)]) == {}


def test_over_capacity_is_by_cases_or_by_points():
    many, heavy = person(1, [piece(points=5)] * 5), person(2, [piece(points=41)])
    full = person(3, [piece()] * 4)
    found = kinds([many, heavy, full])[LookAt.OVER_CAPACITY]
    assert (found.ids, found.cases) == ((1, 2), 6)


def test_late_cases_are_told_from_three_in_one_pair_of_hands():
    two, three = (person(n, [piece(Lamp.LATE)] * n) for n in (2, 3))
    found = kinds([two, three])[LookAt.LATE_CLUSTER]
    assert (found.ids, found.names, found.cases) == ((3,), ("调解员3",), 3)


def test_a_term_is_told_thirty_days_before_and_after_its_end():
    terms = [Term(n, f"第{n}", MONDAY + days * DAY) for n, days in enumerate((31, 30, -5))]
    (found,) = concerns_of([], terms, today=MONDAY)
    assert (found.kind, found.ids) == (LookAt.TERM_ENDING, (2, 1))
    assert found.days == (MONDAY - 5 * DAY, MONDAY + 30 * DAY)


def test_who_is_away_while_cases_fall_due_is_told_first():
    leave = Leave(MONDAY + 2 * DAY, MONDAY + 5 * DAY, AbsenceKind.LEAVE)
    pieces = [
        piece(),
        piece(due=MONDAY + 9 * DAY),
        piece(Lamp.PAUSED),
        piece(Lamp.LATE, due=MONDAY - DAY),
    ]
    concerns = concerns_of([person(1, pieces, leave=leave), person(2, pieces)], [], today=MONDAY)
    assert (concerns[0].kind, concerns[0].ids) == (LookAt.AWAY_WITH_DUE, (1,))
    assert concerns[0].cases == 2


def test_idle_is_who_stood_mostly_empty_for_four_weeks_and_is_there():
    idle, busy = person(1, busy=15.9), person(2, busy=16.0)
    away, gone = person(3, busy=0.0, available=0), person(4, busy=0.0, active=False)
    taught = person(5, busy=10.0, duties=10)
    assert kinds([idle, busy, away, gone, taught])[LookAt.IDLE].ids == (1,)


def test_where_most_are_idle_nobody_is_called_so():
    idle, busy = [person(n, busy=0.0) for n in (1, 2)], person(3)
    assert kinds([*idle, busy]) == {}
    assert kinds([*idle, busy, person(4)])[LookAt.IDLE].ids == (1, 2)
    assert kinds([person(1, busy=0.0)]) == {}


def test_a_case_is_old_after_thirty_days():
    pieces = [replace(piece(), age_days=days) for days in (30, 31, 90)]
    one = person(1, pieces)
    assert (one.old, one.oldest) == (2, 90)
    assert (person(2).old, person(2).oldest) == (0, None)


# --- in words --------------------------------------------------------------------------------


def test_points_and_loads_are_said_in_standard_cases():
    assert [points_text(one) for one in (0, 5, 10, 15, 12_340)] == ["0", "0.5", "1", "1.5", "1,234"]
    assert (load_text(None), load_text(0.706)) == ("—", "0.71")


@pytest.mark.parametrize("kind", sorted(set(LookAt) - {LookAt.TERM_ENDING}))
def test_a_concern_says_how_many_and_who(kind):
    one = Concern(kind, (1, 2, 3, 4), ("甲", "乙", "丙", "丁"), 9)
    assert concern(one).startswith("4 人")
    assert kind is LookAt.IDLE or "9 件" in concern(one)
    assert concerned(one, today=MONDAY) == ["甲", "乙", "丙", "丁"]


@pytest.mark.parametrize(
    ("days", "said"),
    [(12, "和众(3月14日 届满)"), (0, "和众(今天届满)"), (-5, "和众(已于 2月25日 届满)")],
)
def test_the_end_of_a_term_is_said_by_its_day(days, said):
    term = Concern(LookAt.TERM_ENDING, (1,), ("和众",), days=(MONDAY + days * DAY,))
    assert concern(term).startswith("1 个调委会")
    assert concerned(term, today=MONDAY) == [said]


@pytest.mark.parametrize("kind", [LookAt, DutyShift, AbsenceKind])
def test_every_kind_has_a_word(kind):
    assert len({word(one) for one in kind}) == len(kind)
