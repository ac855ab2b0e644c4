"""What a case goes through: its stages, what stands beside them, and every step between them."""

from collections.abc import Iterable, Iterator
from typing import Final

from docs.reference.import_codes import code_names
from docs.reference.markdown import code, page, section, table
from domain.cases import OPEN_STAGES, REASSIGNABLE_STAGES, EventKind, Stage
from domain.clocks import DEFAULT_LIMITS, Limit
from domain.people import GRANTS, Permission, Role
from domain.transitions import (
    CONFIRMATION_WINDOW,
    EXTENSIONS_A_STAGE,
    NOTE_LONGEST,
    NOTE_SHORTEST,
    REOPENED_WITHIN,
    TRANSITIONS,
    Action,
    Need,
    Transition,
)
from texts.words import word

_OWNERS: Final = {
    Stage.REGISTERED: "综治中心或镇街工作站",
    Stage.ACCEPTED: "综治中心或镇街工作站",
    Stage.FAILED: "原承办人,没有时为综治中心",
    Stage.RIGHTS_TOLD: "原承办人,没有时为综治中心",
    Stage.HANDED_OVER: "原承办人,没有时为综治中心",
}
_HOLDER: Final = "承办的调解员"
_BESIDE: Final = (
    ("申请延期", (Action.ASK_EXTENSION, Action.GRANT_EXTENSION, Action.REFUSE_EXTENSION)),
    ("挂账", (Action.PARK, Action.RESUME)),
    ("督办", (Action.SUPERVISE, Action.END_SUPERVISION)),
    ("退回", (Action.SEND_BACK,)),
    ("重新办理", (Action.REOPEN,)),
    ("并案", (Action.MERGE, Action.UNMERGE)),
)
_NEEDS: Final = {
    Need.NOTE: f"说明({NOTE_SHORTEST} 到 {NOTE_LONGEST} 字)",
    Need.FORM: "口头或书面",
    Need.DAY: "发生的日期,不晚于今天",
    Need.UNTIL: "以后的日期,一年以内",
    Need.OUTCOME: "结果",
    Need.ONWARD: "移送去向",
    Need.DAYS: "要延几天,不超过本环节的时限",
    Need.LEVEL: "督办的级别",
    Need.DECISION: "法院结果(有效、驳回、不予受理、撤回)",
    Need.APPLICANT_RATING: "申请人满意度",
    Need.RESPONDENT_RATING: "被申请人满意度",
    Need.OTHER_CASE: "留下的那一件的案号",
}
_STEP_HEADS: Final = (
    *("操作", "代码", "从", "到", "谁可以", "要写明"),
    *("结果", "移送去向", "钟", "经过", "依据"),
)
_CLOCK: Final = {True: "停", False: "接着走", None: "照走"}


def stages_page() -> str:
    """The stages in their order, who has to act, and what stands beside a stage."""
    return page(
        "环节",
        "案件在任何时候都处在一个环节。没有结案的,每个环节都有时限,也都有人负责;结案的没有期限。",
        section("环节", table(("环节", "代码", "谁来办", "时限", "可以走到"), _stage_rows())),
        section(
            "环节之外的状态",
            "这些不改变案件在哪个环节,或者让它回到前面的环节。",
            table(("状态", "由哪些操作进出"), _beside_rows()),
            f"每个环节最多延期 {EXTENSIONS_A_STAGE} 次。"
            f"结案后 {REOPENED_WITHIN.days} 天内可以重新办理。"
            "一方拒绝调解是当事人的权利(人民调解法 17),不算调解员的失败:它有自己的结果代码。",
        ),
    )


def _stage_rows() -> Iterator[tuple[str, ...]]:
    for stage in Stage:
        onward = [
            one.target
            for one in TRANSITIONS.values()
            if stage in one.sources and one.target not in {None, stage}
        ]
        if stage is Stage.ACCEPTED:
            onward.append(Stage.IN_MEDIATION)
        after = [word(one) for one in Stage if one in onward and one is not stage]
        owner = _OWNERS.get(stage, _HOLDER) if stage in OPEN_STAGES else ""
        yield word(stage), code(stage), owner, _limit_of(stage), "、".join(after)


def _limit_of(stage: Stage) -> str:
    limits = [one for one in DEFAULT_LIMITS if one.stage is stage]
    return ",".join(
        f"{word(one.difficulty) if one.difficulty else ''} {one.amount} {word(one.unit)}".strip()
        for one in limits
    )


def _beside_rows() -> Iterator[tuple[str, ...]]:
    for name, actions in _BESIDE:
        yield name, "、".join(word(one) for one in actions)


