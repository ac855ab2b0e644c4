"""The demo county is what the commands would have written: every deed of a thin one, done again."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from data_access import handing
from data_access.commands.reassign import reassign_case
from data_access.commands.red_events import acknowledge_red_event
from data_access.commands.register import NewCase, NewParty, register_case
from data_access.commands.steps import take_step
from data_access.demo.load import load_demo
from data_access.engine import Database, open_engine
from data_access.history import note_place
from data_access.tables import Assignment, Case, CaseEvent, CaseSpan, Party, RedEvent
from domain.cases import EventKind, ReassignReason, Risk, Stage
from domain.people import system_actor
from domain.transitions import TRANSITIONS, AgreementForm, Decision, Given, Rating, Supervision
from tests.db.test_demo import DAY, NOW

SCALE = 0.02
TOLD_BY_ANOTHER = {EventKind.MERGED_INTO, EventKind.UNMERGED_FROM}
TABLES = (Case, CaseEvent, CaseSpan, Assignment, RedEvent)
# By nonces, by what was read of the register, and by which change was known when.
UNEQUAL = re.compile(r".*_encrypted|recorded_seq|case_id|id|merged_into|case_no")


@pytest.fixture(scope="module")
def told(new_database, vault):
    """A thin demo county, only read."""
    db = Database(open_engine(new_database()), vault)
    load_demo(db, today=DAY, now=NOW, scale=SCALE)
    yield db
    db.dispose()


@pytest.fixture
def without_cases(committed):
    """The same county, people and all, without a case."""
    load_demo(committed, today=DAY, now=NOW, scale=0)
    return committed


def rows_of(db, table, case_nos=None):
    """All rows, in order of case number and sequence, without what must differ."""
    columns = [c for c in table.__table__.columns if not UNEQUAL.fullmatch(c.name)]
    with db.read() as session:
        if table is Case:
            query = select(Case.case_no, *columns).order_by(Case.registered_at, Case.case_no)
        else:
            query = (
                select(Case.case_no, *columns)
                .join(Case, Case.id == table.case_id)
                .order_by(Case.registered_at, Case.case_no, table.seq)
            )
        return [dict(row._mapping) for row in session.execute(query)]


class Replay:
    """Does again, by the commands, what the events of a county tell."""

    def __init__(self, told, db):
        self.told, self.db, self.numbers, self.versions = told, db, {}, {}
        with told.read() as session:
            self.cases = {case.id: case for case in session.scalars(select(Case))}
            self.county = next(iter(self.cases.values())).county_id
            self.parties = {}
            for party in session.scalars(select(Party).order_by(Party.id)):
                self.parties.setdefault(party.case_id, []).append(party)
            events = session.scalars(
                select(CaseEvent).order_by(CaseEvent.at, CaseEvent.case_id, CaseEvent.seq)
            ).all()
            self.deeds = [(event, self._note(event)) for event in events]
        self.actor = system_actor(self.county)

    def _note(self, event):
        if event.note_encrypted is None:
            return ""
        place = note_place("case_event.note", event.county_id, event.case_id, event.seq)
        return self.told.vault.decrypt(event.note_encrypted, place=place)

    def run(self):
        for event, note in self.deeds:
            case = self.cases[event.case_id]
            if event.kind in TOLD_BY_ANOTHER:
                self.versions[case.case_no] += 1
            elif event.kind is EventKind.REGISTERED:
                self._register(case, event)
            elif event.kind in {EventKind.ASSIGNED, EventKind.REASSIGNED}:
                self._give(case, event, note)
            elif event.kind is EventKind.RED_ACKNOWLEDGED:
                answer = acknowledge_red_event(self.db, note=note, **self._common(case, event))
                self._done(case, answer)
            elif event.kind is not EventKind.ON_THE_SPOT:
                self._take(case, event, note)

    def _register(self, case, event):
        spot = [n for e, n in self.deeds if e.case_id == case.id and e.kind == "on_the_spot"]
        parties = tuple(self._party(party) for party in self.parties[case.id])
        new = NewCase(
            unit_id=case.grid_id,
            type_code=case.type_code,
            source_code=case.source_code,
            occurred_on=case.occurred_on,
            title="纠纷",
            parties=parties,
            people_count=case.people_count,
            amount_yuan=case.amount_yuan,
            risk=Risk(case.risk),
            scale_code=case.scale_code,
            difficulty=case.difficulty,
            settled=spot[0] if spot else "",
        )
        key = f"{case.case_no}:1"
        done = register_case(self.db, new=new, actor=self.actor, now=event.at, key=key)
        self.numbers[case.case_no] = done.case_no
        self.versions[case.case_no] = done.version

    def _party(self, party):
        return NewParty(party.role, "甲", kind=party.kind, sex=party.sex)

    def _give(self, case, event, note):
        self._done(
            case,
            reassign_case(
                self.db,
                to_mediator_id=event.data["to"],
                reason=ReassignReason(event.data["reason"]),
                note=note,
                **self._common(case, event),
            ),
        )

    def _take(self, case, event, note):
        (action,) = {
            one.action
            for one in TRANSITIONS.values()
            if one.event is event.kind and self._leads(one, event)
        }
        data = event.data
        self._done(
            case,
            take_step(
                self.db,
                action=action,
                given=_given(data, note, self.numbers),
                **self._common(case, event),
            ),
        )

    def _leads(self, transition, event):
        data = event.data
        if Stage(data["stage"]) not in transition.sources:
            return False
        target = transition.target or (None if transition.back else Stage(data["stage"]))
        return target is None or Stage(data["to_stage"]) is target

    def _common(self, case, event):
        return {
            "case_no": self.numbers[case.case_no],
            "expected_version": self.versions[case.case_no],
            "actor": self.actor,
            "now": event.at,
            "key": f"{case.case_no}:{event.seq}",
        }

    def _done(self, case, answer):
        self.versions[case.case_no] = answer.version


_READ = {
    "form": AgreementForm,
    "day": date.fromisoformat,
    "until": date.fromisoformat,
    "outcome": str,
    "onward": str,
    "days": int,
    "level": Supervision,
    "decision": Decision,
    "applicant_rating": Rating,
    "respondent_rating": Rating,
}


def _given(data, note, numbers):
    said = {name: read(data[name]) for name, read in _READ.items() if name in data}
    if "other_case" in data:
        said["other_case"] = numbers[data["other_case"]]
    return Given(note=note, **said)


def _notes(db):
    """Every note in clear, by its case's place in order and the version."""
    with db.read() as session:
        numbers = dict(session.execute(select(Case.id, Case.case_no)).all())
        found = {}
        for table, kind in ((CaseEvent, "case_event.note"), (Assignment, "assignment.note")):
            for row in session.scalars(select(table).where(table.note_encrypted.is_not(None))):
                place = note_place(kind, row.county_id, row.case_id, row.seq)
                clear = db.vault.decrypt(row.note_encrypted, place=place)
                found[kind, numbers[row.case_id], row.seq] = clear
    return found


def _merged_into(db):
    with db.read() as session:
        numbers = dict(session.execute(select(Case.id, Case.case_no)).all())
        into = session.execute(select(Case.case_no, Case.merged_into)).all()
    return {number: numbers[other] for number, other in into if other is not None}


def test_every_deed_done_again_leaves_the_same_rows(told, without_cases, monkeypatch):
    """Rows, events, spans, assignments and notes: nothing is what no command would have written.

    Who may take a case is asked by tests of the flow: here leave and capacity are of another day.
    """
    monkeypatch.setattr(
        handing.Hands,
        "require_eligible",
        lambda hands, case, to, *_reason, **_but: hands._judged(case, to).candidate,
    )
    Replay(told, without_cases).run()
    for table in TABLES:
        first, again = rows_of(told, table), rows_of(without_cases, table)
        assert len(first) == len(again), table
        for one, other in zip(first, again, strict=True):
            assert one == other, table
    assert _notes(told) == _notes(without_cases)
    assert _merged_into(told) == _merged_into(without_cases)
