"""The audit trail in words: each deed, who did it, and what it was done to."""

from datetime import datetime

from domain.clocks import BEIJING, day_of
from domain.people import SYSTEM_USER_ID, WALL_USER_ID
from domain.trail import DeedGroup, Line, Names, PostHeld, SubjectKind
from domain.transitions import Action
from texts.catalog import gettext as _
from texts.numbers import moment
from texts.teams import team_deed_words
from texts.walls import wall_deed_words
from texts.words import word


def deed_words() -> dict[str, str]:
    """What was done, for every action that the trail knows."""
    return {
        "session:open": _("登录"),
        "session:refuse": _("登录被拒"),
        "session:close": _("退出登录"),
        "session:end_all": _("结束全部登录"),
        "case:register": _("登记案件"),
        "case:assign": _("指派案件"),
        "case:reassign": _("改派案件"),
        "case:undo_reassign": _("撤销改派"),
        "case:merged_into": _("另一件并入此案"),
        "case:unmerged_from": _("并入的一件又分出"),
        "case:object": _("当事人申请回避"),
        "case:withdraw_objection": _("撤回回避申请"),
        "case:lift_objection": _("确认撤回回避申请"),
        "case:consent": _("记录双方同意不回避"),
        "case:approve_consent": _("批准不回避"),
        "case:revoke_consent": _("撤销同意"),
        "case:choose": _("当事人选定调解员"),
        "case:end_choice": _("当事人撤回选定"),
        "case:pin": _("督办锁定"),
        "case:unpin": _("解除锁定"),
        "case:book_meeting": _("约定调解会"),
        "case:cancel_meeting": _("取消调解会"),
        "case:meet": _("调解会"),
        "case:assess_risk": _("评定风险"),
        "case:acknowledge_red": _("确认红色事件"),
        "case:begin_response": _("记录应急处置"),
        "case:end_response": _("应急处置结束"),
        **{f"case:{step}": word(step) for step in Action},
        "batch:commit": _("提交一批改派"),
        "batch:undo": _("撤销一批改派"),
        "case:unmask": _("查看当事人明文"),
        "import:run": _("导入文件"),
        "import:take_rejects": _("取出退回的行"),
        "import:expire_rejects": _("删除到期的退回行"),
        "import_mapping:save": _("保存对照方案"),
        "import_mapping:delete": _("删除对照方案"),
        "figures:export": _("下载指标表"),
        "workload:export": _("下载工作量表"),
        "user:create": _("建立账号"),
        "user:set_active": _("启用或停用账号"),
        "user:set_password": _("更换密码"),
        "user:lift_lock": _("解除登录锁定"),
        "user:link_identity": _("关联统一认证"),
        "user:grant": _("授予岗位"),
        "user:end_post": _("结束岗位"),
        **team_deed_words(),
        **wall_deed_words(),
        "trail:verify": _("核对审计链"),
        "trail:anchor": _("锚定审计链"),
        "trail:read_reasons": _("阅读查看理由"),
        "calendar:change": _("变更工作日历"),
        "limit:add": _("新增时限规则"),
        "limit:remove": _("撤下时限规则"),
        "weights:add": _("新增计点表"),
        "weights:withdraw": _("撤下计点表"),
        "weights:begin": _("计点表生效"),
        "site:set_up": _("建立站点"),
        "site:restore": _("用备份恢复"),
        "demo:load": _("装入演示数据"),
    }


def deed(action: str) -> str:
    """What was done; the action's own name where a newer version wrote it."""
    return deed_words().get(action, action)


def group(one: DeedGroup) -> str:
    """What deeds are looked for by."""
    return {
        DeedGroup.DOOR: _("登录与退出"),
        DeedGroup.CASES: _("案件办理"),
        DeedGroup.READS: _("查看个人信息"),
        DeedGroup.IMPORTS: _("数据导入"),
        DeedGroup.EXPORTS: _("导出"),
        DeedGroup.PEOPLE: _("账号与岗位"),
        DeedGroup.TEAMS: _("调委会与调解员"),
        DeedGroup.WALLS: _("大屏"),
        DeedGroup.TRAIL: _("审计"),
        DeedGroup.RULES: _("工作日历与时限"),
        DeedGroup.SITE: _("系统"),
    }[one]


