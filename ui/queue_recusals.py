"""Cases whose holder must withdraw: told at the top of the queue until somebody has moved them."""

from collections.abc import Sequence
from datetime import datetime

from data_access.queries.recusals import ToResolve, recusals_to_resolve
from domain.people import Actor, Permission
from ui.cache import cached


def to_resolve(actor: Actor, now: datetime) -> Sequence[ToResolve]:
    """Those that the reader may give to somebody else, the longest held first."""
    if not actor.may(Permission.CASE_REASSIGN):
        return ()
    scope = actor.scope(Permission.CASE_REASSIGN)
    return cached(
        "recusals to resolve",
        lambda session: recusals_to_resolve(session, scope=scope, now=now),
        scope=scope,
    )
