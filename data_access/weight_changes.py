"""Open cases under another table of weights: what would change, and the changing itself.

Nothing here touches a closed case or an interval that is over: what a month came to stays so.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from data_access import audit, deadlines
from data_access.engine import Database
from data_access.tables import Case, CaseEvent, CaseType, StoredWeights
from data_access.tables.cases import IS_OPEN
from data_access.weighing import WEIGHED_BY, load_tables, points_of
from domain.cases import EventKind, FieldProblem
from domain.clocks import day_of
from domain.errors import Conflict, Invalid
from domain.loads import WeightTable, in_force, problems_of
from domain.people import Actor, system_actor

_YEARS_AHEAD = 3


@dataclass(frozen=True, slots=True)
class WeightMove:
    """An open case that weighs something else by another table; weights in tenths."""

    case_id: int
    case_no: str
    version: int
    updated_at: datetime
    committee_id: int | None
    mediator_id: int | None
    before: int
    after: int


def find_weight_moves(
    session: Session, table: WeightTable, *, county_id: int
) -> tuple[WeightMove, ...]:
    """Each open case whose points would differ from the stored ones, by id. One statement."""
    rows = session.execute(
        select(
            Case.id,
            Case.case_no,
            Case.version,
            Case.updated_at,
            Case.committee_id,
            Case.mediator_id,
            Case.weight,
            *(getattr(Case, name) for name in WEIGHED_BY),
        )
        .where(Case.county_id == county_id, IS_OPEN)
        .order_by(Case.id)
    )
    found = []
    for row in rows:
        after = points_of(row._asdict(), table)
        if after != row.weight:
            held = (row.committee_id, row.mediator_id)
            found.append(
                WeightMove(
                    row.id, row.case_no, row.version, row.updated_at, *held, row.weight, after
                )
            )
    return tuple(found)


def fingerprint(table: WeightTable, moves: Sequence[WeightMove], *, today: date) -> str:
    """A SHA-256 over the table, and over what it changes where it begins today.

    Which cases will be open on a later day nobody knows yet.
    """
    digest = hashlib.sha256(json.dumps([str(table.valid_from), table.numbers()]).encode())
    if table.valid_from <= today:
        for one in moves:
            digest.update(json.dumps([one.case_id, one.before, one.after]).encode())
    return digest.hexdigest()


def require_valid_table(
    session: Session, table: WeightTable, *, county_id: int, now: datetime
) -> None:
    """Raise Invalid with the problem of each field that cannot be taken."""
    today = day_of(now)
    problems: dict[str, StrEnum] = problems_of(
        table, load_tables(session, county_id=county_id), today=today
    )
    if table.valid_from > date(today.year + _YEARS_AHEAD, 12, 31):
        problems["valid_from"] = FieldProblem.OUT_OF_RANGE
    known = session.scalars(select(CaseType.code).where(CaseType.code.in_(sorted(table.by_type))))
    if set(table.by_type) - set(known):
        problems["type_code"] = FieldProblem.NOT_A_CHOICE
    if problems:
        raise Invalid(**problems)


def reweigh(
    session: Session,
    moves: Sequence[WeightMove],
    *,
    table: WeightTable,
    deed: audit.Deed,
    actor: Actor,
    now: datetime,
) -> None:
    """Each case to its next version with its new points, the event that tells it, and its interval.

    Raises Conflict where a case is not as it was found.
    """
    _write_cases(session, moves, county_id=actor.county_id, now=now)
    if moves:
        session.execute(
            insert(CaseEvent), [_event(one, table, actor=actor, now=now) for one in moves]
        )
    stamp = audit.append(session, [deed], actor=actor, at=now, changes_data=True)
    ids = [one.case_id for one in moves]
    deadlines.write_spans(session, ids, county_id=actor.county_id, recorded_seq=stamp.data_seq)


def _write_cases(
    session: Session, moves: Sequence[WeightMove], *, county_id: int, now: datetime
) -> None:
    if not moves:
        return
    table: Any = Case.__table__
    changed = session.connection().execute(
        update(table)
        .where(
            table.c.county_id == county_id,
            table.c.id == bindparam("moved_id"),
            table.c.version == bindparam("known_version"),
        )
        .values(
            weight=bindparam("new_weight"),
            version=bindparam("new_version"),
            updated_at=bindparam("new_updated_at"),
        ),
        [
            {
                "moved_id": one.case_id,
                "known_version": one.version,
                "new_weight": one.after,
                "new_version": one.version + 1,
                "new_updated_at": max(now, one.updated_at),
            }
            for one in moves
        ],
    )
    if changed.rowcount != len(moves):
        raise Conflict


def _event(one: WeightMove, table: WeightTable, *, actor: Actor, now: datetime) -> dict[str, Any]:
    return {
        "county_id": actor.county_id,
        "case_id": one.case_id,
        "seq": one.version + 1,
        "kind": EventKind.REWEIGHED,
        "at": max(now, one.updated_at),
        "actor_id": actor.user_id,
        "data": {"table": table.version, "old": one.before, "values": {"weight": one.after}},
        "note_encrypted": None,
    }


def begin_tables(db: Database, *, now: datetime) -> None:
    """Give the open cases their points by a table whose first day has come; for the daily work.

    It counts from the moment of the work, not from midnight: what a screen showed in between it
    shows again. Of several that came due while nothing ran, the last one counts.
    """
    with db.read() as session:
        due = session.scalars(select(StoredWeights.county_id).where(*_due(now)).distinct()).all()
    for county_id in due:
        db.write(partial(_begin, county_id=county_id, now=now))


def _due(now: datetime) -> tuple[Any, ...]:
    return (
        StoredWeights.valid_from <= day_of(now),
        StoredWeights.begun_at.is_(None),
        StoredWeights.withdrawn_at.is_(None),
    )


def _begin(session: Session, *, county_id: int, now: datetime) -> None:
    deadlines.hold_rules(session, county_id=county_id)
    rows = session.scalars(
        select(StoredWeights).where(StoredWeights.county_id == county_id, *_due(now))
    ).all()
    if not rows:
        return  # another server was faster
    table = in_force(load_tables(session, county_id=county_id), day_of(now))
    moves = find_weight_moves(session, table, county_id=county_id)
    change_id = next((row.change_id for row in rows if row.version == table.version), 0)
    data = {"version": table.version, "reweighed": len(moves)}
    deed = audit.Deed("weights:begin", f"rules:{change_id}", data)
    for row in rows:
        row.begun_at = now
    session.flush()
    reweigh(session, moves, table=table, deed=deed, actor=system_actor(county_id), now=now)
