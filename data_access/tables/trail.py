"""The audit chain, its head, and the keys that make a retry safe."""

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, ForeignKeyConstraint, Index, String, event
from sqlalchemy.orm import Mapped, mapped_column

from data_access.tables.base import Base


class AuditHead(Base):
    """One row per county, locked last in every write transaction.

    `seq` and `hash` are the end of the chain. `data_seq` advances only with what a screen shows: a
    gap-free watermark in commit order, which sequence ids are not.
    """

    __tablename__ = "audit_head"

    county_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    data_seq: Mapped[int]


class AuditLine(Base):
    """Who did what to what, and when. Rows are only ever added; triggers refuse the rest.

    `payload` holds codes, ids and keyed hashes, never a personal value, so that the chain still
    verifies after a lawful erasure.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        # Each way to look for lines gives them in the order of the screen: by time, then by number.
        Index(None, "county_id", "at", "seq"),
        Index(None, "county_id", "subject", "at", "seq"),
        Index(None, "county_id", "actor_id", "at", "seq"),
        Index(None, "county_id", "action", "at", "seq"),
    )

    county_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int]  # 0 is the system itself
    session_id: Mapped[int | None]
    address: Mapped[str] = mapped_column(String(64), default="")
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class UnmaskReason(Base):
    """Why somebody looked behind a mask, in their words, beside the audit line that says they did.

    People write names into it, so it is kept out of the chain, which holds its keyed hash: this row
    can be erased where the law asks for it, and the chain still verifies.
    """

    __tablename__ = "unmask_reason"
    __table_args__ = (
        ForeignKeyConstraint(["county_id", "seq"], ["audit_log.county_id", "audit_log.seq"]),
    )

    county_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)  # of the audit line
    reason_encrypted: Mapped[bytes]


class IdempotencyKey(Base):
    """The first answer to a request, given again when the request comes again."""

    __tablename__ = "idempotency_key"

    county_id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    actor_id: Mapped[int]
    operation: Mapped[str] = mapped_column(String(40))
    request_hash: Mapped[str] = mapped_column(String(64))
    result: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(index=True)


APPEND_ONLY = ("audit_log", "case_event")


def append_only_ddl(dialect: str) -> list[str]:
    """Statements that make the database itself refuse to change or delete a line of history."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for table in APPEND_ONLY
            for verb in ("UPDATE", "DELETE")
        ]
    function = (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    return [
        function,
        *(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            for table in APPEND_ONLY
        ),
    ]


def _attach_triggers() -> None:
    for dialect in ("sqlite", "postgresql"):
        for statement in append_only_ddl(dialect):
            ddl: Any = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
            ddl = ddl.execute_if(dialect=dialect)
            event.listen(Base.metadata, "after_create", ddl)


_attach_triggers()
