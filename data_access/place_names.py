"""What a place in the organisation is called."""

from data_access.tables import OrganisationUnit
from domain.organisation import UnitLevel


def place_names(*units: OrganisationUnit | None) -> tuple[str, ...]:
    """The names of a unit and of what it lies in, the town first; the county's only by itself.

    `units` are the unit, what it lies in, and what that lies in, as far as there is any.
    """
    there = [unit for unit in units if unit is not None]
    below = [unit.name for unit in reversed(there) if unit.level is not UnitLevel.COUNTY]
    return tuple(below or [unit.name for unit in there])
