"""Which rows a person may see. Every query and command puts this into its WHERE."""

from collections import defaultdict

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from data_access.tables import Case, Committee, Mediator, OrganisationUnit, Wall
from domain.errors import NotAllowed
from domain.organisation import UnitLevel
from domain.people import Permission, Scope


def cases_within(scope: Scope) -> ColumnElement[bool]:
    """The cases of a scope; nothing at all for an empty one."""
    return and_(Case.county_id == scope.county_id, _part(scope))


def require_whole_county(scope: Scope, permission: Permission) -> None:
    """Raise NotAllowed where `permission` is held in a part of the county: that does not suffice.

    For what no scope could be drawn around, such as the audit trail.
    """
    if not scope.whole_county:
        raise NotAllowed(permission)


def _part(scope: Scope) -> ColumnElement[bool]:
    if scope.whole_county:
        return true()
    named = (
        (Case.town_id, scope.towns),
        (Case.community_id, scope.communities),
        (Case.grid_id, scope.grids),
        (Case.committee_id, scope.committees),
        (Case.mediator_id, scope.mediators),
    )
    parts = [
        column == next(iter(ids)) if len(ids) == 1 else column.in_(sorted(ids))
        for column, ids in named
        if ids
    ]
    return or_(*parts) if parts else false()


def committees_within(scope: Scope) -> ColumnElement[bool]:
    """The committees of a scope: by the unit that they serve, or by themselves.

    Neither a grid nor a mediator's own cases contain a committee.
    """
    if scope.whole_county:
        served = select(OrganisationUnit.id).where(
            OrganisationUnit.path.startswith(f"/{scope.county_id}/", autoescape=True)
        )
        return Committee.unit_id.in_(served)
    named = (
        (Committee.town_id, scope.towns),
        (Committee.community_id, scope.communities),
        (Committee.id, scope.committees),
    )
    parts = [column.in_(sorted(ids)) for column, ids in named if ids]
    return or_(*parts) if parts else false()


def committees_for_town(town_id: int) -> ColumnElement[bool]:
    """The committees that could take a case of a town: the town's own, and the county's."""
    return or_(Committee.town_id == town_id, Committee.town_id.is_(None))


def places_to_register(session: Session, *, scope: Scope) -> Scope:
    """Where disputes may be taken down: a scope, and the units that its committees serve.

    `scope` is that of CASE_REGISTER: of those who have it in a committee, all are its head. What is
    brought to a town's committee arises anywhere in the town, and has no holder yet; so this is for
    registering alone, and shows no case.
    """
    if not scope.committees or scope.whole_county:
        return scope
    served: dict[UnitLevel, set[int]] = defaultdict(set)
    units = session.execute(
        select(OrganisationUnit.level, OrganisationUnit.id)
        .join(Committee, Committee.unit_id == OrganisationUnit.id)
        .where(
            Committee.id.in_(sorted(scope.committees)),
            Committee.active.is_(True),
            OrganisationUnit.path.startswith(f"/{scope.county_id}/"),
        )
    )
    for level, unit_id in units:
        served[level].add(unit_id)
    return scope | Scope(
        scope.county_id,
        whole_county=bool(served[UnitLevel.COUNTY]),
        towns=frozenset(served[UnitLevel.TOWN]),
        communities=frozenset(served[UnitLevel.COMMUNITY]),
        grids=frozenset(served[UnitLevel.GRID]),
    )


def mediators_within(scope: Scope) -> ColumnElement[bool]:
    """The mediators whose load a scope may see: of its places' committees, of its own, or oneself.

    A WHERE on Mediator joined with Committee. County-wide committees belong to no town.
    """
    theirs = committees_within(scope)
    return or_(theirs, Mediator.id.in_(sorted(scope.mediators))) if scope.mediators else theirs


def walls_within(scope: Scope) -> ColumnElement[bool]:
    """The walls of a scope, by where they hang: in the county's own centre, or in a town's."""
    if scope.whole_county:
        return Wall.county_id == scope.county_id
    return and_(Wall.county_id == scope.county_id, Wall.unit_id.in_(sorted(scope.towns)))
