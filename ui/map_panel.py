"""The chosen area beside the map: its figures, days, types, committees and open cases."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from data_access.queries.choices import Choices
from data_access.queries.layers import Area
from data_access.queries.queue import QueueRow
from domain import kpi
from domain.kpi import AreaCounts, Figure, FigureKey
from domain.small_cells import LEAST_BASE
from texts import gettext as _
from texts import kpi as kpi_texts
from texts.numbers import count
from texts.numbers import day as day_words
from ui import elements, queue_list
from ui.map_places import LEVELS, Places
from ui.map_reads import Close
from ui.map_sight import Reading
from ui.map_state import Shown, code_names
from ui.map_words import said_of

_PANEL = elements.element("area_panel")
_MOST_TYPES = 6


def show(
    data: dict[str, Any],
    *,
    key: str,
    on_figure: Callable[[], None],
    on_type: Callable[[], None],
    on_open: Callable[[], None],
    on_turn: Callable[[], None],
    on_queue: Callable[[], None],
) -> None:
    """Draw it. What was clicked is in the element's `figure`, `type`, `open`, `turn`, `queue`."""
    _PANEL(
        key=key,
        data=data,
        on_figure_change=on_figure,
        on_type_change=on_type,
        on_open_change=on_open,
        on_turn_change=on_turn,
        on_queue_change=on_queue,
    )


def panel(
    places: Places, reading: Reading, held: AreaCounts, *, changed: AreaCounts
) -> dict[str, Any]:
    """What everybody may see of an area: its name and its figures; `changed` is of the change."""
    shown, area = reading.shown, reading.shown.area
    window = kpi_texts.window_words(shown.window, today=reading.today)
    whole = reading.sight.sees_all_of(places, area)
    # All households against a part of the cases would be no rate.
    households = area.households if whole else None
    said = []
    outside = not whole and held == AreaCounts()
    if outside:
        said.append(_("不在您的范围内,这里的数字您看不到。"))
    elif not whole:
        said.append(_("只计您岗位范围内的案件,不是这个区域的全部。"))
    if reading.suppressed:
        least = _("小于 3 件的合并为“0–2”,基数不足 {least} 或推得出一两件的比率不显示。")
        said.append(least.format(least=LEAST_BASE))
    under = [window]
    if households:
        under.append(_("{count} 户").format(count=count(households)))

    def told(one: Figure) -> AreaCounts | None:
        return None if outside else changed if one.key is FigureKey.CHANGE else held

    return {
        "area": area.code,
        "name": places.full_name(area),
        "under": " · ".join(under),
        "closed": " ".join(said),
        "figures": [_figure(one, told(one), reading, households) for one in kpi_texts.figures()],
        "trend": None,
        "types": None,
        "facts": [],
        "cases": None,
    }


def _figure(
    figure: Figure, held: AreaCounts | None, reading: Reading, households: int | None
) -> dict[str, Any]:
    if held is None:
        value, note = "—", ""
    else:
        measured = kpi.value(figure, held, households=households)
        value, note = said_of(figure, measured, suppressed=reading.suppressed)
    window = reading.shown.window
    if figure.at_moment and window.last_day < reading.today:
        note = kpi_texts.moment_words(window, today=reading.today)
    bare = value.removesuffix(kpi_texts.unit(figure)).rstrip()
    return {
        "key": figure.key.value,
        "name": kpi_texts.figure_name(figure),
        "value": bare,
        "unit": kpi_texts.unit(figure) if bare != value else "",
        "note": note,
        "means": kpi_texts.definition(figure),
        "selected": figure.key is reading.shown.figure.key,
    }


def closely(seen: Close, shown: Shown, offered: Choices, *, today: date) -> dict[str, Any]:
    """An area's days, types and committees, for whoever may open its cases."""
    names = code_names(offered, "type")
    most = max((number for _code, number in seen.types), default=1)
    total = sum(number for _code, number in seen.types)
    return {
        "trend": _trend(seen, today),
        "types": {
            "title": _("新登记的类型({count} 件)").format(count=count(total)),
            "none": _("这段时间没有新登记的案件。"),
            "rows": [
                {
                    "code": code,
                    "name": names.get(code, code).rpartition(" · ")[2],
                    "count": count(number),
                    "share": round(100 * number / most),
                    "selected": shown.types == (code,),
                }
                for code, number in seen.types[:_MOST_TYPES]
            ],
        },
        "facts": [
            [one.name, _("在办 {count} 件").format(count=count(one.open))]
            for one in seen.committees
        ],
    }


def _trend(seen: Close, today: date) -> dict[str, Any]:
    top = max((max(one.new, one.closed) for one in seen.trend), default=0)
    told = _("{days}:新登记 {new} 件,归档 {closed} 件")
    bars = [
        {
            "new": one.new,
            "closed": one.closed,
            "text": told.format(
                days=kpi_texts.window_words(one.window, today=today),
                new=count(one.new),
                closed=count(one.closed),
            ),
        }
        for one in seen.trend
    ]
    lengths = sorted({one.window.days for one in seen.trend})
    days = "–".join(map(str, lengths))
    title = _("逐日") if lengths == [1] else _("每 {days} 天").format(days=days)
    return {
        "title": title,
        "label": _("新登记与归档的走势,最多 {count} 件").format(count=count(top)),
        "bars": bars,
        "top": _("最高 {count} 件").format(count=count(top)),
        "first": day_words(seen.trend[0].window.first_day, today=today),
        "last": day_words(seen.trend[-1].window.last_day, today=today),
        "words": {"new": _("新登记"), "closed": _("归档")},
    }


def cases(
    rows: Sequence[QueueRow], area: Area, total: int, *, turned: bool, more: bool, now: datetime
) -> dict[str, Any]:
    """Some open cases of an area, by their due time."""
    return {
        "cases": {
            "title": _("在办案件,按到期先后({count} 件)").format(count=count(total)),
            "none": _("这里没有在办的案件。"),
            "rows": [_case(row, area, now) for row in rows],
            "has_back": turned,
            "has_next": more,
            "to_queue": _("到队列中查看") if total else "",
            "words": {"back": _("上一页"), "next": _("下一页")},
        }
    }


def _case(row: QueueRow, area: Area, now: datetime) -> dict[str, str]:
    names = (row.town, row.community, row.grid)[LEVELS.index(area.level) :]
    where = " ".join(name for name in names if name)
    holder = row.mediator or _("待指派")
    return {
        "number": row.case_no,
        "lamp": row.lamp.value,
        "clock": queue_list.clock_words(row, now),
        "kind": queue_list.kind_of(row),
        "where": " · ".join(filter(None, (where, holder))),
    }
