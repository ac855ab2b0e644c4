"""Reassign many cases in one go, exactly as previewed, and take the whole back for days."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from data_access import audit, handing, history, idempotency
from data_access.engine import Database
from data_access.reach import reach, seen
from data_access.scope import cases_within
from data_access.tables import BatchMove, Case, CaseEvent, Mediator, ReassignBatch
from data_access.tables.cases import IS_OPEN
from domain.batches import (
    MOST_MOVES,
    NAME_LONGEST,
    UNDO_DAYS,
    BatchMode,
    BatchRefused,
    CaseRefusal,
    KeptBecause,
    PlannedMove,
    SeenPerson,
)
from domain.cases import (
    EventKind,
    FieldProblem,
    ReassignReason,
    UndoObjection,
    objections_to_move,
)
from domain.eligibility import Objection
from domain.errors import Invalid, NotEligible, NotFound, NotReassignable, NotUndoable, Refusal
from domain.locks import Lock
from domain.people import Actor, Permission, Scope

NOTE_SHORTEST, NOTE_LONGEST = 4, 500
_CAPACITY = frozenset({Objection.AT_CAPACITY})
_NONE: frozenset[Lock] = frozenset()
# Who is away can keep no case, and what was spread for that has moved lately when it goes back.
_YIELDING = {
    BatchMode.ABSENCE: frozenset(Lock),
    BatchMode.HAND_BACK: frozenset({Lock.MOVED_LATELY}),
}


@dataclass(frozen=True)
class NewBatch:
    """What is to be committed. The note goes with every case, sealed there.

    `people` are all whose load the moves change, as the preview had them.
    """

    name: str
    mode: BatchMode
    reason: ReassignReason
    note: str
    moves: tuple[PlannedMove, ...]
    people: tuple[SeenPerson, ...]


@dataclass(frozen=True, slots=True)
class Committed:
    """A batch that was committed, and how many cases it moved."""

    batch_id: int
    moved: int


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo came to: the cases that went back, and why the others stay, by case number."""

    restored: tuple[str, ...] = ()
    kept: dict[str, KeptBecause] = field(default_factory=dict)


def commit_batch(
    db: Database, *, batch: NewBatch, actor: Actor, now: datetime, key: str
) -> Committed:
    """Move every case of the batch, or refuse all of it and change nothing.

    Each case and each person has to be what was previewed, the case movable and not locked, and its
    mediator eligible; whether somebody holds more than they may is asked of the whole, so that two
    may exchange their cases. Raises NotAllowed, Invalid, KeyReused, or BatchRefused with every case
    and person that stands in the way.
    """
    batch = _checked(batch)
    request = asdict(batch)

    def work(session: Session) -> Committed:
        scope = actor.scope(Permission.CASE_REASSIGN)

        def commit() -> dict[str, Any]:
            cases = _within(session, batch, scope)
            going = {one.to_mediator_id for one in batch.moves}
            holders = {one.mediator_id for one in cases.values()}
            touched = [one for one in batch.people if one.mediator_id in holders | going]
            people = _changed_people(session, touched, actor, now)
            held_before = _held(session, actor, going)
            hands = handing.Hands(session, list(cases.values()), going, actor=actor, now=now)
            refused: list[CaseRefusal] = []
            done = []
            for place, move in enumerate(batch.moves):
                try:
                    case = cases.get(move.case_no)
                    if case is None:
                        raise NotFound
                    done.append(_move(session, hands, case, move, batch, actor, now))
                except Refusal as refusal:
                    refused.append(CaseRefusal(place, refusal))
            refused += _over_capacity(session, actor, batch.moves, held_before)
            if refused or people:
                # Of people nothing is said where a case is not theirs to move: whom they name then
                # may be nobody of theirs either.
                raise BatchRefused(tuple(refused), () if refused else people)
            kept = _keep(session, batch, done, actor, now)
            return asdict(Committed(kept, len(done)))

        _lock_cases(session, (one.case_no for one in batch.moves), county_id=actor.county_id)
        handing.lock_mediators(session, (one.mediator_id for one in batch.people))
        answer = idempotency.once(
            session, key, commit, actor=actor, operation="batch", request=request, now=now
        )
        return Committed(**answer)

    return db.write(work)


