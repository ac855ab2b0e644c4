"""Cases, their parties, and their history.

A case row is *now*; `case_event` is what happened, only ever added to; `case_span` is what was true
from when to when, so that every past moment can be asked for by an index. All three are written in
one transaction. `county_id` leads every key, so that engines that shard by county can follow.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    literal_column,
)
from sqlalchemy.orm import Mapped, mapped_column

from data_access.tables.base import Base, id_column, stored
from domain.cases import Difficulty, EventKind, ReassignReason, Stage
from domain.organisation import PartyKind, PartyRole, UnitLevel
from domain.transitions import AgreementForm, Decision, Rating

# The predicate of partial indexes is a literal: with a bound parameter PostgreSQL's generic plans
# cannot use them.
IS_OPEN: ColumnElement[bool] = literal_column("is_open = 1")

# What the queue sorts by, then everything that a filter or a scope may ask for: whichever index a
# page walks, it finds there all that decides on a row, and touches no row but those it shows.
_QUEUE_ORDER = ("paused", "due_at", "risk", "id")
_QUEUE_FILTERS = (
    "stage",
    "soon_at",
    "type_code",
    "source_code",
    "town_id",
    "community_id",
    "grid_id",
    "committee_id",
    "mediator_id",
    "parked_until",
)


def _queue_index(name: str, *narrowed_by: str, also: tuple[str, ...] = ()) -> Index:
    """The open cases of a part of the county in the queue's order; `also` is there to be summed."""
    covered = [column for column in (*_QUEUE_ORDER, *_QUEUE_FILTERS) if column not in narrowed_by]
    return Index(
        f"ix_cases_queue_{name}",
        "county_id",
        *narrowed_by,
        *covered,
        *also,
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    )


class Counter(Base):
    """Numbers handed out in order, by what they count: 'case', 'party', 'case_no:2026'."""

    __tablename__ = "counter"

    county_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    last: Mapped[int]


