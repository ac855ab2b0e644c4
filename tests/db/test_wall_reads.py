"""What the wall reads: each figure as its definition says, of the demo county recounted by hand,
and nothing of anybody in it."""

from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum

import pytest
from sqlalchemy import event, insert, select, update

from data_access import reference
from data_access.demo.load import load_demo
from data_access.engine import Database, open_engine
from data_access.queries import loads, wall, wall_map, wall_outcomes, wall_sources, wall_workload
from data_access.tables import (
    Case,
    CaseEvent,
    CaseType,
    Code,
    Committee,
    Mediator,
    MediatorAbsence,
    OrganisationUnit,
    Party,
    UnitSuccession,
    User,
)
from domain.cases import EventKind, Risk, Stage
from domain.clocks import BEIJING, day_of
from domain.eligibility import CommitteeKind
from domain.kpi import NOT_TO_BE_SETTLED, SETTLED_OUTCOMES
from domain.loads import Band
from domain.organisation import UnitLevel
from domain.people import Scope
from domain.small_cells import HELD_BACK, Cell, Rate, fewest_told, rate
from domain.transitions import Rating
from domain.wall_figures import Happened
from domain.workload import months_before
from tests.world import NOW

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
# NOW is nine in the morning of 2 March 2026 in Beijing.
MIDNIGHT = NOW - 9 * HOUR
AT_RISK = {"due_at": NOW + 5 * HOUR, "soon_at": NOW - DAY}
LATE = {"due_at": NOW - DAY, "soon_at": NOW - 2 * DAY}

DEMO_DAY = date(2026, 3, 20)
DEMO_NOW = datetime(2026, 3, 20, 6, 0, tzinfo=UTC)  # two in the afternoon in Beijing
READS = {
    "duty": (wall.duty, {}),
    "ticker": (wall.ticker, {}),
    "communities": (wall_map.load_map, {"level": UnitLevel.COMMUNITY}),
    "grids": (wall_map.load_map, {"level": UnitLevel.GRID}),
    "forces": (wall_workload.forces, {}),
    "outcomes": (wall_outcomes.outcomes, {}),
    "overview": (wall_outcomes.overview, {}),
    "sources": (wall_sources.sources, {}),
}
STATEMENTS = {
    "duty": 4,
    "ticker": 5,
    "communities": 3,
    "grids": 3,
    "forces": 12,
    "outcomes": 1,
    "overview": 6,
    "sources": 2,
}


def read(db, name, *, scope, now, **over):
    function, arguments = READS[name]
    with db.read() as session:
        return function(session, scope=scope, now=now, **arguments | over)


@contextmanager
def statements(db):
    seen = []

    def note(connection, cursor, statement, parameters, context, executemany):
        if statement.lstrip().upper().startswith("SELECT"):
            seen.append((statement, parameters))

    event.listen(db.bind, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.bind, "before_cursor_execute", note)


@pytest.fixture
def everywhere(world):
    return Scope(world.county, whole_county=True)


@pytest.fixture
def ask(db, everywhere):
    def run(name, *, now=NOW, scope=everywhere, **over):
        return read(db, name, scope=scope, now=now, **over)

    return run


def in_b(world):
    return {"town_id": world.town_b, "community_id": world.community_b, "grid_id": world.grid_b}


def towns_of(found):
    return {one.name: one for one in found.towns}


# --- duty --------------------------------------------------------------------------------------


def test_a_quiet_county_shows_noughts_and_every_town(world, ask):
    found = ask("duty")
    assert (found.new_today, found.new_before, found.due, found.overdue) == (0, 0, 0, 0)
    assert (found.waiting, found.red) == (0, Cell(0))
    assert [one.name for one in found.towns] == ["安仁镇", "䢺江镇"]
    assert found.overdue_longest is None
    assert found.waits_longest is None


def test_today_begins_at_midnight_in_beijing_and_yesterday_ends_at_the_same_time(world, ask):
    moments = (
        MIDNIGHT - timedelta(seconds=1),  # yesterday, but later in the day than now
        MIDNIGHT,
        NOW,
        MIDNIGHT - DAY,
        NOW - DAY,
        NOW - DAY + timedelta(seconds=1),
        MIDNIGHT - DAY - timedelta(seconds=1),
    )
    for moment in moments:
        world.case(registered_at=moment)
    found = ask("duty")
    assert (found.new_today, found.new_before) == (2, 2)


def test_due_and_late_are_those_whose_clock_runs(world, ask):
    world.case(**AT_RISK)
    world.case(**AT_RISK, **in_b(world))
    world.case(due_at=NOW + DAY, soon_at=NOW)
    world.case(due_at=NOW + DAY + timedelta(seconds=1), soon_at=NOW)
    world.case(**AT_RISK, paused=1)
    world.case(**LATE)
    world.case(**LATE, paused=1)
    world.case(due_at=NOW, soon_at=NOW - DAY)
    world.case(due_at=NOW - 6 * DAY - HOUR, soon_at=NOW - 9 * DAY, **in_b(world))
    world.case(stage=Stage.CLOSED, registered_at=NOW - 9 * DAY)
    found = ask("duty")
    assert (found.due, found.overdue) == (3, 3)
    a, b = (towns_of(found)[name] for name in ("安仁镇", "䢺江镇"))
    assert (a.due, a.overdue, a.longest_overdue) == (2, 2, 1)
    assert (b.due, b.overdue, b.longest_overdue) == (1, 1, 6)
    assert found.overdue_longest == b


