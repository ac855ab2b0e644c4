"""Three walls for hours, while the county lives ten times as fast: does anything grow?

Every half minute: what each page holds (after a collection of garbage), what the server holds, and
how old the figures are. A slope is told with its standard error, without the first minutes, in
which caches fill. A wall that is not live when it is looked at fails at once.
"""

import os
import statistics
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data_access.demo.pulse import Pulse
from domain.walls import Program, SceneKey, Step
from tests.walls import Watch, answer_alarms, desk_of, enter, hang

MINUTES = float(os.environ.get("SOAK_MINUTES", "60"))
RATE = float(os.environ.get("SOAK_RATE", "10"))
WALLS = 3
# The demonstration's own pace; see `python -m data_access demo-pulse`.
USUAL_SECONDS = 6.0
SAMPLE_EVERY = 30.0
# Caches, fonts and the shapes of every scene have come by then.
SETTLED = timedelta(minutes=min(10.0, MINUTES / 4))
# Every scene, in short turns: what a scene leaves behind shows sooner.
ALL = Program(tuple(Step(scene, timedelta(seconds=15)) for scene in SceneKey))
# Per hour, what would be a fault if it were no chance: (name, unit, how much).
MATERIAL = {"heap": ("MB", 2.0), "nodes": ("", 500.0), "listeners": ("", 100.0)}
MATERIAL |= {"memory": ("MB", 20.0), "threads": ("", 5.0), "files": ("", 10.0)}


class Browser:
    """What one page holds, asked of the browser itself."""

    def __init__(self, page):
        self._asked = page.context.new_cdp_session(page)
        self._asked.send("Performance.enable")
        self._asked.send("HeapProfiler.enable")

    def held(self):
        self._asked.send("HeapProfiler.collectGarbage")
        found = {
            one["name"]: one["value"]
            for one in self._asked.send("Performance.getMetrics")["metrics"]
        }
        return {
            "heap": found["JSHeapUsedSize"] / 1e6,
            "nodes": found["Nodes"],
            "listeners": found["JSEventListeners"],
        }


def held_by(pid):
    """What the server's process holds."""
    process = Path(f"/proc/{pid}")
    pages = int((process / "statm").read_text().split()[1])
    return {
        "memory": pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
        "threads": len([*(process / "task").iterdir()]),
        "files": len([*(process / "fd").iterdir()]),
    }


class Life(threading.Thread):
    """The county, many times as fast as the demonstration lets it live."""

    def __init__(self, folder):
        super().__init__(daemon=True, name="life")
        self._folder, self.over, self.done, self.trouble = folder, threading.Event(), 0, None

    def run(self):
        try:
            with desk_of(self._folder) as db:
                pulse = Pulse(db, seed=3, clock=lambda: datetime.now(UTC))
                while not self.over.wait(USUAL_SECONDS / RATE):
                    self.done += pulse.beat().done
                    # What nobody acknowledges would stand over the scenes for the rest of the hour.
                    answer_alarms(db, datetime.now(UTC))
        except Exception as error:  # noqa: BLE001 - told by the thread that started this one
            self.trouble = error


def slope(times, values):
    """By least squares, per hour, with its standard error."""
    mean_time, mean = statistics.mean(times), statistics.mean(values)
    spread = sum((at - mean_time) ** 2 for at in times)
    rise = sum((at - mean_time) * (value - mean) for at, value in zip(times, values, strict=True))
    per_second = rise / spread
    left = [
        value - mean - per_second * (at - mean_time)
        for at, value in zip(times, values, strict=True)
    ]
    error = (sum(one**2 for one in left) / max(1, len(times) - 2) / spread) ** 0.5
    return per_second * 3600, error * 3600


def table(samples, say):
    """Print how each thing went; return those that grew for certain, and by how much it matters."""
    grew, begun = [], samples[0][0]
    kept = [one for one in samples if one[0] - begun >= SETTLED.total_seconds()]
    for name in samples[0][1]:
        values = [found[name] for _at, found in kept]
        per_hour, error = slope([at for at, _found in kept], values)
        kind = name.rpartition(" ")[2]
        unit, most = MATERIAL[kind]
        certain = per_hour - 3 * error > most
        say(
            f"  {name:18} first {values[0]:9.1f}  last {values[-1]:9.1f}  most {max(values):9.1f}"
            f"  slope {per_hour:8.2f} ± {error:.2f} {unit}/h{'  GROWS' if certain else ''}"
        )
        if certain:
            grew.append(name)
    return grew


def test_walls_hang_for_hours_and_nothing_grows(server, chromium, capsys):
    def say(words):
        with capsys.disabled():
            print(words, flush=True)

    with desk_of(server.folder) as db:
        tokens = [hang(db, f"长跑 {number}", ALL) for number in range(WALLS)]
    pages = []
    for token in tokens:
        page = chromium.new_context(viewport={"width": 1920, "height": 1080}).new_page()
        enter(page, server.url, token)
        pages.append(page)
    watches = [Watch(page) for page in pages]
    for watch in watches:
        watch.until(live=True, longest=60)
    browsers = [Browser(page) for page in pages]
    life = Life(server.folder)
    life.start()
    samples, oldest, end = [], 0.0, time.time() + MINUTES * 60
    try:
        while time.time() < end:
            begun, found = time.time(), {}
            for number, (watch, browser) in enumerate(zip(watches, browsers, strict=True), 1):
                _at, live, age = watch.look(0)
                assert live, f"wall {number} is not live after {len(samples)} samples"
                oldest = max(oldest, age)
                found |= {f"wall {number} {name}": one for name, one in browser.held().items()}
            found |= {f"server {name}": one for name, one in held_by(server.process.pid).items()}
            samples.append((begun, found))
            assert life.trouble is None
            while time.time() < begun + SAMPLE_EVERY:
                for watch in watches:
                    watch.look(0.25)
    finally:
        life.over.set()
    say(f"\n{WALLS} walls, {MINUTES:.0f} min, {life.done} changes, {len(samples)} samples,")
    say(f"  {sum(len(one.samples) for one in watches)} looks, none of them a lie;")
    say(f"  oldest figures called live {oldest:.1f} s; settled after {SETTLED}")
    grew = table(samples, say)
    assert life.done > 0
    assert grew == []
    if len(samples) < 8:
        pytest.skip("too short to tell a slope from chance")
