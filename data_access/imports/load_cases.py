"""Case rows against what is there: which are new, which change something, which are sent back."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, select
from sqlalchemy.orm import Session

from data_access.engine import vault_of
from data_access.imports.known_cases import (
    KnownCase,
    changed_persons,
    changed_texts,
    facts_after,
    is_another_case,
    load_known,
)
from data_access.imports.moving import moves
from data_access.imports.places import Places, Position, in_scope, load_units
from data_access.imports.roster import load_roster
from data_access.imports.rows import Entry, RowRefused
from data_access.imports.standing import (
    Bearings,
    full_facts,
    past_span,
    stand_new,
)
from data_access.imports.stated import Person, StatedCase, state_case
from data_access.imports.task import Task
from data_access.reference import load_clock
from data_access.tables import Mediator
from data_access.weighing import WEIGHED_BY, load_tables, points_of
from domain.cases import Stage
from domain.clocks import Clock, day_of
from domain.imports import Note, RejectReason
from domain.loads import WeightTable, in_force


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to add: what the row says, its columns, and the interval before its present stage."""

    stated: StatedCase
    values: dict[str, Any]
    past: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CaseChange:
    """What a row changes of a case that is there."""

    known: KnownCase
    stated: StatedCase
    values: dict[str, Any]
    texts: dict[str, str]
    persons: list[tuple[RowMapping | None, Person]]
    moved: bool