def test_who_waits_for_a_mediator_is_counted_from_the_acceptance(world, ask):
    world.case(stage=Stage.ACCEPTED, stage_since=NOW - 2 * DAY)
    world.case(stage=Stage.ACCEPTED, stage_since=NOW - 3 * DAY - HOUR, **in_b(world))
    world.case(stage=Stage.ACCEPTED, stage_since=NOW - 9 * DAY, paused=1)
    world.case(stage=Stage.REGISTERED, stage_since=NOW - 9 * DAY)
    world.case(mediator_id=world.mediator(), stage_since=NOW - 9 * DAY)
    found = ask("duty")
    assert found.waiting == 2
    assert found.waits_longest.name == "䢺江镇"
    assert found.waits_longest.longest_waiting == 3
    assert towns_of(found)["安仁镇"].longest_waiting == 2


def test_one_or_two_of_red_risk_are_not_told_apart(world, ask):
    world.case()
    assert ask("duty").red == Cell(0)
    for told in (Cell(None, 3), Cell(None, 3), Cell(3)):
        world.case(risk=int(Risk.RED))
        assert ask("duty").red == told


def test_no_department_is_said_to_owe_an_answer_that_nobody_recorded(world, ask):
    world.case(stage=Stage.HANDED_OVER, onward_code="O11", mediator_id=world.mediator())
    assert ask("duty").unanswered is None


def test_a_town_that_ended_is_listed_while_cases_are_open_there(world, ask):
    gone = world.unit(UnitLevel.TOWN, "苏家镇", world.county, valid_to=date(2026, 1, 1))
    assert "苏家镇" not in towns_of(ask("duty"))
    world.case(**LATE, town_id=gone, community_id=None, grid_id=None)
    assert towns_of(ask("duty"))["苏家镇"].overdue == 1


# --- ticker ------------------------------------------------------------------------------------


def closed(world, **over):
    return world.case(
        **{"stage": Stage.CLOSED, "closed_at": NOW - HOUR, "registered_at": NOW - 9 * DAY, **over}
    )


def test_an_agreement_counts_on_its_day_and_not_when_the_case_is_archived(world, ask):
    mediator = world.mediator()
    agreed = {"stage": Stage.AGREEMENT, "mediator_id": mediator, "outcome_code": "O01"}
    world.case(**agreed, registered_at=MIDNIGHT)
    world.case(**agreed, registered_at=MIDNIGHT - timedelta(seconds=1), **in_b(world))
    # Archived today: without any stage between, as on the spot; withdrawn; and handed on.
    closed(world, outcome_code="O02")
    closed(world, outcome_code="O03", **in_b(world))
    closed(world, outcome_code="O01", onward_code="O09")
    closed(world, onward_code="O12")
    closed(world, outcome_code="O13")
    closed(world, outcome_code="O03", closed_at=MIDNIGHT - HOUR)
    found = towns_of(ask("ticker"))
    a, b = found["安仁镇"], found["䢺江镇"]
    assert (a.new, a.settled, a.handed_on) == (1, 2, 2)
    assert (b.new, b.settled, b.handed_on) == (0, 1, 0)


def test_a_case_that_changes_hands_after_its_agreement_is_not_settled_twice(db, world, ask):
    mediator, other = world.mediator(), world.mediator("李秀英")
    case = world.case(
        stage=Stage.AGREEMENT, mediator_id=mediator, outcome_code="O01", registered_at=NOW - DAY
    )
    assert towns_of(ask("ticker"))["安仁镇"].settled == 0
    split_span(db, case, at=NOW - HOUR, mediator_id=other)
    assert towns_of(ask("ticker"))["安仁镇"].settled == 0


def split_span(db, case, *, at, **changed):
    """End the case's interval and begin another, in which something else holds."""
    from data_access.tables import CaseSpan  # noqa: PLC0415

    def work(session):
        key = (CaseSpan.county_id == case.county_id, CaseSpan.case_id == case.id)
        session.execute(update(CaseSpan).where(*key).values(ends_at=at))
        row = dict(session.execute(select(CaseSpan.__table__).where(*key)).mappings().one())
        row |= {"seq": 2, "starts_at": at, "ends_at": None, **changed}
        session.execute(insert(CaseSpan).values(**row))

    db.write(work)


