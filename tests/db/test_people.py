"""Accounts, posts, the first administrator, and the registry that answers who is signed in."""

import threading
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import event, func, select, update

from data_access import accounts, audit, reference
from data_access.changes import Watcher, read_watermark
from data_access.commands import people, setup, sign_in
from data_access.sessions import SessionRegistry
from data_access.tables import AuthSession, OrganisationUnit, User, UserRole
from domain.clocks import BEIJING
from domain.eligibility import CommitteeKind
from domain.errors import Invalid, NotAllowed, NotFound, SessionEnded
from domain.people import AccountProblem, Permission, Role, Scope, system_actor
from tests.world import NOW

PASSWORD = "Zhen-de-9-ci"
IDLE = timedelta(minutes=30)
LIFETIME = timedelta(hours=8)
MINUTE = timedelta(minutes=1)
TODAY = date(2026, 3, 2)


@pytest.fixture
def manager(world):
    return world.actor("管理员", permissions=[Permission.PEOPLE_MANAGE])


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


def new_user(db, manager, login="zhang.san", **over):
    return people.create_user(
        db,
        **{
            "login": login,
            "name": "张三",
            "password": PASSWORD,
            "actor": manager,
            "now": NOW,
            **over,
        },
    )


def enter(db, login="zhang.san", now=NOW):
    return sign_in.sign_in(
        db, login=login, password=PASSWORD, address="10.1.1.1", lifetime=LIFETIME, now=now
    )


def grant(db, manager, user_id, role, **over):
    return people.grant_role(
        db,
        **{
            "user_id": user_id,
            "role": role,
            "valid_from": TODAY,
            "actor": manager,
            "now": NOW,
            **over,
        },
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
        ("password", "short", AccountProblem.TOO_SHORT),
    ],
)
def test_account_fields_are_judged(db, manager, field, value, problem):
    with pytest.raises(Invalid) as refusal:
        new_user(db, manager, **{field: value})
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


def test_managing_people_needs_the_permission_for_the_whole_county(db, world):
    in_a_town = Scope(world.county, towns=frozenset({world.town_a}))
    for actor in (
        world.actor("值班员", permissions=[Permission.CASE_READ]),
        world.actor("镇里", scope=in_a_town, permissions=[Permission.PEOPLE_MANAGE]),
    ):
        with pytest.raises(NotAllowed):
            new_user(db, actor)
        with pytest.raises(NotAllowed):
            grant(db, actor, world.user().id, Role.DUTY, unit_id=world.county)


def test_own_password_needs_the_present_one(db, manager):
    user_id = new_user(db, manager)
    opened = enter(db)
    registry = SessionRegistry(db, lambda: read_watermark(db, now=NOW).seq, idle=IDLE)
    actor = registry.actor(opened.session_id, NOW)
    new = {"user_id": user_id, "password": "Xin-mi-ma-2026", "actor": actor, "now": NOW}
    with pytest.raises(Invalid) as refusal:
        people.set_password(db, **new, present="wrong")
    assert refusal.value.problems == {"present": AccountProblem.NOT_THE_PRESENT}
    people.set_password(db, **new, present=PASSWORD)
    with db.read() as session:
        assert session.get(User, user_id).password_hash == "hash of Xin-mi-ma-2026"


def test_new_password_ends_every_other_session(db, manager, registry):
    user_id = new_user(db, manager)
    other, own = enter(db), enter(db)
    people.set_password(
        db,
        user_id=user_id,
        password="Xin-mi-ma-2026",
        present=PASSWORD,
        actor=registry.actor(own.session_id, NOW),
        now=NOW,
    )
    assert registry.actor(own.session_id, NOW).user_id == user_id
    with pytest.raises(SessionEnded):
        registry.actor(other.session_id, NOW)


