"""The queue over a million cases: prints what each question costs; fails where history costs more.

Run with `make bench`; BENCH_CASES changes the size. Each question is asked over a tenth of the
history and over all of it, with the same open cases: what it costs must not depend on the rest.
"""

import os
import statistics
import time

import pytest
from sqlalchemy import event

from data_access.queries import candidates, choices, queue
from data_access.queries.queue import UNASSIGNED, Filters
from data_access.tables import Case
from domain.cases import Lamp, Risk, Stage
from domain.organisation import UnitLevel
from domain.people import Scope
from tests.bench.long_history import COMMON_NAME, FIRST_ID, LongHistory
from tests.world import NOW

pytestmark = pytest.mark.bench

CASES = int(os.environ.get("BENCH_CASES", "1000000"))
# As many as a million cases leave open when one takes six days on average, in a year of them.
OPEN_EVERY = 62
ROUNDS = 100


def page(scope, filters=None, **over):
    narrowed = filters or Filters()
    return lambda s: queue.page(s, scope=scope, filters=narrowed, now=NOW, **over)


def counts(scope, filters=None):
    narrowed = filters or Filters()
    return lambda s: queue.counts(s, scope=scope, filters=narrowed, now=NOW)


def search(scope, term):
    return lambda s: queue.search(s, scope=scope, term=term, now=NOW, parties=scope)


def questions(history):
    """What screens ask, by name: for the whole county, for parts of it, under filters."""
    county = history.county
    whole = Scope(county, whole_county=True)
    towns = history.busiest(Case.town_id, among=6)
    communities = history.busiest(Case.community_id, among=12)
    (grid,) = history.busiest(Case.grid_id, among=20)[-1:]
    committees = history.busiest(Case.committee_id, among=4)
    holder, colleague = history.busiest(Case.mediator_id, among=2)
    town = Scope(county, towns=frozenset(towns[1:2]))
    mixed = Scope(county, towns=frozenset(towns[3:5]), committees=frozenset(committees[-1:]))
    few = Scope(
        county,
        communities=frozenset(communities[9:12]),
        grids=frozenset({grid}),
        mediators=frozenset({colleague}),
    )
    late = Filters(lamps=frozenset({Lamp.LATE}), type_code="05")
    rare = Filters(
        stage=Stage.ACCEPTED, risk=Risk.RED, source_code="S03", unit=(UnitLevel.TOWN, towns[2])
    )
    with history.db.read() as session:
        deep = page(whole, size=CASES // OPEN_EVERY // 2)(session).next
    number = f"B{FIRST_ID + CASES // 10 - 1}"
    return {
        "page, county": page(whole),
        "page, county, deep": page(whole, after=deep),
        "page, town": page(town),
        "page, community": page(Scope(county, communities=frozenset(communities[:1]))),
        "page, grid": page(Scope(county, grids=frozenset({grid}))),
        "page, committee": page(Scope(county, committees=frozenset(committees[:1]))),
        "page, a mediator's own": page(Scope(county, mediators=frozenset({holder}))),
        "page, two towns + committee": page(mixed),
        "page, 3 communities + own": page(few),
        "page, stage": page(whole, Filters(stage=Stage.IN_MEDIATION)),
        "page, stage, deep": page(whole, Filters(stage=Stage.IN_MEDIATION), after=deep),
        "page, type": page(whole, Filters(type_code="0503")),
        "page, nobody": page(whole, Filters(mediator_id=UNASSIGNED)),
        "page, holder": page(whole, Filters(mediator_id=holder)),
        "page, late traffic": page(whole, late),
        "page, four filters": page(whole, rare),
        "counts, county": counts(whole),
        "counts, town": counts(town),
        "counts, two towns + committee": counts(mixed),
        "counts, late traffic": counts(whole, late),
        "choices, county": lambda s: choices.choices(s, scope=whole),
        "choices, town": lambda s: choices.choices(s, scope=town),
        "search, number": search(whole, number),
        "search, phone": search(whole, "13812345678"),
        "search, a common name": search(whole, COMMON_NAME),
        "search, the same in a town": search(town, COMMON_NAME),
        "candidates": lambda s: candidates.choice(s, scope=whole, case_no=number, now=NOW),
        "rows by number": lambda s: queue.by_numbers(s, scope=whole, case_nos=(number,), now=NOW),
    }


def measured(session, ask):
    """Milliseconds of ROUNDS runs, warm: the least, the median, the 95th of a hundred."""
    ask(session)
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        ask(session)
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    return times[0], statistics.median(times), times[int(len(times) * 0.95)]


def statements(db, session, ask):
    """How many statements one run takes."""
    seen = []

    def note(*call):
        seen.append(call[2])

    event.listen(db.bind, "before_cursor_execute", note)
    ask(session)
    event.remove(db.bind, "before_cursor_execute", note)
    return len(seen)


def report(history):
    with history.db.read() as session:
        return {
            name: (*measured(session, ask), statements(history.db, session, ask))
            for name, ask in questions(history).items()
        }


def test_the_queue_over_a_million_cases(committed, capsys):
    history = LongHistory(committed, now=NOW)
    history.begin(CASES // 10, open_cases=CASES // OPEN_EVERY)
    short = report(history)
    start = time.perf_counter()
    history.grow(CASES - CASES // 10)
    grown = time.perf_counter() - start
    long = report(history)
    with capsys.disabled():
        kind = committed.bind.dialect.name
        print(f"\n{kind}: {CASES:,} cases, {CASES // OPEN_EVERY:,} open; grown in {grown:.0f} s")
        print(f"  {'milliseconds':<30}{'least':>8}{'p50':>8}{'p95':>8}{'statements':>12}", end="")
        print("   p50, p95 with a tenth of the history")
        for name, (least, median, high, asked) in long.items():
            print(f"  {name:<30}{least:>8.2f}{median:>8.2f}{high:>8.2f}{asked:>12}", end="")
            print(f"   {short[name][1]:.2f}, {short[name][2]:.2f}")
    assert {n: one[3] for n, one in long.items()} == {n: one[3] for n, one in short.items()}
