"""Mediators as eligibility sees them: load, leave, specialities, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.orm import Session

from data_access.tables import (
    Case,
    Committee,
    Mediator,
    MediatorAbsence,
    MediatorSpeciality,
)
from data_access.tables.cases import IS_OPEN
from domain.batches import SeenPerson
from domain.clocks import day_of
from domain.eligibility import Candidate


def reach(
    session: Session, who: ColumnElement[bool], *, county_id: int, now: datetime
) -> list[Candidate]:
    """These mediators with load and leave, by id, whatever may speak against them in one case."""
    today = day_of(now)
    people = session.execute(_people(today).where(who).order_by(Mediator.id)).all()
    specialities = _specialities(session, who)
    loads = _loads(session, county_id, who, now)
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
            full_time=one.full_time,
            licence_over=one.licence_until is not None and one.licence_until < today,
            term_over=one.term_to < today,
            version=one.version,
        )
        for one in people
    ]


def seen(one: Candidate) -> SeenPerson:
    """What is compared of somebody before a batch is committed."""
    return SeenPerson(one.mediator_id, one.version, one.open_cases, one.open_weight)


def seen_now(
    session: Session, people: Collection[int], *, county_id: int, now: datetime
) -> dict[int, SeenPerson]:
    """What there is of these people now to compare with what a plan was made from, by id."""
    found = reach(session, Mediator.id.in_(sorted(people)), county_id=county_id, now=now)
    return {one.mediator_id: seen(one) for one in found}


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
        Mediator.version,
        Mediator.active,
        Mediator.full_time,
        Mediator.licence_until,
        absent.label("absent"),
        Committee.name.label("committee"),
        Committee.kind,
        Committee.town_id,
        Committee.community_id,
        Committee.term_to,
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
