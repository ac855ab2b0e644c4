"""The county goes on living: one small thing after another, beside a server and beside people.

Each beat is one transaction through the same rules and the same history as a person's deed. What
somebody else changed between the look and the deed is left alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access import history, reference
from data_access.commands.reassign import reassign_case
from data_access.demo import outcomes
from data_access.demo.arrivals import DAY
from data_access.demo.chance import Weighted, one_of, pick
from data_access.demo.county import plan_county
from data_access.demo.disputes import Intake
from data_access.demo.load import CASES_A_YEAR, SEED
from data_access.demo.mediation import NOTES
from data_access.demo.registration import register, unit_ids
from data_access.demo.worktime import WorkTime
from data_access.engine import Database
from data_access.queries.candidates import choice
from data_access.tables import Case
from data_access.tables.cases import IS_OPEN
from domain.cases import Difficulty, EventKind, ReassignReason, Stage
from domain.clocks import day_of
from domain.eligibility import Judged
from domain.errors import Refusal
from domain.people import Permission, system_actor

# Mean days in each stage, as the flow leaves them: a stage of n cases loses n / mean a day.
_STAGE_DAYS = {
    Stage.REGISTERED: 0.8,
    Stage.ACCEPTED: 0.5,
    Stage.IN_MEDIATION: 9.0,
    Stage.PERFORMANCE: 22.0,
    Stage.CONFIRMATION: 14.0,
}
_REASSIGNED_SHARE = 0.07
_PART_TIME_PATIENCE = 2
_BEST = 4
_LOOKED_AT = 3
_FALLBACK_TYPE = "99"


class BeatKind(StrEnum):
    """What a beat sets out to do."""

    ARRIVAL = "arrival"
    ACCEPTANCE = "acceptance"
    ASSIGNMENT = "assignment"
    MEDIATION = "mediation"
    PERFORMANCE = "performance"
    CONFIRMATION = "confirmation"
    REASSIGNMENT = "reassignment"


_MOVES = {
    Stage.REGISTERED: BeatKind.ACCEPTANCE,
    Stage.ACCEPTED: BeatKind.ASSIGNMENT,
    Stage.IN_MEDIATION: BeatKind.MEDIATION,
    Stage.PERFORMANCE: BeatKind.PERFORMANCE,
    Stage.CONFIRMATION: BeatKind.CONFIRMATION,
}


@dataclass(frozen=True, slots=True)
class Beat:
    """What happened: to which case, and whether it was done or left alone."""

    kind: BeatKind
    case_no: str
    done: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A case as it was looked at."""

    case_no: str
    version: int
    stage: Stage
    type_code: str
    difficulty: Difficulty
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Move:
    """What is to become of a case: event, stage, and the outcome where it has one by then."""

    kind: EventKind
    action: str
    stage: Stage
    outcome: str | None = None
    data: dict[str, str] = field(default_factory=dict)


class NoCountyError(Exception):
    """There is no demonstration county to keep alive."""


