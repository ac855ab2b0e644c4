"""Accounts, posts, the first administrator, and the registry that answers who is signed in."""

import threading
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import event, func, select, update

from data_access import accounts, audit, reference
from data_access.changes import Watcher, read_watermark
from data_access.commands import passwords, people, posts, setup, sign_in
from data_access.imports.person import actor_of_login
from data_access.sessions import Found, SessionRegistry
from data_access.tables import AuthSession, Committee, OrganisationUnit, User, UserRole
from domain.clocks import BEIJING
from domain.eligibility import CommitteeKind
from domain.errors import (
    AccountChanged,
    AccountNotFound,
    Invalid,
    NotAllowed,
    NotChangeable,
    SessionEnded,
)
from domain.organisation import UnitLevel
from domain.people import (
    GRANTS,
    NEVER_WITHOUT,
    SEATS,
    SEPARATED,
    SEPARATED_GRANTS,
    AccountObjection,
    AccountProblem,
    Actor,
    Permission,
    Post,
    Role,
    Scope,
    Seat,
    grants_of,
    system_actor,
)
from tests.world import NOW, World

PASSWORD = "Zhen-de-9-ci"
IDLE = timedelta(minutes=30)
LIFETIME = timedelta(hours=8)
MINUTE = timedelta(minutes=1)
TODAY = date(2026, 3, 2)
YESTERDAY = date(2026, 3, 1)


@pytest.fixture
def manager(world):
    return world.actor("管理员", permissions=[Permission.PEOPLE_MANAGE, Permission.POST_GRANT])


@pytest.fixture(autouse=True)
def no_hashing(monkeypatch):
    """Hashing has its own tests; these are about accounts."""
    monkeypatch.setattr(accounts, "hash_password", lambda password: f"hash of {password}")
    monkeypatch.setattr(
        accounts, "verify_password", lambda stored, password: stored == f"hash of {password}"
    )
    monkeypatch.setattr(accounts, "needs_new_hash", lambda _stored: False)


@pytest.fixture
def registry(db):
    return SessionRegistry(db, lambda: read_watermark(db, now=NOW).seq, idle=IDLE)


def create(db, manager, login="zhang.san", **over):
    return people.create_user(
        db, **{"login": login, "name": "张三", "actor": manager, "now": NOW, **over}
    )


def new_user(db, manager, login="zhang.san", **over):
    """An account whose person has chosen the password already."""
    made = create(db, manager, login, **over)
    chosen = {
        "password_hash": f"hash of {PASSWORD}",
        "must_change_password": False,
        "password_expires_at": None,
    }
    db.write(
        lambda session: session.execute(
            update(User).where(User.id == made.user_id).values(**chosen)
        )
    )
    return made.user_id


def enter(db, login="zhang.san", now=NOW):
    return sign_in.sign_in(
        db, login=login, password=PASSWORD, address="10.1.1.1", lifetime=LIFETIME, now=now
    )


def grant(db, manager, user_id, role, *, separated=False, **over):
    return posts.grant_role(
        db,
        user_id=user_id,
        post=Post(role, **{"valid_from": TODAY, **over}),
        separated=separated,
        actor=manager,
        now=NOW,
    )


def end(db, manager, post_id, ends_on=TODAY, *, separated=False, now=NOW, **over):
    posts.end_role(
        db, post_id=post_id, ends_on=ends_on, separated=separated, actor=manager, now=now, **over
    )


def close(db, manager, user_id, *, active=False, separated=False, **over):
    people.set_active(
        db, user_id=user_id, active=active, separated=separated, actor=manager, now=NOW, **over
    )


# --- passwords ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("Kurz-1", AccountProblem.TOO_SHORT),
        ("Lang-1" * 40, AccountProblem.TOO_LONG),
        ("nurkleinbuchstaben", AccountProblem.TOO_SIMPLE),
        ("kleinund12345zahlen", AccountProblem.TOO_SIMPLE),
        ("Password123!", AccountProblem.TOO_COMMON),
        ("Aa1Aa1Aa1Aa1", AccountProblem.TOO_COMMON),
        ("Zhang.San-2026", AccountProblem.CONTAINS_LOGIN),
        ("Zhen-de-9-ci", None),
        ("只是一句二十个字以上的口令也可以用作密码呀", None),
        ("four plain words together", None),
    ],
)
def test_password_rules(password, problem):
    assert accounts.password_problem(password, login="zhang.san") is problem


def test_setup_code_is_read_however_it_is_typed():
    code = accounts.new_setup_code()
    typed = code.lower().replace("-", " ")
    assert accounts.hash_setup_code(typed) == accounts.hash_setup_code(code)
    assert len(code.replace("-", "")) == 12


# --- accounts -------------------------------------------------------------------------------


def test_created_account_signs_in(db, manager):
    user_id = new_user(db, manager, login=" ZHANG.san ")
    assert enter(db).user_id == user_id


