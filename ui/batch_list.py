"""Batches that were committed: what became of their cases, taking one back, handing one back."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from data_access import site
from data_access.commands.batches import Undone, undo_batch
from data_access.queries.batches import BatchRow, MoveRow
from domain.batches import UNDO_DAYS, BatchMode
from domain.people import Actor, Permission
from texts import gettext as _
from texts import ngettext
from texts.numbers import count, moment
from texts.planning import plan_word
from texts.words import word
from ui import clock, feedback, sandbox_ask, sandbox_reads, sandbox_state
from ui.plain import plain
from ui.session import acting, require

_KEPT = "batch_undone"


@st.fragment(run_every=clock.REFRESH_SECONDS)
def live_list() -> None:
    """The batches, the youngest first: from memory unless something changed."""
    actor = require(Permission.CASE_REASSIGN)
    now = clock.now()
    rows = sandbox_reads.batches(actor)
    st.subheader(_("已提交的批次"), anchor=False)
    feedback.show_told()
    feedback.show_refusal("batch")
    if not rows:
        st.caption(_("这里会列出您提交的,以及动到您范围内案件的成批改派。"))
    for row in rows:
        _batch(actor, row, now)


def _batch(actor: Actor, row: BatchRow, now: datetime) -> None:
    head = _(" · ").join(
        (
            plain(row.name),
            plan_word(row.mode),
            word(row.reason),
            _("{count} 件").format(count=count(row.moves)),
            _("{owner} {when} 提交").format(
                owner=plain(row.owner), when=moment(row.committed_at, now=now)
            ),
        )
    )
    if row.undone_at is not None:
        head += _(" · {when} 已撤销").format(when=moment(row.undone_at, now=now))
    # Another name makes another expander: what was just taken back opens, for there it is told.
    just_undone = row.batch_id in st.session_state.get(_KEPT, {}) and row.undone_at is not None
    shown = st.expander(
        head,
        expanded=just_undone,
        key=f"batch_{row.batch_id}_{just_undone}",
        on_change="rerun",
    )
    if not shown.open:
        return
    with shown:
        moves = sandbox_reads.moves(actor, row.batch_id)
        _summary(row, moves)
        st.dataframe(
            [_line(one) for one in moves], hide_index=True, key=f"batch_moves_{row.batch_id}"
        )
        with st.container(horizontal=True):
            if row.undone_at is None and now - row.committed_at <= UNDO_DAYS and row.untouched:
                st.button(
                    _("整批撤销"),
                    key=f"undo_batch_{row.batch_id}",
                    on_click=on_undo,
                    args=(row.batch_id,),
                    help=_("还给原承办人;之后有人办理过的,留在原处并列出来。"),
                )
            if row.mode is BatchMode.ABSENCE and row.undone_at is None:
                st.button(
                    _("返岗交还"),
                    key=f"hand_back_{row.batch_id}",
                    on_click=on_hand_back,
                    args=(row.batch_id,),
                    help=_("把其中还能交还的案件放入改派台,核对后提交。"),
                )


def _summary(row: BatchRow, moves: Sequence[MoveRow]) -> None:
    undone: dict[int, Undone] = st.session_state.get(_KEPT, {})
    if row.batch_id in undone:
        done = undone[row.batch_id]
        st.success(
            ngettext(
                "已还给原承办人 {count} 件。", "已还给原承办人 {count} 件。", len(done.restored)
            ).format(count=count(len(done.restored)))
        )
    if row.undone_at is not None:
        kept = [one for one in moves if one.kept_because is not None]
        if kept:
            said = ngettext(
                "{count} 件留在原处,两边的记录都在:",
                "{count} 件留在原处,两边的记录都在:",
                len(kept),
            )
            st.warning(
                said.format(count=count(len(kept)))
                + _(";").join(
                    _("{case} {why}").format(case=one.case_no, why=_kept(one)) for one in kept
                )
            )


def _kept(one: MoveRow) -> str:
    why = plan_word(one.kept_because) if one.kept_because else ""
    return _("{why}({who})").format(why=why, who=plain(one.changed_by)) if one.changed_by else why


def _line(one: MoveRow) -> dict[str, str]:
    if one.restored:
        state = _("已还给原承办人")
    elif one.kept_because is not None:
        state = _kept(one)
    elif not one.is_open:
        state = _("已结案")
    elif one.touched:
        state = (
            _("之后 {who} 办理过").format(who=one.changed_by)
            if one.changed_by
            else _("之后有人办理过")
        )
    else:
        state = _("可以撤销")
    return {
        _("案号"): one.case_no,
        _("原承办"): one.from_name or "—",
        _("改派给"): one.to_name,
        _("现承办"): one.holder or "—",
        _("情况"): state,
    }


def on_undo(batch_id: int) -> None:
    """Take a batch back, as far as nobody touched its cases since."""
    with feedback.refusals_kept("batch"):
        actor = acting(Permission.CASE_REASSIGN)
        done = undo_batch(
            site.current().db,
            batch_id=batch_id,
            actor=actor,
            now=clock.now(),
            key=f"undo batch {batch_id}",
        )
        site.current().watcher.look()
        kept: dict[int, Undone] = st.session_state.get(_KEPT, {})
        st.session_state[_KEPT] = kept | {batch_id: done}
        feedback.tell(
            _("已撤销:还给原承办人 {restored} 件,留在原处 {kept} 件。").format(
                restored=count(len(done.restored)), kept=count(len(done.kept))
            )
        )


def on_hand_back(batch_id: int) -> None:
    """What can go back to who was away is put into the sandbox, with a plan for it."""
    with feedback.refusals_kept("batch"):
        actor = acting(Permission.CASE_REASSIGN)
        moves, now = sandbox_reads.moves(actor, batch_id), clock.now()
        numbers = [one.case_no for one in moves if one.is_open and not one.restored]
        sandbox_state.clear()
        planning = sandbox_reads.planning(actor, numbers, now)
        scope = actor.scope(Permission.CASE_REASSIGN).key
        sandbox_ask.wait(sandbox_state.handing_back(planning, moves, now, scope=scope))
        # The plan stands further up than the button.
        st.rerun(scope="app")
