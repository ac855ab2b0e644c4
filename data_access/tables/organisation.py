"""The organisation: dated units, committees, mediators, their leave and their relations."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data_access.tables.base import Base, id_column, stored
from domain.eligibility import CommitteeKind
from domain.organisation import (
    AbsenceKind,
    DutyShift,
    RelationKind,
    UnitLevel,
    WithdrawalReason,
)


class OrganisationUnit(Base):
    """A county, town, community or grid. Codes change with mergers, ids do not."""

    __tablename__ = "organisation_unit"
    __table_args__ = (
        UniqueConstraint("code", "valid_from"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="dates_in_order"),
        Index(None, "parent_id"),
    )

    id: Mapped[id_column]
    # 6 digits for the county, 9 or 12 from the statistics bureau below it, 15 for a grid (local).
    code: Mapped[str] = mapped_column(String(15))
    level: Mapped[UnitLevel] = mapped_column(stored(UnitLevel))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisation_unit.id"))
    # The ids from the county down, "/1/14/233/": one prefix comparison finds a whole subtree.
    path: Mapped[str] = mapped_column(String(120), index=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20))  # 县 街道 镇 社区 村 网格
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    households: Mapped[int | None]


class Committee(Base):
    """A people's mediation committee (人民调解委员会); terms last three years (人民调解法 9)."""

    __tablename__ = "committee"
    __table_args__ = (CheckConstraint("term_to > term_from", name="term_in_order"),)

    id: Mapped[id_column]
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[CommitteeKind] = mapped_column(stored(CommitteeKind))
    # The unit it serves: its community, its town, or the county for industry committees.
    unit_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"), index=True)
    town_id: Mapped[int | None] = mapped_column(ForeignKey("organisation_unit.id"))
    community_id: Mapped[int | None] = mapped_column(ForeignKey("organisation_unit.id"))
    term_from: Mapped[date]
    term_to: Mapped[date]
    active: Mapped[bool] = mapped_column(default=True)
    # 多民族居住的地区: a member of a minority is asked for there (人民调解法 8).
    minority_area: Mapped[bool] = mapped_column(default=False)


class Mediator(Base):
    """Somebody who mediates: a committee's member or hired by it (人民调解法 13)."""

    __tablename__ = "mediator"
    __table_args__ = (
        CheckConstraint("capacity >= 0", name="capacity_not_negative"),
        CheckConstraint("sex IN ('1', '2', '9')", name="sex_by_gbt_2261"),
    )

    id: Mapped[id_column]
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    sex: Mapped[str] = mapped_column(String(1), default="9")  # GB/T 2261.1: 1 男 2 女 9 未说明
    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"), index=True)
    member: Mapped[bool] = mapped_column(default=True)
    chair: Mapped[bool] = mapped_column(default=False)
    full_time: Mapped[bool] = mapped_column(default=False)
    # The most cases held at a time.
    capacity: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)
    # The last day of the accreditation or the engagement (聘期); NULL: none was stated.
    licence_until: Mapped[date | None]
    # Blind index of the identity number: finds a mediator who is a party to the case.
    identity_index: Mapped[bytes | None] = mapped_column(index=True)
    # What the law asks of members; None where nobody said (人民调解法 8, 14).
    minority: Mapped[bool | None]
    adult: Mapped[bool | None]
    # Days of their own seat where it is not the committee's term; the last not included.
    seat_from: Mapped[date | None]
    seat_to: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)


class MediatorSpeciality(Base):
    """A type of dispute a mediator may take: a GB/T 31000 code of 2 or 4 digits; 00 is general."""

    __tablename__ = "mediator_speciality"

    mediator_id: Mapped[int] = mapped_column(ForeignKey("mediator.id"), primary_key=True)
    type_code: Mapped[str] = mapped_column(String(4), primary_key=True)


class MediatorAbsence(Base):
    """Days away, first and last included."""

    __tablename__ = "mediator_absence"
    __table_args__ = (
        CheckConstraint("last_day >= first_day", name="days_in_order"),
        UniqueConstraint("mediator_id", "first_day"),
        Index(None, "last_day", "mediator_id"),
    )

    id: Mapped[id_column]
    mediator_id: Mapped[int] = mapped_column(ForeignKey("mediator.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    kind: Mapped[AbsenceKind] = mapped_column(stored(AbsenceKind))


class MediatorRelation(Base):
    """A disclosed relation to a person, by blind index: bars the mediator from their cases.

    The last three columns are set while somebody asks to withdraw it: it bars until a second person
    agrees, and then the row goes.
    """

    __tablename__ = "mediator_relation"
    __table_args__ = (
        UniqueConstraint("mediator_id", "person_index"),
        Index(None, "person_index"),
        Index(None, "name_index"),
        CheckConstraint(
            "(withdrawal_reason IS NULL) = (withdrawal_by IS NULL)"
            " AND (withdrawal_reason IS NULL) = (withdrawal_at IS NULL)",
            name="withdrawal_whole",
        ),
    )

    id: Mapped[id_column]
    mediator_id: Mapped[int] = mapped_column(ForeignKey("mediator.id"))
    # Blind index of the identity number (or of the name where no number is known): never the value.
    person_index: Mapped[bytes]
    # Beside a number the name, for the parties of whom no number is known.
    name_index: Mapped[bytes | None]
    kind: Mapped[RelationKind] = mapped_column(stored(RelationKind))
    disclosed_on: Mapped[date]
    withdrawal_reason: Mapped[WithdrawalReason | None] = mapped_column(stored(WithdrawalReason))
    withdrawal_by: Mapped[int | None]
    withdrawal_at: Mapped[datetime | None]


class DutyRoster(Base):
    """Who is on duty (值班) for a committee on a day, in which shift."""

    __tablename__ = "duty_roster"
    __table_args__ = (
        UniqueConstraint("committee_id", "day", "shift", "mediator_id"),
        Index(None, "mediator_id", "day"),
    )

    id: Mapped[id_column]
    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"))
    day: Mapped[date]
    shift: Mapped[DutyShift] = mapped_column(stored(DutyShift))
    mediator_id: Mapped[int] = mapped_column(ForeignKey("mediator.id"))


class TeamChange(Base):
    """One change of a committee or of its people: what held before and after, from which day on.

    Only ever added to, so that what held at a past moment can be read later.
    """

    __tablename__ = "team_change"
    __table_args__ = (Index(None, "committee_id", "id"), Index(None, "mediator_id", "id"))

    id: Mapped[id_column]
    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"))
    mediator_id: Mapped[int | None] = mapped_column(ForeignKey("mediator.id"))
    action: Mapped[str] = mapped_column(String(40))
    # The day from which it holds; `at` is when it was written down.
    day: Mapped[date]
    at: Mapped[datetime]
    actor_id: Mapped[int]
    # "before" and "after": codes, days and numbers; of a person of a dispute only the kind.
    data: Mapped[dict[str, Any]]
