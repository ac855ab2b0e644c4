"""The posts of one account: which there are, giving another, ending one."""

from datetime import datetime

import streamlit as st

from data_access import site
from data_access.commands.posts import end_role, grant_role
from data_access.queries.accounts import Account, HeldPost
from domain.clocks import day_of
from domain.people import Actor, Permission
from texts import gettext as _
from texts.numbers import day
from texts.words import word
from ui import account_seen, clock, feedback, people_reads, post_form
from ui.people_list import last_day
from ui.plain import plain
from ui.session import acting

PREFIX = "post"
_PLACE = "posts"
# Left empty by a post that was ended, and by others that ended meanwhile.
_SPARE = 2


def show(account: Account, actor: Actor, now: datetime) -> None:
    """Draw the posts; the forms too for whoever may give posts, except to themselves."""
    today = day_of(now)
    gives = actor.may(Permission.POST_GRANT)
    current = [post for post in account.posts if not post.ended_on(today)]
    former = [post for post in account.posts if post.ended_on(today)]
    st.markdown(f"**{_('岗位')}**")
    with st.container(key="post_messages"):
        feedback.show_refusal(_PLACE)
    # Places that stay where they are, whatever comes and goes: see feedback.show_refusal.
    with st.container(key="posts_held"):
        slots = [st.empty() for _slot in range(len(current) + _SPARE)]
    form, before = st.container(key="post_form"), st.empty()
    for post, slot in zip(current, slots, strict=False):
        with slot.container(
            border=True,
            horizontal=True,
            vertical_alignment="center",
            key=f"held_{post.post_id}",
        ):
            _show_post(account, post, now, may_end=gives)
    if not current:
        slots[0].caption(_("没有岗位:登录后看不到任何页面。"))
    if gives and account.user_id != actor.user_id:
        with form:
            _show_form(account, actor, now)
    if former:
        title = _("以前的岗位({count})").format(count=len(former))
        with before.expander(title, key="posts_former"):
            for post in reversed(former):
                st.text(f"{_titled(post)}\n{_days(post, now)}")


def _show_post(account: Account, post: HeldPost, now: datetime, *, may_end: bool) -> None:
    today = day_of(now)
    st.text(f"{_titled(post)}\n{_days(post, now)}", width="stretch")
    if not may_end:
        return
    # Another one for each version of the account: what was confirmed closes.
    with st.popover(_("结束"), key=f"end_ask_{post.post_id}_{account.version}"):
        st.date_input(
            _("从哪天起不再担任"),
            value=today,
            min_value=today,
            max_value=post.valid_to,
            key=f"end_on_{post.post_id}",
            format="YYYY-MM-DD",
        )
        st.caption(_("选今天,就是现在立即结束。"))
        st.button(
            _("确认结束"),
            key=f"end_{post.post_id}",
            type="primary",
            on_click=_end,
            args=(account, post),
        )


def _titled(post: HeldPost) -> str:
    return f"{word(post.role)} · {' '.join(post.place) or _('本人承办的案件')}"


def _days(post: HeldPost, now: datetime) -> str:
    today = day_of(now)
    begins = day(post.valid_from, today=today)
    if post.valid_to is None:
        return _("{begins} 起").format(begins=begins)
    if post.valid_to <= post.valid_from:
        return _("没有任职就撤销了")
    return _("{begins} 到 {ends}").format(begins=begins, ends=last_day(post, now))


def _show_form(account: Account, actor: Actor, now: datetime) -> None:
    with st.expander(_("授予岗位"), icon=":material/add:"):
        post_form.show(
            PREFIX,
            people_reads.offer(people_reads.scope_of(actor), now),
            is_mediator=account.mediator_id is not None,
            separated=people_reads.separated(),
            now=now,
        )
        st.button(
            _("授予 {name}").format(name=plain(account.name)),
            key="post_submit",
            type="primary",
            width="stretch",
            on_click=_grant,
            args=(account,),
        )


def _grant(account: Account) -> None:
    with account_seen.acted_on(_PLACE):
        actor = acting(Permission.POST_GRANT)
        now = clock.now()
        post = post_form.entered(PREFIX)
        grant_role(
            site.current().db,
            user_id=account.user_id,
            post=post,
            separated=people_reads.separated(),
            actor=actor,
            now=now,
            expected_version=account_seen.version(account),
        )
        post_form.begin_anew(PREFIX)
        feedback.tell(_("已授予{role}。").format(role=word(post.role)))


def _end(account: Account, post: HeldPost) -> None:
    with account_seen.acted_on(_PLACE):
        actor = acting(Permission.POST_GRANT)
        now = clock.now()
        chosen = st.session_state[f"end_on_{post.post_id}"]
        end_role(
            site.current().db,
            post_id=post.post_id,
            # The day may have turned while the form was open.
            ends_on=max(chosen, day_of(now)),
            separated=people_reads.separated(),
            actor=actor,
            now=now,
            expected_version=account_seen.version(account),
        )
        feedback.tell(_("已结束{role}。").format(role=word(post.role)))
