"""Committees and their people in words: checks of the law, changes with old and new, refusals."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from domain.committees import Checked, CheckState, LawCheck
from domain.eligibility import GENERAL, CommitteeKind
from domain.errors import NotKeepable, Refusal, TeamChanged, TeamNotFound
from domain.organisation import AbsenceKind, DutyShift, RelationKind, WithdrawalReason
from domain.teams import MemberSeat, TeamObjection
from texts.catalog import gettext as _
from texts.catalog import ngettext
from texts.loads import points_text
from texts.numbers import count
from texts.words import word

STATE_SHAPES = {
    CheckState.FAILS: "■",
    CheckState.SOON: "▲",
    CheckState.UNKNOWN: "◇",
    CheckState.HOLDS: "●",
}


def team_deed_words() -> dict[str, str]:
    """What was done, for every change of a committee or of its people."""
    return {
        "committee:add": _("设立调委会"),
        "committee:change": _("变更调委会"),
        "committee:begin_term": _("登记新一届"),
        "committee:close": _("撤销调委会"),
        "committee:set_duty": _("排值班"),
        "committee:copy_week": _("照排一周值班"),
        "mediator:add": _("新增调解员"),
        "mediator:set_specialities": _("变更专长"),
        "mediator:set_capacity": _("变更承办上限"),
        "mediator:set_licence": _("变更聘期"),
        "mediator:set_time": _("变更工作时间"),
        "mediator:add_duty": _("新增常设事务"),
        "mediator:end_duty": _("结束常设事务"),
        "mediator:set_particulars": _("补录资料"),
        "mediator:set_seat": _("变更身份"),
        "mediator:end_post": _("办理离岗"),
        "mediator:disclose": _("登记回避关系"),
        "mediator:ask_to_withdraw": _("申请撤回回避关系"),
        "mediator:withdraw_relation": _("同意撤回回避关系"),
        "mediator:keep_relation": _("保留回避关系"),
        "mediator:add_leave": _("登记请假"),
        "mediator:change_leave": _("变更请假"),
        "mediator:cancel_leave": _("取消请假"),
    }


def team_refused(refusal: Refusal) -> str | None:
    """Why a change of a committee or a person was refused; None for any other refusal."""
    match refusal:
        case TeamChanged():
            return _("此人的资料刚被他人改过,没有提交。请看清现在的情况再试。")
        case TeamNotFound():
            return _("找不到这个调委会、调解员或假期,或它不在您的范围内。请刷新后再看。")
        case NotKeepable(reasons=reasons, cases=cases, count=number):
            why = _("、").join(word(TeamObjection(reason)) for reason in reasons)
            said = _("没有改动:{reasons}。").format(reasons=why)
            return said + _in_the_way(cases, number)
        case _other:
            return None


def _in_the_way(cases: tuple[str, ...], number: int) -> str:
    if not number:
        return ""
    if not cases:
        return _("共 {count}。").format(count=count(number))
    more = number - len(cases)
    named = _("、").join(cases)
    if more <= 0:
        return _("案件:{named}。").format(named=named)
    return _("案件:{named},另有 {more} 件。").format(named=named, more=count(more))


def article(one: Checked) -> str:
    """The law that a check stands on."""
    return _("人民调解法第 {number} 条").format(number=one.article)


def check_words(one: Checked) -> str:
    """How one check stands, with what was counted."""
    if one.check is LawCheck.SIZE:
        return ngettext("现有委员 {count} 人", "现有委员 {count} 人", one.number).format(
            count=count(one.number)
        )
    if one.check is LawCheck.TERM_ENDS:
        if one.number <= 0:
            return _("已届满 {days} 天").format(days=count(-one.number))
        return _("还有 {days} 天届满").format(days=count(one.number))
    return word(one.state)


def term_words(term_from: date, term_to: date) -> str:
    """A term by its first and last day."""
    return f"{term_from.isoformat()} — {(term_to - timedelta(days=1)).isoformat()}"


def change_lines(
    before: Mapping[str, Any], after: Mapping[str, Any], people: Mapping[int, str]
) -> list[str]:
    """What a change changed, a line each; `people` are names of mediators by id."""
    keys = list(dict.fromkeys((*before, *after)))
    names = _change_names()
    lines = []
    for key in keys:
        old, new = before.get(key), after.get(key)
        if old == new and key not in {"day", "shift"}:
            continue
        name = names.get(key, key)
        if key not in before or old == new:
            lines.append(f"{name}:{_value(key, new, people)}")
        else:
            lines.append(f"{name}:{_value(key, old, people)} → {_value(key, new, people)}")
    return lines


def _change_names() -> dict[str, str]:
    return {
        "name": _("名称"),
        "kind": _("类别"),
        "minority_area": _("多民族居住地区"),
        "term_from": _("任期开始"),
        "term_to": _("任期届满"),
        "members": _("委员"),
        "chairs": _("主任"),
        "active": _("在岗"),
        "seat": _("身份"),
        "capacity": _("承办上限"),
        "full_time": _("专职"),
        "licence_until": _("聘期至"),
        "tenths": _("工作时间"),
        "duty": _("常设事务(标准案)"),
        "types": _("专长"),
        "formerly": _("与此人为同一人"),
        "not_formerly": _("与此人同名,是另一人"),
        "sex": _("性别"),
        "minority": _("人数较少民族"),
        "adult": _("成年"),
        "relation": _("回避关系"),
        "withdrawal": _("撤回理由"),
        "first": _("第一天"),
        "last": _("最后一天"),
        "day": _("日期"),
        "shift": _("班次"),
        "people": _("值班"),
        "duties": _("值班人次"),
    }


def _value(key: str, value: Any, people: Mapping[int, str]) -> str:  # noqa: PLR0911 - one per kind
    if value is None:
        return "—"
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, list) and key == "types":
        return _("、").join(_("综合") if one == GENERAL else str(one) for one in value) or "—"
    if isinstance(value, list):
        named = (people.get(one) or _("调解员 {number}").format(number=one) for one in value)
        return _("、").join(named) or "—"
    if key == "minority":
        return _("已更改")
    if key == "sex":
        return sex_word(str(value))
    if key in {"tenths", "duty"} and isinstance(value, int):
        return time_words(value) if key == "tenths" else points_text(value)
    kinds: tuple[type[StrEnum], ...] = {
        "seat": (MemberSeat,),
        "kind": (AbsenceKind, CommitteeKind),
        "relation": (RelationKind,),
        "withdrawal": (WithdrawalReason,),
        "shift": (DutyShift,),
    }.get(key, ())
    for kind in kinds:
        if value in set(kind):
            return word(kind(value))
    return str(value)


def time_words(tenths: int) -> str:
    """0.5 个全职: how much of a full-time place."""
    return _("{part} 个全职").format(part=points_text(tenths))


def sex_word(sex: str) -> str:
    """A code of GB/T 2261.1 in words."""
    return {"1": _("男"), "2": _("女")}.get(sex, _("未说明"))
