"""The migrations: they build what the tables say, and take it away again."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from data_access import migrate
from data_access.migrate import SchemaState
from data_access.tables import Base
from tests.world import World


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
