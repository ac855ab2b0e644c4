"""What a plan of reassignments is made from: the chosen cases, everybody in reach, and their loads.

Only the chosen cases may move. What else the people in reach hold stays where it is, but stands in
their queues, because it decides which cases will be late.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from data_access.locks import HeldBy, locks_of
from data_access.paces import days_left, effort_of, paces_of
from data_access.queries import queue
from data_access.queries.loads import places, working_tenths
from data_access.queries.queue import QueueRow
from data_access.reach import reach
from data_access.recusal import standing_grounds
from data_access.reference import load_clock
from data_access.scope import cases_within
from data_access.tables import Case, CaseType, Committee, Mediator
from data_access.tables.cases import IS_OPEN
from domain.balancing import Lock as PlanLock
from domain.balancing import Person, Pool, Work
from domain.cases import Stage, objections_to_move
from domain.clocks import Running
from domain.eligibility import (
    RECUSALS,
    Candidate,
    CaseFacts,
    Objection,
    covers,
    distance,
    has_jurisdiction,
    objections,
)
from domain.locks import Lock
from domain.people import Scope

_CANNOT_KEEP = RECUSALS | {Objection.LEFT_POST, Objection.LICENCE_OVER}
# Does not depend on the case, or is asked of the plan as a whole.
_NOT_ASKED = {Objection.ALREADY_HOLDS, Objection.AT_CAPACITY}


@dataclass(frozen=True, slots=True)
class Planning:
    """The pool of a plan with what a screen shows of it, of one moment.

    `rows` are the chosen cases that can be moved at all, by id; `stuck` those that cannot, by
    number, with why; `locks` what holds which of them. `people` are all in reach, by id; `recused`
    are the chosen cases whose holder must withdraw.
    """

    pool: Pool
    rows: Mapping[int, QueueRow]
    stuck: Mapping[str, tuple[StrEnum, ...]]
    locks: Mapping[int, frozenset[Lock]]
    people: Mapping[int, Candidate]
    recused: frozenset[int]


def planning(
    session: Session,
    *,
    scope: Scope,
    case_nos: Collection[str],
    now: datetime,
    assigner: int | None = None,
    supervise: Scope | None = None,
) -> Planning:
    """All that a plan for these cases needs, in a fixed number of statements.

    `scope` is that of CASE_REASSIGN; what lies outside of it is not among the rows. No consent that
    `assigner` approved lets anybody pass. Pinned cases outside of `supervise` stay with whoever
    holds them, unless they must not; None: whoever asks may have a reason to move them.
    """
    rows, stuck = {}, {}
    for row in queue.rows_of(session, scope=scope, case_nos=case_nos, now=now):
        if no := objections_to_move(row.stage, parked=row.paused):
            stuck[row.case_no] = tuple(no)
        else:
            rows[row.case_id] = row
    cases = _Cases(session, rows, scope.county_id, now=now, assigner=assigner)
    cases.hold_fast(session, supervise)
    people = _people(session, cases, scope.county_id, now)
    pool = _Making(session, cases, people, scope.county_id, now).pool()
    locks = {case_id: held.locks for case_id, held in cases.held.items()}
    return Planning(pool, rows, stuck, locks, people, cases.recused())


class _Cases:
    """The chosen cases, as eligibility and locks see them."""

    def __init__(
        self,
        session: Session,
        rows: Mapping[int, QueueRow],
        county_id: int,
        *,
        now: datetime,
        assigner: int | None,
    ) -> None:
        self.rows = rows
        self.fast: frozenset[int] = frozenset()
        ids = list(rows)
        self.held: dict[int, HeldBy] = locks_of(session, ids, county_id=county_id, now=now)
        self.grounds = standing_grounds(session, ids, county_id=county_id, assigner=assigner)
        special = set(session.scalars(select(CaseType.code).where(CaseType.needs_specialist)))
        found = session.execute(
            select(Case.id, Case.town_id, Case.community_id, Case.type_code, Case.weight).where(
                Case.county_id == county_id, Case.id.in_(ids)
            )
        )
        self.facts = {
            one.id: CaseFacts(
                one.town_id,
                one.community_id,
                one.type_code,
                one.type_code in special,
                rows[one.id].mediator_id,
                one.weight,
                self.held[one.id].locks,
                self.held[one.id].chosen_id,
            )
            for one in found
        }

    def hold_fast(self, session: Session, supervise: Scope | None) -> None:
        """Keep what is pinned where it is, but for what this scope has."""
        pinned = {case_id for case_id, held in self.held.items() if Lock.PINNED in held.locks}
        if supervise is None or not pinned:
            return
        theirs = session.scalars(
            select(Case.id).where(
                Case.county_id == supervise.county_id,
                Case.id.in_(sorted(pinned)),
                cases_within(supervise),
            )
        )
        self.fast = frozenset(pinned.difference(theirs))

    def recused(self) -> frozenset[int]:
        """The cases that are with somebody who must withdraw from them."""
        holders = {case_id: facts.mediator_id for case_id, facts in self.facts.items()}
        return frozenset(
            case_id
            for case_id, holder in holders.items()
            if holder is not None and self.grounds.get(case_id, {}).get(holder)
        )


def _people(session: Session, cases: _Cases, county_id: int, now: datetime) -> dict[int, Candidate]:
    """Who could get any of the cases, and who holds them."""
    towns = sorted({one.town_id for one in cases.facts.values()})
    holders = sorted({one.mediator_id for one in cases.facts.values() if one.mediator_id})
    serving = and_(
        or_(Committee.town_id.in_(towns), Committee.town_id.is_(None)),
        Mediator.active,
        Committee.active,
    )
    who = or_(serving, Mediator.id.in_(holders))
    found = reach(session, who, county_id=county_id, now=now)
    return {one.mediator_id: one for one in found}


class Fitting:
    """Who of some people may have a case by its place and its type, before all that is personal.

    A county has few places and types for its cases, so that each is asked once.
    """

    def __init__(self, people: Iterable[Candidate]) -> None:
        self._people = tuple(people)
        self._by_place: dict[tuple[int, int | None], frozenset[int]] = {}
        self._by_type: dict[tuple[str, bool], frozenset[int]] = {}

    def of(self, facts: CaseFacts) -> frozenset[int]:
        """The ids of those whose committee serves the place and whose specialities cover it."""
        place = (facts.town_id, facts.community_id)
        if place not in self._by_place:
            self._by_place[place] = frozenset(
                one.mediator_id for one in self._people if has_jurisdiction(one, facts)
            )
        kind = (facts.type_code, facts.needs_specialist)
        if kind not in self._by_type:
            self._by_type[kind] = frozenset(
                one.mediator_id for one in self._people if covers(one, facts)
            )
        return self._by_place[place] & self._by_type[kind]


class _Making:
    """Puts the pool together."""

    def __init__(
        self,
        session: Session,
        cases: _Cases,
        people: Mapping[int, Candidate],
        county_id: int,
        now: datetime,
    ) -> None:
        self._session, self._cases, self._people = session, cases, people
        self._county_id, self._now = county_id, now
        self._clock = load_clock(session)
        self._fitting = Fitting(one for one in people.values() if _free(one))

    def pool(self) -> Pool:
        """The people and works, and how far each person is from what they may get."""
        if not self._cases.facts:
            return Pool((), ())
        rows = self._held()
        works = tuple(self._work(row) for row in rows)
        steps = {
            (work.case_id, mediator_id): float(
                distance(self._people[mediator_id], self._cases.facts[work.case_id])
            )
            for work in works
            if work.case_id in self._cases.facts
            for mediator_id in work.eligible
        }
        return Pool(self._persons(rows), works, steps)

    def _held(self) -> list[Any]:
        """The chosen cases, and what the people in reach are working on beside them."""
        at_work = and_(
            Case.mediator_id.in_(sorted(self._people)),
            Case.stage.in_((Stage.IN_MEDIATION, Stage.AGREEMENT)),
            Case.paused == 0,
        )
        return list(
            self._session.execute(
                select(
                    Case.id,
                    Case.mediator_id,
                    Case.weight,
                    Case.stage,
                    Case.stage_since,
                    Case.difficulty,
                    Case.due_at,
                    Case.paused,
                )
                .where(
                    IS_OPEN,
                    Case.county_id == self._county_id,
                    or_(at_work, Case.id.in_(list(self._cases.rows))),
                )
                .order_by(Case.id)
            )
        )

    def _work(self, row: Any) -> Work:
        facts = self._cases.facts.get(row.id)
        locks = self._cases.held[row.id].locks if facts else frozenset()
        holder: frozenset[int] = frozenset({row.mediator_id} if row.mediator_id else ())
        lock = next((PlanLock(one.value) for one in Lock if one in locks), None)
        return Work(
            case_id=row.id,
            weight=row.weight,
            effort=effort_of(row, met=Lock.MID_MEDIATION in locks, now=self._now),
            due_in=days_left(row, self._due_at(row), self._now),
            holder=row.mediator_id,
            eligible=holder if facts is None else self._eligible(row.id, facts),
            locked=PlanLock.NOT_ASKED if facts is None else lock,
        )

    def _due_at(self, row: Any) -> datetime | None:
        """By when its mediation is to be over; for a case that waits, once it is given now.

        The deadline that such a case has is that of its waiting: everybody would be late for it.
        """
        due_at: datetime | None = row.due_at
        if row.stage is not Stage.ACCEPTED or due_at is None:
            return due_at
        return self._clock.due(Running(Stage.IN_MEDIATION, row.difficulty, self._now)).due_at

    def _eligible(self, case_id: int, facts: CaseFacts) -> frozenset[int]:
        """Who may get the case; the holder too, while nothing makes them give it up."""
        grounds = self._cases.grounds.get(case_id, {})
        found = self._fitting.of(facts).difference(grounds)
        if facts.chosen_id is not None:
            # Whom the parties chose, while that can be; else their choice is asked for anew.
            found &= {facts.chosen_id}
        holder = self._people.get(facts.mediator_id) if facts.mediator_id else None
        if holder is None:
            return found
        own = replace(holder, grounds=grounds.get(holder.mediator_id, frozenset()))
        keeps = not _CANNOT_KEEP & set(objections(own, facts))
        if keeps and case_id in self._cases.fast:
            return frozenset({own.mediator_id})
        return found | {own.mediator_id} if keeps else found - {own.mediator_id}

    def _persons(self, rows: list[Any]) -> tuple[Person, ...]:
        # Each pace is drawn towards the whole county's; all else is asked of those in reach alone.
        county = Scope(self._county_id, whole_county=True)
        tenths = working_tenths(self._session, scope=county, now=self._now)
        paces = paces_of(self._session, tenths, county_id=self._county_id, now=self._now)
        near = Scope(self._county_id, mediators=frozenset(self._people.keys() & tenths.keys()))
        around = places(self._session, scope=near, now=self._now)
        listed: dict[int, list[Any]] = defaultdict(list)
        for row in rows:
            listed[row.mediator_id].append(row)
        return tuple(
            Person(
                mediator_id=one.mediator_id,
                availability=around[one.mediator_id].available if one.active else 0,
                capacity=one.capacity,
                fixed_weight=around[one.mediator_id].duties
                + one.open_weight
                - sum(row.weight for row in listed[one.mediator_id]),
                fixed_cases=one.open_cases - len(listed[one.mediator_id]),
                speed=paces[one.mediator_id],
            )
            for one in self._people.values()
            if one.mediator_id in around
        )


def _free(one: Candidate) -> bool:
    """Whether nothing speaks against them that is the same in every case."""
    return one.active and not (one.licence_over or one.term_over or one.absent)
