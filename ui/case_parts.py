"""The parts of one case on the screen, the same in the drawer and on its own page. Each is live."""

from typing import Any

import streamlit as st

from data_access import site
from data_access.commands.unmask import REASON_LONGEST, REASON_SHORTEST, unmask_case
from data_access.queries.cases import CaseView, OpenText
from domain.cases import Stage, objections_to_move
from domain.errors import NotFound
from domain.people import Actor, Permission
from texts import gettext as _
from texts.sentences import explain
from ui import case_card, case_reads, clock, feedback, reassign, records, records_shown, steps
from ui.session import acting, require, speak, still

# What belongs to one case and must not be carried over to the next.
_OF_ONE_CASE = (
    "unmasked",
    "unmask_reason",
    "mediator_chosen",
    "suggested_for",
    "reassign_key",
    "step_key",
    "record_key",
    "seen_version",
    "moved_away",
    "_refusal",
)


def forget() -> None:
    """Nothing of the case that was shown is carried over to another."""
    for name in _OF_ONE_CASE:
        st.session_state.pop(name, None)


def forms(view: CaseView, actor: Actor) -> dict[str, str]:
    """The forms that are open to the person for this case, by name, and what they are called."""
    names = {}
    if steps.offered(actor, view.row.case_no):
        names["steps"] = _("办理")
    movable = not objections_to_move(view.row.stage, parked=view.row.paused)
    if movable and case_reads.holds(actor, Permission.CASE_REASSIGN, view.row.case_no):
        names["reassign"] = _("改派") if view.row.mediator_id else _("指派")
    if view.row.stage is not Stage.CLOSED and records.offered(actor, view.row.case_no):
        names["records"] = _("事项记录")
    return names


def show_form(name: str, case_no: str) -> None:
    """One of the forms."""
    if name == "reassign":
        reassign.live_form(case_no)
    elif name == "records":
        records.live_form(case_no)
    else:
        steps.live_form(case_no)


def undo_if_possible(view: CaseView, actor: Actor) -> None:
    """The way back from one's own reassignment.

    In a place of its own, so that what comes and goes here moves nothing: what moves is drawn anew
    and forgets that it was unfolded.
    """
    with st.container(key="drawer_undo"):
        feedback.show_refusal("undo")
        if reassign.may_undo(view, actor):
            _offer_undo(view.row.case_no, view.row.version)


def _offer_undo(case_no: str, version: int) -> None:
    st.button(
        _("撤销我的改派"),
        key="reassign_undo",
        icon=":material/undo:",
        on_click=reassign.undo,
        args=(case_no, version),
    )


def show_gone(case_no: str, refusal: NotFound) -> None:
    """The case is out of reach; where one's own reassignment did that, it can be taken back."""
    moved = st.session_state.get("moved_away")
    if moved is not None and moved[0] == case_no:
        st.info(_("改派之后,这件案件已不在您的范围内。如果改错了,现在可以撤销。"))
        _offer_undo(case_no, moved[1])
    else:
        st.warning(explain(refusal))


@st.fragment(run_every=clock.REFRESH_SECONDS)
def live_head(case_no: str, *, number: str = "") -> None:
    """Number, stage, lamp, holder; and whether it changed, or cannot be read, meanwhile."""
    actor = require(Permission.CASE_READ)
    now = clock.now()
    try:
        view = case_reads.view(case_no, actor.scope(Permission.CASE_READ), now)
    except NotFound as refusal:
        st.warning(explain(refusal))
        return
    blocks = [case_card.head(view, now, number=number), case_card.holder(view, now)]
    if not site.current().watcher.seen(now=now).fresh:
        blocks.insert(0, case_card.notice(_("▲ 暂时读不到数据,下面不是最新情况。")))
    elif view.row.version != st.session_state.get("seen_version", view.row.version):
        blocks.insert(0, case_card.notice(_("此案刚有变动,下面已是最新;提交前请再核对。")))
    case_card.show(blocks, key="card_head")


def _still_there(case_no: str) -> tuple[Actor, CaseView] | None:
    """Person and case, or None where either is gone: the live head above says which and why."""
    actor = still(Permission.CASE_READ)
    if actor is None:
        return None
    try:
        scope = actor.scope(Permission.CASE_READ)
        return actor, case_reads.view(case_no, scope, clock.now())
    except NotFound:
        return None


