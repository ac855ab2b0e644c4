"""The live part of the map's page: read the cut that is in force, draw it, again and again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import streamlit as st

from data_access import site
from data_access.queries.choices import Choices
from data_access.queries.figures import Cut
from data_access.queries.layers import Area
from domain import classes, kpi
from domain.clocks import day_of
from domain.kpi import AreaCounts, FigureKey, Window, total
from domain.organisation import UnitLevel
from domain.people import Actor, Permission, Scope
from domain.succession import comparable, folded
from texts import gettext as _
from texts import kpi as kpi_texts
from texts.numbers import clock_time, count
from texts.words import word
from ui import county_map, elements, map_panel, map_reads, map_state, map_table, map_view
from ui.county_map import Marker
from ui.map_events import MapEvent
from ui.map_places import LEVELS, Places
from ui.map_state import Shown
from ui.map_view import Drawn

_HEAD = elements.element("map_head")
_LEGEND = elements.element("map_legend")
_LIVE = elements.element("queue_live")
# On the usual office screen (1366 x 768) map and legend are seen together.
_HEIGHT = 430
_HEIGHT_OF_TWO = 400
_PANEL_HEIGHT = 600
# More clusters than these hide the map that they stand on.
_MOST_CLUSTERS = 160


@dataclass(frozen=True)
class Callbacks:
    """What the page does when something is clicked."""

    on_map: Callable[[MapEvent], None]
    on_go: Callable[[], None]
    on_level: Callable[[], None]
    on_figure: Callable[[], None]
    on_type: Callable[[], None]
    on_open: Callable[[], None]
    on_turn: Callable[[], None]
    on_queue: Callable[[], None]


@dataclass(frozen=True)
class Sight:
    """Who looks, and what of the county they see; without cases small figures are suppressed."""

    actor: Actor
    scope: Scope
    sees_cases: bool

    @classmethod
    def of(cls, actor: Actor) -> "Sight":
        """A person's sight: the cases that they may open, or else figures alone."""
        sees_cases = actor.may(Permission.CASE_READ)
        permission = Permission.CASE_READ if sees_cases else Permission.FIGURES_READ
        return cls(actor, actor.scope(permission), sees_cases)

    def home(self, places: Places) -> Area:
        """Where the person begins: the one unit of their posts, or the county."""
        units = self.scope.towns | self.scope.communities | self.scope.grids
        known = [places.by_id[one] for one in units if one in places.by_id]
        return known[0] if len(known) == 1 and not self.scope.whole_county else places.county

    def sees_all_of(self, places: Places, area: Area) -> bool:
        """Whether every case of the area is counted: it is of the person's units, or within one."""
        units = self.scope.towns | self.scope.communities | self.scope.grids
        return self.scope.whole_county or any(one.id in units for one in places.path(area))

    def suppressed(self, shown: Shown) -> bool:
        """Whether small figures are kept to themselves: for who opens no case, and on a projector.

        (product.md's rule: a person who may open the cases of an area sees its true counts.)
        """
        return shown.present or not self.sees_cases


def draw(sight: Sight, offered: Choices, now: datetime, callbacks: Callbacks) -> None:
    """Head, map or two maps, panel, legend and table."""
    today = day_of(now)
    places = map_reads.places(sight.scope, today)
    shown = map_state.shown(places, today=today)
    cut = Cut(shown.types, shown.sources)
    watermark = site.current().watcher.seen(now=now)
    read_at = watermark.read_at
    live = _("● 实时 {time}").format(time=clock_time(read_at))
    stale = _("▲ 数据停在 {time}").format(time=clock_time(read_at))
    _LIVE(key="map_live", data={"fresh": watermark.fresh, "live": live, "stale": stale})
    drawn = [_drawn(sight, places, shown, shown.window, cut, now)]
    if shown.compare:
        drawn.insert(0, _earlier(sight, shown, cut, now))
        drawn = _alike(drawn, shown)
    _head(places, shown, drawn[-1], callbacks)
    if shown.compare:
        for place, one in zip(st.columns(2), drawn, strict=True):
            with place:
                exact = _map(sight, shown, one, cut, now, _HEIGHT_OF_TWO, callbacks)
                _legend(shown, one, read_at, exact=exact)
        _panel(sight, places, shown, cut, offered, now, callbacks)
    else:
        left, right = st.columns([13, 7])
        with left:
            exact = _map(sight, shown, drawn[0], cut, now, _HEIGHT, callbacks)
            _legend(shown, drawn[0], read_at, exact=exact)
        with right:
            _panel(sight, places, shown, cut, offered, now, callbacks)
    map_table.show(drawn, shown)


