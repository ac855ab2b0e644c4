"""Who does what the pulse does: the demonstration accounts, each within its own post."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.tables import Committee, OrganisationUnit, User, UserRole
from domain.clocks import day_of
from domain.people import Actor, Permission, Post, Role, Scope, grants_of, system_actor

# The nearest first: whose case it is, whose place, and last the centre.
_ORDER = (Role.MEDIATOR, Role.GRID_WORKER, Role.COMMITTEE_HEAD, Role.TOWN, Role.JUSTICE, Role.DUTY)


@dataclass(frozen=True, slots=True)
class Where:
    """Where a case lies and who holds it: what decides whose it is."""

    town_id: int
    community_id: int | None
    grid_id: int | None
    committee_id: int | None = None
    mediator_id: int | None = None


class Crew:
    """The people of the demonstration county who can sign in now; nobody else acts by their name.

    Where none of them may do a thing, the product itself does it.
    """

    def __init__(self, session: Session, *, county_id: int, now: datetime) -> None:
        self._system = system_actor(county_id)
        self._people = sorted(_actors(session, county_id, now), key=_nearness)

    def who(self, permission: Permission, where: Where, *, but: int | None = None) -> Actor:
        """The nearest person who may do this there; `but` is the user who may not."""
        for person in self._people:
            scope = person.grants.get(permission)
            if scope is not None and person.user_id != but and _lies_in(where, scope):
                return person
        return self._system


def _actors(session: Session, county_id: int, now: datetime) -> Iterable[Actor]:
    rows = session.execute(
        select(
            User.id,
            User.name,
            User.mediator_id,
            UserRole.role,
            UserRole.unit_id,
            UserRole.committee_id,
            UserRole.valid_from,
            UserRole.valid_to,
            OrganisationUnit.level,
            Committee.community_id,
        )
        .join(UserRole, UserRole.user_id == User.id)
        .outerjoin(OrganisationUnit, OrganisationUnit.id == UserRole.unit_id)
        .outerjoin(Committee, Committee.id == UserRole.committee_id)
        .where(User.county_id == county_id, User.demo, User.active)
        .order_by(User.id, UserRole.id)
    ).all()
    posts = defaultdict(list)
    for row in rows:
        post = Post(
            row.role,
            row.unit_id,
            row.level,
            row.committee_id,
            row.community_id,
            row.valid_from,
            row.valid_to,
        )
        posts[row.id, row.name, row.mediator_id].append(post)
    day = day_of(now)
    for (user_id, name, mediator_id), held in posts.items():
        grants = grants_of(held, county_id=county_id, mediator_id=mediator_id, day=day)
        roles = frozenset(post.role for post in held if post.held_on(day))
        yield Actor(user_id, name, county_id, grants, roles)


def _nearness(person: Actor) -> tuple[int, int]:
    places = [_ORDER.index(role) for role in person.roles if role in _ORDER]
    return min(places, default=len(_ORDER)), person.user_id


def _lies_in(where: Where, scope: Scope) -> bool:
    return (
        scope.whole_county
        or where.town_id in scope.towns
        or where.community_id in scope.communities
        or where.grid_id in scope.grids
        or where.committee_id in scope.committees
        or where.mediator_id in scope.mediators
    )
