"""How much one person works, their standing duties beside cases, and until when accredited."""

from datetime import date, timedelta

import streamlit as st

from data_access import site
from data_access.commands.mediators import set_licence
from data_access.commands.working_times import add_duty, end_duty, set_working_time
from data_access.queries.teams import PersonView
from data_access.queries.working_times import Duty, WorkingTime
from domain.clocks import day_of
from domain.loads import FULL_TIME, PART_TIME, STANDARD_CASE
from domain.people import Permission
from domain.teams import MOST_DUTY
from texts import gettext as _
from texts.loads import points_text
from texts.teams import time_words
from ui import clock, feedback
from ui.plain import plain
from ui.session import acting
from ui.team_form import acted_on, field, key, seen_version

_PLACE = "team_times"
_DAY = timedelta(days=1)
_STANDARD_DUTY = 2 * STANDARD_CASE


def facts(view: PersonView) -> list[list[str]]:
    """Rows of the card: what holds and what is to come."""
    today = day_of(clock.now())
    usual = FULL_TIME if view.person.full_time else PART_TIME
    times = [_time_words(one, today) for one in view.times]
    if not any(one.valid_from <= today for one in view.times):
        times.insert(0, time_words(usual))
    until = view.licence_until
    return [
        [_("工作时间"), _(";").join(times)],
        [_("常设事务"), _(";").join(duty_words(one) for one in view.duties) or "—"],
        [_("聘期至"), until.isoformat() if until else _("未定")],
    ]


def _time_words(one: WorkingTime, today: date) -> str:
    if one.valid_from <= today:
        return time_words(one.tenths)
    return _("{day} 起 {time}").format(day=one.valid_from.isoformat(), time=time_words(one.tenths))


def duty_words(one: Duty) -> str:
    """驻法庭 3 个标准案,2026-03-01 — 2026-08-31."""
    last = (one.valid_to - _DAY).isoformat() if one.valid_to else _("未定")
    return _("{name} {points} 个标准案,{first} — {last}").format(
        name=one.name,
        points=points_text(one.tenths),
        first=one.valid_from.isoformat(),
        last=last,
    )


def show_keeping(view: PersonView) -> None:
    """The forms for who keeps the person."""
    today = day_of(clock.now())
    with st.expander(_("工作时间、常设事务、聘期"), key=f"times_{view.person.mediator_id}"):
        with st.container(key="times_messages"):
            feedback.show_refusal(_PLACE)
        _show_time(view, today)
        _show_duties(view, today)
        _show_licence(view, today)


def _show_time(view: PersonView, today: date) -> None:
    held = next((one.tenths for one in view.times if one.valid_from <= today), None)
    usual = FULL_TIME if view.person.full_time else PART_TIME
    with st.container(horizontal=True, vertical_alignment="bottom", key="time_form"):
        st.selectbox(
            _("工作时间"),
            range(1, FULL_TIME + 1),
            (held or usual) - 1,
            format_func=time_words,
            key=field("tenths"),
        )
        st.date_input(
            _("从这一天起"), today, min_value=today, key=field("time_from"), format="YYYY-MM-DD"
        )
        st.button(_("保存工作时间"), key="time_save", on_click=_save_time, args=(view,))
    coming = [_time_words(one, today) for one in view.times if one.valid_from > today]
    with st.container(key="times_coming"):
        if coming:
            st.caption(plain(_(";").join(coming)))


def _show_duties(view: PersonView, today: date) -> None:
    for one in view.duties:
        with st.container(horizontal=True, vertical_alignment="center", key=f"duty_{one.duty_id}"):
            st.text(duty_words(one), width="stretch")
            with st.popover(_("结束"), key=field(f"duty_end_{one.duty_id}"), width="content"):
                st.date_input(
                    _("最后一天(含);还没有开始的,填昨天就是不再开始"),
                    today,
                    min_value=today - _DAY,
                    key=field(f"duty_last_{one.duty_id}"),
                    format="YYYY-MM-DD",
                )
                st.button(
                    _("结束这项事务"),
                    key=f"duty_stop_{one.duty_id}",
                    on_click=_end_duty,
                    args=(view, one),
                )
    name, points, first, last = st.columns([3, 2, 2, 2], vertical_alignment="bottom")
    name.text_input(
        _("常设事务"),
        key=field("duty_name"),
        placeholder=_("例如 驻法庭、带新人"),
    )
    points.number_input(
        _("相当于几个标准案"),
        0.1,
        MOST_DUTY / STANDARD_CASE,
        _STANDARD_DUTY / STANDARD_CASE,
        0.5,
        format="%.1f",
        key=field("duty_points"),
    )
    first.date_input(
        _("第一天"), today, min_value=today, key=field("duty_first"), format="YYYY-MM-DD"
    )
    last.date_input(
        _("最后一天(可不填)"),
        None,
        min_value=today,
        key=field("duty_last"),
        format="YYYY-MM-DD",
    )
    st.button(_("登记常设事务"), key="duty_add", on_click=_add_duty, args=(view,))


def _show_licence(view: PersonView, today: date) -> None:
    until = view.licence_until
    with st.container(horizontal=True, vertical_alignment="bottom", key="licence_form"):
        st.date_input(
            _("聘期至(含;空着表示未定)"),
            until,
            min_value=min(until, today) if until else today,
            key=field("licence"),
            format="YYYY-MM-DD",
        )
        st.button(_("保存聘期"), key="licence_save", on_click=_save_licence, args=(view,))


def _save_time(view: PersonView) -> None:
    with acted_on(_PLACE):
        set_working_time(
            site.current().db,
            mediator_id=view.person.mediator_id,
            tenths=st.session_state[field("tenths")],
            first_day=st.session_state[field("time_from")],
            actor=acting(Permission.TEAM_KEEP),
            now=clock.now(),
            key=key(),
            expected_version=seen_version(view.person),
        )
        feedback.tell(_("已保存工作时间。"))


def _add_duty(view: PersonView) -> None:
    with acted_on(_PLACE):
        add_duty(
            site.current().db,
            mediator_id=view.person.mediator_id,
            name=st.session_state[field("duty_name")],
            tenths=round(st.session_state[field("duty_points")] * STANDARD_CASE),
            first_day=st.session_state[field("duty_first")],
            last_day=st.session_state[field("duty_last")],
            actor=acting(Permission.TEAM_KEEP),
            now=clock.now(),
            key=key(),
            expected_version=seen_version(view.person),
        )
        feedback.tell(_("已登记常设事务。"))


def _end_duty(view: PersonView, one: Duty) -> None:
    with acted_on(_PLACE):
        end_duty(
            site.current().db,
            mediator_id=view.person.mediator_id,
            duty_id=one.duty_id,
            last_day=st.session_state[field(f"duty_last_{one.duty_id}")],
            actor=acting(Permission.TEAM_KEEP),
            now=clock.now(),
            key=key(),
            expected_version=seen_version(view.person),
        )
        feedback.tell(_("已记下这项事务的最后一天。"))


def _save_licence(view: PersonView) -> None:
    with acted_on(_PLACE):
        set_licence(
            site.current().db,
            mediator_id=view.person.mediator_id,
            until=st.session_state[field("licence")],
            actor=acting(Permission.TEAM_KEEP),
            now=clock.now(),
            key=key(),
            expected_version=seen_version(view.person),
        )
        feedback.tell(_("已保存聘期。"))
