"""How a case goes from hand to hand, and back: what a single move and a batch have in common."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from data_access import history
from data_access.clocks import running
from data_access.queries import candidates
from data_access.reach import reach
from data_access.recusal import standing_grounds
from data_access.reference import load_clock
from data_access.scope import cases_within
from data_access.tables import Case, CaseEvent, Mediator
from domain.balancing.suggesting import TOP
from domain.cases import BY_RULES, EventKind, ReassignReason, Stage, UndoObjection
from domain.clocks import Running
from domain.eligibility import RECUSALS, Candidate, Judged, Objection, judge
from domain.errors import NotEligible, NotFound, NotReassignable, NotUndoable
from domain.locks import Lock, locked_by_hand
from domain.organisation import UnitLevel
from domain.people import Actor, Permission

_HARD = RECUSALS | {Objection.LEFT_POST, Objection.LICENCE_OVER}
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


class Hands:
    """Cases and the people who may get them, asked at once: as many statements for 500 as for one.

    What it knows is of the moment in which it was made, so cases and people are locked before.
    """

    def __init__(
        self,
        session: Session,
        cases: Sequence[Case],
        people: Iterable[int],
        *,
        actor: Actor,
        now: datetime,
    ) -> None:
        self._session, self._actor = session, actor
        self._facts = candidates.facts(session, cases, now=now)
        holders = {one.mediator_id for one in cases if one.mediator_id is not None}
        who = Mediator.id.in_(sorted(holders.union(people)))
        found = reach(session, who, county_id=actor.county_id, now=now)
        self._people = {one.mediator_id: one for one in found}
        ids = [one.id for one in cases]
        self._grounds = standing_grounds(
            session, ids, county_id=actor.county_id, assigner=actor.user_id
        )

    def require_eligible(
        self,
        case: Case,
        mediator_id: int,
        reason: ReassignReason,
        *,
        but: frozenset[Objection] = frozenset(),
    ) -> Candidate:
        """The mediator, where nothing speaks against it `but` what is checked elsewhere.

        Raises NotFound, NotEligible, or NotReassignable for a lock that holds.
        """
        judged = self._judged(case, mediator_id)
        if no := [one for one in judged.objections if one not in but]:
            raise NotEligible(no)
        may_supervise = bool(judged.locks) and _supervises(self._session, case, self._actor)
        if locks := locked_by_hand(judged.locks, reason, may_supervise=may_supervise):
            raise NotReassignable(locks)
        return judged.candidate

    def require_unlocked(self, case: Case, mediator_id: int, *, yielding: frozenset[Lock]) -> None:
        """Raise NotReassignable where a lock holds the case that no plan moves it against.

        Unless it is one of those `yielding`, or who holds the case has to give it up.
        """
        locks = [one for one in self._judged(case, mediator_id).locks if one not in yielding]
        if locks and not self.must_let_go(case, case.mediator_id):
            raise NotReassignable(locks)

    def must_let_go(self, case: Case, mediator_id: int | None) -> bool:
        """Whether this mediator may hold the case no more, whatever else there is to say."""
        if mediator_id is None:
            return False
        return not _HARD.isdisjoint(self._judged(case, mediator_id).objections)

    def _judged(self, case: Case, mediator_id: int) -> Judged:
        candidate = self._people.get(mediator_id)
        if candidate is None:
            raise NotFound(str(mediator_id))
        grounds = self._grounds.get(case.id, {}).get(mediator_id, frozenset())
        return judge(replace(candidate, grounds=grounds), self._facts[case.id])


def _supervises(session: Session, case: Case, actor: Actor) -> bool:
    """Whether somebody supervises this very case, and not only another place."""
    if not actor.may(Permission.CASE_SUPERVISE):
        return False
    theirs = select(Case.id).where(
        Case.county_id == case.county_id,
        Case.id == case.id,
        cases_within(actor.scope(Permission.CASE_SUPERVISE)),
    )
    return session.scalar(theirs) is not None


def handed(
    session: Session,
    case: Case,
    to: Candidate,
    reason: ReassignReason,
    note: str,
    now: datetime,
    *,
    suggested: Sequence[int] = (),
) -> history.Change:
    """The change that gives a case to a mediator; one that waited for it begins mediation.

    `suggested`: the mediators who were proposed for it, the best first.
    """
    values: dict[str, Any] = {
        "mediator_id": to.mediator_id,
        "committee_id": to.committee_id,
        "held_since": now,
    }
    first = case.stage is Stage.ACCEPTED
    if first:
        clock = load_clock(session)
        level = to.level
        due = clock.due(Running(Stage.IN_MEDIATION, case.difficulty, now, level=level))
        values |= {
            "stage": Stage.IN_MEDIATION,
            "stage_since": now,
            "limit_level": level,
            **_NOT_YET,
            "due_at": due.due_at,
            "soon_at": due.soon_at,
        }
    data: dict[str, Any] = {
        "from": case.mediator_id,
        "to": to.mediator_id,
        "committee": to.committee_id,
        "reason": reason,
        "before": before_of(case),
    }
    if suggested:
        data["suggested"] = list(suggested[:TOP])
    return history.Change(
        EventKind.ASSIGNED if first else EventKind.REASSIGNED,
        "case:assign" if first else "case:reassign",
        values,
        data,
        note,
        reason,
    )


def before_of(case: Case) -> dict[str, Any]:
    """What an undo restores, in JSON."""
    values = {name: getattr(case, name) for name in _RESTORED}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
    }


def restored(session: Session, case: Case, before: dict[str, Any]) -> dict[str, Any]:
    """The columns as they were, out of the event's JSON; the deadline by the clock of now.

    Meanwhile the rules may have changed in a way that moved other deadlines than this case's own.
    Where a move left the case in its stage, all but the hands stays as it is: what else is another
    was the rules' doing.
    """
    if before["stage"] == case.stage:
        since = before["held_since"]
        return {
            "mediator_id": before["mediator_id"],
            "committee_id": before["committee_id"],
            "held_since": datetime.fromisoformat(since) if since else None,
        }
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


def require_former(hands: Hands, case: Case, mediator_id: int | None) -> None:
    """Raise NotUndoable where who held the case before must not hold it again."""
    if hands.must_let_go(case, mediator_id):
        raise NotUndoable([UndoObjection.FORMER_NOT_ELIGIBLE])


def lock_mediators(session: Session, mediators: Iterable[int]) -> None:
    """Hold the rows of several until commit, in the order of their numbers.

    So that two cases cannot both take the last free place of one, and nobody is about to leave or
    to be barred. Before anything is written: whoever writes holds the county's trail, and others
    who hold one of these people wait for that. Not their keys, so that an import whose cases name
    them is not waited for.
    """
    rows = select(Mediator.id).where(Mediator.id.in_(sorted(set(mediators))))
    session.execute(rows.order_by(Mediator.id).with_for_update(key_share=True)).all()


def touched_since(session: Session, case: Case, version: int) -> bool:
    """Whether anybody did anything with a case after it had this version; rules are nobody."""
    if case.version == version:
        return False
    since = exists().where(
        CaseEvent.county_id == case.county_id,
        CaseEvent.case_id == case.id,
        CaseEvent.seq > version,
        CaseEvent.kind.not_in(BY_RULES),
    )
    return bool(session.scalar(select(since)))
