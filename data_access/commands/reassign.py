"""Give a case to a mediator, or take one's own last giving back."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access import history, idempotency
from data_access.clocks import level_of, running
from data_access.engine import Database
from data_access.queries import candidates
from data_access.reference import load_clock
from data_access.tables import Case, CaseEvent, Mediator
from domain.cases import (
    EventKind,
    FieldProblem,
    ReassignReason,
    Stage,
    UndoObjection,
    objections_to_move,
)
from domain.clocks import Running
from domain.eligibility import Objection, objections
from domain.errors import Invalid, NotEligible, NotFound, NotReassignable, NotUndoable
from domain.organisation import UnitLevel
from domain.people import Actor, Permission

NOTE_SHORTEST = 4
NOTE_LONGEST = 500
_HARD = frozenset({Objection.RECUSED, Objection.LEFT_POST})
_MOVING = frozenset({EventKind.ASSIGNED, EventKind.REASSIGNED})
_MOMENTS = ("held_since", "stage_since", "due_at", "soon_at")
_DAYS = ("limit_on", "stated_due_on")
# What was stated for a stage, granted to it or asked for it: the next begins without.
_NOT_YET: dict[str, Any] = {
    "limit_on": None,
    "stated_due_on": None,
    "extended": 0,
    "extension_asked": None,
    "extensions": 0,
}
_RESTORED = ("mediator_id", "committee_id", "stage", "limit_level", *_MOMENTS, *_NOT_YET)


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
) -> Moved:
    """Hand the case to a mediator, or refuse and change nothing.

    `expected_version` is the version the person was looking at; `key` makes a retry safe. A case
    that waits for assignment begins mediation, and its mediation clock starts. Raises NotAllowed,
    NotFound, Conflict, NotReassignable, NotEligible, Invalid or KeyReused.
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
            to = _require_eligible(session, case, to_mediator_id, now)
            what = _change(session, case, to, reason, note, history.time_of(case, now))
            version = history.change(session, case, what, actor=actor, now=now)
            return asdict(Moved(case_no, version, to.id, to.name))

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
    """Take back one's own reassignment, while it is the last thing that happened to the case.

    The former mediator is checked again for what must never be (recusal, left the post). A case
    that the reassignment itself took out of the person's scope can still be taken back. Raises
    NotAllowed, NotFound, Conflict, NotUndoable or KeyReused.
    """
    request = {"case_no": case_no, "version": expected_version}

    def work(session: Session) -> Moved:
        def take_back() -> dict[str, Any]:
            case = _load_for_undo(session, case_no, actor)
            history.require_version(session, case, expected_version)
            before = _undoable(session, case, actor).data["before"]
            former = _former(session, case, before["mediator_id"], now)
            what = history.Change(
                EventKind.UNDONE,
                "case:undo_reassign",
                _restored(session, case, before),
                {"undid": case.version, "from": case.mediator_id, "to": before["mediator_id"]},
            )
            version = history.change(session, case, what, actor=actor, now=now)
            name = former.name if former else ""
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


def _checked_note(note: str) -> str:
    note = note.strip()
    if not note:
        raise Invalid(note=FieldProblem.MISSING)
    if len(note) < NOTE_SHORTEST:
        raise Invalid(note=FieldProblem.TOO_SHORT)
    if len(note) > NOTE_LONGEST:
        raise Invalid(note=FieldProblem.TOO_LONG)
    return note


def _require_eligible(session: Session, case: Case, mediator_id: int, now: datetime) -> Mediator:
    # The mediator's row is locked so that two cases cannot both take the last free place; not its
    # key, so that an import whose cases name the mediator is not waited for.
    mediator = session.scalar(
        select(Mediator).where(Mediator.id == mediator_id).with_for_update(key_share=True)
    )
    if mediator is None:
        raise NotFound(str(mediator_id))
    (candidate,) = candidates.candidates(session, case, now=now, only=mediator_id)
    if no := objections(candidate, candidates.facts(session, case)):
        raise NotEligible(no)
    return mediator


def _change(
    session: Session,
    case: Case,
    to: Mediator,
    reason: ReassignReason,
    note: str,
    now: datetime,
) -> history.Change:
    values: dict[str, Any] = {
        "mediator_id": to.id,
        "committee_id": to.committee_id,
        "held_since": now,
    }
    first = case.stage is Stage.ACCEPTED
    if first:
        clock = load_clock(session)
        level = level_of(session, to.committee_id)
        due = clock.due(Running(Stage.IN_MEDIATION, case.difficulty, now, level=level))
        values |= {
            "stage": Stage.IN_MEDIATION,
            "stage_since": now,
            "limit_level": level,
            **_NOT_YET,
            "due_at": due.due_at,
            "soon_at": due.soon_at,
        }
    data = {
        "from": case.mediator_id,
        "to": to.id,
        "committee": to.committee_id,
        "reason": reason,
        "before": _before(case),
    }
    return history.Change(
        EventKind.ASSIGNED if first else EventKind.REASSIGNED,
        "case:assign" if first else "case:reassign",
        values,
        data,
        note,
        reason,
    )


def _before(case: Case) -> dict[str, Any]:
    """What an undo restores, in JSON."""
    values = {name: getattr(case, name) for name in _RESTORED}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
    }


def _restored(session: Session, case: Case, before: dict[str, Any]) -> dict[str, Any]:
    """The columns as they were, out of the event's JSON; the deadline by the clock of now.

    Meanwhile the rules may have changed in a way that moved other deadlines than this case's own.
    """
    values: dict[str, Any] = {name: before[name] for name in _RESTORED}
    values["stage"] = Stage(values["stage"])
    for name in _MOMENTS:
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    for name in _DAYS:
        values[name] = date.fromisoformat(values[name]) if values[name] else None
    level = values["limit_level"]
    values["limit_level"] = UnitLevel(level) if level else None
    again = Case(county_id=case.county_id, id=case.id, difficulty=case.difficulty, **values)
    due = load_clock(session).due(running(session, again, now=None))
    return values | {"due_at": due.due_at, "soon_at": due.soon_at}


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
    event = session.scalar(
        select(CaseEvent).where(
            CaseEvent.county_id == case.county_id,
            CaseEvent.case_id == case.id,
            CaseEvent.seq == case.version,
        )
    )
    if event is None or event.kind not in _MOVING or "before" not in event.data:
        raise NotUndoable([UndoObjection.NOT_A_REASSIGNMENT])
    if event.actor_id != actor.user_id:
        raise NotUndoable([UndoObjection.NOT_YOURS])
    return event


def _former(
    session: Session, case: Case, mediator_id: int | None, now: datetime
) -> Mediator | None:
    if mediator_id is None:
        return None
    (candidate,) = candidates.candidates(session, case, now=now, only=mediator_id)
    if _HARD & set(objections(candidate, candidates.facts(session, case))):
        raise NotUndoable([UndoObjection.FORMER_NOT_ELIGIBLE])
    return session.get(Mediator, mediator_id)
