"""What comes in to the demo county, when, and from whom."""

import csv
from collections import Counter
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.demo.arrivals import DAY, HOUR, arrival_times, daily_rates, days_to_festival
from data_access.demo.chance import Weighted
from data_access.demo.county import plan_county
from data_access.demo.disputes import Intake, dispute_types
from data_access.demo.persons import DEMO_MARK, Population, check_digit
from data_access.demo.worktime import CLOSES, OPENS, WorkTime
from data_access.reference import _FOLDER
from domain.cases import Difficulty
from domain.organisation import PartyKind, PartyRole
from domain.work_calendar import WorkCalendar

FIRST_DAY = date(2024, 3, 2)
DAYS = 730


@pytest.fixture(scope="module")
def calendar():
    with (_FOLDER / "work_day.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    return WorkCalendar({date.fromisoformat(r["day"]): r["working"] == "1" for r in rows})


@pytest.fixture(scope="module")
def rates(calendar):
    streams = tuple(kind.stream for kind in dispute_types())
    return daily_rates(streams, calendar, first_day=FIRST_DAY, days=DAYS, cases_a_year=5000)


@pytest.fixture(scope="module")
def disputes():
    intake = Intake(plan_county(seed=7), seed=[7, 5])
    shares = Weighted(intake.types, [kind.stream.share for kind in intake.types])
    rng = np.random.default_rng(7)
    return [
        intake.dispute(number * 60, shares.pick(rng), office_open=number % 3 > 0)
        for number in range(3000)
    ]


# ------------------------------------------------------------------------------------------- when


def test_two_years_bring_ten_thousand(rates):
    assert rates.sum() == pytest.approx(10_000, rel=0.03)


def test_wages_peak_before_the_spring_festival(rates):
    wages = [i for i, kind in enumerate(dispute_types()) if kind.stream.season == "wage"]
    daily = rates[:, wages].sum(axis=1)
    before = [
        daily[d]
        for d in range(DAYS)
        if -28 <= days_to_festival(FIRST_DAY + timedelta(days=d)) <= -8
    ]
    assert len(before) == 42
    assert np.mean(before) > 1.8 * daily.mean()


def test_water_and_noise_peak_in_summer(rates):
    summer = [i for i, kind in enumerate(dispute_types()) if kind.code in {"0201", "0203"}]
    daily = rates[:, summer].sum(axis=1)
    months = np.array([(FIRST_DAY + timedelta(days=d)).month for d in range(DAYS)])
    assert daily[np.isin(months, [6, 7, 8])].mean() > 1.5 * daily[np.isin(months, [12, 1])].mean()


def test_the_festival_week_is_quiet(rates):
    daily = rates.sum(axis=1)
    holiday = [
        daily[d] for d in range(DAYS) if days_to_festival(FIRST_DAY + timedelta(days=d)) in {0, 1}
    ]
    assert max(holiday) < 0.6 * daily.mean()


def test_arrivals_follow_the_rates_and_the_hours(rates, calendar):
    times = arrival_times(rates, calendar, np.random.default_rng(1), first_day=FIRST_DAY)
    assert times == sorted(times)
    assert len(times) == pytest.approx(rates.sum(), abs=4 * rates.sum() ** 0.5)
    hours = Counter(at % DAY // HOUR for at, _ in times)
    assert set(hours) <= set(range(7, 23))
    evening = sum(hours[hour] for hour in range(18, 23)) / len(times)
    assert 0.2 < evening < 0.5
    again = arrival_times(rates, calendar, np.random.default_rng(1), first_day=FIRST_DAY)
    assert again == times


# ------------------------------------------------------------------------------------------- what


def test_four_types_are_two_thirds(disputes):
    main = Counter(
        "0503" if dispute.type.code == "0503" else dispute.type.code[:2] for dispute in disputes
    )
    top = sum(count for _, count in main.most_common(4)) / len(disputes)
    assert 0.6 < top < 0.7


def test_difficulty_follows_people_and_money(disputes):
    for dispute in disputes:
        if dispute.people >= 100:
            assert dispute.difficulty is Difficulty.MAJOR
        elif dispute.people >= 10 or (dispute.amount or 0) >= 50_000:
            assert dispute.difficulty in {Difficulty.COMPLEX, Difficulty.MAJOR}
        assert dispute.scale == (
            "01" if dispute.people < 10 else "02" if dispute.people < 100 else "03"
        )


def test_only_grid_workers_settle_on_the_spot(disputes):
    spot = [dispute for dispute in disputes if dispute.on_the_spot]
    assert 0.12 < len(spot) / len(disputes) < 0.3
    assert {dispute.source for dispute in spot} == {"S01"}
    assert {dispute.difficulty for dispute in spot} <= {Difficulty.SIMPLE, Difficulty.ORDINARY}


def test_every_dispute_has_two_sides_and_whole_sentences(disputes):
    for dispute in disputes:
        roles = [role for role, _ in dispute.parties]
        assert roles[0] is PartyRole.APPLICANT
        assert PartyRole.RESPONDENT in roles
        text = dispute.title + dispute.summary + dispute.place
        assert "{" not in text
        assert "None" not in text
        assert len(dispute.title) <= 100


def test_some_titles_name_a_party(disputes):
    naming = sum(dispute.parties[0][1].name in dispute.title for dispute in disputes)
    assert 0.1 < naming / len(disputes) < 0.6


def test_same_seed_same_disputes(disputes):
    intake = Intake(plan_county(seed=7), seed=[7, 5])
    shares = Weighted(intake.types, [kind.stream.share for kind in intake.types])
    rng = np.random.default_rng(7)
    again = [
        intake.dispute(number * 60, shares.pick(rng), office_open=number % 3 > 0)
        for number in range(200)
    ]
    assert again == disputes[:200]


# -------------------------------------------------------------------------------------------- who


def test_check_digit_is_that_of_the_standard():
    """The example of GB 11643-1999, annex."""
    assert check_digit("11010519491231002") == "X"


def test_numbers_have_the_form_and_belong_to_nobody():
    population = Population(plan_county(seed=1), seed=1)
    people = [population.resident(number % 147) for number in range(2000)]
    identities = [person.identity for person in people]
    assert len(set(identities)) == len(identities)
    for person in people:
        number = person.identity
        assert check_digit(number[:17]) == number[17]
        # No province of GB/T 2260 ever had the number 29.
        assert number.startswith("29")
        assert int(number[16]) % 2 == (person.sex == "1")
        # 1440 numbers have 13 digits: of 11, none can be dialled.
        assert person.phone.startswith("1440")
        assert len(person.phone) == 11


def test_organisations_say_that_they_are_made_up():
    firm = Population(plan_county(seed=1), seed=1).organisation(3, "物业服务有限公司")
    assert firm.kind is PartyKind.ORGANISATION
    assert DEMO_MARK in firm.name
    assert firm.identity is None


# ------------------------------------------------------------------------------------ office hours

# Friday, the weekend, a holiday on Monday, a working Tuesday.
HOURS = WorkTime(WorkCalendar({date(2026, 3, 9): False}), first_day=date(2026, 3, 6))


@pytest.mark.parametrize(
    ("at", "seconds", "expected"),
    [
        (OPENS, 0, OPENS),
        (OPENS - 60, 60, OPENS + 60),
        (OPENS, CLOSES - OPENS, 4 * DAY + OPENS),
        (CLOSES - 60, 120, 4 * DAY + OPENS + 60),
        (CLOSES + 1, 1, 4 * DAY + OPENS + 1),
        (2 * DAY, 0, 4 * DAY + OPENS),
    ],
)
def test_office_time_skips_nights_weekends_and_holidays(at, seconds, expected):
    assert HOURS.after(at, seconds) == expected


@given(st.integers(0, 20 * DAY), st.integers(0, 5 * DAY))
def test_office_time_ends_while_the_office_is_open(at, seconds):
    end = HOURS.after(at, seconds)
    assert end >= at
    assert HOURS.is_open(end)


def test_weighted_picks_follow_the_weights():
    rng = np.random.default_rng(1)
    picks = Counter(Weighted("abc", (1, 0, 3)).pick(rng) for _ in range(4000))
    assert picks["b"] == 0
    assert picks["c"] / picks["a"] == pytest.approx(3, rel=0.15)


@pytest.mark.parametrize("weights", [(1, 2), (0, 0, 0), ()])
def test_weights_must_fit_the_things(weights):
    with pytest.raises(ValueError, match="weights"):
        Weighted("abc", weights)