class Case(Base):
    """One dispute, as it is now. The four units are as of its occurrence."""

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("county_id", "case_no"),
        UniqueConstraint("county_id", "external_no"),
        CheckConstraint(
            "(is_open = 1 AND stage <> 'closed' AND due_at IS NOT NULL AND soon_at IS NOT NULL"
            " AND closed_at IS NULL) OR"
            " (is_open = 0 AND stage = 'closed' AND closed_at IS NOT NULL AND due_at IS NULL)",
            name="open_or_closed",
        ),
        CheckConstraint(
            "mediator_id IS NOT NULL OR stage NOT IN"
            " ('in_mediation','agreement','performance','confirmation','follow_up')",
            name="held_stage_has_mediator",
        ),
        CheckConstraint("(mediator_id IS NULL) = (held_since IS NULL)", name="held_since_when"),
        CheckConstraint("risk BETWEEN 1 AND 4", name="risk_one_to_four"),
        CheckConstraint("paused IN (0, 1)", name="paused_flag"),
        CheckConstraint("supervised BETWEEN 0 AND 3", name="supervised_levels"),
        _queue_index("county"),
        _queue_index("stage", "stage"),
        _queue_index("town", "town_id"),
        _queue_index("community", "community_id"),
        _queue_index("grid", "grid_id"),
        _queue_index("committee", "committee_id"),
        # Who bears what, at a look: also what the page of workloads tells of each case.
        _queue_index("mediator", "mediator_id", also=("weight", "case_no", "registered_at")),
        Index("ix_cases_closed", "county_id", "closed_at", "id"),
        Index("ix_cases_registered", "county_id", "registered_at"),
        # The newest record of each source, however long ago it was.
        Index("ix_cases_source", "county_id", "source_code", "registered_at"),
        # Few are: whose disputes a case carries is asked for whenever somebody is to get it.
        Index(
            "ix_cases_merged",
            "county_id",
            "merged_into",
            sqlite_where=literal_column("merged_into IS NOT NULL"),
            postgresql_where=literal_column("merged_into IS NOT NULL"),
        ),
    )

    county_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"), primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    case_no: Mapped[str] = mapped_column(String(20))
    # The number in the system it came from; the key of idempotent imports.
    external_no: Mapped[str | None] = mapped_column(String(64))
    town_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"))
    community_id: Mapped[int | None] = mapped_column(ForeignKey("organisation_unit.id"))
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("organisation_unit.id"))
    type_code: Mapped[str] = mapped_column(String(4))
    source_code: Mapped[str] = mapped_column(String(4))
    scale_code: Mapped[str] = mapped_column(String(2), default="01")
    difficulty: Mapped[Difficulty] = mapped_column(stored(Difficulty))
    risk: Mapped[int]
    stage: Mapped[Stage] = mapped_column(stored(Stage))
    # 0/1 rather than boolean: the same literal works in a partial index everywhere.
    is_open: Mapped[int]
    paused: Mapped[int] = mapped_column(default=0)
    occurred_on: Mapped[date]
    registered_at: Mapped[datetime]
    stage_since: Mapped[datetime]
    due_at: Mapped[datetime | None]
    soon_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    # From the agreement or the failure on: what the mediation came to. Nothing that follows changes
    # it, because figures of success rest on it.
    outcome_code: Mapped[str | None] = mapped_column(String(4))
    # Where it went from there: to a court, an arbitration, an authority, the police.
    onward_code: Mapped[str | None] = mapped_column(String(4))
    # Oral or written, and from which day on the parties are bound by it.
    agreement_form: Mapped[AgreementForm | None] = mapped_column(stored(AgreementForm))
    agreed_on: Mapped[date | None]
    # What became of the application for judicial confirmation; None where it waits, or none was.
    court_decision: Mapped[Decision | None] = mapped_column(stored(Decision))
    # What each side answered when it was visited afterwards.
    applicant_rating: Mapped[Rating | None] = mapped_column(stored(Rating, name="applicant_rating"))
    respondent_rating: Mapped[Rating | None] = mapped_column(
        stored(Rating, name="respondent_rating")
    )
    # Under what the present stage's clock runs: the level of the committee that held the case when
    # it began, and the day whose rule it is, where that is not the day of the start.
    limit_level: Mapped[UnitLevel | None] = mapped_column(stored(UnitLevel))
    limit_on: Mapped[date | None]
    # A day that somebody stated as the last one; it goes before the table of limits.
    stated_due_on: Mapped[date | None]
    # Granted on top of the present stage's limit, and asked for; in the limit's unit.
    extended: Mapped[int] = mapped_column(default=0)
    extension_asked: Mapped[int | None]
    extensions: Mapped[int] = mapped_column(default=0)
    parked_until: Mapped[date | None]
    # 0, or how high the place is that looks over it: 1 ordinary, 2 yellow card, 3 red card.
    supervised: Mapped[int] = mapped_column(default=0)
    merged_into: Mapped[int | None]
    committee_id: Mapped[int | None] = mapped_column(ForeignKey("committee.id"))
    mediator_id: Mapped[int | None] = mapped_column(ForeignKey("mediator.id"))
    held_since: Mapped[datetime | None]
    people_count: Mapped[int] = mapped_column(default=2)
    amount_yuan: Mapped[int | None]
    # Its parties or its matter lie in more than one town; the same matter came before.
    cross_town: Mapped[bool] = mapped_column(default=False)
    repeated: Mapped[bool] = mapped_column(default=False)
    # Points of work in tenths of a standard case, by the table of weights of the day.
    weight: Mapped[int]
    # Free text holds names more often than not, so it is encrypted like them.
    title_encrypted: Mapped[bytes]
    place_encrypted: Mapped[bytes | None]
    # Latitude and longitude as domain.points writes them: a point on a map is a household.
    point_encrypted: Mapped[bytes | None]
    summary_encrypted: Mapped[bytes | None]
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"))
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime]


def _of_case(*, index: bool = False) -> tuple[Any, ...]:
    """The foreign key of everything that belongs to a case."""
    key = ForeignKeyConstraint(["county_id", "case_id"], ["cases.county_id", "cases.id"])
    return (key, Index(None, "county_id", "case_id")) if index else (key,)


