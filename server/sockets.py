"""The open websockets of each browser, so that signing in or out reaches every tab."""

from collections import defaultdict

from starlette.types import Message, Send

# "Service restart": the page's own code connects again by itself, with the cookies of that moment.
_CONNECT_AGAIN = 1012


class Connection:
    """One websocket that can be closed from outside of the code that serves it."""

    def __init__(self, send: Send) -> None:
        self._send = send
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

    async def close(self, browser: str) -> None:
        """Close every connection of a browser; its tabs connect again at once."""
        for connection in tuple(self._of_browser.get(browser, ())):
            await connection.close()

    def __len__(self) -> int:
        return sum(len(connections) for connections in self._of_browser.values())


open_sockets = OpenSockets()
