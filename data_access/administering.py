"""What every change of an account or a post begins with.

The permission, in the whole county; the county's turn, because two administrators who act at once
must see each other; the account as the administrator saw it; and that somebody is left.
"""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from data_access.tables import OrganisationUnit, User, UserRole
from domain.errors import AccountChanged, AccountNotFound, NotAllowed, NotChangeable
from domain.people import (
    NEVER_WITHOUT,
    SEPARATED,
    SYSTEM_USER_ID,
    AccountObjection,
    Actor,
    Permission,
    Role,
    roles_with,
)


def require_administrator(actor: Actor, permission: Permission) -> None:
    """Accounts belong to the whole county; a permission for a part of it does not suffice."""
    if not actor.scope(permission).whole_county:
        raise NotAllowed(permission)


def require_somebody_else(actor: Actor, user_id: int, objection: AccountObjection) -> None:
    """Raise NotChangeable where somebody would do to their own account what others must do."""
    if actor.user_id == user_id:
        raise NotChangeable([objection])


def take_turn(session: Session, actor: Actor) -> None:
    """Wait until no other change of this county's accounts is under way. Call it first.

    Two administrators who close each other's accounts would otherwise both find one left.
    """
    county = select(OrganisationUnit.id).where(OrganisationUnit.id == actor.county_id)
    # Not the full lock of the row: whoever only refers to the county need not wait.
    session.execute(county.with_for_update(key_share=True))


def account(
    session: Session, user_id: int, *, actor: Actor, expected_version: int | None = None
) -> User:
    """An account of the actor's county, held until the transaction ends.

    `expected_version` is what the administrator saw. Raises AccountNotFound, AccountChanged.
    """
    user = session.scalar(
        select(User)
        .where(User.id == user_id, User.county_id == actor.county_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if user is None:
        raise AccountNotFound(f"user:{user_id}")
    if expected_version is not None and user.version != expected_version:
        raise AccountChanged
    return user


def require_somebody_left(
    session: Session,
    roles: Iterable[Role],
    *,
    actor: Actor,
    day: date,
    separated: bool,
    without_user: int | None = None,
    without_post: int | None = None,
) -> None:
    """Raise NotChangeable where nobody could open accounts, or give posts, on `day` any more.

    `roles` are those that would be lost. Who counts: an open account whose person has signed in or
    can by the identity provider, with a post of the county that is held on that day, other than the
    ones that are to go. Where a post without an end goes, one without an end must stay: else the
    site would be locked on the day on which the last one ends.
    """
    lost = frozenset(roles)
    for_good = _is_for_good(session, lost, without_user=without_user, without_post=without_post)
    missing = [
        objection
        for permission, objection in NEVER_WITHOUT.items()
        if lost & (giving := roles_with(permission, separated=separated))
        and not session.scalar(
            select(
                exists().where(
                    UserRole.user_id == User.id,
                    UserRole.role.in_(giving),
                    UserRole.unit_id == actor.county_id,
                    UserRole.valid_from <= day,
                    UserRole.valid_to.is_(None)
                    if for_good
                    else or_(UserRole.valid_to.is_(None), UserRole.valid_to > day),
                    UserRole.id != (without_post or 0),
                    User.county_id == actor.county_id,
                    User.active,
                    # A one-time password that nobody has used yet may never be.
                    or_(~User.must_change_password, User.oidc_subject.is_not(None)),
                    User.id != (without_user or 0),
                )
            )
        )
    ]
    if missing:
        raise NotChangeable(missing)


def _is_for_good(
    session: Session,
    roles: frozenset[Role],
    *,
    without_user: int | None,
    without_post: int | None,
) -> bool:
    """Whether one of the posts that go has no end."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    UserRole.role.in_(roles),
                    UserRole.valid_to.is_(None),
                    or_(
                        UserRole.user_id == (without_user or 0), UserRole.id == (without_post or 0)
                    ),
                )
            )
        )
    )


def require_no_administrator(session: Session, user_id: int, *, actor: Actor, day: date) -> None:
    """Raise NotChangeable where the account is one of the three administrators', now or to come.

    For a site that keeps them apart: whoever sets the password or the identity of another's account
    can become that person. Only the command line of the server may.
    """
    if actor.user_id == SYSTEM_USER_ID:
        return
    of_three = select(
        exists().where(
            UserRole.user_id == user_id,
            UserRole.role.in_(SEPARATED),
            or_(UserRole.valid_to.is_(None), UserRole.valid_to > day),
        )
    )
    if session.scalar(of_three):
        raise NotChangeable([AccountObjection.OF_ADMINISTRATOR])
