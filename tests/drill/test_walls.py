"""A wall while its server dies, its database stops, its network is cut, its disk is full.

Four times a second: what says that it is live is no older than it may be. And when the cause is
over, the wall is live again without a hand.
"""

import os
import resource
import shutil
import signal
import subprocess
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from data_access.demo.pulse import Pulse
from data_access.faults import disk_is_full
from tests.cut import Network
from tests.drill.postgres import Postgres
from tests.e2e.conftest import ROOT, Server
from tests.walls import Watch, desk_of, enter, hang

pytestmark = pytest.mark.timeout(0)

LONG = float(os.environ.get("DRILL_LONG_SECONDS", "600"))
# A wall calls itself frozen nine seconds after the last answer, and looks at itself each quarter.
FROZEN_WITHIN = 12
RECOVERED_WITHIN = 10


@pytest.fixture
def wall(chromium):
    """Opens a wall at an address by its token."""
    contexts = []

    def opened(url, token):
        context = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        enter(page, url, token)
        watch = Watch(page)
        watch.until(live=True, longest=30)
        # Nothing of what the page has is asked for again: a reload by hand would be a hand.
        page.evaluate("window.neverReloaded = true")
        return watch

    yield opened
    for context in contexts:
        context.close()


def token_of(site):
    with desk_of(site.folder) as db:
        return hang(db, "演练")


def back(watch):
    """Seconds until the wall is live again, by itself and in the page that it was."""
    taken = watch.until(live=True, longest=RECOVERED_WITHIN)
    assert watch.page.evaluate("window.neverReloaded") is True
    watch.go_on(2)
    return taken


def tell(say, what, frozen, recovered):
    said = "never frozen" if frozen is None else f"frozen after {frozen:.1f} s"
    say(f"{what}: {said}; live again {recovered:.1f} s after the cause ended")


def _fill(ballast):
    """Leave not a page free."""
    for size in (1 << 20, 1 << 12):
        while True:
            try:
                if ballast.write(bytes(size)) < size:
                    break
            except OSError:
                break


def _now():
    return datetime.now(UTC)


@pytest.mark.parametrize("seconds", [5, 60, LONG])
def test_the_server_is_killed(site, wall, say, seconds):
    watch = wall(site.url, token_of(site))
    site.process.kill()
    site.process.wait()
    begun = time.time()
    watch.go_on(seconds)
    with ThreadPoolExecutor(1) as thread:
        starting = thread.submit(site.start)
        while not starting.done():
            watch.look()
        starting.result()
    up = time.time() - begun
    first = next((at - begun for at, live, _age in watch.samples if at > begun and not live), None)
    assert first is None or first <= FROZEN_WITHIN
    assert first is not None or up <= FROZEN_WITHIN
    tell(say, f"server killed for {seconds:.0f} s, up after {up:.1f} s", first, back(watch))


def test_the_server_stands_still(site, wall, say):
    watch = wall(site.url, token_of(site))
    os.kill(site.process.pid, signal.SIGSTOP)
    frozen = watch.until(live=False, longest=FROZEN_WITHIN)
    watch.go_on(20)
    os.kill(site.process.pid, signal.SIGCONT)
    tell(say, "server stopped", frozen, back(watch))


@pytest.mark.parametrize("how", ["refuse", "swallow"])
def test_the_network_is_cut(site, wall, say, how):
    network = Network(site.port)
    try:
        watch = wall(network.url, token_of(site))
        getattr(network, how)()
        frozen = watch.until(live=False, longest=FROZEN_WITHIN)
        watch.go_on(40)
        network.mend()
        tell(say, f"network cut ({how})", frozen, back(watch))
    finally:
        network.close()


def test_the_file_is_locked(site, wall, say):
    """SQLite's readers wait for no writer: the wall stays live, and rightly."""
    watch = wall(site.url, token_of(site))
    with desk_of(site.folder) as db, db.bind.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        watch.go_on(30)
        connection.exec_driver_sql("ROLLBACK")
    frozen = None if all(live for _at, live, _age in watch.samples[4:]) else 0.0
    tell(say, "file locked for 30 s", frozen, back(watch))


