"""The drawer of the page of walls: one wall, or the form for a new one."""

from datetime import datetime

import streamlit as st

from data_access.queries.walls import WallRow
from domain.people import Permission, Scope
from texts import gettext as _
from ui import (
    clock,
    feedback,
    page_asks,
    walls_form,
    walls_program,
    walls_reads,
    walls_settings,
    walls_steer,
    walls_words,
)
from ui.plain import plain
from ui.session import require

WIDTH = 640
NEW = 0
_OPEN, _ASKED, _PART = "walls_open", "walls_asked", "walls_part"


def open_drawer(wall_id: int, part: str = "") -> None:
    """Remember what is to be shown: a wall, at one of its parts, or the form for a NEW one."""
    if st.session_state.get(_OPEN) != wall_id:
        walls_form.begin_anew()
        walls_settings.forget_token()
        st.session_state.pop("_refusal", None)
    st.session_state[_OPEN] = wall_id
    st.session_state[_ASKED] = True
    if part:
        st.session_state[_PART] = part


def close_drawer() -> None:
    """The person closed it: a token that was shown is gone for good."""
    walls_form.begin_anew()
    walls_settings.forget_token()
    for name in (_OPEN, _ASKED):
        st.session_state.pop(name, None)


def keep_open() -> None:
    """Keep open what was open when the page is drawn anew."""
    if _OPEN in st.session_state:
        st.session_state[_ASKED] = True


def show_if_asked(*, live: bool = False) -> None:
    """Open the dialog where a click asked for it. A `live` part leaves that to the page."""
    if page_asks.take(_ASKED, live=live):
        wall_id, now = st.session_state[_OPEN], clock.now()
        scope = require(*walls_reads.OPENED_TO).scope(Permission.WALL_KEEP)
        row = _row(scope, wall_id, now)
        title = _("新增大屏") if row is None else walls_words.title(row)
        st.dialog(plain(title), width=WIDTH, position="right", on_dismiss=close_drawer)(_drawer)()


def _row(scope: Scope, wall_id: int, now: datetime) -> WallRow | None:
    found = walls_reads.rows(scope, now)
    return next((one for one in found if one.standing.wall_id == wall_id), None)


def _drawer() -> None:
    _live()


@st.fragment(run_every=clock.REFRESH_SECONDS)
def _live() -> None:
    """What is in the drawer, again and again."""
    wall_id = st.session_state.get(_OPEN)
    if wall_id is None:
        return
    # A wall that was just made goes on in the drawer, under its own name.
    show_if_asked(live=True)
    scope, now = require(*walls_reads.OPENED_TO).scope(Permission.WALL_KEEP), clock.now()
    feedback.show_told()
    with st.container(key="walls_messages"):
        feedback.show_refusal(walls_form.PLACE)
    if wall_id == NEW:
        walls_settings.show_new(walls_reads.places(scope, now), open_drawer)
        return
    row = _row(scope, wall_id, now)
    if row is None or row.shown is None:
        st.warning(_("这块大屏已停用,或不在您的范围内。"))
        return
    walls_settings.show_token(row)
    names = {"steer": _("指挥"), "program": _("节目"), "settings": _("名称与接入")}
    if st.session_state.get(_PART) not in names:
        st.session_state[_PART] = "steer"
    part = st.segmented_control(
        _("显示"),
        list(names),
        format_func=names.__getitem__,
        key=_PART,
        required=True,
        label_visibility="collapsed",
    )
    with st.container(key="walls_part_shown"):
        match part:
            case "program":
                walls_program.show(row)
            case "settings":
                walls_settings.show(row, walls_reads.places(scope, now))
            case _steer:
                walls_steer.show(row, walls_reads.views(scope, row, now), now)
