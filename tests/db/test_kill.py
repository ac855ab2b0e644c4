"""Kill -9 in the middle: nothing half done, nothing acknowledged lost, a retry does nothing twice.

The writers are processes of their own, which this file is the program of.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from data_access import audit
from data_access.commands.reassign import reassign_case
from data_access.engine import Database, open_engine
from data_access.tables import Assignment, AuditHead, Case, CaseEvent, CaseSpan, IdempotencyKey
from data_access.vault import Vault
from domain.cases import ReassignReason
from domain.errors import Conflict
from domain.people import Actor, Permission, Scope
from tests.world import World

ROOT = Path(__file__).parents[2]
WRITERS, KILLS, CASES = 3, 12, 6
KEY = bytes(range(32))

# --- a writer --------------------------------------------------------------------------------


def actor_of(county: int, user_id: int) -> Actor:
    everywhere = Scope(county, whole_county=True)
    return Actor(user_id, "", county, {Permission.CASE_REASSIGN: everywhere})


def reassign(db, actor, request):
    return reassign_case(
        db,
        **request,
        reason=ReassignReason.OVERLOAD,
        note="负荷过高,分流",
        actor=actor,
        now=datetime.now(UTC),
    )


class Log:
    """Lines that outlive the process that wrote them: one write each, appended."""

    def __init__(self, path):
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, what, **more):
        line = json.dumps({"what": what, "pid": os.getpid(), **more}) + "\n"
        os.write(self._descriptor, line.encode())
        os.fsync(self._descriptor)


def write_for_ever(url, path, county, user_id, mediators):
    """Reassign cases as fast as possible, and write down what was tried and what was answered."""
    db, log = Database(open_engine(url), Vault(KEY)), Log(path)
    actor = actor_of(county, user_id)
    log.write("ready")
    while True:
        with db.read() as session:
            cases = session.execute(select(Case.case_no, Case.version, Case.mediator_id)).all()
        case_no, version, holder = random.choice(cases)
        request = {
            "case_no": case_no,
            "expected_version": version,
            "to_mediator_id": random.choice([one for one in mediators if one != holder]),
            "key": uuid4().hex,
        }
        log.write("try", request=request)
        try:
            moved = reassign(db, actor, request)
        except Conflict:
            log.write("conflict", key=request["key"])
        else:
            log.write("done", key=request["key"], case_no=case_no, version=moved.version)


if __name__ == "__main__":
    write_for_ever(os.environ["WRITER_URL"], *json.loads(sys.argv[1]))


# --- who kills them --------------------------------------------------------------------------


def read_log(path):
    """The lines that were written to their end."""
    whole = path.read_text().rpartition("\n")[0] if path.exists() else ""
    return [json.loads(line) for line in whole.splitlines()]


@contextmanager
def writers(url, arguments):
    """Keeps WRITERS processes at work; gives a function that kills one of them and starts anew."""
    at_work = []

    def start():
        at_work.append(
            subprocess.Popen(  # noqa: S603 - this very file
                [sys.executable, "-m", "tests.db.test_kill", json.dumps(arguments)],
                cwd=ROOT,
                env={**os.environ, "WRITER_URL": url},
            )
        )

    def kill(writer):
        at_work.remove(writer)
        writer.send_signal(signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL, "a writer died by itself"

    def kill_one_that_works(path):
        done = {line["pid"] for line in read_log(path) if line["what"] == "done"}
        ready = [writer for writer in at_work if writer.pid in done]
        if ready:
            kill(random.choice(ready))
            start()
        return bool(ready)

    for _ in range(WRITERS):
        start()
    try:
        yield kill_one_that_works
    finally:
        while at_work:
            kill(at_work[0])


def kill_often(url, path, arguments):
    kills = 0
    until = time.monotonic() + 60
    with writers(url, arguments) as kill_one_that_works:
        while kills < KILLS:
            assert time.monotonic() < until, "the writers do not come to work"
            time.sleep(random.uniform(0.1, 0.8))
            kills += kill_one_that_works(path)


# --- what must hold --------------------------------------------------------------------------


def rows(session, table, case):
    return session.scalars(
        select(table)
        .where(table.county_id == case.county_id, table.case_id == case.id)
        .order_by(table.seq)
    ).all()


def assert_one_story(session, case):
    """Row, events, spans and assignments of an open case agree."""
    events, spans = rows(session, CaseEvent, case), rows(session, CaseSpan, case)
    held = rows(session, Assignment, case)
    versions = list(range(1, case.version + 1))
    assert [one.seq for one in events] == versions
    assert [one.seq for one in spans] == [one.seq for one in held] == versions
    assert [one.at for one in events] == sorted(one.at for one in events)
    for series in (spans, held):
        assert all(before.ends_at == after.starts_at for before, after in pairwise(series))
        assert series[-1].ends_at is None
        assert series[-1].mediator_id == case.mediator_id
    assert [one.mediator_id for one in held[1:]] == [one.data["to"] for one in events[1:]]
    known = [one.recorded_seq for one in spans]
    assert known == sorted(set(known))


def assert_nothing_half_done(db, county, before):
    """Every case tells one story, and so does the county: chain, watermark and keys."""
    with db.read() as session:
        cases = session.scalars(select(Case)).all()
        for case in cases:
            assert_one_story(session, case)
        changes = sum(case.version - 1 for case in cases)
        assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == changes
        head = session.scalars(select(AuditHead)).one()
        assert (head.seq - before.seq, head.data_seq - before.data_seq) == (changes, changes)
        verdict = audit.verify(session, county_id=county)
        assert (verdict.lines, verdict.broken_at) == (head.seq, None)
        if db.is_sqlite:
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"
    return changes


def answers_kept(db):
    with db.read() as session:
        return dict(session.execute(select(IdempotencyKey.key, IdempotencyKey.result)).all())


def wait_for_the_dead(db):
    """PostgreSQL notices only after a moment that a client is gone."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    until = time.monotonic() + 15
    db.dispose()
    while not db.is_sqlite:
        with db.bind.connect() as connection:
            if connection.scalar(others) == 0:
                return
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture
def drill(committed, tmp_path):
    """The database after the drill: (world, head before it, actor, log lines)."""
    world = World(committed)
    mediators = [world.mediator(f"调解员{n}", capacity=10_000) for n in range(4)]
    for n in range(CASES):
        world.case(mediator_id=mediators[n % 4])
    user_id = world.user().id
    with committed.read() as session:
        before = session.scalars(select(AuditHead)).one()
    path = tmp_path / "answers.log"
    url = committed.bind.url.render_as_string(hide_password=False)
    kill_often(url, path, [str(path), world.county, user_id, mediators])
    wait_for_the_dead(committed)
    return world, before, actor_of(world.county, user_id), read_log(path)


