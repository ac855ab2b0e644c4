"""The workloads' reads through the cache."""

from datetime import datetime

from data_access.queries import loads
from data_access.queries import worklist as worklist_query
from data_access.queries.loads import Workload
from data_access.queries.worklist import InTurn
from domain.people import Scope
from ui.cache import cached


def workload(scope: Scope, *, now: datetime, at: datetime | None) -> Workload:
    """Everybody in scope now, or `at` a past moment, which does not age by the minute."""
    asked = at.isoformat() if at else "now"
    return cached(
        f"workload {asked}",
        lambda session: loads.workload(session, scope=scope, now=now, at=at),
        scope=scope,
        now=None if at else now,
    )


def worklist(scope: Scope, mediator_id: int, now: datetime) -> tuple[InTurn, ...]:
    """In which order somebody in scope should take up what they hold."""
    return cached(
        f"worklist {mediator_id}",
        lambda session: worklist_query.worklist(
            session, scope=scope, mediator_id=mediator_id, now=now
        ),
        scope=scope,
        now=now,
    )
