"""The list of accounts on the screen: who, with which posts until when, in what state."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from data_access.changes import Watermark
from data_access.queries.accounts import Account, HeldPost, Page
from domain.clocks import day_of
from domain.people import AccountState
from texts import gettext as _
from texts import ngettext
from texts.numbers import count, day, moment
from texts.words import word
from ui import elements, live

_LIST = elements.element("people_list")
_SHOWN_POSTS = 3


def show(
    page: Page,
    *,
    watermark: Watermark,
    open_user: int | None,
    narrowed: bool,
    now: datetime,
    on_open: Callable[[], None],
    on_turn: Callable[[], None],
) -> Any:
    """Draw one page. What was clicked is in the result's `open` (a user's id) and `turn`."""
    live.show(watermark)
    return _LIST(
        key="people_list",
        data={
            "rows": [_row(one, now) for one in page.rows],
            "open": open_user,
            "page": page.number,
            "pages": page.pages,
            "words": _words(page, narrowed=narrowed),
        },
        on_open_change=on_open,
        on_turn_change=on_turn,
    )


def _row(one: Account, now: datetime) -> dict[str, Any]:
    shown = one.posts[:_SHOWN_POSTS]
    more = len(one.posts) - len(shown)
    return {
        "id": one.user_id,
        "name": one.name,
        "login": one.login,
        "states": [{"kind": state.value, "text": text} for state, text in states(one, now)],
        "posts": [post_words(post, now) for post in shown],
        "more": _("另有 {count} 个岗位").format(count=more) if more else "",
        "nothing": "" if one.posts else _("没有岗位"),
        "seen": last_seen(one, now),
    }


def states(one: Account, now: datetime) -> list[tuple[AccountState, str]]:
    """How an account stands, what matters most first; a healthy one is just open."""
    if not one.active:
        return [(AccountState.CLOSED, word(AccountState.CLOSED))]
    found = []
    if one.locked_until is not None and one.locked_until > now:
        until = moment(one.locked_until, now=now)
        found.append((AccountState.LOCKED, _("锁定到 {until}").format(until=until)))
    if one.one_time:
        over = one.password_expires_at is not None and one.password_expires_at <= now
        text = _("一次性密码已过期") if over else word(AccountState.ONE_TIME)
        found.append((AccountState.ONE_TIME, text))
    return found or [(AccountState.OPEN, word(AccountState.OPEN))]


def post_words(post: HeldPost, now: datetime) -> dict[str, str]:
    """A post in words: role, place, and its days where they are not simply "from now on"."""
    today = day_of(now)
    place = " ".join(post.place) or _("本人承办的案件")
    days = ""
    if post.valid_from > today:
        days = _("{day} 起").format(day=day(post.valid_from, today=today))
    if post.valid_to is not None:
        until = _("到 {day} 止").format(day=last_day(post, now))
        days = f"{days} {until}".strip()
    return {"role": word(post.role), "place": place, "days": days}


def last_day(post: HeldPost, now: datetime) -> str:
    """The last day on which a post is held: the day before the one from which it is not."""
    if post.valid_to is None:
        return "—"
    return day(post.valid_to - timedelta(days=1), today=day_of(now))


def last_seen(one: Account, now: datetime) -> str:
    """When the person was last there, and in how many browsers they are now."""
    if one.last_seen_at is None:
        return _("没有登录过")
    if one.open_sessions:
        return ngettext("在线,{count} 处登录", "在线,{count} 处登录", one.open_sessions).format(
            count=one.open_sessions
        )
    return moment(one.last_seen_at, now=now)


def _words(page: Page, *, narrowed: bool) -> dict[str, str]:
    return {
        "look": _("查看"),
        "person": _("姓名"),
        "posts": _("岗位"),
        "state": _("状态"),
        "seen": _("最近活动"),
        "empty": (
            _("没有找到。请换一个词,或去掉筛选条件再看。")
            if narrowed
            else _("这里会列出本县的账号。")
        ),
        "count": ngettext("{count} 个账号", "{count} 个账号", page.total).format(
            count=count(page.total)
        ),
        "back": _("上一页"),
        "next": _("下一页"),
        "position": _("第 {page}/{pages} 页").format(page=page.number, pages=page.pages),
    }
