"""Files that are being taken in at this moment, for whoever waits for one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.tables import ImportRun
from domain.imports import Progress, Step
from domain.people import Scope

# An import gives a sign of life once a second, except while it writes: then it holds the lock that
# its own sign would need.
_ALIVE_FOR = timedelta(minutes=2)
_WRITING_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class RunningImport:
    """An import at work. Whose it is, and of which file, is no business of those who wait."""

    progress: Progress
    started_at: datetime

    @property
    def is_writing(self) -> bool:
        """Whether others who change something wait for it now."""
        return self.progress.step is Step.WRITING


def running_import(session: Session, *, scope: Scope, now: datetime) -> RunningImport | None:
    """The county's import that is at work, or None; of several, the one that others wait for.

    Everybody may know that there is one, and how far; how many rows it has, only those whose scope
    is the whole county. One without a sign of life for two minutes (ten in writing) is dead.
    """
    rows = session.execute(
        select(
            ImportRun.step, ImportRun.done, ImportRun.total, ImportRun.beat_at, ImportRun.started_at
        )
        .where(
            ImportRun.county_id == scope.county_id,
            ImportRun.ended_at.is_(None),
            ImportRun.beat_at > now - _WRITING_FOR,
        )
        .order_by(ImportRun.beat_at.desc())
    )
    alive = [row for row in rows if row.step == Step.WRITING or row.beat_at > now - _ALIVE_FOR]
    if not alive:
        return None
    row = max(alive, key=lambda one: one.step == Step.WRITING)
    shown = (row.done, row.total) if scope.whole_county else (0, 0)
    return RunningImport(Progress(Step(row.step), *shown), row.started_at)
