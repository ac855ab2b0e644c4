"""The rows of the workloads: towns, committees or persons, each with one bar of cases."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from domain.clocks import day_of
from domain.loads import load_of
from domain.workload import MediatorLoad
from texts import gettext as _
from texts import language
from texts import loads as load_texts
from texts.numbers import count, day
from texts.words import word
from ui import workload_state
from ui.workload_bar import Scale, bar, scale_of, share_of
from ui.workload_sight import Sight

MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody, or a town's or a committee's people together: `key` is theirs."""

    name: str
    key: int
    people: tuple[MediatorLoad, ...]


def by_person(sight: Sight) -> bool:
    """Whether single persons are listed, and not the places below this one."""
    seen = sight.looked
    return seen.committee is not None or seen.person is not None or seen.narrowed


def lines(sight: Sight) -> list[Line]:
    """Who is listed, in the order that was asked for."""
    people, seen = sight.people(), sight.looked
    if by_person(sight):
        found = [Line(one.name, one.mediator_id, (one,)) for one in people]
    else:
        groups: dict[int, list[MediatorLoad]] = defaultdict(list)
        for one in people:
            town = sight.town(one.committee_id)
            groups[town if seen.town is None else one.committee_id].append(one)
        found = [Line(_place(sight, key), key, tuple(some)) for key, some in groups.items()]
    return sorted(found, key=lambda one: _order(one, seen.sort))


def _place(sight: Sight, key: int) -> str:
    if sight.looked.town is None:
        return sight.town_name(key)
    committee = sight.committee(key)
    return committee.name if committee else ""


def _order(one: Line, sort: str) -> tuple[float, str, int]:
    value = {
        "load": load(one.people) or 0.0,
        "late": sum(member.late for member in one.people),
        "week": sum(member.due_this_week for member in one.people),
        "age": max(member.oldest or 0 for member in one.people),
    }.get(sort, 0)
    return -value, one.name, one.key


def rows(
    found: Sequence[Line], sight: Sight, types: Mapping[str, str], *, may_divert: bool
) -> tuple[list[dict[str, Any]], Scale]:
    """The first MOST_ROWS of them as they are drawn, and the scale of their bars."""
    shown = found[:MOST_ROWS]
    scale = scale_of(share_of(one.people) for one in shown)
    if by_person(sight):
        made = [_person(one.people[0], sight, types, scale, may_divert=may_divert) for one in shown]
    else:
        made = [_group(one, sight, scale) for one in shown]
    return made, scale


def _group(line: Line, sight: Sight, scale: Scale) -> dict[str, Any]:
    members, seen = line.people, sight.looked
    by_town = seen.town is None
    down = replace(seen, town=line.key) if by_town else replace(seen, committee=line.key)
    about = [_("{people} 人").format(people=count(len(members)))]
    if by_town:
        committees = len({one.committee_id for one in members})
        about.insert(0, _("{committees} 个调委会").format(committees=count(committees)))
    away = sum(one.leave is not None for one in members)
    return {
        "name": line.name,
        "href": workload_state.link(down),
        "about": _(" · ").join(about),
        "load": load_texts.load_text(load(members)),
        "bar": bar(members, scale, today=sight.today),
        **_counts(members, sight.today),
        "leave": _("请假 {people} 人").format(people=count(away)) if away else "",
        "cases": "",
        "over": "",
        "divert": 0,
    }


def _person(
    one: MediatorLoad, sight: Sight, types: Mapping[str, str], scale: Scale, *, may_divert: bool
) -> dict[str, Any]:
    own = [] if sight.looked.committee is not None else [one.committee_name]
    said = [*own, *(types.get(code, code) for code in one.specialities)]
    return {
        "name": one.name,
        "href": workload_state.link(replace(sight.looked, person=one.mediator_id)),
        "about": _(" · ").join(said),
        "load": load_texts.load_text(one.load),
        "bar": bar([one], scale, today=sight.today),
        **_counts([one], sight.today),
        "leave": leave_text(one, sight),
        "cases": _queue(one, sight),
        "over": _("超过上限") if one.over_capacity else "",
        "divert": one.mediator_id if may_divert and one.pieces else 0,
    }


def leave_text(one: MediatorLoad, sight: Sight) -> str:
    """病假 3月5日–3月6日; empty where no leave is ahead."""
    if one.leave is None:
        return ""
    days = (day(on, today=sight.today) for on in (one.leave.first_day, one.leave.last_day))
    return f"{word(one.leave.kind)} {'–'.join(days)}"


def _queue(one: MediatorLoad, sight: Sight) -> str:
    """The queue narrowed to a person: as it is now, so nowhere else than at today's page."""
    code = sight.codes.get(one.mediator_id)
    if code is None or sight.looked.day is not None:
        return ""
    other = "" if language() == "zh" else f"&lang={language()}"
    return f"/queue?mediator={code}{other}"


def _booked(members: Sequence[MediatorLoad], today: date) -> str:
    ahead = [one.meets_next for one in members if one.meets_next is not None]
    if not ahead:
        return ""
    number = count(sum(one.booked or 0 for one in members))
    nearest = day(day_of(min(ahead)), today=today)
    return _("已约调解会 {count},最近 {day}").format(count=number, day=nearest)


def _counts(members: Sequence[MediatorLoad], today: date) -> dict[str, str]:
    late = sum(one.late for one in members)
    week = sum(one.due_this_week for one in members)
    met = sum(one.met for one in members)
    return {
        "count": _("{count} 件").format(count=count(sum(one.count for one in members))),
        "late": _("■ 超期 {count}").format(count=count(late)) if late else "",
        "week": _("本周到期 {count}").format(count=count(week)) if week else "",
        "met": _("近 28 天调解会 {count}").format(count=count(met)) if met else "",
        "booked": _booked(members, today),
    }


def figures(people: Sequence[MediatorLoad], sight: Sight) -> list[dict[str, str]]:
    """The sums over the people that are looked at, with the unit of what has one."""
    told = [
        (_("人"), count(len(people)), ""),
        (_("负荷"), load_texts.load_text(load(people)), load_texts.load_unit()),
        (_("在办"), count(sum(one.count for one in people)), _("件")),
        (_("超期"), count(sum(one.late for one in people)), _("件")),
        (_("本周到期"), count(sum(one.due_this_week for one in people)), _("件")),
        (_("过 30 天"), count(sum(one.old for one in people)), _("件")),
        (_("请假"), count(sum(one.leave is not None for one in people)), _("人")),
    ]
    if sight.looked.committee is None and sight.looked.person is None:
        committees = len({one.committee_id for one in people})
        told.insert(0, (_("调委会"), count(committees), ""))
    return [{"name": name, "value": value, "unit": unit} for name, value, unit in told]


def load(people: Sequence[MediatorLoad]) -> float | None:
    """Standard cases, duties included, per available full-time place of them together."""
    points = sum(one.points + one.duties for one in people)
    return load_of(points, sum(one.available for one in people))
