"""The queue: order, pages, counts, filters, search, scope, and what they cost."""

import random
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, update

from data_access.queries import candidates, cases, choices, queue
from data_access.queries.queue import UNASSIGNED, Filters
from data_access.tables import Case
from domain.cases import Lamp, Risk, Stage
from domain.clocks import day_of, lamp
from domain.errors import NotFound
from domain.organisation import UnitLevel
from domain.people import Scope
from tests.world import NOW


@pytest.fixture
def everywhere(world):
    return Scope(world.county, whole_county=True)


@pytest.fixture
def town_a(world):
    return Scope(world.county, towns=frozenset({world.town_a}))


def in_town_b(world, **over):
    return world.case(
        town_id=world.town_b, community_id=world.community_b, grid_id=world.grid_b, **over
    )


def page(db, scope, filters=None, **over):
    with db.read() as session:
        return queue.page(session, scope=scope, filters=filters or Filters(), now=NOW, **over)


def numbers_of(rows):
    return [row.case_no for row in rows]


@contextmanager
def statements(db):
    seen = []

    def note(connection, cursor, statement, parameters, context, executemany):
        if statement.lstrip().upper().startswith("SELECT"):
            seen.append(statement)

    event.listen(db.bind, "before_cursor_execute", note)
    yield seen
    event.remove(db.bind, "before_cursor_execute", note)


def hours(count):
    return NOW + timedelta(hours=count)


TODAY = day_of(NOW)


def parked(chance, share):
    """Some of them parked, until a day before, of, or after today."""
    if chance.random() >= share:
        return {}
    return {"paused": 1, "parked_until": TODAY + timedelta(days=chance.randint(-2, 2))}


def is_over(case):
    return case.paused == 1 and case.parked_until < TODAY


def test_the_most_urgent_comes_first_and_paused_last(db, world, everywhere):
    paused = world.case(due_at=hours(-9), paused=1)
    later = world.case(due_at=hours(48))
    tied_blue = world.case(due_at=hours(5), risk=4)
    tied_red = world.case(due_at=hours(5), risk=1)
    late = world.case(due_at=hours(-1))
    world.case(stage=Stage.CLOSED)
    found = page(db, everywhere).rows
    assert numbers_of(found) == [one.case_no for one in (late, tied_red, tied_blue, later, paused)]
    assert [row.lamp for row in found] == [
        Lamp.LATE,
        Lamp.ON_TIME,
        Lamp.ON_TIME,
        Lamp.ON_TIME,
        Lamp.PAUSED,
    ]


def test_a_parking_that_is_over_comes_before_all_else(db, world, everywhere):
    late = world.case(due_at=hours(-30))
    parked = world.case(due_at=hours(-90), paused=1, parked_until=TODAY)
    over = world.case(due_at=hours(200), paused=1, parked_until=TODAY - timedelta(days=1))
    longer = world.case(due_at=hours(-1), paused=1, parked_until=TODAY - timedelta(days=40))
    found = page(db, everywhere).rows
    assert numbers_of(found) == [one.case_no for one in (longer, over, late, parked)]
    assert [row.lamp for row in found] == [
        Lamp.PARKING_OVER,
        Lamp.PARKING_OVER,
        Lamp.LATE,
        Lamp.PAUSED,
    ]
    only = page(db, everywhere, Filters(lamps=frozenset({Lamp.PARKING_OVER}))).rows
    assert numbers_of(only) == [longer.case_no, over.case_no]
    stands = page(db, everywhere, Filters(lamps=frozenset({Lamp.PAUSED}))).rows
    assert numbers_of(stands) == [parked.case_no]
    with db.read() as session:
        counted = queue.counts(session, scope=everywhere, filters=Filters(), now=NOW)
    assert counted == {Stage.ACCEPTED: queue.Count(total=4, late=1, parking_over=2)}


def test_pages_cover_every_case_exactly_once_in_order(db, world, everywhere):
    chance = random.Random(7)
    made = [
        world.case(
            due_at=hours(chance.randint(-3, 3)),
            risk=chance.randint(1, 4),
            **parked(chance, 0.5),
        )
        for _ in range(33)
    ]
    expected = sorted(
        made,
        key=lambda one: (not is_over(one), one.paused, one.due_at, one.risk, one.id),
    )
    assert 5 < sum(is_over(one) for one in made) < 20
    found, cursor = [], None
    while True:
        part = page(db, everywhere, after=cursor, size=5)
        found += numbers_of(part.rows)
        cursor = part.next
        if cursor is None:
            break
    assert found == [one.case_no for one in expected]


def test_a_case_that_leaves_while_paging_is_neither_repeated_nor_skips_another(
    db, world, everywhere
):
    made = [world.case(due_at=hours(place)) for place in range(6)]
    first = page(db, everywhere, size=3)
    with db.read() as session:
        session.execute(update(Case).where(Case.id == made[0].id).values(paused=1))
        second = queue.page(
            session, scope=everywhere, filters=Filters(), now=NOW, after=first.next, size=3
        )
    assert numbers_of(second.rows) == [one.case_no for one in made[3:]]


