"""The demo county's divisions, committees and mediators, before any row is written."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest

from data_access.demo.county import plan_county
from data_access.demo.people import plan_workforce
from domain.eligibility import GENERAL, CommitteeKind

TODAY = date(2026, 3, 2)
# Provinces of GB/T 2260, with those for residents of Hong Kong, Macao, Taiwan and for foreigners.
PROVINCES = {
    *range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47),
    *range(50, 55), *range(61, 66), 71, 81, 82, 83, *range(90, 100),
}  # fmt: skip


@pytest.fixture(scope="module")
def county():
    return plan_county(seed=510129)


@pytest.fixture(scope="module")
def workforce(county):
    first_day = TODAY - timedelta(days=730)
    return plan_workforce(county, today=TODAY, first_day=first_day, seed=510129)


def test_divisions_are_those_of_the_statistics_list(county):
    assert (len(county.towns), len(county.communities), len(county.grids)) == (11, 147, 900)
    kinds = Counter(place.kind for place in (*county.towns, *county.communities))
    assert kinds == {"街道": 3, "镇": 8, "社区": 92, "村": 55}
    assert "䢺江镇" in {town.name for town in county.towns}


def test_a_code_begins_with_its_parents_code(county):
    for place in county.communities:
        assert place.code[:9] == county.towns[place.parent].code
        assert len(place.code) == 12
    for place in county.grids:
        assert place.code[:12] == county.communities[place.parent].code
        assert len(place.code) == 15
    codes = [place.code for place in (*county.towns, *county.communities, *county.grids)]
    assert len(set(codes)) == len(codes)


def test_households_add_up_and_are_plausible(county):
    for index, town in enumerate(county.towns):
        below = [place for place in county.communities if place.parent == index]
        assert town.households == sum(place.households for place in below)
    # 516,000 residents in households of 2.5 to 3.3.
    assert 156_000 < county.households < 206_000


def test_redistricted_towns_begin_with_the_order(county):
    begin = {town.name: town.valid_from for town in county.towns}
    renewed = {name for name, day in begin.items() if day.year == 2019}
    assert renewed == {"沙渠街道", "青霞街道", "王泗镇", "新场镇", "安仁镇"}
    for place in county.communities:
        assert place.valid_from == county.towns[place.parent].valid_from


def test_every_place_has_its_committee(county, workforce):
    kinds = Counter(committee.kind for committee in workforce.committees)
    assert kinds[CommitteeKind.COMMUNITY] == 147
    assert kinds[CommitteeKind.TOWN] == 11
    assert kinds[CommitteeKind.BRAND_ROOM] == 3
    rooms = {
        committee.name: (
            county.towns[committee.town].name,
            None if committee.community is None else county.communities[committee.community].name,
        )
        for committee in workforce.committees
        if committee.kind is CommitteeKind.BRAND_ROOM
    }
    assert rooms == {
        "王大爷调解室": ("青霞街道", "芙蓉社区"),
        "老吴调解室": ("安仁镇", "和众社区"),
        "金秋调解室": ("䢺江镇", None),
    }


def test_committees_are_made_as_the_law_wants(workforce):
    """人民调解法 8: three to nine members (here to seven), one head, a woman; 9: three years."""
    without_woman = 0
    for index, committee in enumerate(workforce.committees):
        seated = [one for one in workforce.mediators if one.committee == index]
        members = [one for one in seated if one.member]
        assert 3 <= len(members) <= 7
        assert [one.chair for one in members].count(True) == 1
        without_woman += all(one.sex == "1" for one in members)
        assert committee.term_from < TODAY < committee.term_to
        assert abs((committee.term_to - committee.term_from).days - 3 * 365) < 5
    assert 0 < without_woman < 0.15 * len(workforce.committees)
    ending = [one for one in workforce.committees if (one.term_to - TODAY).days < 60]
    assert 0 < len(ending) < 25


def test_a_hundred_of_them_work_full_time(workforce):
    people = workforce.mediators
    assert 700 <= len(people) <= 800
    full_time = [one for one in people if one.full_time]
    assert 90 <= len(full_time) <= 110
    kinds = {workforce.committees[one.committee].kind for one in full_time}
    assert kinds == {CommitteeKind.TOWN, CommitteeKind.INDUSTRY, CommitteeKind.BRAND_ROOM}
    assert all(12 <= one.capacity <= 20 for one in full_time)
    assert all(2 <= one.capacity <= 4 for one in people if not one.full_time)


def test_industry_committees_name_what_they_take(workforce):
    for one in workforce.mediators:
        kind = workforce.committees[one.committee].kind
        assert (GENERAL in one.specialities) == (kind is not CommitteeKind.INDUSTRY)


def test_leave_lies_apart_and_some_of_it_is_now(workforce):
    away = soon = 0
    for one in workforce.mediators:
        days = sorted((absence.first_day, absence.last_day) for absence in one.absences)
        assert all(last < first for (_, last), (first, _) in pairwise(days))
        away += any(absence.covers(TODAY) for absence in one.absences)
        soon += any(TODAY < first <= TODAY + timedelta(days=30) for first, _ in days)
    assert 5 <= away <= 40
    assert soon >= 20
    assert 5 <= sum(one.left_on is not None for one in workforce.mediators) <= 30


def test_nobody_real_can_bear_these_numbers(workforce):
    assert all(int(one.identity[:2]) not in PROVINCES for one in workforce.mediators)


def test_same_seed_same_county(county, workforce):
    first_day = TODAY - timedelta(days=730)
    assert plan_county(seed=510129) == county
    again = plan_workforce(county, today=TODAY, first_day=first_day, seed=510129)
    assert again == workforce
    assert plan_workforce(county, today=TODAY, first_day=first_day, seed=1) != workforce
