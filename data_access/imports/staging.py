"""Rows on their way into the tables: put aside, complete and encrypted, before anybody must wait.

They go into tables of one connection alone, in which the database finds them when the lock is held:
there remains to copy them, which it does by itself and many times faster than row by row. What is
personal comes here encrypted only, because a database may write even such tables to its disk.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Dialect,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
)
from sqlalchemy import Enum as EnumType
from sqlalchemy.schema import CreateTable
from sqlalchemy.types import Date, TypeEngine

from data_access.engine import database_file
from data_access.tables import Assignment, Case, CaseEvent, CaseSpan, Party
from data_access.tables.base import BigId, UtcDateTime

Row = Mapping[str, Any]
# By the name of the table: rows with a value for each column, as the driver takes them.
Encoded = dict[str, list[tuple[Any, ...]]]
_METADATA = MetaData()
_SCHEMA = "aside"
# Days and moments come again and again.
_REMEMBERED = 16_384


def _like(
    name: str, entity: Any, *more: Column[Any], without: frozenset[str] = frozenset()
) -> Table:
    """A table for rows of an entity, without its constraints and without some of its columns."""
    source: Table = entity.__table__
    columns = [
        Column(column.name, _plain_type(column.type), info={"like": column.type})
        for column in source.columns
        if column.name not in without
    ]
    return Table(name, _METADATA, *columns, *more)


def _plain_type(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type without a rule of its own; JSON as text, so that a key can be put before it."""
    if isinstance(kind, EnumType):
        return String()
    return Text() if isinstance(kind, JSON) else kind


def _ends(name: str) -> Table:
    """Cases whose open interval ends, and when."""
    return Table(
        name,
        _METADATA,
        Column("county_id", BigId),
        Column("case_id", BigId),
        Column("at", UtcDateTime, info={"like": UtcDateTime()}),
    )


# What a row of a file never changes of a case, and what is known only under the lock.
FIXED = frozenset({"external_no", "registered_at"})
_NUMBERS = frozenset({"case_no", "batch_id"})
NEW_CASES = _like("staged_case", Case, Column("year", Integer), without=_NUMBERS)
CASE_UPDATES = _like("staged_case_update", Case, without=_NUMBERS | FIXED)
NEW_PARTIES = _like("staged_party", Party)
PARTY_UPDATES = _like("staged_party_update", Party)
EVENTS = _like("staged_event", CaseEvent)
ASSIGNMENTS = _like("staged_assignment", Assignment)
ASSIGNMENT_ENDS = _ends("staged_assignment_end")
SPANS = _like("staged_span", CaseSpan, without=frozenset({"recorded_seq"}))
SPAN_ENDS = _ends("staged_span_end")
SEEN = Table(
    "staged_seen",
    _METADATA,
    Column("external_no", String),
    Column("case_id", BigId),
    Column("version", BigId),
)


class Staging:
    """The rows of one import, on the connection that will write them.

    `counts` says how many rows there are of each table.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.encoder = Encoder(connection.dialect)
        self.counts: Counter[Table] = Counter()
        schema = _own_schema(connection)
        with self._transaction():
            for table in _METADATA.sorted_tables:
                own = table.to_metadata(MetaData(), schema=schema)
                connection.execute(CreateTable(own, if_not_exists=True))

    def clear(self) -> None:
        """Forget all rows."""
        with self._transaction():
            for table in _METADATA.sorted_tables:
                self._connection.execute(delete(table))
        self.counts.clear()

    def put(self, rows: Encoded) -> None:
        """Put rows aside, as the encoder made them."""
        with self._transaction():
            for name, of_table in rows.items():
                table = _METADATA.tables[name]
                _copy(self._connection, table, of_table)
                self.counts[table] += len(of_table)

    def _transaction(self) -> Any:
        # Inside somebody's transaction, a part of that.
        connection = self._connection
        return connection.begin_nested() if connection.in_transaction() else connection.begin()


class Encoder:
    """Makes of rows what the driver takes as it is, without a connection."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = f"{dialect.name}+{dialect.driver}"
        encodings = _Encodings(dialect)
        self._tables = {table: _RowsEncoder(table, encodings) for table in _METADATA.sorted_tables}

    def encoded(self, rows: Mapping[Table, Iterable[Row]]) -> Encoded:
        """The rows by the names of their tables: dicts with a value for each of its columns."""
        found = {table.name: self._tables[table].encode(some) for table, some in rows.items()}
        return {name: of_table for name, of_table in found.items() if of_table}


