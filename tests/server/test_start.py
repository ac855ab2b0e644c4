"""Starting: what is refused with one clear sentence, and how an empty site begins."""

import os
import re
import signal
import stat
import subprocess
import sys

import pytest
from sqlalchemy import text

from data_access import reference, site
from data_access.engine import open_engine
from data_access.migrate import SchemaState
from data_access.settings import Settings
from server import clock, demo_site
from server.address import Address
from tests.server.browserless import Browser
from tests.server.conftest import Installation, free_port, start, stop

# The web server shuts down in order, then lets the signal that asked for it take its course.
STOPPED = {0, -signal.SIGTERM}
LOOPBACK = Address("127.0.0.1", 8501)
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
        code = re.search(r"一次性验证码:(\S+)", server.installation.log)[1]
        browser = server.browser()
        assert browser.get("/queue").location == "/signin?next=/queue"
        assert browser.get("/signin").location == "/setup"
        assert browser.get("/setup").status == 200
        entered = {
            "code": "AAAA-BBBB-CCCC",
            "county_name": "大邑县",
            "county_code": "510129",
            "login": "admin.li",
            "name": "李管理",
            "password": "Di-yi-ge-2026",
            "repeated": "Di-yi-ge-2026",
        }
        wrong = browser.post("/setup", entered)
        assert wrong.status == 422
        assert "一次性验证码不对" in wrong.text
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
    done = installation.command("end-sessions", "nobody")
    assert done.returncode == 1
    assert done.stderr.strip()
    assert sys.executable not in done.stderr


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


def test_nothing_is_loaded_into_a_file_that_was_there_before(tmp_path, loads):
    site.close_site(opened_new(tmp_path))
    here = opened_new(tmp_path)
    demo_site.begin(here, LOOPBACK)
    site.close_site(here)
    assert loads == []
