"""Whether a post can be held at the place and on the days that are asked for."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from data_access.tables import Committee, OrganisationUnit
from domain.clocks import day_of
from domain.errors import Invalid
from domain.people import SEATS, AccountProblem, Actor, Post, Role, Seat


def require_valid_post(post: Post, *, now: datetime) -> None:
    """Raise Invalid where a post's days are out of order, or begin before today.

    Who could do what on a day that has passed is a matter of record.
    """
    problems: dict[str, AccountProblem] = {}
    if post.valid_from < day_of(now):
        problems["valid_from"] = AccountProblem.DATES_PAST
    if post.valid_to is not None and post.valid_to <= post.valid_from:
        problems["valid_to"] = AccountProblem.DATES_REVERSED
    if problems:
        raise Invalid(**problems)


def require_place(session: Session, post: Post, *, mediator_id: int | None, actor: Actor) -> None:
    """Raise Invalid where the post's place is missing, is not there, or is not one for its role.

    `mediator_id` is which mediator the person is, if any.
    """
    if post.unit_id is not None and post.committee_id is not None:
        raise Invalid(place=AccountProblem.PLACE_UNKNOWN)
    seat: Seat | None
    if post.unit_id is not None:
        seat = _seat_of_unit(session, post.unit_id, actor=actor, day=post.valid_from)
    elif post.committee_id is not None:
        committee = session.get(Committee, post.committee_id)
        seat = Seat.COMMITTEE if committee is not None and committee.active else None
    elif post.role is Role.MEDIATOR and mediator_id is not None:
        seat = Seat.OWN_CASES
    else:
        raise Invalid(place=AccountProblem.PLACE_MISSING)
    if seat is None:
        raise Invalid(place=AccountProblem.PLACE_UNKNOWN)
    if seat not in SEATS[post.role]:
        raise Invalid(place=AccountProblem.PLACE_UNFIT)


def _seat_of_unit(session: Session, unit_id: int, *, actor: Actor, day: date) -> Seat | None:
    """The level of a unit of the actor's county that there is on this day; None for no such."""
    unit = session.get(OrganisationUnit, unit_id)
    if unit is None or not unit.path.startswith(f"/{actor.county_id}/"):
        return None
    if unit.valid_to is not None and unit.valid_to <= day:
        return None
    return Seat(unit.level.value)
