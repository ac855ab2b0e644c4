"""Accounts: who can sign in. What they may do is in their posts, see `posts`."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import exists, func, insert, or_, select
from sqlalchemy.orm import Session

from data_access import accounts, audit
from data_access.administering import (
    account,
    require_administrator,
    require_somebody_else,
    require_somebody_left,
    take_turn,
)
from data_access.commands.posts import add_post
from data_access.engine import Database
from data_access.seats import require_place, require_valid_post
from data_access.tables import Mediator, User, UserRole
from domain.clocks import day_of
from domain.errors import Invalid
from domain.people import (
    ONE_TIME_PASSWORD_LASTS,
    AccountObjection,
    AccountProblem,
    Actor,
    Permission,
    Post,
)

_NAME_LONGEST = 40


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that was made. The password exists here and is told once, nowhere else."""

    user_id: int
    login: str
    password: str = field(repr=False)


def create_user(
    db: Database,
    *,
    login: str,
    name: str,
    actor: Actor,
    now: datetime,
    mediator_id: int | None = None,
    post: Post | None = None,
) -> NewAccount:
    """A new account with a one-time password, and its first post if one is given.

    `mediator_id` says which mediator this person is; a MEDIATOR post without a place needs it. A
    post needs POST_GRANT beside PEOPLE_MANAGE. Raises NotAllowed, Invalid.
    """
    require_administrator(actor, Permission.PEOPLE_MANAGE)
    if post is not None:
        require_administrator(actor, Permission.POST_GRANT)
    login = accounts.normalise_login(login)
    password = accounts.new_password(login)
    require_valid_account(login=login, name=name, password=password)
    if post is not None:
        require_valid_post(post, now=now)
    password_hash = accounts.hash_password(password)

    def work(session: Session) -> int:
        user_id = add_user(
            session,
            login=login,
            name=name.strip(),
            password_hash=password_hash,
            actor=actor,
            now=now,
            mediator_id=mediator_id,
            one_time=True,
        )
        if post is not None:
            require_place(session, post, mediator_id=mediator_id, actor=actor)
            add_post(session, user_id=user_id, post=post, actor=actor, now=now)
        return user_id

    return NewAccount(db.write(work), login, password)


def require_valid_account(*, login: str, name: str, password: str) -> None:
    """Raise Invalid with the problem of each field that cannot be taken."""
    problems: dict[str, AccountProblem] = {}
    if not accounts.LOGIN_FORM.fullmatch(accounts.normalise_login(login)):
        problems["login"] = AccountProblem.LOGIN_FORM
    if not name.strip():
        problems["name"] = AccountProblem.NAME_MISSING
    elif len(name.strip()) > _NAME_LONGEST:
        problems["name"] = AccountProblem.NAME_LONG
    if problem := accounts.password_problem(password, login=login):
        problems["password"] = problem
    if problems:
        raise Invalid(**problems)


def add_user(
    session: Session,
    *,
    login: str,
    name: str,
    password_hash: str,
    actor: Actor,
    now: datetime,
    mediator_id: int | None = None,
    demo: bool = False,
    one_time: bool = False,
) -> int:
    """The row and the audit line of a new account, in the caller's transaction. Raises Invalid.

    `one_time`: somebody else knows the password, so it opens only the form to change it.
    """
    take_turn(session, actor)
    if session.scalar(select(func.count()).select_from(User).where(User.login == login)):
        raise Invalid(login=AccountProblem.LOGIN_TAKEN)
    if mediator_id is not None:
        _require_free_mediator(session, mediator_id)
    user_id = session.scalars(
        insert(User)
        .values(
            county_id=actor.county_id,
            login=login,
            name=name,
            password_hash=password_hash,
            mediator_id=mediator_id,
            demo=demo,
            created_at=now,
            must_change_password=one_time,
            password_expires_at=now + ONE_TIME_PASSWORD_LASTS if one_time else None,
        )
        .returning(User.id)
    ).one()
    payload = {"mediator": mediator_id, "demo": demo, "one_time": one_time}
    deed = audit.Deed("user:create", f"user:{user_id}", payload)
    audit.append(session, [deed], actor=actor, at=now, changes_data=False)
    return user_id


def set_active(
    db: Database,
    *,
    user_id: int,
    active: bool,
    separated: bool,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> None:
    """Close an account (its sessions end at once) or open it again; nothing where it is so already.

    Nobody closes their own, nor the last that could open accounts or give posts. `separated` is the
    site's choice to keep the three administrators apart. Raises NotAllowed, AccountNotFound,
    AccountChanged, NotChangeable.
    """
    require_administrator(actor, Permission.PEOPLE_MANAGE)
    require_somebody_else(actor, user_id, AccountObjection.OWN_ACCOUNT)

    def work(session: Session) -> None:
        take_turn(session, actor)
        user = account(session, user_id, actor=actor, expected_version=expected_version)
        if user.active is active:
            return
        if not active:
            today = day_of(now)
            held = session.scalars(
                select(UserRole.role).where(
                    UserRole.user_id == user_id,
                    UserRole.valid_from <= today,
                    or_(UserRole.valid_to.is_(None), UserRole.valid_to > today),
                )
            ).all()
            require_somebody_left(
                session,
                held,
                actor=actor,
                day=today,
                separated=separated,
                without_user=user_id,
            )
        elif user.mediator_id is not None:
            _require_free_mediator(session, user.mediator_id)
        user.active = active
        user.session_epoch += 1
        user.version += 1
        session.flush()
        deed = audit.Deed("user:set_active", f"user:{user_id}", {"active": active})
        audit.append(session, [deed], actor=actor, at=now, changes_data=False)

    db.write(work)


def lift_lock(
    db: Database,
    *,
    user_id: int,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> None:
    """Let a person try again who mistyped too often. Raises NotAllowed, AccountNotFound.

    Raises AccountChanged where the account is not as it was seen. Nobody lifts their own lock: it
    may be somebody else who is guessing.
    """
    require_administrator(actor, Permission.PEOPLE_MANAGE)
    require_somebody_else(actor, user_id, AccountObjection.OWN_ACCOUNT)

    def work(session: Session) -> None:
        user = account(session, user_id, actor=actor, expected_version=expected_version)
        if not user.failed_count and user.locked_until is None:
            return
        user.failed_count, user.locked_until = 0, None
        user.version += 1
        session.flush()
        deed = audit.Deed("user:lift_lock", f"user:{user_id}")
        audit.append(session, [deed], actor=actor, at=now, changes_data=False)

    db.write(work)


def _require_free_mediator(session: Session, mediator_id: int) -> None:
    """One open account for one mediator: two people must not both be the same one."""
    if session.get(Mediator, mediator_id) is None:
        raise Invalid(mediator=AccountProblem.MEDIATOR_UNKNOWN)
    taken = exists().where(User.mediator_id == mediator_id, User.active)
    if session.scalar(select(taken)):
        raise Invalid(mediator=AccountProblem.MEDIATOR_TAKEN)
