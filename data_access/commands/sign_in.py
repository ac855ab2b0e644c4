"""Open and end sessions. Every attempt that was judged is a line in the audit trail.

An attempt that is turned away unjudged (locked, too many, too busy) writes nothing: otherwise
anybody could make the trail grow for free.
"""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data_access import accounts, audit
from data_access.door import (
    Login,
    SignedIn,
    look_up,
    open_session,
    refuse,
    refuse_expired,
    require_quiet_address,
)
from data_access.engine import Database
from data_access.tables import AuthSession, User
from domain.errors import NotAllowed, NotFound, SignInRefused
from domain.people import Actor, Permission

_CLOSED = "session:close"


def sign_in(
    db: Database,
    *,
    login: str,
    password: str,
    address: str,
    lifetime: timedelta,
    now: datetime,
    replaces: str | None = None,
) -> SignedIn:
    """Open a session for the person whose login and password these are.

    `lifetime` is its absolute limit. `replaces` is the token that the browser held until now: that
    session ends with this one's beginning. Raises SignInRefused; a login that does not exist gets
    the same answers, after the same work, as one that does.
    """
    login = accounts.normalise_login(login)
    with db.read() as session:
        require_quiet_address(session, address, now=now)
        known = look_up(session, login)
    known.require_unlocked(now)
    right = accounts.verify_password(known.password_hash, password)
    renewed = _stronger_hash(known, password) if right else None

    def work(session: Session) -> SignedIn | SignInRefused:
        # Again, under the lock: others may have failed, or an administrator acted, meanwhile.
        current = look_up(session, login, lock=True)
        if current.user_id is not None and right and current.user_id == known.user_id:
            current.require_unlocked(now)
            if current.password_hash == known.password_hash:
                if current.expires_at is not None and now >= current.expires_at:
                    return refuse_expired(session, current, address, now=now)
                return _open(session, current.user_id, renewed, address, lifetime, replaces, now)
        return refuse(session, current, address, now=now)

    outcome = db.write(work)
    if isinstance(outcome, SignInRefused):
        raise outcome
    return outcome


def sign_out(db: Database, *, session_id: int, actor: Actor, now: datetime) -> None:
    """End one session; nothing happens where it has ended already. Raises NotAllowed, NotFound.

    One's own needs no permission; another person's needs PEOPLE_MANAGE.
    """

    def work(session: Session) -> None:
        row = session.scalar(
            select(AuthSession)
            .join(User, User.id == AuthSession.user_id)
            .where(AuthSession.id == session_id, User.county_id == actor.county_id)
            .with_for_update(of=AuthSession)
        )
        if row is None:
            raise NotFound(f"session:{session_id}")
        _require_self_or_manager(actor, row.user_id)
        if row.revoked_at is not None:
            return
        row.revoked_at = now
        session.flush()
        deed = audit.Deed(_CLOSED, f"user:{row.user_id}", {"session": session_id})
        audit.append(session, [deed], actor=actor, at=now, changes_data=False)

    db.write(work)


def end_all_sessions(db: Database, *, user_id: int, actor: Actor, now: datetime) -> None:
    """Log a person out everywhere. Raises NotAllowed, NotFound."""
    _require_self_or_manager(actor, user_id)

    def work(session: Session) -> None:
        found = session.scalars(
            update(User)
            .where(User.id == user_id, User.county_id == actor.county_id)
            .values(session_epoch=User.session_epoch + 1)
            .returning(User.id)
            .execution_options(synchronize_session=False)
        ).first()
        if found is None:
            raise NotFound(f"user:{user_id}")
        deed = audit.Deed("session:end_all", f"user:{user_id}")
        audit.append(session, [deed], actor=actor, at=now, changes_data=False)

    db.write(work)


def _require_self_or_manager(actor: Actor, user_id: int) -> None:
    """Accounts belong to the whole county; a permission for a part of it does not suffice."""
    if actor.user_id != user_id and not actor.scope(Permission.PEOPLE_MANAGE).whole_county:
        raise NotAllowed(Permission.PEOPLE_MANAGE)


def _stronger_hash(known: Login, password: str) -> str | None:
    if known.password_hash is None or not accounts.needs_new_hash(known.password_hash):
        return None
    return accounts.hash_password(password)


def _open(
    session: Session,
    user_id: int,
    renewed: str | None,
    address: str,
    lifetime: timedelta,
    replaces: str | None,
    now: datetime,
) -> SignedIn:
    user = session.get_one(User, user_id)
    user.password_hash = renewed or user.password_hash
    return open_session(
        session,
        user_id,
        address=address,
        lifetime=lifetime,
        now=now,
        replaces=replaces,
        for_password_change=user.must_change_password,
    )
