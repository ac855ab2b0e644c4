"""Imported files and the rows that could not be taken."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
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


class ImportMapping(Base):
    """How an office's files are to be read, saved under a name and used again."""

    __tablename__ = "import_mapping"
    __table_args__ = (UniqueConstraint("county_id", "name"),)

    id: Mapped[id_column]
    county_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"))
    name: Mapped[str] = mapped_column(String(60))
    profile: Mapped[str] = mapped_column(String(20))
    # domain.imports.FileMapping as JSON: headers, words for codes, words for places.
    words: Mapped[dict[str, Any]]
    actor_id: Mapped[int]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class ImportRun(Base):
    """A file that is being taken in: how far it is, for whoever waits for it.

    Written at most once a second, outside the transaction that takes the rows in; no change of
    data, and no line of the trail. Old rows are deleted.
    """

    __tablename__ = "import_run"

    id: Mapped[id_column]
    county_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"))
    actor_id: Mapped[int]
    profile: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime]
    # While the file is worked on, the last sign of life: a killed run is known by its age.
    beat_at: Mapped[datetime]
    step: Mapped[str] = mapped_column(String(20))
    done: Mapped[int]
    total: Mapped[int]
    ended_at: Mapped[datetime | None]


def file_name_place(batch_id: int) -> str:
    """The place that the name of a batch's file is encrypted at."""
    return f"import_batch.file_name:{batch_id}"
