"""The units of a scope that are there on a day: what a screen lists also where nothing happened."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from data_access.tables import OrganisationUnit
from domain.organisation import UnitLevel
from domain.people import Scope


@dataclass(frozen=True, slots=True)
class Unit:
    """A town, community or grid, with what it lies in."""

    id: int
    code: str
    name: str
    level: UnitLevel
    parent_id: int | None


def units_on(
    session: Session,
    *,
    scope: Scope,
    day: date,
    levels: Collection[UnitLevel],
    also: Collection[int] = (),
) -> list[Unit]:
    """The units of these levels within a scope on a day, by code, and whatever `also` names.

    Neither a committee's nor a mediator's cases have a unit of their own.
    """
    unit = OrganisationUnit
    rows = session.execute(
        select(unit.id, unit.code, unit.name, unit.level, unit.parent_id)
        .where(
            unit.level.in_(sorted(levels)),
            unit.path.startswith(f"/{scope.county_id}/"),
            or_(and_(_there(day), _within(scope)), unit.id.in_(sorted(also))),
        )
        .order_by(unit.code, unit.id)
    )
    return [Unit(*row) for row in rows]


def units_by_level(session: Session, *, scope: Scope, day: date) -> Counter[UnitLevel]:
    """How many units of each level there are within a scope on a day."""
    rows = session.execute(
        select(OrganisationUnit.level, func.count())
        .where(_there(day), _within(scope))
        .group_by(OrganisationUnit.level)
    )
    return Counter({row[0]: row[1] for row in rows})


def _there(day: date) -> ColumnElement[bool]:
    unit = OrganisationUnit
    return and_(unit.valid_from <= day, or_(unit.valid_to.is_(None), unit.valid_to > day))


def _within(scope: Scope) -> ColumnElement[bool]:
    """The units of a scope, with what lies in them."""
    unit = OrganisationUnit
    if scope.whole_county:
        return unit.path.startswith(f"/{scope.county_id}/")
    parts = [unit.path.startswith(f"/{scope.county_id}/{one}/") for one in sorted(scope.towns)]
    if scope.communities:
        whole = sorted(scope.communities)
        parts += [unit.id.in_(whole), unit.parent_id.in_(whole)]
    if scope.grids:
        parts.append(unit.id.in_(sorted(scope.grids)))
    return or_(*parts) if parts else false()
