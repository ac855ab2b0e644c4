"""What is recorded of a case, in blocks: its red events; who objected, who consented, who chose."""

from datetime import datetime
from typing import Any

from data_access.queries.case_records import CaseRecords, ConsentView, ObjectionView
from data_access.queries.red_events import RedEventView, ResponseView
from domain.organisation import PartyRole
from texts import gettext as _
from texts.numbers import moment
from texts.recusal import by_whom, side_day
from texts.red_events import how_raised
from texts.words import word
from ui import case_card


def blocks(found: CaseRecords, now: datetime) -> list[dict[str, Any]]:
    """That the holder must withdraw, and each record that stands; nothing where there is none."""
    rows = _rows(found, now)
    told = [
        {"kind": "facts", "title": title, "rows": of_it}
        for title, of_it in ((_("红色事件"), _red_rows(found, now)), (_("回避与选定"), rows))
        if of_it
    ]
    if found.alarm is not None and found.alarm.acknowledged is None:
        told.insert(0, case_card.notice(_("■ 红色事件,还没有人确认。请确认并填写应急处置。")))
    if found.holder is None or not found.holder.grounds:
        return told
    why = _("、").join(word(one) for one in found.holder.grounds)
    must = _("▲ 承办人 {name} {why}。请改派,或取得双方同意并经批准。")
    return [case_card.notice(must.format(name=found.holder.name, why=why)), *told]


def _rows(found: CaseRecords, now: datetime) -> list[list[str]]:
    rows = [[_("申请回避"), objection(one, now)] for one in found.objections]
    rows += [[_("双方同意"), consent(one, now)] for one in found.consents]
    if found.choice is not None:
        one = found.choice
        sides = _("、").join(
            (
                side_day(PartyRole.APPLICANT, one.applicant_on),
                side_day(PartyRole.RESPONDENT, one.respondent_on),
            )
        )
        said = _("{name}:{sides},{who} 记录").format(
            name=one.mediator, sides=sides, who=_who(one.recorded.by, one.recorded.at, now)
        )
        rows.append([_("双方选定"), said])
    if found.pinned is not None:
        said = _("{who} 锁定,理由见经过").format(who=_who(found.pinned.by, found.pinned.at, now))
        rows.append([_("督办锁定"), said])
    if found.booked is not None:
        said = _("{when},{who} 约定").format(
            when=moment(found.booked.meets_at, now=now),
            who=_who(found.booked.recorded.by, found.booked.recorded.at, now),
        )
        rows.append([_("约定的调解会"), said])
    if found.met_on is not None:
        rows.append([_("调解会"), found.met_on.isoformat()])
    return rows


def _red_rows(found: CaseRecords, now: datetime) -> list[list[str]]:
    """Each red event, the youngest first, with what was done about it."""
    rows = []
    for one in found.reds:
        rows.append([_("红色事件"), red_event(one, now)])
        rows += [[_("应急处置"), response(done, now)] for done in one.responses]
    return rows


def red_event(one: RedEventView, now: datetime) -> str:
    """周值班 登记,3月2日 09:00;谁 3月2日 09:05 确认;谁 3月3日 10:00 解除."""
    raised = _("{how},{time}").format(
        how=how_raised(one.how, one.raised.by), time=moment(one.raised.at, now=now)
    )
    parts = [raised]
    if one.acknowledged is not None:
        who = _who(one.acknowledged.by, one.acknowledged.at, now)
        parts.append(_("{who} 确认").format(who=who))
    elif one.ended is None:
        parts.append(_("待确认"))
    if one.ended is not None:
        parts.append(_("{who} 解除").format(who=_who(one.ended.by, one.ended.at, now)))
    return _(";").join(parts)


def response(one: ResponseView, now: datetime) -> str:
    """张三 负责,3月2日 09:10 起;已派人到场…;3月2日 11:00 结束."""
    begun = _("{name} 负责,{time} 起").format(
        name=one.responsible, time=moment(one.begun_at, now=now)
    )
    parts = [begun, one.measures]
    if one.ended_at is not None:
        parts.append(_("{time} 结束").format(time=moment(one.ended_at, now=now)))
    return _(";").join(filter(None, parts))


def objection(one: ObjectionView, now: datetime) -> str:
    """申请人 2026-03-02 对 张三 申请回避,谁记录;谁记录撤回,待另一人确认."""
    said = _("{side} 对 {name} 申请回避,{who} 记录").format(
        side=side_day(one.side, one.raised_on),
        name=one.mediator,
        who=_who(one.recorded.by, one.recorded.at, now),
    )
    if one.withdrawn is None:
        return said
    who = _who(one.withdrawn.by, one.withdrawn.at, now)
    return _(";").join((said, _("{who} 记录其已撤回,待另一人确认,确认前仍须回避").format(who=who)))


def consent(one: ConsentView, now: datetime) -> str:
    """张三(须回避:…):申请人 2026-03-02(书面)、被申请人 …;谁记录;谁批准."""
    parts = [
        _("{name}({grounds})").format(
            name=one.mediator, grounds=_("、").join(word(ground) for ground in one.grounds)
        ),
        side_day(PartyRole.APPLICANT, one.applicant_on, one.applicant_form),
        side_day(PartyRole.RESPONDENT, one.respondent_on, one.respondent_form),
        _("{who} 记录").format(who=_who(one.recorded.by, one.recorded.at, now)),
    ]
    if one.approved is None:
        parts.append(_("待另一人批准"))
    else:
        who = _who(one.approved.by, one.approved.at, now)
        parts.append(_("{who} 批准").format(who=who))
    if not one.current:
        parts.append(_("当事人或回避事由已变,不再有效"))
    return _(";").join(parts)


def _who(name: str, at: datetime, now: datetime) -> str:
    return by_whom(name, at, now=now)
