"""Has anything changed? One poll per process answers for every screen.

The head row's `data_seq` is the watermark: gap-free and in commit order. A poll also sees what
another process (a command-line verb, a second server) committed.
"""

import itertools
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from data_access.engine import Database
from data_access.tables import AuditHead

POLL_SECONDS = 0.25
# Twenty polls without an answer are no accident.
STALE_AFTER = timedelta(seconds=5)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Watermark:
    """What was true at `read_at`: `seq` counts every deed, `data_seq` what a screen shows.

    `fresh` is False while the database does not answer: then the figures are as of `read_at`.
    """

    seq: int
    data_seq: int
    read_at: datetime
    fresh: bool = True


def is_fresh(watermark: Watermark, *, now: datetime) -> bool:
    """Whether the database confirmed it less than five seconds ago and has not failed since.

    A poll that hangs raises nothing: only the age tells that it never came back.
    """
    return watermark.fresh and now - watermark.read_at < STALE_AFTER


def read_watermark(db: Database, *, now: datetime) -> Watermark:
    """The watermark as of now. Read it before the query that it labels."""
    with db.read() as session:
        row = session.execute(
            select(
                func.coalesce(func.sum(AuditHead.seq), 0),
                func.coalesce(func.sum(AuditHead.data_seq), 0),
            )
        ).one()
    return Watermark(int(row[0]), int(row[1]), now)


class Watcher:
    """Keeps the watermark in memory; start it once per process."""

    def __init__(self, db: Database, *, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._clock = clock
        self._stop = threading.Event()
        self._turns = itertools.count(1)
        self._taking, self._taken = threading.Lock(), 0
        self._latest = read_watermark(db, now=clock())
        self._listeners: tuple[Callable[[Watermark], None], ...] = ()
        self._thread = threading.Thread(target=self._poll, name="watermark", daemon=True)

    def start(self) -> "Watcher":
        """Begin to poll."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop polling and wait for the last poll to end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def listen(self, listener: Callable[[Watermark], None]) -> Callable[[], None]:
        """Call `listener` whenever a screen would show something else. Returns how to leave.

        It is called by the thread that looked, and must neither wait nor raise.
        """
        self._listeners = (*self._listeners, listener)

        def leave() -> None:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

        return leave

    @property
    def latest(self) -> Watermark:
        """The newest watermark, whatever its age: for caches, and for who never shows it."""
        return self._latest

    def seen(self, *, now: datetime) -> Watermark:
        """`latest`, but not fresh where nothing confirmed it for five seconds: for who shows it."""
        latest = self._latest
        return latest if is_fresh(latest, now=now) else replace(latest, fresh=False)

    def look(self) -> Watermark:
        """Poll now: after a write of one's own, so that the writer sees it at once."""
        turn = next(self._turns)
        try:
            mark = read_watermark(self._db, now=self._clock())
        except SQLAlchemyError as error:
            self._lose(error)
        else:
            self._take(turn, mark)
        return self._latest

    def _take(self, turn: int, mark: Watermark) -> None:
        # A poll that began before another and ends after it knows less than what it would replace.
        with self._taking:
            if turn <= self._taken:
                return
            before, self._taken, self._latest = self._latest, turn, mark
        if (mark.data_seq, mark.fresh) != (before.data_seq, before.fresh):
            self._tell(mark)

    def _tell(self, mark: Watermark) -> None:
        for listener in self._listeners:
            listener(mark)

    def _lose(self, error: Exception) -> None:
        was_fresh, self._latest = self._latest.fresh, replace(self._latest, fresh=False)
        if was_fresh:
            self._tell(self._latest)
            # A log that is full or closed must not end the poll that it tells about.
            with suppress(OSError, ValueError):
                log.warning("watermark.lost", error=type(error).__name__)

    def _poll(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - a dead thread would look fresh for ever
                self._lose(error)
