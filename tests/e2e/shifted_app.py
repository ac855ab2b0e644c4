"""The product with another time of day: ahead of the machine's clock by as many seconds as the
file CLOCK_AHEAD says at that moment.

`streamlit run tests/e2e/shifted_app.py`, for midnights that nobody wants to wait for.
"""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import server.clock  # noqa: E402 - the path comes first
import ui.clock  # noqa: E402

SAYS = Path(os.environ["CLOCK_AHEAD"])


class Ahead(datetime):
    """The machine's clock, put forward."""

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + timedelta(seconds=float(SAYS.read_text()))


# Both modules ask for the name when they are asked for the time.
server.clock.datetime = ui.clock.datetime = Ahead

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
