"""Cases that were picked together under a name."""

from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from data_access.scope import cases_within
from data_access.tables import Case, CaseSelection, SelectedCase
from domain.errors import NotFound
from domain.people import Scope


@dataclass(frozen=True, slots=True)
class Selection:
    """A selection as a reader sees it: its name, and how many of its cases are in reach."""

    selection_id: int
    name: str
    count: int


def selection(session: Session, *, scope: Scope, selection_id: int) -> Selection:
    """A selection by its number. Raises NotFound where none of its cases is within the scope."""
    row = session.execute(
        select(CaseSelection.name, func.count())
        .join(SelectedCase, SelectedCase.selection_id == CaseSelection.id)
        .join(
            Case,
            and_(Case.county_id == SelectedCase.county_id, Case.id == SelectedCase.case_id),
        )
        .where(CaseSelection.id == selection_id, cases_within(scope))
        .group_by(CaseSelection.name)
    ).first()
    if row is None:
        raise NotFound(f"selection:{selection_id}")
    return Selection(selection_id, *row)
