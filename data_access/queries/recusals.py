"""Open cases that their holder must withdraw from: what somebody has to resolve."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.recusal import held_against
from data_access.scope import cases_within
from data_access.tables import Case, Mediator
from domain.cases import Stage
from domain.eligibility import Objection
from domain.people import Scope


@dataclass(frozen=True, slots=True)
class ToResolve:
    """A case whose holder must withdraw, and why; `grounds` are the gravest first."""

    case_no: str
    mediator_id: int
    mediator_name: str
    stage: Stage
    held_since: datetime
    days_held: int
    grounds: Sequence[Objection]


def recusals_to_resolve(session: Session, *, scope: Scope, now: datetime) -> tuple[ToResolve, ...]:
    """The open cases of a scope that their holder must withdraw from, the longest held first.

    A relation, a party, an objection that came to light later, or a consent that no longer holds,
    moves no case by itself: somebody gives it to another mediator, or the parties consent. Days are
    counted to `now`.
    """
    against = held_against(session, county_id=scope.county_id, where=cases_within(scope))
    if not against:
        return ()
    rows = session.execute(
        select(Case.id, Case.case_no, Case.mediator_id, Mediator.name, Case.stage, Case.held_since)
        .join(Mediator, Mediator.id == Case.mediator_id)
        .where(
            Case.county_id == scope.county_id,
            Case.id.in_(sorted(against)),
        )
        .order_by(Case.held_since, Case.id)
    )
    return tuple(
        ToResolve(
            row.case_no,
            row.mediator_id,
            row.name,
            row.stage,
            row.held_since,
            max(0, (now - row.held_since).days),
            tuple(ground for ground in Objection if ground in against[row.id]),
        )
        for row in rows
    )
