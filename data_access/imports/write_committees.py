"""Planned committees and mediators into their tables."""

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from data_access.imports.drafts import CommitteeDraft, MediatorDraft
from data_access.imports.load_committees import CommitteePlan
from data_access.tables import Committee, Mediator, MediatorSpeciality


def write_committees(session: Session, plan: CommitteePlan) -> None:
    """Write the committees first, then the people who sit on them."""
    for committee in plan.committees:
        _write_committee(session, committee)
    for mediator in plan.mediators:
        _write_mediator(session, mediator)


def _write_committee(session: Session, draft: CommitteeDraft) -> None:
    if draft.id is None:
        row = Committee(**draft.values)
        session.add(row)
        session.flush()
        draft.id = row.id
        return
    session.execute(update(Committee).where(Committee.id == draft.id).values(**draft.changes))


def _write_mediator(session: Session, draft: MediatorDraft) -> None:
    values = {"committee_id": draft.committee.id}
    if draft.id is None:
        row = Mediator(**draft.values, **values)
        session.add(row)
        session.flush()
        draft.id = row.id
    else:
        session.execute(
            update(Mediator)
            .where(Mediator.id == draft.id)
            .values(**draft.changes, **values, version=Mediator.version + 1)
        )
    if draft.specialities is None:
        return
    session.execute(delete(MediatorSpeciality).where(MediatorSpeciality.mediator_id == draft.id))
    session.execute(
        insert(MediatorSpeciality),
        [{"mediator_id": draft.id, "type_code": code} for code in draft.specialities],
    )
