"""A network between a browser and a server that can be cut: a small TCP proxy."""

import asyncio
import threading
from contextlib import suppress

_CHUNK = 65_536


class Network:
    """Forwards a port of this machine to another, until it is cut.

    `refuse` resets what is open and lets nothing in, as an unplugged switch close by; `swallow`
    lets everything in and answers nothing, as a router that drops: no side is told of it.
    """

    def __init__(self, port):
        self._to, self._swallows, self._open = port, False, set()
        self._loop = asyncio.new_event_loop()
        self._listening = None
        self.port = 0
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="network")
        self._thread.start()
        self._do(self._listen())

    @property
    def url(self):
        """Where a browser finds the server behind it."""
        return f"http://127.0.0.1:{self.port}"

    def refuse(self):
        """Cut it so that both sides are told."""
        self._do(self._refuse())

    def swallow(self):
        """Cut it so that nobody is told."""
        self._swallows = True

    def mend(self):
        """As before. What was swallowed is lost: what hung in it is reset."""
        self._do(self._mend())

    def close(self):
        """Stop for good."""
        self._do(self._refuse())
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _listen(self):
        self._listening = await asyncio.start_server(self._join, "127.0.0.1", self.port)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def _refuse(self):
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        for writer in tuple(self._open):
            writer.transport.abort()
        self._open.clear()

    async def _mend(self):
        if self._swallows:
            self._swallows = False
            for writer in tuple(self._open):
                writer.transport.abort()
        if self._listening is None:
            await self._listen()

    async def _end(self):
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _join(self, reader, writer):
        self._open.add(writer)
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self._to)
            self._open.add(back)
            await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
            self._open.discard(back)
        self._open.discard(writer)
        writer.close()

    async def _pass(self, reader, writer):
        with suppress(OSError, asyncio.IncompleteReadError):
            while data := await reader.read(_CHUNK):
                if self._swallows:
                    continue
                writer.write(data)
                await writer.drain()
        with suppress(OSError):
            writer.close()
