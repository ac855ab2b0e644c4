"""A hundred people on the live queue of one server, while the county lives: prints what it costs.

Latency is from a refresh's question to its last message, as the viewers' own process sees it: it
shares the machine with the server.
"""

import asyncio
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import pytest

from data_access.demo.pulse import Pulse
from data_access.engine import Database, open_engine
from data_access.vault import open_vault
from tests.bench.viewers import Viewer, sign_in

pytestmark = pytest.mark.bench

VIEWERS = int(os.environ.get("BENCH_VIEWERS", "100"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "60"))
CHANGE_EVERY = 3.0
# Of ten people seven see the county, the others a town, what a committee holds, what is their own.
LOGINS = ("duty", "town", "leader", "duty", "committee-head", "justice", "mediator", "duty", "duty")
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class Usage:
    """What a process has used so far: seconds of processor, megabytes of memory."""

    def __init__(self, pid):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        self.seconds = (int(fields[11]) + int(fields[12])) / CLOCK_TICKS
        self.megabytes = int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.fixture
def db(server):
    engine = open_engine(f"sqlite:///{server.folder / 'wusong.db'}")
    yield Database(engine, open_vault(server.folder / "secret.key", create=False))
    engine.dispose()


def let_the_county_live(db, seconds):
    """One change every few seconds, by the demonstration's own rules. Returns how many."""
    pulse = Pulse(db, seed=7, clock=lambda: datetime.now(UTC))
    end, changes = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        time.sleep(CHANGE_EVERY)
        changes += pulse.beat().done
    return changes


async def watch(server, cookies, changing):
    """Everybody opens the page, then looks at it for SECONDS. Returns the viewers and the use."""
    everybody, until = asyncio.Barrier(len(cookies) + 1), asyncio.Event()
    viewers = [Viewer(server.url, cookie) for cookie in cookies]
    async with asyncio.TaskGroup() as looking:
        for viewer in viewers:
            looking.create_task(viewer.look(ready=everybody, until=until))
            await asyncio.sleep(0.05)
        await everybody.wait()
        before = Usage(server.process.pid)
        changes = await asyncio.to_thread(changing, SECONDS)
        after = Usage(server.process.pid)
        until.set()
    return viewers, before, after, changes


def test_a_hundred_people_look_at_the_queue(server, db, capsys):
    cookies = sign_in(db, [*islice(cycle(LOGINS), VIEWERS)])
    watching = watch(server, cookies, lambda seconds: let_the_county_live(db, seconds))
    # In a thread of its own: the browser's driver may have left a loop in this one.
    with ThreadPoolExecutor(1) as thread:
        viewers, before, after, changes = thread.submit(asyncio.run, watching).result()
    ticks = [tick for viewer in viewers for tick in viewer.ticks]
    latencies = sorted(tick.latency for tick in ticks)
    sizes = sorted(tick.size for tick in ticks)
    used = after.seconds - before.seconds
    with capsys.disabled():
        print(f"\n{VIEWERS} viewers, {changes} changes, {len(ticks)} refreshes in {SECONDS} s")
        print(f"  latency ms       p50 {statistics.median(latencies):8.1f}", end="")
        print(f"   p95 {latencies[int(len(ticks) * 0.95)]:8.1f}   most {latencies[-1]:8.1f}")
        print(f"  bytes a refresh  p50 {statistics.median(sizes):8.0f}", end="")
        print(f"   mean {statistics.mean(sizes):7.0f}   most {sizes[-1]:8}", end="")
        print(f"   (first page {viewers[0].first_size})")
        print(f"  server           {used / SECONDS:8.1%} of a core", end="")
        print(f"   {used / len(ticks) * 1000:.1f} ms a refresh")
        print(f"  memory MB        {before.megabytes:8.0f} before, {after.megabytes:.0f} after")
    assert all(len(viewer.ticks) > SECONDS / 4 for viewer in viewers)
