"""On whose behalf the command line works: the product itself, or somebody with an account."""

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
