"""Changes of the county's rules: a new limit, a rule withdrawn, and what that makes of the table.

A rule is never edited: it is ended by the next one for the same cases, so that every past deadline
can be told with the rule of its day.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from domain.cases import FieldProblem, Stage
from domain.clocks import Clock, Deadline, Limit, Running, day_of
from domain.organisation import UnitLevel

AMOUNT_MOST = 365
SOURCE_SHORTEST = 2
SOURCE_LONGEST = 120
NOTE_SHORTEST, NOTE_LONGEST = 2, 60
REASON_SHORTEST, REASON_LONGEST = 4, 200
# On which levels a committee can hold a case; a grid has none.
LEVELS = (UnitLevel.COUNTY, UnitLevel.TOWN, UnitLevel.COMMUNITY)
# Stages that begin before anybody holds the case: a rule for a level would never hold there.
BEFORE_ANYBODY = frozenset({Stage.REGISTERED, Stage.ACCEPTED})


class RuleKind(StrEnum):
    """What a change of the rules changed."""

    CALENDAR = "calendar"  # 工作日历
    LIMITS = "limits"  # 时限
    WEIGHTS = "weights"  # 案件计点


class RuleProblem(StrEnum):
    """Why a change of the rules cannot be taken as entered."""

    SAME_DAY = "same_day"  # a rule for the same cases begins on that day already
    OPEN_CASES_LATER = "open_cases_later"  # nobody knows yet which cases will be in the stage then
    HAS_BEGUN = "has_begun"  # deadlines rest on it
    LEVEL_BEFORE_HOLDER = "level_before_holder"  # nobody holds a case in that stage
    NOTHING_CHANGES = "nothing_changes"
    NOT_UNDERSTOOD = "not_understood"  # a passage of the notice
    OTHER_YEAR = "other_year"  # the notice is for another year


def for_same_cases(one: Limit, other: Limit) -> bool:
    """Whether two rules are about the same stage, difficulty and level."""
    return (one.stage, one.difficulty, one.level) == (other.stage, other.difficulty, other.level)


def goes_before(one: Limit, other: Limit) -> bool:
    """Whether a rule holds before another for cases that both are for: it is more special."""
    meet = one.stage is other.stage and all(
        None in pair or pair[0] is pair[1]
        for pair in ((one.difficulty, other.difficulty), (one.level, other.level))
    )
    special, less = ((rule.difficulty is not None, rule.level is not None) for rule in (one, other))
    return meet and special > less


def problems_of(rule: Limit, limits: Sequence[Limit], *, today: date) -> dict[str, StrEnum]:
    """What is wrong with a new rule, by the field that it was entered in."""
    found: dict[str, StrEnum] = {}
    if rule.stage is Stage.CLOSED:
        found["stage"] = FieldProblem.NOT_A_CHOICE
    if rule.level is not None and rule.level not in LEVELS:
        found["unit_level"] = FieldProblem.NOT_A_CHOICE
    if rule.level is not None and rule.stage in BEFORE_ANYBODY:
        found["unit_level"] = RuleProblem.LEVEL_BEFORE_HOLDER
    if not 1 <= rule.amount <= AMOUNT_MOST:
        found["amount"] = FieldProblem.OUT_OF_RANGE
    if not rule.source:
        found["source"] = FieldProblem.MISSING
    elif len(rule.source) < SOURCE_SHORTEST:
        found["source"] = FieldProblem.TOO_SHORT
    elif len(rule.source) > SOURCE_LONGEST:
        found["source"] = FieldProblem.TOO_LONG
    if rule.valid_from < today:
        found["valid_from"] = FieldProblem.IN_PAST
    elif any(for_same_cases(one, rule) and one.valid_from == rule.valid_from for one in limits):
        found["valid_from"] = RuleProblem.SAME_DAY
    return found


def amended(limits: Sequence[Limit], rule: Limit) -> tuple[Limit, ...]:
    """The table with one more rule: it ends the one before it and ends where the next begins."""
    alike = [one for one in limits if for_same_cases(one, rule)]
    later = [one.valid_from for one in alike if one.valid_from > rule.valid_from]
    return (
        *(_ended(one, rule) if one in alike else one for one in limits),
        replace(rule, valid_to=min(later, default=None)),
    )


def _ended(one: Limit, rule: Limit) -> Limit:
    before = one.valid_from < rule.valid_from
    if before and (one.valid_to is None or one.valid_to > rule.valid_from):
        return replace(one, valid_to=rule.valid_from)
    return one


def withdrawn(limits: Sequence[Limit], rule: Limit) -> tuple[Limit, ...]:
    """The table without a rule: the one that it would have ended goes on as long as it would."""
    return tuple(
        replace(one, valid_to=rule.valid_to)
        if for_same_cases(one, rule) and one.valid_to == rule.valid_from
        else one
        for one in limits
        if one != rule
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """An open case as its clock stands: what it runs under, and the deadline that is stored.

    `parked_at` is since when the clock stands still, None where it runs; `running` is without that
    pause, as the stored deadline is. `asked`: more days were asked for and nobody answered yet.
    """

    running: Running
    stored: Deadline
    parked_at: datetime | None = None
    asked: bool = False

    def is_late(self, due_at: datetime, *, now: datetime) -> bool:
        """Whether it would be late now if it were due then; what stands still ages no further."""
        return due_at <= (self.parked_at or now)

    @property
    def counts_days(self) -> bool:
        """Whether days were granted or asked for: as they were meant, in the rule's unit."""
        return self.asked or self.running.extended > 0


