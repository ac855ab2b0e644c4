"""What a county can set: codes, types, limits, the work calendar, and facts about the site."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data_access.tables.base import Base, id_column, stored
from domain.cases import Difficulty, Stage
from domain.clocks import LimitUnit


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


class LimitRule(Base):
    """How long a stage may take, from a day to a day. Never changed, only ended and replaced."""

    __tablename__ = "limit_rule"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="dates_in_order"),
        UniqueConstraint("stage", "difficulty", "valid_from"),
    )

    id: Mapped[id_column]
    stage: Mapped[Stage] = mapped_column(stored(Stage))
    difficulty: Mapped[Difficulty | None] = mapped_column(stored(Difficulty))
    amount: Mapped[int]
    unit: Mapped[LimitUnit] = mapped_column(stored(LimitUnit))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    source: Mapped[str] = mapped_column(String(120))


class WorkDay(Base):
    """A day that differs from the plain week: a holiday, or a make-up working day (调休)."""

    __tablename__ = "work_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    note: Mapped[str] = mapped_column(String(60))


class Site(Base):
    """Facts about this installation by name: 'demo_since', 'demo_seed', 'setup_code_hash'."""

    __tablename__ = "site"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(400))
