"""Who could take a case, and every reason why somebody else could not.

人民调解法 has no article on recusal; it is treated as a rule of fairness after 特邀调解规定 15: a
near relative of a party, an interest in the dispute, or another relation that may affect fairness
blocks the assignment, and so does an earlier role in the matter (16) and any party's objection
(深圳条例 23-25). Living in the same grid or being neighbours does not: no code says it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from domain.locks import Lock
from domain.organisation import RelationKind, UnitLevel

GENERAL = "00"
_LOAD_STEPS = 3


class Objection(StrEnum):
    """One reason why a mediator may not take a case."""

    IS_PARTY = "is_party"  # 本人是当事人
    KIN = "kin"  # 当事人近亲属
    INTEREST = "interest"  # 有利害关系
    PRIOR_ROLE = "prior_role"  # 曾任本纠纷代理人、证人、鉴定人
    OTHER_TIE = "other_tie"  # 其他可能影响公正的关系
    PARTY_OBJECTS = "party_objects"  # 当事人申请回避
    OWN_APPROVAL = "own_approval"  # 回避同意由指派人本人批准
    LEFT_POST = "left_post"  # 不在岗
    LICENCE_OVER = "licence_over"  # 聘期或资格已过
    TERM_OVER = "term_over"  # 调委会任期已满
    ABSENT = "absent"  # 请假
    OTHER_JURISDICTION = "other_jurisdiction"  # 不属管辖
    NO_SPECIALITY = "no_speciality"  # 无此专长
    AT_CAPACITY = "at_capacity"  # 在办已满
    ALREADY_HOLDS = "already_holds"  # 已由其承办


# Why a mediator must withdraw (回避), the gravest first. A hard wall: no path passes it.
GROUNDS = (
    Objection.IS_PARTY,
    Objection.KIN,
    Objection.INTEREST,
    Objection.PRIOR_ROLE,
    Objection.OTHER_TIE,
    Objection.PARTY_OBJECTS,
)
RECUSALS = frozenset({*GROUNDS, Objection.OWN_APPROVAL})
# What both parties may agree to overlook (特邀调解规定 15). Nobody mediates a dispute of their own:
# then there is no third person left.
CONSENTABLE = frozenset(GROUNDS) - {Objection.IS_PARTY}
GROUND_OF_RELATION = {
    RelationKind.KIN: Objection.KIN,
    RelationKind.INTEREST: Objection.INTEREST,
    RelationKind.FORMER_ROLE: Objection.PRIOR_ROLE,
    RelationKind.OTHER: Objection.OTHER_TIE,
}


class Distance(IntEnum):
    """How far a mediator's committee is from the case in the organisation."""

    SAME_COMMUNITY = 0
    SAME_TOWN = 1
    COUNTY = 2
    ELSEWHERE = 3


class CommitteeKind(StrEnum):
    """The kinds of people's mediation committee (人民调解委员会)."""

    COMMUNITY = "community"  # 村(社区)调委会
    TOWN = "town"  # 乡镇(街道)调委会
    INDUSTRY = "industry"  # 行业性、专业性调委会
    BRAND_ROOM = "brand_room"  # 品牌调解室


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What eligibility needs to know of a case; `needs_specialist`: not for generalists.

    `locks` hold the case where it is; `chosen_id` is the mediator whom the parties chose.
    """

    town_id: int
    community_id: int | None
    type_code: str
    needs_specialist: bool
    mediator_id: int | None
    weight: int
    locks: frozenset[Lock] = frozenset()
    chosen_id: int | None = None


def level_of_committee(town_id: int | None, community_id: int | None) -> UnitLevel:
    """The level on which a committee works: of the smallest unit that it serves."""
    if community_id is not None:
        return UnitLevel.COMMUNITY
    return UnitLevel.COUNTY if town_id is None else UnitLevel.TOWN


@dataclass(frozen=True, slots=True)
class Candidate:
    """What eligibility needs to know of a mediator.

    `specialities` are GB/T 31000 category codes of 2 or 4 digits, or GENERAL; `open_cases` counts
    cases held now, `open_weight` their points in tenths; `capacity` is the most open cases.
    `grounds` are those of GROUNDS that no consent lifts; `licence_over`: no longer accredited;
    `term_over`: the committee's term has ended; `version` rises with each change of the person.
    """

    mediator_id: int
    name: str
    committee_id: int
    committee_name: str
    committee_kind: CommitteeKind
    town_id: int | None
    community_id: int | None
    specialities: frozenset[str]
    capacity: int
    open_cases: int
    open_weight: int
    active: bool = True
    absent: bool = False
    grounds: frozenset[Objection] = frozenset()
    full_time: bool = False
    late_cases: int = 0
    licence_over: bool = False
    term_over: bool = False
    version: int = 0

    @property
    def recused(self) -> bool:
        """Whether the mediator must withdraw."""
        return bool(self.grounds)

    @property
    def level(self) -> UnitLevel:
        """The level of the committee."""
        return level_of_committee(self.town_id, self.community_id)


def distance(candidate: Candidate, case: CaseFacts) -> Distance:
    """How far the candidate's committee is from the place of the case."""
    if candidate.community_id is not None and candidate.community_id == case.community_id:
        return Distance.SAME_COMMUNITY
    if candidate.town_id is None:
        return Distance.COUNTY
    return Distance.SAME_TOWN if candidate.town_id == case.town_id else Distance.ELSEWHERE


