"""Whether this process could answer a page now: the database confirms it, and its tables fit."""

import threading
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Engine

from data_access import migrate
from data_access.changes import Watcher
from data_access.engine import Database
from data_access.faults import UNREADABLE
from data_access.migrate import SchemaState

# Tables change with a migration and not by themselves; monitors may ask as often as they like.
_LOOK_AGAIN = timedelta(seconds=10)


class Readiness(StrEnum):
    """What stands between this process and its work, if anything."""

    READY = "ready"
    DATABASE = "database does not answer"
    SCHEMA = "tables are of another version"


class ReadyCheck:
    """Answers from memory, but for one look at the tables every few seconds."""

    def __init__(self, db: Database, watcher: Watcher) -> None:
        self._db = db
        self._watcher = watcher
        self._looking = threading.Lock()
        self._looked_at: datetime | None = None
        self._found = Readiness.READY

    def ask(self, now: datetime) -> Readiness:
        """How it stands now. Never waits for a database that the watcher knows to be away."""
        if not self._watcher.seen(now=now).fresh:
            return Readiness.DATABASE
        # Whoever comes while another looks is told what was found last.
        if self._is_due(now) and self._looking.acquire(blocking=False):
            try:
                self._found, self._looked_at = self._look(), now
            finally:
                self._looking.release()
        return self._found

    def _is_due(self, now: datetime) -> bool:
        return self._looked_at is None or now - self._looked_at >= _LOOK_AGAIN

    def _look(self) -> Readiness:
        bind = self._db.bind
        if not isinstance(bind, Engine):
            return Readiness.READY
        try:
            fits = migrate.state(bind) is SchemaState.CURRENT
        except UNREADABLE:
            return Readiness.DATABASE
        return Readiness.READY if fits else Readiness.SCHEMA
