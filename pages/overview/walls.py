"""大屏管理: the walls with their state, what is asked of them, and how the server does."""

import streamlit as st

from data_access import site
from data_access.faults import UNREADABLE
from domain.people import Permission
from texts import gettext as _
from ui import clock, feedback, live, server_health, walls_drawer, walls_list, walls_reads
from ui.session import acting, require

require(*walls_reads.OPENED_TO)
walls_drawer.keep_open()
walls_drawer.show_if_asked()


@feedback.left_to_the_page
def on_new() -> None:
    """A new wall is wanted."""
    acting(Permission.WALL_KEEP)
    walls_drawer.open_drawer(walls_drawer.NEW)


@live.part
def live_walls() -> None:
    """Read and show again and again: what ages here is when each wall was last seen."""
    walls_drawer.show_if_asked(live=True)
    scope, now = require(*walls_reads.OPENED_TO).scope(Permission.WALL_KEEP), clock.now()
    live.show(site.current().watcher.seen(now=now))
    try:
        rows = walls_reads.rows(scope, now)
    except UNREADABLE:
        st.warning(_("暂时读不到数据。恢复后本页自动继续。"))
    else:
        walls_list.show(rows, now)
    server_health.show(now)


with st.container(horizontal=True, vertical_alignment="center", key="toolbar"):
    st.button(_("新增大屏"), key="wall_new", type="primary", icon=":material/add:", on_click=on_new)
    st.link_button(_("在本机看大屏"), "/wall", icon=":material/open_in_new:")
live_walls()
