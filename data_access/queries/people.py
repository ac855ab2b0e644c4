"""Who is signed in, and what each of them may do where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from data_access.tables import AuthSession, Committee, OrganisationUnit, User, UserRole
from domain.clocks import day_of
from domain.organisation import UnitLevel
from domain.people import Post

# A last-seen time is written at most once a minute, so a stored one may be this much behind.
LAST_SEEN_LAG = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that was good when it was read, with all that an Actor is made of."""

    session_id: int
    token_hash: str
    user_id: int
    name: str
    county_id: int
    mediator_id: int | None
    last_seen_at: datetime
    expires_at: datetime
    address: str
    for_password_change: bool
    posts: tuple[Post, ...]


@dataclass(frozen=True, slots=True)
class Front:
    """What the door of the site says to everybody: nothing about anybody."""

    county_name: str | None
    has_users: bool
    has_demo_accounts: bool


def front(session: Session) -> Front:
    """The county, whether anybody can sign in yet, and whether there are demo accounts."""
    county_name = (
        select(OrganisationUnit.name).where(OrganisationUnit.level == UnitLevel.COUNTY).limit(1)
    ).scalar_subquery()
    demo = select(User.id).where(User.demo, User.active)
    row = session.execute(select(county_name, exists(select(User.id)), exists(demo))).one()
    return Front(*row)


def has_users(session: Session) -> bool:
    """Whether anybody can sign in: an empty site begins with its first administrator."""
    return session.scalar(select(User.id).limit(1)) is not None


def live_sessions(session: Session, *, idle: timedelta, now: datetime) -> list[LiveSession]:
    """Every session that is neither revoked nor expired nor of a closed account: one query.

    A session idle for a little more than `idle` may be among them, because its stored last-seen
    time lags; whoever keeps fresher times decides. Posts that ended are left out, posts to come
    are in, so that a list read before midnight holds after it.
    """
    rows = session.execute(
        select(
            AuthSession.id.label("session_id"),
            AuthSession.token_hash,
            AuthSession.last_seen_at,
            AuthSession.expires_at,
            AuthSession.address,
            AuthSession.for_password_change,
            User.id.label("user_id"),
            User.name,
            User.county_id,
            User.mediator_id,
            UserRole.role,
            UserRole.unit_id,
            UserRole.committee_id,
            UserRole.valid_from,
            UserRole.valid_to,
            OrganisationUnit.level,
            Committee.community_id,
        )
        .select_from(AuthSession)
        .join(User, User.id == AuthSession.user_id)
        .outerjoin(
            UserRole,
            and_(
                UserRole.user_id == User.id,
                or_(UserRole.valid_to.is_(None), UserRole.valid_to > day_of(now)),
            ),
        )
        .outerjoin(OrganisationUnit, OrganisationUnit.id == UserRole.unit_id)
        .outerjoin(Committee, Committee.id == UserRole.committee_id)
        .where(
            AuthSession.revoked_at.is_(None),
            AuthSession.expires_at > now,
            AuthSession.last_seen_at > now - idle - LAST_SEEN_LAG,
            AuthSession.epoch == User.session_epoch,
            User.active,
        )
        .order_by(AuthSession.id, UserRole.id)
    ).all()
    grouped: dict[int, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row.session_id, []).append(row)
    return [_live(of_one) for of_one in grouped.values()]


def last_seen(session: Session, session_id: int) -> datetime | None:
    """When a session's person last did something, as stored; None where there is none."""
    return session.scalar(select(AuthSession.last_seen_at).where(AuthSession.id == session_id))


def _live(rows: Sequence[Any]) -> LiveSession:
    first = rows[0]
    return LiveSession(
        first.session_id,
        first.token_hash,
        first.user_id,
        first.name,
        first.county_id,
        first.mediator_id,
        first.last_seen_at,
        first.expires_at,
        first.address,
        first.for_password_change,
        tuple(
            Post(
                row.role,
                row.unit_id,
                row.level,
                row.committee_id,
                row.community_id,
                row.valid_from,
                row.valid_to,
            )
            for row in rows
            if row.role is not None
        ),
    )
