"""Loads and points in words: figures with their unit, and what somebody should look at."""

from datetime import date

from domain.loads import STANDARD_CASE
from domain.spread import Beside, Spread
from domain.workload import FEWEST_COMPARED, Concern, LookAt
from texts.catalog import gettext as _
from texts.numbers import count, day


def points_text(tenths: int) -> str:
    """1.5: points in standard cases, with a decimal only where there is one."""
    whole, rest = divmod(tenths, STANDARD_CASE)
    return f"{count(whole)}.{rest}" if rest else count(whole)


def load_text(load: float | None) -> str:
    """0.71; a dash where nobody is there."""
    return "—" if load is None else f"{load:.2f}"


def load_unit() -> str:
    """What a load is counted in."""
    return _("标准件/全职")


def concern(one: Concern) -> str:
    """3 人超过上限,共 30 件: without the names, which stand behind it."""
    people = len(one.ids)
    said = {
        LookAt.TERM_ENDING: _("{people} 个调委会任期将满或已满"),
        LookAt.OVER_CAPACITY: _("{people} 人超过上限,共 {cases} 件"),
        LookAt.AWAY_WITH_DUE: _("{people} 人请假期间有 {cases} 件到期"),
        LookAt.LATE_CLUSTER: _("{people} 人手上超期集中,共 {cases} 件"),
        LookAt.IDLE: _("{people} 人近四周空闲超过六成"),
    }[one.kind]
    return said.format(people=count(people), cases=count(one.cases))


def concerned(one: Concern, *, today: date) -> list[str]:
    """The names of whom it is about; of a committee with the day on which its term ends."""
    if not one.days:
        return list(one.names)
    return [_term(name, ends, today) for name, ends in zip(one.names, one.days, strict=True)]


def _term(name: str, ends: date, today: date) -> str:
    if ends < today:
        said = _("{name}(已于 {day} 届满)")
    elif ends > today:
        said = _("{name}({day} 届满)")
    else:
        said = _("{name}(今天届满)")
    return said.format(name=name, day=day(ends, today=today))


def spread_text(spread: Spread | None, *, people: int) -> str:
    """How uneven loads are beside what chance would give, as sentences that blame nobody.

    `people` of the place are there; a spread among fewer is one of the full-time staff. Empty for
    too few people, and where chance has nothing to fall to somebody else.
    """
    if spread is None or spread.people < FEWEST_COMPARED or not spread.gini.compares:
        return ""
    told = [
        _beside(_("负荷最高的人是平均的 {actual} 倍(随机分派时 {low}–{high} 倍)"), spread.max_mean),
        _beside(
            _("负荷居前一成的人是居中者的 {actual} 倍以上(随机分派时 {low}–{high} 倍)"),
            spread.p90_p50,
        ),
        _beside(_("基尼系数 {actual}(随机分派时 {low}–{high})"), spread.gini),
    ]
    figures = _(";").join(one for one in told if one)
    if spread.people < people:
        among = _("{people} 名专职人员之间:{figures}")
        figures = among.format(people=count(spread.people), figures=figures)
    if spread.gini.more_than_chance:
        said = _("{figures}。差异大于偶然,值得看看。")
    elif spread.max_mean.more_than_chance:
        said = _("{figures}。整体差异偶然就会有,只有最高的负荷超出偶然。")
    else:
        said = _("{figures}。这样的差异偶然就会有,不必追究。")
    return said.format(figures=figures)


def _beside(sentence: str, one: Beside) -> str:
    if one.actual is None or one.low is None or one.high is None or not one.compares:
        return ""
    return sentence.format(actual=f"{one.actual:.2f}", low=f"{one.low:.2f}", high=f"{one.high:.2f}")
