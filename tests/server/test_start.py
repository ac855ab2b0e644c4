"""Starting: what is refused with one clear sentence, and how an empty site begins."""

import os
import re
import signal
import stat
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from data_access import anchors, backup, reference, site
from data_access.__main__ import main
from data_access.commands.setup import create_first_administrator, new_setup_code
from data_access.demo.accounts import FILE_NAME, create_demo_accounts
from data_access.demo.load import load_demo
from data_access.engine import open_engine
from data_access.migrate import SchemaState
from data_access.settings import Settings
from data_access.tables import Committee, Mediator, OrganisationUnit, User, UserRole
from domain.clocks import day_of
from domain.errors import Invalid
from domain.organisation import UnitLevel
from domain.people import AccountProblem, Role
from server import clock, demo_site
from server.address import Address
from tests.server.browserless import Browser
from tests.server.conftest import Installation, free_port, start, stop
from tests.world import NOW
from texts.people import account_problem

# The web server shuts down in order, then lets the signal that asked for it take its course.
STOPPED = {0, -signal.SIGTERM}
LOOPBACK = Address("127.0.0.1", 8501)
FIRST_ADMINISTRATOR = {
    "code": "AAAA-BBBB-CCCC",
    "county_name": "大邑县",
    "county_code": "510129",
    "login": "admin.li",
    "name": "李管理",
    "password": "Di-yi-ge-2026",
    "repeated": "Di-yi-ge-2026",
}
EMPTY_SITE = {"TRUST_PROXY": "1"}  # behind a proxy nothing is loaded by itself


def refused_start(installation, *words, **environment) -> str:
    """Start a server that must not come up. Returns all that it printed."""
    words = words or ("streamlit", "run", "app.py", "--server.port", str(free_port()))
    process = installation.process(*words, **environment)
    try:
        status = process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail("the server came up")
    assert status != 0
    assert "Traceback" not in installation.log
    return installation.log


def test_second_server_on_one_file_is_refused_by_the_number_of_the_first(installation):
    first = start(installation)
    try:
        said = refused_start(installation)
        assert "不能启动" in said
        assert str(first.process.pid) in said
        assert first.browser().get("/healthz").status == 200
    finally:
        stop(first)
    again = start(installation)  # the lock went with its holder
    stop(again)


def test_same_application_runs_under_uvicorn(installation):
    server = start(installation, under="uvicorn")
    try:
        browser = server.signed_in("duty")
        with browser.tab("queue") as tab:
            assert tab.run().shows(installation.case_no)
            browser.post("/signout", {})
            assert tab.closed_with(within=5) == 1012
    finally:
        stop(server)
    assert server.process.returncode in STOPPED


def test_server_stops_while_somebody_is_connected(installation):
    server = start(installation)
    with server.signed_in("duty").tab("queue") as tab:
        tab.run()
        server.process.terminate()
        assert server.process.wait(timeout=20) in STOPPED
    assert "site.closed" in installation.log


@pytest.mark.parametrize(("revision", "sentence"), [("ffff", "更新的版本"), (None, "更新的版本")])
def test_database_of_another_version_is_left_alone(installation, revision, sentence):
    engine = open_engine(f"sqlite:///{installation.folder / 'wusong.db'}")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        if revision:
            connection.execute(text("INSERT INTO alembic_version VALUES (:r)"), {"r": revision})
    engine.dispose()
    with pytest.raises(site.CannotStart, match=sentence):
        site.open_site(Settings(data_dir=installation.folder), clock=clock.now)


def test_missing_key_is_told_and_not_replaced(installation):
    (installation.folder / "secret.key").unlink()
    assert "密钥" in refused_start(installation)
    assert not (installation.folder / "secret.key").exists()


def test_database_that_does_not_answer_is_told_without_its_password(tmp_path):
    url = f"postgresql+psycopg://wusong:geheim@127.0.0.1:{free_port()}/wusong"
    with pytest.raises(site.CannotStart, match="连不上数据库") as refusal:
        site.open_site(Settings(data_dir=tmp_path, database_url=url), clock=clock.now)
    assert "geheim" not in str(refusal.value)
    assert refusal.value.__suppress_context__


