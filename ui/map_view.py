"""One map as it is drawn: the value and class of each area, markers, zones, legend."""

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from data_access.queries.figures import OpenCase
from data_access.queries.layers import Area, Bounds
from domain import classes, kpi
from domain.cases import Lamp
from domain.classes import Classes
from domain.clocks import day_of
from domain.kpi import AreaCounts, Figure, Measure, Measured, Window
from domain.organisation import UnitLevel
from domain.outlines import Outline
from domain.points import Point
from texts import gettext as _
from texts import kpi as kpi_texts
from texts.numbers import clock_time, count
from texts.words import LAMP_SHAPES, word
from ui import map_look
from ui.county_map import Frame, Level, MapLayers, Marker, View, ZoneOutline
from ui.map_places import LEVELS, Places

_LEVEL_NAMES: dict[UnitLevel, Level] = {
    UnitLevel.COUNTY: "county",
    UnitLevel.TOWN: "town",
    UnitLevel.COMMUNITY: "community",
    UnitLevel.GRID: "grid",
}
LEVEL_OF = {name: level for level, name in _LEVEL_NAMES.items()}
# A case without an exact place stands this far from its grid's inner point, in degrees (about
# 40 m), in a direction that its number decides: near each other, never on the spot.
_OFFSET = 0.0004
_LAMP_COUNTS = (
    (Lamp.LATE, "overdue"),
    (Lamp.SOON, "soon"),
    (Lamp.PAUSED, "paused"),
)


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

    @property
    def visible(self) -> list[Measured]:
        """The values that the colours are of."""
        return in_sight(self.mask, self.found, self.outside, self.areas)

    def marks(self) -> str:
        """One character an area, as the map is told."""
        signs = classes.marks(self.figure, self.found, self.classes, suppressed=self.suppressed)
        return "".join(
            map_look.OUTSIDE if area.id in self.outside else sign
            for area, sign in zip(self.areas, signs, strict=True)
        )

    def with_classes(self, made: Classes) -> "Drawn":
        """The same in other classes."""
        return replace(self, classes=made)


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


def layers(places: Places, title: str) -> MapLayers:
    """Where the shapes of the day are."""
    urls = {
        _LEVEL_NAMES[level]: f"../../geometry/{places.layer(level).sha}.json" for level in LEVELS
    }
    return MapLayers(urls, title, _("按区域着色的地图。"))


def frame(
    drawn: Drawn,
    *,
    focus: Area,
    markers: tuple[Marker, ...],
    picked: tuple[int, ...],
    zones: bool,
    drawing: bool,
) -> Frame:
    """What the map is told to draw."""
    chosen = picked or ((focus.id,) if focus.level is drawn.level else ())
    return Frame(
        _LEVEL_NAMES[drawn.level],
        drawn.marks(),
        drawn.mask,
        tuple(said(drawn, area, one) for area, one in zip(drawn.areas, drawn.found, strict=True)),
        markers,
        tuple(ZoneOutline(one.id, one.name, one.rings) for one in drawn.places.layers.zones)
        if zones
        else (),
        chosen,
        View(f"{focus.code} {drawn.places.layer(drawn.level).sha[:12]}", focus.bounds),
        "draw" if drawing else "look",
        palette(drawn.figure),
    )


def palette(figure: Figure) -> map_look.Scale:
    """The colours that a figure is drawn in."""
    return "diverging" if figure.measure is Measure.DIFFERENCE else "sequence"


def said(drawn: Drawn, area: Area, one: Measured) -> str:
    """A value in a tooltip and in the table, as far as it may be told."""
    if area.id in drawn.outside:
        return _("不在您的范围内")
    value, base = said_of(drawn.figure, one, suppressed=drawn.suppressed)
    return f"{value}({base})" if base else value


def said_of(figure: Figure, one: Measured, *, suppressed: bool) -> tuple[str, str]:
    """A value and what it rests on, as far as both may be told."""
    if suppressed and classes.is_small(figure, one):
        return _("0–2 件"), ""
    if suppressed and classes.has_too_small_a_base(figure, one):
        return "—", _("基数不足 {least}").format(least=kpi.LEAST_BASE)
    base = kpi_texts.base(figure, one) if one.value is not None else ""
    return kpi_texts.written(figure, one), base


def cluster_markers(
    areas: Sequence[Area], counts: dict[int | None, AreaCounts]
) -> tuple[Marker, ...]:
    """The open cases of each area at its inner point, counted by lamp."""
    found = []
    for area in areas:
        held = counts.get(area.id, AreaCounts())
        by_lamp = {lamp: getattr(held, name) for lamp, name in _LAMP_COUNTS}
        by_lamp[Lamp.ON_TIME] = held.open - sum(by_lamp.values())
        found += [
            Marker(
                f"{area.id}:{lamp.value}",
                area.lat,
                area.lon,
                lamp,
                number,
                _("{area} {lamp} {count} 件").format(
                    area=area.name, lamp=f"{LAMP_SHAPES[lamp]} {word(lamp)}", count=count(number)
                ),
            )
            for lamp, number in by_lamp.items()
            if number
        ]
    return tuple(found)


