"""The list of committees on the screen: term, people, and how each stands to the law."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from data_access.changes import Watermark
from data_access.queries.teams import CommitteeRow, Page
from domain.clocks import day_of
from domain.committees import Checked, CheckState
from texts import gettext as _
from texts import ngettext
from texts.numbers import count
from texts.teams import STATE_SHAPES, check_words, term_words
from texts.words import word
from ui import elements, live

_LIST = elements.element("team_list")
_SHOWN = 2


def show(
    page: Page,
    *,
    watermark: Watermark,
    open_committee: int | None,
    narrowed: bool,
    now: datetime,
    on_open: Callable[[], None],
    on_turn: Callable[[], None],
) -> Any:
    """Draw one page. What was clicked is in the result's `open` (an id) and `turn`."""
    live.show(watermark)
    return _LIST(
        key="team_list",
        data={
            "rows": [_row(one, now) for one in page.rows],
            "states": [
                {"kind": state.value, "text": _state_count(state, page.states[state])}
                for state in CheckState
                if page.states.get(state)
            ],
            "open": open_committee,
            "page": page.number,
            "pages": page.pages,
            "words": _words(page, narrowed=narrowed),
        },
        on_open_change=on_open,
        on_turn_change=on_turn,
    )


def mark(one: Checked) -> dict[str, str]:
    """A check as a mark: shape, and what does not hold; or what the law asks where it holds."""
    said = word(one.check) if one.remedy is None else word(one.remedy)
    return {"kind": one.state.value, "text": f"{STATE_SHAPES[one.state]} {said}"}


def _row(one: CommitteeRow, now: datetime) -> dict[str, Any]:
    problems = sorted(
        (found for found in one.checks if found.remedy is not None),
        key=lambda found: list(CheckState).index(found.state),
    )
    marks = [mark(found) for found in problems[:_SHOWN]]
    if not one.active:
        marks = [{"kind": "closed", "text": "○ " + _("已撤销")}]
    elif not problems:
        holds = CheckState.HOLDS
        marks = [{"kind": holds.value, "text": f"{STATE_SHAPES[holds]} {word(holds)}"}]
    more = len(problems) - _SHOWN
    return {
        "id": one.committee_id,
        "name": one.name,
        "place": f"{word(one.kind)} · {' '.join(one.place)}",
        "chair": one.chair or "—",
        "term": term_words(one.term_from, one.term_to),
        "ends": _ends(one, now),
        "people": _("{people} 人(委员 {members})").format(
            people=count(one.people), members=count(one.members)
        ),
        "away": _("今天不在 {count} 人").format(count=count(one.away_today))
        if one.away_today
        else "",
        "cases": _("{count} 件").format(count=count(one.open_cases)),
        "marks": marks,
        "more": _("另有 {count} 项").format(count=more) if more > 0 else "",
    }


def _ends(one: CommitteeRow, now: datetime) -> str:
    days = (one.term_to - day_of(now)).days
    for found in one.checks:
        if found.state in {CheckState.SOON, CheckState.FAILS} and found.number == days:
            return check_words(found)
    return ""


def _state_count(state: CheckState, number: int) -> str:
    return f"{STATE_SHAPES[state]} {word(state)} {count(number)}"


def _words(page: Page, *, narrowed: bool) -> dict[str, str]:
    return {
        "look": _("查看"),
        "name": _("调委会"),
        "chair": _("主任"),
        "term": _("任期"),
        "people": _("在岗"),
        "cases": _("在办"),
        "marks": _("法定要求"),
        "empty": (
            _("没有找到。请换一个词,或去掉筛选条件再看。")
            if narrowed
            else _("这里会列出您范围内的人民调解委员会。")
        ),
        "count": ngettext("{count} 个调委会", "{count} 个调委会", page.total).format(
            count=count(page.total)
        ),
        "back": _("上一页"),
        "next": _("下一页"),
        "position": _("第 {page}/{pages} 页").format(page=page.number, pages=page.pages),
    }
