"""Points of work and the load of a mediator: dated weights, availability, load per full-time place.

Raw counts mislead: an expert panel's weights bring the error of a mediator's load from 23 % to
14.5 % (simulation with known effort), and a time study to 11 %. So load is points per available
full-time place, never a count. The scheme is that of case weighting in courts (NCSC: time study or
Delphi, travel and administration taken off the year; CEPEJ SATURN 2018: weights are published and
versioned) and of the points of social work (Wirral: 100 points are cases plus standing duties).

Units: points and duties in tenths of a standard case, factors in hundredths, working time in tenths
of a full-time place.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from domain.cases import WEIGHT, Difficulty, FieldProblem, Stage
from domain.limits import RuleProblem
from domain.work_calendar import FULL_DAY, WorkCalendar

FULL_TIME = 10
# Nobody measured how long a part-time mediator works: half a place, until the county says more.
PART_TIME = 5
LOOKS_AHEAD = 14  # days; beyond them neither leave nor duty is known well
# Of what people can hold: below the one they are free for more, from the other on nearly full.
FREE_BELOW, FULL_FROM = 0.5, 0.9
STANDARD_CASE = 10
UNCHANGED = 100
# Two sides make a dispute; each further person adds less than the one before.
STANDARD_PEOPLE, PEOPLE_MOST = 2, 100
WEIGHT_MOST, FACTOR_LEAST, FACTOR_MOST, EXPONENT_MOST = 1_000, 10, 1_000, 100


@dataclass(frozen=True, slots=True)
class CaseWork:
    """What the points of a case depend on.

    `cross_town`: its parties or its matter lie in more than one town. `repeated`: the same matter
    came before, and was thought to be over.
    """

    difficulty: Difficulty
    type_code: str
    stage: Stage
    people: int = STANDARD_PEOPLE
    cross_town: bool = False
    repeated: bool = False


@dataclass(frozen=True)
class WeightTable:
    """What a case weighs, from a day on. Never changed, only followed by the next version.

    `by_difficulty` are tenths of a standard case; the others are factors in hundredths, absent
    means 100. `by_type` goes by GB/T 31000 code, four digits before two. People count as
    (people / 2) ** (people_exponent / 100).
    """

    version: int
    valid_from: date
    by_difficulty: Mapping[Difficulty, int]
    by_type: Mapping[str, int] = field(default_factory=dict)
    by_stage: Mapping[Stage, int] = field(default_factory=dict)
    people_exponent: int = 0
    cross_town: int = UNCHANGED
    repeated: int = UNCHANGED

    def numbers(self) -> dict[str, Any]:
        """All that it sets, as JSON, in an order that does not depend on how it was entered."""
        return {
            "difficulty": {one.value: self.by_difficulty[one] for one in Difficulty},
            "type": dict(sorted(self.by_type.items())),
            "stage": {one.value: self.by_stage[one] for one in Stage if one in self.by_stage},
            "people_exponent": self.people_exponent,
            "cross_town": self.cross_town,
            "repeated": self.repeated,
        }


def table_of(numbers: Mapping[str, Any], *, version: int, valid_from: date) -> WeightTable:
    """The table that `WeightTable.numbers` wrote."""
    return WeightTable(
        version,
        valid_from,
        {Difficulty(name): value for name, value in numbers["difficulty"].items()},
        dict(numbers["type"]),
        {Stage(name): value for name, value in numbers["stage"].items()},
        numbers["people_exponent"],
        numbers["cross_town"],
        numbers["repeated"],
    )


# What every county begins with: the ratio 1:2:4:8 by difficulty, and nothing else.
FIRST_TABLE = WeightTable(1, date.min, WEIGHT)


def proposed_table(*, version: int, valid_from: date) -> WeightTable:
    """A table to begin from: people ** .35, 1.3 across towns, 1.25 for what comes again.

    These factors are a panel's proposal for day one. A county should replace them by a time study
    of its own: four weeks, some 300 cases.
    """
    return WeightTable(
        version, valid_from, WEIGHT, people_exponent=35, cross_town=130, repeated=125
    )


def points(work: CaseWork, table: WeightTable) -> int:
    """The points of a case in tenths of a standard case, at least 1."""
    code = work.type_code
    by_type = table.by_type.get(code, table.by_type.get(code[:2], UNCHANGED))
    people = min(max(work.people, STANDARD_PEOPLE), PEOPLE_MOST)
    factors = by_type * table.by_stage.get(work.stage, UNCHANGED)
    factors *= table.cross_town if work.cross_town else UNCHANGED
    factors *= table.repeated if work.repeated else UNCHANGED
    value = table.by_difficulty[work.difficulty] * factors / UNCHANGED**4
    value *= (people / STANDARD_PEOPLE) ** (table.people_exponent / 100)
    return max(1, int(value + 0.5))


def in_force(tables: Iterable[WeightTable], day: date) -> WeightTable:
    """The table that holds on a day: the last that has begun; the first one before any."""
    begun = (one for one in tables if one.valid_from <= day)
    return max(begun, key=lambda one: one.valid_from, default=FIRST_TABLE)


def problems_of(
    table: WeightTable, tables: Collection[WeightTable], *, today: date
) -> dict[str, StrEnum]:
    """What is wrong with a new table, by the field that it was entered in."""
    found: dict[str, StrEnum] = {}
    weights = [table.by_difficulty.get(one, 0) for one in Difficulty]
    if not all(1 <= one <= WEIGHT_MOST for one in weights):
        found["difficulty"] = FieldProblem.OUT_OF_RANGE
    factors = {
        "type_code": table.by_type.values(),
        "stage": table.by_stage.values(),
        "cross_town": [table.cross_town],
        "repeated": [table.repeated],
    }
    for name, values in factors.items():
        if not all(FACTOR_LEAST <= one <= FACTOR_MOST for one in values):
            found[name] = FieldProblem.OUT_OF_RANGE
    if Stage.CLOSED in table.by_stage:
        found["stage"] = FieldProblem.NOT_A_CHOICE
    if not 0 <= table.people_exponent <= EXPONENT_MOST:
        found["people_exponent"] = FieldProblem.OUT_OF_RANGE
    if table.valid_from < today:
        found["valid_from"] = FieldProblem.IN_PAST
    elif any(one.valid_from == table.valid_from for one in tables):
        found["valid_from"] = RuleProblem.SAME_DAY
    elif not found and in_force(tables, table.valid_from).numbers() == table.numbers():
        found["table"] = RuleProblem.NOTHING_CHANGES
    return found


# ----------------------------------------------------------------------------- who is there


def availability(
    tenths: int,
    *,
    away: Iterable[tuple[date, date]] = (),
    duty: Collection[date] = (),
    first_day: date,
    days: int = LOOKS_AHEAD,
    calendar: WorkCalendar,
) -> int:
    """How much of a full-time place is there for cases in the days ahead, in tenths, 0 to 10.

    `tenths` is the share of a place; `away` are absences, first and last day included; `duty` are
    days at the reception by the roster. Only worked days count. 0 is for who is not there at all:
    whoever is there for some hours has at least 1.
    """
    ahead = [first_day + timedelta(days=n) for n in range(days)]
    spans = list(away)
    worked = {day: calendar.halves(day) for day in ahead}
    if not any(worked.values()):
        # A holiday longer than the look ahead: who is on leave then is away all the same.
        worked = dict.fromkeys(ahead, FULL_DAY)
    free = sum(
        halves
        for day, halves in worked.items()
        if day not in duty and not any(first <= day <= last for first, last in spans)
    )
    if tenths <= 0 or free == 0:
        return 0
    share = tenths * free / sum(worked.values())
    return min(FULL_TIME, max(1, int(share + 0.5)))


def load_of(weight: int, available: int) -> float | None:
    """Standard cases per available full-time place; None where nobody is there.

    `weight` are points in tenths, duties included; `available` tenths of a place.
    """
    return weight / available if available > 0 else None


def room_of(capacity: int, *, tenths: int, available: int) -> float:
    """The points, in tenths, that a person can hold as far as they are there; 0 where they are not.

    `capacity`, in standard cases, is for their usual time `tenths`; leave and duty ahead lower it.
    """
    if available <= 0 or capacity <= 0 or tenths <= 0:
        return 0.0
    return capacity * STANDARD_CASE * min(1.0, available / tenths)


def filled_of(weight: int, capacity: int, *, tenths: int, available: int) -> float | None:
    """Points against what a person can hold: 1 is full. None where nobody is there."""
    room = room_of(capacity, tenths=tenths, available=available)
    return weight / room if room else None


class Band(StrEnum):
    """How full somebody is, or a committee together, where no figure of a person may be shown."""

    FREE = "free"  # 空闲
    NORMAL = "normal"  # 正常
    FULL = "full"  # 接近满负荷
    OVER = "over"  # 超负荷


def band_of(weight: int, room: float) -> Band | None:
    """The band of points, in tenths, in the room that there is for them; None without any room."""
    if room <= 0:
        return None
    filled = weight / room
    if filled > 1:
        return Band.OVER
    if filled >= FULL_FROM:
        return Band.FULL
    return Band.FREE if filled < FREE_BELOW else Band.NORMAL
