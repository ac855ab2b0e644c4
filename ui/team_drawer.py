"""The drawer of the committees' page: a committee, a person of it, or a new committee."""

from datetime import datetime

import streamlit as st

from domain.errors import TeamNotFound
from domain.people import Actor, Permission, Scope
from texts import gettext as _
from texts.numbers import moment
from texts.sentences import explain
from texts.teams import change_lines
from texts.trail import deed
from ui import (
    case_card,
    clock,
    feedback,
    new_committee,
    page_asks,
    queue_marks,
    team_committee,
    team_form,
    team_leave,
    team_person,
    team_reads,
    team_roster,
    team_types,
)
from ui.plain import plain
from ui.session import acting, require

WIDTH = 880
COMMITTEE, PERSON, NEW = "committee", "mediator", "new"
_OPEN, _ASKED = "team_open", "team_asked"
_ADDRESS = (COMMITTEE, PERSON)


def open_drawer(kind: str, number: int) -> None:
    """Remember what is to be shown: a committee, a person, or the form for a NEW committee."""
    if st.session_state.get(_OPEN) != (kind, number):
        team_form.begin_anew()
        for name in ("team_view", "team_day", "_refusal"):
            st.session_state.pop(name, None)
    st.session_state[_OPEN] = (kind, number)
    st.session_state[_ASKED] = True
    _leave_address()
    if kind in _ADDRESS:
        st.query_params[kind] = str(number)


def close_drawer() -> None:
    """The person closed it."""
    team_form.begin_anew()
    for name in (_OPEN, _ASKED):
        st.session_state.pop(name, None)
    _leave_address()


def open_committee() -> int | None:
    """The committee whose drawer is open."""
    kind, number = st.session_state.get(_OPEN, ("", 0))
    return number if kind == COMMITTEE else None


def read_address() -> None:
    """Open what a link asks for, and keep open what was open when the page is drawn anew."""
    for kind in _ADDRESS:
        asked = st.query_params.get(kind, "")
        if asked.isascii() and asked.isdigit() and len(asked) <= len(str(2**62)):
            open_drawer(kind, int(asked))
            return
    if st.session_state.get(_OPEN, ("", 0))[0] == NEW:
        st.session_state[_ASKED] = True


def show_if_asked(*, live: bool = False) -> None:
    """Open the dialog where a click asked for it, or where the page is drawn anew with one open.

    A `live` part leaves that to the page: see page_asks.
    """
    if page_asks.take(_ASKED, live=live):
        kind, number = st.session_state[_OPEN]
        scope, now = team_reads.scope_of(require(*team_reads.OPENED_TO)), clock.now()
        title = plain(_title(kind, number, scope, now))
        st.dialog(title, width=WIDTH, position="right", on_dismiss=close_drawer)(_drawer)()


def _title(kind: str, number: int, scope: Scope, now: datetime) -> str:
    try:
        if kind == COMMITTEE:
            return team_reads.committee(scope, number, now).row.name
        if kind == PERSON:
            return team_reads.person(scope, number, now).person.name
    except TeamNotFound:
        return _("调委会")
    return _("新设调委会")


def _drawer() -> None:
    _live()


@st.fragment(run_every=clock.REFRESH_SECONDS)
def _live() -> None:
    """What is in the drawer, again and again."""
    queue_marks.go_to_sandbox_if_asked(live=True)
    opened = st.session_state.get(_OPEN)
    if opened is None:
        return
    # Another thing goes on in the drawer, under its own name.
    show_if_asked(live=True)
    actor, now = require(*team_reads.OPENED_TO), clock.now()
    feedback.show_told()
    kind, number = opened
    with st.container(key="team_messages"):
        feedback.show_refusal(team_form.PLACE)
    try:
        if kind == NEW:
            new_committee.show(actor, now)
        elif kind == COMMITTEE:
            _show_committee(number, actor, now)
        else:
            _show_person(number, actor, now)
    except TeamNotFound as refusal:
        st.warning(explain(refusal))


def _show_committee(committee_id: int, actor: Actor, now: datetime) -> None:
    scope = team_reads.scope_of(actor)
    view = team_reads.committee(scope, committee_id, now)
    types = team_types.names(team_reads.offer(scope, now))
    names = {"people": _("人员"), "roster": _("值班与请假"), "term": _("任期")}
    if actor.may(Permission.TEAM_KEEP):
        names["keep"] = _("办理")
    names["changes"] = _("变更记录")
    with st.container(key="team_part"):
        match _choose(names):
            case "roster":
                team_roster.show(committee_id, actor, now)
            case "term":
                team_committee.show_term(view, actor, now)
            case "keep":
                team_committee.show_keeping(view, types, actor)
            case "changes":
                people = {one.mediator_id: one.name for one in view.people}
                _show_changes(scope, committee_id, None, people, now)
            case _people:
                team_committee.show_people(view, types, _on_person)


def _show_person(mediator_id: int, actor: Actor, now: datetime) -> None:
    scope = team_reads.scope_of(actor)
    view = team_reads.person(scope, mediator_id, now)
    types = team_types.names(team_reads.offer(scope, now))
    committee = view.committee
    st.button(
        plain(_("回到 {committee}").format(committee=committee.name)),
        key="team_back",
        icon=":material/arrow_back:",
        on_click=open_drawer,
        args=(COMMITTEE, committee.committee_id),
    )
    names = {"card": _("概况"), "leave": _("请假")}
    if actor.may(Permission.TEAM_KEEP):
        names["keep"] = _("办理")
    names["changes"] = _("变更记录")
    with st.container(key="team_part"):
        match _choose(names):
            case "leave":
                team_leave.show(view, actor, now)
            case "keep":
                team_person.show_keeping(view, types, actor)
            case "changes":
                people = {mediator_id: view.person.name}
                _show_changes(scope, committee.committee_id, mediator_id, people, now)
            case _card:
                team_person.show_card(view, types)


def _choose(names: dict[str, str]) -> str:
    first = next(iter(names))
    if st.session_state.get("team_view") not in names:
        st.session_state["team_view"] = first
    chosen = st.segmented_control(
        _("显示"),
        list(names),
        format_func=names.__getitem__,
        key="team_view",
        required=True,
        label_visibility="collapsed",
    )
    return chosen or first


def _show_changes(
    scope: Scope,
    committee_id: int,
    mediator_id: int | None,
    people: dict[int, str],
    now: datetime,
) -> None:
    rows = []
    for one in team_reads.changes(scope, committee_id, mediator_id):
        who = f" · {one.mediator}" if one.mediator and mediator_id is None else ""
        lines = change_lines(one.data.get("before") or {}, one.data.get("after") or {}, people)
        written = moment(one.at, now=now)
        rows.append(
            {
                "text": f"{deed(one.action)}{who}",
                "when": _("{day} 起 · {at} 由 {actor} 记录").format(
                    day=one.day.isoformat(), at=written, actor=one.actor or _("系统")
                ),
                "note": ";".join(lines),
            }
        )
    if not rows:
        st.caption(_("还没有变更记录。"))
        return
    block = {"kind": "timeline", "title": "", "earlier": "", "rows": rows}
    case_card.show([block], key="team_changes")


@feedback.left_to_the_page
def _on_person() -> None:
    acting(*team_reads.OPENED_TO)
    open_drawer(PERSON, int(st.session_state["team_card"]["person"]))


def _leave_address() -> None:
    for kind in _ADDRESS:
        if kind in st.query_params:
            del st.query_params[kind]
