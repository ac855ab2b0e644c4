"""One case in blocks: head, clock, facts, masked parties, timeline."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from data_access.queries.cases import CaseView, EventView, OpenText, PartyView
from data_access.queries.duplicates import Duplicate
from domain.cases import Lamp, ReassignReason
from domain.clocks import Explanation, day_of
from domain.transitions import AgreementForm, Decision, Rating, Supervision
from texts import clocks as clock_texts
from texts import gettext as _
from texts import language
from texts.numbers import count, due_day, moment, span
from texts.recusal import said_of_mediator
from texts.red_events import response_time, risk_change
from texts.words import word
from ui import elements
from ui.queue_list import address, clock_words, kind_of, supervision_card

_CARD = elements.element("case_card")


def show(blocks: Sequence[dict[str, Any]], *, key: str) -> None:
    """Draw blocks made by the functions below."""
    _CARD(key=key, data={"blocks": list(blocks)})


def notice(text: str) -> dict[str, Any]:
    """A line that something is not as it was."""
    return {"kind": "notice", "text": text}


def head(view: CaseView, now: datetime, *, number: str = "") -> dict[str, Any]:
    """Lamp, title, stage, and what stands beside the stage; `number` where nothing else says it."""
    row = view.row
    return {
        "kind": "head",
        "number": number,
        "lamp": row.lamp.value,
        "clock": clock_words(row, now),
        "title": kind_of(row),
        "under": f"{word(row.stage)} · {word(row.difficulty)} · {word(row.risk)}",
        "cards": _beside(view),
    }


def _beside(view: CaseView) -> list[dict[str, str]]:
    """Supervised, parked, an extension asked: what stands beside the stage."""
    cards = [supervision_card(view.row)] if view.row.supervised else []
    if view.row.paused and view.row.parked_until is not None:
        over = view.row.lamp is Lamp.PARKING_OVER
        text = _("挂账已于 {day} 到期,请恢复办理") if over else _("挂账至 {day}")
        cards.append({"sign": "parked", "text": text.format(day=view.row.parked_until)})
    if view.extension_asked is not None:
        asked = _("已申请延长 {days} 天,待审核").format(days=view.extension_asked)
        cards.append({"sign": "asked", "text": asked})
    return cards


def same_as(one: Duplicate) -> str:
    """What is said of a case that may be the same dispute: its stage, day, persons, and why."""
    why = _("、").join(word(likeness) for likeness in one.likeness)
    persons = _("、").join(one.persons)
    parts = (word(one.stage), one.occurred_on.isoformat(), persons, why)
    return " · ".join(filter(None, parts))


def links(title: str, rows: Sequence[tuple[str, str]], *, aside: bool = False) -> dict[str, Any]:
    """Cases to go to: what is said of each, and its number.

    `aside`: in a tab of its own, because something is being typed here.
    """
    return {
        "kind": "links",
        "title": title,
        "aside": aside,
        "rows": [
            {"text": text, "number": number, "address": address(number)} for text, number in rows
        ],
    }


def way_to_page(case_no: str) -> dict[str, Any]:
    """The way from the drawer to the whole page."""
    row = {"text": "", "number": _("打开完整页面"), "address": address(case_no)}
    return {"kind": "links", "title": "", "aside": False, "rows": [row]}


def holder(view: CaseView, now: datetime) -> dict[str, Any]:
    """Who holds it since when."""
    row = view.row
    if row.mediator is None or view.held_since is None:
        held = _("还没有人承办")
    else:
        held = _("{name}({committee}),自 {since} 起,已 {span}").format(
            name=row.mediator,
            committee=view.committee or "—",
            since=moment(view.held_since, now=now),
            span=span(now - view.held_since),
        )
    return {"kind": "facts", "title": "", "rows": [[_("承办"), held]]}


def clock(view: CaseView, now: datetime, *, calendar_gap: date | None) -> list[dict[str, Any]]:
    """The stage's time as a bar, with the point where the lamp turns yellow; nothing when closed.

    A deadline behind `calendar_gap` may still move, and says so.
    """
    due_at, soon_at = view.row.due_at, view.soon_at
    if due_at is None or soon_at is None:
        return []
    whole = max(due_at - view.stage_since, timedelta(seconds=1))
    used = min(100, round(100 * ((now - view.stage_since) / whole)))
    bar = {
        "kind": "clock",
        "lamp": view.row.lamp.value,
        "title": _("时限({stage})").format(stage=word(view.row.stage)),
        "used": max(0, used),
        "turn": round(100 * ((soon_at - view.stage_since) / whole)),
        "label": clock_words(view.row, now),
        "start": _("起 {time}").format(time=moment(view.stage_since, now=now)),
        "middle": _("▲ 临期 {time}").format(time=due_day(soon_at, now=now)),
        "end": _("限 {time}").format(time=due_day(due_at, now=now)),
    }
    # Due at 24:00 of a day: the moment itself belongs to the day after.
    last_day = day_of(due_at - timedelta(minutes=1))
    if calendar_gap is None or last_day < calendar_gap:
        return [bar]
    year = calendar_gap.year
    moves = _("{year} 年的放假调休安排还没有录入,这个时限可能变动。").format(year=year)
    return [bar, notice(moves)]


def why(explained: Explanation) -> dict[str, Any]:
    """How a deadline came about: the rule, then each day, counted or not, then the result."""
    return {
        "kind": "timeline",
        "title": "",
        "earlier": "",
        "rows": [
            {"text": line.text, "when": line.day, "note": line.note}
            for line in clock_texts.lines(explained)
        ],
    }


def facts(view: CaseView, now: datetime) -> dict[str, Any]:
    """What is known of the matter; free text without the parties' names."""
    row, chinese = view.row, language() == "zh"
    outcome = view.outcome_zh if chinese else view.outcome_en
    onward = view.onward_zh if chinese else view.onward_en
    rows = [
        [_("事项"), view.title],
        [_("地点"), " ".join(filter(None, (row.town, row.community, row.grid)))],
        [_("来源"), view.source_zh if chinese else view.source_en],
        [_("登记"), moment(row.registered_at, now=now)],
        [_("人数"), _("{count} 人").format(count=count(view.people_count))],
    ]
    if view.amount_yuan is not None:
        rows.append([_("金额"), _("{count} 元").format(count=count(view.amount_yuan))])
    if outcome:
        rows.append([_("结果"), outcome])
    # Where nothing else came of it, the way on is the result, and is not said twice.
    if onward and onward != outcome:
        rows.append([_("移送去向"), onward])
    if view.summary:
        rows.append([_("简述"), view.summary])
    return {"kind": "facts", "title": _("案情"), "rows": rows}


