"""Why a deadline is what it is."""

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.clocks import standing_still
from data_access.reference import load_clock
from data_access.scope import cases_within
from data_access.tables import Case
from domain.clocks import Explanation
from domain.errors import NotFound
from domain.people import Scope


def why(session: Session, *, scope: Scope, case_no: str) -> Explanation | None:
    """How the deadline of a case came about, day by day; None where it is closed.

    Of a parked case it is the deadline that it keeps until it goes on, and since when it stands.

    Raises NotFound outside the scope.
    """
    case = session.scalar(select(Case).where(Case.case_no == case_no, cases_within(scope)))
    if case is None:
        raise NotFound(case_no)
    if not case.is_open:
        return None
    stage, since = standing_still(session, case)
    return replace(load_clock(session).explain(stage), parked_at=since)
