"""Steering one wall: a scene or a view of the map is pinned, a spotlight is sent."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import streamlit as st

from data_access import site
from data_access.commands.wall_orders import order_wall
from data_access.queries.walls import WallRow
from domain.cases import FieldProblem
from domain.errors import Invalid
from domain.organisation import UnitLevel
from domain.people import Permission
from domain.walls import Asked, MapView, OrderKind, SceneKey
from texts import gettext as _
from texts.words import word
from ui import clock, feedback, rule_preview, walls_words
from ui.session import acting
from ui.walls_form import acted_on, field, key

_MINUTES = (1, 2, 5, 10, 30, 60)
Views = Mapping[str, tuple[str, UnitLevel]]


def show(row: WallRow, views: Views, now: datetime) -> None:
    """Draw what stands, and the two forms."""
    sent = site.current().walls.shown().get(row.standing.wall_id)
    rule_preview.show(walls_words.blocks(row, sent, now), key="walls_state")
    with st.container(border=True, key="walls_pin"):
        st.markdown("**{}**".format(_("固定一个场景")))
        st.caption(_("一直停在这里,直到点“轮播”。"))
        scene: SceneKey | None = st.selectbox(
            _("场景"), list(SceneKey), format_func=word, key=field("scene")
        )
        if scene is SceneKey.MAP and views:
            _ask_view(views, "pin", _("地图看哪里"))
        st.button(_("固定"), key="walls_pin_it", type="primary", on_click=_pin, args=(row, views))
    with st.container(border=True, key="walls_spot"):
        st.markdown("**{}**".format(_("聚焦一个地方")))
        if not views:
            st.caption(_("本站点还没有边界图形,不能聚焦。"))
            return
        st.caption(_("大屏转到地图,写上“请看 …”,到时自动回到原来的节目。"))
        _ask_view(views, "spot", _("看哪里"))
        st.selectbox(
            _("多久"),
            _MINUTES,
            index=_MINUTES.index(5),
            format_func=lambda one: _("{number} 分钟").format(number=one),
            key=field("minutes"),
        )
        st.button(
            _("聚焦"), key="walls_spot_it", type="primary", on_click=_spotlight, args=(row, views)
        )


def _ask_view(views: Views, name: str, label: str) -> None:
    code = st.selectbox(
        label,
        list(views),
        index=None if name == "spot" else 0,
        format_func=lambda one: views[one][0],
        key=field(f"{name}_area"),
        placeholder=_("输入名称查找"),
    )
    if code is not None and views[code][1] is not UnitLevel.COMMUNITY:
        st.segmented_control(
            _("颜色按"),
            [UnitLevel.COMMUNITY, UnitLevel.GRID],
            default=UnitLevel.COMMUNITY,
            format_func={UnitLevel.COMMUNITY: _("村、社区"), UnitLevel.GRID: _("网格")}.__getitem__,
            key=field(f"{name}_level"),
            required=True,
        )


def _view(views: Views, name: str) -> MapView | None:
    """The view that was chosen; None for none. What lies in a community is coloured by grid."""
    code = st.session_state.get(field(f"{name}_area"))
    if code is None:
        return None
    level = st.session_state.get(field(f"{name}_level"), UnitLevel.COMMUNITY)
    return MapView(UnitLevel.GRID if views[code][1] is UnitLevel.COMMUNITY else level, code)


def _pin(row: WallRow, views: Views) -> None:
    with acted_on():
        scene = st.session_state[field("scene")]
        view = _view(views, "pin") if scene is SceneKey.MAP else None
        _order(row, Asked(OrderKind.PIN, scene, view), clock.now())


def _spotlight(row: WallRow, views: Views) -> None:
    with acted_on():
        now, view = clock.now(), _view(views, "spot")
        if view is None:
            raise Invalid(map_view=FieldProblem.MISSING)
        until = now + timedelta(minutes=st.session_state[field("minutes")])
        _order(row, Asked(OrderKind.SPOTLIGHT, view=view, until=until), now)


def _order(row: WallRow, asked: Asked, now: datetime) -> None:
    """With the order that was on the screen when it was pressed."""
    order_wall(
        site.current().db,
        wall_id=row.standing.wall_id,
        asked=asked,
        expected_version=row.standing.order_version,
        actor=acting(Permission.WALL_KEEP),
        now=now,
        key=key(),
    )
    feedback.tell(_("指令已发出。"))
