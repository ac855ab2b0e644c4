"""Files that are worked on behind the screens: whoever comes back to the page finds theirs again.

A thread of the server does the work, in the name of whoever started it: a reload, a closed tab or
the end of a session does not stop it. One file after the other, because each may need much memory;
who comes second waits and sees it.
"""

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from data_access import site
from data_access.commands.import_file import import_file, rehearse_file
from data_access.engine import FairLock
from data_access.faults import AWAY, disk_is_full
from data_access.imports.person import actor_now
from data_access.imports.progress import Listener
from data_access.site import Site
from domain.errors import NotAllowed, NotFound, Refusal
from domain.imports import FileMapping, Profile, Progress, Report, Step
from domain.people import Actor, Permission
from ui import clock

log = structlog.get_logger(__name__)

# An end that nobody came back for is forgotten.
_KEPT = timedelta(hours=12)
_NOT_BEGUN = Progress(Step.WAITING)


@dataclass(frozen=True)
class Order:
    """What is to be done with a file. `key` is the same for every click on the same button."""

    key: str
    content: bytes = field(repr=False)
    file_name: str
    profile: Profile
    sheet: int
    mapping: FileMapping
    writes: bool
    again: bool = False


@dataclass
class Job:
    """One file on its way. Its own thread changes it, all others look at it."""

    key: str
    actor_id: int
    file_name: str
    profile: Profile
    writes: bool
    started_at: datetime
    progress: Progress = _NOT_BEGUN
    report: Report | None = None
    refusal: Refusal | None = None
    reference: str = ""
    # The database did not answer: it may have been taken in all the same.
    lost: bool = False
    ended_at: datetime | None = None

    @property
    def over(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.ended_at is not None


class Jobs:
    """The jobs of one site in this process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._turn = FairLock()
        self._jobs: dict[tuple[int, str], Job] = {}

    def start(self, here: Site, order: Order, *, actor: Actor, now: datetime) -> Job:
        """Begin, or give the job that began when this order came first: a second click is none."""
        place = (actor.user_id, order.key)
        with self._guard:
            self._forget_old(now)
            known = self._jobs.get(place)
            if known is not None:
                return known
            job = Job(order.key, actor.user_id, order.file_name, order.profile, order.writes, now)
            self._jobs[place] = job
        work = threading.Thread(
            target=self._work, args=(here, order, job, actor), name="import", daemon=True
        )
        work.start()
        return job

    def get(self, actor_id: int, key: str) -> Job | None:
        """A person's job of this key."""
        return self._jobs.get((actor_id, key))

    def import_of(self, actor_id: int) -> Job | None:
        """The person's import that is at work, or has ended and was not laid aside yet."""
        with self._guard:
            found = [job for job in self._jobs.values() if job.actor_id == actor_id and job.writes]
        return max(found, key=lambda job: job.started_at, default=None)

    def lay_aside(self, actor_id: int, key: str) -> None:
        """Forget a job that is over; one at work goes on and stays."""
        with self._guard:
            job = self._jobs.get((actor_id, key))
            if job is not None and job.over:
                del self._jobs[(actor_id, key)]

    def ahead_of(self, job: Job) -> int:
        """How many files are worked on before this one."""
        with self._guard:
            jobs = list(self._jobs.values())
        return sum(not one.over and one.started_at < job.started_at for one in jobs)

    def _forget_old(self, now: datetime) -> None:
        old = [
            place
            for place, job in self._jobs.items()
            if job.ended_at is not None and now - job.ended_at > _KEPT
        ]
        for place in old:
            del self._jobs[place]

    def _work(self, here: Site, order: Order, job: Job, actor: Actor) -> None:
        def note(progress: Progress) -> None:
            job.progress = progress

        try:
            with self._turn:
                job.report = _run(here, order, _still(here, actor), note)
            job.progress = Progress(Step.DONE)
        except Refusal as refusal:
            job.refusal, job.progress = refusal, Progress(Step.STOPPED)
        except AWAY as error:
            log.warning("import.lost", error=type(error).__name__)
            job.lost, job.progress = not disk_is_full(error), Progress(Step.STOPPED)
        except Exception:
            job.reference, job.progress = secrets.token_hex(4).upper(), Progress(Step.STOPPED)
            log.exception("import.failed", reference=job.reference)
        # Screens see what was written in the very refresh that says so; look() itself never raises.
        here.watcher.look()
        job.ended_at = clock.now()


def _still(here: Site, actor: Actor) -> Actor:
    """The person as of now: while a file waited, the account may be closed or the post ended."""
    with here.db.read() as session:
        separated = here.settings.three_roles
        try:
            return actor_now(session, actor, now=clock.now(), separated=separated)
        except NotFound:
            raise NotAllowed(Permission.IMPORT_RUN) from None


def _run(here: Site, order: Order, actor: Actor, note: Listener) -> Report:
    if not order.writes:
        return rehearse_file(
            here.db,
            content=order.content,
            file_name=order.file_name,
            profile=order.profile,
            sheet=order.sheet,
            mapping=order.mapping,
            actor=actor,
            now=clock.now(),
            progress=note,
        )
    return import_file(
        here.db,
        content=order.content,
        file_name=order.file_name,
        profile=order.profile,
        sheet=order.sheet,
        again=order.again,
        mapping=order.mapping,
        actor=actor,
        now=clock.now(),
        progress=note,
    )


_of_site: dict[str, Jobs] = {}


def jobs() -> Jobs:
    """The jobs of the site that is open."""
    return _of_site.setdefault(site.current().url, Jobs())
