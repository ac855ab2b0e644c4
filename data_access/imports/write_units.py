"""Planned units into their table, from the top down."""

from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from data_access.imports.load_units import Draft, UnitPlan
from data_access.map_layers import build_layers
from data_access.tables import OrganisationUnit, UnitSuccession


def write_units(session: Session, plan: UnitPlan, *, county_id: int) -> None:
    """Write the units from the top down, each with the path of its parent."""
    for draft in plan.new:
        _insert(session, draft, county_id)
    for draft, values in plan.changes:
        columns = {name: value for name, value in values.items() if name != "successors"}
        if columns:
            _update(session, draft, columns)
    ended = [draft for draft, values in plan.changes if "successors" in values]
    _write_successions(session, [*plan.new, *ended])
    # Names and last days stand in what the map is served.
    build_layers(session, county_id=county_id)


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


def _update(session: Session, draft: Draft, columns: dict[str, Any]) -> None:
    session.execute(
        update(OrganisationUnit).where(OrganisationUnit.id == draft.id).values(**columns)
    )


def _write_successions(session: Session, drafts: list[Draft]) -> None:
    """What the file says last of a unit's successors holds, from the day on which the unit ends."""
    rows = [
        {"unit_id": draft.id, "successor_id": successor.id, "day": draft.valid_to}
        for draft in drafts
        for successor in draft.successors
    ]
    session.execute(
        delete(UnitSuccession).where(UnitSuccession.unit_id.in_([draft.id for draft in drafts]))
    )
    if rows:
        session.execute(insert(UnitSuccession), rows)
