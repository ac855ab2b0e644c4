"""What is done once a day: the day's anchor is signed, a new table of weights begins, and what has
served its time is deleted.

It runs beside people's work: each step in transactions of its own, none of them long.
"""

import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import ColumnElement, CursorResult, Engine, delete, func, or_, select, tuple_
from sqlalchemy.orm import Session

from data_access import anchors, audit, reference
from data_access.engine import Database
from data_access.settings import Settings
from data_access.tables import (
    AuthSession,
    Base,
    CaseSelection,
    IdempotencyKey,
    ImportBatch,
    ImportReject,
    ImportRun,
    SignInAttempt,
)
from data_access.weight_changes import begin_tables
from domain.clocks import day_of
from domain.people import system_actor

KEPT_ON = "housekept_on"
_ANCHOR = "anchor"
# A row that was sent back holds citizens' data for one purpose: to be mended (个人信息保护法 19).
REJECTS_KEPT = timedelta(days=30)
KEYS_KEPT = timedelta(days=7)
ATTEMPTS_KEPT = timedelta(days=2)
RUNS_KEPT = timedelta(days=7)
SESSIONS_KEPT = timedelta(days=90)
# Made on the map for a day's work; a link to one is of no use much later.
SELECTIONS_KEPT = timedelta(days=30)
_ROWS_AT_ONCE = 5_000
_LOOKS_EVERY_SECONDS = 60.0
_TRIES_AGAIN_AFTER = timedelta(hours=1)
# Nobody waits for it: what cannot have the file for itself at once is left for the next hour.
_WAITS_MILLISECONDS = 200

log = structlog.get_logger(__name__)


class FileBusy(Exception):
    """Others are reading an older state of the file, so its log could not be folded in now."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What came of each step by its name: the rows it deleted, or the anchor it signed; or why not.

    A step that deletes has the name of its table.
    """

    done: dict[str, Path | int | None]
    failed: dict[str, Exception]

    @property
    def anchored(self) -> Path | None:
        """The anchor that was signed, if it was this round that did."""
        signed = self.done.get(_ANCHOR)
        return signed if isinstance(signed, Path) else None

    @property
    def deleted(self) -> dict[str, int]:
        """How many rows were deleted, by table."""
        return {name: count for name, count in self.done.items() if isinstance(count, int)}


def keep_house(db: Database, settings: Settings, *, now: datetime) -> Kept:
    """Do the day's work, whether or not it was done today.

    A step that fails leaves the others done, and the day's work due.
    """
    kept = Kept({}, {})
    for name, step in _steps(db, settings, now):
        try:
            kept.done[name] = step()
        except Exception as error:  # noqa: BLE001 - told, and tried again: nobody waits for it here
            kept.failed[name] = error
    if not kept.failed:
        today = day_of(now).isoformat()
        db.write(lambda session: reference.set_site_fact(session, KEPT_ON, today))
    return kept


def daily_work_is_due(db: Database, settings: Settings, *, now: datetime) -> bool:
    """Whether the day, in Beijing, has not had its work yet; or its anchor, once there is a county.

    Each server of a site has its own disk, so the anchor is looked for there.
    """
    day = day_of(now).isoformat()
    with db.read() as session:
        if reference.site_fact(session, KEPT_ON) != day:
            return True
        established = reference.county_id(session) is not None
    return established and not (settings.anchors_path / f"{day}.json").exists()


def _steps(
    db: Database, settings: Settings, now: datetime
) -> list[tuple[str, Callable[[], Path | int | None]]]:
    sign = partial(
        anchors.sign_daily,
        db,
        folder=settings.anchors_path,
        key_path=settings.anchor_key_path,
        now=now,
    )
    return [
        (_ANCHOR, sign),
        ("weights", partial(begin_tables, db, now=now)),
        (ImportReject.__tablename__, partial(expire_rejects, db, now=now)),
        *((table.__tablename__, partial(_expire, db, table, over)) for table, over in _over(now)),
        ("settle", partial(settle, db)),
    ]


# --- deleting ----------------------------------------------------------------------------------


def expire_rejects(db: Database, *, now: datetime) -> int:
    """Delete rows that were sent back REJECTS_KEPT ago; their batches stay. Returns how many.

    A line of the trail counts those of each batch, in the transaction that deletes them.
    """
    with db.read() as session:
        old = session.execute(
            select(ImportBatch.id, ImportBatch.county_id)
            .where(ImportBatch.at < now - REJECTS_KEPT)
            .where(select(ImportReject.id).where(ImportReject.batch_id == ImportBatch.id).exists())
            .order_by(ImportBatch.id)
        ).all()
    total = 0
    for batch_id, county_id in old:
        part = partial(_expire_part, batch_id=batch_id, county_id=county_id, now=now)
        while deleted := db.write(part):
            total += deleted
    return total


