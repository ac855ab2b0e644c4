"""The sentences about accounts, passwords and signing in: what is wrong, and what to do next."""

from datetime import datetime, timedelta

from domain.clocks import BEIJING
from domain.errors import SignInProblem, SignInRefused
from domain.people import AccountProblem
from texts.catalog import gettext as _
from texts.numbers import moment


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
        AccountProblem.PLACE_UNKNOWN: _("找不到这个单位或调委会,请重新选择"),
        AccountProblem.MEDIATOR_UNKNOWN: _("找不到这位调解员,请重新选择"),
        AccountProblem.DATES_REVERSED: _("结束日期要晚于开始日期"),
        AccountProblem.COUNTY_CODE_FORM: _("6 位行政区划代码(GB/T 2260),如 510129"),
        AccountProblem.COUNTY_NAME_MISSING: _("请填写县(市、区)名称,最长 80 个字"),
        AccountProblem.SETUP_CODE_WRONG: _(
            "一次性设置码不对。它由 init 或服务启动时印在终端里;"
            "要换新的,请运行 python -m data_access init"
        ),
    }
