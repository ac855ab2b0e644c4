"""Deadlines, limits, work calendar and lamps."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from domain.cases import OPEN_STAGES, Difficulty, Lamp, Stage
from domain.clocks import (
    BEIJING,
    DEFAULT_LIMITS,
    Clock,
    Count,
    Limit,
    LimitUnit,
    Pause,
    day_of,
    deadline,
    explain,
    lamp,
    limit_for,
)
from domain.work_calendar import DayKind, WorkCalendar

# The Spring Festival of 2026 (国务院办公厅): 15 to 23 February off, 14 and 28 February worked.
SPRING = WorkCalendar(
    {date(2026, 2, day): False for day in (16, 17, 18, 19, 20, 23)}
    | {date(2026, 2, 14): True, date(2026, 2, 28): True}
)
WORKING, CALENDAR = LimitUnit.WORKING_DAYS, LimitUnit.CALENDAR_DAYS


def limit(amount, unit=WORKING, **over):
    return Limit(**{"stage": Stage.IN_MEDIATION, "amount": amount, "unit": unit, **over})


def beijing(text):
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "due", "soon"),
    [
        # A plain week: Monday + 1 is Tuesday 24:00; floor(0.7) is no day, so yellow from the start.
        ("2026-03-02T09:00", 1, WORKING, "2026-03-04T00:00", "2026-03-02T09:00"),
        # Friday evening: the weekend does not count.
        ("2026-03-06T23:59", 2, WORKING, "2026-03-11T00:00", "2026-03-10T00:00"),
        # Saturday: counting begins on Monday, the first working day after.
        ("2026-03-07T12:00", 1, WORKING, "2026-03-10T00:00", "2026-03-07T12:00"),
        # Over the Spring Festival: Saturday the 14th is worked, Tuesday the 24th is the next day.
        ("2026-02-13T10:00", 2, WORKING, "2026-02-25T00:00", "2026-02-15T00:00"),
        # The make-up Saturday of 28 February counts.
        ("2026-02-26T10:00", 2, WORKING, "2026-03-01T00:00", "2026-02-28T00:00"),
        # Calendar days run through; seven days from a Monday end on a Monday.
        ("2026-03-02T09:00", 7, CALENDAR, "2026-03-10T00:00", "2026-03-07T00:00"),
        # 民法典 203: a last day off moves to the next working day; the yellow day does not move.
        ("2026-02-10T09:00", 7, CALENDAR, "2026-02-25T00:00", "2026-02-15T00:00"),
        # ... but a make-up Saturday is no day off.
        ("2026-02-07T09:00", 7, CALENDAR, "2026-02-15T00:00", "2026-02-12T00:00"),
        # 0 days: until tonight.
        ("2026-03-02T09:00", 0, CALENDAR, "2026-03-03T00:00", "2026-03-02T09:00"),
    ],
)
def test_a_deadline_is_midnight_after_its_last_day(start, amount, unit, due, soon):
    found = deadline(beijing(start), limit(amount, unit), SPRING)
    assert (found.due_at, found.soon_at) == (beijing(due), beijing(soon))
    assert found.due_at.tzinfo is found.soon_at.tzinfo is UTC


def test_the_day_of_a_moment_is_the_day_in_beijing():
    late_evening_utc = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    assert day_of(late_evening_utc) == date(2026, 3, 2)
    assert day_of(late_evening_utc - timedelta(microseconds=1)) == date(2026, 3, 1)


moments = some.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=some.sampled_from([UTC, BEIJING]),
)
days = some.dates(date(2019, 12, 1), date(2030, 3, 1))
calendars = some.builds(
    WorkCalendar,
    some.dictionaries(days, some.booleans(), max_size=80),
    half_days=some.frozensets(days, max_size=10),
)
amounts = some.integers(0, 60)
fast = settings(deadline=None, max_examples=60)


@fast
@given(moments, amounts, calendars)
def test_exactly_the_allowed_working_days_lie_between_start_and_deadline(start, amount, calendar):
    last = day_of(deadline(start, limit(amount), calendar).due_at) - timedelta(days=1)
    passed = [
        day_of(start) + timedelta(days=ahead + 1) for ahead in range((last - day_of(start)).days)
    ]
    assert 2 * amount <= sum(calendar.halves(day) for day in passed) <= 2 * amount + 1
    assert amount == 0 or calendar.is_working(last)


@fast
@given(moments, amounts, calendars)
def test_a_calendar_deadline_never_ends_on_a_day_off_nor_a_working_day_late(
    start, amount, calendar
):
    named = day_of(start) + timedelta(days=amount)
    last = day_of(deadline(start, limit(amount, CALENDAR), calendar).due_at) - timedelta(days=1)
    assert calendar.is_working(last)
    between = [named + timedelta(days=more) for more in range((last - named).days)]
    assert not any(calendar.is_working(day) for day in between)


@fast
@given(moments, amounts, some.sampled_from(LimitUnit), calendars)
def test_yellow_comes_after_the_start_and_before_red(start, amount, unit, calendar):
    found = deadline(start, limit(amount, unit), calendar)
    assert start <= found.soon_at <= found.due_at
    assert found.due_at.astimezone(BEIJING).time() == time.min


@fast
@given(moments, moments, amounts, some.sampled_from(LimitUnit), calendars)
def test_who_begins_later_is_never_due_earlier(one, other, amount, unit, calendar):
    earlier, later = sorted((one, other))
    rule = limit(amount, unit)
    assert deadline(earlier, rule, calendar).due_at <= deadline(later, rule, calendar).due_at


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (date(2026, 11, 1), None),
        (date(2026, 11, 2), date(2027, 1, 1)),  # 60 days before
        (date(2026, 12, 31), date(2027, 1, 1)),
        # Nobody entered it: still told.
        (date(2027, 5, 1), date(2027, 1, 1)),
    ],
)
def test_days_without_their_official_arrangement_are_told_in_time(today, told):
    assert WorkCalendar({}, complete_until=date(2026, 12, 31)).gap(today=today) == told


# --- explanations, pauses, extensions, half days -----------------------------------------------


def told(start, rule, calendar=SPRING, **over):
    """(day of the month, why, half days used) of each line."""
    found = explain(beijing(start), rule, calendar, **over)
    return [(one.day.day, one.count, one.used_halves) for one in found.days]


def test_each_day_of_a_deadline_is_told_with_why_it_counts_or_not():
    assert told("2026-02-13T10:00", limit(2)) == [
        (13, Count.START, 0),
        (14, Count.COUNTED, 2),
        *[(day, Count.DAY_OFF, 2) for day in range(15, 24)],
        (24, Count.COUNTED, 4),
    ]


def test_a_last_day_off_is_told_to_move():
    assert told("2026-03-05T10:00", limit(2, CALENDAR))[-3:] == [
        (7, Count.COUNTED, 4),
        (8, Count.MOVED, 4),
        (9, Count.MOVED, 4),
    ]


def test_a_pause_saves_as_many_days_as_it_has_midnights():
    pause = Pause(beijing("2026-03-03T16:00"), beijing("2026-03-05T08:00"))
    lines = told("2026-03-02T09:00", limit(3), pauses=[pause])
    assert [line[1] for line in lines] == [
        Count.START,
        Count.PAUSED,
        Count.PAUSED,
        Count.COUNTED,
        Count.COUNTED,
        Count.DAY_OFF,
        Count.DAY_OFF,
        Count.COUNTED,
    ]
    within_a_day = Pause(beijing("2026-03-03T08:00"), beijing("2026-03-03T23:59"))
    assert told("2026-03-02T09:00", limit(3), pauses=[within_a_day]) == told(
        "2026-03-02T09:00", limit(3)
    )


def test_a_pause_holds_the_last_day_that_moves_as_it_holds_any_other():
    # The second day is a Saturday: due on Monday at 24:00, and in time parked on the Sunday.
    rule = limit(2, CALENDAR)
    pause = Pause(beijing("2026-03-08T10:00"), beijing("2026-03-11T08:00"))
    assert told("2026-03-05T10:00", rule, pauses=[pause])[-5:] == [
        (7, Count.COUNTED, 4),
        (8, Count.PAUSED, 4),
        (9, Count.PAUSED, 4),
        (10, Count.PAUSED, 4),
        (11, Count.MOVED, 4),
    ]


def test_two_half_days_make_one():
    calendar = WorkCalendar({}, half_days=frozenset({date(2026, 3, 3), date(2026, 3, 4)}))
    assert told("2026-03-02T09:00", limit(1), calendar) == [
        (2, Count.START, 0),
        (3, Count.HALF, 1),
        (4, Count.HALF, 2),
    ]
    assert calendar.kind(date(2026, 3, 3)) is DayKind.HALF


def test_an_extension_counts_on_in_the_limits_own_unit():
    start = beijing("2026-03-02T09:00")
    for unit in LimitUnit:
        extended = deadline(start, limit(5, unit), SPRING, extended=3)
        assert extended == deadline(start, limit(8, unit), SPRING)


pauses = some.lists(
    some.tuples(moments, some.timedeltas(timedelta(0), timedelta(days=20))).map(
        lambda one: Pause(one[0], one[0] + one[1])
    ),
    max_size=4,
)


@fast
@given(moments, amounts, some.integers(0, 20), some.sampled_from(LimitUnit), calendars)
def test_a_deadline_equals_its_explanation(start, amount, extended, unit, calendar):
    rule = limit(amount, unit)
    explained = explain(start, rule, calendar, extended=extended)
    assert explained.deadline == deadline(start, rule, calendar, extended=extended)


@fast
@given(
    moments,
    some.integers(1, 60),
    some.sampled_from(LimitUnit),
    calendars,
    some.floats(0, 1, exclude_max=True),
    some.timedeltas(timedelta(0), timedelta(days=40)),
)
def test_what_is_parked_in_time_is_not_late_when_it_goes_on(
    start, amount, unit, calendar, share, stood
):
    rule = limit(amount, unit)
    without = deadline(start, rule, calendar).due_at
    parked_at = start + share * (without - start)
    pause = Pause(parked_at, parked_at + stood)
    assert deadline(start, rule, calendar, pauses=[pause]).due_at >= max(without, pause.ends_at)


@fast
@given(moments, amounts, some.sampled_from(LimitUnit), calendars, pauses)
def test_what_was_used_adds_up_to_the_limit_whatever_the_pauses(
    start, amount, unit, calendar, stood_still
):
    found = explain(start, limit(amount, unit), calendar, pauses=stood_still)
    days = [one.day for one in found.days]
    assert days == [days[0] + timedelta(days=ahead) for ahead in range(len(days))]
    assert 2 * amount <= found.days[-1].used_halves <= 2 * amount + 1
    counted = sum({Count.COUNTED: 2, Count.HALF: 1}.get(one.count, 0) for one in found.days)
    assert counted == found.days[-1].used_halves
    assert found.deadline.due_at >= deadline(start, limit(amount, unit), calendar).due_at


@fast
@given(days, calendars)
def test_a_day_is_worked_exactly_when_its_kind_says_so(day, calendar):
    worked = {DayKind.WORKING, DayKind.MAKE_UP, DayKind.HALF}
    assert calendar.is_working(day) is (calendar.kind(day) in worked) is (calendar.halves(day) > 0)


# --- limits ----------------------------------------------------------------------------------

APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
FOR_ALL = limit(10)
FOR_SIMPLE = limit(1, difficulty=Difficulty.SIMPLE)
FROM_MAY = limit(5, valid_from=MAY)
ENDED = limit(3, valid_from=APRIL, valid_to=MAY)


@pytest.mark.parametrize(
    ("limits", "difficulty", "on", "chosen"),
    [
        ((FOR_ALL, FOR_SIMPLE), Difficulty.SIMPLE, APRIL, FOR_SIMPLE),
        ((FOR_ALL, FOR_SIMPLE), Difficulty.MAJOR, APRIL, FOR_ALL),
        # The more special rule wins even over a younger general one.
        ((FROM_MAY, FOR_SIMPLE), Difficulty.SIMPLE, MAY, FOR_SIMPLE),
        ((FOR_ALL, FROM_MAY), Difficulty.MAJOR, MAY, FROM_MAY),
        # A rule holds from its first day and no longer on its last.
        ((FOR_ALL, FROM_MAY), Difficulty.MAJOR, MAY - timedelta(days=1), FOR_ALL),
        ((FOR_ALL, ENDED), Difficulty.MAJOR, APRIL, ENDED),
        ((FOR_ALL, ENDED), Difficulty.MAJOR, MAY, FOR_ALL),
    ],
)
def test_the_rule_that_holds_is_the_most_special_then_the_youngest(limits, difficulty, on, chosen):
    for order in (limits, limits[::-1]):
        assert limit_for(order, Stage.IN_MEDIATION, difficulty, on=on) is chosen


@pytest.mark.parametrize("limits", [(), (FROM_MAY,), (ENDED,), (FOR_SIMPLE,)])
def test_a_case_without_a_rule_is_an_error_and_not_a_case_without_a_clock(limits):
    with pytest.raises(LookupError):
        limit_for(limits, Stage.IN_MEDIATION, Difficulty.MAJOR, on=date(2026, 3, 1))
    with pytest.raises(LookupError):
        Clock(limits, SPRING).deadline(
            Stage.PERFORMANCE, Difficulty.MAJOR, start=beijing("2026-03-01T09:00")
        )


def test_a_new_rule_does_not_move_what_began_before_it():
    clock = Clock((FOR_ALL, FROM_MAY), WorkCalendar())
    before = clock.deadline(Stage.IN_MEDIATION, Difficulty.MAJOR, start=beijing("2026-04-30T23:59"))
    after = clock.deadline(Stage.IN_MEDIATION, Difficulty.MAJOR, start=beijing("2026-05-01T00:00"))
    assert before.due_at > after.due_at


def test_the_defaults_name_one_rule_with_a_source_for_every_open_stage_and_difficulty():
    assert all(rule.source and rule.amount > 0 for rule in DEFAULT_LIMITS)
    for stage in OPEN_STAGES:
        for difficulty in Difficulty:
            fitting = [
                rule
                for rule in DEFAULT_LIMITS
                if rule.stage is stage and rule.difficulty in (None, difficulty)
            ]
            assert len(fitting) == 1, (stage, difficulty)


def test_a_harder_case_is_never_due_earlier():
    clock = Clock(DEFAULT_LIMITS, WorkCalendar())
    start = beijing("2026-03-02T09:00")
    due = [clock.deadline(Stage.IN_MEDIATION, one, start=start).due_at for one in Difficulty]
    assert due == sorted(set(due))


# --- lamps -----------------------------------------------------------------------------------

SOON_AT, DUE_AT = beijing("2026-03-05T00:00"), beijing("2026-03-10T00:00")
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("now", "paused", "shown"),
    [
        (SOON_AT - TICK, False, Lamp.ON_TIME),
        (SOON_AT, False, Lamp.SOON),
        (DUE_AT - TICK, False, Lamp.SOON),
        (DUE_AT, False, Lamp.LATE),
        (DUE_AT, True, Lamp.PAUSED),
        (SOON_AT - TICK, True, Lamp.PAUSED),
    ],
)
def test_a_lamp_turns_at_its_moment(now, paused, shown):
    assert lamp(now=now, due_at=DUE_AT, soon_at=SOON_AT, paused=paused) is shown


def test_what_is_due_never_again_is_closed():
    for paused in (False, True):
        assert lamp(now=DUE_AT, due_at=None, soon_at=None, paused=paused) is Lamp.CLOSED
