"""Bring a database to the shape this version knows, safely. Who calls it makes a backup first."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

_FOLDER = Path(__file__).parent / "migrations"
# Any number, the same in every process: only one may migrate a PostgreSQL database at a time.
_ADVISORY_LOCK = 510_129_001


class SchemaState(StrEnum):
    """How a database's tables stand to this version of the product."""

    EMPTY = "empty"
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"


def state(engine: Engine) -> SchemaState:
    """How the database stands. NEWER: a later version wrote it; hands off."""
    script = ScriptDirectory.from_config(_config())
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision is None:
            tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
            return SchemaState.NEWER if tables else SchemaState.EMPTY
    if revision == script.get_current_head():
        return SchemaState.CURRENT
    known = {one.revision for one in script.walk_revisions()}
    return SchemaState.OLDER if revision in known else SchemaState.NEWER


def upgrade(engine: Engine) -> None:
    """Upgrade to the newest revision in one transaction: old shape or new, never between."""
    with _migrating(engine) as connection:
        command.upgrade(_config(connection), "head")


def downgrade(engine: Engine, revision: str) -> None:
    """Go back to a revision ("base" for none)."""
    with _migrating(engine) as connection:
        command.downgrade(_config(connection), revision)


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """One transaction for all steps. Foreign keys are checked at its end, not during it."""
    with engine.connect() as connection:
        sqlite = engine.dialect.name == "sqlite"
        if sqlite:
            # Inside a transaction this pragma does nothing, and with it on, rebuilding a table
            # deletes the rows that refer to it.
            _pragma(connection, "foreign_keys=OFF")
        try:
            with connection.execution_options(sqlite_begin="IMMEDIATE").begin():
                if not sqlite:
                    connection.execute(
                        text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK}
                    )
                yield connection
                if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    msg = "a migration left rows that refer to nothing"
                    raise RuntimeError(msg)
        finally:
            if sqlite:
                _pragma(connection, "foreign_keys=ON")


def _pragma(connection: Connection, pragma: str) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - a live connection has its driver's
    driver.execute(f"PRAGMA {pragma}")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