def test_types_are_told_only_where_nobody_can_be_known_from_them(world, ask):
    def settle(number, type_code):
        for _ in range(number):
            closed(world, outcome_code="O03", type_code=type_code)

    settle(6, "0201")
    assert [(one.type_code, one.count) for one in ask("ticker").kinds] == [("02", 6)]
    # One more of another kind, and the total would tell it.
    settle(1, "0402")
    assert ask("ticker").kinds == ()
    settle(1, "0602")
    settle(1, "0602")
    assert [(one.type_code, one.count) for one in ask("ticker").kinds] == [("02", 6)]
    settle(4, "0101")
    assert [one.type_code for one in ask("ticker").kinds] == ["02"]
    settle(1, "0102")
    kinds = ask("ticker").kinds
    assert [(one.name_zh, one.what, one.count) for one in kinds] == [
        ("婚恋家庭纠纷", Happened.SETTLED, 5),
        ("邻里纠纷", Happened.SETTLED, 6),
    ]


def test_the_ticker_begins_anew_at_midnight(world, ask):
    world.case(registered_at=NOW)
    almost = MIDNIGHT + DAY - timedelta(seconds=1)
    assert ask("ticker", now=almost).day == date(2026, 3, 2)
    assert towns_of(ask("ticker", now=almost))["安仁镇"].new == 1
    assert towns_of(ask("ticker", now=MIDNIGHT + DAY))["安仁镇"].new == 0


# --- map ---------------------------------------------------------------------------------------


def areas_of(found):
    return {one.code: one.open for one in found.areas}


@pytest.fixture
def mapped(db, world):
    """Five communities in town A; returns (codes by unit id, put(number, community, grid))."""
    communities = [world.community_a]
    communities += [
        world.unit(UnitLevel.COMMUNITY, f"社区{number}", world.town_a) for number in range(4)
    ]
    world.unit(UnitLevel.GRID, "第2网格", world.community_a)

    def put(number, place, grid=None):
        community = communities[place] if place is not None else None
        for _ in range(number):
            world.case(community_id=community, grid_id=grid)

    def code(unit_id):
        with db.read() as session:
            return session.get(OrganisationUnit, unit_id).code

    return [code(one) for one in communities], put


def test_small_communities_are_told_as_such_beside_their_towns_count(world, ask, mapped):
    codes, put = mapped
    for place, number in enumerate((9, 1, 2, 0, 4)):
        put(number, place)
    found = ask("communities")
    told = areas_of(found)
    assert [told[code] for code in codes] == [
        Cell(9),
        Cell(None, 3),
        Cell(None, 3),
        Cell(0),
        Cell(4),
    ]
    assert [one.open for one in found.towns] == [Cell(16), Cell(0)]


def test_one_small_community_takes_another_with_it(ask, mapped):
    codes, put = mapped
    for place, number in enumerate((9, 1, 5, 0, 4)):
        put(number, place)
    told = areas_of(ask("communities"))
    assert [told[code] for code in codes] == [
        HELD_BACK,
        Cell(None, 3),
        Cell(5),
        Cell(0),
        Cell(4),
    ]


def test_what_lies_in_no_community_is_a_part_of_the_town_that_hides_others(ask, mapped):
    codes, put = mapped
    for place, number in ((0, 9), (1, 1), (None, 2)):
        put(number, place)
    told = areas_of(ask("communities"))
    assert [told[code] for code in codes[:2]] == [Cell(9), Cell(None, 3)]


def test_a_grid_stands_beside_its_community_and_goes_with_it(world, ask, mapped):
    _codes, put = mapped
    put(6, 0, world.grid_a)
    put(3, 1)
    put(1, 2)
    put(2, 4)
    told = areas_of(ask("grids"))
    of_a = [cell for code, cell in told.items() if cell.count is not None]
    # Of the first community's two grids one has all of it; town B's one has nothing.
    assert sorted(one.count for one in of_a) == [0, 0, 6]
    put(8, 2)
    put(1, 0)
    # Now the first community has one case that is in no grid.
    assert [one for one in areas_of(ask("grids")).values() if one == HELD_BACK] != []


def test_a_map_of_one_town_is_the_countys_part(ask, mapped, world):
    codes, put = mapped
    put(5, 0)
    put(3, 1)
    whole = ask("communities")
    town = whole.towns[0].code
    part = ask("communities", town_code=town)
    assert [one.code for one in part.towns] == [town]
    assert {one.code for one in part.areas} == set(codes)
    assert set(part.areas) < set(whole.areas)


def test_merged_communities_have_their_cases_where_they_are_today(db, world, ask, mapped):
    codes, put = mapped
    old = world.unit(UnitLevel.COMMUNITY, "旧村", world.town_a, valid_to=date(2026, 2, 1))
    world.add(UnitSuccession(unit_id=old, successor_id=world.community_a, day=date(2026, 2, 1)))
    put(3, 0)
    for _ in range(2):
        world.case(community_id=old, grid_id=None)
    assert areas_of(ask("communities"))[codes[0]] == Cell(5)


@pytest.mark.parametrize("level", [UnitLevel.COUNTY, UnitLevel.TOWN])
def test_there_is_no_map_of_larger_areas(ask, world, level):
    with pytest.raises(ValueError, match="no areas"):
        ask("communities", level=level)


# --- workload ----------------------------------------------------------------------------------


