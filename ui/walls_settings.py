"""How a wall is called and comes in: its place, address and token; a new one; taking one down."""

from collections.abc import Callable, Mapping

import streamlit as st

from data_access import site
from data_access.commands.walls import (
    WallToken,
    add_wall,
    bind_wall,
    change_wall,
    new_wall_token,
    revoke_wall,
)
from data_access.queries.walls import WallRow
from domain.cases import FieldProblem
from domain.errors import Invalid
from domain.people import Permission
from domain.walls import NAME_LONGEST
from texts import gettext as _
from ui import clock, feedback
from ui.session import acting
from ui.walls_form import acted_on, field, key, seen

_TOKEN = "walls_token"  # noqa: S105 - where it is kept until the drawer is closed
Places = Mapping[int, str]


def forget_token() -> None:
    """It was shown once."""
    st.session_state.pop(_TOKEN, None)


def show_token(row: WallRow) -> None:
    """The token of this wall, where it was made just now: once, until the drawer is closed."""
    slot = st.empty()
    kept: WallToken | None = st.session_state.get(_TOKEN)
    if kept is None or kept.wall_id != row.standing.wall_id:
        return
    with slot.container(border=True, key="wall_token"):
        st.markdown("**{}**".format(_("接入令牌")))
        st.code(kept.token, language=None)
        st.caption(
            _(
                "只显示这一次。在大屏的浏览器打开 /wall/enter 输入;或把开机网址设为 "
                "/wall/enter#令牌,开机后自动接入。以前的令牌已失效。"
            )
        )


def show_new(places: Places, opened: Callable[[int, str], None]) -> None:
    """Draw the form for a new wall. What is typed stays until it is made."""
    st.text_input(
        _("名称"), key=field("name"), max_chars=NAME_LONGEST, placeholder=_("例:一楼大厅")
    )
    st.selectbox(
        _("挂在哪里(显示该处的数字)"),
        list(places),
        index=0 if len(places) == 1 else None,
        format_func=places.__getitem__,
        key=field("unit"),
        placeholder=_("县综治中心或镇街"),
    )
    _ask_address(None)
    st.button(_("新增"), key="walls_add", type="primary", on_click=_add, args=(opened,))


def show(row: WallRow, places: Places) -> None:
    """Draw the forms of a wall that hangs."""
    seen(row.version)
    unit_id = row.standing.unit_id
    offered = places if unit_id in places else {unit_id: row.standing.unit_name, **places}
    with st.container(border=True, key="walls_named"):
        st.text_input(_("名称"), value=row.standing.name, key=field("name"), max_chars=NAME_LONGEST)
        st.selectbox(
            _("挂在哪里(显示该处的数字)"),
            list(offered),
            index=list(offered).index(unit_id),
            format_func=offered.__getitem__,
            key=field("unit"),
        )
        st.button(_("保存"), key="walls_change", type="primary", on_click=_change, args=(row,))
    with st.container(border=True, key="walls_bound"):
        _ask_address(row.address)
        st.button(_("保存地址"), key="walls_bind", on_click=_bind, args=(row,))
    with st.container(border=True, key="walls_tokens"):
        st.caption(_("换机器,或令牌可能被人看到时,换一个新令牌;原来的立即失效。"))
        st.button(_("更换令牌"), key="walls_token_new", on_click=_another, args=(row,))
    with st.container(border=True, key="walls_down"):
        st.caption(_("停用后这块大屏立即不能再看,不能恢复;要再用请新增。"))
        st.checkbox(_("确定停用"), key=field("sure"))
        st.button(_("停用"), key="walls_revoke", on_click=_revoke, args=(row,))


def _ask_address(value: str | None) -> None:
    st.text_input(
        _("只限网络地址(可不填)"),
        value=value or "",
        key=field("address"),
        max_chars=64,
        placeholder=_("例:10.12.3.45"),
    )


def _add(opened: Callable[[int, str], None]) -> None:
    entered = st.session_state
    with acted_on():
        unit_id = entered[field("unit")]
        if unit_id is None:
            raise Invalid(wall_place=FieldProblem.MISSING)
        made = add_wall(
            site.current().db,
            name=entered[field("name")],
            unit_id=unit_id,
            address=entered[field("address")],
            actor=acting(Permission.WALL_KEEP),
            now=clock.now(),
            key=key(),
        )
        opened(made.wall_id, "settings")
        st.session_state[_TOKEN] = made
        feedback.tell(_("已新增大屏。"))


def _change(row: WallRow) -> None:
    with acted_on():
        change_wall(
            site.current().db,
            wall_id=row.standing.wall_id,
            name=st.session_state[field("name")],
            unit_id=st.session_state[field("unit")],
            expected_version=seen(row.version),
            actor=acting(Permission.WALL_KEEP),
            now=clock.now(),
            key=key(),
        )
        feedback.tell(_("已保存。"))


def _bind(row: WallRow) -> None:
    with acted_on():
        bind_wall(
            site.current().db,
            wall_id=row.standing.wall_id,
            address=st.session_state[field("address")],
            expected_version=seen(row.version),
            actor=acting(Permission.WALL_KEEP),
            now=clock.now(),
            key=key(),
        )
        feedback.tell(_("已保存。"))


def _another(row: WallRow) -> None:
    with acted_on():
        made = new_wall_token(
            site.current().db,
            wall_id=row.standing.wall_id,
            expected_version=seen(row.version),
            actor=acting(Permission.WALL_KEEP),
            now=clock.now(),
            key=key(),
        )
        st.session_state[_TOKEN] = made
        feedback.tell(_("已更换令牌。"))


def _revoke(row: WallRow) -> None:
    with acted_on():
        if not st.session_state[field("sure")]:
            raise Invalid(sure=FieldProblem.MISSING)
        revoke_wall(
            site.current().db,
            wall_id=row.standing.wall_id,
            actor=acting(Permission.WALL_KEEP),
            now=clock.now(),
            key=key(),
        )
        feedback.tell(_("已停用。"))
