"""A told case as rows: what a registration and every later change would have written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made_by
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from data_access.demo.alarms import alarms
from data_access.demo.county import County
from data_access.demo.disputes import Dispute
from data_access.demo.points import Points
from data_access.demo.story import State, Step, Story
from data_access.demo.worktime import WorkTime
from data_access.history import FACT_FIELDS, UNTOUCHED, note_place
from data_access.vault import Indexed, Vault
from domain.cases import EventKind, ReassignReason, Stage
from domain.people import SYSTEM_USER_ID

Row = dict[str, Any]


@dataclass(frozen=True)
class Ids:
    """The row ids of what the plans name by index; `committee_of` is by mediator.

    `ended` are grids that are no more, and `before` names by the index of a grid of today those
    that it came of.
    """

    county: int
    towns: Sequence[int]
    communities: Sequence[int]
    grids: Sequence[int]
    mediators: Sequence[int] = ()
    committee_of: Sequence[int] = ()
    ended: Sequence[int] = ()
    before: Mapping[int, Sequence[int]] = made_by(default_factory=dict)


@dataclass(frozen=True)
class Numbered:
    """A story with the numbers that its rows carry."""

    story: Story
    case_id: int
    case_no: str
    party_ids: range


class Rows:
    """Turns stories into rows of one county. `told` are all of them, by their places."""

    def __init__(
        self,
        county: County,
        ids: Ids,
        vault: Vault,
        time: WorkTime,
        told: Sequence[Numbered],
        *,
        points: Points,
        redrawn_on: date,
    ) -> None:
        self._county, self._ids, self._vault, self._time = county, ids, vault, time
        self._told, self._points, self._redrawn_on = told, points, redrawn_on

    def case(self, told: Numbered) -> Row:
        """The case as it stands after its last step."""
        story, state = told.story, told.story.now
        dispute, key = story.dispute, f"{self._ids.county}:{told.case_id}"
        occurred = self._time.day(dispute.at) - timedelta(days=dispute.days_before)
        place = self._county.towns[self._county.town_of(dispute.community)].name + dispute.place
        encrypt, point = self._vault.encrypt, self._points.of(told.case_no, self._grid(dispute))
        merged_into = state.merged_into
        return {
            **UNTOUCHED,
            "county_id": self._ids.county,
            "id": told.case_id,
            "case_no": told.case_no,
            "external_no": None,
            **self._units(story),
            "type_code": dispute.type.code,
            "source_code": dispute.source,
            "scale_code": dispute.scale,
            "difficulty": dispute.difficulty,
            "is_open": int(story.is_open),
            **self._counted(story, state),
            "parked_until": state.parked_until,
            "stated_due_on": state.stated_due_on,
            "limit_level": state.limit_level,
            "extended": state.extended,
            "extension_asked": state.extension_asked,
            "extensions": state.extensions,
            "agreement_form": state.form,
            "agreed_on": state.agreed_on,
            "court_decision": state.court_decision,
            "applicant_rating": state.applicant_rating,
            "respondent_rating": state.respondent_rating,
            "merged_into": None if merged_into is None else self._told[merged_into].case_id,
            "occurred_on": occurred,
            "registered_at": self._time.moment(dispute.at),
            "stage_since": self._time.moment(state.stage_since),
            "closed_at": self._moment(state.closed_at),
            "outcome_code": state.outcome,
            "onward_code": state.onward,
            "held_since": self._moment(state.held_since),
            "people_count": dispute.people,
            "amount_yuan": dispute.amount,
            "title_encrypted": encrypt(dispute.title, place=f"case.title:{key}"),
            "place_encrypted": encrypt(place, place=f"case.place:{key}"),
            "point_encrypted": point and encrypt(point, place=f"case.point:{key}"),
            "summary_encrypted": encrypt(dispute.summary, place=f"case.summary:{key}"),
            "batch_id": None,
            "version": len(story.steps),
            "updated_at": self._time.moment(story.steps[-1].at),
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
        steps = told.story.steps
        return [
            {
                **self._key(told, seq),
                "kind": step.kind,
                "at": self._time.moment(step.at),
                "actor_id": SYSTEM_USER_ID,
                "data": self._data(told.story, seq),
                "note_encrypted": self._note("case_event.note", told, seq, step),
            }
            for seq, step in enumerate(steps, start=1)
        ]

    def spans(self, told: Numbered, *, recorded_seq: int) -> list[Row]:
        """One span for each step that leaves the case open; the last one has no end."""
        steps = told.story.steps
        if told.story.dispute.on_the_spot:
            # Registered and closed in one, it was in nobody's queue.
            steps = steps[2:]
        first = len(told.story.steps) - len(steps) + 1
        ends = [self._time.moment(step.at) for step in steps[1:]]
        return [
            {
                **self._key(told, seq),
                "starts_at": self._time.moment(step.at),
                "ends_at": ends[seq - first] if seq - first < len(ends) else None,
                "recorded_seq": recorded_seq,
                **self._units(told.story),
                **self._counted(told.story, step.after),
            }
            for seq, step in enumerate(steps, start=first)
            if step.after.stage is not Stage.CLOSED
        ]

    def assignments(self, told: Numbered) -> list[Row]:
        """One assignment for each step that brought the case to another mediator."""
        steps = told.story.steps
        changes = [
            (seq, step)
            for seq, (before, step) in enumerate(pairwise(steps), start=2)
            if step.after.mediator != before.after.mediator
        ]
        ends = [self._time.moment(step.at) for _, step in changes[1:]]
        return [
            {
                **self._key(told, seq),
                **self._holder(step.after),
                "starts_at": self._time.moment(step.at),
                "ends_at": ends[place] if place < len(ends) else None,
                "reason": step.reason or ReassignReason.OTHER,
                "actor_id": 0,
                "note_encrypted": self._note("assignment.note", told, seq, step),
            }
            for place, (seq, step) in enumerate(changes)
            if step.after.mediator is not None
        ]

    def red_events(self, told: Numbered) -> list[Row]:
        """One alarm for each time that the case was open and red; nobody there has an account."""

        def by(at: int | None) -> int | None:
            return None if at is None else SYSTEM_USER_ID

        return [
            {
                **self._key(told, one.seq),
                "raised_at": self._time.moment(one.at),
                "raised_by": SYSTEM_USER_ID,
                "acknowledged_at": self._moment(one.acknowledged_at),
                "acknowledged_by": by(one.acknowledged_at),
                "ended_at": self._moment(one.ended_at),
                "ended_by": by(one.ended_at),
            }
            for one in alarms(told.story)
        ]

    def _key(self, told: Numbered, seq: int) -> Row:
        return {"county_id": self._ids.county, "case_id": told.case_id, "seq": seq}

    def _units(self, story: Story) -> Row:
        dispute = story.dispute
        return {
            "town_id": self._ids.towns[self._county.town_of(dispute.community)],
            "community_id": self._ids.communities[dispute.community],
            "grid_id": self._grid(dispute),
        }

    def _grid(self, dispute: Dispute) -> int:
        """The grid as of the day of the registration: later changes move no case."""
        before = self._ids.before.get(dispute.grid)
        if before is None or self._time.day(dispute.at) >= self._redrawn_on:
            return self._ids.grids[dispute.grid]
        return before[dispute.at % len(before)]

    def _counted(self, story: Story, state: State) -> Row:
        """What a screen counts by: the columns that a case and its span have in common."""
        due = state.deadline
        return {
            "stage": state.stage,
            "due_at": due.due_at if due else None,
            "soon_at": due.soon_at if due else None,
            "paused": int(state.paused),
            "risk": int(story.dispute.risk),
            "supervised": state.supervised,
            "weight": story.weight,
            **self._holder(state),
        }

    def _holder(self, state: State) -> Row:
        if state.mediator is None:
            return {"committee_id": None, "mediator_id": None}
        return {
            "committee_id": self._ids.committee_of[state.mediator],
            "mediator_id": self._ids.mediators[state.mediator],
        }

    def _moment(self, at: int | None) -> datetime | None:
        return None if at is None else self._time.moment(at)

    def _data(self, story: Story, seq: int) -> Row:
        """An event's data with mediators by id and cases by number."""
        steps, found = story.steps, {}
        step = steps[seq - 1]
        for name, value in step.data.items():
            if name in {"from", "to"} and value is not None:
                found[name] = self._ids.mediators[value]
            elif name in {"other_case", "merged", "stays"}:
                found[name] = self._told[value].case_no
            else:
                found[name] = value
        if step.kind is EventKind.REGISTERED:
            found["values"] = self._facts(story)
        if step.kind in {EventKind.ASSIGNED, EventKind.REASSIGNED}:
            found["committee"] = self._ids.committee_of[step.data["to"]]
            found["before"] = self._before(steps[seq - 2].after)
        if step.kind is EventKind.MERGED:
            found["kept"] = self._kept(steps[seq - 2].after)
        return found

    def _facts(self, story: Story) -> Row:
        graded = {"difficulty": story.dispute.difficulty, "weight": story.weight}
        values = {**self._units(story), **graded, "risk": int(story.dispute.risk)}
        return {name: values[name] for name in FACT_FIELDS}

    def _kept(self, state: State) -> Row:
        """What undoing a merging would bring back, in JSON."""
        days = {"stated_due_on": state.stated_due_on, "parked_until": state.parked_until}
        return {
            "stage": state.stage,
            "stage_since": self._time.moment(state.stage_since).isoformat(),
            **{name: day and day.isoformat() for name, day in days.items()},
            "extended": state.extended,
            "extension_asked": state.extension_asked,
            "extensions": state.extensions,
            "limit_level": state.limit_level,
            "limit_on": None,
            "paused": int(state.paused),
            "supervised": state.supervised,
            "outcome_code": state.outcome,
        }

    def _before(self, state: State) -> Row:
        """What taking a giving back would restore, in JSON."""
        due = state.deadline
        moments: dict[str, date | None] = {
            "held_since": self._moment(state.held_since),
            "stage_since": self._moment(state.stage_since),
            "due_at": due.due_at if due else None,
            "soon_at": due.soon_at if due else None,
            "limit_on": None,
            "stated_due_on": state.stated_due_on,
        }
        return {
            **self._holder(state),
            "stage": state.stage,
            "limit_level": state.limit_level,
            **{name: value and value.isoformat() for name, value in moments.items()},
            "extended": state.extended,
            "extension_asked": state.extension_asked,
            "extensions": state.extensions,
        }

    def _note(self, kind: str, told: Numbered, seq: int, step: Step) -> bytes | None:
        if not step.note:
            return None
        place = note_place(kind, self._ids.county, told.case_id, seq)
        return self._vault.encrypt(step.note, place=place)
