"""One way to read, one way to write: what `Database` promises, with real commits."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace

import pysqlite3.dbapi2
import pytest
from sqlalchemy import event, func, inspect, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from data_access import engine as engines
from data_access import migrate
from data_access.engine import Database, FairLock, open_engine
from data_access.tables import Site
from domain.errors import NotFound


def site(session, name, value="1"):
    session.merge(Site(name=name, value=value))
    session.flush()


def value(db, name="n"):
    with db.read() as session:
        return session.scalar(select(Site.value).where(Site.name == name))


def wait_until(holds, seconds=10):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "never came true"
        time.sleep(0.005)


@pytest.fixture
def pauses(monkeypatch):
    """Pauses between attempts are written down instead of slept."""
    taken = []
    monkeypatch.setattr(engines, "time", SimpleNamespace(sleep=taken.append))
    return taken


# --- the lock --------------------------------------------------------------------------------


def test_who_came_first_is_served_first():
    lock, served, threads = FairLock(), [], []

    def customer(number):
        with lock:
            served.append(number)

    with lock:
        for number in range(12):
            threads.append(threading.Thread(target=customer, args=(number,)))
            threads[-1].start()
            wait_until(lambda: len(lock._waiting) == len(threads))
    for thread in threads:
        thread.join(10)
    assert served == list(range(12))


def test_the_lock_is_held_by_one_alone():
    lock, inside, most = FairLock(), [], []

    def customer(_):
        for _turn in range(50):
            with lock:
                inside.append(1)
                most.append(len(inside))
                time.sleep(0)
                inside.pop()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(customer, range(8)))
    assert set(most) == {1}


def test_the_lock_is_free_after_an_error():
    lock = FairLock()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), lock:
            raise ZeroDivisionError


# --- writing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError, NotFound, KeyboardInterrupt, SystemExit])
def test_whatever_a_work_raises_rolls_back_everything_and_passes_through(committed, error):
    def work(session):
        site(session, "n")
        session.execute(text("CREATE TABLE half_done (id INTEGER)"))
        site(session, "m")
        raise error("stop")

    with pytest.raises(error, match="stop"):
        committed.write(work)
    assert value(committed) is None
    assert value(committed, "m") is None
    assert "half_done" not in inspect(committed.bind).get_table_names()
    # And the next writer is not kept waiting.
    committed.write(lambda session: site(session, "n", "2"))
    assert value(committed) == "2"


def test_a_work_that_breaks_a_rule_of_the_tables_leaves_nothing(committed):
    def work(session):
        site(session, "n")
        session.execute(text("INSERT INTO site (name, value) VALUES ('n', 'twice')"))

    with pytest.raises(DBAPIError):
        committed.write(work)
    assert value(committed) is None


def test_a_write_answers_what_its_work_answers(committed):
    assert committed.write(lambda _session: "answer") == "answer"


def fake(**marks):
    """An error as a driver raises it."""
    orig = Exception("driver")
    for name, mark in marks.items():
        setattr(orig, name, mark)
    return DBAPIError("statement", {}, orig)


@pytest.mark.parametrize(
    "marks",
    [
        {"sqlstate": "40001"},  # serialization failure
        {"sqlstate": "40P01"},  # deadlock
        {"sqlstate": "55P03"},  # lock not available
        {"sqlite_errorname": "SQLITE_BUSY"},
        {"sqlite_errorname": "SQLITE_BUSY_SNAPSHOT"},
    ],
)
def test_what_another_writer_caused_is_tried_again_from_the_start(committed, pauses, marks):
    seen = []

    def work(session):
        seen.append(session.scalar(select(func.count()).select_from(Site)))
        site(session, f"attempt{len(seen)}")
        if len(seen) < 4:
            raise fake(**marks)
        return len(seen)

    before = committed.write(lambda session: session.scalar(select(func.count()).select_from(Site)))
    assert committed.write(work) == 4
    assert seen == [before] * 4  # nothing of the failed attempts is there
    assert value(committed, "attempt3") is None
    assert value(committed, "attempt4") == "1"
    assert len(pauses) == 3
    assert all(0 <= pause <= 0.32 for pause in pauses)


@pytest.mark.parametrize(
    "marks",
    [
        {"sqlstate": "23505"},  # unique violation
        {"sqlstate": "08006"},  # connection lost: whether it was committed is not known
        {"sqlstate": "53100"},  # disk full
        {"sqlite_errorname": "SQLITE_FULL"},
        {"sqlite_errorname": "SQLITE_CORRUPT"},
        {"sqlite_errorname": "SQLITE_CONSTRAINT_UNIQUE"},
        {},
    ],
)
def test_what_trying_again_does_not_mend_passes_through_at_once(committed, pauses, marks):
    calls = []

    def work(_session):
        calls.append(1)
        raise fake(**marks)

    with pytest.raises(DBAPIError):
        committed.write(work)
    assert (len(calls), pauses) == (1, [])


@pytest.mark.parametrize("attempts", [1, 3, 8])
def test_after_the_last_attempt_the_error_passes_through(committed, pauses, attempts):
    calls = []

    def work(_session):
        calls.append(1)
        raise fake(sqlstate="40001")

    with pytest.raises(DBAPIError):
        committed.write(work, attempts=attempts)
    assert (len(calls), len(pauses)) == (attempts, attempts - 1)
    assert all(pause <= 1 for pause in pauses)


def test_two_that_lock_in_opposite_order_both_get_through(committed):
    """A deadlock on PostgreSQL, which one of the two must try again; a queue on SQLite."""
    committed.write(lambda session: [site(session, "a", "0"), site(session, "b", "0")])
    both = threading.Barrier(2)

    def increment(order):
        def work(session):
            for name in order:
                row = session.get(Site, name, with_for_update=True)
                row.value = str(int(row.value) + 1)
                session.flush()
                with suppress(threading.BrokenBarrierError):
                    both.wait(0.5)

        committed.write(work)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(increment, (["a", "b"], ["b", "a"])))
    assert (value(committed, "a"), value(committed, "b")) == ("2", "2")


def test_eight_threads_of_fifty_increments_lose_none(committed):
    committed.write(lambda session: site(session, "n", "0"))
    gate = threading.Barrier(8)

    def increment(session):
        row = session.get(Site, "n", with_for_update=True)
        row.value = str(int(row.value) + 1)

    def writer(_):
        gate.wait()
        for _turn in range(50):
            committed.write(increment)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(writer, range(8)))
    assert value(committed) == "400"


def test_a_writer_in_another_process_is_waited_for(new_database, vault):
    """Two engines share no lock of the process, as a server and a command line do not."""
    url = new_database()
    databases = [Database(open_engine(url), vault) for _ in range(2)]

    def increment(session):
        row = session.get(Site, "n", with_for_update=True)
        row.value = str(int(row.value) + 1)

    databases[0].write(lambda session: site(session, "n", "0"))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda turn: databases[turn % 2].write(increment), range(60)))
    assert value(databases[0]) == "60"
    for one in databases:
        one.dispose()


def test_a_file_that_stays_busy_is_tried_again_and_then_given_up(tmp_path, vault, monkeypatch):
    engine = open_engine(f"sqlite:///{tmp_path / 'busy.db'}")
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=1"))
    migrate.upgrade(engine)
    db = Database(engine, vault)
    holder = pysqlite3.dbapi2.connect(tmp_path / "busy.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(engines, "time", SimpleNamespace(sleep=lambda _pause: None))
    with pytest.raises(OperationalError, match="locked"):
        db.write(lambda session: site(session, "n"), attempts=3)
    # Now the holder lets go during the first pause: the second attempt gets through.
    let_go = SimpleNamespace(sleep=lambda _pause: holder.execute("COMMIT"))
    monkeypatch.setattr(engines, "time", let_go)
    db.write(lambda session: site(session, "n"))
    assert value(db) == "1"
    holder.close()
    db.dispose()


# --- reading ---------------------------------------------------------------------------------


def test_two_reads_of_one_session_are_of_one_moment(committed):
    committed.write(lambda session: site(session, "n", "before"))

    def look(session):
        session.expire_all()
        count = session.scalar(select(func.count()).select_from(Site))
        return session.get(Site, "n").value, session.get(Site, "m"), count

    with committed.read() as session:
        first = look(session)
        committed.write(lambda session: [site(session, "n", "after"), site(session, "m")])
        assert look(session) == first == ("before", None, first[2])
    assert (value(committed), value(committed, "m")) == ("after", "1")


def test_a_reader_neither_waits_for_a_writer_nor_sees_half_of_it(committed):
    committed.write(lambda session: site(session, "n", "before"))
    with ThreadPoolExecutor(1) as pool:

        def work(session):
            site(session, "n", "after")
            return pool.submit(value, committed).result(timeout=5)

        assert committed.write(work) == "before"
    assert value(committed) == "after"


def test_nothing_a_reading_session_does_is_kept(committed):
    with suppress(DBAPIError), committed.read() as session:
        site(session, "n")
    assert value(committed) is None


def test_a_reading_session_cannot_commit(committed):
    for finish in (lambda session: session.commit(), lambda session: session.begin().commit()):
        refused = pytest.raises(RuntimeError, match="only Database")
        with refused, committed.read() as session:
            finish(session)
    assert value(committed) is None


def test_the_vault_comes_with_every_session(committed, vault):
    with committed.read() as session:
        assert engines.vault_of(session) is vault
    assert committed.write(engines.vault_of) is vault


# --- settings --------------------------------------------------------------------------------

SQLITE = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a commit is on the disk before it is acknowledged
    "foreign_keys": 1,
    "mmap_size": 0,
    "trusted_schema": 0,
    "busy_timeout": 10_000,
}
POSTGRESQL = {"synchronous_commit": "on"}


def in_force(db, session):
    asked = "PRAGMA" if db.is_sqlite else "SHOW"
    promised = SQLITE if db.is_sqlite else POSTGRESQL
    return {name: session.scalar(text(f"{asked} {name}")) for name in promised}


def test_every_connection_has_the_settings_promised(committed):
    db = committed
    promised = SQLITE if db.is_sqlite else POSTGRESQL
    with suppress(ZeroDivisionError):
        db.write(lambda _session: 1 / 0)
    migrate.upgrade(db.bind)  # switches foreign keys off and on again
    together = threading.Barrier(5)

    def reader(_):
        with db.read() as session:
            found = in_force(db, session)
            together.wait(10)  # so that each has a connection of its own
            return found

    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(reader, range(5))) == [promised] * 5
    assert db.write(lambda session: in_force(db, session)) == promised


def test_a_reader_is_a_snapshot_and_a_writer_locks(committed):
    if committed.is_sqlite:
        begun = []
        event.listen(
            committed.bind,
            "before_cursor_execute",
            lambda *args: begun.append(args[2]) if args[2].startswith("BEGIN") else None,
        )
        value(committed)
        committed.write(lambda _session: None)
        committed.write(lambda session: site(session, "n"))
        assert begun == ["BEGIN DEFERRED", "BEGIN IMMEDIATE"]
        return
    modes = text(
        "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')"
    )
    with committed.read() as session:
        assert tuple(session.execute(modes).one()) == ("repeatable read", "on")
    assert committed.write(lambda session: tuple(session.execute(modes).one())) == (
        "read committed",
        "off",
    )


def test_a_row_that_refers_to_nothing_is_refused(committed):
    def work(session):
        session.execute(
            text(
                "INSERT INTO import_reject (batch_id, row_number, problems, cells_encrypted)"
                " VALUES (999, 1, '{}', :cells)"
            ),
            {"cells": b"x"},
        )

    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        committed.write(work)


def test_an_old_sqlite_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(pysqlite3.dbapi2, "sqlite_version_info", (3, 51, 2))
    with pytest.raises(RuntimeError, match=r"older than 3\.51\.3"):
        open_engine(f"sqlite:///{tmp_path / 'old.db'}")


# --- prepared aside --------------------------------------------------------------------------


def test_while_one_prepares_aside_others_write_and_then_all_of_it_is_written(committed):
    table = "temp.prepared" if committed.is_sqlite else "pg_temp.prepared"
    with committed.aside() as connection:
        with connection.begin():
            connection.exec_driver_sql(f"CREATE TABLE {table} (name VARCHAR(40))")
            connection.exec_driver_sql("INSERT INTO prepared VALUES ('aside')")
            committed.write(lambda session: site(session, "n", "meanwhile"))

        def copy(session):
            names = session.scalars(text("SELECT name FROM prepared")).all()
            site(session, names[0], "copied")

        committed.write(copy, on=connection)
        assert value(committed, "aside") == "copied"
        # Preparing goes on without the lock after a write.
        with connection.begin():
            connection.exec_driver_sql("INSERT INTO prepared VALUES ('more')")
            committed.write(lambda session: site(session, "n", "later"))
    assert value(committed) == "later"
    with committed.read() as session, pytest.raises(DBAPIError):
        session.scalars(text("SELECT name FROM prepared")).all()


def test_what_fails_on_a_connection_aside_is_rolled_back_and_can_be_tried_again(committed):
    def fails(session):
        site(session, "n")
        raise ZeroDivisionError

    with committed.aside() as connection:
        with pytest.raises(ZeroDivisionError):
            committed.write(fails, on=connection)
        assert value(committed) is None
        committed.write(lambda session: site(session, "n", "again"), on=connection)
    assert value(committed) == "again"
