"""What the wall's map shows: how many cases are open in each area, as far as it tells of nobody."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access.queries.layers import successions
from data_access.scope import cases_within
from data_access.tables import Case
from data_access.tables.cases import IS_OPEN
from data_access.units import Unit, units_on
from domain.clocks import day_of
from domain.organisation import UnitLevel
from domain.people import Scope
from domain.small_cells import FEWEST_TOLD, HELD_BACK, Cell, beside_total
from domain.succession import Pair, heirs


@dataclass(frozen=True, slots=True)
class AreaLoad:
    """How many cases are open in an area of today's map, by the code of its unit."""

    code: str
    open: Cell


@dataclass(frozen=True, slots=True)
class LoadMap:
    """The areas of a level, by code, and the towns that they lie in, whose counts are told whole.

    Areas that were merged have their cases where they are today. What lies in no area of the level
    is in its town's count alone.
    """

    level: UnitLevel
    areas: tuple[AreaLoad, ...]
    towns: tuple[AreaLoad, ...]


def load_map(
    session: Session,
    *,
    scope: Scope,
    level: UnitLevel,
    town_code: str | None = None,
    now: datetime,
) -> LoadMap:
    """The open cases by community or grid, of all towns in scope or of one. Three statements.

    Raises ValueError for another level. A community's small counts stand beside its town's count,
    and a grid's beside its community's: of a community that is not told, no grid is.
    """
    if level not in {UnitLevel.COMMUNITY, UnitLevel.GRID}:
        msg = f"no areas of level {level}"
        raise ValueError(msg)
    rows = session.execute(
        select(Case.town_id, Case.community_id, Case.grid_id, func.count())
        .where(IS_OPEN, cases_within(scope))
        .group_by(Case.town_id, Case.community_id, Case.grid_id)
    ).all()
    seen = {one for row in rows for one in row[:3] if one is not None}
    tree = _Tree(
        units_on(
            session,
            scope=scope,
            day=day_of(now),
            levels=[UnitLevel.TOWN, UnitLevel.COMMUNITY, UnitLevel.GRID],
        ),
        [(one.unit_id, one.successor_id) for one in successions(session, scope=scope)],
        seen,
    )
    for town_id, community_id, grid_id, count in rows:
        tree.add((grid_id, community_id, town_id), count)
    return tree.told(level, town_code)


class _Tree:
    """Today's units with the cases in them; a case counts in each unit that it lies in."""

    def __init__(self, units: Iterable[Unit], pairs: Sequence[Pair], seen: Iterable[int]) -> None:
        self._units = {one.id: one for one in units}
        current = self._units.keys()
        self._today = {one: heirs(one, pairs, current) for one in seen}
        self._below: defaultdict[int, list[Unit]] = defaultdict(list)
        for one in self._units.values():
            if one.parent_id is not None:
                self._below[one.parent_id].append(one)
        self._counts: defaultdict[int, int] = defaultdict(int)

    def add(self, places: Sequence[int | None], count: int) -> None:
        """Count cases of some places, the smallest first.

        What lies in a unit that was split belongs to none of its parts, but to what they lie in.
        """
        unit_id = next((one for one in map(self._now, places) if one is not None), None)
        while unit_id in self._units:
            self._counts[unit_id] += count
            unit_id = self._units[unit_id].parent_id

    def _now(self, unit_id: int | None) -> int | None:
        became = self._today.get(unit_id, frozenset()) if unit_id is not None else frozenset()
        return next(iter(became)) if len(became) == 1 else None

    def told(self, level: UnitLevel, town_code: str | None) -> LoadMap:
        """The areas of a level as they may be told, of all towns or of one."""
        towns = [
            one
            for one in self._units.values()
            if one.level is UnitLevel.TOWN and town_code in {None, one.code}
        ]
        areas: dict[Unit, Cell] = {}
        for town in towns:
            communities = self._parts(town, Cell(self._counts[town.id]))
            if level is UnitLevel.COMMUNITY:
                areas |= communities
                continue
            for community, cell in communities.items():
                areas |= self._parts(community, cell)
        return LoadMap(
            level,
            _by_code(areas),
            _by_code({one: Cell(self._counts[one.id]) for one in towns}),
        )

    def _parts(self, whole: Unit, told: Cell) -> dict[Unit, Cell]:
        """The parts of an area beside its count; what lies in none of them is a part as well."""
        parts = self._below[whole.id]
        if told.count is None:
            return dict.fromkeys(parts, HELD_BACK)
        counts = [self._counts[one.id] for one in parts]
        counts.append(told.count - sum(counts))
        cells = beside_total(counts, least=[FEWEST_TOLD] * len(counts))
        return dict(zip(parts, cells[:-1], strict=True))


def _by_code(found: Mapping[Unit, Cell]) -> tuple[AreaLoad, ...]:
    in_order = sorted(found.items(), key=lambda one: one[0].code)
    return tuple(AreaLoad(unit.code, cell) for unit, cell in in_order)
