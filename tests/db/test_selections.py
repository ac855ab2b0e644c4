"""Open cases picked together under a name: what the queue narrows to."""

from datetime import date, timedelta

import pytest

from data_access.commands import selections as commands
from data_access.commands.selections import Selected, select_open_cases
from data_access.housekeeping import SELECTIONS_KEPT, keep_house
from data_access.queries import queue
from data_access.queries.figures import Cut
from data_access.queries.queue import Filters
from data_access.queries.selections import selection
from data_access.settings import Settings
from data_access.tables import CaseSelection, SelectedCase
from domain.cases import Stage
from domain.errors import Invalid, KeyReused, NotAllowed, NotFound
from domain.organisation import UnitLevel
from domain.people import Permission, Scope
from tests.world import NOW


@pytest.fixture
def pick(db, world):
    usual = world.actor("值班员")

    def run(*unit_ids, level=UnitLevel.COMMUNITY, name="圈选", actor=None, key=None, **over):
        return select_open_cases(
            db,
            level=level,
            unit_ids=unit_ids,
            name=name,
            actor=actor or usual,
            now=NOW,
            key=key or f"select {world.next()}",
            **over,
        )

    return run


def numbers(db, actor, selection_id):
    with db.read() as session:
        found = queue.page(
            session,
            scope=actor.scope(Permission.CASE_READ),
            filters=Filters(selection_id=selection_id),
            now=NOW,
        )
    return {row.case_no for row in found.rows}


def test_the_queue_narrows_to_the_open_cases_of_the_areas(db, world, pick):
    inside = {world.case().case_no, world.case(type_code="0402").case_no}
    world.case(stage=Stage.CLOSED)
    elsewhere = world.case(
        town_id=world.town_b, community_id=world.community_b, grid_id=world.grid_b
    )
    made = pick(world.community_a)
    actor = world.actor("值班员")
    assert made.count == 2
    assert numbers(db, actor, made.selection_id) == inside
    both = pick(world.town_a, world.town_b, level=UnitLevel.TOWN)
    assert numbers(db, actor, both.selection_id) == inside | {elsewhere.case_no}


def test_types_and_sources_narrow_it_as_they_do_the_map(db, world, pick):
    of_group = world.case(type_code="0402", source_code="S02")
    world.case(type_code="0101", source_code="S02")
    world.case(type_code="0402", source_code="S01")
    made = pick(world.community_a, cut=Cut(("04",), ("S02",)))
    assert numbers(db, world.actor("值班员"), made.selection_id) == {of_group.case_no}


def test_it_stays_what_it_was_whatever_comes_in_later(db, world, pick):
    first = world.case()
    made = pick(world.community_a)
    world.case()
    assert numbers(db, world.actor("值班员"), made.selection_id) == {first.case_no}
    with db.read() as session:
        scope = world.actor("值班员").scope(Permission.CASE_READ)
        found = selection(session, scope=scope, selection_id=made.selection_id)
    assert (found.name, found.count) == ("圈选", 1)


def test_whoever_opens_it_sees_of_it_what_they_may_see_anyway(db, world, pick):
    own = world.case()
    world.case(town_id=world.town_b, community_id=world.community_b, grid_id=world.grid_b)
    made = pick(world.town_a, world.town_b, level=UnitLevel.TOWN)
    of_a = world.actor("李站长", scope=Scope(world.county, towns=frozenset({world.town_a})))
    assert numbers(db, of_a, made.selection_id) == {own.case_no}
    only_b = pick(world.town_b, level=UnitLevel.TOWN)
    with db.read() as session, pytest.raises(NotFound):
        selection(session, scope=of_a.scope(Permission.CASE_READ), selection_id=only_b.selection_id)


def test_nobody_picks_cases_that_they_may_not_read(world, pick):
    world.case(town_id=world.town_b, community_id=world.community_b, grid_id=world.grid_b)
    of_a = world.actor("李站长", scope=Scope(world.county, towns=frozenset({world.town_a})))
    with pytest.raises(Invalid) as refused:
        pick(world.town_b, level=UnitLevel.TOWN, actor=of_a)
    assert refused.value.problems == {"cases": "missing"}
    screen = world.actor("大屏", permissions=(Permission.FIGURES_READ,))
    with pytest.raises(NotAllowed):
        pick(world.town_b, level=UnitLevel.TOWN, actor=screen)


@pytest.mark.parametrize(
    ("units", "name", "problems"),
    [
        ((), "圈选", {"areas": "missing"}),
        (range(1, 402), "圈选", {"areas": "out_of_range"}),
        ((1,), "  ", {"name": "missing"}),
        ((987_654,), "圈选", {"cases": "missing"}),
    ],
)
def test_what_cannot_be_a_selection_is_refused_and_keeps_nothing(
    db, world, pick, units, name, problems
):
    with pytest.raises(Invalid) as refused:
        pick(*units, name=name)
    assert refused.value.problems == problems
    with db.read() as session:
        assert session.query(CaseSelection).count() == 0


def test_more_cases_than_anybody_works_through_are_refused(world, pick, monkeypatch):
    monkeypatch.setattr(commands, "MOST_CASES", 1)
    world.case()
    world.case()
    with pytest.raises(Invalid) as refused:
        pick(world.community_a)
    assert refused.value.problems == {"cases": "out_of_range"}


def test_a_second_click_gives_the_first_answer(world, pick):
    world.case()
    first = pick(world.community_a, key="once")
    world.case()
    assert pick(world.community_a, key="once") == first == Selected(first.selection_id, 1)
    with pytest.raises(KeyReused):
        pick(world.community_a, name="另一个", key="once")


def test_a_selection_goes_after_a_month_with_its_cases(db, world, pick, tmp_path):
    world.case()
    pick(world.community_a)
    youngest = pick(world.community_a)
    later = NOW + SELECTIONS_KEPT + timedelta(days=1)
    assert not keep_house(db, Settings(data_dir=tmp_path), now=later).failed
    with db.read() as session:
        kept = [row.id for row in session.query(CaseSelection)]
        cases = {row.selection_id for row in session.query(SelectedCase)}
    # SQLite would give the highest number out again.
    assert kept == [youngest.selection_id]
    assert cases == {youngest.selection_id}
    assert later.date() > date(2026, 4, 1)