def test_refused_start_lets_go_of_the_file(installation):
    key = installation.folder / "secret.key"
    kept = key.read_bytes()
    key.unlink()
    settings = Settings(data_dir=installation.folder)
    with pytest.raises(site.CannotStart):
        site.open_site(settings, clock=clock.now)
    key.write_bytes(kept)
    site.close_site(site.open_site(settings, clock=clock.now))


def test_what_a_first_start_makes_is_for_its_owner_alone(tmp_path):
    old = os.umask(0o022)
    try:
        here = site.open_site(Settings(data_dir=tmp_path / "new"), clock=clock.now)
    finally:
        os.umask(old)
    assert here.is_new
    site.close_site(here)
    for path in (tmp_path / "new", *(tmp_path / "new").iterdir()):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_empty_site_begins_with_the_code_from_the_terminal(tmp_path):
    server = start(Installation(tmp_path), **EMPTY_SITE)
    try:
        code = re.search(r"一次性设置码:(\S+)", server.installation.log)[1]
        browser = server.browser()
        assert browser.get("/queue").location == "/signin?next=/queue"
        assert browser.get("/signin").location == "/setup"
        assert browser.get("/setup").status == 200
        entered = FIRST_ADMINISTRATOR
        wrong = browser.post("/setup", entered)
        assert wrong.status == 422
        assert account_problem(AccountProblem.SETUP_CODE_WRONG) in wrong.text
        assert 'value="李管理"' in wrong.text
        assert "Di-yi-ge-2026" not in wrong.text
        differ = browser.post("/setup", entered | {"repeated": "x"})
        assert "两次输入的密码不一样" in differ.text
        assert browser.post("/setup", entered, origin="http://evil.example").status == 403
        done = browser.post("/setup", entered | {"code": code.lower()})
        assert (done.status, done.location) == (303, "/signin")
        assert browser.get("/setup").location == "/signin"
        assert browser.post("/setup", entered | {"code": code}).location == "/signin"
        assert browser.sign_in("admin.li", "Di-yi-ge-2026").status == 303
        with browser.tab() as tab:
            assert tab.run().shows("李管理")
        assert code not in browser.get("/").text
    finally:
        stop(server)
    assert "Di-yi-ge-2026" not in server.installation.log


def test_lock_after_five_failures_says_until_when(installation):
    server = start(installation)
    try:
        browser = server.browser()
        for _ in range(4):
            assert browser.sign_in("duty", "falsch").status == 401
        locked = browser.sign_in("duty", "falsch")
        assert locked.status == 403
        assert re.search(r"已锁定到 (\d\d:\d\d|\d+月\d+日 \d\d:\d\d)", locked.text)
        for n in range(15):
            browser.sign_in(f"guess{n}", "falsch")
        flooded = browser.sign_in("leader", "whatever")
        assert flooded.status == 429
        assert "失败次数太多" in flooded.text
    finally:
        stop(server)


def test_first_start_on_this_machine_loads_the_demonstration_county_and_prints_its_accounts(
    tmp_path,
):
    server = start(Installation(tmp_path))
    try:
        log = server.installation.log
        accounts = tmp_path / "demo-accounts.txt"
        login, password, *_ = accounts.read_text("utf-8").splitlines()[0].split("\t")
        assert f"{login} " in log
        assert password in log
        assert stat.S_IMODE(accounts.stat().st_mode) == 0o600
        browser = Browser(server.base)
        assert "演示数据" in browser.get("/signin").text
        assert browser.sign_in(login, password).status == 303
    finally:
        stop(server)
    # The same folder again: nothing is loaded twice, and no other address is served.
    again = refused_start(
        server.installation,
        *("streamlit", "run", "app.py", "--server.address", "0.0.0.0"),  # noqa: S104
        *("--server.port", str(free_port())),
    )
    assert "DEMO=1" in again
    assert again.count("正在装入演示数据") == 1


def test_command_line_refuses_an_unknown_login(installation):
    for verb in ("end-sessions", "set-password"):
        done = installation.command(verb, "nobody")
        assert (done.returncode, done.stderr) == (1, "找不到账号 nobody。\n")


def test_login_on_the_command_line_is_found_however_it_is_typed(installation):
    done = installation.command("end-sessions", "  DUTY ")
    assert (done.returncode, done.stdout) == (0, "duty 已在所有地方退出登录。\n")


