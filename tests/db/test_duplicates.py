"""Likely duplicates: by persons and by place and type, within sixty days, within the scope."""

from datetime import date, timedelta

import pytest

from data_access.queries.duplicates import (
    WITHIN,
    duplicates_of,
    likely_duplicates,
    sought,
)
from domain.cases import Likeness
from domain.people import Scope

DAY = date(2026, 3, 1)


@pytest.fixture
def find(db, world):
    everywhere = Scope(world.county, whole_county=True)

    def search(*persons, grid=None, type_code="0101", scope=everywhere):
        with db.read() as session:
            like = sought(
                session, occurred_on=DAY, type_code=type_code, grid_id=grid, persons=persons
            )
            found = likely_duplicates(session, scope=scope, like=like)
        return {one.case_no: one.likeness for one in found}

    return search


def test_the_same_person_by_number_phone_or_name_is_found(world, find):
    case = world.case(
        parties=("王小明",), phones=("13800000001",), identities=("510129199001010011",)
    )
    assert find(("王 小明", "", "")) == {case.case_no: (Likeness.NAME,)}
    assert find(("别人", "138-0000-0001", "")) == {case.case_no: (Likeness.PHONE,)}
    found = find(("王小明", "13800000001", "510129199001010011"))
    assert found == {case.case_no: (Likeness.IDENTITY, Likeness.PHONE, Likeness.NAME)}
    assert find(("别人", "", "")) == {}


def test_the_same_kind_in_the_same_grid_is_found_while_it_is_open(world, find):
    case = world.case(type_code="0402")
    assert find(grid=world.grid_a, type_code="0402") == {case.case_no: (Likeness.PLACE_AND_TYPE,)}
    assert find(grid=world.grid_b, type_code="0402") == {}


def test_what_lies_further_apart_is_another_dispute(world, find):
    world.case(parties=("王小明",), occurred_on=DAY - WITHIN - timedelta(days=1))
    assert find(("王小明", "", "")) == {}
    near = world.case(parties=("王小明",), occurred_on=DAY - WITHIN)
    assert set(find(("王小明", "", ""))) == {near.case_no}


def test_nothing_is_told_of_cases_outside_the_scope(world, find):
    world.case(parties=("王小明",))
    elsewhere = Scope(world.county, towns=frozenset({world.town_b}))
    assert find(("王小明", "", ""), scope=elsewhere) == {}


def test_a_case_that_is_there_is_no_duplicate_of_itself(db, world):
    one = world.case(parties=("王小明", "李大华"))
    other = world.case(parties=("李大华", "赵六"), type_code="0101")
    with db.read() as session:
        scope = Scope(world.county, whole_county=True)
        (found,) = duplicates_of(session, scope=scope, case_no=one.case_no)
    assert (found.case_no, found.likeness) == (other.case_no, (Likeness.NAME,))


def test_the_likest_come_first(world, find):
    by_name = world.case(parties=("王小明",))
    by_phone = world.case(parties=("别人",), phones=("13800000001",))
    assert list(find(("王小明", "13800000001", ""))) == [by_phone.case_no, by_name.case_no]
