"""Staged cases into the tables, all of them in the caller's transaction, by a few statements."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CursorResult,
    String,
    Table,
    and_,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from data_access import numbers
from data_access.imports.load_cases import CasePlan
from data_access.imports.staging import (
    ASSIGNMENT_ENDS,
    ASSIGNMENTS,
    CASE_UPDATES,
    EVENTS,
    NEW_CASES,
    NEW_PARTIES,
    PARTY_UPDATES,
    SEEN,
    SPAN_ENDS,
    SPANS,
    Staging,
)
from data_access.imports.task import Task
from data_access.imports.write_alarms import follow_updates, raise_of_new
from data_access.reference import load_clock
from data_access.tables import Assignment, Case, CaseEvent, CaseSpan, Committee, Mediator, Party
from data_access.tables.cases import IS_OPEN
from data_access.weighing import load_tables

# What a party keeps whatever a row says of it.
_OF_PARTY = frozenset({"county_id", "id", "case_id", "role"})
_OF_CASE = frozenset({"county_id", "id"})


class PlanOutdated(Exception):
    """Something the plan rests on changed since it was made; make it again."""


def hold_cases(session: Session, staged: Table, *, county_id: int) -> None:
    """Wait for whoever is changing one of these cases; until commit nobody else does.

    In the order of their ids, so that two who hold many never wait for each other.
    """
    case_id = staged.c.case_id if staged is SEEN else staged.c.id
    session.execute(
        select(Case.id)
        .join(staged, and_(Case.county_id == county_id, Case.id == case_id))
        .order_by(Case.id)
        .with_for_update(of=Case)
    ).close()


def require_still_true(
    session: Session, staging: Staging, plan: CasePlan, *, county_id: int
) -> None:
    """Lock the cases that will change and compare all with what the plan saw. Raises PlanOutdated.

    The mediators are looked at, and locked only last, by `require_room`: while rows are copied,
    others can be given other cases.
    """
    if staging.counts[CASE_UPDATES]:
        hold_cases(session, CASE_UPDATES, county_id=county_id)
    # Known ones by their key; of the others, none may have come. In one outer join by number SQLite
    # goes through all cases for each row, where most cases have no number and it knows that.
    another = (
        select(SEEN.c.external_no)
        .outerjoin(Case, and_(Case.county_id == county_id, Case.id == SEEN.c.case_id))
        .where(SEEN.c.case_id.is_not(None), Case.version.is_distinct_from(SEEN.c.version))
        .limit(1)
    )
    come = (
        select(Case.id)
        .join(SEEN, and_(SEEN.c.external_no == Case.external_no, SEEN.c.case_id.is_(None)))
        .where(Case.county_id == county_id)
        .limit(1)
    )
    if session.scalar(another) is not None or session.scalar(come) is not None:
        raise PlanOutdated
    # A change of the rules waits for the turn that imports take, and moved what was there by then.
    if load_clock(session) != plan.clock:
        raise PlanOutdated
    if load_tables(session, county_id=county_id) != plan.weights:
        raise PlanOutdated
    _compare_people(session, plan, plan.given, county_id=county_id)


def require_room(session: Session, plan: CasePlan, *, county_id: int) -> None:
    """Lock everybody who is given cases. With these they hold no more than they can hold.

    Called when the cases are written. Raises PlanOutdated.
    """
    hold_mediators(session, plan)
    _compare_people(session, plan, Counter(), county_id=county_id)


def hold_mediators(session: Session, plan: CasePlan) -> None:
    """Wait for whoever is giving cases to the same mediators; until commit nobody else does."""
    if plan.given:
        session.execute(
            select(Mediator.id)
            .where(Mediator.id.in_(plan.given))
            .order_by(Mediator.id)
            .with_for_update(key_share=True)
        ).close()


def _compare_people(
    session: Session, plan: CasePlan, coming: Counter[int], *, county_id: int
) -> None:
    """Everybody who is given cases is as they were judged, with room for those still to come.

    A relation that was disclosed meanwhile, a leave or a licence is a new version of the person.
    """
    given = plan.given
    if not given:
        return
    rows = session.execute(
        select(Mediator.id, Mediator.version, Mediator.capacity)
        .join(Committee, Committee.id == Mediator.committee_id)
        .where(Mediator.id.in_(given), Mediator.active, Committee.active)
    ).all()
    loads = session.execute(
        select(Case.mediator_id, func.count())
        .where(IS_OPEN, Case.county_id == county_id, Case.mediator_id.in_(given))
        .group_by(Case.mediator_id)
    )
    held = {row[0]: row[1] for row in loads}
    if len(rows) < len(given):
        raise PlanOutdated
    if any(row.version != plan.people.get(row.id) for row in rows):
        raise PlanOutdated
    if any(held.get(row.id, 0) + coming[row.id] > row.capacity for row in rows):
        raise PlanOutdated


def write_cases(session: Session, staging: Staging, task: Task, *, batch_id: int) -> None:
    """Write all but the spans, which need the watermark. Number the new cases without a gap."""
    actor_id = task.actor.user_id
    _add_cases(session, batch_id, task.actor.county_id)
    raise_of_new(session, actor_id=actor_id, now=task.now)
    follow_updates(session, actor_id=actor_id)
    _update_cases(session, staging)
    _add(session, Party, NEW_PARTIES)
    _update(session, Party, PARTY_UPDATES, _OF_PARTY, PARTY_UPDATES.c.id == Party.id)
    _add_events(session, batch_id)
    _end_open(session, Assignment, ASSIGNMENT_ENDS)
    _add(session, Assignment, ASSIGNMENTS)


def write_spans(session: Session, *, recorded_seq: int) -> None:
    """Write the intervals, marked with the watermark at which they became known."""
    _end_open(session, CaseSpan, SPAN_ENDS)
    _add(session, CaseSpan, SPANS, recorded_seq=literal(recorded_seq, BigInteger))


def _add_cases(session: Session, batch_id: int, county_id: int) -> None:
    """The new cases, year by year, numbered in the order of registration."""
    staged = NEW_CASES.c
    years = select(staged.year, func.count()).group_by(staged.year).order_by(staged.year)
    for year, count in session.execute(years).all():
        counter = numbers.counter_of_year(year)
        ordinals = numbers.reserve(session, counter, county_id=county_id, count=count)
        place = func.row_number().over(order_by=[staged.registered_at, staged.id])
        values = {
            "case_no": numbers.case_number_of(year, ordinals.start - 1 + place),
            "batch_id": literal(batch_id, BigInteger),
        }
        _add(session, Case, NEW_CASES, staged.year == year, **values)


def _add_events(session: Session, batch_id: int) -> None:
    """The events, each with its batch: put before the other keys, of which there is always one."""
    rest = func.substr(EVENTS.c.data, 2)
    data = (
        literal('{"batch": ') + cast(literal(batch_id, BigInteger), String) + literal(", ") + rest
    )
    if session.get_bind().dialect.name == "postgresql":
        data = cast(data, JSONB)
    _add(session, CaseEvent, EVENTS, data=data)


def _add(
    session: Session,
    entity: Any,
    staged: Table,
    *only: ColumnElement[bool],
    **over: Any,
) -> None:
    """The staged rows into the entity's table; `over` are columns that they do not have."""
    table: Table = entity.__table__
    names = [column.name for column in table.columns]
    columns = [over[name] if name in over else staged.c[name] for name in names]
    session.execute(insert(table).from_select(names, select(*columns).where(*only)))


