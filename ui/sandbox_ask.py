"""Asking for a plan: by which mode, within which bounds, how far it is, and calling it off."""

from dataclasses import replace
from datetime import datetime

import streamlit as st

from data_access.reckoning import Reckoning
from domain.balancing import Mode
from domain.balancing.proposing import BUDGET, Request
from domain.people import Actor, Permission
from texts import gettext as _
from texts.numbers import count
from texts.planning import load_said, plan_word
from ui import clock, feedback, sandbox_reads, sandbox_state
from ui.plain import plain
from ui.sandbox_state import Sandbox
from ui.session import acting

# Not a way of moving cases: in which order each mediator takes up what is with them.
WORKLIST = "worklist"
MODES = (Mode.FEWEST_LATE, Mode.LEVEL, Mode.ABSENCE, WORKLIST)
_POLL_SECONDS = 0.5
_MOST_BUDGET = 500
# Long enough for a few dozen cases to be ready in the very run that asked.
_AT_ONCE_SECONDS = 1.2
_WEIGHED_SECONDS = 5.0
# Why a change of the plan was not made.
UNVERIFIED = "sandbox_unverified"


def show(box: Sandbox) -> bool:
    """Mode, bounds and the button; while a plan is on its way, how far it is.

    Whether a plan of moves is wanted, and not the order of work.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="sandbox_ask"):
        mode = st.segmented_control(
            _("方式"),
            MODES,
            format_func=_said,
            key="sandbox_mode",
            required=True,
            width="content",
            help=_(
                "最少超期:每一步都挑少超期最多的移动。均衡负荷:把最高负荷压下来,并算出离最优还差"
                "多少。有人离岗:把离岗者的案件分给几个人,返岗后可以交还。办理顺序:不移动案件,只列"
                "每个人先办哪一件。"
            ),
        )
        if mode == WORKLIST:
            return False
        if mode is Mode.ABSENCE:
            _away(box)
        else:
            st.number_input(
                _("最多移动(件)"),
                min_value=1,
                max_value=_MOST_BUDGET,
                key="sandbox_budget",
                width=160,
                persist_state="session",
            )
        st.button(
            _("建议方案") if box.plan is None else _("重新建议"),
            key="sandbox_propose",
            type="primary" if box.plan is None else "secondary",
            icon=":material/balance:",
            on_click=on_propose,
            disabled=box.reckoning is not None,
        )
    feedback.show_refusal("sandbox_ask")
    if st.session_state.pop("sandbox_failed", False):
        st.error(_("推算没有完成,没有方案可看。请再试一次;还是不行,请告诉管理员查看日志。"))
    if box.reckoning is not None:
        progress()
    return True


def _said(mode: Mode | str) -> str:
    return plan_word(mode) if isinstance(mode, Mode) else _("办理顺序")


def _away(box: Sandbox) -> None:
    planning = box.planning
    people = planning.people if planning else {}
    holders = {row.mediator_id for row in planning.rows.values()} if planning else set()
    offered = [one for one in people if one in holders]
    kept = st.session_state.get("sandbox_away") or []
    st.session_state["sandbox_away"] = [one for one in kept if one in offered]
    st.multiselect(
        _("谁离岗"),
        offered,
        format_func=lambda one: plain(people[one].name),
        key="sandbox_away",
        placeholder=_("选离岗的调解员"),
        width=420,
    )


def read(actor: Actor, box: Sandbox, now: datetime) -> Sandbox:
    """The sandbox with its cases read, once for each change of what is in it or of the reach."""
    scope = actor.scope(Permission.CASE_REASSIGN).key
    if box.planning is not None and box.scope != scope:
        sandbox_state.calls_off()
        box = sandbox_state.keep(Sandbox(box.numbers))
    if box.planning is not None or not box.numbers:
        return box
    planning = sandbox_reads.planning(actor, box.numbers, now)
    return sandbox_state.keep(replace(box, planning=planning, read_at=now, scope=scope))


def on_propose() -> None:
    """A plan is asked for, of the cases as they stand now."""
    with feedback.refusals_kept("sandbox_ask"):
        actor = acting(Permission.CASE_REASSIGN)
        now = clock.now()
        sandbox_state.calls_off()
        box = sandbox_state.sandbox()
        box = read(actor, Sandbox(box.numbers), now)
        if box.planning is None:
            return
        reckoning = Reckoning(box.planning.pool, _request()).begin()
        wait(sandbox_state.keep(replace(box, reckoning=reckoning)))


def _request() -> Request:
    mode = st.session_state.get("sandbox_mode") or Mode.FEWEST_LATE
    if mode is not Mode.ABSENCE:
        return Request(mode, budget=int(st.session_state.get("sandbox_budget") or BUDGET))
    away = frozenset(st.session_state.get("sandbox_away") or ())
    return Request(mode, away=away)


def wait(box: Sandbox) -> None:
    """Take over what is ready soon, in this very run; of what is not, the page says how far it is.

    What was changed by hand is waited for longer: it never takes more than a few seconds.
    """
    reckoning = box.reckoning
    if reckoning is not None:
        proposes = isinstance(reckoning.order, Request)
        reckoning.wait(_AT_ONCE_SECONDS if proposes else _WEIGHED_SECONDS)
        arrived(box)


def arrived(box: Sandbox) -> bool:
    """Take over a plan that is ready. Whether there is nothing more to wait for."""
    reckoning = box.reckoning
    if reckoning is None:
        return True
    if not reckoning.over:
        return False
    proposes = isinstance(reckoning.order, Request)
    if reckoning.plan is not None:
        if proposes:
            sandbox_state.proposed(box, reckoning.plan, reckoning.points)
        else:
            sandbox_state.weighed(box, reckoning.plan)
        return True
    if reckoning.violations and not proposes:
        reasons = dict.fromkeys(plan_word(one.breach) for one in reckoning.violations)
        st.session_state[UNVERIFIED] = _("、").join(reasons)
    elif reckoning.failed:
        st.session_state["sandbox_failed"] = True
    sandbox_state.came_to_nothing(box)
    return True


@feedback.left_to_the_page
def on_cancel() -> None:
    """Nobody wants the plan any more."""
    acting(Permission.CASE_REASSIGN)
    sandbox_state.calls_off()


@st.fragment(run_every=_POLL_SECONDS)
def progress() -> None:
    """How far the plan is; the page is drawn anew when it is there."""
    box = sandbox_state.sandbox()
    if arrived(box):
        if box.before is not None:
            # The fields of the commit were away meanwhile: they are filled in anew.
            st.session_state.pop("sandbox_reason_for", None)
        st.rerun()
    share = box.reckoning.share if box.reckoning else 0.0
    with st.container(horizontal=True, vertical_alignment="center", key="sandbox_progress"):
        st.progress(share, text=_("正在推算 {percent}").format(percent=f"{share:.0%}"))
        st.button(_("取消"), key="sandbox_cancel", on_click=on_cancel)


def show_frontier(box: Sandbox) -> None:
    """More moves against fewer late cases or a lower peak: the reader takes a point of it."""
    points = box.points
    if len(points) <= 1 or box.proposed is None:
        return
    level = box.proposed.mode is Mode.LEVEL
    said = {
        one.moves: _("{moves} 件:最高负荷 {peak}").format(
            moves=count(one.moves), peak=load_said(one.peak)
        )
        if level
        else _("{moves} 件:预计超期 {late}").format(moves=count(one.moves), late=count(one.late))
        for one in points
    }
    # Where the plan stands on it, whatever an earlier plan was asked for.
    free = sum(not move.mandatory for move in box.proposed.moves)
    st.session_state["sandbox_point"] = max(one for one in said if one <= max(free, min(said)))
    st.select_slider(
        _("再多移几件值不值:移动件数与结果"),
        list(said),
        format_func=lambda moves: said[moves],
        key="sandbox_point",
        on_change=on_point,
    )


def on_point() -> None:
    """Another point of the frontier: a plan with so many moves is asked for."""
    with feedback.refusals_kept("sandbox_ask"):
        acting(Permission.CASE_REASSIGN)
        sandbox_state.calls_off()
        box = sandbox_state.sandbox()
        wanted = st.session_state.get("sandbox_point")
        point = next((one for one in box.points if one.moves == wanted), None)
        if point is None or box.planning is None or box.proposed is None:
            return
        request = Request(
            box.proposed.mode, budget=point.moves, tau=point.tau, away=box.proposed.away
        )
        reckoning = Reckoning(box.planning.pool, request, points=box.points).begin()
        wait(sandbox_state.keep(replace(box, reckoning=reckoning)))
