"""Where a row belongs: units by code, by name, or as they stand in the text of the place."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.imports.codes import plain
from data_access.imports.rows import RowRefused
from data_access.imports.values import BadValue
from data_access.tables import OrganisationUnit
from domain.imports import RejectReason
from domain.organisation import UnitLevel
from domain.people import Scope

_REMEMBERED = 4_096
_TOWN_CODE = 9
_OFFICES = ("居民委员会", "村民委员会", "居委会", "村委会")
_TOWN_SUFFIXES = ("街道办事处", "街道", "镇", "乡")


@dataclass(frozen=True, slots=True)
class Unit:
    """An organisation unit as imports need it; `path` is the ids from the county down."""

    id: int
    code: str
    level: UnitLevel
    parent_id: int | None
    path: str
    name: str
    kind: str
    valid_from: date
    valid_to: date | None
    households: int | None

    def holds_on(self, day: date) -> bool:
        """Whether the unit exists on this day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Position:
    """The units of a case. `from_text`: nobody stated them, they stand in the place's text."""

    town_id: int
    community_id: int | None = None
    grid_id: int | None = None
    from_text: bool = False


def load_units(session: Session, *, county_id: int) -> list[Unit]:
    """All units below the county, of today and of earlier, parents before children."""
    columns = [getattr(OrganisationUnit, name) for name in Unit.__slots__]
    rows = session.execute(
        select(*columns)
        .where(OrganisationUnit.path.startswith(f"/{county_id}/"), OrganisationUnit.id != county_id)
        .order_by(OrganisationUnit.level, OrganisationUnit.id)
    )
    return [Unit(*row) for row in rows]


