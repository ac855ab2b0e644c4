"""The case drawer: comes from the right, keeps the list in sight, stays live while it is open."""

from datetime import datetime

import streamlit as st

from data_access import site
from data_access.commands.unmask import REASON_LONGEST, unmask_case
from data_access.queries import candidates, cases
from data_access.queries.cases import CaseView
from domain.cases import objections_to_move
from domain.errors import NotFound
from domain.people import Actor, Permission, Scope
from texts import gettext as _
from texts.sentences import explain
from ui import case_card, clock, feedback, reassign
from ui.cache import cached
from ui.plain import plain
from ui.session import acting, require

WIDTH = 640
VIEWS = ("facts", "reassign", "timeline")


def open_drawer(case_no: str, view: str = "facts") -> None:
    """Remember that this case is to be shown; the next draw of the page opens it."""
    if st.session_state.get("drawer_case") != case_no:
        _forget()
    st.session_state["drawer_case"] = case_no
    st.session_state["drawer_view"] = view if view in VIEWS else "facts"
    st.session_state["drawer_asked"] = True
    st.query_params["case"] = case_no


def close_drawer() -> None:
    """The person closed it: nothing of the case stays on the screen or in the address."""
    _forget()
    st.session_state.pop("drawer_case", None)
    if "case" in st.query_params:
        del st.query_params["case"]


def show_if_asked() -> None:
    """Open the dialog where a click asked for it, or where the page is drawn anew with one open."""
    case_no = st.session_state.get("drawer_case")
    if case_no and st.session_state.pop("drawer_asked", False):
        dialog = st.dialog(plain(case_no), width=WIDTH, position="right", on_dismiss=close_drawer)
        dialog(_drawer)(case_no)


def _forget() -> None:
    for name in ("unmasked", "mediator_chosen", "reassign_key", "_refusal", "drawer_version"):
        st.session_state.pop(name, None)


def _drawer(case_no: str) -> None:
    actor = require(Permission.CASE_READ)
    # A place of their own, so that a message moves nothing: what moves is drawn anew and forgets
    # that it was unfolded.
    with st.container(key="drawer_messages"):
        if st.session_state.get("drawer_view") != "reassign":
            feedback.show_kept()
    now = clock.now()
    try:
        view = _view(case_no, actor, now)
    except NotFound as refusal:
        st.warning(explain(refusal))
        return
    st.session_state["drawer_version"] = view.row.version
    _live_head(case_no)
    names = {"facts": _("概况"), "timeline": _("经过")}
    if _movable(view, actor):
        move = _("改派") if view.row.mediator_id else _("指派")
        names = {"facts": _("概况"), "reassign": move, "timeline": _("经过")}
    if st.session_state.get("drawer_view") not in names:
        st.session_state["drawer_view"] = "facts"
    st.segmented_control(
        _("显示"),
        list(names),
        format_func=names.__getitem__,
        key="drawer_view",
        required=True,
        label_visibility="collapsed",
    )
    with st.container(key="drawer_undo"):
        if reassign.may_undo(view, actor):
            st.button(
                _("撤销我的改派"),
                key="reassign_undo",
                icon=":material/undo:",
                on_click=reassign.undo,
                args=(case_no, view.row.version),
            )
    match st.session_state["drawer_view"]:
        case "reassign":
            reassign.show(view, _choice(case_no, actor, now))
        case "timeline":
            case_card.show([case_card.timeline(view.events, now)], key="card_timeline")
        case _facts:
            _live_facts(case_no)
            _offer_unmasking(view, actor)


@st.fragment(run_every=clock.REFRESH_SECONDS)
def _live_head(case_no: str) -> None:
    actor = require(Permission.CASE_READ)
    now = clock.now()
    try:
        view = _view(case_no, actor, now)
    except NotFound as refusal:
        st.warning(explain(refusal))
        return
    blocks = [case_card.head(view, now), case_card.holder(view, now)]
    if not site.current().watcher.latest.fresh:
        blocks.insert(0, case_card.notice(_("▲ 暂时读不到数据,下面不是最新情况。")))
    elif view.row.version != st.session_state.get("drawer_version"):
        blocks.insert(0, case_card.notice(_("此案刚有变动,上面已是最新;提交前请再核对。")))
    case_card.show(blocks, key="card_head")


@st.fragment(run_every=clock.REFRESH_SECONDS)
def _live_facts(case_no: str) -> None:
    """The matter and its persons; gone from the screen as soon as the session is over."""
    actor = require(Permission.CASE_READ)
    now = clock.now()
    try:
        view = _view(case_no, actor, now)
    except NotFound:
        return
    unmasked = st.session_state.get("unmasked")
    bar = case_card.clock(view, now)
    blocks = [bar] if bar else []
    blocks.append(case_card.facts(view, now))
    if unmasked is None:
        blocks.append(case_card.parties(view.parties, clear=False))
    else:
        blocks.append(case_card.clear_text(unmasked))
        blocks.append(case_card.parties(unmasked.parties, clear=True))
    case_card.show(blocks, key="card_facts")


def _offer_unmasking(view: CaseView, actor: Actor) -> None:
    hidden = st.session_state.get("unmasked") is None
    if hidden and _within(view, actor, Permission.CASE_UNMASK):
        with st.expander(_("查看当事人信息(需填理由,全程留痕)"), icon=":material/visibility:"):
            st.text_input(_("查看理由"), key="unmask_reason", max_chars=REASON_LONGEST)
            st.button(_("查看"), key="unmask", on_click=_unmask, args=(view.row.case_no,))


def _unmask(case_no: str) -> None:
    with feedback.refusals_kept():
        st.session_state["unmasked"] = unmask_case(
            site.current().db,
            case_no=case_no,
            reason=st.session_state.get("unmask_reason", ""),
            actor=acting(Permission.CASE_UNMASK),
            now=clock.now(),
        )


def _movable(view: CaseView, actor: Actor) -> bool:
    return not objections_to_move(view.row.stage) and _within(view, actor, Permission.CASE_REASSIGN)


def _within(view: CaseView, actor: Actor, permission: Permission) -> bool:
    """Whether the person holds the permission for this very case: asked of the database."""
    if not actor.may(permission):
        return False
    if actor.scope(permission) == actor.scope(Permission.CASE_READ):
        return True
    try:
        _read_view(view.row.case_no, actor.scope(permission), clock.now())
    except NotFound:
        return False
    return True


def _view(case_no: str, actor: Actor, now: datetime) -> CaseView:
    return _read_view(case_no, actor.scope(Permission.CASE_READ), now)


def _read_view(case_no: str, scope: Scope, now: datetime) -> CaseView:
    return cached(
        f"case_view {case_no}",
        lambda session: cases.case_view(
            session, scope=scope, case_no=case_no, now=clock.minute(now)
        ),
        scope=scope,
        now=now,
    )


def _choice(case_no: str, actor: Actor, now: datetime) -> candidates.Choice:
    scope = actor.scope(Permission.CASE_REASSIGN)
    return cached(
        f"candidates {case_no}",
        lambda session: candidates.choice(session, scope=scope, case_no=case_no, now=now),
        scope=scope,
        now=now,
    )
