"""Decided cases as rows of the tables: numbered and encrypted before anybody is made to wait."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session

from data_access import numbers
from data_access.history import SPAN_FIELDS, UNTOUCHED, note_place, told
from data_access.imports import staging
from data_access.imports.load_cases import CaseChange, Decided, NewCase
from data_access.imports.standing import SETTLED_STAGES, stated_day
from data_access.imports.stated import Person
from data_access.imports.task import Task
from data_access.vault import Indexed, Vault
from domain.cases import EventKind, ReassignReason, Stage
from domain.people import SYSTEM_USER_ID

Row = dict[str, Any]
Rows = dict[Table, list[Row]]
Ids = tuple[range, range]

_OF_A_PARTY = ("name", "identity", "phone", "address")
_OF_A_CASE = ("title", "place", "point", "summary")
_COLUMN_OF = {name: f"{name}_encrypted" for name in (*_OF_A_CASE, *_OF_A_PARTY)}
_NOTHING_OF_A_PARTY = dict.fromkeys(_COLUMN_OF[name] for name in _OF_A_PARTY)


def reserve_ids(session: Session, decided: Decided, *, county_id: int) -> Ids:
    """Numbers for the new cases and parties. An import that is given up leaves a gap."""
    parties = sum(len(new.stated.persons) for new in decided.new)
    parties += sum(row is None for change in decided.changes for row, _ in change.persons)
    return (
        numbers.reserve(session, "case", county_id=county_id, count=len(decided.new)),
        numbers.reserve(session, "party", county_id=county_id, count=parties),
    )


def seal(decided: Decided, ids: Ids, task: Task, vault: Vault) -> Rows:
    """Encrypt everything and make the rows, complete but for what is known only under the lock:
    batch, case number and watermark. Needs no database.
    """
    return _Sealer(ids, task, vault).seal(decided)


class _Sealer:
    def __init__(self, ids: Ids, task: Task, vault: Vault) -> None:
        self._rows: Rows = defaultdict(list)
        self._case_ids, self._party_ids = iter(ids[0]), iter(ids[1])
        self._task, self._vault = task, vault
        self._county_id = task.actor.county_id

    def seal(self, decided: Decided) -> Rows:
        for new in decided.new:
            self._add(new)
        for change in decided.changes:
            self._change(change)
        self._rows[staging.SEEN] = [one._asdict() for one in decided.seen]
        return self._rows

    def _add(self, new: NewCase) -> None:
        rows, values, now = self._rows, new.values, self._task.now
        case_id = next(self._case_ids)
        closed = values["stage"] is Stage.CLOSED
        settled = bool(new.past) and not closed
        version = 2 if settled else 1
        row = {
            "county_id": self._county_id,
            "id": case_id,
            "external_no": new.stated.external_no,
            "year": numbers.case_year(values["registered_at"]),
            "is_open": int(not closed),
            **UNTOUCHED,
            "closed_at": None,
            "outcome_code": None,
            "place_encrypted": None,
            "point_encrypted": None,
            "summary_encrypted": None,
            "version": version,
            "updated_at": now,
            **values,
            **self._texts(case_id, new.stated.texts),
        }
        rows[staging.NEW_CASES].append(row)
        for person in new.stated.persons:
            rows[staging.NEW_PARTIES].append(self._party(case_id, next(self._party_ids), person))
        if settled:
            rows[staging.EVENTS].append(self._settled(case_id, new))
        rows[staging.EVENTS].append(
            self._event(case_id, version, EventKind.IMPORTED, new, _tells(new))
        )
        started = values["registered_at"]
        if values["mediator_id"] is not None:
            rows[staging.ASSIGNMENTS].append(
                self._assignment(case_id, 1, row, started, ReassignReason.FIRST_ASSIGNMENT)
            )
        if new.past:
            rows[staging.SPANS].append(self._span(case_id, 1, row, started) | new.past)
        if not closed:
            rows[staging.SPANS].append(self._span(case_id, version, row, values["stage_since"]))

    def _change(self, change: CaseChange) -> None:
        rows, known, now = self._rows, change.known.row, self._task.now
        case_id, version = change.known.id, known["version"] + 1
        at = max(now, known["updated_at"])
        texts = self._texts(case_id, change.texts)
        after = {**known, **change.values, **texts, "version": version, "updated_at": at}
        rows[staging.CASE_UPDATES].append(after)
        self._change_parties(change, case_id)
        fields = [*change.values, *change.texts, *("parties",) * bool(change.persons)]
        data: Row = {"fields": sorted(fields), "values": told(change.values)}
        if "mediator_id" in change.values:
            data |= {"from": known["mediator_id"], "to": after["mediator_id"]}
        rows[staging.EVENTS].append(
            self._event(case_id, version, EventKind.UPDATED, change, data) | {"at": at}
        )
        if not any(name in change.values for name in SPAN_FIELDS):
            return
        ends = "stage" in change.values and after["stage"] in {*SETTLED_STAGES, Stage.CLOSED}
        # A settlement and an end were true before they were told; all else counts from now.
        turn = after["stage_since"] if ends else at
        if known["stage"] is not Stage.CLOSED:
            rows[staging.SPAN_ENDS].append(self._end(case_id, turn))
        if after["stage"] is not Stage.CLOSED:
            rows[staging.SPANS].append(self._span(case_id, version, after, turn))
        # Whoever held a case to its end stays its holder: closing ends no assignment.
        if "mediator_id" in change.values:
            rows[staging.ASSIGNMENT_ENDS].append(self._end(case_id, turn))
            first = known["mediator_id"] is None
            reason = ReassignReason.FIRST_ASSIGNMENT if first else ReassignReason.OTHER
            rows[staging.ASSIGNMENTS].append(
                self._assignment(case_id, version, after, turn, reason)
            )

    def _change_parties(self, change: CaseChange, case_id: int) -> None:
        for row, person in change.persons:
            if row is None:
                added = self._party(case_id, next(self._party_ids), person)
                self._rows[staging.NEW_PARTIES].append(added)
                continue
            said = self._party(case_id, row["id"], person)
            kept = {name: row[name] for name, value in said.items() if value is None}
            sex = {"sex": person.sex or row["sex"]}
            self._rows[staging.PARTY_UPDATES].append(said | kept | sex)

    def _texts(self, case_id: int, texts: dict[str, str]) -> Row:
        key = f"{self._county_id}:{case_id}"
        sealed = self._vault.encrypt_all({f"case.{one}:{key}": texts[one] for one in texts})
        return dict(zip([_COLUMN_OF[one] for one in texts], sealed, strict=True))

    def _party(self, case_id: int, party_id: int, person: Person) -> Row:
        key = f"{self._county_id}:{party_id}"
        said = {one: text for one in _OF_A_PARTY if (text := getattr(person, one))}
        sealed = self._vault.encrypt_all({f"party.{one}:{key}": said[one] for one in said})
        vault = self._vault
        return {
            "county_id": self._county_id,
            "id": party_id,
            "case_id": case_id,
            "role": person.role,
            "kind": person.kind,
            "sex": person.sex or "9",
            **_NOTHING_OF_A_PARTY,
            **dict(zip([_COLUMN_OF[one] for one in said], sealed, strict=True)),
            "name_index": person.index(Indexed.NAME, vault),
            "phone_index": person.index(Indexed.PHONE, vault),
            "identity_index": person.index(Indexed.IDENTITY, vault),
        }

    def _event(
        self, case_id: int, seq: int, kind: EventKind, what: NewCase | CaseChange, data: Row
    ) -> Row:
        """The event, with keyed hashes of what the row says, so that the next file can compare."""
        stated, vault = what.stated, self._vault
        tells = isinstance(what, NewCase) or what.moved
        place = note_place("case_event.note", self._county_id, case_id, seq)
        note = vault.encrypt(stated.result, place=place) if stated.result and tells else None
        prints = {
            "facts": stated.facts_fingerprint(vault),
            "state": stated.state_fingerprint(vault),
        }
        return {
            "county_id": self._county_id,
            "case_id": case_id,
            "seq": seq,
            "kind": kind,
            "at": self._task.now,
            "actor_id": self._task.actor.user_id,
            "data": {"row": stated.entry.number, **prints, **data},
            "note_encrypted": note,
        }

    def _settled(self, case_id: int, new: NewCase) -> Row:
        """The settlement that the row tells of. Nobody here did it, so nobody here is named."""
        return {
            "county_id": self._county_id,
            "case_id": case_id,
            "seq": 1,
            "kind": EventKind.SETTLED,
            "at": new.values["stage_since"],
            "actor_id": SYSTEM_USER_ID,
            "data": {"row": new.stated.entry.number},
            "note_encrypted": None,
        }

    def _span(self, case_id: int, seq: int, values: Row, starts_at: Any) -> Row:
        return {
            "county_id": self._county_id,
            "case_id": case_id,
            "seq": seq,
            "starts_at": starts_at,
            "ends_at": None,
            **{name: values[name] for name in SPAN_FIELDS},
        }

    def _assignment(
        self, case_id: int, seq: int, values: Row, starts_at: Any, reason: ReassignReason
    ) -> Row:
        return {
            "county_id": self._county_id,
            "case_id": case_id,
            "seq": seq,
            "mediator_id": values["mediator_id"],
            "committee_id": values["committee_id"],
            "starts_at": starts_at,
            "ends_at": None,
            "reason": reason,
            "actor_id": self._task.actor.user_id,
            "note_encrypted": None,
        }

    def _end(self, case_id: int, at: Any) -> Row:
        return {"county_id": self._county_id, "case_id": case_id, "at": at}


def _tells(new: NewCase) -> Row:
    """What a replay of the events needs of a case that came by a file: where and how it stands, and
    in which stage it was, and until which stated day, before it was settled.
    """
    values, past = new.values, new.past
    data: Row = {"values": told(values), "registered_at": values["registered_at"].isoformat()}
    if not past:
        return data
    day = stated_day(new.stated, past["stage"], values["registered_at"])
    return data | {"was": {"stage": past["stage"], "stated_due_on": day and day.isoformat()}}
