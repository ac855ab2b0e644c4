"""The units in which a person may register a dispute, as a tree to choose from."""

from dataclasses import dataclass

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session, aliased

from data_access.scope import places_to_register
from data_access.tables import OrganisationUnit
from domain.organisation import UnitLevel
from domain.people import Scope


@dataclass(frozen=True, slots=True)
class Unit:
    """A town, community or grid. `chosen` is False where it only stands above one's own part."""

    unit_id: int
    level: UnitLevel
    name: str
    parent_id: int
    chosen: bool


def units_within(session: Session, *, scope: Scope) -> tuple[Unit, ...]:
    """The units of today within a scope of CASE_REGISTER, and those that stand above them.

    Of a committee those that it serves; one's own cases have no place, so nothing.
    """
    scope = places_to_register(session, scope=scope)
    unit, above = OrganisationUnit, aliased(OrganisationUnit)
    ids = scope.towns | scope.communities | scope.grids
    theirs = (
        true()
        if scope.whole_county
        else or_(
            unit.id.in_(ids),
            unit.parent_id.in_(ids),
            above.parent_id.in_(scope.towns),
        )
    )
    rows = session.execute(
        select(unit.id, unit.level, unit.name, unit.parent_id, unit.path)
        .join(above, above.id == unit.parent_id)
        .where(
            unit.level.in_([UnitLevel.TOWN, UnitLevel.COMMUNITY, UnitLevel.GRID]),
            unit.valid_to.is_(None),
            unit.path.startswith(f"/{scope.county_id}/"),
            theirs,
        )
        .order_by(unit.code)
    ).all()
    own = {row.id for row in rows}
    parents = {int(part) for row in rows for part in row.path.split("/") if part} - own
    over = session.execute(
        select(unit.id, unit.level, unit.name, unit.parent_id)
        .where(unit.id.in_(parents - {scope.county_id}))
        .order_by(unit.code)
    ).all()
    return tuple(
        Unit(row.id, row.level, row.name, row.parent_id, chosen)
        for chosen, found in ((False, over), (True, rows))
        for row in found
    )
