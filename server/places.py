"""A few threads for what takes long, and nobody who waits in front of them."""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from domain.errors import SignInProblem, SignInRefused

T = TypeVar("T")


class Places:
    """At most so many pieces of work at once; whoever comes on top hears so at once.

    Of one event loop.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._limiter: CapacityLimiter | None = None

    async def run(self, work: Callable[[], T], *, abandon_on_cancel: bool = False) -> T:
        """Do `work` in a thread. Raises SignInRefused where every place is taken."""
        # The limiter alone would not do: it counts a piece of work only once it runs, so that of
        # many that come in one turn of the loop all would find a place free, and wait for it.
        if self._taken >= self._most:
            raise SignInRefused(SignInProblem.BUSY)
        if self._limiter is None:
            self._limiter = CapacityLimiter(self._most)
        self._taken += 1
        try:
            return await to_thread.run_sync(
                work, limiter=self._limiter, abandon_on_cancel=abandon_on_cancel
            )
        finally:
            self._taken -= 1
