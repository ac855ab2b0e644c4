"""What a wall (大屏) shows at a moment: scenes in rotation, and what the desk asked of it.

All of it follows from the clock, the program and the newest order: so walls with one program are in
step, and a restart, a reload or a second server changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from domain.clocks import BEIJING
from domain.organisation import UnitLevel

SHORTEST, LONGEST = timedelta(seconds=10), timedelta(minutes=10)
# A spotlight that is forgotten goes by itself.
SPOTLIGHT_SHORTEST, SPOTLIGHT_LONGEST = timedelta(seconds=10), timedelta(hours=1)
NAME_LONGEST = 40
# A wall draws every few seconds and says so once a minute: longer than this, and it hangs.
SILENT_AFTER = timedelta(seconds=90)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


class SceneKey(StrEnum):
    """The scenes, in the order in which they are offered."""

    DUTY = "duty"  # 值守
    MAP = "map"  # 一张图
    WORKLOAD = "workload"  # 调解力量
    OUTCOMES = "outcomes"  # 成效
    OVERVIEW = "overview"  # 接待


@dataclass(frozen=True, slots=True)
class Step:
    """A scene of the rotation, and how long it stays."""

    scene: SceneKey
    stays: timedelta

    def __post_init__(self) -> None:
        """Refuse what nobody could read, and what would look as if it hung."""
        if not SHORTEST <= self.stays <= LONGEST or self.stays.microseconds:
            msg = f"a scene stays {SHORTEST} to {LONGEST} in whole seconds, not {self.stays}"
            raise ValueError(msg)


_DEFAULT_STEPS = (
    Step(SceneKey.DUTY, timedelta(seconds=30)),
    Step(SceneKey.MAP, timedelta(seconds=20)),
    Step(SceneKey.WORKLOAD, timedelta(seconds=20)),
    Step(SceneKey.OUTCOMES, timedelta(seconds=20)),
)


@dataclass(frozen=True, slots=True)
class Program:
    """The rotation of a wall, and whether a red event sounds on it, but in `quiet` hours (Beijing).

    `by_urgency`: each round begins with the scene that has most to do. Raises ValueError without a
    scene, and where one stands twice.
    """

    steps: tuple[Step, ...] = _DEFAULT_STEPS
    chime: bool = False
    quiet: tuple[time, time] = (time(22), time(7))
    by_urgency: bool = False

    def __post_init__(self) -> None:
        """Refuse a rotation that is none."""
        scenes = [one.scene for one in self.steps]
        if not scenes or len(set(scenes)) < len(scenes):
            msg = f"a rotation has each of its scenes once, and at least one: {scenes}"
            raise ValueError(msg)

    @property
    def round(self) -> timedelta:
        """How long one round takes."""
        return sum((one.stays for one in self.steps), timedelta())

    def sounds_at(self, now: datetime) -> bool:
        """Whether a red event may be heard at a moment."""
        if not self.chime:
            return False
        begins, ends = self.quiet
        at = now.astimezone(BEIJING).time()
        if begins <= ends:
            return not begins <= at < ends
        return not (at >= begins or at < ends)

    def as_json(self) -> dict[str, Any]:
        """The program as JSON: what is stored of it."""
        begins, ends = self.quiet
        return {
            "steps": [[one.scene.value, round(one.stays.total_seconds())] for one in self.steps],
            "chime": self.chime,
            "quiet": [begins.isoformat(), ends.isoformat()],
            "by_urgency": self.by_urgency,
        }


def program_from_json(kept: Mapping[str, Any]) -> Program:
    """A program again, from what `as_json` made of it. Raises ValueError."""
    begins, ends = (time.fromisoformat(one) for one in kept["quiet"])
    return Program(
        tuple(Step(SceneKey(key), timedelta(seconds=stays)) for key, stays in kept["steps"]),
        chime=kept["chime"],
        quiet=(begins, ends),
        by_urgency=kept["by_urgency"],
    )


class OrderKind(StrEnum):
    """What the desk can ask of a wall."""

    ROTATE = "rotate"  # 轮播
    PAUSE = "pause"  # 暂停
    PIN = "pin"  # 固定
    SPOTLIGHT = "spotlight"  # 聚焦


class WallObjection(StrEnum):
    """Why a wall is not changed, or not steered, in this way."""

    REVOKED = "revoked"  # its token was taken back: it shows nothing any more
    UNCHANGED = "unchanged"  # it is so already


@dataclass(frozen=True, slots=True)
class MapView:
    """What the map scene looks at: an area by its unit's code, coloured by areas of a level."""

    level: UnitLevel
    area_code: str

    def __post_init__(self) -> None:
        """Refuse a level of which the wall has no counts."""
        if self.level not in VIEW_LEVELS:
            msg = f"the wall's map has no areas of level {self.level}"
            raise ValueError(msg)


VIEW_LEVELS = (UnitLevel.COMMUNITY, UnitLevel.GRID)