def speciality_match(candidate: Candidate, type_code: str) -> int:
    """How well the specialities cover a type: 2 by code or group, 1 as general, 0 not."""
    named = {type_code, type_code[:2]}
    if candidate.specialities & named:
        return 2
    return 1 if GENERAL in candidate.specialities else 0


def has_jurisdiction(candidate: Candidate, case: CaseFacts) -> bool:
    """Own community, own town, or the whole county for industry committees and county rooms.

    A community committee does not take its neighbours' cases: it was elected by its own residents
    (人民调解法 9).
    """
    if candidate.committee_kind is CommitteeKind.COMMUNITY:
        return candidate.community_id is not None and candidate.community_id == case.community_id
    return candidate.town_id is None or candidate.town_id == case.town_id


def covers(candidate: Candidate, case: CaseFacts) -> bool:
    """Whether the specialities allow the type; some types are not for generalists."""
    match = speciality_match(candidate, case.type_code)
    return match == 2 or (match == 1 and not case.needs_specialist)  # noqa: PLR2004 - see above


def objections(candidate: Candidate, case: CaseFacts) -> list[Objection]:
    """Every reason why `candidate` may not take `case`, gravest first; empty when they may."""
    found = (
        *((ground, ground in candidate.grounds) for ground in Objection if ground in RECUSALS),
        (Objection.LEFT_POST, not candidate.active),
        (Objection.LICENCE_OVER, candidate.licence_over),
        (Objection.TERM_OVER, candidate.term_over),
        (Objection.ABSENT, candidate.absent),
        (Objection.OTHER_JURISDICTION, not has_jurisdiction(candidate, case)),
        (Objection.NO_SPECIALITY, not covers(candidate, case)),
        (Objection.ALREADY_HOLDS, candidate.mediator_id == case.mediator_id),
        (
            Objection.AT_CAPACITY,
            candidate.mediator_id != case.mediator_id
            and candidate.open_cases >= candidate.capacity,
        ),
    )
    return [objection for objection, holds in found if holds]


def locks_against(candidate: Candidate, case: CaseFacts) -> list[Lock]:
    """What holds `case` back from going to `candidate`, in the order of Lock.

    A case that nobody holds moves from nobody; only the parties' choice counts for it too, and it
    speaks for the one whom they chose.
    """
    if candidate.mediator_id == case.mediator_id:
        return []
    locks = set() if case.mediator_id is None else set(case.locks) - {Lock.CHOSEN_BY_PARTIES}
    if case.chosen_id is not None:
        if case.chosen_id == candidate.mediator_id:
            # What one person records of the parties' wish takes no supervisor's pin away.
            locks &= {Lock.PINNED}
        else:
            locks.add(Lock.CHOSEN_BY_PARTIES)
    return [lock for lock in Lock if lock in locks]


@dataclass(frozen=True, slots=True)
class Judged:
    """One mediator against one case. `load_after`: open cases with this one, per capacity.

    `locks` do not make anybody ineligible: they keep suggestions and batches from moving the case,
    and ask a person for a reason (domain.locks).
    """

    candidate: Candidate
    objections: tuple[Objection, ...]
    distance: Distance
    speciality: int
    load_after: float
    locks: tuple[Lock, ...] = ()

    @property
    def eligible(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.objections


def judge(candidate: Candidate, case: CaseFacts) -> Judged:
    """One mediator against one case, with the figures the ranking uses."""
    after = candidate.open_cases + (candidate.mediator_id != case.mediator_id)
    return Judged(
        candidate,
        tuple(objections(candidate, case)),
        distance(candidate, case),
        speciality_match(candidate, case.type_code),
        after / candidate.capacity if candidate.capacity else float("inf"),
        tuple(locks_against(candidate, case)),
    )


def rank(candidates: Iterable[Candidate], case: CaseFacts) -> list[Judged]:
    """All candidates judged: the eligible first by load, distance, speciality; then the others.

    Load goes first: at intake, the least loaded by weight gave 0.9 % late cases in simulation where
    the habitual committee gave 52 %. It goes in three steps of capacity, so that among people who
    all have room the nearer wins, and the one with the fitting speciality. Before all that goes
    whom the parties chose (人民调解法 19).
    """

    def order(one: Judged) -> tuple[object, ...]:
        return (
            len(one.objections),
            Lock.CHOSEN_BY_PARTIES in one.locks,
            int(one.load_after * _LOAD_STEPS) if one.load_after < float("inf") else 10**6,
            one.distance,
            -one.speciality,
            one.candidate.open_weight,
            one.candidate.mediator_id,
        )

    return sorted((judge(candidate, case) for candidate in candidates), key=order)
