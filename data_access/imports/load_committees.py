"""Committees and their mediators from a roster: one row a mediator, or a committee alone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.imports.codes import plain
from data_access.imports.drafts import CommitteeDraft, MediatorDraft, columns_of
from data_access.imports.load_mediators import People
from data_access.imports.places import Places, Unit, load_units
from data_access.imports.rows import Entry, RowRefused
from data_access.imports.task import Task
from data_access.imports.values import BadValue
from data_access.tables import Committee
from domain.clocks import day_of
from domain.eligibility import CommitteeKind
from domain.imports import Note, RejectReason
from domain.organisation import TERM_YEARS, UnitLevel
from domain.people import Scope

_TERM = ("term_from", "term_to")


@dataclass
class CommitteePlan:
    """What will happen to the rows of a roster."""

    committees: list[CommitteeDraft] = field(default_factory=list)
    mediators: list[MediatorDraft] = field(default_factory=list)
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[Entry] = field(default_factory=list)
    notes: dict[Note, int] = field(default_factory=dict)


def plan_committees(session: Session, entries: Iterable[Entry], task: Task) -> CommitteePlan:
    """Decide on every row: a committee is described by the first row that names it."""
    units = load_units(session, county_id=task.actor.county_id)
    planner = _Planner(
        session, Places(units, today=day_of(task.now), mapped=task.mapping.places), task
    )
    return planner.plan(list(entries))


class _Planner:
    def __init__(self, session: Session, places: Places, task: Task) -> None:
        self._places, self._county_id = places, task.actor.county_id
        self._scope: Scope = task.scope
        self._today = day_of(task.now)
        self._plan = CommitteePlan()
        self._committees = [
            CommitteeDraft(columns_of(one), one.id) for one in session.scalars(select(Committee))
        ]
        self._people = People(session, self._committees)

    def plan(self, entries: list[Entry]) -> CommitteePlan:
        plan = self._plan
        for entry in entries:
            if not entry.problems:
                try:
                    self._take(entry)
                except RowRefused as refused:
                    entry.refuse(refused.key, refused.reason)
            if entry.problems:
                plan.rejected.append(entry)
        return plan

    def _take(self, entry: Entry) -> None:
        """One row: check all of it before anything of it counts."""
        unit = self._unit(entry)
        committee = self._known_committee(entry, unit)
        fresh = committee is None
        if committee is None:
            committee = self._new_committee(entry, unit)
        else:
            self._check_committee(entry, committee, unit)
        mediator = self._people.of_row(entry, committee)
        if mediator is not None and mediator.id is not None:
            self._require_scope(mediator.committee.values)
        if fresh:
            self._committees.append(committee)
            self._plan.committees.append(committee)
        changed = not fresh and self._restate(entry, committee)
        new = mediator is not None and mediator.id is None
        if mediator is not None:
            kept = self._people.keep(entry, mediator, committee)
            changed = kept or changed
            if new or kept:
                self._plan.mediators.append(mediator)
        self._plan.added += fresh or new
        self._plan.changed += changed and not (fresh or new)
        self._plan.unchanged += not (fresh or new or changed)

    # ------------------------------------------------------------------------- committees

    def _unit(self, entry: Entry) -> Unit | None:
        unit: Unit | None = None
        for key, level in (("town", UnitLevel.TOWN), ("community", UnitLevel.COMMUNITY)):
            if text := entry.get(key):
                try:
                    unit = self._places.find(level, text, on=self._today, within=unit)
                except BadValue as bad:
                    raise RowRefused(key, bad.reason) from None
        return unit

    def _known_committee(self, entry: Entry, unit: Unit | None) -> CommitteeDraft | None:
        if code := entry.get("committee_code"):
            return next((one for one in self._committees if one.values["code"] == code), None)
        name = plain(entry.values["committee_name"])
        found = [one for one in self._committees if plain(one.values["name"]) == name]
        if unit is not None:
            found = [one for one in found if one.values["unit_id"] == unit.id]
        if len(found) > 1:
            raise RowRefused("committee_name", RejectReason.AMBIGUOUS_UNIT)
        return found[0] if found else None

    def _check_committee(self, entry: Entry, committee: CommitteeDraft, unit: Unit | None) -> None:
        """Within the scope, the same committee as before, and a term that ends after it began."""
        self._require_scope(committee.values)
        if entry.get("kind") not in (None, committee.values["kind"]):
            raise RowRefused("kind", RejectReason.COMMITTEE_DIFFERS)
        if unit is not None and unit.id != committee.values["unit_id"]:
            key = "community" if entry.get("community") else "town"
            raise RowRefused(key, RejectReason.COMMITTEE_DIFFERS)
        for key in _TERM:
            said = entry.get(key)
            if said is not None and committee.said.get(key, said) != said:
                raise RowRefused(key, RejectReason.COMMITTEE_DIFFERS)
        began, ends = _term(entry, committee)
        if ends <= began:
            raise RowRefused("term_to", RejectReason.WRONG_ORDER)

    def _new_committee(self, entry: Entry, unit: Unit | None) -> CommitteeDraft:
        kind = self._kind(entry, unit)
        if entry.get("term_from") is None:
            raise RowRefused("term_from", RejectReason.MISSING)
        began: date = entry.values["term_from"]
        ends = entry.get("term_to") or _years_later(began)
        if ends <= began:
            raise RowRefused("term_to", RejectReason.WRONG_ORDER)
        town = self._places.above(unit, UnitLevel.TOWN) if unit else None
        community = self._places.above(unit, UnitLevel.COMMUNITY) if unit else None
        values = {
            "code": entry.get("committee_code") or self._committee_code(kind, unit),
            "name": entry.values["committee_name"],
            "kind": kind,
            "unit_id": unit.id if unit else self._county_id,
            "town_id": town.id if town else None,
            "community_id": community.id if community else None,
            "term_from": began,
            "term_to": ends,
            "active": True,
        }
        self._require_scope(values)
        said = {key: entry.get(key) for key in _TERM if entry.get(key) is not None}
        return CommitteeDraft(values, said=said)

    def _kind(self, entry: Entry, unit: Unit | None) -> CommitteeKind:
        """The stated kind, or that of the place; a community's committee has a community."""
        of_level = {
            UnitLevel.COMMUNITY: CommitteeKind.COMMUNITY,
            UnitLevel.TOWN: CommitteeKind.TOWN,
        }
        natural = of_level.get(unit.level) if unit else CommitteeKind.INDUSTRY
        kind = CommitteeKind(entry.get("kind") or natural or CommitteeKind.INDUSTRY)
        wanted = {CommitteeKind.COMMUNITY: "community", CommitteeKind.TOWN: "town"}.get(kind)
        if wanted is not None and natural is not kind:
            missing = entry.get(wanted) is None
            raise RowRefused(wanted, RejectReason.MISSING if missing else RejectReason.WRONG_LEVEL)
        return kind

    def _committee_code(self, kind: CommitteeKind, unit: Unit | None) -> str:
        """The only committee of a community or town needs no number of its own."""
        code = f"RT-{unit.code}" if unit else ""
        own = kind in {CommitteeKind.COMMUNITY, CommitteeKind.TOWN}
        if not own or any(one.values["code"] == code for one in self._committees):
            raise RowRefused("committee_code", RejectReason.MISSING)
        return code

    def _restate(self, entry: Entry, committee: CommitteeDraft) -> bool:
        """Take what the row says of a committee. Whether it changes one that was there before."""
        began, ends = _term(entry, committee)
        said = {"name": entry.values["committee_name"], "term_from": began, "term_to": ends}
        changes = {key: value for key, value in said.items() if committee.values[key] != value}
        committee.said |= {key: entry.get(key) for key in said if entry.get(key) is not None}
        committee.values |= changes
        if committee.id is None or not changes:
            return False
        committee.changes |= changes
        if committee not in self._plan.committees:
            self._plan.committees.append(committee)
        return True

    def _require_scope(self, committee: dict[str, Any]) -> None:
        scope = self._scope
        if not (
            scope.whole_county
            or committee["town_id"] in scope.towns
            or committee["community_id"] in scope.communities
        ):
            raise RowRefused("committee_name", RejectReason.OUTSIDE_SCOPE)


def _term(entry: Entry, committee: CommitteeDraft) -> tuple[date, date]:
    """The term after the row: a new beginning alone means three years from then."""
    began, ends = entry.get("term_from"), entry.get("term_to")
    known: tuple[date, date] = committee.values["term_from"], committee.values["term_to"]
    if began is None or began == known[0]:
        return known[0], ends or known[1]
    return began, ends or _years_later(began)


def _years_later(began: date) -> date:
    try:
        return began.replace(year=began.year + TERM_YEARS)
    except ValueError:
        return date(began.year + TERM_YEARS, 3, 1)
