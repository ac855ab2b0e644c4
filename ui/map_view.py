"""One map as it is drawn: the value and class of each area, markers, zones, legend."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from data_access.queries.layers import Area
from domain import classes, kpi
from domain.clocks import day_of
from domain.kpi import Figure, Measure, Measured
from domain.organisation import UnitLevel
from domain.outlines import Outline
from texts import gettext as _
from texts import kpi as kpi_texts
from texts.numbers import clock_time, count
from texts.words import word
from ui import map_look
from ui.county_map import Frame, Level, MapLayers, Marker, View, ZoneOutline
from ui.map_drawn import Drawn
from ui.map_places import LEVELS, Places

_LEVEL_NAMES: dict[UnitLevel, Level] = {
    UnitLevel.COUNTY: "county",
    UnitLevel.TOWN: "town",
    UnitLevel.COMMUNITY: "community",
    UnitLevel.GRID: "grid",
}
LEVEL_OF = {name: level for level, name in _LEVEL_NAMES.items()}


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
    for one in drawn.classed:
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
