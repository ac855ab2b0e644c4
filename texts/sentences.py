"""The sentence for each refusal: what, why, and what to do next."""

from datetime import datetime
from enum import StrEnum

from domain import errors
from domain.cases import EventKind
from domain.people import AccountProblem
from texts.catalog import gettext as _
from texts.imports import import_refused
from texts.numbers import moment
from texts.people import account_problem, account_refused
from texts.teams import team_refused
from texts.walls import wall_refused
from texts.words import word


def explain(  # noqa: C901, PLR0911 - one answer per branch of the tree
    refusal: errors.Refusal, *, now: datetime | None = None
) -> str:
    """What a person is told when something was refused. Nothing was changed in any case."""
    if said := _of_a_page(refusal, now):
        return said
    match refusal:
        case errors.PreviewOutdated():
            return _("预览之后案件或规则有了变动,没有应用。已按现状重新预览,请再核对一次。")
        case errors.Conflict(last=last):
            return _conflict(last, now)
        case errors.RuleViolation():
            return _rule(refusal)
        case errors.Invalid(problems=problems):
            return " ".join(
                _("{field}:{problem}。").format(field=field_name(field), problem=_said(problem))
                for field, problem in problems.items()
            )
        case errors.NotAllowed():
            return _("您的岗位没有这项权限。")
        case errors.SessionEnded():
            return _("登录已结束,请重新登录;已填写的内容会保留。")
        case errors.NotFound():
            return _("找不到这件案件,或它不在您的范围内。")
        case errors.KeyReused(done={"case_no": str(case)}):
            return _(
                "上一次提交已经办成:{case}。之后改过的内容没有提交,仍保留在这里。"
                "请先打开 {case} 核对:已经够了,就不必再提交;确需另办,请再提交一次。"
            ).format(case=case)
        case errors.KeyReused():
            return _("这次提交与先前的不一致,请刷新后重试。")
        case _other:
            return _("操作被拒绝,没有做任何改动。")


def _of_a_page(refusal: errors.Refusal, now: datetime | None) -> str | None:
    """What a part of the product says of its own refusals."""
    return (
        account_refused(refusal)
        or import_refused(refusal)
        or team_refused(refusal)
        or wall_refused(refusal, now=now)
    )


def _rule(refusal: errors.RuleViolation) -> str:
    """Which rule of the field says no, and why."""
    sentence = {
        errors.NotEligible: _("不能交给这位调解员:{reasons}。"),
        errors.NotReassignable: _("这件案件现在不能改派:{reasons}。"),
        errors.NotUndoable: _("不能撤销:{reasons}。"),
        errors.NotPossible: _("现在不能这样办:{reasons}。"),
    }[type(refusal)]
    return sentence.format(reasons=_joined(refusal.reasons))


def field_name(field: str) -> str:
    """The user's name for an entered field."""
    names = {
        "note": _("说明"),
        "reason": _("理由"),
        "mediator": _("调解员"),
        "login": _("用户名"),
        "name": _("姓名"),
        "password": _("密码"),
        "present": _("现在的密码"),
        "place": _("岗位所在"),
        "role": _("岗位"),
        "valid_from": _("开始日期"),
        "valid_to": _("结束日期"),
        "code": _("一次性设置码"),
        "county_code": _("行政区划代码"),
        "county_name": _("县(市、区)名称"),
        "form": _("协议形式"),
        "day": _("日期"),
        "until": _("期限"),
        "areas": _("选定的区域"),
        "cases": _("选定的案件"),
        "people": _("方案中的人员"),
        "outcome": _("结果"),
        "onward": _("移送去向"),
        "days": _("延长"),
        "level": _("督办级别"),
        "other_case": _("保留的案件编号"),
        "decision": _("法院结果"),
        "applicant_rating": _("申请人满意度"),
        "respondent_rating": _("被申请人满意度"),
        "title": _("事件名称"),
        "summary": _("事件简述"),
        "settled": _("当场化解情况"),
        "occurred_on": _("发生日期"),
        "people_count": _("涉及人数"),
        "amount_yuan": _("涉及金额"),
        "parties": _("当事人"),
        "type_code": _("纠纷类型"),
        "source_code": _("来源渠道"),
        "scale_code": _("事件规模"),
        "unit": _("发生网格"),
        "phone": _("联系电话"),
        "address": _("住址"),
        "identity": _("统一认证标识"),
        "applicant": _("申请人的日期"),
        "respondent": _("被申请人的日期"),
        "applicant_on": _("申请人的日期"),
        "respondent_on": _("被申请人的日期"),
        "applicant_form": _("申请人的形式"),
        "respondent_form": _("被申请人的形式"),
        "side": _("当事人一方"),
        "objection": _("回避申请"),
        "stage": _("环节"),
        "unit_level": _("层级"),
        "amount": _("时限"),
        "source": _("依据"),
        "open_cases": _("在办案件"),
        "rule": _("时限规则"),
        "table": _("计点表"),
        "difficulty": _("难易程度"),
        "people_exponent": _("人数次方"),
        "cross_town": _("跨镇街"),
        "repeated": _("反复发生"),
        "notice": _("通知"),
        "calendar": _("工作日历"),
        "day_name": _("名称"),
        "first_day": _("第一天"),
        "last_day": _("最后一天"),
        "term_from": _("任期开始"),
        "term_to": _("任期届满"),
        "members": _("委员"),
        "chair": _("主任"),
        "capacity": _("承办上限"),
        "licence_until": _("聘期"),
        "meets_at": _("调解会的时间"),
        "risk": _("风险等级"),
        "responsible": _("负责人"),
        "begun_at": _("开始的时间"),
        "ended_at": _("结束的时间"),
        "response": _("应急处置"),
        "tenths": _("工作时间"),
        "duty_name": _("事务名称"),
        "duty": _("常设事务的点数"),
        "specialities": _("专长"),
        "kind": _("类别"),
        "sex": _("性别"),
        "adult": _("成年"),
        "person": _("姓名或证件号码"),
        "identity_number": _("证件号码"),
        "on_duty": _("值班人员"),
        "wall_name": _("大屏名称"),
        "wall_place": _("大屏所在"),
        "wall_address": _("绑定的网络地址"),
        "scene": _("场景"),
        "map_view": _("地图区域"),
        "spotlight_until": _("聚焦到何时"),
    }
    party, _dot, of_party = field.partition(".")
    if of_party:
        number = int(party.removeprefix("party")) + 1
        said = _("证件号码") if of_party == "identity" else names.get(of_party, of_party)
        return _("第 {number} 位当事人的{field}").format(number=number, field=said)
    return names.get(field, field)


def _said(problem: StrEnum) -> str:
    return account_problem(problem) if isinstance(problem, AccountProblem) else word(problem)


def _joined(reasons: tuple[object, ...]) -> str:
    return _("、").join(word(reason) for reason in reasons)  # type: ignore[arg-type]


def _conflict(last: errors.LastChange | None, now: datetime | None) -> str:
    if last is None or now is None:
        return _("案件刚被他人变动,没有提交。请核对后再试,已填写的内容保留。")
    who, when = last.actor_name or _("系统"), moment(last.at, now=now)
    if last.to_mediator_name:
        return _(
            "{who} 已于 {when} 将此案交给 {name},您的提交没有生效。请核对后再试,已填写的内容保留。"
        ).format(who=who, when=when, name=last.to_mediator_name)
    return _(
        "{who} 已于 {when} 对此案做了“{what}”,您的提交没有生效。请核对后再试,已填写的内容保留。"
    ).format(who=who, when=when, what=word(EventKind(last.kind)))
