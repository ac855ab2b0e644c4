"""How the databases read the trail: along one index in the order of the screen, and no further.

The planners themselves are asked, as a time would depend on the machine. SQLite has the statistics
that the day's work makes, PostgreSQL those of its autovacuum.
"""

import re
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import event

from data_access.engine import Database, open_engine
from data_access.queries import trail
from data_access.queries.trail import Cursor, Filters
from domain.people import Scope
from domain.trail import ACTIONS, DeedGroup
from tests.bench.long_trail import LongTrail
from tests.world import NOW, World

LINES = 20_000
READS = frozenset(ACTIONS[DeedGroup.READS])
BY_TIME, BY_SUBJECT, BY_ACTOR, BY_ACTION = (
    f"ix_audit_log_county_id_{name}"
    for name in ("at_seq", "subject_at_seq", "actor_id_at_seq", "action_at_seq")
)


@pytest.fixture(scope="module")
def county(new_database, vault):
    db = Database(open_engine(new_database()), vault)
    written = LongTrail(db, World(db).county, since=NOW)
    written.write(LINES)
    yield written
    db.dispose()


def asked(county, filters, after):
    """The two statements that a page asks of the trail, with their values."""
    seen = []

    def note(connection, cursor, statement, parameters, *_):
        if "FROM audit_log" in statement:
            seen.append((statement, parameters))

    event.listen(county.db.bind, "before_cursor_execute", note)
    try:
        with county.db.read() as session:
            scope = Scope(county.county_id, whole_county=True)
            page = trail.page(session, scope=scope, filters=filters, after=after)
    finally:
        event.remove(county.db.bind, "before_cursor_execute", note)
    assert page.lines
    which, fetch = seen
    return which, fetch


def sqlite_plan(db, statement, values):
    """(index and terms of each read of the trail, whether any read was sorted to be cut)."""
    with db.bind.connect() as connection:
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    reads, within = [], set()
    for step in steps:
        if "audit_log" in step[3]:
            match = re.fullmatch(
                r"SEARCH audit_log USING (?:COVERING )?INDEX (\w+) \((.*)\)", step[3]
            )
            assert match, step[3]  # anything else walks all of it
            reads.append((match[1], match[2]))
            within.add(step[1])
    sorts = {step[1] for step in steps if "TEMP B-TREE" in step[3]}
    return reads, bool(within & sorts)


def postgresql_plan(db, statement, values, *, mode):
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
    numbered = statement % {name: f"${place}" for place, name in enumerate(names, 1)}
    with (
        db.bind.connect() as connection,
        psycopg.ClientCursor(connection.connection.driver_connection) as cursor,
    ):
        cursor.execute(f"SET LOCAL plan_cache_mode = {mode}")
        cursor.execute(f"PREPARE asked AS {numbered}")
        execute = f"EXPLAIN (FORMAT JSON) EXECUTE asked({', '.join(['%s'] * len(names))})"
        cursor.execute(execute, [values[name] for name in names])
        ((found,),) = cursor.fetchall()
        cursor.execute("DEALLOCATE asked")
    reads, is_sorted = [], False
    for node, above in nodes(found[0]["Plan"], ()):
        if node.get("Relation Name") == "audit_log":
            inner = [one for one, _ in nodes(node, ()) if "Index Name" in one]
            assert inner, node  # a scan without an index walks all of it
            reads += [(one["Index Name"], one.get("Index Cond", "")) for one in inner]
            is_sorted = is_sorted or above[-1:] == ("Sort",)
    return reads, is_sorted


def nodes(node, above):
    yield node, above
    for inner in node.get("Plans", ()):
        yield from nodes(inner, (*above, node["Node Type"]))


@pytest.fixture(params=["for these values", "for all values"])
def plan(request, county):
    """Explains a statement: a function that returns its reads, and whether one was sorted."""
    if county.db.is_sqlite:
        return lambda statement, values: sqlite_plan(county.db, statement, values)
    general = request.param == "for all values"
    mode = "force_generic_plan" if general else "force_custom_plan"
    return lambda statement, values: postgresql_plan(county.db, statement, values, mode=mode)


MONTH = {"since": NOW, "until": NOW + timedelta(days=30)}
WALKED = {
    "everything": (Filters(), {BY_TIME}),
    "a day": (Filters(since=NOW, until=NOW + timedelta(days=1)), {BY_TIME}),
    "a busy person": (Filters(actor_id=1), {BY_ACTOR}),
    "a person's month": (Filters(actor_id=200, **MONTH), {BY_ACTOR}),
    "one action": (Filters(actions=frozenset({"case:unmask"})), {BY_ACTION}),
    "reads": (Filters(actions=READS), {BY_ACTION}),
    "a month's reads": (Filters(actions=READS, **MONTH), {BY_ACTION}),
}


@pytest.mark.parametrize("after", [None, "the middle"], ids=["first", "deep"])
@pytest.mark.parametrize("name", WALKED)
def test_a_page_walks_one_index_in_the_order_of_the_screen(plan, county, name, after):
    filters, indexes = WALKED[name]
    middle = Cursor(county.at(LINES // 2), LINES // 2)
    which, fetch = asked(county, filters, after and middle)
    reads, is_sorted = plan(*which)
    assert {index for index, _terms in reads} == indexes, reads
    assert not is_sorted
    # Where the page begins is found, not walked to.
    assert after is None or all(re.search(r"\bat\b", terms) for _index, terms in reads), reads
    fetched, _ = plan(*fetch)
    assert all("pk" in index or "autoindex" in index for index, _terms in fetched)


def test_a_thing_is_found_by_its_own_index_whatever_else_is_asked(plan, county):
    with county.db.read() as session:
        page = trail.page(
            session,
            scope=Scope(county.county_id, whole_county=True),
            filters=Filters(actions=frozenset({"case:unmask"})),
        )
    subject = page.lines[0].subject
    for more in ({}, MONTH):
        which, _fetch = asked(county, Filters(subject=subject, **more), None)
        reads, is_sorted = plan(*which)
        assert {index for index, _terms in reads} == {BY_SUBJECT}, reads
        assert not is_sorted


def test_a_person_and_an_action_are_found_by_one_of_their_indexes(plan, county):
    which, _fetch = asked(county, Filters(actor_id=1, actions=READS), None)
    reads, _sorted = plan(*which)
    assert {index for index, _terms in reads} <= {BY_ACTOR, BY_ACTION}, reads
