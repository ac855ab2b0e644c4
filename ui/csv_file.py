"""Tables as files that spreadsheets open: as text, with nothing in them that they would run."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pandas as pd

from data_access import site
from data_access.imports.rejects import guarded
from domain.people import Actor

CSV = "text/csv"


def as_csv(table: pd.DataFrame, about: Sequence[tuple[str, str]] = ()) -> bytes:
    """UTF-8 with a mark that spreadsheets know it by; no cell begins a formula.

    `about` are lines below the table: what was counted, and when.
    """
    out = io.StringIO(newline="")
    lines = [list(table.columns), *table.to_numpy().tolist()]
    if about:
        lines += [[], *map(list, about)]
    csv.writer(out).writerows([guarded(str(cell)) for cell in line] for line in lines)
    return out.getvalue().encode("utf-8-sig")


def taker(shown: Actor, now: datetime) -> Actor:
    """Who takes a file along, asked again: the button may be older than the sign-in.

    Raises SessionEnded.
    """
    if shown.session_id is None:
        raise AssertionError
    actor = site.current().registry.actor(shown.session_id, now)
    return replace(actor, address=shown.address)
