"""工作日历: which days are worked, and how the State Council's next notice comes in."""

from datetime import date
from typing import Any

import streamlit as st

from data_access.queries.rules import ChangeView, calendar_view, changes
from domain.clocks import day_of
from domain.limits import RuleKind
from domain.people import Permission
from texts import gettext as _
from ui import calendar_change, clock, feedback, rule_preview, year_view
from ui.cache import cached
from ui.plain import plain
from ui.session import acting, require

actor = require(Permission.RULES_KEEP)
feedback.show_told()
now = clock.now()
scope = actor.scope(Permission.RULES_KEEP)
today = day_of(now)
year: int = st.session_state.setdefault("calendar_year", today.year)


def turn(to: int) -> None:
    """Another year."""
    with feedback.refusals_kept("calendar"):
        acting(Permission.RULES_KEEP)
        st.session_state["calendar_year"] = to


@feedback.left_to_the_page
def on_day() -> None:
    """A day was clicked: it can be set."""
    acting(Permission.RULES_KEEP)
    clicked: Any = st.session_state["calendar_year_view"]
    calendar_change.open_form(calendar_change.ONE_DAY, date.fromisoformat(clicked["day"]))


@feedback.left_to_the_page
def on_notice() -> None:
    """A notice is to be entered."""
    acting(Permission.RULES_KEEP)
    calendar_change.open_form(calendar_change.NOTICE)


@feedback.left_to_the_page
def on_one_day() -> None:
    """A single day is to be set."""
    acting(Permission.RULES_KEEP)
    calendar_change.open_form(calendar_change.ONE_DAY)


def said(change: ChangeView) -> str:
    """What a change set."""
    of_state = change.data.get("official")
    told = (
        _("国务院通知 {days} 天({first} 至 {last})") if of_state else _("本县设定 {first}:{name}")
    )
    name = change.data["list"][0][2]
    return told.format(
        days=change.data["days"], first=change.data["first"], last=change.data["last"], name=name
    )


view = cached(
    "calendar_view",
    lambda session: calendar_view(session, scope=scope, now=now),
    scope=scope,
    now=now,
)
with st.container(horizontal=True, vertical_alignment="center", key="calendar_bar"):
    entered = _("国务院安排已录入") if year in view.entered else _("国务院安排没有录入")
    title = rule_preview.heading(_("{year} 年工作日历").format(year=year), entered)
    rule_preview.show([title], key="calendar_title")
    st.button(_("上一年"), key="calendar_before", on_click=turn, args=(year - 1,))
    st.button(_("今年"), key="calendar_now", on_click=turn, args=(today.year,))
    st.button(_("下一年"), key="calendar_next", on_click=turn, args=(year + 1,))
    st.button(_("设定某一天"), key="calendar_one_day", on_click=on_one_day)
    st.button(
        _("录入放假通知"),
        key="calendar_notice",
        type="primary",
        icon=":material/event:",
        on_click=on_notice,
    )
if view.gap is not None:
    missing = _("{year} 年的放假安排还没有录入:那一年的期限现在只按法定节假日算,录入后会变动。")
    st.warning(plain(missing.format(year=view.gap.year)), icon=":material/warning:")
calendar_change.show(now)
year_view.show(view, year, today=today, on_day=on_day)
done = cached(
    "calendar_changes",
    lambda session: changes(session, scope=scope, kind=RuleKind.CALENDAR),
    scope=scope,
)
if done:
    parts = [rule_preview.heading(_("变更记录")), rule_preview.history(done, said, now)]
    rule_preview.show(parts, key="calendar_history")
