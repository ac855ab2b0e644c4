"""Changing the work calendar: a notice or a single day, looked at first, then applied."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import streamlit as st

from data_access import site
from data_access.commands.work_calendar import change_calendar
from data_access.queries.rules import DaysPreview, preview_days
from data_access.rule_changes import require_valid_days
from domain.clocks import day_of
from domain.errors import Invalid, PreviewOutdated
from domain.limits import NOTE_LONGEST, RuleProblem
from domain.notices import NoticeUnreadable, read_notice, year_of
from domain.people import Actor, Permission
from domain.work_calendar import FULL_DAY, HALF_DAY, NamedDay
from texts import gettext as _
from texts.numbers import count
from texts.rules import day_with_weekday, halves_word, worked
from ui import clock, feedback, rule_preview
from ui.plain import plain
from ui.session import acting

_PLACE = "calendar"
_key = partial(rule_preview.field, _PLACE)
NOTICE, ONE_DAY = "notice", "one_day"
_NOTICE_LONGEST = 6000


@dataclass(frozen=True)
class Draft:
    """Days that were looked at, with what they would move; `key` makes applying safe."""

    days: tuple[NamedDay, ...]
    official: bool
    seen: DaysPreview
    key: str = field(default_factory=lambda: uuid4().hex)


def open_form(kind: str, day: date | None = None) -> None:
    """Show the form for a notice or for a single day."""
    put_away()
    st.session_state["calendar_form"] = kind
    if day is not None:
        st.session_state[_key("day")] = day


def put_away() -> None:
    """Forget what was entered and looked at."""
    rule_preview.put_away(_PLACE, "unread")


def show(now: datetime) -> None:
    """The form that is open, or what it would change; nothing while neither is."""
    kind = st.session_state.get("calendar_form")
    if kind is None:
        return
    with st.container(border=True, key="calendar_change"):
        draft: Draft | None = st.session_state.get("calendar_draft")
        if draft is not None:
            _show_draft(draft, now)
        elif kind == NOTICE:
            _ask_notice(now)
        else:
            _ask_day(now)


def _ask_notice(now: datetime) -> None:
    rule_preview.show(
        [
            rule_preview.heading(_("录入国务院办公厅的放假通知")),
            rule_preview.text(
                _("把通知全文贴在下面。读懂了才预览,有一句读不懂就整份退回并指出是哪一句。")
            ),
        ],
        key="calendar_notice_title",
    )
    year = day_of(now).year
    st.selectbox(
        _("哪一年"),
        [year + 1, year, year - 1],
        key=_key("year"),
        format_func=str,
        width=160,
    )
    st.text_area(
        _("通知全文"),
        key=_key("text"),
        height=240,
        max_chars=_NOTICE_LONGEST,
        placeholder=_("一、元旦:1月1日(周五)至3日(周日)放假,共3天。"),
    )
    if passage := st.session_state.get("calendar_unread"):
        told = _("这一句没有读懂,一天也没有录入:“{passage}”。请核对原文后再试。")
        st.error(plain(told.format(passage=passage)), icon=":material/error:")
    _form_buttons(_look_at_notice)


def _ask_day(now: datetime) -> None:
    rule_preview.show([rule_preview.heading(_("设定某一天"))], key="calendar_day_title")
    with st.container(horizontal=True, vertical_alignment="bottom", key="calendar_day_row"):
        st.session_state.setdefault(_key("day"), day_of(now))
        st.date_input(
            _("日期"),
            key=_key("day"),
            min_value=date(2020, 1, 1),
            max_value=date(now.year + 3, 12, 31),
            format="YYYY-MM-DD",
            width=200,
        )
        st.segmented_control(
            _("这一天"),
            [0, HALF_DAY, FULL_DAY],
            key=_key("halves"),
            format_func=halves_word,
            default=0,
        )
        st.text_input(
            _("名称(必填)"),
            key=_key("note"),
            max_chars=NOTE_LONGEST,
            placeholder=_("例:县庆放假、下午停电检修"),
        )
    _form_buttons(_look_at_day)


def _form_buttons(look: Any) -> None:
    feedback.show_refusal(_PLACE)
    with st.container(horizontal=True, key="calendar_form_row"):
        st.button(_("预览(不改动)"), key="calendar_look", type="primary", on_click=look)
        st.button(_("放弃"), key="calendar_cancel", on_click=_cancel)


def _show_draft(draft: Draft, now: datetime) -> None:
    head = (_("日期"), _("原来"), _("改为"))
    rows = [
        (
            day_with_weekday(one.after.day),
            worked(one.before, one.after.day),
            worked(one.after, one.after.day),
        )
        for one in draft.seen.changes
    ]
    days = _("{count} 天").format(count=count(len(rows)))
    moved = [
        rule_preview.heading(_("预览:还没有改动"), _("核对后写明理由再应用")),
        *rule_preview.moves(draft.seen.moves, now),
    ]
    rule_preview.show(moved, key="calendar_moves")
    with st.expander(_("变动的日子:{days}").format(days=days), expanded=len(rows) <= 3):  # noqa: PLR2004
        rule_preview.show([rule_preview.table(head, rows, ("keep", "", ""))], key="calendar_days")
    label = _("应用:录入 {days}").format(days=days)
    rule_preview.ask_and_apply(_PLACE, label=label, apply=_apply, cancel=_cancel)


def _look_at_notice() -> None:
    with feedback.refusals_kept(_PLACE):
        actor, now = acting(Permission.RULES_KEEP), clock.now()
        st.session_state.pop("calendar_unread", None)
        year = st.session_state[_key("year")]
        written = st.session_state[_key("text")]
        if year_of(written) not in {None, year}:
            raise Invalid(notice=RuleProblem.OTHER_YEAR)
        try:
            days = read_notice(written, year=year)
        except NoticeUnreadable as unread:
            st.session_state["calendar_unread"] = str(unread) or _("(空)")
            return
        _look(days, official=True, actor=actor, now=now)


def _look_at_day() -> None:
    with feedback.refusals_kept(_PLACE):
        actor, now = acting(Permission.RULES_KEEP), clock.now()
        values = st.session_state
        halves = values[_key("halves")]
        one = NamedDay(
            values[_key("day")],
            0 if halves is None else halves,
            values[_key("note")].strip(),
        )
        _look([one], official=False, actor=actor, now=now)


def _look(days: Sequence[NamedDay], *, official: bool, actor: Actor, now: datetime) -> None:
    require_valid_days(days, now=now)
    with site.current().db.read() as session:
        seen = preview_days(
            session,
            scope=actor.scope(Permission.RULES_KEEP),
            days=days,
            official=official,
            now=now,
        )
    if not seen.changes:
        raise Invalid(calendar=RuleProblem.NOTHING_CHANGES)
    st.session_state["calendar_draft"] = Draft(tuple(days), official, seen)


def _apply() -> None:
    with feedback.refusals_kept(_PLACE):
        actor, now = acting(Permission.RULES_KEEP), clock.now()
        draft: Draft = st.session_state["calendar_draft"]
        try:
            applied = change_calendar(
                site.current().db,
                days=draft.days,
                official=draft.official,
                reason=rule_preview.reason_given(_PLACE),
                fingerprint=draft.seen.moves.fingerprint,
                actor=actor,
                now=now,
                key=draft.key,
            )
        except PreviewOutdated:
            _look(draft.days, official=draft.official, actor=actor, now=now)
            raise
        told = _("工作日历已变更,{count} 件在办案件的期限随之变动。")
        rule_preview.tell_applied(told.format(count=count(applied.moved)))
        put_away()


@feedback.left_to_the_page
def _cancel() -> None:
    acting(Permission.RULES_KEEP)
    put_away()
