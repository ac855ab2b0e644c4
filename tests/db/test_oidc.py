"""Who a person of the identity provider is here: linked, unlinked, never made."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from data_access import accounts
from data_access.commands import people
from data_access.commands.oidc import link_identity, note_bad_answer, sign_in_by_provider
from data_access.door import ADDRESS_FAILURES, require_quiet_address
from data_access.queries.people import live_sessions
from data_access.tables import AuditLine, AuthSession, User
from domain.errors import (
    AccountChanged,
    AccountNotFound,
    Invalid,
    NotAllowed,
    ProviderProblem,
    ProviderRefused,
    SignInProblem,
    SignInRefused,
)
from domain.people import AccountProblem, Permission, Scope
from tests.world import NOW, World

ISSUER = "https://sso.county.example/realms/county"
ADDRESS = "10.3.2.1"
HOUR = timedelta(hours=1)


@pytest.fixture
def user(world):
    return world.user("王值班", login="wang.zb")


@pytest.fixture
def boss(world):
    return world.actor("管理员")


def link(db, user, boss, subject="s-1", **over):
    request = {"user_id": user.id, "issuer": ISSUER, "subject": subject, "actor": boss, "now": NOW}
    link_identity(db, **request | over)


def enter(db, subject="s-1", *, issuer=ISSUER, now=NOW, **over):
    return sign_in_by_provider(
        db, issuer=issuer, subject=subject, address=ADDRESS, lifetime=HOUR, now=now, **over
    )


def refusal(db, *arguments, **over):
    with pytest.raises(ProviderRefused) as refused:
        enter(db, *arguments, **over)
    return refused.value


def lines(db, action):
    with db.read() as session:
        wanted = select(AuditLine).where(AuditLine.action == action).order_by(AuditLine.seq)
        return session.scalars(wanted).all()


def stored(db, user):
    with db.read() as session:
        return session.get(User, user.id)


def test_linked_person_gets_a_session_like_any_other(db, user, boss):
    link(db, user, boss)
    signed_in = enter(db)
    assert signed_in.user_id == user.id
    with db.read() as session:
        row = session.get(AuthSession, signed_in.session_id)
        live = live_sessions(session, idle=HOUR, now=NOW)
    assert row.expires_at == NOW + HOUR
    assert signed_in.session_id in [one.session_id for one in live]
    (line,) = lines(db, "session:open")
    assert (line.actor_id, line.address, line.payload["how"]) == (user.id, ADDRESS, "provider")


def test_one_time_password_does_not_bind_who_came_without_it(db, user, boss):
    link(db, user, boss)
    db.write(
        lambda session: session.execute(
            update(User).where(User.id == user.id).values(must_change_password=True)
        )
    )
    with db.read() as session:
        assert not session.get(AuthSession, enter(db).session_id).for_password_change


@pytest.mark.parametrize(
    ("subject", "issuer"),
    [("s-2", ISSUER), ("S-1", ISSUER), ("s-1", "https://sso.other.example"), ("", ISSUER)],
)
def test_somebody_else_stays_outside(db, user, boss, subject, issuer):
    link(db, user, boss)
    refused = refusal(db, subject, issuer=issuer)
    assert refused.problem is ProviderProblem.UNKNOWN_PERSON
    assert refused.identity == subject
    (line,) = lines(db, "session:refuse")
    assert line.actor_id == 0
    assert line.subject == f"provider:{db.vault.fingerprint(f'{issuer} {subject}')}"


def test_closed_account_stays_closed(db, user, boss):
    link(db, user, boss)
    people.set_active(db, user_id=user.id, active=False, separated=False, actor=boss, now=NOW)
    assert refusal(db).problem is ProviderProblem.ACCOUNT_CLOSED
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(AuthSession)) == 0
    assert lines(db, "session:refuse")[0].subject == f"user:{user.id}"


def test_session_before_in_this_browser_ends(db, user, boss):
    link(db, user, boss)
    first = enter(db)
    enter(db, replaces=first.token)
    with db.read() as session:
        assert session.get(AuthSession, first.session_id).revoked_at == NOW


# --- linking ----------------------------------------------------------------------------------


def test_link_is_written_down_without_who_the_person_is_there(db, user, boss):
    link(db, user, boss, "s-secret")
    (line,) = lines(db, "user:link_identity")
    assert line.payload == {"provider": ISSUER, "linked": True, "by": "administrator"}
    assert (line.actor_id, line.subject) == (boss.user_id, f"user:{user.id}")
    assert stored(db, user).oidc_subject == f"{ISSUER} s-secret"


def test_same_link_again_changes_nothing(db, user, boss):
    link(db, user, boss)
    before = stored(db, user).version
    link(db, user, boss, "  s-1 ")
    assert stored(db, user).version == before
    assert len(lines(db, "user:link_identity")) == 1


def test_first_link_leaves_who_is_at_work_alone_another_ends_it(db, user, boss):
    link(db, user, boss)
    signed_in = enter(db)
    link(db, user, boss, "s-2")
    with db.read() as session:
        assert live_sessions(session, idle=HOUR, now=NOW) == []
    assert refusal(db).problem is ProviderProblem.UNKNOWN_PERSON
    assert enter(db, "s-2").user_id == signed_in.user_id


def test_link_can_be_taken_back(db, user, boss):
    link(db, user, boss)
    enter(db)
    link(db, user, boss, None)
    assert stored(db, user).oidc_subject is None
    assert refusal(db).problem is ProviderProblem.UNKNOWN_PERSON
    with db.read() as session:
        assert live_sessions(session, idle=HOUR, now=NOW) == []
    assert not lines(db, "user:link_identity")[-1].payload["linked"]


def test_one_identity_is_one_account(db, world, user, boss):
    link(db, user, boss)
    with pytest.raises(Invalid) as refused:
        link(db, world.user("另一人"), boss)
    assert refused.value.problems == {"identity": AccountProblem.IDENTITY_TAKEN}


@pytest.mark.parametrize("subject", ["", "  ", "a b", "a\nb", "a\u3000b", "x" * 300])
def test_what_no_provider_calls_anybody_is_refused(db, user, boss, subject):
    with pytest.raises(Invalid) as refused:
        link(db, user, boss, subject)
    assert refused.value.problems == {"identity": AccountProblem.IDENTITY_FORM}


def test_linking_needs_the_permission_for_the_whole_county(db, world, user):
    town = world.actor("镇里", scope=Scope(world.county, towns=frozenset({world.town_a})))
    with pytest.raises(NotAllowed):
        link(db, user, town)
    with pytest.raises(NotAllowed):
        link(db, user, world.actor("县里", permissions=(Permission.POST_GRANT,)))
    assert stored(db, user).oidc_subject is None


def test_what_changed_meanwhile_or_is_not_there_is_not_linked(db, user, boss):
    with pytest.raises(AccountChanged):
        link(db, user, boss, expected_version=user.version + 1)
    with pytest.raises(AccountNotFound):
        link(db, user, boss, user_id=987_654)


# --- linking at the first sign-in, where the site trusts the provider in that ------------------


def test_claimed_login_links_an_account_for_good(db, user):
    assert enter(db, login=" WANG.ZB").user_id == user.id
    assert enter(db).user_id == user.id
    assert enter(db, login="another").user_id == user.id
    (line,) = lines(db, "user:link_identity")
    assert line.payload == {"provider": ISSUER, "linked": True, "by": "claim"}
    assert line.actor_id == user.id


def test_claimed_login_takes_no_account_that_is_linked_or_closed(db, world, user, boss):
    link(db, user, boss)
    assert refusal(db, "s-2", login="wang.zb").problem is ProviderProblem.UNKNOWN_PERSON
    shut = world.user("已停用", login="shut", active=False)
    assert refusal(db, "s-3", login="shut").problem is ProviderProblem.UNKNOWN_PERSON
    assert stored(db, shut).oidc_subject is None
    assert refusal(db, "s-4", login="nobody").problem is ProviderProblem.UNKNOWN_PERSON
    assert refusal(db, "s" * 300, login="wang.zb").problem is ProviderProblem.UNKNOWN_PERSON


def test_two_tabs_at_once_are_one_link(committed):
    """Both come with the same new identity; both get in, and the account is linked once."""
    user = World(committed).user("王值班", login="wang.zb")
    barrier, opened = threading.Barrier(2), []

    def come():
        barrier.wait()
        opened.append(enter(committed, login="wang.zb").user_id)

    tabs = [threading.Thread(target=come) for _ in range(2)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join(30)
    assert opened == [user.id, user.id]
    assert len(lines(committed, "user:link_identity")) == 1


def test_tab_that_looked_before_the_other_linked_still_gets_in(committed, monkeypatch):
    """Where writers do not wait for each other, the account is linked between two of its looks."""
    user = World(committed).user("王值班", login="wang.zb")
    looked, linked, opened = threading.Event(), threading.Event(), []
    normalise_login = accounts.normalise_login

    def late(login):
        if threading.current_thread() is tab:
            looked.set()
            linked.wait(1)  # in vain on SQLite, where the other waits for this one
        return normalise_login(login)

    def come():
        opened.append(enter(committed, login="wang.zb").user_id)

    tab = threading.Thread(target=come)
    monkeypatch.setattr(accounts, "normalise_login", late)
    tab.start()
    assert looked.wait(10)
    come()
    linked.set()
    tab.join(30)
    assert opened == [user.id, user.id]
    assert len(lines(committed, "user:link_identity")) == 1


# --- answers that were not believed -------------------------------------------------------------


def test_bad_answers_count_against_their_address(db, world):
    for _ in range(ADDRESS_FAILURES):
        note_bad_answer(db, problem=ProviderProblem.NOT_VERIFIED, address=ADDRESS, now=NOW)
    with db.read() as session, pytest.raises(SignInRefused) as refused:
        require_quiet_address(session, ADDRESS, now=NOW)
    assert refused.value.problem is SignInProblem.TOO_MANY
    line = lines(db, "session:refuse")[-1]
    assert line.payload == {"how": "provider", "problem": "not_verified"}
    assert (line.subject, line.actor_id, line.address) == ("provider", 0, ADDRESS)
