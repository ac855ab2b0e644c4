"""The power goes: whatever a disk kept of SQLite's log, the county is what it was at some commit.

A workload's log is taken as it is on the disk, and spoilt as a power cut may leave it: cut, zeroed,
filled with noise, a sector torn, a page lost, sectors written out of their order. Each copy is then
opened as a server would. It must hold exactly the commits that lie wholly before the first spoilt
byte: every one of them, to the last byte of every table, and nothing of the next.
"""

import hashlib
import os
import struct
import time
from collections import Counter
from dataclasses import dataclass

import pysqlite3.dbapi2
import pytest
from sqlalchemy import event

from data_access.engine import Database, open_engine
from data_access.vault import Vault
from tests import invariants
from tests.drill.conftest import KEY
from tests.drill.work import Worker

TRIALS = int(os.environ.get("DRILL_TRIALS", "400"))
CAPTURES = 8
COMMITS = 40
SECTOR, PAGE = 512, 4096
LOG_HEADER, FRAME_HEADER = 32, 24

pytestmark = pytest.mark.parametrize("county", ["sqlite"], indirect=True)


@dataclass
class Capture:
    """The two files as they lie on the disk, and what they hold up to each commit.

    `ends` are the offsets in the log behind each commit, `states` the contents after it; the first
    state is the database without the log. `later` is the database once the log is in it.
    """

    database: bytes
    log: bytes
    ends: list[int]
    states: list[str]
    later: bytes


class Watched(Database):
    """Tells of every commit."""

    committed = staticmethod(lambda: None)

    def write(self, work, **more):
        answer = super().write(work, **more)
        self.committed()
        return answer


def capture(county, chance, *, used_before):
    """Work for a while and keep the files. `used_before`: older frames lie behind the log's end."""
    file = county.folder / "wusong.db"
    log = county.folder / "wusong.db-wal"
    county.db.dispose()
    engine = open_engine(county.url)
    # What brings the log into the database comes when this drill wants it.
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA wal_autocheckpoint=0"))
    worker = Worker(county.place, chance.randrange(10**9))
    worker.db.dispose()
    worker.db = Watched(engine, Vault(KEY))
    if used_before:
        do(worker, COMMITS)
        pragma(file, "wal_checkpoint(RESTART)")
    else:
        pragma(file, "wal_checkpoint(TRUNCATE)")
    database, ends, states = file.read_bytes(), [0], [state(file)]

    def committed():
        ends.append(end_of(log.read_bytes()))
        states.append(state(file))

    worker.db.committed = committed
    do(worker, COMMITS)
    written = log.read_bytes()
    assert file.read_bytes() == database, "something was brought into the database meanwhile"
    pragma(file, "wal_checkpoint(RESTART)")
    later = file.read_bytes()
    engine.dispose()
    return Capture(database, written, ends, states, later)


def do(worker, number):
    """Work until so many commits were made."""
    made, told = [], worker.db.committed
    worker.db.committed = lambda: (made.append(1), told())
    while len(made) < number:
        (name,) = worker.random.choices(["reassign", "undo", "unmask", "import"], [70, 10, 10, 10])
        getattr(worker, f"_{name}")()
    worker.db.committed = told


def pragma(file, words):
    connection = pysqlite3.dbapi2.connect(file)
    try:
        return connection.execute(f"PRAGMA {words}").fetchone()
    finally:
        connection.close()


def end_of(log):
    """Where the frames end that belong to the log's present round: they carry its two salts."""
    if len(log) < LOG_HEADER:
        return 0
    size, salts = struct.unpack(">I", log[8:12])[0], log[16:24]
    end = LOG_HEADER
    while log[end + 8 : end + 16] == salts and end + FRAME_HEADER + size <= len(log):
        end += FRAME_HEADER + size
    return end


def state(file):
    """One digest over every row of every table."""
    digest = hashlib.sha256()
    connection = pysqlite3.dbapi2.connect(file)
    try:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
        for (name,) in tables:
            rows = connection.execute(f'SELECT * FROM "{name}"').fetchall()  # noqa: S608
            digest.update(repr((name, sorted(map(repr, rows)))).encode())
    finally:
        connection.close()
    return digest.hexdigest()


# --- what a power cut leaves -----------------------------------------------------------------


def cut(log, chance):
    return log[: chance.randrange(len(log))]


def zeroed(log, chance):
    place = chance.randrange(len(log))
    return log[:place] + bytes(len(log) - place)


def noise(log, chance):
    place = chance.randrange(len(log))
    return log[:place] + chance.randbytes(len(log) - place)


def torn_sector(log, chance):
    place = chance.randrange(0, len(log), SECTOR)
    keeps = chance.randrange(SECTOR)
    return log[: place + keeps] + bytes(SECTOR - keeps) + log[place + SECTOR :]


