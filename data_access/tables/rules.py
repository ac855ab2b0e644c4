"""What a county can set: codes, types, limits, the work calendar, and facts about the site."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data_access.tables.base import Base, id_column, stored
from domain.cases import Difficulty, Stage
from domain.clocks import LimitUnit
from domain.limits import RuleKind
from domain.organisation import UnitLevel


class Code(Base):
    """One entry of a code list: GB/T 31000 event scale, local source channels, outcomes."""

    __tablename__ = "code"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(120))


class CaseType(Base):
    """A dispute category of GB/T 31000-2015 table 91, of 2 or 4 digits."""

    __tablename__ = "case_type"

    code: Mapped[str] = mapped_column(String(4), primary_key=True)
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("case_type.code"))
    name_zh: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(120))
    # Such a type is only for mediators who name it among their specialities.
    needs_specialist: Mapped[bool] = mapped_column(default=False)


class RuleChange(Base):
    """One change of the work calendar or of the limits: by whom, when, why, and what it moved.

    The reason is somebody's own words, so it is encrypted.
    """

    __tablename__ = "rule_change"
    __table_args__ = (Index(None, "county_id", "at"),)

    id: Mapped[id_column]
    county_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"))
    kind: Mapped[RuleKind] = mapped_column(stored(RuleKind))
    at: Mapped[datetime]
    actor_id: Mapped[int]
    # Open cases whose deadline it moved, and those that are late already and keep theirs.
    moved: Mapped[int]
    kept: Mapped[int]
    # Codes and days: what was set. Never words of a person.
    data: Mapped[dict[str, Any]]
    reason_encrypted: Mapped[bytes | None]


class LimitRule(Base):
    """How long a stage may take, from a day to a day. Never changed, only ended and replaced.

    `level` is of the committee that holds the case; without one the rule is for all levels.
    """

    __tablename__ = "limit_rule"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="dates_in_order"),
        UniqueConstraint("stage", "difficulty", "level", "valid_from"),
    )

    id: Mapped[id_column]
    stage: Mapped[Stage] = mapped_column(stored(Stage))
    difficulty: Mapped[Difficulty | None] = mapped_column(stored(Difficulty))
    level: Mapped[UnitLevel | None] = mapped_column(stored(UnitLevel))
    amount: Mapped[int]
    unit: Mapped[LimitUnit] = mapped_column(stored(LimitUnit))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    source: Mapped[str] = mapped_column(String(120))
    # None for the defaults that every site begins with.
    change_id: Mapped[int | None] = mapped_column(ForeignKey("rule_change.id"))


class WorkDay(Base):
    """A day of which it is said how much is worked: a holiday, a make-up day (调休), half a day."""

    __tablename__ = "work_day"
    __table_args__ = (CheckConstraint("halves IN (0, 1, 2)", name="half_days"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    halves: Mapped[int]
    note: Mapped[str] = mapped_column(String(60))
    # Named by the State Council's notice: what tells whether a year's arrangement is entered.
    official: Mapped[bool]
    change_id: Mapped[int | None] = mapped_column(ForeignKey("rule_change.id"))


class Site(Base):
    """Facts about this installation by name: 'demo_since', 'demo_seed', 'setup_code_hash'."""

    __tablename__ = "site"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(400))
