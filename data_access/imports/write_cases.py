"""Sealed cases into the tables, all of them in the caller's transaction."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import CursorResult, Table, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from data_access import numbers
from data_access.imports.known_cases import chunks, versions_of
from data_access.imports.load_cases import CasePlan
from data_access.imports.sealing import Row, SealedCases, years_of
from data_access.tables import Assignment, Case, CaseEvent, CaseSpan, Committee, Mediator, Party
from data_access.tables.cases import IS_OPEN

_AT_ONCE = 5_000
# What a row of a file never changes.
_FIXED = frozenset({"county_id", "id", "case_no", "external_no", "registered_at", "batch_id"})


class PlanOutdated(Exception):
    """Something the plan rests on changed since it was made; make it again."""


def hold_cases(session: Session, ids: Iterable[int], *, county_id: int) -> None:
    """Wait for whoever is changing one of the cases; until commit nobody else does.

    In the order of their ids, so that two who hold many never wait for each other.
    """
    for portion in chunks(sorted(ids)):
        session.execute(
            select(Case.id)
            .where(Case.county_id == county_id, Case.id.in_(portion))
            .order_by(Case.id)
            .with_for_update()
        )


def require_still_true(session: Session, plan: CasePlan, *, county_id: int) -> None:
    """Lock what will change and compare it with what the plan saw. Raises PlanOutdated."""
    hold_cases(session, (change.known.id for change in plan.changes), county_id=county_id)
    if versions_of(session, plan.keys, county_id=county_id) != plan.versions:
        raise PlanOutdated
    _require_room(session, plan.given, county_id)


def _require_room(session: Session, given: Counter[int], county_id: int) -> None:
    """Everybody who is given cases is still there and has room for them, under a lock."""
    for portion in chunks(sorted(given)):
        rows = session.execute(
            select(Mediator.id, Mediator.committee_id, Mediator.capacity)
            .join(Committee, Committee.id == Mediator.committee_id)
            .where(Mediator.id.in_(portion), Mediator.active, Committee.active)
            .order_by(Mediator.id)
            .with_for_update(of=Mediator)
        ).all()
        loads = session.execute(
            select(Case.mediator_id, func.count())
            .where(IS_OPEN, Case.county_id == county_id, Case.mediator_id.in_(portion))
            .group_by(Case.mediator_id)
        )
        held = {row[0]: row[1] for row in loads}
        if len(rows) < len(portion):
            raise PlanOutdated
        if any(held.get(row.id, 0) + given[row.id] > row.capacity for row in rows):
            raise PlanOutdated


def write_cases(session: Session, sealed: SealedCases, *, batch_id: int, county_id: int) -> None:
    """Write all but the spans, which need the watermark. Number the new cases without a gap."""
    for counter, rows in years_of(sealed.cases).items():
        ordinals = numbers.reserve(session, counter, county_id=county_id, count=len(rows))
        for row, ordinal in zip(rows, ordinals, strict=True):
            row["case_no"] = numbers.case_number(row["registered_at"], ordinal)
            row["batch_id"] = batch_id
    for event in sealed.events:
        event["data"]["batch"] = batch_id
    _insert(session, Case, sealed.cases)
    _update_cases(session, sealed.updates)
    _insert(session, Party, sealed.parties)
    _update_parties(session, sealed.party_updates)
    _insert(session, CaseEvent, sealed.events)
    _end_open(session, Assignment, sealed.ended_assignments)
    _insert(session, Assignment, sealed.assignments)


def write_spans(session: Session, sealed: SealedCases, *, recorded_seq: int) -> None:
    """Write the intervals, marked with the watermark at which they became known."""
    _end_open(session, CaseSpan, sealed.ended_spans)
    _insert(session, CaseSpan, [row | {"recorded_seq": recorded_seq} for row in sealed.spans])


def _insert(session: Session, entity: Any, rows: Sequence[Row]) -> None:
    table: Table = entity.__table__
    for start in range(0, len(rows), _AT_ONCE):
        session.execute(insert(table), list(rows[start : start + _AT_ONCE]))


def _update_cases(session: Session, rows: Sequence[Row]) -> None:
    """Every column that can change, so that all rows go through one statement.

    Raises PlanOutdated where a case is no longer at the version that the plan saw: on an engine
    without row locks too, nobody's change is overwritten.
    """
    if not rows:
        return
    table: Table = Case.__table__  # type: ignore[assignment]
    names = [column.name for column in table.columns if column.name not in _FIXED]
    statement = (
        update(table)
        .where(
            table.c.county_id == bindparam("of_county"),
            table.c.id == bindparam("of_case"),
            table.c.version == bindparam("of_version"),
        )
        .values({name: bindparam(f"new_{name}") for name in names})
    )
    for start in range(0, len(rows), _AT_ONCE):
        portion = [
            {f"new_{name}": row[name] for name in names}
            | {
                "of_county": row["county_id"],
                "of_case": row["id"],
                "of_version": row["version"] - 1,
            }
            for row in rows[start : start + _AT_ONCE]
        ]
        updated = session.execute(statement, portion)
        if not isinstance(updated, CursorResult) or updated.rowcount != len(portion):
            raise PlanOutdated


def _update_parties(session: Session, rows: Sequence[Row]) -> None:
    if not rows:
        return
    table: Table = Party.__table__  # type: ignore[assignment]
    names = [name for name in rows[0] if name not in {"county_id", "id", "case_id", "role"}]
    statement = (
        update(table)
        .where(table.c.county_id == bindparam("of_county"), table.c.id == bindparam("of_party"))
        .values({name: bindparam(f"new_{name}") for name in names})
    )
    session.execute(
        statement,
        [
            {f"new_{name}": row[name] for name in names}
            | {"of_county": row["county_id"], "of_party": row["id"]}
            for row in rows
        ],
    )


def _end_open(session: Session, entity: Any, rows: Sequence[Row]) -> None:
    """End the open interval of each case."""
    if not rows:
        return
    table: Table = entity.__table__
    statement = (
        update(table)
        .where(
            table.c.county_id == bindparam("of_county"),
            table.c.case_id == bindparam("of_case"),
            table.c.ends_at.is_(None),
        )
        .values(ends_at=bindparam("at"))
    )
    session.execute(statement, list(rows))
