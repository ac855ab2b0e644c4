"""What is in the sandbox, and the ways by which cases come into it."""

import streamlit as st

from domain.balancing import Mode
from domain.batches import MOST_MOVES
from domain.people import Actor, Permission
from texts import gettext as _
from texts import ngettext
from texts.numbers import count
from ui import clock, feedback, queue_reads, sandbox_reads, sandbox_state
from ui.plain import plain
from ui.queue_marks import SANDBOX
from ui.session import acting


@feedback.left_to_the_page
def on_person() -> None:
    """All open cases of somebody are put in."""
    chosen = st.session_state.get("sandbox_person")
    if chosen is None:
        return
    put_in_all_of(acting(Permission.CASE_REASSIGN), int(chosen), mode=None)
    st.session_state["sandbox_person"] = None


def put_in_all_of(actor: Actor, mediator_id: int, *, mode: Mode | None = Mode.ABSENCE) -> None:
    """Everything that somebody holds within reach is put in; the next page shows it."""
    found = sandbox_reads.held_by(actor, mediator_id, clock.now(), MOST_MOVES)
    sandbox_state.calls_off()
    st.session_state[SANDBOX] = found
    if mode is not None:
        away = st.session_state.get("sandbox_away") or []
        st.session_state["sandbox_away"] = list(dict.fromkeys([*away, mediator_id]))
        st.session_state["sandbox_mode"] = mode


@feedback.left_to_the_page
def on_clear() -> None:
    """The sandbox is emptied."""
    acting(Permission.CASE_REASSIGN)
    sandbox_state.clear()
    st.session_state.pop("sandbox_away", None)


def show(actor: Actor) -> None:
    """The line on top: how many cases, from where, more of them, none of them."""
    box = sandbox_state.sandbox()
    number = len(box.numbers)
    with st.container(horizontal=True, vertical_alignment="bottom", key="sandbox_put"):
        if number:
            said = ngettext("放入 {count} 件", "放入 {count} 件", number)
            st.subheader(said.format(count=count(number)), width="content", anchor=False)
        holders = queue_reads.choices(actor.scope(Permission.CASE_REASSIGN)).holders
        names = {holder.mediator_id: holder.name for holder in holders}
        st.selectbox(
            _("放入某人的全部在办"),
            list(names),
            index=None,
            format_func=lambda one: plain(names[one]),
            key="sandbox_person",
            placeholder=_("选一位调解员"),
            on_change=on_person,
            width=260,
        )
        st.link_button(_("到队列中选"), "queue", icon=":material/checklist:")
        st.link_button(_("到地图上圈"), "map", icon=":material/draw:")
        if number:
            st.button(_("清空"), key="sandbox_clear", on_click=on_clear)
    if not number:
        st.info(
            _(
                "改派台里还没有案件。可以在纠纷队列里勾选后点“放入改派台”,在地图上圈出一片"
                "后点“放入改派台”,或在上面选一位调解员,放入其全部在办。提交之前,这里的一切都不会"
                "写入。"
            )
        )
