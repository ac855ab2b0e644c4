"""How an empty site begins: a code from the terminal, the county, its first account."""

import re
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from data_access import accounts, audit, reference
from data_access.commands.people import add_post, add_user, require_valid_account
from data_access.engine import Database
from data_access.queries.people import has_users
from data_access.tables import Site
from domain.clocks import day_of
from domain.errors import Invalid, NotAllowed
from domain.people import AccountProblem, Permission, Role, system_actor

SETUP_CODE = "setup_code_hash"
SETUP_CODE_MADE_AT = "setup_code_made_at"
_COUNTY_CODE = re.compile(r"[1-8][0-9]{5}")
_COUNTY_NAME_LONGEST = 80


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
    with db.read() as session:
        _require_code(session, code)
        new_county = reference.county_id(session) is None
    problems = _county_problems(county_code, county_name) if new_county else {}
    try:
        require_valid_account(login=login, name=name, password=password)
    except Invalid as refusal:
        raise Invalid(**problems, **refusal.problems) from None
    if problems:
        raise Invalid(**problems)
    password_hash = accounts.hash_password(password)

    def work(session: Session) -> int:
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
        return _add_administrator(
            session,
            county,
            login=accounts.normalise_login(login),
            name=name.strip(),
            password_hash=password_hash,
            address=address,
            now=now,
        )

    return db.write(work)


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


def _add_administrator(
    session: Session,
    county: int,
    *,
    login: str,
    name: str,
    password_hash: str,
    address: str,
    now: datetime,
) -> int:
    actor = replace(system_actor(county), address=address[:64])
    user_id = add_user(
        session, login=login, name=name, password_hash=password_hash, actor=actor, now=now
    )
    add_post(
        session,
        user_id=user_id,
        role=Role.CENTRE_ADMIN,
        unit_id=county,
        valid_from=day_of(now),
        actor=actor,
        now=now,
    )
    deed = audit.Deed("site:set_up", f"user:{user_id}")
    audit.append(session, [deed], actor=actor, at=now, changes_data=True)
    return user_id
