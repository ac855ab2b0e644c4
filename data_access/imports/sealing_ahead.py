"""Portions on their way to be sealed: here, or in a process of their own while others are decided.

Of a long file most is sealed beside: the next portion is decided on meanwhile, so that an import
works on two processors.
"""

import copyreg
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import fields
from io import BytesIO
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

import structlog
from sqlalchemy import RowMapping

from data_access.imports.known_cases import KnownCase
from data_access.imports.lines import Line
from data_access.imports.load_cases import CaseChange, Decided, NewCase
from data_access.imports.places import Position
from data_access.imports.rows import Entry
from data_access.imports.sealing import Ids, seal
from data_access.imports.staging import Encoded, Encoder
from data_access.imports.stated import Person, StatedCase
from data_access.imports.task import Task
from data_access.vault import Vault
from domain.imports import FileProblem, FileRefused, StatedEnd

Job = tuple[Decided, Ids]

log = structlog.get_logger(__name__)

_SEALER = Path(__file__).with_name("sealer.py")
_ENVIRONMENT = ("LD_LIBRARY_PATH",)
# A process takes a second to begin: less than so many portions are sealed sooner without one.
_SEALED_HERE = 3
# What is under way: one portion at work, and one that waits so that the process never does.
_AHEAD = 2
# As much as a pipe may hold. In small pieces each side would wait for the other all the time.
_PIPE_BYTES = 1 << 20


class SealingBroken(FileRefused):
    """The process that seals is gone before its work was done. Nothing was written."""

    def __init__(self) -> None:
        super().__init__(FileProblem.BROKEN_OFF)


class Sealing(AbstractContextManager["Sealing"]):
    """Seals the portions of one import; a process that it may have started ends with the block."""

    def __init__(self, task: Task, vault: Vault, encoder: Encoder) -> None:
        self._task, self._vault, self._encoder = task, vault, encoder
        self._beside = ExitStack()

    def __exit__(self, *raised: object) -> None:
        self._beside.close()

    def sealed(self, jobs: Iterable[Job]) -> Iterator[Encoded]:
        """What becomes of each portion, in their order. Raises SealingBroken."""
        waiting = iter(jobs)
        here = _SEALED_HERE if _has_two_processors() else sys.maxsize
        for _, (decided, ids) in zip(range(here), waiting, strict=False):
            yield self._encoder.encoded(seal(decided, ids, self._task, self._vault))
        process: _SealingProcess | None = None
        under_way: deque[Future[Encoded]] = deque()
        for job in waiting:
            if process is None:
                process = self._beside.enter_context(self._process())
            under_way.append(process.seal(job))
            if len(under_way) > _AHEAD:
                yield under_way.popleft().result()
        for one in under_way:
            yield one.result()

    def _process(self) -> "_SealingProcess":
        return _SealingProcess(self._vault.key(), self._encoder.dialect, self._task)


class _SealingProcess(AbstractContextManager["_SealingProcess"]):
    """The sealer and the thread that talks to it, a portion at a time."""

    def __init__(self, key: bytes, dialect: str, task: Task) -> None:
        # As with the process that parses: isolated, and without secrets in its environment. The key
        # goes through the pipe, where no list of processes shows it.
        self._process = subprocess.Popen(  # noqa: S603 - our own script under our own interpreter
            [sys.executable, "-I", str(_SEALER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            pipesize=_PIPE_BYTES,
        )
        self._thread = ThreadPoolExecutor(1, "sealing")
        self._thread.submit(self._send, (key, dialect, task))

    def __exit__(self, *raised: object) -> None:
        self._process.kill()
        self._thread.shutdown(cancel_futures=True)
        for stream in (self._process.stdin, self._process.stdout):
            # What was still to be sent has nobody left to read it.
            with suppress(BrokenPipeError):
                _there(stream).close()
        self._process.wait()

    def seal(self, job: Job) -> Future[Encoded]:
        return self._thread.submit(self._exchange, job)

    def _exchange(self, job: Job) -> Encoded:
        try:
            self._send(job)
            # Both ends of the pipe are ours, and nobody else has a name for it.
            answer: Encoded = pickle.load(_there(self._process.stdout))  # noqa: S301
        except (BrokenPipeError, EOFError, pickle.UnpicklingError) as error:
            log.error("import.sealer_gone", returncode=self._process.poll())  # noqa: TRY400
            raise SealingBroken from error
        return answer

    def _send(self, what: Any) -> None:
        stream = _there(self._process.stdin)
        # In one piece: what is written by and by lets another thread in each time.
        stream.write(_packed(what))
        stream.flush()


def _there(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        msg = "the process was started with pipes"
        raise AssertionError(msg)
    return stream


def _has_two_processors() -> bool:
    return len(os.sched_getaffinity(0)) > 1


def _packed(what: Any) -> bytes:
    buffer = BytesIO()
    pickler = pickle.Pickler(buffer, protocol=5)
    pickler.dispatch_table = _SMALL
    pickler.dump(what)
    return buffer.getvalue()


def _by_fields(kind: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """All fields at once: by itself, a dataclass with slots gives them one by one."""
    values = attrgetter(*(field.name for field in fields(kind)))
    return lambda one: (kind, values(one))


# Sealing asks of a row its number alone, and of a known case what stands in its own row.
_SMALL: dict[type[Any], Callable[[Any], Any]] = {
    **copyreg.dispatch_table,
    **{
        kind: _by_fields(kind)
        for kind in (CaseChange, NewCase, Person, Position, StatedCase, StatedEnd)
    },
    Entry: lambda entry: (Entry, (Line(entry.number, ""),)),
    KnownCase: lambda known: (KnownCase, (dict(known.row),)),
    RowMapping: lambda row: (dict, (dict(row),)),
}
