"""Passwords: one that the product makes for somebody, and one that a person chooses."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access import accounts, audit
from data_access.administering import (
    account,
    require_administrator,
    require_no_administrator,
    require_somebody_else,
)
from data_access.door import SignedIn, look_up, open_session, refuse, require_quiet_address
from data_access.engine import Database
from data_access.tables import User
from domain.clocks import day_of
from domain.errors import AccountNotFound, Invalid, NotChangeable, SessionEnded, SignInRefused
from domain.people import (
    ONE_TIME_PASSWORD_LASTS,
    AccountObjection,
    AccountProblem,
    Actor,
    Permission,
)

_CHANGED = "user:set_password"


def set_one_time_password(
    db: Database,
    *,
    user_id: int,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
    separated: bool = False,
) -> str:
    """Give somebody a random password that lasts three days and opens only the form to change it.

    It lifts a lock and ends all the person's sessions. Returns the password, which is to be shown
    once and kept nowhere. `separated`: the site keeps the three administrators apart, whose
    passwords are then only for the command line. Raises NotAllowed, AccountNotFound,
    AccountChanged, NotChangeable, SignInRefused(BUSY).
    """
    require_administrator(actor, Permission.PEOPLE_MANAGE)
    require_somebody_else(actor, user_id, AccountObjection.OWN_PASSWORD)
    with db.read() as session:
        login = session.scalar(
            select(User.login).where(User.id == user_id, User.county_id == actor.county_id)
        )
    if login is None:
        raise AccountNotFound(f"user:{user_id}")
    password = accounts.new_password(login)
    password_hash = accounts.hash_password(password)

    def work(session: Session) -> None:
        user = account(session, user_id, actor=actor, expected_version=expected_version)
        if not user.active:
            raise NotChangeable([AccountObjection.CLOSED])
        if separated:
            require_no_administrator(session, user_id, actor=actor, day=day_of(now))
        user.must_change_password = True
        user.password_expires_at = now + ONE_TIME_PASSWORD_LASTS
        user.failed_count, user.locked_until = 0, None
        user.version += 1
        _replace(session, user, password_hash)
        deed = audit.Deed(_CHANGED, f"user:{user_id}", {"one_time": True})
        audit.append(session, [deed], actor=actor, at=now, changes_data=False)

    db.write(work)
    return password


def change_password(
    db: Database,
    *,
    present: str,
    password: str,
    lifetime: timedelta,
    actor: Actor,
    now: datetime,
) -> SignedIn:
    """Change one's own password, end all one's sessions, and open a new one for this browser.

    A copy of the old cookie, wherever it lies, opens nothing afterwards. A wrong `present` password
    counts like a failed sign-in, and locks like one. The account's version stays: an administrator
    who looks at it sees nothing that this would make untrue. Raises Invalid, SignInRefused, and
    SessionEnded where the account is closed by now.
    """
    with db.read() as session:
        require_quiet_address(session, actor.address, now=now)
        login = session.scalar(select(User.login).where(User.id == actor.user_id, User.active))
        if login is None:
            raise SessionEnded(f"user:{actor.user_id}")
        known = look_up(session, login)
    known.require_unlocked(now)
    if problem := accounts.password_problem(password, login=login):
        raise Invalid(password=problem)
    right = accounts.verify_password(known.password_hash, present)
    if right and accounts.verify_password(known.password_hash, password):
        raise Invalid(password=AccountProblem.UNCHANGED)
    new_hash = accounts.hash_password(password) if right else ""

    def work(session: Session) -> SignedIn | SignInRefused:
        current = look_up(session, login, lock=True)
        current.require_unlocked(now)
        if not right or current.password_hash != known.password_hash:
            return refuse(session, current, actor.address, now=now, actor=actor)
        return _change(session, new_hash, lifetime, actor=actor, now=now)

    outcome = db.write(work)
    if isinstance(outcome, SignedIn):
        return outcome
    if outcome.retry_at is not None:
        raise outcome
    raise Invalid(present=AccountProblem.NOT_THE_PRESENT)


def _change(
    session: Session, new_hash: str, lifetime: timedelta, *, actor: Actor, now: datetime
) -> SignedIn:
    user = session.get_one(User, actor.user_id)
    user.must_change_password, user.password_expires_at = False, None
    _replace(session, user, new_hash)
    deed = audit.Deed(_CHANGED, f"user:{user.id}", {"one_time": False})
    audit.append(session, [deed], actor=actor, at=now, changes_data=False)
    return open_session(session, user.id, address=actor.address, lifetime=lifetime, now=now)


def _replace(session: Session, user: User, password_hash: str) -> None:
    """The new hash; every session of the old one is over."""
    user.password_hash = password_hash
    user.session_epoch += 1
    session.flush()
