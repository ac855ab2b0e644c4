"""The cases of one person below their bar, in the order in which to take them up."""

from collections.abc import Sequence
from typing import Any

from data_access.queries.worklist import InTurn
from domain.clocks import day_of
from domain.workload import MediatorLoad, Piece
from texts import gettext as _
from texts import loads as load_texts
from texts.numbers import count, day
from texts.planning import plan_word
from texts.words import LAMP_SHAPES, word
from ui.queue_list import address
from ui.workload_bar import LAMPS
from ui.workload_sight import Sight


def cases(one: MediatorLoad, sight: Sight, worklist: Sequence[InTurn] | None) -> dict[str, Any]:
    """What the person holds; `worklist` None: of a past day, of which no order is advised."""
    turns = {} if worklist is None else {each.case_no: each for each in worklist}
    places = {number: place for place, number in enumerate(turns)}

    def order(piece: Piece) -> tuple[int, int, int]:
        known = places.get(piece.case_no or "", len(places))
        return known, LAMPS.index(piece.lamp), -piece.age_days

    ordered = sorted(one.pieces, key=order)
    rows = [
        _row(piece, turns.get(piece.case_no or ""), place, sight)
        for place, piece in enumerate(ordered, start=1)
    ]
    advised = worklist is not None
    return {
        "title": _("建议办理顺序") if advised else _("当日在办"),
        "note": _note(one) if advised else "",
        "heads": [
            _("次序"),
            _("案号"),
            _("灯号"),
            _("已办"),
            _("环节"),
            _("点数"),
            _("到期"),
            _("排在这里的理由") if advised else "",
        ],
        "rows": rows,
        "empty": _("手上没有在办案件。"),
    }


def _note(one: MediatorLoad) -> str:
    if not one.available:
        return _("未来两周不在岗:没有一件能靠本人按期办成,请考虑分流。")
    return _(
        "还能按期的在前,按期限先后;已难按期的在后。每四天有一天先办超期最久的,超期过久的每天在前。"
        "按剩余工作量、在岗时间和近 90 天的办结速度推算,供参考,不改变任何期限。"
    )


def _row(piece: Piece, turn: InTurn | None, place: int, sight: Sight) -> dict[str, Any]:
    ranked = turn is not None and turn.turn is not None
    return {
        "place": count(place) if ranked else "—",
        "number": piece.case_no or _("不在您的范围内的案件"),
        "href": address(piece.case_no) if piece.case_no else "",
        "kind": piece.lamp.value,
        "lamp": f"{LAMP_SHAPES[piece.lamp]} {word(piece.lamp)}",
        "age": _("{days} 天").format(days=count(piece.age_days)),
        "old": piece.old,
        "stage": word(piece.stage),
        "points": load_texts.points_text(piece.points),
        "due": day(day_of(piece.due_at), today=sight.today) if piece.due_at and piece.runs else "—",
        "why": _why(turn),
    }


def _why(turn: InTurn | None) -> str:
    if turn is None:
        return ""
    return _("期限暂停,等恢复后再办") if turn.turn is None else plan_word(turn.turn)
