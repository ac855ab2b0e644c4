"""The rows that a workload is made of, for the mediators of a scope: a fixed number of statements.

A past moment is read from the intervals of the cases that are open now or were closed since then:
whatever held at that moment is among them, and older history is not met.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    ScalarResult,
    Select,
    and_,
    case,
    exists,
    func,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from data_access.lamps import lamp_of
from data_access.scope import cases_within, mediators_within
from data_access.tables import (
    BookedMeeting,
    Case,
    CaseEvent,
    CaseSpan,
    Committee,
    DutyRoster,
    Mediator,
    MediatorAbsence,
    MediatorSpeciality,
    MediatorTime,
    StandingDuty,
)
from data_access.tables.cases import IS_OPEN
from domain.cases import EventKind, Stage
from domain.clocks import day_of
from domain.loads import FULL_TIME, LOOKS_AHEAD, PART_TIME
from domain.organisation import DutyShift
from domain.people import Scope
from domain.workload import Leave, Piece


@dataclass(frozen=True, slots=True)
class Held:
    """A part of an interval in which somebody held a case, cut to the time that was asked for.

    `ended`: the case was closed at its end.
    """

    mediator_id: int
    weight: int
    starts_at: datetime
    ends_at: datetime
    ended: bool


def people_rows(session: Session, *, scope: Scope) -> list[Any]:
    """The mediators of a scope with their committees, by id; also those who have left."""
    return list(
        session.execute(
            select(
                Mediator.id,
                Mediator.name,
                Mediator.committee_id,
                Mediator.capacity,
                Mediator.full_time,
                Mediator.active,
                Committee.name.label("committee"),
            )
            .join(Committee, Committee.id == Mediator.committee_id)
            .where(mediators_within(scope))
            .order_by(Mediator.id)
        )
    )


def _ids(scope: Scope) -> Select[int]:
    """The same people once more, as a question within another."""
    return (
        select(Mediator.id)
        .join(Committee, Committee.id == Mediator.committee_id)
        .where(mediators_within(scope))
    )


def specialities(session: Session, *, scope: Scope) -> dict[int, list[str]]:
    """The type codes of each mediator, in order."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = session.execute(
        select(MediatorSpeciality.mediator_id, MediatorSpeciality.type_code)
        .where(MediatorSpeciality.mediator_id.in_(_ids(scope)))
        .order_by(MediatorSpeciality.mediator_id, MediatorSpeciality.type_code)
    )
    for mediator_id, code in rows:
        found[mediator_id].append(code)
    return found


def leaves(session: Session, *, scope: Scope, day: date) -> dict[int, list[Leave]]:
    """The absences of each mediator that are not over on a day, the next first."""
    found: dict[int, list[Leave]] = defaultdict(list)
    rows = session.execute(
        select(
            MediatorAbsence.mediator_id,
            MediatorAbsence.first_day,
            MediatorAbsence.last_day,
            MediatorAbsence.kind,
        )
        .where(MediatorAbsence.last_day >= day, MediatorAbsence.mediator_id.in_(_ids(scope)))
        .order_by(MediatorAbsence.first_day, MediatorAbsence.id)
    )
    for mediator_id, first_day, last_day, kind in rows:
        found[mediator_id].append(Leave(first_day, last_day, kind))
    return found


def duty_days(
    session: Session, *, scope: Scope, day: date, days: int = LOOKS_AHEAD
) -> dict[int, set[date]]:
    """The days from `day` on which each mediator sits at the reception and works on no cases."""
    found: dict[int, set[date]] = defaultdict(set)
    rows = session.execute(
        select(DutyRoster.mediator_id, DutyRoster.day).where(
            DutyRoster.day >= day,
            DutyRoster.day < day + timedelta(days=days),
            DutyRoster.shift == DutyShift.DAY,
            DutyRoster.mediator_id.in_(_ids(scope)),
        )
    )
    for mediator_id, on in rows:
        found[mediator_id].add(on)
    return found


def working_times(
    session: Session, people: list[Any], *, scope: Scope, day: date
) -> dict[int, int]:
    """How much of a full-time place each of `people` works on a day, in tenths."""
    stated = session.execute(
        select(MediatorTime.mediator_id, MediatorTime.tenths).where(
            *_holds(MediatorTime, day), MediatorTime.mediator_id.in_(_ids(scope))
        )
    )
    usual = {one.id: FULL_TIME if one.full_time else PART_TIME for one in people}
    return usual | {row.mediator_id: row.tenths for row in stated}


def duties(session: Session, *, scope: Scope, day: date) -> dict[int, int]:
    """The points of the standing duties of each mediator on a day, in tenths."""
    found: dict[int, int] = defaultdict(int)
    rows = session.execute(
        select(StandingDuty.mediator_id, StandingDuty.tenths).where(
            *_holds(StandingDuty, day), StandingDuty.mediator_id.in_(_ids(scope))
        )
    )
    for mediator_id, tenths in rows:
        found[mediator_id] += tenths
    return found


def _holds(table: type[MediatorTime | StandingDuty], day: date) -> tuple[ColumnElement[bool], ...]:
    return table.valid_from <= day, or_(table.valid_to.is_(None), table.valid_to > day)


# --- cases -----------------------------------------------------------------------------------


def pieces_now(session: Session, *, scope: Scope, now: datetime) -> dict[int, list[Piece]]:
    """The open cases that each mediator holds, the oldest first."""
    rows = session.execute(
        select(
            Case.mediator_id,
            Case.weight,
            Case.stage,
            Case.registered_at,
            Case.due_at,
            Case.soon_at,
            Case.paused,
            Case.parked_until,
            case((cases_within(scope), Case.case_no)).label("case_no"),
        ).where(IS_OPEN, Case.county_id == scope.county_id, Case.mediator_id.in_(_ids(scope)))
    )
    return _pieces(rows, now)


