"""Give a case to a mediator, or take one's own last giving back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access import handing, history, idempotency
from data_access.engine import Database
from data_access.tables import Case, CaseEvent, Mediator
from domain.cases import (
    BY_RULES,
    EventKind,
    FieldProblem,
    ReassignReason,
    UndoObjection,
    objections_to_move,
)
from domain.errors import Invalid, NotFound, NotReassignable, NotUndoable
from domain.people import Actor, Permission

NOTE_SHORTEST = 4
NOTE_LONGEST = 500
_MOVING = frozenset({EventKind.ASSIGNED, EventKind.REASSIGNED})


@dataclass(frozen=True, slots=True)
class Moved:
    """What a reassignment or its undo came to. `mediator_id` is None when nobody holds it now."""

    case_no: str
    version: int
    mediator_id: int | None
    mediator_name: str


def reassign_case(
    db: Database,
    *,
    case_no: str,
    to_mediator_id: int,
    reason: ReassignReason,
    note: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
    suggested: Sequence[int] = (),
) -> Moved:
    """Hand the case to a mediator, or refuse and change nothing.

    `expected_version` is the version the person was looking at; `key` makes a retry safe. A case
    that waits for assignment begins mediation, and its mediation clock starts. `suggested`: the
    mediators whom the person was shown as the best, in order; the event keeps them, so that it can
    be seen how often suggestions are taken. Raises NotAllowed, NotFound, Conflict, NotReassignable,
    NotEligible, Invalid or KeyReused.
    """
    note = _checked_note(note)
    request = {
        "case_no": case_no,
        "to": to_mediator_id,
        "reason": reason,
        "note": note,
        "version": expected_version,
    }

    def work(session: Session) -> Moved:
        scope = actor.scope(Permission.CASE_REASSIGN)

        def move() -> dict[str, Any]:
            case = history.load_for_change(session, case_no, scope=scope)
            history.require_version(session, case, expected_version)
            if reasons := objections_to_move(case.stage, parked=bool(case.paused)):
                raise NotReassignable(reasons)
            handing.lock_mediators(session, [to_mediator_id])
            hands = handing.Hands(session, [case], [to_mediator_id], actor=actor, now=now)
            to = hands.require_eligible(case, to_mediator_id, reason)
            at = history.time_of(case, now)
            what = handing.handed(session, case, to, reason, note, at, suggested=suggested)
            version = history.change(session, case, what, actor=actor, now=now)
            return asdict(Moved(case_no, version, to.mediator_id, to.name))

        # The first answer under the lock and before the scope: by the very first request the case
        # may have left the scope, and of two sent at once the second waits here.
        history.lock(session, case_no, county_id=actor.county_id)
        answer = idempotency.once(
            session, key, move, actor=actor, operation="reassign", request=request, now=now
        )
        return Moved(**answer)

    return db.write(work)


def undo_reassignment(
    db: Database, *, case_no: str, expected_version: int, actor: Actor, now: datetime, key: str
) -> Moved:
    """Take back one's own reassignment, while it is the last thing that anybody did to the case.

    The former mediator is checked again for what must never be (recusal, left the post). A case
    that the reassignment itself took out of the person's scope can still be taken back. Raises
    NotAllowed, NotFound, Conflict, NotUndoable or KeyReused.
    """
    request = {"case_no": case_no, "version": expected_version}

    def work(session: Session) -> Moved:
        def take_back() -> dict[str, Any]:
            case = _load_for_undo(session, case_no, actor)
            history.require_version(session, case, expected_version)
            moved = _undoable(session, case, actor)
            before = moved.data["before"]
            former = [before["mediator_id"]] if before["mediator_id"] else []
            handing.lock_mediators(session, former)
            hands = handing.Hands(session, [case], former, actor=actor, now=now)
            handing.require_former(hands, case, before["mediator_id"])
            what = history.Change(
                EventKind.UNDONE,
                "case:undo_reassign",
                handing.restored(session, case, before),
                {"undid": moved.seq, "from": case.mediator_id, "to": before["mediator_id"]},
            )
            version = history.change(session, case, what, actor=actor, now=now)
            name = _name_of(session, before["mediator_id"])
            return asdict(Moved(case_no, version, before["mediator_id"], name))

        history.lock(session, case_no, county_id=actor.county_id)
        answer = idempotency.once(
            session,
            key,
            take_back,
            actor=actor,
            operation="undo_reassign",
            request=request,
            now=now,
        )
        return Moved(**answer)

    return db.write(work)


def _name_of(session: Session, mediator_id: int | None) -> str:
    named = select(Mediator.name).where(Mediator.id == mediator_id)
    return session.scalar(named) or "" if mediator_id else ""


def _checked_note(note: str) -> str:
    note = note.strip()
    if not note:
        raise Invalid(note=FieldProblem.MISSING)
    if len(note) < NOTE_SHORTEST:
        raise Invalid(note=FieldProblem.TOO_SHORT)
    if len(note) > NOTE_LONGEST:
        raise Invalid(note=FieldProblem.TOO_LONG)
    return note


def _load_for_undo(session: Session, case_no: str, actor: Actor) -> Case:
    scope = actor.scope(Permission.CASE_REASSIGN)
    case = session.scalar(
        select(Case)
        .where(Case.county_id == actor.county_id, Case.case_no == case_no)
        .execution_options(populate_existing=True)
    )
    if case is None:
        raise NotFound(case_no)
    try:
        return history.load_for_change(session, case_no, scope=scope)
    except NotFound as unknown:
        try:
            before = _undoable(session, case, actor).data["before"]
        except NotUndoable:
            # Even that the case exists is none of their business.
            raise unknown from None
        committee, mediator = before["committee_id"], before["mediator_id"]
        if committee not in scope.committees and mediator not in scope.mediators:
            raise
    return case


def _undoable(session: Session, case: Case, actor: Actor) -> CaseEvent:
    # A change of the rules that came after it is nobody's doing.
    event = session.scalar(
        select(CaseEvent)
        .where(
            CaseEvent.county_id == case.county_id,
            CaseEvent.case_id == case.id,
            CaseEvent.kind.not_in(BY_RULES),
        )
        .order_by(CaseEvent.seq.desc())
        .limit(1)
    )
    if event is None or event.kind not in _MOVING or "before" not in event.data:
        raise NotUndoable([UndoObjection.NOT_A_REASSIGNMENT])
    if event.actor_id != actor.user_id:
        raise NotUndoable([UndoObjection.NOT_YOURS])
    return event