def _update_cases(session: Session, staging: Staging) -> None:
    """Raises PlanOutdated where a case is no longer at the version that the plan saw: on an engine
    without row locks too, nobody's change is overwritten.
    """
    same = (Case.id == CASE_UPDATES.c.id, Case.version == CASE_UPDATES.c.version - 1)
    updated = _update(session, Case, CASE_UPDATES, _OF_CASE, *same)
    if updated != staging.counts[CASE_UPDATES]:
        raise PlanOutdated


def _update(
    session: Session,
    entity: Any,
    staged: Table,
    kept: Iterable[str],
    *same: ColumnElement[bool],
) -> int:
    """Every column that can change, of the rows that are the `same`. How many they were."""
    table: Table = entity.__table__
    values = {column.name: column for column in staged.columns if column.name not in kept}
    result = session.execute(
        update(table).where(table.c.county_id == staged.c.county_id, *same).values(values)
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


def _end_open(session: Session, entity: Any, ends: Table) -> None:
    """End the open interval of each case."""
    table: Table = entity.__table__
    session.execute(
        update(table)
        .where(
            table.c.county_id == ends.c.county_id,
            table.c.case_id == ends.c.case_id,
            table.c.ends_at.is_(None),
        )
        .values(ends_at=ends.c.at)
    )