def kind_of_subject(kind: SubjectKind) -> str:
    """What a deed can be about."""
    return {
        SubjectKind.CASE: _("案件"),
        SubjectKind.USER: _("账号"),
        SubjectKind.BATCH: _("改派批次"),
        SubjectKind.IMPORT: _("导入批次"),
        SubjectKind.MAPPING: _("对照方案"),
        SubjectKind.LOGIN: _("用户名"),
        SubjectKind.TRAIL: _("审计链"),
        SubjectKind.RULES: _("规则变更"),
        SubjectKind.COMMITTEE: _("调委会"),
        SubjectKind.MEDIATOR: _("调解员"),
        SubjectKind.WALL: _("大屏"),
        SubjectKind.SITE: _("站点"),
        SubjectKind.COUNTY: _("县"),
    }[kind]


def second(at: datetime, *, now: datetime) -> str:
    """11月22日 14:05:09, with the year only where it differs from this year's."""
    return f"{moment(at, now=now)}:{at.astimezone(BEIJING):%S}"


# --- who, and what of --------------------------------------------------------------------------


def doer(line: Line, names: Names) -> str:
    """Who did it: name and login; the system; or somebody whom the door did not know."""
    if line.actor_id == SYSTEM_USER_ID:
        return _("未登录者") if line.action == "session:refuse" else _("系统")
    # A wall signs in by itself: which, is what the line is about.
    return _("大屏") if line.actor_id == WALL_USER_ID else account_name(line.actor_id, names)


def account_name(user_id: int, names: Names) -> str:
    """张三(zhang.san), with a word where the account is closed."""
    found = names.accounts.get(user_id)
    if found is None:
        return _("账号 {number}").format(number=user_id)
    shown = _("{name}({login})").format(name=found.name, login=found.login)
    return shown if found.active else _("{who},已停用").format(who=shown)


def doers_posts(line: Line, names: Names) -> str:
    """The posts that the person held on the day of the deed."""
    held = names.posts_of.get(line.actor_id, ())
    told = [post_name(post) for post in held if post.held_on(day_of(line.at))]
    return _("、").join(dict.fromkeys(told))


def post_name(post: PostHeld) -> str:
    """镇街工作站(安仁镇)."""
    if not post.place:
        return word(post.role)
    return _("{role}({place})").format(role=word(post.role), place=post.place)


def subject(line: Line, names: Names) -> str:
    """What it was done to: a case number, an account, a batch, a mapping; empty for the site."""
    kind, _colon, rest = line.subject.partition(":")
    if kind == SubjectKind.CASE:
        return rest
    if kind in {SubjectKind.TRAIL, SubjectKind.SITE, SubjectKind.COUNTY}:
        return ""
    if kind == SubjectKind.LOGIN:
        return _("不存在的用户名")
    return _numbered(kind, int(rest), line, names) if rest.isdecimal() else line.subject


def _numbered(kind: str, number: int, line: Line, names: Names) -> str:
    if kind == SubjectKind.USER:
        return _own(line) if number == line.actor_id else account_name(number, names)
    if kind == SubjectKind.IMPORT:
        return _("第 {number} 批").format(number=number)
    if kind == SubjectKind.BATCH:
        return _("改派批次 {number}").format(number=number)
    if kind == SubjectKind.RULES:
        return _("第 {number} 次规则变更").format(number=number)
    known, unknown = {
        SubjectKind.COMMITTEE.value: (names.committees, _("调委会 {number}")),
        SubjectKind.MEDIATOR.value: (names.mediators, _("调解员 {number}")),
        SubjectKind.MAPPING.value: (names.mappings, _("对照方案 {number}")),
        SubjectKind.WALL.value: (names.walls, _("大屏 {number}")),
    }.get(kind, ({}, line.subject))
    return known.get(number) or unknown.format(number=number)


def _own(line: Line) -> str:
    """Whoever signs in or out does it for themselves; of other deeds that is worth a word."""
    return "" if line.action in {"session:open", "session:close"} else _("本人")