def _drawn(
    sight: Sight, places: Places, shown: Shown, window: Window, cut: Cut, now: datetime
) -> Drawn:
    """The map of a window, on the level asked for or, where it says nothing, the one above."""
    suppressed, level = sight.suppressed(shown), shown.level
    while True:
        counts = _counts(sight, places, level, window, cut, now)
        told: Mapping[int | None, AreaCounts] = counts
        if shown.figure.key is FigureKey.CHANGE:
            ids = {area.id for area in places.layer(level).areas}
            raw = map_reads.counts(sight.scope, level, window, cut, now)
            alike = comparable(raw, map_reads.successions(sight.scope), ids)
            told = {area: alike[area] for area in alike}
        found = map_view.measure(places, shown.figure, level, told)
        mask = places.mask(shown.area, level)
        visible = map_view.in_sight(mask, found, frozenset(), places.layer(level).areas)
        silent = suppressed and classes.gives_way(shown.figure, visible)
        if not silent or level is UnitLevel.TOWN:
            break
        level = LEVELS[LEVELS.index(level) - 1]
    outside = frozenset(
        area.id
        for area in places.layer(level).areas
        if area.id not in counts and not sight.sees_all_of(places, area)
    )
    visible = map_view.in_sight(mask, found, outside, places.layer(level).areas)
    made = map_view.classify(shown.figure, visible, fixed=shown.fixed, suppressed=suppressed)
    return Drawn(
        places,
        level,
        window,
        shown.figure,
        places.layer(level).areas,
        found,
        made,
        mask,
        suppressed,
        gave_way=level is not shown.level,
        remainder=counts.get(None, AreaCounts()),
        outside=outside,
    )


def _counts(
    sight: Sight, places: Places, level: UnitLevel, window: Window, cut: Cut, now: datetime
) -> dict[int | None, AreaCounts]:
    """By the areas that are drawn: what happened in merged ones is their successors'."""
    ids = {area.id for area in places.layer(level).areas}
    raw = map_reads.counts(sight.scope, level, window, cut, now)
    return folded(raw, map_reads.successions(sight.scope), ids)


def _earlier(sight: Sight, shown: Shown, cut: Cut, now: datetime) -> Drawn:
    """The window before, on the shapes of its time."""
    window = shown.window.before()
    return _drawn(sight, map_reads.places(sight.scope, window.last_day), shown, window, cut, now)


def _alike(drawn: list[Drawn], shown: Shown) -> list[Drawn]:
    """Two maps in the same classes, or their colours would not compare."""
    both = [one for each in drawn for one in each.visible]
    made = map_view.classify(shown.figure, both, fixed=shown.fixed, suppressed=drawn[0].suppressed)
    return [one.with_classes(made) for one in drawn]


def _head(places: Places, shown: Shown, drawn: Drawn, callbacks: Callbacks) -> None:
    cut = _("已按类型、来源筛选") if shown.types or shown.sources else ""
    _HEAD(
        key="map_head",
        data={
            "path": [{"area": one.code, "name": one.name} for one in places.path(shown.area)],
            "levels": [
                {
                    "level": level.value,
                    "name": _("按{level}").format(level=word(level)),
                    "selected": level is drawn.level,
                }
                for level in map_state.levels_below(shown.area)
            ],
            "what": cut,
            "words": {"path": _("位置"), "levels": _("按哪一级显示")},
        },
        on_go_change=callbacks.on_go,
        on_level_change=callbacks.on_level,
    )


def _map(
    sight: Sight,
    shown: Shown,
    drawn: Drawn,
    cut: Cut,
    now: datetime,
    height: int,
    callbacks: Callbacks,
) -> bool:
    """Whether a marker on it stands at the exact place of its case."""
    is_now = drawn.window == shown.window
    title = _("{figure}地图").format(figure=kpi_texts.figure_name(shown.figure))
    # A place that has ended by then, or was not there yet, is looked for by its code.
    focus = drawn.places.by_code.get(shown.area.code, drawn.places.county)
    frame = map_view.frame(
        drawn,
        focus=focus,
        markers=_markers(sight, shown, drawn, cut, now) if is_now else (),
        picked=map_state.picked() if is_now else (),
        zones=shown.zones,
        drawing=is_now and map_state.drawing(),
    )
    county_map.show(
        map_view.layers(drawn.places, title),
        frame,
        key="map_now" if is_now else "map_before",
        height=height,
        on_event=callbacks.on_map,
    )
    return any(one.exact for one in frame.markers)


