"""Sealing in a process of its own: the same rows, nothing that leaks, and a clean end."""

import gc
import signal
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from data_access.commands.import_file import import_file
from data_access.imports import lines, sealing_ahead
from data_access.imports.collecting import collected_seldom
from data_access.imports.sealing_ahead import SealingBroken
from data_access.tables import Case, ImportBatch, ImportRun, Party
from data_access.vault import Vault
from domain.imports import Step
from tests.bench import ledger
from tests.invariants import assert_hold
from tests.world import NOW

ROWS, PORTION = 30, 4
KEY = bytes(range(32))


@pytest.fixture
def sealers(monkeypatch):
    """Everything beyond one portion goes to a process; those that were started."""
    started = []

    class Watched(sealing_ahead._SealingProcess):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            started.append(self._process)

    monkeypatch.setattr(lines, "PORTION", PORTION)
    monkeypatch.setattr(sealing_ahead, "_SEALED_HERE", 1)
    monkeypatch.setattr(sealing_ahead, "_has_two_processors", lambda: True)
    monkeypatch.setattr(sealing_ahead, "_SealingProcess", Watched)
    return started


@pytest.fixture
def take(db, world):
    def run(content=None, **options):
        return import_file(
            db,
            content=content or ledger.as_csv(ROWS),
            file_name="台账.csv",
            actor=world.system,
            now=NOW,
            **options,
        )

    return run


def in_the_clear(db):
    """What the cases and their parties say, by the source's number."""
    with db.read() as session:
        cases = session.execute(
            select(Case.county_id, Case.id, Case.external_no, Case.title_encrypted)
        )
        found = {
            one.id: [
                one.external_no,
                db.vault.decrypt(one.title_encrypted, place=f"case.title:{one.county_id}:{one.id}"),
            ]
            for one in cases
        }
        for one in session.scalars(select(Party).order_by(Party.id)):
            for name in ("name", "identity", "phone", "address"):
                stored = getattr(one, f"{name}_encrypted")
                place = f"party.{name}:{one.county_id}:{one.id}"
                found[one.case_id].append(stored and db.vault.decrypt(stored, place=place))
            found[one.case_id].append(one.name_index)
    return {said[0]: said[1:] for said in found.values()}


def test_what_was_sealed_beside_says_what_the_file_says(db, world, take, sealers):
    assert take().added == ROWS
    assert len(sealers) == 1
    said = in_the_clear(db)
    assert len(said) == ROWS
    for number in range(ROWS):
        title, *parties = said[f"B{number:07d}"]
        assert title.endswith(f"相邻用水纠纷{number}")
        assert parties[0] == f"当事人{number}"
        assert parties[4] == db.vault.index(f"当事人{number}", "name")
        assert parties[5] == f"对方{number}"
        assert parties[7] == f"145{number:08d}"
    assert_hold(db, county_id=world.county)


def test_changes_of_known_cases_are_sealed_beside_too(db, world, take, sealers):
    take()
    content = ledger.as_csv(ROWS).decode().replace(",对方", ",另一方").encode()
    report = take(content)
    assert (report.changed, report.unchanged) == (ROWS, 0)
    assert len(sealers) == 2
    assert all(said[6] == f"另一方{int(no[1:])}" for no, said in in_the_clear(db).items())
    assert take(content + b"\n").unchanged == ROWS
    assert_hold(db, county_id=world.county)


def test_a_short_file_and_a_single_processor_need_no_other_process(take, sealers, monkeypatch):
    assert take(ledger.as_csv(PORTION)).added == PORTION
    monkeypatch.setattr(sealing_ahead, "_has_two_processors", lambda: False)
    assert take().added == ROWS - PORTION
    assert sealers == []


def test_a_sealer_that_is_killed_ends_the_import_and_nothing_was_written(db, take, sealers):
    def kill(told):
        if told.step is Step.SEALING and told.done >= 3 * PORTION:
            sealers[0].send_signal(signal.SIGKILL)

    with pytest.raises(SealingBroken):
        take(progress=kill)
    assert sealers[0].returncode == -signal.SIGKILL
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 0
        assert session.scalar(select(func.count()).select_from(ImportBatch)) == 0
        (run,) = session.scalars(select(ImportRun)).all()
    assert run.step == Step.STOPPED
    # The turn is free again.
    assert take().added == ROWS


def test_an_import_that_is_broken_off_leaves_no_sealer(take, sealers):
    def break_off(told):
        if told.step is Step.SEALING and told.done >= 3 * PORTION:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(progress=break_off)
    assert len(sealers) == 1
    assert sealers[0].returncode is not None


def confined(pid):
    limits = Path(f"/proc/{pid}/limits").read_text()
    return any(
        line.startswith("Max open files") and line.split()[3:5] == ["3", "3"]
        for line in limits.splitlines()
    )


@pytest.fixture
def sealer():
    """Starts a sealer, and waits until it is ready for its first portion."""
    started = []

    def start(key):
        process = sealing_ahead._SealingProcess(key, "sqlite+pysqlite", None)
        started.append(process)
        pid = process._process.pid
        deadline = time.monotonic() + 60
        while not confined(pid):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return process, pid

    yield start
    for process in started:
        process.__exit__(None, None, None)


def test_the_key_is_seen_by_nobody_and_no_way_leads_out(sealer):
    _, pid = sealer(KEY)
    for name in ("cmdline", "environ"):
        shown = Path(f"/proc/{pid}/{name}").read_bytes()
        assert KEY not in shown
        assert KEY.hex().encode() not in shown
    assert {one.name for one in Path(f"/proc/{pid}/fd").iterdir()} == {"0", "1", "2"}
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    for name in ("Max file size", "Max core file size"):
        (line,) = [line for line in limits if line.startswith(name)]
        assert line.removeprefix(name).split()[:2] == ["0", "0"]


def test_a_sealer_ends_with_the_process_that_started_it(sealer):
    process, _ = sealer(KEY)
    # As if that one was killed: the pipe has nobody at its other end.
    process._process.stdin.close()
    assert process._process.wait(timeout=30) == 0


def test_a_vault_hands_its_key_on_and_another_reads_what_it_sealed():
    ours = Vault(KEY)
    theirs = Vault(ours.key())
    places = {f"party.name:1:{number}": f"王{number}" for number in range(5)}
    sealed = theirs.encrypt_all(places)
    assert [ours.decrypt(one, place=place) for one, place in zip(sealed, places, strict=True)] == [
        *places.values()
    ]
    assert len({one[1:13] for one in sealed}) == 5


def test_the_collector_looks_as_before_when_the_last_of_several_ends():
    before = gc.get_threshold()
    with collected_seldom:
        seldom = gc.get_threshold()
        with collected_seldom:
            assert gc.get_threshold() == seldom
        assert gc.get_threshold() == seldom
    assert seldom[0] > before[0]
    assert gc.get_threshold() == before
