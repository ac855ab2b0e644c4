"""How long 100,000 cases take to import, how much memory, and how long others wait meanwhile.

Goals: 30 s for CSV, 40 s for XLSX, 600 MB. The importer is a process of its own, which this file is
the program of: one of its threads hands a case on all the while, and so does the test beside it.
"""

import json
import os
import resource
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from statistics import median

import pytest

from data_access.commands.import_file import import_file
from data_access.engine import Database, open_engine
from data_access.vault import Vault
from domain.imports import Step
from domain.people import system_actor
from tests.bench import ledger
from tests.db.test_import_runs import KEY, ROOT, dispatcher, hand_on
from tests.world import NOW, World

ROWS = 100_000
TOLD_LATER = "数次协商未果"


# --- the importer ----------------------------------------------------------------------------


def peak_megabytes(process="self"):
    """The most memory that a process had at one time; 0 where it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    lines = [line.split() for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0][1]) // 1024 if lines else 0


class Parser(threading.Thread):
    """Watches the process that opens the file; `peak` is the most memory that it had."""

    def __init__(self):
        super().__init__(daemon=True)
        self.over, self.peak = threading.Event(), 0

    def run(self):
        main = Path(f"/proc/self/task/{os.getpid()}/children")
        while not self.over.wait(0.05):
            self.peak = max([self.peak, *map(peak_megabytes, main.read_text().split())])


class Stopwatch:
    """When each step of an import began."""

    def __init__(self):
        self._start, self._steps = time.perf_counter(), {}

    def hear(self, told):
        self._steps.setdefault(told.step, time.perf_counter() - self._start)

    def seconds(self):
        """Of each step, in their order; the last one lasts until now."""
        ends = [*self._steps.values(), time.perf_counter() - self._start][1:]
        return {
            step: end - begin for (step, begin), end in zip(self._steps.items(), ends, strict=True)
        }


def waits_until(over, db, county, user_id, case_no, mediators, first):
    """Hand a case on, ten times a second; how long each time took."""
    actor, waits = dispatcher(county, user_id), []
    numbers = count(first)
    while not over.wait(0.1):
        waits.append(hand_on(db, actor, case_no, mediators, next(numbers)))
    return waits


def take_in(db, path, county, *handed_on):
    actor, watch, parser, over = system_actor(county), Stopwatch(), Parser(), threading.Event()
    content = Path(path).read_bytes()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(waits_until, over, db, county, *handed_on)
        parser.start()
        try:
            report = import_file(
                db,
                content=content,
                file_name=Path(path).name,
                actor=actor,
                now=NOW,
                progress=watch.hear,
            )
            seconds = watch.seconds()
        finally:
            over.set()
            parser.over.set()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": seconds,
        "user": usage.ru_utime,
        "system": usage.ru_stime,
        "waits": waiting.result(),
        "memory": peak_megabytes(),
        "parser": parser.peak,
        "report": [report.added, report.changed, report.unchanged, report.rejected],
    }


if __name__ == "__main__":
    found = take_in(
        Database(open_engine(os.environ["OTHER_URL"]), Vault(KEY)), *json.loads(sys.argv[1])
    )
    sys.stdout.write(json.dumps(found))


# --- what is measured ------------------------------------------------------------------------


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """The ledger in both formats, and as it is told later."""
    folder = tmp_path_factory.mktemp("ledger")
    for name, content in (
        ("台账.csv", ledger.as_csv(ROWS)),
        ("台账.xlsx", ledger.as_workbook(ROWS)),
        ("再报.csv", ledger.as_csv(ROWS) + b"\n"),
        ("更新.csv", ledger.as_csv(ROWS, told=TOLD_LATER)),
    ):
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def county(committed):
    """(county, user, two mediators, two cases of theirs) in a county of which nothing is known."""
    world = World(committed)
    committees = (world.committee_a, world.committee_b)
    for number, name in enumerate(ledger.mediator_names()):
        world.mediator(name, capacity=ROWS, committee_id=committees[number % 2])
    both = [world.mediator(name, capacity=ROWS) for name in ("李秀英", "王桂兰")]
    cases = [world.case(mediator_id=both[0]).case_no for _ in range(2)]
    return world.county, world.user().id, both, cases


def measure(db, county, path, first):
    """Import a file in a process of its own, and hand a case on beside it."""
    county_id, user_id, both, (here, there) = county
    order = [str(path), county_id, user_id, here, both, first]
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(waits_until, over, db, county_id, user_id, there, both, first)
        start = time.perf_counter()
        try:
            done = subprocess.run(  # noqa: S603 - this very file
                [sys.executable, "-m", "tests.bench.test_import_bench", json.dumps(order)],
                cwd=ROOT,
                env={**os.environ, "OTHER_URL": db.bind.url.render_as_string(hide_password=False)},
                stdout=subprocess.PIPE,
                check=True,
            )
        finally:
            over.set()
        seconds = time.perf_counter() - start
    return {**json.loads(done.stdout), "all": seconds, "beside": waiting.result()}


def told(db, path, found):
    steps, size = found["seconds"], path.stat().st_size / 1e6
    file = f"{path.name} {ROWS:,} 行 {size:.0f} MB"
    lines = [
        f"{db.bind.dialect.name} {file}: {sum(steps.values()):.1f} s",
        "  " + ", ".join(f"{step} {seconds:.1f} s" for step, seconds in steps.items()),
        f"  processor: {found['user']:.1f} s and {found['system']:.1f} s of the system",
        f"  memory: importer {found['memory']} MB, parser {found['parser']} MB",
    ]
    for who, name in (("waits", "same process"), ("beside", "another process")):
        waits = found[who]
        lines.append(
            f"  a case handed on meanwhile, {name}: {len(waits)} times,"
            f" median {median(waits) * 1000:.0f} ms, longest {max(waits):.1f} s"
        )
    return "\n".join(lines)


@pytest.mark.bench
@pytest.mark.timeout(0)
@pytest.mark.parametrize(
    "names", [("台账.csv", "再报.csv", "更新.csv"), ("台账.xlsx",)], ids=["csv", "xlsx"]
)
def test_a_hundred_thousand_cases(committed, files, county, capsys, names):
    expected = {"再报.csv": [0, 0, ROWS, 0], "更新.csv": [0, ROWS, 0, 0]}
    for number, name in enumerate(names):
        found = measure(committed, county, files / name, 1_000_000 * number)
        with capsys.disabled():
            print("\n" + told(committed, files / name, found))
        assert found["report"] == expected.get(name, [ROWS, 0, 0, 0])
        assert Step.WRITING in found["seconds"]
