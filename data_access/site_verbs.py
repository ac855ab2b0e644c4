"""Verbs about the site: begin, migrate; accounts and their sessions."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Engine, Select, or_, select
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from data_access import anchors, migrate, reference
from data_access.accounts import hash_password, new_password, normalise_login
from data_access.anchors import AnchorKeyError
from data_access.backup import CannotBackUp, back_up
from data_access.commands.passwords import set_one_time_password
from data_access.commands.people import add_user, require_valid_account
from data_access.commands.posts import add_post
from data_access.commands.setup import new_setup_code
from data_access.commands.sign_in import end_all_sessions
from data_access.engine import Database, database_file, open_engine
from data_access.faults import disk_is_full
from data_access.migrate import SchemaState
from data_access.queries import posts
from data_access.seats import require_place
from data_access.settings import Settings
from data_access.site import cannot_connect, make_private, tighten
from data_access.tables import Committee, Mediator, OrganisationUnit, User
from data_access.vault import KeyFileError, open_vault
from domain.clocks import day_of
from domain.errors import NotAllowed
from domain.people import Post, Role, Scope, system_actor
from texts import gettext as _
from texts.people import separation_lines
from texts.words import word

# Held in a part of the county: without its place, such a post would be one for the whole county.
_LOCAL_POSTS = frozenset({Role.TOWN, Role.COMMITTEE_HEAD, Role.GRID_WORKER, Role.ADVISER})

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - has no public name


def add_parser(verbs: "Verbs") -> None:
    """Register this module's verbs."""
    for name, run, about in (
        ("init", _init, _("为空站点生成一次性设置码,在浏览器 /setup 建立第一个管理员")),
        ("migrate", _migrate, _("把数据库升级到本版本;升级前先备份 SQLite 文件")),
        ("check-posts", _check_posts, _("三员分立:列出谁兼任了不能兼任的岗位,哪一员空缺")),
    ):
        verbs.add_parser(name, help=about, description=about).set_defaults(run=run)
    for name, run, about in (
        ("end-sessions", _end_sessions, _("让一个账号在所有地方退出登录")),
        ("set-password", _set_password, _("给一个账号设一次性密码,只显示一次")),
        ("add-user", _add_user, _("建立一个账号和它的岗位,一次性密码只显示一次")),
    ):
        verb = verbs.add_parser(name, help=about, description=about)
        verb.add_argument("login", help=_("用户名"))
        verb.set_defaults(run=run)
    _add_post_options(verbs.choices["add-user"])


def _add_post_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--name", required=True, help=_("姓名"))
    roles = _("、").join(f"{role} {word(role)}" for role in Role)
    verb.add_argument(
        "--role", required=True, type=Role, choices=list(Role), metavar="ROLE", help=roles
    )
    place = verb.add_mutually_exclusive_group()
    place.add_argument(
        "--unit", metavar="CODE", help=_("岗位所在单位的代码;全县的岗位不写,即为本县")
    )
    place.add_argument("--committee", metavar="CODE", help=_("岗位所在调委会的编号"))
    verb.add_argument("--mediator", metavar="CODE", help=_("此人是哪一位调解员(编号)"))


@contextmanager
def opened_database(settings: Settings | None = None) -> Iterator[Database]:
    """The site's database for one verb, beside a running server or without one.

    Ends the program with a sentence where the database is not there, does not answer, is of another
    version, or its key is missing. Looking for a database makes none.
    """
    settings = settings or Settings()
    file = database_file(settings.url)
    if file is not None and not file.exists():
        sys.exit(
            _(
                "没有数据库 {path}。请先运行 python -m data_access init,"
                "或用 DATA_DIR、DATABASE_URL 指到已有的数据库。"
            ).format(path=file)
        )
    tighten(settings)
    engine = open_engine(settings.url)
    with _said_plainly(settings, engine):
        match migrate.state(engine):
            case SchemaState.EMPTY | SchemaState.OLDER:
                sys.exit(_("数据库还没有升级到本版本。请先运行 python -m data_access migrate。"))
            case SchemaState.NEWER:
                sys.exit(_("数据库由更新的版本建立,本版本不能打开。"))
            case SchemaState.CURRENT:
                yield Database(engine, open_vault(settings.key_path, create=False))


