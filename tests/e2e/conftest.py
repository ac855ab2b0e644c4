"""A real server with the demonstration county, and real browsers in front of it."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180
# As long as a busy machine may take; what has to be quick says so itself.
expect.set_options(timeout=20_000)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/e2e" in item.path.as_posix():
            item.add_marker(pytest.mark.e2e)


def chromium_path():
    given = os.environ.get("CHROMIUM")
    found = given or next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if not found:
        pytest.fail("no Chromium: apt-get install chromium, or set CHROMIUM to its path")
    return found


class Server:
    """One `streamlit run app.py` over its own data folder."""

    def __init__(self, folder, app="app.py"):
        self.folder, self._app = folder, app
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DEMO")},
            "DATA_DIR": str(folder),
        }
        self.log = (folder / "server.log").open("w+")
        self.process = None

    def start(self):
        command = (sys.executable, "-m", "streamlit", "run", self._app)
        self.process = subprocess.Popen(  # noqa: S603 - our own server
            [*command, "--server.port", str(self.port)],
            cwd=ROOT,
            env=self.environment,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:  # noqa: S310
                    if answer.status == 200:
                        return self
            except OSError:
                time.sleep(0.2)
        self.log.seek(0)
        pytest.fail(f"the server did not start:\n{self.log.read()}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def verb(self, *arguments):
        """Run `python -m data_access …` beside the server."""
        return subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "-m", "data_access", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout

    @property
    def accounts(self):
        """Passwords by login, from the file that the first start wrote."""
        lines = (self.folder / "demo-accounts.txt").read_text(encoding="utf-8").splitlines()
        return dict(line.split("\t")[:2] for line in lines)


@pytest.fixture(scope="session")
def first_start(tmp_path_factory):
    """A data folder as the first start leaves it; made once for all processes of a run of tests."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "first-start"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            begun = Server(folder).start()
            begun.stop()
            begun.log.close()
            (folder / "whole").touch()
    return folder


@pytest.fixture(scope="session")
def server(tmp_path_factory, first_start):
    folder = tmp_path_factory.mktemp("site") / "data"
    shutil.copytree(first_start, folder, ignore=shutil.ignore_patterns("*.lock", "server.log"))
    running = Server(folder).start()
    yield running
    running.stop()
    running.log.close()


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=[*QUIET])
        yield browser
        browser.close()


# What Chromium says of the frame that Streamlit puts around every component of the older kind.
STREAMLITS_FRAME = ("Unrecognized feature: ", "An iframe which has both allow-scripts")


class Watch:
    """What a browser asked for and complained about."""

    def __init__(self, server):
        self._here = server.url
        self.foreign, self.complaints = [], []
        self.loses_the_server = False

    def page(self, page):
        page.on("request", lambda request: self._asked(request.url))
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._complained(str(error)))
        return page

    def _asked(self, url):
        if not url.startswith((self._here, "data:", "blob:")):
            self.foreign.append(url)

    def _said(self, message):
        # Streamlit's page finds its own root by asking below the page's address first; and the gate
        # closes a tab's connection on purpose when its session has become another's, which a
        # refresh may run into.
        asked = message.location.get("url", "")
        probing = asked.endswith(("/_stcore/health", "/_stcore/host-config"))
        reconnecting = message.text.startswith(
            (
                "WebSocket onclose: code=1012",
                "WebSocket is already in CLOSING",
                "Cannot send rerun backMessage when disconnected",
            )
        )
        known = probing or reconnecting or message.text.startswith(STREAMLITS_FRAME)
        if message.type in ("error", "warning") and not known:
            self._complained(f"{message.type}: {message.text}")

    def _complained(self, of):
        # Without a server a browser complains of nothing else, in many ways.
        if not self.loses_the_server:
            self.complaints.append(of)


@pytest.fixture
def desk(server, chromium, request):
    """Opens signed-in browsers; at the end, none has asked another machine or complained."""
    contexts, watch = [], Watch(server)

    def open_desk(
        login="duty",
        address="/queue",
        *,
        password=None,
        width=1366,
        height=768,
        loses_the_server=False,
    ):
        watch.loses_the_server |= loses_the_server
        context = chromium.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        contexts.append(context)
        page = watch.page(context.new_page())
        page.goto(server.url + address)
        sign_in(page, login, password or server.accounts[login])
        return page

    yield open_desk
    failed = getattr(request.node, "failed", False)
    for place, context in enumerate(contexts):
        if failed:
            folder = ROOT / "test-results"
            folder.mkdir(exist_ok=True)
            for number, page in enumerate(context.pages):
                page.screenshot(path=folder / f"{request.node.name}-{place}-{number}.png")
        context.close()
    assert watch.foreign == []
    assert watch.complaints == []


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.failed = report.failed


def sign_in(page, login, password):
    page.locator("input[name=login]").fill(login)
    page.locator("input[name=password]").fill(password)
    page.get_by_role("button", name="登录").click()


def open_list(box):
    """Open a list of choices: reached first, since one that opens while it scrolls closes again."""
    box.hover()
    box.click()
