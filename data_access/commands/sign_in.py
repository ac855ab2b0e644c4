"""Open and end sessions. Every attempt that was judged is a line in the audit trail.

An attempt that is turned away unjudged (locked, too many, too busy) writes nothing: otherwise
anybody could make the trail grow for free.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from data_access import accounts, audit
from data_access.engine import Database, vault_of
from data_access.reference import county_id
from data_access.tables import AuditLine, AuthSession, SignInAttempt, User
from domain.errors import NotAllowed, NotFound, SignInProblem, SignInRefused
from domain.people import SYSTEM_USER_ID, Actor, Permission, lock_after

ADDRESS_FAILURES = 20
ADDRESS_WINDOW = timedelta(minutes=15)
_OPENED, _CLOSED, _REFUSED = "session:open", "session:close", "session:refuse"
# Sessions that are over stay this long; who signed in when is in the audit trail for good.
_KEEP_ENDED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that was opened. `token` exists here and in the browser's cookie, nowhere else."""

    token: str
    session_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class _Login:
    """What is known of a login before its password is looked at."""

    subject: str
    user_id: int | None
    password_hash: str | None
    failures: int
    locked_until: datetime | None

    def require_unlocked(self, now: datetime) -> None:
        if self.locked_until is not None and now < self.locked_until:
            raise SignInRefused(SignInProblem.LOCKED, self.locked_until)


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
        _require_quiet_address(session, address, now=now)
        known = _look_up(session, login)
    known.require_unlocked(now)
    right = accounts.verify_password(known.password_hash, password)
    renewed = _stronger_hash(known, password) if right else None

    def work(session: Session) -> SignedIn | SignInRefused:
        # Again, under the lock: others may have failed, or an administrator acted, meanwhile.
        current = _look_up(session, login, lock=True)
        if right and current.user_id == known.user_id:
            current.require_unlocked(now)
            if current.password_hash == known.password_hash:
                return _open(session, current, renewed, address, lifetime, replaces, now=now)
        return _refuse(session, current, address, now=now)

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


def _require_quiet_address(session: Session, address: str, *, now: datetime) -> None:
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


def _look_up(session: Session, login: str, *, lock: bool = False) -> _Login:
    statement = select(User).where(User.login == login, User.active)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    user = session.scalar(statement)
    # Asked for known and unknown alike, so that the time is the same.
    subject = f"login:{vault_of(session).fingerprint(login)}"
    unknown = _failures_of_unknown(session, subject)
    if user is None:
        return _Login(subject, None, None, *unknown)
    return _Login(
        f"user:{user.id}", user.id, user.password_hash, user.failed_count, user.locked_until
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


def _stronger_hash(known: _Login, password: str) -> str | None:
    if known.password_hash is None or not accounts.needs_new_hash(known.password_hash):
        return None
    return accounts.hash_password(password)


def _open(
    session: Session,
    login: _Login,
    renewed: str | None,
    address: str,
    lifetime: timedelta,
    replaces: str | None,
    *,
    now: datetime,
) -> SignedIn:
    user = session.scalars(select(User).where(User.id == login.user_id)).one()
    user.failed_count, user.locked_until = 0, None
    user.password_hash = renewed or user.password_hash
    token = accounts.new_token()
    opened = AuthSession(
        token_hash=accounts.hash_token(token),
        user_id=user.id,
        epoch=user.session_epoch,
        created_at=now,
        last_seen_at=now,
        expires_at=now + lifetime,
        address=address[:64],
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
        audit.Deed(_OPENED, login.subject, {"session": opened.id}),
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


def _refuse(session: Session, login: _Login, address: str, *, now: datetime) -> SignInRefused:
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
    _count_against_address(session, address, now=now)
    county = county_id(session)
    if county is not None:
        payload = {"failures": failures, "locked_until": until.isoformat() if until else None}
        # Who it was is not known: that is what was refused.
        actor = Actor(SYSTEM_USER_ID, "", county, address=address[:64])
        deed = audit.Deed(_REFUSED, login.subject, payload)
        audit.append(session, [deed], actor=actor, at=now, changes_data=False)
    problem = SignInProblem.LOCKED if until else SignInProblem.WRONG
    return SignInRefused(problem, until)


def _count_against_address(session: Session, address: str, *, now: datetime) -> None:
    session.execute(delete(SignInAttempt).where(SignInAttempt.at < now - 4 * ADDRESS_WINDOW))
    session.execute(insert(SignInAttempt).values(address=accounts.address_block(address), at=now))