# --- beginning in earnest, word for word as the README says it --------------------------------


def test_code_that_init_prints_is_good_at_the_next_start(tmp_path):
    place = Installation(tmp_path / "srv")
    place.folder.mkdir()
    printed = place.command("init")
    assert printed.returncode == 0, printed.stderr
    code = re.search(r"一次性设置码:(\S+)", printed.stdout)[1]
    server = start(place)
    try:
        assert "先前打印的一次性设置码" in place.log
        assert "一次性设置码:" not in place.log
        browser = server.browser()
        entered = FIRST_ADMINISTRATOR | {"code": code}
        assert browser.post("/setup", entered).location == "/signin"
        assert browser.sign_in("admin.li", "Di-yi-ge-2026").status == 303
    finally:
        stop(server)
    again = place.command("init")
    assert again.returncode == 1
    assert "站点已经建立" in again.stderr


def test_start_makes_a_code_only_where_none_of_the_last_day_is_out(tmp_path):
    here = opened_new(tmp_path)
    first = new_setup_code(here.db, now=NOW)
    day = timedelta(days=1)
    assert not site.setup_code_is_out(here.db, now=NOW + day)
    assert site.setup_code_is_out(here.db, now=NOW + day - timedelta(seconds=1))
    create_first_administrator(
        here.db,
        **{k: v for k, v in FIRST_ADMINISTRATOR.items() if k != "repeated"} | {"code": first},
        address="127.0.0.1",
        now=NOW,
    )
    assert not site.setup_code_is_out(here.db, now=NOW)
    site.close_site(here)


# --- accounts without a screen ----------------------------------------------------------------


def password_in(printed) -> str:
    return re.search(r"一次性密码:(\S+)", printed)[1]


def test_account_made_on_the_command_line_signs_in_and_gets_a_new_password(installation):
    made = installation.command("add-user", " Zhao.Liu", "--name", "赵六", "--role", "duty")
    assert made.returncode == 0, made.stderr
    first = password_in(made.stdout)
    changed = installation.command("set-password", "ZHAO.liu")
    assert changed.returncode == 0, changed.stderr
    second = password_in(changed.stdout)
    server = start(installation)
    try:
        assert server.browser().sign_in("zhao.liu", first).status == 401
        browser = server.browser()
        assert browser.sign_in("zhao.liu", second).status == 303
        assert browser.get("/queue").location == "/password?next=/queue"
        own = {"present": second, "password": "Zi-ji-de-2026", "repeated": "Zi-ji-de-2026"}
        # Without its mark, no tab of this browser is made to connect again a second later.
        del browser.cookies["wusong_browser"]
        assert browser.post("/password", own).status == 303
        with browser.tab("queue") as tab:
            assert tab.run().shows(installation.case_no)
            assert tab.shows(installation.other_case_no)
            assert tab.shows("赵六")
    finally:
        stop(server)
    assert second not in installation.log
    lines = installation.command("verify-audit")
    assert lines.returncode == 0


def run(capsys, *words):
    """A verb in this process. Returns its status and what it said."""
    try:
        status = main([*words])
    except SystemExit as end:
        status = 1 if isinstance(end.code, str) else end.code
        sys.stderr.write(end.code + "\n" if isinstance(end.code, str) else "")
    said = capsys.readouterr()
    return status, said.out + said.err


@pytest.fixture
def at(monkeypatch):
    """Points the verbs of this process at a folder."""

    def pointing(folder, url=""):
        monkeypatch.setenv("DATA_DIR", str(folder))
        monkeypatch.setenv("DATABASE_URL", url)

    return pointing


def posts_of(installation, login):
    db = installation.db
    with db.read() as session:
        return session.execute(
            select(UserRole.role, UserRole.unit_id, UserRole.committee_id, User.mediator_id)
            .join(User, User.id == UserRole.user_id)
            .where(User.login == login)
        ).all()


def codes_of(installation):
    """Ids by code of one town, one committee and one mediator."""
    with installation.db.read() as session:
        town = session.scalars(
            select(OrganisationUnit).where(OrganisationUnit.level == UnitLevel.TOWN).limit(1)
        ).one()
        committee = session.scalars(select(Committee).limit(1)).one()
        mediator = session.scalars(select(Mediator).limit(1)).one()
    return town, committee, mediator


