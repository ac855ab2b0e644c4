"""What every site starts with: code lists, limits for every case, and the State Council's days."""

import re
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from data_access import audit, reference
from data_access.tables import AuditHead, CaseType, Code, LimitRule, OrganisationUnit, WorkDay
from domain.cases import OPEN_STAGES, Difficulty, Stage
from domain.clocks import BEIJING, DEFAULT_LIMITS
from domain.imports import OUTCOME_ASSUMED, outcome_by_method
from domain.organisation import UnitLevel

FIRST, LAST = date(2020, 1, 1), date(2026, 12, 31)
DAYS = [FIRST + timedelta(days=ahead) for ahead in range((LAST - FIRST).days + 1)]

# 国务院办公厅关于 20xx 年部分节假日安排的通知: holidays from the first day to the last, and the
# weekend days that are worked for them (调休). 2020 with the extension of 26 January.
HOLIDAYS = """
2020-01-01 2020-01-01
2020-01-24 2020-02-02 2020-01-19
2020-04-04 2020-04-06
2020-05-01 2020-05-05 2020-04-26 2020-05-09
2020-06-25 2020-06-27 2020-06-28
2020-10-01 2020-10-08 2020-09-27 2020-10-10
2021-01-01 2021-01-03
2021-02-11 2021-02-17 2021-02-07 2021-02-20
2021-04-03 2021-04-05
2021-05-01 2021-05-05 2021-04-25 2021-05-08
2021-06-12 2021-06-14
2021-09-19 2021-09-21 2021-09-18
2021-10-01 2021-10-07 2021-09-26 2021-10-09
2022-01-01 2022-01-03
2022-01-31 2022-02-06 2022-01-29 2022-01-30
2022-04-03 2022-04-05 2022-04-02
2022-04-30 2022-05-04 2022-04-24 2022-05-07
2022-06-03 2022-06-05
2022-09-10 2022-09-12
2022-10-01 2022-10-07 2022-10-08 2022-10-09
2022-12-31 2023-01-02
2023-01-21 2023-01-27 2023-01-28 2023-01-29
2023-04-05 2023-04-05
2023-04-29 2023-05-03 2023-04-23 2023-05-06
2023-06-22 2023-06-24 2023-06-25
2023-09-29 2023-10-06 2023-10-07 2023-10-08
2024-01-01 2024-01-01
2024-02-10 2024-02-17 2024-02-04 2024-02-18
2024-04-04 2024-04-06 2024-04-07
2024-05-01 2024-05-05 2024-04-28 2024-05-11
2024-06-08 2024-06-10
2024-09-15 2024-09-17 2024-09-14
2024-10-01 2024-10-07 2024-09-29 2024-10-12
2025-01-01 2025-01-01
2025-01-28 2025-02-04 2025-01-26 2025-02-08
2025-04-04 2025-04-06
2025-05-01 2025-05-05 2025-04-27
2025-05-31 2025-06-02
2025-10-01 2025-10-08 2025-09-28 2025-10-11
2026-01-01 2026-01-03 2026-01-04
2026-02-15 2026-02-23 2026-02-14 2026-02-28
2026-04-04 2026-04-06
2026-05-01 2026-05-05 2026-05-09
2026-06-19 2026-06-21
2026-09-25 2026-09-27
2026-10-01 2026-10-07 2026-09-20 2026-10-10
"""
SATURDAY = 5


def by_the_notices():
    """Every day of the seven years: whether offices work on it."""
    working = {day: day.weekday() < SATURDAY for day in DAYS}
    for line in HOLIDAYS.split("\n")[1:-1]:
        first, last, *made_up = map(date.fromisoformat, line.split())
        working |= {
            first + timedelta(days=ahead): False for ahead in range((last - first).days + 1)
        }
        working |= dict.fromkeys(made_up, True)
    return working


@pytest.fixture
def clock(db):
    with db.read() as session:
        return reference.load_clock(session)


def rows(db, statement):
    with db.read() as session:
        return session.execute(statement).all()


# --- calendar and limits ---------------------------------------------------------------------


def test_the_work_calendar_is_the_state_councils(clock):
    wrong = {
        day: expected
        for day, expected in by_the_notices().items()
        if clock.calendar.is_working(day) is not expected
    }
    assert wrong == {}


