"""The queue's list on the screen: tabs with counts, chips, rows, pages, the time of its data."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from data_access.changes import Watermark
from data_access.queries.arrivals import Arrival
from data_access.queries.queue import Count, Page, QueueRow
from data_access.queries.recusals import ToResolve
from data_access.queries.red_events import OpenEvent
from domain.batches import MOST_MOVES
from domain.cases import OPEN_STAGES, REASSIGNABLE_STAGES, EventKind, Lamp, Risk, Stage
from domain.clocks import day_of
from domain.transitions import LEVELS
from texts import gettext as _
from texts import language, ngettext
from texts.numbers import count, moment, time_left
from texts.red_events import how_raised
from texts.types import type_name
from texts.words import LAMP_SHAPES, word
from ui import elements, live
from ui.queue_marks import Marks
from ui.queue_notices import Notices

_LIST = elements.element("queue_list")

# The view of the drawer in which a red event is acknowledged.
RED_VIEW = "red"
# What is more than this is told by its number alone, and shown once these are seen.
ARRIVALS_SHOWN = 50


class Clicks(NamedTuple):
    """What the page does when something is clicked."""

    mark: Callable[[], None]
    seen: Callable[[], None]
    open: Callable[[], None]
    stage: Callable[[], None]
    drop: Callable[[], None]
    turn: Callable[[], None]


def show(
    page: Page,
    *,
    counts: dict[Stage, Count] | None,
    stage: Stage | None,
    chips: list[dict[str, str]],
    page_number: int,
    open_case: str | None,
    marks: Marks | None,
    notices: Notices,
    watermark: Watermark,
    now: datetime,
    clicks: Clicks,
) -> Any:
    """Draw the list. `counts` None means a search: no tabs, and closed cases may be among the rows.

    `marks` None: the reader moves no case. What was clicked is in the result's `open`, `stage`,
    `drop`, `turn`, `mark`, `seen` during the callback's run.
    """
    total = len(page.rows) if counts is None else _total(counts, stage)
    data = {
        "tabs": [] if counts is None else _tabs(counts, stage),
        "chips": chips,
        "rows": [_row(row, now, may_move=marks is not None) for row in page.rows],
        "open": open_case,
        "page": page_number,
        "has_back": page_number > 1,
        "has_next": page.next is not None,
        "marks": marks and _marks(marks),
        "red": _red(notices.red, now) if notices.red else None,
        "recusals": _recusals(notices.recusals, now) if notices.recusals else None,
        "arrivals": _arrivals(notices.arrivals, now) if notices.arrivals else None,
        "words": _words(total, page_number, counts is None, page.more),
    }
    live.show(watermark)
    return _LIST(
        key="queue_list",
        data=data,
        on_mark_change=clicks.mark,
        on_seen_change=clicks.seen,
        on_open_change=clicks.open,
        on_stage_change=clicks.stage,
        on_drop_change=clicks.drop,
        on_turn_change=clicks.turn,
    )


def _marks(marks: Marks) -> dict[str, Any]:
    return {
        "numbers": marks.numbers,
        "turn": marks.turn,
        "words": {
            "mark": _("选中"),
            "count": _("已选 {count} 件"),
            "to_sandbox": _("放入改派台"),
            "all": _("选中符合条件的全部(最多 {most} 件)").format(most=count(MOST_MOVES)),
            "clear": _("清除"),
        },
    }


def _red(events: Sequence[OpenEvent], now: datetime) -> dict[str, Any]:
    title = ngettext("{count} 起红色事件待确认", "{count} 起红色事件待确认", len(events))
    return {
        "title": _("■ {told}").format(told=title.format(count=count(len(events)))),
        "rows": [
            {
                "number": one.case_no,
                "text": _("{town} {how}").format(town=one.town, how=how_raised(one.how, one.by)),
                "when": moment(one.raised_at, now=now),
                "view": RED_VIEW,
            }
            for one in events
        ],
        "words": {"act": _("确认并填写应急处置")},
    }


def _recusals(cases: Sequence[ToResolve], now: datetime) -> dict[str, Any]:
    title = ngettext("{count} 件的承办人应当回避", "{count} 件的承办人应当回避", len(cases))
    return {
        "title": _("▲ {told},请改派").format(told=title.format(count=count(len(cases)))),
        "rows": [
            {
                "number": one.case_no,
                "text": _("{name}:{grounds}").format(
                    name=one.mediator_name, grounds=_("、").join(map(word, one.grounds))
                ),
                "when": _("{since} 起承办").format(since=moment(one.held_since, now=now)),
            }
            for one in cases
        ],
        "words": {},
    }


def _arrivals(came: Sequence[Arrival], now: datetime) -> dict[str, Any]:
    rest = len(came) - ARRIVALS_SHOWN
    more = ngettext("另有 {count} 件", "另有 {count} 件", rest).format(count=count(rest))
    return {
        "title": ngettext("新到 {count} 件", "新到 {count} 件", len(came)).format(
            count=count(len(came))
        ),
        "rows": [
            {
                "number": one.case_no,
                "version": one.version,
                "text": _how_it_came(one),
                "when": moment(one.at, now=now),
            }
            for one in came[:ARRIVALS_SHOWN]
        ],
        "words": {"seen": _("都看过了")} | ({"more": more} if rest > 0 else {}),
    }


def _how_it_came(one: Arrival) -> str:
    if one.holder is None:
        told = {
            EventKind.UNDONE: _("{by} 撤销指派,待重新指派"),
            EventKind.REOPENED: _("{by} 重新办理,待重新指派"),
            EventKind.UNMERGED: _("{by} 撤销并案,待重新指派"),
        }
        text = told.get(one.kind, _("{by} 退回,待重新指派"))
    else:
        told = {
            EventKind.ASSIGNED: _("{by} 指派给 {holder}"),
            EventKind.UNDONE: _("{by} 撤销改派,交还 {holder}"),
            EventKind.UNMERGED: _("{by} 撤销并案,交还 {holder}"),
            EventKind.IMPORTED: _("{by} 导入,由 {holder} 承办"),
            EventKind.UPDATED: _("{by} 导入,改由 {holder} 承办"),
        }
        text = told.get(one.kind, _("{by} 改派给 {holder}"))
    return text.format(by=one.by or _("系统"), holder=one.holder)


def _total(counts: dict[Stage, Count], stage: Stage | None) -> int:
    return sum(c.total for s, c in counts.items() if stage in (None, s))


_ALWAYS_SHOWN = frozenset({Stage.REGISTERED, Stage.ACCEPTED, Stage.IN_MEDIATION, Stage.PERFORMANCE})


def _tabs(counts: dict[Stage, Count], selected: Stage | None) -> list[dict[str, Any]]:
    every = sum(counts.values(), start=Count())
    named = [
        (stage, word(stage), counts.get(stage, Count()))
        for stage in OPEN_STAGES
        # A stage that few cases pass through has a tab while there is something in it.
        if stage in _ALWAYS_SHOWN or stage in counts or stage is selected
    ]
    return [
        {
            "stage": stage.value if stage else "",
            "name": name,
            "total": count(figure.total),
            "soon": f"▲{count(figure.soon)}" if figure.soon else "",
            "late": f"■{count(figure.late)}" if figure.late else "",
            "over": f"◆{count(figure.parking_over)}" if figure.parking_over else "",
            "selected": stage is selected,
        }
        for stage, name, figure in [*named, (None, _("全部"), every)]
    ]


def _row(row: QueueRow, now: datetime, *, may_move: bool) -> dict[str, Any]:
    move = _("改派") if row.mediator_id else _("指派")
    return {
        "number": row.case_no,
        "lamp": row.lamp.value,
        "clock": clock_words(row, now),
        "type": kind_of(row),
        "address": address(row.case_no),
        "card": supervision_card(row) if row.supervised else None,
        "difficulty": word(row.difficulty),
        "risk": int(row.risk),
        "risk_text": word(row.risk) if row.risk <= Risk.ORANGE else "",
        "place": " ".join(filter(None, (row.town, row.community, row.grid))),
        "holder": _("承办 {name}").format(name=row.mediator or "—"),
        "age": _age(row, now),
        "move": move if may_move and row.stage in REASSIGNABLE_STAGES else "",
    }


def address(case_no: str) -> str:
    """The address of a case's own page."""
    page = f"/case?no={quote(case_no)}"
    return page if language() == "zh" else f"{page}&lang={language()}"


