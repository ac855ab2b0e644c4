"""The alarms of a file's cases (红色事件): raised and ended by the rule of domain.red_events.

By the database, like all that a file writes: a file has a hundred thousand rows, and few are red.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Table,
    and_,
    insert,
    literal,
    not_,
    select,
    update,
)
from sqlalchemy.orm import Session

from data_access.imports.staging import CASE_UPDATES, NEW_CASES
from data_access.tables import Case, EmergencyResponse, RedEvent
from domain.cases import Risk
from domain.red_events import oldest_news

_COLUMNS = ("county_id", "case_id", "seq", "raised_at", "raised_by")


def raise_of_new(session: Session, *, actor_id: int, now: datetime) -> None:
    """An alarm for each new case that is open and red, and news: history raises none.

    Called when the cases are written.
    """
    fresh = NEW_CASES.c.registered_at >= oldest_news(now)
    _raise(session, _alarms(NEW_CASES, actor_id).where(_is_red(NEW_CASES.c), fresh))


def follow_updates(session: Session, *, actor_id: int) -> None:
    """Raise and end the alarms of the known cases that the file changes.

    Called while the cases are still as they were.
    """
    after = CASE_UPDATES.c
    known = and_(Case.county_id == after.county_id, Case.id == after.id)
    turned = _alarms(CASE_UPDATES, actor_id).join(Case, known)
    _raise(session, turned.where(_is_red(after), not_(_is_red(Case))))
    for entity in (EmergencyResponse, RedEvent):
        session.execute(
            update(entity)
            .where(
                entity.county_id == after.county_id,
                entity.case_id == after.id,
                entity.ended_at.is_(None),
                not_(_is_red(after)),
            )
            .values(ended_at=after.updated_at, ended_by=literal(actor_id, BigInteger))
            .execution_options(synchronize_session=False)
        )


def _is_red(of: Any) -> ColumnElement[bool]:
    return and_(of.is_open == 1, of.risk == Risk.RED.value)


def _alarms(staged: Table, actor_id: int) -> Select[Any]:
    """Rows of alarms out of staged cases: raised when the file came, by whoever brought it."""
    of = staged.c
    return select(
        of.county_id, of.id, of.version, of.updated_at, literal(actor_id, BigInteger)
    ).select_from(staged)


def _raise(session: Session, rows: Select[Any]) -> None:
    session.execute(insert(RedEvent).from_select(_COLUMNS, rows))
