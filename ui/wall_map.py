"""The wall's map: the open cases by area, in five colours, as far as they tell of nobody."""

from dataclasses import dataclass

import streamlit as st

from data_access.queries.layers import Area
from data_access.queries.wall_map import LoadMap
from domain import classes
from domain.organisation import UnitLevel
from texts import gettext as _
from texts import wall as words
from texts.numbers import exact
from ui import county_map, map_view
from ui.county_map import Frame, Level, Pulse, View
from ui.map_look import Theme
from ui.map_places import Places

# What the iframe begins with; the page's own style gives it the place of the scene.
_HEIGHT = 600
_LEVELS: dict[UnitLevel, Level] = {
    UnitLevel.COMMUNITY: "community",
    UnitLevel.GRID: "grid",
}


@dataclass(frozen=True, slots=True)
class WallMap:
    """The areas of a level in the order of their shapes, with a colour and a text for each."""

    level: UnitLevel
    signs: str
    texts: tuple[str, ...]
    legend: tuple[str, ...]


def coloured(found: LoadMap, places: Places) -> WallMap:
    """A colour for each area that may be told, hatched where it may not."""
    areas = places.layer(found.level).areas
    told = {one.code: one.open for one in found.areas}
    values = [cell.count for cell in told.values() if cell.count is not None]
    limits = classes.quantile(values)
    signs, texts = [], []
    for area in areas:
        cell = told.get(area.code)
        if cell is None:
            signs.append(classes.NO_DATA)
            texts.append("")
        else:
            signs.append(classes.SUPPRESSED if cell.count is None else str(limits.of(cell.count)))
            texts.append(words.cell(cell))
    return WallMap(found.level, "".join(signs), tuple(texts), _legend(values))


def title(level: UnitLevel, focus: Area) -> str:
    """大邑县在办案件,按村、社区."""
    by = _("按网格") if level is UnitLevel.GRID else _("按村、社区")
    return _("{area}在办案件,{by}").format(area=focus.name, by=by)


def show(
    made: WallMap, places: Places, focus: Area, *, theme: Theme, pulses: tuple[Pulse, ...]
) -> None:
    """Draw it where the page's style puts it; it stays the same map from scene to scene."""
    with st.container(key="wall_map"):
        county_map.show(
            map_view.layers(places, title(made.level, focus)),
            Frame(
                _LEVELS[made.level],
                made.signs,
                places.mask(focus, made.level),
                made.texts,
                view=View(focus.code, focus.bounds),
                pulses=pulses,
                still=True,
            ),
            key="wall_county",
            height=_HEIGHT,
            theme=theme,
        )


def _legend(values: list[int]) -> tuple[str, ...]:
    if not values:
        return (words.small_cells(),)
    told = _("五档颜色,{least} 至 {most} 件").format(
        least=exact(min(values)), most=exact(max(values))
    )
    return (told, _("斜线:不足 3 件或为保密不单列"))
