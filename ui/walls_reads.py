"""What the page of walls reads."""

from collections.abc import Sequence
from datetime import datetime

from data_access import site
from data_access.queries import walls
from data_access.queries.walls import WallRow
from domain.clocks import day_of
from domain.organisation import UnitLevel
from domain.people import Permission, Scope
from ui import map_reads
from ui.cache import cached
from ui.map_places import Places

OPENED_TO = (Permission.WALL_KEEP,)


def rows(scope: Scope, now: datetime) -> Sequence[WallRow]:
    """The walls as they are this moment: one statement, from no cache, for it is they that age."""
    here = site.current()
    with here.db.read() as session:
        return walls.walls(session, scope=scope, now=now, seen=here.walls.seen())


def places(scope: Scope, now: datetime) -> dict[int, str]:
    """Where a wall may hang: the county's own centre and its towns, as far as they are in scope."""
    found = cached(
        "wall_places",
        lambda session: walls.places(session, scope=scope, now=now),
        scope=scope,
        now=now,
    )
    return {one.id: one.name for one in found}


def views(scope: Scope, row: WallRow, now: datetime) -> dict[str, tuple[str, UnitLevel]]:
    """What the map of a wall can look at: names and levels of areas of its part, by code."""
    drawn: Places = map_reads.places(scope, day_of(now))
    own = drawn.by_id.get(row.standing.unit_id)
    if own is None:
        return {}
    levels = (UnitLevel.COUNTY, UnitLevel.TOWN, UnitLevel.COMMUNITY)
    return {
        one.code: (drawn.full_name(one), level)
        for level in levels
        for one in drawn.layer(level).areas
        if drawn.lies_in(one, own)
    }
