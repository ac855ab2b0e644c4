"""What a wall (大屏) shows at a moment: scenes in rotation.

All of it follows from the clock and the program: so walls with one program are in step, and a
restart, a reload or a second server changes nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from domain.clocks import BEIJING

SHORTEST, LONGEST = timedelta(seconds=10), timedelta(minutes=10)
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
        if not SHORTEST <= self.stays <= LONGEST:
            msg = f"a scene stays {SHORTEST} to {LONGEST}, not {self.stays}"
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

    Raises ValueError without a scene, and where one stands twice.
    """

    steps: tuple[Step, ...] = _DEFAULT_STEPS
    chime: bool = False
    quiet: tuple[time, time] = (time(22), time(7))

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


@dataclass(frozen=True, slots=True)
class Shown:
    """The scene at a moment: since when, until when, which comes next, and its place in the round.

    `next` is None where nothing comes of itself: one scene alone.
    """

    scene: SceneKey
    since: datetime
    until: datetime
    next: SceneKey | None
    place: int
    places: int


def shown(program: Program, now: datetime) -> Shown:
    """What the rotation shows at a moment (aware)."""
    steps = program.steps
    begins = round_begins(program, now)
    for place, step in enumerate(steps):
        ends = begins + step.stays
        if now < ends or place == len(steps) - 1:
            alone = len(steps) == 1
            following = steps[(place + 1) % len(steps)].scene
            return Shown(
                step.scene, begins, ends, None if alone else following, place + 1, len(steps)
            )
        begins = ends
    msg = "a round has a last scene"
    raise AssertionError(msg)


def round_begins(program: Program, now: datetime) -> datetime:
    """When the round that a moment lies in began: rounds are counted from one day for all walls."""
    return now - (now - _EPOCH) % program.round
