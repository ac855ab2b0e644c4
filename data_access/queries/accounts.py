"""The accounts of the county, for those who manage them: who, with which posts, in what state.

Accounts belong to the whole county: a scope that is a part of it sees none.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from data_access.place_names import place_names
from data_access.tables import AuthSession, Committee, Mediator, OrganisationUnit, User, UserRole
from domain.clocks import day_of
from domain.errors import AccountNotFound
from domain.people import AccountState, Role, Scope

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; None or empty means everything.

    `term` is part of a name or a login; `town_id` asks for a post in that town or below it.
    """

    term: str = ""
    role: Role | None = None
    town_id: int | None = None
    state: AccountState | None = None


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A post of an account. `place` has the names from the town down, none for one's own cases."""

    post_id: int
    role: Role
    place: tuple[str, ...]
    valid_from: date
    valid_to: date | None

    def ended_on(self, day: date) -> bool:
        """Whether it is over on this day; one to come is not."""
        return self.valid_to is not None and self.valid_to <= day


@dataclass(frozen=True, slots=True)
class Account:
    """One account. `last_seen_at` is of its latest session that is still known.

    `linked`: the identity provider knows this person, too.
    """

    user_id: int
    login: str
    name: str
    active: bool
    demo: bool
    mediator_id: int | None
    mediator: str | None
    locked_until: datetime | None
    one_time: bool
    password_expires_at: datetime | None
    created_at: datetime
    linked: bool
    version: int
    last_seen_at: datetime | None
    open_sessions: int
    posts: tuple[HeldPost, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Some accounts of `total`; `number` counts pages from 1."""

    rows: tuple[Account, ...]
    total: int
    number: int
    pages: int


def page(
    session: Session,
    *,
    scope: Scope,
    filters: Filters,
    now: datetime,
    idle: timedelta,
    number: int = 1,
) -> Page:
    """One page of the accounts, open ones first, by login: three queries, whatever their number.

    A number past the end gives the last page. `idle` is how long a session lasts without activity.
    """
    wanted = and_(_within(scope), *_conditions(scope, filters, now=now, idle=idle))
    total = session.scalar(select(func.count()).select_from(User).where(wanted)) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    number = min(max(1, number), pages)
    found = session.execute(
        _accounts(now=now, idle=idle)
        .where(wanted)
        .order_by(User.active.desc(), User.login)
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
    )
    rows = found.mappings().all()
    posts = _posts(session, [row["user_id"] for row in rows], until=day_of(now))
    return Page(tuple(_account(row, posts) for row in rows), total, number, pages)


def account(
    session: Session, *, scope: Scope, user_id: int, now: datetime, idle: timedelta
) -> Account:
    """One account with all its posts, those that are over too. Raises AccountNotFound."""
    query = _accounts(now=now, idle=idle).where(User.id == user_id, _within(scope))
    row = session.execute(query).mappings().first()
    if row is None:
        raise AccountNotFound(f"user:{user_id}")
    return _account(row, _posts(session, [user_id], until=None))


def _within(scope: Scope) -> ColumnElement[bool]:
    return User.county_id == scope.county_id if scope.whole_county else false()


def _conditions(
    scope: Scope, filters: Filters, *, now: datetime, idle: timedelta
) -> Iterable[ColumnElement[bool]]:
    if term := filters.term.strip().lower():
        yield or_(
            func.lower(User.name).contains(term, autoescape=True),
            User.login.contains(term, autoescape=True),
        )
    if filters.role is not None:
        yield User.id.in_(_holders(now).where(UserRole.role == filters.role))
    if filters.town_id is not None:
        yield User.id.in_(_holders_in_town(scope, filters.town_id, now=now))
    if filters.state is not None:
        yield _in_state(filters.state, now=now, idle=idle)


def _in_state(state: AccountState, *, now: datetime, idle: timedelta) -> ColumnElement[bool]:
    match state:
        case AccountState.OPEN:
            return User.active.is_(true())
        case AccountState.CLOSED:
            return User.active.is_(false())
        case AccountState.LOCKED:
            return and_(User.active, User.locked_until > now)
        case AccountState.ONE_TIME:
            return and_(User.active, User.must_change_password)
        case AccountState.SIGNED_IN:
            return select(AuthSession.id).where(_is_open(now=now, idle=idle)).exists()
        case AccountState.WITHOUT_POST:
            today = _holders(now).where(UserRole.valid_from <= day_of(now))
            return and_(User.active, User.id.not_in(today))


def _holders(now: datetime) -> Select[int]:
    """Whoever has a post that is not over."""
    return select(UserRole.user_id).where(
        or_(UserRole.valid_to.is_(None), UserRole.valid_to > day_of(now))
    )


def _holders_in_town(scope: Scope, town_id: int, *, now: datetime) -> Select[int]:
    """Whoever has a post in a town: at it or below it, in a committee of it, or as its mediator."""
    committees = select(Committee.id).where(Committee.town_id == town_id)
    units = select(OrganisationUnit.id).where(
        OrganisationUnit.path.startswith(f"/{scope.county_id}/{town_id}/", autoescape=True)
    )
    mediators = select(User.id).where(
        User.mediator_id.in_(select(Mediator.id).where(Mediator.committee_id.in_(committees)))
    )
    own_cases = and_(
        UserRole.unit_id.is_(None),
        UserRole.committee_id.is_(None),
        UserRole.user_id.in_(mediators),
    )
    return _holders(now).where(
        or_(UserRole.unit_id.in_(units), UserRole.committee_id.in_(committees), own_cases)
    )


def _is_open(*, now: datetime, idle: timedelta) -> ColumnElement[bool]:
    """A session of the account that still opens something."""
    return and_(
        AuthSession.user_id == User.id,
        AuthSession.revoked_at.is_(None),
        AuthSession.expires_at > now,
        AuthSession.last_seen_at > now - idle,
        AuthSession.epoch == User.session_epoch,
        User.active,
    )


def _accounts(*, now: datetime, idle: timedelta) -> Select[Any]:
    open_sessions = select(func.count()).where(_is_open(now=now, idle=idle))
    seen = select(func.max(AuthSession.last_seen_at)).where(AuthSession.user_id == User.id)
    query: Any = select(
        User.id.label("user_id"),
        User.login,
        User.name,
        User.active,
        User.demo,
        User.mediator_id,
        Mediator.name.label("mediator"),
        User.locked_until,
        User.must_change_password.label("one_time"),
        User.password_expires_at,
        User.created_at,
        User.oidc_subject.is_not(None).label("linked"),
        User.version,
        seen.correlate(User).scalar_subquery().label("last_seen_at"),
        open_sessions.correlate(User).scalar_subquery().label("open_sessions"),
    )
    found: Select[Any] = query.outerjoin(Mediator, Mediator.id == User.mediator_id)
    return found


def _account(row: RowMapping, posts: dict[int, list[HeldPost]]) -> Account:
    return Account(**row, posts=tuple(posts.get(row["user_id"], ())))


def _posts(
    session: Session, user_ids: list[int], *, until: date | None
) -> dict[int, list[HeldPost]]:
    """The posts of these accounts; with `until`, without those that are over on that day."""
    unit, above, top = (aliased(OrganisationUnit) for _ in range(3))
    query = (
        select(UserRole, unit, above, top, Committee.name)
        .outerjoin(unit, unit.id == UserRole.unit_id)
        .outerjoin(above, above.id == unit.parent_id)
        .outerjoin(top, top.id == above.parent_id)
        .outerjoin(Committee, Committee.id == UserRole.committee_id)
        .where(UserRole.user_id.in_(user_ids))
        .order_by(UserRole.valid_from, UserRole.id)
    )
    if until is not None:
        query = query.where(or_(UserRole.valid_to.is_(None), UserRole.valid_to > until))
    found: dict[int, list[HeldPost]] = {}
    rows: Any = session.execute(query)
    for post, *units, committee in rows:
        place = (committee,) if committee is not None else place_names(*units)
        held = HeldPost(post.id, post.role, place, post.valid_from, post.valid_to)
        found.setdefault(post.user_id, []).append(held)
    return found
