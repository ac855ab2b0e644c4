"""What a backup holds, and whether a site could work with it."""

from dataclasses import dataclass, replace
from datetime import datetime

from cryptography.exceptions import InvalidTag
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from data_access import audit, migrate, reference
from data_access.consistency import disagreements
from data_access.engine import Database, vault_of
from data_access.migrate import SchemaState
from data_access.settings import Settings
from data_access.tables import AuditLine, Case, ImportBatch
from data_access.tables.imports import file_name_place
from data_access.vault import KeyFileError, Vault, open_vault
from texts import gettext as _


class CannotRestore(Exception):
    """The backup was not put back and nothing was changed; the message says why."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds: how many cases and audit lines, and when its last line was written."""

    cases: int
    audit_lines: int
    last_at: datetime | None
    migrated: bool = False


def examine(engine: Engine, vault: Vault, settings: Settings) -> Contents:
    """What the SQLite backup behind `engine` holds, brought to this version where it was older.

    Raises CannotRestore where it could not be worked with.
    """
    with engine.connect() as connection:
        if connection.scalar(text("PRAGMA integrity_check")) != "ok":
            raise CannotRestore(_("备份文件已损坏,没有通过完整性检查。"))
    migrated = _brought_up(engine)
    with Database(engine, vault).read() as session:
        return replace(contents_of(session, settings), migrated=migrated)


def contents_of(session: Session, settings: Settings) -> Contents:
    """What a database holds, if its key fits, its trail is unbroken and its tables agree.

    Raises CannotRestore.
    """
    _require_fitting_key(session, settings)
    return _read_contents(session)


def site_vault(settings: Settings) -> Vault:
    """The vault of the site's key file. Raises CannotRestore: no backup ever holds the key."""
    try:
        return open_vault(settings.key_path, create=False)
    except KeyFileError as error:
        raise CannotRestore(
            _("{reason}。备份里从来没有密钥:请先把另外保存的密钥文件放回 {path}。").format(
                reason=error, path=settings.key_path
            )
        ) from None


def _brought_up(engine: Engine) -> bool:
    """Bring an older backup to this version. Returns whether it was older."""
    match migrate.state(engine):
        case SchemaState.CURRENT:
            return False
        case SchemaState.OLDER:
            migrate.upgrade(engine)
            return True
        case SchemaState.EMPTY:
            raise CannotRestore(_("备份文件是空的,没有任何数据表。"))
        case SchemaState.NEWER:
            raise CannotRestore(_("备份由更新的版本写成,请先升级程序再恢复。"))


def _require_fitting_key(session: Session, settings: Settings) -> None:
    """Raise where the key cannot read what the backup holds; nothing to read fits any key."""
    sealed = _something_sealed(session)
    if sealed is None:
        return
    try:
        vault_of(session).decrypt(sealed[0], place=sealed[1])
    except InvalidTag:
        raise CannotRestore(
            _("密钥文件 {path} 不是这个备份的密钥,个人信息会全部读不出来。").format(
                path=settings.key_path
            )
        ) from None


def _something_sealed(session: Session) -> tuple[bytes, str] | None:
    """The youngest case's title, or else the youngest file's name, with its place."""
    case = session.execute(
        select(Case.title_encrypted, Case.county_id, Case.id).order_by(Case.id.desc()).limit(1)
    ).first()
    if case is not None:
        return case.title_encrypted, f"case.title:{case.county_id}:{case.id}"
    batch = session.execute(
        select(ImportBatch.file_name_encrypted, ImportBatch.id)
        .order_by(ImportBatch.id.desc())
        .limit(1)
    ).first()
    return None if batch is None else (batch.file_name_encrypted, file_name_place(batch.id))


def _read_contents(session: Session) -> Contents:
    county_id = reference.county_id(session)
    if county_id is None:
        return Contents(0, 0, None)
    verdict = audit.verify(session, county_id=county_id)
    if verdict.broken_at is not None:
        raise CannotRestore(_("备份里的审计链在第 {seq} 条断裂。").format(seq=verdict.broken_at))
    if wrong := disagreements(session, county_id=county_id):
        raise CannotRestore(
            _("备份里的数据互相矛盾:{kinds}。").format(
                kinds=_("、").join(f"{kind} {count}" for kind, count in wrong.items())
            )
        )
    cases = session.scalar(select(func.count()).select_from(Case)) or 0
    last_at = session.scalar(select(AuditLine.at).order_by(AuditLine.seq.desc()).limit(1))
    return Contents(cases, verdict.lines, last_at)