def test_counts_agree_with_the_pages_under_every_filter(db, world, everywhere):
    chance = random.Random(3)
    people = [world.mediator(f"调解员{place}") for place in range(3)]
    for _ in range(40):
        held = chance.choice([None, *people])
        world.case(
            due_at=hours(chance.randint(-30, 60)),
            soon_at=hours(chance.randint(-40, -31) + chance.choice([0, 60])),
            risk=chance.randint(1, 4),
            **parked(chance, 0.4),
            type_code=chance.choice(["0402", "0201", "0503"]),
            source_code=chance.choice(["S01", "S02"]),
            **({"mediator_id": held} if held else {"stage": Stage.ACCEPTED}),
        )
    for filters in (
        Filters(),
        Filters(unit=(UnitLevel.TOWN, world.town_a)),
        Filters(unit=(UnitLevel.GRID, world.grid_a)),
        Filters(type_code="04"),
        Filters(type_code="0503"),
        Filters(source_code="S01"),
        Filters(risk=Risk.RED),
        Filters(mediator_id=people[0]),
        Filters(mediator_id=UNASSIGNED),
        Filters(lamps=frozenset({Lamp.LATE})),
        Filters(lamps=frozenset({Lamp.SOON, Lamp.PAUSED})),
        Filters(lamps=frozenset({Lamp.PARKING_OVER})),
        Filters(lamps=frozenset({Lamp.LATE, Lamp.PARKING_OVER})),
        Filters(lamps=frozenset({Lamp.ON_TIME}), type_code="02"),
    ):
        rows = page(db, everywhere, filters, size=100).rows
        with db.read() as session:
            counted = queue.counts(session, scope=everywhere, filters=filters, now=NOW)
        assert rows, filters
        assert sum(one.total for one in counted.values()) == len(rows)
        assert sum(one.late for one in counted.values()) == sum(r.lamp is Lamp.LATE for r in rows)
        assert sum(one.soon for one in counted.values()) == sum(r.lamp is Lamp.SOON for r in rows)
        over = sum(row.lamp is Lamp.PARKING_OVER for row in rows)
        assert sum(one.parking_over for one in counted.values()) == over
        if filters.lamps:
            assert {row.lamp for row in rows} <= filters.lamps


def test_the_lamp_of_a_row_is_the_domains_lamp(db, world, everywhere):
    case = world.case(due_at=hours(2), soon_at=hours(-1))
    (row,) = page(db, everywhere).rows
    assert row.lamp is lamp(now=NOW, due_at=case.due_at, soon_at=case.soon_at) is Lamp.SOON


def test_the_stage_filter_narrows_the_page_but_not_the_counts(db, world, everywhere):
    world.case()
    world.case(mediator_id=world.mediator())
    filters = Filters(stage=Stage.ACCEPTED)
    assert len(page(db, everywhere, filters).rows) == 1
    with db.read() as session:
        counted = queue.counts(session, scope=everywhere, filters=filters, now=NOW)
    assert {stage: one.total for stage, one in counted.items()} == {
        Stage.ACCEPTED: 1,
        Stage.IN_MEDIATION: 1,
    }


@pytest.mark.parametrize("term", ["王小明", " 王 小明 ", "13812345678", "138-1234-5678"])
def test_a_party_is_found_by_exact_name_or_phone(db, world, everywhere, term):
    case = world.case(parties=("王小明", "李大华"), phones=("13812345678",))
    world.case(parties=("王小", "王小明明"), phones=("13812345679",))
    with db.read() as session:
        found = queue.search(session, scope=everywhere, term=term, now=NOW, parties=everywhere)
    assert numbers_of(found.rows) == [case.case_no]


def test_a_number_is_found_in_every_way_people_write_it_also_when_closed(db, world, everywhere):
    case = world.case(stage=Stage.CLOSED)
    ordinal = case.case_no.split("-")[1]
    with db.read() as session:
        for term in (
            case.case_no,
            case.case_no.lower(),
            f"2026-{int(ordinal)}",
            f"2026{ordinal}",
            ordinal,
            "１",
        ):
            found = queue.search(session, scope=everywhere, term=term, now=NOW, parties=None)
            assert numbers_of(found.rows) == [case.case_no], term


def test_names_are_not_searched_for_those_who_may_not_see_them(db, world, everywhere):
    world.case(parties=("王小明",))
    with db.read() as session:
        found = queue.search(session, scope=everywhere, term="王小明", now=NOW, parties=None)
    assert found.rows == ()


@pytest.mark.parametrize("empty", [Scope(1), Scope(1, towns=frozenset())])
def test_an_empty_scope_sees_nothing(db, world, empty):
    world.case()
    scope = Scope(world.county, towns=empty.towns)
    assert page(db, scope).rows == ()


