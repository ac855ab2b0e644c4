"""What cases weigh: the county's tables of weights as stored, and the points of one case."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.tables import StoredWeights
from domain.cases import Difficulty, Stage
from domain.clocks import day_of
from domain.loads import (
    FIRST_TABLE,
    CaseWork,
    WeightTable,
    in_force,
    points,
    table_of,
)

# Of a case, the columns that its points depend on.
WEIGHED_BY = ("difficulty", "type_code", "stage", "people_count", "cross_town", "repeated")


def load_tables(session: Session, *, county_id: int) -> tuple[WeightTable, ...]:
    """Every table that holds, held or will hold, by version; those withdrawn are left out."""
    rows = session.scalars(
        select(StoredWeights)
        .where(StoredWeights.county_id == county_id, StoredWeights.withdrawn_at.is_(None))
        .order_by(StoredWeights.version)
    )
    return (
        FIRST_TABLE,
        *(table_of(row.weights, version=row.version, valid_from=row.valid_from) for row in rows),
    )


def table_now(session: Session, *, county_id: int, now: datetime) -> WeightTable:
    """The table in force today, in Beijing."""
    return in_force(load_tables(session, county_id=county_id), day_of(now))


def points_of(case: Mapping[str, Any], table: WeightTable) -> int:
    """The points of a case in tenths, by its columns of WEIGHED_BY."""
    work = CaseWork(
        Difficulty(case["difficulty"]),
        case["type_code"],
        Stage(case["stage"]),
        case["people_count"],
        bool(case["cross_town"]),
        bool(case["repeated"]),
    )
    return points(work, table)
