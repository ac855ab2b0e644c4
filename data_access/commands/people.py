"""Accounts and posts: who can sign in, and what they may do where."""

from datetime import date, datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from data_access import accounts, audit
from data_access.engine import Database
from data_access.tables import (
    AuthSession,
    Committee,
    Mediator,
    OrganisationUnit,
    User,
    UserRole,
)
from domain.errors import Invalid, NotAllowed, NotFound
from domain.people import AccountProblem, Actor, Permission, Role

_NAME_LONGEST = 40


def create_user(
    db: Database,
    *,
    login: str,
    name: str,
    password: str,
    actor: Actor,
    now: datetime,
    mediator_id: int | None = None,
    demo: bool = False,
) -> int:
    """A new account without any post. Returns its id. Raises NotAllowed, Invalid.

    `mediator_id` says which mediator this person is; a MEDIATOR post without a place needs it.
    """
    _require_manager(actor)
    login = accounts.normalise_login(login)
    require_valid_account(login=login, name=name, password=password)
    password_hash = accounts.hash_password(password)

    def work(session: Session) -> int:
        _require_mediator(session, mediator_id)
        return add_user(
            session,
            login=login,
            name=name.strip(),
            password_hash=password_hash,
            actor=actor,
            now=now,
            mediator_id=mediator_id,
            demo=demo,
        )

    return db.write(work)


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
) -> int:
    """The row and the audit line of a new account, in the caller's transaction. Raises Invalid."""
    if session.scalar(select(func.count()).select_from(User).where(User.login == login)):
        raise Invalid(login=AccountProblem.LOGIN_TAKEN)
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
        )
        .returning(User.id)
    ).one()
    deed = audit.Deed("user:create", f"user:{user_id}", {"mediator": mediator_id, "demo": demo})
    audit.append(session, [deed], actor=actor, at=now, changes_data=False)
    return user_id


def set_password(
    db: Database,
    *,
    user_id: int,
    password: str,
    actor: Actor,
    now: datetime,
    present: str | None = None,
) -> None:
    """Change a password, lift a lock, and end all the person's sessions but the actor's own.

    One's own needs the present password; another person's needs PEOPLE_MANAGE. Raises NotAllowed,
    NotFound, Invalid, SignInRefused(BUSY).
    """
    own = actor.user_id == user_id
    if not own:
        _require_manager(actor)
    with db.read() as session:
        user = _user(session, user_id, actor=actor)
        login, known_hash = user.login, user.password_hash
    if own and not accounts.verify_password(known_hash, present or ""):
        raise Invalid(present=AccountProblem.NOT_THE_PRESENT)
    if problem := accounts.password_problem(password, login=login):
        raise Invalid(password=problem)
    new_hash = accounts.hash_password(password)

    def work(session: Session) -> None:
        user = _user(session, user_id, actor=actor, lock=True)
        user.password_hash = new_hash
        user.failed_count, user.locked_until = 0, None
        user.session_epoch += 1
        user.version += 1
        session.flush()
        if own and actor.session_id is not None:
            session.execute(
                update(AuthSession)
                .where(AuthSession.id == actor.session_id, AuthSession.user_id == user_id)
                .values(epoch=user.session_epoch)
                .execution_options(synchronize_session=False)
            )
        deed = audit.Deed("user:set_password", f"user:{user_id}")
        audit.append(session, [deed], actor=actor, at=now, changes_data=False)

    db.write(work)


def set_active(db: Database, *, user_id: int, active: bool, actor: Actor, now: datetime) -> None:
    """Close an account (its sessions end at once) or open it again. Raises NotAllowed, NotFound.

    Nobody closes their own: the last administrator must not be able to lock everybody out.
    """
    _require_manager(actor)
    _require_somebody_else(actor, user_id)

    def work(session: Session) -> None:
        user = _user(session, user_id, actor=actor, lock=True)
        user.active = active
        user.session_epoch += 1
        user.version += 1
        session.flush()
        deed = audit.Deed("user:set_active", f"user:{user_id}", {"active": active})
        audit.append(session, [deed], actor=actor, at=now, changes_data=False)

    db.write(work)


