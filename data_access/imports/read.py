"""A file as rows of text, read by a child process so that no file can harm the caller."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from data_access.imports.formats.opened import ReadLimits
from domain.imports import FileProblem, FileRefused

_CHILD = Path(__file__).with_name("child.py")
_LONGEST_LINE = 16_000_000
_ENVIRONMENT = ("LD_LIBRARY_PATH",)


LIMITS = ReadLimits()
PEEK_ROWS = 30


class Row(NamedTuple):
    """One row that is not blank: its number in the file, counted from 1, and its cells.

    `filled`: some of them say what a merged cell says that covers them.
    """

    number: int
    cells: list[str]
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """An opened sheet. `rows` can be gone through once, while the table is open.

    `kind` is "csv", "xlsx", "xls" or "ods"; `encoding` is empty for a workbook; `sheets` are its
    sheets' names, of an ODS those up to the one that is read.
    """

    kind: str
    encoding: str
    sheets: tuple[str, ...]
    rows: Iterator[Row]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook: how far its content reaches, or None where nobody looked."""

    name: str
    hidden: bool
    rows: int | None
    columns: int | None


@dataclass(frozen=True, slots=True)
class Peek:
    """What a file looks like before it is taken in.

    `kind` is "csv", "xlsx", "xls" or "ods". `encoding` is "utf-8", "utf-16" or "gb18030", and empty
    for a workbook. `sheets` are all sheets of a workbook in their order; none of plain text.
    `sheet`, counted from 1, is the one whose first rows that are not blank are `rows`: for
    import_file too. Nothing of a row is left out here: titles, heads, totals and notes are rows.
    """

    kind: str
    encoding: str
    sheets: tuple[Sheet, ...]
    sheet: int
    rows: tuple[Row, ...]


def peek(
    content: bytes, *, sheet: int | None = None, rows: int = PEEK_ROWS, limits: ReadLimits = LIMITS
) -> Peek:
    """Look at the first rows of a file, and at what else there is in it.

    `sheet` counts from 1; None means the first that is shown and looks like a table. Raises
    FileRefused, as open_table does.
    """
    with _opened(content, sheet or 0, rows, limits) as lines:
        opening = next(lines)
        sheets = tuple(Sheet(*said) for said in opening["sheets"])
        first = tuple(_rows(lines))
        return Peek(opening["kind"], opening["encoding"], sheets, opening["sheet"], first)


@contextmanager
def open_table(content: bytes, *, sheet: int = 1, limits: ReadLimits = LIMITS) -> Iterator[Table]:
    """Open CSV (UTF-8, UTF-16 or GB18030) or a sheet, counted from 1, of an XLSX, XLS or ODS file.

    Raises FileRefused here or while the rows are read; the child is gone when the block ends.
    """
    with _opened(content, sheet, 0, limits) as lines:
        opening = next(lines)
        names = tuple(said[0] for said in opening["sheets"])
        yield Table(opening["kind"], opening["encoding"], names, _rows(lines))


@contextmanager
def _opened(content: bytes, sheet: int, first: int, limits: ReadLimits) -> Iterator[Iterator[Any]]:
    """What a child says of the file. It is gone when the block ends."""
    if len(content) > limits.file_bytes:
        raise FileRefused(FileProblem.TOO_LARGE)
    # A file in memory alone: what persons brought in is on no disk, not even for a moment.
    with os.fdopen(os.memfd_create("upload"), "w+b") as file:
        file.write(content)
        file.seek(0)
        order = {"limits": asdict(limits), "sheet": sheet, "first": first}
        with _child(file, order, limits.wall_seconds) as process:
            yield _lines(process)


@contextmanager
def _child(
    file: IO[bytes], order: dict[str, Any], wall_seconds: int
) -> Iterator[subprocess.Popen[bytes]]:
    # Isolated (-I): no variable, current folder or user package reaches it. Of the environment it
    # gets only where shared libraries lie: it has no secrets to leak.
    process = subprocess.Popen(  # noqa: S603 - our own script under our own interpreter
        [sys.executable, "-I", str(_CHILD), json.dumps(order)],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
    )
    alarm = threading.Timer(wall_seconds, process.kill)
    alarm.daemon = True
    alarm.start()
    try:
        yield process
    finally:
        alarm.cancel()
        process.kill()
        if process.stdout is not None:
            process.stdout.close()
        process.wait()


def _lines(process: subprocess.Popen[bytes]) -> Iterator[Any]:
    """What the child says, line by line; FileRefused when it says so, or dies without a word."""
    stream = process.stdout
    if stream is None:
        raise FileRefused(FileProblem.DAMAGED)
    while line := stream.readline(_LONGEST_LINE):
        try:
            said = json.loads(line)
        except ValueError:
            raise FileRefused(FileProblem.TOO_HEAVY) from None
        if isinstance(said, dict) and "problem" in said:
            raise FileRefused(FileProblem(said["problem"]), *said["names"])
        yield said
        if isinstance(said, dict) and "end" in said:
            return
    # A signal ended it: aborted for want of memory, out of processor time, or by our own clock. A
    # parser that gave up by itself leaves with a status instead.
    raise FileRefused(FileProblem.TOO_HEAVY if process.wait() < 0 else FileProblem.DAMAGED)


def _rows(lines: Iterator[Any]) -> Iterator[Row]:
    for said in lines:
        if isinstance(said, dict):
            return
        yield from (Row(*row) for row in said)
