"""Red events (红色事件): for the wall by town, for the desk by case, for a case with its responses.

The wall is read from across a room by whoever stands there: it is told a town, R1 and a day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from data_access.engine import vault_of
from data_access.history import note_place
from data_access.queries.cases import redaction
from data_access.red_events import who_could_answer
from data_access.scope import cases_within
from data_access.tables import (
    Case,
    CaseEvent,
    EmergencyResponse,
    OrganisationUnit,
    RedEvent,
    User,
)
from domain.cases import EventKind, Risk
from domain.clocks import day_of
from domain.errors import NotFound
from domain.people import Role, Scope


@dataclass(frozen=True, slots=True)
class TownAlarm:
    """The red events of a town that nobody has acknowledged: how many, since which day.

    No case number, no name, no hour: two events of a town and a day cannot be told apart.
    """

    town_id: int
    town: str
    risk: Risk
    since: date
    count: int


@dataclass(frozen=True, slots=True)
class OpenEvent:
    """A red event that goes on, for those who work with the case.

    `how` is what raised it (registered, assessed, brought by a file, taken up again), `by` whoever
    did that, empty for the system. `waits` is how long nobody has acknowledged it; None: somebody
    has. `responses` counts those that are not over.
    """

    case_no: str
    town: str
    how: EventKind
    raised_at: datetime
    by: str
    acknowledged_at: datetime | None
    acknowledged_by: str
    waits: timedelta | None
    responses: int


@dataclass(frozen=True, slots=True)
class Noted:
    """By whom and when; no name where the system did it."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ResponseView:
    """What was done about a red event: who answers for it, from when to when, in which words.

    `measures` is free of what is known of the parties. `seq` names it for its end.
    """

    seq: int
    responsible: str
    begun_at: datetime
    measures: str
    recorded: Noted
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class RedEventView:
    """One red event of a case, with its responses in the order of their records."""

    seq: int
    how: EventKind
    raised: Noted
    acknowledged: Noted | None
    ended: Noted | None
    responses: tuple[ResponseView, ...]


@dataclass(frozen=True, slots=True)
class Answerable:
    """Somebody who may be named for what is done about a case, by one of their posts."""

    user_id: int
    name: str
    role: Role


_NOT_OVER = RedEvent.ended_at.is_(None)
_ITS_CASE = and_(Case.county_id == RedEvent.county_id, Case.id == RedEvent.case_id)
_ITS_EVENT = and_(
    CaseEvent.county_id == RedEvent.county_id,
    CaseEvent.case_id == RedEvent.case_id,
    CaseEvent.seq == RedEvent.seq,
)


def unacknowledged(session: Session, *, scope: Scope, now: datetime) -> Sequence[TownAlarm]:
    """What takes the wall over: the towns with red events that nobody acknowledged, oldest first.

    Where a clock went back, an event may lie ahead of `now`; it is told as of today, not hidden.
    """
    first, town = func.min(RedEvent.raised_at), OrganisationUnit
    rows = session.execute(
        select(town.id, town.name, first.label("since"), func.count().label("events"))
        .select_from(RedEvent)
        .join(Case, _ITS_CASE)
        .join(town, town.id == Case.town_id)
        .where(cases_within(scope), _NOT_OVER, RedEvent.acknowledged_at.is_(None))
        .group_by(town.id, town.name)
        .order_by(first, town.id)
    )
    today = day_of(now)
    return [
        TownAlarm(row.id, row.name, Risk.RED, min(day_of(row.since), today), row.events)
        for row in rows
    ]


def open_events(session: Session, *, scope: Scope, now: datetime) -> Sequence[OpenEvent]:
    """The red events that go on: those that wait for somebody first, each part oldest first."""
    raiser, answerer = aliased(User), aliased(User)
    responses = (
        select(func.count())
        .where(
            EmergencyResponse.county_id == RedEvent.county_id,
            EmergencyResponse.case_id == RedEvent.case_id,
            EmergencyResponse.ended_at.is_(None),
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Case.case_no,
            OrganisationUnit.name.label("town"),
            CaseEvent.kind,
            RedEvent,
            raiser.name.label("raised_by"),
            answerer.name.label("acknowledged_by"),
            responses.label("responses"),
        )
        .join_from(RedEvent, Case, _ITS_CASE)
        .join(CaseEvent, _ITS_EVENT)
        .join(OrganisationUnit, OrganisationUnit.id == Case.town_id)
        .outerjoin(raiser, raiser.id == RedEvent.raised_by)
        .outerjoin(answerer, answerer.id == RedEvent.acknowledged_by)
        .where(cases_within(scope), _NOT_OVER)
        .order_by(RedEvent.acknowledged_at.is_not(None), RedEvent.raised_at, RedEvent.case_id)
    )
    return [
        OpenEvent(
            row.case_no,
            row.town,
            row.kind,
            row.RedEvent.raised_at,
            row.raised_by or "",
            row.RedEvent.acknowledged_at,
            row.acknowledged_by or "",
            _waits(row.RedEvent, now),
            row.responses,
        )
        for row in rows
    ]


