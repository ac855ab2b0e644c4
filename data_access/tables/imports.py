"""Imported files and the rows that could not be taken."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from data_access.tables.base import Base, id_column


class ImportBatch(Base):
    """One file that was read: who, when, what came of it. The file itself is not kept."""

    __tablename__ = "import_batch"
    __table_args__ = (Index(None, "sha256", "profile"),)

    id: Mapped[id_column]
    county_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"))
    profile: Mapped[str] = mapped_column(String(20))  # units committees cases
    # People name files after people: 张三纠纷.csv.
    file_name_encrypted: Mapped[bytes]
    sha256: Mapped[str] = mapped_column(String(64))
    actor_id: Mapped[int]
    at: Mapped[datetime]
    rows: Mapped[int]
    added: Mapped[int]
    changed: Mapped[int]
    unchanged: Mapped[int]
    rejected: Mapped[int]
    # Names of columns that were dropped at the door because they profile persons, or are unknown.
    dropped: Mapped[dict[str, Any]]


class ImportReject(Base):
    """A row that was not taken: the known columns, encrypted, and every reason by column."""

    __tablename__ = "import_reject"
    __table_args__ = (Index(None, "batch_id", "row_number"),)

    id: Mapped[id_column]
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"))
    row_number: Mapped[int]
    # {"problems": [{"column": "...", "reason": "..."}]}: the offending values are in the cells.
    problems: Mapped[dict[str, Any]]
    cells_encrypted: Mapped[bytes]


def file_name_place(batch_id: int) -> str:
    """The place that the name of a batch's file is encrypted at."""
    return f"import_batch.file_name:{batch_id}"