def test_account_comes_with_its_first_post_or_not_at_all(db, world, manager):
    def made():
        with db.read() as session:
            return session.scalar(select(User.id).where(User.login == "zhang.san"))

    with pytest.raises(Invalid):
        create(db, manager, post=Post(Role.TOWN, valid_from=TODAY))
    assert made() is None
    account = create(db, manager, post=Post(Role.TOWN, unit_id=world.town_a, valid_from=TODAY))
    assert made() == account.user_id
    with db.read() as session:
        held = session.scalars(select(UserRole).where(UserRole.user_id == account.user_id)).one()
    assert (held.role, held.unit_id, held.valid_from, held.valid_to) == (
        Role.TOWN,
        world.town_a,
        TODAY,
        None,
    )


def test_first_post_needs_the_permission_to_give_posts(db, world):
    opens = world.actor("只开户", permissions=[Permission.PEOPLE_MANAGE])
    post = Post(Role.TOWN, unit_id=world.town_a, valid_from=TODAY)
    with pytest.raises(NotAllowed):
        create(db, opens, post=post)
    assert create(db, opens).user_id


def test_creating_an_account_is_an_audit_line_without_the_name(db, manager):
    user_id = new_user(db, manager)
    with db.read() as session:
        line = session.execute(
            select(audit.AuditLine).order_by(audit.AuditLine.seq.desc()).limit(1)
        ).scalar_one()
    assert (line.action, line.subject, line.actor_id) == (
        "user:create",
        f"user:{user_id}",
        manager.user_id,
    )
    assert "张三" not in str(vars(line))


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("login", "张三", AccountProblem.LOGIN_FORM),
        ("login", "a", AccountProblem.LOGIN_FORM),
        ("login", "x" * 41, AccountProblem.LOGIN_FORM),
        ("name", "  ", AccountProblem.NAME_MISSING),
        ("name", "名" * 41, AccountProblem.NAME_LONG),
    ],
)
def test_account_fields_are_judged(db, manager, field, value, problem):
    with pytest.raises(Invalid) as refusal:
        create(db, manager, **{field: value})
    assert refusal.value.problems == {field: problem}


def test_login_is_unique_however_it_is_typed(db, manager):
    new_user(db, manager)
    with pytest.raises(Invalid) as refusal:
        new_user(db, manager, login="Zhang.San")
    assert refusal.value.problems == {"login": AccountProblem.LOGIN_TAKEN}


def test_unknown_mediator_is_refused(db, manager):
    with pytest.raises(Invalid) as refusal:
        new_user(db, manager, mediator_id=10**9)
    assert refusal.value.problems == {"mediator": AccountProblem.MEDIATOR_UNKNOWN}


def test_one_mediator_has_one_open_account(db, world, manager):
    mediator = world.mediator()
    first = new_user(db, manager, mediator_id=mediator)
    with pytest.raises(Invalid) as refusal:
        create(db, manager, "li.si", mediator_id=mediator)
    assert refusal.value.problems == {"mediator": AccountProblem.MEDIATOR_TAKEN}
    close(db, manager, first)
    second = new_user(db, manager, "li.si", mediator_id=mediator)
    with pytest.raises(Invalid) as refusal:
        close(db, manager, first, active=True)
    assert refusal.value.problems == {"mediator": AccountProblem.MEDIATOR_TAKEN}
    close(db, manager, second)
    close(db, manager, first, active=True)


def test_managing_people_needs_the_permission_for_the_whole_county(db, world):
    in_a_town = Scope(world.county, towns=frozenset({world.town_a}))
    for actor in (
        world.actor("值班员", permissions=[Permission.CASE_READ]),
        world.actor("镇里", scope=in_a_town, permissions=[Permission.PEOPLE_MANAGE]),
    ):
        with pytest.raises(NotAllowed):
            create(db, actor)
        with pytest.raises(NotAllowed):
            grant(db, actor, world.user().id, Role.DUTY, unit_id=world.county)


def test_closed_account_ends_at_once_and_opens_again(db, manager, registry):
    user_id = new_user(db, manager)
    opened = enter(db)
    close(db, manager, user_id, active=False)
    with pytest.raises(SessionEnded):
        registry.actor(opened.session_id, NOW)
    close(db, manager, user_id, active=True)
    with pytest.raises(SessionEnded):
        registry.actor(opened.session_id, NOW)
    assert registry.actor(enter(db).session_id, NOW).user_id == user_id


def objections(refusal):
    return list(refusal.value.reasons)


def test_nobody_closes_unlocks_or_promotes_themselves(db, world, manager):
    with pytest.raises(NotChangeable) as refusal:
        close(db, manager, manager.user_id)
    assert objections(refusal) == [AccountObjection.OWN_ACCOUNT]
    with pytest.raises(NotChangeable):
        people.lift_lock(db, user_id=manager.user_id, actor=manager, now=NOW)
    with pytest.raises(NotChangeable) as refusal:
        grant(db, manager, manager.user_id, Role.CENTRE_ADMIN, unit_id=world.county)
    assert objections(refusal) == [AccountObjection.OWN_POST]


def test_unknown_person_or_post_is_not_found(db, world, manager):
    with pytest.raises(AccountNotFound):
        grant(db, manager, 10**9, Role.DUTY, unit_id=world.county)
    with pytest.raises(AccountNotFound):
        end(db, manager, 10**9)
    with pytest.raises(AccountNotFound):
        close(db, manager, 10**9)
    with pytest.raises(AccountNotFound):
        people.lift_lock(db, user_id=10**9, actor=manager, now=NOW)


