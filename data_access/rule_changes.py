"""What every change of the work calendar, the limits or the weights has in common.

It is looked at before it is applied, and applied as it was looked at: one transaction, one line in
the trail, and of every open case that moves its own version, event and interval.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access import audit, deadlines, idempotency
from data_access.deadlines import DeadlineMove
from data_access.engine import Database, vault_of
from data_access.reference import load_clock
from data_access.tables import LimitRule, RuleChange, WorkDay
from domain.cases import FieldProblem
from domain.clocks import Clock, Limit, day_of
from domain.errors import Invalid, NotAllowed, PreviewOutdated
from domain.limits import (
    NOTE_LONGEST,
    NOTE_SHORTEST,
    REASON_LONGEST,
    REASON_SHORTEST,
    RuleKind,
    RuleProblem,
    amended,
    problems_of,
)
from domain.people import Actor, Permission, Scope
from domain.work_calendar import FULL_DAY, NamedDay

_EARLIEST = date(2020, 1, 1)
# Deadlines reach a year ahead; a day further off is a slip of the pen.
_YEARS_AHEAD = 3


@dataclass(frozen=True, slots=True)
class Applied:
    """What a change of the rules came to."""

    change_id: int
    moved: int
    kept: int


@dataclass(frozen=True, slots=True)
class Planned:
    """The cases that a change of the rules moves, and how many stay under their old rule."""

    moves: list[DeadlineMove]
    kept: int

    def require_as_seen(self, fingerprint: str) -> None:
        """Raise PreviewOutdated unless it is what somebody looked at."""
        if deadlines.fingerprint(self.moves, self.kept) != fingerprint:
            raise PreviewOutdated


@dataclass(frozen=True, slots=True)
class DayChange:
    """A day that is said to be something else than before. `before` is None for the plain week."""

    before: NamedDay | None
    after: NamedDay


def require_keeper(scope: Scope) -> None:
    """The rules hold for the whole county; a permission for a part of it does not suffice."""
    if not scope.whole_county:
        raise NotAllowed(Permission.RULES_KEEP)


def checked_reason(reason: str) -> str:
    """The reason, tidied. Raises Invalid."""
    reason = reason.strip()
    if not reason:
        raise Invalid(reason=FieldProblem.MISSING)
    if len(reason) < REASON_SHORTEST:
        raise Invalid(reason=FieldProblem.TOO_SHORT)
    if len(reason) > REASON_LONGEST:
        raise Invalid(reason=FieldProblem.TOO_LONG)
    return reason


def require_valid_days(days: Sequence[NamedDay], *, now: datetime) -> None:
    """Raise Invalid where a day, its half days or its note cannot be taken."""
    latest = date(now.year + _YEARS_AHEAD, 12, 31)
    if not days:
        raise Invalid(calendar=RuleProblem.NOTHING_CHANGES)
    for one in days:
        if not _EARLIEST <= one.day <= latest:
            raise Invalid(day=FieldProblem.OUT_OF_RANGE)
        if not 0 <= one.halves <= FULL_DAY:
            raise Invalid(calendar=FieldProblem.NOT_A_CHOICE)
        if not one.note.strip():
            raise Invalid(day_name=FieldProblem.MISSING)
        if not NOTE_SHORTEST <= len(one.note) <= NOTE_LONGEST:
            short = len(one.note) < NOTE_SHORTEST
            raise Invalid(day_name=FieldProblem.TOO_SHORT if short else FieldProblem.TOO_LONG)


def require_valid_rule(session: Session, rule: Limit, *, open_cases: bool, now: datetime) -> None:
    """Raise Invalid with the problem of each field that cannot be taken."""
    limits, today = load_clock(session).limits, day_of(now)
    problems = problems_of(rule, limits, today=today)
    if open_cases and rule.valid_from > today:
        problems["open_cases"] = RuleProblem.OPEN_CASES_LATER
    if problems:
        raise Invalid(**problems)


def changed_days(session: Session, days: Sequence[NamedDay], *, official: bool) -> list[DayChange]:
    """Those of the days that the calendar does not say already, in order."""
    rows = session.execute(
        select(WorkDay.day, WorkDay.halves, WorkDay.note, WorkDay.official).where(
            WorkDay.day.in_([one.day for one in days])
        )
    )
    known: dict[date, Any] = {row.day: row for row in rows}
    found = []
    for one in sorted(days, key=lambda one: one.day):
        row = known.get(one.day)
        if row is None:
            found.append(DayChange(None, one))
        elif (row.halves, row.note) != (one.halves, one.note) or (official and not row.official):
            found.append(DayChange(NamedDay(row.day, row.halves, row.note), one))
    return found


def plan_days(
    session: Session, days: Sequence[NamedDay], *, county_id: int, now: datetime
) -> Planned:
    """What moves when these days are as they are said to be."""
    clock = load_clock(session)
    after = Clock(clock.limits, clock.calendar.with_days(days))
    return Planned(*deadlines.find_moves(session, after, county_id=county_id, now=now))


def plan_limit(
    session: Session, rule: Limit, *, open_cases: bool, county_id: int, now: datetime
) -> Planned:
    """What moves when a rule is added; `open_cases` take it over where they are not late."""
    clock = load_clock(session)
    after = Clock(amended(clock.limits, rule), clock.calendar)
    found = deadlines.find_moves(
        session, after, county_id=county_id, now=now, rule=rule, open_cases=open_cases
    )
    return Planned(*found)


@dataclass(frozen=True, slots=True)
class Amendment:
    """A change of the rules: of which kind, what was set, for what reason, by whom and when."""

    kind: RuleKind
    data: dict[str, Any]
    reason: str
    actor: Actor
    now: datetime


def change_once(
    db: Database,
    apply: Callable[[Session], Applied],
    *,
    operation: str,
    request: dict[str, Any],
    actor: Actor,
    now: datetime,
    key: str,
) -> Applied:
    """Apply a change while nobody reckons a deadline; a retry gets the first answer.

    Raises KeyReused, and whatever `apply` raises: then nothing has changed.
    """

    def work(session: Session) -> Applied:
        deadlines.hold_rules(session, county_id=actor.county_id)
        answer = idempotency.once(
            session,
            key,
            lambda: asdict(apply(session)),
            actor=actor,
            operation=operation,
            request=request,
            now=now,
        )
        return Applied(**answer)

    return db.write(work)


def record(session: Session, change: Amendment, *, moved: int, kept: int) -> int:
    """The change's own row, with its reason encrypted. Returns its id."""
    row = RuleChange(
        county_id=change.actor.county_id,
        kind=change.kind,
        at=change.now,
        actor_id=change.actor.user_id,
        moved=moved,
        kept=kept,
        data=change.data,
        reason_encrypted=None,
    )
    session.add(row)
    session.flush()
    # Where it is encrypted is part of the seal, and only the database knows the change's number.
    row.reason_encrypted = vault_of(session).encrypt(change.reason, place=reason_place(row.id))
    session.flush()
    return row.id