class _RowsEncoder:
    """Makes of rows of one table what the driver takes as it is.

    Column by column: so the interpreter's own loops go through the rows, which are millions of
    values.
    """

    def __init__(self, table: Table, encodings: "_Encodings") -> None:
        self._values = itemgetter(*table.columns.keys())
        self._encodings = [encodings.of(column.info.get("like")) for column in table.columns]

    def encode(self, rows: Iterable[Row]) -> list[tuple[Any, ...]]:
        columns = zip(*map(self._values, rows), strict=True)
        encoded = (
            column if encode is None else map(encode, column)
            for column, encode in zip(columns, self._encodings, strict=False)
        )
        return list(zip(*encoded, strict=True))


class _Encodings:
    """What a column's own type does to a value on its way to the database.

    One for all columns: a moment of a case stands in its spans and assignments too.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._day, self._moment = self._as_text(Date()), self._as_text(UtcDateTime())

    def of(self, kind: TypeEngine[Any] | None) -> Callable[[Any], Any] | None:
        """None where nothing is to be done."""
        match kind:
            case UtcDateTime():
                return self._moment
            case Date():
                return self._day
            case JSON():
                return _JSON
            case EnumType():
                # All of them are texts already; most cases have no agreement, so no form of one.
                return _text_or_none
            case _:
                # Whole numbers, texts and bytes.
                return None

    def _as_text(self, kind: TypeEngine[Any]) -> Callable[[Any], str | None]:
        own = kind.dialect_impl(self._dialect).bind_processor(self._dialect)

        def as_text(value: Any) -> str | None:
            return None if value is None else str(own(value) if own else value)

        return lru_cache(_REMEMBERED)(as_text)


@lru_cache(_REMEMBERED)
def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)


# As json.dumps does, but that nothing here refers to itself.
_JSON = json.JSONEncoder(check_circular=False).encode


def _own_schema(connection: Connection) -> str:
    """Where tables can be made that this connection alone sees, and that end with it."""
    if connection.dialect.name != "sqlite":
        return "pg_temp"
    # SQLite's own temporary tables may lie in memory alone, however many rows there are.
    return "temp" if connection.in_transaction() else _attach(connection)


def _attach(connection: Connection) -> str:
    """A file beside the database's, without a name as soon as it is open.

    The system's own folder for such files may lie in memory, or where others look after the disk.
    """
    database = database_file(str(connection.engine.url))
    folder = None if database is None else database.parent
    with tempfile.NamedTemporaryFile(prefix=".import-", dir=folder) as file:
        driver: Any = connection.connection.dbapi_connection
        driver.execute(f"ATTACH ? AS {_SCHEMA}", (file.name,))
        # Nobody needs it after a crash.
        driver.execute(f"PRAGMA {_SCHEMA}.journal_mode=MEMORY").fetchall()
        driver.execute(f"PRAGMA {_SCHEMA}.synchronous=OFF").fetchall()
    return _SCHEMA


def _copy(connection: Connection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    """Hand rows to the driver as they are. Names come from the tables above."""
    columns = ", ".join(table.columns.keys())
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(table.columns))
        statement = f"INSERT INTO {table.name} ({columns}) VALUES ({marks})"  # noqa: S608
        connection.exec_driver_sql(statement, rows)
        return
    driver: Any = connection.connection.dbapi_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
