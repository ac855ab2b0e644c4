"""Planned units into their table, from the top down."""

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from data_access.imports.load_units import Draft, UnitPlan
from data_access.tables import OrganisationUnit


def write_units(session: Session, plan: UnitPlan, *, county_id: int) -> None:
    """Write the units from the top down, each with the path of its parent."""
    for draft in plan.new:
        _insert(session, draft, county_id)
    for draft in plan.new:
        if draft.successor is not None:
            _update(session, draft, {"successor": draft.successor})
    for draft, values in plan.changes:
        _update(session, draft, values)


def _insert(session: Session, draft: Draft, county_id: int) -> None:
    unit = OrganisationUnit(
        code=draft.code,
        level=draft.level,
        parent_id=draft.parent.id if draft.parent else county_id,
        path="",
        name=draft.name,
        kind=draft.kind,
        valid_from=draft.valid_from,
        valid_to=draft.valid_to,
        households=draft.households,
    )
    session.add(unit)
    session.flush()
    above = draft.parent.path if draft.parent else f"/{county_id}/"
    draft.id, draft.path = unit.id, f"{above}{unit.id}/"
    unit.path = draft.path
    session.flush()


def _update(session: Session, draft: Draft, values: dict[str, Any]) -> None:
    columns = {name: value for name, value in values.items() if name != "successor"}
    if successor := values.get("successor"):
        columns["successor_id"] = successor.id
    session.execute(
        update(OrganisationUnit).where(OrganisationUnit.id == draft.id).values(**columns)
    )