def reason_place(change_id: int) -> str:
    """The place that a change's reason is encrypted at."""
    return f"rule_change.reason:{change_id}"


def carry_out(
    session: Session, planned: Planned, change: Amendment, *, change_id: int, deed: audit.Deed
) -> Applied:
    """Move every case and tell it in one line of the trail."""
    moves, actor, now = planned.moves, change.actor, change.now
    deadlines.move(session, moves, change_id=change_id, kind=change.kind, actor=actor, now=now)
    stamp = audit.append(session, [deed], actor=actor, at=now, changes_data=True)
    ids = [one.case.id for one in moves]
    deadlines.write_spans(session, ids, county_id=actor.county_id, recorded_seq=stamp.data_seq)
    return Applied(change_id, len(moves), planned.kept)


def payload_of(planned: Planned, data: dict[str, Any]) -> dict[str, Any]:
    """What the one line of the trail keeps: what was set, how many it moved, and a fingerprint."""
    return {
        **data,
        "moved": len(planned.moves),
        "kept": planned.kept,
        "fingerprint": deadlines.fingerprint(planned.moves, planned.kept),
    }


def rule_data(rule: Limit) -> dict[str, Any]:
    """A rule as JSON: codes, a number, days. Its source is the rule's own."""
    return {
        "stage": rule.stage,
        "difficulty": rule.difficulty,
        "unit_level": rule.level,
        "amount": rule.amount,
        "unit": rule.unit,
        "valid_from": rule.valid_from.isoformat(),
    }


def limit_row(session: Session, rule: Limit) -> LimitRule | None:
    """The stored rule of the same cases that begins on the same day."""
    return session.scalar(
        select(LimitRule).where(
            LimitRule.stage == rule.stage,
            LimitRule.difficulty.is_not_distinct_from(rule.difficulty),
            LimitRule.level.is_not_distinct_from(rule.level),
            LimitRule.valid_from == rule.valid_from,
        )
    )
