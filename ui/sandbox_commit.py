"""From a plan to a batch: name, reason and note; committed as previewed or refused as a whole."""

from dataclasses import replace

import streamlit as st

from data_access import site
from data_access.commands.batches import NOTE_LONGEST, NOTE_SHORTEST, NewBatch, commit_batch
from domain.balancing import Mode
from domain.batches import NAME_LONGEST, BatchMode, BatchRefused, PlannedMove
from domain.cases import FieldProblem, ReassignReason
from domain.clocks import day_of
from domain.errors import Invalid
from domain.people import Permission
from texts import gettext as _
from texts import ngettext
from texts.numbers import count, day
from texts.planning import refused_moves
from texts.words import word
from ui import clock, feedback, sandbox_state
from ui.plain import plain
from ui.sandbox_state import Sandbox
from ui.session import acting

_REASONS = {
    Mode.ABSENCE: ReassignReason.ABSENCE,
    Mode.HAND_BACK: ReassignReason.ABSENCE,
    Mode.LEVEL: ReassignReason.OVERLOAD,
    Mode.FEWEST_LATE: ReassignReason.OVERLOAD,
}


def show(box: Sandbox) -> None:
    """The fields of the batch and the button that commits it."""
    plan = box.plan
    if plan is None or not plan.moves:
        return
    mode = sandbox_state.mode_of(box)
    today = day_of(clock.now())
    reasons = [one for one in ReassignReason if one is not ReassignReason.FIRST_ASSIGNMENT]
    if st.session_state.get("sandbox_reason_for") != (mode, box.numbers):
        st.session_state["sandbox_reason_for"] = (mode, box.numbers)
        st.session_state["sandbox_reason"] = _REASONS.get(mode)
        st.session_state["sandbox_name"] = _name(box, day(today, today=today))
    with st.container(horizontal=True, key="sandbox_fields"):
        st.text_input(
            _("名称(请勿写当事人姓名)"), key="sandbox_name", max_chars=NAME_LONGEST, width=280
        )
        st.selectbox(
            _("理由"),
            reasons,
            index=None,
            format_func=word,
            key="sandbox_reason",
            placeholder=_("请选择"),
            width=220,
        )
        st.text_input(
            _("说明(必填,请勿写当事人姓名电话)"),
            key="sandbox_note",
            max_chars=NOTE_LONGEST,
            persist_state="session",
            placeholder=_("{least} 到 {most} 个字").format(least=NOTE_SHORTEST, most=NOTE_LONGEST),
        )
    feedback.show_refusal("sandbox_commit")
    number = len(plan.moves)
    st.button(
        ngettext("提交 {count} 件改派", "提交 {count} 件改派", number).format(count=count(number)),
        key="sandbox_submit",
        type="primary",
        icon=":material/done_all:",
        on_click=on_submit,
        disabled=box.is_old(clock.now()),
    )


def _name(box: Sandbox, today: str) -> str:
    """What the batch is called unless somebody calls it otherwise."""
    people = box.planning.people if box.planning else {}
    away = sorted(box.plan.away) if box.plan else []
    names = [people[one].name for one in away if one in people]
    if not names:
        return _("{day} 成批改派").format(day=today)
    return _("{day} {names}离岗").format(day=today, names=_("、").join(names))[:NAME_LONGEST]


def on_submit() -> None:
    """Commit what is shown. Where something changed in between nothing is done, and it is said."""
    with feedback.refusals_kept("sandbox_commit"):
        actor = acting(Permission.CASE_REASSIGN)
        now = clock.now()
        box = sandbox_state.sandbox()
        if box.plan is None or box.planning is None or box.is_old(now):
            return
        reason = st.session_state.get("sandbox_reason")
        if reason is None:
            raise Invalid(reason=FieldProblem.MISSING)
        rows = box.planning.rows
        moves = tuple(
            PlannedMove(rows[one.case_id].case_no, rows[one.case_id].version, one.to_id)
            for one in box.plan.moves
        )
        batch = NewBatch(
            st.session_state.get("sandbox_name", ""),
            BatchMode(sandbox_state.mode_of(box).value),
            ReassignReason(reason),
            st.session_state.get("sandbox_note", ""),
            moves,
            sandbox_state.people_touched(box),
        )
        names = {one.mediator_id: one.name for one in box.planning.people.values()}
        try:
            done = commit_batch(site.current().db, batch=batch, actor=actor, now=now, key=box.key)
        except BatchRefused as refused:
            said = refused_moves(refused, tuple(one.case_no for one in moves), names)
            st.session_state["sandbox_refused"] = said
            # What was read is not so any more: the next plan begins from the cases as they are.
            sandbox_state.keep(replace(Sandbox(box.numbers)))
            return
        site.current().watcher.look()
        said = ngettext(
            "已改派 {count} 件。14 天内可以在下面整批撤销。",
            "已改派 {count} 件。14 天内可以在下面整批撤销。",
            done.moved,
        )
        feedback.tell(said.format(count=count(done.moved)))
        sandbox_state.clear()
        for name in ("sandbox_note", "sandbox_name", "sandbox_reason_for", "sandbox_away"):
            st.session_state.pop(name, None)


def show_refused() -> None:
    """Why the last commit was refused, until another is tried."""
    if said := st.session_state.get("sandbox_refused"):
        st.error(plain(said), icon=":material/error:")
