"""Say what happened, in the user's words, beside what was typed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import ParamSpec

import streamlit as st
import structlog

from data_access.faults import AWAY, disk_is_full
from domain.errors import Refusal, SessionEnded
from texts import gettext as _
from texts.sentences import explain
from ui.clock import now
from ui.plain import plain
from ui.session import sign_in_address

P = ParamSpec("P")

_KEPT = "_refusal"
_TOLD = "_told"
# A live part draws itself again and again; a refusal stands there as long as it takes to read it
# twice, unless the person tries again before.
_READ_IN = timedelta(seconds=20)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Kept:
    """What was refused, where it is said, and since when it has stood there."""

    place: str
    sentence: str
    session_ended: bool = False
    shown_at: datetime | None = None


@contextmanager
def refusals_kept(place: str) -> Iterator[None]:
    """Turn a refusal in a callback, or a lost answer, into a message for the next draw.

    `place` is where the message will stand: beside what caused it, or nobody sees it. Nothing else
    is caught. A database that went away while it was asked may have done it all the same: that is
    said as it is, and what was typed stays, with its key, so that a second try does nothing twice.
    """
    st.session_state.pop(_KEPT, None)
    try:
        yield
    except Refusal as refusal:
        ended = isinstance(refusal, SessionEnded)
        st.session_state[_KEPT] = _Kept(place, explain(refusal, now=now()), session_ended=ended)
    except AWAY as error:
        log.warning("answer.lost", place=place, error=type(error).__name__)
        st.session_state[_KEPT] = _Kept(place, _lost(error))


def _lost(error: Exception) -> str:
    if disk_is_full(error):
        return _("服务器磁盘已满,没有做任何改动。已填写的内容保留;请告诉系统管理员。")
    return _("数据库没有应答,不知道这一次办成没有。已填写的内容保留:请过几秒看清现状,再试一次。")


def left_to_the_page(callback: Callable[P, None]) -> Callable[P, None]:
    """A callback whose refusals need no message: the run that follows asks again and says why.

    A session that ends between the draw and the click is no error.
    """

    @wraps(callback)
    def run(*given: P.args, **named: P.kwargs) -> None:
        with suppress(Refusal):
            callback(*given, **named)

    return run


def tell(sentence: str) -> None:
    """Say in the next draw that something was done: a callback itself must draw nothing."""
    st.session_state[_TOLD] = sentence


def show_told() -> None:
    """Show once what was done."""
    if told := st.session_state.pop(_TOLD, None):
        st.toast(plain(told), icon=":material/check:")


def show_refusal(place: str) -> None:
    """Show what was refused, if it belongs to this place and was not there to be read long enough.

    The place is emptied in any case: what a draw leaves out may stay on the screen until the next
    one, when a live part refreshes at the very moment in which it ends.
    """
    slot, moment = st.empty(), now()
    kept: _Kept | None = st.session_state.get(_KEPT)
    if kept is None or kept.place != place:
        return
    if kept.shown_at is None:
        st.session_state[_KEPT] = kept = replace(kept, shown_at=moment)
    elif moment - kept.shown_at > _READ_IN:
        del st.session_state[_KEPT]
        return
    with slot.container():
        st.error(plain(kept.sentence), icon=":material/error:")
        if kept.session_ended:
            st.link_button(_("重新登录"), sign_in_address(), type="primary")
