"""An import at work: what those who wait can see, what others can do, and what a kill leaves.

The other processes, a dispatcher's and an importer's, are this file run as a program.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import count, cycle
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import exc, func, select

from data_access.commands.import_file import import_file, rehearse_file
from data_access.commands.reassign import reassign_case
from data_access.engine import Database, open_engine
from data_access.imports import lines, progress
from data_access.imports.staging import Staging
from data_access.queries.import_runs import RunningImport, running_import
from data_access.tables import AuditLine, Case, ImportBatch, ImportRun
from data_access.vault import Vault
from domain.cases import ReassignReason
from domain.imports import FileProblem, FileRefused, Profile, Progress, Step
from domain.people import Actor, Permission, Scope
from tests.bench import ledger
from tests.invariants import assert_hold
from tests.world import NOW, World

ROOT = Path(__file__).parents[2]
KEY = bytes(range(32))
ROWS, FEW_ROWS, KILLS = 3_000, 600, 5


def dispatcher(county: int, user_id: int) -> Actor:
    everywhere = Scope(county, whole_county=True)
    return Actor(user_id, "", county, dict.fromkeys(Permission, everywhere))


def hand_on(db, actor, case_no, mediators, number):
    """Give the case to whoever does not hold it; how long that took, in seconds."""
    with db.read() as session:
        case = session.scalars(select(Case).where(Case.case_no == case_no)).one()
    (to,) = [one for one in mediators if one != case.mediator_id]
    start = time.monotonic()
    reassign_case(
        db,
        case_no=case_no,
        to_mediator_id=to,
        reason=ReassignReason.OVERLOAD,
        note="负荷过高,分流",
        expected_version=case.version,
        actor=actor,
        now=NOW + timedelta(seconds=number),
        key=f"{case_no}-{number}",
    )
    return time.monotonic() - start


# --- the other processes ---------------------------------------------------------------------


def say(what):
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def hand_on_for_ever(db, county, user_id, case_no, mediators):
    actor = dispatcher(county, user_id)
    for number in count():
        say(hand_on(db, actor, case_no, mediators, number))


def take_in(db, county, user_id, path):
    report = import_file(
        db,
        content=Path(path).read_bytes(),
        file_name="台账.csv",
        actor=dispatcher(county, user_id),
        now=NOW,
        progress=lambda told: say(told.step),
    )
    say(report.added)


if __name__ == "__main__":
    work = {"hand_on": hand_on_for_ever, "take_in": take_in}[sys.argv[1]]
    work(Database(open_engine(os.environ["OTHER_URL"]), Vault(KEY)), *json.loads(sys.argv[2]))


@contextmanager
def another_process(db, work, *arguments):
    process = subprocess.Popen(  # noqa: S603 - this very file
        [sys.executable, "-m", "tests.db.test_import_runs", work, json.dumps(arguments)],
        cwd=ROOT,
        env={**os.environ, "OTHER_URL": db.bind.url.render_as_string(hide_password=False)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


# --- what is told, and what is written down --------------------------------------------------


@pytest.fixture
def take(db, world):
    def run(content=None, *, actor=None, rehearse=False, **options):
        return (rehearse_file if rehearse else import_file)(
            db,
            content=content or ledger.as_csv(5),
            file_name="台账.csv",
            actor=actor or world.system,
            now=NOW,
            **options,
        )

    return run


def runs(db):
    with db.read() as session:
        return session.scalars(select(ImportRun).order_by(ImportRun.id)).all()


def test_the_listener_hears_every_step_in_order(take, monkeypatch):
    monkeypatch.setattr(lines, "PORTION", 2)
    told = []
    assert take(progress=told.append).added == 5
    assert list(dict.fromkeys(one.step for one in told)) == [
        Step.READING,
        Step.SEALING,
        Step.WAITING,
        Step.WRITING,
    ]
    sealing = [one for one in told if one.step is Step.SEALING]
    assert sealing == [Progress(Step.SEALING, done, 5) for done in (0, 2, 4)]


def test_a_rehearsal_tells_how_far_it_is_and_leaves_no_run(db, take):
    told = []
    assert take(rehearse=True, progress=told.append).added == 5
    assert [one.step for one in told] == [Step.READING, Step.CHECKING]
    assert runs(db) == []


def test_a_run_is_written_down_from_its_beginning_to_its_end(db, world, take):
    seen = []

    def look(_progress):
        seen.extend(one.step for one in runs(db))

    take(progress=look)
    # What is told under the lock cannot be written down, so that is written before.
    assert list(dict.fromkeys(seen)) == [Step.SEALING, Step.WRITING]
    (run,) = runs(db)
    assert (run.county_id, run.actor_id, run.profile) == (world.county, 0, Profile.CASES)
    assert (run.step, run.started_at) == (Step.DONE, NOW)
    assert NOW < run.beat_at <= run.ended_at < NOW + timedelta(minutes=1)


def test_within_a_step_a_sign_of_life_is_written_once_a_second(db, monkeypatch):
    clock = count()
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock) / 4))
    told, written = [], []
    monkeypatch.setattr(progress.Run, "_write", lambda run, _work: written.append(run._beat))
    run = progress.Run(db, told.append, now=NOW)
    for done in range(20):
        run.at(Step.SEALING, done, 20)
    assert [one.done for one in told] == [*range(20)]
    assert written == [0.25, 1.25, 2.25, 3.25, 4.25]


def test_an_import_that_was_done_is_told_as_done_though_its_end_cannot_be_written(
    db, take, monkeypatch
):
    """Every connection of the pool is in somebody's hands."""
    write, ended = progress.Run._write, []

    def taken(run, work):
        if work.keywords.get("ends"):
            ended.append(run)
            monkeypatch.setattr(type(db), "write", no_connection)
        write(run, work)

    def no_connection(*_, **__):
        raise exc.TimeoutError

    monkeypatch.setattr(progress.Run, "_write", taken)
    assert take().added == 5
    assert len(ended) == 1


