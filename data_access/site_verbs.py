"""Verbs about the site: migrate, back up, verify the trail, end a person's sessions."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from data_access import audit, migrate, reference
from data_access.commands.setup import new_setup_code
from data_access.commands.sign_in import end_all_sessions
from data_access.engine import Database, open_engine
from data_access.migrate import SchemaState
from data_access.settings import Settings
from data_access.site import make_private
from data_access.tables import User
from data_access.vault import KeyFileError, open_vault
from domain.errors import NotFound
from domain.people import system_actor
from texts import gettext as _

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - has no public name


def add_parser(verbs: "Verbs") -> None:
    """Register this module's verbs."""
    for name, run, about in (
        ("init", _init, _("为空站点生成一次性设置码,在浏览器 /setup 建立第一个管理员")),
        ("migrate", _migrate, _("把数据库升级到本版本;升级前先备份 SQLite 文件")),
        ("backup", _back_up, _("在数据目录下备份 SQLite 数据库,服务可以不停")),
        ("verify-audit", _verify, _("重算审计链,报告第一处断裂")),
    ):
        verbs.add_parser(name, help=about, description=about).set_defaults(run=run)
    about = _("让一个账号在所有地方退出登录")
    end = verbs.add_parser("end-sessions", help=about, description=about)
    end.add_argument("login", help=_("登录名"))
    end.set_defaults(run=_end_sessions)


@contextmanager
def opened_database(settings: Settings | None = None) -> Iterator[Database]:
    """The site's database for one verb, beside a running server or without one.

    Ends the program with a sentence where the database is not there, of another version, or its key
    is missing.
    """
    settings = settings or Settings()
    engine = open_engine(settings.url)
    try:
        match migrate.state(engine):
            case SchemaState.EMPTY | SchemaState.OLDER:
                sys.exit(_("数据库还没有升级到本版本。请先运行 python -m data_access migrate。"))
            case SchemaState.NEWER:
                sys.exit(_("数据库由更新的版本建立,本版本不能打开。"))
            case SchemaState.CURRENT:
                yield Database(engine, open_vault(settings.key_path, create=False))
    except KeyFileError as error:
        sys.exit(str(error))
    finally:
        engine.dispose()


def _init(_arguments: argparse.Namespace) -> int:
    _migrate(_arguments)
    with opened_database() as db:
        code = new_setup_code(db)
    print(_("一次性设置码:{code}").format(code=code))
    print(_("启动服务后打开 /setup,用它建立本县和第一个管理员。"))
    return 0


def _migrate(_arguments: argparse.Namespace) -> int:
    settings = Settings()
    make_private(settings)
    engine = open_engine(settings.url)
    try:
        state = migrate.state(engine)
        if state is SchemaState.NEWER:
            sys.exit(_("数据库由更新的版本建立,本版本不能打开。"))
        if state is SchemaState.CURRENT:
            print(_("数据库已是本版本,无需升级。"))
            return 0
        open_vault(settings.key_path, create=state is SchemaState.EMPTY)
        if state is SchemaState.OLDER:
            _say_backup(migrate.back_up(engine, settings.data_dir / "backups", now=_now()))
        migrate.upgrade(engine)
        print(_("数据库已升级到本版本。"))
    except KeyFileError as error:
        sys.exit(str(error))
    finally:
        engine.dispose()
    return 0


def _back_up(_arguments: argparse.Namespace) -> int:
    settings = Settings()
    with opened_database(settings) as db:
        engine = open_engine(settings.url)
        _say_backup(migrate.back_up(engine, settings.data_dir / "backups", now=_now()))
        engine.dispose()
        return 0 if db.is_sqlite else 1


def _say_backup(path: object) -> None:
    if path is None:
        print(_("PostgreSQL 请用 pg_dump 备份;密钥文件须另外保存。"))
    else:
        print(_("已备份到 {path};密钥文件不在其中,须另外保存。").format(path=path))


def _verify(_arguments: argparse.Namespace) -> int:
    with opened_database() as db, db.read() as session:
        county = reference.county_id(session)
        if county is None:
            print(_("站点还没有建立,没有审计记录。"))
            return 0
        verdict = audit.verify(session, county_id=county)
    if verdict.broken_at is None:
        print(_("审计链完整,共 {lines} 条。").format(lines=verdict.lines))
        return 0
    print(_("审计链在第 {seq} 条断裂。").format(seq=verdict.broken_at))
    return 1


def _end_sessions(arguments: argparse.Namespace) -> int:
    with opened_database() as db:
        with db.read() as session:
            user = session.execute(
                select(User.id, User.county_id).where(User.login == arguments.login)
            ).one_or_none()
        if user is None:
            raise NotFound(arguments.login)
        actor = system_actor(user.county_id)
        end_all_sessions(db, user_id=user.id, actor=actor, now=_now())
    print(_("{login} 已在所有地方退出登录。").format(login=arguments.login))
    return 0


def _now() -> datetime:
    return datetime.now(UTC)
