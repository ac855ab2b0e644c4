"""In which order a mediator should take up what they hold, and why each case stands there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.locks import locks_of
from data_access.paces import days_left, effort_of, paces_of
from data_access.queries.loads import mediator_loads
from data_access.scope import cases_within, mediators_within
from data_access.tables import Case, Committee, Mediator
from data_access.tables.cases import IS_OPEN
from domain.balancing import Person, Work, worklist_order
from domain.balancing.worklist import Turn
from domain.errors import NotFound
from domain.locks import Lock
from domain.people import Scope


@dataclass(frozen=True, slots=True)
class InTurn:
    """A case of the list; `turn` None: its clock stands still, so it waits behind all others."""

    case_no: str
    turn: Turn | None


def worklist(
    session: Session, *, scope: Scope, mediator_id: int, now: datetime
) -> tuple[InTurn, ...]:
    """The open cases of a mediator that the scope may see, in the order for today.

    The pace is their own of the last 90 days, drawn towards that of their committee: a plan for
    many draws it towards the county's, which is dearer to reckon. Raises NotFound.
    """
    committee_id = session.scalar(
        select(Mediator.committee_id)
        .join(Committee, Committee.id == Mediator.committee_id)
        .where(Mediator.id == mediator_id, mediators_within(scope))
    )
    if committee_id is None:
        raise NotFound
    rows = list(session.execute(_held(scope, mediator_id)))
    locks = locks_of(session, [row.id for row in rows], county_id=scope.county_id, now=now)
    numbers = {row.id: row.case_no for row in rows}
    works = [
        _work(row, met=Lock.MID_MEDIATION in locks[row.id].locks, now=now)
        for row in rows
        if not row.paused
    ]
    person = _person(session, scope.county_id, committee_id, mediator_id, now)
    ordered = [
        InTurn(numbers[one.case_id], one.turn)
        for one in worklist_order(works, person=person, now=now)
    ]
    return (*ordered, *(InTurn(row.case_no, None) for row in rows if row.paused))


def _held(scope: Scope, mediator_id: int) -> Any:
    return (
        select(
            Case.id,
            Case.case_no,
            Case.weight,
            Case.stage,
            Case.stage_since,
            Case.due_at,
            Case.paused,
        )
        .where(IS_OPEN, cases_within(scope), Case.mediator_id == mediator_id)
        .order_by(Case.id)
    )


def _work(row: Any, *, met: bool, now: datetime) -> Work:
    return Work(
        case_id=row.id,
        weight=row.weight,
        effort=effort_of(row, met=met, now=now),
        due_in=days_left(row, row.due_at, now),
        holder=None,
        eligible=frozenset(),
    )


def _person(
    session: Session, county_id: int, committee_id: int, mediator_id: int, now: datetime
) -> Person:
    colleagues = {
        one.mediator_id: one
        for one in mediator_loads(
            session, scope=Scope(county_id, committees=frozenset({committee_id})), now=now
        )
    }
    tenths = {one.mediator_id: one.tenths for one in colleagues.values()}
    own = colleagues.get(mediator_id)
    if own is None:
        return Person(mediator_id, 0, 0, 0, 0, 0.0)
    paces = paces_of(session, tenths, county_id=county_id, now=now)
    return Person(mediator_id, own.available, own.capacity, 0, 0, paces[mediator_id])
