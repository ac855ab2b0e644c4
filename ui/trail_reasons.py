"""Why people looked behind a mask, in their words: shown on demand, which is a reading itself."""

import streamlit as st

from data_access import site
from data_access.commands.trail import WrittenReason, read_reasons
from data_access.queries.trail import Page
from domain.people import Actor, Permission
from texts import gettext as _
from ui import clock, feedback
from ui.session import acting

_SHOWN = "trail_reasons"
_WRITTEN_FOR = "case:unmask"


def offer(page: Page, actor: Actor) -> None:
    """The button for the reasons of this page's lines, where there are any not yet shown."""
    seqs = [line.seq for line in page.lines if line.action == _WRITTEN_FOR]
    if seqs and not set(seqs) & set(shown(actor)):
        st.button(
            _("显示本页的查看理由(本次查看会留痕)"),
            key="trail_show_reasons",
            icon=":material/visibility:",
            on_click=_read,
            args=(seqs,),
        )
    feedback.show_refusal("trail_reasons")


def shown(actor: Actor) -> dict[int, WrittenReason]:
    """The reasons on the screen by number of line, while this sign-in holds."""
    kept: tuple[int | None, dict[int, WrittenReason]] | None = st.session_state.get(_SHOWN)
    if kept is None or kept[0] != actor.session_id:
        return {}
    return kept[1]


def forget() -> None:
    """Other lines are to be shown: their reasons are another reading."""
    st.session_state.pop(_SHOWN, None)


def _read(seqs: list[int]) -> None:
    with feedback.refusals_kept("trail_reasons"):
        actor = acting(Permission.TRAIL_READ)
        # A press may arrive twice, beside the refresh of another part: it is one reading.
        if set(seqs) <= set(shown(actor)):
            return
        found = read_reasons(site.current().db, seqs=seqs, actor=actor, now=clock.now())
        # What was erased by law has its place too, or it would be offered again and again.
        erased = WrittenReason(_("(已依法删除)"), proven=True)
        st.session_state[_SHOWN] = (
            actor.session_id,
            {seq: found.get(seq, erased) for seq in seqs},
        )
