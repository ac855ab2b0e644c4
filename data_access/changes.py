"""Has anything changed? One poll per process answers for every screen.

The head row's `data_seq` is the watermark: gap-free and in commit order. A poll also sees what
another process (a command-line verb, a second server) committed.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from data_access.engine import Database
from data_access.tables import AuditHead

POLL_SECONDS = 0.25

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
        self._latest = read_watermark(db, now=clock())
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

    @property
    def latest(self) -> Watermark:
        """The newest watermark, at most a quarter of a second old while it is fresh."""
        return self._latest

    def look(self) -> Watermark:
        """Poll now: after a write of one's own, so that the writer sees it at once."""
        try:
            self._latest = read_watermark(self._db, now=self._clock())
        except SQLAlchemyError as error:
            self._lose(error)
        return self._latest

    def _lose(self, error: Exception) -> None:
        if self._latest.fresh:
            log.warning("watermark.lost", error=type(error).__name__)
        self._latest = replace(self._latest, fresh=False)

    def _poll(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - a dead thread would look fresh for ever
                self._lose(error)
