"""/api/events: what a browser listens to, so that its screens look again when something changed.

Topics only: a message says that the data moved and how far, never what moved; what a person
may see of it their page asks for itself. A browser has one stream however many tabs it has open
(ui/assets/elements/live_worker.js): browsers allow six connections to a server that speaks
HTTP/1.1, and ten streams would leave none for the pages.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

import structlog
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse

from data_access import site
from data_access.changes import Watcher, Watermark
from server.clock import now
from server.stopping import watched_signals

# Often enough to tell a quiet county from a broken line; proxies cut what is silent for a minute.
BEAT_SECONDS = 5.0
# A stream ends by itself: so a session that is over, or a proxy that forgot about it, holds none.
LIFE_SECONDS = 50.0
# Who lost the server comes back after one to two seconds, not all in the same moment.
_SOONEST, _LATEST = 1_000, 2_000
# Two a browser would do; the rest is for an office behind one address, and the drill's fifty.
MOST_STREAMS = 1_000
# Milliseconds of one core that a screen's look costs. All who heard of a change in the same moment
# would wait for each other; so they are asked to look within as long as all of them take together.
A_LOOK_MS, MOST_SPREAD_MS = 8, 1_000

log = structlog.get_logger(__name__)


class Bell:
    """Rung by the watcher's thread, heard by every open stream. One for each server."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._streams: set[asyncio.Event] = set()
        self._is_over = False

    def ring(self, _mark: Watermark) -> None:
        """Wake every stream. From any thread."""
        # A loop that has ended has no streams left.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ring)

    def _ring(self) -> None:
        for rung in self._streams:
            rung.set()

    def stop(self) -> None:
        """End every stream. In the event loop."""
        self._is_over = True
        self._ring()

    def __len__(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    async def messages(self, *, life: float = LIFE_SECONDS) -> AsyncIterator[str]:
        """The text of one stream: what stands at once, then every change, and a beat in between.

        Changes that come while a message is on its way are told as one: the last is what counts.
        """
        rung = asyncio.Event()
        self._streams.add(rung)
        ends = self._loop.time() + life
        try:
            yield f"retry: {random.randint(_SOONEST, _LATEST)}\n\n"  # noqa: S311 - no secret
            while not self._is_over and self._loop.time() < ends:
                rung.clear()
                yield _message(site.current().watcher.seen(now=now()), len(self))
                with suppress(TimeoutError):
                    await asyncio.wait_for(rung.wait(), BEAT_SECONDS)
        finally:
            self._streams.discard(rung)


def _message(mark: Watermark, streams: int) -> str:
    spread = min(MOST_SPREAD_MS, A_LOOK_MS * streams)
    body = json.dumps({"seq": mark.data_seq, "fresh": mark.fresh, "spread": spread})
    return f"event: data\ndata: {body}\n\n"


_hung: list[Bell] = []


@contextmanager
def hung_bell(watcher: Watcher) -> Iterator[None]:
    """While inside, the watcher rings for every stream of this server."""
    bell = Bell()
    leave = watcher.listen(bell.ring)
    _hung.append(bell)
    try:
        with watched_signals(bell.stop):
            yield
    finally:
        _hung.remove(bell)
        leave()


class Events(HTTPEndpoint):
    """The stream of one browser; the gate has seen who it is."""

    async def get(self, request: Request) -> StreamingResponse | PlainTextResponse:
        """The stream, or 503 where there are too many: the browser then looks by the clock."""
        bell = _hung[-1]
        if len(bell) >= MOST_STREAMS:
            log.warning("events.full", streams=len(bell))
            return PlainTextResponse("too many streams\n", 503, {"retry-after": "30"})
        return StreamingResponse(
            bell.messages(),
            media_type="text/event-stream",
            # A proxy that collects what it passes on would hold every message back.
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )
