"""Organisation units from a file: new ones, corrections, and ends; nothing is moved or deleted."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.imports.codes import plain
from data_access.imports.places import Unit, load_units
from data_access.imports.rows import Entry, RowRefused, split_codes
from data_access.imports.task import Task
from data_access.tables import UnitSuccession
from domain.clocks import day_of
from domain.imports import Note, RejectReason
from domain.organisation import UnitLevel
from domain.people import Scope

_CODE = re.compile(r"[0-9A-Z-]{1,15}")
# 9 digits a town, 12 a community, 15 a grid; a town may also come with 000 behind it.
_LEVEL_OF_LENGTH = {9: UnitLevel.TOWN, 12: UnitLevel.COMMUNITY, 15: UnitLevel.GRID}
_DIGITS_OF_PARENT = {UnitLevel.COMMUNITY: 9, UnitLevel.GRID: 12}
_LEVELS = (UnitLevel.TOWN, UnitLevel.COMMUNITY, UnitLevel.GRID)


@dataclass(slots=True, eq=False)
class Draft:
    """A unit as it is or will be. `id` is None until it is written; `parent` None is the county."""

    level: UnitLevel
    code: str
    name: str
    kind: str
    parent: "Draft | None"
    valid_from: date
    valid_to: date | None = None
    households: int | None = None
    successors: "frozenset[Draft]" = frozenset()
    id: int | None = None
    path: str = ""

    def ids(self) -> set[int]:
        """Its own id and those above it, as far as they have one."""
        above = self.parent.ids() if self.parent else set()
        return above | ({self.id} if self.id else set())


@dataclass
class UnitPlan:
    """What will happen to the rows of a file of units."""

    new: list[Draft] = field(default_factory=list)
    changes: list[tuple[Draft, dict[str, Any]]] = field(default_factory=list)
    unchanged: int = 0
    rejected: list[Entry] = field(default_factory=list)
    notes: dict[Note, int] = field(default_factory=dict)

    @property
    def added(self) -> int:
        """How many units are new."""
        return len(self.new)

    @property
    def changed(self) -> int:
        """How many units change."""
        return len(self.changes)


def plan_units(session: Session, entries: Iterable[Entry], task: Task) -> UnitPlan:
    """Decide on every row; parents may stand below their parts in the file."""
    units = load_units(session, county_id=task.actor.county_id)
    rows = session.execute(select(UnitSuccession.unit_id, UnitSuccession.successor_id))
    successions = [(unit_id, successor_id) for unit_id, successor_id in rows]
    planner = _Planner(units, successions, scope=task.scope, today=day_of(task.now))
    return planner.plan(list(entries))


_Step = Callable[[Entry, str, UnitLevel], None]


class _Planner:
    def __init__(
        self,
        units: list[Unit],
        successions: list[tuple[int, int]],
        *,
        scope: Scope,
        today: date,
    ) -> None:
        self._scope, self._today = scope, today
        self._plan = UnitPlan()
        self._drafts: dict[UnitLevel, list[Draft]] = {level: [] for level in UnitLevel}
        self._seen: set[str] = set()
        # New units, and what changes of others, each with the row that says so.
        self._entry_of: dict[Draft, Entry] = {}
        self._changes: dict[Draft, tuple[Entry, dict[str, Any]]] = {}
        by_id: dict[int, Draft] = {}
        for unit in units:
            parent = by_id.get(unit.parent_id or 0)
            draft = Draft(
                unit.level,
                unit.code,
                unit.name,
                unit.kind,
                parent,
                unit.valid_from,
                unit.valid_to,
                unit.households,
                id=unit.id,
                path=unit.path,
            )
            by_id[unit.id] = draft
            self._drafts[unit.level].append(draft)
        for unit_id, successor_id in successions:
            if unit_id in by_id and successor_id in by_id:
                by_id[unit_id].successors |= {by_id[successor_id]}

    def plan(self, entries: list[Entry]) -> UnitPlan:
        by_level: dict[UnitLevel, list[tuple[Entry, str]]] = {level: [] for level in _LEVELS}
        for entry in entries:
            if entry.problems or (found := self._code_and_level(entry)) is None:
                self._plan.rejected.append(entry)
            else:
                by_level[found[1]].append((entry, found[0]))
        for level in _LEVELS:
            for entry, code in by_level[level]:
                self._take(entry, code, level, self._state)
        # Ends go upwards, so that a unit may end together with all of its parts.
        for level in reversed(_LEVELS):
            for entry, code in by_level[level]:
                if "valid_to" in entry.values and not entry.problems:
                    self._take(entry, code, level, self._end)
        return self._finish(entries)

    def _take(self, entry: Entry, code: str, level: UnitLevel, step: _Step) -> None:
        try:
            step(entry, code, level)
        except RowRefused as refused:
            self._reject(entry, refused)

    def _reject(self, entry: Entry, refused: RowRefused) -> None:
        """Send a row back whole: what it added or changed before is as if it had not been there."""
        entry.refuse(refused.key, refused.reason)
        self._plan.rejected.append(entry)
        draft = next((one for one, of in self._entry_of.items() if of is entry), None)
        if draft is None:
            return
        del self._entry_of[draft]
        self._drafts[draft.level].remove(draft)
        for part, of in list(self._entry_of.items()):
            if part.parent is draft:
                self._reject(of, RowRefused("parent", RejectReason.UNKNOWN_UNIT))
        changing = ((one, of) for one, (of, _) in self._changes.items())
        for ended, of in [*changing, *self._entry_of.items()]:
            if draft in ended.successors and not of.problems:
                self._reject(of, RowRefused("successor", RejectReason.UNKNOWN_UNIT))

    def _finish(self, entries: list[Entry]) -> UnitPlan:
        plan = self._plan
        rejected = {entry.number for entry in plan.rejected}
        plan.new = list(self._entry_of)
        plan.changes = [
            (draft, values)
            for draft, (entry, values) in self._changes.items()
            if values and entry.number not in rejected
        ]
        plan.unchanged = len(entries) - len(rejected) - plan.added - plan.changed
        plan.rejected.sort(key=lambda entry: entry.number)
        return plan

    def _code_and_level(self, entry: Entry) -> tuple[str, UnitLevel] | None:
        code = str(entry.values["code"]).upper()
        level = UnitLevel(entry.values["level"]) if "level" in entry.values else None
        by_length = _LEVEL_OF_LENGTH.get(len(code)) if code.isdigit() else None
        if by_length is UnitLevel.COMMUNITY and code.endswith("000"):
            code, by_length = code[:9], UnitLevel.TOWN
        level = level or by_length
        if not _CODE.fullmatch(code):
            entry.refuse("code", RejectReason.NOT_A_CODE)
        elif level is None:
            entry.refuse("level", RejectReason.MISSING)
        elif by_length not in (None, level):
            entry.refuse("level", RejectReason.WRONG_LEVEL)
        elif code in self._seen:
            entry.refuse("code", RejectReason.DUPLICATE_IN_FILE)
        else:
            self._seen.add(code)
            return code, level
        return None

    def _state(self, entry: Entry, code: str, level: UnitLevel) -> None:
        """Add the unit, or correct what it says of a unit that is there."""
        parent = self._parent(entry, code, level)
        known = self._by_code(level, code)
        start = entry.get("valid_from")
        again = (
            known is not None
            and start is not None
            and known.valid_to is not None
            and start >= known.valid_to
        )
        if known is not None and not again:
            self._correct(entry, known, parent)
            return
        if "valid_to" in entry.values and entry.values["valid_to"] <= (start or self._today):
            raise RowRefused("valid_to", RejectReason.WRONG_ORDER)
        self._require_scope(parent.ids() if parent else set())
        draft = Draft(
            level,
            code,
            entry.values["name"],
            entry.get("kind") or _kind(level, entry.values["name"]),
            parent,
            start or self._today,
            None,
            entry.get("households"),
        )
        self._drafts[level].append(draft)
        self._entry_of[draft] = entry

    def _correct(self, entry: Entry, known: Draft, parent: Draft | None) -> None:
        self._require_scope(known.ids())
        if entry.get("valid_from") not in (None, known.valid_from):
            raise RowRefused("valid_from", RejectReason.OTHER_START)
        if "parent" in entry.values and parent is not known.parent:
            raise RowRefused("parent", RejectReason.MOVED_UNIT)
        said = {name: entry.get(name) for name in ("name", "kind", "households")}
        values = {
            name: value
            for name, value in said.items()
            if value is not None and value != getattr(known, name)
        }
        self._changes[known] = (entry, values)

    def _end(self, entry: Entry, code: str, level: UnitLevel) -> None:
        """End the unit on the stated day, where nothing below it lives on."""
        draft = self._by_code(level, code)
        if draft is None:
            return
        last = entry.values["valid_to"]
        if last <= draft.valid_from:
            raise RowRefused("valid_to", RejectReason.WRONG_ORDER)
        below = (one for drafts in self._drafts.values() for one in drafts if one.parent is draft)
        if any(one.valid_to is None or one.valid_to > last for one in below):
            raise RowRefused("valid_to", RejectReason.STILL_HAS_PARTS)
        successors = draft.successors
        if "successor" in entry.values:
            successors = self._successors(draft, entry.values["successor"])
        if (draft.valid_to, draft.successors) == (last, successors):
            return
        draft.valid_to, draft.successors = last, successors
        if draft in self._changes:
            self._changes[draft][1].update(valid_to=last, successors=successors)

    def _successors(self, draft: Draft, text: str) -> frozenset[Draft]:
        """One unit, or after a split several, written one behind the other: 新城、旧城."""
        try:
            found = {self._named("successor", draft.level, text)}
        except RowRefused:
            parts = split_codes(text)
            if len(parts) < 2:  # noqa: PLR2004 - it is not several
                raise
            found = {self._named("successor", draft.level, part) for part in parts}
        if draft in found:
            raise RowRefused("successor", RejectReason.UNKNOWN_UNIT)
        return frozenset(found)

    def _parent(self, entry: Entry, code: str, level: UnitLevel) -> Draft | None:
        if level is UnitLevel.TOWN:
            return None
        above = _LEVELS[_LEVELS.index(level) - 1]
        if "parent" in entry.values:
            return self._named("parent", above, entry.values["parent"])
        draft = self._by_code(above, code[: _DIGITS_OF_PARENT[level]])
        if draft is None:
            raise RowRefused("parent", RejectReason.MISSING)
        return draft

    def _named(self, key: str, level: UnitLevel, text: str) -> Draft:
        word = plain(text)
        found = [
            one
            for one in self._drafts[level]
            if word in {one.code.casefold(), f"{one.code}000", plain(one.name)}
            and (one.valid_to is None or one.valid_to > self._today)
        ]
        if len(found) == 1:
            return found[0]
        reason = RejectReason.AMBIGUOUS_UNIT if found else RejectReason.UNKNOWN_UNIT
        raise RowRefused(key, reason)

    def _by_code(self, level: UnitLevel, code: str) -> Draft | None:
        """The youngest unit with this code; a code may come back after its unit ended."""
        found = [one for one in self._drafts[level] if one.code == code]
        return max(found, key=lambda one: one.valid_from) if found else None

    def _require_scope(self, ids: set[int]) -> None:
        scope = self._scope
        if not (scope.whole_county or ids & (scope.towns | scope.communities | scope.grids)):
            raise RowRefused("code", RejectReason.OUTSIDE_SCOPE)


def _kind(level: UnitLevel, name: str) -> str:
    """街道, 镇, 乡, 社区, 村 or 网格, by the name's ending."""
    if level is UnitLevel.GRID:
        return "网格"
    endings = ("街道", "镇", "乡") if level is UnitLevel.TOWN else ("社区", "村")
    return next((ending for ending in endings if name.endswith(ending)), endings[0])