def test_account_gets_its_post_where_the_codes_say(installation, at, capsys):
    at(installation.folder)
    town, committee, mediator = codes_of(installation)
    installation.db.write(lambda s: s.execute(update(User).values(mediator_id=None)))
    for login, role, *place in (
        ("a.town", "town", "--unit", town.code),
        ("a.head", "committee_head", "--committee", committee.code),
        ("a.mediator", "mediator", "--mediator", mediator.code),
        ("a.leader", "leader"),
    ):
        status, said = run(capsys, "add-user", login, "--name", "某人", "--role", role, *place)
        assert status == 0, said
    county = town.parent_id
    assert posts_of(installation, "a.town") == [(Role.TOWN, town.id, None, None)]
    assert posts_of(installation, "a.head") == [(Role.COMMITTEE_HEAD, None, committee.id, None)]
    assert posts_of(installation, "a.mediator") == [(Role.MEDIATOR, None, None, mediator.id)]
    assert posts_of(installation, "a.leader") == [(Role.LEADER, county, None, None)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("x.y", "--name", "某人", "--role", "town"), "--unit"),
        (("x.y", "--name", "某人", "--role", "mediator"), "--mediator"),
        (("x.y", "--name", "某人", "--role", "town", "--unit", "nowhere"), "找不到代码 nowhere"),
        (("x.y", "--name", "某人", "--role", "duty", "--mediator", "no"), "找不到代码 no"),
        (("duty", "--name", "某人", "--role", "duty"), "已有人使用"),
        (("x.y", "--name", " ", "--role", "duty"), "请填写姓名"),
        (("?", "--name", "某人", "--role", "duty"), "用户名"),
    ],
)
def test_account_that_cannot_be_made_leaves_nothing_behind(installation, at, capsys, words, said):
    at(installation.folder)
    status, printed = run(capsys, "add-user", *words)
    assert status == 1
    assert said in printed
    assert "密码:" not in printed
    with installation.db.read() as session:
        assert session.scalar(select(User.id).where(User.login == "x.y")) is None


def test_closed_account_gets_no_password(installation, at, capsys):
    at(installation.folder)
    installation.db.write(
        lambda s: s.execute(update(User).where(User.login == "wall").values(active=False))
    )
    assert run(capsys, "set-password", "wall") == (1, "账号 wall 已停用,没有改密码。\n")


# --- three administrators apart ---------------------------------------------------------------

THREE = {
    "code": "AAAA-BBBB-CCCC",
    "county_name": "大邑县",
    "county_code": "510129",
    "system_admin_login": "sys.li",
    "system_admin_name": "李系统",
    "security_admin_login": "sec.wang",
    "security_admin_name": "王安全",
    "audit_admin_login": "aud.zhao",
    "audit_admin_name": "赵审计",
    "password": "Di-yi-ge-2026",
    "repeated": "Di-yi-ge-2026",
}


def test_a_site_that_keeps_them_apart_begins_with_three_people(tmp_path):
    server = start(Installation(tmp_path), **EMPTY_SITE, THREE_ROLES="1")
    try:
        code = re.search(r"一次性设置码:(\S+)", server.installation.log)[1]
        browser = server.browser()
        form = browser.get("/setup")
        assert form.text.count("<fieldset>") == 3
        entered = THREE | {"code": code}
        same = browser.post("/setup", entered | {"audit_admin_login": "SYS.li"})
        assert same.status == 422
        assert "已有人使用" in same.text
        done = browser.post("/setup", entered)
        assert done.status == 200
        assert done.headers["cache-control"] == "no-store"
        told = dict(re.findall(r"<td>([a-z.]+)</td><td><code>(\S+)</code>", done.text))
        assert set(told) == {"sec.wang", "aud.zhao"}
        assert browser.post("/setup", entered).location == "/signin"
        assert server.browser().sign_in("sys.li", "Di-yi-ge-2026").status == 303
        for login, password in told.items():
            one = server.browser()
            assert one.sign_in(login, password).status == 303
            assert one.get("/people").location == "/password?next=/people"
            assert password not in server.installation.log
    finally:
        stop(server)


