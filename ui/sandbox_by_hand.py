"""Moves struck out of a plan or set by hand; each time the whole is weighed and checked again."""

import streamlit as st

from domain.people import Permission
from texts import gettext as _
from texts.planning import load_said
from ui import feedback, sandbox_ask, sandbox_state
from ui.plain import plain
from ui.sandbox_state import Sandbox
from ui.session import acting


@feedback.left_to_the_page
def on_strike() -> None:
    """A move was struck out, or one set by hand was taken back."""
    acting(Permission.CASE_REASSIGN)
    case_id = int(st.session_state["sandbox_plan"]["strike"])
    box = sandbox_state.sandbox()
    by_hand = {one: to for one, to in box.by_hand.items() if one != case_id}
    proposed = box.proposed is not None and case_id in box.proposed.assignment
    struck = box.struck | {case_id} if proposed else box.struck
    _change(box, struck, by_hand)


def on_restore() -> None:
    """All that was struck out or set by hand is as it was proposed."""
    with feedback.refusals_kept("sandbox_hand"):
        acting(Permission.CASE_REASSIGN)
        _change(sandbox_state.sandbox(), frozenset(), {})


def on_set() -> None:
    """One case goes to one person, by hand."""
    with feedback.refusals_kept("sandbox_hand"):
        acting(Permission.CASE_REASSIGN)
        case_id = st.session_state.get("sandbox_hand_case")
        to = st.session_state.get("sandbox_hand_to")
        if case_id is None or to is None:
            return
        box = sandbox_state.sandbox()
        _change(box, box.struck - {case_id}, box.by_hand | {int(case_id): int(to)})
        if sandbox_ask.UNVERIFIED not in st.session_state:
            st.session_state["sandbox_hand_case"] = None


def _change(box: Sandbox, struck: frozenset[int], by_hand: dict[int, int]) -> None:
    sandbox_ask.wait(sandbox_state.changed(box, struck=struck, by_hand=by_hand))


def show_refused() -> None:
    """Above the moves, why a change of the plan was not made."""
    if said := st.session_state.pop(sandbox_ask.UNVERIFIED, None):
        st.error(_("这样改不行:{reasons}。没有改动。").format(reasons=plain(said)))


def show(box: Sandbox) -> None:
    """Which case goes to whom, by hand: only who may have it is offered, the least loaded first."""
    planning = box.planning
    if planning is None:
        return
    works = {one.case_id: one for one in planning.pool.works}
    free = [one for one in planning.rows if works[one].locked is None]
    title = _("逐件指定") if box.plan is not None else _("或者逐件指定")
    with st.expander(title, key="sandbox_hand", expanded=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            case_id = st.selectbox(
                _("案件"),
                free,
                index=None,
                format_func=lambda one: planning.rows[one].case_no,
                key="sandbox_hand_case",
                placeholder=_("选一件"),
                width=220,
            )
            loads = {one.mediator_id: one for one in box.plan.people} if box.plan else {}
            fit: list[int] = []
            if case_id is not None:
                work = works[case_id]
                fit = sorted(
                    work.eligible - {work.holder},
                    key=lambda one: (loads[one].load.after if one in loads else 0, one),
                )

            def said_of(one: int) -> str:
                person = planning.people[one]
                load = load_said(loads[one].load.after) if one in loads else ""
                cases = _("在办 {open}/{capacity}").format(
                    open=person.open_cases, capacity=person.capacity
                )
                return plain(
                    " · ".join(filter(None, (person.name, person.committee_name, cases, load)))
                )

            st.selectbox(
                _("交给"),
                fit,
                index=None,
                format_func=said_of,
                key="sandbox_hand_to",
                placeholder=_("可以承办的人"),
                disabled=case_id is None,
                width=420,
            )
            st.button(_("加入方案"), key="sandbox_hand_set", on_click=on_set)
            if box.struck or box.by_hand:
                st.button(_("恢复原方案"), key="sandbox_restore", on_click=on_restore)
        st.caption(
            _("只列可以承办的人。谁不能办、为什么,见案件里的“改派”;锁定的案件须在那里单独办理。")
        )