@contextmanager
def _said_plainly(settings: Settings, engine: Engine) -> Iterator[None]:
    """What an installation lacks ends the program with a sentence; connections end in any case."""
    try:
        yield
    except KeyFileError as error:
        sys.exit(str(error))
    except DatabaseError as error:
        # Of the kinds of error, these say that it is not there; others are mistakes of ours.
        if not isinstance(error, OperationalError | InterfaceError) and (
            type(error) is not DatabaseError
        ):
            raise
        if disk_is_full(error):
            sys.exit(_("磁盘已满,没有做任何改动。请腾出空间后再试。"))
        sys.exit(cannot_connect(settings))
    finally:
        engine.dispose()


def _init(arguments: argparse.Namespace) -> int:
    _migrate(arguments)
    with opened_database() as db:
        try:
            code = new_setup_code(db, now=_now())
        except NotAllowed:
            sys.exit(
                _(
                    "站点已经建立,不再需要一次性设置码。"
                    "新的账号用 python -m data_access add-user 建立。"
                )
            )
    print(_("一次性设置码:{code}").format(code=code))
    print(_("启动服务后打开 /setup,用它建立本县和第一个管理员。"))
    return 0


def _migrate(_arguments: argparse.Namespace) -> int:
    settings = Settings()
    make_private(settings)
    engine = open_engine(settings.url)
    with _said_plainly(settings, engine):
        state = migrate.state(engine)
        if state is SchemaState.NEWER:
            sys.exit(_("数据库由更新的版本建立,本版本不能打开。"))
        if state is SchemaState.CURRENT:
            print(_("数据库已是本版本,无需升级。"))
            return 0
        vault = open_vault(settings.key_path, create=state is SchemaState.EMPTY)
        if state is SchemaState.OLDER:
            sign_anchor(Database(engine, vault), settings)
            try:
                folder = settings.data_dir / "backups"
                say_backup(back_up(engine, folder, now=_now(), before_upgrade=True))
            except CannotBackUp as error:
                sys.exit(str(error))
        migrate.upgrade(engine)
        print(_("数据库已升级到本版本。"))
    return 0


def sign_anchor(db: Database, settings: Settings) -> bool:
    """Sign where the trail stands, and say where the file lies; False where that failed.

    Before a backup, which then holds what the anchor speaks of; no backup is given up for it.
    """
    with anchors_said_plainly() as went_well:
        path = anchors.sign_now(
            db, folder=settings.anchors_path, key_path=settings.anchor_key_path, now=_now()
        )
        if path is not None:
            print(_("审计链已锚定到 {path},请另存一份到本机之外。").format(path=path))
    return went_well()


@contextmanager
def anchors_said_plainly() -> Iterator[Callable[[], bool]]:
    """Say what is wrong with the key or the folder of anchors; gives whether nothing was."""
    wrong: list[str] = []
    try:
        yield lambda: not wrong
    except AnchorKeyError as error:
        wrong.append(str(error))
    except OSError as error:
        wrong.append(_("锚定文件不能读写:{reason}").format(reason=error.strerror or error))
    sys.stderr.writelines(f"{sentence}\n" for sentence in wrong)


def say_backup(path: object) -> None:
    """Say where a backup lies, and what is not in it; None is PostgreSQL's."""
    if path is None:
        print(_("PostgreSQL 请用 pg_dump 备份;密钥文件须另外保存。"))
    else:
        print(_("已备份到 {path};密钥文件不在其中,须另外保存。").format(path=path))


def _check_posts(_arguments: argparse.Namespace) -> int:
    with opened_database() as db, db.read() as session:
        county = reference.county_id(session)
        if county is None:
            print(_("站点还没有建立,没有岗位。"))
            return 0
        scope = Scope(county, whole_county=True)
        found = posts.separation(session, scope=scope, day=day_of(_now()))
    lines = separation_lines(found.collisions, found.vacant)
    print("\n".join(lines) or _("三员分立:没有不能兼任的岗位,三员齐备。"))
    return 1 if lines else 0


