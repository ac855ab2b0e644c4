"""Reassignments that were committed together, so that they can be taken back together."""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from data_access.tables.base import Base, id_column, stored
from domain.batches import BatchMode, KeptBecause
from domain.cases import ReassignReason


class ReassignBatch(Base):
    """What one person moved in one go, under a name and for a reason."""

    __tablename__ = "reassign_batch"
    __table_args__ = (Index(None, "county_id", "committed_at"),)

    id: Mapped[id_column]
    county_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"))
    name: Mapped[str] = mapped_column(String(80))
    mode: Mapped[BatchMode] = mapped_column(stored(BatchMode))
    reason: Mapped[ReassignReason] = mapped_column(stored(ReassignReason))
    owner_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    committed_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class BatchMove(Base):
    """One case of a batch: from whom to whom, and what became of it when the batch was undone."""

    __tablename__ = "batch_move"
    __table_args__ = (
        ForeignKeyConstraint(["county_id", "case_id"], ["cases.county_id", "cases.id"]),
        Index(None, "county_id", "case_id"),
    )

    batch_id: Mapped[int] = mapped_column(
        ForeignKey("reassign_batch.id", ondelete="CASCADE"), primary_key=True
    )
    county_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(primary_key=True)
    from_mediator_id: Mapped[int | None] = mapped_column(ForeignKey("mediator.id"))
    to_mediator_id: Mapped[int] = mapped_column(ForeignKey("mediator.id"))
    # Of the case, right after the move.
    version: Mapped[int]
    restored_version: Mapped[int | None]
    kept_because: Mapped[KeptBecause | None] = mapped_column(stored(KeptBecause))
