"""How open cases stand and which come first, as SQL: one meaning for the queue and the map."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_

from data_access.tables import Case
from domain.cases import Lamp
from domain.clocks import day_of, lamp
from domain.transitions import parking_over

# By due time, then risk, then number; those that stand still last.
IN_ORDER = (Case.paused, Case.due_at, Case.risk, Case.id)


def urgency(now: datetime) -> tuple[Any, ...]:
    """What open cases are ordered by: before all others those that are parked for too long."""
    return case((lamp_is(Lamp.PARKING_OVER, now), 0), else_=1), *IN_ORDER


def lamp_is(wanted: Lamp, now: datetime) -> ColumnElement[bool]:
    """Whether a case shows this lamp at a moment."""
    running = Case.paused == 0
    match wanted:
        case Lamp.LATE:
            return and_(running, Case.due_at <= now)
        case Lamp.SOON:
            return and_(running, Case.due_at > now, Case.soon_at <= now)
        case Lamp.ON_TIME:
            return and_(running, Case.due_at > now, Case.soon_at > now)
        case Lamp.PAUSED:
            return and_(Case.paused == 1, parking_is_not_over(now))
        case Lamp.PARKING_OVER:
            return and_(Case.paused == 1, parking_is_over(now))
        case Lamp.CLOSED:
            return Case.is_open == 0


def parking_is_over(now: datetime) -> ColumnElement[bool]:
    """Whether the day until which a case was parked is behind."""
    return Case.parked_until < day_of(now)


def parking_is_not_over(now: datetime) -> ColumnElement[bool]:
    """The opposite, also for what was parked without a day."""
    return or_(Case.parked_until.is_(None), Case.parked_until >= day_of(now))


def lamp_of(row: Any, now: datetime) -> Lamp:
    """How a case that was read stands: `row` has due_at, soon_at, paused and parked_until."""
    if row.due_at is not None and row.paused and parking_over(row.parked_until, now=now):
        return Lamp.PARKING_OVER
    return lamp(now=now, due_at=row.due_at, soon_at=row.soon_at, paused=bool(row.paused))
