"""Leave of mediators: added, changed, cut short, cancelled. Days that were away stay so."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access import audit
from data_access.engine import Database
from data_access.tables import DutyRoster, Mediator, MediatorAbsence
from data_access.team_changes import (
    Kept,
    away,
    keep_once,
    mediator_for_change,
    record,
    require_as_seen,
    told_days,
)
from domain.clocks import day_of
from domain.errors import Invalid, NotKeepable, TeamNotFound
from domain.organisation import AbsenceKind
from domain.people import Actor, Permission
from domain.teams import Away, TeamObjection, leave_problems


@dataclass(frozen=True, slots=True)
class LeaveKept:
    """A leave that was written down, and on how many of its days the person is on the roster."""

    absence_id: int
    duty_days: int


def add_leave(
    db: Database,
    *,
    mediator_id: int,
    first_day: date,
    last_day: date,
    kind: AbsenceKind,
    actor: Actor,
    now: datetime,
    key: str,
) -> LeaveKept:
    """Write down that somebody is away, first and last day included.

    Raises NotAllowed, TeamNotFound, NotKeepable, Invalid (also where it meets another leave of
    theirs) or KeyReused.
    """
    scope, wanted = actor.scope(Permission.TEAM_ROSTER), Away(first_day, last_day, kind)

    def apply(session: Session, mediator: Mediator) -> dict[str, Any]:
        require_as_seen(mediator, None)
        others = _others(session, mediator_id)
        _require(leave_problems(wanted, others, today=day_of(now)))
        row = MediatorAbsence(
            mediator_id=mediator_id, first_day=first_day, last_day=last_day, kind=kind
        )
        session.add(row)
        mediator.version += 1
        session.flush()
        payload = {"leave": row.id, "after": told_days(wanted)}
        deed = audit.Deed("mediator:add_leave", f"mediator:{mediator_id}", payload)
        _keep(session, mediator, deed, day=first_day, actor=actor, now=now)
        return asdict(LeaveKept(row.id, _duty_days(session, mediator_id, wanted)))

    answer = keep_once(
        db,
        lambda session: mediator_for_change(session, mediator_id, scope=scope),
        apply,
        operation="add_leave",
        request={"mediator": mediator_id, **told_days(wanted)},
        actor=actor,
        now=now,
        key=key,
    )
    return LeaveKept(**answer)


def change_leave(
    db: Database,
    *,
    mediator_id: int,
    absence_id: int,
    first_day: date,
    last_day: date,
    kind: AbsenceKind,
    actor: Actor,
    now: datetime,
    key: str,
) -> LeaveKept:
    """Other days or another kind; once it has begun only its end, not before yesterday, and kind.

    So a leave is cut short by another last day. Raises NotAllowed, TeamNotFound, NotKeepable,
    Invalid or KeyReused.
    """
    scope, wanted = actor.scope(Permission.TEAM_ROSTER), Away(first_day, last_day, kind)
    today = day_of(now)

    def apply(session: Session, mediator: Mediator) -> dict[str, Any]:
        row = _leave(session, mediator_id, absence_id)
        before = away(row)
        _require_changeable(mediator, before, wanted, today=today)
        others = _others(session, mediator_id, but=absence_id)
        begun = before.first_day <= today
        _require(leave_problems(wanted, others, today=today, begun=begun))
        row.first_day, row.last_day, row.kind = first_day, last_day, kind
        mediator.version += 1
        payload = {"leave": row.id, "before": told_days(before), "after": told_days(wanted)}
        deed = audit.Deed("mediator:change_leave", f"mediator:{mediator_id}", payload)
        _keep(session, mediator, deed, day=today, actor=actor, now=now)
        return asdict(LeaveKept(row.id, _duty_days(session, mediator_id, wanted)))

    answer = keep_once(
        db,
        lambda session: mediator_for_change(session, mediator_id, scope=scope),
        apply,
        operation="change_leave",
        request={"mediator": mediator_id, "leave": absence_id, **told_days(wanted)},
        actor=actor,
        now=now,
        key=key,
    )
    return LeaveKept(**answer)


def cancel_leave(
    db: Database,
    *,
    mediator_id: int,
    absence_id: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> None:
    """Take back a leave of which no day has passed yet; one that has begun is cut short instead.

    Raises NotAllowed, TeamNotFound, NotKeepable or KeyReused.
    """
    scope, today = actor.scope(Permission.TEAM_ROSTER), day_of(now)

    def apply(session: Session, mediator: Mediator) -> dict[str, Any]:
        row = _leave(session, mediator_id, absence_id)
        if row.first_day < today:
            over = row.last_day < today
            raise NotKeepable([TeamObjection.LEAVE_OVER if over else TeamObjection.LEAVE_BEGUN])
        payload = {"leave": row.id, "before": told_days(away(row))}
        session.delete(row)
        mediator.version += 1
        deed = audit.Deed("mediator:cancel_leave", f"mediator:{mediator_id}", payload)
        _keep(session, mediator, deed, day=today, actor=actor, now=now)
        return {}

    keep_once(
        db,
        lambda session: mediator_for_change(session, mediator_id, scope=scope),
        apply,
        operation="cancel_leave",
        request={"mediator": mediator_id, "leave": absence_id},
        actor=actor,
        now=now,
        key=key,
    )


def _require_changeable(mediator: Mediator, before: Away, wanted: Away, *, today: date) -> None:
    require_as_seen(mediator, None)
    if before.last_day < today:
        raise NotKeepable([TeamObjection.LEAVE_OVER])
    if before == wanted:
        raise NotKeepable([TeamObjection.UNCHANGED])
    if before.first_day <= today and wanted.first_day != before.first_day:
        raise NotKeepable([TeamObjection.LEAVE_BEGUN])


def _leave(session: Session, mediator_id: int, absence_id: int) -> MediatorAbsence:
    row = session.scalar(
        select(MediatorAbsence).where(
            MediatorAbsence.id == absence_id, MediatorAbsence.mediator_id == mediator_id
        )
    )
    if row is None:
        raise TeamNotFound(f"leave:{absence_id}")
    return row


def _others(session: Session, mediator_id: int, *, but: int = 0) -> list[Away]:
    rows = session.scalars(
        select(MediatorAbsence).where(
            MediatorAbsence.mediator_id == mediator_id, MediatorAbsence.id != but
        )
    )
    return [away(row) for row in rows]


def _require(problems: dict[str, Any]) -> None:
    if problems:
        raise Invalid(**problems)


def _duty_days(session: Session, mediator_id: int, wanted: Away) -> int:
    days = session.scalars(
        select(DutyRoster.day).where(
            DutyRoster.mediator_id == mediator_id,
            DutyRoster.day.between(wanted.first_day, wanted.last_day),
        )
    )
    return len(set(days))


def _keep(
    session: Session,
    mediator: Mediator,
    deed: audit.Deed,
    *,
    day: date,
    actor: Actor,
    now: datetime,
) -> None:
    kept = Kept(deed, mediator.committee_id, mediator.id, day)
    record(session, [kept], actor=actor, now=now)
