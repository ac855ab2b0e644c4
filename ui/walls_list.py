"""The walls of the desk's part of the county, each with its state and what is asked of it most."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from data_access import site
from data_access.commands.wall_orders import order_wall
from data_access.queries.walls import WallRow
from domain.people import Permission
from domain.walls import Asked, OrderKind, Presence
from texts import gettext as _
from texts.words import word
from ui import clock, feedback, rule_preview, walls_drawer, walls_words
from ui.session import acting


def show(rows: Sequence[WallRow], now: datetime) -> None:
    """Draw them; without any, how one comes about."""
    if not rows:
        st.info(_("还没有大屏。点“新增大屏”得到令牌,在大屏的浏览器打开 /wall/enter 输入一次即可。"))
    sent = site.current().walls.shown()
    for row in rows:
        with st.container(border=True, key=f"wall_{row.standing.wall_id}"):
            _show(row, sent.get(row.standing.wall_id), now)


def _show(row: WallRow, sent: walls_words.Sent, now: datetime) -> None:
    wall_id = row.standing.wall_id
    heading = rule_preview.heading(walls_words.title(row), walls_words.place(row))
    blocks = [heading, *walls_words.blocks(row, sent, now)]
    state, steering = st.columns([3, 2], vertical_alignment="center")
    with state:
        rule_preview.show(blocks, key=f"wall_state_{wall_id}")
    if row.presence is Presence.REVOKED:
        return
    with steering, st.container(horizontal=True, horizontal_alignment="right"):
        free = row.standing.order is None or row.standing.order.kind is OrderKind.ROTATE
        quick = OrderKind.PAUSE if free else OrderKind.ROTATE
        icon = ":material/pause:" if free else ":material/autorenew:"
        st.button(
            word(quick),
            key=f"wall_{quick}_{wall_id}",
            icon=icon,
            on_click=_order,
            args=(quick, row),
        )
        st.button(
            _("固定、聚焦"),
            key=f"wall_steer_{wall_id}",
            icon=":material/center_focus_strong:",
            on_click=_open,
            args=(wall_id, "steer"),
        )
        st.button(
            _("设置"),
            key=f"wall_set_{wall_id}",
            icon=":material/settings:",
            on_click=_open,
            args=(wall_id, "program"),
        )
    with st.container(key=f"wall_said_{wall_id}"):
        feedback.show_refusal(_place(wall_id))


def _place(wall_id: int) -> str:
    return f"wall_{wall_id}"


def _order(kind: OrderKind, row: WallRow) -> None:
    """With the order that was seen: whoever was quicker is named, and not overridden unseen."""
    wall_id, seen = row.standing.wall_id, row.standing.order_version
    with feedback.refusals_kept(_place(wall_id)):
        actor = acting(Permission.WALL_KEEP)
        order_wall(
            site.current().db,
            wall_id=wall_id,
            asked=Asked(kind),
            expected_version=seen,
            actor=actor,
            now=clock.now(),
            # A second press of the same button is the same deed.
            key=f"{actor.session_id} {wall_id} {kind} {seen}",
        )
        site.current().watcher.look()


@feedback.left_to_the_page
def _open(wall_id: int, part: str) -> None:
    acting(Permission.WALL_KEEP)
    walls_drawer.open_drawer(wall_id, part)