def test_after_kills_in_the_middle_the_data_and_the_answers_agree(committed, drill):
    world, before, actor, log = drill
    tried = {line["request"]["key"]: line["request"] for line in log if line["what"] == "try"}
    done = {line["key"]: line for line in log if line["what"] == "done"}
    refused = {line["key"] for line in log if line["what"] == "conflict"}
    unanswered = [tried[key] for key in sorted(tried.keys() - done.keys() - refused)]
    assert len(done) > KILLS
    assert unanswered, "no kill came between a request and its answer"

    changes = assert_nothing_half_done(committed, world.county, before)
    kept = answers_kept(committed)
    for key, line in done.items():
        assert kept[key]["version"] == line["version"], "an acknowledged change is lost"
        assert kept[key]["mediator_id"] == tried[key]["to_mediator_id"]
    assert not refused & kept.keys(), "what was called a conflict was done"
    assert set(kept) <= tried.keys()

    # Whoever got no answer asks again, twice: done at most once, and always the same answer.
    for request in unanswered:
        first, second = (answer(committed, actor, request) for _ in range(2))
        assert first == second
        assert first is None or first.mediator_id == request["to_mediator_id"]
        if request["key"] in kept:
            assert first.version == kept[request["key"]]["version"]
    # Whoever got an answer and asks again gets it again.
    for key in random.sample(sorted(done), 10):
        assert answer(committed, actor, tried[key]).version == done[key]["version"]

    later = assert_nothing_half_done(committed, world.county, before)
    assert later - changes == len(answers_kept(committed)) - len(kept) <= len(unanswered)


def answer(db, actor, request):
    """What a retry is answered; None for a conflict."""
    try:
        return reassign(db, actor, request)
    except Conflict:
        return None
