"""The script behind every page: who is here, which pages their posts open, and the frame."""

import streamlit as st

from domain.people import Permission
from texts import gettext as _
from ui import elements, frame
from ui.session import note_activity, require, speak

speak()
st.set_page_config(
    page_title=_("无讼台"), page_icon=str(elements.ASSETS / "icon.svg"), layout="wide"
)

actor = require()
note_activity(actor)


pages = []
menu = []
if actor.may(Permission.CASE_READ):
    pages.append(st.Page("../../pages/desk/queue.py", title=_("纠纷队列"), url_path="queue"))
    menu.append(frame.MenuItem(_("办理 · 纠纷队列"), "queue"))


def home() -> None:
    """The bare address: on to the first page of the person's menu."""
    if pages:
        st.switch_page(pages[0], query_params=dict(st.query_params))
    st.info(_("您的岗位目前没有可以打开的页面。如果这不对,请联系综治中心管理员。"))


# A default page answers only at the bare address, so no screen is one: each keeps its own.
page = st.navigation([st.Page(home, title=_("无讼台"), default=True), *pages], position="hidden")
frame.show(actor, menu, page.url_path)
page.run()
