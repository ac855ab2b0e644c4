"""Red events (红色事件) at the desk: somebody acknowledges one, and records what is done about it.

By those who decide on the acceptance of cases there: the town's station and the centre. Whoever
only looks over them from outside answers for no emergency.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from data_access import history
from data_access.engine import Database
from data_access.recording import Errand, Recorded, checked_note, record
from data_access.red_events import going_on, who_could_answer
from data_access.tables import Case, EmergencyResponse, RedEvent
from domain.cases import EventKind, FieldProblem
from domain.clocks import day_of
from domain.errors import Invalid, NotPossible
from domain.people import Actor, Permission
from domain.red_events import RedObjection


def acknowledge_red_event(
    db: Database,
    *,
    case_no: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    note: str = "",
) -> Recorded:
    """Somebody at the desk has taken notice of a red event: the wall goes on.

    Raises NotAllowed, NotFound, Conflict, NotPossible, Invalid or KeyReused.
    """
    note = checked_note(note) if note.strip() else ""

    def work(session: Session, case: Case) -> history.Change:
        alarm = _alarm(session, case)
        if alarm.acknowledged_at is not None:
            raise NotPossible([RedObjection.ACKNOWLEDGED_ALREADY])
        _acknowledge(session, alarm, case, actor=actor, now=now)
        return history.Change(EventKind.RED_ACKNOWLEDGED, "case:acknowledge_red", {}, {}, note)

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_ACCEPT,
        operation="acknowledge_red",
        request={"note": note},
        work=work,
    )


def record_response(
    db: Database,
    *,
    case_no: str,
    responsible_id: int,
    begun_at: datetime,
    note: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Recorded:
    """Record who answers for the response to a red event (应急处置), since when, and what is done.

    What is done is the note. Where nobody had acknowledged the event yet, this does: who writes
    down what is done about it knows of it. A case may have several responses, one after the other
    or at once. Raises NotAllowed, NotFound, Conflict, NotPossible, Invalid or KeyReused.
    """
    note = checked_note(note)
    if begun_at > now:
        raise Invalid(begun_at=FieldProblem.NOT_YET)

    def work(session: Session, case: Case) -> history.Change:
        alarm = _alarm(session, case)
        _require_answerable(session, case, responsible_id, now=now)
        if day_of(begun_at) < case.occurred_on:
            raise Invalid(begun_at=FieldProblem.BEFORE_DISPUTE)
        said: dict[str, Any] = {"responsible": responsible_id, "begun_at": begun_at.isoformat()}
        if alarm.acknowledged_at is None:
            _acknowledge(session, alarm, case, actor=actor, now=now)
            said["acknowledged"] = True
        session.execute(
            insert(EmergencyResponse).values(
                county_id=case.county_id,
                case_id=case.id,
                seq=case.version + 1,
                red_seq=alarm.seq,
                responsible_id=responsible_id,
                begun_at=begun_at,
                recorded_by=actor.user_id,
                recorded_at=history.time_of(case, now),
            )
        )
        return history.Change(EventKind.RESPONSE_BEGUN, "case:begin_response", {}, said, note)

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_ACCEPT,
        operation="begin_response",
        request={
            "responsible": responsible_id,
            "begun_at": begun_at.isoformat(),
            "note": note,
        },
        work=work,
    )


def end_response(
    db: Database,
    *,
    case_no: str,
    response: int,
    ended_at: datetime,
    note: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Recorded:
    """Record that a response is over, and with what result, in the note.

    `response` is its `seq`: the version of the case that its record made. The event goes on until
    the risk is lowered or the case closed. Raises NotAllowed, NotFound, Conflict, NotPossible,
    Invalid or KeyReused.
    """
    note = checked_note(note)
    if ended_at > now:
        raise Invalid(ended_at=FieldProblem.NOT_YET)

    def work(session: Session, case: Case) -> history.Change:
        found = session.get(EmergencyResponse, (case.county_id, case.id, response))
        if found is None or found.ended_at is not None:
            raise NotPossible([RedObjection.NO_RESPONSE])
        if ended_at < found.begun_at:
            raise Invalid(ended_at=FieldProblem.BEFORE_BEGIN)
        found.ended_at, found.ended_by = ended_at, actor.user_id
        session.flush()
        said = {"responsible": found.responsible_id, "ended_at": ended_at.isoformat()}
        return history.Change(EventKind.RESPONSE_ENDED, "case:end_response", {}, said, note)

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_ACCEPT,
        operation="end_response",
        request={"response": response, "ended_at": ended_at.isoformat(), "note": note},
        work=work,
    )


def _alarm(session: Session, case: Case) -> RedEvent:
    """The alarm that goes on. Raises NotPossible where there is none."""
    found = going_on(session, case)
    if found is None:
        raise NotPossible([RedObjection.NOT_RED])
    return found


def _acknowledge(
    session: Session, alarm: RedEvent, case: Case, *, actor: Actor, now: datetime
) -> None:
    # In the case's own time, like the event that tells of it.
    alarm.acknowledged_at, alarm.acknowledged_by = history.time_of(case, now), actor.user_id
    session.flush()


def _require_answerable(session: Session, case: Case, user_id: int, *, now: datetime) -> None:
    """Raise Invalid unless this account may be named for what is done about the case."""
    known = who_could_answer(case, day=day_of(now)).order_by(None).subquery()
    if session.scalar(select(known.c.id).where(known.c.id == user_id).limit(1)) is None:
        raise Invalid(responsible=FieldProblem.NOT_A_CHOICE)