class Party(Base):
    """A party to a case. Every value is encrypted; the blind indexes find an exact value again."""

    __tablename__ = "party"
    __table_args__ = (
        *_of_case(index=True),
        Index(None, "county_id", "name_index"),
        Index(None, "county_id", "phone_index"),
        Index(None, "county_id", "identity_index"),
    )

    county_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    case_id: Mapped[int]
    role: Mapped[PartyRole] = mapped_column(stored(PartyRole))
    kind: Mapped[PartyKind] = mapped_column(stored(PartyKind))
    sex: Mapped[str] = mapped_column(String(1), default="9")
    name_encrypted: Mapped[bytes]
    name_index: Mapped[bytes]
    identity_encrypted: Mapped[bytes | None]
    identity_index: Mapped[bytes | None]
    phone_encrypted: Mapped[bytes | None]
    phone_index: Mapped[bytes | None]
    address_encrypted: Mapped[bytes | None]


class CaseEvent(Base):
    """What happened to a case. `data` holds codes and ids; free text is in the encrypted note."""

    __tablename__ = "case_event"
    __table_args__ = _of_case()

    county_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(primary_key=True)
    # Equals the version of the case that this event made.
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[EventKind] = mapped_column(stored(EventKind))
    at: Mapped[datetime]
    # 0 is the system itself: an import or the demonstration county.
    actor_id: Mapped[int]
    data: Mapped[dict[str, Any]]
    note_encrypted: Mapped[bytes | None]


class CaseSpan(Base):
    """An interval in which nothing that a screen counts changed. Times are of the matter."""

    __tablename__ = "case_span"
    __table_args__ = (
        *_of_case(),
        CheckConstraint("ends_at IS NULL OR ends_at >= starts_at", name="in_order"),
        Index(None, "county_id", "starts_at", "ends_at"),
    )

    county_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    # The data_seq that wrote the row: what was *known* at a watermark.
    recorded_seq: Mapped[int]
    stage: Mapped[Stage] = mapped_column(stored(Stage))
    due_at: Mapped[datetime | None]
    soon_at: Mapped[datetime | None]
    paused: Mapped[int]
    risk: Mapped[int]
    supervised: Mapped[int] = mapped_column(default=0)
    weight: Mapped[int]
    town_id: Mapped[int]
    community_id: Mapped[int | None]
    grid_id: Mapped[int | None]
    committee_id: Mapped[int | None]
    mediator_id: Mapped[int | None]


class Assignment(Base):
    """Who held a case from when to when, and why it came to them."""

    __tablename__ = "assignment"
    __table_args__ = (
        *_of_case(),
        CheckConstraint("ends_at IS NULL OR ends_at >= starts_at", name="in_order"),
        Index(None, "county_id", "mediator_id", "starts_at"),
    )

    county_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(primary_key=True)
    # The version of the case that this assignment made.
    seq: Mapped[int] = mapped_column(primary_key=True)
    mediator_id: Mapped[int] = mapped_column(ForeignKey("mediator.id"))
    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    reason: Mapped[ReassignReason] = mapped_column(stored(ReassignReason))
    actor_id: Mapped[int]
    note_encrypted: Mapped[bytes | None]


class CaseSeen(Base):
    """Up to which version somebody has seen a case that came to them."""

    __tablename__ = "case_seen"
    __table_args__ = _of_case()

    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    county_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    at: Mapped[datetime]


class CaseSelection(Base):
    """Cases picked together under a name, on the map for one: what the queue narrows to."""

    __tablename__ = "case_selection"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[id_column]
    county_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"))
    name: Mapped[str] = mapped_column(String(120))
    actor_id: Mapped[int]
    at: Mapped[datetime]


class SelectedCase(Base):
    """One case of a selection."""

    __tablename__ = "selected_case"
    __table_args__ = (_of_case()[0],)

    selection_id: Mapped[int] = mapped_column(
        ForeignKey("case_selection.id", ondelete="CASCADE"), primary_key=True
    )
    county_id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(primary_key=True)