class Places:
    """Finds units by what people write for them. `today` is the second chance of a dated unit.

    `mapped` says of words, whatever they are known for, the code of the unit that is meant.
    """

    def __init__(
        self, units: Iterable[Unit], *, today: date, mapped: Mapping[str, str] | None = None
    ) -> None:
        self._today = today
        self.by_id = {unit.id: unit for unit in units}
        self._words: dict[UnitLevel, dict[str, list[Unit]]] = {
            level: defaultdict(list) for level in UnitLevel
        }
        self._parts: dict[tuple[int, str], list[Unit]] = defaultdict(list)
        # By the level of the units and the unit that they lie in, at any depth; None for all.
        self._names: dict[tuple[UnitLevel, int | None], list[tuple[str, Unit]]] = defaultdict(list)
        self._positions: dict[int, Position] = {}
        # What people write for units comes again and again, and is nobody's.
        self._plain = lru_cache(_REMEMBERED)(plain)
        for unit in self.by_id.values():
            for above in (None, *_ids(unit)):
                self._names[unit.level, above].append((plain(unit.name), unit))
            for word in self._words_for(unit):
                self._words[unit.level][word].append(unit)
                self._parts[(unit.parent_id or 0, word)].append(unit)
        self._mapped = {plain(word): code.casefold() for word, code in (mapped or {}).items()}

    def find(self, level: UnitLevel, text: str, *, on: date, within: Unit | None = None) -> Unit:
        """The unit that a cell means, as of a day or else of today. Raises BadValue."""
        word = self._plain(text)
        found = self._meant(level, self._mapped.get(word, word), within)
        chosen = [unit for unit in found if unit.holds_on(on)]
        chosen = chosen or [unit for unit in found if unit.holds_on(self._today)]
        if len(chosen) == 1:
            return chosen[0]
        raise BadValue(
            RejectReason.AMBIGUOUS_UNIT if chosen else RejectReason.UNKNOWN_UNIT,
        )

    def _meant(self, level: UnitLevel, word: str, within: Unit | None) -> list[Unit]:
        if within is None:
            return self._words[level].get(word, [])
        if found := self._parts.get((within.id, word)):
            return found
        units = self._words[level].get(word, ())
        return [unit for unit in units if unit.path.startswith(within.path)]

    def position(self, *, town: str, community: str, grid: str, place: str, on: date) -> Position:
        """The units of a case from its columns; from the place's text where they are all blank.

        Raises RowRefused: a case without a town has nobody who looks after it.
        """
        if not (town or community or grid):
            return self._from_text(place, on)
        unit: Unit | None = None
        stated = (
            ("town", UnitLevel.TOWN, town),
            ("community", UnitLevel.COMMUNITY, community),
            ("grid", UnitLevel.GRID, grid),
        )
        for key, level, text in stated:
            if text:
                unit = self._stated(key, level, text, on=on, within=unit)
        if unit is None:
            raise RowRefused("town", RejectReason.MISSING)
        return self._position_of(unit)

    def above(self, unit: Unit, level: UnitLevel) -> Unit | None:
        """The unit of this level that a unit is or lies in."""
        found = (self.by_id[one] for one in _ids(unit) if one in self.by_id)
        return next((one for one in found if one.level is level), None)

    def _stated(
        self, key: str, level: UnitLevel, text: str, *, on: date, within: Unit | None
    ) -> Unit:
        try:
            return self.find(level, text, on=on, within=within)
        except BadValue as bad:
            # Every community has a 第1网格: one that is missing here is not "elsewhere".
            elsewhere = within is not None and level is not UnitLevel.GRID
            if elsewhere and self._exists(level, text, on):
                raise RowRefused(key, RejectReason.UNITS_DISAGREE) from None
            raise RowRefused(key, bad.reason) from None

    def _exists(self, level: UnitLevel, text: str, on: date) -> bool:
        return any(unit.holds_on(on) for unit in self._words[level].get(self._plain(text), ()))

    def _from_text(self, place: str, on: date) -> Position:
        text = plain(place)
        towns = self._named_in(text, UnitLevel.TOWN, on)
        if len(towns) > 1:
            raise RowRefused("town", RejectReason.AMBIGUOUS_UNIT)
        within = towns[0] if towns else None
        communities = self._named_in(text, UnitLevel.COMMUNITY, on, within)
        if within is None and len(communities) != 1:
            raise RowRefused("town", RejectReason.NO_UNIT_IN_PLACE)
        unit = communities[0] if len(communities) == 1 else within
        if unit is None:
            raise RowRefused("town", RejectReason.NO_UNIT_IN_PLACE)
        if unit.level is UnitLevel.COMMUNITY:
            grids = self._named_in(text, UnitLevel.GRID, on, unit)
            unit = grids[0] if len(grids) == 1 else unit
        stated = self._position_of(unit)
        return Position(stated.town_id, stated.community_id, stated.grid_id, from_text=True)

    def _named_in(
        self, text: str, level: UnitLevel, on: date, within: Unit | None = None
    ) -> list[Unit]:
        """Units whose full name stands in a text, without those that are part of a longer name."""
        found = [
            (name, unit)
            for name, unit in self._names[level, within.id if within else None]
            if name in text and (unit.holds_on(on) or unit.holds_on(self._today))
        ]
        names = {name for name, _ in found}
        return [
            unit
            for name, unit in found
            if not any(name != longer and name in longer for longer in names)
        ]

    def _position_of(self, unit: Unit) -> Position:
        if unit.id not in self._positions:
            self._positions[unit.id] = self._new_position(unit)
        return self._positions[unit.id]

    def _new_position(self, unit: Unit) -> Position:
        town = self.above(unit, UnitLevel.TOWN)
        community = self.above(unit, UnitLevel.COMMUNITY)
        grid = self.above(unit, UnitLevel.GRID)
        if town is None:
            raise RowRefused("town", RejectReason.UNKNOWN_UNIT)
        return Position(town.id, community.id if community else None, grid.id if grid else None)

    def _words_for(self, unit: Unit) -> set[str]:
        name = plain(unit.name)
        words = {unit.code.casefold(), name}
        if unit.level is UnitLevel.TOWN:
            words.add(unit.code[:_TOWN_CODE])
            words.add(f"{unit.code[:_TOWN_CODE]}000")
            words |= {name.removesuffix(suffix) for suffix in _TOWN_SUFFIXES}
        if unit.level is UnitLevel.COMMUNITY:
            words |= {f"{name}{office}" for office in _OFFICES}
        parent = self.by_id.get(unit.parent_id or 0)
        if unit.level is UnitLevel.GRID and parent is not None:
            words.add(plain(parent.name) + name)
        return words


def _ids(unit: Unit) -> list[int]:
    """The unit and those that it lies in, the county first."""
    return [int(part) for part in unit.path.split("/") if part]


def in_scope(scope: Scope, position: Position) -> bool:
    """Whether a person who imports for `scope` may bring in a case of this position."""
    return (
        scope.whole_county
        or position.town_id in scope.towns
        or position.community_id in scope.communities
        or position.grid_id in scope.grids
    )