def test_committees_stand_in_administrative_order_without_anybodys_name(world, ask):
    county = world.committee("大邑县物业调委会", kind=CommitteeKind.INDUSTRY)
    world.committee("老吴调解室", kind=CommitteeKind.BRAND_ROOM, town=world.town_a)
    town = world.committee("安仁镇调委会", kind=CommitteeKind.TOWN, town=world.town_a)
    world.mediator("张建国", committee_id=county)
    world.mediator("李秀英", committee_id=town)
    found = ask("forces")
    assert [(one.name, one.town) for one in found.committees] == [
        ("大邑县物业调委会", None),
        (None, "安仁镇"),
        ("安仁镇调委会", "安仁镇"),
        ("和众社区调委会", "安仁镇"),
        ("太平社区调委会", "䢺江镇"),
    ]
    assert found.committees[1].kind is CommitteeKind.BRAND_ROOM
    assert found.committees[1].band is None


def test_a_band_is_of_all_that_a_committees_people_hold(world, ask):
    one = world.mediator(capacity=4, full_time=True)
    world.mediator("李秀英", capacity=4, full_time=True)
    for number, band, free in (
        (1, Band.FREE, 2),
        (3, Band.NORMAL, 1),
        (4, Band.FULL, 1),
        (1, Band.OVER, 1),
    ):
        for _ in range(number):
            world.case(mediator_id=one)
        found = ask("forces").committees[0]
        assert (found.band, found.people, found.free) == (band, 2, free)


def test_who_is_away_today_is_not_free(world, ask):
    one, two, three = (world.mediator(name) for name in ("张建国", "李秀英", "王强"))
    today = day_of(NOW)
    world.absence(one, today, today)
    world.absence(two, today + DAY, today + 2 * DAY)
    world.mediator("赵甲", active=False)
    found = ask("forces")
    assert (found.people, found.away, found.free) == (3, 1, 2)
    assert ask("forces", now=NOW + DAY).away == 1
    world.absence(three, today + 3 * DAY, today + 90 * DAY)
    world.absence(one, today + 3 * DAY, today + 90 * DAY)
    world.absence(two, today + 3 * DAY, today + 90 * DAY)
    nobody = ask("forces", now=NOW + 4 * DAY).committees[0]
    assert (nobody.band, nobody.people, nobody.free, nobody.away) == (None, 3, 0, 3)


# --- outcomes and visitors ---------------------------------------------------------------------


def happened(db, case, *kinds):
    def work(session):
        for seq, kind in enumerate(kinds, start=2):
            session.execute(
                insert(CaseEvent).values(
                    county_id=case.county_id,
                    case_id=case.id,
                    seq=seq,
                    kind=kind,
                    at=case.registered_at,
                    actor_id=0,
                    data={},
                )
            )

    db.write(work)


def test_rates_are_of_the_cases_registered_in_months_that_are_over(db, world, ask):
    mediator = world.mediator()
    # February; of January and of March there is one each.
    on = datetime(2026, 2, 10, 3, tzinfo=UTC)
    past = {"stage": Stage.CLOSED, "closed_at": NOW - DAY, "registered_at": on}
    kept = (EventKind.PERFORMED, EventKind.FOLLOWED_UP)
    for number in range(24):
        case = world.case(**past, outcome_code="O01" if number % 2 else "O02")
        happened(db, case, *kept, *[EventKind.CONFIRMATION_ASKED] * (number in {1, 3, 5, 7}))
    for _ in range(3):
        happened(db, world.case(**past, outcome_code="O01"), EventKind.DEFAULTED)
    world.case(
        registered_at=on, stage=Stage.PERFORMANCE, mediator_id=mediator, outcome_code="O01", **LATE
    )
    world.case(
        registered_at=on,
        stage=Stage.PERFORMANCE,
        mediator_id=mediator,
        outcome_code="O01",
        **AT_RISK,
    )
    world.case(
        registered_at=on, stage=Stage.FOLLOW_UP, mediator_id=mediator, outcome_code="O02", **LATE
    )
    for _ in range(7):
        world.case(registered_at=on)
    world.case(**past, outcome_code="O05")
    world.case(**past | {"registered_at": on - 30 * DAY}, outcome_code="O04")
    world.case(registered_at=NOW - HOUR)
    found = ask("outcomes")
    month = found.month
    assert (month.months.first_day, month.months.last_day) == (date(2026, 2, 1), date(2026, 2, 28))
    assert month.registered == 24 + 3 + 3 + 7 + 1
    # Every agreement is settled, until it goes on elsewhere; the refusal is in no base.
    assert month.resolution == Rate(100 * 30 / 37, 37)
    assert month.performance == Rate(100 * 24 / 28, 28)
    # In writing were 12 of those kept, the broken ones and the two that are to be performed.
    assert month.confirmation == Rate(None, None)
    assert month.visited == Rate(None, None)
    assert (month.satisfaction, month.answers) == (Rate(None, None), Rate(None, None))
    assert found.month_before.registered == 1
    assert found.year.registered == month.registered + 1
    assert found.year.resolution == Rate(100 * 30 / 38, 38)


