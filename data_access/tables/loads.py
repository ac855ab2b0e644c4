"""What the load of a mediator is reckoned with: dated weights, working time, duties."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data_access.tables.base import Base, id_column


class StoredWeights(Base):
    """A version of the weights of cases. Version 1 is domain.loads.FIRST_TABLE and has no row.

    Never edited: the next one follows it. Who made it, when and why is in its rule_change.
    """

    __tablename__ = "weight_table"
    __table_args__ = (CheckConstraint("version > 1", name="after_the_first"),)

    county_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    valid_from: Mapped[date]
    # As domain.loads.WeightTable.numbers writes it.
    weights: Mapped[dict[str, Any]]
    change_id: Mapped[int] = mapped_column(ForeignKey("rule_change.id"))
    # When the open cases got their points by it; None before its day, and where it was withdrawn.
    begun_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class MediatorTime(Base):
    """How much of a full-time place a mediator works, from a day to a day (exclusive).

    Without a row: 10 tenths for whoever is full-time, domain.loads.PART_TIME for the others.
    """

    __tablename__ = "mediator_time"
    __table_args__ = (
        CheckConstraint("tenths BETWEEN 1 AND 10", name="part_of_a_place"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="dates_in_order"),
        UniqueConstraint("mediator_id", "valid_from"),
    )

    id: Mapped[id_column]
    mediator_id: Mapped[int] = mapped_column(ForeignKey("mediator.id"))
    tenths: Mapped[int]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class StandingDuty(Base):
    """Work of a mediator beside cases: training others, a court's desk, the chair's own.

    In tenths of a standard case, as if so many were held; from a day to a day (exclusive).
    """

    __tablename__ = "standing_duty"
    __table_args__ = (
        CheckConstraint("tenths > 0", name="tenths_positive"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="dates_in_order"),
        Index(None, "mediator_id", "valid_from"),
    )

    id: Mapped[id_column]
    mediator_id: Mapped[int] = mapped_column(ForeignKey("mediator.id"))
    name: Mapped[str] = mapped_column(String(60))
    tenths: Mapped[int]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
