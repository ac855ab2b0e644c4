"""Put a backup of a SQLite database back, or only try whether it could be put back.

A backup is copied beside its place and looked at there: is the file whole, is it a version that
this program knows, does the key fit, is the trail unbroken, do the tables agree. Only then does it
take its place, in one step. What was there before stays beside it under another name.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pysqlite3.dbapi2
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from data_access import audit, reference
from data_access.backup import sync
from data_access.backup_contents import (
    CannotRestore,
    Contents,
    contents_of,
    examine,
    site_vault,
)
from data_access.engine import Database, database_file, open_engine
from data_access.faults import disk_is_full
from data_access.settings import Settings
from data_access.site import CannotStart, server_lock
from data_access.tables import AuditHead, AuthSession
from domain.people import system_actor
from texts import gettext as _

_SIDE_FILES = ("-wal", "-shm", "-journal")
_HEADER = b"SQLite format 3\0"
_DRAFT = ".restoring"
_PATIENCE_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, where, and where that lies which was there before."""

    contents: Contents
    target: Path
    kept: Path | None


def rehearse_restore(settings: Settings, source: Path) -> Contents:
    """Do everything that a restore does short of the last step; beside a running server, too.

    Raises CannotRestore. The database in use is not touched.
    """
    target = _target(settings)
    vault = site_vault(settings)
    with _draft(source, target) as draft, _opened(draft) as engine:
        return examine(engine, vault, settings)


def restore(settings: Settings, source: Path, *, replace: bool, now: datetime) -> Restored:
    """Put the backup `source` where the settings say that the database is.

    A database that is there is kept under another name where `replace`, and refuses otherwise.
    Everybody is signed out, and the trail says that it was restored. Raises CannotRestore.
    """
    target = _target(settings)
    if source.exists() and target.exists() and source.samefile(target):
        raise CannotRestore(_("{path} 就是正在使用的数据库,不是备份。").format(path=source))
    if _holds_something(target) and not replace:
        raise CannotRestore(
            _("{path} 已经有数据库。确认要换成备份,请加 --replace:原来的文件会改名保留。").format(
                path=target
            )
        )
    vault = site_vault(settings)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _no_server(settings), _draft(source, target) as draft:
        digest = _sha256(draft)
        with _opened(draft) as engine:
            contents = examine(engine, vault, settings)
            _mark_restored(Database(engine, vault), digest, now)
        _fold(draft)
        if _holds_something(Path(f"{draft}-wal")):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(draft)
        kept = _set_aside(target, now) if _holds_something(target) else None
        draft.replace(target)
        sync(target.parent)
    return Restored(contents, target, kept)


def finish_restore(db: Database, settings: Settings, *, now: datetime) -> Contents:
    """What is left to do once PostgreSQL's own tool has filled the database from a backup.

    Looks at it as `restore` looks at a file, signs everybody out, and says in the trail that it was
    restored. Raises CannotRestore where it could not be worked with.
    """
    with db.read() as session:
        contents = contents_of(session, settings)
    _mark_restored(db, None, now)
    return contents


def _target(settings: Settings) -> Path:
    target = database_file(settings.url)
    if target is None:
        raise CannotRestore(
            _(
                "PostgreSQL 的备份由 pg_restore 放回,再运行 python -m data_access restore"
                "(不写文件)核对;步骤见 docs/how-to/backup.md。密钥文件须另外放回。"
            )
        )
    return target


