"""A plan that is reckoned in a process of its own: how far it is, its end, and calling it off."""

import os
import pickle
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from domain.balancing import Plan, Point, Pool, Request, Violation
from domain.balancing.orders import Order, plan_of
from domain.balancing.proposing import Unverified

log = structlog.get_logger(__name__)

_PLANNER = Path(__file__).with_name("planner.py")
_ENVIRONMENT = ("LD_LIBRARY_PATH",)
# One solver thread: a second one would take the processor that shows the screens.
_SINGLE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
# Each of them needs up to half a gigabyte and a processor; who comes third waits.
_AT_ONCE = threading.BoundedSemaphore(2)
# Half a second of reckoning each: they do not wait behind somebody's plan.
_WEIGHED_AT_ONCE = threading.BoundedSemaphore(2)
# Of so few works what is made by hand is weighed before a process has begun.
_FEW = 800


@dataclass
class Reckoning:
    """One plan on its way. A thread of its own follows the process; all others look at it.

    The plan is proposed, or made by hand and weighed, or hands back. `share` is how much is done, 0
    to 1. At the end `plan` is there, or `failed` is set: nothing that passes the check was found,
    for its `violations`, or the process broke off. `points` are those of the frontier, reckoned too
    for what is proposed unless they are known.
    """

    pool: Pool
    order: Order
    share: float = 0.0
    plan: Plan | None = None
    points: tuple[Point, ...] = ()
    failed: bool = False
    violations: tuple[Violation, ...] = ()
    cancelled: bool = False
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def over(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self._ended.is_set()

    def begin(self) -> "Reckoning":
        """Start the process, or wait for a place; what is weighed at once is over at once."""
        if not isinstance(self.order, Request) and len(self.pool.works) <= _FEW:
            self._weigh_here()
            return self
        threading.Thread(target=self._follow, name="planning", daemon=True).start()
        return self

    def wait(self, seconds: float) -> bool:
        """Whether it is over at the latest after so many seconds."""
        return self._ended.wait(seconds)

    def cancel(self) -> None:
        """Call it off. What was found by then is not kept."""
        self.cancelled = True
        process = self._process
        if process is not None:
            process.kill()

    def _weigh_here(self) -> None:
        try:
            self.plan = plan_of(self.pool, self.order)
        except Unverified as fault:
            self.failed, self.violations = True, fault.violations
        finally:
            self._ended.set()

    def _follow(self) -> None:
        try:
            with _AT_ONCE if isinstance(self.order, Request) else _WEIGHED_AT_ONCE:
                if not self.cancelled:
                    self._run()
        except Exception:
            log.exception("planning.failed")
            self.failed = True
        finally:
            self._ended.set()

    def _run(self) -> None:
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        with subprocess.Popen(  # noqa: S603 - our own script under our own interpreter
            [sys.executable, "-I", str(_PLANNER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment | _SINGLE,
        ) as process:
            self._process = process
            if self.cancelled:
                process.kill()
            self._talk(process)

    def _talk(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None  # noqa: S101 - started with pipes
        assert process.stdout is not None  # noqa: S101
        try:
            pickle.dump((self.pool, self.order, not self.points), process.stdin, protocol=5)
            process.stdin.close()
            while True:
                # Both ends of the pipe are ours, and nobody else has a name for it.
                kind, what = pickle.load(process.stdout)  # noqa: S301
                if kind == "share":
                    self.share = what
                elif kind == "done":
                    self.plan, points = what
                    self.points = points or self.points
                    return
                else:
                    self.failed, self.violations = True, what
                    return
        except (BrokenPipeError, EOFError, pickle.UnpicklingError):
            if not self.cancelled:
                log.error("planning.process_gone", returncode=process.poll())  # noqa: TRY400
                self.failed = True
