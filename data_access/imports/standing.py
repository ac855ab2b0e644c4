"""Where a stated case stands: its stage, its times, its deadline, and who holds it."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from types import MappingProxyType
from typing import Any

from data_access.imports.roster import Bench, Holder, Roster
from data_access.imports.rows import RowRefused
from data_access.imports.stated import StatedCase
from data_access.vault import Indexed, Vault
from data_access.weighing import points_of
from domain.cases import HELD_STAGES, Difficulty, Risk, Stage, difficulty_of
from domain.clocks import BEIJING, Clock, Deadline, Running, day_of
from domain.eligibility import CaseFacts, Objection
from domain.imports import (
    Note,
    RejectReason,
    outcome_by_method,
    risk_by_facts,
    stage_of,
)
from domain.loads import WeightTable
from domain.organisation import UnitLevel

# What is left to do once the parties agree.
SETTLED_STAGES = HELD_STAGES - {Stage.IN_MEDIATION}
_DEFAULTS = {
    "source_code": "S99",
    "scale_code": "01",
    "people_count": 2,
    "amount_yuan": None,
    "cross_town": False,
    "repeated": False,
}


@dataclass(frozen=True)
class Bearings:
    """What every row of a batch is judged with."""

    roster: Roster
    clock: Clock
    weights: WeightTable
    vault: Vault
    now: datetime


@dataclass(frozen=True)
class Hands:
    """Who a row's mediator and committee turned out to be."""

    holder: Holder | None
    bench: Bench | None
    _judge: Callable[[], bool]
    _recused: Callable[[], bool] = lambda: False

    @cached_property
    def may_take(self) -> bool:
        """Whether the mediator may take the case: judged only where it is asked."""
        return self._judge()

    @property
    def must_withdraw(self) -> bool:
        """Whether the mediator must withdraw from the case, open or settled."""
        return self._recused()


def full_facts(stated: StatedCase) -> dict[str, Any]:
    """The case's columns with a value for each: what the row says, or the county's defaults."""
    facts = {**_DEFAULTS, **stated.facts}
    facts.setdefault("risk", risk_by_facts(facts["scale_code"]).value)
    difficulty = facts.get("difficulty") or difficulty_of(
        facts["people_count"],
        amount_yuan=facts["amount_yuan"],
        risk=Risk(facts["risk"]),
        scale_code=facts["scale_code"],
    )
    facts["difficulty"] = Difficulty(difficulty)
    return facts


def find_hands(
    stated: StatedCase,
    facts: dict[str, Any],
    bearings: Bearings,
    notes: Counter[Note],
    barred: Mapping[int, frozenset[Objection]] = MappingProxyType({}),
) -> Hands:
    """Look up the mediator and the committee that a row names.

    `barred` are who must withdraw by what is known here already: other parties than the row names,
    what was merged into the case, a party's objection. No file brings the consent that would lift
    it, so imports know none.
    """
    roster = bearings.roster
    town_id, community_id = stated.position.town_id, stated.position.community_id
    of_case = roster.facts(
        town_id=town_id,
        community_id=community_id,
        type_code=facts["type_code"],
        weight=points_of(facts | {"stage": Stage.IN_MEDIATION}, bearings.weights),
    )
    bench = (
        roster.committee(stated.committee, town_id=town_id, community_id=community_id)
        if stated.committee
        else None
    )
    if stated.committee and bench is None:
        notes[Note.UNKNOWN_COMMITTEE] += 1
    holder = _holder(stated, bench, of_case, roster)
    if holder is None:
        if stated.mediator or stated.mediator_code:
            notes[Note.UNKNOWN_MEDIATOR] += 1
        return Hands(None, bench, lambda: False)

    def grounds() -> frozenset[Objection]:
        persons = {
            index for person in stated.persons for index in person.disclosing(bearings.vault)
        }
        unnumbered = {
            index
            for person in stated.persons
            if not person.identity and (index := person.index(Indexed.NAME, bearings.vault))
        }
        known = barred.get(holder.candidate.mediator_id, frozenset())
        return known | holder.grounds(persons, unnumbered)

    return Hands(
        holder,
        bench,
        lambda: roster.may_take(holder, of_case, grounds()),
        lambda: bool(grounds()),
    )


def _holder(
    stated: StatedCase, bench: Bench | None, of_case: CaseFacts, roster: Roster
) -> Holder | None:
    if not (stated.mediator or stated.mediator_code):
        return None
    return roster.mediator(
        code=stated.mediator_code,
        name=stated.mediator,
        committee=stated.committee,
        bench=bench,
        facts=of_case,
    )


