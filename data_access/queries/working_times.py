"""How much somebody works from a day on, and their standing duties beside cases."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from data_access.scope import committees_within
from data_access.tables import Committee, Mediator, MediatorTime, StandingDuty
from domain.people import Scope


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """How much of a full-time place from a day on, in tenths, to `valid_to` (exclusive)."""

    tenths: int
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Duty:
    """A standing duty beside cases, in tenths of a standard case, to `valid_to` (exclusive)."""

    duty_id: int
    name: str
    tenths: int
    valid_from: date
    valid_to: date | None


def working_time(
    session: Session, *, scope: Scope, mediator_id: int, day: date
) -> tuple[tuple[WorkingTime, ...], tuple[Duty, ...]]:
    """What holds on a day and what comes after it, the nearest first: two queries."""
    theirs = (
        select(Mediator.id)
        .join(Committee, Committee.id == Mediator.committee_id)
        .where(Mediator.id == mediator_id, committees_within(scope))
    )
    times = session.execute(
        select(MediatorTime.tenths, MediatorTime.valid_from, MediatorTime.valid_to)
        .where(MediatorTime.mediator_id.in_(theirs), _not_over(MediatorTime, day))
        .order_by(MediatorTime.valid_from)
    )
    one = StandingDuty
    duties = session.execute(
        select(one.id, one.name, one.tenths, one.valid_from, one.valid_to)
        .where(one.mediator_id.in_(theirs), _not_over(one, day))
        .order_by(one.valid_from, one.id)
    )
    return tuple(WorkingTime(*row) for row in times), tuple(Duty(*row) for row in duties)


def _not_over(table: type[MediatorTime | StandingDuty], day: date) -> ColumnElement[bool]:
    return or_(table.valid_to.is_(None), table.valid_to > day)
