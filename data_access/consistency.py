"""Whether a county's tables agree with each other, by a handful of questions to the database.

Cheap enough to ask of every backup that is put back: each question is one aggregate over a table,
without reading a personal value. That nobody altered the trail is `audit.verify`'s question.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from data_access.tables import (
    Assignment,
    Case,
    CaseEvent,
    CaseSpan,
    ImportBatch,
    ImportReject,
    OrganisationUnit,
    RedEvent,
    UnitSuccession,
)
from domain.cases import Risk

_Question = Callable[[int], Select[Any]]


class Disagreement(StrEnum):
    """What two tables say differently."""

    EVENTS = "events"  # a case's version is not the number of its last event
    SPANS = "spans"  # an open case has one open interval, a closed one has none
    HOLDERS = "holders"  # the open assignment names who the case says holds it
    PLACES = "places"  # a case's community or grid does not lie in its town
    BATCHES = "batches"  # a file's rows are more or fewer than what came of them
    ALARMS = "alarms"  # a red event goes on though its case is closed or red no more, or twice
    SUCCESSIONS = "successions"  # a unit has successors from a day on which it did not end


def disagreements(session: Session, *, county_id: int) -> dict[Disagreement, int]:
    """How many rows of a county contradict another table, by kind; empty where all agree."""
    found = {
        kind: session.scalar(select(func.count()).select_from(question(county_id).subquery())) or 0
        for kind, question in _questions()
    }
    return {kind: count for kind, count in found.items() if count}


def _questions() -> Iterator[tuple[Disagreement, _Question]]:
    yield Disagreement.EVENTS, _versions_unlike_events
    yield Disagreement.SPANS, _cases_without_their_interval
    yield Disagreement.HOLDERS, _holders_unlike_assignments
    yield Disagreement.PLACES, _cases_out_of_place
    yield Disagreement.BATCHES, _batches_that_do_not_add_up
    yield Disagreement.ALARMS, _alarms_unlike_cases
    yield Disagreement.SUCCESSIONS, _successors_of_what_goes_on


def _of(table: Any) -> ColumnElement[bool]:
    return and_(table.county_id == Case.county_id, table.case_id == Case.id)


def _versions_unlike_events(county_id: int) -> Select[Any]:
    return (
        select(Case.id)
        .outerjoin(CaseEvent, _of(CaseEvent))
        .where(Case.county_id == county_id)
        .group_by(Case.id, Case.version)
        .having(
            or_(
                func.coalesce(func.max(CaseEvent.seq), 0) != Case.version,
                func.coalesce(func.min(CaseEvent.seq), 0) != 1,
                func.count(CaseEvent.seq) != Case.version,
            )
        )
    )


def _cases_without_their_interval(county_id: int) -> Select[Any]:
    return (
        select(Case.id)
        .outerjoin(CaseSpan, and_(_of(CaseSpan), CaseSpan.ends_at.is_(None)))
        .where(Case.county_id == county_id)
        .group_by(Case.id, Case.is_open)
        .having(func.count(CaseSpan.seq) != Case.is_open)
    )


def _holders_unlike_assignments(county_id: int) -> Select[Any]:
    """Whoever held a case to its end stays its holder, so this is asked of closed cases too."""
    return (
        select(Case.id)
        .outerjoin(Assignment, and_(_of(Assignment), Assignment.ends_at.is_(None)))
        .where(Case.county_id == county_id)
        .group_by(Case.id, Case.mediator_id)
        .having(
            or_(
                func.count(Assignment.seq) != case((Case.mediator_id.is_(None), 0), else_=1),
                func.coalesce(func.max(Assignment.mediator_id), 0)
                != func.coalesce(Case.mediator_id, 0),
            )
        )
    )


def _cases_out_of_place(county_id: int) -> Select[Any]:
    """A grid's parent is the community, a community's the town: as on the day it happened."""
    community, grid = OrganisationUnit.__table__.alias(), OrganisationUnit.__table__.alias()
    return (
        select(Case.id)
        .outerjoin(community, community.c.id == Case.community_id)
        .outerjoin(grid, grid.c.id == Case.grid_id)
        .where(
            Case.county_id == county_id,
            or_(
                community.c.parent_id != Case.town_id,
                grid.c.parent_id != func.coalesce(Case.community_id, 0),
            ),
        )
    )


def _batches_that_do_not_add_up(county_id: int) -> Select[Any]:
    came_of = ImportBatch.added + ImportBatch.changed + ImportBatch.unchanged + ImportBatch.rejected
    kept = (
        select(func.count())
        .where(ImportReject.batch_id == ImportBatch.id)
        .correlate(ImportBatch)
        .scalar_subquery()
    )
    # Rows that were sent back are deleted after a month, all of a batch together.
    return select(ImportBatch.id).where(
        ImportBatch.county_id == county_id,
        or_(came_of != ImportBatch.rows, and_(kept != ImportBatch.rejected, kept != 0)),
    )


def _alarms_unlike_cases(county_id: int) -> Select[Any]:
    """The other way round proves nothing: what a file brought as history is red without one."""
    return (
        select(Case.id)
        .join(RedEvent, and_(_of(RedEvent), RedEvent.ended_at.is_(None)))
        .where(Case.county_id == county_id)
        .group_by(Case.id, Case.is_open, Case.risk)
        .having(or_(func.count(RedEvent.seq) != 1, Case.is_open == 0, Case.risk != Risk.RED.value))
    )


def _successors_of_what_goes_on(county_id: int) -> Select[Any]:
    unit = OrganisationUnit
    return (
        select(UnitSuccession.unit_id)
        .join(unit, unit.id == UnitSuccession.unit_id)
        .where(
            unit.path.startswith(f"/{county_id}/"),
            or_(unit.valid_to.is_(None), unit.valid_to != UnitSuccession.day),
        )
    )
