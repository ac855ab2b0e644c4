"""How soon a change that is committed shows on fifty screens: 49 viewers by wire and one Chromium.

From the return of the commit, in another process than the server's, to the frame of the browser
that has the changed row. One machine, so one clock.
"""

import asyncio
import os
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import cycle, islice

import pytest

from data_access.changes import read_watermark
from data_access.demo.pulse import Pulse
from data_access.engine import Database, open_engine
from data_access.vault import open_vault
from tests.bench.test_viewers_bench import LOGINS
from tests.bench.viewers import Viewer, sign_in
from tests.e2e.conftest import Watch
from tests.e2e.conftest import sign_in as sign_in_by_form

pytestmark = pytest.mark.bench

SCREENS = int(os.environ.get("BENCH_SCREENS", "50"))
CHANGES = int(os.environ.get("BENCH_CHANGES", "60"))
APART = 1.5  # seconds
LONGEST_MS = 20_000
# The frame after the one in which the list was drawn: then it is on the glass.
PAINTED = """
window.painted = {};
setInterval(() => {
  const seq = document.wusongBell?.shown.seq;
  if (seq === undefined || window.lastSeq === seq) return;
  window.lastSeq = seq;
  requestAnimationFrame(() => requestAnimationFrame(() => { window.painted[seq] = Date.now(); }));
}, 5);
"""


class Timed(Database):
    """A database that knows when it last committed."""

    committed_ms = 0.0

    def write(self, *work, **more):
        done = super().write(*work, **more)
        self.committed_ms = time.time() * 1000
        return done


@pytest.fixture
def db(server):
    engine = open_engine(f"sqlite:///{server.folder / 'wusong.db'}")
    yield Timed(engine, open_vault(server.folder / "secret.key", create=False))
    engine.dispose()


async def _look(server, cookies, opened, over):
    """49 viewers look until it is over."""
    everybody, until = asyncio.Barrier(len(cookies) + 1), asyncio.Event()
    viewers = [Viewer(server.url, cookie) for cookie in cookies]
    async with asyncio.TaskGroup() as looking:
        for viewer in viewers:
            looking.create_task(viewer.look(ready=everybody, until=until))
            await asyncio.sleep(0.05)
        await everybody.wait()
        opened.set()
        await asyncio.to_thread(over.wait)
        until.set()
    return [tick.latency for viewer in viewers for tick in viewer.ticks]


def test_a_change_is_on_fifty_screens_within_a_second(server, chromium, db, capsys):
    cookies = sign_in(db, [*islice(cycle(LOGINS), SCREENS - 1)])
    opened, over = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as thread:
        looking = thread.submit(asyncio.run, _look(server, cookies, opened, over))
        try:
            context = chromium.new_context(viewport={"width": 1920, "height": 1080})
            page = Watch(server).page(context.new_page())
            page.add_init_script(PAINTED)
            page.goto(f"{server.url}/queue")
            sign_in_by_form(page, "duty", server.accounts["duty"])
            page.wait_for_function("document.wusongBell?.shown", timeout=LONGEST_MS)
            assert opened.wait(120)
            taken = _changes(page, Pulse(db, seed=11, clock=lambda: datetime.now(UTC)), db)
        finally:
            over.set()
        latencies = sorted(looking.result(timeout=60))
    context.close()
    taken.sort()
    with capsys.disabled():
        print(f"\n{SCREENS} screens, {len(taken)} changes {APART} s apart")
        print(f"  commit to pixels ms    p50 {statistics.median(taken):7.0f}", end="")
        print(f"   p95 {taken[int(len(taken) * 0.95)]:7.0f}   most {taken[-1]:7.0f}")
        print(f"  a viewer's refresh ms  p50 {statistics.median(latencies):7.0f}", end="")
        print(f"   p95 {latencies[int(len(latencies) * 0.95)]:7.0f}   of {len(latencies)}")
    assert len(taken) > CHANGES / 2


def _changes(page, pulse, db):
    """Milliseconds from each commit to its pixels."""
    taken = []
    for _change in range(CHANGES):
        if pulse.beat().done:
            committed = db.committed_ms
            seq = read_watermark(db, now=datetime.now(UTC)).data_seq
            painted = page.wait_for_function(
                "seq => Object.entries(window.painted).find(([one]) => +one >= seq)?.[1]",
                arg=seq,
                timeout=LONGEST_MS,
            ).json_value()
            taken.append(max(0.0, painted - committed))
        time.sleep(APART)
    return taken
