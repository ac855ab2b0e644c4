"""Who is looking: asked at the start of every page, every live fragment and every callback.

The gate put the signed-in user's id into `st.user` when the browser connected; whether that
sign-in is still good is asked of the session registry each time: a connection lives for hours.
"""

from dataclasses import replace

import streamlit as st

import texts
from data_access import site
from data_access.walls import FoundWall
from domain.errors import NotAllowed, SessionEnded
from domain.people import Actor, Permission
from texts import gettext as _
from ui.clock import REFRESH_SECONDS, now

_SESSION = "X-Wusong-Session"
_WALL = "X-Wusong-Wall"
_ADDRESS = "X-Wusong-Address"
_CONNECTION = "Sec-WebSocket-Key"
# What was typed survives signing in again; a password that was told once does not: an open tab
# would show it for as long as nobody closes it.
_OF_ONE_SESSION = ("one_time",)
_PERSON = "_person"


def acting(*permissions: Permission) -> Actor:
    """The signed-in person, for a callback: counts as activity.

    Raises SessionEnded or, where none of the permissions is held, NotAllowed, which the caller
    shows beside what was typed.
    """
    actor = _signed_in(*permissions)
    _touch(actor)
    return actor


def require(*permissions: Permission) -> Actor:
    """The signed-in person, or a stopped page that says what to do. First line of every page.

    One of the permissions is enough.
    """
    speak()
    try:
        actor = _signed_in(*permissions)
    except SessionEnded:
        for name in _OF_ONE_SESSION:
            st.session_state.pop(name, None)
        _offer_sign_in()
        st.stop()
    except NotAllowed:
        st.error(not_allowed())
        st.stop()
    return actor


def not_allowed() -> str:
    """What stands in place of a page that the person's posts do not open."""
    return _("您的岗位不能打开这个页面。请从菜单选择,或联系综治中心管理员。")


def still(*permissions: Permission) -> Actor | None:
    """The signed-in person, or None: for what stands beside a live part that already says why."""
    try:
        return _signed_in(*permissions)
    except (SessionEnded, NotAllowed):
        return None


def note_activity(actor: Actor) -> None:
    """Called once by a run of the whole page: such a run is the person's doing, and keeps them in.

    Not the first run of a connection, though: a browser that connects again by itself is nobody's
    activity. Refreshes by the clock run a fragment alone and never come here.
    """
    connection = st.context.headers.get(_CONNECTION)
    if st.session_state.get("_connection") == connection:
        _touch(actor)
    st.session_state["_connection"] = connection


def presented() -> tuple[int, int] | None:
    """The user id and session id that the gate vouched for when this browser connected."""
    user_id = st.user.get("user_id")
    session_id = st.context.headers.get(_SESSION)
    if not (isinstance(user_id, str) and isinstance(session_id, str)):
        return None
    return int(user_id), int(session_id)


def presented_wall() -> FoundWall | None:
    """The wall (大屏) that the gate vouched for when this browser connected; None for a person."""
    told = st.context.headers.get(_WALL)
    if not isinstance(told, str):
        return None
    wall_id, epoch = told.split(".")
    return FoundWall(int(wall_id), int(epoch))


def _signed_in(*permissions: Permission) -> Actor:
    speak()
    told = st.context.headers.get(_ADDRESS)
    address = told if isinstance(told, str) else ""
    wall = presented_wall()
    actor = _person(address) if wall is None else _of_wall(wall, address)
    _keep_apart(f"wall:{actor.wall_id}" if wall else actor.user_id)
    if permissions and not actor.may(*permissions):
        raise NotAllowed(*permissions)
    return actor


def _person(address: str) -> Actor:
    who = presented()
    if who is None:
        raise SessionEnded
    user_id, session_id = who
    actor = site.current().registry.actor(session_id, now())
    if actor.user_id != user_id:
        raise SessionEnded
    return replace(actor, address=address)


def _of_wall(wall: FoundWall, address: str) -> Actor:
    """The wall whose page this is. That it asks is how the desk knows that it still draws."""
    walls = site.current().walls
    actor = walls.actor(wall, address=address)
    walls.note_seen(wall.wall_id, now())
    return actor


def _keep_apart(who: int | str) -> None:
    """Nothing that one person typed, marked or was shown is there for the next in the same tab."""
    if st.session_state.get(_PERSON, who) != who:
        st.session_state.clear()
    st.session_state[_PERSON] = who


def sign_in_address() -> str:
    """Where a page that lost its session sends the person, in their language."""
    return f"/signin?next=/signed-in&lang={texts.language()}"


def speak() -> None:
    """Speak the language that the address asks for, in this run."""
    texts.use(st.query_params.get("lang"))


def _touch(actor: Actor) -> None:
    if actor.session_id is not None:
        site.current().registry.touch(actor.session_id, now())


@st.fragment(run_every=REFRESH_SECONDS)
def _offer_sign_in() -> None:
    """The way back in; the page goes on by itself once the person is signed in again.

    A fragment of its own, because a page without one connects again but is not drawn anew.
    """
    try:
        _signed_in()
    except SessionEnded:
        pass
    else:
        st.rerun()
    st.warning(_("登录已结束。重新登录后本页自动继续,已填写的内容会保留。"), icon=":material/lock:")
    st.link_button(_("重新登录"), sign_in_address(), type="primary")