def undo_batch(db: Database, *, batch_id: int, actor: Actor, now: datetime, key: str) -> Undone:
    """Give back every case of a batch that nobody has touched since; the others stay, and why.

    By who committed it, or by who supervises, within UNDO_DAYS. Raises NotAllowed, NotFound,
    NotUndoable or KeyReused.
    """

    def work(session: Session) -> Undone:
        actor.scope(Permission.CASE_REASSIGN)

        def take_back() -> dict[str, Any]:
            batch = _undoable(session, batch_id, actor, now)
            undone = _take_back(session, batch, actor, now)
            session.execute(
                update(ReassignBatch)
                .where(ReassignBatch.id == batch.id)
                .values(undone_at=now, undone_by=actor.user_id)
            )
            facts = {"restored": len(undone.restored), "kept": len(undone.kept)}
            deed = audit.Deed("batch:undo", f"batch:{batch.id}", facts)
            audit.append(session, [deed], actor=actor, at=now, changes_data=True)
            return asdict(undone)

        numbers = _numbers(session, batch_id, actor)
        _lock_cases(session, numbers, county_id=actor.county_id)
        handing.lock_mediators(session, _former(session, batch_id, actor))
        answer = idempotency.once(
            session,
            key,
            take_back,
            actor=actor,
            operation="undo_batch",
            request={"batch_id": batch_id},
            now=now,
        )
        kept = {number: KeptBecause(why) for number, why in answer["kept"].items()}
        return Undone(tuple(answer["restored"]), kept)

    return db.write(work)


def _checked(batch: NewBatch) -> NewBatch:
    name, note = " ".join(batch.name.split()), batch.note.strip()
    problems: dict[str, Any] = {}
    if not name:
        problems["name"] = FieldProblem.MISSING
    elif len(name) > NAME_LONGEST:
        problems["name"] = FieldProblem.TOO_LONG
    if not NOTE_SHORTEST <= len(note) <= NOTE_LONGEST:
        short = FieldProblem.TOO_SHORT if note else FieldProblem.MISSING
        problems["note"] = FieldProblem.TOO_LONG if len(note) > NOTE_LONGEST else short
    numbers = [one.case_no for one in batch.moves]
    if not numbers:
        problems["cases"] = FieldProblem.MISSING
    elif len(numbers) > MOST_MOVES or len(set(numbers)) < len(numbers):
        problems["cases"] = FieldProblem.OUT_OF_RANGE
    shown = {one.mediator_id for one in batch.people}
    if not problems and any(one.to_mediator_id not in shown for one in batch.moves):
        problems["people"] = FieldProblem.MISSING
    if problems:
        raise Invalid(**problems)
    return replace(batch, name=name, note=note)


def _lock_cases(session: Session, numbers: Iterable[str], *, county_id: int) -> None:
    """Hold the cases until commit, in the order of their numbers, as every batch locks them.

    So that no two wait for each other.
    """
    asked = select(Case.id).where(Case.county_id == county_id, Case.case_no.in_(sorted(numbers)))
    session.execute(asked.order_by(Case.case_no).with_for_update()).all()


def _within(session: Session, batch: NewBatch, scope: Scope) -> dict[str, Case]:
    """Those of the cases that are within reach, by number, as they are now."""
    found = session.scalars(
        select(Case)
        .where(Case.case_no.in_([one.case_no for one in batch.moves]), cases_within(scope))
        .execution_options(populate_existing=True)
    )
    return {one.case_no: one for one in found}