def lost_page(log, chance):
    place = chance.randrange(0, len(log), PAGE)
    return log[:place] + bytes(PAGE) + log[place + PAGE :]


def out_of_order(log, chance):
    """Behind some place, each sector was written or not, whatever lies before it."""
    place = chance.randrange(0, len(log), SECTOR)
    sectors = [log[at : at + SECTOR] for at in range(place, len(log), SECTOR)]
    kept = (one if chance.random() < 0.5 else bytes(len(one)) for one in sectors)
    return log[:place] + b"".join(kept)


WAYS = (cut, zeroed, noise, torn_sector, lost_page, out_of_order)


def first_spoilt(before, after):
    """The offset of the first byte that is not what was written."""
    for at in range(0, len(before), PAGE):
        if before[at : at + PAGE] != after[at : at + PAGE]:
            pairs = zip(before[at:], after[at : at + PAGE], strict=False)
            same = next((n for n, (a, b) in enumerate(pairs) if a != b), len(after) - at)
            return at + same
    return len(before)


def half_brought_in(taken, chance):
    """The power goes while the log is brought into the database: some pages are new, some torn."""
    pages = []
    for at in range(0, len(taken.later), PAGE):
        old = taken.database[at : at + PAGE].ljust(PAGE, b"\0")
        new, torn = taken.later[at : at + PAGE], chance.randrange(0, PAGE, SECTOR)
        pages.append(chance.choice([old, new, new[:torn] + old[torn:]]))
    return b"".join(pages)


# --- the trials ------------------------------------------------------------------------------


def opened(folder, database, log, county_id):
    """What a server finds that starts on these two files: contents, and what is wrong with them."""
    file = folder / "after.db"
    for end in ("", "-wal", "-shm"):
        file.with_name(f"after.db{end}").unlink(missing_ok=True)
    file.write_bytes(database)
    file.with_name("after.db-wal").write_bytes(log)
    engine = open_engine(f"sqlite:///{file}")
    try:
        wrong = invariants.broken(Database(engine, Vault(KEY)), county_id=county_id)
        return state(file), wrong
    finally:
        engine.dispose()


def test_the_power_goes(county, chance, say, tmp_path):
    started, seen, kept = time.monotonic(), Counter(), Counter()
    lost = whole = 0
    for number in range(CAPTURES):
        taken = capture(county, chance, used_before=number % 2 == 1)
        assert len(set(taken.states)) > COMMITS / 2, "the workload changed nothing"
        for trial in range(TRIALS // CAPTURES):
            way = WAYS[trial % len(WAYS)]
            log = way(taken.log, chance)
            spoilt = first_spoilt(taken.log, log)
            commits = sum(end <= spoilt for end in taken.ends) - 1
            found, wrong = opened(tmp_path, taken.database, log, county.id)
            assert not wrong, (way.__name__, spoilt, wrong[:5])
            assert found == taken.states[commits], (way.__name__, number, spoilt, commits)
            seen[way.__name__] += 1
            kept[commits > 0] += 1
            lost += len(taken.ends) - 1 - commits
            whole += commits
    say(f"{seen.total()} power cuts ({', '.join(f'{n} {way}' for way, n in seen.items())})")
    say(
        f"{whole} commits before the first spoilt byte: all there; {lost} after it: nothing of them"
    )
    say(f"0 broken in {time.monotonic() - started:.0f} s")
    assert kept[True] > TRIALS / 4
    assert lost > TRIALS


def test_the_power_goes_while_the_log_is_brought_in(county, chance, say, tmp_path):
    trials = TRIALS // 4
    taken = capture(county, chance, used_before=False)
    for _ in range(trials):
        database = half_brought_in(taken, chance)
        found, wrong = opened(tmp_path, database, taken.log, county.id)
        assert not wrong, wrong[:5]
        assert found == taken.states[-1]
    say(f"{trials} power cuts in the middle of a checkpoint: 0 broken, every commit there")


def test_the_trial_would_see_a_loss(county, chance, tmp_path):
    """The same trial finds fault with a database that lost a page, and with a lost commit."""
    taken = capture(county, chance, used_before=False)
    found, wrong = opened(tmp_path, taken.database, taken.log[: taken.ends[-2]], county.id)
    assert not wrong
    assert found == taken.states[-2] != taken.states[-1]
    changed = [
        at
        for at in range(0, len(taken.database), PAGE)
        if taken.database[at : at + PAGE] != taken.later[at : at + PAGE]
    ]
    place = changed[len(changed) // 2]
    spoilt = (
        taken.later[:place] + taken.database[place : place + PAGE] + taken.later[place + PAGE :]
    )
    found, wrong = opened(tmp_path, spoilt, b"", county.id)
    assert wrong or found != taken.states[-1]
