"""The sentences about accounts, passwords and signing in: what is wrong, and what to do next."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.clocks import BEIJING
from domain.errors import (
    AccountChanged,
    AccountNotFound,
    NotChangeable,
    Refusal,
    SignInProblem,
    SignInRefused,
)
from domain.people import AccountObjection, AccountProblem, Collision, Role
from texts.catalog import gettext as _
from texts.numbers import moment
from texts.words import word


def sign_in_refused(refusal: SignInRefused, *, now: datetime) -> str:
    """What a person reads above the form when no session was opened."""
    match refusal.problem:
        case SignInProblem.WRONG:
            return _("用户名或密码不正确。请核对后再试;连续 5 次不正确会暂时锁定。")
        case SignInProblem.LOCKED:
            return _(
                "连续多次不正确,此用户名已锁定到 {until}。到时再试,或请系统管理员重设密码。"
            ).format(until=_until(refusal.retry_at, now))
        case SignInProblem.TOO_MANY:
            return _("这个网络地址失败次数太多,请在 {until} 之后再试。").format(
                until=_until(refusal.retry_at, now)
            )
        case SignInProblem.EXPIRED:
            return _("这个一次性密码已经过期,不能再用。请管理员重新设一个。")
        case SignInProblem.BUSY:
            return _("登录的人太多,没有处理这次登录。请过几秒再试。")


def account_refused(refusal: Refusal) -> str | None:
    """Why a change of an account or a post was refused; None for any other refusal."""
    match refusal:
        case AccountChanged():
            return _("这个账号刚被他人改过,没有提交。请看清现在的情况再试。")
        case AccountNotFound():
            return _("找不到这个账号或岗位,它可能刚被改过。请刷新后再看。")
        case NotChangeable(reasons=reasons):
            why = _("、").join(word(AccountObjection(reason)) for reason in reasons)
            return _("没有改动:{reasons}。").format(reasons=why)
        case _other:
            return None


def separation_lines(collisions: Sequence[Collision], vacant: Sequence[Role]) -> list[str]:
    """What a site that keeps the three administrators apart has to put in order, one line each."""
    lines = [
        _("三员分立:{name}({login})兼任了{roles},请结束其中一个岗位。").format(
            name=one.name, login=one.login, roles=_("、").join(word(role) for role in one.roles)
        )
        for one in collisions
    ]
    if vacant:
        missing = _("、").join(word(role) for role in vacant)
        lines.append(
            _("三员分立:{roles}空缺,请授予一位专人;没有人能授予时用命令 add-user 建立。").format(
                roles=missing
            )
        )
    return lines


def account_problem(problem: AccountProblem) -> str:
    """What a person reads beside the field."""
    return _problems()[problem]


def _until(retry_at: datetime | None, now: datetime) -> str:
    """The minute from which it works again: 14:35, with the day where it is not today."""
    at = retry_at or now
    whole = at.replace(second=0, microsecond=0)
    if whole < at:
        whole += timedelta(minutes=1)
    local = whole.astimezone(BEIJING)
    return (
        f"{local:%H:%M}"
        if local.date() == now.astimezone(BEIJING).date()
        else moment(whole, now=now)
    )


def _problems() -> dict[AccountProblem, str]:
    return {
        AccountProblem.LOGIN_FORM: _("2 到 40 个小写字母、数字、点、短横,以字母或数字开头"),
        AccountProblem.LOGIN_TAKEN: _("这个用户名已有人使用,请换一个"),
        AccountProblem.NAME_MISSING: _("请填写姓名"),
        AccountProblem.NAME_LONG: _("姓名最长 40 个字"),
        AccountProblem.TOO_SHORT: _("密码至少 10 位"),
        AccountProblem.TOO_LONG: _("密码最长 200 位"),
        AccountProblem.TOO_SIMPLE: _(
            "请混用大写、小写字母、数字、符号中的三类,或用 20 个字以上的一句话"
        ),
        AccountProblem.TOO_COMMON: _("这个密码太常见,很容易被猜到,请换一个"),
        AccountProblem.CONTAINS_LOGIN: _("密码里不要包含用户名"),
        AccountProblem.NOT_REPEATED: _("两次输入的密码不一样"),
        AccountProblem.NOT_THE_PRESENT: _("现在的密码不正确"),
        AccountProblem.PLACE_MISSING: _("请选择岗位所在的镇街、社区、网格或调委会"),
        AccountProblem.UNCHANGED: _("新密码和现在的一样,请换一个"),
        AccountProblem.ROLE_MISSING: _("请选择岗位"),
        AccountProblem.PLACE_UNKNOWN: _("找不到这个单位或调委会,或它已停用,请重新选择"),
        AccountProblem.PLACE_UNFIT: _("这个岗位不设在这一级,请重新选择"),
        AccountProblem.MEDIATOR_UNKNOWN: _("找不到这位调解员,请重新选择"),
        AccountProblem.MEDIATOR_TAKEN: _("这位调解员已有一个账号;一人只用一个账号"),
        AccountProblem.DATES_REVERSED: _("结束日期要晚于开始日期"),
        AccountProblem.DATES_PAST: _("请填今天或以后的日期;已经过去的任职不能改写"),
        AccountProblem.ENDS_LATER: _("不能晚于原定的结束日期;要延长,请另授一个岗位"),
        AccountProblem.COUNTY_CODE_FORM: _("6 位行政区划代码(GB/T 2260),如 510129"),
        AccountProblem.COUNTY_NAME_MISSING: _("请填写县(市、区)名称,最长 80 个字"),
        AccountProblem.IDENTITY_FORM: _(
            "请照统一认证里的写法填写此人的唯一标识(sub),中间没有空格,最长 150 个字符"
        ),
        AccountProblem.IDENTITY_TAKEN: _("这个统一认证标识已对应另一个账号"),
        AccountProblem.SETUP_CODE_WRONG: _(
            "一次性设置码不对。它由 init 或服务启动时印在终端里;"
            "要换新的,请运行 python -m data_access init"
        ),
    }
