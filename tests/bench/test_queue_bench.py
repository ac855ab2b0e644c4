"""The queue over a million cases: prints what it costs, and fails on growth, not on the clock.

Run with `make bench`. BENCH_CASES changes the size.
"""

import os
import random
import statistics
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, text

from data_access.queries import candidates, choices, queue
from data_access.queries.queue import Filters
from data_access.tables import Case, Mediator
from domain.cases import Lamp, Risk, Stage
from domain.organisation import UnitLevel
from domain.people import Scope
from tests.world import NOW, World

pytestmark = pytest.mark.bench

CASES = int(os.environ.get("BENCH_CASES", "1000000"))
# 1.6 % of all cases are open: what a province-sized history leaves at any time.
OPEN_EVERY = 62
ROUNDS = 60
TYPES = ("0101", "0201", "0402", "0503", "0701", "0901")
STAGES = (Stage.REGISTERED, Stage.ACCEPTED, Stage.IN_MEDIATION, Stage.PERFORMANCE)


def fill(db, world, count, chance, first_id=1):
    """`count` cases in bulk, of which every OPEN_EVERYth is open."""
    towns = [world.town_a, world.town_b]
    communities = {world.town_a: world.community_a, world.town_b: world.community_b}
    people = world.people
    nonce = os.urandom(60)

    def row(number):
        town = towns[number % 2]
        is_open = number % OPEN_EVERY == 0
        stage = chance.choice(STAGES) if is_open else Stage.CLOSED
        held = stage in (Stage.IN_MEDIATION, Stage.PERFORMANCE)
        registered = NOW - timedelta(minutes=number % 1_000_000)
        due = NOW + timedelta(hours=chance.randint(-60, 700)) if is_open else None
        return {
            "county_id": world.county,
            "id": number,
            "case_no": f"B{number}",
            "town_id": town,
            "community_id": communities[town],
            "grid_id": None,
            "type_code": chance.choice(TYPES),
            "source_code": f"S0{chance.randint(1, 9)}",
            "scale_code": "01",
            "difficulty": "ordinary",
            "risk": chance.randint(1, 4),
            "stage": stage,
            "is_open": int(is_open),
            "paused": 0,
            "occurred_on": registered.date(),
            "registered_at": registered,
            "stage_since": registered,
            "due_at": due,
            "soon_at": due - timedelta(hours=50) if due else None,
            "closed_at": None if is_open else registered + timedelta(days=5),
            "mediator_id": chance.choice(people) if held else None,
            "committee_id": world.committee_a if held else None,
            "held_since": registered if held else None,
            "people_count": 2,
            "weight": 10,
            "title_encrypted": nonce,
            "version": 1,
            "updated_at": registered,
        }

    step = 20_000
    for start in range(first_id, first_id + count, step):
        rows = [row(number) for number in range(start, min(start + step, first_id + count))]
        db.write(lambda session, rows=rows: session.execute(insert(Case), rows))
    with db.bind.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def measured(work):
    """Milliseconds of ROUNDS runs, warm."""
    work()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    return statistics.median(times), times[int(len(times) * 0.95)]


def questions(world):
    whole = Scope(world.county, whole_county=True)
    town = Scope(world.county, towns=frozenset({world.town_a}))
    mine = Scope(world.county, mediators=frozenset({world.people[0]}))
    late = Filters(lamps=frozenset({Lamp.LATE}), type_code="05")
    rare = Filters(
        stage=Stage.ACCEPTED, risk=Risk.RED, source_code="S03", unit=(UnitLevel.TOWN, world.town_b)
    )
    return {
        "page, county": lambda s: queue.page(s, scope=whole, filters=Filters(), now=NOW),
        "page, town": lambda s: queue.page(s, scope=town, filters=Filters(), now=NOW),
        "page, a mediator's own": lambda s: queue.page(s, scope=mine, filters=Filters(), now=NOW),
        "page, stage": lambda s: queue.page(
            s, scope=whole, filters=Filters(stage=Stage.ACCEPTED), now=NOW
        ),
        "page, late traffic": lambda s: queue.page(s, scope=whole, filters=late, now=NOW),
        "page, four filters": lambda s: queue.page(s, scope=whole, filters=rare, now=NOW),
        "page, holder": lambda s: queue.page(
            s, scope=whole, filters=Filters(mediator_id=world.people[1]), now=NOW
        ),
        "page, deep": lambda s: queue.page(
            s, scope=whole, filters=Filters(), now=NOW, after=world.deep
        ),
        "counts, county": lambda s: queue.counts(s, scope=whole, filters=Filters(), now=NOW),
        "counts, town": lambda s: queue.counts(s, scope=town, filters=Filters(), now=NOW),
        "counts, late traffic": lambda s: queue.counts(s, scope=whole, filters=late, now=NOW),
        "choices, county": lambda s: choices.choices(s, scope=whole),
        "search, number": lambda s: queue.search(
            s, scope=whole, term="B777", now=NOW, parties=whole
        ),
        "search, name": lambda s: queue.search(
            s, scope=whole, term="王小明", now=NOW, parties=whole
        ),
        "candidates": lambda s: candidates.choice(
            s, scope=whole, case_no=f"B{OPEN_EVERY}", now=NOW
        ),
    }


def test_the_queue_over_a_million_cases(committed, capsys):
    world = World(committed)
    world.people = [world.mediator(f"调解员{place}") for place in range(200)]
    chance = random.Random(510129)
    kind = committed.bind.dialect.name
    committed.write(lambda s: s.execute(Mediator.__table__.update().values(capacity=200)))

    def report(size):
        with committed.read() as session:
            part = queue.page(
                session,
                scope=Scope(world.county, whole_county=True),
                filters=Filters(),
                now=NOW,
                size=size // OPEN_EVERY // 2,
            )
        world.deep = part.next
        found = {}
        with committed.read() as session:
            for name, ask in questions(world).items():
                found[name] = measured(lambda ask=ask: ask(session))
        return found

    tenth = CASES // 10
    fill(committed, world, tenth, chance)
    small = report(tenth)
    start = datetime.now(UTC)
    fill(committed, world, CASES - tenth, chance, first_id=tenth + 1)
    loaded = (datetime.now(UTC) - start).total_seconds()
    large = report(CASES)
    with capsys.disabled():
        print(f"\n{kind}: {CASES:,} cases, {CASES // OPEN_EVERY:,} open; loaded in {loaded:.0f} s")
        print(f"  {'milliseconds':<26}{'p50':>8}{'p95':>8}   (p50 at a tenth of the size)")
        for name, (median, high) in large.items():
            print(f"  {name:<26}{median:>8.2f}{high:>8.2f}   ({small[name][0]:.2f})")
