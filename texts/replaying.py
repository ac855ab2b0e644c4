"""A replay in words: a table of rules with their errors, and what it says about this county."""

import unicodedata
from collections.abc import Iterable, Sequence

from domain.balancing.replay import Estimate, Line, Rule
from texts.catalog import gettext as _
from texts.numbers import count

# Fewer mediations than this say nothing about a rule; more than this off, the replay is not like
# the county.
LEAST_CASES = 100
_UNLIKE = 0.1
# Twice its error away from nothing: by chance that happens once in twenty times.
_SURE = 2


def rule_name(rule: Rule) -> str:
    """What a rule is called."""
    return {
        Rule.HABIT: _("照旧(惯例)"),
        Rule.LEAST_COUNT: _("件数最少者"),
        Rule.WEIGHTED: _("负荷最轻者"),
        Rule.ENGINE: _("负荷最轻者,每周按最少超期调整"),
    }[rule]


def replay_table(lines: Iterable[Line]) -> list[str]:
    """The lines of the table, its head first; `name` of each is a Rule."""
    rows = [
        (
            _("规则"),
            _("超期比例"),
            _("与照旧相差"),
            _("每周移动(件)"),
            _("最高/平均负荷"),
            _("九成办结天数"),
        )
    ]
    rows += [
        (
            rule_name(Rule(one.name)),
            _share(one.missed),
            "—" if one.name == Rule.HABIT else _share(one.against, sign="+"),
            _figure(one.moves_per_week, 1),
            _figure(one.max_mean, 2),
            _figure(one.p90_days, 1),
        )
        for one in lines
    ]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _share(one: Estimate, sign: str = "") -> str:
    error = "" if one.error is None else f" ± {100 * one.error:.1f}"
    return f"{100 * one.mean:{sign}.1f}{error} %"


def _figure(one: Estimate, digits: int) -> str:
    error = "" if one.error is None else f" ± {one.error:.{digits}f}"
    return f"{one.mean:.{digits}f}{error}"


def _width(text: str) -> int:
    """In columns of a terminal: a Chinese sign takes two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def in_fact(cases: int, *, missed: float, p90_days: float) -> str:
    """What came of it in fact, before the table."""
    return _("实际:{count} 件进入调解并已到期,超期 {share},九成在 {days} 天内办结。").format(
        count=count(cases), share=f"{100 * missed:.1f} %", days=f"{p90_days:.1f}"
    )


def verdict(lines: Sequence[Line], *, cases: int, missed: float) -> str:
    """Whether suggestions would have helped here, in a sentence.

    `missed`: the share that was late in fact; where habit replayed comes out far from it, nothing
    follows from the rest.
    """
    if cases < LEAST_CASES:
        return _("只有 {count} 件可以判断,太少,看不出建议是否有用;积累更多再重演。").format(
            count=count(cases)
        )
    by_name = {Rule(one.name): one for one in lines}
    off = abs(by_name[Rule.HABIT].missed.mean - missed)
    if off > _UNLIKE:
        return _(
            "照旧重演的超期比例与实际相差 {points} 个百分点:重演不像本县的实际,看不出建议是否有用。"
        ).format(points=f"{100 * off:.0f}")
    engine = by_name[Rule.ENGINE].against
    if engine.error is None:
        return _("只重演了一次,没有误差可以判断;请至少重演两次。")
    points = f"{100 * abs(engine.mean):.1f} ± {100 * engine.error:.1f}"
    if engine.mean < -_SURE * engine.error:
        return _("按建议指派和调整,本县的超期比例会少 {points} 个百分点:建议启用。").format(
            points=points
        )
    if engine.mean > _SURE * engine.error:
        return _("按建议指派和调整,本县的超期比例会多 {points} 个百分点:不要启用。").format(
            points=points
        )
    return _("看不出差别({points} 个百分点,在误差之内):启用与否对超期没有影响。").format(
        points=points
    )
