"""A real server of the real application, on a port and a folder of its own."""

import os
import re
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import insert

from data_access import accounts, migrate, site
from data_access.engine import Database, open_engine
from data_access.settings import Settings
from data_access.tables import UserRole
from data_access.vault import open_vault
from domain.people import Role
from server import clock
from tests.server.browserless import Browser
from tests.world import World

ROOT = Path(__file__).parents[2]
PASSWORD = "Zhen-de-9-ci"
_START_SECONDS = 100


@dataclass
class Installation:
    """A data folder with a small county: one open case in town A, one account for each role."""

    folder: Path
    case_no: str = ""
    other_case_no: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def db(self) -> Database:
        engine = open_engine(f"sqlite:///{self.folder / 'wusong.db'}")
        return Database(engine, open_vault(self.folder / "secret.key", create=False))

    def command(self, *words) -> subprocess.CompletedProcess[str]:
        """Run a verb beside the server."""
        return subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "data_access", *words],
            cwd=ROOT,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=_START_SECONDS,
        )

    def process(self, *words, **environment) -> subprocess.Popen[str]:
        """Start a server program; its output goes to server.log in the folder."""
        with (self.folder / "server.log").open("a") as log:
            return subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", *words],
                cwd=ROOT,
                env=self._environment() | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text("utf-8")

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {**kept, "PYTHONUNBUFFERED": "1", "DATA_DIR": str(self.folder), **self.environment}


@dataclass
class Server:
    """A running server."""

    installation: Installation
    base: str
    process: subprocess.Popen[str]

    def browser(self) -> Browser:
        return Browser(self.base)

    def signed_in(self, login) -> Browser:
        browser = self.browser()
        answer = browser.sign_in(login, PASSWORD)
        assert answer.status == 303, answer.text
        return browser


def install(folder: Path) -> Installation:
    """A migrated database with a world of two towns and an account for each role."""
    vault = open_vault(folder / "secret.key", create=True)
    engine = open_engine(f"sqlite:///{folder / 'wusong.db'}")
    migrate.upgrade(engine)
    db = Database(engine, vault)
    world = World(db)
    mediator = world.mediator("张建国")
    case = world.case(mediator_id=mediator, title="楼上漏水")
    elsewhere = world.case(
        town_id=world.town_b, community_id=world.community_b, grid_id=world.grid_b
    )
    password_hash = accounts.hash_password(PASSWORD)
    towns = {Role.TOWN, Role.COMMITTEE_HEAD, Role.GRID_WORKER}
    for role in Role:
        user = world.user(
            f"某{role.value}",
            login=role.value.replace("_", "-"),
            role=role,
            unit=None if role is Role.MEDIATOR else world.town_a if role in towns else "county",
            password_hash=password_hash,
            mediator_id=mediator if role is Role.MEDIATOR else None,
        )
        assert user.id
    second = world.user("换人", login="second", password_hash=password_hash)
    db.write(
        lambda session: session.execute(
            insert(UserRole).values(
                user_id=second.id, role=Role.TOWN, unit_id=world.town_b, valid_from=case.occurred_on
            )
        )
    )
    engine.dispose()
    return Installation(folder, case.case_no, elsewhere.case_no)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(installation: Installation, *, under="streamlit", port=None, **environment) -> Server:
    """Start the application and wait until it is well."""
    port = port or free_port()
    words = {
        "streamlit": ("streamlit", "run", "app.py", "--server.port", str(port)),
        "uvicorn": ("uvicorn", "app:app", "--port", str(port), "--timeout-graceful-shutdown", "3"),
    }[under]
    process = installation.process(*words, **environment)
    server = Server(installation, f"http://127.0.0.1:{port}", process)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if server.browser().get("/healthz").status == 200:
                return server
        except OSError:
            time.sleep(0.1)
    stop(server)
    pytest.fail(f"the server did not start:\n{installation.log}")


def stop(server: Server) -> None:
    server.process.terminate()
    try:
        server.process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


@pytest.fixture(scope="session")
def template(tmp_path_factory) -> Installation:
    """One installation, made once; copy it before use."""
    return install(tmp_path_factory.mktemp("installation"))


@pytest.fixture
def installation(template, tmp_path) -> Installation:
    """An installation of the test's own."""
    for name in ("wusong.db", "secret.key"):
        (tmp_path / name).write_bytes((template.folder / name).read_bytes())
    return Installation(tmp_path, template.case_no, template.other_case_no)


@pytest.fixture
def opened(installation):
    """Opens the installation as the site of this process, with the settings asked for."""
    sites = []

    def opening(**settings):
        here = site.open_site(Settings(data_dir=installation.folder, **settings), clock=clock.now)
        site.install(here)
        sites.append(here)
        return here

    yield opening
    for here in sites:
        site.close_site(here)


@pytest.fixture(scope="session")
def server(template, tmp_path_factory):
    """A server shared by tests that leave nothing behind but sessions of their own."""
    folder = tmp_path_factory.mktemp("server")
    for name in ("wusong.db", "secret.key"):
        (folder / name).write_bytes((template.folder / name).read_bytes())
    running = start(Installation(folder, template.case_no, template.other_case_no))
    yield running
    stop(running)
    assert "Traceback" not in re.sub(r"\s+", " ", running.installation.log)
