"""How a live part knows that there is something new, and how its reader knows how old it is.

The server's events (/api/events) ring; the part that drew the bell is drawn again. Its refresh by
the clock is the safety net where no event comes through, and the sign of life that a reader's own
clock judges: see ui/assets/elements/live.js.
"""

from collections.abc import Callable

import streamlit as st

from data_access.changes import Watermark
from texts import gettext as _
from texts.numbers import clock_time
from ui import elements, refreshes

# How often a part that has a bell looks without being asked.
HEARTBEAT_SECONDS = 4.0

_LIVE = elements.element("live")
_WORKER = elements.address("live_worker.js")


def part(draw: Callable[[], None]) -> Callable[[], None]:
    """A part of a page that is drawn again and again, by the bell that it shows and by the clock.

    What it takes is written down for the page of server health.
    """
    live: Callable[[], None] = st.fragment(run_every=HEARTBEAT_SECONDS)(refreshes.timed(draw))
    return live


def show(watermark: Watermark) -> None:
    """Hang the bell of this part, and say of when its figures are.

    Apart from what the part shows: the time is new at every refresh, while a list stays the same to
    the last byte until something changes, and a browser that has it is not sent it again.
    """
    read_at = clock_time(watermark.read_at)
    _LIVE(
        key="live",
        data={
            "seq": watermark.data_seq,
            "fresh": watermark.fresh,
            "live": _("● 实时 {time}").format(time=read_at),
            "stale": _("▲ 数据停在 {time}").format(time=read_at),
            "worker": _WORKER,
        },
        on_changed_change=_rung,
    )


def _rung() -> None:
    """The draw that follows is all that is wanted."""