def test_rows_wait_beside_the_database_and_leave_no_file_there(committed):
    if not committed.is_sqlite:
        # Its own temporary tables are the server's to keep.
        with committed.aside() as connection:
            Staging(connection)
            places = connection.exec_driver_sql("SELECT to_regclass('pg_temp.staged_case')")
            assert places.scalar() is not None
        return
    folder = Path(committed.bind.url.database).parent
    with committed.aside() as connection:
        Staging(connection)
        opened = [
            str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()
        ]
        (mine,) = {one for one in opened if "/.import-" in one}
        assert Path(mine).parent == folder
        assert not [*folder.glob(".import-*")]


@pytest.mark.parametrize("step", [Step.SEALING, Step.WAITING, Step.WRITING])
def test_a_run_that_is_broken_off_is_stopped_and_changed_nothing(db, take, step):
    def break_off(told):
        if told.step is step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(progress=break_off)
    (run,) = runs(db)
    assert (run.step, run.ended_at is None) == (Step.STOPPED, False)
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 0
        assert session.scalar(select(func.count()).select_from(ImportBatch)) == 0


def test_a_file_that_turns_out_too_heavy_is_refused_and_its_run_stopped(db, take, monkeypatch):
    monkeypatch.setattr(lines, "MOST_CHARACTERS", 1_000)
    with pytest.raises(FileRefused) as refused:
        take(ledger.as_csv(40))
    assert refused.value.problem is FileProblem.TOO_HEAVY
    assert [one.step for one in runs(db)] == [Step.STOPPED]


def test_what_cannot_be_written_down_does_not_end_the_import(db, take, monkeypatch):
    """The sign of life is for others; the work goes on without it."""

    def fails(_run, session, **_options):
        session.execute(select(func.no_such_function()))

    monkeypatch.setattr(progress.Run, "_insert", fails)
    assert take().added == 5
    assert runs(db) == []


# --- who waits -------------------------------------------------------------------------------


@pytest.fixture
def put_run(world):
    def put(*, beat, step=Step.SEALING, **over):
        world.add(
            ImportRun(
                **{
                    "county_id": world.county,
                    "actor_id": 1,
                    "profile": Profile.CASES,
                    "started_at": NOW - timedelta(hours=1),
                    "beat_at": NOW - beat,
                    "step": step,
                    "done": 3,
                    "total": 9,
                    **over,
                }
            )
        )

    return put


def seen(db, scope):
    with db.read() as session:
        return running_import(session, scope=scope, now=NOW)


SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("step", "beat", "alive"),
    [
        (Step.SEALING, SECOND, True),
        (Step.SEALING, 2 * MINUTE - SECOND, True),
        (Step.SEALING, 2 * MINUTE + SECOND, False),
        (Step.WRITING, 10 * MINUTE - SECOND, True),
        (Step.WRITING, 10 * MINUTE + SECOND, False),
    ],
)
def test_a_run_without_a_sign_of_life_is_dead(db, world, put_run, step, beat, alive):
    put_run(beat=beat, step=step)
    put_run(beat=SECOND, step=Step.DONE, ended_at=NOW)
    found = seen(db, Scope(world.county, whole_county=True))
    assert (found is not None) == alive
    if found is not None:
        assert found == RunningImport(Progress(step, 3, 9), NOW - timedelta(hours=1))


def test_of_several_the_one_that_writes_is_told_of(db, world, put_run):
    put_run(beat=SECOND)
    put_run(beat=5 * SECOND, step=Step.WRITING)
    put_run(beat=2 * SECOND)
    assert seen(db, Scope(world.county, whole_county=True)).is_writing


def test_a_town_learns_that_somebody_imports_and_no_figures(db, world, put_run):
    put_run(beat=SECOND)
    found = seen(db, Scope(world.county, towns=frozenset({world.town_a})))
    assert found.progress == Progress(Step.SEALING, 0, 0)
    assert seen(db, Scope(world.county + 1, whole_county=True)) is None


# --- the very same file ----------------------------------------------------------------------


def of_town(world, town, name):
    return world.actor(name, scope=Scope(world.county, towns=frozenset({town})))


