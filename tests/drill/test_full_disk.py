"""The disk is full: a write is refused by name and leaves nothing half, and reading goes on."""

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from data_access import accounts
from data_access.backup import CannotBackUp, back_up
from data_access.faults import disk_is_full
from data_access.tables import Case
from tests.drill.conftest import FORKSERVER, KEY, DrillCounty
from tests.drill.desk_by_wire import DeskByWire
from tests.drill.work import move_until_it_fails, take_in, work_within
from tests.server.conftest import PASSWORD, Installation, start, stop

ROOT = Path(__file__).parents[2]
SMALL, LEFT = "24m", 400_000


@pytest.fixture
def small_disk():
    """A disk of a few megabytes. Where this user may not mount one, the drill says so."""
    place = Path(tempfile.mkdtemp(prefix="wusong-disk"))
    # PostgreSQL's own user has to come in, too.
    place.chmod(0o755)
    words = ["mount", "-t", "tmpfs", "-o", f"size={SMALL},mode=0777", "tmpfs", str(place)]
    mounted = subprocess.run(words, capture_output=True, check=False).returncode == 0  # noqa: S603
    try:
        if not mounted:
            pytest.skip("this user may not mount a small disk; a limit on files is tried instead")
        yield place
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)  # noqa: S603, S607
        place.rmdir()


@pytest.fixture(params=["sqlite", "postgresql"])
def tight(request, small_disk, tmp_path):
    """A county whose tables lie on the small disk."""
    if request.param == "sqlite":
        here = DrillCounty(tmp_path, f"sqlite:///{small_disk / 'wusong.db'}")
    else:
        here = DrillCounty(tmp_path, *on_small_disk(request, small_disk))
        # What it does by itself makes each new connection write a file of its own first.
        here.postgres.set_autovacuum(on=False)
    yield here
    here.db.dispose()
    if here.postgres is not None:
        here.postgres.set_autovacuum(on=True)
        here.postgres.ask("DROP DATABASE drill_small WITH (FORCE)")
        here.postgres.ask("DROP TABLESPACE small")


def on_small_disk(request, small_disk):
    """PostgreSQL keeps this one database there; its log stays where there is room."""
    server, folder = request.getfixturevalue("postgres"), small_disk / "tables"
    folder.mkdir(mode=0o700)
    owner = server.folder.stat()
    os.chown(folder, owner.st_uid, owner.st_gid)
    server.ask(f"CREATE TABLESPACE small LOCATION '{folder}'")
    return server.new_database("drill_small", options="TABLESPACE small"), server


def fill(folder):
    """Leave not a page free, but for what a few moves need."""
    with (folder / "ballast").open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            while True:
                try:
                    if file.write(bytes(size)) < size:
                        break
                except OSError:
                    break
        file.truncate(file.tell() - LEFT)


def now():
    return datetime.now(UTC)


def test_a_full_disk_refuses_writes_and_goes_on_reading(tight, small_disk, say):
    fill(small_disk)
    done, error = move_until_it_fails(tight.db, tight.place)
    assert disk_is_full(error), error
    with pytest.raises(OperationalError) as refused:
        take_in(tight.db, tight.place.actor, now(), identity="full", corrects=None)
    assert disk_is_full(refused.value)
    with tight.db.read() as session:
        assert len(session.scalars(select(Case)).all()) == 12
    tight.check()
    (small_disk / "ballast").unlink()
    take_in(tight.db, tight.place.actor, now(), identity="room", corrects=None)
    tight.check()
    say(f"{done} moves, then the disk was full: refused by name, read on, whole, and on again")


def test_a_full_disk_is_one_sentence_at_the_command_line(tight, small_disk, tmp_path, say):
    (tmp_path / "secret.key").write_text(KEY.hex())
    (tmp_path / "cases.csv").write_bytes(long_ledger(400))
    fill(small_disk)
    move_until_it_fails(tight.db, tight.place)
    done = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-m", "data_access", "import", str(tmp_path / "cases.csv")],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": tight.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "磁盘已满" in done.stderr
    if tight.is_sqlite:
        with pytest.raises(CannotBackUp, match="磁盘已满"):
            back_up(tight.db.bind, small_disk / "backups", now=now())
        assert [*(small_disk / "backups").glob("*")] == []
    tight.check()
    say(f"a file of 400 cases: {done.stderr.strip()}")


def long_ledger(rows):
    lines = ["外部编号,事件名称,发生日期,事件类别,事件简述,主要当事人姓名,所属镇街"]
    lines += [f"M-{n},楼上漏水,2026-02-20,0201,{'长' * 2000},王小明,安仁镇" for n in range(rows)]
    return "\n".join(lines).encode()


def test_people_at_the_page_are_told_and_go_on_reading(tight, small_disk, tmp_path, say):
    (tmp_path / "secret.key").write_text(KEY.hex())
    tight.world.user("某甲", login="jia", password_hash=accounts.hash_password(PASSWORD))
    server = start(Installation(tmp_path, environment={"DATABASE_URL": tight.url}))
    try:
        browser = server.browser()
        assert browser.sign_in("jia", PASSWORD).status == 303
        fill(small_disk)
        move_until_it_fails(tight.db, tight.place)
        with browser.tab("queue") as tab:
            desk = DeskByWire(tab, tight.case_numbers[0])
            desk.fill_in(choose=min, note="负荷过高,分流")
            said = desk.confirm()
            assert "磁盘已满" in said, said
            (small_disk / "ballast").unlink()
            assert "已交给" in desk.confirm()
    finally:
        stop(server)
    tight.check()
    say(f"the page said: {said}; with room again the same press of the button went through")


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_a_limit_on_the_size_of_files_does_no_harm(county, say):
    """The same without the right to mount: the system does not let the log grow."""
    told = FORKSERVER.Queue()
    longest = max(path.stat().st_size for path in county.folder.glob("wusong.db*"))
    arguments = (county.place, longest + LEFT, told)
    process = FORKSERVER.Process(target=work_within, args=arguments, daemon=True)
    process.start()
    done, error, cases = told.get(timeout=60)
    process.join()
    told.close()
    _, reckoning = county.check()
    assert (len(reckoning.county.keys), cases) == (done, 12)
    assert done
    say(f"{done} moves, then not a byte more ({error}): all {done} are there, and read on")
