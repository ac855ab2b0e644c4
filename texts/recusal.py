"""What the parties said of a mediator, in words: sides, days, forms and grounds out of codes."""

from datetime import date, datetime
from typing import Any

from domain.eligibility import GROUNDS, Objection
from domain.organisation import PartyRole
from domain.recusal import SIDES, ConsentForm
from texts.catalog import gettext as _
from texts.numbers import moment
from texts.words import word


def grounds_said(value: Any) -> str | None:
    """须回避:当事人近亲属、…; None where these are no codes of grounds."""
    if not isinstance(value, list) or not set(value) <= set(GROUNDS):
        return None
    return _("、").join(word(Objection(one)) for one in value)


def side_said(side: str, value: Any) -> str | None:
    """申请人 2026-03-02(书面); None where it is neither a day nor a day with a form."""
    if isinstance(value, str):
        return _("{side} {day}").format(side=word(PartyRole(side)), day=value)
    if isinstance(value, list) and len(value) == 2 and value[1] in set(ConsentForm):  # noqa: PLR2004 - day and form
        return _("{side} {day}({form})").format(
            side=word(PartyRole(side)), day=value[0], form=word(ConsentForm(value[1]))
        )
    return None


def said_of_mediator(data: dict[str, Any]) -> str:
    """Who objected, who agreed or chose, each with the day, and the grounds; empty without any."""
    said = [side_said(side, data[side]) for side in SIDES if side in data]
    if data.get("side") in set(PartyRole):
        said.append(side_said(data["side"], data.get("day")))
    if "grounds" in data:
        said.append(grounds_said(data["grounds"]))
    return _("、").join(one for one in said if one)


def by_whom(name: str, at: datetime, *, now: datetime) -> str:
    """周值班 3月2日 09:00."""
    return f"{name or _('系统')} {moment(at, now=now)}"


def side_day(side: PartyRole, day: date, form: ConsentForm | None = None) -> str:
    """申请人 2026-03-02(书面)."""
    told: Any = day.isoformat() if form is None else [day.isoformat(), form.value]
    return side_said(side.value, told) or ""
