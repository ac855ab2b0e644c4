"""What the wall shows, through the cache: every wall of a county costs one reading a change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from data_access.queries import (
    choices,
    red_events,
    wall,
    wall_map,
    wall_outcomes,
    wall_sources,
    wall_workload,
    walls,
)
from data_access.queries.red_events import TownAlarm
from data_access.queries.wall import Duty, Ticker
from data_access.queries.wall_map import LoadMap
from data_access.queries.wall_outcomes import OutcomeScene, Overview
from data_access.queries.wall_sources import SourceAge
from data_access.queries.wall_workload import Forces
from data_access.wall_state import Standing
from domain.organisation import UnitLevel
from domain.people import Scope
from domain.walls import SceneKey
from texts import language
from ui.cache import cached, kept


@dataclass(frozen=True, slots=True)
class WallReads:
    """What of the county a wall may show, at a moment."""

    scope: Scope
    now: datetime

    def county(self) -> str:
        """What the county is called."""
        county = Scope(self.scope.county_id, whole_county=True)
        return cached(
            f"scope_name {language()}",
            lambda session: choices.scope_name(session, scope=county),
            scope=county,
        )

    def standing(self, wall_id: int) -> Standing:
        """A wall's program and the order in force. Raises WallNotFound."""
        return cached(
            f"wall {wall_id}",
            lambda session: walls.standing(session, scope=self.scope, wall_id=wall_id),
            scope=self.scope,
        )

    def urgency(self, at: datetime) -> Mapping[SceneKey, int]:
        """How much there was to do for each scene at a moment: told the same however often."""
        return kept(
            f"wall urgency {at.isoformat()}",
            lambda session: walls.urgency(session, scope=self.scope, at=at),
            scope=self.scope,
        )

    def duty(self) -> Duty:
        """The scene for who is on duty."""
        return cached(
            "wall duty",
            lambda session: wall.duty(session, scope=self.scope, now=self.now),
            scope=self.scope,
            now=self.now,
        )

    def load_map(self, level: UnitLevel, town_code: str | None) -> LoadMap:
        """The open cases by area."""
        return cached(
            f"wall map {level} {town_code}",
            lambda session: wall_map.load_map(
                session, scope=self.scope, level=level, town_code=town_code, now=self.now
            ),
            scope=self.scope,
            now=self.now,
        )

    def forces(self) -> Forces:
        """The committees and how full they are."""
        return cached(
            "wall forces",
            lambda session: wall_workload.forces(session, scope=self.scope, now=self.now),
            scope=self.scope,
            now=self.now,
        )

    def outcomes(self) -> OutcomeScene:
        """What came of the cases."""
        return cached(
            "wall outcomes",
            lambda session: wall_outcomes.outcomes(session, scope=self.scope, now=self.now),
            scope=self.scope,
            now=self.now,
        )

    def overview(self) -> Overview:
        """The county in numbers."""
        return cached(
            "wall overview",
            lambda session: wall_outcomes.overview(session, scope=self.scope, now=self.now),
            scope=self.scope,
            now=self.now,
        )

    def ticker(self) -> Ticker:
        """The day so far."""
        return cached(
            "wall ticker",
            lambda session: wall.ticker(session, scope=self.scope, now=self.now),
            scope=self.scope,
            now=self.now,
        )

    def alarms(self) -> tuple[TownAlarm, ...]:
        """The red events that nobody has acknowledged, by town."""
        return cached(
            "wall alarms",
            lambda session: tuple(
                red_events.unacknowledged(session, scope=self.scope, now=self.now)
            ),
            scope=self.scope,
            now=self.now,
        )

    def sources(self) -> tuple[SourceAge, ...]:
        """How fresh the records of each source are."""
        return cached(
            "wall sources",
            lambda session: wall_sources.sources(session, scope=self.scope, now=self.now),
            scope=self.scope,
            now=self.now,
        )
