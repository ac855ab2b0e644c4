"""A party objects to a mediator, and takes it back (申请回避).

Any party's request is enough (深圳条例 23-25). Whether it was taken back is the word of two: who
records that alone could record it of an objection that is in their way.
"""

from datetime import date, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from data_access import history
from data_access.engine import Database
from data_access.recording import (
    Errand,
    Recorded,
    checked_note,
    record,
    require_mediator,
    require_not_own,
    require_past,
    require_side,
)
from data_access.tables import Case, PartyObjection
from domain.cases import EventKind
from domain.errors import NotPossible
from domain.organisation import PartyRole
from domain.people import Actor, Permission
from domain.recusal import RecordObjection


def record_objection(
    db: Database,
    *,
    case_no: str,
    mediator_id: int,
    side: PartyRole,
    day: date,
    note: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Recorded:
    """Record that a side objected to a mediator on `day`; what it said is sealed in the note.

    From now on the mediator must withdraw. A case that they hold stays with them until somebody
    moves it, and is listed as one to resolve. Raises NotAllowed, NotFound, Conflict, NotPossible,
    Invalid or KeyReused.
    """
    note = checked_note(note)
    said = {"mediator": mediator_id, "side": side.value, "day": day.isoformat()}

    def work(session: Session, case: Case) -> history.Change:
        require_mediator(session, case, mediator_id)
        require_side(session, case, side)
        require_past(day, case=case, now=now)
        known = _standing(session, case, mediator_id, side)
        if known is not None:
            if known.withdrawn_at is None:
                raise NotPossible([RecordObjection.OBJECTS_ALREADY])
            # What was said to be taken back is upheld: it waits for nobody's word any more.
            known.withdrawn_on = known.withdrawn_by = known.withdrawn_at = None
            session.flush()
            return history.Change(EventKind.OBJECTED, "case:object", {}, said, note)
        session.execute(
            insert(PartyObjection).values(
                county_id=case.county_id,
                case_id=case.id,
                mediator_id=mediator_id,
                side=side,
                raised_on=day,
                recorded_by=actor.user_id,
                recorded_at=now,
            )
        )
        return history.Change(EventKind.OBJECTED, "case:object", {}, said, note)

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_MEDIATE,
        operation="object",
        request=said | {"note": note},
        work=work,
    )


def withdraw_objection(
    db: Database,
    *,
    case_no: str,
    mediator_id: int,
    side: PartyRole,
    day: date,
    note: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Recorded:
    """Record that a side took its objection back on `day`; never by the mediator it is about.

    The mediator must withdraw all the same until a second person confirms it. Raises NotAllowed,
    NotFound, Conflict, NotPossible, Invalid or KeyReused.
    """
    note = checked_note(note)
    said = {"mediator": mediator_id, "side": side.value, "day": day.isoformat()}

    def work(session: Session, case: Case) -> history.Change:
        standing = _standing(session, case, mediator_id, side)
        if standing is None:
            raise NotPossible([RecordObjection.NO_OBJECTION])
        if standing.withdrawn_at is not None:
            raise NotPossible([RecordObjection.WITHDRAWN_ALREADY])
        require_not_own(session, mediator_id, actor=actor)
        require_past(day, case=case, now=now)
        standing.withdrawn_on = day
        standing.withdrawn_by, standing.withdrawn_at = actor.user_id, now
        session.flush()
        return history.Change(
            EventKind.OBJECTION_WITHDRAWN, "case:withdraw_objection", {}, said, note
        )

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_MEDIATE,
        operation="withdraw_objection",
        request=said | {"note": note},
        work=work,
    )


def lift_objection(
    db: Database,
    *,
    case_no: str,
    mediator_id: int,
    side: PartyRole,
    note: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Recorded:
    """Confirm that a side took its objection back: it bars no longer.

    By another person than who recorded that, and not by the mediator it is about. Raises
    NotAllowed, NotFound, Conflict, NotPossible, Invalid or KeyReused.
    """
    note = checked_note(note)
    said = {"mediator": mediator_id, "side": side.value}

    def work(session: Session, case: Case) -> history.Change:
        standing = _standing(session, case, mediator_id, side)
        if standing is None or standing.withdrawn_on is None:
            raise NotPossible([RecordObjection.NOT_WITHDRAWN])
        require_not_own(session, mediator_id, actor=actor)
        if standing.withdrawn_by == actor.user_id:
            raise NotPossible([RecordObjection.SAME_PERSON])
        standing.lifted_by, standing.lifted_at = actor.user_id, now
        session.flush()
        told = said | {"day": standing.withdrawn_on.isoformat()}
        return history.Change(EventKind.OBJECTION_LIFTED, "case:lift_objection", {}, told, note)

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_APPROVE,
        operation="lift_objection",
        request=said | {"note": note},
        work=work,
    )


def _standing(
    session: Session, case: Case, mediator_id: int, side: PartyRole
) -> PartyObjection | None:
    return session.scalars(
        select(PartyObjection).where(
            PartyObjection.county_id == case.county_id,
            PartyObjection.case_id == case.id,
            PartyObjection.mediator_id == mediator_id,
            PartyObjection.side == side,
            PartyObjection.lifted_at.is_(None),
        )
    ).first()