def _end_sessions(arguments: argparse.Namespace) -> int:
    with opened_database() as db:
        user = _user(db, arguments.login)
        actor = system_actor(user.county_id)
        end_all_sessions(db, user_id=user.id, actor=actor, now=_now())
    print(_("{login} 已在所有地方退出登录。").format(login=user.login))
    return 0


def _set_password(arguments: argparse.Namespace) -> int:
    with opened_database() as db:
        user = _user(db, arguments.login)
        if not user.active:
            sys.exit(_("账号 {login} 已停用,没有改密码。").format(login=user.login))
        actor = system_actor(user.county_id)
        password = set_one_time_password(db, user_id=user.id, actor=actor, now=_now())
    print(_("{login} 的一次性密码:{password}").format(login=user.login, password=password))
    print(_("只显示这一次,72 小时内有效,登录后须先改密码。原来的登录都已退出,锁定已解除。"))
    return 0


def _user(db: Database, login: str) -> User:
    """Whoever has this login, closed accounts too. Ends the program where nobody has."""
    with db.read() as session:
        user = session.scalar(select(User).where(User.login == normalise_login(login)))
    if user is None:
        sys.exit(_("找不到账号 {login}。").format(login=login))
    return user


def _add_user(arguments: argparse.Namespace) -> int:
    login, name, now = normalise_login(arguments.login), arguments.name.strip(), _now()
    password = new_password(login)
    require_valid_account(login=login, name=name, password=password)
    password_hash = hash_password(password)

    def work(session: Session) -> None:
        # Account and post together: an account without a post would be nobody's to mend.
        place = _place(session, arguments, day_of(now))
        post = Post(
            arguments.role,
            unit_id=place.unit_id,
            committee_id=place.committee_id,
            valid_from=day_of(now),
        )
        actor = system_actor(place.county_id)
        require_place(session, post, mediator_id=place.mediator_id, actor=actor)
        user_id = add_user(
            session,
            login=login,
            name=name,
            password_hash=password_hash,
            mediator_id=place.mediator_id,
            actor=actor,
            now=now,
            one_time=True,
        )
        add_post(session, user_id=user_id, post=post, actor=actor, now=now)

    with opened_database() as db:
        db.write(work)
    print(
        _("已建立账号 {login}({role})。一次性密码:{password}").format(
            login=login, role=word(arguments.role), password=password
        )
    )
    print(_("只显示这一次,72 小时内有效,登录后须先改密码。"))
    return 0


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a new account's post is, and which mediator its holder is."""

    county_id: int
    unit_id: int | None = None
    committee_id: int | None = None
    mediator_id: int | None = None


def _place(session: Session, arguments: argparse.Namespace, day: date) -> _Place:
    """What the codes of a command name. Ends the program where one names nothing."""
    county = reference.county_id(session)
    if county is None:
        sys.exit(_("站点还没有建立县级单位。请先启动服务,在 /setup 建立。"))
    unit = (
        select(OrganisationUnit.id)
        .where(OrganisationUnit.code == arguments.unit, OrganisationUnit.valid_from <= day)
        .where(or_(OrganisationUnit.valid_to.is_(None), OrganisationUnit.valid_to > day))
    )
    committee = select(Committee.id).where(Committee.code == arguments.committee)
    mediator = select(Mediator.id).where(Mediator.code == arguments.mediator)
    place = _Place(
        county,
        _named(session, unit, arguments.unit),
        _named(session, committee, arguments.committee),
        _named(session, mediator, arguments.mediator),
    )
    if place.unit_id is not None or place.committee_id is not None:
        return place
    if arguments.role is Role.MEDIATOR:
        if place.mediator_id is None:
            sys.exit(_("调解员的账号要写明是哪一位:--mediator 编号。"))
        return place
    if arguments.role in _LOCAL_POSTS:
        sys.exit(_("这个岗位不是全县的,请写明所在:--unit 代码 或 --committee 编号。"))
    return replace(place, unit_id=county)


def _named(session: Session, statement: Select[int], code: str | None) -> int | None:
    if code is None:
        return None
    found = session.scalar(statement)
    if found is None:
        sys.exit(_("找不到代码 {code}。").format(code=code))
    return found


def _now() -> datetime:
    return datetime.now(UTC)