def test_a_lock_is_lifted_and_that_is_a_line(db, world, manager):
    until = NOW + LIFETIME
    user = world.user("王值班", failed_count=5, locked_until=until)
    people.lift_lock(db, user_id=user.id, actor=manager, now=NOW, expected_version=1)
    people.lift_lock(db, user_id=user.id, actor=manager, now=NOW)
    with db.read() as session:
        row = session.get(User, user.id)
        lines = session.scalars(
            select(audit.AuditLine).where(audit.AuditLine.action == "user:lift_lock")
        ).all()
    assert (row.failed_count, row.locked_until, row.version) == (0, None, 2)
    assert [line.subject for line in lines] == [f"user:{user.id}"]


def test_who_looked_before_somebody_else_changed_it_is_told(db, world, manager):
    user_id = new_user(db, manager)
    close(db, manager, user_id, expected_version=1)
    attempts = (
        lambda: close(db, manager, user_id, active=True, expected_version=1),
        lambda: people.lift_lock(db, user_id=user_id, actor=manager, now=NOW, expected_version=1),
        lambda: posts.grant_role(
            db,
            user_id=user_id,
            post=Post(Role.DUTY, unit_id=world.county, valid_from=TODAY),
            separated=False,
            actor=manager,
            now=NOW,
            expected_version=1,
        ),
    )
    for attempt in attempts:
        with pytest.raises(AccountChanged):
            attempt()
    post = grant(db, manager, user_id, Role.DUTY, unit_id=world.county)
    with pytest.raises(AccountChanged):
        end(db, manager, post, expected_version=2)
    end(db, manager, post, expected_version=3)


@pytest.mark.parametrize(
    ("over", "problem"),
    [
        ({}, {"place": AccountProblem.PLACE_MISSING}),
        ({"unit_id": 10**9}, {"place": AccountProblem.PLACE_UNKNOWN}),
        ({"committee_id": 10**9}, {"place": AccountProblem.PLACE_UNKNOWN}),
        ({"unit_id": 1, "committee_id": 1}, {"place": AccountProblem.PLACE_UNKNOWN}),
        ({"valid_to": TODAY}, {"valid_to": AccountProblem.DATES_REVERSED}),
        ({"valid_from": YESTERDAY}, {"valid_from": AccountProblem.DATES_PAST}),
    ],
)
def test_post_without_a_real_place_or_with_reversed_dates_is_refused(db, manager, over, problem):
    user_id = new_user(db, manager)
    with pytest.raises(Invalid) as refusal:
        grant(db, manager, user_id, Role.TOWN, **over)
    assert refusal.value.problems == problem


@pytest.mark.parametrize("role", Role)
def test_a_post_is_held_only_where_such_a_post_is(db, world, manager, role):
    user_id = new_user(db, manager, mediator_id=world.mediator())
    places = {
        Seat.COUNTY: {"unit_id": world.county},
        Seat.TOWN: {"unit_id": world.town_a},
        Seat.COMMUNITY: {"unit_id": world.community_a},
        Seat.GRID: {"unit_id": world.grid_a},
        Seat.COMMITTEE: {"committee_id": world.committee_a},
        Seat.OWN_CASES: {},
    }
    for seat, place in places.items():
        if seat in SEATS[role]:
            assert grant(db, manager, user_id, role, **place)
            continue
        with pytest.raises(Invalid) as refusal:
            grant(db, manager, user_id, role, **place)
        problem = AccountProblem.PLACE_UNFIT if place else AccountProblem.PLACE_MISSING
        assert refusal.value.problems == {"place": problem}


def test_a_closed_unit_or_committee_takes_no_post(db, world, manager):
    user_id = new_user(db, manager)
    gone = world.unit(UnitLevel.TOWN, "撤并镇", world.county, valid_to=TODAY)
    committee = world.committee("撤销调委会")

    def dissolve(session):
        session.get(Committee, committee).active = False

    db.write(dissolve)
    for role, place in (
        (Role.TOWN, {"unit_id": gone}),
        (Role.COMMITTEE_HEAD, {"committee_id": committee}),
    ):
        with pytest.raises(Invalid) as refusal:
            grant(db, manager, user_id, role, **place)
        assert refusal.value.problems == {"place": AccountProblem.PLACE_UNKNOWN}


def test_mediators_post_without_a_place_needs_to_be_a_mediator(db, manager):
    user_id = new_user(db, manager)
    with pytest.raises(Invalid):
        grant(db, manager, user_id, Role.MEDIATOR)


# --- what each post sees --------------------------------------------------------------------


def signed_in(db, manager, registry, role, *, mediator_id=None, **place):
    user_id = new_user(db, manager, mediator_id=mediator_id)
    grant(db, manager, user_id, role, **place)
    return registry.actor(enter(db).session_id, NOW)


