"""Red events and what is done about them, in words: who, when, how it came, which risk."""

from datetime import datetime
from typing import Any

from domain.cases import EventKind, Risk
from texts.catalog import gettext as _
from texts.numbers import moment
from texts.words import word


def risk_change(data: dict[str, Any]) -> str:
    """蓝色风险 → 红色风险; empty where these are no two risks."""
    old, new = data.get("old_risk"), data.get("risk")
    if not (isinstance(old, int) and isinstance(new, int) and {old, new} <= set(Risk)):
        return ""
    return _("{old} → {new}").format(old=word(Risk(old)), new=word(Risk(new)))


def response_time(data: dict[str, Any], *, now: datetime) -> str:
    """3月2日 09:10 起, or 3月2日 10:30 止; empty where nothing of the kind is said."""
    for key, sentence in (("begun_at", _("{time} 起")), ("ended_at", _("{time} 止"))):
        if isinstance(data.get(key), str):
            return sentence.format(time=moment(datetime.fromisoformat(data[key]), now=now))
    return ""


def how_raised(how: EventKind, by: str) -> str:
    """周值班 登记: who made the dispute a red event, and by what."""
    told = {
        EventKind.REGISTERED: _("{by} 登记"),
        EventKind.RISK_ASSESSED: _("{by} 评定为红色风险"),
        EventKind.IMPORTED: _("{by} 导入"),
        EventKind.UPDATED: _("{by} 导入时更新"),
        EventKind.REOPENED: _("{by} 重新办理"),
        EventKind.UNMERGED: _("{by} 撤销并案"),
    }
    return told.get(how, _("{by} 登记")).format(by=by or _("系统"))