def test_what_the_separation_forbids_is_said_at_the_start_and_by_a_verb(installation, at, capsys):
    at(installation.folder)
    status, said = run(capsys, "check-posts")
    assert (status, said) == (0, "三员分立:没有不能兼任的岗位,三员齐备。\n")
    installation.db.write(merge_two_administrators)
    status, said = run(capsys, "check-posts")
    assert status == 1
    assert "系统管理员、安全管理员" in said
    assert "安全管理员空缺" not in said
    server = start(installation, THREE_ROLES="1")
    stop(server)
    assert "兼任了系统管理员、安全管理员" in installation.log


def merge_two_administrators(session):
    """The system administrator takes over the security administrator's post."""
    named = {user.login: user.id for user in session.scalars(select(User))}
    session.execute(
        update(UserRole)
        .where(UserRole.user_id == named["security-admin"])
        .values(user_id=named["system-admin"])
    )


# --- what a verb finds, makes and leaves ------------------------------------------------------

VERBS = [
    ("end-sessions", "x"),
    ("set-password", "x"),
    ("backup",),
    ("verify-audit",),
    ("check-posts",),
    ("add-user", "x.y", "--name", "某人", "--role", "duty"),
    ("demo",),
    ("demo", "--pulse"),
    ("rejects", "1", "--out", "none.csv"),
]


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_looking_for_a_database_makes_none(tmp_path, at, capsys, words):
    at(tmp_path / "none")
    status, said = run(capsys, *words)
    assert status == 1
    assert "没有数据库" in said
    assert "data_access init" in said
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("words", [*VERBS, ("init",), ("migrate",)], ids=" ".join)
@pytest.mark.parametrize("kind", ["nothing listens", "not a database"])
def test_dead_database_is_one_sentence(installation, at, capsys, words, kind):
    if kind == "nothing listens":
        url = f"postgresql+psycopg://wusong:geheim@127.0.0.1:{free_port()}/wusong"
    else:
        url = f"sqlite:///{installation.folder / 'noise.db'}"
        (installation.folder / "noise.db").write_bytes(b"noise" * 1000)
    at(installation.folder, url)
    status, said = run(capsys, *words)
    assert (status, said.count("\n")) == (1, 1)
    assert "连不上数据库" in said
    assert "geheim" not in said


def modes(folder):
    return {
        str(path): stat.S_IMODE(path.stat().st_mode) & 0o077
        for path in (folder, *folder.rglob("*"))
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    }


@pytest.fixture
def careless_umask():
    old = os.umask(0)
    yield
    os.umask(old)


@pytest.mark.usefixtures("careless_umask")
def test_what_a_verb_makes_is_for_its_owner_alone(tmp_path, at, capsys):
    at(tmp_path / "new")
    for words in (("init",), ("backup",), ("verify-audit",)):
        status, said = run(capsys, *words)
        assert status == 0, said
    assert len(list((tmp_path / "new" / "backups").iterdir())) == 1
    assert modes(tmp_path / "new") == {}


@pytest.mark.usefixtures("careless_umask")
@pytest.mark.parametrize("way", ["a verb", "a start"])
def test_what_stood_open_is_closed(installation, at, capsys, way):
    folder = installation.folder
    folder.chmod(0o755)
    engine = open_engine(f"sqlite:///{folder / 'wusong.db'}")
    with engine.connect() as connection:  # as long as it is open, the side files are there
        connection.execute(text("SELECT 1 FROM site"))
        anchors._create_key(folder / "anchor.key", anchors=folder / "none")
        for name in ("wusong.db", "wusong.db-wal", "wusong.db-shm", "secret.key", "anchor.key"):
            (folder / name).chmod(0o644)
        if way == "a verb":
            at(folder)
            assert run(capsys, "check-posts")[0] == 0
        else:
            site.close_site(site.open_site(Settings(data_dir=folder), clock=clock.now))
        assert modes(folder) == {}
    engine.dispose()


def test_what_belongs_to_another_user_is_left_as_it_is(installation, monkeypatch):
    installation.folder.chmod(0o750)
    monkeypatch.setattr(os, "geteuid", lambda: installation.folder.stat().st_uid + 1)
    site.tighten(Settings(data_dir=installation.folder))
    assert stat.S_IMODE(installation.folder.stat().st_mode) == 0o750


