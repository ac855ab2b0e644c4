"""Who could take a case: all that eligibility and ranking need, in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.locks import locks_of
from data_access.reach import reach
from data_access.recusal import standing_grounds
from data_access.scope import cases_within, committees_for_town
from data_access.tables import (
    Case,
    CaseType,
    Mediator,
)
from domain.eligibility import Candidate, CaseFacts, Judged, rank
from domain.errors import NotFound
from domain.people import Scope


@dataclass(frozen=True, slots=True)
class Choice:
    """A case at a version, and everybody judged against it, the best first."""

    case_no: str
    version: int
    judged: tuple[Judged, ...]


def choice(
    session: Session, *, scope: Scope, case_no: str, now: datetime, assigner: int | None = None
) -> Choice:
    """Everybody whose committee serves the case's town or the whole county, judged and ranked.

    Mediators of other towns can never take it and are not listed. No consent that `assigner`
    approved lets anybody pass. Raises NotFound out of scope.
    """
    found = session.scalar(select(Case).where(Case.case_no == case_no, cases_within(scope)))
    if found is None:
        raise NotFound(case_no)
    people = candidates(session, found, now=now, assigner=assigner)
    of_case = facts(session, [found], now=now)[found.id]
    return Choice(case_no, found.version, tuple(rank(people, of_case)))


def facts(session: Session, found: Sequence[Case], *, now: datetime) -> dict[int, CaseFacts]:
    """What eligibility needs to know of cases of one county, by id."""
    if not found:
        return {}
    held = locks_of(session, [one.id for one in found], county_id=found[0].county_id, now=now)
    special = set(session.scalars(select(CaseType.code).where(CaseType.needs_specialist)))
    return {
        one.id: CaseFacts(
            one.town_id,
            one.community_id,
            one.type_code,
            one.type_code in special,
            one.mediator_id,
            one.weight,
            held[one.id].locks,
            held[one.id].chosen_id,
        )
        for one in found
    }


def candidates(
    session: Session,
    found: Case,
    *,
    now: datetime,
    only: int | None = None,
    assigner: int | None = None,
) -> list[Candidate]:
    """The mediators in reach of a case (or `only` one, in reach or not), with load and leave.

    `assigner` is who would give the case away: no consent that they approved themselves counts.
    """
    who = Mediator.id == only if only is not None else committees_for_town(found.town_id)
    recused = standing_grounds(
        session, [found.id], county_id=found.county_id, assigner=assigner
    ).get(found.id, {})
    return [
        replace(one, grounds=recused.get(one.mediator_id, frozenset()))
        for one in reach(session, who, county_id=found.county_id, now=now)
    ]
