"""What is recorded of a case without moving it: checked, written with its event, once per key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from data_access import history, idempotency
from data_access.engine import Database
from data_access.scope import committees_for_town
from data_access.tables import Case, Committee, Mediator, Party, User
from domain.cases import CaseObjection, FieldProblem
from domain.clocks import day_of
from domain.errors import Invalid, NotFound, NotPossible
from domain.organisation import PartyRole
from domain.people import Actor, Permission
from domain.recusal import RecordObjection

NOTE_SHORTEST = 4
NOTE_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Recorded:
    """The case at the version that a record made."""

    case_no: str
    version: int


@dataclass(frozen=True, slots=True)
class Errand:
    """What every record is asked with. `expected_version` is the version the person looked at."""

    case_no: str
    expected_version: int
    actor: Actor
    now: datetime
    key: str


def record(
    db: Database,
    errand: Errand,
    *,
    permission: Permission,
    operation: str,
    request: dict[str, Any],
    work: Callable[[Session, Case], history.Change],
) -> Recorded:
    """Let `work` write its rows and say what happened; the case gets the event, version, trail.

    Only an open case takes records. Raises NotAllowed, NotFound, Conflict, NotPossible, KeyReused
    and what `work` raises.
    """
    actor, case_no, now = errand.actor, errand.case_no, errand.now
    request = {"case_no": case_no, "version": errand.expected_version} | request

    def transaction(session: Session) -> Recorded:
        scope = actor.scope(permission)

        def write() -> dict[str, Any]:
            case = history.load_for_change(session, case_no, scope=scope)
            history.require_version(session, case, errand.expected_version)
            if not case.is_open:
                raise NotPossible([CaseObjection.CLOSED])
            what = work(session, case)
            version = history.change(session, case, what, actor=actor, now=now)
            return {"case_no": case_no, "version": version}

        history.lock(session, case_no, county_id=actor.county_id)
        answer = idempotency.once(
            session, errand.key, write, actor=actor, operation=operation, request=request, now=now
        )
        return Recorded(**answer)

    return db.write(transaction)


def checked_note(note: str) -> str:
    """The reason in the person's own words. Raises Invalid."""
    note = note.strip()
    if not note:
        raise Invalid(note=FieldProblem.MISSING)
    if len(note) < NOTE_SHORTEST:
        raise Invalid(note=FieldProblem.TOO_SHORT)
    if len(note) > NOTE_LONGEST:
        raise Invalid(note=FieldProblem.TOO_LONG)
    return note


def require_past(day: date, *, case: Case, now: datetime, field: str = "day") -> None:
    """Raise Invalid where what a party said lies in the future or before the dispute."""
    if day > day_of(now):
        raise Invalid(**{field: FieldProblem.IN_FUTURE})
    if day < case.occurred_on:
        raise Invalid(**{field: FieldProblem.BEFORE_DISPUTE})


def require_side(session: Session, case: Case, side: PartyRole) -> None:
    """Raise NotPossible where the case has nobody on this side."""
    there = exists().where(
        Party.county_id == case.county_id, Party.case_id == case.id, Party.role == side
    )
    if not session.scalar(select(there)):
        raise NotPossible([RecordObjection.NO_SUCH_SIDE])


def require_mediator(session: Session, case: Case, mediator_id: int) -> None:
    """Raise NotFound unless the mediator is in reach of the case or holds it."""
    reach = committees_for_town(case.town_id) | (Mediator.id == case.mediator_id)
    found = session.scalar(
        select(Mediator.id)
        .join(Committee, Committee.id == Mediator.committee_id)
        .where(Mediator.id == mediator_id, reach)
    )
    if found is None:
        raise NotFound(str(mediator_id))


def require_not_own(session: Session, mediator_id: int, *, actor: Actor) -> None:
    """Raise NotPossible where the person is the mediator whom it is about."""
    own = session.scalar(select(User.mediator_id).where(User.id == actor.user_id))
    if own == mediator_id:
        raise NotPossible([RecordObjection.OWN_MATTER])
