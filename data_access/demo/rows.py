"""A told case as rows: what a registration and every later change would have written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from data_access.demo.county import County
from data_access.demo.story import Step, Story
from data_access.demo.worktime import WorkTime
from data_access.history import UNTOUCHED, note_place
from data_access.vault import Indexed, Vault
from domain.cases import ReassignReason, Stage

Row = dict[str, Any]


@dataclass(frozen=True)
class Ids:
    """The row ids of what the plans name by index; `committee_of` is by mediator."""

    county: int
    towns: Sequence[int]
    communities: Sequence[int]
    grids: Sequence[int]
    mediators: Sequence[int] = ()
    committee_of: Sequence[int] = ()


@dataclass(frozen=True)
class Numbered:
    """A story with the numbers that its rows carry."""

    story: Story
    case_id: int
    case_no: str
    party_ids: range


class Rows:
    """Turns stories into rows of one county."""

    def __init__(self, county: County, ids: Ids, vault: Vault, time: WorkTime) -> None:
        self._county, self._ids, self._vault, self._time = county, ids, vault, time

    def case(self, told: Numbered) -> Row:
        """The case as it stands after its last step."""
        story, last = told.story, told.story.last
        dispute, key = story.dispute, f"{self._ids.county}:{told.case_id}"
        occurred = self._time.day(dispute.at) - timedelta(days=dispute.days_before)
        is_open = last.stage is not Stage.CLOSED
        place = self._county.towns[self._county.town_of(dispute.community)].name + dispute.place
        encrypt = self._vault.encrypt
        return {
            "county_id": self._ids.county,
            "id": told.case_id,
            "case_no": told.case_no,
            "external_no": None,
            **self._units(story),
            "type_code": dispute.type.code,
            "source_code": dispute.source,
            "scale_code": dispute.scale,
            "difficulty": dispute.difficulty,
            "risk": int(dispute.risk),
            "stage": last.stage,
            "is_open": int(is_open),
            **UNTOUCHED,
            "occurred_on": occurred,
            "registered_at": self._time.moment(dispute.at),
            "stage_since": self._time.moment(last.stage_since),
            "due_at": last.due_at,
            "soon_at": last.soon_at,
            "closed_at": None if is_open else self._time.moment(last.at),
            "outcome_code": last.outcome or story.outcome,
            **self._holder(last),
            "held_since": None if last.held_since is None else self._time.moment(last.held_since),
            "people_count": dispute.people,
            "amount_yuan": dispute.amount,
            "weight": story.weight,
            "title_encrypted": encrypt(dispute.title, place=f"case.title:{key}"),
            "place_encrypted": encrypt(place, place=f"case.place:{key}"),
            "summary_encrypted": encrypt(dispute.summary, place=f"case.summary:{key}"),
            "batch_id": None,
            "version": len(story.steps),
            "updated_at": self._time.moment(last.at),
        }

    def parties(self, told: Numbered) -> list[Row]:
        """The parties, each value encrypted at its own place."""
        county_id, found = self._ids.county, []
        parties = told.story.dispute.parties
        for party_id, (role, person) in zip(told.party_ids, parties, strict=True):
            row: Row = {
                "county_id": county_id,
                "id": party_id,
                "case_id": told.case_id,
                "role": role,
                "kind": person.kind,
                "sex": person.sex,
            }
            for field in ("name", "identity", "phone", "address"):
                value = getattr(person, field)
                where = f"party.{field}:{county_id}:{party_id}"
                row[f"{field}_encrypted"] = value and self._vault.encrypt(value, place=where)
                if field != "address":
                    row[f"{field}_index"] = value and self._vault.index(value, Indexed(field))
            found.append(row)
        return found

    def events(self, told: Numbered) -> list[Row]:
        """One event for each step."""
        return [
            {
                **self._key(told, seq),
                "kind": step.kind,
                "at": self._time.moment(step.at),
                "actor_id": 0,
                "data": self._data(step.data),
                "note_encrypted": self._note("case_event.note", told, seq, step),
            }
            for seq, step in enumerate(told.story.steps, start=1)
        ]

    def spans(self, told: Numbered, *, recorded_seq: int) -> list[Row]:
        """One span for each step that leaves the case open; the last one has no end."""
        steps = told.story.steps
        ends = [self._time.moment(step.at) for step in steps[1:]]
        return [
            {
                **self._key(told, seq),
                "starts_at": self._time.moment(step.at),
                "ends_at": ends[seq - 1] if seq <= len(ends) else None,
                "recorded_seq": recorded_seq,
                "stage": step.stage,
                "due_at": step.due_at,
                "soon_at": step.soon_at,
                "paused": 0,
                "risk": int(told.story.dispute.risk),
                "supervised": 0,
                "weight": told.story.weight,
                **self._units(told.story),
                **self._holder(step),
            }
            for seq, step in enumerate(steps, start=1)
            if step.stage is not Stage.CLOSED
        ]

    def assignments(self, told: Numbered) -> list[Row]:
        """One assignment for each step that brought the case to another mediator."""
        steps = told.story.steps
        changes = [
            (seq, step)
            for seq, (before, step) in enumerate(pairwise(steps), start=2)
            if step.mediator is not None and step.mediator != before.mediator
        ]
        ends = [self._time.moment(step.at) for _, step in changes[1:]]
        return [
            {
                **self._key(told, seq),
                **self._holder(step),
                "starts_at": self._time.moment(step.at),
                "ends_at": ends[place] if place < len(ends) else None,
                "reason": step.reason or ReassignReason.OTHER,
                "actor_id": 0,
                "note_encrypted": self._note("assignment.note", told, seq, step),
            }
            for place, (seq, step) in enumerate(changes)
        ]

    def _key(self, told: Numbered, seq: int) -> Row:
        return {"county_id": self._ids.county, "case_id": told.case_id, "seq": seq}

    def _units(self, story: Story) -> Row:
        dispute = story.dispute
        return {
            "town_id": self._ids.towns[self._county.town_of(dispute.community)],
            "community_id": self._ids.communities[dispute.community],
            "grid_id": self._ids.grids[dispute.grid],
        }

    def _holder(self, step: Step) -> Row:
        if step.mediator is None:
            return {"committee_id": None, "mediator_id": None}
        return {
            "committee_id": self._ids.committee_of[step.mediator],
            "mediator_id": self._ids.mediators[step.mediator],
        }

    def _data(self, data: Mapping[str, Any]) -> Row:
        """An event's data with mediators by id."""
        return {
            name: self._ids.mediators[value]
            if name in {"from", "to"} and value is not None
            else value
            for name, value in data.items()
        }

    def _note(self, kind: str, told: Numbered, seq: int, step: Step) -> bytes | None:
        if not step.note:
            return None
        place = note_place(kind, self._ids.county, told.case_id, seq)
        return self._vault.encrypt(step.note, place=place)
