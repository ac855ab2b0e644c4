"""How far an import is: told to whoever listens, and written down for whoever waits for it."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType

from sqlalchemy import update
from sqlalchemy.exc import DBAPIError, TimeoutError  # noqa: A004 - the pool's own
from sqlalchemy.orm import Session

from data_access.engine import Database
from data_access.imports.task import Task
from data_access.tables import ImportRun
from domain.imports import Progress, Step

Listener = Callable[[Progress], None]
_BETWEEN_BEATS_SECONDS = 1.0


def nobody_listens(_progress: Progress) -> None:
    """A listener for imports that nobody looks at."""


class Run(AbstractContextManager["Run"]):
    """One import, until the end of the `with` block; from `begin` on it is written down.

    `at` writes in short transactions of its own, so the import itself must not hold the write lock
    meanwhile: under the lock, use `tell`. What cannot be written is left out: a sign of life must
    not end what it is a sign of. Times are `now`, of the beginning, and what has passed since.
    Without a `db` nothing is written down: nobody waits for a rehearsal.
    """

    def __init__(self, db: Database | None, listener: Listener | None, *, now: datetime) -> None:
        self._db, self._listener = db, listener or nobody_listens
        self._started_at, self._started = now, time.monotonic()
        self._beat = 0.0
        self._step: Step | None = None
        self._id: int | None = None

    def begin(self, task: Task) -> None:
        """It is known what will be taken in, and for whom."""
        self._write(partial(self._insert, task=task))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        step = Step.DONE if error is None else Step.STOPPED
        self._write(partial(self._update, progress=Progress(step), ends=True))

    def at(self, step: Step, done: int = 0, total: int = 0) -> None:
        """Say how far it is: each step, and within one at most once a second."""
        progress = Progress(step, done, total)
        now = time.monotonic()
        if step is not self._step or now - self._beat >= _BETWEEN_BEATS_SECONDS:
            self._step, self._beat = step, now
            self._write(partial(self._update, progress=progress))
        self._listener(progress)

    def wait(self) -> None:
        """The lock is asked for: from now on nothing can be written down, and others may wait."""
        self._write(partial(self._update, progress=Progress(Step.WRITING)))
        self.tell(Step.WAITING)

    def tell(self, step: Step, done: int = 0, total: int = 0) -> None:
        """Say it to the listener alone."""
        self._step = None
        self._listener(Progress(step, done, total))

    def _now(self) -> datetime:
        return self._started_at + timedelta(seconds=time.monotonic() - self._started)

    def _insert(self, session: Session, task: Task) -> None:
        run = ImportRun(
            county_id=task.actor.county_id,
            actor_id=task.actor.user_id,
            profile=task.profile,
            started_at=self._started_at,
            beat_at=self._now(),
            step=Step.READING,
            done=0,
            total=0,
        )
        session.add(run)
        session.flush()
        self._id = run.id

    def _update(self, session: Session, progress: Progress, *, ends: bool = False) -> None:
        if self._id is None:
            return
        values = {
            "step": progress.step,
            "done": progress.done,
            "total": progress.total,
            "beat_at": self._now(),
            "ended_at": self._now() if ends else None,
        }
        session.execute(update(ImportRun).where(ImportRun.id == self._id).values(values))

    def _write(self, work: Callable[[Session], None]) -> None:
        if self._db is not None:
            # Of a pool whose connections are all taken, the driver knows nothing.
            with suppress(DBAPIError, TimeoutError):
                self._db.write(work, attempts=1)