def _markers(
    sight: Sight, shown: Shown, drawn: Drawn, cut: Cut, now: datetime
) -> tuple[Marker, ...]:
    """Open cases: clusters by area, and one by one where grids of one community are in sight."""
    if not shown.points or drawn.suppressed or drawn.window.last_day < day_of(now):
        return ()
    # On a map of shares or changes, counts of something else would be read as its values.
    if not shown.figure.at_moment:
        return ()
    if drawn.level is UnitLevel.GRID and shown.area.level in {UnitLevel.COMMUNITY, UnitLevel.GRID}:
        inside = shown.area
        if inside.level is UnitLevel.GRID:
            inside = drawn.places.parent(inside)
        places = sight.actor.grants.get(Permission.CASE_PLACE)
        found = map_reads.open_cases(sight.scope, inside, cut, now, places=places)
        return map_view.case_markers(drawn.places, found)
    mask = drawn.mask or "1" * len(drawn.areas)
    areas = [area for area, sign in zip(drawn.areas, mask, strict=True) if sign == "1"]
    if len(areas) > _MOST_CLUSTERS:
        return ()
    counts = _counts(sight, drawn.places, drawn.level, shown.window, cut, now)
    return map_view.cluster_markers(areas, counts)


def _legend(shown: Shown, drawn: Drawn, read_at: datetime, *, exact: bool) -> None:
    notes = []
    if drawn.gave_way:
        told = _("所选的一级多数区域数目过小,已改按{level}显示。")
        notes.append(told.format(level=word(drawn.level)))
    left = kpi.value(shown.figure, drawn.remainder, households=None)
    if shown.figure.adds_up and left.count and not drawn.suppressed:
        told = _("另有 {count} 件没有登记到{level},或所在网格已拆分,不在图上,计入上级合计。")
        notes.append(told.format(count=count(left.count), level=word(drawn.level)))
    if shown.points and drawn.level is UnitLevel.GRID:
        told = _("有确切地点的案件画在实际地点,其余画在所属网格内。")
        notes.append(told if exact else _("案件标记画在所属网格内,不是实际地点。"))
    layers = drawn.places.layers
    if layers.schematic:
        notes.append(_("示意图,不作划界依据。"))
    if layers.audit_no:
        notes.append(_("审图号:{number}").format(number=layers.audit_no))
    key = "legend_now" if drawn.window == shown.window else "legend_before"
    _LEGEND(key=key, data=map_view.legend(drawn, read_at=read_at, notes=notes))


def _panel(
    sight: Sight,
    places: Places,
    shown: Shown,
    cut: Cut,
    offered: Choices,
    now: datetime,
    callbacks: Callbacks,
) -> None:
    area, today, suppressed = shown.area, day_of(now), sight.suppressed(shown)
    held = _of_area(sight, places, area, shown, cut, now)
    data = map_panel.panel(
        places, shown, held, suppressed=suppressed, height=_PANEL_HEIGHT, today=today
    )
    if not sight.sees_all_of(places, area):
        data["closed"] = _("只计您岗位范围内的案件,不是这个区域的全部。")
    if not suppressed:
        seen = map_reads.close(sight.scope, area, shown.window, cut)
        data |= map_panel.closely(seen, shown, offered, today=today)
        data |= _cases(sight, area, held, now)
    map_panel.show(
        data,
        key="area_panel",
        on_figure=callbacks.on_figure,
        on_type=callbacks.on_type,
        on_open=callbacks.on_open,
        on_turn=callbacks.on_turn,
        on_queue=callbacks.on_queue,
    )


def _of_area(
    sight: Sight, places: Places, area: Area, shown: Shown, cut: Cut, now: datetime
) -> AreaCounts:
    counts = _counts(sight, places, area.level, shown.window, cut, now)
    if area.level is UnitLevel.COUNTY:
        return total(counts.values())
    return counts.get(area.id, AreaCounts())


def _cases(sight: Sight, area: Area, held: AreaCounts, now: datetime) -> dict[str, object]:
    cursors = map_state.cursors(area)
    page = map_reads.case_page(sight.scope, area, cursors[-1] if cursors else None, now)
    map_state.remember_next(page.next)
    return map_panel.cases(page, area, held.open, turned=bool(cursors), now=now)


def chosen_areas(sight: Sight, event: MapEvent, today: date) -> tuple[Area, ...]:
    """The areas of the drawn level whose inner point a stroke covers."""
    places = map_reads.places(sight.scope, today)
    shown = map_state.shown(places, today=today)
    ring = event.get("points", ())
    mask = places.mask(shown.area, shown.level)
    areas = places.layer(shown.level).areas
    return tuple(
        area
        for place, area in enumerate(areas)
        if (mask is None or mask[place] == "1") and map_view.covers(ring, area)
    )
