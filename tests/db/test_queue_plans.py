"""How the databases read the queue: along one index of the open cases, never through the history.

The planners themselves are asked, as a time would depend on the machine. PostgreSQL is asked twice:
it plans a statement for the values at hand and, having met it often enough, for all values at once.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import event, text

from data_access.engine import Database, open_engine
from data_access.queries import arrivals, candidates, choices, loads, queue
from data_access.queries.queue import UNASSIGNED, Cursor, Filters
from data_access.tables import Case
from domain.cases import OPEN_STAGES, Lamp, Risk, Stage
from domain.organisation import UnitLevel
from domain.people import Scope
from tests.bench.long_history import COMMON_NAME, FIRST_ID, LongHistory
from tests.world import NOW

CASES, OPEN = 12_000, 1_500
LAMPS = (Lamp.LATE, Lamp.PARKING_OVER, Lamp.SOON, Lamp.ON_TIME, Lamp.PAUSED)
_SQLITE_READ = re.compile(
    r"(?:SEARCH|SCAN) (?P<table>cases|party)\b(?: EXISTS)?"
    r"(?: USING (?P<covering>COVERING )?INDEX (?P<index>\w+)(?: \((?P<by>.*)\))?)?"
)


@dataclass(frozen=True)
class Read:
    """One way into a table: by which indexes (none: all of it), whether by them alone, and how."""

    table: str
    indexes: frozenset[str]
    index_only: bool
    by: str

    @property
    def of_open_cases_alone(self):
        """By indexes that hold no closed case, so that none can be met."""
        return self.indexes and all(name.startswith("ix_cases_queue_") for name in self.indexes)

    @property
    def of_one_row(self):
        keys = {
            "cases": ("pk_cases", "sqlite_autoindex_cases_1"),
            "party": ("pk_party", "sqlite_autoindex_party_1"),
        }
        return self.indexes <= {*keys[self.table]} and re.search(r"\bid ?=", self.by)


@dataclass(frozen=True)
class Plan:
    """How one statement is carried out: its reads, and whether the page was sorted to be cut."""

    reads: list[Read]
    sorted_before_cut: bool

    @property
    def picks(self):
        """The reads that decide which rows are shown; the others fetch those."""
        return [read for read in self.reads if not read.of_one_row]


@pytest.fixture(scope="module")
def db(new_database, vault):
    engine = open_engine(new_database())
    yield Database(engine, vault)
    engine.dispose()


@pytest.fixture(scope="module")
def county(db):
    history = LongHistory(db, now=NOW)
    history.begin(CASES, open_cases=OPEN)
    return history


@pytest.fixture(scope="module", params=["for these values", "for all values"])
def plans(request, db, county):
    """Explains what a question asks of cases and parties: a function that returns Plans."""
    if not db.is_sqlite:
        general = request.param == "for all values"
        return lambda ask: [*_postgresql_plans(db, ask, general=general)]
    # SQLite always plans so; what may differ is whether somebody had statistics made.
    with db.bind.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS sqlite_stat1"))
        connection.execute(text("DROP TABLE IF EXISTS sqlite_stat4"))
        if request.param == "for all values":
            connection.execute(text("ANALYZE"))
    db.bind.dispose()
    return lambda ask: [*_sqlite_plans(db, ask)]


def _asked(db, ask):
    """The statements about cases or parties that a question makes, with their values."""
    seen = []

    def note(connection, cursor, statement, parameters, context, executemany):
        if re.search(r"\b(FROM|JOIN) (cases|party)\b", statement):
            seen.append((statement, parameters))

    event.listen(db.bind, "before_cursor_execute", note)
    try:
        with db.read() as session:
            ask(session)
    finally:
        event.remove(db.bind, "before_cursor_execute", note)
    assert seen
    return seen


def _sqlite_plans(db, ask):
    for statement, values in _asked(db, ask):
        with db.bind.connect() as connection:
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        found = [(step[1], match) for step in steps if (match := _SQLITE_READ.match(step[3]))]
        reads = [
            Read(m["table"], frozenset({m["index"]} - {None}), bool(m["covering"]), m["by"] or "")
            for _, m in found
        ]
        # Steps of one query have one parent; a page is picked in a query of its own.
        within = {parent for parent, m in found if m["covering"]}
        sorts = {step[1] for step in steps if step[3] == "USE TEMP B-TREE FOR ORDER BY"}
        yield Plan(reads, bool(within & sorts))


def _postgresql_plans(db, ask, *, general):
    mode = "force_generic_plan" if general else "force_custom_plan"
    for statement, values in _asked(db, ask):
        names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
        numbered = statement % {name: f"${place}" for place, name in enumerate(names, 1)}
        with (
            db.bind.connect() as connection,
            # The client writes the values into the text: EXECUTE takes none from outside.
            psycopg.ClientCursor(connection.connection.driver_connection) as cursor,
        ):
            cursor.execute(f"SET LOCAL plan_cache_mode = {mode}")
            cursor.execute(f"PREPARE asked AS {numbered}")
            execute = f"asked({', '.join(['%s'] * len(names))})" if names else "asked"
            explain = f"EXPLAIN (FORMAT JSON) EXECUTE {execute}"
            cursor.execute(explain, [values[name] for name in names])
            ((found,),) = cursor.fetchall()
            cursor.execute("DEALLOCATE asked")
        nodes = [*_nodes(found[0]["Plan"])]
        below = [inner for node in nodes if node["Node Type"] == "Limit" for inner in _nodes(node)]
        reads = [
            _postgresql_read(node)
            for node in nodes
            if node.get("Relation Name") in ("cases", "party")
        ]
        yield Plan(reads, any(node["Node Type"] in ("Sort", "Incremental Sort") for node in below))


def _postgresql_read(node):
    """A scan with its indexes; those of a bitmap are in the nodes below it."""
    parts = [one for one in _nodes(node, asked_beside=False) if "Index Name" in one]
    return Read(
        node["Relation Name"],
        frozenset(one["Index Name"] for one in parts),
        node["Node Type"] == "Index Only Scan",
        " ".join(one.get("Index Cond", "") for one in parts),
    )


def _nodes(node, *, asked_beside=True):
    """A node and those below it, with the questions that it asks of other tables or without."""
    yield node
    for inner in node.get("Plans", ()):
        if asked_beside or inner["Parent Relationship"] not in ("SubPlan", "InitPlan"):
            yield from _nodes(inner, asked_beside=asked_beside)


def whole(county):
    return Scope(county.county, whole_county=True)


def some(county, column, *, among, last=1):
    """The last `last` of the `among` busiest: large enough for a page, small enough to narrow."""
    return frozenset(county.busiest(column, among=among)[-last:])


SCOPES = {
    "the county": whole,
    "a town": lambda c: Scope(c.county, towns=some(c, Case.town_id, among=4)),
    "a community": lambda c: Scope(c.county, communities=some(c, Case.community_id, among=5)),
    "a grid": lambda c: Scope(c.county, grids=some(c, Case.grid_id, among=9)),
    "a committee": lambda c: Scope(c.county, committees=some(c, Case.committee_id, among=3)),
    "their own": lambda c: Scope(c.county, mediators=some(c, Case.mediator_id, among=3)),
}
MIXED_SCOPES = {
    "two towns and a committee": lambda c: Scope(
        c.county,
        towns=some(c, Case.town_id, among=6, last=2),
        committees=some(c, Case.committee_id, among=6),
    ),
    "three communities, a grid and their own": lambda c: Scope(
        c.county,
        communities=some(c, Case.community_id, among=9, last=3),
        grids=some(c, Case.grid_id, among=20),
        mediators=some(c, Case.mediator_id, among=9),
    ),
}


ORDERED = {
    "everything": Filters(),
    **{stage.value: Filters(stage=stage) for stage in OPEN_STAGES},
    **{lamp.value: Filters(lamps=frozenset({lamp})) for lamp in LAMPS},
    "late, of a group of types": Filters(lamps=frozenset({Lamp.LATE}), type_code="05"),
}
# Where a planner expects less than a page, it may as well read all that is open, and sort that.
NARROW = {
    "a type": Filters(type_code="0503"),
    "a group of types": Filters(type_code="05"),
    "a source": Filters(source_code="S03"),
    "red": Filters(risk=Risk.RED),
    "held by nobody": Filters(mediator_id=UNASSIGNED),
    "late or soon": Filters(lamps=frozenset({Lamp.LATE, Lamp.SOON})),
    "four at once": Filters(stage=Stage.ACCEPTED, risk=Risk.RED, source_code="S03", type_code="04"),
}
UNITS = {
    UnitLevel.TOWN: Case.town_id,
    UnitLevel.COMMUNITY: Case.community_id,
    UnitLevel.GRID: Case.grid_id,
}
BEHIND = Cursor(0, NOW + timedelta(days=3), 2, FIRST_ID + CASES // 2)
first_and_deep = pytest.mark.parametrize("after", [None, BEHIND], ids=["first", "deep"])


def page_plan(plans, scope, filters, after=None):
    """The plan of a page, picked among open cases alone.

    By one read, or by two on pages that may begin with what is parked beyond its day.
    """
    (plan,) = plans(
        lambda session: queue.page(session, scope=scope, filters=filters, now=NOW, after=after)
    )
    may_be_over = after is None and (not filters.lamps or Lamp.PARKING_OVER in filters.lamps)
    assert len(plan.picks) == 1 + may_be_over, plan
    assert all(pick.of_open_cases_alone for pick in plan.picks), plan
    return plan


def assert_walked(plan):
    """By an index alone, in its order: what is behind the page is not even looked at."""
    assert all(pick.index_only for pick in plan.picks), plan
    assert not plan.sorted_before_cut, plan


@first_and_deep
@pytest.mark.parametrize("scope", SCOPES)
def test_a_page_of_one_part_of_the_county_walks_one_index_in_order(plans, county, scope, after):
    assert_walked(page_plan(plans, SCOPES[scope](county), Filters(), after))


@first_and_deep
@pytest.mark.parametrize("scope", MIXED_SCOPES)
def test_a_page_of_several_parts_meets_no_closed_case(plans, county, scope, after):
    page_plan(plans, MIXED_SCOPES[scope](county), Filters(), after)


@first_and_deep
@pytest.mark.parametrize("filters", ORDERED)
def test_a_page_under_a_filter_walks_one_index_in_order(plans, county, filters, after):
    assert_walked(page_plan(plans, whole(county), ORDERED[filters], after))


@pytest.mark.parametrize("level", UNITS)
def test_a_page_of_one_place_or_one_holder_walks_one_index_in_order(plans, county, level):
    (place,) = some(county, UNITS[level], among=3)
    assert_walked(page_plan(plans, whole(county), Filters(unit=(level, place))))
    (holder,) = some(county, Case.mediator_id, among=3)
    assert_walked(page_plan(plans, whole(county), Filters(mediator_id=holder)))


@first_and_deep
@pytest.mark.parametrize("filters", NARROW)
def test_a_page_under_a_narrow_filter_meets_no_closed_case(plans, county, filters, after):
    page_plan(plans, whole(county), NARROW[filters], after)


@pytest.mark.parametrize("scope", SCOPES | MIXED_SCOPES)
@pytest.mark.parametrize("filters", ["everything", "late", "a group of types", "four at once"])
def test_counts_meet_no_closed_case(plans, county, scope, filters):
    reach, narrowed = (SCOPES | MIXED_SCOPES)[scope](county), (ORDERED | NARROW)[filters]
    (plan,) = plans(lambda session: queue.counts(session, scope=reach, filters=narrowed, now=NOW))
    (read,) = plan.reads
    assert read.of_open_cases_alone, plan
    assert read.index_only or scope in MIXED_SCOPES, plan


# Where cases come to somebody, and where they come back to be given out; they read either.
RECEIVERS = {
    "a mediator": ("their own", None),
    "a committee's head": ("a committee", "a committee"),
    "a community's head": ("a community", None),
    "a town's station": (None, "a town"),
}


@pytest.mark.parametrize("reads", [None, "the county", "a town"])
@pytest.mark.parametrize("receiver", RECEIVERS)
def test_what_came_is_found_without_a_look_at_closed_cases(plans, county, receiver, reads):
    nowhere = Scope(county.county)
    own, gives = (SCOPES[one](county) if one else nowhere for one in RECEIVERS[receiver])
    scope = SCOPES[reads](county) if reads else own | gives
    (plan,) = plans(
        lambda session: arrivals.arrivals(session, scope=scope, own=own, gives=gives, user_id=1)
    )
    (pick,) = plan.picks
    assert pick.of_open_cases_alone, plan


@pytest.mark.parametrize("scope", SCOPES | MIXED_SCOPES)
def test_the_holders_on_offer_are_read_from_the_open_cases_alone(plans, county, scope):
    reach = (SCOPES | MIXED_SCOPES)[scope](county)
    (plan,) = plans(lambda session: choices.choices(session, scope=reach))
    (read,) = plan.reads
    assert read.of_open_cases_alone, plan


@pytest.mark.parametrize("term", ["2026-17", COMMON_NAME, "13812345678"])
def test_a_search_goes_by_the_indexes_of_what_it_looks_for(plans, county, term):
    (plan,) = plans(
        lambda session: queue.search(
            session, scope=whole(county), term=term, now=NOW, parties=whole(county)
        )
    )
    wanted = r"\b(case_no|external_no|name_index|phone_index)\b"
    assert len(plan.picks) >= 3, plan
    assert all(read.indexes and re.search(wanted, read.by) for read in plan.picks), plan


def test_the_loads_of_the_candidates_are_read_from_the_open_cases_alone(plans, county):
    case_no = f"B{FIRST_ID + CASES - 1}"
    found = plans(
        lambda session: candidates.choice(session, scope=whole(county), case_no=case_no, now=NOW)
    )
    reads = [read for plan in found for read in plan.reads]
    assert all(read.indexes for read in reads), found
    (loads,) = [read for read in reads if read.of_open_cases_alone]
    assert loads.index_only
    assert loads.indexes == {"ix_cases_queue_mediator"}


WORKLOAD_SCOPES = pytest.mark.parametrize("scope", ["the county", "a committee", "their own"])


@WORKLOAD_SCOPES
def test_the_cases_of_a_workload_are_read_by_the_index_of_who_holds_what(plans, county, scope):
    """What is held now: of open cases, by the index alone. Before: by ids of what closed since."""
    reach = SCOPES[scope](county)
    found = plans(lambda session: loads.workload(session, scope=reach, now=NOW))
    # The cases of the meetings that are booked are fetched by their keys.
    reads = [read for plan in found for read in plan.picks]
    assert all(read.index_only for read in reads), found
    closed = [read for read in reads if not read.of_open_cases_alone]
    # How many were closed, and how many of them were met, in the last weeks.
    assert [read.indexes for read in closed] == [{"ix_cases_closed"}] * 2, found
    assert all(re.search(r"closed_at ?>", read.by) for read in closed), found


@WORKLOAD_SCOPES
def test_a_past_workload_is_read_from_what_was_open_or_closed_since(db, county, scope):
    """By the values at hand alone: how much was closed since a moment no general plan can know."""
    reach, at = SCOPES[scope](county), NOW - timedelta(days=3)

    def ask(session):
        loads.workload(session, scope=reach, now=NOW, at=at)

    made = _sqlite_plans(db, ask) if db.is_sqlite else _postgresql_plans(db, ask, general=False)
    found = [*made]
    # What is shown of each case is fetched by its key.
    picks = [read for plan in found for read in plan.picks]
    others = [read for read in picks if not read.of_open_cases_alone]
    assert [read.indexes for read in others] == [{"ix_cases_closed"}] * 3, found
    assert all(re.search(r"closed_at ?>", read.by) for read in others), found
