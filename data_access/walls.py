"""Which walls (大屏) hold a good token, kept in memory: asked at every request and every draw.

A wall is no person: it has no password, no posts, and nothing that ends by itself. So it stands
beside the sessions of people and not among them (docs/adr/0019).
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

from sqlalchemy import or_, update

from data_access.accounts import hash_token, plain_address
from data_access.engine import Database
from data_access.faults import AWAY
from data_access.queries.walls import LiveWall, live_walls
from data_access.sessions import TOUCH_INTERVAL
from data_access.tables import Wall
from data_access.wall_state import part_of
from domain.errors import SessionEnded
from domain.people import Actor, wall_actor
from domain.walls import SceneKey


@dataclass(frozen=True, slots=True)
class FoundWall:
    """Whose token it is, and which of its tokens: an earlier one opens nothing."""

    wall_id: int
    epoch: int


@dataclass(frozen=True)
class _Snapshot:
    seq: int
    by_id: dict[int, LiveWall]
    by_token: dict[str, LiveWall]


class WallRegistry:
    """Answers which wall a token belongs to without a query, unless the audit trail has moved.

    `watch` gives the newest known head of the trail, as for the sessions of people.
    """

    def __init__(self, db: Database, watch: Callable[[], int]) -> None:
        self._db = db
        self._watch = watch
        self._reading = threading.Lock()
        self._snapshot = _Snapshot(-1, {}, {})
        self._seen: dict[int, datetime] = {}
        self._written: dict[int, datetime] = {}
        self._shown: dict[int, tuple[SceneKey, int]] = {}

    def find(self, token: str, *, address: str) -> FoundWall | None:
        """Whose token it is; None where it opens nothing, or nothing from this address."""
        wall = self._current().by_token.get(hash_token(token))
        if wall is None or not may_come_from(wall.address, address):
            return None
        return FoundWall(wall.wall_id, wall.epoch)

    def holds(self, found: FoundWall, *, address: str) -> bool:
        """Whether what was found once still opens something from this address."""
        wall = self._current().by_id.get(found.wall_id)
        return (
            wall is not None and wall.epoch == found.epoch and may_come_from(wall.address, address)
        )

    def actor(self, found: FoundWall, *, address: str) -> Actor:
        """The wall as who is asking: figures of its part of the county. Raises SessionEnded."""
        if not self.holds(found, address=address):
            raise SessionEnded(f"wall:{found.wall_id}")
        wall = self._current().by_id[found.wall_id]
        scope = part_of(county_id=wall.county_id, unit_id=wall.unit_id, level=wall.level)
        return wall_actor(
            wall.county_id, wall_id=wall.wall_id, name=wall.name, scope=scope, address=address
        )

    def note_seen(self, wall_id: int, now: datetime) -> None:
        """The wall has drawn itself. Written at most once a minute; it is no change of data."""
        self._seen[wall_id] = max(self._seen.get(wall_id, now), now)
        written = self._written.get(wall_id)
        if written is not None and now - written < TOUCH_INTERVAL:
            return
        self._written[wall_id] = now
        # A wall shows what it has also while nothing can be written.
        with suppress(*AWAY):
            self._db.write(
                lambda session: session.execute(
                    update(Wall)
                    .where(
                        Wall.id == wall_id,
                        or_(Wall.last_seen_at.is_(None), Wall.last_seen_at < now),
                    )
                    .values(last_seen_at=now)
                    .execution_options(synchronize_session=False)
                )
            )

    def note_shown(self, wall_id: int, scene: SceneKey, order_version: int) -> None:
        """What the wall has been sent to draw, and the order that it follows with that."""
        self._shown[wall_id] = (scene, order_version)

    def seen(self) -> dict[int, datetime]:
        """When this process saw each wall last."""
        return dict(self._seen)

    def shown(self) -> dict[int, tuple[SceneKey, int]]:
        """What this process sent each wall last: the scene, and the order that it follows."""
        return dict(self._shown)

    def _current(self) -> _Snapshot:
        snapshot = self._snapshot
        if snapshot.seq == self._watch():
            return snapshot
        with self._reading:
            # The mark is taken before the read that it labels, as for sessions.
            seq = self._watch()
            if self._snapshot.seq != seq:
                self._snapshot = self._read(seq)
            return self._snapshot

    def _read(self, seq: int) -> _Snapshot:
        with self._db.read() as session:
            found = live_walls(session)
        return _Snapshot(
            seq,
            {wall.wall_id: wall for wall in found},
            {wall.token_hash: wall for wall in found},
        )


def may_come_from(bound: str | None, address: str) -> bool:
    """Whether a wall that is bound to one address may ask from another; unbound, from any."""
    return bound is None or bound == normal_address(address)


def normal_address(address: str) -> str | None:
    """The one form of a network address, without a proxy's port; None for what is none."""
    try:
        parsed = ip_address(plain_address(address.strip()))
    except ValueError:
        return None
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
