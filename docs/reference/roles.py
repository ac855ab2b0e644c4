"""Who may do what, and in which part of the county: domain/people.py as a page."""

from collections.abc import Mapping
from typing import Final

from docs.reference.markdown import code, page, section, table
from domain.organisation import UnitLevel
from domain.people import (
    GRANTS,
    SEATS,
    SEPARATED,
    SEPARATED_GRANTS,
    Permission,
    Post,
    Role,
    Scope,
    Seat,
)
from texts.words import word

_PERMISSIONS: Final = {
    Permission.FIGURES_READ: (
        "看数字",
        "看各区域的数字;同时看不到案件的岗位,小数目合并为“0–2”,基数小于 20 的比率不显示",
    ),
    Permission.CASE_READ: ("看案件", "看纠纷队列和案件,当事人信息脱敏"),
    Permission.CASE_REASSIGN: ("改派", "指派、改派,撤销自己的改派"),
    Permission.CASE_UNMASK: ("查看当事人", "写明理由,查看脱敏的当事人信息;每次留痕"),
    Permission.CASE_PLACE: ("确切地点", "在地图上看案件的确切地点;没有此权限,案件画在所属网格内"),
    Permission.CASE_REGISTER: ("登记", "登记纠纷,含随手调"),
    Permission.CASE_ACCEPT: ("受理", "受理、不予受理,并案和撤销并案"),
    Permission.CASE_MEDIATE: ("调解", "办理自己范围内案件的各环节,申请延期"),
    Permission.CASE_APPROVE: ("审批", "审核延期,挂账,恢复办理,重新办理"),
    Permission.CASE_SUPERVISE: ("督办", "督办、黄牌、红牌,解除督办"),
    Permission.IMPORT_RUN: ("导入", "导入表格,取出退回的行"),
    Permission.PEOPLE_MANAGE: ("管账号", "建立、停用账号,设一次性密码,结束登录"),
    Permission.POST_GRANT: ("给岗位", "给予和结束岗位"),
    Permission.TRAIL_READ: ("查审计", "查阅审计记录,核对审计链"),
    Permission.TEAM_READ: ("看调委会", "看调委会、调解员、法定要求、请假、值班和变更记录"),
    Permission.TEAM_KEEP: (
        "管调委会",
        "设立、更名、撤销调委会;新增调解员,改专长、上限、身份,登记回避关系,办理离岗",
    ),
    Permission.TEAM_TERM: ("管换届", "登记新一届任期和当选委员"),
    Permission.TEAM_ROSTER: ("管请假值班", "登记、变更、取消请假,排值班"),
    Permission.WALL_KEEP: ("管大屏", "接入、命名、停用大屏,定节目;暂停、固定、聚焦"),
    Permission.RULES_KEEP: ("管规则", "录入节假日安排和本地休息日,新增和撤下时限"),
}
_SEATS: Final = {
    Seat.COUNTY: "县",
    Seat.TOWN: "镇街",
    Seat.COMMUNITY: "社区(村)",
    Seat.GRID: "网格",
    Seat.COMMITTEE: "调委会",
    Seat.OWN_CASES: "本人",
}


def roles_page() -> str:
    """Permissions, posts with their places, and the matrix with and without separation."""
    return page(
        "岗位与权限",
        "一个人可以同时有几个岗位;每个岗位只在自己的范围内给权限,范围之外的案件看不见。"
        "岗位有起止日期,到期自动失效。",
        section("权限", table(("权限", "代码", "可以做什么"), _permission_rows())),
        section(
            "岗位与范围",
            "岗位可以设在哪里,括号里是设在那里时权限所及的范围。",
            table(("岗位", "代码", "设在(范围)"), _seat_rows()),
        ),
        section("各岗位的权限", "● 有此权限。", _matrix(GRANTS)),
        section(
            "三员分立时",
            "设 `THREE_ROLES=1` 之后(GB/T 22239-2019 8.1.5):"
            f"{'、'.join(word(role) for role in Role if role in SEPARATED)}各有其一,"
            "互不兼任,也不兼任其他岗位。与上表不同的格用 ○ 标出:平时有,此时没有。",
            _matrix(SEPARATED_GRANTS, usual=GRANTS),
        ),
    )


def _permission_rows() -> list[tuple[str, ...]]:
    return [(_PERMISSIONS[one][0], code(one), _PERMISSIONS[one][1]) for one in Permission]


def _seat_rows() -> list[tuple[str, ...]]:
    return [
        (
            word(role),
            code(role),
            "、".join(f"{_SEATS[seat]}({_scope_of(role, seat)})" for seat in SEATS[role]),
        )
        for role in Role
    ]


def _scope_of(role: Role, seat: Seat) -> str:
    """What a post of this role at such a seat sees, asked of the rule itself."""
    place = 1
    if seat is Seat.COMMITTEE:
        post = Post(role, committee_id=place, community_id=place)
    elif seat is Seat.OWN_CASES:
        post = Post(role)
    else:
        post = Post(role, unit_id=place, level=UnitLevel(seat.value))
    scope = post.scope(county_id=place, mediator_id=place)
    return _words(scope) if scope is not None else "无"


def _words(scope: Scope) -> str:
    seen = (
        (scope.whole_county, "全县"),
        (scope.towns, "本镇街"),
        (scope.grids, "本网格"),
        (scope.committees, "本调委会承办的"),
        (scope.communities, "本社区(村)"),
        (scope.mediators, "本人承办的"),
    )
    return "和".join(words for held, words in seen if held)


def _matrix(
    grants: Mapping[Role, frozenset[Permission]],
    *,
    usual: Mapping[Role, frozenset[Permission]] | None = None,
) -> str:
    head = ("岗位", *(_PERMISSIONS[one][0] for one in Permission))
    lost = {role: (usual or grants)[role] - grants[role] for role in Role}
    mark = {(True, False): "●", (False, True): "○", (False, False): ""}
    return table(
        head,
        [
            (
                word(role),
                *(mark[one in grants[role], one in lost[role]] for one in Permission),
            )
            for role in Role
        ],
    )
