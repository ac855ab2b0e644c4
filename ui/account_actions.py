"""What an administrator does with an account: password, sessions, lock, closing, identity."""

from collections.abc import Callable
from datetime import datetime

import streamlit as st

from data_access import site
from data_access.commands.oidc import link_identity
from data_access.commands.passwords import set_one_time_password
from data_access.commands.people import lift_lock, set_active
from data_access.commands.sign_in import end_all_sessions
from data_access.queries.accounts import Account
from domain.people import Actor, Permission
from texts import gettext as _
from ui import account_seen, clock, feedback, one_time, people_reads
from ui.session import acting

_PLACE = "person"


def show(account: Account, actor: Actor, now: datetime) -> None:
    """Draw the buttons that make sense for this account as it stands."""
    if account.user_id == actor.user_id:
        return
    locked = account.locked_until is not None and account.locked_until > now
    # All of them always, so that nothing comes, goes or moves: see feedback.show_refusal.
    with st.container(horizontal=True, key="account_actions"):
        _confirmed(
            _("设一次性密码"),
            "one_time_password_set",
            _("原来的密码作废,此人在所有地方退出登录。"),
            _("确认,生成密码"),
            _set_password,
            account,
            disabled=not account.active,
        )
        if account.active:
            _confirmed(
                _("停用账号"),
                "account_close",
                _("此人立即退出,不能再登录;经办的记录都保留,以后可以重新启用。"),
                _("确认停用"),
                _close,
                account,
            )
        else:
            st.button(_("启用账号"), key="account_open", on_click=_open, args=(account,))
        for label, key, action, possible in (
            (_("结束全部登录"), "sessions_end", _end_sessions, account.open_sessions > 0),
            (_("解除锁定"), "lock_lift", _lift_lock, locked),
        ):
            st.button(label, key=key, on_click=action, args=(account,), disabled=not possible)
    if site.current().provider is not None:
        _show_identity(account)


def _confirmed(
    label: str,
    key: str,
    consequence: str,
    confirm: str,
    action: Callable[[Account], None],
    account: Account,
    *,
    disabled: bool = False,
) -> None:
    # Another one for each version of the account: what was confirmed closes.
    with st.popover(label, key=f"{key}_ask_{account.version}", disabled=disabled):
        st.text(consequence)
        st.button(confirm, key=key, type="primary", on_click=action, args=(account,))


def _set_password(account: Account) -> None:
    with account_seen.acted_on(_PLACE):
        password = set_one_time_password(
            site.current().db,
            user_id=account.user_id,
            actor=acting(Permission.PEOPLE_MANAGE),
            now=clock.now(),
            expected_version=account_seen.version(account),
            separated=people_reads.separated(),
        )
        one_time.keep(account.user_id, password)
        feedback.tell(_("已设一次性密码。"))


def _end_sessions(account: Account) -> None:
    with account_seen.acted_on(_PLACE):
        end_all_sessions(
            site.current().db,
            user_id=account.user_id,
            actor=acting(Permission.PEOPLE_MANAGE),
            now=clock.now(),
        )
        feedback.tell(_("已在所有地方退出登录。"))


def _lift_lock(account: Account) -> None:
    with account_seen.acted_on(_PLACE):
        lift_lock(
            site.current().db,
            user_id=account.user_id,
            actor=acting(Permission.PEOPLE_MANAGE),
            now=clock.now(),
            expected_version=account_seen.version(account),
        )
        feedback.tell(_("已解除锁定。"))


def _close(account: Account) -> None:
    _set_active(account, active=False)


def _open(account: Account) -> None:
    _set_active(account, active=True)


def _set_active(account: Account, *, active: bool) -> None:
    with account_seen.acted_on(_PLACE):
        set_active(
            site.current().db,
            user_id=account.user_id,
            active=active,
            separated=people_reads.separated(),
            actor=acting(Permission.PEOPLE_MANAGE),
            now=clock.now(),
            expected_version=account_seen.version(account),
        )
        # A closed account's password is good for nothing; it need not stand on the screen.
        st.session_state.pop("one_time", None)
        feedback.tell(_("账号已启用。") if active else _("账号已停用。"))


def _show_identity(account: Account) -> None:
    with st.expander(_("统一认证")):
        st.text_input(
            _("此人在统一认证中的标识(sub)"),
            key="identity",
            placeholder=_("已对应;填新的会替换") if account.linked else "",
        )
        with st.container(horizontal=True):
            st.button(_("对应"), key="identity_link", on_click=_link, args=(account,))
            if account.linked:
                st.button(_("取消对应"), key="identity_unlink", on_click=_unlink, args=(account,))


def _link(account: Account) -> None:
    _set_identity(account, st.session_state.get("identity", ""))


def _unlink(account: Account) -> None:
    _set_identity(account, None)


def _set_identity(account: Account, subject: str | None) -> None:
    with account_seen.acted_on(_PLACE):
        actor = acting(Permission.PEOPLE_MANAGE)
        here = site.current()
        if here.provider is None:
            return
        link_identity(
            here.db,
            user_id=account.user_id,
            issuer=here.provider.issuer,
            subject=subject,
            actor=actor,
            now=clock.now(),
            expected_version=account_seen.version(account),
            separated=people_reads.separated(),
        )
        st.session_state["identity"] = ""
        feedback.tell(_("已取消对应。") if subject is None else _("已对应。"))
