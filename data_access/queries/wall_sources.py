"""How fresh the records of each source are: what a wall says of the age of what it shows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access.scope import cases_within
from data_access.tables import Case, Code
from domain.people import Scope
from domain.sources import EXPECTED_WITHIN, is_beyond

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SourceAge:
    """A source with its newest record, None where it never had one.

    `last_day` counts its records of the last 24 hours. `within` is how long it may be silent, None
    where nobody expects anything; `beyond`: it has been silent for longer.
    """

    code: str
    name_zh: str
    name_en: str
    newest: datetime | None
    last_day: int
    within: timedelta | None
    beyond: bool


def sources(session: Session, *, scope: Scope, now: datetime) -> tuple[SourceAge, ...]:
    """All sources by code. Two statements: a look into an index for each, and the last 24 hours.

    The age of a source is that of its newest registration (登记), as the source itself states it: a
    file that was brought late makes nothing younger.
    """
    newest = (
        select(func.max(Case.registered_at))
        .where(
            Case.source_code == Code.code,
            Case.registered_at <= now,
            cases_within(scope),
        )
        .scalar_subquery()
        .label("newest")
    )
    rows = session.execute(
        select(Code.code, Code.name_zh, Code.name_en, newest)
        .where(Code.kind == "source_channel")
        .order_by(Code.code)
    ).all()
    came = session.execute(
        select(Case.source_code, func.count())
        .where(Case.registered_at.between(now - _DAY, now), cases_within(scope))
        .group_by(Case.source_code)
    )
    last_day = {row[0]: row[1] for row in came}
    return tuple(
        SourceAge(
            row.code,
            row.name_zh,
            row.name_en,
            row.newest,
            last_day.get(row.code, 0),
            EXPECTED_WITHIN.get(row.code),
            is_beyond(row.code, row.newest, now=now),
        )
        for row in rows
    )
