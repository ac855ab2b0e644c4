"""One map as it is drawn: the value and class of each area, markers, zones, legend."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from data_access.queries.layers import Area
from domain import classes
from domain.clocks import day_of
from domain.kpi import Figure, FigureKey, Measure, Measured
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
from ui.map_words import too_little

_LEVEL_NAMES: dict[UnitLevel, Level] = {
    UnitLevel.COUNTY: "county",
    UnitLevel.TOWN: "town",
    UnitLevel.COMMUNITY: "community",
    UnitLevel.GRID: "grid",
}
LEVEL_OF = {name: level for level, name in _LEVEL_NAMES.items()}


def layers(places: Places, title: str) -> MapLayers:
    """Where the shapes of the day are."""
    urls = (
        (_LEVEL_NAMES[level], f"../../geometry/{places.layer(level).sha}.json") for level in LEVELS
    )
    return MapLayers(tuple(urls), title, _("按区域着色的地图。"))


def frame(
    drawn: Drawn,
    *,
    focus: Area,
    nonce: str,
    markers: tuple[Marker, ...],
    picked: tuple[int, ...],
    zones: bool,
    drawing: bool,
) -> Frame:
    """What the map is told to draw."""
    places = drawn.places
    chosen = picked or tuple(one.id for one in places.path(focus) if one.level is drawn.level)
    # Where the level gave way the chosen area is not drawn, and what it lies in is looked at.
    looked_at = focus
    if LEVELS.index(focus.level) > LEVELS.index(drawn.level):
        looked_at = places.around(focus, drawn.level)
    return Frame(
        _LEVEL_NAMES[drawn.level],
        drawn.signs,
        drawn.mask,
        drawn.texts,
        markers,
        tuple(ZoneOutline(one.id, one.name, one.rings) for one in drawn.places.layers.zones)
        if zones
        else (),
        chosen,
        View(nonce, looked_at.bounds),
        "draw" if drawing else "look",
        palette(drawn.figure),
    )


def palette(figure: Figure) -> map_look.Scale:
    """The colours that a figure is drawn in."""
    return "diverging" if figure.measure is Measure.DIFFERENCE else "sequence"


def covers(ring: Sequence[tuple[float, float]], area: Area) -> bool:
    """Whether a drawn ring of (latitude, longitude) has the area's inner point inside of it."""
    outline = Outline(((tuple((lon, lat) for lat, lon in [*ring, ring[0]]),),)) if ring else None
    return outline is not None and outline.covers(area.lon, area.lat)


# --- the legend ---------------------------------------------------------------------------------


def legend(drawn: Drawn, *, read_at: datetime, notes: Sequence[str] = ()) -> dict[str, Any]:
    """The colours with the range and the number of areas of each, and what was counted."""
    figure, fills = drawn.figure, map_look.fills("desk", palette(drawn.figure))
    visible, today = drawn.visible, day_of(read_at)
    marked = Counter(_signs(drawn, visible))
    by_class: dict[str, list[float]] = {}
    for one, sign in zip(drawn.classed, _signs(drawn, drawn.classed), strict=True):
        if one.value is not None and sign.isdigit():
            by_class.setdefault(sign, []).append(one.value)
    told = [(sign, _range(figure, by_class[sign])) for sign in sorted(by_class)]
    if marked[classes.SUPPRESSED]:
        told.insert(0, (classes.SUPPRESSED, _("0–2 件(合并显示)")))
    if marked[classes.NO_DATA]:
        told.append((classes.NO_DATA, too_little() if drawn.suppressed else _("没有数据")))
    if drawn.outside and any(area.id in drawn.outside for area in drawn.seen):
        told.append((map_look.OUTSIDE, _("不在您的范围内")))
    marked[map_look.OUTSIDE] = sum(area.id in drawn.outside for area in drawn.seen)
    return {
        "title": f"{kpi_texts.figure_name(figure)} {_when(drawn, today)}".rstrip(),
        "unit": _("单位:{unit};{count} 个区域;数据 {time}").format(
            unit=kpi_texts.unit(figure),
            count=count(len(visible)),
            time=clock_time(read_at),
        ),
        "classes": [
            {
                "colour": fills[sign],
                "hatched": sign == classes.SUPPRESSED,
                "range": text,
                "areas": _("{count} 个").format(count=count(marked[sign])),
            }
            for sign, text in told
        ],
        "means": _("口径:{text}").format(text=kpi_texts.definition(figure)),
        "notes": list(notes),
    }


def notes(drawn: Drawn) -> list[str]:
    """What else has to be known in order to read a map."""
    found = []
    if drawn.gave_way:
        told = _("所选的一级多数区域数目过小,已改按{level}显示。")
        found.append(told.format(level=word(drawn.level)))
    few = drawn.suppressed and drawn.pending <= classes.MOST_SUPPRESSED
    if drawn.figure.key is FigureKey.RESOLUTION and drawn.pending and not few:
        told = _("这些案件里还有 {count} 件没有结果,化解率还会变;登记得越近,没有结果的越多。")
        found.append(told.format(count=count(drawn.pending)))
    if drawn.left and not drawn.suppressed:
        told = _("另有 {count} 件没有登记到{level},或所在区域已拆分,不在图上,计入上级合计。")
        found.append(told.format(count=count(drawn.left), level=word(drawn.level)))
    if drawn.partial:
        found.append(_("有的区域只计您岗位范围内的案件,不是那里的全部。"))
    if drawn.together:
        found.append(_("期间拆分、合并过的区域合起来比较,各处写的是同一个数。"))
    layers = drawn.places.layers
    if layers.schematic:
        found.append(_("示意图,不作划界依据。"))
    if layers.audit_no:
        found.append(_("审图号:{number}").format(number=layers.audit_no))
    return found


def _signs(drawn: Drawn, found: Sequence[Measured]) -> str:
    return classes.marks(drawn.figure, found, drawn.classes, suppressed=drawn.suppressed)


def _when(drawn: Drawn, today: date) -> str:
    """Which days, or which past moment; nothing where it is of now."""
    if not drawn.figure.at_moment:
        return f"· {kpi_texts.window_words(drawn.window, today=today)}"
    ended = drawn.window.last_day < today
    return f"· {kpi_texts.moment_words(drawn.window, today=today)}" if ended else ""


def _range(figure: Figure, values: Sequence[float]) -> str:
    low, high = (kpi_texts.number(figure, one) for one in (min(values), max(values)))
    if low == high:
        return low
    # Between signed numbers a dash would be read as another sign.
    signed = figure.measure is Measure.DIFFERENCE
    return _("{first}至{last}").format(first=low, last=high) if signed else f"{low}–{high}"
