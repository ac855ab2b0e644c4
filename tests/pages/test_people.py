"""The people page: who opens it, what each administrator can do there, what is shown once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data_access.commands import people
from data_access.queries.posts import Place
from data_access.settings import Settings
from data_access.tables import AuditLine, User, UserRole
from domain.clocks import day_of
from domain.people import Permission, Role, Seat
from tests.desk import blocks_of, data_of, everything_sent
from ui import clock

PEOPLE = "../../pages/admin/people.py"


@pytest.fixture
def county(desk):
    """The centre's administrator, and a town's person to be managed."""
    desk.world.user("主任", role=Role.CENTRE_ADMIN)
    desk.person = desk.world.user("李站长", login="li.zz", role=Role.TOWN, unit=desk.world.town_a)
    return desk


def show(at, account=None):
    if account is not None:
        at.query_params["account"] = str(account)
    return at.switch_page(PEOPLE).run()


def page(desk, role=Role.CENTRE_ADMIN, account=None, **over):
    at = desk.sign_in(role, **over)
    at.run()
    return show(at, account)


def names(at):
    return [row["name"] for row in data_of(at, "people_list")["rows"]]


def facts(at):
    (block,) = blocks_of(at, "facts")
    return dict(block["rows"])


def keys(at):
    """The buttons that can be pressed."""
    return {button.key for button in at.button if not button.disabled}


def stored(desk, user_id):
    with desk.here.db.read() as session:
        return session.get(User, user_id)


def posts_of(desk, user_id):
    with desk.here.db.read() as session:
        rows = session.scalars(
            select(UserRole).where(UserRole.user_id == user_id).order_by(UserRole.id)
        ).all()
    return [(row.role, row.unit_id, row.committee_id, row.valid_to) for row in rows]


def actions(desk):
    with desk.here.db.read() as session:
        return [
            (line.action, line.actor_id)
            for line in session.scalars(select(AuditLine).order_by(AuditLine.seq))
            if line.action.startswith(("user:", "session:end"))
        ]


def apart(desk):
    """The site keeps the three administrators apart."""
    kept = Settings(three_roles=True)
    object.__setattr__(desk.here, "settings", kept)
    desk.here.registry._separated = True


# --- the list ---------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_the_page_is_for_who_opens_accounts_or_gives_posts(county, role):
    managing = {Role.CENTRE_ADMIN, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN}
    at = county.sign_in(role)
    at.run()
    if role in managing:
        assert "李站长" in names(show(at))
        return
    with pytest.raises(ValueError, match="people"):
        show(at)
    assert data_of(at, "people_list") is None


def test_a_row_says_who_with_which_posts_until_when(county):
    today = day_of(clock.now())
    county.world.add(
        UserRole(
            user_id=county.person.id,
            role=Role.GRID_WORKER,
            unit_id=county.world.grid_a,
            valid_from=today + timedelta(days=1),
            valid_to=today + timedelta(days=3),
        )
    )
    at = page(county)
    (row,) = [row for row in data_of(at, "people_list")["rows"] if row["login"] == "li.zz"]
    assert [(post["role"], post["place"]) for post in row["posts"]] == [
        ("镇街工作站", "安仁镇"),
        ("网格员", "安仁镇 和众社区 第1网格"),
    ]
    first, last = (today + timedelta(days=ahead) for ahead in (1, 2))
    assert row["posts"][1]["days"] == (
        f"{first.month}月{first.day}日 起 到 {last.month}月{last.day}日 止"
    )
    assert [state["kind"] for state in row["states"]] == ["open"]
    assert row["seen"] == "没有登录过"


def test_the_list_is_searched_and_narrowed_and_the_term_stays_out_of_the_address(county):
    at = page(county)
    at.text_input(key="people_search").set_value("李站").run()
    assert names(at) == ["李站长"]
    assert "李站" not in str(dict(at.query_params))
    at.text_input(key="people_search").set_value("").run()
    at.selectbox(key="people_role").set_value(Role.TOWN).run()
    assert names(at) == ["李站长"]
    at.selectbox(key="people_role").set_value(None)
    at.selectbox(key="people_town").set_value(county.world.town_b).run()
    assert names(at) == []
    assert "没有找到" in data_of(at, "people_list")["words"]["empty"]


def test_what_the_separation_forbids_stands_on_the_page(county):
    apart(county)
    both = county.world.user("身兼两职", role=Role.AUDIT_ADMIN)
    county.world.add(
        UserRole(
            user_id=both.id,
            role=Role.DUTY,
            unit_id=county.world.county,
            valid_from=day_of(clock.now()),
        )
    )
    at = page(county, Role.SYSTEM_ADMIN)
    said = "".join(warning.value for warning in at.warning)
    assert "身兼两职" in said
    assert "安全管理员空缺" in said


# --- a new account ----------------------------------------------------------------------------


def fill_in(at, world, *, login="wang.xm", name="王小敏", role=Role.TOWN, place="town_a"):
    at.button(key="account_new").click().run()
    at.text_input(key="new_login_0").set_value(login)
    at.text_input(key="new_name_0").set_value(name)
    if role is not None:
        at.selectbox(key="new_role_0").set_value(role).run()
        seat = Place(Seat.TOWN, getattr(world, place), ("安仁镇",))
        at.selectbox(key=f"new_place_{role.value}_0").set_value(seat)
    return at


def test_a_new_account_is_made_with_its_post_and_its_password_shown_once(county):
    at = fill_in(page(county), county.world)
    until = day_of(clock.now()) + timedelta(days=30)
    at.date_input(key="new_until_0").set_value(until)
    at.button(key="new_submit").click().run()
    assert not at.exception
    assert not at.error
    (password,) = [code.value for code in at.code]
    with county.here.db.read() as session:
        made = session.scalars(select(User).where(User.login == "wang.xm")).one()
    assert made.must_change_password
    assert posts_of(county, made.id) == [
        (Role.TOWN, county.world.town_a, None, until + timedelta(days=1))
    ]
    assert at.query_params["account"] == str(made.id)
    assert "待改密码" in facts(show(at))["状态"]
    assert [code.value for code in at.code] == [password]
    again = page(county, account=made.id)
    assert not again.code
    assert password not in everything_sent(again)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ({"login": "li.zz"}, "已有人使用"),
        ({"login": "?"}, "用户名"),
        ({"name": " "}, "请填写姓名"),
        ({"role": None}, "请选择岗位"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(county, spoil, said):
    at = fill_in(page(county), county.world, **spoil)
    before = len(actions(county))
    at.button(key="new_submit").click().run()
    assert said in at.error[0].value
    assert at.text_input(key="new_name_0").value == spoil.get("name", "王小敏")
    assert len(actions(county)) == before


def test_who_opens_accounts_only_is_asked_for_no_post(county):
    apart(county)
    at = page(county, Role.SYSTEM_ADMIN)
    at.button(key="account_new").click().run()
    assert not [box for box in at.selectbox if box.key == "new_role_0"]
    at.text_input(key="new_login_0").set_value("wang.xm")
    at.text_input(key="new_name_0").set_value("王小敏")
    at.button(key="new_submit").click().run()
    assert not at.error
    with county.here.db.read() as session:
        made = session.scalars(select(User).where(User.login == "wang.xm")).one()
    assert posts_of(county, made.id) == []


# --- a card -----------------------------------------------------------------------------------


def test_an_account_is_closed_and_opened_and_each_is_a_line_of_who_did_it(county):
    at = page(county, account=county.person.id)
    at.button(key="account_close").click().run()
    assert not stored(county, county.person.id).active
    assert facts(at)["状态"] == "已停用"
    at.button(key="account_open").click().run()
    assert stored(county, county.person.id).active
    assert actions(county)[-2:] == [("user:set_active", county.user.id)] * 2


def test_a_one_time_password_is_made_and_gone_with_the_drawer(county):
    at = page(county, account=county.person.id)
    at.button(key="one_time_password_set").click().run()
    (password,) = [code.value for code in at.code]
    assert stored(county, county.person.id).must_change_password
    assert password not in str(dict(at.query_params))
    other = county.world.user("别人")
    county.here.watcher.look()
    assert not show(at, other.id).code
    assert not show(at, county.person.id).code


def test_sessions_are_ended_and_a_lock_is_lifted_only_where_there_is_one(county):
    at = page(county, account=county.person.id)
    assert not {"sessions_end", "lock_lift"} & keys(at)
    county.session_of(county.person)
    county.here.db.write(lambda session: lock(session, county.person.id))
    county.world.case()
    county.here.watcher.look()
    at = show(at, county.person.id)
    assert "锁定到" in facts(at)["状态"]
    at.button(key="lock_lift").click().run()
    at.button(key="sessions_end").click().run()
    assert stored(county, county.person.id).locked_until is None
    assert actions(county)[-2:] == [
        ("user:lift_lock", county.user.id),
        ("session:end_all", county.user.id),
    ]
    assert not {"sessions_end", "lock_lift"} & keys(at)


def lock(session, user_id):
    user = session.get(User, user_id)
    user.failed_count, user.locked_until = 5, clock.now() + timedelta(hours=1)


def test_a_post_is_given_and_ended(county):
    world, today = county.world, day_of(clock.now())
    at = page(county, account=county.person.id)
    at.selectbox(key="post_role_0").set_value(Role.COMMITTEE_HEAD).run()
    committee = Place(Seat.COMMITTEE, world.committee_a, ("和众社区调委会",))
    at.selectbox(key="post_place_committee_head_0").set_value(committee)
    at.button(key="post_submit").click().run()
    assert not at.error
    assert posts_of(county, county.person.id)[1:] == [
        (Role.COMMITTEE_HEAD, None, world.committee_a, None)
    ]
    assert at.selectbox(key="post_role_1").value is None
    with county.here.db.read() as session:
        first = session.scalar(select(UserRole.id).where(UserRole.user_id == county.person.id))
    at.button(key=f"end_{first}").click().run()
    assert posts_of(county, county.person.id)[0][3] == today
    assert "镇街工作站 · 安仁镇" in "".join(text.value for text in at.text)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(county):
    at = page(county, account=county.person.id)
    people.set_active(
        county.here.db,
        user_id=county.person.id,
        active=False,
        separated=False,
        actor=county.world.actor("另一位"),
        now=clock.now(),
    )
    at.button(key="one_time_password_set").click().run()
    assert "刚被他人改过" in at.error[0].value
    assert not at.code
    assert not stored(county, county.person.id).must_change_password


def test_ones_own_account_offers_nothing_that_others_must_do(county):
    at = page(county)
    at = show(at, county.user.id)
    assert "这是您自己的账号" in facts(at)["说明"]
    assert not {"account_close", "one_time_password_set", "post_submit"} & keys(at)


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN])
def test_kept_apart_each_administrator_sees_only_their_own_buttons(county, role):
    apart(county)
    of_system = {"account_close", "one_time_password_set", "account_new"}
    at = page(county, role, account=county.person.id)
    offered = keys(at) & {*of_system, "post_submit"}
    assert offered == (of_system if role is Role.SYSTEM_ADMIN else {"post_submit"})


def test_kept_apart_nobody_becomes_two_of_the_three(county):
    apart(county)
    at = page(county, Role.SECURITY_ADMIN, account=county.person.id)
    at.selectbox(key="post_role_0").set_value(Role.AUDIT_ADMIN).run()
    at.button(key="post_submit").click().run()
    assert "三员分立" in at.error[0].value
    assert len(posts_of(county, county.person.id)) == 1


def test_the_last_who_gives_posts_is_not_closed(county):
    apart(county)
    last = county.world.user("安全", role=Role.SECURITY_ADMIN)
    at = page(county, Role.SYSTEM_ADMIN, account=last.id)
    at.button(key="account_close").click().run()
    assert "没有人能授予岗位" in at.error[0].value
    assert stored(county, last.id).active


def test_a_link_to_nobody_says_so(county):
    at = page(county, account=10**9)
    assert "找不到这个账号" in at.warning[0].value
    assert not show(at, "x").warning


def test_a_right_that_ended_while_the_card_was_open_changes_nothing(county):
    at = page(county, account=county.person.id)

    def end(session):
        for row in session.scalars(select(UserRole).where(UserRole.user_id == county.user.id)):
            row.valid_to = day_of(clock.now())

    county.here.db.write(end)
    county.world.case()
    county.here.watcher.look()
    assert not county.here.registry.actor(county.session.id, clock.now()).may(
        Permission.PEOPLE_MANAGE
    )
    at.button(key="account_close").click().run()
    assert stored(county, county.person.id).active
