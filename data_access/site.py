"""This installation, opened: its database, who is signed in, and whether anything has changed."""

import fcntl
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import DatabaseError

from data_access import migrate, reference
from data_access.changes import Watcher
from data_access.commands.setup import SETUP_CODE_MADE_AT
from data_access.engine import Database, database_file, make_file, open_engine
from data_access.migrate import SchemaState
from data_access.provider import Provider, ProviderError, provider_of
from data_access.queries.people import Front, front
from data_access.readiness import ReadyCheck
from data_access.sessions import SessionRegistry
from data_access.settings import Settings
from data_access.vault import KeyFileError, open_vault
from data_access.walls import WallRegistry
from texts import gettext as _

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_CODE_KEPT = timedelta(days=1)


class CannotStart(Exception):
    """The site cannot be opened; the message says why and what to do next."""


@dataclass(frozen=True)
class Site:
    """What server and screens share in one process. `is_new`: this start made the tables.

    `provider` is where people may sign in instead of here; None where there is only the password.
    """

    settings: Settings
    db: Database
    watcher: Watcher
    registry: SessionRegistry
    is_new: bool = False
    lock: IO[str] | None = None
    provider: Provider | None = None
    # The screens that sign in by a token of their own, beside the people.
    walls: WallRegistry = field(init=False)
    ready: ReadyCheck = field(init=False)
    # At most one entry, replaced whole: a thread reads both halves of the same one.
    _front: dict[str, tuple[int, Front]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """What else looks by the same watermark."""
        walls = WallRegistry(self.db, lambda: self.watcher.latest.seq)
        object.__setattr__(self, "walls", walls)
        object.__setattr__(self, "ready", ReadyCheck(self.db, self.watcher))

    def front(self) -> Front:
        """What the door says, from memory while the trail stands still and somebody can sign in."""
        seq = self.watcher.latest.seq
        known = self._front.get("known")
        if known is not None and known[0] == seq:
            return known[1]
        with self.db.read() as session:
            read = front(session)
        if read.has_users:
            self._front["known"] = (seq, read)
        return read

    @property
    def url(self) -> str:
        """The address of the database: tells two sites in one process apart, as tests have them."""
        return self.settings.url

    @property
    def idle(self) -> timedelta:
        """How long a person may do nothing before they are signed out."""
        return timedelta(minutes=self.settings.session_idle_minutes)

    @property
    def session_lifetime(self) -> timedelta:
        """How long a session lasts at most."""
        return timedelta(hours=self.settings.session_hours)


_opened: list[Site] = []


def current() -> Site:
    """The site of this process. Raises CannotStart before one is open."""
    if not _opened:
        raise CannotStart(_("站点还没有打开"))
    return _opened[-1]


def install(site: Site) -> None:
    """Make a site the one that `current` gives: the server does it once, and so do tests."""
    _opened.append(site)


def open_site(settings: Settings, *, clock: Callable[[], datetime]) -> Site:
    """Open the site for serving: lock, key, database, tables, watcher, registry.

    An empty database is migrated; an older one waits for `python -m data_access migrate`, which
    makes a backup first. Raises CannotStart with nothing left open.
    """
    make_private(settings)
    lock = server_lock(settings)
    engine: Engine | None = None
    try:
        provider = provider_of(settings)
        engine = open_engine(settings.url)
        is_new = _bring_up(engine, settings)
        db = Database(engine, open_vault(settings.key_path, create=False))
        watcher = Watcher(db, clock=clock).start()
    except (CannotStart, KeyFileError, ProviderError, DatabaseError) as error:
        if engine is not None:
            engine.dispose()
        if lock is not None:
            lock.close()
        raise CannotStart(_sentence(error, settings)) from None
    idle = timedelta(minutes=settings.session_idle_minutes)
    registry = SessionRegistry(
        db, lambda: watcher.latest.seq, idle=idle, separated=settings.three_roles
    )
    return Site(settings, db, watcher, registry, is_new, lock, provider)


def close_site(site: Site) -> None:
    """Stop watching, close every connection, and let another server have the database."""
    if site in _opened:
        _opened.remove(site)
    site.watcher.stop()
    site.db.dispose()
    if site.lock is not None:
        site.lock.close()


def make_private(settings: Settings) -> None:
    """Data folder and database are made where they are missing, and are for their owner alone."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    make_file(settings.url)
    tighten(settings)


def tighten(settings: Settings) -> None:
    """Take the rights of others from what is ours: data folder, database, its side files, secrets.

    What belongs to another user of the system is that user's to decide.
    """
    database = database_file(settings.url)
    files = [Path(f"{database}{end}") for end in ("", "-wal", "-shm", "-journal")]
    secrets = (settings.key_path, settings.anchor_key_path, settings.oidc_secret_path)
    for path in (settings.data_dir, *secrets, *(files if database else ())):
        # A side file may go at any moment: with the last connection, or at a checkpoint.
        with suppress(FileNotFoundError):
            stands = path.stat()
            if stands.st_mode & _OTHERS and stands.st_uid == os.geteuid():
                path.chmod(stat.S_IMODE(stands.st_mode) & ~_OTHERS)


def cannot_connect(settings: Settings) -> str:
    """The sentence for a database that does not answer; without its password."""
    place = make_url(settings.url).render_as_string(hide_password=True)
    return _("连不上数据库 {place}。请检查地址、账号和数据库服务。").format(place=place)


def setup_code_is_out(db: Database, *, now: datetime) -> bool:
    """Whether a one-time code for /setup was printed less than a day ago and nobody used it."""
    with db.read() as session:
        made_at = reference.site_fact(session, SETUP_CODE_MADE_AT)
    return made_at is not None and now - datetime.fromisoformat(made_at) < _CODE_KEPT


def server_lock(settings: Settings) -> IO[str] | None:
    """Hold the one server's lock on a SQLite file; the system lets go of it when the process dies.

    Two servers would each keep their own memory of what changed. PostgreSQL may have several: then
    there is no lock to hold. Raises CannotStart where a server has it.
    """
    database = database_file(settings.url)
    if database is None:
        return None
    path = Path(f"{database}.server.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    file = os.fdopen(descriptor, "r+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = file.read().strip() or "?"
        file.close()
        raise CannotStart(
            _(
                "数据库 {path} 正由另一个服务使用(进程号 {pid})。"
                "一个 SQLite 文件只能由一个服务打开:请先停止那个服务,"
                "或用 DATABASE_URL 另指一个数据库。命令行可以与服务同时使用。"
            ).format(path=database, pid=holder)
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _bring_up(engine: Engine, settings: Settings) -> bool:
    """Make the tables where there are none. Returns whether it did."""
    match migrate.state(engine):
        case SchemaState.CURRENT:
            return False
        case SchemaState.EMPTY:
            # The key first: a database without its key is lost, a key without a database is not.
            open_vault(settings.key_path, create=True)
            migrate.upgrade(engine)
            return True
        case SchemaState.OLDER:
            raise CannotStart(
                _("数据库是旧版本的。请先运行 python -m data_access migrate(会先备份),再启动。")
            )
        case SchemaState.NEWER:
            raise CannotStart(
                _("数据库由更新的版本建立,本版本不能打开。请升级程序,或换回那时的备份。")
            )


def _sentence(error: Exception, settings: Settings) -> str:
    return cannot_connect(settings) if isinstance(error, DatabaseError) else str(error)
