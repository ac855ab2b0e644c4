"""Which scene a wall shows now, of which part of the county, and who asked for it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import streamlit as st

from data_access.faults import UNREADABLE
from data_access.queries.layers import Area
from data_access.wall_state import Standing
from domain.errors import WallNotFound
from domain.organisation import UnitLevel
from domain.people import Actor
from domain.privacy import mask_name
from domain.walls import Order, OrderKind, Program, SceneKey, Shown, shown
from texts import gettext as _
from texts.numbers import moment
from texts.words import word
from ui.map_places import Places
from ui.wall_reads import WallReads

# That somebody let it rotate again is of interest to whoever wonders why the scene has changed.
_RESUMED_TOLD = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a wall is to show now.

    The texts stand on its edge: `turn` is its place in the rotation ("{seconds}" is put in by the
    browser), `spotlight` where everybody is to look, `operator` who asked for it and when.
    `order_version` is that of the order which it follows, 0 for none.
    """

    scene: SceneKey
    until: datetime
    turn: str
    level: UnitLevel = UnitLevel.COMMUNITY
    area: Area | None = None
    spotlight: str = ""
    operator: str = ""
    chime: bool = False
    order_version: int = 0


def sight(actor: Actor, reads: WallReads, places: Places, now: datetime) -> Sight:
    """What a wall is to show by its program and the desk's order; a person, by the usual program.

    A person may hold a scene by the address (`?scene=duty`); a wall is steered from the desk alone.
    """
    if actor.wall_id is None:
        return _for_a_person(now)
    stands = _standing(reads, actor.wall_id)
    if stands is None:
        return _rotating(shown(Program(), now))
    found = shown(stands.program, now, order=stands.order, urgency=lambda at: _to_do(reads, at))
    area = places.by_code.get(found.view.area_code) if found.view else None
    return Sight(
        found.scene,
        found.until,
        _turn(found),
        # An area that has ended since is no longer on the map: then the whole is looked at.
        level=found.view.level if found.view and area else UnitLevel.COMMUNITY,
        area=area,
        spotlight=_("请看 {area}").format(area=places.full_name(area))
        if area is not None and found.spotlit
        else "",
        operator=_operator(stands.order, found, now),
        chime=stands.program.sounds_at(now),
        order_version=stands.order_version,
    )


def _for_a_person(now: datetime) -> Sight:
    found = shown(Program(), now)
    held = st.query_params.get("scene", "")
    if held in set(SceneKey):
        return Sight(SceneKey(held), found.until, _("停在此场景"))
    return _rotating(found)


def _rotating(found: Shown) -> Sight:
    return Sight(found.scene, found.until, _turn(found))


def _standing(reads: WallReads, wall_id: int) -> Standing | None:
    """What the wall goes by; None where that cannot be read, or its token is taken back by now."""
    with suppress(WallNotFound, *UNREADABLE):
        return reads.standing(wall_id)
    return None


def _to_do(reads: WallReads, at: datetime) -> Mapping[SceneKey, int]:
    """How much there was to do; while nothing can be read, the order of the program holds."""
    try:
        return reads.urgency(at)
    except UNREADABLE:
        return {}


def _turn(found: Shown) -> str:
    if found.spotlit:
        return _("聚焦还有 {seconds} 秒")
    if found.pinned:
        return _("固定在此场景")
    if found.paused:
        return _("轮播已暂停")
    turn = _("场景 {place}/{places}").format(place=found.place, places=found.places)
    if found.next is None:
        return turn
    following = _("下一个 {scene} {{seconds}} 秒").format(scene=word(found.next))
    return f"{turn} · {following}"


def _operator(order: Order | None, found: Shown, now: datetime) -> str:
    """王某 14:05 固定: by surname alone, for a wall hangs where anybody may look."""
    if order is None:
        return ""
    kind = order.kind
    if kind is OrderKind.SPOTLIGHT and not found.spotlit:
        # What was held below it goes on, as the same person left it.
        kind = OrderKind.ROTATE if order.scene is None else OrderKind.PIN
        if found.paused:
            kind = OrderKind.PAUSE
    if kind is OrderKind.ROTATE and now - order.at > _RESUMED_TOLD:
        return ""
    return _("{who} {time} {order}").format(
        who=mask_name(order.by) or _("系统"), time=moment(order.at, now=now), order=word(kind)
    )
