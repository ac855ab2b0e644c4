"""The best three for a case above everybody who could take it: why they are, and who was next."""

from typing import Any

import streamlit as st

from data_access.queries.suggestions import Suggested, suggestions
from domain.people import Actor, Permission
from texts import gettext as _
from texts.suggesting import left_out_said, why_suggested
from texts.words import word
from ui import clock
from ui.cache import cached
from ui.plain import plain


def suggested(case_no: str, version: int, actor: Actor) -> Suggested:
    """What is suggested, reckoned when the case is opened and when it changed.

    It stays while somebody reads and decides: what is recorded is what they were shown. Everything
    that forbids an assignment is asked again when it is made. Raises NotFound out of scope.
    """
    asked = (case_no, version, actor.user_id, clock.now().date())
    kept = st.session_state.get("suggested_for")
    if kept is None or kept[0] != asked:
        kept = st.session_state["suggested_for"] = (asked, _read(case_no, actor))
    answer: Suggested = kept[1]
    return answer


def _read(case_no: str, actor: Actor) -> Suggested:
    scope, now = actor.scope(Permission.CASE_REASSIGN), clock.now()
    return cached(
        f"suggestions {case_no} {actor.user_id}",
        lambda session: suggestions(
            session, scope=scope, case_no=case_no, now=clock.minute(now), assigner=actor.user_id
        ),
        scope=scope,
        now=now,
    )


def shown_ids(case_no: str) -> tuple[int, ...]:
    """The mediators who are shown as the best for this case, in order."""
    kept = st.session_state.get("suggested_for")
    if kept is None or kept[0][0] != case_no:
        return ()
    return tuple(one.mediator_id for one in kept[1].best)


def rows(found: Suggested, people: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """The best as rows of the list of people, with their reasons for a second line."""
    return [
        people[one.mediator_id] | {"why": why_suggested(one)}
        for one in found.best
        if one.mediator_id in people
    ]


def title(found: Suggested) -> str:
    """What stands above them, with what holds the case back if anything does."""
    name, order = _("建议"), _("按期可能、负荷、远近、经验合计,最合适的在前")
    head = f"**{name}** :gray[{order}]"
    if not found.locks:
        return head
    locks = _("、").join(word(one) for one in sorted(found.locks))
    return head + "\n\n" + _("此案{locks},一般不宜再动。").format(locks=locks)


def left_out(found: Suggested) -> str:
    """Who else was near, and why they are not among the best; empty where nobody was."""
    said = [
        left_out_said(found.names[one.suggestion.mediator_id], one.why) for one in found.full
    ] + [left_out_said(one.candidate.name, one.objections) for one in found.barred]
    return plain(_("未列入:{people}").format(people=_("、").join(said))) if said else ""
