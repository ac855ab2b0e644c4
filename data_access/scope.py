"""Which rows a person may see. Every query and command puts this into its WHERE."""

from sqlalchemy import ColumnElement, and_, false, or_, true

from data_access.tables import Case, Committee
from domain.errors import NotAllowed
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


def committees_for_town(town_id: int) -> ColumnElement[bool]:
    """The committees that could take a case of a town: the town's own, and the county's."""
    return or_(Committee.town_id == town_id, Committee.town_id.is_(None))
