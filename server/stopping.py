"""Whether the server is asked to stop: known before it waits for its open answers to end.

An answer that goes on for long would else hold the end up: the web server tells nobody that it is
stopping before the last answer is over.
"""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopping:
    """Set once, by a signal; awaited by answers that never end by themselves."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    @property
    def is_asked(self) -> bool:
        """Whether the server is asked to stop."""
        return self._event.is_set()

    def ask(self) -> None:
        """Ask. For the event loop's own thread."""
        self._event.set()

    async def wait(self) -> None:
        """Until it is asked to stop."""
        await self._event.wait()


@contextmanager
def watched_signals(stopping: Stopping) -> Iterator[None]:
    """While inside, SIGTERM and SIGINT also ask `stopping`, before who had them answers as before.

    Only the main thread may have signals; a server in another one is stopped by its owner.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def answer(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stopping.ask)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in _SIGNALS:
        signal.signal(number, answer)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