def test_what_one_town_took_of_a_file_is_not_in_the_countys_way(db, world, take):
    for name in ledger.mediator_names()[:5]:
        world.mediator(name)
    town_a, town_b = of_town(world, world.town_a, "甲"), of_town(world, world.town_b, "乙")
    another_a = of_town(world, world.town_a, "丙")
    first = take(actor=town_a)
    assert (first.added, first.rejected) == (3, 2)
    assert (take(actor=town_b).added, take(actor=town_b).same_as is None) == (2, False)
    # A colleague of the same town may not know of the batch, and is told of none.
    colleague = take(actor=another_a)
    assert (colleague.unchanged, colleague.same_as) == (3, None)
    county = take()
    assert (county.same_as, county.unchanged, county.rejected) == (None, 5, 0)
    assert take().same_as == county.batch_id
    assert take(actor=town_a).same_as == first.batch_id


# --- others work meanwhile -------------------------------------------------------------------


@pytest.fixture
def county(committed, tmp_path):
    """(world, user, two mediators, two cases of theirs, the file of a ledger)."""
    world = World(committed)
    for name in ledger.mediator_names():
        world.mediator(name, capacity=1000)
    both = [world.mediator(name, capacity=10_000) for name in ("李秀英", "王桂兰")]
    cases = [world.case(mediator_id=both[0]).case_no for _ in range(2)]
    path = tmp_path / "ledger.csv"
    path.write_bytes(ledger.as_csv(ROWS))
    return world, world.user().id, both, cases, path


def test_cases_are_handed_on_while_a_file_is_taken_in(committed, county):
    """By another thread and by another process: each waits at most, nobody is refused."""
    world, user_id, both, (first, second), path = county
    actor, over = dispatcher(world.county, user_id), threading.Event()

    def hand_on_until_over():
        numbers = count(1)
        while not over.is_set():
            yield hand_on(committed, actor, first, both, next(numbers))

    def watch():
        while not over.is_set():
            found = seen_at(committed, world)
            if found:
                yield found.progress.step
            time.sleep(0.02)

    arguments = (world.county, user_id, second, both)
    with ThreadPoolExecutor(2) as pool, another_process(committed, "hand_on", *arguments) as other:
        assert float(other.stdout.readline()) >= 0
        here, steps = pool.submit(lambda: [*hand_on_until_over()]), pool.submit(lambda: {*watch()})
        try:
            report = import_file(
                committed,
                content=path.read_bytes(),
                file_name="台账.csv",
                actor=world.system,
                now=NOW,
            )
        finally:
            over.set()
        waits = here.result(timeout=60)
        assert other.poll() is None, "the other process met an error"
        other.kill()
        there = other.stdout.read().split()
    assert report.added == ROWS
    assert len(waits) > 1
    assert len(there) > 1
    assert {Step.SEALING, Step.WRITING} <= steps.result(timeout=60)
    with committed.read() as session:
        versions = dict(session.execute(select(Case.case_no, Case.version)).all())
    assert versions[first] == 1 + len(waits)
    # One more may have been done whose answer was not read.
    assert 0 <= versions[second] - 2 - len(there) <= 1
    assert_hold(committed, county_id=world.county)


def seen_at(db, world):
    with db.read() as session:
        scope = Scope(world.county, whole_county=True)
        return running_import(session, scope=scope, now=NOW + timedelta(seconds=1))


# --- kill -9 ---------------------------------------------------------------------------------

MOMENTS = (Step.READING, Step.SEALING, Step.WAITING, Step.WRITING)


def kill_after(process, step, seconds):
    """Kill the importer so long after it says that it came to a step. Whether it was faster."""
    for line in process.stdout:
        if line.strip() == step:
            time.sleep(seconds)
            break
    process.send_signal(signal.SIGKILL)
    return process.wait() == 0


def test_a_killed_importer_leaves_all_of_its_file_or_nothing(committed, county):
    world, user_id, _both, cases, path = county
    path.write_bytes(ledger.as_csv(FEW_ROWS))
    chance, moments = random.Random(), cycle(MOMENTS)
    finished = 0
    for _ in range(KILLS):
        with another_process(committed, "take_in", world.county, user_id, str(path)) as process:
            finished += kill_after(process, next(moments), chance.uniform(0, 0.3))
        with committed.read() as session:
            there = session.scalar(select(func.count()).select_from(Case)) - len(cases)
            batches = session.scalar(select(func.count()).select_from(ImportBatch))
            told = session.scalar(
                select(func.count()).select_from(AuditLine).where(AuditLine.action == "import:run")
            )
        assert (there, batches, told) in {(0, 0, 0), (FEW_ROWS, 1, 1)}
    report = import_file(
        committed,
        content=path.read_bytes(),
        file_name="台账.csv",
        actor=dispatcher(world.county, user_id),
        now=NOW,
        again=True,
    )
    assert (report.added + report.unchanged, report.rejected) == (FEW_ROWS, 0)
    assert_hold(committed, county_id=world.county)
    assert finished < KILLS