def moved_to(
    standing: Standing,
    after: Clock,
    *,
    now: datetime,
    rule: Limit | None = None,
    open_cases: bool = False,
) -> tuple[Deadline, date | None]:
    """The deadline of an open case under changed rules, and the day whose rule it is under.

    `rule` is the new one of the table, `open_cases` whether those already in its stage take it
    over. A case that is late keeps what it has: a verdict is not rewritten. So does one with days
    granted or asked for in another unit: they would become other days.
    """
    running = standing.running
    if rule is not None and _is_for(running, after, rule):
        if _keeps_old(standing, after, rule, open_cases=open_cases, now=now):
            running = replace(running, limit_on=_old_day(running, rule))
        elif open_cases and _begun_on(running) < rule.valid_from:
            running = replace(running, limit_on=rule.valid_from)
    return after.due(running), running.limit_on


def keeps(
    standing: Standing, after: Clock, rule: Limit, *, now: datetime, open_cases: bool = False
) -> bool:
    """Whether a case stays under its old rule although the new one would hold for it."""
    return _is_for(standing.running, after, rule) and _keeps_old(
        standing, after, rule, open_cases=open_cases, now=now
    )


def _begun_on(running: Running) -> date:
    return running.limit_on or day_of(running.start)


def _old_day(running: Running, rule: Limit) -> date | None:
    """The day whose rule it is under without the new one."""
    if _begun_on(running) < rule.valid_from:
        return running.limit_on
    return rule.valid_from - timedelta(days=1)


def _is_for(running: Running, after: Clock, rule: Limit) -> bool:
    """Whether the table names the rule for a case in this stage, from the rule's day on."""
    if running.stated_due_on is not None or running.stage is not rule.stage:
        return False
    on = max(_begun_on(running), rule.valid_from)
    under = after.limit(replace(running, limit_on=on))
    return for_same_cases(under, rule) and under.valid_from == rule.valid_from


def _keeps_old(
    standing: Standing, after: Clock, rule: Limit, *, open_cases: bool, now: datetime
) -> bool:
    """Of a case that the rule is for: whether it keeps the rule before all the same."""
    running = standing.running
    begun_before = _begun_on(running) < rule.valid_from
    if begun_before and not open_cases:
        return False
    if begun_before and standing.is_late(standing.stored.due_at, now=now):
        return True
    old = after.limit(replace(running, limit_on=_old_day(running, rule)))
    return standing.counts_days and old.unit is not rule.unit
