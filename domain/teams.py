"""What may be entered of committees and their people: leave, seats, capacity, and what may not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from domain.organisation import AbsenceKind

# Who fell ill hands in the slip within the week; further back the record is closed.
LATE_ENTRY = timedelta(days=7)
LONGEST_LEAVE = timedelta(days=366)
FURTHEST_AHEAD = timedelta(days=366)
MOST_CAPACITY = 200
# Tenths of a standard case: twenty cases at once would be more than a full place.
MOST_DUTY = 200
DUTY_NAME_SHORTEST, DUTY_NAME_LONGEST = 2, 60
NAME_LONGEST = 40
COMMITTEE_NAME_LONGEST = 80
MOST_ON_DUTY = 6
WEEK = 7


class MemberSeat(StrEnum):
    """In what capacity somebody mediates in a committee (人民调解法 8, 13)."""

    CHAIR = "chair"  # 主任
    MEMBER = "member"  # 委员
    HIRED = "hired"  # 聘任


class TeamObjection(StrEnum):
    """Why a change of a committee or of its people is not made."""

    LEAVE_OVER = "leave_over"  # it has ended; what was stays
    LEAVE_BEGUN = "leave_begun"  # it has begun: it can be cut short, not cancelled
    LEFT_POST = "left_post"
    COMMITTEE_CLOSED = "committee_closed"
    HOLDS_CASES = "holds_cases"
    HAS_PEOPLE = "has_people"  # a committee is closed empty
    ON_LEAVE = "on_leave"  # nobody is on duty who is away
    OTHER_COMMITTEE = "other_committee"
    DAY_OVER = "day_over"  # the roster of a past day stays
    NOTHING_TO_COPY = "nothing_to_copy"
    ALREADY_DISCLOSED = "already_disclosed"
    NOT_DISCLOSED = "not_disclosed"
    UNCHANGED = "unchanged"
    WITHDRAWAL_ASKED = "withdrawal_asked"
    NO_WITHDRAWAL = "no_withdrawal"  # it was decided, taken back, or is another's
    SAME_PERSON = "same_person"  # who asks for it does not decide it
    OWN_RELATION = "own_relation"  # nor does whom it bars
    IN_POST_ALREADY = "in_post_already"  # by the identity number
    SERVED_BEFORE = "served_before"  # as somebody of this name: to be said
    NO_SUCH_DUTY = "no_such_duty"  # it ended, or is another's


class TeamProblem(StrEnum):
    """Why a field was not taken as entered."""

    REVERSED = "reversed"
    OVERLAPS = "overlaps"
    TOO_EARLY = "too_early"
    TOO_FAR = "too_far"
    TOO_LONG_AWAY = "too_long_away"
    LONGER_THAN_TERM = "longer_than_term"
    BEFORE_LAST_TERM = "before_last_term"
    BEGINS_LATER = "begins_later"
    CHAIR_NOT_MEMBER = "chair_not_member"
    NOT_OF_COMMITTEE = "not_of_committee"
    NOT_ADULT = "not_adult"
    KIND_UNFIT = "kind_unfit"
    IDENTITY_WRONG = "identity_wrong"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Away:
    """Days away, first and last included."""

    first_day: date
    last_day: date
    kind: AbsenceKind

    def meets(self, other: "Away") -> bool:
        """Whether both have a day in common."""
        return self.first_day <= other.last_day and other.first_day <= self.last_day

    def covers(self, day: date) -> bool:
        """Whether it is one of the days."""
        return self.first_day <= day <= self.last_day


def leave_problems(
    away: Away, others: Iterable[Away], *, today: date, begun: bool = False
) -> dict[str, TeamProblem]:
    """The problem of each field of a leave as entered; empty where it can be taken.

    `others` are the person's other leaves. `begun`: the first day is what it was and may lie back;
    then the last day is yesterday at the earliest, because days that were away stay so.
    """
    problems: dict[str, TeamProblem] = {}
    if away.last_day < away.first_day:
        problems["last_day"] = TeamProblem.REVERSED
    elif away.last_day - away.first_day > LONGEST_LEAVE:
        problems["last_day"] = TeamProblem.TOO_LONG_AWAY
    elif begun and away.last_day < today - timedelta(days=1):
        problems["last_day"] = TeamProblem.TOO_EARLY
    if not begun and away.first_day < today - LATE_ENTRY:
        problems["first_day"] = TeamProblem.TOO_EARLY
    elif away.first_day > today + FURTHEST_AHEAD:
        problems["first_day"] = TeamProblem.TOO_FAR
    elif not problems and any(away.meets(other) for other in others):
        problems["first_day"] = TeamProblem.OVERLAPS
    return problems


def week_of(day: date) -> tuple[date, ...]:
    """The seven days, Monday to Sunday, that a day is one of."""
    monday = day - timedelta(days=day.weekday())
    return tuple(monday + timedelta(days=ahead) for ahead in range(WEEK))


def is_adult(born_on: date, *, today: date) -> bool:
    """Whether a person is 18 (民法典 17), on the very birthday too."""
    had_birthday = (today.month, today.day) >= (born_on.month, born_on.day)
    return today.year - born_on.year - (not had_birthday) >= 18  # noqa: PLR2004 - the law's number


def born_on(identity: str) -> date | None:
    """The birth date that an identity number of 18 digits states (GB 11643); None without one."""
    stated = identity[6:14]
    if len(identity) != len("510129199001011234") or not stated.isdecimal():
        return None
    try:
        return date(int(stated[:4]), int(stated[4:6]), int(stated[6:]))
    except ValueError:
        return None
