"""Numbers handed out in order, from one row per kind that is locked first in a transaction."""

from datetime import datetime

from sqlalchemy import ColumnElement, String, case, cast, func, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data_access.tables import Counter
from domain.clocks import BEIJING

# An ordinal below this is filled up with zeros to five digits.
_FILL = 100_000


def reserve(session: Session, name: str, *, county_id: int, count: int = 1) -> range:
    """The next `count` numbers of a kind, for this transaction alone."""
    dialect = session.get_bind().dialect.name
    new = (postgresql if dialect == "postgresql" else sqlite).insert(Counter)
    # One statement locks and advances, also when the row is not there yet and two come at once.
    statement = new.values(county_id=county_id, name=name, last=count).on_conflict_do_update(
        index_elements=["county_id", "name"], set_={"last": Counter.last + count}
    )
    last = session.scalars(statement.returning(Counter.last)).one() - count
    return range(last + 1, last + count + 1)


def case_number(registered_at: datetime, ordinal: int) -> str:
    """D2026-03187: the year of registration in Beijing time, and the ordinal within it."""
    return f"D{case_year(registered_at)}-{ordinal:05d}"


def case_number_of(year: int, ordinal: ColumnElement[int]) -> ColumnElement[str]:
    """`case_number` for the database to make, of a column."""
    digits = cast(ordinal, String)
    filled = func.substr(cast(ordinal + _FILL, String), 2)
    return literal(f"D{year}-") + case((ordinal < _FILL, filled), else_=digits)


def case_year(registered_at: datetime) -> int:
    """The year that a case is numbered in: of its registration, in Beijing time."""
    return registered_at.astimezone(BEIJING).year


def case_counter(registered_at: datetime) -> str:
    """The name of the counter that case numbers of this year come from."""
    return counter_of_year(case_year(registered_at))


def counter_of_year(year: int) -> str:
    """The name of the counter that a year's case numbers come from."""
    return f"case_no:{year}"
