"""Red events (红色事件) and what was done about them (应急处置).

Codes, moments and staff only. What was done is told in words, in the sealed note of the event that
each record leaves in the case's timeline: it stands once, and nowhere in the clear.
"""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    literal_column,
)
from sqlalchemy.orm import Mapped, mapped_column

from data_access.tables.base import Base

_GOES_ON: ColumnElement[bool] = literal_column("ended_at IS NULL")


class RedEvent(Base):
    """One alarm of one case: raised, acknowledged by a named person, over."""

    __tablename__ = "red_event"
    __table_args__ = (
        ForeignKeyConstraint(["county_id", "case_id"], ["cases.county_id", "cases.id"]),
        CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged_by_whom"
        ),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_by_whom"),
        CheckConstraint("ended_at IS NULL OR ended_at >= raised_at", name="in_order"),
        # The wall asks every second for the few that go on, whatever two years have left.
        Index(
            "ix_red_event_going_on",
            "county_id",
            "case_id",
            sqlite_where=_GOES_ON,
            postgresql_where=_GOES_ON,
        ),
    )

    county_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(primary_key=True)
    # The version of the case that raised it: its event says how, by whom and out of which file.
    seq: Mapped[int] = mapped_column(primary_key=True)
    # When it was known here. A file tells of a case that was registered elsewhere, earlier.
    raised_at: Mapped[datetime]
    # 0 is the system itself, as in every history.
    raised_by: Mapped[int]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None]


class EmergencyResponse(Base):
    """Who answers for what is done about a red event, from when to when.

    What is done stands in the note of the case's event of the same `seq`.
    """

    __tablename__ = "emergency_response"
    __table_args__ = (
        ForeignKeyConstraint(
            ["county_id", "case_id", "red_seq"],
            ["red_event.county_id", "red_event.case_id", "red_event.seq"],
            name="fk_emergency_response_red_event",
        ),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_by_whom"),
        CheckConstraint("ended_at IS NULL OR ended_at >= begun_at", name="in_order"),
        CheckConstraint("seq > red_seq", name="after_the_alarm"),
    )

    county_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(primary_key=True)
    # The version of the case that its record made.
    seq: Mapped[int] = mapped_column(primary_key=True)
    red_seq: Mapped[int]
    responsible_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    begun_at: Mapped[datetime]
    recorded_by: Mapped[int]
    recorded_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None]
