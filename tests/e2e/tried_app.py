"""The product in a world that a test arranges, each by a file that is read at that moment:

CLOCK_AHEAD  seconds that the server's clock is ahead of the machine's
MAX_PAGES    pages that SQLite's file may grow to (`PRAGMA max_page_count`)
"""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import streamlit as st
from sqlalchemy import event
from sqlalchemy.pool import Pool
from starlette.middleware import Middleware

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import server.clock  # noqa: E402 - the path comes first
import ui.clock  # noqa: E402


class Ahead(datetime):
    """The machine's clock, put forward."""

    @classmethod
    def now(cls, tz=None):
        ahead = float(Path(os.environ["CLOCK_AHEAD"]).read_text())
        return datetime.now(tz) + timedelta(seconds=ahead)


if "CLOCK_AHEAD" in os.environ:
    # Both modules ask for the name when they are asked for the time.
    server.clock.datetime = ui.clock.datetime = Ahead

if "MAX_PAGES" in os.environ:

    @event.listens_for(Pool, "checkout")
    def limit(connection, _record, _proxy):
        # SQLite takes no limit below what the file has: such a file is full as it is.
        pages = int(Path(os.environ["MAX_PAGES"]).read_text())
        connection.cursor().execute(f"PRAGMA max_page_count = {pages}")


from server.gate import Gate  # noqa: E402
from server.lifespan import lifespan  # noqa: E402
from server.routes import ROUTES  # noqa: E402
from server.script_errors import on_script_error  # noqa: E402

app = st.App(
    str(ROOT / "ui/entry/main.py"),
    routes=ROUTES,
    middleware=[Middleware(Gate)],
    lifespan=lifespan,
    on_script_error=on_script_error,
)
