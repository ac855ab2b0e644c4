"""The controls above the map: figure, days, filters, search for a place, what is picked."""

from uuid import uuid4

import streamlit as st

from data_access import site
from data_access.commands.selections import select_open_cases
from data_access.queries.choices import Choices
from data_access.queries.figures import Cut
from data_access.queries.layers import Area
from data_access.queries.queue import Filters
from domain.clocks import day_of
from domain.people import Permission
from texts import gettext as _
from texts.numbers import count
from ui import clock, feedback, map_reads, map_state, page_asks, queue_marks, queue_reads
from ui.map_places import LEVELS, Places
from ui.place_search import find
from ui.plain import plain
from ui.session import acting

_PLACE = "map"
_QUEUE = "../../pages/desk/queue.py"
_NAMED_IN_FULL = 3


def stop_without_shapes() -> None:
    """In place of the map, where no boundary was brought in yet."""
    st.info(
        _("这里会显示全县地图。本站点还没有边界图形,地图画不出来;案件在“纠纷队列”里。"),
        icon=":material/map:",
    )
    st.stop()


def show(places: Places, offered: Choices, *, sees_cases: bool) -> None:
    """The row of controls."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="map_bar"):
        figures = map_state.figure_names()
        st.selectbox(
            _("指标"),
            list(figures),
            key=map_state.widget("figure"),
            format_func=figures.__getitem__,
            on_change=_changed,
            width=180,
        )
        days = map_state.window_names()
        st.selectbox(
            _("时段"),
            list(days),
            key=map_state.widget("days"),
            format_func=days.__getitem__,
            on_change=_changed,
            width=150,
        )
        if map_state.chosen("days") == map_state.OWN_DAYS:
            st.date_input(
                _("从哪天到哪天"),
                [],
                key=map_state.widget("own_days"),
                format="YYYY-MM-DD",
                on_change=_changed,
                width=290,
            )
        st.text_input(
            _("找地方"),
            key="map_search",
            type="search",
            placeholder=_("名称或拼音,如 安仁、arz"),
            on_change=_searched,
            args=(places,),
            width=240,
        )
        _filters(offered)
        st.toggle(_("并看前一时段"), key=map_state.widget("compare"), on_change=_changed)
        if sees_cases:
            st.toggle(
                _("圈选"),
                key="map_drawing",
                on_change=_changed,
                help=_("在地图上按住拖动画一个圈,或逐个点选区域;再次点选即取消。"),
            )
    # Places that are always there: what came and went before the map would make it anew.
    with st.container(key="map_found_place"):
        _found(places)
    with st.container(key="map_refusals"):
        feedback.show_refusal(_PLACE)


def _filters(offered: Choices) -> None:
    with st.popover(_("筛选与显示"), icon=":material/tune:", key="map_filters"):
        for kind, label in (("type", _("纠纷类型")), ("source", _("来源渠道"))):
            names = map_state.code_names(offered, kind)
            st.multiselect(
                label,
                list(names),
                key=map_state.widget(kind),
                format_func=names.__getitem__,
                placeholder=_("全部"),
                on_change=_changed,
            )
        st.toggle(
            _("固定间隔分级(默认按数量均分)"), key=map_state.widget("fixed"), on_change=_changed
        )
        st.toggle(_("案件标记"), key=map_state.widget("points"), on_change=_changed)
        st.toggle(_("功能区(景区、园区)"), key=map_state.widget("zones"), on_change=_changed)
        st.toggle(
            _("投影模式"),
            key=map_state.widget("present"),
            on_change=_changed,
            help=_("小于 3 件的合并显示,不列案件。"),
        )


@feedback.left_to_the_page
def _changed() -> None:
    acting(Permission.FIGURES_READ)
    map_state.take_widgets(today=day_of(clock.now()))
    if not map_state.drawing():
        map_state.forget_picked()


@feedback.left_to_the_page
def _searched(places: Places) -> None:
    acting(Permission.FIGURES_READ)
    found = _matches(places)
    if len(found) == 1:
        _go(found[0])


def _matches(places: Places) -> list[Area]:
    every = [area for level in LEVELS for area in places.layer(level).areas]
    return find(every, st.session_state.get("map_search", ""))


def _go(area: Area) -> None:
    map_state.go(area)
    st.session_state["map_search"] = ""


def _found(places: Places) -> None:
    """What the search found, to choose from."""
    term = st.session_state.get("map_search", "").strip()
    if not term:
        return
    found = _matches(places)
    if not found:
        st.caption(_("没有找到这个地方,请换个写法。"))
        return
    with st.container(horizontal=True, key="map_found"):
        for area in found:
            name = plain(places.full_name(area))
            st.button(name, key=f"map_go_{area.id}", on_click=_chosen, args=(area,))


@feedback.left_to_the_page
def _chosen(area: Area) -> None:
    acting(Permission.FIGURES_READ)
    _go(area)


# --- what is picked ------------------------------------------------------------------------------


def show_picked(places: Places, *, moves_cases: bool) -> None:
    """How many areas are picked, and the way with their cases to the queue or the sandbox."""
    areas = tuple(places.by_id[one] for one in map_state.picked() if one in places.by_id)
    row = st.container(horizontal=True, vertical_alignment="center", key="map_picked_row")
    if not (areas or map_state.drawing()):
        return
    if not areas:
        row.caption(_("圈选:按住拖动画一个圈,选中内部的区域;也可以逐个点选。"))
        return
    row.markdown(plain(_("已选 {names}").format(names=_names(areas))))
    row.button(
        _("到队列中办理"),
        key="map_to_queue",
        type="primary",
        on_click=to_queue,
        args=(areas,),
    )
    if moves_cases:
        row.button(
            _("放入改派台"),
            key="map_to_sandbox",
            on_click=to_queue,
            args=(areas,),
            kwargs={"sandbox": True},
        )
    row.button(_("清除"), key="map_unpick", on_click=_unpick)


def _names(areas: tuple[Area, ...]) -> str:
    named = _("、").join(area.name for area in areas[:_NAMED_IN_FULL])
    if len(areas) <= _NAMED_IN_FULL:
        return named
    return _("{names}等 {count} 个区域").format(names=named, count=count(len(areas)))


@feedback.left_to_the_page
def _unpick() -> None:
    acting(Permission.FIGURES_READ)
    map_state.forget_picked()


def to_queue(areas: tuple[Area, ...], *, sandbox: bool = False) -> None:
    """Pick the areas' open cases together; the page then goes with them where they are wanted."""
    with feedback.refusals_kept(_PLACE):
        actor, now = acting(Permission.CASE_READ), clock.now()
        made = select_open_cases(
            site.current().db,
            level=areas[0].level,
            unit_ids=map_reads.units_of(actor.scope(Permission.CASE_READ), areas),
            cut=Cut(tuple(map_state.chosen("type")), tuple(map_state.chosen("source"))),
            name=_names(areas),
            actor=actor,
            now=now,
            key=uuid4().hex,
        )
        if not sandbox:
            st.session_state["map_selection"] = made.selection_id
            return
        moving = acting(Permission.CASE_REASSIGN).scope(Permission.CASE_REASSIGN)
        picked = Filters(selection_id=made.selection_id)
        st.session_state[queue_marks.SANDBOX] = queue_reads.numbers(moving, picked, now)


def leave_if_asked(*, live: bool = False) -> None:
    """Leave for the queue, or the sandbox, where the last click made a selection for it.

    A `live` part leaves that to the page: see page_asks.
    """
    queue_marks.go_to_sandbox_if_asked(live=live)
    if page_asks.is_asked("map_selection", live=live):
        made = st.session_state.pop("map_selection")
        st.session_state.pop("queue_ready", None)
        st.switch_page(_QUEUE, query_params={"selection": str(made)})
