"""The day's work: what has served its time goes, what is needed stays, and no day is missed."""

import json
import time
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, insert, select, text

from data_access import audit, housekeeping, reference
from data_access.housekeeping import DailyWork, FileBusy, daily_work_is_due, keep_house
from data_access.settings import Settings
from data_access.tables import (
    AuditLine,
    AuthSession,
    IdempotencyKey,
    ImportBatch,
    ImportReject,
    ImportRun,
    SignInAttempt,
)
from tests.world import NOW, World

MIDNIGHT = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)  # of 3 March, in Beijing


@pytest.fixture
def world(committed):
    return World(committed)


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path)


def count(db, table):
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(table))


def lines(db, action):
    with db.read() as session:
        return session.scalars(
            select(AuditLine).where(AuditLine.action == action).order_by(AuditLine.seq)
        ).all()


def batch(world, *, at, rows):
    figures = dict.fromkeys(("rows", "added", "changed", "unchanged", "rejected"), rows)
    one = world.add(
        ImportBatch(
            county_id=world.county,
            profile="cases",
            file_name_encrypted=b"",
            sha256="0" * 64,
            actor_id=0,
            at=at,
            dropped={},
            **figures,
        )
    )
    sent_back = [
        {"batch_id": one.id, "row_number": number, "problems": {}, "cells_encrypted": b"x"}
        for number in range(rows)
    ]
    world.db.write(lambda session: session.execute(insert(ImportReject), sent_back) and None)
    return one.id


# --- what goes, what stays -------------------------------------------------------------------


def test_rows_sent_back_go_after_thirty_days_and_their_batch_stays(committed, world, settings):
    old = batch(world, at=NOW - timedelta(days=30, seconds=1), rows=7)
    young = batch(world, at=NOW - timedelta(days=30), rows=3)
    kept = keep_house(committed, settings, now=NOW)
    assert kept.deleted["import_reject"] == 7
    with committed.read() as session:
        left = session.scalars(select(ImportReject.batch_id)).all()
        assert {one: left.count(one) for one in set(left)} == {young: 3}
        assert session.get(ImportBatch, old).rejected == 7
    (line,) = lines(committed, "import:expire_rejects")
    assert (line.actor_id, line.subject, line.payload) == (0, f"import:{old}", {"rows": 7})
    assert (line.at, line.county_id) == (NOW, world.county)
    with committed.read() as session:
        assert audit.verify(session, county_id=world.county).broken_at is None


def test_many_rows_go_in_parts_each_with_its_line(committed, world, settings, monkeypatch):
    monkeypatch.setattr(housekeeping, "_ROWS_AT_ONCE", 4)
    old = batch(world, at=NOW - timedelta(days=31), rows=10)
    assert housekeeping.expire_rejects(committed, now=NOW) == 10
    told = lines(committed, "import:expire_rejects")
    assert [(line.subject, line.payload["rows"]) for line in told] == [
        (f"import:{old}", rows) for rows in (4, 4, 2)
    ]


