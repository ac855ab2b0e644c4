"""Somebody has looked at cases that came to them."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data_access.engine import Database
from data_access.scope import cases_within
from data_access.tables import Case, CaseSeen
from domain.errors import NotFound
from domain.people import Actor, Permission


def mark_seen(db: Database, *, versions: Mapping[str, int], actor: Actor, now: datetime) -> int:
    """Cases, by number, were seen by this person as of these versions. Returns how many.

    As of what was shown, not as the cases are now: what came in between is still to be told. It
    changes nothing of a case, so it is no line of the trail. Raises NotAllowed, or NotFound where
    none of them is within reach.
    """
    scope = actor.scope(Permission.CASE_READ)

    def work(session: Session) -> int:
        found = session.execute(
            select(Case.county_id, Case.id, Case.case_no, Case.version)
            .where(Case.case_no.in_(sorted(versions)), cases_within(scope))
            # In one order, so that two windows of one person never wait for each other.
            .order_by(Case.id)
        ).all()
        if not found:
            raise NotFound("arrivals")
        dialect = session.get_bind().dialect.name
        new = (postgresql if dialect == "postgresql" else sqlite).insert(CaseSeen)
        rows = [
            {
                "user_id": actor.user_id,
                "county_id": one.county_id,
                "case_id": one.id,
                # Nobody has seen what is yet to come.
                "version": min(versions[one.case_no], one.version),
                "at": now,
            }
            for one in found
        ]
        # One statement, also where another window writes the same; what was seen stays seen.
        session.execute(
            new.values(rows).on_conflict_do_update(
                index_elements=["user_id", "county_id", "case_id"],
                set_={"version": new.excluded.version, "at": new.excluded.at},
                where=CaseSeen.version < new.excluded.version,
            )
        )
        return len(found)

    return db.write(work)
