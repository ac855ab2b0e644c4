"""The form that gives a case to a mediator: who could, who could not and why, reason, undo."""

from functools import partial
from typing import Any
from uuid import uuid4

import streamlit as st

from data_access import site
from data_access.commands.reassign import (
    NOTE_LONGEST,
    NOTE_SHORTEST,
    Moved,
    reassign_case,
    undo_reassignment,
)
from data_access.queries.cases import CaseView
from domain.cases import BY_RULES, EventKind, FieldProblem, ReassignReason
from domain.eligibility import Judged, Objection
from domain.errors import Conflict, Invalid, NotFound
from domain.people import Actor, Permission
from texts import gettext as _
from texts.words import word
from ui import case_reads, clock, elements, feedback, suggested
from ui.plain import plain
from ui.session import acting, still

_PEOPLE = elements.element("candidates")
_FULL = 100


@st.fragment(run_every=clock.REFRESH_SECONDS)
def live_form(case_no: str) -> None:
    """The whole form for one case. What is typed stays until a reassignment succeeds.

    When the session is over, the people are gone from the screen and the inputs stay.
    """
    if st.session_state.pop("reassigned", False):
        # Done: the drawer around this form shows the case now.
        st.rerun()
    view, chosen = _draw_people(case_no)
    if view is not None:
        st.session_state.setdefault("seen_version", view.row.version)
    first = view is None or view.row.mediator_id is None
    reasons = [ReassignReason.FIRST_ASSIGNMENT] if first else _reasons_to_move()
    st.selectbox(
        _("理由"),
        reasons,
        format_func=word,
        index=0 if first else None,
        key=f"reason_{case_no}",
        placeholder=_("请选择"),
        persist_state="session",
    )
    st.text_area(
        _("说明(必填,请勿写当事人姓名电话)"),
        key=f"note_{case_no}",
        height=96,
        placeholder=_("{least} 到 {most} 个字").format(least=NOTE_SHORTEST, most=NOTE_LONGEST),
        persist_state="session",
    )
    st.session_state.setdefault("reassign_key", uuid4().hex)
    with st.container(key="reassign_messages"):
        feedback.show_refusal("reassign")
    label = _("确认指派") if first else _("确认改派")
    st.button(
        label + plain(f" → {chosen.candidate.name}" if chosen else ""),
        key="reassign_submit",
        type="primary",
        width="stretch",
        disabled=view is None,
        on_click=submit,
        args=(case_no,),
    )


def _draw_people(case_no: str) -> tuple[CaseView | None, Judged | None]:
    """Who could take the case and who could not; the case, and who is chosen."""
    actor = still(Permission.CASE_REASSIGN)
    if actor is None:
        return None, None
    scope, now = actor.scope(Permission.CASE_REASSIGN), clock.now()
    try:
        view = case_reads.view(case_no, scope, now)
        judged = case_reads.choice(case_no, actor, now).judged
    except NotFound:
        return None, None
    eligible = [one for one in judged if one.eligible]
    # Who holds it now stands first: everybody looks for that name.
    others = sorted(
        (one for one in judged if not one.eligible),
        key=lambda one: Objection.ALREADY_HOLDS not in one.objections,
    )
    _show_suggested(case_no, view, actor, eligible)
    title = _("可以承办({count})").format(count=len(eligible))
    order = _("按负荷(三档)、远近、专长排列")
    st.markdown(f"**{title}** :gray[{order}]")
    _people(eligible, key="candidates", choosable=True)
    with st.expander(_("不能承办及原因({count})").format(count=len(others))):
        _people(others, key="not_eligible", choosable=False)
    chosen = (one for one in eligible if one.candidate.mediator_id == chosen_id())
    return view, next(chosen, None)


def _show_suggested(case_no: str, view: CaseView, actor: Actor, eligible: list[Judged]) -> None:
    """The best of those who could take it. Whoever cannot any more is not among them."""
    try:
        found = suggested.suggested(case_no, view.row.version, actor)
    except NotFound:
        # It left the scope since the view was read: the head above the form says so.
        return
    people = {one.candidate.mediator_id: _person(one) for one in eligible}
    rows = suggested.rows(found, people)
    if not rows:
        return
    st.markdown(suggested.title(found))
    _draw(rows, key="suggested", choosable=True)
    if others := suggested.left_out(found):
        st.caption(others)


def chosen_id() -> int | None:
    """The mediator that is chosen in the form."""
    chosen = st.session_state.get("mediator_chosen")
    return chosen if isinstance(chosen, int) else None


