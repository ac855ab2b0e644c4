"""Alembic's way in. The connection comes from data_access.migrate, already in a transaction."""

from typing import Any, Literal

from alembic import context

from data_access.tables import Base
from data_access.tables.base import Payload, UtcDateTime


def render_item(kind: str, item: Any, api: Any) -> str | Literal[False]:
    """Write plain column types, so that old migrations never import new code."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if item is Payload:
        api.imports.add("from sqlalchemy.dialects import postgresql")
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=render_item,
    transaction_per_migration=False,
)
context.run_migrations()
