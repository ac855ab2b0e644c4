"""The table of limits: which rule is the most special, and how the table changes."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.cases import Difficulty, FieldProblem, Stage
from domain.clocks import (
    BEIJING,
    DEFAULT_LIMITS,
    Clock,
    Deadline,
    Limit,
    LimitUnit,
    Running,
    deadline,
    limit_for,
)
from domain.limits import (
    LEVELS,
    RuleProblem,
    Standing,
    amended,
    goes_before,
    keeps,
    moved_to,
    problems_of,
    withdrawn,
)
from domain.organisation import UnitLevel
from domain.work_calendar import FULL_DAY, HALF_DAY, DayKind, NamedDay, WorkCalendar

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 9, tzinfo=BEIJING)
DAY = timedelta(days=1)
MEDIATION = Stage.IN_MEDIATION
WORKING, CALENDAR = LimitUnit.WORKING_DAYS, LimitUnit.CALENDAR_DAYS


def rule(amount=5, unit=CALENDAR, **over):
    usual = {"stage": MEDIATION, "valid_from": date(2020, 1, 1), "source": "县综治办通知"}
    return Limit(**{"amount": amount, "unit": unit, **usual, **over})


AMOUNTS = some.integers(1, 60)
RULES = some.builds(
    Limit,
    some.just(MEDIATION),
    AMOUNTS,
    some.sampled_from(LimitUnit),
    some.sampled_from([None, Difficulty.SIMPLE]),
    some.dates(date(2026, 3, 2), date(2026, 6, 1)),
    source=some.just("县综治办通知"),
    level=some.sampled_from([None, *LEVELS]),
)


# --- which rule holds --------------------------------------------------------------------------

FOR_ALL = rule(30)
FOR_TOWNS = rule(20, level=UnitLevel.TOWN)
FOR_SIMPLE = rule(3, difficulty=Difficulty.SIMPLE)
FOR_SIMPLE_IN_TOWNS = rule(4, difficulty=Difficulty.SIMPLE, level=UnitLevel.TOWN)


@pytest.mark.parametrize(
    ("difficulty", "level", "chosen"),
    [
        (Difficulty.MAJOR, None, FOR_ALL),
        (Difficulty.MAJOR, UnitLevel.COUNTY, FOR_ALL),
        (Difficulty.MAJOR, UnitLevel.TOWN, FOR_TOWNS),
        (Difficulty.SIMPLE, UnitLevel.TOWN, FOR_SIMPLE_IN_TOWNS),
        # The difficulty goes before the level.
        (Difficulty.SIMPLE, UnitLevel.COMMUNITY, FOR_SIMPLE),
        (Difficulty.SIMPLE, None, FOR_SIMPLE),
    ],
)
def test_the_difficulty_goes_before_the_level(difficulty, level, chosen):
    rules = (FOR_ALL, FOR_TOWNS, FOR_SIMPLE, FOR_SIMPLE_IN_TOWNS)
    for order in (rules, rules[::-1]):
        assert limit_for(order, MEDIATION, difficulty, on=TODAY, level=level) is chosen
    without = (FOR_ALL, FOR_TOWNS, FOR_SIMPLE)
    if (difficulty, level) == (Difficulty.SIMPLE, UnitLevel.TOWN):
        assert limit_for(without, MEDIATION, difficulty, on=TODAY, level=level) is FOR_SIMPLE


@given(RULES, RULES, some.sampled_from(Difficulty), some.sampled_from([None, *LEVELS]))
def test_what_goes_before_another_is_chosen_before_it(one, other, difficulty, level):
    both = (replace(one, valid_from=TODAY), replace(other, valid_from=TODAY))
    fitting = [
        rule
        for rule in both
        if rule.difficulty in (None, difficulty) and rule.level in (None, level)
    ]
    if len(fitting) == len(both) and goes_before(*both):
        assert limit_for(both, MEDIATION, difficulty, on=TODAY, level=level) == both[0]
        assert not goes_before(*reversed(both))


def test_a_rule_for_a_level_says_nothing_of_what_nobody_holds():
    with pytest.raises(LookupError):
        limit_for((FOR_TOWNS,), MEDIATION, Difficulty.MAJOR, on=TODAY)


STARTS = some.integers(0, 500 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes))
DAYS = some.dates(date(2026, 1, 1), date(2027, 12, 31))
CALENDARS = some.lists(
    some.builds(NamedDay, DAYS, some.sampled_from([0, HALF_DAY, FULL_DAY]), some.just("县里")),
    max_size=40,
).map(lambda days: WorkCalendar().with_days(days))


@given(start=STARTS, calendar=CALENDARS, amount=AMOUNTS, more=AMOUNTS, unit=...)
def test_a_longer_limit_is_never_due_earlier(
    start, calendar, amount: int, more: int, unit: LimitUnit
):
    short = deadline(start, rule(amount, unit), calendar)
    longer = deadline(start, rule(amount + more, unit), calendar)
    assert longer.due_at >= short.due_at
    assert longer.soon_at >= short.soon_at


@given(day=DAYS, calendar=CALENDARS, first=AMOUNTS, second=AMOUNTS)
def test_working_time_adds_up(day, calendar, first, second):
    """Between a day and the day on which n working days are full lie n, and less the day before."""
    last = calendar.working_day_after(day, first)
    between = [day + timedelta(days=n) for n in range(1, (last - day).days + 1)]
    worked = sum(calendar.halves(one) for one in between)
    # Half a day more where the last day, worked in full, was needed by half.
    assert worked - first * FULL_DAY in (0, 1)
    assert worked - calendar.halves(last) < first * FULL_DAY
    both = calendar.working_day_after(day, first + second)
    chained = calendar.working_day_after(last, second)
    assert both <= chained
    if worked == first * FULL_DAY:
        assert both == chained


@given(days=some.lists(some.builds(NamedDay, DAYS, some.integers(0, 2), some.just("县里"))))
def test_what_was_said_of_a_day_last_holds(days):
    calendar = WorkCalendar().with_days(days)
    last = {one.day: one.halves for one in days}
    for day, halves in last.items():
        assert calendar.halves(day) == halves
        assert (calendar.kind(day) is DayKind.HALF) is (halves == HALF_DAY)
    assert calendar.with_days([]) == calendar


# --- the table changes --------------------------------------------------------------------------


def table_of(rules):
    table = DEFAULT_LIMITS
    for one in rules:
        if not problems_of(one, table, today=TODAY):
            table = amended(table, one)
    return table


@given(some.lists(RULES, max_size=8))
def test_of_the_same_cases_one_rule_follows_the_other_without_overlap(rules):
    table = table_of(rules)
    for day in (TODAY + timedelta(days=n) for n in range(0, 120, 7)):
        holding = [
            (one.stage, one.difficulty, one.level)
            for one in table
            if one.valid_from <= day and (one.valid_to is None or day < one.valid_to)
        ]
        assert len(holding) == len(set(holding))
        for difficulty in Difficulty:
            for level in (None, *LEVELS):
                limit_for(table, MEDIATION, difficulty, on=day, level=level)


@given(some.lists(RULES, max_size=5), RULES)
def test_a_rule_withdrawn_leaves_the_table_as_it_was(rules, new):
    before = table_of(rules)
    if not problems_of(new, before, today=TODAY):
        after = amended(before, new)
        assert set(withdrawn(after, after[-1])) == set(before)


@pytest.mark.parametrize(
    ("over", "problems"),
    [
        ({}, {}),
        ({"amount": 0}, {"amount": FieldProblem.OUT_OF_RANGE}),
        ({"amount": 366}, {"amount": FieldProblem.OUT_OF_RANGE}),
        ({"source": ""}, {"source": FieldProblem.MISSING}),
        ({"source": "县"}, {"source": FieldProblem.TOO_SHORT}),
        ({"source": "县" * 121}, {"source": FieldProblem.TOO_LONG}),
        ({"valid_from": TODAY - DAY}, {"valid_from": FieldProblem.IN_PAST}),
        ({"stage": Stage.CLOSED}, {"stage": FieldProblem.NOT_A_CHOICE}),
        ({"level": UnitLevel.GRID}, {"unit_level": FieldProblem.NOT_A_CHOICE}),
        (
            {"level": UnitLevel.TOWN, "stage": Stage.REGISTERED},
            {"unit_level": RuleProblem.LEVEL_BEFORE_HOLDER},
        ),
    ],
)
def test_what_cannot_be_a_rule_is_said_by_its_field(over, problems):
    new = rule(**{"valid_from": TODAY, **over})
    assert problems_of(new, DEFAULT_LIMITS, today=TODAY) == problems


def test_two_rules_of_the_same_cases_do_not_begin_on_one_day():
    new = rule(valid_from=TODAY)
    found = problems_of(new, amended(DEFAULT_LIMITS, new), today=TODAY)
    assert found == {"valid_from": RuleProblem.SAME_DAY}
    other = replace(new, level=UnitLevel.TOWN)
    assert problems_of(other, amended(DEFAULT_LIMITS, new), today=TODAY) == {}


# --- what cases in the stage take over ---------------------------------------------------------

SHORTER = rule(3, valid_from=TODAY)
AFTER = Clock(amended((FOR_ALL,), SHORTER), WorkCalendar())
BEFORE = Clock((FOR_ALL,), WorkCalendar())


def standing(start, **over):
    running = Running(MEDIATION, Difficulty.ORDINARY, start, **over)
    return Standing(running, BEFORE.due(running))


def test_without_a_choice_only_what_begins_from_that_day_on_is_under_the_rule():
    old = standing(NOW - DAY)
    assert moved_to(old, AFTER, now=NOW) == (old.stored, None)
    of_today = standing(NOW)
    moved, limit_on = moved_to(of_today, AFTER, now=NOW, rule=SHORTER)
    assert moved.due_at < of_today.stored.due_at
    assert limit_on is None


def test_what_is_not_late_takes_the_rule_over():
    old = standing(NOW - DAY)
    moved, limit_on = moved_to(old, AFTER, now=NOW, rule=SHORTER, open_cases=True)
    assert limit_on == TODAY
    assert moved == deadline(NOW - DAY, SHORTER, WorkCalendar())
    assert not keeps(old, AFTER, SHORTER, now=NOW, open_cases=True)


@pytest.mark.parametrize(
    ("start", "over", "kept"),
    [
        (NOW - timedelta(days=60), {}, True),  # late: a verdict is not rewritten
        (NOW - DAY, {"stated_due_on": TODAY + DAY}, False),  # somebody stated its day
        (NOW, {}, False),  # under the rule by its start
    ],
)
def test_what_does_not_take_the_rule_over_stays_as_its_start_says(start, over, kept):
    one = standing(start, **over)
    assert moved_to(one, AFTER, now=NOW, rule=SHORTER, open_cases=True) == (
        AFTER.due(one.running),
        None,
    )
    assert keeps(one, AFTER, SHORTER, now=NOW, open_cases=True) is kept


def test_days_granted_in_one_unit_do_not_become_days_of_another():
    granted = standing(NOW - DAY, extended=3)
    in_working_days = rule(3, WORKING, valid_from=TODAY)
    after = Clock(amended((FOR_ALL,), in_working_days), WorkCalendar())
    assert moved_to(granted, after, now=NOW, rule=in_working_days, open_cases=True) == (
        granted.stored,
        None,
    )
    assert keeps(granted, after, in_working_days, now=NOW, open_cases=True)
    assert moved_to(granted, AFTER, now=NOW, rule=SHORTER, open_cases=True)[1] == TODAY


@pytest.mark.parametrize("start", [NOW - DAY, NOW])
@pytest.mark.parametrize("days", ["granted", "asked"])
def test_days_granted_or_asked_for_keep_the_unit_that_they_were_meant_in(start, days):
    in_working_days = rule(3, WORKING, valid_from=TODAY)
    after = Clock(amended((FOR_ALL,), in_working_days), WorkCalendar())
    one = standing(start, extended=3) if days == "granted" else standing(start)
    one = replace(one, asked=days == "asked")
    moved, limit_on = moved_to(one, after, now=NOW, rule=in_working_days, open_cases=True)
    assert moved == one.stored
    assert keeps(one, after, in_working_days, now=NOW, open_cases=True)
    under = after.limit(replace(one.running, limit_on=limit_on))
    assert under.unit is FOR_ALL.unit
    # Begun today and not asked about open cases, the rule would be theirs all the same.
    assert moved_to(one, after, now=NOW, rule=in_working_days) == (one.stored, limit_on)
    assert keeps(one, after, in_working_days, now=NOW) is (start == NOW)


def test_a_more_special_rule_is_not_taken_over_by_a_general_one():
    simple = Running(MEDIATION, Difficulty.SIMPLE, NOW - DAY)
    limits = (FOR_ALL, FOR_SIMPLE)
    one = Standing(simple, Clock(limits, WorkCalendar()).due(simple))
    after = Clock(amended(limits, SHORTER), WorkCalendar())
    assert moved_to(one, after, now=NOW, rule=SHORTER, open_cases=True) == (one.stored, None)
    assert not keeps(one, after, SHORTER, now=NOW, open_cases=True)


def test_what_stands_still_does_not_become_late():
    stored = Deadline(NOW - DAY, NOW - 2 * DAY)
    running = Running(MEDIATION, Difficulty.ORDINARY, NOW - 5 * DAY)
    parked = Standing(running, stored, parked_at=NOW - 2 * DAY)
    assert not parked.is_late(stored.due_at, now=NOW)
    assert replace(parked, parked_at=None).is_late(stored.due_at, now=NOW)
