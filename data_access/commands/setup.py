"""How an empty site begins: a code from the terminal, the county, its first account."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from data_access import accounts, audit, reference
from data_access.commands.people import NewAccount, add_user, require_valid_account
from data_access.commands.posts import add_post
from data_access.engine import Database
from data_access.queries.people import has_users
from data_access.tables import Site
from domain.clocks import day_of
from domain.errors import Invalid, NotAllowed
from domain.people import AccountProblem, Actor, Permission, Post, Role, system_actor

SETUP_CODE = "setup_code_hash"
SETUP_CODE_MADE_AT = "setup_code_made_at"
_COUNTY_CODE = re.compile(r"[1-8][0-9]{5}")
_COUNTY_NAME_LONGEST = 80
# In the order of the form: the first chooses a password there.
THREE_ADMINISTRATORS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)


@dataclass(frozen=True, slots=True)
class Beginner:
    """Somebody who is to have an account and a post of the county from the beginning."""

    role: Role
    login: str
    name: str


def new_setup_code(db: Database, *, now: datetime) -> str:
    """A one-time code for the terminal; any earlier one no longer counts. Raises NotAllowed.

    Only its hash is stored. Whoever reads the terminal may create the first administrator.
    """
    code = accounts.new_setup_code()

    def work(session: Session) -> None:
        if has_users(session):
            raise NotAllowed(Permission.PEOPLE_MANAGE)
        reference.set_site_fact(session, SETUP_CODE, accounts.hash_setup_code(code))
        reference.set_site_fact(session, SETUP_CODE_MADE_AT, now.isoformat())

    db.write(work)
    return code


def create_first_administrator(
    db: Database,
    *,
    code: str,
    county_code: str,
    county_name: str,
    login: str,
    name: str,
    password: str,
    address: str,
    now: datetime,
) -> int:
    """Create the county where there is none, fill its reference data, and its first administrator.

    `county_code` is the 6-digit division code of GB/T 2260; both county fields are not looked at
    where a county exists. Returns the user's id. Raises Invalid, NotAllowed where somebody can sign
    in already.
    """
    first = Beginner(Role.CENTRE_ADMIN, login, name)
    begun = _begin(
        db, code, county_code, county_name, [(first, password)], address=address, now=now
    )
    return begun[0].user_id


def create_three_administrators(
    db: Database,
    *,
    code: str,
    county_code: str,
    county_name: str,
    administrators: Sequence[Beginner],
    password: str,
    address: str,
    now: datetime,
) -> list[NewAccount]:
    """As `create_first_administrator`, for a site that keeps the three administrators apart.

    `password` is the first one's own; the others get one-time passwords, which are what is
    returned: to be shown once. Problems of a field are named after its role, `system_admin_login`.
    Raises Invalid, NotAllowed.
    """
    passwords = [password, *(accounts.new_password(one.login) for one in administrators[1:])]
    pairs = list(zip(administrators, passwords, strict=True))
    return _begin(db, code, county_code, county_name, pairs, address=address, now=now)[1:]


def _begin(
    db: Database,
    code: str,
    county_code: str,
    county_name: str,
    beginners: Sequence[tuple[Beginner, str]],
    *,
    address: str,
    now: datetime,
) -> list[NewAccount]:
    """County, reference data and the first accounts, all or nothing; only the first's password is
    the person's own.
    """
    with db.read() as session:
        _require_code(session, code)
        new_county = reference.county_id(session) is None
    problems = _county_problems(county_code, county_name) if new_county else {}
    problems |= _account_problems(beginners)
    if problems:
        raise Invalid(**problems)
    hashes = [accounts.hash_password(password) for _, password in beginners]

    def work(session: Session) -> list[int]:
        _require_code(session, code)
        # Of two that come at once with the right code, the second finds it used.
        used = delete(Site).where(Site.name == SETUP_CODE).returning(Site.name)
        if session.scalars(used).first() is None:
            raise Invalid(code=AccountProblem.SETUP_CODE_WRONG)
        session.execute(delete(Site).where(Site.name == SETUP_CODE_MADE_AT))
        county = reference.county_id(session)
        if county is None:
            county = reference.create_county(session, code=county_code, name=county_name.strip())
        reference.seed_reference(session)
        actor = replace(system_actor(county), address=address[:64])
        return [
            _add_administrator(session, one, hashed, actor=actor, now=now, one_time=place > 0)
            for place, ((one, _), hashed) in enumerate(zip(beginners, hashes, strict=True))
        ]

    return [
        NewAccount(user_id, accounts.normalise_login(one.login), password)
        for user_id, (one, password) in zip(db.write(work), beginners, strict=True)
    ]


def _require_code(session: Session, code: str) -> None:
    if has_users(session):
        raise NotAllowed(Permission.PEOPLE_MANAGE)
    expected = reference.site_fact(session, SETUP_CODE)
    if expected is None or not accounts.same_hash(expected, accounts.hash_setup_code(code)):
        raise Invalid(code=AccountProblem.SETUP_CODE_WRONG)


def _county_problems(code: str, name: str) -> dict[str, AccountProblem]:
    problems = {}
    if not _COUNTY_CODE.fullmatch(code):
        problems["county_code"] = AccountProblem.COUNTY_CODE_FORM
    if not 0 < len(name.strip()) <= _COUNTY_NAME_LONGEST:
        problems["county_name"] = AccountProblem.COUNTY_NAME_MISSING
    return problems


def _account_problems(beginners: Sequence[tuple[Beginner, str]]) -> dict[str, AccountProblem]:
    """What is wrong with the accounts; of several, each field by the name of its role."""
    problems: dict[str, AccountProblem] = {}
    seen: set[str] = set()
    for one, password in beginners:
        before = f"{one.role}_" if len(beginners) > 1 else ""
        try:
            require_valid_account(login=one.login, name=one.name, password=password)
        except Invalid as refusal:
            for field, problem in refusal.problems.items():
                named = field if field == "password" else f"{before}{field}"
                problems[named] = AccountProblem(problem)
        login = accounts.normalise_login(one.login)
        if login in seen:
            problems[f"{before}login"] = AccountProblem.LOGIN_TAKEN
        seen.add(login)
    return problems


def _add_administrator(
    session: Session,
    beginner: Beginner,
    password_hash: str,
    *,
    actor: Actor,
    now: datetime,
    one_time: bool,
) -> int:
    user_id = add_user(
        session,
        login=accounts.normalise_login(beginner.login),
        name=beginner.name.strip(),
        password_hash=password_hash,
        actor=actor,
        now=now,
        one_time=one_time,
    )
    post = Post(beginner.role, unit_id=actor.county_id, valid_from=day_of(now))
    add_post(session, user_id=user_id, post=post, actor=actor, now=now)
    deed = audit.Deed("site:set_up", f"user:{user_id}")
    audit.append(session, [deed], actor=actor, at=now, changes_data=True)
    return user_id