def _waits(event: RedEvent, now: datetime) -> timedelta | None:
    if event.acknowledged_at is not None:
        return None
    return max(now - event.raised_at, timedelta(0))


def events_of(session: Session, found: Case) -> tuple[RedEventView, ...]:
    """The red events of a case that was read in a scope, the youngest first."""
    raiser, answerer, ender = aliased(User), aliased(User), aliased(User)
    rows = session.execute(
        select(
            RedEvent,
            CaseEvent.kind,
            raiser.name.label("raised_by"),
            answerer.name.label("acknowledged_by"),
            ender.name.label("ended_by"),
        )
        .join(CaseEvent, _ITS_EVENT)
        .outerjoin(raiser, raiser.id == RedEvent.raised_by)
        .outerjoin(answerer, answerer.id == RedEvent.acknowledged_by)
        .outerjoin(ender, ender.id == RedEvent.ended_by)
        .where(RedEvent.county_id == found.county_id, RedEvent.case_id == found.id)
        .order_by(RedEvent.seq.desc())
    ).all()
    if not rows:
        return ()
    responses = _responses(session, found)
    return tuple(
        RedEventView(
            row.RedEvent.seq,
            row.kind,
            Noted(row.raised_by or "", row.RedEvent.raised_at),
            _noted(row.acknowledged_by, row.RedEvent.acknowledged_at),
            _noted(row.ended_by, row.RedEvent.ended_at),
            tuple(view for red_seq, view in responses if red_seq == row.RedEvent.seq),
        )
        for row in rows
    )


def _noted(by: str | None, at: datetime | None) -> Noted | None:
    return None if at is None else Noted(by or "", at)


def _responses(session: Session, found: Case) -> list[tuple[int, ResponseView]]:
    """Each response with the alarm that it belongs to."""
    rows = session.execute(_responses_of(found)).all()
    if not rows:
        return []
    vault, redacted = vault_of(session), redaction(session, found)

    def measures(event: CaseEvent) -> str:
        if event.note_encrypted is None:
            return ""
        place = note_place("case_event.note", event.county_id, event.case_id, event.seq)
        return redacted(vault.decrypt(event.note_encrypted, place=place))

    return [
        (
            row.EmergencyResponse.red_seq,
            ResponseView(
                row.EmergencyResponse.seq,
                row.responsible,
                row.EmergencyResponse.begun_at,
                measures(row.CaseEvent),
                Noted(row.recorded_by or "", row.EmergencyResponse.recorded_at),
                row.EmergencyResponse.ended_at,
            ),
        )
        for row in rows
    ]


def _responses_of(found: Case) -> Select[EmergencyResponse, CaseEvent, str, str]:
    responsible, recorder, one = aliased(User), aliased(User), EmergencyResponse
    its_event = and_(
        CaseEvent.county_id == one.county_id,
        CaseEvent.case_id == one.case_id,
        CaseEvent.seq == one.seq,
    )
    return (
        select(
            one,
            CaseEvent,
            responsible.name.label("responsible"),
            recorder.name.label("recorded_by"),
        )
        .join(CaseEvent, its_event)
        .join(responsible, responsible.id == one.responsible_id)
        .outerjoin(recorder, recorder.id == one.recorded_by)
        .where(one.county_id == found.county_id, one.case_id == found.id)
        .order_by(one.seq)
    )


def answerable(
    session: Session, *, scope: Scope, case_no: str, now: datetime
) -> Sequence[Answerable]:
    """Who may be named for what is done about a case, each person once, by name.

    Raises NotFound out of scope.
    """
    case = session.scalar(select(Case).where(Case.case_no == case_no, cases_within(scope)))
    if case is None:
        raise NotFound(case_no)
    people: dict[int, Answerable] = {}
    for user_id, name, role in session.execute(who_could_answer(case, day=day_of(now))):
        people.setdefault(user_id, Answerable(user_id, name, role))
    return list(people.values())
