"""The county goes on living: one small thing after another, beside a server and beside people.

Each beat is one deed by the command that people use, in the name of somebody who may do it there.
What somebody else changed between the look and the deed is left alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import case as either
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access import reference
from data_access.commands.reassign import reassign_case
from data_access.commands.red_events import acknowledge_red_event, record_response
from data_access.commands.register import register_case
from data_access.commands.steps import take_step
from data_access.demo import notes
from data_access.demo.arrivals import DAY
from data_access.demo.chance import Weighted, one_of, pick
from data_access.demo.choices import Choices, Chosen, Seen
from data_access.demo.county import plan_county
from data_access.demo.crew import Crew, Where
from data_access.demo.disputes import Dispute, Intake
from data_access.demo.errands import BeatKind, Errand, errands
from data_access.demo.load import CASES_A_YEAR, SEED
from data_access.demo.registration import taken_down, unit_ids
from data_access.demo.worktime import WorkTime
from data_access.engine import Database
from data_access.queries.candidates import choice
from data_access.queries.duplicates import duplicates_of
from data_access.stepping import standing
from data_access.tables import Case
from domain.cases import Likeness, ReassignReason, Stage
from domain.clocks import day_of
from domain.eligibility import Judged
from domain.errors import Refusal
from domain.people import SYSTEM_USER_ID, Actor, Permission
from domain.transitions import TRANSITIONS, Action

_PART_TIME_PATIENCE = 2
_BEST = 4
_LOOKED_AT = 3
# Of disputes that come in, how many somebody else has brought already.
_BROUGHT_TWICE, _RECOGNISED = 0.014, 0.9
_SAME_PERSONS = {Likeness.IDENTITY, Likeness.PHONE}
_MERGEABLE = TRANSITIONS[Action.MERGE].sources


@dataclass(frozen=True, slots=True)
class Beat:
    """What happened: to which case, whether it was done, and by what it was refused where not."""

    kind: BeatKind
    case_no: str
    done: bool
    refused: str = ""


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
        self._choices = Choices({kind.code: kind for kind in self._intake.types}, self._rng)
        self._type_shares = Weighted(
            self._intake.types, [kind.stream.share for kind in self._intake.types]
        )
        self._last: Dispute | None = None

    def pause(self) -> float:
        """Seconds until the next beat, drawn from how much there is to do now."""
        rates = self._rates(errands(self._clock()))
        return float(self._rng.exponential(DAY / (sum(rates.values()) * self._speed)))

    def beat(self) -> Beat:
        """Let the next thing happen."""
        now = self._clock()
        waiting = errands(now)
        rates = self._rates(waiting)
        kind = pick(self._rng, list(rates), rates.values())
        if kind is BeatKind.ARRIVAL:
            return self._arrive(now)
        return self._run(next(one for one in waiting if one.kind is kind), now)

    def _rates(self, waiting: tuple[Errand, ...]) -> dict[BeatKind, float]:
        """Beats a day of each kind."""
        counts = [func.sum(either((one.of, 1), else_=0)) for one in waiting]
        with self._db.read() as session:
            row = session.execute(select(*counts).where(Case.county_id == self._ids.county)).one()
        rates = {BeatKind.ARRIVAL: CASES_A_YEAR / 365.25}
        for errand, count in zip(waiting, row, strict=True):
            if count:
                rates[errand.kind] = int(count) / errand.days
        return rates

    def _arrive(self, now: datetime) -> Beat:
        time = WorkTime(self._calendar, first_day=day_of(now))
        at = int((now - time.moment(0)).total_seconds())
        kind = self._type_shares.pick(self._rng)
        dispute = self._intake.dispute(at, kind, office_open=time.is_open(at))
        if self._last is not None and self._rng.random() < _BROUGHT_TWICE:
            dispute = self._last
        elif not dispute.on_the_spot:
            self._last = dispute
        new = taken_down(
            dispute,
            county=self._county,
            grids=self._ids.grids,
            today=day_of(now),
            settled=one_of(self._rng, notes.ON_THE_SPOT) if dispute.on_the_spot else "",
        )
        where = Where(
            self._ids.towns[self._county.town_of(dispute.community)],
            self._ids.communities[dispute.community],
            new.unit_id,
        )
        actor = self._who(Permission.CASE_REGISTER, where, now)
        # Nobody registers as many cases at one moment that this would not tell them apart.
        key = f"pulse:{new.unit_id}:{now.timestamp()}"
        done = register_case(self._db, new=new, actor=actor, now=now, key=key)
        return Beat(BeatKind.ARRIVAL, done.case_no, done=True)

    def _run(self, errand: Errand, now: datetime) -> Beat:
        seen = self._look(errand)
        if seen is None:
            return Beat(errand.kind, "", done=False)
        try:
            if errand.kind in {BeatKind.ASSIGNMENT, BeatKind.REASSIGNMENT}:
                return Beat(errand.kind, seen.case_no, done=self._give(seen, now))
            if errand.kind in {BeatKind.ACKNOWLEDGEMENT, BeatKind.RESPONSE}:
                return Beat(errand.kind, seen.case_no, done=self._answer(errand.kind, seen, now))
            self._take(seen, self._next(errand.kind, seen, now), now)
        except Refusal as refusal:
            # Somebody else was faster, or a rule says no: the county lives on without this beat.
            return Beat(errand.kind, seen.case_no, done=False, refused=type(refusal).__name__)
        return Beat(errand.kind, seen.case_no, done=True)

    def _look(self, errand: Errand) -> Seen | None:
        """The most urgent of a few cases that an errand is for; of closed ones any."""
        ids = select(Case.id).where(Case.county_id == self._ids.county, errand.of)
        with self._db.read() as session:
            found = session.scalars(ids.order_by(Case.due_at, Case.id)).all()
            if not found:
                return None
            place = min(int(self._rng.integers(len(found))) for _ in range(_LOOKED_AT))
            return _seen(session, session.get_one(Case, (self._ids.county, found[place])))

    def _next(self, kind: BeatKind, seen: Seen, now: datetime) -> Chosen:
        if kind is BeatKind.ACCEPTANCE:
            twin = self._twin(seen, now)
            if twin and self._rng.random() < _RECOGNISED:
                return self._choices.merge(twin)
        return self._choices.step(kind, seen, now=now)

    def _twin(self, seen: Seen, now: datetime) -> str | None:
        """An earlier case of the same persons and type at the same place that still goes on."""
        scope = self._who(Permission.CASE_ACCEPT, seen.where, now).scope(Permission.CASE_ACCEPT)
        with self._db.read() as session:
            likely = duplicates_of(session, scope=scope, case_no=seen.case_no)
        for one in likely:
            same = {*one.likeness} & _SAME_PERSONS and Likeness.PLACE_AND_TYPE in one.likeness
            if same and one.stage in _MERGEABLE and one.case_no < seen.case_no:
                return one.case_no
        return None

    def _give(self, seen: Seen, now: datetime) -> bool:
        """Assign or reassign; False where nobody may take it."""
        actor = self._who(Permission.CASE_REASSIGN, seen.where, now)
        scope = actor.scope(Permission.CASE_REASSIGN)
        with self._db.read() as session:
            judged = choice(session, scope=scope, case_no=seen.case_no, now=now).judged
        able = [one for one in judged if one.eligible and not _is_spared(one)][:_BEST]
        if not able:
            return False
        first = seen.standing.stage is Stage.ACCEPTED
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
            note=one_of(self._rng, notes.REASONS[reason]),
            expected_version=seen.version,
            actor=actor,
            now=now,
            key=_key(seen, now),
        )
        return True

    def _answer(self, kind: BeatKind, seen: Seen, now: datetime) -> bool:
        """Take notice of a red event, or say what is done about it; False without anybody to name.

        The product itself may stand in for a missing account here as elsewhere, but it answers for
        no response.
        """
        actor = self._who(Permission.CASE_ACCEPT, seen.where, now)
        if kind is BeatKind.RESPONSE and actor.user_id == SYSTEM_USER_ID:
            return False
        asked: dict[str, Any] = {
            "case_no": seen.case_no,
            "expected_version": seen.version,
            "actor": actor,
            "now": now,
            "key": _key(seen, now),
        }
        if kind is BeatKind.ACKNOWLEDGEMENT:
            said = one_of(self._rng, notes.ACKNOWLEDGED)
            acknowledge_red_event(self._db, note=said, **asked)
        else:
            measures = one_of(self._rng, notes.MEASURES)
            record_response(
                self._db, responsible_id=actor.user_id, begun_at=now, note=measures, **asked
            )
        return True

    def _take(self, seen: Seen, chosen: Chosen, now: datetime) -> None:
        """Take a step of the table. Raises Conflict where the case is not as it was looked at."""
        take_step(
            self._db,
            case_no=seen.case_no,
            action=chosen.action,
            given=chosen.given,
            expected_version=seen.version,
            actor=self._who(
                TRANSITIONS[chosen.action].permission,
                seen.where,
                now,
                # Nobody answers what they asked for themselves.
                but=seen.standing.asked_by,
            ),
            now=now,
            key=_key(seen, now),
        )

    def _who(
        self, permission: Permission, where: Where, now: datetime, *, but: int | None = None
    ) -> Actor:
        """Whoever may do it there now: accounts are opened, closed and moved meanwhile."""
        with self._db.read() as session:
            crew = Crew(session, county_id=self._ids.county, now=now)
        return crew.who(permission, where, but=but)


def _seen(session: Session, case: Case) -> Seen:
    return Seen(
        case.case_no,
        case.version,
        standing(session, case),
        Where(case.town_id, case.community_id, case.grid_id, case.committee_id, case.mediator_id),
        case.difficulty,
        case.due_at,
        case.supervised,
    )


def _key(seen: Seen, now: datetime) -> str:
    return f"pulse:{seen.case_no}:{seen.version}:{now.timestamp()}"


def _is_spared(judged: Judged) -> bool:
    """The part-time have two cases at most: the county's habit, not a rule."""
    candidate = judged.candidate
    return not candidate.full_time and candidate.open_cases >= _PART_TIME_PATIENCE
