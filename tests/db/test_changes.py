"""The watermark in memory: what others commit shows within a second, and a lost database shows."""

import os
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from data_access import audit, changes, reference
from data_access.changes import Watcher, is_fresh, read_watermark
from data_access.engine import Database, open_engine
from domain.people import system_actor
from tests.world import NOW

ROOT = Path(__file__).parents[2]
WITHIN = 1.0  # seconds


class Clock:
    """A clock that moves one second with every look."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def county(committed):
    return committed.write(
        lambda session: reference.create_county(session, code="510129", name="大邑县")
    )


def write(db, county, *, changes_data=True):
    return db.write(
        lambda session: audit.append(
            session,
            [audit.Deed("a", "b")],
            actor=system_actor(county),
            at=NOW,
            changes_data=changes_data,
        )
    )


@pytest.fixture
def watcher(committed, county):
    watcher = Watcher(committed, clock=Clock())
    yield watcher
    watcher.stop()


def seconds_until(holds, limit=15.0):
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < limit, "never came true"
        time.sleep(0.01)
    return time.monotonic() - begun


def test_an_empty_site_stands_at_nothing(db):
    mark = read_watermark(db, now=NOW)
    assert (mark.seq, mark.data_seq, mark.read_at, mark.fresh) == (0, 0, NOW, True)


def test_the_mark_counts_deeds_and_changes_apart(committed, county):
    write(committed, county)
    write(committed, county, changes_data=False)
    mark = read_watermark(committed, now=NOW)
    assert (mark.seq, mark.data_seq) == (2, 1)


def test_a_writer_sees_its_own_change_at_once_by_looking(committed, county, watcher):
    before = watcher.latest
    stamp = write(committed, county)
    assert watcher.latest is before
    assert watcher.look().data_seq == stamp.data_seq
    assert watcher.latest.data_seq == stamp.data_seq
    assert watcher.latest.read_at > before.read_at


def test_what_is_not_committed_is_not_seen(committed, county, watcher):
    def fails(session):
        audit.append(
            session,
            [audit.Deed("a", "b")],
            actor=system_actor(county),
            at=NOW,
            changes_data=True,
        )
        assert watcher.look().data_seq == 0
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        committed.write(fails)
    assert watcher.look().data_seq == 0


WRITER = """
import sys
from datetime import UTC, datetime
from data_access import audit
from data_access.engine import Database, open_engine
from data_access.vault import Vault
from domain.people import system_actor

url, county = sys.argv[1], int(sys.argv[2])
db = Database(open_engine(url), Vault(bytes(range(32))))
def work(session):
    deed = audit.Deed("a", "b")
    at = datetime.now(UTC)
    audit.append(session, [deed], actor=system_actor(county), at=at, changes_data=True)
for _line in sys.stdin:
    db.write(work)
    print("committed", flush=True)
