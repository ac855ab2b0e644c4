"""What is recorded of a case beside its steps: about its mediator, its meetings, its red events.

Sides, days and staff only: who the parties are is said nowhere here.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from data_access.locks import PIN_STANDS
from data_access.queries.red_events import RedEventView, events_of
from data_access.recusal import grounds_and_basis, rests_on, standing_grounds
from data_access.scope import cases_within, committees_for_town
from data_access.tables import (
    BookedMeeting,
    Case,
    CaseEvent,
    CasePin,
    Committee,
    Mediator,
    Party,
    PartyChoice,
    PartyObjection,
    RecusalConsent,
    User,
)
from domain.cases import EventKind, Risk, Stage
from domain.eligibility import Objection
from domain.errors import NotFound
from domain.organisation import PartyRole
from domain.people import Scope
from domain.recusal import ConsentForm


@dataclass(frozen=True, slots=True)
class InReach:
    """A mediator who could be named for the case; `grounds` are those that no consent lifts."""

    mediator_id: int
    name: str
    committee: str
    grounds: tuple[Objection, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """By whom and when something was recorded; no name where the system did it."""

    by_id: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ObjectionView:
    """A side's objection that stands; `withdrawn`: who recorded that it was taken back, if anybody.

    That waits for a second person's word.
    """

    mediator_id: int
    mediator: str
    side: PartyRole
    raised_on: date
    recorded: Written
    withdrawn: Written | None


@dataclass(frozen=True, slots=True)
class ConsentView:
    """Both sides' consent that nobody took back, with who approved it, if anybody.

    `current`: nothing was added to the parties or to the grounds since; else it holds no more.
    """

    mediator_id: int
    mediator: str
    grounds: tuple[Objection, ...]
    applicant_on: date
    applicant_form: ConsentForm
    respondent_on: date
    respondent_form: ConsentForm
    recorded: Written
    approved: Written | None
    current: bool


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """Whom both sides chose, each on its day."""

    mediator_id: int
    mediator: str
    applicant_on: date
    respondent_on: date
    recorded: Written


@dataclass(frozen=True, slots=True)
class Booked:
    """When the parties meet next, and who wrote it down."""

    meets_at: datetime
    recorded: Written


@dataclass(frozen=True, slots=True)
class CaseRecords:
    """All that stands of one case; `met_on` is the last meeting before the present holder.

    `reds` are its red events, the youngest first, those that are over included.
    """

    case_no: str
    version: int
    stage: Stage
    occurred_on: date
    holder: InReach | None
    sides: tuple[PartyRole, ...]
    people: tuple[InReach, ...]
    objections: tuple[ObjectionView, ...]
    consents: tuple[ConsentView, ...]
    choice: ChoiceView | None
    pinned: Written | None
    booked: Booked | None
    met_on: date | None
    risk: Risk
    reds: tuple[RedEventView, ...]

    @property
    def alarm(self) -> RedEventView | None:
        """The red event that goes on, if there is one."""
        return next((one for one in self.reds if one.ended is None), None)


def case_records(session: Session, *, scope: Scope, case_no: str) -> CaseRecords:
    """What is recorded of one case and who could be named in it. Raises NotFound out of scope."""
    case = session.scalar(select(Case).where(Case.case_no == case_no, cases_within(scope)))
    if case is None:
        raise NotFound(case_no)
    people = _people(session, case)
    sides = session.scalars(
        select(Party.role).where(Party.county_id == case.county_id, Party.case_id == case.id)
    )
    there = set(sides)
    return CaseRecords(
        case.case_no,
        case.version,
        case.stage,
        case.occurred_on,
        next((one for one in people if one.mediator_id == case.mediator_id), None),
        tuple(side for side in PartyRole if side in there),
        people,
        _objections(session, case),
        _consents(session, case),
        _choice(session, case),
        _pinned(session, case),
        _booked(session, case),
        _met_on(session, case),
        Risk(case.risk),
        events_of(session, case),
    )


def _people(session: Session, case: Case) -> tuple[InReach, ...]:
    """Whoever is in post and in reach, and the holder, by name."""
    against = standing_grounds(session, [case.id], county_id=case.county_id).get(case.id, {})
    serves = Mediator.active & committees_for_town(case.town_id)
    rows = session.execute(
        select(Mediator.id, Mediator.name, Committee.name.label("committee"))
        .join(Committee, Committee.id == Mediator.committee_id)
        .where(serves | (Mediator.id == case.mediator_id))
        .order_by(Mediator.name, Mediator.id)
    )
    return tuple(
        InReach(row.id, row.name, row.committee, _in_order(against.get(row.id, frozenset())))
        for row in rows
    )


def _in_order(grounds: frozenset[Objection]) -> tuple[Objection, ...]:
    return tuple(ground for ground in Objection if ground in grounds)


def _objections(session: Session, case: Case) -> tuple[ObjectionView, ...]:
    second = aliased(User)
    rows = session.execute(
        select(PartyObjection, Mediator.name, User.name, second.name)
        .join(Mediator, Mediator.id == PartyObjection.mediator_id)
        .outerjoin(User, User.id == PartyObjection.recorded_by)
        .outerjoin(second, second.id == PartyObjection.withdrawn_by)
        .where(*_of(PartyObjection, case), PartyObjection.lifted_at.is_(None))
        .order_by(PartyObjection.id)
    )
    return tuple(
        ObjectionView(
            one.mediator_id,
            name,
            one.side,
            one.raised_on,
            _written(one, by),
            Written(one.withdrawn_by, again or "", one.withdrawn_at)
            if one.withdrawn_by is not None and one.withdrawn_at is not None
            else None,
        )
        for one, name, by, again in rows
    )


def _consents(session: Session, case: Case) -> tuple[ConsentView, ...]:
    approver = aliased(User)
    rows = session.execute(
        select(RecusalConsent, Mediator.name, User.name, approver.name)
        .join(Mediator, Mediator.id == RecusalConsent.mediator_id)
        .outerjoin(User, User.id == RecusalConsent.recorded_by)
        .outerjoin(approver, approver.id == RecusalConsent.approved_by)
        .where(*_of(RecusalConsent, case), RecusalConsent.revoked_at.is_(None))
        .order_by(RecusalConsent.id)
    )
    return tuple(_consent(session, case, *row) for row in rows)


def _consent(
    session: Session, case: Case, one: RecusalConsent, name: str, by: str | None, second: str | None
) -> ConsentView:
    _grounds, basis = grounds_and_basis(session, case, one.mediator_id)
    approved = (
        Written(one.approved_by, second or "", one.approved_at)
        if one.approved_by is not None and one.approved_at is not None
        else None
    )
    return ConsentView(
        mediator_id=one.mediator_id,
        mediator=name,
        grounds=tuple(Objection(code) for code in one.grounds.split(",")),
        applicant_on=one.applicant_on,
        applicant_form=one.applicant_form,
        respondent_on=one.respondent_on,
        respondent_form=one.respondent_form,
        recorded=_written(one, by),
        approved=approved,
        current=rests_on(basis, one.basis),
    )


def _choice(session: Session, case: Case) -> ChoiceView | None:
    row = session.execute(
        select(PartyChoice, Mediator.name, User.name)
        .join(Mediator, Mediator.id == PartyChoice.mediator_id)
        .outerjoin(User, User.id == PartyChoice.recorded_by)
        .where(*_of(PartyChoice, case), PartyChoice.ended_at.is_(None))
        .order_by(PartyChoice.id.desc())
    ).first()
    if row is None:
        return None
    one, name, by = row
    return ChoiceView(one.mediator_id, name, one.applicant_on, one.respondent_on, _written(one, by))


def _pinned(session: Session, case: Case) -> Written | None:
    row = session.execute(
        select(CasePin.pinned_by, User.name, CasePin.pinned_at)
        .join(Case, (Case.county_id == CasePin.county_id) & (Case.id == CasePin.case_id))
        .outerjoin(User, User.id == CasePin.pinned_by)
        .where(*_of(CasePin, case), PIN_STANDS)
    ).first()
    return None if row is None else Written(row.pinned_by, row.name or "", row.pinned_at)


def _booked(session: Session, case: Case) -> Booked | None:
    row = session.execute(
        select(BookedMeeting, User.name)
        .outerjoin(User, User.id == BookedMeeting.booked_by)
        .where(*_of(BookedMeeting, case))
    ).first()
    if row is None:
        return None
    one, by = row
    return Booked(one.meets_at, Written(one.booked_by, by or "", one.booked_at))


def _met_on(session: Session, case: Case) -> date | None:
    told = session.scalars(
        select(CaseEvent.data)
        .where(*_of(CaseEvent, case), CaseEvent.kind == EventKind.MET)
        .order_by(CaseEvent.seq.desc())
    )
    days = (one["day"] for one in told if one.get("mediator") == case.mediator_id)
    return next((date.fromisoformat(day) for day in days), None)


def _of(entity: Any, case: Case) -> tuple[Any, Any]:
    return entity.county_id == case.county_id, entity.case_id == case.id


def _written(one: Any, by: str | None) -> Written:
    return Written(one.recorded_by, by or "", one.recorded_at)