@st.fragment(run_every=clock.REFRESH_SECONDS)
def live_clock(case_no: str) -> None:
    """The stage's time as a bar."""
    found = _still_there(case_no)
    if found is not None:
        (actor, view), now = found, clock.now()
        gap = case_reads.calendar_gap(actor.scope(Permission.CASE_READ), now)
        case_card.show(case_card.clock(view, now, calendar_gap=gap), key="card_clock")


@st.fragment(run_every=clock.REFRESH_SECONDS)
def live_facts(case_no: str) -> None:
    """The matter and its persons; gone from the screen as soon as the session is over."""
    found = _still_there(case_no)
    if found is None:
        return
    (actor, view), now = found, clock.now()
    blocks: list[dict[str, Any]] = [case_card.facts(view, now)]
    clear = _unmasked(case_no, actor)
    if clear is None:
        blocks.append(case_card.parties(view.parties, clear=False))
    else:
        blocks += [case_card.clear_text(clear), case_card.parties(clear.parties, clear=True)]
    blocks += _recorded(case_no, actor)
    case_card.show(blocks, key="card_facts")


def _recorded(case_no: str, actor: Actor) -> list[dict[str, Any]]:
    """Who objected, consented or chose; nothing where nobody did."""
    try:
        found = case_reads.records(case_no, actor.scope(Permission.CASE_READ))
    except NotFound:
        return []  # it left the scope since the view was read: the head says so
    return records_shown.blocks(found, clock.now())


def offer_why(case_no: str, actor: Actor) -> None:
    """How the deadline came about, for whoever asks: read only then."""
    with st.expander(_("为什么是这个时限"), icon=":material/help:", key="why", on_change="rerun"):
        if st.session_state.get("why"):
            scope = actor.scope(Permission.CASE_READ)
            explained = case_reads.why(case_no, scope)
            if explained is not None:
                case_card.show([case_card.why(explained)], key="card_why")


@st.fragment(run_every=clock.REFRESH_SECONDS)
def live_timeline(case_no: str) -> None:
    """What happened, the newest first."""
    found = _still_there(case_no)
    if found is not None:
        case_card.show([case_card.timeline(found[1], clock.now())], key="card_timeline")


def _unmasked(case_no: str, actor: Actor) -> OpenText | None:
    """The clear text, while the reason it was given for holds: this case, this sign-in, this right.

    A case that was given to somebody else, or a post that ended, takes the names away again.
    """
    kept: tuple[str, int | None, OpenText] | None = st.session_state.get("unmasked")
    if kept is None:
        return None
    right = case_reads.holds(actor, Permission.CASE_UNMASK, case_no)
    if kept[:2] != (case_no, actor.session_id) or not right:
        del st.session_state["unmasked"]
        return None
    return kept[2]


def offer_unmasking(case_no: str, actor: Actor) -> None:
    """The way to the names, for a reason, where the person may see them."""
    masked = _unmasked(case_no, actor) is None
    if masked and case_reads.holds(actor, Permission.CASE_UNMASK, case_no):
        with st.expander(_("查看当事人信息(需填理由,全程留痕)"), icon=":material/visibility:"):
            st.text_input(
                _("查看理由"),
                key="unmask_reason",
                placeholder=_("{least} 到 {most} 个字").format(
                    least=REASON_SHORTEST, most=REASON_LONGEST
                ),
            )
            with st.container(key="unmask_messages"):
                _live_refusal()
            st.button(_("查看"), key="unmask", on_click=_unmask, args=(case_no,))


@st.fragment(run_every=clock.REFRESH_SECONDS)
def _live_refusal() -> None:
    """Why it was refused, also where the click met another part's refresh and drew nothing."""
    speak()
    feedback.show_refusal("unmask")


def _unmask(case_no: str) -> None:
    with feedback.refusals_kept("unmask"):
        actor = acting(Permission.CASE_UNMASK)
        # A press may arrive twice, beside the refresh of another part: it is one reading.
        if _unmasked(case_no, actor) is not None:
            return
        clear = unmask_case(
            site.current().db,
            case_no=case_no,
            reason=st.session_state.get("unmask_reason", ""),
            actor=actor,
            now=clock.now(),
        )
        st.session_state["unmasked"] = (case_no, actor.session_id, clear)
