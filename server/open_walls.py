"""What walls (大屏) have open here: closed within a second once their token is taken back."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from anyio import CancelScope, to_thread
from starlette.types import Message, Send

from data_access import site
from data_access.changes import Watcher, Watermark
from data_access.faults import UNREADABLE
from data_access.walls import FoundWall


class Closable(Protocol):
    """Something open that can be closed from outside of the code that serves it."""

    async def close(self) -> None:
        """End it now."""


class Stream:
    """A long answer, such as the bell's, that ends when its wall is taken back."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._scope = CancelScope()
        self._started = False

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        self._started = self._started or message["type"] == "http.response.start"
        await self._send(message)

    async def close(self) -> None:
        """Stop whoever writes it."""
        self._scope.cancel()

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Await `work`, which writes the answer; end the answer properly where it was stopped."""
        with self._scope:
            await work
        if not self._scope.cancelled_caught:
            return
        if not self._started:
            await self._send({"type": "http.response.start", "status": 403, "headers": []})
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


class OpenWalls:
    """What walls have open on this server, each with the token's number and where it comes from.

    For the event loop only, but for `ring`.
    """

    def __init__(self) -> None:
        self._open: dict[Closable, tuple[FoundWall, str]] = {}
        self._looks: set[asyncio.Task[None]] = set()

    @contextmanager
    def held(self, one: Closable, found: FoundWall, address: str) -> Iterator[None]:
        """Remember it while inside."""
        self._open[one] = (found, address)
        try:
            yield
        finally:
            self._open.pop(one, None)

    def __len__(self) -> int:
        """How much is open."""
        return len(self._open)

    async def look(self) -> None:
        """Close what is open by a token, or from an address, that opens nothing any more."""
        held = list(self._open.items())
        if not held:
            return
        # While the database does not answer nobody can tell; the next change looks again, and the
        # page asks for itself at every draw.
        with suppress(*UNREADABLE):
            for one in await to_thread.run_sync(_over, held):
                await one.close()

    def begin_look(self) -> None:
        """Look, beside whatever else the loop does."""
        task = asyncio.get_running_loop().create_task(self.look())
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)


def _over(held: list[tuple[Closable, tuple[FoundWall, str]]]) -> list[Closable]:
    # In a thread: when the trail has moved, the registry asks the database.
    walls = site.current().walls
    return [one for one, (found, address) in held if not walls.holds(found, address=address)]


open_walls = OpenWalls()


@contextmanager
def watched_walls(watcher: Watcher) -> Iterator[None]:
    """While inside, a change of data has every open wall's token looked at again."""
    loop = asyncio.get_running_loop()

    def ring(_mark: Watermark) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(open_walls.begin_look)

    leave = watcher.listen(ring)
    try:
        yield
    finally:
        leave()
