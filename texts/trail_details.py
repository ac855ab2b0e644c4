"""The rest of a line of the trail in words: old and new, counts, days, out of its payload."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from domain.cases import Difficulty, ReassignReason, Stage
from domain.clocks import LimitUnit
from domain.errors import ProviderProblem
from domain.imports import Profile
from domain.organisation import PartyRole, UnitLevel
from domain.people import Role
from domain.trail import Line, Names, SubjectKind, Verification, verification_from_json
from domain.transitions import Decision, Rating
from texts.catalog import gettext as _
from texts.catalog import language
from texts.imports import profile_name
from texts.loads import points_text
from texts.numbers import count, moment
from texts.recusal import grounds_said, side_said
from texts.red_events import response_time, risk_change
from texts.teams import change_lines
from texts.trail import account_name, post_name
from texts.verification import verification_lines
from texts.walls import wall_lines
from texts.words import word

_SHOWN_OF_A_HASH = 12
# How a payload's value is said, or None where it is not of a form that this product writes.
Teller = Callable[[Any, Names, datetime], str | None]


def details(line: Line, names: Names, *, now: datetime) -> list[str]:
    """What else the line says, in words: old and new, counts, days. Keyed hashes are left out."""
    if line.action == "trail:verify":
        return verification_lines(_verification(line), of_a_line=True)
    # The session that a line was written in stands beside it.
    payload = {k: v for k, v in line.payload.items() if (k, v) != ("session", line.session_id)}
    said = _first_words(line, payload, names, now)
    said += [_say(key, value, names, now) for key, value in payload.items()]
    return [one for one in said if one]


def _first_words(line: Line, payload: dict[str, Any], names: Names, now: datetime) -> list[str]:
    """What several keys say together; they are taken out of the payload."""
    if line.subject.startswith(f"{SubjectKind.CASE}:"):
        return _of_case(payload, names)
    if line.subject.partition(":")[0] in {SubjectKind.COMMITTEE, SubjectKind.MEDIATOR}:
        payload.pop("leave", None)
        before, after = payload.pop("before", {}), payload.pop("after", {})
        return change_lines(before, after, names.mediators)
    if line.subject.startswith(f"{SubjectKind.WALL}:"):
        return wall_lines(payload, names, now=now)
    if line.action == "workload:export":
        return [_whose(payload, names)]
    if line.action in {"user:grant", "user:end_post"}:
        return _of_post(payload, names)
    return []


def _of_case(payload: dict[str, Any], names: Names) -> list[str]:
    said = []
    if "to" in payload:
        old, new = payload.pop("from", None), payload.pop("to")
        said.append(
            _("承办人 {old} → {new}").format(old=_mediator(old, names), new=_mediator(new, names))
        )
        if suggested := payload.pop("suggested", None):
            said.append(_of_suggested(suggested, new, names))
    if risks := risk_change(payload):
        for key in ("old_risk", "risk", "values"):
            payload.pop(key, None)
        said.append(risks)
    if "mediator" in payload:
        who = _mediator(payload.pop("mediator"), names)
        said.append(_("调解员 {name}").format(name=who))
    before = payload.pop("before", None) or {}
    if before.get("stage") == Stage.ACCEPTED:
        said.append(
            _("环节 {old} → {new}").format(old=word(Stage.ACCEPTED), new=word(Stage.IN_MEDIATION))
        )
    return said


def _of_suggested(suggested: list[int], chosen: Any, names: Names) -> str:
    """Who was suggested, and whether one of them was taken."""
    who = _("、").join(_mediator(one, names) for one in suggested)
    if chosen not in suggested:
        return _("建议 {names},未采纳").format(names=who)
    rank = suggested.index(chosen) + 1
    return _("建议 {names},采纳第 {rank} 位").format(names=who, rank=rank)


def _of_post(payload: dict[str, Any], names: Names) -> list[str]:
    known = names.posts.get(payload.pop("post", 0))
    unit, committee = payload.pop("unit", None), payload.pop("committee", None)
    role = payload.pop("role", None)
    first, last = payload.pop("from", None), payload.pop("to", None)
    if role in set(Role):
        place = names.units.get(unit) or names.committees.get(committee) or ""
        told = word(Role(role)) if not place else ""
        told = told or _("{role}({place})").format(role=word(Role(role)), place=place)
    else:
        told = post_name(known) if known else _("岗位")
    if first and last:
        return [_("{post},{first} 至 {last}(不含)").format(post=told, first=first, last=last)]
    if first:
        return [_("{post},{first} 起").format(post=told, first=first)]
    return [_("{post},到 {last} 为止(不含)").format(post=told, last=last)]


def _whose(payload: dict[str, Any], names: Names) -> str:
    """The narrowest place that a table was of; nothing where it was all of somebody's reach."""
    unit, committee = payload.pop("unit", None), payload.pop("committee", None)
    mediator = payload.pop("mediator", None)
    if mediator is not None:
        return _("调解员 {name}").format(name=_mediator(mediator, names))
    return names.committees.get(committee) or names.units.get(unit) or ""


