"""The queue's reads through the cache."""

from datetime import datetime
from typing import Any

import streamlit as st

from data_access import site
from data_access.queries import choices as choices_query
from data_access.queries import queue, selections
from data_access.queries.choices import Choices
from data_access.queries.selections import Selection
from domain.batches import MOST_MOVES
from domain.cases import Stage
from domain.errors import NotFound
from domain.people import Actor, Permission, Scope
from ui.cache import cached
from ui.clock import minute


def choices(scope: Scope) -> Choices:
    """What the filters offer."""
    return cached(
        "choices", lambda session: choices_query.choices(session, scope=scope), scope=scope
    )


def selection(scope: Scope, selection_id: int | None) -> Selection | None:
    """Cases that were picked together, where any of them is in reach."""
    if selection_id is None:
        return None

    def load(session: Any) -> Selection | None:
        try:
            return selections.selection(session, scope=scope, selection_id=selection_id)
        except NotFound:
            return None

    return cached(f"selection {selection_id}", load, scope=scope)


def page(
    scope: Scope, filters: queue.Filters, after: queue.Cursor | None, now: datetime
) -> tuple[queue.Page, dict[Stage, queue.Count]]:
    """One page and the tabs' counts, of one moment, as of this minute."""

    def load(session: Any) -> tuple[queue.Page, dict[Stage, queue.Count]]:
        at = minute(now)
        return (
            queue.page(session, scope=scope, filters=filters, now=at, after=after),
            queue.counts(session, scope=scope, filters=filters, now=at),
        )

    return cached(f"queue {filters!r} {after!r}", load, scope=scope, now=now)


def numbers(scope: Scope, filters: queue.Filters, now: datetime) -> tuple[str, ...]:
    """As many cases as can be moved at once, the most urgent that the filters leave."""
    with site.current().db.read() as session:
        return queue.numbers(
            session, scope=scope, filters=filters, now=minute(now), most=MOST_MOVES
        )


def found(actor: Actor, term: str, now: datetime) -> queue.Page:
    """What a search finds; a party's name or phone only where the person may see names.

    Kept with the person's own screen and nowhere else, because the term may be a name; read again
    when something changed or a minute has passed.
    """
    here = site.current()
    scope = actor.scope(Permission.CASE_READ)
    may_see = actor.may(Permission.CASE_UNMASK)
    parties = actor.scope(Permission.CASE_UNMASK) if may_see else None
    key = (term, scope.key, parties and parties.key, here.watcher.latest.data_seq, minute(now))
    kept: tuple[Any, queue.Page] | None = st.session_state.get("found")
    if kept is None or kept[0] != key:
        with here.db.read() as session:
            answer = queue.search(session, scope=scope, term=term, now=minute(now), parties=parties)
        kept = st.session_state["found"] = (key, answer)
    return kept[1]
