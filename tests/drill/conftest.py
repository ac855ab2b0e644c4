"""What all drills share: the seed, the county they work in, and the processes that work in it."""

import multiprocessing
import os
import random
import re
import shutil
import signal
import time
from pathlib import Path

import pytest

from data_access import migrate
from data_access.engine import Database, open_engine
from data_access.reference import seed_reference
from data_access.vault import Vault
from tests import invariants
from tests.drill.answers import Answers, Reckoning, ask_again
from tests.drill.postgres import Postgres
from tests.drill.work import Log, Place, work
from tests.e2e.conftest import Server, chromium, first_start
from tests.invariants import County
from tests.world import World

__all__ = ["chromium", "first_start"]

KEY = bytes(range(32))
SEED = int(os.environ.get("DRILL_SEED") or 0) or random.SystemRandom().randrange(1, 10**6)
# Processes come from one that has read the program already: they are at work within milliseconds.
FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(["tests.drill.work"])
_READY_SECONDS = 60


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/drill" in item.path.as_posix():
            item.add_marker(pytest.mark.drill)


def pytest_report_header():
    return f"drill: DRILL_SEED={SEED} repeats it"


@pytest.fixture
def chance(request):
    """The test's own source of chance: the same for the same seed, whatever else runs."""
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture
def say(capsys, request):
    """Prints a line of the drill's report."""

    def line(words):
        with capsys.disabled():
            print(f"  {words}", flush=True)

    with capsys.disabled():
        print(f"\n{request.node.name}  (DRILL_SEED={SEED})", flush=True)
    return line


@pytest.fixture(scope="session")
def postgres():
    server = Postgres()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def county(request, tmp_path):
    """A county with open cases, mediators and accounts, in a database of its own."""
    if request.param == "sqlite":
        here = DrillCounty(tmp_path, f"sqlite:///{tmp_path / 'wusong.db'}")
    else:
        server = request.getfixturevalue("postgres")
        url = server.new_database(f"drill_{tmp_path.name}")
        here = DrillCounty(tmp_path, url, server)
    yield here
    here.db.dispose()


class DrillCounty:
    """Two towns, a dozen cases, eight mediators with room for all, and five accounts."""

    def __init__(self, folder, url, postgres=None):
        self.folder, self.url, self.postgres = folder, url, postgres
        engine = open_engine(url)
        migrate.upgrade(engine)
        self.db = Database(engine, Vault(KEY))
        self.db.write(seed_reference)
        world = self.world = World(self.db)
        self.id = world.county
        mediators = [world.mediator(f"调解员{n}", capacity=100_000) for n in range(8)]
        cases = [world.case(mediator_id=mediators[n % 8]) for n in range(12)]
        self.case_numbers = [case.case_no for case in cases]
        users = [world.user(f"某人{n}") for n in range(5)]
        self.log = folder / "answers.log"
        self.place = Place(url, KEY, str(self.log), self.id, users[0].id, tuple(mediators))

    @property
    def is_sqlite(self):
        return self.db.is_sqlite

    def check(self):
        """Every invariant, and every answer against what is kept. Returns (answers, reckoning)."""
        answers = Answers(self.log)
        with self.db.read() as session:
            county = County(session, self.id)
            reckoning = Reckoning(county, answers, self.db.vault)
            wrong = reckoning.wrong + invariants.wrong_with(county)
        assert not wrong, "\n".join(wrong[:20])
        return answers, reckoning

    def settle(self):
        """All who got no answer ask again; then everything once more. Returns how many did."""
        answers, before = self.check()
        again, wrong = ask_again(self.db, self.place.actor, answers)
        assert not wrong, "\n".join(wrong[:20])
        _, after = self.check()
        kept_before, kept_after = len(before.county.keys), len(after.county.keys)
        assert kept_after - kept_before <= len(answers.unanswered)
        return again


class Workers:
    """Keeps a number of worker processes at work, whoever of them is killed."""

    def __init__(self, place, number, chance):
        self._place, self._number, self._chance = place, number, chance
        self._at_work, self._heard_of, self._read = [], set(), 0

    def __enter__(self):
        for _ in range(self._number):
            self._start()
        return self

    def __exit__(self, *_):
        while self._at_work:
            self._kill(self._at_work[0])

    def kill_one(self):
        """Kill one of those that had an answer, in the middle of what it does now; start another.

        Returns False where none has yet.
        """
        self.listen()
        busy = [worker for worker in self._at_work if worker.pid in self._heard_of]
        if busy:
            self._kill(self._chance.choice(busy))
            self._start()
        return bool(busy)

    def wait_until_at_work(self):
        """Until each has had its first answer."""
        until = time.monotonic() + _READY_SECONDS
        while not all(worker.pid in self._heard_of for worker in self._at_work):
            assert time.monotonic() < until, "the workers do not come to work"
            time.sleep(0.02)
            self.listen()

    def wait_for_answers(self, number):
        """Until so many more were given to any of them."""
        until = time.monotonic() + _READY_SECONDS
        while (number := number - self.listen()) > 0:
            assert time.monotonic() < until, "the workers get no answers"
            time.sleep(0.005)

    def listen(self):
        """Who has had an answer, out of what was written since the last time. Returns how many."""
        log = Path(self._place.log)
        if not log.exists():
            return 0
        with log.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        self._read += len(new)
        answered = re.findall(rb'"what": "(?:done|refused)", .*?"pid": (\d+)', new)
        self._heard_of |= {int(pid) for pid in answered}
        return len(answered)

    def _start(self):
        seed = self._chance.randrange(10**9)
        worker = FORKSERVER.Process(target=work, args=(self._place, seed), daemon=True)
        worker.start()
        # A process's number may come again.
        self.listen()
        self._heard_of.discard(worker.pid)
        self._at_work.append(worker)

    def _kill(self, worker):
        self._at_work.remove(worker)
        worker.kill()
        worker.join()
        assert worker.exitcode == -signal.SIGKILL, f"a worker ended by itself: {worker.exitcode}"


__all__ = ["FORKSERVER", "KEY", "DrillCounty", "Log", "Workers"]


@pytest.fixture
def site(tmp_path, first_start):
    """A server of its own with the demonstration county, and the same folder behind it."""
    folder = tmp_path / "data"
    shutil.copytree(first_start, folder, ignore=shutil.ignore_patterns("*.lock", "server.log"))
    running = Server(folder).start()
    yield running
    running.stop()
    running.log.close()