@dataclass
class CasePlan:
    """What will happen to the rows of a file, before it happens.

    `given` counts the cases that come to a mediator who was found eligible; `clock` and
    `weights` are what deadlines and points were reckoned with, `people` the versions by id of the
    mediators as they were judged.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[Entry] = field(default_factory=list)
    notes: Counter[Note] = field(default_factory=Counter)
    given: Counter[int] = field(default_factory=Counter)
    clock: Clock | None = None
    weights: tuple[WeightTable, ...] = ()
    people: dict[int, int] = field(default_factory=dict)


class Seen(NamedTuple):
    """A case by its source's number as it was when its row was decided on; None: it was not there.

    While this holds, so does the decision.
    """

    external_no: str
    case_id: int | None
    version: int | None


@dataclass(slots=True)
class Decided:
    """What becomes of a portion of the rows."""

    new: list[NewCase] = field(default_factory=list)
    changes: list[CaseChange] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


def plan_cases(session: Session, portions: Iterable[list[Entry]], task: Task) -> CasePlan:
    """Decide on every row of a file and keep only the counts."""
    planner = CasePlanner(session, task)
    for entries in portions:
        planner.decide(session, entries)
    return planner.finish()


class CasePlanner:
    """Decides on the rows of one file, a portion at a time, and keeps count in `plan`.

    Reads only; the reasons of rows sent back stand in the entries.
    """

    def __init__(self, session: Session, task: Task) -> None:
        self.plan = CasePlan()
        self._task, self._vault = task, vault_of(session)
        self._county_id = task.actor.county_id
        units = load_units(session, county_id=self._county_id)
        self._places = Places(units, today=day_of(task.now), mapped=task.mapping.places)
        # Before what is judged of them, so that a change in between is seen as one.
        versions = session.execute(select(Mediator.id, Mediator.version))
        self.plan.people = {row.id: row.version for row in versions}
        roster = load_roster(session, county_id=self._county_id, now=task.now)
        self.plan.clock = load_clock(session)
        self.plan.weights = load_tables(session, county_id=self._county_id)
        weights = in_force(self.plan.weights, day_of(task.now))
        self._bearings = Bearings(roster, self.plan.clock, weights, self._vault, task.now)
        self._numbers: set[str] = set()

    def decide(self, session: Session, entries: Iterable[Entry]) -> Decided:
        """Decide on the next rows of the file, not more than one statement can name."""
        stated = [one for one in map(self._state, entries) if one is not None]
        numbers = [one.external_no for one in stated]
        known = load_known(session, numbers, county_id=self._county_id)
        decided = Decided()
        for one in stated:
            there = known.get(one.external_no)
            decided.seen.append(_seen(one, there))
            try:
                if there is None:
                    decided.new.append(_add(self.plan, one, self._bearings))
                else:
                    change = _change(self.plan, one, there, self._bearings, self._task)
                    decided.changes += [change] if change else []
            except RowRefused as refused:
                one.entry.refuse(refused.key, refused.reason)
                self._send_back(one.entry)
        return decided

    def finish(self) -> CasePlan:
        """The plan, when all rows are decided on."""
        self.plan.rejected.sort(key=lambda entry: entry.number)
        return self.plan

    def _state(self, entry: Entry) -> StatedCase | None:
        """What the row says; None where it is sent back, also as one that came before."""
        task = self._task
        one = state_case(
            entry, places=self._places, scope=task.scope, vault=self._vault, now=task.now
        )
        if one is not None and one.external_no in self._numbers:
            column = "external_no" if entry.get("external_no") else "title"
            entry.refuse(column, RejectReason.DUPLICATE_IN_FILE)
            one = None
        if one is None:
            self._send_back(entry)
            return None
        self._numbers.add(one.external_no)
        return one

    def _send_back(self, entry: Entry) -> None:
        # Its cells are kept, and say all: of many rows, twice is too much.
        entry.values.clear()
        self.plan.rejected.append(entry)


def _seen(stated: StatedCase, known: KnownCase | None) -> Seen:
    if known is None:
        return Seen(stated.external_no, None, None)
    return Seen(stated.external_no, known.id, known.row["version"])


def _add(plan: CasePlan, stated: StatedCase, bearings: Bearings) -> NewCase:
    facts = full_facts(stated)
    notes: Counter[Note] = Counter()
    standing = stand_new(stated, facts, bearings, notes)
    position = stated.position
    if position.from_text:
        notes[Note.PLACE_FROM_TEXT] += 1
    if notes:
        plan.notes.update(notes)
    units = {
        "town_id": position.town_id,
        "community_id": position.community_id,
        "grid_id": position.grid_id,
    }
    past = past_span(stated, standing, facts, bearings.clock)
    plan.added += 1
    if standing["stage"] is Stage.IN_MEDIATION:
        plan.given[standing["mediator_id"]] += 1
    values = facts | standing | units
    values["weight"] = points_of(values, bearings.weights)
    return NewCase(stated, values, past)


def _change(
    plan: CasePlan, stated: StatedCase, known: KnownCase, bearings: Bearings, task: Task
) -> CaseChange | None:
    position = Position(*(known.row[f"{unit}_id"] for unit in ("town", "community", "grid")))
    if not in_scope(task.scope, position):
        raise RowRefused("external_no", RejectReason.OUTSIDE_SCOPE)
    plan.notes[Note.KEPT_LOCAL] += known.local
    facts: dict[str, Any] = {}
    texts: dict[str, str] = {}
    persons: list[tuple[RowMapping | None, Person]] = []
    after = facts_after(known, stated)
    if stated.facts_fingerprint(bearings.vault) != known.facts_fingerprint:
        if is_another_case(known, stated, bearings.vault):
            raise RowRefused("external_no", RejectReason.NUMBER_OF_ANOTHER_CASE)
        facts = {name: value for name, value in after.items() if known.row[name] != value}
        texts = changed_texts(known, stated, bearings.vault)
        persons = changed_persons(known, stated.persons, bearings.vault)
    notes: Counter[Note] = Counter()
    moved = moves(known, stated, after, bearings, notes)
    plan.notes.update(notes)
    facts |= _reweighed(known, facts | moved, bearings)
    if not (facts or texts or persons or moved):
        plan.unchanged += 1
        return None
    if "mediator_id" in moved:
        plan.given[moved["mediator_id"]] += 1
    plan.changed += 1
    return CaseChange(known, stated, facts | moved, texts, persons, bool(moved))


def _reweighed(known: KnownCase, changed: dict[str, Any], bearings: Bearings) -> dict[str, Any]:
    """The points of a case of which a row changes what they rest on; what is over keeps its own."""
    after = {**known.row, **changed}
    if changed.keys().isdisjoint(WEIGHED_BY) or after["stage"] is Stage.CLOSED:
        return {}
    weight = points_of(after, bearings.weights)
    return {} if weight == known.row["weight"] else {"weight": weight}
