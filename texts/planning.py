"""Plans of reassignments in words: why each case moves, why others stay, how good the plan is."""

from collections.abc import Callable, Mapping
from enum import Enum

from domain.balancing.plan import Change, Mode, Move, NotChosen, Plan, Status, WhyUnplaced
from domain.balancing.verifying import Breach
from domain.balancing.worklist import Turn
from domain.batches import BatchMode, BatchRefused, KeptBecause
from domain.errors import (
    Conflict,
    NotEligible,
    NotFound,
    NotReassignable,
    Refusal,
)
from texts.catalog import gettext as _
from texts.catalog import ngettext
from texts.words import word

_TENTHS = 10
_WORDS: dict[type[Enum], Callable[[], dict[Enum, str]]] = {
    Mode: lambda: {
        Mode.FEWEST_LATE: _("最少超期"),
        Mode.LEVEL: _("均衡负荷"),
        Mode.ABSENCE: _("有人离岗"),
        Mode.HAND_BACK: _("返岗交还"),
        Mode.BY_HAND: _("逐件指定"),
    },
    BatchMode: lambda: {
        BatchMode.FEWEST_LATE: _("最少超期"),
        BatchMode.LEVEL: _("均衡负荷"),
        BatchMode.ABSENCE: _("有人离岗"),
        BatchMode.HAND_BACK: _("返岗交还"),
        BatchMode.BY_HAND: _("逐件指定"),
    },
    NotChosen: lambda: {
        NotChosen.FULL: _("在办已满"),
        NotChosen.OVER_CEILING: _("会超过负荷上限"),
        NotChosen.MORE_LATE: _("会多出超期"),
        NotChosen.HEAVIER: _("负荷更高"),
        NotChosen.FARTHER: _("更远"),
        NotChosen.EQUAL: _("条件相同"),
        NotChosen.KEPT_FOR_OTHERS: _("余量留给其他案件"),
    },
    WhyUnplaced: lambda: {
        WhyUnplaced.NOBODY_ELIGIBLE: _("没有人可以承办"),
        WhyUnplaced.ALL_FULL: _("可以承办的人都已满"),
        WhyUnplaced.NOT_ELIGIBLE: _("原承办人现在不能承办"),
        WhyUnplaced.LOCKED: _("已锁定,不宜再动"),
        WhyUnplaced.NOT_OPEN: _("已办结或不在所选之列"),
    },
    KeptBecause: lambda: {
        KeptBecause.CHANGED_SINCE: _("之后有人办理过"),
        KeptBecause.CLOSED: _("已结案"),
        KeptBecause.FORMER_NOT_ELIGIBLE: _("原承办人须回避或已离岗"),
        KeptBecause.OUT_OF_SCOPE: _("不在您的范围内"),
    },
    Turn: lambda: {
        Turn.TOO_LONG: _("超期过久,每天在前"),
        Turn.GUARD_DAY: _("今天先办超期最久的"),
        Turn.SAVABLE: _("还能按期"),
        Turn.LOST: _("已难按期"),
    },
    Breach: lambda: {
        Breach.NOT_ELIGIBLE: _("有人不能承办"),
        Breach.AWAY: _("有人离岗"),
        Breach.LOCKED: _("有案件已锁定"),
        Breach.OVER_CAPACITY: _("有人超过在办上限"),
        Breach.OVER_CEILING: _("有人超过负荷上限"),
        Breach.NO_MOVE: _("有案件本就由其承办"),
    },
}


def plan_word(value: Enum) -> str:
    """The user's word for a member of one of the planner's or the batches' enums."""
    return _WORDS[type(value)]().get(value, _("核验未通过"))


def load_said(tenths: int) -> str:
    """1.18: standard cases per full-time place, from tenths."""
    return f"{tenths / _TENTHS:.1f}"


def why_moves(move: Move, names: Mapping[int, str], *, fits: bool) -> str:
    """Why this case goes to this mediator, in one line. `fits`: by their own speciality."""
    its = move.reasons
    said = []
    if move.from_id is None:
        said.append(_("尚无承办人"))
    elif move.mandatory:
        said.append(_("原承办人不能继续办"))
    if its.averted > 0 and move.from_id is not None:
        said.append(_("预计少 {count} 件超期").format(count=its.averted))
    elif its.averted < 0:
        said.append(_("预计多 {count} 件超期").format(count=-its.averted))
    if its.load_from is not None and not move.mandatory:
        said.append(_("原承办人负荷 {change}").format(change=_changed(its.load_from)))
    if fits:
        said.append(_("专长相符"))
    others = [
        _("{name}({why})").format(name=names[one.mediator_id], why=plan_word(one.why))
        for one in its.alternatives
        if one.mediator_id in names
    ]
    if others:
        said.append(_("也可交:{others}").format(others=_("、").join(others)))
    return _(" · ").join(said)


def _changed(change: Change) -> str:
    return f"{load_said(change.before)} → {load_said(change.after)}"


def how_good(plan: Plan) -> str:
    """How far from the best the plan may be, as far as that is known."""
    match plan.status:
        case Status.PROVEN | Status.BEST_FOUND if plan.within is not None:
            return _good_within(plan, plan.within)
        case Status.PROVEN:
            return _("已证明:没有更好的方案(误差不超过 0.3%)。")
        case Status.BEST_FOUND if plan.gap is not None:
            return _("时限内找到的最好方案,离最优至多 {gap}。").format(gap=f"{plan.gap:.1%}")
        case Status.MANDATORY_ONLY:
            return _("只列必须移动的案件;其余的没有通过核验。")
        case Status.BY_HAND:
            return _("含您手工改动的方案,已重新核验。")
        case _found:
            return _("逐步找到的方案,已核验;未证明是最优。")


def _good_within(plan: Plan, within: int) -> str:
    """As `how_good`, where the solver did not compare everybody: nothing is said of the others."""
    if plan.status is Status.PROVEN:
        said = _("在每件最近的 {count} 个去向之内,已证明没有更好的方案(误差不超过 0.3%)。")
    else:
        said = _("在每件最近的 {count} 个去向之内,时限内找到的最好方案,离其中最优至多 {gap}。")
    gap = f"{plan.gap or 0.0:.1%}"
    return said.format(count=within, gap=gap) + _("更远的去向没有比较,不保证全局最优。")


def refused_moves(refusal: BatchRefused, numbers: tuple[str, ...], names: Mapping[int, str]) -> str:
    """Which cases and people of a batch stand in the way, and why."""
    said = []
    if named := [names[one] for one in refusal.people if one in names][:_SHOWN]:
        changed = _("{people} 的在办、请假或任职在此期间变了")
        said.append(changed.format(people=_("、").join(named)))
    said += [
        _("{case}:{why}").format(case=numbers[one.place], why=_refused(one.refusal))
        for one in refusal.cases[:_SHOWN]
    ]
    more = len(refusal.cases) - _SHOWN
    if more > 0:
        said.append(ngettext("另有 {count} 件", "另有 {count} 件", more).format(count=more))
    return _("没有提交,一件也没有移动。{cases}。请重新建议后再提交。").format(
        cases=_(";").join(said)
    )


_SHOWN = 5


def _refused(refusal: Refusal) -> str:
    match refusal:
        case NotEligible(reasons=reasons) | NotReassignable(reasons=reasons):
            return _("、").join(word(one) for one in reasons)
        case Conflict():
            return _("刚有人办理过")
        case NotFound():
            return _("已不在您的范围内")
        case _other:
            return _("现在不能改派")