@pytest.mark.parametrize(
    ("role", "place", "part"),
    [
        (Role.DUTY, "county", "whole_county"),
        (Role.TOWN, "town_a", "towns"),
        (Role.COMMITTEE_HEAD, "community_a", "communities"),
        (Role.GRID_WORKER, "grid_a", "grids"),
    ],
)
def test_post_at_a_unit_sees_that_unit(db, world, manager, registry, role, place, part):
    unit = getattr(world, place)
    actor = signed_in(db, manager, registry, role, unit_id=unit)
    expected = {"whole_county": True} if part == "whole_county" else {part: frozenset({unit})}
    assert actor.scope(Permission.CASE_READ) == Scope(world.county, **expected)
    assert actor.roles == {role}


def test_head_of_a_community_committee_sees_its_cases_and_its_community(
    db, world, manager, registry
):
    actor = signed_in(db, manager, registry, Role.COMMITTEE_HEAD, committee_id=world.committee_a)
    assert actor.scope(Permission.CASE_REASSIGN) == Scope(
        world.county,
        committees=frozenset({world.committee_a}),
        communities=frozenset({world.community_a}),
    )


def test_head_of_an_industry_committee_sees_what_it_holds(db, world, manager, registry):
    industry = world.committee("物业调委会", kind=CommitteeKind.INDUSTRY)
    actor = signed_in(db, manager, registry, Role.COMMITTEE_HEAD, committee_id=industry)
    assert actor.scope(Permission.CASE_READ) == Scope(
        world.county, committees=frozenset({industry})
    )


def test_mediator_sees_their_own_cases_and_moves_none(db, world, manager, registry):
    mediator = world.mediator()
    actor = signed_in(db, manager, registry, Role.MEDIATOR, mediator_id=mediator)
    own = Scope(world.county, mediators=frozenset({mediator}))
    assert actor.scope(Permission.CASE_READ) == own
    assert actor.scope(Permission.CASE_UNMASK) == own
    assert not actor.may(Permission.CASE_REASSIGN)


def test_two_posts_keep_their_permissions_apart(db, world, manager, registry):
    mediator = world.mediator()
    user_id = new_user(db, manager, mediator_id=mediator)
    grant(db, manager, user_id, Role.TOWN, unit_id=world.town_a)
    grant(db, manager, user_id, Role.GRID_WORKER, unit_id=world.grid_b)
    grant(db, manager, user_id, Role.MEDIATOR)
    actor = registry.actor(enter(db).session_id, NOW)
    assert actor.scope(Permission.CASE_READ) == Scope(
        world.county,
        towns=frozenset({world.town_a}),
        grids=frozenset({world.grid_b}),
        mediators=frozenset({mediator}),
    )
    assert actor.scope(Permission.CASE_REASSIGN) == Scope(
        world.county, towns=frozenset({world.town_a})
    )


def test_post_begins_and_ends_at_midnight_in_beijing(db, world, manager, registry):
    user_id = new_user(db, manager)
    grant(
        db,
        manager,
        user_id,
        Role.DUTY,
        unit_id=world.county,
        valid_from=date(2026, 3, 3),
        valid_to=date(2026, 3, 4),
    )
    evening = datetime(2026, 3, 2, 23, 50, tzinfo=BEIJING)
    opened = enter(db, now=evening)

    def may(moment):
        registry.touch(opened.session_id, moment)
        return registry.actor(opened.session_id, moment).may(Permission.CASE_READ)

    assert not may(evening)
    assert may(datetime(2026, 3, 3, 0, 0, tzinfo=BEIJING))
    later = enter(db, now=datetime(2026, 3, 3, 23, 55, tzinfo=BEIJING))
    assert registry.actor(later.session_id, datetime(2026, 3, 3, 23, 59, tzinfo=BEIJING)).grants
    assert not registry.actor(later.session_id, datetime(2026, 3, 4, tzinfo=BEIJING)).grants


def test_ended_post_is_gone_at_the_next_look(db, world, manager, registry):
    user_id = new_user(db, manager)
    post = grant(db, manager, user_id, Role.TOWN, unit_id=world.town_a)
    opened = enter(db)
    assert registry.actor(opened.session_id, NOW).may(Permission.CASE_READ)
    end(db, manager, post)
    assert registry.actor(opened.session_id, NOW).grants == {}
    with db.read() as session:
        row = session.get(UserRole, post)
    assert (row.valid_from, row.valid_to) == (TODAY, TODAY)


def test_a_post_gets_shorter_by_being_ended_never_longer_nor_other_in_the_past(db, world, manager):
    user_id = new_user(db, manager)
    post = grant(
        db, manager, user_id, Role.TOWN, unit_id=world.town_a, valid_to=TODAY + timedelta(days=9)
    )
    for ends_on, problem in (
        (YESTERDAY, AccountProblem.DATES_PAST),
        (TODAY + timedelta(days=10), AccountProblem.ENDS_LATER),
    ):
        with pytest.raises(Invalid) as refusal:
            end(db, manager, post, ends_on)
        assert refusal.value.problems == {"valid_to": problem}
    end(db, manager, post, TODAY + timedelta(days=5))
    end(db, manager, post)
    with pytest.raises(NotChangeable) as refusal:
        end(db, manager, post)
    assert objections(refusal) == [AccountObjection.ENDED]


