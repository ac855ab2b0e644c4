"""Red events that nobody has acknowledged: told at the top of the queue until somebody does."""

from collections.abc import Sequence
from datetime import datetime

from data_access.queries.red_events import OpenEvent, open_events
from domain.people import Actor, Permission
from ui.cache import cached
from ui.clock import minute


def to_acknowledge(actor: Actor, now: datetime) -> Sequence[OpenEvent]:
    """Those that the reader may acknowledge, the longest waiting first."""
    if not actor.may(Permission.CASE_ACCEPT):
        return ()
    scope = actor.scope(Permission.CASE_ACCEPT)
    going_on = cached(
        "red events",
        lambda session: open_events(session, scope=scope, now=minute(now)),
        scope=scope,
        now=now,
    )
    return [one for one in going_on if one.waits is not None]