def test_a_rate_on_few_cases_is_not_told(db, world, ask):
    on = datetime(2026, 2, 10, 3, tzinfo=UTC)
    for _ in range(19):
        world.case(stage=Stage.CLOSED, closed_at=NOW - DAY, registered_at=on, outcome_code="O01")
    assert ask("outcomes").month.resolution == Rate(None, None)
    world.case(stage=Stage.CLOSED, closed_at=NOW - DAY, registered_at=on, outcome_code="O03")
    assert ask("outcomes").month.resolution == Rate(100.0, 20)


def test_the_county_in_numbers(world, ask):
    gone = world.unit(UnitLevel.GRID, "旧网格", world.community_a, valid_to=date(2026, 1, 1))
    world.mediator()
    world.mediator("赵甲", active=False)
    new_year = datetime(2026, 1, 1, tzinfo=BEIJING)
    over = {"stage": Stage.CLOSED, "closed_at": NOW - DAY, "outcome_code": "O01"}
    world.case(registered_at=new_year - timedelta(seconds=1))
    for _ in range(3):
        world.case(registered_at=new_year, **over)
    for _ in range(3):
        world.case(registered_at=NOW - DAY)
    found = ask("overview")
    assert (found.year, found.registered, found.settled) == (2026, 6, Cell(3))
    assert found.resolution == Rate(None, None)
    assert (found.towns, found.communities, found.grids) == (2, 2, 2)
    assert (found.committees, found.mediators) == (2, 1)
    assert gone


def test_what_is_settled_is_not_told_where_it_tells_of_one_or_two(world, ask):
    over = {"stage": Stage.CLOSED, "closed_at": NOW - HOUR, "outcome_code": "O01"}
    for number, told in ((1, Cell(None, 3)), (2, Cell(None, 3)), (3, Cell(3))):
        world.case(**over)
        assert ask("overview").settled == told, number
    world.case()
    assert ask("overview").settled == HELD_BACK


def test_the_trend_is_of_twelve_whole_months(world, ask):
    world.case(registered_at=datetime(2026, 2, 28, 15, 59, tzinfo=UTC))  # the last minute of it
    world.case(registered_at=datetime(2026, 2, 28, 16, 0, tzinfo=UTC))
    closed(world, registered_at=datetime(2025, 3, 1, tzinfo=UTC), closed_at=NOW - 3 * DAY)
    found = ask("overview").months
    assert [one.window for one in found] == list(months_before(day_of(NOW), 12))
    assert [one.new for one in found] == [1, *[0] * 10, 1]
    assert [one.closed for one in found] == [*[0] * 11, 1]


# --- sources -----------------------------------------------------------------------------------


def test_a_source_is_as_old_as_its_newest_record(world, ask):
    world.case(source_code="S07", registered_at=NOW - 4 * DAY)
    world.case(source_code="S08", registered_at=NOW - 4 * DAY)
    world.case(source_code="S08", registered_at=NOW - HOUR)
    world.case(source_code="S02", registered_at=NOW - 90 * DAY)
    world.case(source_code="S09", registered_at=NOW - 400 * DAY)
    found = {one.code: one for one in ask("sources")}
    assert (found["S07"].newest, found["S07"].beyond) == (NOW - 4 * DAY, True)
    assert (found["S08"].newest, found["S08"].beyond) == (NOW - HOUR, False)
    assert (found["S07"].last_day, found["S08"].last_day) == (0, 1)
    # Nobody expects the desk to be busy, and nothing of what never sent anything.
    assert (found["S02"].within, found["S02"].beyond) == (None, False)
    assert found["S09"].beyond
    assert (found["S14"].newest, found["S14"].beyond) == (None, False)
    assert found["S07"].name_zh == "12345热线转办"
    assert list(found) == sorted(found)


def test_a_source_is_late_right_after_what_is_expected(world, ask):
    world.case(source_code="S07", registered_at=NOW)
    within = next(one.within for one in ask("sources") if one.code == "S07")
    for now, beyond in ((NOW + within, False), (NOW + within + timedelta(seconds=1), True)):
        found = next(one for one in ask("sources", now=now) if one.code == "S07")
        assert found.beyond is beyond


# --- what it costs -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", READS)
def test_neither_statements_nor_answers_grow_with_cases(db, world, ask, name):
    mediator = world.mediator()
    sizes = set()
    for number in (3, 12):
        for _ in range(number):
            world.case(**LATE)
            world.case(mediator_id=mediator, **in_b(world))
            closed(world, outcome_code="O03")
        with statements(db) as seen:
            answer = ask(name)
        assert len(seen) == STATEMENTS[name]
        sizes.add(len(list(leaves(answer))))
    # No list of single cases: an answer is as long as there are places and codes.
    assert len(sizes) == 1


# --- the demo county ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(new_database, vault):
    """A thin demo county for all tests that only read."""
    db = Database(open_engine(new_database()), vault)
    load_demo(db, today=DEMO_DAY, now=DEMO_NOW, scale=0.08)
    yield db
    db.dispose()


@pytest.fixture(scope="module")
def known(demo):
    """The rows of the demo county, to count by hand."""
    return Known(demo)


