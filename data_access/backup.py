"""Copies of a SQLite database that is in use: consistent, complete, on the disk, and rotated."""

import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pysqlite3.dbapi2
from sqlalchemy import Engine

from data_access.faults import disk_is_full
from texts import gettext as _

# Sorts by time, and says so in UTC.
_NAME = "wusong-{now:%Y%m%dT%H%M%SZ}.db"
_ALL = "wusong-????????T??????Z.db"
# The way back to the version before: no rotation takes it, and no `wusong-*.db` means it.
_NAME_BEFORE_UPGRADE = "before-upgrade-{now:%Y%m%dT%H%M%SZ}.db"
_DRAFT = ".part"
# A draft that nobody has touched for so long was left by a process that was killed.
_ABANDONED = timedelta(days=1)


class CannotBackUp(Exception):
    """No backup was made, and nothing was left behind; the message says why."""


def back_up(
    engine: Engine, folder: Path, *, now: datetime, before_upgrade: bool = False
) -> Path | None:
    """A consistent copy of a SQLite database in `folder`; None for PostgreSQL (use pg_dump).

    It is its owner's alone from the first byte, and has its name only when it is complete and on
    the disk. One made `before_upgrade` is named so, and is never rotated away. Raises CannotBackUp.
    """
    if engine.dialect.name != "sqlite":
        return None
    target = folder / (_NAME_BEFORE_UPGRADE if before_upgrade else _NAME).format(now=now)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _clear(folder, now)
        draft = _copy(engine, folder)
        draft.replace(target)
        sync(folder)
    except (OSError, pysqlite3.dbapi2.Error) as error:
        raise CannotBackUp(_why_not(error, folder)) from None
    return target


def rotate(folder: Path, *, keep: int) -> list[Path]:
    """Delete all but the youngest `keep` hourly backups of a folder. Returns the gone.

    Other files stay, and so do backups from before an upgrade. A backup on which a restore was
    tried under its own name has side files; they go with it.
    """
    backups = sorted(folder.glob(_ALL))
    old = backups[: max(0, len(backups) - keep)]
    for path in old:
        path.unlink(missing_ok=True)
        for end in ("-wal", "-shm"):
            Path(f"{path}{end}").unlink(missing_ok=True)
    return old


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk before anything is built on it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(engine: Engine, folder: Path) -> Path:
    """A copy under a name of its own, since two backups may begin in one second."""
    # Mode 0600, whatever the umask; SQLite writes into an empty file as into a new one.
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=_DRAFT, dir=folder)
    os.close(descriptor)
    draft = Path(name)
    try:
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None  # noqa: S101 - a live connection has its driver's
            driver.execute("VACUUM INTO ?", (name,))
        _require_whole(draft)
        # SQLite does not wait until what VACUUM INTO wrote is on the disk.
        sync(draft)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft


def _require_whole(draft: Path) -> None:
    copy = pysqlite3.dbapi2.connect(draft)
    try:
        (verdict,) = copy.execute("PRAGMA quick_check").fetchone()
    finally:
        copy.close()
    if verdict != "ok":
        raise pysqlite3.dbapi2.DatabaseError(verdict)


def _clear(folder: Path, now: datetime) -> None:
    """Delete what a backup that was killed left behind."""
    for draft in folder.glob(f".*{_DRAFT}"):
        if now.timestamp() - draft.stat().st_mtime > _ABANDONED.total_seconds():
            draft.unlink(missing_ok=True)


def _why_not(error: Exception, folder: Path) -> str:
    if disk_is_full(error):
        return _("{folder} 所在的磁盘已满,没有备份。请腾出空间,或用 --to 指定别处。").format(
            folder=folder
        )
    return _("没有备份到 {folder}:{reason}。").format(folder=folder, reason=error)
