"""Maps before they are painted: the value and class of each area, and what is not on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from data_access.queries.layers import Area
from domain import classes, kpi
from domain.classes import Classes
from domain.kpi import AreaCounts, Figure, FigureKey, Measure, Measured, Window, total
from domain.organisation import UnitLevel
from domain.succession import comparable, folded, of_one_ground
from texts import language
from ui import map_look, map_reads
from ui.cache import shared
from ui.map_places import LEVELS, Places
from ui.map_sight import Reading
from ui.map_words import said


@dataclass(frozen=True, slots=True)
class Drawn:
    """One map, in the order of its level's shapes; `mask` "1" is in sight, None shows all.

    `outside` are areas of which the reader sees nothing; where `partial`, of some only a part.
    `left` cases are not on the map but in the figure of what it shows, `pending` ones have no
    result yet, and areas of `together` are compared on the same ground as others.
    """

    places: Places
    level: UnitLevel
    window: Window
    figure: Figure
    areas: tuple[Area, ...]
    found: tuple[Measured, ...]
    mask: str | None
    suppressed: bool
    outside: frozenset[int]
    partial: bool
    gave_way: bool
    left: int
    pending: int
    together: frozenset[int]
    classes: Classes
    signs: str
    texts: tuple[str, ...]
    compared: tuple[Measured, ...] = ()

    @property
    def seen(self) -> list[Area]:
        """The areas in sight."""
        signs = self.mask or "1" * len(self.areas)
        return [one for one, sign in zip(self.areas, signs, strict=True) if sign == "1"]

    @property
    def visible(self) -> list[Measured]:
        """The values that the colours are of."""
        return _in_sight(self.mask, self.found, self.outside, self.areas)

    @property
    def classed(self) -> Sequence[Measured]:
        """The values that the classes were made of: of this map, or of both that are compared."""
        return self.compared or self.visible


def maps(reading: Reading) -> tuple[Drawn, ...]:
    """The map of the window, after that of the one before where both are asked for.

    Each on the shapes of its own time, both on one level and in the same classes, or their colours
    would not compare. Made once for all who look at the same.
    """
    shown = reading.shown
    asked = (
        f"maps {shown.figure.key} {shown.window!r} {shown.area.code} {shown.level} {reading.cut!r}"
        f" {shown.compare} {shown.fixed} {reading.suppressed} {reading.today} {language()}"
    )
    return shared(asked, lambda: _maps(reading), scope=reading.scope, now=reading.now)


def _maps(reading: Reading) -> tuple[Drawn, ...]:
    shown = reading.shown
    windows = [shown.window.before(), shown.window] if shown.compare else [shown.window]
    made = [_drawn(reading, one, shown.level) for one in windows]
    highest = min((one.level for one in made), key=LEVELS.index)
    made = [
        one if one.level is highest else _drawn(reading, one.window, highest, keep=True)
        for one in made
    ]
    both = tuple(one for each in made for one in each.visible) if shown.compare else ()
    values = both or tuple(made[-1].visible)
    wanted = _classify(shown.figure, values, fixed=shown.fixed, suppressed=reading.suppressed)
    return tuple(_coloured(replace(one, classes=wanted, compared=both)) for one in made)


def _drawn(reading: Reading, window: Window, level: UnitLevel, *, keep: bool = False) -> Drawn:
    """The map of a window, on the level asked for or, where it says nothing, the one above."""
    shown = reading.shown
    places = map_reads.places(reading.scope, window.last_day)
    focus = places.nearest(shown.area)
    while True:
        areas = places.layer(level).areas
        told, together = _told(reading, places, level, window, shown.figure.key)
        found = _measured(reading, places, areas, told)
        mask = places.mask(focus, level)
        outside = _outside(reading, places, areas, told)
        visible = _in_sight(mask, found, outside, areas)
        silent = reading.suppressed and classes.gives_way(shown.figure, visible)
        if keep or not silent or level is UnitLevel.COUNTY:
            break
        level = LEVELS[LEVELS.index(level) - 1]
    signs = mask or "1" * len(areas)
    seen = [one for one, sign in zip(areas, signs, strict=True) if sign == "1"]
    whole = of_area(reading, places, places.around(focus, level), window)
    return Drawn(
        places,
        level,
        window,
        shown.figure,
        areas,
        found,
        mask,
        reading.suppressed,
        outside,
        partial=any(
            one.id not in outside and not reading.sight.sees_all_of(places, one) for one in seen
        ),
        gave_way=level is not shown.level,
        left=_left(shown.figure, whole, [told[one.id] for one in seen if one.id in told]),
        pending=sum(told[one.id].pending for one in seen if one.id in told),
        together=together & {one.id for one in seen},
        classes=Classes(()),
        signs="",
        texts=(),
    )


def _coloured(drawn: Drawn) -> Drawn:
    """The same with a sign and a text for each area."""
    signs = classes.marks(drawn.figure, drawn.found, drawn.classes, suppressed=drawn.suppressed)
    return replace(
        drawn,
        signs="".join(
            map_look.OUTSIDE if area.id in drawn.outside else sign
            for area, sign in zip(drawn.areas, signs, strict=True)
        ),
        texts=tuple(
            said(
                drawn.figure,
                one,
                suppressed=drawn.suppressed,
                outside=area.id in drawn.outside,
                together=area.id in drawn.together,
            )
            for area, one in zip(drawn.areas, drawn.found, strict=True)
        ),
    )


def counts(
    reading: Reading, places: Places, level: UnitLevel, window: Window
) -> dict[int | None, AreaCounts]:
    """By the areas that are drawn: what happened in merged ones is their successors'."""

    def fold() -> dict[int | None, AreaCounts]:
        raw = map_reads.counts(reading.scope, level, window, reading.cut, reading.now)
        return folded(raw, map_reads.successions(reading.scope), places.ids(level))

    sha = places.layer(level).sha
    asked = f"folded {level} {sha} {window!r} {reading.cut!r}"
    return shared(asked, fold, scope=reading.scope, now=reading.now)


