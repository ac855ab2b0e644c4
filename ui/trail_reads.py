"""The reads of the trail's page: again when the trail has moved.

Kept with the person's own screen: a line is no change of the county's data, which is what the
shared cache goes by, and few read the trail.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from data_access import site
from data_access.faults import UNREADABLE
from data_access.queries import trail
from data_access.verifying import verifying
from domain.people import Actor, Permission, Scope
from domain.trail import Account, Verification
from texts import gettext as _

T = TypeVar("T")
_KEPT = "trail_reads"
_MOST_KEPT = 20


def whole_county(actor: Actor) -> Scope:
    """Where the person reads the trail, which is all of the county or nothing: else it stops."""
    scope = actor.scope(Permission.TRAIL_READ)
    if not scope.whole_county:
        st.error(_("审计记录只对全县的岗位开放,您的岗位只管一部分。请联系综治中心管理员。"))
        st.stop()
    return scope


def accounts(scope: Scope) -> list[Account]:
    """Everybody who has or had an account."""
    return _kept("accounts", lambda session: trail.accounts(session, scope=scope), scope=scope)


def subject(scope: Scope, text: str) -> str | None:
    """The subject of lines about what somebody typed; None where nothing or too much fits."""
    return _kept(
        ("subject", text),
        lambda session: trail.subject_named(session, scope=scope, text=text),
        scope=scope,
    )


def page(actor: Actor, filters: trail.Filters, after: trail.Cursor | None) -> trail.Page:
    """One page of lines, with links to the cases that the person may open."""
    scope = actor.scope(Permission.TRAIL_READ)
    cases = actor.scope(Permission.CASE_READ) if actor.may(Permission.CASE_READ) else None
    return _kept(
        ("page", filters, after, cases and cases.key),
        lambda session: trail.page(session, scope=scope, filters=filters, after=after, cases=cases),
        scope=scope,
    )


def last_verification(scope: Scope) -> Verification | None:
    """What the last check came to; read again after each, as one may leave no line in the trail."""
    return _kept(
        ("verification", verifying(site.current().db).ended),
        lambda session: trail.last_verification(session, scope=scope),
        scope=scope,
    )


def _kept(question: Any, load: Callable[[Any], T], *, scope: Scope) -> T:
    """The answer as of the trail's newest line; the last one while the database is silent."""
    here = site.current()
    seq = here.watcher.latest.seq
    answers: dict[Any, tuple[int, Any]] = st.session_state.setdefault(_KEPT, {})
    key = (here.url, scope.key, question)
    known = answers.get(key)
    if known is None or known[0] != seq:
        try:
            with here.db.read() as session:
                fresh = (seq, load(session))
        except UNREADABLE:
            here.watcher.look()
            if known is None:
                raise
        else:
            known = answers[key] = fresh
    while len(answers) > _MOST_KEPT:
        del answers[next(iter(answers))]
    answer: T = known[1]
    return answer