@dataclass(frozen=True, slots=True)
class Spotlight:
    """Look at this area until then (请看安仁镇)."""

    view: MapView
    until: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """What the desk last asked of a wall: the whole of it, so that the newest alone is in force.

    Without a `scene` the wall rotates; with one it is held there, `pinned` or as it was when a
    pause was ordered. A spotlight lies above that, and goes by itself. `version` counts the orders
    of a wall; `by` is the name of who gave it.
    """

    version: int
    at: datetime
    by_id: int
    by: str
    scene: SceneKey | None = None
    pinned: bool = False
    view: MapView | None = None
    spotlight: Spotlight | None = None

    @property
    def kind(self) -> OrderKind:
        """What was asked last."""
        if self.spotlight is not None:
            return OrderKind.SPOTLIGHT
        if self.scene is None:
            return OrderKind.ROTATE
        return OrderKind.PIN if self.pinned else OrderKind.PAUSE


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks of a wall, before it is looked at.

    A pin needs a scene, and may have a view of the map; a spotlight needs a view and an end.
    """

    kind: OrderKind
    scene: SceneKey | None = None
    view: MapView | None = None
    until: datetime | None = None


# How much there is to do for each scene as of a moment. A wall asks for moments that are past, and
# must be told the same each time: what is read anew and differs would make it jump.
Urgency = Callable[[datetime], Mapping[SceneKey, int]]


def _in_order(_at: datetime) -> Mapping[SceneKey, int]:
    return {}


@dataclass(frozen=True, slots=True)
class Shown:
    """The scene at a moment: since when, until when, which comes next, and its place in the round.

    `next` is None where nothing comes of itself (one scene alone, or one that is held), and where
    it is not known yet: a round by urgency is put in order when it begins. Of a held scene `until`
    is when the rotation beneath it turns, and `place` its own in the program, 0 for none. `view` is
    what the map looks at where the desk said so, `spotlit` that it is a spotlight.
    """

    scene: SceneKey
    since: datetime
    until: datetime
    next: SceneKey | None
    place: int
    places: int
    view: MapView | None = None
    paused: bool = False
    pinned: bool = False
    spotlit: bool = False


def shown(
    program: Program,
    now: datetime,
    *,
    order: Order | None = None,
    urgency: Urgency = _in_order,
) -> Shown:
    """What a wall shows at a moment (aware). Without an order it rotates."""
    turning = _rotation(program, now, urgency)
    if order is None:
        return turning
    spotlight = order.spotlight
    if spotlight is not None and now < spotlight.until:
        return replace(
            turning,
            scene=SceneKey.MAP,
            since=min(order.at, now),
            until=spotlight.until,
            next=_after(spotlight, program, order),
            place=_place(program, SceneKey.MAP),
            view=spotlight.view,
            spotlit=True,
        )
    if order.scene is None:
        return turning
    return replace(
        turning,
        scene=order.scene,
        since=min(spotlight.until if spotlight else order.at, now),
        next=None,
        place=_place(program, order.scene),
        view=order.view,
        paused=not order.pinned,
        pinned=order.pinned,
    )


def _after(spotlight: Spotlight, program: Program, order: Order) -> SceneKey | None:
    """What goes on when a spotlight ends; None where a round in between is not in order yet."""
    if order.scene is not None or program.by_urgency:
        return order.scene
    return _rotation(program, spotlight.until, _in_order).scene


def _rotation(program: Program, now: datetime, urgency: Urgency) -> Shown:
    begins = round_begins(program, now)
    steps = program.steps
    if program.by_urgency and len(steps) > 1:
        # As of the round's beginning, whatever has changed since: within a round nothing moves.
        to_do = urgency(begins)
        steps = tuple(sorted(steps, key=lambda one: -to_do.get(one.scene, 0)))
    for place, step in enumerate(steps):
        ends = begins + step.stays
        is_last = place == len(steps) - 1
        if now < ends or is_last:
            unknown = len(steps) == 1 or (is_last and program.by_urgency)
            following = None if unknown else steps[(place + 1) % len(steps)].scene
            return Shown(step.scene, begins, ends, following, place + 1, len(steps))
        begins = ends
    msg = "a round has a last scene"
    raise AssertionError(msg)


def _place(program: Program, scene: SceneKey) -> int:
    scenes = [one.scene for one in program.steps]
    return scenes.index(scene) + 1 if scene in scenes else 0


def round_begins(program: Program, now: datetime) -> datetime:
    """When the round that a moment lies in began: rounds are counted from one day for all walls."""
    return now - (now - _EPOCH) % program.round


class Presence(StrEnum):
    """Whether a wall is there, as far as the server knows."""

    SHOWING = "showing"  # 正在显示
    SILENT = "silent"  # 没有回应: switched off, hung, or cut off
    NEVER = "never"  # 尚未接入
    REVOKED = "revoked"  # 已停用


def presence(*, last_seen_at: datetime | None, revoked: bool, now: datetime) -> Presence:
    """Whether a wall that was last seen then is there now."""
    if revoked:
        return Presence.REVOKED
    if last_seen_at is None:
        return Presence.NEVER
    return Presence.SHOWING if now - last_seen_at <= SILENT_AFTER else Presence.SILENT
