"""A committee's month: leave and duties as a grid, and the form for one day."""

from datetime import date, datetime, timedelta
from typing import Any

import streamlit as st

from data_access import site
from data_access.commands.roster import copy_week, set_duty
from data_access.queries.duty import Month, MonthOfPerson
from domain.clocks import day_of
from domain.organisation import AbsenceKind, DutyShift
from domain.people import Actor, Permission
from domain.teams import WEEK, week_of
from texts import gettext as _
from texts.rules import day_with_weekday, weekday
from texts.words import word
from ui import clock, elements, feedback, team_reads
from ui.session import acting
from ui.team_form import acted_on, field, key

_MONTH = elements.element("team_month")
_CHOSEN = "team_day"
_FIRST_OF_WEEKEND = 5


def show(committee_id: int, actor: Actor, now: datetime) -> None:
    """Draw the month that is looked at, and the form of the chosen day."""
    today = day_of(now)
    chosen: date = st.session_state.setdefault(_CHOSEN, today)
    with st.container(horizontal=True, vertical_alignment="center", key="roster_months"):
        st.button(_("上个月"), key="month_back", on_click=_turn, args=(-1,))
        st.text(_("{year}年{month}月").format(year=chosen.year, month=chosen.month))
        st.button(_("下个月"), key="month_next", on_click=_turn, args=(1,))
    month = team_reads.month(team_reads.scope_of(actor), committee_id, chosen)
    _MONTH(
        key="team_month",
        data={
            "days": [_day(month.first + timedelta(days=n), today, chosen) for n in _range(month)],
            "rows": [_row(one, month) for one in month.people],
            "legend": [
                *([kind, _mark(kind), word(kind)] for kind in AbsenceKind),
                *([shift, _shift_mark(shift), word(shift)] for shift in DutyShift),
                ["conflict", "■", _("值班当天不在")],
            ],
            "empty": _("这个调委会还没有在岗人员。"),
        },
        on_day_change=_choose,
    )
    if actor.may(Permission.TEAM_ROSTER):
        _show_form(month, chosen, today)


def _range(month: Month) -> range:
    return range((month.last - month.first).days + 1)


def _day(day: date, today: date, chosen: date) -> dict[str, Any]:
    return {
        "day": day.isoformat(),
        "number": day.day,
        "weekday": weekday(day)[-1:],
        "weekend": day.weekday() >= _FIRST_OF_WEEKEND,
        "today": day == today,
        "chosen": day == chosen,
        "label": day_with_weekday(day),
    }


def _row(one: MonthOfPerson, month: Month) -> dict[str, Any]:
    days = [month.first + timedelta(days=n) for n in _range(month)]
    return {"name": one.name, "cells": [_cell(one, day) for day in days]}


def _cell(one: MonthOfPerson, day: date) -> dict[str, str]:
    away, shifts = one.away_on(day), one.duties.get(day, ())
    said = [word(away)] if away else []
    said += [word(shift) for shift in shifts]
    label = f"{one.name} {day_with_weekday(day)} {_('、').join(said)}" if said else ""
    if away and shifts:
        return {"kind": "conflict", "mark": "■", "label": label}
    if away:
        return {"kind": away.value, "mark": _mark(away), "label": label}
    marks = "".join(_shift_mark(shift) for shift in shifts)
    kind = shifts[0].value if shifts else ""
    return {"kind": kind, "mark": marks, "label": label}


def _mark(kind: AbsenceKind) -> str:
    return {
        AbsenceKind.LEAVE: _("假"),
        AbsenceKind.TRAINING: _("训"),
        AbsenceKind.SECONDMENT: _("借"),
    }[kind]


def _shift_mark(shift: DutyShift) -> str:
    return {DutyShift.DAY: _("白"), DutyShift.NIGHT: _("夜")}[shift]


def _show_form(month: Month, chosen: date, today: date) -> None:
    names = {one.mediator_id: one.name for one in month.people if one.active}
    over = chosen < today
    with st.container(border=True, key="roster_form"):
        st.text(_("{day} 值班").format(day=day_with_weekday(chosen)))
        if over:
            st.caption(_("过去的日子只能看,不能再排。点表里的一天来排那一天。"))
            return
        for shift in DutyShift:
            st.multiselect(
                word(shift),
                list(names),
                default=[one for one in month.on_duty(chosen, shift) if one in names],
                format_func=names.__getitem__,
                key=_field_of(chosen, shift),
                placeholder=_("没有人值班"),
            )
        with st.container(horizontal=True):
            st.button(
                _("保存这一天"),
                key="roster_save",
                type="primary",
                on_click=_save,
                args=(month, chosen),
            )
            st.button(
                _("这一周照上周排"),
                key="roster_copy",
                help=_("只补空着的班次;当天不在的人不排。"),
                on_click=_copy,
                args=(month.committee_id, chosen),
            )


def _field_of(day: date, shift: DutyShift) -> str:
    return field(f"duty_{day.isoformat()}_{shift.value}")


@feedback.left_to_the_page
def _choose() -> None:
    acting(Permission.TEAM_READ)
    st.session_state[_CHOSEN] = date.fromisoformat(st.session_state["team_month"]["day"])


@feedback.left_to_the_page
def _turn(step: int) -> None:
    acting(Permission.TEAM_READ)
    chosen: date = st.session_state[_CHOSEN]
    first = chosen.replace(day=1)
    other = first - timedelta(days=1) if step < 0 else first + timedelta(days=32)
    st.session_state[_CHOSEN] = other.replace(day=1)


def _save(month: Month, day: date) -> None:
    with acted_on():
        actor = acting(Permission.TEAM_ROSTER)
        for shift in DutyShift:
            wanted = sorted(st.session_state[_field_of(day, shift)])
            if wanted == sorted(month.on_duty(day, shift)):
                continue
            set_duty(
                site.current().db,
                committee_id=month.committee_id,
                day=day,
                shift=shift,
                mediator_ids=wanted,
                actor=actor,
                now=clock.now(),
                key=f"{key()} {shift.value}",
            )
        feedback.tell(_("已排值班。"))


def _copy(committee_id: int, day: date) -> None:
    with acted_on():
        copied = copy_week(
            site.current().db,
            committee_id=committee_id,
            from_week=week_of(day)[0] - timedelta(days=WEEK),
            to_week=day,
            actor=acting(Permission.TEAM_ROSTER),
            now=clock.now(),
            key=key(),
        )
        feedback.tell(
            _("已照排 {added} 人次,略过 {left_out} 人次。").format(
                added=copied.added, left_out=copied.left_out
            )
        )