def _mediator(mediator_id: Any, names: Names) -> str:
    if mediator_id is None:
        return "—"
    return names.mediators.get(mediator_id) or _("调解员 {number}").format(number=mediator_id)


def _say(key: str, value: Any, names: Names, now: datetime) -> str:
    """One key of a payload. What no version of this product wrote is shown as it is."""
    if value is None or key in {"before", "kept", "seed"}:
        return ""
    tell = _TELLERS.get(key)
    told = tell(value, names, now) if tell else None
    return f"{key}: {json.dumps(value, ensure_ascii=False)}" if told is None else told


def _some(sentence: Callable[[], str]) -> Teller:
    def tell(value: Any, names: Names, now: datetime) -> str | None:
        return "" if value == 0 else _number(sentence)(value, names, now)

    return tell


def _number(sentence: Callable[[], str]) -> Teller:
    def tell(value: Any, _names: Names, _now: datetime) -> str | None:
        return sentence().format(number=count(value)) if isinstance(value, int) else None

    return tell


def _choice(words: Callable[[], dict[Any, str]]) -> Teller:
    def tell(value: Any, _names: Names, _now: datetime) -> str | None:
        return words().get(value)

    return tell


def _code(sentence: Callable[[], str]) -> Callable[[Any, Names, datetime], str]:
    def tell(value: Any, names: Names, _now: datetime) -> str:
        chinese, english = names.codes.get(value, (value, value))
        return sentence().format(code=chinese if language() == "zh" else english)

    return tell


def _reason(value: Any, _names: Names, _now: datetime) -> str:
    # The other kind of reason is a person's own words, of which the chain holds a keyed hash.
    if value not in set(ReassignReason):
        return ""
    return _("理由:{reason}").format(reason=word(ReassignReason(value)))


def _plainly(sentence: Callable[[], str]) -> Teller:
    def tell(value: Any, _names: Names, _now: datetime) -> str | None:
        return sentence().format(value=value) if isinstance(value, str) else None

    return tell


def _worded(
    kind: type[Stage | Difficulty | UnitLevel | LimitUnit | Decision],
) -> Teller:
    def tell(value: Any, _names: Names, _now: datetime) -> str | None:
        return word(kind(value)) if value in set(kind) else None

    return tell


def _rated(sentence: Callable[[], str]) -> Teller:
    def tell(value: Any, _names: Names, _now: datetime) -> str | None:
        return sentence().format(rating=word(Rating(value))) if value in set(Rating) else None

    return tell


def _moves_fingerprint(value: Any, _names: Names, _now: datetime) -> str:
    return _("变动清单指纹 {start}…").format(start=str(value)[:_SHOWN_OF_A_HASH])


def _locked(value: Any, _names: Names, now: datetime) -> str:
    return _("锁定到 {time}").format(time=moment(datetime.fromisoformat(value), now=now))


def _linked_mediator(value: Any, names: Names, _now: datetime) -> str:
    return _("对应调解员 {name}").format(name=_mediator(value, names))


def _fingerprint(value: Any, _names: Names, _now: datetime) -> str:
    return _("文件指纹 {start}…").format(start=str(value)[:_SHOWN_OF_A_HASH])


def _profile(value: Any, _names: Names, _now: datetime) -> str | None:
    return profile_name(Profile(value)) if value in set(Profile) else None


def _lines_read(value: Any, _names: Names, _now: datetime) -> str | None:
    if not isinstance(value, list):
        return None
    return _("第 {numbers} 条").format(numbers=_("、").join(map(str, value)))


def _provider(value: Any, _names: Names, _now: datetime) -> str:
    return _("统一认证 {name}").format(name=value)


def _points(value: Any, _names: Names, _now: datetime) -> str | None:
    # What a step made of a case beside its stage; elsewhere no payload has it.
    if not isinstance(value, dict) or set(value) != {"weight"}:
        return None
    return _("计点 {points}").format(points=points_text(value["weight"]))


def _key(value: Any, _names: Names, _now: datetime) -> str:
    return _("公钥指纹 {start}").format(start=value)


def _file(value: Any, _names: Names, _now: datetime) -> str:
    return _("锚定文件 {name}").format(name=value)


def _day(value: Any, _names: Names, _now: datetime) -> str:
    return _("日期 {day}").format(day=value)


def _meets_at(value: Any, _names: Names, now: datetime) -> str:
    return moment(datetime.fromisoformat(str(value)), now=now)


def _responsible(value: Any, names: Names, _now: datetime) -> str | None:
    if not isinstance(value, int):
        return None
    return _("{who} 负责").format(who=account_name(value, names))


def _response_time(key: str) -> Teller:
    return lambda value, _names, now: response_time({key: value}, now=now) or None


def _side(value: Any, _names: Names, _now: datetime) -> str | None:
    return word(PartyRole(value)) if value in set(PartyRole) else None


def _of_side(side: PartyRole) -> Teller:
    return lambda value, _names, _now: side_said(side, value)


