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
    ReassignReason,
    Risk,
    Stage,
    UndoObjection,
)
from domain.eligibility import Distance, Objection
from domain.organisation import PartyRole
from domain.people import AccountObjection, AccountState, Role, Seat
from texts.catalog import gettext as _

# Each table is a function, so that the words are looked up when they are said, not when imported.
_WORDS: dict[type[Enum], Callable[[], dict[Any, str]]] = {
    Stage: lambda: {
        Stage.REGISTERED: _("待受理"),
        Stage.ACCEPTED: _("待指派"),
        Stage.IN_MEDIATION: _("调解中"),
        Stage.PERFORMANCE: _("待履行"),
        Stage.CONFIRMATION: _("待确认"),
        Stage.CLOSED: _("已结案"),
    },
    Lamp: lambda: {
        Lamp.ON_TIME: _("正常"),
        Lamp.SOON: _("临期"),
        Lamp.LATE: _("超期"),
        Lamp.PAUSED: _("挂起"),
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
        EventKind.IMPORTED: _("导入"),
        EventKind.UPDATED: _("信息更新"),
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
    Lamp.CLOSED: "○",
}


def word(value: Enum) -> str:
    """The user's word for a member of one of the domain's enums."""
    return _WORDS[type(value)]()[value]
