"""The wall as it is drawn: a scene with its figures, its two times, and what may be wrong."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from data_access import site
from data_access.changes import Watermark
from data_access.faults import UNREADABLE
from data_access.queries.layers import Area
from data_access.queries.red_events import TownAlarm
from data_access.queries.wall import Ticker
from data_access.queries.wall_sources import SourceAge
from domain.clocks import BEIJING, day_of
from domain.organisation import UnitLevel
from domain.people import Actor, Permission, Scope
from domain.wall_figures import Happened
from domain.walls import SceneKey
from texts import gettext as _
from texts import language
from texts import wall as words
from texts.numbers import clock_time, day, moment
from texts.words import word
from ui import elements, live, map_reads, wall_map, wall_pulse, wall_tiles
from ui.frame import is_demo
from ui.map_look import Theme
from ui.map_places import Places
from ui.wall_reads import WallReads
from ui.wall_sight import Sight, sight

_WALL = elements.element("wall")
# Light by day, dark by night: a screen in a dark room must not blind who is on duty.
_DAY_BEGINS, _DAY_ENDS = time(7), time(19)


def theme_at(now: datetime) -> Theme:
    """The desk's colours by day, the wall's by night."""
    return "desk" if _DAY_BEGINS <= now.astimezone(BEIJING).time() < _DAY_ENDS else "wall"


def draw(actor: Actor, now: datetime) -> None:
    """Draw it. While the database does not answer, what was read last stays and is called so."""
    here = site.current()
    watermark = here.watcher.seen(now=now)
    scope = actor.scope(Permission.FIGURES_READ)
    reads = WallReads(scope, now)
    places = map_reads.places(scope, day_of(now))
    seen = sight(actor, reads, places, now)
    if actor.wall_id is not None:
        here.walls.note_shown(actor.wall_id, seen.scene, seen.order_version)
    focus = seen.area or _own(scope, places)
    theme = theme_at(now)
    live.show(watermark)
    try:
        scene, sources, told = _scene(seen, reads, places, focus), reads.sources(), reads.ticker()
        alarms = reads.alarms()
        found = reads.load_map(seen.level, None) if focus else None
    except UNREADABLE:
        scene = _nothing(_("暂时读不到数据。恢复后本屏自动继续。"))
        sources, told, alarms, found = (), None, (), None
    _mark_sources(scene, sources, now)
    _WALL(
        key="wall",
        data={
            "theme": "light" if theme == "desk" else "dark",
            "title": _("{county}综治中心 · {scene}").format(
                county=reads.county(), scene=word(seen.scene)
            ),
            "demo": _("演示数据") if is_demo(actor) else "",
            "spotlight": seen.spotlight,
            "date": _date(now),
            "now_ms": round(now.timestamp() * 1000),
            "until_ms": round(seen.until.timestamp() * 1000),
            "fresh": watermark.fresh,
            "scene": scene,
            "alarm": _alarm(alarms, now) if alarms else None,
            "chime": seen.chime,
            "ticker": _ticker(told) if told is not None else [],
            "operator": seen.operator,
            "back": "" if actor.wall_id is not None else _("返回工作台"),
            "words": _words(watermark, seen),
        },
        on_turn_change=_turned,
    )
    if focus is not None and found is not None:
        in_sight = seen.scene in {SceneKey.MAP, SceneKey.OVERVIEW} and not alarms
        wall_map.show(
            wall_map.coloured(found, places),
            places,
            focus,
            theme=theme,
            pulses=wall_pulse.pulses(found, places, in_sight=in_sight),
        )


def _own(scope: Scope, places: Places) -> Area | None:
    """The part of the county that is the wall's own: its town, or all of it.

    A site may have no shapes yet: then there is every scene but the map.
    """
    if not scope.whole_county and len(scope.towns) == 1:
        (town,) = scope.towns
        return places.by_id.get(town)
    return next(iter(places.layers.county.areas), None)


def _turned() -> None:
    """The draw that follows shows the next scene."""


def _scene(seen: Sight, reads: WallReads, places: Places, focus: Area | None) -> dict[str, Any]:
    match seen.scene:
        case SceneKey.DUTY:
            return wall_tiles.duty(reads.duty())
        case SceneKey.MAP:
            if focus is None:
                return _nothing(_no_shapes())
            found = reads.load_map(seen.level, None)
            return wall_tiles.load_map(
                found,
                names={one.code: one.name for one in places.layer(UnitLevel.TOWN).areas},
                title=wall_map.title(seen.level, focus),
                legend=wall_map.coloured(found, places).legend,
            )
        case SceneKey.WORKLOAD:
            return wall_tiles.workload(reads.forces())
        case SceneKey.OUTCOMES:
            told = reads.outcomes()
            until = words.data_until(told.year.months.last_day, today=day_of(reads.now))
            return wall_tiles.outcomes(told, reads.overview().months, until=until)
        case SceneKey.OVERVIEW:
            scene = wall_tiles.overview(reads.overview())
            scene["tiles"].append(_small_map(seen, reads, places, focus))
            return scene


def _small_map(seen: Sight, reads: WallReads, places: Places, focus: Area | None) -> dict[str, Any]:
    if focus is None:
        return {"area": "map", "title": "", "kind": "nothing", "empty": _no_shapes()}
    made = wall_map.coloured(reads.load_map(seen.level, None), places)
    return wall_tiles.map_place(wall_map.title(seen.level, focus), made.legend)


def _no_shapes() -> str:
    return _("本站点还没有边界图形,地图画不出来。")


def _nothing(empty: str) -> dict[str, Any]:
    tile = {"area": "all", "title": "", "kind": "nothing", "empty": empty}
    return {"layout": "'all' 1fr / 1fr", "tiles": [tile]}


def _alarm(alarms: Sequence[TownAlarm], now: datetime) -> dict[str, Any]:
    """Towns and R1, and since which day: no number of a case, no hour, nothing of anybody."""
    today = day_of(now)
    return {
        "title": _("■ 红色事件"),
        "places": [
            _("{town} · R1 · {day}起").format(town=one.town, day=day(one.since, today=today))
            for one in alarms
        ],
        "what": _("等待值班人员在工作台确认,并填写应急处置"),
        # Another event is another alarm, and sounds again.
        "turn": ",".join(f"{one.town_id}:{one.count}:{one.since}" for one in alarms),
    }


def _mark_sources(scene: dict[str, Any], sources: tuple[SourceAge, ...], now: datetime) -> None:
    """Each tile says when its newest record came, and which source is silent beyond its delay."""
    known = [one.newest for one in sources if one.newest is not None]
    newest = _("最新记录 {time}").format(time=moment(max(known), now=now)) if known else ""
    late = [one for one in sources if one.beyond]
    said = _("▲ {sources}逾期未报").format(sources=_("、").join(_source_name(one) for one in late))
    for tile in scene["tiles"]:
        tile["said"] = said if late else newest
        tile["behind"] = bool(late)


def _source_name(one: SourceAge) -> str:
    return one.name_zh if language() == "zh" else one.name_en


def _ticker(told: Ticker) -> list[str]:
    """The day's sentences, by town and by kind."""
    towns = [
        words.town_today(
            one.name,
            {
                Happened.NEW: one.new,
                Happened.SETTLED: one.settled,
                Happened.HANDED_ON: one.handed_on,
            },
        )
        for one in told.towns
    ]
    kinds = [
        words.kind_today(one.name_zh if language() == "zh" else one.name_en, one.what, one.count)
        for one in told.kinds
    ]
    return [one for one in (*towns, *kinds) if one] or [words.quiet_day()]


def _date(now: datetime) -> str:
    today = day_of(now)
    weekdays = (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))
    return f"{day(today, today=today)} {weekdays[today.weekday()]}"


def _words(watermark: Watermark, seen: Sight) -> dict[str, str]:
    read_at = clock_time(watermark.read_at)
    return {
        "live": _("● 实时 {time}").format(time=read_at),
        "frozen": _("▲ 数据停在 {time}").format(time=read_at),
        "checked": _("核对 {time}").format(time=read_at),
        "turn": seen.turn,
        "quiet": "",
    }
