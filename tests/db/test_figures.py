"""Figures by area: equal totals on every level, each as its definition says, within the scope."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event

from data_access.queries import figures
from data_access.queries.figures import ALL, Cut, Step, counts, trend
from domain.cases import Lamp, Risk, Stage
from domain.kpi import FIGURES, AreaCounts, FigureKey, Window, total, value
from domain.organisation import UnitLevel
from domain.people import Scope
from tests.world import NOW

DAY = timedelta(days=1)
# NOW is the morning of 2 March 2026 in Beijing.
TODAY = date(2026, 3, 2)
MONTH = Window(TODAY - 29 * DAY, TODAY)


@pytest.fixture
def everywhere(world):
    return Scope(world.county, whole_county=True)


@pytest.fixture
def read(db, everywhere):
    def run(level=UnitLevel.TOWN, *, scope=None, window=MONTH, cut=ALL, now=NOW):
        with db.read() as session:
            return counts(
                session, scope=scope or everywhere, level=level, window=window, cut=cut, now=now
            )

    return run


def closed(world, outcome, *, at=NOW - DAY, registered_at=NOW - 5 * DAY, **over):
    return world.case(
        stage=Stage.CLOSED,
        outcome_code=outcome,
        registered_at=registered_at,
        closed_at=at,
        **over,
    )


@pytest.fixture
def county(world):
    """Cases in both towns, some without a grid or without a community."""
    in_b = {"town_id": world.town_b, "community_id": world.community_b, "grid_id": world.grid_b}
    mediator = world.mediator()
    world.case(registered_at=NOW - 2 * DAY)
    world.case(registered_at=NOW - 40 * DAY, risk=int(Risk.RED), grid_id=None)
    world.case(registered_at=NOW - 3 * DAY, community_id=None, grid_id=None)
    world.case(registered_at=NOW - 3 * DAY, mediator_id=mediator, **in_b)
    closed(world, "O01")
    closed(world, "O02", source_code="S01", registered_at=NOW - DAY - timedelta(hours=1), **in_b)
    closed(world, "O05", **in_b)
    closed(world, "O04")
    closed(world, "O01", at=NOW - 45 * DAY, registered_at=NOW - 50 * DAY)
    return world


def test_every_level_has_the_countys_total_for_every_figure_that_adds_up(county, read):
    by_level = {level: read(level) for level in UnitLevel}
    whole = by_level[UnitLevel.COUNTY][county.county]
    for found in by_level.values():
        together = total(found.values())
        assert sorted(together.days) == sorted(whole.days)
        for figure in FIGURES.values():
            if figure.adds_up:
                assert value(figure, together, households=1) == value(figure, whole, households=1)
        assert (together.cohort, together.resolved) == (whole.cohort, whole.resolved)
    # What lies in no grid is told, not lost.
    assert by_level[UnitLevel.GRID][None].open == 2
    assert by_level[UnitLevel.COMMUNITY][None].open == 1
    assert None not in by_level[UnitLevel.TOWN]


def test_each_count_is_what_it_says(county, read):
    found = read()[county.town_b]
    assert (found.open, found.new, found.new_before) == (1, 3, 0)
    # A refusal is lawful and no part of the rate.
    assert (found.cohort, found.resolved) == (2, 1)
    assert (found.closed, found.settled, found.on_the_spot) == (2, 2 - 1, 1)
    assert found.days[0] == pytest.approx(1 / 24)
    in_a = read()[county.town_a]
    assert (in_a.open, in_a.red, in_a.new, in_a.new_before) == (3, 1, 4, 2)
    assert (in_a.cohort, in_a.resolved) == (4, 1)


def test_an_agreement_that_was_not_kept_and_went_on_is_not_resolved(world, read):
    closed(world, "O01", onward_code="O09")
    world.case(
        stage=Stage.FAILED,
        outcome_code="O02",
        registered_at=NOW - DAY,
        mediator_id=world.mediator(),
    )
    found = read()[world.town_a]
    assert (found.cohort, found.resolved) == (2, 0)


def test_what_stands_still_is_neither_soon_nor_late(world, read):
    over = {"due_at": NOW - DAY, "soon_at": NOW - 2 * DAY}
    world.case(**over)
    world.case(**over, paused=1, parked_until=TODAY + 9 * DAY, stage=Stage.ACCEPTED)
    world.case(due_at=NOW + DAY, soon_at=NOW - DAY)
    found = read()[world.town_a]
    assert (found.open, found.soon, found.overdue, found.paused) == (3, 1, 1, 1)


def test_types_and_sources_narrow_every_count(county, read):
    county.case(type_code="0402", source_code="S02", registered_at=NOW - DAY)
    county.case(type_code="0499", source_code="S01", registered_at=NOW - DAY)
    county.case(type_code="0101", source_code="S02", registered_at=NOW - DAY)
    before = read()[county.town_a]
    of_group = read(cut=Cut(types=("04",)))[county.town_a]
    one = read(cut=Cut(types=("0402",), sources=("S02",)))[county.town_a]
    assert of_group.new >= 2
    assert one.new < of_group.new < before.new
    assert one.open <= of_group.open < before.open
    assert read(cut=Cut(types=("99",))) == {}


def test_a_town_counts_its_own_cases_and_no_others(county, read):
    only_a = Scope(county.county, towns=frozenset({county.town_a}))
    assert read(scope=only_a) == {county.town_a: read()[county.town_a]}
    assert read(UnitLevel.COUNTY, scope=only_a)[county.county].open == 3
    assert read(scope=Scope(county.county)) == {}


def test_a_window_that_is_over_counts_what_stood_open_at_its_end(world, read):
    late = NOW - 10 * DAY
    old = world.case(registered_at=NOW - 60 * DAY, due_at=late, soon_at=late - DAY)
    world.case(registered_at=NOW - DAY)
    past = Window(TODAY - 40 * DAY, TODAY - 20 * DAY)
    then = read(window=past)[world.town_a]
    assert (then.open, then.overdue) == (1, 0)
    nearer = Window(TODAY - 40 * DAY, TODAY - 2 * DAY)
    assert read(window=nearer)[world.town_a].overdue == 1
    assert read()[world.town_a].open == 2
    assert old.registered_at < past.starts_at


@pytest.mark.parametrize("level", UnitLevel)
@pytest.mark.parametrize("window", [MONTH, Window(TODAY - 60 * DAY, TODAY - 30 * DAY)])
def test_three_statements_whatever_the_number_of_areas(db, county, read, level, window):
    seen = []

    def note(*told):
        seen.append(told[2])

    event.listen(db.bind, "before_cursor_execute", note)
    read(level, window=window)
    event.remove(db.bind, "before_cursor_execute", note)
    assert len([one for one in seen if one.lstrip().upper().startswith("SELECT")]) == 3


def test_a_trend_adds_up_to_the_window(db, county, everywhere):
    area = (UnitLevel.COUNTY, (county.county,))
    with db.read() as session:
        found = trend(session, scope=everywhere, area=area, window=MONTH)
        whole = counts(session, scope=everywhere, level=UnitLevel.COUNTY, window=MONTH, now=NOW)[
            county.county
        ]
    assert [one.window for one in found] == MONTH.parts()
    assert sum(one.new for one in found) == whole.new
    assert sum(one.closed for one in found) == whole.closed
    assert isinstance(found[0], Step)


def test_one_area_is_told_by_type_by_committee_and_by_case(db, county, everywhere):
    area = (UnitLevel.TOWN, (county.town_b,))
    with db.read() as session:
        by_type = figures.types_of(session, scope=everywhere, area=area, window=MONTH)
        held = figures.committees_of(session, scope=everywhere, area=area)
        found = figures.open_cases(session, scope=everywhere, area=area, now=NOW)
    assert sum(count for _code, count in by_type) == 3
    assert [(one.name, one.open) for one in held] == [("和众社区调委会", 1)]
    assert [(one.grid_id, one.lamp) for one in found] == [(county.grid_b, Lamp.ON_TIME)]


def test_the_last_day_of_a_window_is_whole(world, read):
    at = datetime(2026, 3, 1, 15, 59, tzinfo=UTC)  # 23:59 in Beijing on the first of March
    world.case(registered_at=at)
    first = Window(TODAY - DAY, TODAY - DAY)
    assert read(window=first)[world.town_a].new == 1
    assert read(window=Window(TODAY, TODAY))[world.town_a] == AreaCounts(open=1, new_before=1)
    assert FIGURES[FigureKey.NEW].adds_up
