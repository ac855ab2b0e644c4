"""What can be recorded of a case beside its steps: by whom, when, and what is asked for it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from data_access.commands.consents import (
    approve_recusal_consent,
    record_recusal_consent,
    revoke_recusal_consent,
)
from data_access.commands.locks import (
    end_choice,
    pin_case,
    record_choice,
    unpin_case,
)
from data_access.commands.meetings import book_meeting, cancel_meeting, record_meeting
from data_access.commands.objections import (
    lift_objection,
    record_objection,
    withdraw_objection,
)
from data_access.commands.red_events import (
    acknowledge_red_event,
    end_response,
    record_response,
)
from data_access.commands.risks import assess_risk
from data_access.queries.case_records import CaseRecords
from data_access.queries.red_events import ResponseView
from data_access.recording import Recorded
from domain.cases import Stage
from domain.eligibility import CONSENTABLE
from domain.people import Permission
from domain.recusal import SIDES
from texts import gettext as _


class Errand(StrEnum):
    """What can be recorded of a case here; what cannot wait stands first."""

    ACKNOWLEDGE = "acknowledge"
    RESPOND = "respond"
    END_RESPONSE = "end_response"
    OBJECT = "object"
    WITHDRAW = "withdraw"
    LIFT = "lift"
    CONSENT = "consent"
    APPROVE = "approve"
    REVOKE = "revoke"
    CHOOSE = "choose"
    END_CHOICE = "end_choice"
    PIN = "pin"
    UNPIN = "unpin"
    BOOK = "book"
    CANCEL = "cancel"
    MEET = "meet"
    ASSESS = "assess"


@dataclass(frozen=True, slots=True)
class Kind:
    """Who may, by which command, when there is something to record, what is asked, and a note."""

    permission: Permission
    command: Callable[..., Recorded]
    open_to: Callable[[CaseRecords], bool]
    fields: tuple[str, ...] = ()
    note: bool = True


KINDS: dict[Errand, Kind] = {
    Errand.ACKNOWLEDGE: Kind(
        Permission.CASE_ACCEPT,
        acknowledge_red_event,
        lambda case: case.alarm is not None and case.alarm.acknowledged is None,
        note=False,
    ),
    Errand.RESPOND: Kind(
        Permission.CASE_ACCEPT,
        record_response,
        lambda case: case.alarm is not None,
        ("responsible", "begun_at"),
    ),
    Errand.END_RESPONSE: Kind(
        Permission.CASE_ACCEPT,
        end_response,
        lambda case: bool(responding(case)),
        ("response", "ended_at"),
    ),
    Errand.OBJECT: Kind(
        Permission.CASE_MEDIATE,
        record_objection,
        lambda case: bool(case.sides),
        ("mediator", "side", "day"),
    ),
    Errand.WITHDRAW: Kind(
        Permission.CASE_MEDIATE,
        withdraw_objection,
        lambda case: any(one.withdrawn is None for one in case.objections),
        ("objection", "day"),
    ),
    Errand.LIFT: Kind(
        Permission.CASE_APPROVE,
        lift_objection,
        lambda case: any(one.withdrawn is not None for one in case.objections),
        ("objection",),
    ),
    Errand.CONSENT: Kind(
        Permission.CASE_REASSIGN,
        record_recusal_consent,
        lambda case: bool(consentable(case)),
        ("mediator", "sides"),
    ),
    Errand.APPROVE: Kind(
        Permission.CASE_APPROVE,
        approve_recusal_consent,
        lambda case: bool(waiting(case)),
        ("mediator",),
    ),
    Errand.REVOKE: Kind(
        Permission.CASE_REASSIGN,
        revoke_recusal_consent,
        lambda case: bool(case.consents),
        ("mediator",),
    ),
    Errand.CHOOSE: Kind(
        Permission.CASE_MEDIATE,
        record_choice,
        lambda case: set(SIDES) <= set(case.sides),
        ("mediator", "days"),
    ),
    Errand.END_CHOICE: Kind(
        Permission.CASE_MEDIATE, end_choice, lambda case: case.choice is not None
    ),
    Errand.PIN: Kind(
        Permission.CASE_SUPERVISE,
        pin_case,
        lambda case: case.holder is not None and case.pinned is None,
    ),
    Errand.UNPIN: Kind(Permission.CASE_SUPERVISE, unpin_case, lambda case: case.pinned is not None),
    Errand.BOOK: Kind(
        Permission.CASE_MEDIATE,
        book_meeting,
        lambda case: case.stage is Stage.IN_MEDIATION,
        ("meets_at",),
        note=False,
    ),
    Errand.CANCEL: Kind(
        Permission.CASE_MEDIATE, cancel_meeting, lambda case: case.booked is not None
    ),
    Errand.MEET: Kind(
        Permission.CASE_MEDIATE,
        record_meeting,
        lambda case: case.stage is Stage.IN_MEDIATION,
        ("day",),
        note=False,
    ),
    Errand.ASSESS: Kind(Permission.CASE_ACCEPT, assess_risk, lambda _case: True, ("risk",)),
}


def names() -> dict[Errand, str]:
    """What each is called."""
    return {
        Errand.ACKNOWLEDGE: _("确认红色事件"),
        Errand.RESPOND: _("记录应急处置"),
        Errand.END_RESPONSE: _("应急处置结束"),
        Errand.OBJECT: _("申请回避"),
        Errand.WITHDRAW: _("撤回回避申请"),
        Errand.LIFT: _("确认撤回回避申请"),
        Errand.CONSENT: _("双方同意不回避"),
        Errand.APPROVE: _("批准双方同意"),
        Errand.REVOKE: _("撤销双方同意"),
        Errand.CHOOSE: _("双方选定调解员"),
        Errand.END_CHOICE: _("终止选定"),
        Errand.PIN: _("锁定"),
        Errand.UNPIN: _("解除锁定"),
        Errand.BOOK: _("约定调解会"),
        Errand.CANCEL: _("取消约定的调解会"),
        Errand.MEET: _("调解会已开"),
        Errand.ASSESS: _("评定风险"),
    }


def responding(case: CaseRecords) -> list[ResponseView]:
    """What is being done about the case's red event, and is not over."""
    return [one for one in case.alarm.responses if one.ended_at is None] if case.alarm else []


def waiting(case: CaseRecords) -> list[int]:
    """To whom a consent waits for approval."""
    return [one.mediator_id for one in case.consents if one.approved is None]


def consentable(case: CaseRecords) -> list[int]:
    """Who must withdraw and could be agreed to all the same."""
    return [
        one.mediator_id for one in case.people if one.grounds and set(one.grounds) <= CONSENTABLE
    ]


def about_whom(case: CaseRecords, errand: Errand) -> list[int]:
    """Whom it may be about, by id; the holder first, whom it mostly is."""
    if errand is Errand.APPROVE:
        return waiting(case)
    if errand is Errand.REVOKE:
        return list(dict.fromkeys(one.mediator_id for one in case.consents))
    ids = consentable(case) if errand is Errand.CONSENT else [p.mediator_id for p in case.people]
    holder = case.holder.mediator_id if case.holder else None
    return sorted(ids, key=lambda one: one != holder)
