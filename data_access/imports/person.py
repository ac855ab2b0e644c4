"""On whose behalf work is done that no session carries: a command line, or a file that waited."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.accounts import normalise_login
from data_access.tables import Committee, OrganisationUnit, User, UserRole
from domain.clocks import day_of
from domain.errors import NotFound
from domain.people import Actor, Post, grants_of


def actor_of_login(session: Session, *, login: str, now: datetime, separated: bool) -> Actor:
    """The person of a login, however it is typed, with the posts held today.

    `separated`: the site keeps the three administrators apart, so the same posts open less. Raises
    NotFound where nobody who may work has this login.
    """
    user = session.scalar(select(User).where(User.login == normalise_login(login), User.active))
    if user is None:
        raise NotFound(f"login:{login}")
    return _actor(session, user, now=now, separated=separated)


def actor_now(session: Session, actor: Actor, *, now: datetime, separated: bool) -> Actor:
    """The same person with the posts held now: for work that begins long after it was asked for.

    The end of the session that asked changes nothing. Raises NotFound where the account is closed.
    """
    user = session.scalar(
        select(User).where(User.id == actor.user_id, User.county_id == actor.county_id, User.active)
    )
    if user is None:
        raise NotFound(f"user:{actor.user_id}")
    found = _actor(session, user, now=now, separated=separated)
    return replace(found, session_id=actor.session_id, address=actor.address)


def _actor(session: Session, user: User, *, now: datetime, separated: bool) -> Actor:
    rows = session.execute(
        select(
            UserRole.role,
            UserRole.unit_id,
            OrganisationUnit.level,
            UserRole.committee_id,
            Committee.community_id,
            UserRole.valid_from,
            UserRole.valid_to,
        )
        .outerjoin(OrganisationUnit, OrganisationUnit.id == UserRole.unit_id)
        .outerjoin(Committee, Committee.id == UserRole.committee_id)
        .where(UserRole.user_id == user.id)
    )
    today = day_of(now)
    posts = [post for post in (Post(*row) for row in rows) if post.held_on(today)]
    grants = grants_of(
        posts,
        county_id=user.county_id,
        mediator_id=user.mediator_id,
        day=today,
        separated=separated,
    )
    roles = frozenset(post.role for post in posts)
    return Actor(user.id, user.name, user.county_id, grants, roles)
