"""Numbers handed out in order, from one row per kind that is locked first in a transaction."""

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data_access.tables import Counter
from domain.clocks import BEIJING


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
    return f"D{registered_at.astimezone(BEIJING).year}-{ordinal:05d}"


def case_counter(registered_at: datetime) -> str:
    """The name of the counter that case numbers of this year come from."""
    return f"case_no:{registered_at.astimezone(BEIJING).year}"
