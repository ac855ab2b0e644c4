"""Saying how far a long reckoning is, and being told to stop."""

from collections.abc import Callable

Tick = Callable[[float], bool]


class Cancelled(Exception):
    """Whoever asked for the plan does not want it any more; nothing was decided."""


def uninterrupted(_share: float) -> bool:
    """The tick of somebody who waits for the end."""
    return True


def tell(tick: Tick, share: float) -> None:
    """Report the share done (0 to 1). Raises Cancelled where the answer is to stop."""
    if not tick(min(max(share, 0.0), 1.0)):
        raise Cancelled


def part(tick: Tick, *, start: float, end: float) -> Tick:
    """The tick of a step that takes the whole from `start` to `end`."""

    def scaled(share: float) -> bool:
        return tick(start + (end - start) * share)

    return scaled
