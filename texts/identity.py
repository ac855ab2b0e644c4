"""The sentences about signing in by the office's identity provider (统一认证)."""

from domain.errors import ProviderProblem, ProviderRefused
from texts.catalog import gettext as _


def provider_refused(refusal: ProviderRefused) -> str:
    """What a person reads above the form when the provider's answer opened no session."""
    return _problems()[refusal.problem]


def _problems() -> dict[ProviderProblem, str]:
    return {
        ProviderProblem.UNREACHABLE: _(
            "统一认证现在没有正常答复,没有登录。请稍后再试,或用本系统的用户名和密码登录。"
        ),
        ProviderProblem.DECLINED: _(
            "没有在统一认证完成登录。要登录,请再试一次,或用本系统的用户名和密码。"
        ),
        ProviderProblem.STALE: _(
            "这次统一认证登录已经过期或已经用过。请重新点“用单位统一认证登录”。"
        ),
        ProviderProblem.NOT_VERIFIED: _(
            "统一认证的答复没有通过检验,没有登录。请再试一次;仍不行,请告诉系统管理员。"
        ),
        ProviderProblem.CLOCKS: _(
            "统一认证的答复已经过期或尚未生效,多半是两边的时钟不一致。请告诉系统管理员校准时钟。"
        ),
        ProviderProblem.UNKNOWN_PERSON: _(
            "统一认证已确认您的身份,但这个身份还没有对应本系统的账号。请联系系统管理员。"
        ),
        ProviderProblem.ACCOUNT_CLOSED: _("您在本系统的账号已停用。请联系系统管理员。"),
    }
