"""The queue's reads through the cache."""

from datetime import datetime

from data_access import site
from data_access.queries import choices as choices_query
from data_access.queries import queue
from data_access.queries.choices import Choices
from domain.cases import Stage
from domain.people import Scope
from ui.cache import cached
from ui.clock import minute


def choices(scope: Scope) -> Choices:
    """What the filters offer."""
    return cached(
        "choices", lambda session: choices_query.choices(session, scope=scope), scope=scope
    )


def page(
    scope: Scope, filters: queue.Filters, after: queue.Cursor | None, now: datetime
) -> queue.Page:
    """One page of the queue as of this minute."""
    return cached(
        f"queue {filters!r} {after!r}",
        lambda session: queue.page(
            session, scope=scope, filters=filters, now=minute(now), after=after
        ),
        scope=scope,
        now=now,
    )


def counts(scope: Scope, filters: queue.Filters, now: datetime) -> dict[Stage, queue.Count]:
    """The tabs' counts as of this minute."""
    return cached(
        f"counts {filters!r}",
        lambda session: queue.counts(session, scope=scope, filters=filters, now=minute(now)),
        scope=scope,
        now=now,
    )


def search(scope: Scope, term: str, now: datetime, *, parties: bool) -> tuple[queue.QueueRow, ...]:
    """What a search finds. Never cached: the term may be a person's name."""
    with site.current().db.read() as session:
        return queue.search(session, scope=scope, term=term, now=now, parties=parties)
