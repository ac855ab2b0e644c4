"""The script behind every page: who is here, which pages their posts open, and the frame."""

from dataclasses import dataclass

import streamlit as st

from domain.people import Permission
from texts import gettext as _
from ui import elements, frame
from ui.session import not_allowed, note_activity, require, speak

speak()
st.set_page_config(
    page_title=_("无讼台"), page_icon=str(elements.ASSETS / "icon.svg"), layout="wide"
)

actor = require()
note_activity(actor)


@dataclass(frozen=True, slots=True)
class Screen:
    """One page of the product: where it stands in the menu, its script, and who may open it.

    Any one of the permissions opens it; what else the person may do there, the page asks itself.
    """

    section: str
    title: str
    script: str
    address: str
    permissions: tuple[Permission, ...]
    in_menu: bool = True


SCREENS = (
    Screen(_("大屏"), _("大屏"), "overview/wall.py", "wall", (Permission.FIGURES_READ,)),
    Screen(_("大屏"), _("大屏管理"), "overview/walls.py", "walls", (Permission.WALL_KEEP,)),
    Screen(_("一张图"), _("地图"), "overview/map.py", "map", (Permission.FIGURES_READ,)),
    Screen(_("办理"), _("纠纷队列"), "desk/queue.py", "queue", (Permission.CASE_READ,)),
    Screen(_("办理"), _("工作量"), "desk/workload.py", "workload", (Permission.CASE_READ,)),
    Screen(_("办理"), _("案件"), "desk/case.py", "case", (Permission.CASE_READ,), in_menu=False),
    Screen(_("办理"), _("改派台"), "desk/reassign.py", "reassign", (Permission.CASE_REASSIGN,)),
    Screen(_("办理"), _("登记纠纷"), "desk/register.py", "register", (Permission.CASE_REGISTER,)),
    Screen(_("督查"), _("调委会"), "supervise/teams.py", "teams", (Permission.TEAM_READ,)),
    Screen(_("管理"), _("导入"), "admin/imports.py", "imports", (Permission.IMPORT_RUN,)),
    Screen(
        _("管理"),
        _("人员"),
        "admin/people.py",
        "people",
        (Permission.PEOPLE_MANAGE, Permission.POST_GRANT),
    ),
    Screen(_("管理"), _("审计"), "admin/trail.py", "trail", (Permission.TRAIL_READ,)),
    Screen(_("管理"), _("工作日历"), "admin/calendar.py", "calendar", (Permission.RULES_KEEP,)),
    Screen(_("管理"), _("时限"), "admin/limits.py", "limits", (Permission.RULES_KEEP,)),
    Screen(_("管理"), _("计点"), "admin/weights.py", "weights", (Permission.RULES_KEEP,)),
)
# A wall reads figures, as the map does; but it is hung for one page, and drills into nothing.
open_to_them = [
    screen
    for screen in SCREENS
    if actor.may(*screen.permissions) and (actor.wall_id is None or screen.address == "wall")
]
pages = [
    st.Page(f"../../pages/{screen.script}", title=screen.title, url_path=screen.address)
    for screen in open_to_them
]
menu = [
    frame.MenuItem(screen.section, screen.title, screen.address)
    for screen in open_to_them
    if screen.in_menu
]


def home() -> None:
    """The bare address: on to the queue, else to the map, else to what the person's menu has."""
    offered = [one.address for one in menu]
    first = next((one for one in ("queue", "map", *offered) if one in offered), None)
    work = next((page for page in pages if page.url_path == first), None)
    if work is not None:
        st.switch_page(work, query_params=dict(st.query_params))
    st.info(_("您的岗位目前没有可以打开的页面。如果这不对,请联系综治中心管理员。"))


def not_theirs() -> None:
    """In place of a page that the person's posts do not open."""
    st.error(not_allowed())


closed = [
    st.Page(not_theirs, title=screen.title, url_path=screen.address)
    for screen in SCREENS
    if screen not in open_to_them
]
# A default page answers only at the bare address, so no screen is one: each keeps its own.
page = st.navigation(
    [st.Page(home, title=_("无讼台"), default=True), *pages, *closed], position="hidden"
)
frame.show(actor, menu, page.url_path)
page.run()
