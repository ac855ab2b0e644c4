"""The queue's list on the screen: tabs with counts, chips, rows, pages, the time of its data."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from data_access.changes import Watermark
from data_access.queries.queue import Count, QueueRow
from domain.cases import OPEN_STAGES, REASSIGNABLE_STAGES, Lamp, Risk, Stage
from domain.clocks import day_of
from domain.transitions import LEVELS
from texts import gettext as _
from texts import language, ngettext
from texts.numbers import clock_time, count, time_left
from texts.types import type_name
from texts.words import LAMP_SHAPES, word
from ui import elements

_LIST = elements.element("queue_list")
_LIVE = elements.element("queue_live")


def show(
    *,
    rows: tuple[QueueRow, ...],
    counts: dict[Stage, Count] | None,
    stage: Stage | None,
    chips: list[dict[str, str]],
    page_number: int,
    has_next: bool,
    more_found: bool,
    open_case: str | None,
    may_move: bool,
    watermark: Watermark,
    now: datetime,
    on_open: Callable[[], None],
    on_stage: Callable[[], None],
    on_drop: Callable[[], None],
    on_turn: Callable[[], None],
) -> Any:
    """Draw the list. `counts` None means a search: no tabs, and closed cases may be among the rows.

    What was clicked is in the result's `open`, `stage`, `drop`, `turn` during the callback's run.
    """
    total = len(rows) if counts is None else _total(counts, stage)
    data = {
        "tabs": [] if counts is None else _tabs(counts, stage),
        "chips": chips,
        "rows": [_row(row, now, may_move=may_move) for row in rows],
        "open": open_case,
        "page": page_number,
        "has_back": page_number > 1,
        "has_next": has_next,
        "words": _words(total, page_number, counts is None, more_found),
    }
    # The time of the data is sent apart: it is new at every refresh, while the list stays the same
    # to the last byte until something changes, and a browser that has it is not sent it again.
    _LIVE(key="queue_live", data=_live(watermark))
    return _LIST(
        key="queue_list",
        data=data,
        on_open_change=on_open,
        on_stage_change=on_stage,
        on_drop_change=on_drop,
        on_turn_change=on_turn,
    )


def _live(watermark: Watermark) -> dict[str, Any]:
    read_at = clock_time(watermark.read_at)
    return {
        "fresh": watermark.fresh,
        "live": _("● 实时 {time}").format(time=read_at),
        "stale": _("▲ 数据停在 {time}").format(time=read_at),
    }


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