# --- a site does not lock itself out ----------------------------------------------------------


@pytest.fixture
def offices(world):
    """Three administrators apart, and one who is all of them where they are not kept apart."""
    centre = world.user("主任", role=Role.CENTRE_ADMIN)
    three = {role: world.user(role.value, role=role) for role in sorted(SEPARATED)}
    return {Role.CENTRE_ADMIN: centre, **three}


def acting_as(world, user, *, separated):
    role = user.name if user.name in set(Role) else Role.CENTRE_ADMIN
    grants = grants_of(
        [Post(Role(role), world.county, UnitLevel.COUNTY)],
        county_id=world.county,
        mediator_id=None,
        day=TODAY,
        separated=separated,
    )
    return Actor(user.id, user.name, world.county, grants)


def post_of(db, user):
    with db.read() as session:
        return session.scalar(select(UserRole.id).where(UserRole.user_id == user.id))


def test_the_last_who_could_open_accounts_or_give_posts_stays(db, world, offices):
    """Kept apart, one of each is the last."""
    system, security = (
        acting_as(world, offices[role], separated=True)
        for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)
    )
    with pytest.raises(NotChangeable) as refusal:
        close(db, system, security.user_id, separated=True)
    assert objections(refusal) == [AccountObjection.LAST_GRANTER]
    for ends_on in (TODAY, TODAY + timedelta(days=30)):
        with pytest.raises(NotChangeable) as refusal:
            end(
                db,
                security,
                post_of(db, offices[Role.SYSTEM_ADMIN]),
                ends_on,
                separated=True,
            )
        assert objections(refusal) == [AccountObjection.LAST_MANAGER]
    # Those who are watched do not send the watcher away.
    with pytest.raises(NotChangeable) as refusal:
        close(db, system, offices[Role.AUDIT_ADMIN].id, separated=True)
    assert objections(refusal) == [AccountObjection.LAST_AUDITOR]


def test_whoever_stays_for_a_while_does_not_replace_who_stays_for_good(db, world, offices):
    centre = acting_as(world, offices[Role.CENTRE_ADMIN], separated=False)
    for role in sorted(SEPARATED):
        end(db, centre, post_of(db, offices[role]))
    for_a_while = world.user("临时主任", role=Role.CENTRE_ADMIN)
    end(db, centre, post_of(db, for_a_while), TODAY + timedelta(days=30))
    with pytest.raises(NotChangeable):
        end(db, centre, post_of(db, offices[Role.CENTRE_ADMIN]))


def test_where_the_centres_administrator_is_all_three_any_of_them_may_go(db, world, offices):
    centre = acting_as(world, offices[Role.CENTRE_ADMIN], separated=False)
    for role in sorted(SEPARATED):
        end(db, centre, post_of(db, offices[role]))
        close(db, centre, offices[role].id)


@pytest.mark.parametrize(
    "absent",
    [
        {"active": False},
        {"must_change_password": True, "password_expires_at": NOW},
    ],
    ids=["closed", "never came"],
)
def test_who_cannot_sign_in_is_nobody_who_is_left(db, world, offices, absent):
    other = world.user("security_admin", role=Role.SECURITY_ADMIN)
    system = acting_as(world, offices[Role.SYSTEM_ADMIN], separated=True)
    change = update(User).where(User.id == other.id)
    db.write(lambda session: session.execute(change.values(**absent)))
    with pytest.raises(NotChangeable):
        close(db, system, offices[Role.SECURITY_ADMIN].id, separated=True)
    back = {"active": True, "must_change_password": False, "password_expires_at": None}
    db.write(lambda session: session.execute(change.values(**back)))
    close(db, system, offices[Role.SECURITY_ADMIN].id, separated=True)


def test_the_only_administrator_cannot_end_their_own_post(db, world):
    only = world.user("主任", role=Role.CENTRE_ADMIN)
    actor = acting_as(world, only, separated=False)
    with pytest.raises(NotChangeable) as refusal:
        end(db, actor, post_of(db, only))
    assert set(objections(refusal)) == set(NEVER_WITHOUT.values())
    world.user("副主任", role=Role.CENTRE_ADMIN)
    end(db, actor, post_of(db, only))


