"""What a case is: its stages, risk, difficulty, and the reasons a person gives for moving it."""

from enum import IntEnum, StrEnum


class Stage(StrEnum):
    """Where a case stands, in the order of the county's work."""

    REGISTERED = "registered"  # 待受理
    ACCEPTED = "accepted"  # 待指派
    IN_MEDIATION = "in_mediation"  # 调解中
    AGREEMENT = "agreement"  # 已达成协议, 待安排履行
    PERFORMANCE = "performance"  # 待履行
    CONFIRMATION = "confirmation"  # 待司法确认
    FOLLOW_UP = "follow_up"  # 待回访
    FAILED = "failed"  # 未调成, 待告知权利
    RIGHTS_TOLD = "rights_told"  # 已告知权利, 待移交或归档
    HANDED_OVER = "handed_over"  # 已移交, 待归档
    CLOSED = "closed"  # 已归档


OPEN_STAGES = tuple(stage for stage in Stage if stage is not Stage.CLOSED)
# A mediator holds the case from its assignment to its end; before, the centre does.
HELD_STAGES = frozenset(
    {
        Stage.IN_MEDIATION,
        Stage.AGREEMENT,
        Stage.PERFORMANCE,
        Stage.CONFIRMATION,
        Stage.FOLLOW_UP,
    }
)
# Whoever holds a case may leave, also one whose mediation is over: somebody must tell the parties
# of their rights, hand it over and put it into the archive.
REASSIGNABLE_STAGES = frozenset(OPEN_STAGES) - {Stage.REGISTERED}


class Risk(IntEnum):
    """The four local risk colours; 1 sorts first because it is worst."""

    RED = 1
    ORANGE = 2
    YELLOW = 3
    BLUE = 4


class Difficulty(StrEnum):
    """How hard a case is: decides its time limit and its weight."""

    SIMPLE = "simple"  # 简易
    ORDINARY = "ordinary"  # 一般
    COMPLEX = "complex"  # 疑难复杂
    MAJOR = "major"  # 重大


# Points of work in tenths of a standard case. The ratio 1:2:4:8 is a default that a county changes
# in its own table later; it is a convention, not a measurement.
WEIGHT: dict[Difficulty, int] = {
    Difficulty.SIMPLE: 5,
    Difficulty.ORDINARY: 10,
    Difficulty.COMPLEX: 20,
    Difficulty.MAJOR: 40,
}


_COMPLEX_PEOPLE, _COMPLEX_YUAN, _MAJOR_PEOPLE = 10, 50_000, 100
MAJOR_EVENT = "03"  # 重大群体性, the gravest event scale of GB/T 31000-2015 5.55


def difficulty_of(
    people: int, *, amount_yuan: int | None, risk: Risk | None = None, scale_code: str = ""
) -> Difficulty:
    """How hard a case is by what its registration can count; what nobody counted says nothing.

    Ten people or 50,000 yuan make it 疑难复杂; a hundred people, red risk or a major event make it
    重大. No law or standard draws these lines: they are a proposal after the schemes of practice
    that grade cases by people and amount, and whoever registers a case may state another grade.
    """
    if people >= _MAJOR_PEOPLE or risk is Risk.RED or scale_code == MAJOR_EVENT:
        return Difficulty.MAJOR
    if people >= _COMPLEX_PEOPLE or (amount_yuan or 0) >= _COMPLEX_YUAN:
        return Difficulty.COMPLEX
    return Difficulty.ORDINARY


class Lamp(StrEnum):
    """How a case stands against its deadline."""

    ON_TIME = "on_time"  # ● 正常
    SOON = "soon"  # ▲ 临期
    LATE = "late"  # ■ 超期
    PAUSED = "paused"  # ‖ 挂起
    PARKING_OVER = "parking_over"  # ◆ 挂账到期: it stands still, and should no longer
    CLOSED = "closed"  # 已结


class ReassignReason(StrEnum):
    """Why a case goes to somebody else. A reason is always required."""

    FIRST_ASSIGNMENT = "first_assignment"  # 首次指派
    ABSENCE = "absence"  # 请假或培训
    OVERLOAD = "overload"  # 负荷过高
    RECUSAL = "recusal"  # 回避
    SPECIALITY = "speciality"  # 需要专长
    PARTY_CHOICE = "party_choice"  # 当事人选择
    OVERDUE = "overdue"  # 超期未办
    LEFT_POST = "left_post"  # 离岗
    OTHER = "other"  # 其他