def case_markers(places: Places, cases: Sequence[OpenCase]) -> tuple[Marker, ...]:
    """Each open case at its exact point, or in its grid: a stated offset from the inner point."""
    found = []
    for case in cases:
        label = f"{LAMP_SHAPES[case.lamp]} {word(case.lamp)} {case.case_no}"
        grid = places.by_id.get(case.grid_id or 0)
        if exact := case.point is not None and _lies_within(places.county.bounds, case.point):
            point, label = case.point, _("{case} 确切地点").format(case=label)
        elif grid is not None:
            point = _beside(grid, case.case_no)
        else:
            continue
        marker = Marker(f"case:{case.case_no}", *point, case.lamp, 1, label, exact=exact)
        found.append(marker)
    return tuple(found)


def _lies_within(bounds: Bounds, point: Point) -> bool:
    """Whether a point can be of the county: a mistyped one would stand far off the map."""
    south, west, north, east = bounds
    return south <= point[0] <= north and west <= point[1] <= east


def _beside(grid: Area, case_no: str) -> tuple[float, float]:
    digest = hashlib.sha256(case_no.encode()).digest()
    angle = 2 * math.pi * int.from_bytes(digest[:4]) / 2**32
    far = _OFFSET * (0.4 + 0.6 * digest[4] / 255)
    return grid.lat + far * math.sin(angle), grid.lon + far * math.cos(angle)


def covers(ring: Sequence[tuple[float, float]], area: Area) -> bool:
    """Whether a drawn ring of (latitude, longitude) has the area's inner point inside of it."""
    outline = Outline(((tuple((lon, lat) for lat, lon in [*ring, ring[0]]),),)) if ring else None
    return outline is not None and outline.covers(area.lon, area.lat)


# --- the legend ---------------------------------------------------------------------------------


def legend(drawn: Drawn, *, read_at: datetime, notes: Sequence[str] = ()) -> dict[str, Any]:
    """The colours with the range and the number of areas of each, and what was counted."""
    figure, fills = drawn.figure, map_look.fills("desk", palette(drawn.figure))
    visible = drawn.visible
    marked = Counter(classes.marks(figure, visible, drawn.classes, suppressed=drawn.suppressed))
    by_class: dict[str, list[float]] = {}
    for one in visible:
        sign = classes.marks(figure, [one], drawn.classes, suppressed=drawn.suppressed)
        if one.value is not None and sign.isdigit():
            by_class.setdefault(sign, []).append(one.value)
    rows = [
        {"colour": fills[sign], "hatched": False, "range": _range(figure, by_class[sign])}
        for sign in sorted(by_class)
    ]
    signs = sorted(by_class)
    if marked[classes.SUPPRESSED]:
        rows.insert(
            0,
            {"colour": fills[classes.SUPPRESSED], "hatched": True, "range": _("0–2 件(合并显示)")},
        )
        signs.insert(0, classes.SUPPRESSED)
    if marked[classes.NO_DATA]:
        least = _("没有数据或基数不足 {least}").format(least=kpi.LEAST_BASE)
        text = least if drawn.suppressed else _("没有数据")
        rows.append({"colour": fills[classes.NO_DATA], "hatched": False, "range": text})
        signs.append(classes.NO_DATA)
    for row, sign in zip(rows, signs, strict=True):
        row["areas"] = _("{count} 个").format(count=count(marked[sign]))
    when = "" if figure.at_moment else kpi_texts.window_words(drawn.window, today=day_of(read_at))
    return {
        "title": " · ".join(filter(None, (kpi_texts.figure_name(figure), when))),
        "unit": _("单位:{unit};{count} 个{level};数据 {time}").format(
            unit=kpi_texts.unit(figure),
            count=count(len(visible)),
            level=word(drawn.level),
            time=clock_time(read_at),
        ),
        "classes": rows,
        "means": _("口径:{text}").format(text=kpi_texts.definition(figure)),
        "notes": list(notes),
    }


def _range(figure: Figure, values: Sequence[float]) -> str:
    low, high = (kpi_texts.number(figure, one) for one in (min(values), max(values)))
    if low == high:
        return low
    # Between signed numbers a dash would be read as another sign.
    signed = figure.measure is Measure.DIFFERENCE
    return _("{first}至{last}").format(first=low, last=high) if signed else f"{low}–{high}"
