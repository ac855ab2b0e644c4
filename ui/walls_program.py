"""The program of one wall: its scenes in order, how long each stays, and when it may be heard."""

from datetime import time, timedelta

import streamlit as st

from data_access import site
from data_access.commands.walls import set_program
from data_access.queries.walls import WallRow
from domain.cases import FieldProblem
from domain.errors import Invalid
from domain.people import Permission
from domain.walls import LONGEST, SHORTEST, Program, SceneKey, Step
from texts import gettext as _
from texts.words import word
from ui import clock, feedback
from ui.session import acting
from ui.walls_form import acted_on, field, key, seen

_SHORTEST, _LONGEST = round(SHORTEST.total_seconds()), round(LONGEST.total_seconds())
_USUAL = 20


def show(row: WallRow) -> None:
    """Draw the form, filled in with what holds."""
    program = row.standing.program
    stays = {one.scene: round(one.stays.total_seconds()) for one in program.steps}
    seen(row.version)
    scenes = st.multiselect(
        _("场景(按选择的先后播放)"),
        list(SceneKey),
        default=list(stays),
        format_func=word,
        key=field("scenes"),
        placeholder=_("至少选一个"),
    )
    for scene in scenes:
        st.number_input(
            _("{scene} 停留(秒)").format(scene=word(scene)),
            min_value=_SHORTEST,
            max_value=_LONGEST,
            value=stays.get(scene, _USUAL),
            step=5,
            key=field(f"stays_{scene}"),
        )
    st.toggle(_("每轮把事情最多的场景排在前面"), value=program.by_urgency, key=field("by_urgency"))
    chime = st.toggle(_("红色事件响提示音"), value=program.chime, key=field("chime"))
    if chime:
        begins, ends = st.columns(2)
        with begins:
            st.time_input(_("静音从"), value=program.quiet[0], key=field("quiet_from"), step=900)
        with ends:
            st.time_input(_("到"), value=program.quiet[1], key=field("quiet_to"), step=900)
        st.caption(_("浏览器要允许自动播放声音:见《大屏上墙》。"))
    st.button(_("保存节目"), key="walls_program_save", type="primary", on_click=_save, args=(row,))


def _save(row: WallRow) -> None:
    entered = st.session_state
    with acted_on():
        scenes = entered[field("scenes")]
        if not scenes:
            raise Invalid(scene=FieldProblem.MISSING)
        quiet = row.standing.program.quiet
        begins: time = entered.get(field("quiet_from"), quiet[0])
        ends: time = entered.get(field("quiet_to"), quiet[1])
        steps = tuple(
            Step(scene, timedelta(seconds=entered[field(f"stays_{scene}")])) for scene in scenes
        )
        set_program(
            site.current().db,
            wall_id=row.standing.wall_id,
            program=Program(
                steps,
                chime=entered[field("chime")],
                quiet=(begins, ends),
                by_urgency=entered[field("by_urgency")],
            ),
            expected_version=seen(row.version),
            actor=acting(Permission.WALL_KEEP),
            now=clock.now(),
            key=key(),
        )
        feedback.tell(_("节目已保存。"))