def submit(case_no: str) -> None:
    """Reassign, before the drawer is drawn again; a refusal is shown beside what was typed."""
    with feedback.refusals_kept("reassign"):
        actor = acting(Permission.CASE_REASSIGN)
        mediator_id, reason = chosen_id(), st.session_state.get(f"reason_{case_no}")
        if mediator_id is None:
            raise Invalid(mediator=FieldProblem.NOT_A_CHOICE)
        if reason is None:
            raise Invalid(reason=FieldProblem.MISSING)
        try:
            moved = reassign_case(
                site.current().db,
                case_no=case_no,
                to_mediator_id=mediator_id,
                reason=ReassignReason(reason),
                note=st.session_state.get(f"note_{case_no}", ""),
                expected_version=st.session_state["seen_version"],
                actor=actor,
                now=clock.now(),
                key=st.session_state["reassign_key"],
                suggested=suggested.shown_ids(case_no),
            )
        except Conflict:
            # Told now; the next attempt is about what they see from here on.
            st.session_state.pop("seen_version", None)
            raise
        st.session_state["moved_away"] = (case_no, moved.version)
        _done(moved, _("已交给 {name},可在本页撤销。"))
        for name in ("mediator_chosen", "reassign_key", f"reason_{case_no}", f"note_{case_no}"):
            st.session_state.pop(name, None)
        st.session_state["drawer_view"] = "facts"
        st.session_state["reassigned"] = True


def may_undo(view: CaseView, actor: Actor) -> bool:
    """Whether the last thing that anybody did is this person's own reassignment."""
    last = next((one for one in view.events if one.kind not in BY_RULES), None)
    return (
        last is not None
        and last.kind in (EventKind.ASSIGNED, EventKind.REASSIGNED)
        and last.actor_id == actor.user_id
        and "before" in last.data
        and actor.may(Permission.CASE_REASSIGN)
    )


def undo(case_no: str, expected_version: int) -> None:
    """Take the reassignment back."""
    with feedback.refusals_kept("undo"):
        moved = undo_reassignment(
            site.current().db,
            case_no=case_no,
            expected_version=expected_version,
            actor=acting(Permission.CASE_REASSIGN),
            now=clock.now(),
            key=f"undo {case_no} {expected_version}",
        )
        st.session_state.pop("moved_away", None)
        _done(moved, _("已撤销,回到 {name}。"))


def _done(moved: Moved, sentence: str) -> None:
    # Look at once, so that the person who wrote sees the new state in this very run.
    site.current().watcher.look()
    st.session_state["seen_version"] = moved.version
    feedback.tell(sentence.format(name=moved.mediator_name or _("待指派")))


def _reasons_to_move() -> list[ReassignReason]:
    return [reason for reason in ReassignReason if reason is not ReassignReason.FIRST_ASSIGNMENT]


def _people(judged: list[Judged], *, key: str, choosable: bool) -> None:
    _draw([_person(one) for one in judged], key=key, choosable=choosable)


def _draw(people: list[dict[str, Any]], *, key: str, choosable: bool) -> None:
    _PEOPLE(
        key=key,
        data={
            "choosable": choosable,
            "chosen": chosen_id(),
            "empty": _("没有人可以承办。请看下面的原因,或联系上级调委会。"),
            "people": people,
            "suggested": key == "suggested",
        },
        on_choose_change=partial(_choose, key) if choosable else lambda: None,
    )


def _choose(key: str) -> None:
    st.session_state["mediator_chosen"] = st.session_state[key]["choose"]


def _person(one: Judged) -> dict[str, Any]:
    candidate = one.candidate
    speciality = (_("无此专长"), _("综合"), _("专长相符"))[one.speciality]
    load = _("在办 {open}/{capacity}").format(
        open=candidate.open_cases, capacity=candidate.capacity
    )
    late = _("超期 {late}").format(late=candidate.late_cases) if candidate.late_cases else ""
    post = _("专职") if candidate.full_time else _("兼职")
    full = round(_FULL * candidate.open_cases / candidate.capacity) if candidate.capacity else _FULL
    return {
        "id": candidate.mediator_id,
        "name": candidate.name,
        "committee": f"{candidate.committee_name} · {post}",
        "why": " · ".join(
            filter(None, (word(one.distance), speciality, late, *map(word, one.locks)))
        ),
        "load": load,
        "level": min(_FULL, full),
        "against": _("、").join(word(reason) for reason in one.objections),
    }
