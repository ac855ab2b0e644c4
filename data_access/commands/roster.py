"""The duty roster (值班) of a committee: who is on duty on a day, and a week like another."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from data_access import audit
from data_access.engine import Database
from data_access.tables import Committee, DutyRoster, Mediator, MediatorAbsence
from data_access.team_changes import (
    Kept,
    committee_for_change,
    keep_once,
    record,
    require_open,
)
from domain.clocks import day_of
from domain.errors import Invalid, NotKeepable
from domain.organisation import DutyShift
from domain.people import Actor, Permission
from domain.teams import FURTHEST_AHEAD, MOST_ON_DUTY, WEEK, TeamObjection, TeamProblem, week_of


@dataclass(frozen=True, slots=True)
class WeekCopied:
    """Duties that a copied week brought, and how many it left out: away, left, or taken already."""

    added: int
    left_out: int


def set_duty(
    db: Database,
    *,
    committee_id: int,
    day: date,
    shift: DutyShift,
    mediator_ids: Collection[int],
    actor: Actor,
    now: datetime,
    key: str,
) -> None:
    """Who is on duty in a shift of a day, today or later; nobody for an empty shift.

    Raises NotAllowed, TeamNotFound, NotKeepable where one of them is away, has left or belongs to
    another committee, Invalid or KeyReused.
    """
    scope, wanted = actor.scope(Permission.TEAM_ROSTER), sorted(set(mediator_ids))

    def apply(session: Session, committee: Committee) -> dict[str, Any]:
        require_open(committee)
        _require_day(day, now)
        if len(wanted) > MOST_ON_DUTY:
            raise Invalid(on_duty=TeamProblem.TOO_MANY)
        _require_fit(session, committee_id, wanted, day)
        slot = (
            DutyRoster.committee_id == committee_id,
            DutyRoster.day == day,
            DutyRoster.shift == shift,
        )
        before = sorted(session.scalars(select(DutyRoster.mediator_id).where(*slot)))
        if before == wanted:
            return {}
        session.execute(delete(DutyRoster).where(*slot))
        _insert(session, [(committee_id, day, shift, one) for one in wanted])
        said = {"day": day.isoformat(), "shift": shift.value}
        payload = {"before": {**said, "people": before}, "after": {**said, "people": wanted}}
        deed = audit.Deed("committee:set_duty", f"committee:{committee_id}", payload)
        record(session, [Kept(deed, committee_id, None, day)], actor=actor, now=now)
        return {}

    keep_once(
        db,
        lambda session: committee_for_change(session, committee_id, scope=scope),
        apply,
        operation="set_duty",
        request={
            "committee": committee_id,
            "day": day.isoformat(),
            "shift": shift.value,
            "people": wanted,
        },
        actor=actor,
        now=now,
        key=key,
    )


def copy_week(
    db: Database,
    *,
    committee_id: int,
    from_week: date,
    to_week: date,
    actor: Actor,
    now: datetime,
    key: str,
) -> WeekCopied:
    """Fill a week's empty shifts, from today on, as another week has them; weeks by any of a day.

    Who is away on the day or has left is left out, a shift that is taken stays as it is. Raises
    NotAllowed, TeamNotFound, NotKeepable where there is nothing to copy, Invalid or KeyReused.
    """
    scope = actor.scope(Permission.TEAM_ROSTER)
    old, new = week_of(from_week), week_of(to_week)

    def apply(session: Session, committee: Committee) -> dict[str, Any]:
        require_open(committee)
        _require_day(new[-1], now)
        if old == new:
            raise NotKeepable([TeamObjection.NOTHING_TO_COPY])
        known = _duties(session, committee_id, old)
        if not known:
            raise NotKeepable([TeamObjection.NOTHING_TO_COPY])
        ahead = new[0] - old[0]
        added = _fitting(session, committee_id, known, ahead, today=day_of(now))
        _insert(session, added)
        if added:
            payload = {
                "before": {"first": old[0].isoformat(), "last": old[-1].isoformat()},
                "after": {
                    "first": new[0].isoformat(),
                    "last": new[-1].isoformat(),
                    "duties": len(added),
                },
            }
            deed = audit.Deed("committee:copy_week", f"committee:{committee_id}", payload)
            record(session, [Kept(deed, committee_id, None, new[0])], actor=actor, now=now)
        return asdict(WeekCopied(len(added), len(known) - len(added)))

    answer = keep_once(
        db,
        lambda session: committee_for_change(session, committee_id, scope=scope),
        apply,
        operation="copy_week",
        request={
            "committee": committee_id,
            "from": old[0].isoformat(),
            "to": new[0].isoformat(),
        },
        actor=actor,
        now=now,
        key=key,
    )
    return WeekCopied(**answer)


_Duty = tuple[int, date, DutyShift, int]


def _require_day(day: date, now: datetime) -> None:
    today = day_of(now)
    if day < today:
        raise NotKeepable([TeamObjection.DAY_OVER])
    if day > today + FURTHEST_AHEAD:
        raise Invalid(day=TeamProblem.TOO_FAR)


def _require_fit(session: Session, committee_id: int, wanted: list[int], day: date) -> None:
    reasons = []
    people = set(
        session.scalars(
            select(Mediator.id).where(
                Mediator.id.in_(wanted), Mediator.committee_id == committee_id, Mediator.active
            )
        )
    )
    if people != set(wanted):
        reasons.append(TeamObjection.OTHER_COMMITTEE)
    if _away_days(session, wanted, day, day):
        reasons.append(TeamObjection.ON_LEAVE)
    if reasons:
        raise NotKeepable(reasons)


def _away_days(
    session: Session, people: Collection[int], first: date, last: date
) -> set[tuple[int, date]]:
    """(mediator, day) for each of these days on which one of the people is away."""
    rows = session.execute(
        select(
            MediatorAbsence.mediator_id, MediatorAbsence.first_day, MediatorAbsence.last_day
        ).where(
            MediatorAbsence.mediator_id.in_(people),
            MediatorAbsence.first_day <= last,
            MediatorAbsence.last_day >= first,
        )
    )
    return {
        (mediator_id, first + timedelta(days=ahead))
        for mediator_id, begins, ends in rows
        for ahead in range((last - first).days + 1)
        if begins <= first + timedelta(days=ahead) <= ends
    }


def _duties(session: Session, committee_id: int, week: tuple[date, ...]) -> list[_Duty]:
    rows = session.execute(
        select(DutyRoster.day, DutyRoster.shift, DutyRoster.mediator_id)
        .where(DutyRoster.committee_id == committee_id, DutyRoster.day.between(week[0], week[-1]))
        .order_by(DutyRoster.day, DutyRoster.shift, DutyRoster.mediator_id)
    )
    return [(committee_id, day, shift, mediator_id) for day, shift, mediator_id in rows]


def _fitting(
    session: Session, committee_id: int, known: list[_Duty], ahead: timedelta, *, today: date
) -> list[_Duty]:
    """Those of a week's duties that fit the same days of the other week."""
    moved = [(committee_id, day + ahead, shift, person) for _c, day, shift, person in known]
    people = {person for *_rest, person in moved}
    first = min(day for _c, day, *_rest in moved)
    last = first + timedelta(days=WEEK - 1)
    taken = {(day, shift) for _c, day, shift, _p in _duties(session, committee_id, week_of(first))}
    gone = _away_days(session, people, first, last)
    present = set(
        session.scalars(
            select(Mediator.id).where(
                Mediator.id.in_(people), Mediator.committee_id == committee_id, Mediator.active
            )
        )
    )
    return [
        one
        for one in moved
        if one[1] >= today
        and (one[1], one[2]) not in taken
        and (one[3], one[1]) not in gone
        and one[3] in present
    ]


def _insert(session: Session, duties: list[_Duty]) -> None:
    if duties:
        names = ("committee_id", "day", "shift", "mediator_id")
        session.execute(insert(DutyRoster), [dict(zip(names, one, strict=True)) for one in duties])