def grant_role(
    db: Database,
    *,
    user_id: int,
    role: Role,
    valid_from: date,
    actor: Actor,
    now: datetime,
    unit_id: int | None = None,
    committee_id: int | None = None,
    valid_to: date | None = None,
) -> int:
    """Give a person a post in a unit or a committee, from a day to a day (the last not included).

    Only a mediator's post may be without a place: then it is the person's own cases. Nobody gives
    a post to themselves (三员分立: those who manage accounts do not help themselves to cases).
    Returns the post's id. Raises NotAllowed, NotFound, Invalid.
    """
    _require_manager(actor)
    _require_somebody_else(actor, user_id)
    if valid_to is not None and valid_to <= valid_from:
        raise Invalid(valid_to=AccountProblem.DATES_REVERSED)

    def work(session: Session) -> int:
        user = _user(session, user_id, actor=actor, lock=True)
        _require_place(session, user, role, unit_id, committee_id)
        return add_post(
            session,
            user_id=user_id,
            role=role,
            unit_id=unit_id,
            committee_id=committee_id,
            valid_from=valid_from,
            valid_to=valid_to,
            actor=actor,
            now=now,
        )

    return db.write(work)


def add_post(
    session: Session,
    *,
    user_id: int,
    role: Role,
    valid_from: date,
    actor: Actor,
    now: datetime,
    unit_id: int | None = None,
    committee_id: int | None = None,
    valid_to: date | None = None,
) -> int:
    """The row and the audit line of a post, in the caller's transaction."""
    post_id = session.scalars(
        insert(UserRole)
        .values(
            user_id=user_id,
            role=role,
            unit_id=unit_id,
            committee_id=committee_id,
            valid_from=valid_from,
            valid_to=valid_to,
        )
        .returning(UserRole.id)
    ).one()
    payload = {
        "post": post_id,
        "role": role,
        "unit": unit_id,
        "committee": committee_id,
        "from": valid_from.isoformat(),
        "to": valid_to.isoformat() if valid_to else None,
    }
    deed = audit.Deed("user:grant", f"user:{user_id}", payload)
    audit.append(session, [deed], actor=actor, at=now, changes_data=False)
    return post_id


def end_role(db: Database, *, post_id: int, ends_on: date, actor: Actor, now: datetime) -> None:
    """End a post: `ends_on` is the first day on which it is no longer held.

    A post that had not begun by then is taken back as if it had never been held. Raises NotAllowed,
    NotFound.
    """
    _require_manager(actor)

    def work(session: Session) -> None:
        post = session.scalar(
            select(UserRole)
            .join(User, User.id == UserRole.user_id)
            .where(UserRole.id == post_id, User.county_id == actor.county_id)
            .with_for_update(of=UserRole)
        )
        if post is None:
            raise NotFound(f"post:{post_id}")
        post.valid_to = ends_on
        post.valid_from = min(post.valid_from, ends_on)
        session.flush()
        payload = {"post": post_id, "to": ends_on.isoformat()}
        deed = audit.Deed("user:end_post", f"user:{post.user_id}", payload)
        audit.append(session, [deed], actor=actor, at=now, changes_data=False)

    db.write(work)


def _require_manager(actor: Actor) -> None:
    """Accounts belong to the whole county; a permission for a part of it does not suffice."""
    if not actor.scope(Permission.PEOPLE_MANAGE).whole_county:
        raise NotAllowed(Permission.PEOPLE_MANAGE)


def _require_somebody_else(actor: Actor, user_id: int) -> None:
    if actor.user_id == user_id:
        raise NotAllowed(Permission.PEOPLE_MANAGE)


def _user(session: Session, user_id: int, *, actor: Actor, lock: bool = False) -> User:
    statement = select(User).where(User.id == user_id, User.county_id == actor.county_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    user = session.scalar(statement)
    if user is None:
        raise NotFound(f"user:{user_id}")
    return user


def _require_mediator(session: Session, mediator_id: int | None) -> None:
    if mediator_id is not None and session.get(Mediator, mediator_id) is None:
        raise Invalid(mediator=AccountProblem.MEDIATOR_UNKNOWN)


def _require_place(
    session: Session, user: User, role: Role, unit_id: int | None, committee_id: int | None
) -> None:
    if unit_id is not None and committee_id is not None:
        raise Invalid(place=AccountProblem.PLACE_UNKNOWN)
    if unit_id is not None:
        path = session.scalar(select(OrganisationUnit.path).where(OrganisationUnit.id == unit_id))
        if path is None or not path.startswith(f"/{user.county_id}/"):
            raise Invalid(place=AccountProblem.PLACE_UNKNOWN)
    elif committee_id is not None:
        if session.get(Committee, committee_id) is None:
            raise Invalid(place=AccountProblem.PLACE_UNKNOWN)
    elif role is not Role.MEDIATOR or user.mediator_id is None:
        raise Invalid(place=AccountProblem.PLACE_MISSING)
