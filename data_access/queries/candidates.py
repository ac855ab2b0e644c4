"""Who could take a case: all that eligibility and ranking need, in a fixed number of queries."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, or_, select
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
    rows = session.execute(
        select(Mediator, Committee)
        .join(Committee, Committee.id == Mediator.committee_id)
        .where(who)
    ).all()
    ids = [mediator.id for mediator, _ in rows]
    specialities = _specialities(session, ids)
    loads = _loads(session, found.county_id, ids, now)
    absent = _absent(session, ids, now)
    recused = _recused(session, found)
    return [
        Candidate(
            mediator_id=mediator.id,
            name=mediator.name,
            committee_id=committee.id,
            committee_name=committee.name,
            committee_kind=committee.kind,
            town_id=committee.town_id,
            community_id=committee.community_id,
            specialities=frozenset(specialities[mediator.id]),
            capacity=mediator.capacity,
            open_cases=loads[mediator.id][0],
            open_weight=loads[mediator.id][1],
            late_cases=loads[mediator.id][2],
            active=mediator.active and committee.active,
            absent=mediator.id in absent,
            recused=mediator.id in recused,
            full_time=mediator.full_time,
        )
        for mediator, committee in rows
    ]


def _specialities(session: Session, ids: list[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    rows = session.execute(
        select(MediatorSpeciality.mediator_id, MediatorSpeciality.type_code).where(
            MediatorSpeciality.mediator_id.in_(ids)
        )
    )
    for mediator_id, code in rows:
        found[mediator_id].add(code)
    return found


def _loads(
    session: Session, county_id: int, ids: list[int], now: datetime
) -> dict[int, tuple[int, int, int]]:
    found: dict[int, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    late = case((and_(Case.paused == 0, Case.due_at <= now), 1), else_=0)
    rows = session.execute(
        select(Case.mediator_id, func.count(), func.sum(Case.weight), func.sum(late))
        .where(IS_OPEN, Case.county_id == county_id, Case.mediator_id.in_(ids))
        .group_by(Case.mediator_id)
    )
    for mediator_id, cases, weight, late_cases in rows:
        found[mediator_id] = (cases, int(weight), int(late_cases))
    return found


def _absent(session: Session, ids: list[int], now: datetime) -> set[int]:
    today = day_of(now)
    return set(
        session.scalars(
            select(MediatorAbsence.mediator_id).where(
                MediatorAbsence.mediator_id.in_(ids),
                MediatorAbsence.first_day <= today,
                MediatorAbsence.last_day >= today,
            )
        )
    )


def _recused(session: Session, found: Case) -> set[int]:
    """Mediators who are a party themselves, or disclosed a relation to one."""
    parties: list[Any] = list(
        session.execute(
            select(Party.identity_index, Party.name_index).where(
                Party.county_id == found.county_id, Party.case_id == found.id
            )
        )
    )
    identities = [row.identity_index for row in parties if row.identity_index is not None]
    persons = identities + [row.name_index for row in parties]
    related = select(MediatorRelation.mediator_id).where(MediatorRelation.person_index.in_(persons))
    return set(
        session.scalars(
            select(Mediator.id).where(
                or_(Mediator.identity_index.in_(identities), Mediator.id.in_(related))
            )
        )
    )
