"""Meetings of the parties before their mediator: booked, cancelled, held."""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from data_access import history
from data_access.engine import Database
from data_access.recording import Errand, Recorded, checked_note, record, require_past
from data_access.tables import BookedMeeting, Case
from domain.cases import EventKind, FieldProblem, Stage
from domain.clocks import day_of
from domain.errors import Invalid, NotPossible
from domain.people import Actor, Permission
from domain.recusal import RecordObjection
from domain.transitions import Closed

FURTHEST_BOOKED = timedelta(days=90)


def book_meeting(
    db: Database,
    *,
    case_no: str,
    meets_at: datetime,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    note: str = "",
) -> Recorded:
    """Write down when the parties meet next; an earlier booking gives way.

    It stays with the case when its mediator changes: who takes it over keeps the appointment or
    makes another. Raises NotAllowed, NotFound, Conflict, NotPossible, Invalid or KeyReused.
    """
    note = checked_note(note) if note.strip() else ""
    if meets_at <= now:
        raise Invalid(meets_at=FieldProblem.GONE_BY)
    if meets_at > now + FURTHEST_BOOKED:
        raise Invalid(meets_at=FieldProblem.OUT_OF_RANGE)

    def work(session: Session, case: Case) -> history.Change:
        if case.stage is not Stage.IN_MEDIATION:
            raise NotPossible([Closed.WRONG_STAGE])
        booked = _booked(session, case)
        if booked is None:
            booked = BookedMeeting(county_id=case.county_id, case_id=case.id)
            session.add(booked)
        booked.meets_at, booked.booked_by, booked.booked_at = meets_at, actor.user_id, now
        said = {"meets_at": meets_at.isoformat()}
        return history.Change(EventKind.MEETING_BOOKED, "case:book_meeting", {}, said, note)

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_MEDIATE,
        operation="book_meeting",
        request={"meets_at": meets_at.isoformat(), "note": note},
        work=work,
    )


def cancel_meeting(
    db: Database,
    *,
    case_no: str,
    note: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Recorded:
    """The booked meeting does not take place, for the reason in the note.

    Raises NotAllowed, NotFound, Conflict, NotPossible, Invalid or KeyReused.
    """
    note = checked_note(note)

    def work(session: Session, case: Case) -> history.Change:
        booked = _booked(session, case)
        if booked is None:
            raise NotPossible([RecordObjection.NO_MEETING_BOOKED])
        said = {"meets_at": booked.meets_at.isoformat()}
        session.delete(booked)
        return history.Change(EventKind.MEETING_CANCELLED, "case:cancel_meeting", {}, said, note)

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_MEDIATE,
        operation="cancel_meeting",
        request={"note": note},
        work=work,
    )


def record_meeting(
    db: Database,
    *,
    case_no: str,
    day: date,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    note: str = "",
) -> Recorded:
    """Record a meeting of the parties before the mediator who holds the case; its booking goes.

    Raises NotAllowed, NotFound, Conflict, NotPossible, Invalid or KeyReused.
    """
    note = checked_note(note) if note.strip() else ""

    def work(session: Session, case: Case) -> history.Change:
        if case.stage is not Stage.IN_MEDIATION:
            raise NotPossible([Closed.WRONG_STAGE])
        require_past(day, case=case, now=now)
        booked = _booked(session, case)
        if booked is not None and day_of(booked.meets_at) <= day:
            session.delete(booked)
        said = {"mediator": case.mediator_id, "day": day.isoformat()}
        return history.Change(EventKind.MET, "case:meet", {}, said, note)

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_MEDIATE,
        operation="meet",
        request={"day": day.isoformat(), "note": note},
        work=work,
    )


def _booked(session: Session, case: Case) -> BookedMeeting | None:
    return session.get(BookedMeeting, (case.county_id, case.id))