def _changed_people(
    session: Session, people: Sequence[SeenPerson], actor: Actor, now: datetime
) -> tuple[int, ...]:
    """Who is not what the preview showed, by id: then its figures are not true."""
    who = Mediator.id.in_([one.mediator_id for one in people])
    there = reach(session, who, county_id=actor.county_id, now=now)
    found = {one.mediator_id: one for one in there}
    return tuple(
        one.mediator_id
        for one in people
        if (now_is := found.get(one.mediator_id)) is None or seen(now_is) != one
    )


def _move(
    session: Session,
    hands: handing.Hands,
    case: Case,
    move: PlannedMove,
    batch: NewBatch,
    actor: Actor,
    now: datetime,
) -> dict[str, Any]:
    history.require_version(session, case, move.version)
    if reasons := objections_to_move(case.stage, parked=bool(case.paused)):
        raise NotReassignable(reasons)
    to = hands.require_eligible(case, move.to_mediator_id, batch.reason, but=_CAPACITY)
    hands.require_unlocked(case, move.to_mediator_id, yielding=_YIELDING.get(batch.mode, _NONE))
    was = case.mediator_id
    at = history.time_of(case, now)
    what = handing.handed(session, case, to, batch.reason, batch.note, at)
    version = history.change(session, case, what, actor=actor, now=now)
    return {
        "county_id": case.county_id,
        "case_id": case.id,
        "from_mediator_id": was,
        "to_mediator_id": to.mediator_id,
        "version": version,
    }


def _held(session: Session, actor: Actor, people: set[int]) -> dict[int, int]:
    rows = session.execute(
        select(Case.mediator_id, func.count())
        .where(IS_OPEN, Case.county_id == actor.county_id, Case.mediator_id.in_(sorted(people)))
        .group_by(Case.mediator_id)
    )
    return {int(person or 0): number for person, number in rows}


def _over_capacity(
    session: Session, actor: Actor, moves: Sequence[PlannedMove], before: dict[int, int]
) -> list[CaseRefusal]:
    """The moves to people who now hold more than they may, and more than they held."""
    people = {one.to_mediator_id for one in moves}
    after = _held(session, actor, people)
    rows = session.execute(
        select(Mediator.id, Mediator.capacity).where(Mediator.id.in_(sorted(people)))
    )
    most = {person: max(capacity, before.get(person, 0)) for person, capacity in rows}
    return [
        CaseRefusal(place, NotEligible([Objection.AT_CAPACITY]))
        for place, one in enumerate(moves)
        if after.get(one.to_mediator_id, 0) > most.get(one.to_mediator_id, 0)
    ]


def _keep(
    session: Session,
    batch: NewBatch,
    done: Sequence[dict[str, Any]],
    actor: Actor,
    now: datetime,
) -> int:
    kept = ReassignBatch(
        county_id=actor.county_id,
        name=batch.name,
        mode=batch.mode,
        reason=batch.reason,
        owner_id=actor.user_id,
        committed_at=now,
    )
    session.add(kept)
    session.flush()
    session.execute(insert(BatchMove), [{"batch_id": kept.id, **one} for one in done])
    facts = {"mode": batch.mode, "reason": batch.reason, "moves": len(done)}
    deed = audit.Deed("batch:commit", f"batch:{kept.id}", facts)
    audit.append(session, [deed], actor=actor, at=now, changes_data=True)
    return kept.id


def _numbers(session: Session, batch_id: int, actor: Actor) -> list[str]:
    return list(
        session.scalars(
            select(Case.case_no)
            .join(
                BatchMove,
                (BatchMove.county_id == Case.county_id) & (BatchMove.case_id == Case.id),
            )
            .where(BatchMove.batch_id == batch_id, BatchMove.county_id == actor.county_id)
            .order_by(Case.case_no)
        )
    )


def _former(session: Session, batch_id: int, actor: Actor) -> list[int]:
    """Who may get their cases back."""
    found = session.scalars(
        select(BatchMove.from_mediator_id).where(
            BatchMove.batch_id == batch_id,
            BatchMove.county_id == actor.county_id,
            BatchMove.from_mediator_id.is_not(None),
        )
    )
    return [one for one in found if one is not None]


