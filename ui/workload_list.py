"""The workloads on the screen: the way, figures, what to look at, the spread, and the rows."""

from collections.abc import Callable, Sequence
from datetime import datetime

from data_access.queries.choices import Choices
from data_access.queries.worklist import InTurn
from domain.clocks import day_of
from domain.eligibility import GENERAL
from texts import gettext as _
from texts import language
from texts import loads as load_texts
from texts.numbers import count, day
from ui import elements, workload_bar, workload_cases, workload_rows, workload_state
from ui.workload_rows import Line
from ui.workload_sight import Sight
from ui.workload_state import Looked

_LIST = elements.element("workload_list")


def specialities(offered: Choices) -> dict[str, str]:
    """The groups and types that a mediator may be versed in, by code."""
    chinese = language() == "zh"
    named = {one.code: one.name_zh if chinese else one.name_en for one in offered.types}
    return {GENERAL: _("综合")} | named


def show(
    sight: Sight,
    lines: Sequence[Line],
    *,
    offered: Choices,
    worklist: Sequence[InTurn] | None,
    now: datetime,
    on_divert: Callable[[], None] | None,
) -> None:
    """Draw it. Nobody is named who is not in `sight`, which the reads made for the scope.

    `worklist` is of the one person that is looked at, None of a past day; `on_divert` None: the
    reader moves no case. Whose cases are to be moved is in the result's `divert` in its run.
    """
    person = sight.person()
    concerns = sight.concerns()
    may_divert = on_divert is not None and sight.looked.day is None
    rows, scale = workload_rows.rows(lines, sight, specialities(offered), may_divert=may_divert)
    _LIST(
        key="workload_list",
        data={
            "path": [
                {"name": name, "href": workload_state.link(one)} for name, one in sight.path()
            ],
            "past": _past(sight.looked, now),
            "figures": workload_rows.figures(sight.people(), sight),
            "concerns": concerns,
            "spread": load_texts.spread_text(sight.spread(), people=sight.there()),
            "rows": rows,
            "more": _more(len(lines) - len(rows)),
            "cases": workload_cases.cases(person, sight, worklist) if person else None,
            "legend": workload_bar.legend(by_person=workload_rows.by_person(sight)),
            "words": {
                "concerns": "" if person and not concerns else _("先看这些"),
                "no_concerns": _("此刻没有要先看的。"),
                "spread": _("分布"),
                "empty": _("这里会列出调解员的负荷。当前条件下没有人,可放宽上面的条件再看。"),
                "capacity": scale.words(),
                "unit": load_texts.load_unit(),
                "cases": _("看案件"),
                "divert": _("分流"),
                "of_capacity": _("占上限"),
            },
        },
        on_divert_change=on_divert or _nothing,
    )


def _nothing() -> None:
    """What a click does for whoever moves no case."""


def _past(looked: Looked, now: datetime) -> str:
    if looked.day is None:
        return ""
    told = _("截至 {day} 末。姓名、调委会、上限和专长是今天的。")
    return told.format(day=day(looked.day, today=day_of(now)))


def _more(hidden: int) -> str:
    if hidden <= 0:
        return ""
    return _("还有 {count} 行未画出;下载的表格里都有,也可缩小范围再看。").format(
        count=count(hidden)
    )