def test_reset_by_a_manager_lifts_the_lock_and_ends_all_sessions(db, manager, registry):
    user_id = new_user(db, manager)
    opened = enter(db)
    db.write(
        lambda session: session.execute(
            update(User)
            .where(User.id == user_id)
            .values(failed_count=5, locked_until=NOW + LIFETIME)
        )
    )
    people.set_password(db, user_id=user_id, password="Xin-mi-ma-2026", actor=manager, now=NOW)
    with pytest.raises(SessionEnded):
        registry.actor(opened.session_id, NOW)
    with db.read() as session:
        user = session.get(User, user_id)
    assert (user.failed_count, user.locked_until) == (0, None)


def test_weak_new_password_is_refused(db, manager):
    user_id = new_user(db, manager)
    with pytest.raises(Invalid) as refusal:
        people.set_password(db, user_id=user_id, password="1234", actor=manager, now=NOW)
    assert refusal.value.problems == {"password": AccountProblem.TOO_SHORT}


def test_closed_account_ends_at_once_and_opens_again(db, manager, registry):
    user_id = new_user(db, manager)
    opened = enter(db)
    people.set_active(db, user_id=user_id, active=False, actor=manager, now=NOW)
    with pytest.raises(SessionEnded):
        registry.actor(opened.session_id, NOW)
    people.set_active(db, user_id=user_id, active=True, actor=manager, now=NOW)
    with pytest.raises(SessionEnded):
        registry.actor(opened.session_id, NOW)
    assert registry.actor(enter(db).session_id, NOW).user_id == user_id


def test_nobody_closes_or_promotes_themselves(db, world, manager):
    with pytest.raises(NotAllowed):
        people.set_active(db, user_id=manager.user_id, active=False, actor=manager, now=NOW)
    with pytest.raises(NotAllowed):
        grant(db, manager, manager.user_id, Role.CENTRE_ADMIN, unit_id=world.county)


def test_unknown_person_or_post_is_not_found(db, world, manager):
    with pytest.raises(NotFound):
        grant(db, manager, 10**9, Role.DUTY, unit_id=world.county)
    with pytest.raises(NotFound):
        people.end_role(db, post_id=10**9, ends_on=TODAY, actor=manager, now=NOW)
    with pytest.raises(NotFound):
        people.set_password(db, user_id=10**9, password=PASSWORD, actor=manager, now=NOW)


@pytest.mark.parametrize(
    ("over", "problem"),
    [
        ({}, {"place": AccountProblem.PLACE_MISSING}),
        ({"unit_id": 10**9}, {"place": AccountProblem.PLACE_UNKNOWN}),
        ({"committee_id": 10**9}, {"place": AccountProblem.PLACE_UNKNOWN}),
        ({"unit_id": 1, "committee_id": 1}, {"place": AccountProblem.PLACE_UNKNOWN}),
        ({"valid_to": TODAY}, {"valid_to": AccountProblem.DATES_REVERSED}),
    ],
)
def test_post_without_a_real_place_or_with_reversed_dates_is_refused(db, manager, over, problem):
    user_id = new_user(db, manager)
    with pytest.raises(Invalid) as refusal:
        grant(db, manager, user_id, Role.TOWN, **over)
    assert refusal.value.problems == problem


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
    people.end_role(db, post_id=post, ends_on=TODAY, actor=manager, now=NOW)
    assert registry.actor(opened.session_id, NOW).grants == {}
    with db.read() as session:
        row = session.get(UserRole, post)
    assert (row.valid_from, row.valid_to) == (TODAY, TODAY)


# --- the registry ---------------------------------------------------------------------------


@pytest.fixture
def opened(db, manager):
    new_user(db, manager)
    return enter(db)


def test_token_finds_its_session_and_a_made_up_one_finds_nothing(registry, opened):
    assert registry.find(opened.token, NOW) == (opened.session_id, opened.user_id)
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
    user_id = people.create_user(
        db, login="zhang.san", name="张三", password=PASSWORD, actor=system, now=NOW
    )
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