def test_no_read_with_the_scope_of_town_a_shows_anything_of_town_b(db, world, town_a):
    world.mediator("甲地人")
    foreign = world.mediator("乙地人", committee_id=world.committee_b)
    here = world.case(parties=("甲方",))
    there = in_town_b(world, parties=("乙方",), mediator_id=foreign)
    with db.read() as session:
        assert numbers_of(page(db, town_a).rows) == [here.case_no]
        counted = queue.counts(session, scope=town_a, filters=Filters(), now=NOW)
        assert sum(one.total for one in counted.values()) == 1
        for term in ("乙方", there.case_no):
            found = queue.search(session, scope=town_a, term=term, now=NOW, parties=town_a)
            assert found.rows == ()
        assert not queue.by_numbers(session, scope=town_a, case_nos=(there.case_no,), now=NOW)
        for read in (cases.case_view, candidates.choice):
            with pytest.raises(NotFound):
                read(session, scope=town_a, case_no=there.case_no, now=NOW)
        offered = choices.choices(session, scope=town_a)
        assert {place.name for place in offered.places} == {"安仁镇", "和众社区"}
        assert offered.holders == ()
        assert choices.scope_name(session, scope=town_a) == "安仁镇"
        chosen = candidates.choice(session, scope=town_a, case_no=here.case_no, now=NOW)
        assert {one.candidate.name for one in chosen.judged} == {"甲地人"}


def test_a_filter_for_another_town_opens_nothing(db, world, town_a):
    in_town_b(world)
    assert page(db, town_a, Filters(unit=(UnitLevel.TOWN, world.town_b))).rows == ()


def test_a_mediators_scope_is_the_cases_they_hold(db, world):
    me = world.mediator("本人")
    mine = world.case(mediator_id=me)
    world.case(mediator_id=world.mediator("别人"))
    world.case()
    scope = Scope(world.county, mediators=frozenset({me}))
    assert numbers_of(page(db, scope).rows) == [mine.case_no]


def test_the_number_of_queries_does_not_grow_with_the_rows(db, world, everywhere):
    def cost():
        with statements(db) as seen:
            page(db, everywhere)
            with db.read() as session:
                queue.counts(session, scope=everywhere, filters=Filters(), now=NOW)
        return len(seen)

    world.case(mediator_id=world.mediator())
    one = cost()
    for _ in range(20):
        world.case(mediator_id=world.mediator())
    assert cost() == one == 2


def test_the_drawer_and_the_candidates_cost_a_fixed_number_of_queries(db, world, everywhere):
    def cost(case):
        with statements(db) as seen, db.read() as session:
            cases.case_view(session, scope=everywhere, case_no=case.case_no, now=NOW)
            candidates.choice(session, scope=everywhere, case_no=case.case_no, now=NOW)
        return len(seen)

    few = cost(world.case(parties=("甲",)))
    for place in range(15):
        mediator = world.mediator(f"人{place}")
        world.case(mediator_id=mediator)
        world.relation(mediator, f"99012919900101{place:04d}")
    assert cost(world.case(parties=("甲", "乙", "丙", "丁"))) == few


def test_the_drawer_hides_names_numbers_and_addresses(db, world, everywhere):
    case = world.case(
        parties=("王小明", "大邑某某物业服务有限公司"),
        identities=("990129199001010011",),
        phones=("13812345678",),
        title="王小明反映漏水",
        summary="王小明(13812345678,身份证990129199001010011)称楼上漏水。",
    )
    with db.read() as session:
        view = cases.case_view(session, scope=everywhere, case_no=case.case_no, now=NOW)
    shown = repr(view)
    for secret in ("王小明", "13812345678", "990129199001010011", "物业服务"):
        assert secret not in shown
    assert view.title == "王某某反映漏水"
    # Recorded as a person, so masked as one, whatever the name looks like.
    assert [party.name for party in view.parties] == ["王某某", "大某某"]
    assert view.parties[0].phone == "138****5678"


def test_names_are_searched_only_where_the_person_may_see_them(db, world, everywhere, town_a):
    here = world.case(parties=("王小明",))
    in_town_b(world, parties=("王小明",))
    with db.read() as session:
        found = queue.search(session, scope=everywhere, term="王小明", now=NOW, parties=town_a)
    assert numbers_of(found.rows) == [here.case_no]


def test_a_common_name_elsewhere_does_not_crowd_out_ones_own(db, world, town_a, monkeypatch):
    monkeypatch.setattr(queue, "_MOST_MATCHES", 3)
    for _ in range(4):
        in_town_b(world, parties=("王伟",))
    mine = world.case(parties=("王伟",))
    with db.read() as session:
        found = queue.search(session, scope=town_a, term="王伟", now=NOW, parties=town_a)
    assert numbers_of(found.rows) == [mine.case_no]


def test_a_search_that_finds_more_than_it_shows_says_so(db, world, everywhere, monkeypatch):
    monkeypatch.setattr(queue, "PAGE_SIZE", 2)
    for _ in range(3):
        world.case(parties=("王伟",))
    with db.read() as session:
        found = queue.search(session, scope=everywhere, term="王伟", now=NOW, parties=everywhere)
    assert (len(found.rows), found.more) == (2, True)