def _expire_part(session: Session, *, batch_id: int, county_id: int, now: datetime) -> int:
    some = (
        select(ImportReject.id)
        .where(ImportReject.batch_id == batch_id)
        .order_by(ImportReject.row_number)
        .limit(_ROWS_AT_ONCE)
    )
    deleted = _delete(session, ImportReject, ImportReject.id.in_(some))
    if deleted:
        deed = audit.Deed("import:expire_rejects", f"import:{batch_id}", {"rows": deleted})
        actor = system_actor(county_id)
        audit.append(session, [deed], actor=actor, at=now, changes_data=False)
    return deleted


def _over(now: datetime) -> list[tuple[type[Base], ColumnElement[bool]]]:
    """For each table without a history of its own, which rows have served their time.

    SQLite gives the highest id out again once its row is gone, and a tab may still hold the id of
    an ended session: so the youngest row stays, however old.
    """
    ended = now - SESSIONS_KEPT
    youngest_session = select(func.max(AuthSession.id)).scalar_subquery()
    youngest_run = select(func.max(ImportRun.id)).scalar_subquery()
    youngest_selection = select(func.max(CaseSelection.id)).scalar_subquery()
    return [
        (IdempotencyKey, IdempotencyKey.at < now - KEYS_KEPT),
        (SignInAttempt, SignInAttempt.at < now - ATTEMPTS_KEPT),
        (
            CaseSelection,
            (CaseSelection.at < now - SELECTIONS_KEPT) & (CaseSelection.id < youngest_selection),
        ),
        (ImportRun, (ImportRun.beat_at < now - RUNS_KEPT) & (ImportRun.id < youngest_run)),
        (
            AuthSession,
            or_(AuthSession.expires_at < ended, AuthSession.revoked_at < ended)
            & (AuthSession.id < youngest_session),
        ),
    ]


def _expire(db: Database, table: type[Base], over: ColumnElement[bool]) -> int:
    """Delete a table's rows that are `over`, some at a time. Returns how many."""
    key = tuple_(*table.__table__.primary_key)
    some: Any = select(*table.__table__.primary_key).where(over).limit(_ROWS_AT_ONCE)
    total = 0
    while deleted := db.write(lambda session: _delete(session, table, key.in_(some))):
        total += deleted
    return total


def _delete(session: Session, table: type[Base], which: ColumnElement[bool]) -> int:
    result = session.execute(
        delete(table).where(which).execution_options(synchronize_session=False)
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


# --- the file ----------------------------------------------------------------------------------


def settle(db: Database) -> None:
    """Refresh SQLite's statistics and fold its log into the file; PostgreSQL has its autovacuum.

    Raises FileBusy, or the driver's error, where others had the file; it can be done later.
    """
    if not isinstance(db.bind, Engine) or not db.is_sqlite:
        return
    # A connection that nobody uses again, as it does not wait for its turn like the others.
    pooled = db.bind.raw_connection()
    driver: Any = pooled.driver_connection
    pooled.detach()
    with closing(driver):
        driver.execute(f"PRAGMA busy_timeout={_WAITS_MILLISECONDS}").fetchall()
        # 0x10000: also tables that this connection, which is new, has not read.
        driver.execute("PRAGMA optimize(0x10002)").fetchall()
        busy, _frames, _folded = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise FileBusy


# --- day by day --------------------------------------------------------------------------------


class DailyWork:
    """Does the day's work in a thread of its own, at the first look of each day; start it once.

    A day that was missed because nothing ran is made good at the start.
    """

    def __init__(self, db: Database, settings: Settings, *, clock: Callable[[], datetime]) -> None:
        self._db, self._settings, self._clock = db, settings, clock
        self._stop = threading.Event()
        self._not_before: datetime | None = None
        self._thread = threading.Thread(target=self._run, name="daily-work", daemon=True)

    def start(self) -> "DailyWork":
        """Begin to look."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop looking, and wait for the step that is under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def look(self) -> Kept | None:
        """Do the day's work if it is due, and an hour has passed since it last failed."""
        now = self._clock()
        if self._not_before is not None and now < self._not_before:
            return None
        self._not_before = now + _TRIES_AGAIN_AFTER
        if not daily_work_is_due(self._db, self._settings, now=now):
            self._not_before = None
            return None
        kept = keep_house(self._db, self._settings, now=now)
        if not kept.failed:
            self._not_before = None
        _log(kept)
        return kept

    def _run(self) -> None:
        while True:
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - a dead thread would never work again
                with suppress(OSError, ValueError):
                    log.warning("daily_work.failed", error=type(error).__name__)
            if self._stop.wait(_LOOKS_EVERY_SECONDS):
                return


def _log(kept: Kept) -> None:
    # A log that is full or closed must not end the work that it tells about.
    with suppress(OSError, ValueError):
        for step, error in kept.failed.items():
            log.warning("daily_work.step_failed", step=step, error=type(error).__name__)
        if not kept.failed:
            log.info("daily_work.done", **kept.deleted)