class Known:
    def __init__(self, db):
        with db.read() as session:
            self.county = reference.county_id(session)
            self.scope = Scope(self.county, whole_county=True)
            self.cases = session.execute(select(Case.__table__)).mappings().all()
            self.units = {
                row.id: row for row in session.execute(select(OrganisationUnit.__table__))
            }
            self.committees = session.execute(select(Committee.__table__)).mappings().all()
            self.mediators = session.execute(select(Mediator.__table__)).mappings().all()
            self.away = session.execute(select(MediatorAbsence.__table__)).mappings().all()
            self.groups = set(
                session.scalars(select(CaseType.code).where(CaseType.parent_code.is_(None)))
            )
            self.events = defaultdict(list)
            order = select(CaseEvent.case_id, CaseEvent.kind, CaseEvent.at)
            for case_id, kind, at in session.execute(order.order_by(CaseEvent.seq)):
                self.events[case_id].append((kind, at))
        self.open = [one for one in self.cases if one["is_open"]]

    def code(self, unit_id):
        return self.units[unit_id].code

    def utc(self, moment):
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def late(one, now):
    return not one["paused"] and one["due_at"] <= now


def test_the_duty_scene_is_the_demo_county_counted_by_hand(demo, known):
    found = read(demo, "duty", scope=known.scope, now=DEMO_NOW)
    running = [one for one in known.open if not one["paused"]]
    today = datetime(2026, 3, 20, tzinfo=BEIJING)
    came = [one["registered_at"] for one in known.cases]
    assert found.new_today == sum(one >= today for one in came)
    assert found.new_before == sum(today - DAY <= one <= DEMO_NOW - DAY for one in came)
    overdue = [one for one in running if one["due_at"] <= DEMO_NOW]
    due = [one for one in running if DEMO_NOW < one["due_at"] <= DEMO_NOW + DAY]
    waiting = [one for one in running if one["stage"] is Stage.ACCEPTED]
    assert (found.due, found.overdue, found.waiting) == tuple(map(len, (due, overdue, waiting)))
    for counted, name in ((due, "due"), (overdue, "overdue"), (waiting, "waiting")):
        by_town = Counter(known.code(one["town_id"]) for one in counted)
        assert {one.code: getattr(one, name) for one in found.towns} == {
            one.code: by_town[one.code] for one in found.towns
        }
    assert found.overdue > 0
    assert found.overdue_longest.longest_overdue == max(
        (DEMO_NOW - one["due_at"]).days for one in overdue
    )
    assert len(found.towns) == 11
    assert [one.code for one in found.towns] == sorted(one.code for one in found.towns)


ENDS_TODAY = {
    EventKind.SETTLED: Happened.SETTLED,
    EventKind.ON_THE_SPOT: Happened.SETTLED,
    EventKind.WITHDRAWN: Happened.SETTLED,
    EventKind.HANDED_OVER: Happened.HANDED_ON,
    EventKind.REFERRED: Happened.HANDED_ON,
}


def test_the_ticker_is_what_the_events_of_the_day_tell(demo, known):
    """Of the ends of sixty days, but those on which something happened that was undone later."""
    undone = {
        case_id
        for case_id, events in known.events.items()
        if {EventKind.REOPENED, EventKind.UNMERGED} & {kind for kind, _at in events}
    }
    compared = Counter()
    for back in range(1, 61):
        day = DEMO_DAY - back * DAY
        by_town, by_kind = Counter(), Counter()
        untold = False
        for one in known.cases:
            kinds = {kind for kind, at in known.events[one["id"]] if day_of(at) == day}
            untold |= bool(kinds) and one["id"] in undone
            ends = {ENDS_TODAY[kind] for kind in kinds & set(ENDS_TODAY)}
            for what in ends | {Happened.NEW} if day_of(one["registered_at"]) == day else ends:
                by_town[known.code(one["town_id"]), what] += 1
                by_kind[what, one["type_code"][:2]] += 1
        if untold:
            continue
        end = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=BEIJING)
        found = read(demo, "ticker", scope=known.scope, now=end)
        for town in found.towns:
            for what in Happened:
                assert getattr(town, what.value) == by_town[town.code, what], (day, town, what)
        for one in found.kinds:
            assert one.count == by_kind[one.what, one.type_code] >= fewest_told(one.type_code)
        compared += Counter(what for _code, what in by_town.elements())
    assert min(compared[what] for what in Happened) > 2, compared


