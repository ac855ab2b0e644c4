"""Verbs about files: take one in, rehearse it, and get back the rows that were not taken."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from data_access import reference
from data_access.commands.import_file import import_file, rehearse_file, take_rejects
from data_access.engine import Database
from data_access.imports.person import actor_of_login
from data_access.imports.progress import Listener
from data_access.imports.read import LIMITS
from data_access.imports.rejects import write_rejects
from data_access.queries.import_mappings import SavedMapping, mapping_named, mappings
from data_access.settings import Settings
from data_access.site_verbs import opened_database
from domain.errors import NotFound
from domain.imports import FileRefused, Profile, Progress, Report
from domain.people import Actor, Permission, system_actor
from texts import gettext as _
from texts.imports import file_refused, progress_sentence, report_lines

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - has no public name

_TO_EMPTY_LINE = "\r\x1b[K"


def add_parser(verbs: "Verbs") -> None:
    """Register this module's verbs."""
    about = _("导入组织单位、调委会与调解员、矛盾纠纷(XLSX、XLS、ODS、CSV)")
    take = verbs.add_parser("import", help=about, description=about)
    take.add_argument("file", type=Path, help=_("文件"))
    take.add_argument(
        "--profile",
        type=Profile,
        choices=list(Profile),
        help=_("种类;不写则按表头识别"),
    )
    take.add_argument("--sheet", type=int, default=1, help=_("工作簿的第几张工作表,从 1 数起"))
    take.add_argument(
        "--mapping", metavar="NAME", help=_("按导入页面上保存的哪一份对照方案来读,如 安仁镇台账")
    )
    take.add_argument("--dry-run", action="store_true", help=_("只预演,不写入"))
    take.add_argument("--again", action="store_true", help=_("同一文件也再导入一次"))
    _add_actor(take)
    take.set_defaults(run=_import)

    about = _("取出某一批退回的行,改好后可再导入")
    back = verbs.add_parser("rejects", help=about, description=about)
    back.add_argument("batch", type=int, help=_("批次号"))
    back.add_argument("--out", type=Path, required=True, help=_("写到哪个 CSV 文件"))
    _add_actor(back)
    back.set_defaults(run=_rejects)


def _add_actor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--actor", metavar="LOGIN", help=_("以谁的名义;不写则为系统"))


def _import(arguments: argparse.Namespace) -> int:
    try:
        # One byte more than is taken, so that a file that is too large is seen to be.
        with arguments.file.open("rb") as file:
            content = file.read(LIMITS.file_bytes + 1)
    except OSError as error:
        return _fail(_("读不到文件 {file}:{why}").format(file=arguments.file, why=error.strerror))
    with opened_database() as db:
        try:
            with _progress_shown() as progress:
                report = _run(db, arguments, content, progress)
        except FileRefused as refusal:
            return _fail(f"{arguments.file.name}:{file_refused(refusal)}")
    if arguments.dry_run:
        print(_("预演,没有写入:"))
    print("\n".join(report_lines(report)))
    if report.rejected and report.batch_id is not None:
        print(
            _("退回的行:python -m data_access rejects {batch} --out 退回.csv").format(
                batch=report.batch_id
            )
        )
    if report.same_as is not None:
        print(_("确需再导入一次,请加 --again。"))
    return 0


def _run(
    db: Database, arguments: argparse.Namespace, content: bytes, progress: Listener | None
) -> Report:
    now = _now()
    actor = _actor(db, arguments, now)
    name, sheet = arguments.file.name, arguments.sheet
    saved = _saved_mapping(db, arguments.mapping, actor) if arguments.mapping else None
    profile = arguments.profile or (saved.profile if saved else None)
    mapping = saved.mapping if saved else None
    if arguments.dry_run:
        return rehearse_file(
            db,
            content=content,
            file_name=name,
            profile=profile,
            sheet=sheet,
            mapping=mapping,
            actor=actor,
            now=now,
            progress=progress,
        )
    return import_file(
        db,
        content=content,
        file_name=name,
        profile=profile,
        sheet=sheet,
        again=arguments.again,
        mapping=mapping,
        actor=actor,
        now=now,
        progress=progress,
    )


def _saved_mapping(db: Database, name: str, actor: Actor) -> SavedMapping:
    """The county's saved mapping of this name. Ends the program without one."""
    scope = actor.scope(Permission.IMPORT_RUN)
    with db.read() as session:
        try:
            return mapping_named(session, scope=scope, name=name)
        except NotFound:
            known = _("、").join(one.name for one in mappings(session, scope=scope)) or "—"
    sys.exit(_("没有名为“{name}”的对照方案。已保存的有:{known}。").format(name=name, known=known))


@contextmanager
def _progress_shown() -> Iterator[Listener | None]:
    """How far it is, in the last line of a terminal; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return

    def show(progress: Progress) -> None:
        sys.stderr.write(_TO_EMPTY_LINE + progress_sentence(progress))
        sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write(_TO_EMPTY_LINE)


def _rejects(arguments: argparse.Namespace) -> int:
    now = _now()
    if arguments.out.exists():
        return _fail(_("文件 {file} 已存在,不覆盖。").format(file=arguments.out))
    with opened_database() as db:
        try:
            actor = _actor(db, arguments, now)
            rows = take_rejects(db, batch_id=arguments.batch, actor=actor, now=now)
            write_rejects(arguments.out, rows)
        except NotFound:
            return _fail(_("没有这一批,或它没有退回的行。"))
        except OSError as error:
            return _fail(
                _("写不了文件 {file}:{why}").format(file=arguments.out, why=error.strerror)
            )
    print(
        _("已写出 {count} 行到 {file}。文件含个人信息,改完导入后请删除。").format(
            count=len(rows), file=arguments.out
        )
    )
    return 0


def _actor(db: Database, arguments: argparse.Namespace, now: datetime) -> Actor:
    """The named person with their posts, or the product itself. Ends the program without one."""
    with db.read() as session:
        if arguments.actor:
            try:
                separated = Settings().three_roles
                return actor_of_login(session, login=arguments.actor, now=now, separated=separated)
            except NotFound:
                sys.exit(_("没有可用的账号 {login}。").format(login=arguments.actor))
        county_id = reference.county_id(session)
    if county_id is None:
        sys.exit(_("站点还没有建立县级单位。请先启动服务,在 /setup 建立。"))
    return system_actor(county_id)


def _fail(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


def _now() -> datetime:
    return datetime.now(UTC)