def supervision_card(row: QueueRow) -> dict[str, str]:
    """The card that a supervised case carries: a shape and a word beside the colour."""
    level = LEVELS[row.supervised - 1]
    return {"sign": level.value, "text": word(level)}


def kind_of(row: QueueRow) -> str:
    """What the dispute is about, in the language in use."""
    return type_name(
        code=row.type_code,
        name_zh=row.type_name_zh,
        name_en=row.type_name_en,
        group_zh=row.group_zh,
        group_en=row.group_en,
    )


_STANDING_STILL = frozenset({Lamp.PAUSED, Lamp.PARKING_OVER})


def clock_words(row: QueueRow, now: datetime) -> str:
    """■ 已超 1 天 / ▲ 还剩 6 小时 / ‖ 挂起 / ○ 已结: shape and word beside the colour."""
    shape = LAMP_SHAPES[row.lamp]
    if row.due_at is None or row.lamp in _STANDING_STILL:
        return f"{shape} {word(row.lamp)}"
    return f"{shape} {time_left(row.due_at, now=now)}"


def _age(row: QueueRow, now: datetime) -> str:
    days = (day_of(row.closed_at or now) - day_of(row.registered_at)).days
    if days == 0:
        return _("当天")
    return ngettext("已 {days} 天", "已 {days} 天", days).format(days=days)


def _words(
    total: int,
    page_number: int,
    searching: bool,  # noqa: FBT001 - one private caller
    more_found: bool,  # noqa: FBT001
) -> dict[str, str]:
    found = _("找到 {count} 件") if searching else _("{count} 件")
    if more_found:
        found = _("找到很多,只列前 {count} 件,请写得更完整")
    return {
        "look": _("查看"),
        "remove": _("去掉这个条件"),
        "empty": (
            _("没有找到。请核对编号、姓名或电话是否完整准确。")
            if searching
            else _("这里会列出在办案件。当前条件下没有,可去掉上面的条件再看。")
        ),
        "count": found.format(count=count(total)),
        "back": _("上一页"),
        "next": _("下一页"),
        "position": _("第 {page} 页").format(page=page_number),
    }
