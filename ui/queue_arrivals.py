"""What came to the reader: told at the top of the queue until they have seen it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from data_access import site
from data_access.commands.arrivals import mark_seen
from data_access.queries import arrivals
from data_access.queries.arrivals import Arrival
from domain.errors import NotFound
from domain.people import Actor, Permission
from domain.receiving import receiving
from ui.cache import cached

_TURN = "arrivals_seen"


def came_to(actor: Actor, now: datetime) -> Sequence[Arrival]:
    """The cases that came to a mediator, or to whoever gives them out, and are not seen yet."""
    to = receiving(actor)
    if not to.anything:
        return ()
    scope = actor.scope(Permission.CASE_READ)
    # Seeing changes nothing that others see, so the watermark does not tell of it; what was seen in
    # another window is gone from this one within the minute.
    turn = st.session_state.get(_TURN, 0)
    return cached(
        f"arrivals {actor.user_id} {turn} {to.own.key} {to.gives.key}",
        lambda session: arrivals.arrivals(
            session, scope=scope, own=to.own, gives=to.gives, user_id=actor.user_id
        ),
        scope=scope,
        now=now,
    )


def seen(shown: Sequence[Any], *, actor: Actor, now: datetime) -> None:
    """These numbers were looked at, at these versions; what is not told is left alone."""
    told = {one.case_no for one in came_to(actor, now)}
    # From the browser: it may have been told less than is known by now.
    versions = {}
    for one in shown:
        match one:
            case [str(number), int(version)] if number in told:
                versions[number] = version
    _mark(versions, actor=actor, now=now)


def opened(case_no: Any, *, actor: Actor, now: datetime) -> None:
    """A case was opened: it is shown as it is now, with all that brought it."""
    told = {one.case_no: one.version for one in came_to(actor, now)}
    _mark({no: told[no] for no in told if no == case_no}, actor=actor, now=now)


def _mark(versions: Mapping[str, int], *, actor: Actor, now: datetime) -> None:
    if not versions:
        return
    try:
        mark_seen(site.current().db, versions=versions, actor=actor, now=now)
    except NotFound:
        return
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