def _grounds(value: Any, _names: Names, _now: datetime) -> str | None:
    return grounds_said(value)


_TELLERS: dict[str, Teller] = {
    "side": _side,
    "applicant": _of_side(PartyRole.APPLICANT),
    "respondent": _of_side(PartyRole.RESPONDENT),
    "grounds": _grounds,
    "reason": _reason,
    "parties": _number(lambda: _("当事人 {number} 人")),
    "version": _number(lambda: _("第 {number} 版")),
    "undid": _number(lambda: _("撤销的是第 {number} 版")),
    "source": _code(lambda: _("来源:{code}")),
    "outcome": _code(lambda: _("结果:{code}")),
    "onward": _code(lambda: _("移送去向:{code}")),
    "performance": _code(lambda: _("履行代码 {code}")),
    "confirmation": _code(lambda: _("确认代码 {code}")),
    "profile": _profile,
    "sha256": _fingerprint,
    "rows": _number(lambda: _("{number} 行")),
    "added": _some(lambda: _("新增 {number}")),
    "changed": _some(lambda: _("更新 {number}")),
    "unchanged": _some(lambda: _("未变 {number}")),
    "rejected": _some(lambda: _("退回 {number}")),
    "headers": _some(lambda: _("表头 {number} 个")),
    "codes": _some(lambda: _("代码 {number} 个")),
    "places": _some(lambda: _("地点 {number} 个")),
    "mediator": _linked_mediator,
    "demo": _choice(lambda: {True: _("演示账号"), False: ""}),
    "one_time": _choice(lambda: {True: _("一次性密码"), False: _("自己的密码")}),
    "active": _choice(lambda: {True: _("停用 → 启用"), False: _("启用 → 停用")}),
    "session": _number(lambda: _("登录号 {number}")),
    "how": _choice(lambda: {"password": _("用密码"), "oidc": _("用统一认证")}),
    "failures": _number(lambda: _("连续第 {number} 次不正确")),
    "locked_until": _locked,
    "expired": _choice(lambda: {True: _("一次性密码已过期")}),
    "problem": _choice(lambda: dict(_provider_problems())),
    "provider": _provider,
    "linked": _choice(lambda: {True: _("未关联 → 已关联"), False: _("已关联 → 未关联")}),
    "by": _choice(lambda: {"claim": _("首次登录时按用户名"), "administrator": _("由管理员关联")}),
    "seq": _number(lambda: _("备份里有 {number} 条记录")),
    "cases": _number(lambda: _("{number} 件案件")),
    "day": _day,
    "meets_at": _meets_at,
    "responsible": _responsible,
    "begun_at": _response_time("begun_at"),
    "ended_at": _response_time("ended_at"),
    "acknowledged": _choice(lambda: {True: _("同时确认红色事件")}),
    "lines": _lines_read,
    "file": _file,
    "anchored": _number(lambda: _("锚定到第 {number} 条")),
    "key": _key,
    "moved": _number(lambda: _("{number} 件在办案件的期限变动")),
    "reweighed": _number(lambda: _("{number} 件在办案件重新计点")),
    "values": _points,
    "kept": _some(lambda: _("{number} 件保持原期限")),
    "fingerprint": _moves_fingerprint,
    "days": _number(lambda: _("{number} 天")),
    "first": _plainly(lambda: _("从 {value}")),
    "last": _plainly(lambda: _("到 {value}")),
    "official": _choice(lambda: {True: _("国务院通知"), False: _("本县设定")}),
    "stage": _worded(Stage),
    "difficulty": _worded(Difficulty),
    "decision": _worded(Decision),
    "applicant_rating": _rated(lambda: _("申请人{rating}")),
    "respondent_rating": _rated(lambda: _("被申请人{rating}")),
    "unit_level": _worded(UnitLevel),
    "amount": _number(lambda: _("时限 {number}")),
    "unit": _worded(LimitUnit),
    "valid_from": _plainly(lambda: _("自 {value} 起")),
    "open_cases": _choice(lambda: {True: _("在办案件一并适用"), False: _("只用于新进入的案件")}),
}


def _provider_problems() -> dict[ProviderProblem, str]:
    return {
        ProviderProblem.UNREACHABLE: _("统一认证没有答复"),
        ProviderProblem.DECLINED: _("没有在统一认证完成登录"),
        ProviderProblem.STALE: _("统一认证的答复过期或重复"),
        ProviderProblem.NOT_VERIFIED: _("统一认证的答复没有通过检验"),
        ProviderProblem.CLOCKS: _("两边的时钟不一致"),
        ProviderProblem.UNKNOWN_PERSON: _("统一认证的身份没有对应账号"),
        ProviderProblem.ACCOUNT_CLOSED: _("账号已停用"),
    }


def _verification(line: Line) -> Verification:
    """The check that a line of the trail tells of; who and when are the line's own."""
    facts = {**line.payload, "at": line.at.isoformat(), "actor": line.actor_id}
    return verification_from_json(facts)
