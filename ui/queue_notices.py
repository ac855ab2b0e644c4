"""What stands above the queue until somebody has seen to it: red events, recusals, arrivals."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from data_access.queries.arrivals import Arrival
from data_access.queries.recusals import ToResolve
from data_access.queries.red_events import OpenEvent
from domain.people import Actor
from ui.queue_arrivals import came_to
from ui.queue_recusals import to_resolve
from ui.queue_red import to_acknowledge


class Notices(NamedTuple):
    """The three of them, the most urgent first; empty where there is nothing to tell."""

    red: Sequence[OpenEvent] = ()
    recusals: Sequence[ToResolve] = ()
    arrivals: Sequence[Arrival] = ()


def notices(actor: Actor, now: datetime, *, searching: bool) -> Notices:
    """What the reader is told. Who searches is told of red events alone: those do not wait."""
    red = to_acknowledge(actor, now)
    if searching:
        return Notices(red)
    return Notices(red, to_resolve(actor, now), came_to(actor, now))
