"""From start to stop: open the site, say where it is, and leave nothing open."""

import gc
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from anyio import to_thread

from data_access import reference, site
from data_access.commands.setup import new_setup_code
from data_access.housekeeping import DailyWork
from data_access.queries import posts
from data_access.settings import Settings
from data_access.site import CannotStart, Site
from domain.clocks import day_of
from domain.people import Scope
from server import demo_site
from server.address import Address, listening_address
from server.clock import now
from server.events import hung_bell
from server.journal import set_up_log
from server.memory import tidy_memory
from server.open_walls import watched_walls
from server.peer import believe_no_headers
from texts import gettext as _
from texts.people import separation_lines

log = structlog.get_logger(__name__)


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """The site is open between start and stop. A start that cannot be says why in one sentence."""
    set_up_log()
    believe_no_headers()
    here: Site | None = None
    try:
        here = await to_thread.run_sync(_open, listening_address())
    except CannotStart as error:
        _say_only(str(error))
        raise
    site.install(here)
    # What was imported stays: later collections need not look at it again.
    gc.collect()
    gc.freeze()
    log.info("site.open", database=here.db.bind.dialect.name)
    daily = DailyWork(here.db, here.settings, clock=now).start()
    try:
        with tidy_memory(), hung_bell(here.watcher), watched_walls(here.watcher):
            yield
    finally:
        daily.stop()
        site.close_site(here)
        log.info("site.closed")


def _open(address: Address) -> Site:
    settings = Settings()
    here = site.open_site(settings, clock=now)
    try:
        demo_site.begin(here, address)
        front = here.front()
        demo_site.refuse_exposure(here, address)
        lines = ["", _("无讼台已启动:{link}").format(link=address.link)]
        if not front.has_users:
            lines += [
                _("这里还没有任何账号。请打开 {link}/setup 建立第一位管理员。").format(
                    link=address.link
                ),
                _setup_code_line(here),
            ]
        lines += demo_site.account_lines(here)
        if front.has_users and settings.three_roles:
            lines += _separation_lines(here)
    except BaseException:
        site.close_site(here)
        raise
    sys.stdout.write("\n".join(lines) + "\n\n")
    sys.stdout.flush()
    return here


def _separation_lines(here: Site) -> list[str]:
    """Which posts of before do not go together where the three administrators are kept apart."""
    with here.db.read() as session:
        county = reference.county_id(session)
        if county is None:
            return []
        scope = Scope(county, whole_county=True)
        found = posts.separation(session, scope=scope, day=day_of(now()))
    return separation_lines(found.collisions, found.vacant)


def _setup_code_line(here: Site) -> str:
    """A code that `init` or an earlier start printed goes on; of codes nobody has, one is made."""
    moment = now()
    if site.setup_code_is_out(here.db, now=moment):
        return _(
            "请用先前打印的一次性设置码;找不到了,请运行 python -m data_access init 换一个新的。"
        )
    return _("一次性设置码:{code}").format(code=new_setup_code(here.db, now=moment))


def _say_only(sentence: str) -> None:
    """Show the sentence instead of the trace that the web server logs for a failed start."""
    sys.stderr.write("\n" + _("不能启动:{sentence}").format(sentence=sentence) + "\n\n")
    sys.stderr.flush()
    logging.getLogger("uvicorn.error").addFilter(
        lambda record: CannotStart.__name__ not in record.getMessage()
    )
