"""The open websockets: of each browser, so that signing in or out reaches every tab; of strangers,
so that they do not fill the server.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Message, Send

# "Service restart": the page's own code connects again by itself, with the cookies of that moment.
_CONNECT_AGAIN = 1012
# Each costs a script's memory and its refreshes. An office behind one address, whose sessions all
# ended over night, stays below the first; many addresses together stay below the second.
STRANGERS_OF_ONE_ADDRESS = 60
STRANGERS = 300


class Connection:
    """One websocket that can be closed from outside of the code that serves it.

    `session_id` is the session that it was opened with; None for a stranger's.
    """

    def __init__(self, send: Send, session_id: int | None = None) -> None:
        self._send = send
        self.session_id = session_id
        self._accepted = False
        self._closed = False

    async def send(self, message: Message) -> None:
        """Pass a message on; silently drop what is sent after the close."""
        if self._closed:
            return
        self._accepted = self._accepted or message["type"] == "websocket.accept"
        self._closed = message["type"] == "websocket.close"
        await self._send(message)

    async def close(self) -> None:
        """Close it; the web server then tells the code that serves it that the client is gone."""
        if self._accepted:
            await self.send({"type": "websocket.close", "code": _CONNECT_AGAIN})


class OpenSockets:
    """The connections of each browser, signed in or not. For the event loop only."""

    def __init__(self) -> None:
        self._of_browser: defaultdict[str, set[Connection]] = defaultdict(set)

    def add(self, browser: str | None, connection: Connection) -> None:
        """Remember a connection while it is open; nothing to do without a browser's mark."""
        if browser is not None:
            self._of_browser[browser].add(connection)

    def remove(self, browser: str | None, connection: Connection) -> None:
        """Forget a connection that has ended."""
        if browser is None:
            return
        self._of_browser[browser].discard(connection)
        if not self._of_browser[browser]:
            del self._of_browser[browser]

    async def close(self, browser: str, *, but: int | None = None) -> None:
        """Close a browser's connections but those of one session; its tabs connect again."""
        for connection in tuple(self._of_browser.get(browser, ())):
            if but is None or connection.session_id != but:
                await connection.close()

    def __len__(self) -> int:
        return sum(len(connections) for connections in self._of_browser.values())


class Strangers:
    """How many connections are open without anybody signed in. For the event loop only."""

    def __init__(self) -> None:
        self._of_address: Counter[str] = Counter()

    @contextmanager
    def place(self, address: str) -> Iterator[bool]:
        """Hold a place while inside; False where this address, or all together, have too many.

        `address` is a network as the limits of sign-ins count it.
        """
        free = (
            self._of_address[address] < STRANGERS_OF_ONE_ADDRESS
            and self._of_address.total() < STRANGERS
        )
        self._of_address[address] += free
        try:
            yield free
        finally:
            self._of_address[address] -= free
            if not self._of_address[address]:
                del self._of_address[address]


open_sockets = OpenSockets()
strangers = Strangers()
