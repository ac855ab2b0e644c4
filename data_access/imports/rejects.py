"""Rows that were not taken: kept encrypted, and written to a file to mend and import again."""

import csv
import io
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from data_access.engine import vault_of
from data_access.imports.headers import REASONS_HEADER, ROW_NUMBER_HEADER, Header
from data_access.imports.lines import PORTION
from data_access.imports.rows import Entry, cells_of, problems_of
from data_access.tables import ImportReject
from data_access.vault import Vault
from domain.imports import Problem, RejectReason
from texts.imports import problem_sentence

# What a spreadsheet would take for a formula, also behind blanks and in full width.
_FORMULA = re.compile("^'*[\\s\u00a0]*[=+\\-@\uff1d\uff0b\uff0d\uff20\t\r\n]")


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was sent back: its cells by the file's own headers, and every reason."""

    row_number: int
    cells: dict[str, str]
    problems: tuple[Problem, ...]


def store_rejects(
    session: Session, header: Header, entries: Iterable[Entry], *, batch_id: int
) -> None:
    """Keep rows that were not taken: known columns only, encrypted; reasons as codes."""
    entries = iter(entries)
    while portion := list(islice(entries, PORTION)):
        rows = [_row(header, entry, vault_of(session), batch_id) for entry in portion]
        session.execute(insert(ImportReject), rows)


def _row(header: Header, entry: Entry, vault: Vault, batch_id: int) -> dict[str, Any]:
    cells = json.dumps(cells_of(header, entry), ensure_ascii=False)
    problems = [
        {"column": problem.column, "reason": problem.reason.value}
        for problem in problems_of(header, entry)
    ]
    return {
        "batch_id": batch_id,
        "row_number": entry.number,
        "problems": {"problems": problems},
        "cells_encrypted": vault.encrypt(cells, place=_place(batch_id, entry.number)),
    }


def load_rejects(session: Session, *, batch_id: int) -> list[RejectedRow]:
    """The rows of a batch that were sent back, in the clear. Whoever calls it checks who asks."""
    vault = vault_of(session)
    rows = session.scalars(
        select(ImportReject)
        .where(ImportReject.batch_id == batch_id)
        .order_by(ImportReject.row_number)
    )
    found = []
    for row in rows:
        cells = vault.decrypt(row.cells_encrypted, place=_place(batch_id, row.row_number))
        problems = tuple(
            Problem(row.row_number, one["column"], RejectReason(one["reason"]))
            for one in row.problems["problems"]
        )
        found.append(RejectedRow(row.row_number, json.loads(cells), problems))
    return found


def headers_to_mend(rows: Sequence[RejectedRow]) -> list[str]:
    """The file's own headers, and those of columns that it lacks and should have."""
    headers = dict.fromkeys(header for row in rows for header in row.cells)
    lacking = dict.fromkeys(problem.column for row in rows for problem in row.problems)
    return list(headers | lacking)


def reasons(row: RejectedRow) -> str:
    """Every reason of a row, in sentences."""
    return " ".join(problem_sentence(problem) for problem in row.problems)


def rejects_as_csv(rows: Sequence[RejectedRow]) -> str:
    """A CSV to mend: the file's columns, then row number and reasons; no cell is a live formula."""
    headers = headers_to_mend(rows)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*map(guarded, headers), ROW_NUMBER_HEADER, REASONS_HEADER])
    for row in rows:
        cells = [guarded(row.cells.get(header, "")) for header in headers]
        writer.writerow([*cells, row.row_number, guarded(reasons(row))])
    return text.getvalue()


def write_rejects(path: Path, rows: Sequence[RejectedRow]) -> None:
    """Write a CSV to mend.

    UTF-8 with its mark, so that 䢺江镇 survives a spreadsheet; readable by its owner alone. Raises
    FileExistsError: a file that somebody is mending is not overwritten.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
        file.write(rejects_as_csv(rows))


def guarded(cell: str) -> str:
    """The cell with a quote before it where a spreadsheet would run it; imports take it off."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _place(batch_id: int, row_number: int) -> str:
    return f"import_reject.cells:{batch_id}:{row_number}"
