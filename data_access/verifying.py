"""A check of the trail in the background: begun by a click, one at a time for each database."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

import structlog

from data_access import anchors
from data_access.anchors import AnchorKeyError
from data_access.commands.trail import verify_trail
from data_access.engine import Database
from data_access.settings import Settings
from domain.people import Actor

log = structlog.get_logger(__name__)

# Hashing keeps the interpreter to itself; a breath between parts lets the screens have it.
_BREATH_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Progress:
    """How many lines are done, out of how many; of none before the first are."""

    done: int = 0
    total: int = 0


class Verifying:
    """Whether a check is under way, how far it is, and whether the last one came to a result."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._progress: Progress | None = None
        self._failed = False
        self._ended = 0

    @property
    def ended(self) -> int:
        """How many checks have come to their end: whoever shows the last reads it again then."""
        return self._ended

    @property
    def progress(self) -> Progress | None:
        """How far the check is; None while there is none."""
        return self._progress

    @property
    def failed(self) -> bool:
        """Whether the last check ended without a result: database or key could not be read."""
        return self._failed

    def begin(self, check: Callable[[Callable[[int, int], None]], object]) -> bool:
        """Run `check` in a thread, giving it where to tell its progress; False while one runs."""
        with self._guard:
            if self._progress is not None:
                return False
            self._progress, self._failed = Progress(), False
        threading.Thread(target=self._run, args=(check,), name="verify", daemon=True).start()
        return True

    def _run(self, check: Callable[[Callable[[int, int], None]], object]) -> None:
        try:
            check(self._tell)
        except Exception as error:  # noqa: BLE001 - nobody waits for this thread: the screen says it
            self._failed = True
            log.warning("trail.verify_failed", error=type(error).__name__)
        finally:
            self._ended += 1
            self._progress = None

    def _tell(self, done: int, total: int) -> None:
        self._progress = Progress(done, total)
        time.sleep(_BREATH_SECONDS)


_of: WeakKeyDictionary[Database, Verifying] = WeakKeyDictionary()
_making = threading.Lock()


def verifying(db: Database) -> Verifying:
    """The one that checks this database, in this process."""
    with _making:
        return _of.setdefault(db, Verifying())


def begin_verification(db: Database, settings: Settings, *, actor: Actor, now: datetime) -> bool:
    """Begin to check the trail against this site's anchors; False where a check is under way."""

    def check(tell: Callable[[int, int], None]) -> None:
        key = None
        # Without a key that can be read, the chain is checked all the same, and every anchor is
        # one that nobody vouches for.
        with suppress(AnchorKeyError):
            key = anchors.public_key(settings.anchor_key_path)
        verify_trail(
            db,
            folder=settings.anchors_path,
            key=key,
            actor=actor,
            now=now,
            progress=tell,
        )

    return verifying(db).begin(check)
