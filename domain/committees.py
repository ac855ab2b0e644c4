"""What the law asks of a people's mediation committee, each rule as data with its article.

人民调解法 8: 3 to 9 members, one of them the chair, a woman among them, and in areas of several
nationalities a member of a minority. 9: elected for three years. 14: adults. 34 lets the committees
of towns and trades follow the same rules. A mediation room (调解室) is a place of work of a
committee and elects nobody: of it only the term and the age are asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from domain.eligibility import CommitteeKind
from domain.organisation import TERM_YEARS

FEWEST_MEMBERS, MOST_MEMBERS = 3, 9
# An election takes notice, candidates and a meeting of the residents: two months ahead is in time.
ENDS_SOON = timedelta(days=60)
WOMAN = "2"  # GB/T 2261.1
_UNSAID = "9"


class LawCheck(StrEnum):
    """One thing that the law asks of a committee."""

    SIZE = "size"  # 委员三至九人
    CHAIR = "chair"  # 设主任一人
    WOMAN = "woman"  # 应当有妇女成员
    MINORITY = "minority"  # 多民族居住的地区应当有人数较少民族的成员
    TERM_LENGTH = "term_length"  # 每届任期三年
    TERM_ENDS = "term_ends"  # 届满须改选
    MEMBER_TERMS = "member_terms"  # 每位委员都在任期内
    ADULTS = "adults"  # 成年公民


# The article of 人民调解法 that each check stands on.
ARTICLES: dict[LawCheck, int] = {
    LawCheck.SIZE: 8,
    LawCheck.CHAIR: 8,
    LawCheck.WOMAN: 8,
    LawCheck.MINORITY: 8,
    LawCheck.TERM_LENGTH: 9,
    LawCheck.TERM_ENDS: 9,
    LawCheck.MEMBER_TERMS: 9,
    LawCheck.ADULTS: 14,
}
_OF_ELECTED = frozenset({LawCheck.SIZE, LawCheck.CHAIR, LawCheck.WOMAN, LawCheck.MINORITY})


class CheckState(StrEnum):
    """How a check stands, the gravest first."""

    FAILS = "fails"
    SOON = "soon"  # holds, but not for long
    UNKNOWN = "unknown"  # what would tell is not entered
    HOLDS = "holds"


class Remedy(StrEnum):
    """What to do about a check that does not hold."""

    ELECT_MORE = "elect_more"
    ELECT_FEWER = "elect_fewer"
    NAME_CHAIR = "name_chair"
    ONE_CHAIR = "one_chair"
    ELECT_WOMAN = "elect_woman"
    ENTER_SEX = "enter_sex"
    ELECT_MINORITY = "elect_minority"
    ENTER_MINORITY = "enter_minority"
    SHORTEN_TERM = "shorten_term"
    PREPARE_ELECTION = "prepare_election"
    HOLD_ELECTION = "hold_election"
    RENEW_SEATS = "renew_seats"
    REPLACE_MINOR = "replace_minor"
    ENTER_AGE = "enter_age"


@dataclass(frozen=True, slots=True)
class Seated:
    """A person of a committee, as the checks see them.

    `sex` by GB/T 2261.1 ("9": not said); `minority` and `adult` are None where nobody said;
    `seat_to` is the first day on which they no longer sit, None: as long as the committee's term.
    """

    mediator_id: int
    member: bool
    chair: bool
    sex: str = _UNSAID
    minority: bool | None = None
    adult: bool | None = None
    seat_from: date | None = None
    seat_to: date | None = None


@dataclass(frozen=True, slots=True)
class CommitteeFacts:
    """A committee as the checks see it; `term_to` is the first day after the term."""

    kind: CommitteeKind
    minority_area: bool
    term_from: date
    term_to: date
    people: tuple[Seated, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """One check: whether it holds, what to do, and whom it is about (`people`: mediators' ids).

    `number` is what was counted: members, chairs, days until the term ends (negative: since).
    """

    check: LawCheck
    state: CheckState
    remedy: Remedy | None = None
    number: int = 0
    people: tuple[int, ...] = ()

    @property
    def article(self) -> int:
        """The article of 人民调解法."""
        return ARTICLES[self.check]


def latest_end(term_from: date) -> date:
    """The latest first day after a term that began on this day: three years on (人民调解法 9)."""
    try:
        return term_from.replace(year=term_from.year + TERM_YEARS)
    except ValueError:  # the 29th of February
        return date(term_from.year + TERM_YEARS, 3, 1)


def checks(committee: CommitteeFacts, *, today: date) -> tuple[Checked, ...]:
    """Every check that applies to a committee of this kind, in the order of the law."""
    members = [one for one in committee.people if one.member]
    found = [
        _size(members),
        _chair(members),
        _woman(members),
        *([_minority(members)] if committee.minority_area else []),
        _term_length(committee),
        _term_ends(committee, today),
        _member_terms(committee, members, today),
        _adults(committee.people),
    ]
    elects = committee.kind is not CommitteeKind.BRAND_ROOM
    return tuple(one for one in found if elects or one.check not in _OF_ELECTED)


def gravest(found: Sequence[Checked]) -> CheckState:
    """The state that matters most among some checks; a committee without any is in order."""
    order = list(CheckState)
    return min((one.state for one in found), key=order.index, default=CheckState.HOLDS)


def _size(members: list[Seated]) -> Checked:
    count = len(members)
    if FEWEST_MEMBERS <= count <= MOST_MEMBERS:
        return Checked(LawCheck.SIZE, CheckState.HOLDS, number=count)
    remedy = Remedy.ELECT_MORE if count < FEWEST_MEMBERS else Remedy.ELECT_FEWER
    return Checked(LawCheck.SIZE, CheckState.FAILS, remedy, count)


def _chair(members: list[Seated]) -> Checked:
    chairs = tuple(one.mediator_id for one in members if one.chair)
    if len(chairs) == 1:
        return Checked(LawCheck.CHAIR, CheckState.HOLDS, number=1, people=chairs)
    remedy = Remedy.ONE_CHAIR if chairs else Remedy.NAME_CHAIR
    return Checked(LawCheck.CHAIR, CheckState.FAILS, remedy, len(chairs), chairs)


def _woman(members: list[Seated]) -> Checked:
    count = sum(one.sex == WOMAN for one in members)
    unsaid = tuple(one.mediator_id for one in members if one.sex == _UNSAID)
    if count:
        return Checked(LawCheck.WOMAN, CheckState.HOLDS, number=count)
    if unsaid:
        return Checked(LawCheck.WOMAN, CheckState.UNKNOWN, Remedy.ENTER_SEX, people=unsaid)
    return Checked(LawCheck.WOMAN, CheckState.FAILS, Remedy.ELECT_WOMAN)


def _minority(members: list[Seated]) -> Checked:
    count = sum(one.minority is True for one in members)
    unsaid = tuple(one.mediator_id for one in members if one.minority is None)
    if count:
        return Checked(LawCheck.MINORITY, CheckState.HOLDS, number=count)
    if unsaid:
        return Checked(LawCheck.MINORITY, CheckState.UNKNOWN, Remedy.ENTER_MINORITY, people=unsaid)
    return Checked(LawCheck.MINORITY, CheckState.FAILS, Remedy.ELECT_MINORITY)


def _term_length(committee: CommitteeFacts) -> Checked:
    days = (committee.term_to - committee.term_from).days
    if committee.term_to <= latest_end(committee.term_from):
        return Checked(LawCheck.TERM_LENGTH, CheckState.HOLDS, number=days)
    return Checked(LawCheck.TERM_LENGTH, CheckState.FAILS, Remedy.SHORTEN_TERM, days)


def _term_ends(committee: CommitteeFacts, today: date) -> Checked:
    left = committee.term_to - today
    if left <= timedelta(0):
        return Checked(LawCheck.TERM_ENDS, CheckState.FAILS, Remedy.HOLD_ELECTION, left.days)
    if left <= ENDS_SOON:
        return Checked(LawCheck.TERM_ENDS, CheckState.SOON, Remedy.PREPARE_ELECTION, left.days)
    return Checked(LawCheck.TERM_ENDS, CheckState.HOLDS, number=left.days)


def _member_terms(committee: CommitteeFacts, members: list[Seated], today: date) -> Checked:
    """Whether everybody's own seat has neither run out nor lasts longer than a term may.

    Who has no dates of their own sits as long as the committee, of which another check speaks.
    """
    over = tuple(one.mediator_id for one in members if _seat_is_wrong(one, committee, today))
    if over:
        state, remedy = CheckState.FAILS, Remedy.RENEW_SEATS
        return Checked(LawCheck.MEMBER_TERMS, state, remedy, len(over), over)
    return Checked(LawCheck.MEMBER_TERMS, CheckState.HOLDS, number=len(members))


def _seat_is_wrong(one: Seated, committee: CommitteeFacts, today: date) -> bool:
    if one.seat_to is None:
        return False
    return one.seat_to <= today or one.seat_to > latest_end(one.seat_from or committee.term_from)


def _adults(people: Sequence[Seated]) -> Checked:
    minors = tuple(one.mediator_id for one in people if one.adult is False)
    unsaid = tuple(one.mediator_id for one in people if one.adult is None)
    if minors:
        state, remedy = CheckState.FAILS, Remedy.REPLACE_MINOR
        return Checked(LawCheck.ADULTS, state, remedy, len(minors), minors)
    if unsaid:
        state, remedy = CheckState.UNKNOWN, Remedy.ENTER_AGE
        return Checked(LawCheck.ADULTS, state, remedy, len(unsaid), unsaid)
    return Checked(LawCheck.ADULTS, CheckState.HOLDS, number=len(people))