def test_rows_whose_line_cannot_be_written_stay(committed, world, monkeypatch):
    batch(world, at=NOW - timedelta(days=31), rows=3)

    def fails(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(audit, "append", fails)
    with pytest.raises(ZeroDivisionError):
        housekeeping.expire_rejects(committed, now=NOW)
    assert count(committed, ImportReject) == 3


def test_keys_of_repeated_requests_go_after_a_week(committed, world, settings):
    for name, days in (("old", 7.001), ("young", 6.999)):
        world.add(
            IdempotencyKey(
                county_id=world.county,
                key=name,
                actor_id=1,
                operation="reassign",
                request_hash="",
                result={},
                at=NOW - timedelta(days=days),
            )
        )
    assert keep_house(committed, settings, now=NOW).deleted["idempotency_key"] == 1
    with committed.read() as session:
        assert session.scalars(select(IdempotencyKey.key)).all() == ["young"]


def test_counted_failures_go_after_two_days(committed, world, settings):
    for address, days in (("10.0.0.1", 2.001), ("10.0.0.2", 1.999)):
        world.add(SignInAttempt(address=address, at=NOW - timedelta(days=days)))
    assert keep_house(committed, settings, now=NOW).deleted["sign_in_attempt"] == 1
    with committed.read() as session:
        assert session.scalars(select(SignInAttempt.address)).all() == ["10.0.0.2"]


def run_of_an_import(world, days):
    at = NOW - timedelta(days=days)
    return world.add(
        ImportRun(
            county_id=world.county,
            actor_id=1,
            profile="cases",
            started_at=at,
            beat_at=at,
            step="reading",
            done=0,
            total=1,
        )
    ).id


def test_how_far_an_import_was_goes_after_a_week_also_where_it_was_killed(
    committed, world, settings
):
    old, young = run_of_an_import(world, 7.001), run_of_an_import(world, 6.999)
    assert keep_house(committed, settings, now=NOW).deleted["import_run"] == 1
    with committed.read() as session:
        assert session.get(ImportRun, old) is None
        assert session.get(ImportRun, young) is not None


def session_of(world, user, *, expired=0.0, revoked=None):
    return world.add(
        AuthSession(
            token_hash=f"hash{world.next()}",
            user_id=user.id,
            epoch=1,
            created_at=NOW - timedelta(days=200),
            last_seen_at=NOW - timedelta(days=200),
            expires_at=NOW - timedelta(days=expired),
            revoked_at=None if revoked is None else NOW - timedelta(days=revoked),
            address="",
        )
    ).id


def test_sessions_go_ninety_days_after_they_ended_or_expired(committed, world, settings):
    user = world.user()
    expired, revoked = session_of(world, user, expired=91), session_of(world, user, revoked=91)
    stays = [
        session_of(world, user, expired=89),
        session_of(world, user, revoked=89),
        session_of(world, user, expired=-1),
    ]
    assert keep_house(committed, settings, now=NOW).deleted["auth_session"] == 2
    with committed.read() as session:
        assert session.scalars(select(AuthSession.id).order_by(AuthSession.id)).all() == stays
    assert not {expired, revoked} & set(stays)


def test_the_youngest_number_of_a_session_is_never_given_out_again(committed, world, settings):
    """A tab may still hold it; SQLite gives the highest number out again once its row is gone."""
    user = world.user()
    session_of(world, user, expired=100)
    youngest = session_of(world, user, expired=100)
    assert keep_house(committed, settings, now=NOW).deleted["auth_session"] == 1
    assert session_of(world, user, expired=-1) > youngest


def test_nothing_is_said_in_the_trail_where_nothing_was_sent_back(committed, world, settings):
    before = count(committed, AuditLine)
    kept = keep_house(committed, settings, now=NOW)
    assert set(kept.deleted.values()) == {0}
    # The day's anchor is all.
    assert count(committed, AuditLine) == before + 1


# --- the file --------------------------------------------------------------------------------


def test_the_log_is_folded_into_the_file(committed, world):
    if not committed.is_sqlite:
        # PostgreSQL has its autovacuum.
        assert housekeeping.settle(committed) is None
        return
    log = Path(f"{committed.bind.url.database}-wal")
    with committed.bind.connect() as connection:
        # Open, and reading nothing: as long as somebody has the file open, so is its log.
        connection.execute(text("SELECT 1"))
        connection.rollback()
        assert log.stat().st_size > 0
        housekeeping.settle(committed)
        assert log.stat().st_size == 0
    with committed.read() as session:
        assert session.scalar(text("PRAGMA busy_timeout")) == 10_000


def test_a_reader_makes_it_wait_for_another_hour_and_nobody_else(committed, world):
    with committed.read() as session:
        session.scalar(select(func.count()).select_from(AuditLine))
        world.user()
        began = time.monotonic()
        with pytest.raises(FileBusy) if committed.is_sqlite else nullcontext():
            housekeeping.settle(committed)
        assert time.monotonic() - began < 5
        # Whoever writes meanwhile, writes.
        world.user()
    housekeeping.settle(committed)


# --- day by day ------------------------------------------------------------------------------


class Clock:
    def __init__(self, at):
        self.at = at

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Clock(NOW)


@pytest.fixture
def daily(committed, world, settings, clock):
    return DailyWork(committed, settings, clock=clock)


def names(settings):
    return sorted(path.name for path in settings.anchors_path.glob("*.json"))


def test_each_day_has_its_work_once_from_midnight_in_beijing(daily, clock, settings):
    assert daily.look().anchored.name == "2026-03-02.json"
    assert daily.look() is None
    clock.at = MIDNIGHT - timedelta(seconds=1)
    assert daily.look() is None
    clock.at = MIDNIGHT
    assert daily.look().anchored.name == "2026-03-03.json"
    assert daily.look() is None
    assert names(settings) == ["2026-03-02.json", "2026-03-03.json"]


def test_a_day_that_was_missed_is_made_good_when_the_server_runs_again(
    daily, committed, world, settings, clock
):
    daily.look()
    batch(world, at=NOW - timedelta(days=25), rows=2)
    clock.at = NOW + timedelta(days=9, hours=5)
    again = DailyWork(committed, settings, clock=clock)
    assert again.look().deleted["import_reject"] == 2
    assert names(settings)[-1] == "2026-03-11.json"


def test_what_failed_is_tried_again_an_hour_later_and_the_rest_is_done(
    daily, committed, world, settings, clock, monkeypatch
):
    batch(world, at=NOW - timedelta(days=31), rows=2)
    settings.anchors_path.mkdir()
    (settings.anchors_path / "2026-03-01.json").write_text("{}", "utf-8")
    kept = daily.look()  # the key that signed the file of yesterday is not there
    assert list(kept.failed) == ["anchor"]
    assert kept.deleted["import_reject"] == 2
    assert daily_work_is_due(committed, settings, now=NOW)
    clock.at = NOW + timedelta(minutes=59)
    assert daily.look() is None
    (settings.anchors_path / "2026-03-01.json").unlink()
    clock.at = NOW + timedelta(hours=1)
    assert daily.look().anchored.name == "2026-03-02.json"
    assert not daily_work_is_due(committed, settings, now=NOW)


def test_a_database_that_does_not_answer_is_asked_again_an_hour_later(
    daily, clock, monkeypatch, settings
):
    due = housekeeping.daily_work_is_due

    def fails(*_, **__):
        raise ConnectionError

    monkeypatch.setattr(housekeeping, "daily_work_is_due", fails)
    with pytest.raises(ConnectionError):
        daily.look()
    monkeypatch.setattr(housekeeping, "daily_work_is_due", due)
    assert daily.look() is None
    clock.at += timedelta(hours=1)
    assert daily.look().anchored is not None


def test_another_server_signs_on_its_own_disk(committed, world, settings, tmp_path):
    keep_house(committed, settings, now=NOW)
    other = Settings(data_dir=tmp_path / "other")
    assert daily_work_is_due(committed, other, now=NOW)
    assert keep_house(committed, other, now=NOW).anchored.parent == other.anchors_path
    assert not daily_work_is_due(committed, other, now=NOW)


def test_a_site_without_a_county_has_its_day_and_signs_as_soon_as_there_is_one(committed, settings):
    kept = keep_house(committed, settings, now=NOW)
    assert (kept.failed, kept.anchored) == ({}, None)
    assert not daily_work_is_due(committed, settings, now=NOW)
    committed.write(lambda session: reference.create_county(session, code="510129", name="大邑县"))
    assert daily_work_is_due(committed, settings, now=NOW)
    assert keep_house(committed, settings, now=NOW).anchored.name == "2026-03-02.json"


def test_the_thread_works_at_its_start_and_ends_when_told(committed, world, settings):
    daily = DailyWork(committed, settings, clock=lambda: NOW).start()
    daily.stop()
    assert not daily._thread.is_alive()
    assert names(settings) == ["2026-03-02.json"]


def test_a_failure_of_the_thread_ends_no_thread_and_names_nobody(
    committed, settings, monkeypatch, capsys
):
    looks = []

    def fails(self):
        looks.append(self)
        raise ValueError("王小明")

    monkeypatch.setattr(DailyWork, "look", fails)
    monkeypatch.setattr(housekeeping, "_LOOKS_EVERY_SECONDS", 0.01)
    daily = DailyWork(committed, settings, clock=lambda: NOW).start()
    while len(looks) < 3:
        daily._stop.wait(0.01)
    daily.stop()
    said = capsys.readouterr()
    assert "王小明" not in said.out + said.err


def test_each_transaction_is_short(committed, world, settings, monkeypatch):
    """However much there is to delete, one transaction deletes some."""
    monkeypatch.setattr(housekeeping, "_ROWS_AT_ONCE", 5)
    rows = [{"address": "10.0.0.1", "at": NOW - timedelta(days=3)}] * 23
    committed.write(lambda session: session.execute(insert(SignInAttempt), rows) and None)
    deleted = []

    def note(connection, cursor, statement, *_):
        if statement.startswith("DELETE FROM sign_in_attempt"):
            deleted.append(cursor.rowcount)

    event.listen(committed.bind, "after_cursor_execute", note)
    assert keep_house(committed, settings, now=NOW).deleted["sign_in_attempt"] == 23
    event.remove(committed.bind, "after_cursor_execute", note)
    assert deleted == [5, 5, 5, 5, 3, 0]


def test_an_anchor_says_where_the_trail_stood(committed, world, settings):
    with committed.read() as session:
        seq, last_hash = audit.head(session, county_id=world.county)
    kept = keep_house(committed, settings, now=NOW)
    facts = json.loads(kept.anchored.read_bytes())
    assert (facts["seq"], facts["hash"], facts["county"]) == (seq, last_hash, "510129")
