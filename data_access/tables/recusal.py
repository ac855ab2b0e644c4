"""What the parties of a case said about a mediator: objection, consent, choice; and a pin.

Codes, days and ids only: who the parties are stands in the case, and their words in the sealed note
of the event that each record leaves in its timeline.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from data_access.tables.base import Base, id_column, stored
from domain.organisation import PartyRole
from domain.recusal import ConsentForm


class PartyObjection(Base):
    """A side's objection to a mediator; it stands until it is withdrawn, and two persons say so."""

    __tablename__ = "party_objection"
    __table_args__ = (
        ForeignKeyConstraint(["county_id", "case_id"], ["cases.county_id", "cases.id"]),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_by_whom"
        ),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted_by_whom"),
        CheckConstraint("lifted_at IS NULL OR withdrawn_at IS NOT NULL", name="lifted_withdrawn"),
        CheckConstraint("lifted_by <> withdrawn_by", name="two_persons"),
        Index(None, "county_id", "case_id"),
    )

    id: Mapped[id_column]
    county_id: Mapped[int]
    case_id: Mapped[int]
    mediator_id: Mapped[int] = mapped_column(ForeignKey("mediator.id"))
    side: Mapped[PartyRole] = mapped_column(stored(PartyRole))
    raised_on: Mapped[date]
    recorded_by: Mapped[int]
    recorded_at: Mapped[datetime]
    withdrawn_on: Mapped[date | None]
    withdrawn_by: Mapped[int | None]
    withdrawn_at: Mapped[datetime | None]
    lifted_by: Mapped[int | None]
    lifted_at: Mapped[datetime | None]


class RecusalConsent(Base):
    """Both sides' consent to a mediator who would have to withdraw, and who approved it.

    It holds for the parties and grounds as they were: `basis` has a hash of each, and whatever is
    added to either makes it void.
    """

    __tablename__ = "recusal_consent"
    __table_args__ = (
        ForeignKeyConstraint(["county_id", "case_id"], ["cases.county_id", "cases.id"]),
        CheckConstraint("(approved_at IS NULL) = (approved_by IS NULL)", name="approved_by_whom"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked_by_whom"),
        CheckConstraint("approved_by <> recorded_by", name="two_persons"),
        Index(None, "county_id", "case_id"),
    )

    id: Mapped[id_column]
    county_id: Mapped[int]
    case_id: Mapped[int]
    mediator_id: Mapped[int] = mapped_column(ForeignKey("mediator.id"))
    # Codes of domain.eligibility.GROUNDS with commas between, the gravest first.
    grounds: Mapped[str] = mapped_column(String(120))
    basis: Mapped[bytes]
    applicant_on: Mapped[date]
    applicant_form: Mapped[ConsentForm] = mapped_column(
        stored(ConsentForm, name="applicant_consentform")
    )
    respondent_on: Mapped[date]
    respondent_form: Mapped[ConsentForm] = mapped_column(
        stored(ConsentForm, name="respondent_consentform")
    )
    recorded_by: Mapped[int]
    recorded_at: Mapped[datetime]
    approved_by: Mapped[int | None]
    approved_at: Mapped[datetime | None]
    revoked_by: Mapped[int | None]
    revoked_at: Mapped[datetime | None]


class PartyChoice(Base):
    """The mediator whom both sides chose (人民调解法 19), until `ended_at`."""

    __tablename__ = "party_choice"
    __table_args__ = (
        ForeignKeyConstraint(["county_id", "case_id"], ["cases.county_id", "cases.id"]),
        Index(None, "county_id", "case_id"),
    )

    id: Mapped[id_column]
    county_id: Mapped[int]
    case_id: Mapped[int]
    mediator_id: Mapped[int] = mapped_column(ForeignKey("mediator.id"))
    applicant_on: Mapped[date]
    respondent_on: Mapped[date]
    recorded_by: Mapped[int]
    recorded_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class BookedMeeting(Base):
    """When the parties of a case are to meet next; it goes when they have met, or not."""

    __tablename__ = "booked_meeting"
    __table_args__ = (
        ForeignKeyConstraint(["county_id", "case_id"], ["cases.county_id", "cases.id"]),
        Index(None, "county_id", "meets_at"),
    )

    county_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(primary_key=True)
    meets_at: Mapped[datetime]
    booked_by: Mapped[int]
    booked_at: Mapped[datetime]


class CasePin(Base):
    """A supervisor's word that a case stays with whoever holds it; why is in the event's note."""

    __tablename__ = "case_pin"
    __table_args__ = (
        ForeignKeyConstraint(["county_id", "case_id"], ["cases.county_id", "cases.id"]),
        Index(None, "county_id", "case_id"),
    )

    id: Mapped[id_column]
    county_id: Mapped[int]
    case_id: Mapped[int]
    pinned_by: Mapped[int]
    pinned_at: Mapped[datetime]
    unpinned_by: Mapped[int | None]
    unpinned_at: Mapped[datetime | None]
