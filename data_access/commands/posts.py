"""Posts: what a person may do, where, from when until when."""

from datetime import date, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from data_access import audit
from data_access.administering import (
    account,
    require_administrator,
    require_somebody_else,
    require_somebody_left,
    take_turn,
)
from data_access.engine import Database
from data_access.seats import require_place, require_valid_post
from data_access.tables import User, UserRole
from domain.clocks import day_of
from domain.errors import AccountNotFound, Invalid, NotChangeable
from domain.people import (
    AccountObjection,
    AccountProblem,
    Actor,
    Permission,
    Post,
    collisions,
)


def grant_role(
    db: Database,
    *,
    user_id: int,
    post: Post,
    separated: bool,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> int:
    """Give a person a post in a unit or a committee, from a day to a day (the last not included).

    Of the post, role, place and days are looked at. Only a mediator's may be without a place: then
    it is the person's own cases. Nobody gives a post to themselves: those who manage accounts do
    not help themselves to cases. With `separated`, nobody gets one of the three administrators'
    posts beside another. Returns the post's id. Raises NotAllowed, AccountNotFound, AccountChanged,
    NotChangeable, Invalid.
    """
    require_administrator(actor, Permission.POST_GRANT)
    require_somebody_else(actor, user_id, AccountObjection.OWN_POST)
    require_valid_post(post, now=now)

    def work(session: Session) -> int:
        take_turn(session, actor)
        user = account(session, user_id, actor=actor, expected_version=expected_version)
        require_place(session, post, mediator_id=user.mediator_id, actor=actor)
        if separated and _collides(session, user_id, post):
            raise NotChangeable([AccountObjection.KEPT_APART])
        user.version += 1
        session.flush()
        return add_post(session, user_id=user_id, post=post, actor=actor, now=now)

    return db.write(work)


def add_post(session: Session, *, user_id: int, post: Post, actor: Actor, now: datetime) -> int:
    """The row and the audit line of a post, in the caller's transaction."""
    post_id = session.scalars(
        insert(UserRole)
        .values(
            user_id=user_id,
            role=post.role,
            unit_id=post.unit_id,
            committee_id=post.committee_id,
            valid_from=post.valid_from,
            valid_to=post.valid_to,
        )
        .returning(UserRole.id)
    ).one()
    payload = {
        "post": post_id,
        "role": post.role,
        "unit": post.unit_id,
        "committee": post.committee_id,
        "from": post.valid_from.isoformat(),
        "to": post.valid_to.isoformat() if post.valid_to else None,
    }
    deed = audit.Deed("user:grant", f"user:{user_id}", payload)
    audit.append(session, [deed], actor=actor, at=now, changes_data=False)
    return post_id


def end_role(
    db: Database,
    *,
    post_id: int,
    ends_on: date,
    separated: bool,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> None:
    """End a post: `ends_on` is the first day on which it is no longer held, today or later.

    A post that had not begun by then is taken back as if it had never been held. It only gets
    shorter; a longer one is a new one. The last that could open accounts or give posts stays.
    `expected_version` is the holder's account's. Raises NotAllowed, AccountNotFound,
    AccountChanged, NotChangeable, Invalid.
    """
    require_administrator(actor, Permission.POST_GRANT)
    today = day_of(now)
    if ends_on < today:
        raise Invalid(valid_to=AccountProblem.DATES_PAST)

    def work(session: Session) -> None:
        take_turn(session, actor)
        post, user = _post(session, post_id, actor=actor, expected_version=expected_version)
        if post.valid_to is not None and post.valid_to <= today:
            raise NotChangeable([AccountObjection.ENDED])
        if post.valid_to is not None and ends_on > post.valid_to:
            raise Invalid(valid_to=AccountProblem.ENDS_LATER)
        if user.active and post.unit_id == user.county_id:
            require_somebody_left(
                session,
                [post.role],
                actor=actor,
                day=ends_on,
                separated=separated,
                without_post=post_id,
            )
        post.valid_to = ends_on
        post.valid_from = min(post.valid_from, ends_on)
        user.version += 1
        session.flush()
        payload = {"post": post_id, "to": ends_on.isoformat()}
        deed = audit.Deed("user:end_post", f"user:{user.id}", payload)
        audit.append(session, [deed], actor=actor, at=now, changes_data=False)

    db.write(work)


def _post(
    session: Session, post_id: int, *, actor: Actor, expected_version: int | None
) -> tuple[UserRole, User]:
    """A post with its holder's account, both held until the transaction ends."""
    holder = session.scalar(
        select(UserRole.user_id)
        .join(User, User.id == UserRole.user_id)
        .where(UserRole.id == post_id, User.county_id == actor.county_id)
    )
    if holder is None:
        raise AccountNotFound(f"post:{post_id}")
    user = account(session, holder, actor=actor, expected_version=expected_version)
    post = session.scalars(
        select(UserRole)
        .where(UserRole.id == post_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    return post, user


def _collides(session: Session, user_id: int, post: Post) -> bool:
    """Whether the new post meets one that the person has, and must not have beside it."""
    rows = session.execute(
        select(UserRole.role, UserRole.valid_from, UserRole.valid_to).where(
            UserRole.user_id == user_id
        )
    )
    held = [Post(role, valid_from=begins, valid_to=ends) for role, begins, ends in rows]
    return any(collisions([post, one], since=post.valid_from) for one in held)