def test_postgresql_stops_and_starts(tmp_path, wall, say):
    postgres = Postgres()
    try:
        url = postgres.new_database("wall")
        (tmp_path / "data").mkdir()
        site = Server(tmp_path / "data")
        site.environment["DATABASE_URL"] = url
        site.verb("migrate")
        site.verb("demo")
        site.start()
        try:
            with desk_of(site.folder, url) as db:
                token = hang(db, "演练")
            watch = wall(site.url, token)
            postgres.stop()
            frozen = watch.until(live=False, longest=FROZEN_WITHIN)
            watch.go_on(30)
            postgres.begin()
            tell(say, "PostgreSQL stopped", frozen, back(watch))
        finally:
            site.stop()
            site.log.close()
    finally:
        postgres.close()


def test_the_disk_is_full_by_a_limit_on_files(site, wall, say):
    """Nothing can be written; what is shown is what there is, and goes on being confirmed."""
    watch = wall(site.url, token_of(site))
    resource.prlimit(site.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    watch.go_on(75)
    assert all(live for _at, live, _age in watch.samples[4:])
    resource.prlimit(
        site.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    )
    tell(say, "no file may grow for 75 s", None, back(watch))


def test_the_file_may_not_grow(tmp_path, first_start, wall, say):
    """`PRAGMA max_page_count`, of every connection: of the server's and of the desk's."""
    folder, pages = tmp_path / "data", tmp_path / "pages"
    shutil.copytree(first_start, folder, ignore=shutil.ignore_patterns("*.lock", "server.log"))
    pages.write_text("1")
    site = Server(folder, app=str(ROOT / "tests/e2e/tried_app.py"))
    site.environment["MAX_PAGES"] = str(pages)
    token = token_of(site)
    site.start()
    try:
        watch = wall(site.url, token)
        with desk_of(folder) as db:
            pulse = Pulse(db, seed=5, clock=_now)

            def limit(connection, _record, _proxy):
                connection.cursor().execute(f"PRAGMA max_page_count = {pages.read_text()}")

            event.listen(db.bind, "checkout", limit)
            with pytest.raises(OperationalError) as refused:
                deque(islice(iter(pulse.beat, None), 2000), maxlen=0)
            assert disk_is_full(refused.value)
            watch.go_on(30)
            assert all(live for _at, live, _age in watch.samples[4:])
            pages.write_text(str(1 << 30))
            assert any(pulse.beat().done for _beat in range(20))
        tell(say, "file that may not grow for 30 s", None, back(watch))
    finally:
        site.stop()
        site.log.close()


def test_the_disk_is_full(tmp_path, first_start, wall, say):
    """A small disk of its own, where this user may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    need = sum(path.stat().st_size for path in first_start.rglob("*") if path.is_file())
    words = ["mount", "-t", "tmpfs", "-o", f"size={need + 40_000_000}", "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode:  # noqa: S603
        pytest.skip("this user may not mount a small disk; a limit on files is tried beside")
    try:
        data = folder / "data"
        shutil.copytree(first_start, data, ignore=shutil.ignore_patterns("*.lock", "server.log"))
        site = Server(data).start()
        try:
            watch = wall(site.url, token_of(site))
            with (folder / "ballast").open("wb", buffering=0) as ballast:
                _fill(ballast)
                watch.go_on(75)
            assert all(live for _at, live, _age in watch.samples[4:])
            (folder / "ballast").unlink()
            with desk_of(data) as db:
                pulse = Pulse(db, seed=5, clock=_now)
                assert any(pulse.beat().done for _beat in range(20))
            tell(say, "disk full for 75 s", None, back(watch))
        finally:
            site.stop()
            site.log.close()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S603, S607
