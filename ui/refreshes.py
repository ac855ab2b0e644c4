"""How long the live parts of this process take to draw, and for how many screens: kept in memory.

What a reader waits for on the server, without the way over the network and the browser's painting.
"""

import os
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path

from streamlit.runtime.scriptrunner import get_script_run_ctx

# Of a hundred screens that look every four seconds, and ring in between, some minutes.
_KEPT = 20_000
_OF_THE_LAST = 60.0  # seconds
# Three missed looks by the clock: the tab is closed, or sleeps.
_GONE_AFTER = 15.0  # seconds
_drawn: deque[tuple[float, float, str]] = deque(maxlen=_KEPT)
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Refreshes:
    """Of the last minute: how many, their times in milliseconds, and the screens that look now."""

    screens: int
    count: int
    median: float
    ninety_fifth: float
    longest: float


def timed(draw: Callable[[], None]) -> Callable[[], None]:
    """`draw`, of which each run that ends well is written down."""

    @wraps(draw)
    def drawing() -> None:
        begun = time.perf_counter()
        draw()
        context = get_script_run_ctx(suppress_warning=True)
        taken = (time.perf_counter() - begun) * 1000
        with _lock:
            _drawn.append((time.monotonic(), taken, context.session_id if context else ""))

    return drawing


def lately() -> Refreshes:
    """What was drawn here lately."""
    now = time.monotonic()
    with _lock:
        kept = [one for one in _drawn if now - one[0] <= _OF_THE_LAST]
    screens = {who for at, _taken, who in kept if now - at <= _GONE_AFTER}
    times = sorted(taken for _at, taken, _who in kept)
    if not times:
        return Refreshes(0, 0, 0.0, 0.0, 0.0)
    return Refreshes(
        len(screens),
        len(times),
        statistics.median(times),
        times[min(len(times) - 1, int(len(times) * 0.95))],
        times[-1],
    )


def memory() -> int | None:
    """Bytes that this process holds now; None where the system does not say (it is no Linux)."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
