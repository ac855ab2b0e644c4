"""Case rows against what is there: which are new, which change something, which are sent back."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from data_access.engine import vault_of
from data_access.imports.known_cases import (
    KnownCase,
    changed_persons,
    changed_texts,
    chunks,
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
from domain.cases import Stage
from domain.clocks import day_of
from domain.imports import Note, RejectReason


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

    `versions` are of the cases that were there when it was made, by their source's number, and
    `known_ids` are their ids: while the versions hold, so does the plan. `given` counts the cases
    that come to a mediator who was found eligible. Sealing takes `new` away, case by case.
    """

    new: deque[NewCase] = field(default_factory=deque)
    changes: list[CaseChange] = field(default_factory=list)
    added: int = 0
    unchanged: int = 0
    rejected: list[Entry] = field(default_factory=list)
    notes: Counter[Note] = field(default_factory=Counter)
    keys: list[str] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    known_ids: list[int] = field(default_factory=list)
    given: Counter[int] = field(default_factory=Counter)

    @property
    def changed(self) -> int:
        """How many cases change."""
        return len(self.changes)


def plan_cases(session: Session, entries: Iterable[Entry], task: Task) -> CasePlan:
    """Decide on every row. Reads only; the reasons of rows sent back stand in the entries."""
    plan, vault = CasePlan(), vault_of(session)
    county_id = task.actor.county_id
    units = load_units(session, county_id=county_id)
    places = Places(units, today=day_of(task.now), mapped=task.mapping.places)
    stated: list[StatedCase] = []
    first_rows: dict[str, int] = {}
    for entry in entries:
        one = state_case(entry, places=places, scope=task.scope, vault=vault, now=task.now)
        if one is not None and first_rows.setdefault(one.external_no, entry.number) != entry.number:
            entry.refuse(
                "external_no" if entry.get("external_no") else "title",
                RejectReason.DUPLICATE_IN_FILE,
            )
            one = None
        if one is None:
            plan.rejected.append(entry)
        else:
            # All that the row says is in `one` now; of many rows, twice is too much.
            entry.values.clear()
            stated.append(one)
    plan.keys = [one.external_no for one in stated]
    roster = load_roster(session, county_id=county_id, now=task.now)
    bearings = Bearings(roster, load_clock(session), vault, task.now)
    for portion in chunks(stated):
        numbers = [one.external_no for one in portion]
        known = load_known(session, numbers, county_id=county_id)
        plan.versions |= {number: one.row["version"] for number, one in known.items()}
        plan.known_ids += [one.id for one in known.values()]
        for one in portion:
            _decide(plan, one, known.get(one.external_no), bearings, task)
    plan.rejected.sort(key=lambda entry: entry.number)
    return plan


def _decide(
    plan: CasePlan,
    stated: StatedCase,
    known: KnownCase | None,
    bearings: Bearings,
    task: Task,
) -> None:
    try:
        if known is None:
            _add(plan, stated, bearings)
        else:
            _change(plan, stated, known, bearings, task)
    except RowRefused as refused:
        stated.entry.refuse(refused.key, refused.reason)
        plan.rejected.append(stated.entry)


def _add(plan: CasePlan, stated: StatedCase, bearings: Bearings) -> None:
    facts = full_facts(stated)
    notes: Counter[Note] = Counter()
    standing = stand_new(stated, facts, bearings, notes)
    notes[Note.PLACE_FROM_TEXT] += stated.position.from_text
    plan.notes += notes
    position = stated.position
    units = {
        "town_id": position.town_id,
        "community_id": position.community_id,
        "grid_id": position.grid_id,
    }
    past = past_span(stated, standing, facts, bearings.clock)
    plan.added += 1
    if standing["stage"] is Stage.IN_MEDIATION:
        plan.given[standing["mediator_id"]] += 1
    plan.new.append(NewCase(stated, facts | standing | units, past))


def _change(
    plan: CasePlan, stated: StatedCase, known: KnownCase, bearings: Bearings, task: Task
) -> None:
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
    plan.notes += notes
    if facts or texts or persons or moved:
        if "mediator_id" in moved:
            plan.given[moved["mediator_id"]] += 1
        change = CaseChange(known, stated, facts | moved, texts, persons, bool(moved))
        plan.changes.append(change)
    else:
        plan.unchanged += 1
