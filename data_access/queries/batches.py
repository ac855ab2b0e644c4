"""Batches of reassignments, and what became of each of their cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from data_access.scope import cases_within
from data_access.tables import BatchMove, Case, CaseEvent, Mediator, ReassignBatch, User
from domain.batches import BatchMode, KeptBecause
from domain.cases import BY_RULES, ReassignReason
from domain.people import Scope


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch; `untouched` of its cases could still be taken back."""

    batch_id: int
    name: str
    mode: BatchMode
    reason: ReassignReason
    owner_id: int
    owner: str
    committed_at: datetime
    undone_at: datetime | None
    moves: int
    untouched: int


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One case of a batch, as it was moved and as it is now.

    `changed_by` is who first did something with it since, where that was a person.
    """

    case_id: int
    case_no: str
    from_id: int | None
    from_name: str | None
    to_name: str
    holder: str | None
    is_open: bool
    touched: bool
    restored: bool
    kept_because: KeptBecause | None
    changed_by: str | None


def batches(session: Session, *, scope: Scope, owner_id: int, most: int = 30) -> Sequence[BatchRow]:
    """The youngest batches that a person committed, or that moved a case within the scope."""
    same = and_(Case.county_id == BatchMove.county_id, Case.id == BatchMove.case_id)
    still = and_(
        not_(_touched(BatchMove.version)),
        Case.is_open == 1,
        BatchMove.restored_version.is_(None),
    )
    reached = (
        select(BatchMove.batch_id)
        .join(Case, same)
        .where(BatchMove.batch_id == ReassignBatch.id, cases_within(scope))
        .exists()
    )
    # Which ones before what became of them: else every batch there ever was would be counted.
    youngest = (
        select(ReassignBatch.id)
        .where(
            ReassignBatch.county_id == scope.county_id,
            or_(ReassignBatch.owner_id == owner_id, reached),
        )
        .order_by(ReassignBatch.committed_at.desc(), ReassignBatch.id.desc())
        .limit(most)
    )
    ids = session.scalars(youngest).all()
    rows = session.execute(
        select(
            ReassignBatch.id,
            ReassignBatch.name,
            ReassignBatch.mode,
            ReassignBatch.reason,
            ReassignBatch.owner_id,
            User.name.label("owner"),
            ReassignBatch.committed_at,
            ReassignBatch.undone_at,
            func.count().label("moves"),
            func.sum(case((still, 1), else_=0)).label("untouched"),
        )
        .join(User, User.id == ReassignBatch.owner_id)
        .join(BatchMove, BatchMove.batch_id == ReassignBatch.id)
        .join(Case, same)
        .where(ReassignBatch.id.in_(ids))
        .group_by(ReassignBatch.id, User.name)
        .order_by(ReassignBatch.committed_at.desc(), ReassignBatch.id.desc())
    )
    return [
        BatchRow(
            row.id,
            row.name,
            row.mode,
            row.reason,
            row.owner_id,
            row.owner,
            row.committed_at,
            row.undone_at,
            row.moves,
            int(row.untouched),
        )
        for row in rows
    ]


def _touched(version: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether anybody did anything with a case since; a change of the rules is nobody's doing."""
    since = (
        select(CaseEvent.seq)
        .where(
            CaseEvent.county_id == Case.county_id,
            CaseEvent.case_id == Case.id,
            CaseEvent.seq > version,
            CaseEvent.kind.not_in(BY_RULES),
        )
        .correlate(Case, BatchMove)
        .exists()
    )
    return and_(Case.version != version, since)


def moves_of(session: Session, *, scope: Scope, owner_id: int, batch_id: int) -> Sequence[MoveRow]:
    """The cases of a batch: all of them for its owner, else those within the scope."""
    before, to, now = aliased(Mediator), aliased(Mediator), aliased(Mediator)
    known = func.coalesce(BatchMove.restored_version, BatchMove.version)
    changed_by = (
        select(User.name)
        .join(CaseEvent, CaseEvent.actor_id == User.id)
        .where(
            CaseEvent.county_id == Case.county_id,
            CaseEvent.case_id == Case.id,
            CaseEvent.seq > known,
            CaseEvent.kind.not_in(BY_RULES),
        )
        .order_by(CaseEvent.seq)
        .limit(1)
        .correlate(Case, BatchMove)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Case.id,
            Case.case_no,
            BatchMove.from_mediator_id,
            before.name.label("from_name"),
            to.name.label("to_name"),
            now.name.label("holder"),
            Case.is_open,
            _touched(known).label("touched"),
            BatchMove.restored_version,
            BatchMove.kept_because,
            changed_by.label("changed_by"),
        )
        .join(BatchMove, and_(Case.county_id == BatchMove.county_id, Case.id == BatchMove.case_id))
        .join(ReassignBatch, ReassignBatch.id == BatchMove.batch_id)
        .join(to, to.id == BatchMove.to_mediator_id)
        .outerjoin(before, before.id == BatchMove.from_mediator_id)
        .outerjoin(now, now.id == Case.mediator_id)
        .where(
            BatchMove.batch_id == batch_id,
            Case.county_id == scope.county_id,
            or_(ReassignBatch.owner_id == owner_id, cases_within(scope)),
        )
        .order_by(Case.case_no)
    )
    return [
        MoveRow(
            row.id,
            row.case_no,
            row.from_mediator_id,
            row.from_name,
            row.to_name,
            row.holder,
            bool(row.is_open),
            touched=bool(row.touched),
            restored=row.restored_version is not None,
            kept_because=row.kept_because,
            changed_by=row.changed_by,
        )
        for row in rows
    ]
