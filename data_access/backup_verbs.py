"""Verbs that keep the data: copy the database while it is used, and put a copy back."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from data_access import anchors
from data_access.backup import CannotBackUp, back_up, rotate
from data_access.backup_contents import CannotRestore, Contents, contents_of
from data_access.engine import Database, open_engine
from data_access.restore import finish_restore, rehearse_restore, restore
from data_access.settings import Settings
from data_access.site_verbs import (
    anchors_said_plainly,
    opened_database,
    say_backup,
    sign_anchor,
)
from texts import gettext as _
from texts.numbers import moment

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - has no public name


def add_parser(verbs: "Verbs") -> None:
    """Register this module's verbs."""
    about = _("备份 SQLite 数据库,服务可以不停;密钥不在其中")
    verb = verbs.add_parser("backup", help=about, description=about)
    verb.add_argument(
        "--to", type=Path, metavar="FOLDER", help=_("备份到哪个文件夹;不写则在数据目录的 backups")
    )
    verb.add_argument(
        "--keep", type=_at_least_one, metavar="N", help=_("备份成功后,只留最新的 N 份")
    )
    verb.set_defaults(run=_back_up)
    about = _("用备份恢复数据库;先停服务")
    verb = verbs.add_parser("restore", help=about, description=about)
    verb.add_argument(
        "file",
        type=Path,
        nargs="?",
        metavar="FILE",
        help=_("备份文件;PostgreSQL 不写,在 pg_restore 之后运行"),
    )
    verb.add_argument(
        "--replace",
        action="store_true",
        help=_("换掉现有的数据库,原来的文件改名保留;PostgreSQL:确认现在的数据就是放回的备份"),
    )
    verb.add_argument(
        "--check", action="store_true", help=_("只试:检查备份能否恢复,什么都不改,服务不用停")
    )
    verb.set_defaults(run=_restore)


def _at_least_one(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(_("至少留 1 份"))
    return number


def _back_up(arguments: argparse.Namespace) -> int:
    settings = Settings()
    folder = arguments.to or settings.data_dir / "backups"
    with opened_database(settings) as db:
        sign_anchor(db, settings)
        engine = open_engine(settings.url)
        try:
            say_backup(back_up(engine, folder, now=_now()))
        except CannotBackUp as error:
            sys.exit(str(error))
        finally:
            engine.dispose()
        if db.is_sqlite and arguments.keep is not None:
            for old in rotate(folder, keep=arguments.keep):
                print(_("已删除旧备份 {path}").format(path=old))
        return 0 if db.is_sqlite else 1


def _restore(arguments: argparse.Namespace) -> int:
    settings = Settings()
    try:
        if arguments.file is None:
            _finish(settings, arguments)
        elif arguments.check:
            contents = _told(rehearse_restore(settings, arguments.file))
            print(_("可以恢复,什么都没有改:{contents}").format(contents=contents))
        else:
            _put_back(settings, arguments)
    except CannotRestore as error:
        sys.exit(str(error))
    return 0


def _put_back(settings: Settings, arguments: argparse.Namespace) -> None:
    restored = restore(settings, arguments.file, replace=arguments.replace, now=_now())
    contents = _told(restored.contents)
    print(_("已恢复到 {path}:{contents}").format(path=restored.target, contents=contents))
    if restored.kept is not None:
        print(_("原来的数据库改名为 {path},确认无误后再删。").format(path=restored.kept))
    with opened_database(settings) as db:
        _set_anchors_aside(db, settings)
    _say_who_is_out()


def _finish(settings: Settings, arguments: argparse.Namespace) -> None:
    if settings.is_sqlite:
        sys.exit(_("请写明备份文件:python -m data_access restore FILE"))
    with opened_database(settings) as db:
        if arguments.check or not arguments.replace:
            _look_only(db, settings, checks=arguments.check)
            return
        contents = _told(finish_restore(db, settings, now=_now()))
        _set_anchors_aside(db, settings)
    print(_("恢复的数据库完好:{contents}").format(contents=contents))
    _say_who_is_out()


def _look_only(db: Database, settings: Settings, *, checks: bool) -> None:
    """Say what the database holds. Raises CannotRestore where more than that was asked for.

    A database that people work in looks no other than one that was just put back: whoever types the
    verb by mistake must not sign everybody out by it.
    """
    with db.read() as session:
        contents = _told(contents_of(session, settings))
    if not checks:
        raise CannotRestore(
            _(
                "数据库里是:{contents}。什么都没有改。这确是刚用 pg_restore 放回的备份,请加 "
                "--replace:所有人会退出登录,记着之后记录的锚定文件会移开保存。"
            ).format(contents=contents)
        )
    print(_("数据库完好,什么都没有改:{contents}").format(contents=contents))


def _set_anchors_aside(db: Database, settings: Settings) -> None:
    """Anchors of what came after the backup would accuse the trail for ever; they are kept."""
    with anchors_said_plainly():
        moved = anchors.set_aside(
            db, folder=settings.anchors_path, key_path=settings.anchor_key_path, now=_now()
        )
    if moved:
        print(
            _("{count} 份锚定文件记的是备份之后的记录,已移到 {folder} 保存。").format(
                count=len(moved), folder=moved[0].parent
            )
        )


def _say_who_is_out() -> None:
    print(_("所有人已退出登录。账号、岗位和密码都回到备份那一刻:之后停用的账号请重新停用。"))


def _told(contents: Contents) -> str:
    words = _("案件 {cases} 件,审计 {lines} 条").format(
        cases=contents.cases, lines=contents.audit_lines
    )
    if contents.last_at is not None:
        words += _(",最后一条记于 {time}").format(time=moment(contents.last_at, now=_now()))
    if contents.migrated:
        words += _(",已从旧版本升级")
    return words


def _now() -> datetime:
    return datetime.now(UTC)
