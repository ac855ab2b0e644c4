"""Known before the web server waits for its open answers to end: it is asked to stop.

An answer that goes on for long would else hold the end up: the web server tells nobody that it is
stopping before the last answer is over.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def watched_signals(tell: Callable[[], None]) -> Iterator[None]:
    """While inside, SIGTERM and SIGINT also call `tell` in the event loop, beside who had them.

    Only the main thread may have signals; a server in another one is stopped by its owner.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def answer(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(tell)
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
