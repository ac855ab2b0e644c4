"""Who can sign in to the demonstration county: one account for each post, in a telling place."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from data_access import reference
from data_access.accounts import new_password
from data_access.commands.people import add_user
from data_access.commands.posts import add_post
from data_access.demo.county import plan_county
from data_access.demo.persons import Population
from data_access.engine import Database
from data_access.tables import Case, Committee, Mediator, OrganisationUnit, User
from data_access.tables.cases import IS_OPEN
from domain.clocks import day_of
from domain.eligibility import CommitteeKind
from domain.errors import Invalid
from domain.organisation import UnitLevel
from domain.people import AccountProblem, Post, Role, system_actor

FILE_NAME = "demo-accounts.txt"
_TOWN = "安仁镇"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A demonstration account. The password exists here and in the caller's file, nowhere else."""

    login: str
    password: str
    role: Role
    place: str


@dataclass(frozen=True, slots=True)
class _Seat:
    """Where a post is held. `name` is the holder's, where somebody known holds it."""

    role: Role
    place: str
    unit_id: int | None = None
    committee_id: int | None = None
    mediator_id: int | None = None
    name: str | None = None


def create_demo_accounts(
    db: Database,
    *,
    hash_password: Callable[[str], str],
    now: datetime,
    folder: Path | None = None,
) -> list[DemoAccount]:
    """One account for each post, flagged as demonstration, with a random password each.

    The town, its committee, mediator and grid are where work is: they are chosen by open cases. In
    `folder` the accounts are kept before they exist: cut off in between, a file tells of accounts
    that the next start makes anew, but never is there an account whose password nobody knows.
    Raises Invalid where such a login exists.
    """
    with db.read() as session:
        county_id = reference.county_id(session)
        assert county_id is not None  # noqa: S101 - the demonstration county was loaded before
        _require_free_logins(session)
        seats = _seats(session, county_id)
    accounts = [
        DemoAccount(login, new_password(login), seat.role, seat.place)
        for seat in seats
        for login in (_login(seat.role),)
    ]
    hashes = [hash_password(account.password) for account in accounts]
    if folder is not None:
        keep_accounts(folder, accounts)
    actor = system_actor(county_id)

    def work(session: Session) -> None:
        strangers = Population(plan_county(seed=0), seed=[0, 9])
        for seat, account, password_hash in zip(seats, accounts, hashes, strict=True):
            user_id = add_user(
                session,
                login=account.login,
                name=seat.name or strangers.name("2" if len(seat.role) % 2 else "1"),
                password_hash=password_hash,
                actor=actor,
                now=now,
                mediator_id=seat.mediator_id,
                demo=True,
            )
            post = Post(
                seat.role,
                unit_id=seat.unit_id,
                committee_id=seat.committee_id,
                valid_from=day_of(now),
            )
            add_post(session, user_id=user_id, post=post, actor=actor, now=now)

    db.write(work)
    return accounts


def keep_accounts(folder: Path, accounts: Sequence[DemoAccount]) -> Path:
    """Write the accounts to a file that only its owner can read; an older one is replaced.

    It is on the disk, whole, when this returns.
    """
    path = folder / FILE_NAME
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(
            f"{account.login}\t{account.password}\t{account.role}\t{account.place}\n"
            for account in accounts
        )
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    above = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(above)  # the new name too
    finally:
        os.close(above)
    return path


def _require_free_logins(session: Session) -> None:
    """Before the file is touched: it may hold the passwords of those who have the logins."""
    logins = [_login(role) for role in Role]
    if session.scalar(select(User.id).where(User.login.in_(logins)).limit(1)) is not None:
        raise Invalid(login=AccountProblem.LOGIN_TAKEN)


def _login(role: Role) -> str:
    return role.value.replace("_", "-")


def _seats(session: Session, county_id: int) -> list[_Seat]:
    """Every post once: the centre's for the whole county, the local ones in one busy town."""
    county = session.get_one(OrganisationUnit, county_id)
    town = session.scalars(
        select(OrganisationUnit).where(
            OrganisationUnit.level == UnitLevel.TOWN, OrganisationUnit.name == _TOWN
        )
    ).one()
    committee = _busiest_committee(session, town.id)
    mediator = _busiest_mediator(session, town.id)
    grid = _busiest_unit(session, town.id, Case.grid_id)
    community = _busiest_unit(session, town.id, Case.community_id)
    local = {
        Role.TOWN: _Seat(Role.TOWN, town.name, unit_id=town.id),
        Role.COMMITTEE_HEAD: _Seat(
            Role.COMMITTEE_HEAD,
            committee.name,
            committee_id=committee.id,
            name=session.scalar(
                select(Mediator.name).where(Mediator.committee_id == committee.id, Mediator.chair)
            ),
        ),
        Role.MEDIATOR: _Seat(
            Role.MEDIATOR,
            session.get_one(Committee, mediator.committee_id).name,
            mediator_id=mediator.id,
            name=mediator.name,
        ),
        Role.GRID_WORKER: _Seat(
            Role.GRID_WORKER, f"{_parent_name(session, grid)}{grid.name}", unit_id=grid.id
        ),
        Role.ADVISER: _Seat(Role.ADVISER, community.name, unit_id=community.id),
    }
    return [local.get(role) or _Seat(role, county.name, unit_id=county_id) for role in Role]


def _busiest_committee(session: Session, town_id: int) -> Committee:
    """The community committee of a town with most open cases."""
    return session.scalars(
        select(Committee)
        .outerjoin(Case, (Case.committee_id == Committee.id) & IS_OPEN)
        .where(Committee.town_id == town_id, Committee.kind == CommitteeKind.COMMUNITY)
        .group_by(Committee.id)
        .order_by(func.count(Case.id).desc(), Committee.id)
        .limit(1)
    ).one()


def _busiest_mediator(session: Session, town_id: int) -> Mediator:
    """The full-time mediator of a town with most open cases."""
    return session.scalars(
        select(Mediator)
        .join(Committee, Committee.id == Mediator.committee_id)
        .outerjoin(Case, (Case.mediator_id == Mediator.id) & IS_OPEN)
        .where(Committee.town_id == town_id, Mediator.full_time, Mediator.active)
        .group_by(Mediator.id)
        .order_by(func.count(Case.id).desc(), Mediator.id)
        .limit(1)
    ).one()


def _busiest_unit(
    session: Session, town_id: int, column: InstrumentedAttribute[int | None]
) -> OrganisationUnit:
    """The community or grid of a town, by the case's column for it, with most open cases."""
    return session.scalars(
        select(OrganisationUnit)
        .join(Case, column == OrganisationUnit.id)
        .where(Case.town_id == town_id, IS_OPEN, OrganisationUnit.valid_to.is_(None))
        .group_by(OrganisationUnit.id)
        .order_by(func.count(Case.id).desc(), OrganisationUnit.id)
        .limit(1)
    ).one()


def _parent_name(session: Session, unit: OrganisationUnit) -> str:
    return session.get_one(OrganisationUnit, unit.parent_id).name
