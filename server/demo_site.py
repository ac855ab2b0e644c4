"""The demonstration county at a first start, and the rule that keeps it on this machine."""

import sys

from data_access import reference
from data_access.accounts import hash_password
from data_access.demo.accounts import FILE_NAME, create_demo_accounts
from data_access.demo.load import load_demo
from data_access.site import CannotStart, Site
from domain.clocks import day_of
from domain.people import Role
from server.address import Address
from server.clock import now
from texts import gettext as _
from texts.words import word

# Stands from the first start until the county and its accounts are complete, so that a start which
# was interrupted is taken up again by the next.
_PENDING = "demo_pending"


def begin(here: Site, address: Address) -> None:
    """Load the demonstration county into a SQLite file that this start made, or that waits for it.

    Only where nobody but this machine can connect: everywhere else a site begins empty.
    """
    private = address.is_loopback and not here.settings.trust_proxy
    if not here.settings.is_sqlite or not private:
        return
    if here.is_new:
        here.db.write(lambda session: reference.set_site_fact(session, _PENDING, "1"))
    with here.db.read() as session:
        pending = reference.site_fact(session, _PENDING) == "1"
        county = reference.county_id(session)
    if not pending:
        return
    if county is None:
        _say(_("第一次启动:正在装入演示数据,约半分钟……"))
        load_demo(here.db, today=day_of(now()), now=now())
    if not here.front().has_users:
        folder = here.settings.data_dir
        create_demo_accounts(here.db, hash_password=hash_password, now=now(), folder=folder)
    here.db.write(lambda session: reference.set_site_fact(session, _PENDING, "0"))
    here.watcher.look()


def refuse_exposure(here: Site, address: Address) -> None:
    """Raise CannotStart where others could reach accounts whose passwords lie in a file."""
    if here.settings.demo or not here.front().has_demo_accounts:
        return
    if not address.is_loopback or here.settings.trust_proxy:
        raise CannotStart(
            _(
                "这里有演示账号,只能在本机使用,不能在地址 {host} 上或代理之后提供服务。"
                "确实要对外演示,请设 DEMO=1;正式使用请换一个 DATA_DIR,从空站点开始。"
            ).format(host=address.host)
        )


def account_lines(here: Site) -> list[str]:
    """The demonstration accounts for the terminal: login, password, post, place."""
    path = here.settings.data_dir / FILE_NAME
    if not here.front().has_demo_accounts or not path.exists():
        return []
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    lines = [_("演示账号(演示数据,也在 {path} 中):").format(path=path)]
    for login, password, role, place in rows:
        lines.append(f"  {login:<16}{password:<18}{word(Role(role))} · {place}")
    return lines


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()