class EventKind(StrEnum):
    """What can happen to a case; the timeline is made of these."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    REASSIGNED = "reassigned"
    UNDONE = "undone"
    SETTLED = "settled"
    PERFORMED = "performed"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    CLOSED = "closed"
    RETURNED = "returned"
    PERFORMANCE_PLANNED = "performance_planned"
    CONFIRMATION_ASKED = "confirmation_asked"
    DEFAULTED = "defaulted"
    FOLLOWED_UP = "followed_up"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    RIGHTS_TOLD = "rights_told"
    HANDED_OVER = "handed_over"
    REFERRED = "referred"
    MERGED = "merged"
    MERGED_INTO = "merged_into"
    UNMERGED = "unmerged"
    UNMERGED_FROM = "unmerged_from"
    PARKED = "parked"
    RESUMED = "resumed"
    EXTENSION_ASKED = "extension_asked"
    EXTENDED = "extended"
    EXTENSION_REFUSED = "extension_refused"
    SUPERVISED = "supervised"
    UNSUPERVISED = "unsupervised"
    REOPENED = "reopened"
    ON_THE_SPOT = "on_the_spot"
    IMPORTED = "imported"
    UPDATED = "updated"
    # What the parties said of a mediator, and what holds a case where it is.
    OBJECTED = "objected"
    OBJECTION_WITHDRAWN = "objection_withdrawn"
    OBJECTION_LIFTED = "objection_lifted"
    CONSENTED = "consented"
    CONSENT_APPROVED = "consent_approved"
    CONSENT_REVOKED = "consent_revoked"
    CHOSEN = "chosen"
    CHOICE_ENDED = "choice_ended"
    PINNED = "pinned"
    UNPINNED = "unpinned"
    MEETING_BOOKED = "meeting_booked"
    MEETING_CANCELLED = "meeting_cancelled"
    MET = "met"
    # How dangerous it is, and what is done about it where it is red.
    RISK_ASSESSED = "risk_assessed"
    RED_ACKNOWLEDGED = "red_acknowledged"
    RESPONSE_BEGUN = "response_begun"
    RESPONSE_ENDED = "response_ended"
    # By a change of the work calendar or of the limits, not by anything done to the case.
    DEADLINE_MOVED = "deadline_moved"
    # By a new table of weights.
    REWEIGHED = "reweighed"


# A change of the rules moves many cases at once; it says nothing of who works on one.
BY_RULES = frozenset({EventKind.DEADLINE_MOVED, EventKind.REWEIGHED})


class CaseObjection(StrEnum):
    """Why nobody can be given this case now."""

    NOT_ACCEPTED = "not_accepted"
    CLOSED = "closed"
    PARKED = "parked"


def objections_to_move(stage: Stage, *, parked: bool) -> list[CaseObjection]:
    """Why a case in this stage cannot be reassigned; empty when it can."""
    if stage is Stage.CLOSED:
        return [CaseObjection.CLOSED]
    if stage is Stage.REGISTERED:
        return [CaseObjection.NOT_ACCEPTED]
    if parked and stage is Stage.ACCEPTED:
        # To assign it would begin its mediation, and a parked case stands still. Who holds one
        # already may change: people leave.
        return [CaseObjection.PARKED]
    return []


class UndoObjection(StrEnum):
    """Why a reassignment cannot be taken back."""

    NOT_YOURS = "not_yours"
    NOT_A_REASSIGNMENT = "not_a_reassignment"
    FORMER_NOT_ELIGIBLE = "former_not_eligible"
    UNDONE_ALREADY = "undone_already"
    TOO_LONG_AGO = "too_long_ago"


class FieldProblem(StrEnum):
    """What is wrong with one entered field."""

    MISSING = "missing"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NOT_A_CHOICE = "not_a_choice"
    IN_FUTURE = "in_future"
    IN_PAST = "in_past"
    GONE_BY = "gone_by"
    NOT_YET = "not_yet"
    OUT_OF_RANGE = "out_of_range"
    BEFORE_DISPUTE = "before_dispute"
    BEFORE_AGREEMENT = "before_agreement"
    BEFORE_PERFORMANCE = "before_performance"
    BEFORE_APPLICATION = "before_application"
    BEFORE_BEGIN = "before_begin"
    AFTER_WINDOW = "after_window"
    WRONG_FORM = "wrong_form"


class Likeness(StrEnum):
    """What two cases have in common, the strongest first."""

    IDENTITY = "identity"  # 同一证件号码
    PHONE = "phone"  # 同一电话
    NAME = "name"  # 同名当事人
    PLACE_AND_TYPE = "place_and_type"  # 同网格同类型
