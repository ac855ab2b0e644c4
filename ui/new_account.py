"""The form for a new account: login, name, which mediator it is, the first post."""

import streamlit as st

from data_access import site
from data_access.commands.people import create_user
from domain.people import Permission
from texts import gettext as _
from ui import clock, feedback, one_time, people_reads, post_form
from ui.plain import plain
from ui.post_form import field
from ui.session import acting, require

PREFIX = "new"


def show() -> None:
    """Draw the form. What is typed stays until the account is made."""
    actor = require(Permission.PEOPLE_MANAGE)
    now = clock.now()
    offer = people_reads.offer(people_reads.scope_of(actor), now)
    login, name = st.columns(2)
    login.text_input(
        _("用户名"),
        key=field(PREFIX, "login"),
        placeholder=_("如 wang.xiaoming"),
        max_chars=40,
        persist_state="session",
    )
    name.text_input(_("姓名"), key=field(PREFIX, "name"), max_chars=40, persist_state="session")
    mediators = {one.mediator_id: one for one in offer.mediators}
    chosen = st.selectbox(
        _("对应的调解员(不是调解员的不填)"),
        list(mediators),
        format_func=lambda one: plain(f"{mediators[one].name} · {mediators[one].committee}"),
        index=None,
        key=field(PREFIX, "mediator"),
        placeholder=_("输入姓名查找"),
        persist_state="session",
    )
    if actor.may(Permission.POST_GRANT):
        title = _("第一个岗位")
        st.markdown(f"**{title}**")
        separated = people_reads.separated()
        post_form.show(PREFIX, offer, is_mediator=chosen is not None, separated=separated, now=now)
    else:
        st.info(_("岗位由安全管理员授予;没有岗位的账号登录后看不到任何页面。"))
    with st.container(key="new_messages"):
        feedback.show_refusal("new")
    st.button(_("建立账号"), key="new_submit", type="primary", width="stretch", on_click=_create)


def _create() -> None:
    with feedback.refusals_kept("new"):
        actor = acting(Permission.PEOPLE_MANAGE)
        gives, now = actor.may(Permission.POST_GRANT), clock.now()
        made = create_user(
            site.current().db,
            login=st.session_state.get(field(PREFIX, "login"), ""),
            name=st.session_state.get(field(PREFIX, "name"), ""),
            mediator_id=st.session_state.get(field(PREFIX, "mediator")),
            post=post_form.entered(PREFIX) if gives else None,
            actor=actor,
            now=now,
        )
        site.current().watcher.look()
        post_form.begin_anew(PREFIX)
        st.session_state["account_made"] = True
        st.session_state["person_open"] = made.user_id
        st.query_params["account"] = str(made.user_id)
        one_time.keep(made.user_id, made.password)
        feedback.tell(_("已建立账号 {login}。").format(login=made.login))
