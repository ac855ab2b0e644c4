"""Who says what about a mediator who would have to withdraw (回避), and why it cannot be recorded.

A relation blocks until both parties agree to this mediator in spite of it, and a second person has
approved that (特邀调解规定 15; the second person is this product's own rule).
"""

from enum import StrEnum

from domain.organisation import PartyRole

# The two sides whose word counts; a third person may object, but is not asked for consent.
SIDES = (PartyRole.APPLICANT, PartyRole.RESPONDENT)


class ConsentForm(StrEnum):
    """How a side gave its consent."""

    WRITTEN = "written"  # 书面
    ORAL = "oral"  # 口头, 已记录


class RecordObjection(StrEnum):
    """Why what a party said about a mediator cannot be recorded, approved or taken back."""

    OWN_MATTER = "own_matter"  # 涉及本人
    SAME_PERSON = "same_person"  # 批准人不能是记录人
    WITHDRAWN_ALREADY = "withdrawn_already"  # 撤回已记录, 待另一人确认
    NOT_WITHDRAWN = "not_withdrawn"  # 没有待确认的撤回
    NO_GROUND = "no_ground"  # 没有需要同意的回避事由
    NOT_CONSENTABLE = "not_consentable"  # 本人是当事人, 不能同意
    GROUNDS_CHANGED = "grounds_changed"  # 当事人或事由已变
    NOTHING_TO_APPROVE = "nothing_to_approve"
    NOTHING_TO_REVOKE = "nothing_to_revoke"
    OBJECTS_ALREADY = "objects_already"
    NO_OBJECTION = "no_objection"
    PINNED_ALREADY = "pinned_already"
    NOT_PINNED = "not_pinned"
    NOBODY_HOLDS = "nobody_holds"
    NO_SUCH_SIDE = "no_such_side"
    NO_MEETING_BOOKED = "no_meeting_booked"
    NO_CHOICE = "no_choice"
