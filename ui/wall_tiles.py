"""The tiles of the wall as JSON, at most seven a scene; ui/assets/elements/wall.js draws them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from data_access.queries.figures import Step
from data_access.queries.wall import Duty, TownOnDuty
from data_access.queries.wall_map import LoadMap
from data_access.queries.wall_outcomes import Outcomes, OutcomeScene, Overview
from data_access.queries.wall_workload import CommitteeBand, Forces
from domain.cases import Lamp
from domain.loads import Band
from domain.small_cells import Cell, Rate
from domain.wall_figures import WallFigure
from texts import gettext as _
from texts import wall as words
from texts.numbers import exact
from texts.words import LAMP_SHAPES, word

Tile = dict[str, Any]
# Towns whose counts are on the map's side, and rows of a tile of towns.
_TOWNS_BESIDE_MAP = 11
_TWO_COLUMNS_FROM = 7
# How committees are called in full; longest first.
_SAID_ALREADY = ("人民调解委员会", "调解委员会", "调委会")
_BAND_ORDER = (Band.FREE, Band.NORMAL, Band.FULL, Band.OVER)


def duty(found: Duty) -> dict[str, Any]:
    """值守: what is new, what is about to be late or is, where, and who has not answered."""
    late, waits = found.overdue_longest, found.waits_longest
    tiles = [
        _figure(
            WallFigure.NEW_TODAY,
            "new",
            exact(found.new_today),
            notes=[words.compared(found.new_today, found.new_before)],
        ),
        _figure(
            WallFigure.DUE, "due", exact(found.due), lamp=Lamp.SOON if found.due else Lamp.ON_TIME
        ),
        _figure(
            WallFigure.OVERDUE,
            "late",
            exact(found.overdue),
            lamp=Lamp.LATE if found.overdue else Lamp.ON_TIME,
            notes=[words.longest_overdue(late.name, late.longest_overdue)]
            if late is not None and late.longest_overdue is not None
            else [],
        ),
        _figure(
            WallFigure.RED,
            "red",
            words.cell(found.red),
            unit=_("起"),
            lamp=None if found.red == Cell(0) else Lamp.LATE,
        ),
        _figure(
            WallFigure.WAITING,
            "wait",
            exact(found.waiting),
            notes=[words.longest_waiting(waits.name, waits.longest_waiting)]
            if waits is not None and waits.longest_waiting is not None
            else [],
        ),
        {
            "area": "towns",
            "title": _("各镇街:24 小时内到期 ▲  已超期 ■"),
            "kind": "counts",
            "columns": 2 if len(found.towns) >= _TWO_COLUMNS_FROM else 1,
            "rows": [_town(one) for one in found.towns],
            "empty": _("这里会列出各镇街"),
        },
        _unanswered(found.unanswered),
    ]
    return {
        "layout": "'new due late red wait' 37fr 'towns towns towns towns dept' 63fr"
        f" / {_columns(1, 1, 1, 1, 1)}",
        "tiles": tiles,
    }


def load_map(
    found: LoadMap, *, names: Mapping[str, str], title: str, legend: Sequence[str]
) -> dict[str, Any]:
    """一张图: where the open cases are. `names` of towns by their code."""
    most = max((one.open.count or 0 for one in found.towns), default=0)
    by_load = sorted(found.towns, key=lambda one: -(one.open.count or 0))[:_TOWNS_BESIDE_MAP]
    total = sum(one.open.count or 0 for one in found.towns)
    return {
        "layout": f"'map open' 28fr 'map towns' 72fr / {_columns(2.2, 1)}",
        "tiles": [
            map_place(title, legend),
            _figure(WallFigure.OPEN, "open", exact(total)),
            {
                "area": "towns",
                "title": _("在办最多的镇街"),
                "kind": "bars",
                "columns": 1,
                "rows": [
                    {
                        "name": names.get(one.code, one.code),
                        "text": words.cell(one.open),
                        "share": round(100 * (one.open.count or 0) / most) if most else 0,
                    }
                    for one in by_load
                ],
                "empty": _("没有在办案件"),
            },
        ],
    }


def map_place(title: str, legend: Sequence[str]) -> Tile:
    """Where the map lies: the page puts it there."""
    return {"area": "map", "title": title, "kind": "map", "legend": list(legend)}


def workload(found: Forces) -> dict[str, Any]:
    """调解力量: how full each committee is, how many people are free, and how many away."""
    full = sum(one.band in {Band.FULL, Band.OVER} for one in found.committees)
    people, committees = _("人"), _("个调委会")
    return {
        "layout": "'people free away full' 28fr 'teams teams teams teams' 72fr"
        f" / {_columns(1, 1, 1, 1)}",
        "tiles": [
            _plain("people", _("调解员"), exact(found.people), people),
            _figure(WallFigure.FREE, "free", exact(found.free), unit=people),
            _figure(WallFigure.AWAY, "away", exact(found.away), unit=people),
            _plain("full", _("接近或超过满负荷"), exact(full), committees),
            {
                "area": "teams",
                "title": _("各调委会负荷"),
                "kind": "groups",
                "columns": 2,
                "groups": _groups(found.committees),
                "legend": [{"band": one.value, "text": word(one)} for one in _BAND_ORDER],
            },
        ],
    }


def outcomes(found: OutcomeScene, months: Sequence[Step], *, until: str) -> dict[str, Any]:
    """成效: what came of the cases, with what each rate rests on."""
    named: tuple[tuple[WallFigure, str, Callable[[Outcomes], Rate]], ...] = (
        (WallFigure.RESOLUTION, "resolution", lambda one: one.resolution),
        (WallFigure.PERFORMANCE, "performance", lambda one: one.performance),
        (WallFigure.CONFIRMATION, "confirmation", lambda one: one.confirmation),
        (WallFigure.VISITED, "visited", lambda one: one.visited),
    )
    satisfaction = found.year.satisfaction
    answered = words.answers(satisfaction, found.year.answers)
    moved = _moved(found, lambda one: one.satisfaction)
    return {
        "layout": "'resolution performance confirmation visited satisfaction' 40fr"
        f" 'trend trend trend trend trend' 60fr / {_columns(1, 1, 1, 1, 1)}",
        "tiles": [
            *(_rate(figure, area, of(found.year), _moved(found, of)) for figure, area, of in named),
            _rate(WallFigure.SATISFACTION, "satisfaction", satisfaction, moved, rests_on=answered),
            trend(months, title=_("近 12 个整月 {until}").format(until=until)),
        ],
    }


def overview(found: Overview) -> dict[str, Any]:
    """接待: the county in numbers, for visitors; a tile of the area "map" belongs to it."""
    bodies = [
        (_("镇街"), found.towns),
        (_("社区"), found.communities),
        (_("网格"), found.grids),
        (_("调委会"), found.committees),
        (_("调解员"), found.mediators),
    ]
    return {
        "layout": "'registered settled resolution map' 36fr 'bodies bodies bodies map' 24fr"
        " 'trend trend trend map' 40fr"
        f" / {_columns(1, 1, 1, 2)}",
        "tiles": [
            _figure(WallFigure.REGISTERED, "registered", exact(found.registered)),
            _figure(WallFigure.SETTLED, "settled", words.cell(found.settled)),
            _rate(WallFigure.RESOLUTION, "resolution", found.resolution, ""),
            {
                "area": "bodies",
                "title": _("组织和力量"),
                "kind": "counts",
                "columns": 3,
                "rows": [
                    {"name": name, "counts": [{"lamp": "", "text": exact(number)}]}
                    for name, number in bodies
                ],
                "empty": "",
            },
            trend(found.months, title=_("近 12 个整月")),
        ],
    }


def trend(months: Sequence[Step], *, title: str) -> Tile:
    """Registered and closed by month."""
    most = max((max(one.new, one.closed) for one in months), default=0)
    return {
        "area": "trend",
        "title": title,
        "kind": "trend",
        "label": words.definition(WallFigure.TREND),
        "months": [
            {
                "name": _("{month}月").format(month=one.window.first_day.month),
                "new": one.new,
                "closed": one.closed,
            }
            for one in months
        ],
        "words": {
            "new": _("新登记"),
            "closed": _("办结"),
            "top": _("最高 {count} 件").format(count=exact(most)),
        },
    }


def _columns(*parts: float) -> str:
    """Columns that share the width, and never grow with what stands in them."""
    return " ".join(f"minmax(0, {part}fr)" for part in parts)


def _figure(
    figure: WallFigure,
    area: str,
    value: str,
    *,
    unit: str | None = None,
    lamp: Lamp | None = None,
    notes: Sequence[str] = (),
) -> Tile:
    made = _plain(area, word(figure), value, _("件") if unit is None else unit)
    if lamp is not None:
        made |= {"lamp": lamp.value, "shape": LAMP_SHAPES[lamp]}
    return made | {"notes": list(notes)}


def _plain(area: str, title: str, value: str, unit: str) -> Tile:
    return {
        "area": area,
        "title": title,
        "kind": "figure",
        "value": value,
        "unit": unit,
        "lamp": "",
        "shape": "",
        "notes": [],
    }


def _rate(
    figure: WallFigure, area: str, rate: Rate, moved: str, *, rests_on: str | None = None
) -> Tile:
    made = _plain(area, word(figure), words.rate(rate), "")
    base = words.base(rate) if rests_on is None else rests_on
    return made | {"notes": [one for one in (base, moved) if one]}


def _moved(found: OutcomeScene, of: Callable[[Outcomes], Rate]) -> str:
    return words.rate_change(of(found.month), of(found.month_before))


def _nothing(area: str, title: str) -> Tile:
    return {"area": area, "title": title, "kind": "nothing", "empty": words.not_recorded()}


def _unanswered(departments: int | None) -> Tile:
    title = word(WallFigure.UNANSWERED)
    if departments is None:
        return _nothing("dept", title)
    return _plain("dept", title, exact(departments), _("个"))


def _town(one: TownOnDuty) -> dict[str, Any]:
    return {
        "name": one.name,
        "counts": [
            {"lamp": Lamp.SOON.value if one.due else "second", "text": f"▲ {exact(one.due)}"},
            {
                "lamp": Lamp.LATE.value if one.overdue else "second",
                "text": f"■ {exact(one.overdue)}",
            },
        ],
    }


def _groups(committees: Sequence[CommitteeBand]) -> list[dict[str, Any]]:
    """By town in their order; where a committee has no name to show it goes by its kind."""
    found: dict[str, list[CommitteeBand]] = {}
    for one in committees:
        found.setdefault(one.town or _("县级"), []).append(one)
    return [
        {
            "name": town,
            "chips": [
                {
                    "band": one.band.value if one.band else "none",
                    # Only who needs looking at is named: a hundred names are read by nobody.
                    "text": _short(one, town) if one.band in {Band.FULL, Band.OVER} else "",
                }
                for one in held
            ],
        }
        for town, held in found.items()
    ]


def _short(one: CommitteeBand, town: str) -> str:
    """The name without what the row and the scene say already."""
    name = one.name or word(one.kind)
    for part in _SAID_ALREADY:
        name = name.replace(part, "")
    return name.removeprefix(town) or word(one.kind)