def of_area(reading: Reading, places: Places, area: Area, window: Window) -> AreaCounts:
    """The counts of one area of the map, or of the whole county."""
    found = counts(reading, places, area.level, window)
    if area.level is UnitLevel.COUNTY:
        return total(found.values())
    return found.get(area.id, AreaCounts())


def changed_of(reading: Reading, places: Places, area: Area, window: Window) -> AreaCounts:
    """What a change of the area is told of: the same ground before and after, as on the map."""
    if area.level is UnitLevel.COUNTY:
        return of_area(reading, places, area, window)
    told, _together = _told(reading, places, area.level, window, FigureKey.CHANGE)
    return told.get(area.id, AreaCounts())


def _told(
    reading: Reading, places: Places, level: UnitLevel, window: Window, figure: FigureKey
) -> tuple[Mapping[int | None, AreaCounts], frozenset[int]]:
    """What a figure is counted from, and which areas share their ground with others.

    Only a change compares the same ground before and after.
    """
    if figure is not FigureKey.CHANGE:
        return counts(reading, places, level, window), frozenset()
    raw = map_reads.counts(reading.scope, level, window, reading.cut, reading.now)
    since, changes = window.before().first_day, map_reads.changes(reading.scope)
    pairs = of_one_ground(changes, since=since)
    together = {unit for unit, _later, day in changes if day > since}
    parts = frozenset(later for unit, later in pairs if unit in together)
    return comparable(raw, pairs, places.ids(level)), parts


def _measured(
    reading: Reading,
    places: Places,
    areas: Sequence[Area],
    told: Mapping[int | None, AreaCounts],
) -> tuple[Measured, ...]:
    """The figure of every area. All households against a part of the cases would be no rate."""
    sight = reading.sight
    return tuple(
        kpi.value(
            reading.shown.figure,
            told.get(area.id, AreaCounts()),
            households=area.households if sight.sees_all_of(places, area) else None,
        )
        for area in areas
    )


def _outside(
    reading: Reading,
    places: Places,
    areas: Sequence[Area],
    told: Mapping[int | None, AreaCounts],
) -> frozenset[int]:
    """The areas of which the reader counts nothing, and may not say that there is nothing."""
    if reading.scope.whole_county:
        return frozenset()
    sight = reading.sight
    return frozenset(
        area.id
        for area in areas
        if told.get(area.id, AreaCounts()) == AreaCounts() and not sight.sees_all_of(places, area)
    )


def _in_sight(
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


def _classify(
    figure: Figure, values: Sequence[Measured], *, fixed: bool, suppressed: bool
) -> Classes:
    wanted = classes.shown(figure, values, suppressed=suppressed)
    if figure.measure is Measure.DIFFERENCE:
        return classes.diverging(wanted)
    return classes.fixed(wanted, figure.measure) if fixed else classes.quantile(wanted)


def _left(figure: Figure, whole: AreaCounts, parts: Sequence[AreaCounts]) -> int:
    """How many cases that a figure rests on are in the whole and in none of its parts."""
    if figure.key is FigureKey.CHANGE:
        return 0

    def rests_on(held: AreaCounts) -> int:
        measured = kpi.value(figure, held, households=1)
        return measured.base if figure.measure is Measure.PERCENT else measured.count

    return max(0, rests_on(whole) - sum(map(rests_on, parts)))
