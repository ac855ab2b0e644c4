"""The field's words: stages, lamps, risks, reasons, roles, in the language in use."""

from collections.abc import Callable
from enum import Enum
from typing import Any

from domain.cases import (
    CaseObjection,
    Difficulty,
    EventKind,
    FieldProblem,
    Lamp,
    Likeness,
    ReassignReason,
    Risk,
    Stage,
    UndoObjection,
)
from domain.clocks import Count, LimitUnit
from domain.eligibility import Distance, Objection
from domain.limits import RuleProblem
from domain.organisation import PartyRole, UnitLevel
from domain.people import AccountObjection, AccountState, Role, Seat
from domain.transitions import Action, AgreementForm, Caution, Closed, Supervision
from domain.work_calendar import DayKind
from texts.catalog import gettext as _

# Each table is a function, so that the words are looked up when they are said, not when imported.
_WORDS: dict[type[Enum], Callable[[], dict[Any, str]]] = {
    Stage: lambda: {
        Stage.REGISTERED: _("待受理"),
        Stage.ACCEPTED: _("待指派"),
        Stage.IN_MEDIATION: _("调解中"),
        Stage.AGREEMENT: _("已达成协议"),
        Stage.PERFORMANCE: _("待履行"),
        Stage.CONFIRMATION: _("待确认"),
        Stage.FOLLOW_UP: _("待回访"),
        Stage.FAILED: _("待告知权利"),
        Stage.RIGHTS_TOLD: _("待移交"),
        Stage.HANDED_OVER: _("已移交"),
        Stage.CLOSED: _("已结案"),
    },
    Lamp: lambda: {
        Lamp.ON_TIME: _("正常"),
        Lamp.SOON: _("临期"),
        Lamp.LATE: _("超期"),
        Lamp.PAUSED: _("挂起"),
        Lamp.PARKING_OVER: _("挂账到期"),
        Lamp.CLOSED: _("已结"),
    },
    Risk: lambda: {
        Risk.RED: _("红色风险"),
        Risk.ORANGE: _("橙色风险"),
        Risk.YELLOW: _("黄色风险"),
        Risk.BLUE: _("蓝色风险"),
    },
    Difficulty: lambda: {
        Difficulty.SIMPLE: _("简易"),
        Difficulty.ORDINARY: _("一般"),
        Difficulty.COMPLEX: _("疑难复杂"),
        Difficulty.MAJOR: _("重大"),
    },
    ReassignReason: lambda: {
        ReassignReason.FIRST_ASSIGNMENT: _("首次指派"),
        ReassignReason.ABSENCE: _("请假或培训"),
        ReassignReason.OVERLOAD: _("负荷过高"),
        ReassignReason.RECUSAL: _("回避"),
        ReassignReason.SPECIALITY: _("需要专长"),
        ReassignReason.PARTY_CHOICE: _("当事人选择"),
        ReassignReason.OVERDUE: _("超期未办"),
        ReassignReason.LEFT_POST: _("离岗"),
        ReassignReason.OTHER: _("其他原因"),
    },
    EventKind: lambda: {
        EventKind.REGISTERED: _("登记"),
        EventKind.ACCEPTED: _("受理"),
        EventKind.ASSIGNED: _("已指派"),
        EventKind.REASSIGNED: _("已改派"),
        EventKind.UNDONE: _("撤销改派"),
        EventKind.SETTLED: _("达成协议"),
        EventKind.PERFORMED: _("履行完毕"),
        EventKind.CONFIRMED: _("司法确认"),
        EventKind.FAILED: _("调解不成"),
        EventKind.CLOSED: _("结案"),
        EventKind.RETURNED: _("退回"),
        EventKind.PERFORMANCE_PLANNED: _("约定履行"),
        EventKind.CONFIRMATION_ASKED: _("申请司法确认"),
        EventKind.DEFAULTED: _("逾期未履行"),
        EventKind.FOLLOWED_UP: _("回访并归档"),
        EventKind.REFUSED: _("一方拒绝调解"),
        EventKind.WITHDRAWN: _("自行和解撤回"),
        EventKind.RIGHTS_TOLD: _("告知权利"),
        EventKind.HANDED_OVER: _("移交其他途径"),
        EventKind.REFERRED: _("移送公安"),
        EventKind.MERGED: _("并入另一件"),
        EventKind.MERGED_INTO: _("另一件并入此案"),
        EventKind.UNMERGED: _("撤销并案"),
        EventKind.UNMERGED_FROM: _("并入的一件又分出"),
        EventKind.PARKED: _("挂账"),
        EventKind.RESUMED: _("恢复办理"),
        EventKind.EXTENSION_ASKED: _("申请延期"),
        EventKind.EXTENDED: _("同意延期"),
        EventKind.EXTENSION_REFUSED: _("不同意延期"),
        EventKind.SUPERVISED: _("督办"),
        EventKind.UNSUPERVISED: _("解除督办"),
        EventKind.REOPENED: _("重新办理"),
        EventKind.ON_THE_SPOT: _("当场化解"),
        EventKind.IMPORTED: _("导入"),
        EventKind.UPDATED: _("信息更新"),
        EventKind.DEADLINE_MOVED: _("期限变动"),
    },
    Objection: lambda: {
        Objection.RECUSED: _("须回避"),
        Objection.LEFT_POST: _("不在岗"),
        Objection.ABSENT: _("请假中"),
        Objection.OTHER_JURISDICTION: _("不属管辖"),
        Objection.NO_SPECIALITY: _("无此专长"),
        Objection.AT_CAPACITY: _("在办已满"),
        Objection.ALREADY_HOLDS: _("已由其承办"),
    },
    CaseObjection: lambda: {
        CaseObjection.NOT_ACCEPTED: _("案件尚未受理,受理后才能指派"),
        CaseObjection.CLOSED: _("案件已结案"),
        CaseObjection.PARKED: _("案件已挂账,恢复办理后才能指派"),
    },
    UndoObjection: lambda: {
        UndoObjection.NOT_YOURS: _("最近一次改派不是您做的"),
        UndoObjection.NOT_A_REASSIGNMENT: _("最近一次变动不是改派"),
        UndoObjection.FORMER_NOT_ELIGIBLE: _("原调解员须回避或已离岗"),
    },
    FieldProblem: lambda: {
        FieldProblem.MISSING: _("必填"),
        FieldProblem.TOO_SHORT: _("太短,请写明具体情况"),
        FieldProblem.TOO_LONG: _("太长,请精简"),
        FieldProblem.NOT_A_CHOICE: _("请从列表中选择"),
        FieldProblem.IN_FUTURE: _("不能晚于今天"),
        FieldProblem.IN_PAST: _("须晚于今天"),
        FieldProblem.OUT_OF_RANGE: _("超出允许的范围"),
        FieldProblem.BEFORE_DISPUTE: _("不能早于纠纷发生之日"),
        FieldProblem.BEFORE_AGREEMENT: _("不能早于达成协议之日"),
        FieldProblem.BEFORE_PERFORMANCE: _("不能早于履行之日"),
        FieldProblem.AFTER_WINDOW: _("已过申请期的最后一天"),
        FieldProblem.WRONG_FORM: _("格式不对,请核对"),
    },
    Likeness: lambda: {
        Likeness.IDENTITY: _("同一证件号码"),
        Likeness.PHONE: _("同一电话"),
        Likeness.NAME: _("当事人同名"),
        Likeness.PLACE_AND_TYPE: _("同网格同类型"),
    },
    Action: lambda: {
        Action.ACCEPT: _("受理"),
        Action.REFUSE_SCOPE: _("不属受理范围"),
        Action.SEND_BACK: _("退回重新指派"),
        Action.SETTLE: _("达成协议"),
        Action.PERFORM_AT_ONCE: _("已当场履行(或无给付内容)"),
        Action.PLAN_PERFORMANCE: _("登记履行期限"),
        Action.APPLY_CONFIRMATION: _("申请司法确认"),
        Action.END_CONFIRMATION: _("登记司法确认结果"),
        Action.PERFORMED: _("履行完毕"),
        Action.DEFAULTED: _("逾期未履行"),
        Action.FOLLOW_UP: _("回访并归档"),
        Action.FAIL: _("调解不成终止"),
        Action.PARTY_REFUSES: _("一方拒绝,不予调解"),
        Action.WITHDRAW: _("自行和解撤回"),
        Action.TELL_RIGHTS: _("告知权利"),
        Action.HAND_OVER: _("移交其他途径"),
        Action.ARCHIVE: _("归档"),
        Action.REFER_TO_POLICE: _("移送公安"),
        Action.MERGE: _("并入另一件"),
        Action.UNMERGE: _("撤销并案"),
        Action.PARK: _("挂账"),
        Action.RESUME: _("恢复办理"),
        Action.ASK_EXTENSION: _("申请延期"),
        Action.GRANT_EXTENSION: _("同意延期"),
        Action.REFUSE_EXTENSION: _("不同意延期"),
        Action.SUPERVISE: _("督办"),
        Action.END_SUPERVISION: _("解除督办"),
        Action.REOPEN: _("重新办理"),
    },
    Closed: lambda: {
        Closed.NOT_YOURS: _("您的岗位没有这项权限"),
        Closed.WRONG_STAGE: _("案件不在这一环节"),
        Closed.PARKED: _("案件已挂账,请先恢复办理"),
        Closed.NOT_PARKED: _("案件没有挂账"),
        Closed.EXTENSION_PENDING: _("已有一份延期申请待审核"),
        Closed.NO_EXTENSION_ASKED: _("没有待审核的延期申请"),
        Closed.EXTENSIONS_USED_UP: _("本环节已延期过,不能再延"),
        Closed.OWN_REQUEST: _("是您自己申请的延期,请由另一位审核"),
        Closed.DEADLINE_PASSED: _("期限已过,不能再延"),
        Closed.NOT_WRITTEN: _("只有书面协议可以申请司法确认"),
        Closed.NOT_SUPERVISED: _("案件没有被督办"),
        Closed.TOO_LATE_TO_REOPEN: _("结案已超过 180 天"),
        Closed.MERGED: _("已并入另一件,请撤销并案"),
        Closed.NOT_MERGED: _("不是在这里并案的"),
    },
    Caution: lambda: {
        Caution.IDENTITY: _(
            "协议确认身份关系(婚姻、亲子、收养)无效、有效或者解除的,法院不予受理(民诉法解释 355);"
            "彩礼、抚养费、赡养、财产分割等可以申请"
        ),
        Caution.TITLE: _(
            "协议内容涉及物权、知识产权确权的,法院不予受理(民诉法解释 355);"
            "返还、赔偿、租赁、流转费等可以申请"
        ),
    },
    AgreementForm: lambda: {
        AgreementForm.ORAL: _("口头协议(已记录)"),
        AgreementForm.WRITTEN: _("书面协议"),
    },
    Supervision: lambda: {
        Supervision.ORDINARY: _("普通督办"),
        Supervision.YELLOW: _("黄牌督办"),
        Supervision.RED: _("红牌督办"),
    },
    DayKind: lambda: {
        DayKind.WORKING: _("工作日"),
        DayKind.MAKE_UP: _("调休上班"),
        DayKind.HALF: _("半天班"),
        DayKind.WEEKEND: _("周末"),
        DayKind.HOLIDAY: _("节假日"),
    },
    Count: lambda: {
        Count.START: _("开始当日不计"),
        Count.COUNTED: _("计 1 天"),
        Count.HALF: _("计半天"),
        Count.DAY_OFF: _("休息日,不计"),
        Count.PAUSED: _("挂账期间,不计"),
        Count.MOVED: _("末日遇休息日,顺延"),
    },
    UnitLevel: lambda: {
        UnitLevel.COUNTY: _("县级"),
        UnitLevel.TOWN: _("镇街级"),
        UnitLevel.COMMUNITY: _("村(社区)级"),
        UnitLevel.GRID: _("网格级"),
    },
    RuleProblem: lambda: {
        RuleProblem.SAME_DAY: _("同一范围的规则已有一条从这一天开始,请另选日期"),
        RuleProblem.OPEN_CASES_LATER: _("只有今天生效的规则才能用于已在该环节的案件"),
        RuleProblem.HAS_BEGUN: _("已经生效,只能用新的规则接续"),
        RuleProblem.LEVEL_BEFORE_HOLDER: _("这个环节还没有人承办,不能按层级区分"),
        RuleProblem.NOTHING_CHANGES: _("与现有的完全相同,没有可改的"),
        RuleProblem.NOT_UNDERSTOOD: _("有一段没有读懂"),
        RuleProblem.OTHER_YEAR: _("通知写的是另一年"),
    },
    LimitUnit: lambda: {
        LimitUnit.WORKING_DAYS: _("个工作日"),
        LimitUnit.CALENDAR_DAYS: _("天"),
    },
    Distance: lambda: {
        Distance.SAME_COMMUNITY: _("同社区"),
        Distance.SAME_TOWN: _("同镇街"),
        Distance.COUNTY: _("县级"),
        Distance.ELSEWHERE: _("外镇街"),
    },
    PartyRole: lambda: {
        PartyRole.APPLICANT: _("申请人"),
        PartyRole.RESPONDENT: _("被申请人"),
        PartyRole.OTHER: _("其他当事人"),
    },
    AccountState: lambda: {
        AccountState.OPEN: _("启用"),
        AccountState.CLOSED: _("已停用"),
        AccountState.LOCKED: _("已锁定"),
        AccountState.ONE_TIME: _("待改密码"),
        AccountState.SIGNED_IN: _("已登录"),
        AccountState.WITHOUT_POST: _("没有岗位"),
    },
    AccountObjection: lambda: {
        AccountObjection.OWN_ACCOUNT: _("自己的账号要由另一位管理员来停用、启用或解锁"),
        AccountObjection.OWN_POST: _("不能给自己授岗,请由另一位管理员办理"),
        AccountObjection.OWN_PASSWORD: _("自己的密码请在右上角“修改密码”里改"),
        AccountObjection.CLOSED: _("账号已停用,请先启用"),
        AccountObjection.ENDED: _("这个岗位已经结束"),
        AccountObjection.KEPT_APART: _(
            "三员分立:系统、安全、审计管理员不能由同一人兼任,也不能兼任其他岗位;"
            "请先结束原有岗位,或让日期前后错开"
        ),
        AccountObjection.LAST_MANAGER: _("这样就没有人能管理账号了;请先让另一个人担任"),
        AccountObjection.LAST_GRANTER: _("这样就没有人能授予岗位了;请先让另一个人担任"),
        AccountObjection.LAST_AUDITOR: _("这样就没有人能查看审计了;请先让另一个人担任"),
        AccountObjection.OF_ADMINISTRATOR: _(
            "三员分立时,管理员账号的密码和统一认证只能在服务器上用命令行处理"
        ),
    },
    Seat: lambda: {
        Seat.COUNTY: _("全县"),
        Seat.TOWN: _("镇街"),
        Seat.COMMUNITY: _("社区(村)"),
        Seat.GRID: _("网格"),
        Seat.COMMITTEE: _("调委会"),
        Seat.OWN_CASES: _("本人承办的案件"),
    },
    Role: lambda: {
        Role.LEADER: _("县级领导"),
        Role.DUTY: _("综治中心值班员"),
        Role.CENTRE_ADMIN: _("综治中心管理员"),
        Role.TOWN: _("镇街工作站"),
        Role.COMMITTEE_HEAD: _("调委会主任"),
        Role.MEDIATOR: _("调解员"),
        Role.GRID_WORKER: _("网格员"),
        Role.JUSTICE: _("司法局"),
        Role.COURT: _("法院联络员"),
        Role.DEPARTMENT: _("部门联络员"),
        Role.ADVISER: _("法律顾问"),
        Role.TRAINING: _("培训学校"),
        Role.SYSTEM_ADMIN: _("系统管理员"),
        Role.SECURITY_ADMIN: _("安全管理员"),
        Role.AUDIT_ADMIN: _("审计管理员"),
        Role.WALL: _("大屏"),
    },
}

LAMP_SHAPES = {
    Lamp.ON_TIME: "●",
    Lamp.SOON: "▲",
    Lamp.LATE: "■",
    Lamp.PAUSED: "‖",
    Lamp.PARKING_OVER: "◆",
    Lamp.CLOSED: "○",
}


def word(value: Enum) -> str:
    """The user's word for a member of one of the domain's enums."""
    return _WORDS[type(value)]()[value]
