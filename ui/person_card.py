"""The card of one account: how it stands, its posts, and what can be done with it."""

from datetime import datetime
from typing import Any

import streamlit as st

from data_access import site
from data_access.queries.accounts import Account
from domain.errors import AccountNotFound
from domain.people import Actor, Permission
from texts import gettext as _
from texts.numbers import moment
from texts.sentences import explain
from ui import (
    account_actions,
    account_seen,
    case_card,
    clock,
    feedback,
    one_time,
    people_reads,
    person_posts,
)
from ui.people_list import last_seen, states
from ui.session import require


def show(user_id: int) -> None:
    """Draw the card of an account."""
    actor = require(*people_reads.OPENED_TO)
    now = clock.now()
    try:
        account = people_reads.account(people_reads.scope_of(actor), user_id, now)
    except AccountNotFound as refusal:
        st.warning(explain(refusal))
        return
    case_card.show(_head(account, actor, now), key="person_head")
    # Places of their own, so that what comes and goes in one moves nothing in another.
    with st.container(key="person_password"):
        one_time.show(user_id)
    with st.container(key="person_messages"):
        feedback.show_refusal("person")
    with st.container(key="person_actions"):
        if actor.may(Permission.PEOPLE_MANAGE):
            account_actions.show(account, actor, now)
    with st.container(key="person_posts"):
        person_posts.show(account, actor, now)


def _head(account: Account, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    blocks = [_facts(account, actor, now)]
    if not site.current().watcher.seen(now=now).fresh:
        blocks.insert(0, case_card.notice(_("▲ 暂时读不到数据,下面不是最新情况。")))
    elif account_seen.version(account) != account.version:
        blocks.insert(0, case_card.notice(_("这个账号刚有变动,下面已是最新;操作前请再核对。")))
    return blocks


def _facts(account: Account, actor: Actor, now: datetime) -> dict[str, Any]:
    state = _("、").join(text for _state, text in states(account, now))
    expires = account.password_expires_at
    if account.active and account.one_time and expires is not None and expires > now:
        until = moment(expires, now=now)
        state += _("(一次性密码 {until} 失效)").format(until=until)
    rows = [
        [_("用户名"), account.login],
        [_("状态"), state],
        [_("最近活动"), last_seen(account, now)],
        [_("调解员"), account.mediator or "—"],
        [_("建立于"), moment(account.created_at, now=now)],
    ]
    if site.current().provider is not None:
        rows.append([_("统一认证"), _("已对应") if account.linked else _("未对应")])
    if account.user_id == actor.user_id:
        rows.append([_("说明"), _("这是您自己的账号:岗位和状态由另一位管理员来改。")])
    return {"kind": "facts", "title": "", "rows": rows}
