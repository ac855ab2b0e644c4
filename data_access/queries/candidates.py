"""Who could take a case: all that eligibility and ranking need, in a fixed number of queries."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select, union
from sqlalchemy.orm import Session

from data_access.scope import cases_within, committees_for_town
from data_access.tables import (
    Case,
    CaseType,
    Committee,
    Mediator,
    MediatorAbsence,
    MediatorRelation,
    MediatorSpeciality,
    Party,
)
from data_access.tables.cases import IS_OPEN
from domain.clocks import day_of
from domain.eligibility import Candidate, CaseFacts, Judged, rank
from domain.errors import NotFound
from domain.people import Scope


@dataclass(frozen=True, slots=True)
class Choice:
    """A case at a version, and everybody judged against it, the best first."""

    case_no: str
    version: int
    judged: tuple[Judged, ...]


def choice(session: Session, *, scope: Scope, case_no: str, now: datetime) -> Choice:
    """Everybody whose committee serves the case's town or the whole county, judged and ranked.

    Mediators of other towns can never take it and are not listed. Raises NotFound out of scope.
    """
    found = session.scalar(select(Case).where(Case.case_no == case_no, cases_within(scope)))
    if found is None:
        raise NotFound(case_no)
    people = candidates(session, found, now=now)
    return Choice(case_no, found.version, tuple(rank(people, facts(session, found))))


def facts(session: Session, found: Case) -> CaseFacts:
    """What eligibility needs to know of a case."""
    special = session.scalar(
        select(CaseType.needs_specialist).where(CaseType.code == found.type_code)
    )
    return CaseFacts(
        found.town_id,
        found.community_id,
        found.type_code,
        bool(special),
        found.mediator_id,
        found.weight,
    )


def candidates(
    session: Session, found: Case, *, now: datetime, only: int | None = None
) -> list[Candidate]:
    """The mediators in reach of a case (or `only` one, in reach or not), with load and leave."""
    who = Mediator.id == only if only is not None else committees_for_town(found.town_id)
    people = session.execute(_people(day_of(now)).where(who)).all()
    specialities = _specialities(session, who)
    loads = _loads(session, found.county_id, who, now)
    recused = _recused(session, found)
    return [
        Candidate(
            mediator_id=one.id,
            name=one.name,
            committee_id=one.committee_id,
            committee_name=one.committee,
            committee_kind=one.kind,
            town_id=one.town_id,
            community_id=one.community_id,
            specialities=frozenset(specialities[one.id]),
            capacity=one.capacity,
            open_cases=loads[one.id][0],
            open_weight=loads[one.id][1],
            late_cases=loads[one.id][2],
            active=one.active and one.committee_active,
            absent=one.absent,
            recused=one.id in recused,
            full_time=one.full_time,
        )
        for one in people
    ]


def _people(today: date) -> Select[*tuple[Any, ...]]:
    """Columns, not objects: these are hundreds, read again at every look at a case."""
    absent = exists().where(
        MediatorAbsence.mediator_id == Mediator.id,
        MediatorAbsence.first_day <= today,
        MediatorAbsence.last_day >= today,
    )
    return select(
        Mediator.id,
        Mediator.name,
        Mediator.committee_id,
        Mediator.capacity,
        Mediator.active,
        Mediator.full_time,
        absent.label("absent"),
        Committee.name.label("committee"),
        Committee.kind,
        Committee.town_id,
        Committee.community_id,
        Committee.active.label("committee_active"),
    ).join(Committee, Committee.id == Mediator.committee_id)


def _ids(who: ColumnElement[bool]) -> Select[int]:
    """The same people once more, as a question within another: not as hundreds of numbers."""
    return select(Mediator.id).join(Committee, Committee.id == Mediator.committee_id).where(who)


def _specialities(session: Session, who: ColumnElement[bool]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    rows = session.execute(
        select(MediatorSpeciality.mediator_id, MediatorSpeciality.type_code).where(
            MediatorSpeciality.mediator_id.in_(_ids(who))
        )
    )
    for mediator_id, code in rows:
        found[mediator_id].add(code)
    return found


def _loads(
    session: Session, county_id: int, who: ColumnElement[bool], now: datetime
) -> dict[int, tuple[int, int, int]]:
    found: dict[int, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    late = case((and_(Case.due_at <= now, Case.paused == 0), 1), else_=0)
    rows = session.execute(
        select(Case.mediator_id, func.count(), func.sum(Case.weight), func.sum(late))
        .where(IS_OPEN, Case.county_id == county_id, Case.mediator_id.in_(_ids(who)))
        .group_by(Case.mediator_id)
    )
    for mediator_id, cases, weight, late_cases in rows:
        found[mediator_id] = (cases, int(weight), int(late_cases))
    return found


def _recused(session: Session, found: Case) -> set[int]:
    """Mediators who are a party themselves, or disclosed a relation to one."""
    of_case = and_(Party.county_id == found.county_id, Party.case_id == found.id)
    related = select(MediatorRelation.mediator_id)
    person = MediatorRelation.person_index
    return set(
        session.scalars(
            union(
                select(Mediator.id)
                .join(Party, Party.identity_index == Mediator.identity_index)
                .where(of_case),
                related.join(Party, Party.identity_index == person).where(of_case),
                related.join(Party, Party.name_index == person).where(of_case),
            )
        )
    )
