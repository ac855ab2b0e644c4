"""One map before it is painted: the value and class of each of its areas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from data_access.queries.layers import Area
from domain import classes, kpi
from domain.classes import Classes
from domain.kpi import AreaCounts, Figure, FigureKey, Measure, Measured, Window
from domain.organisation import UnitLevel
from domain.succession import comparable, folded, of_one_ground
from ui import map_look, map_reads
from ui.map_places import LEVELS, Places
from ui.map_sight import Reading
from ui.map_state import Shown


@dataclass(frozen=True, slots=True)
class Drawn:
    """One map: what each of its areas says, in the order of the level's shapes."""

    places: Places
    level: UnitLevel
    window: Window
    figure: Figure
    areas: tuple[Area, ...]
    found: tuple[Measured, ...]
    classes: Classes
    mask: str | None
    suppressed: bool
    gave_way: bool = False
    remainder: AreaCounts = field(default_factory=AreaCounts)
    outside: frozenset[int] = frozenset()
    compared: tuple[Measured, ...] = ()
    pending: int = 0

    @property
    def visible(self) -> list[Measured]:
        """The values that the colours are of."""
        return in_sight(self.mask, self.found, self.outside, self.areas)

    @property
    def classed(self) -> Sequence[Measured]:
        """The values that the classes were made of: of this map, or of both that are compared."""
        return self.compared or self.visible

    def marks(self) -> str:
        """One character an area, as the map is told."""
        signs = classes.marks(self.figure, self.found, self.classes, suppressed=self.suppressed)
        return "".join(
            map_look.OUTSIDE if area.id in self.outside else sign
            for area, sign in zip(self.areas, signs, strict=True)
        )


def measure(
    places: Places, figure: Figure, level: UnitLevel, counts: Mapping[int | None, AreaCounts]
) -> tuple[Measured, ...]:
    """The figure of every area of a level."""
    return tuple(
        kpi.value(figure, counts.get(area.id, AreaCounts()), households=area.households)
        for area in places.layer(level).areas
    )


def in_sight(
    mask: str | None,
    found: Sequence[Measured],
    outside: frozenset[int],
    areas: Sequence[Area],
) -> list[Measured]:
    """The values of the areas that neither fade nor lie outside what the reader may see."""
    signs = mask or "1" * len(found)
    return [
        one
        for one, sign, area in zip(found, signs, areas, strict=True)
        if sign == "1" and area.id not in outside
    ]


def classify(
    figure: Figure, values: Sequence[Measured], *, fixed: bool, suppressed: bool
) -> Classes:
    """The classes that these values are drawn in."""
    wanted = classes.shown(figure, values, suppressed=suppressed)
    if figure.measure is Measure.DIFFERENCE:
        return classes.diverging(wanted)
    return classes.fixed(wanted, figure.measure) if fixed else classes.quantile(wanted)


def drawn(reading: Reading, places: Places, window: Window) -> Drawn:
    """The map of a window, on the level asked for or, where it says nothing, the one above."""
    shown, level = reading.shown, reading.shown.level
    while True:
        areas = places.layer(level).areas
        held = told(reading, places, level, window, shown.figure.key)
        found = measure(places, shown.figure, level, held)
        mask = places.mask(places.nearest(shown.area), level)
        outside = _outside(reading, places, level, window)
        visible = in_sight(mask, found, outside, areas)
        silent = reading.suppressed and classes.gives_way(shown.figure, visible)
        if not silent or level is UnitLevel.TOWN:
            break
        level = LEVELS[LEVELS.index(level) - 1]
    return Drawn(
        places,
        level,
        window,
        shown.figure,
        areas,
        found,
        classify(shown.figure, visible, fixed=shown.fixed, suppressed=reading.suppressed),
        mask,
        reading.suppressed,
        gave_way=level is not shown.level,
        remainder=counts(reading, places, level, window).get(None, AreaCounts()),
        outside=outside,
        pending=sum(
            held[area.id].pending
            for area, sign in zip(areas, mask or "1" * len(areas), strict=True)
            if sign == "1" and area.id in held
        ),
    )


def alike(maps: list[Drawn], shown: Shown) -> list[Drawn]:
    """Two maps in the same classes, or their colours would not compare."""
    both = tuple(one for each in maps for one in each.visible)
    made = classify(shown.figure, both, fixed=shown.fixed, suppressed=maps[0].suppressed)
    return [replace(one, classes=made, compared=both) for one in maps]


def counts(
    reading: Reading, places: Places, level: UnitLevel, window: Window
) -> dict[int | None, AreaCounts]:
    """By the areas that are drawn: what happened in merged ones is their successors'."""
    raw = map_reads.counts(reading.scope, level, window, reading.cut, reading.now)
    return folded(raw, map_reads.successions(reading.scope), _ids(places, level))


def told(
    reading: Reading, places: Places, level: UnitLevel, window: Window, figure: FigureKey
) -> Mapping[int | None, AreaCounts]:
    """What a figure is counted from; a change compares the same ground before and after."""
    if figure is not FigureKey.CHANGE:
        return counts(reading, places, level, window)
    raw = map_reads.counts(reading.scope, level, window, reading.cut, reading.now)
    since = window.before().first_day
    pairs = of_one_ground(map_reads.changes(reading.scope), since=since)
    return comparable(raw, pairs, _ids(places, level))


def _outside(reading: Reading, places: Places, level: UnitLevel, window: Window) -> frozenset[int]:
    """The areas of which the reader counts nothing, and may not say that there is nothing."""
    if reading.scope.whole_county:
        return frozenset()
    held, sight = counts(reading, places, level, window), reading.sight
    return frozenset(
        area.id
        for area in places.layer(level).areas
        if area.id not in held and not sight.sees_all_of(places, area)
    )


def _ids(places: Places, level: UnitLevel) -> frozenset[int]:
    return frozenset(area.id for area in places.layer(level).areas)
