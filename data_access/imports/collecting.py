"""The interpreter's collector of cycles, told to look less often while a file is worked on.

A portion's rows are some 100,000 objects that live together, refer to nothing that refers back, and
go when the portion does. After every 700 of them the collector goes through what is new, and finds
nothing: a quarter of an import's work.
"""

import gc
import threading
from contextlib import AbstractContextManager

_SELDOM = 50_000


class CollectedSeldom(AbstractContextManager[None]):
    """Inside the block the collector looks seldom; it looks as before when the last one ends.

    It is one for the whole process, and several imports may be under way.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._under_way = 0
        self._usual = gc.get_threshold()

    def __enter__(self) -> None:
        with self._guard:
            if self._under_way == 0:
                self._usual = gc.get_threshold()
                gc.set_threshold(max(_SELDOM, self._usual[0]), *self._usual[1:])
            self._under_way += 1

    def __exit__(self, *raised: object) -> None:
        with self._guard:
            self._under_way -= 1
            if self._under_way == 0:
                gc.set_threshold(*self._usual)


collected_seldom = CollectedSeldom()
