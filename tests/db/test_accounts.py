"""The list of accounts: who is found, what is said of them, and that its cost does not grow."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event

from data_access.queries import accounts, posts
from data_access.queries.accounts import PAGE_SIZE, Filters
from data_access.tables import AuthSession, UserRole
from domain.eligibility import CommitteeKind
from domain.errors import AccountNotFound
from domain.organisation import UnitLevel
from domain.people import AccountState, Collision, Role, Scope, Seat
from tests.world import NOW

IDLE = timedelta(minutes=30)
HOUR = timedelta(hours=1)
TODAY, ONE_DAY = date(2026, 3, 2), timedelta(days=1)


@pytest.fixture
def county(world):
    return Scope(world.county, whole_county=True)


@pytest.fixture
def page(db, county):
    def read(number=1, **filters):
        with db.read() as session:
            return accounts.page(
                session,
                scope=county,
                filters=Filters(**filters),
                now=NOW,
                idle=IDLE,
                number=number,
            )

    return read


def logins(found):
    return [row.login for row in found.rows]


def post(world, user, role, **over):
    return world.add(UserRole(user_id=user.id, role=role, **{"valid_from": TODAY, **over}))


def seen(world, user, **over):
    return world.add(
        AuthSession(
            **{
                "token_hash": f"hash{world.next()}",
                "user_id": user.id,
                "epoch": 1,
                "created_at": NOW,
                "last_seen_at": NOW,
                "expires_at": NOW + HOUR,
                "address": "10.1.1.1",
                **over,
            }
        )
    )


def test_one_row_says_what_an_administrator_asks(db, world, page):
    mediator = world.mediator("张建国")
    user = world.user(
        "张建国",
        login="zhang.jg",
        role=Role.MEDIATOR,
        unit=None,
        mediator_id=mediator,
        locked_until=NOW + HOUR,
        must_change_password=True,
        password_expires_at=NOW + HOUR,
    )
    post(world, user, Role.GRID_WORKER, unit_id=world.grid_a, valid_to=TODAY + ONE_DAY)
    post(world, user, Role.COMMITTEE_HEAD, committee_id=world.committee_a)
    post(world, user, Role.DUTY, unit_id=world.county, valid_to=TODAY)
    seen(world, user, last_seen_at=NOW - HOUR)
    seen(world, user, last_seen_at=NOW - timedelta(minutes=5))
    seen(world, user, revoked_at=NOW)
    seen(world, user, epoch=0)
    seen(world, user, expires_at=NOW)
    (row,) = page(term="zhang.jg").rows
    assert (row.name, row.mediator, row.active, row.linked) == ("张建国", "张建国", True, False)
    assert (row.locked_until, row.one_time) == (NOW + HOUR, True)
    assert (row.open_sessions, row.last_seen_at) == (1, NOW)
    assert [(one.role, one.place, one.valid_to) for one in row.posts] == [
        (Role.MEDIATOR, (), None),
        (Role.GRID_WORKER, ("安仁镇", "和众社区", "第1网格"), TODAY + ONE_DAY),
        (Role.COMMITTEE_HEAD, ("和众社区调委会",), None),
    ]


def test_a_card_has_the_posts_that_are_over_too(db, world, county):
    user = world.user("李四", role=Role.TOWN, unit=world.town_a)
    over = post(world, user, Role.DUTY, unit_id=world.county, valid_to=TODAY)
    with db.read() as session:
        asked = {"scope": county, "now": NOW, "idle": IDLE}
        found = accounts.account(session, user_id=user.id, **asked)
        with pytest.raises(AccountNotFound):
            accounts.account(session, user_id=10**9, **asked)
    assert [(one.place, one.ended_on(TODAY)) for one in found.posts] == [
        (("安仁镇",), False),
        (("大邑县",), True),
    ]
    assert found.posts[1].post_id == over.id


def test_a_part_of_the_county_sees_no_account(db, world):
    user = world.user()
    part = Scope(world.county, towns=frozenset({world.town_a}))
    asked = {"scope": part, "now": NOW, "idle": IDLE}
    with db.read() as session:
        assert accounts.page(session, filters=Filters(), **asked).total == 0
        with pytest.raises(AccountNotFound):
            accounts.account(session, user_id=user.id, **asked)
        assert posts.offer(session, scope=part, day=TODAY) == posts.Offer((), ())


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("zhang", ["zhang.san"]),
        (" ZHANG.", ["zhang.san"]),
        ("三", ["zhang.san"]),
        ("li_si", ["li_si"]),
        ("i_s", ["li_si"]),
        ("%", []),
        ("Smith", ["smith"]),
        ("sMITH", ["smith"]),
        ("nobody", []),
    ],
)
def test_a_search_takes_part_of_a_name_or_a_login_and_nothing_as_a_pattern(
    world, page, term, found
):
    for login, name in (("zhang.san", "张三"), ("li_si", "李四"), ("lixsi", "王五")):
        world.user(name, login=login)
    world.user("John Smith", login="smith")
    assert logins(page(term=term)) == found


def test_the_list_is_narrowed_by_role_town_and_state(world, page):
    in_a = world.user(login="in.a", role=Role.TOWN, unit=world.town_a)
    post(world, in_a, Role.DUTY, unit_id=world.county, valid_to=TODAY)
    world.user(login="below.a", role=Role.GRID_WORKER, unit=world.grid_a)
    world.user(login="in.b", role=Role.TOWN, unit=world.town_b)
    head = world.user(login="head.a", role=Role.WALL)
    post(world, head, Role.COMMITTEE_HEAD, committee_id=world.committee_a)
    mediator = world.mediator()
    world.user(login="own.a", role=Role.MEDIATOR, unit=None, mediator_id=mediator)
    past = world.user(login="past.a", role=Role.LEADER)
    post(world, past, Role.TOWN, unit_id=world.town_a, valid_to=TODAY)
    industry = world.committee("物业调委会", kind=CommitteeKind.INDUSTRY)
    later = world.user(login="later", role=Role.JUSTICE)
    post(world, later, Role.TOWN, unit_id=world.town_a, valid_from=TODAY + ONE_DAY)
    assert industry
    assert logins(page(role=Role.DUTY)) == []
    assert logins(page(role=Role.TOWN)) == ["in.a", "in.b", "later"]
    assert logins(page(town_id=world.town_a)) == ["below.a", "head.a", "in.a", "later", "own.a"]
    assert logins(page(town_id=world.town_b, role=Role.TOWN)) == ["in.b"]


def test_each_state_finds_who_is_in_it(db, world, page):
    world.user(login="open")
    world.user(login="closed", active=False, locked_until=NOW + HOUR, must_change_password=True)
    world.user(login="locked", locked_until=NOW + HOUR)
    world.user(login="was.locked", locked_until=NOW)
    world.user(login="one.time", must_change_password=True)
    there = world.user(login="signed.in")
    seen(world, there)
    gone = world.user(login="idle")
    seen(world, gone, last_seen_at=NOW - IDLE)
    bare = world.user(login="without.post")

    def unpost(session):
        row = session.query(UserRole).filter_by(user_id=bare.id).one()
        row.valid_to = TODAY

    db.write(unpost)
    post(world, bare, Role.DUTY, unit_id=world.county, valid_from=TODAY + ONE_DAY)
    everybody = {*logins(page())}
    assert {*logins(page(state=AccountState.OPEN))} == everybody - {"closed"}
    for state, login in (
        (AccountState.CLOSED, "closed"),
        (AccountState.LOCKED, "locked"),
        (AccountState.ONE_TIME, "one.time"),
        (AccountState.SIGNED_IN, "signed.in"),
        (AccountState.WITHOUT_POST, "without.post"),
    ):
        assert logins(page(state=state)) == [login]


def test_pages_hold_everybody_once_the_open_ones_first(world, page):
    for number in range(PAGE_SIZE + 7):
        world.user(login=f"user.{number:03}", active=number != 0)
    first, second = page(), page(2)
    assert (first.total, first.pages, second.number) == (PAGE_SIZE + 7, 2, 2)
    found = logins(first) + logins(second)
    assert found[-1] == "user.000"
    assert len(set(found)) == first.total
    assert page(99) == second
    assert page(0) == first


def test_the_cost_of_a_page_does_not_grow_with_the_accounts(db, world, page):
    def statements():
        found = []
        listener = lambda *event: found.append(event[2])  # noqa: E731
        event.listen(db.bind, "before_cursor_execute", listener)
        page()
        event.remove(db.bind, "before_cursor_execute", listener)
        return len([one for one in found if one.startswith("SELECT")])

    world.user()
    few = statements()
    for _ in range(PAGE_SIZE):
        user = world.user()
        post(world, user, Role.GRID_WORKER, unit_id=world.grid_a)
        seen(world, user)
    assert few == statements() == 3


# --- where posts can be -----------------------------------------------------------------------


def test_every_place_of_today_is_offered_and_every_mediator_without_an_account(db, world, county):
    world.unit(UnitLevel.TOWN, "撤并镇", world.county, valid_to=TODAY)
    free, taken, closed = (world.mediator(name) for name in ("甲", "乙", "丙"))
    world.user(mediator_id=taken)
    world.user(mediator_id=closed, active=False)
    world.mediator("丁", active=False)
    with db.read() as session:
        offer = posts.offer(session, scope=county, day=TODAY)
    places = {(one.seat, one.names) for one in offer.places}
    assert {
        (Seat.COUNTY, ("大邑县",)),
        (Seat.TOWN, ("䢺江镇",)),
        (Seat.COMMUNITY, ("安仁镇", "和众社区")),
        (Seat.GRID, ("安仁镇", "和众社区", "第1网格")),
        (Seat.COMMITTEE, ("太平社区调委会",)),
    } <= places
    assert (Seat.TOWN, ("撤并镇",)) not in places
    assert [one.mediator_id for one in offer.mediators] == [free, closed]


def test_what_is_to_be_put_in_order_before_the_three_are_apart(db, world, county):
    def found(day=TODAY):
        with db.read() as session:
            return posts.separation(session, scope=county, day=day)

    assert found().vacant == (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)
    one = world.user("甲", login="jia", role=Role.SYSTEM_ADMIN)
    world.user("乙", login="yi", role=Role.AUDIT_ADMIN)
    gone = world.user("丙", role=Role.AUDIT_ADMIN, active=False)
    post(world, gone, Role.DUTY, unit_id=world.county)
    assert found() == posts.Separation((), (Role.SECURITY_ADMIN,))
    post(world, one, Role.DUTY, unit_id=world.county, valid_to=TODAY + 5 * ONE_DAY)
    assert found().collisions == (Collision(one.id, "jia", "甲", (Role.SYSTEM_ADMIN, Role.DUTY)),)
    assert found(TODAY + 5 * ONE_DAY).collisions == ()
