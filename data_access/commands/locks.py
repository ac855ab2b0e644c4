"""What holds a case where it is: the parties' own choice, a supervisor's pin."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from data_access import history
from data_access.engine import Database
from data_access.locks import PIN_STANDS
from data_access.recording import (
    Errand,
    Recorded,
    checked_note,
    record,
    require_mediator,
    require_past,
    require_side,
)
from data_access.tables import Case, CasePin, PartyChoice
from domain.cases import EventKind
from domain.errors import NotPossible
from domain.people import Actor, Permission
from domain.recusal import SIDES, RecordObjection


def record_choice(
    db: Database,
    *,
    case_no: str,
    mediator_id: int,
    applicant_on: date,
    respondent_on: date,
    note: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Recorded:
    """Record that both sides chose this mediator, each on its day (人民调解法 19).

    A later choice takes the place of an earlier one. It moves nothing by itself, and lifts no
    recusal: that takes a consent. Raises NotAllowed, NotFound, Conflict, NotPossible, Invalid or
    KeyReused.
    """
    note = checked_note(note)
    days = (applicant_on, respondent_on)
    said: dict[str, Any] = {"mediator": mediator_id}
    said |= {side.value: day.isoformat() for side, day in zip(SIDES, days, strict=True)}

    def work(session: Session, case: Case) -> history.Change:
        require_mediator(session, case, mediator_id)
        for side, day in zip(SIDES, days, strict=True):
            require_side(session, case, side)
            require_past(day, case=case, now=now, field=side.value)
        _end_choice(session, case, now)
        session.execute(
            insert(PartyChoice).values(
                county_id=case.county_id,
                case_id=case.id,
                mediator_id=mediator_id,
                applicant_on=applicant_on,
                respondent_on=respondent_on,
                recorded_by=actor.user_id,
                recorded_at=now,
            )
        )
        return history.Change(EventKind.CHOSEN, "case:choose", {}, said, note)

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_MEDIATE,
        operation="choose",
        request=said | {"note": note},
        work=work,
    )


def end_choice(
    db: Database,
    *,
    case_no: str,
    note: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Recorded:
    """Record that the parties no longer insist on whom they chose.

    Raises NotAllowed, NotFound, Conflict, NotPossible, Invalid or KeyReused.
    """
    note = checked_note(note)

    def work(session: Session, case: Case) -> history.Change:
        mediator_id = _end_choice(session, case, now)
        if mediator_id is None:
            raise NotPossible([RecordObjection.NO_CHOICE])
        said = {"mediator": mediator_id}
        return history.Change(EventKind.CHOICE_ENDED, "case:end_choice", {}, said, note)

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_MEDIATE,
        operation="end_choice",
        request={"note": note},
        work=work,
    )


def pin_case(
    db: Database,
    *,
    case_no: str,
    note: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Recorded:
    """A supervisor keeps the case with whoever holds it, for the reason in the note.

    Raises NotAllowed, NotFound, Conflict, NotPossible, Invalid or KeyReused.
    """
    note = checked_note(note)

    def work(session: Session, case: Case) -> history.Change:
        if case.mediator_id is None:
            raise NotPossible([RecordObjection.NOBODY_HOLDS])
        if _pin(session, case) is not None:
            raise NotPossible([RecordObjection.PINNED_ALREADY])
        session.execute(
            insert(CasePin).values(
                county_id=case.county_id,
                case_id=case.id,
                pinned_by=actor.user_id,
                # In the case's own time, which its holder's time is in, too.
                pinned_at=history.time_of(case, now),
            )
        )
        return history.Change(
            EventKind.PINNED, "case:pin", {}, {"mediator": case.mediator_id}, note
        )

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_SUPERVISE,
        operation="pin",
        request={"note": note},
        work=work,
    )


def unpin_case(
    db: Database,
    *,
    case_no: str,
    note: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Recorded:
    """Take the pin away. Raises as `pin_case` does."""
    note = checked_note(note)

    def work(session: Session, case: Case) -> history.Change:
        pin = _pin(session, case)
        if pin is None:
            raise NotPossible([RecordObjection.NOT_PINNED])
        pin.unpinned_by, pin.unpinned_at = actor.user_id, now
        session.flush()
        return history.Change(EventKind.UNPINNED, "case:unpin", {}, {}, note)

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_SUPERVISE,
        operation="unpin",
        request={"note": note},
        work=work,
    )


def _end_choice(session: Session, case: Case, now: datetime) -> int | None:
    """End the choice that stands. Whom it named; None where there was none."""
    ended = session.scalars(
        update(PartyChoice)
        .where(
            PartyChoice.county_id == case.county_id,
            PartyChoice.case_id == case.id,
            PartyChoice.ended_at.is_(None),
        )
        .values(ended_at=now)
        .returning(PartyChoice.mediator_id)
    ).all()
    return ended[-1] if ended else None


def _pin(session: Session, case: Case) -> CasePin | None:
    return session.scalars(
        select(CasePin)
        .join(Case, (Case.county_id == CasePin.county_id) & (Case.id == CasePin.case_id))
        .where(Case.county_id == case.county_id, Case.id == case.id, PIN_STANDS)
    ).first()
