"""The verb about the office's identity provider (统一认证): who an account's person is there."""

import argparse
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.accounts import normalise_login
from data_access.commands.oidc import link_identity
from data_access.provider import ProviderError, provider_of
from data_access.settings import Settings
from data_access.site_verbs import opened_database
from data_access.tables import User
from domain.people import system_actor
from texts import gettext as _

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - has no public name


def add_parser(verbs: "Verbs") -> None:
    """Register this module's verb."""
    about = _("说明一个账号在统一认证里是谁;之后此人可用统一认证登录")
    verb = verbs.add_parser("link-identity", help=about, description=about)
    verb.add_argument("login", help=_("用户名"))
    which = verb.add_mutually_exclusive_group(required=True)
    which.add_argument("--subject", help=_("统一认证里此人的唯一标识(sub)"))
    which.add_argument("--remove", action="store_true", help=_("取消对应"))
    verb.set_defaults(run=_link)


def _link(arguments: argparse.Namespace) -> int:
    settings = Settings()
    try:
        provider = provider_of(settings)
    except ProviderError as error:
        sys.exit(str(error))
    if provider is None:
        sys.exit(_("没有配置统一认证。请先设 OIDC_ISSUER 等,见 docs/how-to/oidc.md。"))
    with opened_database(settings) as db:
        with db.read() as session:
            user = _user(session, arguments.login)
        link_identity(
            db,
            user_id=user.id,
            issuer=provider.issuer,
            subject=None if arguments.remove else arguments.subject,
            actor=system_actor(user.county_id),
            now=datetime.now(UTC),
        )
    said = (
        _("{login} 不再对应统一认证里的任何人。")
        if arguments.remove
        else _("{login} 现在可以用统一认证登录。")
    )
    print(said.format(login=user.login))
    return 0


def _user(session: Session, login: str) -> User:
    user = session.scalar(select(User).where(User.login == normalise_login(login)))
    if user is None:
        sys.exit(_("找不到账号 {login}。").format(login=login))
    return user