def _undoable(session: Session, batch_id: int, actor: Actor, now: datetime) -> ReassignBatch:
    batch = session.scalar(
        select(ReassignBatch)
        .where(ReassignBatch.id == batch_id, ReassignBatch.county_id == actor.county_id)
        .with_for_update()
    )
    if batch is None:
        raise NotFound(f"batch:{batch_id}")
    if batch.owner_id != actor.user_id and not _supervised(session, batch, actor):
        # Whose it is and what is in it is no business of others.
        raise NotFound(f"batch:{batch_id}")
    if batch.undone_at is not None:
        raise NotUndoable([UndoObjection.UNDONE_ALREADY])
    if now - batch.committed_at > UNDO_DAYS:
        raise NotUndoable([UndoObjection.TOO_LONG_AGO])
    return batch


def _supervised(session: Session, batch: ReassignBatch, actor: Actor) -> bool:
    """Whether somebody supervises, and any case of the batch is theirs to give back."""
    if not actor.may(Permission.CASE_SUPERVISE):
        return False
    theirs = (
        select(Case.id)
        .join(BatchMove, (BatchMove.county_id == Case.county_id) & (BatchMove.case_id == Case.id))
        .where(
            BatchMove.batch_id == batch.id,
            cases_within(actor.scope(Permission.CASE_REASSIGN)),
            cases_within(actor.scope(Permission.CASE_SUPERVISE)),
        )
    )
    return session.scalar(select(theirs.exists())) or False


def _take_back(session: Session, batch: ReassignBatch, actor: Actor, now: datetime) -> Undone:
    rows = session.execute(
        select(BatchMove, Case)
        .join(Case, (Case.county_id == BatchMove.county_id) & (Case.id == BatchMove.case_id))
        .where(BatchMove.batch_id == batch.id)
        .order_by(Case.case_no)
        .execution_options(populate_existing=True)
    ).all()
    former = [move.from_mediator_id for move, _case in rows if move.from_mediator_id is not None]
    hands = handing.Hands(session, [case for _move, case in rows], former, actor=actor, now=now)
    restored, kept = [], {}
    for move, case in rows:
        why = _kept_because(session, case, move, batch, actor)
        if why is None:
            try:
                move.restored_version = _give_back(session, hands, case, move, actor, now)
                restored.append(case.case_no)
                continue
            except NotUndoable:
                why = KeptBecause.FORMER_NOT_ELIGIBLE
        move.kept_because = why
        kept[case.case_no] = why
    return Undone(tuple(sorted(restored)), dict(sorted(kept.items())))


def _kept_because(
    session: Session, case: Case, move: BatchMove, batch: ReassignBatch, actor: Actor
) -> KeptBecause | None:
    if not case.is_open:
        return KeptBecause.CLOSED
    if handing.touched_since(session, case, move.version):
        return KeptBecause.CHANGED_SINCE
    if batch.owner_id == actor.user_id:
        # Also what the batch itself took out of its owner's scope.
        return None
    scope = actor.scope(Permission.CASE_REASSIGN)
    mine = select(Case.id).where(
        Case.county_id == case.county_id, Case.id == case.id, cases_within(scope)
    )
    return None if session.scalar(mine) is not None else KeptBecause.OUT_OF_SCOPE


def _give_back(
    session: Session, hands: handing.Hands, case: Case, move: BatchMove, actor: Actor, now: datetime
) -> int:
    event = session.get_one(CaseEvent, (case.county_id, case.id, move.version))
    before = event.data["before"]
    handing.require_former(hands, case, before["mediator_id"])
    what = history.Change(
        EventKind.UNDONE,
        "case:undo_reassign",
        handing.restored(session, case, before),
        {"undid": move.version, "from": case.mediator_id, "to": before["mediator_id"]},
    )
    return history.change(session, case, what, actor=actor, now=now)
