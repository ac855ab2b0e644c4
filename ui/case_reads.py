"""One case's reads through the cache."""

from collections.abc import Sequence
from datetime import date, datetime

from data_access import reference
from data_access.queries import candidates, case_records, cases, clocks, duplicates, red_events
from data_access.queries import steps as step_queries
from data_access.queries.candidates import Choice
from data_access.queries.case_records import CaseRecords
from data_access.queries.cases import CaseView
from data_access.queries.duplicates import Duplicate, Merging
from data_access.queries.red_events import Answerable
from data_access.queries.steps import StepView
from domain.clocks import Explanation
from domain.errors import NotFound
from domain.people import Actor, Permission, Scope
from ui.cache import cached
from ui.clock import minute, now


def view(case_no: str, scope: Scope, at: datetime) -> CaseView:
    """The case, masked. Raises NotFound outside the scope."""
    return cached(
        f"case_view {case_no}",
        lambda session: cases.case_view(session, scope=scope, case_no=case_no, now=minute(at)),
        scope=scope,
        now=at,
    )


def choice(case_no: str, actor: Actor, at: datetime) -> Choice:
    """To whom this person could give the case, and to whom not. Raises NotFound out of scope."""
    scope = actor.scope(Permission.CASE_REASSIGN)
    return cached(
        # What a person approved lets nobody pass for them: two askers may have two answers.
        f"candidates {case_no} {actor.user_id}",
        lambda session: candidates.choice(
            session, scope=scope, case_no=case_no, now=minute(at), assigner=actor.user_id
        ),
        scope=scope,
        now=at,
    )


def calendar_gap(scope: Scope, at: datetime) -> date | None:
    """From which day deadlines may still move, because the official arrangement is not entered."""
    return cached(
        "calendar_gap",
        lambda session: reference.calendar_gap(session, now=minute(at)),
        scope=scope,
        now=at,
    )


def steps(case_no: str, scope: Scope) -> StepView:
    """What decides on the case's next steps. Raises NotFound outside the scope."""
    return cached(
        f"step_view {case_no}",
        lambda session: step_queries.step_view(session, scope=scope, case_no=case_no),
        scope=scope,
    )


def records(case_no: str, scope: Scope) -> CaseRecords:
    """What is recorded of the case about its mediator. Raises NotFound outside the scope."""
    return cached(
        f"case_records {case_no}",
        lambda session: case_records.case_records(session, scope=scope, case_no=case_no),
        scope=scope,
    )


def answerable(case_no: str, scope: Scope) -> Sequence[Answerable]:
    """Who may be named for what is done about the case. Raises NotFound outside the scope."""
    at = now()
    return cached(
        f"answerable {case_no}",
        lambda session: red_events.answerable(
            session, scope=scope, case_no=case_no, now=minute(at)
        ),
        scope=scope,
        now=at,
    )


def outcome_names(scope: Scope) -> dict[str, tuple[str, str]]:
    """The outcomes by code: Chinese and English name."""
    return cached("outcome_names", step_queries.outcome_names, scope=scope)


def why(case_no: str, scope: Scope) -> Explanation | None:
    """How the deadline came about, day by day; None when closed. Raises NotFound."""
    return cached(
        f"why {case_no}",
        lambda session: clocks.why(session, scope=scope, case_no=case_no),
        scope=scope,
    )


def merging(case_no: str, scope: Scope) -> Merging:
    """What merging ties to the case, within the scope. Raises NotFound."""
    return cached(
        f"merging {case_no}",
        lambda session: duplicates.merging_of(session, scope=scope, case_no=case_no),
        scope=scope,
    )


def likely_duplicates(case_no: str, scope: Scope) -> list[Duplicate]:
    """The cases that may be the same dispute, within the scope. Raises NotFound."""
    return cached(
        f"duplicates {case_no}",
        lambda session: duplicates.duplicates_of(session, scope=scope, case_no=case_no),
        scope=scope,
    )


def holds(actor: Actor, permission: Permission, case_no: str) -> bool:
    """Whether the person holds the permission for this very case, now."""
    if not actor.may(permission):
        return False
    try:
        view(case_no, actor.scope(permission), now())
    except NotFound:
        return False
    return True
