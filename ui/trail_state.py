"""What the trail is narrowed to, kept in the address so that a link shows the same lines."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import streamlit as st

from data_access.queries.trail import Cursor, Filters
from domain.clocks import BEIJING, day_of
from domain.people import SYSTEM_USER_ID
from domain.trail import ACTIONS, Account, DeedGroup
from texts import gettext as _
from texts.trail import deed, group
from ui.plain import plain

EVERYTHING, READS = "all", "reads"
SYSTEM = "system"
DAYS = {"today": 1, "week": 7, "month": 30}
OWN_DAYS, ANY_TIME = "own", "any"
# What may stand in an address under these names; what was typed may be anything and stays out.
_IN_ADDRESS = ("view", "who", "what", "period")
_KEY = "trail_{}".format
_PAGES = "trail_cursors"


def read_address(accounts: list[Account]) -> None:
    """Take the filters from the address once per session; what is not offered is dropped."""
    if "trail_ready" not in st.session_state:
        st.session_state["trail_ready"] = True
        st.session_state[_PAGES] = []
        for name in _IN_ADDRESS:
            st.session_state[_KEY(name)] = st.query_params.get(name)
    offered = {
        "view": (EVERYTHING, READS),
        "who": whose(accounts),
        "what": deeds(),
        "period": periods(),
    }
    for name, values in offered.items():
        if st.session_state.get(_KEY(name)) not in values:
            st.session_state[_KEY(name)] = {"view": EVERYTHING, "period": "week"}.get(name)


def write_address() -> None:
    """Put the filters into the address; what is empty or as it begins is left out."""
    for name in _IN_ADDRESS:
        value = st.session_state.get(_KEY(name))
        if value and value not in (EVERYTHING, "week"):
            st.query_params[name] = value
        elif name in st.query_params:
            del st.query_params[name]


def whose(accounts: list[Account]) -> dict[str, str]:
    """Who can be looked for, by their account's number, as an address may show it.

    The system, and everybody who has or had an account.
    """
    names = {
        str(one.user_id): _("{name}({login})").format(name=one.name, login=one.login)
        if one.active
        else _("{name}({login}),已停用").format(name=one.name, login=one.login)
        for one in accounts
    }
    return {SYSTEM: _("系统")} | names


def deeds() -> dict[str, str]:
    """What can be looked for: each group of deeds, and each deed in it."""
    found = {}
    for one, actions in ACTIONS.items():
        found[one.value] = group(one)
        if len(actions) > 1:
            found |= {
                action: _("{group} · {deed}").format(group=group(one), deed=deed(action))
                for action in actions
            }
    return found


def periods() -> dict[str, str]:
    """The spans of time that can be chosen."""
    return {
        "today": _("今天"),
        "week": _("近 7 天"),
        "month": _("近 30 天"),
        ANY_TIME: _("不限"),
        OWN_DAYS: _("自选日期"),
    }


def show_filters(accounts: list[Account], on_change: Callable[[], None], *, today: date) -> None:
    """The widgets, in one row that wraps: first whether the whole trail is shown."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="trail_filters"):
        _show_views(on_change)
        _choose(_("谁"), "who", whose(accounts), on_change, width=190)
        if not only_reads():
            _choose(_("做了什么"), "what", deeds(), on_change, width=210)
        st.text_input(
            _("对象"),
            key=_KEY("about"),
            placeholder=_("案号、第几批、用户名或姓名"),
            on_change=on_change,
            width=230,
        )
        names = periods()
        st.selectbox(
            _("时间"),
            list(names),
            format_func=names.__getitem__,
            key=_KEY("period"),
            on_change=on_change,
            width=140,
        )
        if st.session_state.get(_KEY("period")) == OWN_DAYS:
            st.date_input(
                _("从哪天到哪天"),
                value=(today - timedelta(days=6), today),
                max_value=today,
                key=_KEY("days"),
                on_change=on_change,
                width=240,
            )


def _choose(
    label: str, name: str, names: dict[str, str], on_change: Callable[[], None], *, width: int
) -> None:
    st.selectbox(
        label,
        list(names),
        format_func=names.__getitem__,
        index=None,
        key=_KEY(name),
        placeholder=_("全部"),
        on_change=on_change,
        width=width,
    )


def _show_views(on_change: Callable[[], None]) -> None:
    """The choice between the whole trail and the reads of personal data."""
    names = {EVERYTHING: _("全部记录"), READS: _("查看个人信息")}
    st.segmented_control(
        _("显示"),
        list(names),
        format_func=names.__getitem__,
        key=_KEY("view"),
        required=True,
        label_visibility="collapsed",
        on_change=on_change,
    )


def only_reads() -> bool:
    """Whether the reads of personal data alone are shown."""
    return st.session_state.get(_KEY("view")) == READS


def about() -> str:
    """What was typed: the thing that lines are to be about."""
    return str(st.session_state.get(_KEY("about")) or "").strip()


def show_not_found(typed: str) -> None:
    """What was typed is no thing that lines are about."""
    st.info(
        plain(
            _(
                "没有找到“{typed}”。案号如 D2026-00031,批次如 第 12 批,"
                "人员写用户名;姓名有重名时也请写用户名。"
            ).format(typed=typed)
        )
    )


def filters(accounts: list[Account], subject: str | None, now: datetime) -> Filters:
    """The filters as the query wants them; `subject` is what was typed, found."""
    since, until = _span(now)
    return Filters(_actor(accounts), subject, _actions(), since, until)


def _actor(accounts: list[Account]) -> int | None:
    who = st.session_state.get(_KEY("who"))
    if who == SYSTEM:
        return SYSTEM_USER_ID
    return next((one.user_id for one in accounts if str(one.user_id) == who), None)


def _actions() -> frozenset[str]:
    what = st.session_state.get(_KEY("what"))
    if only_reads():
        return frozenset(ACTIONS[DeedGroup.READS])
    if what in set(DeedGroup):
        return frozenset(ACTIONS[DeedGroup(what)])
    return frozenset({what} if what else ())


def _span(now: datetime) -> tuple[datetime | None, datetime | None]:
    """From the first moment of a day to the last of another, in Beijing."""
    period, today = st.session_state.get(_KEY("period")), day_of(now)
    if period in DAYS:
        return _midnight(today - timedelta(days=DAYS[period] - 1)), None
    if period == OWN_DAYS:
        # While the second day is being chosen there is only one.
        days: Any = st.session_state.get(_KEY("days")) or (today - timedelta(days=6), today)
        return _midnight(days[0]), _midnight(days[-1] + timedelta(days=1))
    return None, None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BEIJING)


# --- pages -------------------------------------------------------------------------------------


def restart() -> None:
    """Back to the first page: whenever what is asked for changes."""
    st.session_state[_PAGES] = []


def cursor() -> Cursor | None:
    """Behind which line the page begins."""
    pages: list[Cursor] = st.session_state.get(_PAGES, [])
    return pages[-1] if pages else None


def page_number() -> int:
    """Which page it is, from 1."""
    return len(st.session_state.get(_PAGES, [])) + 1


def turn(where: object, following: Cursor | None) -> None:
    """To the next page, or back to the one before."""
    pages = st.session_state.get(_PAGES, [])
    if where == "back":
        st.session_state[_PAGES] = pages[:-1]
    elif where == "next" and following is not None:
        st.session_state[_PAGES] = [*pages, following]
