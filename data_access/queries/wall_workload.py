"""What the wall's scene of workloads shows: how full committees are, and of nobody who bears it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from data_access import workload_rows
from data_access.queries import loads
from data_access.scope import committees_within
from data_access.tables import Case, Committee, OrganisationUnit
from data_access.tables.cases import IS_OPEN
from domain.clocks import day_of
from domain.eligibility import CommitteeKind
from domain.loads import Band, band_of, room_of
from domain.people import Scope


@dataclass(frozen=True, slots=True)
class CommitteeBand:
    """A committee with its band; None where nobody of it is there in the days ahead.

    `name` is None of a brand room (品牌调解室), which is called after a person as often as not.
    `people` are its mediators, `free` of them are there today and free for more, `away` are on
    leave, training or secondment today.
    """

    name: str | None
    kind: CommitteeKind
    town: str | None
    band: Band | None
    people: int
    free: int
    away: int


@dataclass(frozen=True, slots=True)
class Forces:
    """The committees in administrative order: the county's own, then town by town."""

    committees: tuple[CommitteeBand, ...]

    @property
    def people(self) -> int:
        """How many mediators there are."""
        return sum(one.people for one in self.committees)

    @property
    def free(self) -> int:
        """How many of them are there today, and free for more."""
        return sum(one.free for one in self.committees)

    @property
    def away(self) -> int:
        """How many of them are away today."""
        return sum(one.away for one in self.committees)


@dataclass(slots=True)
class _Sum:
    people: int = 0
    free: int = 0
    away: int = 0
    points: int = 0
    room: float = 0.0


def forces(session: Session, *, scope: Scope, now: datetime) -> Forces:
    """The scene of workloads. A fixed number of statements, whatever the number of cases.

    What a mediator holds counts whole, wherever the case lies: it fills them all the same.
    """
    together = _sums(session, scope, now)
    return Forces(
        tuple(
            CommitteeBand(
                None if row.kind is CommitteeKind.BRAND_ROOM else row.name,
                row.kind,
                row.town,
                band_of(together[row.id].points, together[row.id].room),
                together[row.id].people,
                together[row.id].free,
                together[row.id].away,
            )
            for row in _committees(session, scope)
        )
    )


def _sums(session: Session, scope: Scope, now: datetime) -> defaultdict[int, _Sum]:
    """What the mediators of each committee bear, and could."""
    today = day_of(now)
    people = [one for one in workload_rows.people_rows(session, scope=scope) if one.active]
    places = loads.places(session, scope=scope, now=now)
    times = workload_rows.working_times(session, people, scope=scope, day=today)
    leaves = workload_rows.leaves(session, scope=scope, day=today)
    held = _held(session, scope)
    found: defaultdict[int, _Sum] = defaultdict(_Sum)
    for one in people:
        place = places[one.id]
        points = held.get(one.id, 0) + place.duties
        room = room_of(one.capacity, tenths=times[one.id], available=place.available)
        away = any(leave.first_day <= today for leave in leaves.get(one.id, []))
        committee = found[one.committee_id]
        committee.people += 1
        committee.away += away
        committee.free += not away and band_of(points, room) is Band.FREE
        committee.points += points
        committee.room += room
    return found


def _held(session: Session, scope: Scope) -> dict[int, int]:
    """The points that each mediator holds in open cases, in tenths."""
    rows = session.execute(
        select(Case.mediator_id, func.sum(Case.weight))
        .where(IS_OPEN, Case.county_id == scope.county_id, Case.mediator_id.is_not(None))
        .group_by(Case.mediator_id)
    )
    return {mediator_id: int(points) for mediator_id, points in rows if mediator_id is not None}


def _committees(session: Session, scope: Scope) -> list[Any]:
    """The committees of a scope in administrative order, with the names of their towns."""
    town, serves = aliased(OrganisationUnit), aliased(OrganisationUnit)
    return list(
        session.execute(
            select(Committee.id, Committee.name, Committee.kind, town.name.label("town"))
            .outerjoin(town, town.id == Committee.town_id)
            .join(serves, serves.id == Committee.unit_id)
            .where(Committee.active, committees_within(scope))
            # Not by the database's idea of where NULL comes.
            .order_by(
                Committee.town_id.is_not(None),
                town.code,
                Committee.community_id.is_not(None),
                serves.code,
                Committee.code,
            )
        )
    )
