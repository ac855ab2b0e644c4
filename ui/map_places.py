"""The tree of areas that the map is drawn from: what lies in what, and how one gets back up."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from data_access.queries.layers import Area, Layer, Layers
from domain.organisation import UnitLevel

# Outermost first.
LEVELS = (UnitLevel.COUNTY, UnitLevel.TOWN, UnitLevel.COMMUNITY, UnitLevel.GRID)


@dataclass(frozen=True)
class Places:
    """The areas of one day with the ways between them. Ids are those of organisation units."""

    layers: Layers

    @cached_property
    def by_id(self) -> dict[int, Area]:
        """Every area of every level."""
        return {area.id: area for level in LEVELS for area in self.layer(level).areas}

    @cached_property
    def by_code(self) -> dict[str, Area]:
        """Every area by its statistics code, which is what an address carries."""
        return {area.code: area for area in self.by_id.values()}

    @property
    def county(self) -> Area:
        """The whole of it."""
        return self.layer(UnitLevel.COUNTY).areas[0]

    def layer(self, level: UnitLevel) -> Layer:
        """The areas of one level."""
        by_level = {
            UnitLevel.COUNTY: self.layers.county,
            UnitLevel.TOWN: self.layers.town,
            UnitLevel.COMMUNITY: self.layers.community,
            UnitLevel.GRID: self.layers.grid,
        }
        return by_level[level]

    def ids(self, level: UnitLevel) -> frozenset[int]:
        """The areas of one level, by id."""
        return frozenset(area.id for area in self.layer(level).areas)

    def path(self, area: Area) -> list[Area]:
        """From the county down to the area, both included."""
        return list(self._upward(area))[::-1]

    def within(self, area: Area, level: UnitLevel) -> tuple[Area, ...]:
        """The areas of a level that lie in this one, itself where it is of that level."""
        return tuple(one for one in self.layer(level).areas if self.lies_in(one, area))

    def around(self, area: Area, level: UnitLevel) -> Area:
        """What is in sight with an area: itself or, where it is of that level or below, what it
        lies in above that level; the county where that is not drawn.
        """
        for one in self._upward(area):
            if LEVELS.index(one.level) < LEVELS.index(level):
                return one
        return self.county

    def mask(self, area: Area, level: UnitLevel) -> str | None:
        """One character for each area of a level, "1" where it is in sight; None for all of them.

        In sight is what lies in the area or, where the area is itself of that level, beside it.
        """
        around = self.around(area, level)
        if around.level is UnitLevel.COUNTY:
            return None
        return "".join("1" if self.lies_in(one, around) else "0" for one in self.layer(level).areas)

    def lies_in(self, area: Area, around: Area) -> bool:
        """Whether an area is the other, or lies in it."""
        return any(one.id == around.id for one in self._upward(area))

    def parent(self, area: Area) -> Area:
        """One level up; the county is its own."""
        return self.by_id.get(area.parent_id or 0, area)

    def nearest(self, area: Area) -> Area:
        """The area itself, by its code, or what was there of the ground above it.

        An area of another day may have ended by this one, or not yet begun.
        """
        while area.code not in self.by_code:
            above = self.by_id.get(area.parent_id or 0)
            if above is None:
                return self.county
            area = above
        return self.by_code[area.code]

    def full_name(self, area: Area) -> str:
        """安仁镇 和众社区 第3网格: without the county, which everybody knows."""
        names = [one.name for one in self.path(area) if one.level is not UnitLevel.COUNTY]
        return " ".join(names) or area.name

    def _upward(self, area: Area) -> Iterator[Area]:
        while True:
            yield area
            above = self.parent(area)
            if above is area:
                return
            area = above


def below(level: UnitLevel) -> UnitLevel:
    """One level down; a grid's own."""
    return LEVELS[min(LEVELS.index(level) + 1, len(LEVELS) - 1)]
