"""The reads of the people page: again when the trail has moved or a minute has passed.

Kept with the person's own screen: an account changes without the county's data changing, which is
what the shared cache goes by, and few look at accounts.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import streamlit as st

from data_access import site
from data_access.faults import UNREADABLE
from data_access.queries import accounts, posts
from domain.clocks import day_of
from domain.people import Actor, Permission, Scope
from ui.clock import minute

T = TypeVar("T")

OPENED_TO = (Permission.PEOPLE_MANAGE, Permission.POST_GRANT)
_KEPT = "people_reads"
_MOST_KEPT = 20


def scope_of(actor: Actor) -> Scope:
    """Where the person manages accounts or gives posts; that is asked for in the whole county."""
    held = [actor.scope(permission) for permission in OPENED_TO if actor.may(permission)]
    return next((scope for scope in held if scope.whole_county), Scope(actor.county_id))


def separated() -> bool:
    """Whether this site keeps the three administrators apart."""
    return site.current().settings.three_roles


def page(scope: Scope, filters: accounts.Filters, number: int, now: datetime) -> accounts.Page:
    """One page of the accounts."""
    return _kept(
        f"page {filters!r} {number}",
        lambda session: accounts.page(
            session,
            scope=scope,
            filters=filters,
            now=now,
            idle=site.current().idle,
            number=number,
        ),
        scope=scope,
        now=now,
    )


def account(scope: Scope, user_id: int, now: datetime) -> accounts.Account:
    """One account with all its posts. Raises AccountNotFound."""
    return _kept(
        f"account {user_id}",
        lambda session: accounts.account(
            session, scope=scope, user_id=user_id, now=now, idle=site.current().idle
        ),
        scope=scope,
        now=now,
    )


def offer(scope: Scope, now: datetime) -> posts.Offer:
    """Where posts can be, and which mediators have no account."""
    return _kept(
        "offer",
        lambda session: posts.offer(session, scope=scope, day=day_of(now)),
        scope=scope,
        now=now,
    )


def separation(scope: Scope, now: datetime) -> posts.Separation:
    """What there is to put in order where the three administrators are kept apart."""
    return _kept(
        "separation",
        lambda session: posts.separation(session, scope=scope, day=day_of(now)),
        scope=scope,
        now=now,
    )


def _kept(question: str, load: Callable[[Any], T], *, scope: Scope, now: datetime) -> T:
    """The answer as of this minute and the trail's newest line; the last one while none comes."""
    here = site.current()
    key = (here.url, scope.key, here.watcher.latest.seq, minute(now))
    answers: dict[str, tuple[Any, Any]] = st.session_state.setdefault(_KEPT, {})
    known = answers.get(question)
    if known is not None and known[0] == key:
        answer: T = known[1]
        return answer
    try:
        with here.db.read() as session:
            answer = load(session)
    except UNREADABLE:
        here.watcher.look()
        # Only what this very person was shown before, of the same part of the county.
        if known is None or known[0][:2] != key[:2]:
            raise
        return known[1]  # type: ignore[no-any-return]
    if len(answers) >= _MOST_KEPT:
        answers.clear()
    answers[question] = (key, answer)
    return answer