class Pulse:
    """Keeps a loaded demonstration county going.

    `clock` gives the present moment; `speed` multiplies how much happens, not how fast time runs.
    Equal seeds, clocks and databases make equal beats. Raises NoCountyError.
    """

    def __init__(
        self, db: Database, *, seed: int, clock: Callable[[], datetime], speed: float = 1.0
    ) -> None:
        self._db, self._clock, self._speed = db, clock, speed
        self._rng = np.random.default_rng([seed, 11])
        with db.read() as session:
            county_id = reference.county_id(session)
            demo_seed = reference.site_fact(session, "demo_seed")
            if county_id is None or demo_seed is None:
                raise NoCountyError
            self._county = plan_county(seed=SEED)
            self._ids = unit_ids(session, self._county, county_id=county_id)
            self._calendar = reference.load_clock(session).calendar
        self._intake = Intake(self._county, seed=[seed, 12])
        self._types = {kind.code: kind for kind in self._intake.types}
        self._type_shares = Weighted(
            self._intake.types, [kind.stream.share for kind in self._intake.types]
        )
        self._actor = system_actor(county_id)

    def pause(self) -> float:
        """Seconds until the next beat, drawn from how much there is to do now."""
        return float(self._rng.exponential(DAY / (sum(self._rates().values()) * self._speed)))

    def beat(self) -> Beat:
        """Let the next thing happen."""
        rates = self._rates()
        kind = pick(self._rng, list(rates), rates.values())
        if kind is BeatKind.ARRIVAL:
            return Beat(kind, self._arrive(), done=True)
        if kind is BeatKind.REASSIGNMENT:
            return self._attempt(kind, Stage.IN_MEDIATION)
        return self._attempt(kind, next(stage for stage, move in _MOVES.items() if move is kind))

    def _rates(self) -> dict[BeatKind, float]:
        """Beats a day of each kind."""
        with self._db.read() as session:
            waiting = dict(
                session.execute(
                    select(Case.stage, func.count())
                    .where(IS_OPEN, Case.county_id == self._ids.county, Case.paused == 0)
                    .group_by(Case.stage)
                ).all()
            )
        rates = {BeatKind.ARRIVAL: CASES_A_YEAR / 365.25}
        for stage, days in _STAGE_DAYS.items():
            if waiting.get(stage):
                rates[_MOVES[stage]] = waiting[stage] / days
        if BeatKind.MEDIATION in rates:
            rates[BeatKind.REASSIGNMENT] = rates[BeatKind.MEDIATION] * _REASSIGNED_SHARE
        return rates

    def _arrive(self) -> str:
        now = self._clock()
        time = WorkTime(self._calendar, first_day=day_of(now))
        at = int((now - time.moment(0)).total_seconds())
        kind = self._type_shares.pick(self._rng)
        dispute = self._intake.dispute(at, kind, office_open=time.is_open(at))

        def work(session: Session) -> str:
            number = register(
                session, dispute, county=self._county, ids=self._ids, time=time, actor=self._actor
            )
            if dispute.on_the_spot:
                scope = self._actor.scope(Permission.CASE_READ)
                case = history.load_for_change(session, number, scope=scope)
                self._apply(session, case, _closing(outcomes.ORAL), now)
            return number

        return self._db.write(work)

    def _attempt(self, kind: BeatKind, stage: Stage) -> Beat:
        seen = self._look(stage)
        if seen is None:
            return Beat(kind, "", done=False)
        try:
            if kind in {BeatKind.ASSIGNMENT, BeatKind.REASSIGNMENT}:
                return Beat(kind, seen.case_no, done=self._give(seen))
            self._move(seen)
        except Refusal:
            # Somebody else was faster, or a rule says no: the county lives on without this beat.
            return Beat(kind, seen.case_no, done=False)
        return Beat(kind, seen.case_no, done=True)

    def _look(self, stage: Stage) -> Seen | None:
        """The most urgent of a few cases of a stage."""
        columns = (Case.case_no, Case.version, Case.stage, Case.type_code, Case.difficulty)
        with self._db.read() as session:
            rows = session.execute(
                select(*columns, Case.outcome_code)
                .where(
                    IS_OPEN,
                    Case.county_id == self._ids.county,
                    Case.stage == stage,
                    Case.paused == 0,
                )
                .order_by(Case.due_at, Case.id)
            ).all()
        if not rows:
            return None
        return Seen(*rows[min(int(self._rng.integers(len(rows))) for _ in range(_LOOKED_AT))])

    def _give(self, seen: Seen) -> bool:
        """Assign or reassign, by the command that people use; False where nobody may take it."""
        now, scope = self._clock(), self._actor.scope(Permission.CASE_REASSIGN)
        with self._db.read() as session:
            judged = choice(session, scope=scope, case_no=seen.case_no, now=now).judged
        able = [one for one in judged if one.eligible and not _is_spared(one)][:_BEST]
        if not able:
            return False
        first = seen.stage is Stage.ACCEPTED
        reason = (
            ReassignReason.FIRST_ASSIGNMENT
            if first
            else one_of(self._rng, (ReassignReason.OVERLOAD, ReassignReason.PARTY_CHOICE))
        )
        reassign_case(
            self._db,
            case_no=seen.case_no,
            to_mediator_id=one_of(self._rng, able).candidate.mediator_id,
            reason=reason,
            note=one_of(self._rng, NOTES[reason]),
            expected_version=seen.version,
            actor=self._actor,
            now=now,
            key=f"pulse:{seen.case_no}:{seen.version}:{now.timestamp()}",
        )
        return True

    def _move(self, seen: Seen) -> None:
        """Take a case one stage on. Raises Conflict where it is not as it was looked at."""
        now, move = self._clock(), self._next(seen)

        def work(session: Session) -> None:
            scope = self._actor.scope(Permission.CASE_REASSIGN)
            case = history.load_for_change(session, seen.case_no, scope=scope)
            history.require_version(session, case, seen.version)
            self._apply(session, case, move, now)

        self._db.write(work)

    def _next(self, seen: Seen) -> Move:
        """How a case goes on from its stage."""
        match seen.stage:
            case Stage.REGISTERED:
                refused = outcomes.turned_away(self._rng)
                if refused:
                    return _closing(refused)
                return Move(EventKind.ACCEPTED, "case:accept", Stage.ACCEPTED)
            case Stage.IN_MEDIATION:
                return self._after_mediation(seen)
            case Stage.CONFIRMATION:
                data = {"confirmation": outcomes.VALID}
                return Move(
                    EventKind.CONFIRMED, "case:confirm", Stage.PERFORMANCE, seen.outcome, data
                )
            case _performed:
                return _closing(seen.outcome or outcomes.WRITTEN, outcomes.PERFORMED)

    def _after_mediation(self, seen: Seen) -> Move:
        kind = self._types.get(seen.type_code, self._types[_FALLBACK_TYPE])
        end = outcomes.ending(self._rng, kind, seen.difficulty)
        if not end.success:
            return _closing(end.outcome)
        if not (end.confirms or end.performs):
            return _closing(end.outcome, outcomes.PERFORMED_AT_ONCE)
        stage = Stage.CONFIRMATION if end.confirms else Stage.PERFORMANCE
        data = {"outcome": end.outcome}
        return Move(EventKind.SETTLED, "case:settle", stage, end.outcome, data)

    def _apply(self, session: Session, case: Case, move: Move, now: datetime) -> None:
        at = max(now, case.updated_at)
        values: dict[str, Any] = {"stage": move.stage, "stage_since": at}
        if move.outcome:
            values["outcome_code"] = move.outcome
        if move.stage is Stage.CLOSED:
            values |= {"is_open": 0, "closed_at": at, "due_at": None, "soon_at": None}
        else:
            clock = reference.load_clock(session)
            due = clock.deadline(move.stage, case.difficulty, start=at)
            values |= {"due_at": due.due_at, "soon_at": due.soon_at}
        what = history.Change(move.kind, move.action, values, dict(move.data))
        history.change(session, case, what, actor=self._actor, now=now)


def _closing(outcome: str, performance: str | None = None) -> Move:
    data = {"outcome": outcome} | ({"performance": performance} if performance else {})
    if outcomes.is_failure(outcome):
        return Move(EventKind.FAILED, "case:fail", Stage.CLOSED, outcome, data)
    return Move(EventKind.CLOSED, "case:close", Stage.CLOSED, outcome, data)


def _is_spared(judged: Judged) -> bool:
    """The part-time have two cases at most: the county's habit, not a rule."""
    candidate = judged.candidate
    return not candidate.full_time and candidate.open_cases >= _PART_TIME_PATIENCE
