"""People whom the office's identity provider (统一认证) vouches for: who they are here.

An account and its posts are never made by signing in: an administrator makes them.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from data_access import accounts, audit
from data_access.administering import (
    account,
    require_administrator,
    require_no_administrator,
    take_turn,
)
from data_access.door import ADDRESS_WINDOW, SignedIn, open_session
from data_access.engine import Database, vault_of
from data_access.provider import LONGEST_IDENTITY, identity_of
from data_access.reference import county_id
from data_access.tables import SignInAttempt, User
from domain.clocks import day_of
from domain.errors import Invalid, ProviderProblem, ProviderRefused
from domain.people import SYSTEM_USER_ID, AccountProblem, Actor, Permission

_HOW = "provider"
_LINKED, _REFUSED = "user:link_identity", "session:refuse"


def sign_in_by_provider(
    db: Database,
    *,
    issuer: str,
    subject: str,
    address: str,
    lifetime: timedelta,
    now: datetime,
    login: str | None = None,
    replaces: str | None = None,
) -> SignedIn:
    """Open a session for the person whom `issuer` calls `subject`, its answer being verified.

    `login` is what the provider says about the person's login here, where the site trusts it in
    that: an account that nobody is linked to is then linked for good. `lifetime` and `replaces` as
    in `sign_in`. Raises ProviderRefused.
    """
    identity = identity_of(issuer, subject)

    def work(session: Session) -> SignedIn | ProviderRefused:
        user = _linked(session, identity)
        if user is None and login and len(identity) <= LONGEST_IDENTITY:
            user = _link_by_login(session, login, issuer, identity, address, now=now)
        if user is None:
            whose = f"provider:{vault_of(session).fingerprint(identity)}"
            _write_down(session, whose, ProviderProblem.UNKNOWN_PERSON, address, now=now)
            return ProviderRefused(ProviderProblem.UNKNOWN_PERSON, subject)
        if not user.active:
            whose = f"user:{user.id}"
            _write_down(session, whose, ProviderProblem.ACCOUNT_CLOSED, address, now=now)
            return ProviderRefused(ProviderProblem.ACCOUNT_CLOSED)
        return open_session(
            session,
            user.id,
            address=address,
            lifetime=lifetime,
            now=now,
            replaces=replaces,
            how=_HOW,
        )

    outcome = db.write(work)
    if isinstance(outcome, ProviderRefused):
        raise outcome
    return outcome


def note_bad_answer(db: Database, *, problem: ProviderProblem, address: str, now: datetime) -> None:
    """Count an answer that did not stand up to the checks against its address; write it down."""

    def work(session: Session) -> None:
        session.execute(delete(SignInAttempt).where(SignInAttempt.at < now - 4 * ADDRESS_WINDOW))
        block = accounts.address_block(address)
        session.execute(insert(SignInAttempt).values(address=block, at=now))
        _write_down(session, _HOW, problem, address, now=now)

    db.write(work)


def link_identity(
    db: Database,
    *,
    user_id: int,
    issuer: str,
    subject: str | None,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
    separated: bool = False,
) -> None:
    """Say who an account's person is for the provider `issuer`; `subject` None takes it back.

    `subject` is the claim `sub`: what an administrator reads in the provider, or the person on the
    page that did not let them in. The account is signed out everywhere, so that its person notices.
    `separated`: the site keeps the three administrators apart, who are then linked only from the
    command line. Raises NotAllowed, AccountNotFound, AccountChanged, NotChangeable, Invalid.
    """
    require_administrator(actor, Permission.PEOPLE_MANAGE)
    identity = None if subject is None else _identity(issuer, subject.strip())

    def work(session: Session) -> None:
        take_turn(session, actor)
        user = account(session, user_id, actor=actor, expected_version=expected_version)
        if user.oidc_subject == identity:
            return
        if identity is not None and _linked(session, identity) is not None:
            raise Invalid(identity=AccountProblem.IDENTITY_TAKEN)
        if separated:
            require_no_administrator(session, user_id, actor=actor, day=day_of(now))
        user.session_epoch += 1
        _link(session, user, identity, issuer, by="administrator", actor=actor, now=now)

    db.write(work)


def _identity(issuer: str, subject: str) -> str:
    identity = identity_of(issuer, subject)
    if not subject or not subject.isprintable() or " " in subject:
        raise Invalid(identity=AccountProblem.IDENTITY_FORM)
    if len(identity) > LONGEST_IDENTITY:
        raise Invalid(identity=AccountProblem.IDENTITY_FORM)
    return identity


def _linked(session: Session, identity: str) -> User | None:
    return session.scalar(select(User).where(User.oidc_subject == identity))


def _link_by_login(
    session: Session, login: str, issuer: str, identity: str, address: str, *, now: datetime
) -> User | None:
    """The open account with this login, now linked; None where it is another's, or nobody's."""
    user = session.scalar(
        select(User).where(
            User.login == accounts.normalise_login(login), User.active, User.oidc_subject.is_(None)
        )
    )
    # In each of the two refusals another tab, or an administrator, may have been a moment faster.
    if user is None:
        return _linked(session, identity)
    actor = Actor(user.id, user.name, user.county_id, address=address[:64])
    take_turn(session, actor)
    user = account(session, user.id, actor=actor)
    if user.oidc_subject is not None or not user.active:
        return _linked(session, identity)
    _link(session, user, identity, issuer, by="claim", actor=actor, now=now)
    return user


def _link(
    session: Session,
    user: User,
    identity: str | None,
    issuer: str,
    *,
    by: str,
    actor: Actor,
    now: datetime,
) -> None:
    """The row and the audit line: that it was done and by what, not who the person is elsewhere."""
    user.oidc_subject = identity
    user.version += 1
    session.flush()
    payload = {"provider": issuer, "linked": identity is not None, "by": by}
    deed = audit.Deed(_LINKED, f"user:{user.id}", payload)
    audit.append(session, [deed], actor=actor, at=now, changes_data=False)


def _write_down(
    session: Session, whose: str, problem: ProviderProblem, address: str, *, now: datetime
) -> None:
    county = county_id(session)
    if county is None:
        return
    actor = Actor(SYSTEM_USER_ID, "", county, address=address[:64])
    deed = audit.Deed(_REFUSED, whose, {"how": _HOW, "problem": problem})
    audit.append(session, [deed], actor=actor, at=now, changes_data=False)