def parties(people: Sequence[PartyView], *, clear: bool) -> dict[str, Any]:
    """The parties, masked or, after an unmasking, in the clear."""
    title = _("当事人(明文,已留痕)") if clear else _("当事人(已脱敏)")
    return {
        "kind": "parties",
        "title": title,
        "rows": [
            {
                "role": word(party.role),
                "name": party.name,
                "lines": [
                    f"{label} {value}"
                    for label, value in (
                        (_("电话"), party.phone),
                        (_("证件"), party.identity),
                        (_("住址"), party.address),
                    )
                    if value
                ],
            }
            for party in people
        ],
    }


def clear_text(clear: OpenText) -> dict[str, Any]:
    """The free text as it was written, after an unmasking."""
    rows = [[_("事项"), clear.title], [_("地点"), clear.place], [_("简述"), clear.summary]]
    return {
        "kind": "facts",
        "title": _("原文(明文,已留痕)"),
        "rows": [row for row in rows if row[1]],
    }


def timeline(view: CaseView, now: datetime) -> dict[str, Any]:
    """What happened, the newest first, and how much of it is not shown."""
    earlier = _("更早还有 {count} 条").format(count=count(view.earlier_events))
    return {
        "kind": "timeline",
        "title": _("经过"),
        "earlier": earlier if view.earlier_events else "",
        "rows": [
            {
                "text": _event(event, now),
                "when": f"{moment(event.at, now=now)} · {event.actor or _('系统')}",
                "note": event.note,
            }
            for event in view.events
        ],
    }


def _event(event: EventView, now: datetime) -> str:
    text = word(event.kind)
    if event.to_name and event.from_name:
        text = f"{text}: {event.from_name} → {event.to_name}"
    elif event.to_name:
        text = f"{text}: {event.to_name}"
    elif event.from_name:
        text = f"{text}: {event.from_name} → —"
    if event.onward is not None:
        text = f"{text}: {event.onward[language() != 'zh']}"
    of_red = risk_change(event.data) or response_time(event.data, now=now)
    if said := of_red or _said(event.data):
        text = f"{text}: {said}"
    reason = event.data.get("reason")
    if isinstance(reason, str) and reason in set(ReassignReason):
        return _("{what}({reason})").format(what=text, reason=word(ReassignReason(reason)))
    return text


_WORDED: dict[str, type[Supervision | Decision | AgreementForm]] = {
    "level": Supervision,
    "decision": Decision,
    "form": AgreementForm,
}


def _ratings(data: dict[str, Any]) -> str:
    """What both sides answered after the visit."""
    return _("申请人{applicant},被申请人{respondent}").format(
        applicant=word(Rating(data["applicant_rating"])),
        respondent=word(Rating(data["respondent_rating"])),
    )


def _said(data: dict[str, Any]) -> str:
    """What was given with a step beside its note: the other case, the day, the level."""
    other = data.get("merged") or data.get("other_case") or data.get("stays")
    if isinstance(other, str):
        return other
    for name, kind in _WORDED.items():
        if data.get(name) in set(kind):
            return word(kind(data[name]))
    if data.get("applicant_rating") in set(Rating):
        return _ratings(data)
    if isinstance(data.get("days"), int):
        return _("{days} 天").format(days=count(data["days"]))
    if isinstance(data.get("until"), str):
        return _("至 {day}").format(day=data["until"])
    return said_of_mediator(data)
