"""The card of one mediator: seat, specialities, capacity, relations, and the end of the post."""

from collections.abc import Callable
from typing import Literal

import streamlit as st

from data_access import site
from data_access.commands import mediators
from data_access.queries.teams import PersonView
from domain.people import Actor, Permission
from domain.teams import MOST_CAPACITY, MemberSeat
from texts import gettext as _
from texts.numbers import count
from texts.teams import sex_word
from texts.words import word
from ui import case_card, clock, feedback, team_relations, team_times, team_types
from ui.session import acting
from ui.team_form import acted_on, field, key, seen_version
from ui.team_leave import leave_words

_YES_NO = (None, True, False)
_SEXES = ("9", "1", "2")


def show_card(view: PersonView, types: dict[str, str]) -> None:
    """Draw what is known of a person. Of relations only the kinds and how many."""
    one = view.person
    blocks = []
    if one.version != seen_version(one):
        blocks.append(case_card.notice(_("此人的资料刚有变动,下面已是最新;操作前请再核对。")))
    time = _("专职") if one.full_time else _("兼职")
    relations = _("、").join(
        _("{kind} {count} 人").format(kind=word(kind), count=count(number))
        for kind, number in view.relations
    )
    load = _("{held} 件,上限 {capacity} 件").format(
        held=count(one.open_cases), capacity=count(one.capacity)
    )
    rows = [
        [_("调委会"), view.committee.name],
        [_("身份"), f"{word(one.seat)} · {time}" if one.active else _("已离岗")],
        [_("编号"), one.code],
        [_("性别"), sex_word(one.sex)],
        [_("成年"), _answer(one.adult)],
        [_("专长"), team_types.named(one.specialities, types)],
        [_("在办"), load],
        [_("假期"), _("、").join(leave_words(leave) for leave in one.leave) or "—"],
        *team_times.facts(view),
        [_("回避关系"), relations or "—"],
    ]
    if view.committee.minority_area:
        rows.append([_("少数民族"), _answer(one.minority)])
    if one.seat_from is not None:
        rows.append([_("现身份起"), one.seat_from.isoformat()])
    blocks.append({"kind": "facts", "title": "", "rows": rows})
    case_card.show(blocks, key="team_person")


def _answer(value: bool | None) -> str:  # noqa: FBT001 - the value that is worded
    return {True: _("是"), False: _("否"), None: _("未说明")}[value]


def show_keeping(view: PersonView, types: dict[str, str], actor: Actor) -> None:
    """The forms for who keeps the person."""
    one = view.person
    if not one.active:
        st.caption(_("此人已离岗,资料保留。"))
        return
    team_relations.show_asked(view, actor)
    with st.container(border=True, key="types_form"):
        team_types.choose("types", one.specialities, types)
        _button(_("保存专长"), "types_save", _save_types, view)
    with st.container(border=True, key="capacity_form"):
        number, time = st.columns(2, vertical_alignment="bottom")
        number.number_input(
            _("承办上限(件)"), 0, MOST_CAPACITY, one.capacity, key=field("capacity")
        )
        time.toggle(_("专职"), value=one.full_time, key=field("full_time"))
        _button(_("保存上限"), "capacity_save", _save_capacity, view)
    with st.container(border=True, key="seat_form"):
        st.segmented_control(
            _("身份(新主任上任时,原主任转为委员)"),
            list(MemberSeat),
            default=one.seat,
            format_func=word,
            key=field("seat"),
            required=True,
        )
        _button(_("保存身份"), "seat_save", _save_seat, view)
    with st.expander(_("法定资料:性别、成年、民族")):
        sex, adult, minority = st.columns(3)
        sex.selectbox(
            _("性别"), _SEXES, _SEXES.index(one.sex), format_func=sex_word, key=field("sex")
        )
        adult.selectbox(
            _("年满十八周岁"),
            _YES_NO,
            _YES_NO.index(one.adult),
            format_func=_answer,
            key=field("adult"),
        )
        minority.selectbox(
            _("属人数较少的民族"),
            _YES_NO,
            _YES_NO.index(one.minority),
            format_func=_answer,
            key=field("minority"),
        )
        _button(_("保存资料"), "particulars_save", _save_particulars, view)
    team_times.show_keeping(view)
    team_relations.show_keeping(view)
    with st.popover(_("办理离岗"), key=field("end_ask")):
        st.text(_("手上没有在办案件才能离岗;今天起的值班一并撤下。"))
        _button(_("确认离岗"), "post_end", _end, view, primary=True)


def _button(
    label: str,
    name: str,
    action: Callable[[PersonView], None],
    view: PersonView,
    *,
    primary: bool = False,
) -> None:
    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
    st.button(label, key=name, type=kind, on_click=_act, args=(action, view))


def _act(action: Callable[[PersonView], None], view: PersonView) -> None:
    with acted_on():
        action(view)


def _save_types(view: PersonView) -> None:
    mediators.set_specialities(
        site.current().db,
        mediator_id=view.person.mediator_id,
        specialities=team_types.chosen("types"),
        actor=acting(Permission.TEAM_KEEP),
        now=clock.now(),
        key=key(),
        expected_version=seen_version(view.person),
    )
    feedback.tell(_("已保存专长。"))


def _save_capacity(view: PersonView) -> None:
    mediators.set_capacity(
        site.current().db,
        mediator_id=view.person.mediator_id,
        capacity=int(st.session_state[field("capacity")]),
        full_time=st.session_state[field("full_time")],
        actor=acting(Permission.TEAM_KEEP),
        now=clock.now(),
        key=key(),
        expected_version=seen_version(view.person),
    )
    feedback.tell(_("已保存承办上限。"))


def _save_seat(view: PersonView) -> None:
    mediators.set_seat(
        site.current().db,
        mediator_id=view.person.mediator_id,
        seat=st.session_state[field("seat")],
        actor=acting(Permission.TEAM_KEEP),
        now=clock.now(),
        key=key(),
        expected_version=seen_version(view.person),
    )
    feedback.tell(_("已保存身份。"))


def _save_particulars(view: PersonView) -> None:
    mediators.set_particulars(
        site.current().db,
        mediator_id=view.person.mediator_id,
        sex=st.session_state[field("sex")],
        minority=st.session_state[field("minority")],
        adult=st.session_state[field("adult")],
        actor=acting(Permission.TEAM_KEEP),
        now=clock.now(),
        key=key(),
        expected_version=seen_version(view.person),
    )
    feedback.tell(_("已保存资料。"))


def _end(view: PersonView) -> None:
    mediators.end_post(
        site.current().db,
        mediator_id=view.person.mediator_id,
        actor=acting(Permission.TEAM_KEEP),
        now=clock.now(),
        key=key(),
        expected_version=seen_version(view.person),
    )
    feedback.tell(_("已办理离岗。"))
