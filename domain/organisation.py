"""Words of the organisation: levels of units, kinds of leave, kinds of relation."""

from enum import StrEnum

TERM_YEARS = 3  # of a committee and its members (人民调解法 9)


class UnitLevel(StrEnum):
    """Level codes of GB/T 31000 table 37; 07 grid is a local extension."""

    COUNTY = "04"
    TOWN = "05"
    COMMUNITY = "06"
    GRID = "07"


class ZoneKind(StrEnum):
    """What a zone (功能区) is: an area that is looked after across towns and communities."""

    SCENIC = "scenic"  # 景区
    INDUSTRIAL = "industrial"  # 产业园区
    OTHER = "other"  # 其他功能区


class AbsenceKind(StrEnum):
    """Why a mediator is away."""

    LEAVE = "leave"  # 请假
    TRAINING = "training"  # 培训
    SECONDMENT = "secondment"  # 借调


class DutyShift(StrEnum):
    """The part of a day for which somebody is on duty (值班)."""

    DAY = "day"  # 白班
    NIGHT = "night"  # 夜班


class RelationKind(StrEnum):
    """Grounds of recusal (特邀调解规定 15, 16)."""

    KIN = "kin"  # 近亲属
    INTEREST = "interest"  # 利害关系
    FORMER_ROLE = "former_role"  # 曾任代理人、证人、鉴定人
    OTHER = "other"  # 其他可能影响公正的关系


class WithdrawalReason(StrEnum):
    """Why a disclosed relation should bar no longer."""

    MISTAKEN = "mistaken"  # 登记有误
    ENDED = "ended"  # 关系已不存在


class PartyRole(StrEnum):
    """On which side of a case a party stands."""

    APPLICANT = "applicant"  # 申请人
    RESPONDENT = "respondent"  # 被申请人
    OTHER = "other"  # 第三人


class PartyKind(StrEnum):
    """A natural person or an organisation."""

    PERSON = "person"
    ORGANISATION = "organisation"