def test_the_map_is_the_demo_county_counted_by_hand(demo, known):
    found = read(demo, "communities", scope=known.scope, now=DEMO_NOW)
    by_community = Counter(known.code(one["community_id"]) for one in known.open)
    by_town = Counter(known.code(one["town_id"]) for one in known.open)
    assert {one.code: one.open.count for one in found.towns} == {
        one.code: by_town[one.code] for one in found.towns
    }
    assert sum(by_town.values()) == len(known.open)
    assert {one.code for one in found.areas} == {
        one.code
        for one in known.units.values()
        if one.level is UnitLevel.COMMUNITY and one.valid_to is None
    }
    for one in found.areas:
        count = by_community[one.code]
        assert one.open.count in {None, count}
        assert one.open.count is None or count == 0 or count >= 3
        assert not one.open.under or 0 < count < 3
    grids = read(demo, "grids", scope=known.scope, now=DEMO_NOW)
    by_grid = Counter(known.code(one["grid_id"]) for one in known.open if one["grid_id"])
    held_back = {one.code for one in found.areas if one.open.count is None}
    for one in grids.areas:
        assert one.open.count in {None, by_grid[one.code]}
        assert not 0 < (one.open.count or 0) < 3
        if one.code[:12] in held_back:
            assert one.open == HELD_BACK


def test_the_bands_are_those_of_the_page_of_workloads(demo, known):
    found = read(demo, "forces", scope=known.scope, now=DEMO_NOW)
    with demo.read() as session:
        people = loads.mediator_loads(session, scope=known.scope, now=DEMO_NOW)
    active = [one for one in people if one.active]
    assert found.people == len(active) == sum(one["active"] for one in known.mediators)
    today = {
        one["mediator_id"] for one in known.away if one["first_day"] <= DEMO_DAY <= one["last_day"]
    }
    assert found.away == sum(one.mediator_id in today for one in active)
    assert found.free == sum(
        one.mediator_id not in today and one.filled is not None and one.filled < 0.5
        for one in active
    )
    names = {one["id"]: one["name"] for one in known.committees}
    by_name = {one.name: one for one in found.committees if one.name}
    for committee_id, name in names.items():
        members = [one for one in active if one.committee_id == committee_id]
        if len(members) != 1 or name not in by_name:
            continue
        # Of one person alone the committee's band is theirs.
        filled = members[0].filled
        assert (by_name[name].band is None) == (filled is None)
        assert (by_name[name].band is Band.OVER) == ((filled or 0) > 1)
    assert len(found.committees) == sum(one["active"] for one in known.committees)


def test_the_rates_are_the_demo_county_counted_by_hand(demo, known):
    found = read(demo, "outcomes", scope=known.scope, now=DEMO_NOW)
    for told in (found.year, found.month, found.month_before):
        first, last = told.months.starts_at, told.months.ends_at
        cases = [one for one in known.cases if first <= one["registered_at"] < last]
        has = {one["id"]: {kind for kind, _at in known.events[one["id"]]} for one in cases}
        agreed = [one for one in cases if one["outcome_code"] in {"O01", "O02"}]
        written = [one for one in cases if one["outcome_code"] == "O01"]
        counted = [one for one in cases if one["outcome_code"] not in NOT_TO_BE_SETTLED]
        gone_on = {Stage.FAILED, Stage.RIGHTS_TOLD, Stage.HANDED_OVER}
        settled = [
            one
            for one in cases
            if one["outcome_code"] in SETTLED_OUTCOMES
            and one["onward_code"] is None
            and one["stage"] not in gone_on
        ]

        def of(kind, some, has=has):
            return {one["id"] for one in some if kind in has[one["id"]]}

        def still(stage, agreed=agreed):
            return {one["id"] for one in agreed if one["stage"] is stage and late(one, DEMO_NOW)}

        performed, broken = of(EventKind.PERFORMED, agreed), of(EventKind.DEFAULTED, agreed)
        visited = of(EventKind.FOLLOWED_UP, agreed)
        assert told.registered == len(cases) > 0
        assert told.resolution == rate(len(settled), len(counted))
        assert told.performance == rate(
            len(performed - broken), len(performed | broken | still(Stage.PERFORMANCE))
        )
        assert told.confirmation == rate(
            len(of(EventKind.CONFIRMATION_ASKED, written)), len(written)
        )
        assert told.visited == rate(len(visited), len(visited | still(Stage.FOLLOW_UP)))
        said = [one[f"{side}_rating"] for one in cases for side in ("applicant", "respondent")]
        content = sum(one in {Rating.SATISFIED, Rating.FAIRLY} for one in said)
        answered = content + said.count(Rating.DISSATISFIED)
        assert told.satisfaction == rate(content, answered)
        assert told.answers == rate(answered, answered + said.count(Rating.NO_ANSWER))
    assert found.year.resolution.percent is not None
    assert found.year.confirmation.percent is not None
    assert found.year.satisfaction.percent is not None
    assert found.year.answers.percent is not None


def test_the_scene_for_visitors_is_the_demo_county_counted_by_hand(demo, known):
    found = read(demo, "overview", scope=known.scope, now=DEMO_NOW)
    new_year = datetime(2026, 1, 1, tzinfo=BEIJING)
    assert found.registered == sum(one["registered_at"] >= new_year for one in known.cases)
    levels = Counter(one.level for one in known.units.values() if one.valid_to is None)
    assert (found.towns, found.communities, found.grids) == (
        levels[UnitLevel.TOWN],
        levels[UnitLevel.COMMUNITY],
        levels[UnitLevel.GRID],
    )
    assert found.mediators == sum(one["active"] for one in known.mediators)
    for step in found.months:
        inside = (step.window.starts_at, step.window.ends_at)
        assert step.new == sum(inside[0] <= one["registered_at"] < inside[1] for one in known.cases)
        assert step.closed == sum(
            one["closed_at"] is not None and inside[0] <= one["closed_at"] < inside[1]
            for one in known.cases
        )
    assert sum(one.new for one in found.months) > 100


