"""The migrations: they build what the tables say, and take it away again."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from data_access import migrate
from data_access.engine import Database, open_engine
from data_access.migrate import SchemaState
from data_access.tables import Base
from tests.world import NOW, World


def test_the_migrations_build_exactly_the_tables(committed):
    with committed.bind.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []
    assert migrate.state(committed.bind) is SchemaState.CURRENT


def test_going_back_leaves_nothing_and_coming_again_works(committed):
    migrate.downgrade(committed.bind, "base")
    assert inspect(committed.bind).get_table_names() == ["alembic_version"]
    assert migrate.state(committed.bind) is SchemaState.EMPTY
    migrate.upgrade(committed.bind)
    assert migrate.state(committed.bind) is SchemaState.CURRENT


def test_a_revision_this_version_does_not_know_is_newer(committed):
    with committed.bind.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert migrate.state(committed.bind) is SchemaState.NEWER


@pytest.mark.parametrize("table", ["audit_log", "case_event"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET seq = seq + 1"])
def test_the_database_itself_refuses_to_change_history(committed, table, statement):
    World(committed).case()
    with pytest.raises(DBAPIError, match="append-only"), committed.bind.begin() as connection:
        connection.execute(text(statement.format(table)))


def test_a_backup_of_a_running_database_opens_and_holds_the_same(tmp_path, vault):
    engine = open_engine(f"sqlite:///{tmp_path / 'live.db'}")
    migrate.upgrade(engine)
    case = World(Database(engine, vault)).case()
    copy = migrate.back_up(engine, tmp_path / "backups", now=NOW)
    assert copy.stat().st_mode & 0o777 == 0o600
    restored = open_engine(f"sqlite:///{copy}")
    with restored.connect() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        assert connection.execute(text("SELECT case_no FROM cases")).scalar() == case.case_no
    restored.dispose()
    engine.dispose()