# What the law alone fixes of a year (全国年节及纪念日放假办法, 2024): the lunar new year is
# 6 February 2027, 清明 5 April, 五月初五 9 June, 八月十五 15 September.
BY_LAW_IN_2027 = {
    *(date(2027, 2, day) for day in (5, 6, 7, 8)),
    *(date(2027, 10, day) for day in (1, 2, 3)),
    *(date(2027, 5, day) for day in (1, 2)),
    date(2027, 1, 1),
    date(2027, 4, 5),
    date(2027, 6, 9),
    date(2027, 9, 15),
}


def test_of_2027_only_what_the_law_fixes_is_off(clock):
    year = [date(2027, 1, 1) + timedelta(days=ahead) for ahead in range(365)]
    off = {day for day in year if not clock.calendar.is_working(day)}
    assert off == BY_LAW_IN_2027 | {day for day in year if day.weekday() >= SATURDAY}
    assert len(BY_LAW_IN_2027) == 13


def test_a_deadline_over_the_new_year_does_not_count_it(clock):
    start = datetime(2026, 12, 30, 9, tzinfo=BEIJING)
    due = clock.deadline(Stage.REGISTERED, Difficulty.ORDINARY, start=start).due_at
    # Thursday the 31st, not Friday the 1st nor the weekend, Monday the 4th until midnight.
    assert due == datetime(2027, 1, 5, tzinfo=BEIJING)


def gap(db, year, month, day):
    with db.read() as session:
        now = datetime(year, month, day, tzinfo=BEIJING)
        return reference.calendar_gap(session, now=now)


def test_the_missing_arrangement_is_told_until_it_is_entered(db, clock):
    assert clock.calendar.complete_until == LAST
    new_year = date(2027, 1, 1)
    told = [gap(db, *day) for day in ((2026, 3, 2), (2026, 11, 1), (2026, 11, 2), (2027, 6, 1))]
    assert told == [None, None, new_year, new_year]
    official = update(WorkDay).where(WorkDay.day >= new_year).values(official=True)
    db.write(lambda session: session.execute(official) and None)
    assert gap(db, 2026, 12, 31) is None
    assert gap(db, 2027, 12, 31) == date(2028, 1, 1)


def test_a_year_after_a_missing_one_does_not_hide_it(db):
    later = insert(WorkDay).values(day=date(2028, 5, 1), halves=0, note="劳动节", official=True)
    db.write(lambda session: session.execute(later) and None)
    assert gap(db, 2026, 12, 31) == date(2027, 1, 1)


def test_a_day_is_listed_only_where_it_differs_from_the_plain_week(db):
    plain = [
        row
        for row in rows(db, select(WorkDay.day, WorkDay.halves))
        if (row.halves > 0) is (row.day.weekday() < SATURDAY)
    ]
    assert plain == []


def test_years_have_about_two_hundred_and_fifty_working_days(clock):
    for year in range(FIRST.year, LAST.year + 1):
        worked = sum(clock.calendar.is_working(day) for day in DAYS if day.year == year)
        assert 247 <= worked <= 252, year


def test_the_stored_limits_are_the_domains(clock):
    assert set(clock.limits) == set(DEFAULT_LIMITS)


def test_every_stage_and_difficulty_has_a_deadline_on_any_day(clock):
    """Also in the first and the last instant of a day in Beijing."""
    for day in DAYS:
        for hour, minute in ((0, 0), (23, 59)):
            start = datetime(day.year, day.month, day.day, hour, minute, tzinfo=BEIJING)
            for stage in OPEN_STAGES:
                for difficulty in Difficulty:
                    due = clock.deadline(stage, difficulty, start=start)
                    assert start <= due.soon_at < due.due_at


def test_nothing_is_due_on_a_day_off(clock):
    """民法典 203."""
    for day in DAYS[:-60]:
        start = datetime(day.year, day.month, day.day, 9, tzinfo=BEIJING)
        for stage in OPEN_STAGES:
            for difficulty in Difficulty:
                due = clock.deadline(stage, difficulty, start=start).due_at
                assert clock.calendar.is_working(
                    (due - timedelta(seconds=1)).astimezone(BEIJING).date()
                )


