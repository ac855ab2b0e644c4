"""Who looks at the map, at which cut of the county, when; and what of it they see."""

from dataclasses import dataclass
from datetime import date, datetime

from data_access.queries.figures import Cut
from data_access.queries.layers import Area
from domain.clocks import day_of
from domain.people import Actor, Permission, Scope
from ui.map_places import Places
from ui.map_state import Shown


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


@dataclass(frozen=True)
class Reading:
    """One reading of the county: by whom, of which cut, at which moment (aware)."""

    sight: Sight
    shown: Shown
    now: datetime

    @property
    def scope(self) -> Scope:
        """What the reader may count."""
        return self.sight.scope

    @property
    def cut(self) -> Cut:
        """Which cases are counted."""
        return Cut(self.shown.types, self.shown.sources)

    @property
    def today(self) -> date:
        """The day of it, here."""
        return day_of(self.now)

    @property
    def suppressed(self) -> bool:
        """Whether small figures are kept to themselves: for who opens no case, and on a projector.

        A person who may open the cases of an area sees its true counts.
        """
        return self.shown.present or not self.sight.sees_cases
