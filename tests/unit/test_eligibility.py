"""Who may take a case, every reason against, and the order of those who may."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from domain.cases import REASSIGNABLE_STAGES, CaseObjection, Stage, objections_to_move
from domain.eligibility import (
    GENERAL,
    GROUNDS,
    Candidate,
    CaseFacts,
    CommitteeKind,
    Distance,
    Objection,
    covers,
    distance,
    has_jurisdiction,
    judge,
    objections,
    rank,
    speciality_match,
)

TOWN, OTHER_TOWN, COMMUNITY, NEIGHBOUR = 1, 2, 11, 12
CASE = CaseFacts(TOWN, COMMUNITY, "0402", needs_specialist=False, mediator_id=99, weight=10)
GOOD = Candidate(
    mediator_id=7,
    name="张建国",
    committee_id=3,
    committee_name="和众社区调委会",
    committee_kind=CommitteeKind.COMMUNITY,
    town_id=TOWN,
    community_id=COMMUNITY,
    specialities=frozenset({GENERAL}),
    capacity=10,
    open_cases=2,
    open_weight=20,
)


@pytest.mark.parametrize(
    ("spoil", "reasons"),
    [
        ({}, []),
        ({"grounds": frozenset({Objection.KIN})}, [Objection.KIN]),
        ({"active": False}, [Objection.LEFT_POST]),
        ({"absent": True}, [Objection.ABSENT]),
        ({"community_id": NEIGHBOUR}, [Objection.OTHER_JURISDICTION]),
        ({"specialities": frozenset({"07"})}, [Objection.NO_SPECIALITY]),
        ({"specialities": frozenset()}, [Objection.NO_SPECIALITY]),
        ({"open_cases": 10}, [Objection.AT_CAPACITY]),
        ({"open_cases": 9}, []),
        ({"open_cases": 0, "capacity": 0}, [Objection.AT_CAPACITY]),
        ({"mediator_id": 99}, [Objection.ALREADY_HOLDS]),
        # Who holds the case already is not also "full": the case is among the ones they hold.
        ({"mediator_id": 99, "open_cases": 10}, [Objection.ALREADY_HOLDS]),
        (
            {
                "grounds": frozenset({Objection.KIN, Objection.IS_PARTY}),
                "active": False,
                "absent": True,
                "community_id": NEIGHBOUR,
                "specialities": frozenset(),
                "open_cases": 12,
            },
            [
                Objection.IS_PARTY,
                Objection.KIN,
                Objection.LEFT_POST,
                Objection.ABSENT,
                Objection.OTHER_JURISDICTION,
                Objection.NO_SPECIALITY,
                Objection.AT_CAPACITY,
            ],
        ),
    ],
)
def test_every_reason_is_told_gravest_first(spoil, reasons):
    assert objections(replace(GOOD, **spoil), CASE) == reasons


@pytest.mark.parametrize(
    ("kind", "town", "community", "near", "takes"),
    [
        (CommitteeKind.COMMUNITY, TOWN, COMMUNITY, Distance.SAME_COMMUNITY, True),
        # A community committee was elected by its own residents (人民调解法 9).
        (CommitteeKind.COMMUNITY, TOWN, NEIGHBOUR, Distance.SAME_TOWN, False),
        (CommitteeKind.TOWN, TOWN, None, Distance.SAME_TOWN, True),
        (CommitteeKind.TOWN, OTHER_TOWN, None, Distance.ELSEWHERE, False),
        (CommitteeKind.INDUSTRY, None, None, Distance.COUNTY, True),
        (CommitteeKind.INDUSTRY, OTHER_TOWN, None, Distance.ELSEWHERE, False),
        (CommitteeKind.BRAND_ROOM, None, None, Distance.COUNTY, True),
        (CommitteeKind.BRAND_ROOM, TOWN, NEIGHBOUR, Distance.SAME_TOWN, True),
        (CommitteeKind.BRAND_ROOM, OTHER_TOWN, 21, Distance.ELSEWHERE, False),
    ],
)
def test_jurisdiction_and_distance_follow_the_committee(kind, town, community, near, takes):
    one = replace(GOOD, committee_kind=kind, town_id=town, community_id=community)
    assert distance(one, CASE) is near
    assert has_jurisdiction(one, CASE) is takes


def test_a_case_of_no_community_belongs_to_no_community_committee():
    nowhere = replace(CASE, community_id=None)
    for community in (COMMUNITY, None):
        assert not has_jurisdiction(replace(GOOD, community_id=community), nowhere)
    assert has_jurisdiction(
        replace(GOOD, committee_kind=CommitteeKind.TOWN, community_id=None), nowhere
    )
    assert distance(replace(GOOD, community_id=None), nowhere) is Distance.SAME_TOWN


@pytest.mark.parametrize(
    ("specialities", "match", "generalists_may", "specialists_only"),
    [
        ({"0402"}, 2, True, True),
        ({"04"}, 2, True, True),
        ({GENERAL}, 1, True, False),
        ({GENERAL, "0402"}, 2, True, True),
        ({"0401"}, 0, False, False),
        ({"02"}, 0, False, False),
        (set(), 0, False, False),
    ],
)
def test_a_speciality_covers_its_code_or_its_group(
    specialities, match, generalists_may, specialists_only
):
    one = replace(GOOD, specialities=frozenset(specialities))
    assert speciality_match(one, "0402") == match
    assert covers(one, CASE) is generalists_may
    assert covers(one, replace(CASE, needs_specialist=True)) is specialists_only


def test_a_code_of_a_whole_group_is_matched_by_the_group_alone():
    group = replace(CASE, type_code="04")
    assert covers(replace(GOOD, specialities=frozenset({"04"})), group)
    assert not covers(replace(GOOD, specialities=frozenset({"0402"})), group)


def test_the_load_counts_this_case_once():
    assert judge(GOOD, CASE).load_after == 0.3
    assert judge(replace(GOOD, mediator_id=99), CASE).load_after == 0.2
    assert judge(replace(GOOD, capacity=0), CASE).load_after == float("inf")


FREE = replace(GOOD, mediator_id=1, open_cases=0)
NEAR = replace(GOOD, mediator_id=2)
IN_TOWN = replace(GOOD, mediator_id=3, committee_kind=CommitteeKind.TOWN, community_id=None)
SPECIALIST = replace(IN_TOWN, mediator_id=4, specialities=frozenset({"0402"}))
LIGHTER = replace(IN_TOWN, mediator_id=5, open_weight=10)
LATER_ID = replace(LIGHTER, mediator_id=6)
BUSY = replace(GOOD, mediator_id=8, open_cases=8)
AWAY = replace(FREE, mediator_id=9, absent=True)
AWAY_AND_KIN = replace(FREE, mediator_id=10, absent=True, grounds=frozenset({Objection.KIN}))
IN_ORDER = [FREE, NEAR, SPECIALIST, LIGHTER, LATER_ID, IN_TOWN, BUSY, AWAY, AWAY_AND_KIN]


def test_the_order_is_load_distance_speciality_weight_then_those_who_may_not():
    assert [one.candidate for one in rank(reversed(IN_ORDER), CASE)] == IN_ORDER


def test_among_those_about_as_loaded_the_nearer_goes_first():
    nearer, farther = replace(NEAR, capacity=100), replace(IN_TOWN, capacity=100, open_cases=0)
    assert [one.candidate for one in rank([farther, nearer], CASE)] == [nearer, farther]


def test_the_order_does_not_depend_on_the_order_of_the_rows():
    some_of_them = IN_ORDER[1:6]
    expected = rank(some_of_them, CASE)
    assert all(rank(shuffled, CASE) == expected for shuffled in permutations(some_of_them))


anybody = some.builds(
    replace,
    some.just(GOOD),
    mediator_id=some.integers(1, 99),
    committee_kind=some.sampled_from(CommitteeKind),
    town_id=some.sampled_from([None, TOWN, OTHER_TOWN]),
    community_id=some.sampled_from([None, COMMUNITY, NEIGHBOUR]),
    specialities=some.frozensets(some.sampled_from([GENERAL, "04", "0402", "07"])),
    capacity=some.integers(0, 5),
    open_cases=some.integers(0, 6),
    active=some.booleans(),
    absent=some.booleans(),
    grounds=some.frozensets(some.sampled_from(GROUNDS)),
)


@settings(deadline=None, max_examples=100)
@given(some.lists(anybody, max_size=12), some.booleans())
def test_nobody_who_may_not_stands_before_somebody_who_may(people, special):
    case = replace(CASE, needs_specialist=special)
    judged = rank(people, case)
    assert sorted(one.candidate.mediator_id for one in judged) == sorted(
        one.mediator_id for one in people
    )
    eligible = [one.eligible for one in judged]
    assert eligible == sorted(eligible, reverse=True)
    for one in judged:
        assert one.eligible == (objections(one.candidate, case) == [])
        assert not one.eligible or one.load_after <= 1


@pytest.mark.parametrize("stage", Stage)
def test_a_case_moves_between_acceptance_and_its_end_unless_it_stands_still(stage):
    objection = {
        Stage.REGISTERED: [CaseObjection.NOT_ACCEPTED],
        Stage.CLOSED: [CaseObjection.CLOSED],
    }.get(stage, [])
    assert objections_to_move(stage, parked=False) == objection
    assert (stage in REASSIGNABLE_STAGES) is (objection == [])
    # Mediation would begin; who holds a case already can change.
    begins = [CaseObjection.PARKED] if stage is Stage.ACCEPTED else []
    assert objections_to_move(stage, parked=True) == objection + begins