# --- code lists ------------------------------------------------------------------------------


def test_the_dispute_types_are_those_of_the_standard(db):
    """GB/T 31000-2015 table 91: sixteen groups and 其他."""
    types = {
        row.code: row
        for row in rows(
            db, select(CaseType.code, CaseType.parent_code, CaseType.name_zh, CaseType.name_en)
        )
    }
    groups = [code for code in sorted(types) if len(code) == 2]
    assert groups == [*(f"{number:02}" for number in range(1, 17)), "99"]
    assert len(types) == 95
    for code, row in types.items():
        assert re.fullmatch(r"[0-9]{2}|[0-9]{4}", code)
        assert row.parent_code == (code[:2] if len(code) == 4 else None)
        assert row.name_zh.strip()
        assert row.name_en.isprintable()
        assert row.name_en.strip()


def test_every_group_but_three_ends_with_the_rest(db):
    """Groups 14 and 16 of table 91 name all their types; 99 itself is the rest."""
    codes = {row.code for row in rows(db, select(CaseType.code))}
    without = {code for code in codes if len(code) == 2 and f"{code}99" not in codes}
    assert without == {"14", "16", "99"}


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("event_scale", ["01", "02", "03"]),
        ("outcome", [f"O{number:02}" for number in range(1, 15)]),
        ("source_channel", [*(f"S{number:02}" for number in range(1, 16)), "S99"]),
    ],
)
def test_the_other_lists_are_complete_and_named_in_both_languages(db, kind, codes):
    found = rows(db, select(Code).where(Code.kind == kind).order_by(Code.code))
    assert [row.Code.code for row in found] == codes
    for column in ("name_zh", "name_en"):
        names = [getattr(row.Code, column) for row in found]
        assert all(names)
        assert len(set(names)) == len(names)


def test_codes_that_the_rules_name_are_in_the_lists(db):
    outcomes = {row.code for row in rows(db, select(Code.code).where(Code.kind == "outcome"))}
    methods = [None, "", *(f"{number:02}" for number in range(1, 10))]
    assert {OUTCOME_ASSUMED, *map(outcome_by_method, methods)} <= outcomes
    special = select(CaseType.code).where(CaseType.needs_specialist)
    assert {row.code for row in rows(db, special)} == reference._NEEDS_SPECIALIST


# --- the county ------------------------------------------------------------------------------


def test_seeding_twice_changes_nothing(db):
    tables = (CaseType, Code, LimitRule, WorkDay)
    count = [select(func.count()).select_from(table) for table in tables]
    before = [rows(db, one) for one in count]
    db.write(reference.seed_reference)
    assert [rows(db, one) for one in count] == before


def test_a_limit_that_the_county_changed_is_not_seeded_over(db):
    db.write(lambda session: session.scalars(select(LimitRule)).first().__setattr__("amount", 99))
    db.write(reference.seed_reference)
    with db.read() as session:
        assert 99 in {limit.amount for limit in reference.load_clock(session).limits}


def test_a_county_comes_with_its_audit_chain(db):
    with db.read() as session:
        assert reference.county_id(session) is None
    county = db.write(
        lambda session: reference.create_county(session, code="510129", name="大邑县")
    )
    with db.read() as session:
        assert reference.county_id(session) == county
        unit = session.get(OrganisationUnit, county)
        assert (unit.level, unit.path, unit.parent_id) == (UnitLevel.COUNTY, f"/{county}/", None)
        assert session.get(AuditHead, county).seq == 0
        assert audit.verify(session, county_id=county).broken_at is None


def test_one_county_is_not_made_twice(committed):
    def county(session):
        return reference.create_county(session, code="510129", name="大邑县")

    committed.write(county)
    with pytest.raises(IntegrityError):
        committed.write(county)


def test_a_fact_about_the_site_is_replaced(db):
    with db.read() as session:
        assert reference.site_fact(session, "demo_seed") is None
    for value in ("1", "2"):
        db.write(lambda session, value=value: reference.set_site_fact(session, "demo_seed", value))
        with db.read() as session:
            assert reference.site_fact(session, "demo_seed") == value
