"""The verb `demo`: load the demonstration county, or keep it alive."""

import argparse
import sys
import threading
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from data_access.accounts import hash_password
from data_access.demo.accounts import FILE_NAME, create_demo_accounts
from data_access.demo.errands import BeatKind
from data_access.demo.load import SEED, NotEmptyError, load_demo
from data_access.demo.pulse import Beat, NoCountyError, Pulse
from data_access.settings import Settings
from data_access.site_verbs import opened_database
from domain.clocks import BEIJING, day_of
from texts import gettext as _

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - has no public name

_LONGEST_PAUSE_SECONDS = 3600.0


def add_parser(verbs: "Verbs") -> None:
    """Register the verb."""
    about = _("在空库中装入演示县(两年的虚构纠纷);--pulse 让已装入的演示县继续运转")
    parser = verbs.add_parser("demo", help=about, description=about)
    parser.add_argument(
        "--day", type=date.fromisoformat, help=_("以这一天零时为准(YYYY-MM-DD),默认今天")
    )
    parser.add_argument("--seed", type=int, help=_("随机种子;同一种子、同一天,数据相同"))
    parser.add_argument(
        "--pulse", action="store_true", help=_("持续产生收案、指派、调解、履行、归档等变动")
    )
    parser.add_argument(
        "--speed", type=_positive, default=1.0, help=_("运转的倍数,默认 1 即与实际同速")
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    return _pulse(arguments) if arguments.pulse else _load(arguments)


def _load(arguments: argparse.Namespace) -> int:
    now, settings = _now(), Settings()
    day = arguments.day or day_of(now)
    if day > day_of(now):
        sys.stderr.write(_("日期不能晚于今天。") + "\n")
        return 1
    seed = SEED if arguments.seed is None else arguments.seed
    with opened_database(settings) as db:
        try:
            summary = load_demo(db, today=day, now=now, seed=seed)
        except NotEmptyError:
            sys.stderr.write(_("数据库里已有一个县,演示数据只装入空库,没有做任何改动。") + "\n")
            return 1
        create_demo_accounts(db, hash_password=hash_password, now=now, folder=settings.data_dir)
    path = settings.data_dir / FILE_NAME
    print(
        _(
            "已装入演示数据:{units} 个单位,{mediators} 名调解员,{cases} 件纠纷(在办 {open} 件)。"
        ).format(
            units=summary.units,
            mediators=summary.mediators,
            cases=summary.cases,
            open=summary.open_cases,
        )
    )
    print(_("演示账号在 {path}(仅本人可读)。").format(path=path))
    return 0


def _pulse(arguments: argparse.Namespace) -> int:
    with opened_database() as db:
        seed = arguments.seed if arguments.seed is not None else int(_now().timestamp())
        try:
            pulse = Pulse(db, seed=seed, clock=_now, speed=arguments.speed)
        except NoCountyError:
            sys.stderr.write(
                _("这里没有演示县。请先运行 python -m data_access demo 装入空库。") + "\n"
            )
            return 1
        print(_("演示县开始运转,按 Ctrl+C 停止。"))
        beats = _beat_until_interrupted(pulse)
    print(_("已停止,共 {beats} 次变动。").format(beats=beats))
    return 0


def _beat_until_interrupted(pulse: Pulse) -> int:
    """Let the county live until Ctrl+C. Returns how many beats changed something."""
    never, beats = threading.Event(), 0
    try:
        while True:
            never.wait(min(pulse.pause(), _LONGEST_PAUSE_SECONDS))
            beat = pulse.beat()
            beats += beat.done
            if beat.done:
                _say(beat)
    except KeyboardInterrupt:
        return beats


def _say(beat: Beat) -> None:
    words = {
        BeatKind.ARRIVAL: _("登记"),
        BeatKind.ACCEPTANCE: _("审查"),
        BeatKind.ASSIGNMENT: _("指派"),
        BeatKind.MEDIATION: _("调解"),
        BeatKind.ARRANGEMENT: _("安排履行"),
        BeatKind.CONFIRMATION: _("司法确认"),
        BeatKind.PERFORMANCE: _("履行"),
        BeatKind.FOLLOW_UP: _("回访"),
        BeatKind.TELLING: _("告知权利"),
        BeatKind.HANDING_OVER: _("移交或归档"),
        BeatKind.ARCHIVING: _("归档"),
        BeatKind.REASSIGNMENT: _("改派"),
        BeatKind.SENDING_BACK: _("退回"),
        BeatKind.PARKING: _("挂账"),
        BeatKind.RESUMING: _("恢复办理"),
        BeatKind.ASKING: _("申请延期"),
        BeatKind.ANSWERING: _("答复延期"),
        BeatKind.SUPERVISION: _("督办"),
        BeatKind.RELEASE: _("解除督办"),
        BeatKind.REOPENING: _("重新办理"),
        BeatKind.UNMERGING: _("撤销并案"),
        BeatKind.ACKNOWLEDGEMENT: _("确认红色事件"),
        BeatKind.RESPONSE: _("记录应急处置"),
    }
    print(f"{_now().astimezone(BEIJING):%H:%M:%S} {beat.case_no} {words[beat.kind]}", flush=True)


def _positive(text: str) -> float:
    speed = float(text)
    if not 0 < speed <= 100_000:  # noqa: PLR2004 - more beats than any database could write
        raise argparse.ArgumentTypeError(_("应大于 0 且不超过 100000"))
    return speed


def _now() -> datetime:
    return datetime.now(UTC)