@pytest.mark.usefixtures("careless_umask")
def test_backup_is_its_owners_from_the_first_byte(installation, monkeypatch):
    engine = open_engine(f"sqlite:///{installation.folder / 'wusong.db'}")
    seen = []

    def look_instead(_draft, _target):
        seen.append(modes(installation.folder / "backups"))

    monkeypatch.setattr(backup.Path, "replace", look_instead)
    target = backup.back_up(engine, installation.folder / "backups", now=NOW)
    assert seen == [{}]
    assert not target.exists()  # without its last step there is no half a backup by that name
    engine.dispose()


def test_older_database_waits_for_its_backup_and_migration(installation, monkeypatch):
    monkeypatch.setattr(site.migrate, "state", lambda _engine: SchemaState.OLDER)
    with pytest.raises(site.CannotStart, match="data_access migrate"):
        site.open_site(Settings(data_dir=installation.folder), clock=clock.now)


@pytest.fixture
def loads(monkeypatch):
    """Stands in for loading, which takes its time; gives the names of what was done."""
    done = []

    def load(db, **_):
        done.append("county")
        db.write(lambda s: reference.create_county(s, code="510129", name="大邑县"))

    def fail_once(*_, **__):
        done.append("accounts")
        if done.count("accounts") == 1:
            raise InterruptedError
        return []

    monkeypatch.setattr(demo_site, "load_demo", load)
    monkeypatch.setattr(demo_site, "create_demo_accounts", fail_once)
    return done


def opened_new(folder, **settings):
    return site.open_site(Settings(data_dir=folder, **settings), clock=clock.now)


def test_interrupted_first_start_is_taken_up_again_and_then_over(tmp_path, loads):
    here = opened_new(tmp_path)
    with pytest.raises(InterruptedError):
        demo_site.begin(here, LOOPBACK)
    site.close_site(here)
    here = opened_new(tmp_path)
    assert not here.is_new
    for _ in range(2):
        demo_site.begin(here, LOOPBACK)
    site.close_site(here)
    assert loads == ["county", "accounts", "accounts"]


@pytest.mark.parametrize(
    ("address", "settings"),
    [(Address("10.1.2.3", 80), {}), (LOOPBACK, {"trust_proxy": True})],
)
def test_nothing_is_loaded_where_others_can_connect(tmp_path, loads, address, settings):
    here = opened_new(tmp_path, **settings)
    demo_site.begin(here, address)
    site.close_site(here)
    assert loads == []


def test_demo_accounts_are_on_the_disk_before_anybody_can_sign_in_with_them(tmp_path, monkeypatch):
    """Cut off at any point, the next start knows every password that there is."""
    here = opened_new(tmp_path)
    load_demo(here.db, today=day_of(NOW), now=NOW, scale=0.02)

    def cut_off(_work):
        raise InterruptedError

    def make():
        return create_demo_accounts(here.db, hash_password=str.upper, now=NOW, folder=tmp_path)

    with monkeypatch.context() as patch:
        patch.setattr(here.db, "write", cut_off)
        with pytest.raises(InterruptedError):
            make()
    kept = tmp_path / FILE_NAME
    first = kept.read_text("utf-8")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not here.front().has_users
    made = make()
    assert kept.read_text("utf-8") != first
    with here.db.read() as session:
        hashes = dict(session.execute(select(User.login, User.password_hash)).all())
    assert hashes == {account.login: account.password.upper() for account in made}
    assert [line.split("\t")[1] for line in kept.read_text("utf-8").splitlines()] == [
        account.password for account in made
    ]
    # Once they exist, nothing writes over the file that alone knows them.
    second = kept.read_text("utf-8")
    with pytest.raises(Invalid):
        make()
    assert kept.read_text("utf-8") == second
    site.close_site(here)


def test_nothing_is_loaded_into_a_file_that_was_there_before(tmp_path, loads):
    site.close_site(opened_new(tmp_path))
    here = opened_new(tmp_path)
    demo_site.begin(here, LOOPBACK)
    site.close_site(here)
    assert loads == []
