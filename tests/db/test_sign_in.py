"""Opening and ending sessions: who gets in, who is kept out, and what is written down."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from data_access import accounts
from data_access.commands import people, posts, sign_in
from data_access.queries.people import live_sessions
from data_access.tables import AuditHead, AuditLine, AuthSession, SignInAttempt, User
from domain.errors import NotAllowed, NotFound, SignInProblem, SignInRefused
from domain.people import Actor, Permission, Post, Role, lock_after
from tests.world import NOW

PASSWORD = "Zhen-de-9-ci"
LIFETIME = timedelta(hours=8)
ADDRESS = "10.3.2.1"
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def password_hash():
    return accounts.hash_password(PASSWORD)


@pytest.fixture(autouse=True)
def user(world, password_hash):
    return world.user("王值班", login="wang.zb", password_hash=password_hash)


def enter(db, login="wang.zb", password=PASSWORD, *, address=ADDRESS, now=NOW, **over):
    return sign_in.sign_in(
        db, login=login, password=password, address=address, lifetime=LIFETIME, now=now, **over
    )


def refused(db, *arguments, **over) -> SignInRefused:
    with pytest.raises(SignInRefused) as refusal:
        enter(db, *arguments, **over)
    return refusal.value


def lines(db, action=None):
    with db.read() as session:
        found = session.scalars(select(AuditLine).order_by(AuditLine.seq)).all()
    return [line for line in found if action is None or line.action == action]


def test_right_password_opens_a_session(db, user):
    opened = enter(db)
    with db.read() as session:
        row = session.get(AuthSession, opened.session_id)
    assert row.user_id == user.id
    assert row.expires_at == NOW + LIFETIME
    assert row.token_hash == accounts.hash_token(opened.token)
    assert len(opened.token) >= 43


def test_token_itself_is_stored_nowhere(db):
    opened = enter(db)
    with db.read() as session:
        row = session.get(AuthSession, opened.session_id)
        kept = [value for value in vars(row).values() if isinstance(value, str)]
    assert opened.token not in kept
    assert opened.token not in str([vars(line) for line in lines(db)])


def test_login_is_found_however_it_is_typed(db, user):
    assert enter(db, "  WANG.ZB ").user_id == user.id


def test_sign_in_is_an_audit_line_but_no_change_of_data(db, user):
    with db.read() as session:
        before = session.execute(select(AuditHead.seq, AuditHead.data_seq)).one()
    opened = enter(db)
    with db.read() as session:
        after = session.execute(select(AuditHead.seq, AuditHead.data_seq)).one()
    assert (after.seq, after.data_seq) == (before.seq + 1, before.data_seq)
    (line,) = lines(db, "session:open")
    assert (line.actor_id, line.session_id, line.address) == (user.id, opened.session_id, ADDRESS)


def test_wrong_password_is_refused_and_written_down(db, user):
    assert refused(db, password="wrong-Password-1").problem is SignInProblem.WRONG
    (line,) = lines(db, "session:refuse")
    assert (line.actor_id, line.subject, line.address) == (0, f"user:{user.id}", ADDRESS)
    assert "wrong-Password-1" not in str(vars(line))


def test_unknown_login_is_written_down_as_a_fingerprint_only(db):
    assert refused(db, "li.si@home").problem is SignInProblem.WRONG
    (line,) = lines(db, "session:refuse")
    assert "li.si" not in str(vars(line))
    assert line.subject == f"login:{db.vault.fingerprint('li.si@home')}"


def test_unknown_login_costs_the_same_work(db, monkeypatch):
    checked = []
    monkeypatch.setattr(accounts, "verify_password", lambda *pair: bool(checked.append(pair)))
    refused(db, "nobody.here", "guess")
    refused(db, "wang.zb", "guess")
    assert [password for _, password in checked] == ["guess", "guess"]


def test_same_password_typed_in_another_composition_is_the_same():
    stored = accounts.hash_password("caf\u00e9-Abc-123")
    assert accounts.verify_password(stored, "cafe\u0301-Abc-123")
    assert not accounts.verify_password(stored, "cafe-Abc-123")


def test_hash_for_unknown_logins_is_as_strong_as_real_ones():
    assert not accounts.needs_new_hash(accounts._NOBODYS_HASH)


def test_closed_account_looks_like_an_unknown_login(db, world, password_hash):
    world.user("离职", login="li.zhi", password_hash=password_hash, active=False)
    assert refused(db, "li.zhi").problem is SignInProblem.WRONG
    assert lines(db, "session:refuse")[-1].subject.startswith("login:")


@pytest.mark.parametrize("login", ["wang.zb", "nobody.here"])
@pytest.mark.usefixtures("quick_hash")
def test_fifth_failure_locks_and_the_lock_doubles(db, login):
    moment = NOW
    for _ in range(4):
        assert refused(db, login, "bad", now=moment).problem is SignInProblem.WRONG
    until = NOW
    for minutes in (15, 30, 60):
        moment = until
        refusal = refused(db, login, "bad", now=moment, address="10.9.9.9")
        until = moment + minutes * MINUTE
        assert (refusal.problem, refusal.retry_at) == (SignInProblem.LOCKED, until)


def test_lock_never_exceeds_a_day():
    assert [lock_after(n) for n in (4, 5, 6)] == [None, 15 * MINUTE, 30 * MINUTE]
    assert lock_after(12) == lock_after(10_000) == timedelta(hours=24)


@pytest.mark.usefixtures("quick_hash")
def test_right_password_does_not_open_a_locked_account(db):
    for _ in range(5):
        refused(db, password="bad")
    refusal = refused(db)
    assert (refusal.problem, refusal.retry_at) == (SignInProblem.LOCKED, NOW + 15 * MINUTE)


def test_locked_attempt_is_turned_away_before_hashing_and_writes_nothing(db, quick_hash):
    for _ in range(5):
        refused(db, password="bad")
    before = len(lines(db))
    quick_hash.clear()
    refused(db)
    assert quick_hash == []
    assert len(lines(db)) == before


@pytest.mark.usefixtures("quick_hash")
def test_success_after_the_lock_forgets_the_failures(db, user):
    for _ in range(5):
        refused(db, password="bad")
    later = NOW + 15 * MINUTE
    enter(db, now=later)
    refusal = refused(db, password="bad", now=later)
    assert refusal.problem is SignInProblem.WRONG
    with db.read() as session:
        assert session.get(User, user.id).failed_count == 1


def test_lock_that_falls_while_the_password_is_hashed_holds(db, monkeypatch):
    def lock_meanwhile(*_):
        db.write(
            lambda session: session.execute(
                update(User).values(failed_count=5, locked_until=NOW + MINUTE)
            )
        )
        return True

    monkeypatch.setattr(accounts, "verify_password", lock_meanwhile)
    assert refused(db).problem is SignInProblem.LOCKED


def test_password_changed_while_the_old_one_is_hashed_does_not_open(db, monkeypatch):
    def change_meanwhile(*_):
        db.write(lambda session: session.execute(update(User).values(password_hash="another")))
        return True

    monkeypatch.setattr(accounts, "verify_password", change_meanwhile)
    assert refused(db).problem is SignInProblem.WRONG


def test_address_is_limited_across_logins_before_any_hash(db, user, quick_hash):
    for n in range(20):
        refused(db, f"guess{n}", "bad", now=NOW + n * timedelta(seconds=10))
    quick_hash.clear()
    refusal = refused(db, now=NOW + 5 * MINUTE)
    assert (refusal.problem, refusal.retry_at) == (SignInProblem.TOO_MANY, NOW + 15 * MINUTE)
    assert quick_hash == []
    assert enter(db, address="10.3.2.2", now=NOW + 5 * MINUTE).user_id == user.id
    assert enter(db, now=NOW + 15 * MINUTE).user_id == user.id


@pytest.mark.usefixtures("quick_hash")
def test_addresses_of_one_ipv6_network_count_together(db, user):
    for n in range(20):
        refused(db, f"guess{n}", "bad", address=f"2001:db8:1:2::{n:x}")
    assert refused(db, address="2001:db8:1:2::ffff").problem is SignInProblem.TOO_MANY
    assert enter(db, address="2001:db8:1:3::1").user_id == user.id


@pytest.mark.usefixtures("quick_hash")
@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("10.3.2.1", "10.3.2.1"),
        ("10.3.2.1:50000", "10.3.2.1"),
        ("::ffff:10.3.2.1", "10.3.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("[2001:db8::1]", "2001:db8::/64"),
        ("[2001:db8::1]:50000", "2001:db8::/64"),
        ("[::ffff:10.3.2.1]:443", "10.3.2.1"),
        ("10.3.2.1:", "10.3.2.1:"),
        ("unknown:80", "unknown:80"),
        ("", ""),
    ],
)
def test_limit_counts_the_address_without_its_port(address, block):
    assert accounts.address_block(address) == block


@pytest.mark.usefixtures("quick_hash")
def test_port_that_changes_does_not_escape_the_limit(db):
    for port in range(20):
        refused(db, f"nobody{port}", "bad", address=f"10.5.5.5:{50_000 + port}")
    assert refused(db, address="10.5.5.5:60000").problem is SignInProblem.TOO_MANY


def test_old_attempts_are_deleted(db):
    refused(db, password="bad")
    refused(db, password="bad", now=NOW + timedelta(hours=2))
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(SignInAttempt)) == 1


def test_too_many_hashes_at_once_are_refused_not_queued(db, monkeypatch):
    monkeypatch.setattr(accounts, "_LONGEST_WAIT_SECONDS", 0.01)
    for _ in range(3):
        assert accounts._turns.acquire(blocking=False)
    try:
        assert refused(db).problem is SignInProblem.BUSY
    finally:
        for _ in range(3):
            accounts._turns.release()
    assert lines(db, "session:refuse") == []


def test_signing_in_again_ends_the_session_it_replaces(db):
    first = enter(db)
    second = enter(db, replaces=first.token, now=NOW + MINUTE)
    with db.read() as session:
        assert session.get(AuthSession, first.session_id).revoked_at == NOW + MINUTE
        assert session.get(AuthSession, second.session_id).revoked_at is None
    (closed,) = lines(db, "session:close")
    assert closed.payload == {"session": first.session_id}


def test_failed_sign_in_leaves_the_present_session_alone(db):
    first = enter(db)
    refused(db, password="bad", replaces=first.token)
    with db.read() as session:
        assert session.get(AuthSession, first.session_id).revoked_at is None


def test_sessions_long_over_are_deleted_at_the_next_sign_in(db):
    old = enter(db)
    new = enter(db, now=NOW + LIFETIME + timedelta(days=1, minutes=1))
    with db.read() as session:
        assert session.get(AuthSession, old.session_id) is None
    # An id that comes back would give an old tab somebody else's session.
    assert new.session_id > old.session_id


def test_weaker_hash_is_renewed_on_the_way_in(db, world):
    from argon2 import PasswordHasher  # noqa: PLC0415 - only this test makes a weak one

    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    user = world.user("旧账号", login="jiu", password_hash=weak)
    enter(db, "jiu")
    with db.read() as session:
        stored = session.get(User, user.id).password_hash
    assert stored != weak
    assert accounts.verify_password(stored, PASSWORD)


def actor_of(opened, user) -> Actor:
    return Actor(user.id, user.name, user.county_id, session_id=opened.session_id)


def live(db, now=NOW):
    with db.read() as session:
        found = live_sessions(session, idle=timedelta(minutes=30), now=now)
    return {one.session_id for one in found}


def test_sign_out_ends_one_session_once(db, user):
    kept, ended = enter(db), enter(db)
    for _ in range(2):
        sign_in.sign_out(db, session_id=ended.session_id, actor=actor_of(ended, user), now=NOW)
    assert live(db) == {kept.session_id}
    assert len(lines(db, "session:close")) == 1


def test_log_out_everywhere_ends_all_sessions_and_no_later_one(db, user):
    enter(db)
    opened = enter(db)
    sign_in.end_all_sessions(db, user_id=user.id, actor=actor_of(opened, user), now=NOW)
    assert live(db) == set()
    assert live(db) | {enter(db).session_id} == live(db)
    assert len(lines(db, "session:end_all")) == 1


def test_another_persons_session_needs_the_permission(db, world, user):
    opened = enter(db)
    colleague = world.actor("同事", permissions=[Permission.CASE_READ])
    with pytest.raises(NotAllowed):
        sign_in.sign_out(db, session_id=opened.session_id, actor=colleague, now=NOW)
    with pytest.raises(NotAllowed):
        sign_in.end_all_sessions(db, user_id=user.id, actor=colleague, now=NOW)
    manager = world.actor("管理员", permissions=[Permission.PEOPLE_MANAGE])
    sign_in.sign_out(db, session_id=opened.session_id, actor=manager, now=NOW)
    assert live(db) == set()


def test_unknown_session_or_person_is_not_found(db, world):
    manager = world.actor("管理员")
    with pytest.raises(NotFound):
        sign_in.sign_out(db, session_id=10**9, actor=manager, now=NOW)
    with pytest.raises(NotFound):
        sign_in.end_all_sessions(db, user_id=10**9, actor=manager, now=NOW)


def test_only_live_sessions_are_listed(db, world, user):
    opened = enter(db)
    assert live(db, NOW + 31 * MINUTE) == {opened.session_id}  # the stored time may lag
    assert live(db, NOW + 33 * MINUTE) == set()
    assert live(db, NOW + LIFETIME) == set()
    manager = world.actor("管理员")
    people.set_active(db, user_id=user.id, active=False, separated=False, actor=manager, now=NOW)
    assert live(db) == set()


def test_a_session_without_a_post_is_listed_with_none(db, world, password_hash):
    world.add(
        User(
            county_id=world.county,
            login="new.one",
            name="新人",
            password_hash=password_hash,
            created_at=NOW,
        )
    )
    enter(db, "new.one")
    with db.read() as session:
        (found,) = live_sessions(session, idle=timedelta(minutes=30), now=NOW)
    assert found.posts == ()


def test_several_posts_make_one_session(db, world, user):
    posts.grant_role(
        db,
        user_id=user.id,
        post=Post(Role.TOWN, unit_id=world.town_a, valid_from=NOW.date()),
        separated=False,
        actor=world.actor("管理员"),
        now=NOW,
    )
    enter(db)
    with db.read() as session:
        (found,) = live_sessions(session, idle=timedelta(minutes=30), now=NOW)
    assert [post.role for post in found.posts] == [Role.DUTY, Role.TOWN]


@pytest.fixture
def quick_hash(monkeypatch):
    """Replaces argon2 by a comparison; gives the list of passwords that were checked."""
    checked = []

    def verify(stored, password):
        checked.append(password)
        return stored is not None and password == PASSWORD

    monkeypatch.setattr(accounts, "verify_password", verify)
    monkeypatch.setattr(accounts, "needs_new_hash", lambda _stored: False)
    return checked
