"""Committees and their mediators from a roster: one row a mediator, or a committee alone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.engine import vault_of
from data_access.imports.codes import plain
from data_access.imports.places import Places, Unit, load_units
from data_access.imports.rows import Entry
from data_access.imports.task import Task
from data_access.imports.values import BadValue, resident_identity
from data_access.tables import Committee, Mediator, MediatorSpeciality
from data_access.vault import Indexed, Vault
from domain.clocks import day_of
from domain.eligibility import GENERAL, CommitteeKind
from domain.imports import Note, RejectReason
from domain.organisation import UnitLevel
from domain.people import Scope

TERM_YEARS = 3  # 人民调解法 9
# How many cases somebody may hold whose roster states no limit.
FULL_TIME_CAPACITY, PART_TIME_CAPACITY = 15, 3
_TERM = ("term_from", "term_to")
_MEDIATOR_SAYS = ("name", "sex", "member", "chair", "full_time", "capacity", "active")
_LONGEST_CODE = 32


@dataclass(slots=True, eq=False)
class CommitteeDraft:
    """A committee as it will be; `changes` are the columns that a known one gets."""

    values: dict[str, Any]
    id: int | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class MediatorDraft:
    """A mediator as they will be. `specialities` is None where they stay as they are."""

    values: dict[str, Any]
    committee: CommitteeDraft
    id: int | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    specialities: tuple[str, ...] | None = None


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
    planner = _Planner(session, Places(units, today=day_of(task.now)), task)
    return planner.plan(list(entries))


class _Refused(Exception):
    def __init__(self, key: str, reason: RejectReason) -> None:
        super().__init__(key, reason)
        self.key = key
        self.reason = reason


class _Planner:
    def __init__(self, session: Session, places: Places, task: Task) -> None:
        self._places, self._county_id = places, task.actor.county_id
        self._scope: Scope = task.scope
        self._vault: Vault = vault_of(session)
        self._today = day_of(task.now)
        self._plan = CommitteePlan()
        self._committees = [
            CommitteeDraft(_columns(one), one.id) for one in session.scalars(select(Committee))
        ]
        by_id = {one.id: one for one in self._committees}
        skills: dict[int, set[str]] = {}
        for mediator_id, code in session.execute(
            select(MediatorSpeciality.mediator_id, MediatorSpeciality.type_code)
        ):
            skills.setdefault(mediator_id, set()).add(code)
        self._mediators: list[MediatorDraft] = []
        self._skills: dict[MediatorDraft, set[str]] = {}
        for one in session.scalars(select(Mediator)):
            draft = MediatorDraft(_columns(one), by_id[one.committee_id], one.id)
            self._mediators.append(draft)
            self._skills[draft] = skills.get(one.id, set())
            draft.committee.codes.add(one.code)
        self._touched: set[MediatorDraft] = set()

    def plan(self, entries: list[Entry]) -> CommitteePlan:
        plan = self._plan
        for entry in entries:
            if not entry.problems:
                try:
                    self._take(entry)
                except _Refused as refused:
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
        mediator = self._mediator(entry, committee)
        if fresh:
            self._committees.append(committee)
            self._plan.committees.append(committee)
        changed = not fresh and self._restate(entry, committee)
        new = mediator is not None and mediator.id is None
        if mediator is not None:
            changed = self._keep(entry, mediator, committee) or changed
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
                    raise _Refused(key, bad.reason) from None
        return unit

    def _known_committee(self, entry: Entry, unit: Unit | None) -> CommitteeDraft | None:
        if code := entry.get("committee_code"):
            return next((one for one in self._committees if one.values["code"] == code), None)
        name = plain(entry.values["committee_name"])
        found = [one for one in self._committees if plain(one.values["name"]) == name]
        if unit is not None:
            found = [one for one in found if one.values["unit_id"] == unit.id]
        if len(found) > 1:
            raise _Refused("committee_name", RejectReason.AMBIGUOUS_UNIT)
        return found[0] if found else None

    def _check_committee(self, entry: Entry, committee: CommitteeDraft, unit: Unit | None) -> None:
        """Within the scope, the same committee as before, and a term that ends after it began."""
        self._require_scope(committee.values)
        if entry.get("kind") not in (None, committee.values["kind"]):
            raise _Refused("kind", RejectReason.COMMITTEE_DIFFERS)
        if unit is not None and unit.id != committee.values["unit_id"]:
            key = "community" if entry.get("community") else "town"
            raise _Refused(key, RejectReason.COMMITTEE_DIFFERS)
        for key in _TERM:
            said = entry.get(key)
            if said is not None and committee.said.get(key, said) != said:
                raise _Refused(key, RejectReason.COMMITTEE_DIFFERS)
        began, ends = _term(entry, committee)
        if ends <= began:
            raise _Refused("term_to", RejectReason.WRONG_ORDER)

    def _new_committee(self, entry: Entry, unit: Unit | None) -> CommitteeDraft:
        kind = self._kind(entry, unit)
        if entry.get("term_from") is None:
            raise _Refused("term_from", RejectReason.MISSING)
        began: date = entry.values["term_from"]
        ends = entry.get("term_to") or _years_later(began)
        if ends <= began:
            raise _Refused("term_to", RejectReason.WRONG_ORDER)
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
            raise _Refused(wanted, RejectReason.MISSING if missing else RejectReason.WRONG_LEVEL)
        return kind

    def _committee_code(self, kind: CommitteeKind, unit: Unit | None) -> str:
        """The only committee of a community or town needs no number of its own."""
        code = f"RT-{unit.code}" if unit else ""
        own = kind in {CommitteeKind.COMMUNITY, CommitteeKind.TOWN}
        if not own or any(one.values["code"] == code for one in self._committees):
            raise _Refused("committee_code", RejectReason.MISSING)
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
            raise _Refused("committee_name", RejectReason.OUTSIDE_SCOPE)

    # -------------------------------------------------------------------------- mediators

    def _mediator(self, entry: Entry, committee: CommitteeDraft) -> MediatorDraft | None:
        """The person of the row, known or new; None where the row is of a committee alone."""
        name, code = entry.get("name"), entry.get("mediator_code")
        if name is None and code is None:
            return None
        identity = self._identity(entry)
        known = self._known_mediator(name, code, identity, committee)
        if known is None:
            if name is None:
                raise _Refused("name", RejectReason.MISSING)
            return self._new_mediator(entry, committee, identity)
        if known in self._touched:
            key = "mediator_code" if code else "name"
            raise _Refused(key, RejectReason.DUPLICATE_IN_FILE)
        self._require_scope(known.committee.values)
        renamed = name is not None and plain(name) != plain(known.values["name"])
        # A code that suddenly means somebody else is a slip; a new name comes with the number.
        if renamed and (identity is None or identity != known.values["identity_index"]):
            raise _Refused("mediator_code", RejectReason.CODE_TAKEN)
        return known

    def _identity(self, entry: Entry) -> bytes | None:
        """The blind index of the identity number: the number itself is not kept."""
        number = entry.get("identity")
        if number is None:
            return None
        try:
            return self._vault.index(resident_identity(number), Indexed.IDENTITY)
        except BadValue as bad:
            raise _Refused("identity", bad.reason) from None

    def _known_mediator(
        self, name: str | None, code: str | None, identity: bytes | None, of: CommitteeDraft
    ) -> MediatorDraft | None:
        if code is not None:
            return next((one for one in self._mediators if one.values["code"] == code), None)
        colleagues = [one for one in self._mediators if one.committee is of]
        for one in colleagues:
            if identity is not None and one.values["identity_index"] == identity:
                return one
        named = [one for one in colleagues if plain(one.values["name"]) == plain(name or "")]
        if len(named) > 1:
            raise _Refused("mediator_code", RejectReason.MISSING)
        return named[0] if named else None

    def _new_mediator(
        self, entry: Entry, committee: CommitteeDraft, identity: bytes | None
    ) -> MediatorDraft:
        full_time = bool(entry.get("full_time"))
        values = {
            "code": entry.get("mediator_code") or self._mediator_code(committee),
            "name": entry.values["name"],
            "sex": "9",
            "member": True,
            "chair": False,
            "full_time": full_time,
            "capacity": FULL_TIME_CAPACITY if full_time else PART_TIME_CAPACITY,
            "active": True,
            "identity_index": identity,
            "version": 1,
        }
        values |= {key: entry.get(key) for key in _MEDIATOR_SAYS if entry.get(key) is not None}
        skills = entry.get("specialities") or (GENERAL,)
        return MediatorDraft(values, committee, specialities=skills)

    def _mediator_code(self, committee: CommitteeDraft) -> str:
        base = str(committee.values["code"])[: _LONGEST_CODE - 4]
        taken = {one.values["code"] for one in self._mediators}
        return next(code for n in range(1, 1000) if (code := f"{base}-{n:02d}") not in taken)

    def _keep(self, entry: Entry, mediator: MediatorDraft, committee: CommitteeDraft) -> bool:
        """Take a person into the plan. Whether something about a known one changes."""
        self._touched.add(mediator)
        if mediator.id is None:
            self._mediators.append(mediator)
            self._plan.mediators.append(mediator)
            return False
        said = {key: entry.get(key) for key in _MEDIATOR_SAYS}
        said["identity_index"] = self._identity(entry)
        mediator.changes = {
            key: value
            for key, value in said.items()
            if value is not None and mediator.values[key] != value
        }
        moved = mediator.committee is not committee
        mediator.committee = committee
        skills = entry.get("specialities")
        if skills is not None and set(skills) != self._skills[mediator]:
            mediator.specialities = skills
        if not (mediator.changes or moved or mediator.specialities):
            return False
        self._plan.mediators.append(mediator)
        return True


def _columns(row: Committee | Mediator) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}


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
