"""Where posts can be held, and whose posts the separation of the three administrators forbids."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from data_access.place_names import place_names
from data_access.tables import Committee, Mediator, OrganisationUnit, User, UserRole
from domain.people import SEPARATED, Collision, Post, Role, Scope, Seat, collisions


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post can be: a unit's id, or a committee's, by its seat. `names` from the town on."""

    seat: Seat
    place_id: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FreeMediator:
    """A mediator who has no open account yet."""

    mediator_id: int
    name: str
    committee: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a new account or post can be given."""

    places: tuple[Place, ...]
    mediators: tuple[FreeMediator, ...]


@dataclass(frozen=True, slots=True)
class Separation:
    """What a site that keeps the three administrators apart still has to put in order."""

    collisions: tuple[Collision, ...]
    vacant: tuple[Role, ...]


def offer(session: Session, *, scope: Scope, day: date) -> Offer:
    """The places where a post can be on this day, and the mediators who have no account."""
    if not scope.whole_county:
        return Offer((), ())
    return Offer((*_units(session, scope, day), *_committees(session)), _mediators(session))


def separation(session: Session, *, scope: Scope, day: date) -> Separation:
    """Whose posts of this day or later collide, and which of the three posts nobody holds."""
    if not scope.whole_county:
        return Separation((), ())
    kept_apart = select(UserRole.user_id).where(UserRole.role.in_(SEPARATED))
    rows = session.execute(
        select(
            User.id, User.login, User.name, UserRole.role, UserRole.valid_from, UserRole.valid_to
        )
        .join(UserRole, UserRole.user_id == User.id)
        .where(User.county_id == scope.county_id, User.active, User.id.in_(kept_apart))
        .order_by(User.login, UserRole.id)
    ).all()
    of_one: dict[int, list[Post]] = {}
    for row in rows:
        post = Post(row.role, valid_from=row.valid_from, valid_to=row.valid_to)
        of_one.setdefault(row.id, []).append(post)
    named = {row.id: (row.login, row.name) for row in rows}
    # Two posts of one kind meet a third twice: that is said once.
    found = {
        Collision(user_id, *named[user_id], (one.role, other.role)): None
        for user_id, posts in of_one.items()
        for one, other in collisions(posts, since=day)
    }
    filled = {post.role for posts in of_one.values() for post in posts if post.held_on(day)}
    return Separation(tuple(found), tuple(role for role in Role if role in SEPARATED - filled))


def _units(session: Session, scope: Scope, day: date) -> tuple[Place, ...]:
    unit, above, top = (aliased(OrganisationUnit) for _ in range(3))
    rows = session.execute(
        select(unit, above, top)
        .outerjoin(above, above.id == unit.parent_id)
        .outerjoin(top, top.id == above.parent_id)
        .where(
            unit.path.startswith(f"/{scope.county_id}/", autoescape=True),
            unit.valid_from <= day,
            or_(unit.valid_to.is_(None), unit.valid_to > day),
        )
        .order_by(unit.level, unit.code)
    )
    return tuple(
        Place(Seat(own.level.value), own.id, place_names(own, *rest)) for own, *rest in rows
    )


def _committees(session: Session) -> tuple[Place, ...]:
    rows = session.execute(
        select(Committee.id, Committee.name).where(Committee.active).order_by(Committee.code)
    )
    return tuple(Place(Seat.COMMITTEE, committee_id, (name,)) for committee_id, name in rows)


def _mediators(session: Session) -> tuple[FreeMediator, ...]:
    taken = select(User.mediator_id).where(User.active, User.mediator_id.is_not(None))
    rows = session.execute(
        select(Mediator.id, Mediator.name, Committee.name)
        .join(Committee, Committee.id == Mediator.committee_id)
        .where(Mediator.active, Mediator.id.not_in(taken))
        .order_by(Committee.code, Mediator.code)
    )
    return tuple(FreeMediator(*row) for row in rows)