def stand_new(
    stated: StatedCase, facts: dict[str, Any], bearings: Bearings, notes: Counter[Note]
) -> dict[str, Any]:
    """The columns of a new case that say where it stands. Raises RowRefused.

    A settled or closed case keeps the mediator that its source names: history is not judged. But a
    settled one is still to be looked after, and nobody does that who must withdraw from it.
    """
    hands = find_hands(stated, facts, bearings, notes)
    accepted = stated.registered_at is not None
    free = not stated.end.is_over and hands.may_take
    stage = stage_of(stated.end, accepted=accepted, has_mediator=free)
    if stage in SETTLED_STAGES and hands.holder is None:
        raise RowRefused("mediator", RejectReason.UNKNOWN_MEDIATOR)
    if stage in SETTLED_STAGES and hands.must_withdraw:
        raise RowRefused("mediator", RejectReason.RECUSED_MEDIATOR)
    over = stage is Stage.CLOSED or stage in SETTLED_STAGES
    kept = hands.holder if over or stage is Stage.IN_MEDIATION else None
    if hands.holder is not None and kept is None:
        notes[Note.MEDIATOR_NOT_ELIGIBLE] += not hands.may_take
    registered_at = stated.registered_at or _unstated_start(stated, bearings.now, over=over)
    values = {
        "stage": stage,
        "registered_at": registered_at,
        "mediator_id": kept.candidate.mediator_id if kept else None,
        "committee_id": kept.candidate.committee_id if kept else _serving(hands, stated),
        "held_since": registered_at if kept else None,
    }
    if stage is Stage.CLOSED:
        return values | _closing(stated, registered_at, bearings.now, notes)
    since = max(stated.closed_at or bearings.now, registered_at) if over else registered_at
    level = kept.candidate.level if kept else None
    due = due_of(stated, stage, facts["difficulty"], since, bearings.clock, level=level)
    if kept is not None and not over:
        bearings.roster.take(kept)
    if due.due_at <= bearings.now:
        notes[Note.ALREADY_LATE] += 1
    day = stated_day(stated, stage, since)
    clock = {
        "due_at": due.due_at,
        "soon_at": due.soon_at,
        "stated_due_on": day,
        "limit_level": level,
    }
    return values | {"stage_since": since} | clock


def _serving(hands: Hands, stated: StatedCase) -> int | None:
    """The committee of a case that nobody holds: the named one, while it works and serves there."""
    bench, position = hands.bench, stated.position
    if bench is None or not bench.active:
        return None
    return bench.id if bench.serves(position.town_id, position.community_id) else None


def _unstated_start(stated: StatedCase, now: datetime, *, over: bool) -> datetime:
    """When a case was registered that does not say: now, or with its occurrence if it is over."""
    if not over:
        return now
    return datetime.combine(stated.facts["occurred_on"], time.min, BEIJING)


def _closing(
    stated: StatedCase, registered_at: datetime, now: datetime, notes: Counter[Note]
) -> dict[str, Any]:
    if stated.closed_at is None:
        notes[Note.NO_CLOSING_DATE] += 1
    if stated.end.outcome_code is None:
        notes[Note.OUTCOME_ASSUMED] += 1
    # A day without a time begins at midnight, before the hour at which the case came in.
    closed_at = max(stated.closed_at or now, registered_at)
    return {
        "stage_since": closed_at,
        "closed_at": closed_at,
        "outcome_code": stated.end.outcome_code or outcome_by_method(stated.method_code),
        "due_at": None,
        "soon_at": None,
    }


def past_span(
    stated: StatedCase, standing: dict[str, Any], facts: dict[str, Any], clock: Clock
) -> dict[str, Any]:
    """What the interval before the present stage has of its own, of a case that had been settled
    or closed when it came: the stage that it spent that time in, when it ended, and the deadline
    of then, where the county had a limit. Empty where there was no such interval.
    """
    over, since = standing["stage"] is Stage.CLOSED, standing["stage_since"]
    settled = standing["stage"] in SETTLED_STAGES and since > standing["registered_at"]
    if not over and not settled:
        return {}
    stage = Stage.ACCEPTED if standing["mediator_id"] is None else Stage.IN_MEDIATION
    span = {"stage": stage, "ends_at": since, "due_at": None, "soon_at": None}
    try:
        due = due_of(stated, stage, facts["difficulty"], standing["registered_at"], clock)
    except RowRefused:
        return span
    return span | {"due_at": due.due_at, "soon_at": due.soon_at}


def stated_day(stated: StatedCase, stage: Stage, since: datetime) -> date | None:
    """The last day (化解时限) that the row states for a stage, where it is one."""
    if stated.due_day is None or stage in SETTLED_STAGES or stated.due_day < day_of(since):
        return None
    return stated.due_day


def due_of(
    stated: StatedCase,
    stage: Stage,
    difficulty: Difficulty,
    since: datetime,
    clock: Clock,
    *,
    level: UnitLevel | None = None,
    limit_on: date | None = None,
) -> Deadline:
    """The deadline of an open stage: the stated 化解时限 until the matter is settled, else the
    county's limit.

    Raises RowRefused where the county's table has no limit for that time.
    """
    day = stated_day(stated, stage, since)
    running = Running(stage, difficulty, since, day, level=level, limit_on=limit_on)
    try:
        return clock.due(running)
    except LookupError:
        raise RowRefused("registered_at", RejectReason.NO_LIMIT_THEN) from None