def test_of_two_who_end_each_others_posts_one_stays(committed):
    """Each finds the other still there, unless one waits for the other to be done."""
    world = World(committed)
    pair = [world.user(f"主任{n}", role=Role.CENTRE_ADMIN) for n in range(2)]
    actors = [acting_as(world, user, separated=False) for user in pair]
    start, outcomes = threading.Barrier(2), []

    def attempt(me, other):
        start.wait()
        try:
            end(committed, actors[me], post_of(committed, pair[other]))
            outcomes.append("done")
        except NotChangeable:
            outcomes.append("refused")

    threads = [threading.Thread(target=attempt, args=pair_) for pair_ in ((0, 1), (1, 0))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused"]


# --- three administrators apart ---------------------------------------------------------------


def test_nobody_gets_one_of_the_three_beside_another_post(db, world, manager):
    user_id = new_user(db, manager)

    def give(role, **days):
        return grant(db, manager, user_id, role, separated=True, unit_id=world.county, **days)

    duty = give(Role.DUTY, valid_to=TODAY + timedelta(days=10))
    for role in sorted(SEPARATED):
        with pytest.raises(NotChangeable) as refusal:
            give(role)
        assert objections(refusal) == [AccountObjection.KEPT_APART]
        with pytest.raises(NotChangeable):
            give(role, valid_from=TODAY + timedelta(days=9))
    give(Role.LEADER)
    with db.read() as session:
        leader = session.scalars(
            select(UserRole.id).where(UserRole.user_id == user_id, UserRole.role == Role.LEADER)
        ).one()
    end(db, manager, leader, separated=True)
    later = give(Role.AUDIT_ADMIN, valid_from=TODAY + timedelta(days=10))
    for role in (Role.DUTY, Role.SYSTEM_ADMIN):
        with pytest.raises(NotChangeable):
            give(role, valid_from=TODAY + timedelta(days=20))
    assert {duty, leader} & {later} == set()


def test_where_they_are_not_kept_apart_one_person_may_be_all_three(db, world, manager):
    user_id = new_user(db, manager)
    for role in sorted(SEPARATED):
        grant(db, manager, user_id, role, unit_id=world.county)


def attempts_on(db, world):
    """Each change of accounts and posts, and the permission that it needs."""
    mark = world.next()
    somebody = world.user("某人", failed_count=5)
    post = world.add(
        UserRole(user_id=somebody.id, role=Role.WALL, unit_id=world.county, valid_from=TODAY)
    )
    user = {"user_id": somebody.id}
    return [
        (Permission.PEOPLE_MANAGE, lambda a: create(db, a, f"new.{mark}")),
        (Permission.PEOPLE_MANAGE, lambda a: people.lift_lock(db, **user, actor=a, now=NOW)),
        (
            Permission.PEOPLE_MANAGE,
            lambda a: passwords.set_one_time_password(db, **user, actor=a, now=NOW),
        ),
        (
            Permission.PEOPLE_MANAGE,
            lambda a: sign_in.end_all_sessions(db, **user, actor=a, now=NOW),
        ),
        (
            Permission.POST_GRANT,
            lambda a: grant(db, a, somebody.id, Role.LEADER, unit_id=world.county),
        ),
        (Permission.POST_GRANT, lambda a: end(db, a, post.id)),
        (Permission.PEOPLE_MANAGE, lambda a: close(db, a, somebody.id)),
    ]


@pytest.mark.parametrize("separated", [True, False])
@pytest.mark.parametrize("role", Role)
def test_each_post_changes_accounts_exactly_as_far_as_it_may(db, world, role, separated):
    world.user("主任", role=Role.CENTRE_ADMIN)
    world.user("安全", role=Role.SECURITY_ADMIN)
    who = world.user(role.value, role=role)
    actor = acting_as(world, who, separated=separated)
    by_role = SEPARATED_GRANTS if separated else GRANTS
    for permission, attempt in attempts_on(db, world):
        if permission in by_role[role]:
            attempt(actor)
            continue
        with pytest.raises(NotAllowed):
            attempt(actor)


def test_the_same_post_opens_less_where_the_three_are_kept_apart(db, world, manager):
    user_id = new_user(db, manager)
    grant(db, manager, user_id, Role.CENTRE_ADMIN, unit_id=world.county)
    opened = enter(db)
    for separated in (False, True):
        registry = SessionRegistry(
            db, lambda: read_watermark(db, now=NOW).seq, idle=IDLE, separated=separated
        )
        actor = registry.actor(opened.session_id, NOW)
        assert actor.may(Permission.CASE_REASSIGN, Permission.IMPORT_RUN)
        assert actor.may(Permission.PEOPLE_MANAGE) is not separated
        with db.read() as session:
            named = actor_of_login(session, login="zhang.san", now=NOW, separated=separated)
        assert named.grants == actor.grants


# --- the registry ---------------------------------------------------------------------------


@pytest.fixture
def opened(db, manager):
    new_user(db, manager)
    return enter(db)


def test_token_finds_its_session_and_a_made_up_one_finds_nothing(registry, opened):
    assert registry.find(opened.token, NOW) == Found(opened.session_id, opened.user_id)
    assert registry.find(opened.token + "x", NOW) is None
    assert registry.find("", NOW) is None


def test_idle_limit_ends_a_session(registry, opened):
    assert registry.find(opened.token, NOW + IDLE - timedelta(seconds=1)) is not None
    assert registry.find(opened.token, NOW + IDLE) is None
    with pytest.raises(SessionEnded):
        registry.actor(opened.session_id, NOW + IDLE)
    with pytest.raises(SessionEnded):
        registry.touch(opened.session_id, NOW + IDLE)


def test_asking_who_it_is_does_not_count_as_doing_something(registry, opened):
    for minute in range(30):
        registry.actor(opened.session_id, NOW + minute * MINUTE)
        registry.find(opened.token, NOW + minute * MINUTE)
    with pytest.raises(SessionEnded):
        registry.actor(opened.session_id, NOW + IDLE)


def test_doing_something_keeps_a_session_until_its_absolute_limit(registry, opened):
    moment = NOW
    while moment < NOW + LIFETIME - 20 * MINUTE:
        moment += 20 * MINUTE
        registry.touch(opened.session_id, moment)
    assert registry.actor(opened.session_id, NOW + LIFETIME - MINUTE).user_id == opened.user_id
    with pytest.raises(SessionEnded):
        registry.actor(opened.session_id, NOW + LIFETIME)


def test_last_seen_is_written_once_a_minute_and_is_neither_deed_nor_data(db, registry, opened):
    registry.actor(opened.session_id, NOW)
    with counted(db) as statements:
        before = read_watermark(db, now=NOW)
        for second in range(0, 180, 10):
            registry.touch(opened.session_id, NOW + timedelta(seconds=second))
        after = read_watermark(db, now=NOW)
    assert sum("UPDATE auth_session" in one for one in statements) == 2
    assert (before.seq, before.data_seq) == (after.seq, after.data_seq)
    with db.read() as session:
        assert session.get(AuthSession, opened.session_id).last_seen_at == NOW + 2 * MINUTE


def test_answers_need_no_query_while_the_trail_stands_still(db, manager):
    new_user(db, manager)
    opened = enter(db)
    seq = read_watermark(db, now=NOW).seq
    registry = SessionRegistry(db, lambda: seq, idle=IDLE)
    registry.actor(opened.session_id, NOW)
    with counted(db) as statements:
        for second in range(100):
            registry.actor(opened.session_id, NOW + timedelta(seconds=second))
            registry.find(opened.token, NOW + timedelta(seconds=second))
    assert statements == []


def test_one_query_reads_all_sessions(db, manager, world):
    def reading(count):
        for n in range(count):
            login = f"user.{count}.{n}"
            user_id = new_user(db, manager, login=login)
            grant(db, manager, user_id, Role.TOWN, unit_id=world.town_a)
            enter(db, login)
        registry = SessionRegistry(db, lambda: 0, idle=IDLE)
        with counted(db) as statements:
            registry.find("x", NOW)
        return len([one for one in statements if one.startswith("SELECT")])

    assert reading(1) == reading(12) == 1


def test_activity_seen_by_another_process_keeps_the_session(db, registry, opened):
    registry.find(opened.token, NOW)
    db.write(
        lambda session: session.execute(update(AuthSession).values(last_seen_at=NOW + 25 * MINUTE))
    )
    assert registry.find(opened.token, NOW + 40 * MINUTE) is not None
    assert registry.find(opened.token, NOW + 55 * MINUTE) is None


def test_ended_session_asks_the_database_at_most_once_a_minute(db, registry, opened):
    registry.find(opened.token, NOW)
    seq = read_watermark(db, now=NOW).seq
    registry._watch = lambda: seq
    with counted(db) as statements:
        for second in range(60):
            assert registry.find(opened.token, NOW + IDLE + timedelta(seconds=second)) is None
    assert len([one for one in statements if one.startswith("SELECT")]) == 1


def test_activity_survives_a_read_of_all_sessions(db, manager, registry, opened):
    registry.touch(opened.session_id, NOW + timedelta(seconds=30))  # kept, not yet written
    new_user(db, manager, login="somebody.else")  # moves the trail
    assert registry.find(opened.token, NOW + IDLE + timedelta(seconds=20)) is not None


def test_revocation_elsewhere_is_seen_within_a_second(committed):
    """The command line ends a session; the server's registry notices by its watcher."""
    db = committed

    def county(session):
        return reference.create_county(session, code="510129", name="大邑县")

    county_id = db.write(county)
    system = system_actor(county_id)
    user_id = new_user(db, system)
    watcher = Watcher(db, clock=lambda: NOW).start()
    registry = SessionRegistry(db, lambda: watcher.latest.seq, idle=IDLE)
    opened = enter(db)
    watcher.look()
    try:
        assert registry.find(opened.token, NOW)
        sign_in.end_all_sessions(db, user_id=user_id, actor=system, now=NOW)
        gone = threading.Event()

        def wait():
            while registry.find(opened.token, NOW):
                threading.Event().wait(0.05)
            gone.set()

        threading.Thread(target=wait, daemon=True).start()
        assert gone.wait(timeout=2)
    finally:
        watcher.stop()


class counted:  # noqa: N801 - reads as a word: with counted(db) as statements
    """Collects the statements that run inside."""

    def __init__(self, db):
        self.bind = db.bind
        self.statements = []

    def _note(self, connection, cursor, statement, *_):
        if not statement.startswith(("SAVEPOINT", "RELEASE", "BEGIN")):
            self.statements.append(statement)

    def __enter__(self):
        event.listen(self.bind, "before_cursor_execute", self._note)
        return self.statements

    def __exit__(self, *_):
        event.remove(self.bind, "before_cursor_execute", self._note)


def begin_with_three(db, code, **over):
    beginners = [
        setup.Beginner(role, over.get(role, role.value.replace("_", ".")), f"某{role.value}")
        for role in setup.THREE_ADMINISTRATORS
    ]
    return setup.create_three_administrators(
        db,
        code=code,
        county_code="510129",
        county_name="大邑县",
        administrators=beginners,
        password=over.get("password", PASSWORD),
        address="127.0.0.1",
        now=NOW,
    )


def test_a_site_that_keeps_them_apart_begins_with_three(db):
    made = begin_with_three(db, setup.new_setup_code(db, now=NOW))
    with db.read() as session:
        rows = session.execute(
            select(User.login, UserRole.role, User.must_change_password)
            .join(UserRole, UserRole.user_id == User.id)
            .order_by(User.id)
        ).all()
    assert rows == [
        ("system.admin", Role.SYSTEM_ADMIN, False),
        ("security.admin", Role.SECURITY_ADMIN, True),
        ("audit.admin", Role.AUDIT_ADMIN, True),
    ]
    assert [account.login for account in made] == ["security.admin", "audit.admin"]
    enter(db, "system.admin")
    for account in made:
        opened = sign_in.sign_in(
            db,
            login=account.login,
            password=account.password,
            address="10.1.1.1",
            lifetime=LIFETIME,
            now=NOW,
        )
        with db.read() as session:
            assert session.get(AuthSession, opened.session_id).for_password_change
        assert account.password not in repr(account)


def test_three_beginners_are_three_people_and_each_field_says_what_is_wrong(db):
    code = setup.new_setup_code(db, now=NOW)
    same = {Role.SECURITY_ADMIN: "one.login", Role.AUDIT_ADMIN: "ONE.login"}
    with pytest.raises(Invalid) as refusal:
        begin_with_three(db, code, password="short", **{Role.SYSTEM_ADMIN: "?"}, **same)
    assert refusal.value.problems == {
        "system_admin_login": AccountProblem.LOGIN_FORM,
        "password": AccountProblem.TOO_SHORT,
        "audit_admin_login": AccountProblem.LOGIN_TAKEN,
    }
    assert begin_with_three(db, code)


# --- the first administrator ----------------------------------------------------------------


def begin(db, code, **over):
    return setup.create_first_administrator(
        db,
        **{
            "code": code,
            "county_code": "510129",
            "county_name": "大邑县",
            "login": "admin.li",
            "name": "李管理",
            "password": "Di-yi-ge-2026",
            "address": "127.0.0.1",
            "now": NOW,
            **over,
        },
    )


def test_first_administrator_gets_the_whole_county(db, registry):
    user_id = begin(db, setup.new_setup_code(db, now=NOW))
    with db.read() as session:
        (county,) = session.scalars(select(OrganisationUnit)).all()
        assert (county.code, county.name) == ("510129", "大邑县")
        assert session.scalar(select(func.count()).select_from(reference.LimitRule)) > 0
        assert audit.verify(session, county_id=county.id).broken_at is None
    opened = sign_in.sign_in(
        db,
        login="admin.li",
        password="Di-yi-ge-2026",
        address="127.0.0.1",
        lifetime=LIFETIME,
        now=NOW,
    )
    actor = registry.actor(opened.session_id, NOW)
    assert actor.user_id == user_id
    assert actor.roles == {Role.CENTRE_ADMIN}
    assert actor.scope(Permission.PEOPLE_MANAGE).whole_county


def test_setup_code_is_stored_as_a_hash_and_works_once(db):
    code = setup.new_setup_code(db, now=NOW)
    with db.read() as session:
        assert reference.site_fact(session, setup.SETUP_CODE) == accounts.hash_setup_code(code)
    begin(db, code)
    with db.read() as session:
        assert reference.site_fact(session, setup.SETUP_CODE) is None
    with pytest.raises(NotAllowed):
        begin(db, code, login="second")
    with pytest.raises(NotAllowed):
        setup.new_setup_code(db, now=NOW)


def test_newer_code_replaces_the_older(db):
    old = setup.new_setup_code(db, now=NOW)
    new = setup.new_setup_code(db, now=NOW)
    for wrong in (old, "", "AAAA-BBBB-CCCC"):
        with pytest.raises(Invalid) as refusal:
            begin(db, wrong)
        assert refusal.value.problems == {"code": AccountProblem.SETUP_CODE_WRONG}
    assert begin(db, new.lower())


def test_all_problems_of_the_form_are_told_at_once(db):
    with pytest.raises(Invalid) as refusal:
        begin(
            db,
            setup.new_setup_code(db, now=NOW),
            county_code="51012",
            county_name=" ",
            login="?",
            name="",
            password="x",
        )
    assert refusal.value.problems == {
        "county_code": AccountProblem.COUNTY_CODE_FORM,
        "county_name": AccountProblem.COUNTY_NAME_MISSING,
        "login": AccountProblem.LOGIN_FORM,
        "name": AccountProblem.NAME_MISSING,
        "password": AccountProblem.TOO_SHORT,
    }
    with db.read() as session:
        assert reference.county_id(session) is None


def test_existing_county_is_kept(db):
    county = db.write(lambda s: reference.create_county(s, code="510129", name="大邑县"))
    begin(db, setup.new_setup_code(db, now=NOW), county_code="", county_name="")
    with db.read() as session:
        assert session.scalars(select(User.county_id)).all() == [county]
