"""How much of a place a mediator works, and their duties beside cases; each from a day on.

What was on a past day stays: loads and months of then are reckoned with it.
"""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from data_access import audit
from data_access.engine import Database
from data_access.tables import Mediator, MediatorTime, StandingDuty
from data_access.team_changes import change_mediator, told_of
from domain.cases import FieldProblem
from domain.clocks import day_of
from domain.errors import Invalid, NotKeepable
from domain.loads import FULL_TIME, PART_TIME
from domain.people import Actor
from domain.teams import (
    DUTY_NAME_LONGEST,
    DUTY_NAME_SHORTEST,
    FURTHEST_AHEAD,
    MOST_DUTY,
    TeamObjection,
    TeamProblem,
)

_DAY = timedelta(days=1)


def set_working_time(
    db: Database,
    *,
    mediator_id: int,
    tenths: int,
    first_day: date,
    actor: Actor,
    now: datetime,
    key: str,
    expected_version: int | None = None,
) -> None:
    """Somebody works `tenths` of a full-time place from a day on, until what is entered for later.

    Raises NotAllowed, TeamNotFound, TeamChanged, NotKeepable, Invalid, KeyReused.
    """
    if not 1 <= tenths <= FULL_TIME:
        raise Invalid(tenths=FieldProblem.OUT_OF_RANGE)
    _require_ahead(first_day, now=now)

    def apply(session: Session, mediator: Mediator) -> audit.Deed:
        before = _time_on(session, mediator, first_day)
        _write_time(session, mediator.id, tenths, first_day)
        told = told_of(mediator, {"tenths": before}, {"tenths": tenths})
        return audit.Deed("mediator:set_time", *told)

    change_mediator(
        db,
        apply,
        operation="mediator:set_time",
        request={"tenths": tenths, "first_day": first_day.isoformat()},
        mediator_id=mediator_id,
        expected_version=expected_version,
        actor=actor,
        now=now,
        key=key,
        day=first_day,
    )


def add_duty(
    db: Database,
    *,
    mediator_id: int,
    name: str,
    tenths: int,
    first_day: date,
    last_day: date | None,
    actor: Actor,
    now: datetime,
    key: str,
    expected_version: int | None = None,
) -> None:
    """A standing duty of `tenths` of a standard case, first and last day included; None: no end.

    Raises NotAllowed, TeamNotFound, TeamChanged, NotKeepable, Invalid, KeyReused.
    """
    name = _checked_duty(name, tenths, first_day, last_day)
    _require_ahead(first_day, now=now)
    days = {"first": first_day.isoformat(), "last": last_day.isoformat() if last_day else None}

    def apply(session: Session, mediator: Mediator) -> audit.Deed:
        session.add(
            StandingDuty(
                mediator_id=mediator.id,
                name=name,
                tenths=tenths,
                valid_from=first_day,
                valid_to=last_day + _DAY if last_day else None,
            )
        )
        # What it is called was typed by hand, and stays out of the trail.
        told = told_of(mediator, {}, {"duty": tenths, **days})
        return audit.Deed("mediator:add_duty", *told)

    change_mediator(
        db,
        apply,
        operation="mediator:add_duty",
        request={"name": name, "tenths": tenths, **days},
        mediator_id=mediator_id,
        expected_version=expected_version,
        actor=actor,
        now=now,
        key=key,
        day=first_day,
    )


def end_duty(
    db: Database,
    *,
    mediator_id: int,
    duty_id: int,
    last_day: date,
    actor: Actor,
    now: datetime,
    key: str,
    expected_version: int | None = None,
) -> None:
    """A duty ends with its last day, yesterday at the earliest; one that has not begun goes.

    Raises NotAllowed, TeamNotFound, TeamChanged, NotKeepable, Invalid, KeyReused.
    """
    today = day_of(now)
    if last_day < today - _DAY:
        raise Invalid(last_day=TeamProblem.TOO_EARLY)

    def apply(session: Session, mediator: Mediator) -> audit.Deed:
        duty = session.get(StandingDuty, duty_id)
        if duty is None or duty.mediator_id != mediator.id or _is_over(duty, today):
            raise NotKeepable([TeamObjection.NO_SUCH_DUTY])
        before: dict[str, Any] = {"duty": duty.tenths, "last": _last(duty)}
        after: dict[str, Any] = {"duty": duty.tenths, "last": last_day.isoformat()}
        if last_day < duty.valid_from:
            session.delete(duty)
            after = {"duty": None, "last": None}
        else:
            duty.valid_to = last_day + _DAY
        return audit.Deed("mediator:end_duty", *told_of(mediator, before, after))

    change_mediator(
        db,
        apply,
        operation="mediator:end_duty",
        request={"duty": duty_id, "last_day": last_day.isoformat()},
        mediator_id=mediator_id,
        expected_version=expected_version,
        actor=actor,
        now=now,
        key=key,
    )


def _require_ahead(day: date, *, now: datetime) -> None:
    today = day_of(now)
    if day < today:
        raise Invalid(first_day=TeamProblem.TOO_EARLY)
    if day > today + FURTHEST_AHEAD:
        raise Invalid(first_day=TeamProblem.TOO_FAR)


def _checked_duty(name: str, tenths: int, first_day: date, last_day: date | None) -> str:
    name = " ".join(name.split())
    if not name:
        raise Invalid(duty_name=FieldProblem.MISSING)
    if not DUTY_NAME_SHORTEST <= len(name) <= DUTY_NAME_LONGEST:
        short = len(name) < DUTY_NAME_SHORTEST
        raise Invalid(duty_name=FieldProblem.TOO_SHORT if short else FieldProblem.TOO_LONG)
    if not 1 <= tenths <= MOST_DUTY:
        raise Invalid(duty=FieldProblem.OUT_OF_RANGE)
    if last_day is not None and last_day < first_day:
        raise Invalid(last_day=TeamProblem.REVERSED)
    return name


def _time_on(session: Session, mediator: Mediator, day: date) -> int:
    row = _row_on(session, mediator.id, day)
    if row is not None:
        return row.tenths
    return FULL_TIME if mediator.full_time else PART_TIME


def _row_on(session: Session, mediator_id: int, day: date) -> MediatorTime | None:
    return session.scalar(
        select(MediatorTime).where(
            MediatorTime.mediator_id == mediator_id,
            MediatorTime.valid_from <= day,
            or_(MediatorTime.valid_to.is_(None), MediatorTime.valid_to > day),
        )
    )


def _write_time(session: Session, mediator_id: int, tenths: int, day: date) -> None:
    """End what holds on the day, and let the new one hold until the next that is entered."""
    held = _row_on(session, mediator_id, day)
    if held is not None and held.valid_from == day:
        held.tenths = tenths
        return
    if held is not None:
        held.valid_to = day
    later = session.scalars(
        select(MediatorTime.valid_from)
        .where(MediatorTime.mediator_id == mediator_id, MediatorTime.valid_from > day)
        .order_by(MediatorTime.valid_from)
    ).first()
    session.add(
        MediatorTime(mediator_id=mediator_id, tenths=tenths, valid_from=day, valid_to=later)
    )


def _is_over(duty: StandingDuty, today: date) -> bool:
    return duty.valid_to is not None and duty.valid_to <= today


def _last(duty: StandingDuty) -> str | None:
    return (duty.valid_to - _DAY).isoformat() if duty.valid_to else None
