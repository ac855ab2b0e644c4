"""At the door of the site: failures counted per login and per address, sessions opened.

Steps inside a transaction of a command: signing in, by whatever means, and changing one's password.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from data_access import accounts, audit
from data_access.engine import vault_of
from data_access.reference import county_id
from data_access.tables import AuditLine, AuthSession, SignInAttempt, User
from domain.errors import SignInProblem, SignInRefused
from domain.people import SYSTEM_USER_ID, Actor, lock_after

ADDRESS_FAILURES = 20
ADDRESS_WINDOW = timedelta(minutes=15)
_OPENED, _CLOSED, _REFUSED = "session:open", "session:close", "session:refuse"
# Sessions that are over stay this long; who signed in when is in the audit trail for good.
_KEEP_ENDED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that was opened. `token` exists here and in the browser's cookie, nowhere else."""

    token: str = field(repr=False)
    session_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class Login:
    """What is known of a login before its password is looked at.

    `expires_at` is when a one-time password ends, None for a person's own.
    """

    subject: str
    user_id: int | None
    password_hash: str | None = field(repr=False)
    failures: int
    locked_until: datetime | None
    expires_at: datetime | None = None

    def require_unlocked(self, now: datetime) -> None:
        """Raise SignInRefused while failures in a row keep it locked."""
        if self.locked_until is not None and now < self.locked_until:
            raise SignInRefused(SignInProblem.LOCKED, self.locked_until)


def require_quiet_address(session: Session, address: str, *, now: datetime) -> None:
    """Refuse an address with too many failures; `retry_at` is when enough of them are old."""
    moments = session.scalars(
        select(SignInAttempt.at)
        .where(
            SignInAttempt.address == accounts.address_block(address),
            SignInAttempt.at > now - ADDRESS_WINDOW,
        )
        .order_by(SignInAttempt.at.desc())
        .limit(ADDRESS_FAILURES)
    ).all()
    if len(moments) == ADDRESS_FAILURES:
        raise SignInRefused(SignInProblem.TOO_MANY, moments[-1] + ADDRESS_WINDOW)


def look_up(session: Session, login: str, *, lock: bool = False) -> Login:
    """What is stored for a login, as `normalise_login` writes it; `lock` holds its row."""
    statement = select(User).where(User.login == login, User.active)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    user = session.scalar(statement)
    # Asked for known and unknown alike, so that the time is the same.
    subject = f"login:{vault_of(session).fingerprint(login)}"
    unknown = _failures_of_unknown(session, subject)
    if user is None:
        return Login(subject, None, None, *unknown)
    return Login(
        f"user:{user.id}",
        user.id,
        user.password_hash,
        user.failed_count,
        user.locked_until,
        user.password_expires_at,
    )


def _failures_of_unknown(session: Session, subject: str) -> tuple[int, datetime | None]:
    """Failures in a row and lock of a login that nobody has, from its last line in the trail.

    It locks like any other: otherwise the lock would tell which logins exist.
    """
    payload = session.scalar(
        select(AuditLine.payload)
        .where(AuditLine.county_id == county_id(session), AuditLine.subject == subject)
        .order_by(AuditLine.seq.desc())
        .limit(1)
    )
    if payload is None:
        return 0, None
    until = payload["locked_until"]
    return payload["failures"], datetime.fromisoformat(until) if until else None


def open_session(
    session: Session,
    user_id: int,
    *,
    address: str,
    lifetime: timedelta,
    now: datetime,
    replaces: str | None = None,
    for_password_change: bool = False,
    how: str = "password",
) -> SignedIn:
    """A new session of a person who has shown who they are; it lifts a lock.

    `replaces` is the token that the browser held until now: that session ends. One that is
    `for_password_change` opens the form for it and nothing else. `how` is for the trail.
    """
    user = session.get_one(User, user_id)
    user.failed_count, user.locked_until = 0, None
    token = accounts.new_token()
    opened = AuthSession(
        token_hash=accounts.hash_token(token),
        user_id=user.id,
        epoch=user.session_epoch,
        created_at=now,
        last_seen_at=now,
        expires_at=now + lifetime,
        address=address[:64],
        for_password_change=for_password_change,
    )
    session.add(opened)
    session.flush()
    # After the insert: SQLite hands a deleted highest id out again, and a tab may still hold it.
    session.execute(
        delete(AuthSession).where(
            AuthSession.user_id == user.id, AuthSession.expires_at < now - _KEEP_ENDED
        )
    )
    actor = Actor(user.id, user.name, user.county_id, session_id=opened.id, address=address[:64])
    deeds = [
        *_close_replaced(session, replaces, now=now),
        audit.Deed(_OPENED, f"user:{user.id}", {"session": opened.id, "how": how}),
    ]
    audit.append(session, deeds, actor=actor, at=now, changes_data=False)
    return SignedIn(token, opened.id, user.id)


def _close_replaced(session: Session, token: str | None, *, now: datetime) -> list[audit.Deed]:
    if token is None:
        return []
    ended = session.execute(
        update(AuthSession)
        .where(
            AuthSession.token_hash == accounts.hash_token(token), AuthSession.revoked_at.is_(None)
        )
        .values(revoked_at=now)
        .returning(AuthSession.id, AuthSession.user_id)
        .execution_options(synchronize_session=False)
    )
    return [audit.Deed(_CLOSED, f"user:{row.user_id}", {"session": row.id}) for row in ended]


def refuse(
    session: Session, login: Login, address: str, *, now: datetime, actor: Actor | None = None
) -> SignInRefused:
    """Count a wrong password and write it down; what is returned is to be raised afterwards.

    `actor` is who typed it, where that is known; at the door it is not: that is what was refused.
    """
    failures = login.failures + 1
    lock = lock_after(failures)
    until = now + lock if lock else None
    if login.user_id is not None:
        session.execute(
            update(User)
            .where(User.id == login.user_id)
            .values(failed_count=failures, locked_until=until)
            .execution_options(synchronize_session=False)
        )
    payload = {"failures": failures, "locked_until": until.isoformat() if until else None}
    _write_down(session, login, payload, address, now=now, actor=actor)
    return SignInRefused(SignInProblem.LOCKED if until else SignInProblem.WRONG, until)


def refuse_expired(session: Session, login: Login, address: str, *, now: datetime) -> SignInRefused:
    """The right one-time password, too late: no failure in a row, but counted and written down."""
    _write_down(session, login, {"expired": True}, address, now=now)
    return SignInRefused(SignInProblem.EXPIRED)


def _write_down(
    session: Session,
    login: Login,
    payload: dict[str, Any],
    address: str,
    *,
    now: datetime,
    actor: Actor | None = None,
) -> None:
    session.execute(delete(SignInAttempt).where(SignInAttempt.at < now - 4 * ADDRESS_WINDOW))
    session.execute(insert(SignInAttempt).values(address=accounts.address_block(address), at=now))
    county = county_id(session)
    if county is not None:
        who = actor or Actor(SYSTEM_USER_ID, "", county, address=address[:64])
        deed = audit.Deed(_REFUSED, login.subject, payload)
        audit.append(session, [deed], actor=who, at=now, changes_data=False)