"""


def test_what_another_process_commits_is_seen_within_a_second(committed, county, watcher):
    watcher.start()
    url = committed.bind.url.render_as_string(hide_password=False)
    other = subprocess.Popen(  # noqa: S603 - our own program, written above
        [sys.executable, "-c", WRITER, url, str(county)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        for expected in (1, 2, 3):
            other.stdin.write("go\n")
            other.stdin.flush()
            assert other.stdout.readline() == "committed\n"
            took = seconds_until(lambda expected=expected: watcher.latest.data_seq == expected)
            assert took < WITHIN
    finally:
        other.communicate("", timeout=10)


def test_one_poll_is_one_query_however_many_ask(committed, county, watcher):
    selects = []
    event.listen(
        committed.bind,
        "before_cursor_execute",
        lambda *args: selects.append(args[2]) if args[2].startswith("SELECT") else None,
    )
    for _viewer in range(100):
        assert watcher.latest.fresh
    assert selects == []
    watcher.look()
    assert len(selects) == 1


# --- a database that does not answer ---------------------------------------------------------


@pytest.fixture
def outage(committed, county, postgresql_or_none):
    """Switches the database off and on again."""
    if committed.is_sqlite:
        return _SqliteOutage(committed)
    return _PostgresqlOutage(committed, postgresql_or_none)


@pytest.fixture
def postgresql_or_none(request, committed):
    return None if committed.is_sqlite else request.getfixturevalue("postgresql_url")


class _SqliteOutage:
    """The file is gone, and a folder stands in its place."""

    def __init__(self, db):
        self.db, self.path = db, Path(db.bind.url.database)

    def begin(self):
        self.db.dispose()
        for end in ("", "-wal", "-shm"):
            path = Path(f"{self.path}{end}")
            if path.exists():
                path.rename(f"{path}.away")
        self.path.mkdir()

    def end(self):
        self.path.rmdir()
        for end in ("", "-wal", "-shm"):
            away = Path(f"{self.path}{end}.away")
            if away.exists():
                away.rename(f"{self.path}{end}")


class _PostgresqlOutage:
    """The server ends every connection and takes no new one."""

    def __init__(self, db, server_url):
        self.name = make_url(db.bind.url).database
        self.server = create_engine(server_url, isolation_level="AUTOCOMMIT")

    def _run(self, *statements):
        with self.server.connect() as connection:
            for statement in statements:
                connection.execute(text(statement), {"name": self.name})
        self.server.dispose()

    def begin(self):
        self._run(
            f'ALTER DATABASE "{self.name}" ALLOW_CONNECTIONS false',
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name",
        )

    def end(self):
        self._run(f'ALTER DATABASE "{self.name}" ALLOW_CONNECTIONS true')


def test_a_lost_database_makes_the_mark_stale_and_an_answer_makes_it_fresh(
    committed, county, watcher, outage
):
    stamp = write(committed, county)
    known = watcher.look()
    outage.begin()
    for _ in range(2):
        lost = watcher.look()
        assert (lost.seq, lost.data_seq, lost.read_at) == (stamp.seq, stamp.data_seq, known.read_at)
        assert not lost.fresh
    outage.end()
    found = watcher.look()
    assert found.fresh
    assert found.read_at > known.read_at
    assert write(committed, county).data_seq == watcher.look().data_seq == stamp.data_seq + 1


def test_the_poll_outlives_an_outage(committed, county, watcher, outage):
    watcher.start()
    outage.begin()
    seconds_until(lambda: not watcher.latest.fresh)
    outage.end()
    seconds_until(lambda: watcher.latest.fresh)
    write(committed, county)
    assert seconds_until(lambda: watcher.latest.data_seq == 1) < WITHIN


def test_the_loss_is_logged_once_and_without_the_address(
    committed, county, watcher, outage, monkeypatch
):
    logged = []
    monkeypatch.setattr(
        changes.log, "warning", lambda what, **more: logged.append((what, more)), raising=False
    )
    outage.begin()
    for _ in range(3):
        watcher.look()
    outage.end()
    watcher.look()
    assert [what for what, _ in logged] == ["watermark.lost"]
    assert set(logged[0][1]) == {"error"}
    assert logged[0][1]["error"].isidentifier()


def test_a_site_whose_database_is_away_at_the_start_says_so(committed, county, outage):
    outage.begin()
    with pytest.raises(SQLAlchemyError):
        Watcher(committed, clock=Clock())
    outage.end()


def test_the_poll_outlives_an_error_that_nobody_foresaw(committed, county, watcher, monkeypatch):
    """A thread that died would leave a mark that looks fresh for ever."""
    watcher.start()

    def breaks(_db, *, now):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(changes, "read_watermark", breaks)
        seconds_until(lambda: not watcher.latest.fresh)
    write(committed, county)
    seconds_until(lambda: watcher.latest.fresh and watcher.latest.data_seq == 1)


def test_what_nobody_confirmed_for_five_seconds_is_stale(committed, county, watcher):
    """A poll that hangs raises nothing: the mark's age has to tell."""
    mark = watcher.look()
    just, past = mark.read_at + timedelta(seconds=4.9), mark.read_at + timedelta(seconds=5)
    assert watcher.seen(now=just) == mark
    assert is_fresh(mark, now=just)
    stale = watcher.seen(now=past)
    assert not stale.fresh
    assert (stale.seq, stale.data_seq, stale.read_at) == (mark.seq, mark.data_seq, mark.read_at)
    assert watcher.latest is mark
    watcher.look()
    assert watcher.seen(now=past).fresh