def transitions_page() -> str:
    """Every step of a case: from where, who may, what it needs, where it leads, by which law."""
    return page(
        "办理操作",
        "案件只按下表变动:不在表里的变动不存在。每次操作记一条经过、一段区间和一行审计;被拒绝的什么都不改。"
        "换了环节,原来的钟停,新环节的钟从头走。“谁可以”只在各人岗位的范围之内。",
        section(
            "登记和指派",
            table(("操作", "从", "到", "谁可以", "要写明", "经过"), _entries()),
            "改派不重新计时:承办人换了,期限不变。",
        ),
        section(
            "环节之间",
            table(
                _STEP_HEADS,
                (_row(one) for one in TRANSITIONS.values() if one.target or one.back),
            ),
        ),
        section(
            "环节之内",
            table(
                _STEP_HEADS,
                (_row(one) for one in TRANSITIONS.values() if not one.target and not one.back),
            ),
        ),
        section("结果代码", table(("代码", "结果"), sorted(code_names("outcome").items()))),
    )


def _entries() -> Iterator[tuple[str, ...]]:
    register, assign = _holders(Permission.CASE_REGISTER), _holders(Permission.CASE_REASSIGN)
    who = "地点、类型、来源、日期、标题、当事人"
    yield (
        "登记",
        "",
        word(Stage.REGISTERED),
        register,
        who,
        word(EventKind.REGISTERED),
    )
    yield (
        "随手调(登记时已当场化解)",
        "",
        word(Stage.CLOSED),
        register,
        f"{who}、怎样化解",
        word(EventKind.ON_THE_SPOT),
    )
    movable = "、".join(word(one) for one in Stage if one in REASSIGNABLE_STAGES)
    yield (
        "指派",
        word(Stage.ACCEPTED),
        word(Stage.IN_MEDIATION),
        assign,
        "调解员、理由、说明",
        word(EventKind.ASSIGNED),
    )
    yield (
        "改派",
        movable,
        "不变",
        assign,
        "调解员、理由、说明",
        word(EventKind.REASSIGNED),
    )
    yield "撤销改派", movable, "改派之前", assign, "", word(EventKind.UNDONE)


def _row(one: Transition) -> tuple[str, ...]:
    return (
        word(one.action),
        code(one.action),
        _names(one.sources),
        word(one.target) if one.target else ("并案之前" if one.back else "不变"),
        _holders(one.permission),
        "、".join(_NEEDS[need] for need in one.needs),
        "、".join(one.outcomes),
        "、".join(one.onward),
        _clock_of(one),
        word(one.event),
        one.basis,
    )


def _clock_of(one: Transition) -> str:
    if one.back:
        return "接着走,并案期间不计"
    if one.target is Stage.CLOSED:
        return "结束"
    if one.target is not None:
        return "重新开始"
    if one.action is Action.GRANT_EXTENSION:
        return "延长"
    return _CLOCK[one.pauses]


def _names(stages: Iterable[Stage]) -> str:
    found = frozenset(stages)
    if found == frozenset(OPEN_STAGES):
        return "未结案的各环节"
    return "、".join(word(one) for one in Stage if one in found)


def _holders(permission: Permission) -> str:
    return "、".join(word(role) for role in Role if permission in GRANTS[role])


def limits_page() -> str:
    """The limits of a new site with their sources, and how days are counted."""
    return page(
        "时限",
        "新装的系统用这些时限;县里在“时限”页面上新增、到期更换,从不改写已有的一条,"
        "所以过去的判断不会变。未列出的难易程度和层级,适用同一环节里不分的那一条。",
        section(
            "时限表",
            table(
                ("环节", "难易程度", "层级", "时限", "起用", "依据"), map(_limit, DEFAULT_LIMITS)
            ),
        ),
        section(
            "怎样计算",
            table(
                ("规则", "依据"),
                (
                    ("开始的当天不算,从第二天起计", "民法典 201"),
                    ("最后一天到 24:00 止", "民法典 203"),
                    ("按天计的,最后一天是休息日就顺延到下一个工作日", "民法典 203"),
                    (
                        "按工作日计的,休息日不计,调休上班日计,半天计半天",
                        "国务院办公厅每年的放假通知",
                    ),
                    ("挂账期间、并案期间,以当天结束时为准,不计", "本县规则"),
                    ("同意延期的天数加在时限上,用同一个单位", "四川网格化系统 延期审核"),
                    (
                        f"申请司法确认:协议生效之日起 {CONFIRMATION_WINDOW.days} 日,休息日顺延",
                        "人民调解法 33; 民法典 203",
                    ),
                    ("写明了最后一天的(履行期限、化解时限),就到那一天", "人民调解法 29(三)"),
                ),
            ),
        ),
        section(
            "灯",
            table(
                ("灯", "什么时候"),
                (
                    ("● 正常", "用去的不到七成"),
                    ("▲ 临期", "用满七成时限(天数取整),到期之前"),
                    ("■ 超期", "过了期限"),
                    ("‖ 挂起", "挂账期间"),
                    ("◆ 挂账到期", "挂账至的那一天已经过去,还没有恢复办理;排在待办的最前面"),
                ),
            ),
            "黄牌、红牌由督办的人挂,见[办理操作](transitions.md):系统不自动挂牌。",
        ),
    )


def _limit(one: Limit) -> tuple[str, ...]:
    return (
        word(one.stage),
        word(one.difficulty) if one.difficulty else "不分",
        word(one.level) if one.level else "不分",
        f"{one.amount} {word(one.unit)}",
        one.valid_from.isoformat(),
        one.source,
    )
