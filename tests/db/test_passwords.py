"""One-time passwords, and a password of one's own."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from data_access import accounts
from data_access.changes import read_watermark
from data_access.commands import passwords, people, sign_in
from data_access.sessions import SessionRegistry
from data_access.tables import AuditLine, AuthSession, User
from domain.errors import (
    AccountChanged,
    AccountNotFound,
    Invalid,
    NotChangeable,
    SessionEnded,
    SignInProblem,
    SignInRefused,
)
from domain.people import (
    FAILURES_BEFORE_LOCK,
    FIRST_LOCK,
    ONE_TIME_PASSWORD_LASTS,
    AccountObjection,
    AccountProblem,
    Permission,
    Role,
)
from tests.world import NOW

OWN, NEW = "Zhen-de-9-ci", "Xin-mi-ma-2026"
ADDRESS = "10.3.2.1"
IDLE, LIFETIME = timedelta(minutes=30), timedelta(hours=8)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def no_hashing(monkeypatch):
    """Hashing has its own tests; these are about which password opens what."""
    monkeypatch.setattr(accounts, "hash_password", lambda password: f"hash of {password}")
    monkeypatch.setattr(
        accounts, "verify_password", lambda stored, password: stored == f"hash of {password}"
    )
    monkeypatch.setattr(accounts, "needs_new_hash", lambda _stored: False)


@pytest.fixture
def manager(world):
    return world.actor("管理员", permissions=[Permission.PEOPLE_MANAGE])


@pytest.fixture
def user(world):
    return world.user("王值班", login="wang.zb", password_hash=f"hash of {OWN}")


@pytest.fixture
def registry(db):
    return SessionRegistry(db, lambda: read_watermark(db, now=NOW).seq, idle=IDLE)


def enter(db, password=OWN, *, login="wang.zb", now=NOW, address=ADDRESS):
    return sign_in.sign_in(
        db, login=login, password=password, address=address, lifetime=LIFETIME, now=now
    )


def one_time(db, manager, user, **over):
    return passwords.set_one_time_password(db, user_id=user.id, actor=manager, now=NOW, **over)


def change(db, actor, *, present=OWN, password=NEW, now=NOW):
    return passwords.change_password(
        db, present=present, password=password, lifetime=LIFETIME, actor=actor, now=now
    )


def stored(db, user):
    with db.read() as session:
        return session.get(User, user.id)


def everything_written(db):
    with db.read() as session:
        lines = session.scalars(select(AuditLine)).all()
        users = session.scalars(select(User)).all()
        sessions = session.scalars(select(AuthSession)).all()
        return str([vars(row) for row in (*lines, *users, *sessions)])


# --- one that the product makes ---------------------------------------------------------------


def test_a_one_time_password_opens_nothing_but_the_form_to_change_it(db, manager, user, registry):
    opened = enter(db, one_time(db, manager, user))
    assert registry.find(opened.token, NOW).for_password_change
    with pytest.raises(SessionEnded):
        registry.actor(opened.session_id, NOW)
    owner = registry.owner(opened.session_id, NOW, address=ADDRESS)
    assert (owner.user_id, owner.grants, owner.roles) == (user.id, {}, frozenset())


def test_it_replaces_the_old_one_ends_all_sessions_and_lifts_a_lock(db, manager, user, registry):
    opened = enter(db)
    db.write(
        lambda session: session.execute(
            update(User).values(failed_count=5, locked_until=NOW + LIFETIME)
        )
    )
    password = one_time(db, manager, user)
    assert registry.find(opened.token, NOW) is None
    with pytest.raises(SignInRefused):
        enter(db)
    row = stored(db, user)
    assert (row.must_change_password, row.locked_until) == (True, None)
    assert enter(db, password).user_id == user.id


def test_it_is_told_once_and_written_nowhere(db, manager, user, monkeypatch):
    monkeypatch.setattr(accounts, "hash_password", lambda _password: "hash")
    password = one_time(db, manager, user)
    assert password not in everything_written(db)
    made = people.create_user(db, login="li.si", name="李四", actor=manager, now=NOW)
    assert made.password not in everything_written(db) + repr(made)


def test_it_lasts_three_days_and_then_says_so_to_who_has_it_alone(db, manager, user):
    password = one_time(db, manager, user)
    end = NOW + ONE_TIME_PASSWORD_LASTS
    assert enter(db, password, now=end - SECOND)
    with pytest.raises(SignInRefused) as refusal:
        enter(db, password, now=end)
    assert refusal.value.problem is SignInProblem.EXPIRED
    assert stored(db, user).failed_count == 0
    with pytest.raises(SignInRefused) as refusal:
        enter(db, "guess", now=end)
    assert refusal.value.problem is SignInProblem.WRONG
    assert enter(db, one_time(db, manager, user))


def test_an_expired_one_counts_against_its_address(db, manager, user):
    password, end = one_time(db, manager, user), NOW + ONE_TIME_PASSWORD_LASTS
    for _ in range(20):
        with pytest.raises(SignInRefused) as refusal:
            enter(db, password, now=end)
    with pytest.raises(SignInRefused) as refusal:
        enter(db, password, now=end + SECOND)
    assert refusal.value.problem is SignInProblem.TOO_MANY


def test_nobody_makes_one_for_themselves_or_for_a_closed_account(db, world, manager):
    with pytest.raises(NotChangeable) as refusal:
        passwords.set_one_time_password(db, user_id=manager.user_id, actor=manager, now=NOW)
    assert refusal.value.reasons == (AccountObjection.OWN_PASSWORD,)
    closed = world.user("离职", active=False)
    with pytest.raises(NotChangeable) as refusal:
        one_time(db, manager, closed)
    assert refusal.value.reasons == (AccountObjection.CLOSED,)


def test_unknown_or_changed_account_gets_none(db, manager, user):
    with pytest.raises(AccountNotFound):
        passwords.set_one_time_password(db, user_id=10**9, actor=manager, now=NOW)
    one_time(db, manager, user, expected_version=1)
    with pytest.raises(AccountChanged):
        one_time(db, manager, user, expected_version=1)


# --- one's own --------------------------------------------------------------------------------


def test_changing_it_opens_everything_and_ends_every_other_session(db, manager, user, registry):
    opened = enter(db, password := one_time(db, manager, user))
    other = enter(db, password)
    owner = registry.owner(opened.session_id, NOW, address=ADDRESS)
    changed = change(db, owner, present=password)
    for token in (opened.token, other.token):
        assert registry.find(token, NOW) is None
    assert not registry.find(changed.token, NOW).for_password_change
    assert registry.actor(changed.session_id, NOW).may(Permission.CASE_READ)
    row = stored(db, user)
    assert (row.must_change_password, row.password_expires_at) == (False, None)
    assert enter(db, NEW, now=NOW + 2 * ONE_TIME_PASSWORD_LASTS)
    with pytest.raises(SignInRefused):
        enter(db, password)


def test_both_are_lines_without_the_password(db, manager, user, registry):
    password = one_time(db, manager, user)
    opened = enter(db, password)
    change(db, registry.owner(opened.session_id, NOW), present=password)
    with db.read() as session:
        lines = session.scalars(
            select(AuditLine).where(AuditLine.action == "user:set_password").order_by(AuditLine.seq)
        ).all()
    assert [(line.actor_id, line.payload) for line in lines] == [
        (manager.user_id, {"one_time": True}),
        (user.id, {"one_time": False}),
    ]


@pytest.mark.parametrize(
    ("entered", "problems"),
    [
        ({"present": "wrong"}, {"present": AccountProblem.NOT_THE_PRESENT}),
        ({"password": OWN}, {"password": AccountProblem.UNCHANGED}),
        ({"password": "short"}, {"password": AccountProblem.TOO_SHORT}),
        ({"password": "Wang.zb-2026"}, {"password": AccountProblem.CONTAINS_LOGIN}),
    ],
)
def test_what_cannot_be_taken_is_said_and_nothing_changes(db, user, registry, entered, problems):
    opened = enter(db)
    with pytest.raises(Invalid) as refusal:
        change(db, registry.owner(opened.session_id, NOW), **entered)
    assert refusal.value.problems == problems
    assert registry.find(opened.token, NOW)
    assert stored(db, user).password_hash == f"hash of {OWN}"


def test_guessing_the_present_one_locks_like_guessing_at_the_door(db, user, registry):
    owner = registry.owner(enter(db).session_id, NOW, address=ADDRESS)
    for _ in range(FAILURES_BEFORE_LOCK - 1):
        with pytest.raises(Invalid):
            change(db, owner, present="guess")
    with pytest.raises(SignInRefused) as refusal:
        change(db, owner, present="guess")
    until = NOW + FIRST_LOCK
    assert (refusal.value.problem, refusal.value.retry_at) == (SignInProblem.LOCKED, until)
    for attempt in (lambda: change(db, owner), lambda: enter(db)):
        with pytest.raises(SignInRefused) as refusal:
            attempt()
        assert refusal.value.problem is SignInProblem.LOCKED
    assert change(db, owner, now=until)


def test_an_address_with_too_many_failures_changes_no_password(db, world, user, registry):
    owner = registry.owner(enter(db).session_id, NOW, address=ADDRESS)
    for number in range(20):
        with pytest.raises(SignInRefused):
            enter(db, "guess", login=f"nobody.{number}")
    with pytest.raises(SignInRefused) as refusal:
        change(db, owner)
    assert refusal.value.problem is SignInProblem.TOO_MANY
    assert change(db, replace(owner, address="10.7.7.7"))


def test_a_guess_in_a_session_names_who_made_it(db, user, registry):
    opened = enter(db)
    with pytest.raises(Invalid):
        change(db, registry.owner(opened.session_id, NOW), present="guess")
    with db.read() as session:
        (line,) = session.scalars(select(AuditLine).where(AuditLine.action == "session:refuse"))
    assert (line.actor_id, line.session_id) == (user.id, opened.session_id)


def test_who_was_closed_meanwhile_changes_nothing(db, world, manager, user, registry):
    owner = registry.owner(enter(db).session_id, NOW)
    people.set_active(db, user_id=user.id, active=False, separated=False, actor=manager, now=NOW)
    with pytest.raises(SessionEnded):
        change(db, owner)


def test_somebody_reset_it_meanwhile_and_the_old_one_counts_no_more(
    db, manager, user, registry, monkeypatch
):
    owner = registry.owner(enter(db).session_id, NOW)
    verify = accounts.verify_password

    def slow(stored, password):
        if password == OWN and not stored_by.count("reset"):
            stored_by.append("reset")
            one_time(db, manager, user)
        return verify(stored, password)

    stored_by = []
    monkeypatch.setattr(accounts, "verify_password", slow)
    with pytest.raises(Invalid) as refusal:
        change(db, owner)
    assert refusal.value.problems == {"present": AccountProblem.NOT_THE_PRESENT}
    assert stored(db, user).must_change_password


def test_kept_apart_the_passwords_of_the_three_are_for_the_command_line(db, world, manager):
    security = world.user("安全管理员", role=Role.SECURITY_ADMIN)
    with pytest.raises(NotChangeable) as refusal:
        one_time(db, manager, security, separated=True)
    assert refusal.value.reasons == (AccountObjection.OF_ADMINISTRATOR,)
    assert one_time(db, world.system, security, separated=True)
    assert one_time(db, manager, world.user("值班员"), separated=True)
