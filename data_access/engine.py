"""One way to read and one way to write, on SQLite and PostgreSQL alike."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import pysqlite3.dbapi2
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from data_access.vault import Vault

T = TypeVar("T")

# 3.51.3 closed a race in which two connections that checkpoint at the same instant corrupt the
# file; command-line verbs beside a running server are two such connections.
_SAFE_SQLITE = (3, 51, 3)
_BUSY_MILLISECONDS = 10_000
# SQLite takes its write lock at BEGIN, so two writers queue instead of one failing half way.
_WRITING: dict[str, Any] = {"sqlite_begin": "IMMEDIATE"}
_PREPARING: dict[str, Any] = {"sqlite_begin": "DEFERRED"}
_RETRY_STATES = frozenset({"40001", "40P01", "55P03"})
_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 1.0
# A PostgreSQL that went away without a word is noticed within seconds, not after the system's own
# fifteen minutes. What the database's address says itself wins.
_POSTGRESQL_LIMITS = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 5_000,  # milliseconds
}


class FairLock(AbstractContextManager[None]):
    """First come, first served: SQLite's own busy handler lets an unlucky one wait for seconds."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._held = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


class Database:
    """Hands out sessions. Only `write` commits; a reading session sees one moment throughout."""

    def __init__(self, bind: Engine | Connection, vault: Vault) -> None:
        self.bind = bind
        self.vault = vault
        self.is_sqlite = bind.dialect.name == "sqlite"
        options: dict[str, Any] = {
            "info": {"vault": vault},
            "join_transaction_mode": "create_savepoint",
            "expire_on_commit": False,
        }
        self._reader = sessionmaker(_reading(bind), **options)
        self._writer = sessionmaker(_writing(bind), **options)
        event.listen(self._reader, "before_commit", _refuse_commit)
        # The lock is held until after COMMIT, because automatic checkpoints run inside it.
        alone = self.is_sqlite and isinstance(bind, Engine)
        self._turn: AbstractContextManager[None] = FairLock() if alone else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; nothing it does is kept."""
        with self._reader() as session:
            yield session

    @contextmanager
    def aside(self) -> Iterator[Connection]:
        """A connection on which rows can be prepared for `write(..., on=it)`.

        Others wait only in `write`: before it, it must change nothing that anybody else sees. It is
        closed in the end, and tables that are its own end with it.
        """
        if isinstance(self.bind, Connection):
            yield self.bind
            return
        with self.bind.connect() as connection:
            connection.detach()
            yield connection

    def write(
        self, work: Callable[[Session], T], *, on: Connection | None = None, attempts: int = 8
    ) -> T:
        """Run `work` in one transaction: all of it is kept, or nothing.

        `work` may run again after a serialization failure, a deadlock or a busy file, so it must
        not do anything outside its session. Whatever it raises rolls back and passes through. `on`
        is a connection from `aside`, where the work needs what was prepared there.
        """
        for attempt in range(1, attempts + 1):
            try:
                with self._turn, self._writing_session(on) as session:
                    return work(session)
            except DBAPIError as error:
                if attempt == attempts or not _worth_retrying(error):
                    raise
            pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt)
            time.sleep(random.uniform(0, pause))  # noqa: S311 - jitter, not a secret
        msg = "unreachable: the last attempt returns or raises"
        raise AssertionError(msg)

    @contextmanager
    def _writing_session(self, on: Connection | None) -> Iterator[Session]:
        if on is None:
            with self._writer.begin() as session:
                yield session
            return
        on.execution_options(**_WRITING)
        try:
            with self._writer(bind=on) as session, session.begin():
                yield session
        finally:
            on.execution_options(**_PREPARING)

    def dispose(self) -> None:
        """Close every connection."""
        if isinstance(self.bind, Engine):
            self.bind.dispose()


def vault_of(session: Session) -> Vault:
    """The vault that belongs to the session's database."""
    vault: Vault = session.info["vault"]
    return vault


def open_engine(url: str) -> Engine:
    """An engine with the settings that this product's promises rest on."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return _open_postgresql(address)
    if pysqlite3.dbapi2.sqlite_version_info < _SAFE_SQLITE:
        msg = f"SQLite {pysqlite3.dbapi2.sqlite_version} is older than 3.51.3"
        raise RuntimeError(msg)
    make_file(url)
    engine = create_engine(
        address, module=pysqlite3.dbapi2, pool_size=20, max_overflow=40, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def database_file(url: str) -> Path | None:
    """The file of a SQLite address; None for one in memory and for PostgreSQL."""
    address = make_url(url)
    name = address.database
    if address.get_backend_name() != "sqlite" or not name or name.startswith((":", "file:")):
        return None
    return Path(name)


def make_file(url: str) -> None:
    """Make a SQLite file, empty and for its owner alone, where there is none.

    SQLite would leave the mode to the umask, and gives its side files the mode of the database.
    """
    path = database_file(url)
    if path is not None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)


def _open_postgresql(address: URL) -> Engine:
    limits = {name: most for name, most in _POSTGRESQL_LIMITS.items() if name not in address.query}
    return create_engine(
        address,
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=20,
        hide_parameters=True,
        connect_args=limits,
    )


def _reading(bind: Engine | Connection) -> Engine | Connection:
    if isinstance(bind, Engine) and bind.dialect.name == "postgresql":
        return bind.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return bind


def _writing(bind: Engine | Connection) -> Engine | Connection:
    return bind.execution_options(**_WRITING) if isinstance(bind, Engine) else bind


def _refuse_commit(_session: Session) -> None:
    msg = "only Database.write commits"
    raise RuntimeError(msg)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # SQLAlchemy emits BEGIN itself (see _begin_sqlite); the driver must not, because its own way
    # loses updates and lets DDL survive a rollback.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={_BUSY_MILLISECONDS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "trusted_schema=OFF",
        "mmap_size=0",
        "cache_size=-16384",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def _worth_retrying(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in _RETRY_STATES
    name = getattr(error.orig, "sqlite_errorname", "") or ""
    return name.startswith("SQLITE_BUSY") or "database is locked" in str(error.orig)