def _holds_something(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


@contextmanager
def _no_server(settings: Settings) -> Iterator[None]:
    """No server has the database, and none begins while it is exchanged."""
    try:
        lock = server_lock(settings)
    except CannotStart as busy:
        raise CannotRestore(str(busy)) from None
    try:
        yield
    finally:
        if lock is not None:
            lock.close()


@contextmanager
def _draft(source: Path, target: Path) -> Iterator[Path]:
    """A copy of the backup beside its future place, for its owner alone; gone at the end."""
    if not source.is_file():
        raise CannotRestore(_("找不到备份文件 {path}。").format(path=source))
    if _holds_something(Path(f"{source}-wal")):
        raise CannotRestore(
            _(
                "{path} 旁边还有 -wal 文件:它是使用中的数据库,不是备份。"
                "备份请用 python -m data_access backup。"
            ).format(path=source)
        )
    _clear_drafts(target)
    draft = target.with_name(f".{target.name}.{os.getpid()}{_DRAFT}")
    try:
        draft.touch(mode=0o600, exist_ok=False)
        shutil.copyfile(source, draft)
        sync(draft)
        yield draft
    except OSError as error:
        full = disk_is_full(error)
        raise CannotRestore(
            _("{folder} 所在的磁盘已满,备份没有放回。请腾出空间再试。").format(folder=target.parent)
            if full
            else _("备份没有放回:{reason}。").format(reason=error.strerror or error)
        ) from None
    finally:
        _delete(draft)


def _clear_drafts(target: Path) -> None:
    """Delete what a restore that was killed left behind: the whole county lies in it."""
    for draft in target.parent.glob(f".{target.name}.*{_DRAFT}"):
        process = draft.name.removesuffix(_DRAFT).rpartition(".")[2]
        if process == str(os.getpid()) or not Path(f"/proc/{process}").exists():
            _delete(draft)


def _delete(database: Path) -> None:
    for end in ("", *_SIDE_FILES):
        Path(f"{database}{end}").unlink(missing_ok=True)


@contextmanager
def _opened(draft: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{draft}")
    try:
        yield engine
    except DatabaseError as error:
        if disk_is_full(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
        raise CannotRestore(_("备份文件已损坏,或不是本程序的数据库。")) from None
    finally:
        engine.dispose()


def _mark_restored(db: Database, digest: str | None, now: datetime) -> None:
    """Sign everybody out and say in the trail that the county goes on from here.

    A sign-out, a closed account or an ended post may be younger than the backup: whoever had a
    browser open then must not be let in by it now.
    """

    def work(session: Session) -> None:
        session.execute(
            update(AuthSession).where(AuthSession.revoked_at.is_(None)).values(revoked_at=now)
        )
        county_id = reference.county_id(session)
        if county_id is None:
            return
        seq = session.scalar(select(AuditHead.seq).where(AuditHead.county_id == county_id))
        deed = audit.Deed("site:restore", "site", {"sha256": digest, "seq": seq})
        actor = system_actor(county_id)
        audit.append(session, [deed], actor=actor, at=now, changes_data=True)

    db.write(work)


def _set_aside(target: Path, now: datetime) -> Path:
    """Keep what is there under another name; its own name is free for the backup, or never lost.

    The file stays under both names until the backup takes its place: there is no moment in which a
    server that starts would find nothing and begin an empty site.
    """
    _fold(target)
    kept = target.with_name(f"{target.name}.before-{now:%Y%m%dT%H%M%SZ}")
    os.link(target, kept)
    # A damaged database may have left them: beside another file they would be taken for its own.
    for end in _SIDE_FILES:
        with suppress(FileNotFoundError):
            Path(f"{target}{end}").replace(f"{kept}{end}")
    return kept


def _fold(path: Path) -> None:
    """Bring the log into the file; it is then complete, and nobody else has it open.

    A damaged file, which may be why it is to be replaced, stays as it is: what is not even known to
    be a database is not opened, since that alone would delete its log. Raises CannotRestore.
    """
    with path.open("rb") as file:
        if file.read(len(_HEADER)) != _HEADER:
            return
    connection = pysqlite3.dbapi2.connect(path, timeout=_PATIENCE_SECONDS)
    try:
        # Refused while another process has a connection, whatever that one does.
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()
    except pysqlite3.dbapi2.OperationalError as error:
        if error.sqlite_errorname.startswith("SQLITE_BUSY"):
            raise CannotRestore(
                _("数据库 {path} 正被另一个命令使用,请等它结束再试。").format(path=path)
            ) from None
    except pysqlite3.dbapi2.DatabaseError:
        return
    finally:
        connection.close()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
