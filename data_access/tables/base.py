"""Column types and naming that both databases agree on."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Enum, Integer, MetaData
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC and given back in UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive value: it would mean another moment on another machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "naive datetime"
            raise TypeError(msg)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment back as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def stored(enum: type[StrEnum], *, name: str | None = None) -> Enum:
    """Store an enum by value, as text with a CHECK, so that both databases agree.

    `name` is the CHECK's, where a table has two columns of one kind.
    """
    return Enum(
        enum,
        native_enum=False,
        length=32,
        create_constraint=True,
        name=name or enum.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


# SQLite gives a row id only to a column that is exactly INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")
Payload = JSON().with_variant(postgresql.JSONB(), "postgresql")

id_column = Annotated[int, mapped_column(BigId, primary_key=True, autoincrement=True)]


class Base(DeclarativeBase):
    """The root of all tables; names of constraints are the same on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UtcDateTime,
        dict[str, Any]: Payload,
        int: BigId,
    }
