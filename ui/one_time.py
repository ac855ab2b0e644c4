"""A one-time password on the screen of whoever made it: once, until the drawer is closed."""

import streamlit as st

from domain.people import ONE_TIME_PASSWORD_LASTS
from texts import gettext as _

_KEPT = "one_time"
_SECONDS_AN_HOUR = 3600


def keep(user_id: int, password: str) -> None:
    """Hold it for the next draw of this account's card."""
    st.session_state[_KEPT] = (user_id, password)


def show(user_id: int) -> None:
    """Show it, with a button that copies it, if it is this account's; else empty its place."""
    slot = st.empty()
    kept: tuple[int, str] | None = st.session_state.get(_KEPT)
    if kept is None or kept[0] != user_id:
        return
    hours = int(ONE_TIME_PASSWORD_LASTS.total_seconds()) // _SECONDS_AN_HOUR
    with slot.container(border=True, key="one_time_password"):
        st.markdown(f"**{_('一次性密码')}**")
        st.code(kept[1], language=None)
        st.caption(
            _(
                "请交给本人。只显示这一次,关闭本窗口后不再显示;"
                "{hours} 小时内有效,登录后须先改密码。"
            ).format(hours=hours)
        )
