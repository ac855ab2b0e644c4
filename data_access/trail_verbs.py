"""Verbs about the trail and the day's work: check the chain, sign an anchor, keep house."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from data_access import anchors, reference
from data_access.commands.trail import verify_trail
from data_access.housekeeping import keep_house
from data_access.settings import Settings
from data_access.site_verbs import anchors_said_plainly, opened_database, sign_anchor
from domain.people import system_actor
from texts import gettext as _
from texts.numbers import count
from texts.verification import verification_lines

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - has no public name

_TELLS_EVERY = 100_000


def add_parser(verbs: "Verbs") -> None:
    """Register this module's verbs."""
    about = _("重算审计链,与全部锚定文件比对,报告第一处断裂")
    verb = verbs.add_parser("verify-audit", help=about, description=about)
    verb.add_argument(
        "--anchors",
        type=Path,
        metavar="FOLDER",
        help=_("与这个文件夹里的锚定文件比对,例如另外保存的副本;默认为数据目录里的"),
    )
    verb.add_argument(
        "--public-key",
        metavar="HEX",
        help=_("锚定文件应由这个公钥签名(另外抄存的,64 个十六进制字符);默认为本机密钥的"),
    )
    verb.set_defaults(run=_verify)
    about = _("立即把审计链的末端签名存成锚定文件;备份时顺带做")
    verb = verbs.add_parser("anchor", help=about, description=about)
    verb.add_argument("--public-key", action="store_true", help=_("只显示核对签名用的公钥"))
    verb.set_defaults(run=_anchor)
    about = _("做每天的例行工作:锚定审计链,删除到期的数据;服务运行时每天自动做")
    verbs.add_parser("housekeeping", help=about, description=about).set_defaults(run=_keep_house)


def _verify(arguments: argparse.Namespace) -> int:
    settings = Settings()
    with opened_database(settings) as db:
        with db.read() as session:
            county = reference.county_id(session)
        if county is None:
            print(_("站点还没有建立,没有审计记录。"))
            return 0
        key = _typed(arguments.public_key)
        if key is None:
            with anchors_said_plainly():
                key = anchors.public_key(settings.anchor_key_path)
        folder = arguments.anchors or settings.anchors_path
        if arguments.anchors is not None and not folder.is_dir():
            sys.exit(_("没有文件夹 {path}").format(path=folder))
        verification = verify_trail(
            db,
            folder=folder,
            key=key,
            actor=system_actor(county),
            now=_now(),
            progress=_tell if sys.stderr.isatty() else None,
        )
    for line in verification_lines(verification):
        print(line)
    return 0 if verification.vouched else 1 if not verification.intact else 3


def _typed(key: str | None) -> str | None:
    """A key as people copy it from paper."""
    return None if key is None else "".join(key.split()).lower()


def _tell(done: int, total: int) -> None:
    if done % _TELLS_EVERY == 0:
        sys.stderr.write(f"{count(done)} / {count(total)}\n")


def _anchor(arguments: argparse.Namespace) -> int:
    settings = Settings()
    if arguments.public_key:
        return _show_public_key(settings)
    with opened_database(settings) as db:
        with db.read() as session:
            established = reference.county_id(session) is not None
        if not established:
            print(_("站点还没有建立,没有审计记录。"))
            return 0
        return 0 if sign_anchor(db, settings) else 1


def _show_public_key(settings: Settings) -> int:
    key = None
    with anchors_said_plainly():
        key = anchors.public_key(settings.anchor_key_path)
        print(key or _("还没有签名密钥;第一次锚定时生成。"))
    return 0 if key else 1


def _keep_house(_arguments: argparse.Namespace) -> int:
    settings = Settings()
    with opened_database(settings) as db:
        kept = keep_house(db, settings, now=_now())
    if kept.anchored is not None:
        print(_("审计链已锚定到 {path},请另存一份到本机之外。").format(path=kept.anchored))
    words = {
        "import_reject": _("退回的行"),
        "case_selection": _("选定的案件"),
        "idempotency_key": _("重复提交记号"),
        "sign_in_attempt": _("登录失败计数"),
        "import_run": _("导入进度"),
        "auth_session": _("早已结束的登录"),
        "anchor": _("锚定"),
        "settle": _("整理数据库文件"),
    }
    told = _("、").join(f"{words[name]} {rows}" for name, rows in kept.deleted.items())
    print(_("已删除到期的数据:{told}。").format(told=told))
    for step, error in kept.failed.items():
        sys.stderr.write(
            _("{step} 没有做成:{reason}").format(
                step=words[step], reason=str(error) or type(error).__name__
            )
            + "\n"
        )
    return 1 if kept.failed else 0


def _now() -> datetime:
    return datetime.now(UTC)