def test_a_hanging_poll_is_seen_although_nothing_failed(committed, county, watcher, monkeypatch):
    may_end = threading.Event()

    def hangs(_db, *, now):
        may_end.wait(10)
        return read_watermark(committed, now=now)

    monkeypatch.setattr(changes, "read_watermark", hangs)
    watcher.start()
    time.sleep(2 * changes.POLL_SECONDS)
    assert watcher.latest.fresh
    assert not watcher.seen(now=watcher.latest.read_at + changes.STALE_AFTER).fresh
    may_end.set()


def test_the_poll_outlives_a_log_that_cannot_be_written(committed, county, watcher, monkeypatch):
    def breaks(_db, *, now):
        raise RuntimeError

    def full(*_, **__):
        raise BrokenPipeError

    monkeypatch.setattr(changes.log, "warning", full, raising=False)
    watcher.start()
    with monkeypatch.context() as patch:
        patch.setattr(changes, "read_watermark", breaks)
        seconds_until(lambda: not watcher.latest.fresh)
    seconds_until(lambda: watcher.latest.fresh)


def test_an_older_poll_that_ends_late_takes_nothing_back(committed, county, watcher, monkeypatch):
    begun, may_end = threading.Event(), threading.Event()

    def late(db, *, now):
        mark = read_watermark(db, now=now)
        if threading.current_thread() is slow:
            begun.set()
            may_end.wait(10)
        return mark

    monkeypatch.setattr(changes, "read_watermark", late)
    slow = threading.Thread(target=watcher.look)
    slow.start()
    begun.wait(10)
    write(committed, county)
    assert watcher.look().data_seq == 1
    may_end.set()
    slow.join()
    assert watcher.latest.data_seq == 1


def limits_of(engine):
    with engine.connect() as connection:
        return connection.connection.driver_connection.info.get_parameters()


def test_a_postgresql_that_went_away_is_noticed_within_seconds(committed):
    """The system alone would leave a connection, and the screen behind it, hanging for minutes."""
    if committed.is_sqlite:
        pytest.skip("a file has no connection to lose")
    limits = limits_of(committed.bind)
    assert (limits["connect_timeout"], limits["tcp_user_timeout"]) == ("5", "5000")
    assert (limits["keepalives"], limits["keepalives_idle"]) == ("1", "5")


def test_the_databases_address_may_set_its_own_limits(committed):
    if committed.is_sqlite:
        pytest.skip("a file has no connection to lose")
    url = committed.bind.url.update_query_dict({"connect_timeout": "9"})
    engine = open_engine(url.render_as_string(hide_password=False))
    assert limits_of(engine)["connect_timeout"] == "9"
    engine.dispose()


def test_a_stopped_watcher_asks_no_more(committed, county, watcher):
    watcher.start()
    watcher.stop()
    write(committed, county)
    time.sleep(1.2 * changes.POLL_SECONDS)
    assert watcher.latest.data_seq == 0
    watcher.stop()


def test_two_watchers_of_one_database_agree(committed, county, vault):
    url = committed.bind.url
    other_engine = open_engine(url.render_as_string(hide_password=False))
    here, there = (Watcher(db, clock=Clock()) for db in (committed, Database(other_engine, vault)))
    write(committed, county)
    assert here.look().data_seq == there.look().data_seq == 1
    other_engine.dispose()


def test_listeners_are_told_what_a_screen_would_show_and_nothing_else(
    committed, county, watcher, outage
):
    heard = []
    leave = watcher.listen(heard.append)
    stamp = write(committed, county)
    watcher.look()
    watcher.look()
    assert [(mark.data_seq, mark.fresh) for mark in heard] == [(stamp.data_seq, True)]
    write(committed, county, changes_data=False)
    watcher.look()
    assert len(heard) == 1
    outage.begin()
    watcher.look()
    watcher.look()
    assert [mark.fresh for mark in heard] == [True, False]
    outage.end()
    watcher.look()
    assert [mark.fresh for mark in heard] == [True, False, True]
    leave()
    write(committed, county)
    watcher.look()
    assert len(heard) == 3
