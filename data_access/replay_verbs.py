"""The verb that lives through the county's past months again, under today's rule and others."""

import argparse
import sys
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from data_access import reference
from data_access.replaying import Lived, lived
from data_access.site_verbs import opened_database
from domain.balancing.calibrating import calibrated
from domain.balancing.progress import Tick, uninterrupted
from domain.balancing.proposing import BUDGET
from domain.balancing.replay import Line, Rule, perturbed, policy_of, replay
from texts import gettext as _
from texts.replaying import in_fact, replay_table, verdict

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - has no public name

MONTHS, RUNS = 6, 6
# The cases of the first weeks are not judged: until then the queues are still those of before.
WARM_UP_DAYS = 28
_MOST_MONTHS, _MOST_RUNS = 60, 50
_LAST_DAY_OF_ALL = 28
_YEAR = 12


def add_parser(verbs: "Verbs") -> None:
    """Register this module's verb."""
    about = _("用本县过去几个月的案件重演几种指派规则,比较超期、移动和负荷,只读不写")
    verb = verbs.add_parser("replay", help=about, description=about)
    verb.add_argument(
        "--months",
        type=partial(_number, most=_MOST_MONTHS),
        default=MONTHS,
        metavar="N",
        help=_("重演几个月"),
    )
    verb.add_argument(
        "--runs",
        type=partial(_number, most=_MOST_RUNS),
        default=RUNS,
        metavar="N",
        help=_("重演几遍,每遍的工作量和估计略有不同,误差由此而来"),
    )
    verb.set_defaults(run=_replay)


def _number(text: str, *, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(_("须为 1 到 {most} 的整数").format(most=most))
    return int(text)


def _replay(arguments: argparse.Namespace) -> int:
    now = datetime.now(UTC)
    with opened_database() as db, db.read() as session:
        county = reference.county_id(session)
        if county is None:
            print(_("站点还没有建立,没有案件可以重演。"))
            return 0
        past = lived(
            session,
            county_id=county,
            first=months_before(now, arguments.months),
            last=now,
            warm_up=WARM_UP_DAYS,
        )
    if not past.cases:
        print(_("这段时间里没有进入调解并已到期的案件,没有什么可以重演。"))
        return 0
    # The longest part, on what was read: no transaction stays open meanwhile.
    tick = _tell if sys.stderr.isatty() else uninterrupted
    for line in said(past, replayed(past, runs=arguments.runs, tick=tick)):
        print(line)
    return 0


def months_before(now: datetime, months: int) -> datetime:
    """The same day and hour so many months ago, on the 28th at the latest."""
    years, month = divmod(now.year * _YEAR + now.month - 1 - months, _YEAR)
    return now.replace(year=years, month=month + 1, day=min(now.day, _LAST_DAY_OF_ALL))


def replayed(past: Lived, *, runs: int, tick: Tick = uninterrupted) -> tuple[Line, ...]:
    """Each rule over so many perturbed copies of the history, as it was first.

    How fast people are is set so that the history by habit comes out as it did in fact.
    """
    own = calibrated(past.history, missed=past.missed, warm_up=WARM_UP_DAYS)
    histories = [perturbed(own, seed=seed) for seed in range(runs)]
    policies = {rule.value: policy_of(rule, budget=BUDGET) for rule in Rule}
    return replay(histories, policies, warm_up=WARM_UP_DAYS, tick=tick)


def said(past: Lived, lines: tuple[Line, ...]) -> list[str]:
    """What was in fact, the table, and what follows from it."""
    told = [in_fact(past.cases, missed=past.missed, p90_days=past.p90_days), ""]
    told += [*replay_table(lines), ""]
    return [*told, verdict(lines, cases=past.cases, missed=past.missed)]


def _tell(share: float) -> bool:
    sys.stderr.write(f"\r{share:4.0%}" + ("\n" if share >= 1 else ""))
    return True