def holders(session: Session, *, county_id: int) -> ScalarResult[int | None]:
    """The ids of the mediators who hold an open case."""
    held = and_(IS_OPEN, Case.county_id == county_id, Case.mediator_id.is_not(None))
    return session.scalars(select(Case.mediator_id).where(held).distinct())


def pieces_at(session: Session, *, scope: Scope, at: datetime) -> dict[int, list[Piece]]:
    """The same at a past moment, as the intervals tell it. Whose case it is, is as of today."""
    rows = session.execute(
        select(
            CaseSpan.mediator_id,
            CaseSpan.weight,
            CaseSpan.starts_at,
            CaseSpan.stage,
            Case.registered_at,
            CaseSpan.due_at,
            CaseSpan.soon_at,
            CaseSpan.paused,
            # Until when it was parked then no interval tells.
            null().label("parked_until"),
            case((cases_within(scope), Case.case_no)).label("case_no"),
        )
        .join(Case, and_(Case.county_id == CaseSpan.county_id, Case.id == CaseSpan.case_id))
        .where(
            CaseSpan.county_id == scope.county_id,
            CaseSpan.case_id.in_(lived_since(scope.county_id, at)),
            or_(CaseSpan.ends_at.is_(None), CaseSpan.ends_at > at),
            CaseSpan.mediator_id.in_(_ids(scope)),
        )
    )
    return _pieces((row for row in rows if row.starts_at <= at), at)


def lived_since(county_id: int, moment: datetime) -> CompoundSelect[int]:
    """The ids of cases that are open, or were closed at the moment or after it: never both.

    As a set that intervals are looked up by. In a join SQLite would begin with the intervals, and
    by their beginning it would go through all the history before the moment: so what began later
    is left out by whoever reads the rows.
    """
    of_county = select(Case.id).where(Case.county_id == county_id)
    return union_all(of_county.where(IS_OPEN), of_county.where(Case.closed_at >= moment))


def _pieces(rows: Any, at: datetime) -> dict[int, list[Piece]]:
    found: dict[int, list[Piece]] = defaultdict(list)
    today = day_of(at)
    for row in rows:
        age = (today - day_of(row.registered_at)).days
        piece = Piece(row.case_no, row.weight, lamp_of(row, at), row.stage, age, row.due_at)
        found[row.mediator_id].append(piece)
    for some in found.values():
        some.sort(key=lambda one: (-one.age_days, one.case_no or "", one.points))
    return found


def held_between(session: Session, *, scope: Scope, first: datetime, last: datetime) -> list[Held]:
    """What the mediators of a scope held in [first, last), as the intervals tell it.

    An interval that another one follows at once did not end the case.
    """
    after = aliased(CaseSpan)
    followed = exists().where(
        after.county_id == CaseSpan.county_id,
        after.case_id == CaseSpan.case_id,
        after.seq > CaseSpan.seq,
        after.starts_at == CaseSpan.ends_at,
    )
    rows = session.execute(
        select(
            CaseSpan.mediator_id,
            CaseSpan.weight,
            CaseSpan.starts_at,
            CaseSpan.ends_at,
            followed.label("followed"),
        ).where(
            CaseSpan.county_id == scope.county_id,
            CaseSpan.case_id.in_(lived_since(scope.county_id, first)),
            or_(CaseSpan.ends_at.is_(None), CaseSpan.ends_at >= first),
            CaseSpan.mediator_id.in_(_ids(scope)),
        )
    )
    return [
        Held(
            row.mediator_id,
            row.weight,
            max(row.starts_at, first),
            last if row.ends_at is None else min(row.ends_at, last),
            row.ends_at is not None and row.ends_at < last and not row.followed,
        )
        for row in rows
        if row.starts_at < last
    ]


def booked_meetings(
    session: Session, *, scope: Scope, now: datetime
) -> dict[int, tuple[int, datetime]]:
    """Of each mediator the meetings that are booked from now on: how many, and the next."""
    rows = session.execute(
        select(Case.mediator_id, func.count(), func.min(BookedMeeting.meets_at))
        .join(
            BookedMeeting,
            and_(BookedMeeting.county_id == Case.county_id, BookedMeeting.case_id == Case.id),
        )
        .where(
            BookedMeeting.county_id == scope.county_id,
            BookedMeeting.meets_at >= now,
            Case.stage == Stage.IN_MEDIATION,
            Case.mediator_id.in_(_ids(scope)),
        )
        .group_by(Case.mediator_id)
    )
    return {mediator: (number, at) for mediator, number, at in rows if mediator is not None}


def met_between(
    session: Session, people: Collection[int], *, county_id: int, first: datetime, last: datetime
) -> Counter[int]:
    """How many first meetings of parties each of `people` held on the days of [first, last).

    By the day of the meeting, which is often recorded later, and never before it.
    """
    rows = session.execute(
        select(CaseEvent.data).where(
            CaseEvent.county_id == county_id,
            CaseEvent.case_id.in_(lived_since(county_id, first)),
            CaseEvent.kind == EventKind.MET,
            CaseEvent.at >= first,
            CaseEvent.at < last,
        )
    )
    since = day_of(first)
    return Counter(
        data["mediator"]
        for (data,) in rows
        if data["mediator"] in people and date.fromisoformat(data["day"]) >= since
    )