def test_the_age_of_each_source_is_that_of_its_newest_record(demo, known):
    newest = defaultdict(list)
    for one in known.cases:
        newest[one["source_code"]].append(one["registered_at"])
    for one in read(demo, "sources", scope=known.scope, now=DEMO_NOW):
        came = newest[one.code]
        assert one.newest == max(came, default=None)
        assert one.last_day == sum(at >= DEMO_NOW - DAY for at in came)


# --- nothing of anybody ------------------------------------------------------------------------


def leaves(value):
    """All that an answer is made of: strings, numbers, days, moments."""
    if is_dataclass(value):
        value = [getattr(value, one.name) for one in fields(value)]
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from leaves(one)
    else:
        yield value


def secrets(db):
    """Everything of the demo county that names or places a person or a case."""
    found = set()
    vault = db.vault
    with db.read() as session:
        for row in session.execute(select(Party.__table__)).mappings():
            place = f"{row['county_id']}:{row['id']}"
            for name in ("name", "identity", "phone", "address"):
                sealed = row[f"{name}_encrypted"]
                if sealed is not None:
                    found.add(vault.decrypt(sealed, place=f"party.{name}:{place}"))
        for row in session.execute(select(Case.__table__)).mappings():
            found |= {row["case_no"], row["external_no"]}
            place = f"{row['county_id']}:{row['id']}"
            for name in ("title", "place", "summary"):
                sealed = row[f"{name}_encrypted"]
                if sealed is not None:
                    found.add(vault.decrypt(sealed, place=f"case.{name}:{place}"))
        found |= set(session.scalars(select(Mediator.name)))
        found |= set(session.scalars(select(User.name))) | set(session.scalars(select(User.login)))
    return found - {None, ""}


def sayable(db):
    """What an answer may say: names and codes of places, committees, types and sources."""
    with db.read() as session:
        rooms = Committee.kind == CommitteeKind.BRAND_ROOM
        units = session.execute(
            select(OrganisationUnit.name, OrganisationUnit.code).where(
                OrganisationUnit.level != UnitLevel.GRID
            )
        )
        types = select(CaseType.code, CaseType.name_zh, CaseType.name_en)
        sources = select(Code.code, Code.name_zh, Code.name_en).where(Code.kind == "source_channel")
        return {
            *(one for row in units for one in row),
            *session.scalars(
                select(OrganisationUnit.code).where(OrganisationUnit.level == UnitLevel.GRID)
            ),
            *session.scalars(select(Committee.name).where(~rooms)),
            *(one for row in session.execute(types) for one in row),
            *(one for row in session.execute(sources) for one in row),
        }


@pytest.fixture(scope="module")
def everything(demo, known):
    """Every answer of every read, of the afternoon and of a day's end."""
    moments = (DEMO_NOW, DEMO_NOW - DAY, datetime(2026, 3, 18, 15, 59, tzinfo=UTC))
    return {
        (name, now): read(demo, name, scope=known.scope, now=now)
        for name in READS
        for now in moments
    }


def test_no_read_of_the_wall_says_anything_of_anybody(demo, everything):
    may, must_not = sayable(demo), secrets(demo)
    assert len(must_not) > 1000
    for (name, _now), answer in everything.items():
        said = {one for one in leaves(answer) if isinstance(one, str) and not isinstance(one, Enum)}
        assert said <= may, (name, said - may)
        assert not said & must_not, name
        whole = repr(answer)
        assert [one for one in must_not if len(one) > 3 and one in whole] == [], name


def test_a_read_that_says_something_of_somebody_is_seen(demo):
    assert {"王大爷调解室", "老吴调解室"} & sayable(demo) == set()
    told = (wall.TownOnDuty("510129105", "D2026-00001"),)
    assert "D2026-00001" in set(leaves(told)) - sayable(demo)


def test_no_moment_is_told_but_the_age_of_a_source(everything):
    for (name, _now), answer in everything.items():
        moments = [one for one in leaves(answer) if isinstance(one, datetime)]
        assert name == "sources" or moments == [], name


def test_no_read_walks_through_all_cases_that_ever_were(demo, known):
    if demo.bind.dialect.name != "sqlite":
        pytest.skip("the plans of PostgreSQL go by the size of its tables")
    for name in READS:
        with statements(demo) as seen:
            read(demo, name, scope=known.scope, now=DEMO_NOW)
        with demo.read() as session:
            connection = session.connection()
            for statement, parameters in seen:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                lines = [row[3] for row in plan]
                scanned = [
                    one
                    for one in lines
                    if one.startswith("SCAN")
                    and any(table in one.split() for table in ("cases", "case_event", "case_span"))
                ]
                assert scanned == [], (name, lines)
