"""What the clock of a case is made of: since when its stage runs, and where it stood still."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.reference import load_clock
from data_access.scope import cases_within
from data_access.tables import Case, CaseEvent
from domain.cases import EventKind
from domain.clocks import Explanation, Pause, Running
from domain.errors import NotFound
from domain.people import Scope

_STOPS_AND_STARTS = (EventKind.PARKED, EventKind.RESUMED)


def running(session: Session, case: Case, *, now: datetime) -> Running:
    """The present stage of a case under its clock; a pause that still lasts is taken until now."""
    return Running(
        case.stage,
        case.difficulty,
        case.stage_since,
        case.stated_due_on,
        tuple(_pauses(session, case, now)),
        case.extended,
    )


def why(session: Session, *, scope: Scope, case_no: str, now: datetime) -> Explanation | None:
    """How the deadline of a case came about, day by day; None where it is closed.

    Raises NotFound outside the scope.
    """
    case = session.scalar(select(Case).where(Case.case_no == case_no, cases_within(scope)))
    if case is None:
        raise NotFound(case_no)
    if not case.is_open:
        return None
    return load_clock(session).explain(running(session, case, now=now))


def _pauses(session: Session, case: Case, now: datetime) -> Iterable[Pause]:
    rows = session.execute(
        select(CaseEvent.kind, CaseEvent.at)
        .where(
            CaseEvent.county_id == case.county_id,
            CaseEvent.case_id == case.id,
            CaseEvent.kind.in_(_STOPS_AND_STARTS),
            CaseEvent.at >= case.stage_since,
        )
        .order_by(CaseEvent.seq)
    ).all()
    since: datetime | None = None
    for kind, at in rows:
        if kind is EventKind.PARKED:
            since = at
        elif since is not None:
            yield Pause(since, at)
            since = None
    if since is not None and now > since:
        yield Pause(since, now)
