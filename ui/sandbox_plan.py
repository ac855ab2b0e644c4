"""The plan on the screen: who gets what, before and after, and what stays where it is."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from data_access.queries.planning import Planning
from data_access.queries.queue import QueueRow
from domain.balancing import Plan
from domain.balancing.plan import Move, Standing
from domain.eligibility import speciality_match
from domain.locks import Lock
from texts import gettext as _
from texts import ngettext
from texts.numbers import count
from texts.planning import load_said, plan_word, why_moves
from texts.words import word
from ui import elements, queue_list

_PLAN = elements.element("sandbox_plan")
_FULL = 100
_BY_SPECIALITY = 2


def show(planning: Planning, plan: Plan, *, now: datetime, on_strike: Callable[[], None]) -> Any:
    """Draw the plan. What was struck is in the result's `strike`, a case id."""
    names = {one.mediator_id: one.name for one in planning.people.values()}
    coming: dict[int, list[Move]] = defaultdict(list)
    for move in plan.moves:
        coming[move.to_id].append(move)
    touched = [
        one
        for one in plan.people
        if one.weight.before != one.weight.after
        or one.mediator_id in coming
        or one.cases.before != one.cases.after
    ]
    # Who is relieved stands first: that is whom the plan is for.
    touched.sort(key=lambda one: (one.weight.after - one.weight.before, one.mediator_id))
    highest = max([plan.tau, *(max(one.load.before, one.load.after) for one in touched)], default=1)
    scale = _FULL / max(highest * 1.05, 1)
    return _PLAN(
        key="sandbox_plan",
        data={
            "limit": round(plan.tau * scale, 1),
            "people": [
                _person(
                    one,
                    planning,
                    coming[one.mediator_id],
                    names,
                    scale,
                    plan.tau,
                    now,
                    away=one.mediator_id in plan.away,
                )
                for one in touched
                if one.mediator_id in planning.people
            ],
            "words": {
                "person": _("调解员"),
                "before": _("此前(每个全职的件数)"),
                "after": _("此后,竖线是负荷上限 {limit}").format(limit=load_said(plan.tau)),
                "cases": _("在办"),
                "late": _("预计超期"),
                "strike": _("划掉"),
            },
        },
        on_strike_change=on_strike,
    )


def _person(
    one: Standing,
    planning: Planning,
    moves: list[Move],
    names: dict[int, str],
    scale: float,
    tau: int,
    now: datetime,
    *,
    away: bool,
) -> dict[str, Any]:
    who = planning.people[one.mediator_id]
    more = one.cases.after - one.cases.before
    return {
        "id": one.mediator_id,
        "name": who.name,
        "committee": who.committee_name,
        "before": _not_there() if away else _bar(one.load.before, scale, tau),
        "after": _not_there() if away else _bar(one.load.after, scale, tau),
        "cases": _("{after} 件({change})").format(
            after=count(one.cases.after), change=f"{more:+d}"
        ),
        "late": f"{one.late.before} → {one.late.after}"
        if one.late.before != one.late.after
        else str(one.late.after),
        "late_worse": one.late.after > one.late.before,
        "moves": [_move(move, planning, names, now) for move in moves],
    }


def _not_there() -> dict[str, Any]:
    return {"text": _("离岗"), "share": 0, "over": False}


def _bar(load: int, scale: float, tau: int) -> dict[str, Any]:
    over = load > tau
    # A shape beside the colour: who is above the limit also has the sign.
    text = f"▲{load_said(load)}" if over else load_said(load)
    return {"text": text, "share": round(min(load * scale, _FULL), 1), "over": over}


def _move(move: Move, planning: Planning, names: dict[int, str], now: datetime) -> dict[str, Any]:
    row = planning.rows[move.case_id]
    fits = speciality_match(planning.people[move.to_id], row.type_code) == _BY_SPECIALITY
    origin = names.get(move.from_id, "—") if move.from_id is not None else "—"
    return {
        "case": move.case_id,
        **case_words(row, now),
        "from": _("原承办 {name}").format(name=origin),
        "why": why_moves(move, names, fits=fits),
    }


def case_words(row: QueueRow, now: datetime) -> dict[str, str]:
    """A case in few words: number, address, lamp, what and where."""
    place = " ".join(filter(None, (row.town, row.community)))
    return {
        "number": row.case_no,
        "address": queue_list.address(row.case_no),
        "lamp": row.lamp.value,
        "clock": queue_list.clock_words(row, now),
        "about": _(" · ").join((queue_list.kind_of(row), place)),
    }


def stays(planning: Planning, plan: Plan | None, struck: frozenset[int]) -> list[str]:
    """What of the cases put in does not move, by why, each with its numbers."""
    found: dict[str, list[str]] = defaultdict(list)
    for number, reasons in planning.stuck.items():
        found[_("、").join(word(one) for one in reasons)].append(number)
    moving = set(plan.assignment) if plan else set()
    unplaced = {one.case_id: one.why for one in plan.unplaced} if plan else {}
    for case_id, row in planning.rows.items():
        if case_id in moving:
            continue
        if case_id in struck:
            why = _("您划掉了")
        elif Lock.PINNED in planning.locks.get(case_id, ()):
            why = word(Lock.PINNED)
        elif case_id in unplaced:
            why = plan_word(unplaced[case_id])
        elif locks := planning.locks.get(case_id):
            why = _("、").join(
                word(one) for one in sorted(locks, key=list(type(next(iter(locks)))).index)
            )
        elif plan is None:
            continue
        else:
            why = _("移动它没有好处")
        found[why].append(row.case_no)
    return [
        ngettext("{count} 件 {why}:{cases}", "{count} 件 {why}:{cases}", len(numbers)).format(
            count=count(len(numbers)), why=why, cases=_("、").join(numbers[:_LISTED])
        )
        + (_(" 等") if len(numbers) > _LISTED else "")
        for why, numbers in sorted(found.items(), key=lambda pair: -len(pair[1]))
    ]


_LISTED = 12
