"""Workloads: who bears how much now, then and by month; and tables of weights with their day."""

from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from sqlalchemy import event, select

from data_access.commands.import_file import import_file
from data_access.commands.reassign import reassign_case
from data_access.commands.register import NewCase, NewParty, register_case
from data_access.commands.steps import take_step
from data_access.commands.weights import add_weight_table, withdraw_weight_table
from data_access.housekeeping import keep_house
from data_access.queries.loads import (
    committee_loads,
    mediator_loads,
    monthly_points,
    preview_weight_table,
    weight_tables,
    what_to_look_at,
    workload,
)
from data_access.queries.rules import changes
from data_access.settings import Settings
from data_access.tables import (
    AuditLine,
    Case,
    CaseEvent,
    CaseSpan,
    DutyRoster,
    MediatorTime,
    StandingDuty,
    StoredWeights,
)
from data_access.weight_changes import begin_tables
from domain.cases import WEIGHT, Difficulty, EventKind, FieldProblem, Lamp, ReassignReason, Stage
from domain.clocks import day_of
from domain.errors import Invalid, KeyReused, NotAllowed, NotFound, PreviewOutdated
from domain.limits import RuleKind, RuleProblem
from domain.loads import WeightTable
from domain.organisation import AbsenceKind, DutyShift, PartyRole
from domain.people import Permission, Scope
from domain.transitions import Action, AgreementForm, Given
from domain.workload import LookAt, month_of
from tests import invariants
from tests.db.test_import_cases import GOOD, csv_file
from tests.world import NOW, World

DAY = timedelta(days=1)
TODAY = day_of(NOW)
WHY = "县综治委讨论通过"
DOUBLE = {difficulty: 2 * weight for difficulty, weight in WEIGHT.items()}


def table(day=TODAY, **over):
    return WeightTable(**{"version": 0, "valid_from": day, "by_difficulty": DOUBLE, **over})


@pytest.fixture
def county(db):
    return County(db)


class County:
    """One mediator in each town, somebody who keeps the rules, and ways to ask."""

    def __init__(self, db):
        self.db, self.world = db, World(db)
        self.scope = Scope(self.world.county, whole_county=True)
        self.keeper = self.world.actor("规则管理员")
        self.one = self.world.mediator("张建国", full_time=True)
        self.two = self.world.mediator("李秀英", committee_id=self.world.committee_b)
        self.keys = 0

    def loads(self, *, now=NOW, at=None, scope=None):
        with self.db.read() as session:
            found = mediator_loads(session, scope=scope or self.scope, now=now, at=at)
        return {one.mediator_id: one for one in found}

    def ask(self, query, **over):
        with self.db.read() as session:
            return query(session, **{"scope": self.scope, "now": NOW, **over})

    def month(self, day):
        with self.db.read() as session:
            found = monthly_points(session, scope=self.scope, month=month_of(day))
        return {one.mediator_id: one for one in found}

    def add(self, new, *, now=NOW, seen=None, **over):
        seen = seen or self.ask(preview_weight_table, table=new, now=now).fingerprint
        self.keys += 1
        given = {"reason": WHY, "actor": self.keeper, "key": f"w{self.keys}", **over}
        return add_weight_table(self.db, table=new, seen=seen, now=now, **given)

    def withdraw(self, version, *, now=NOW, **over):
        self.keys += 1
        given = {"reason": WHY, "actor": self.keeper, "key": f"w{self.keys}", **over}
        return withdraw_weight_table(self.db, version=version, now=now, **given)

    def register(self, *, now=NOW, **over):
        self.keys += 1
        new = NewCase(
            **{
                "unit_id": self.world.grid_a,
                "type_code": "0402",
                "source_code": "S02",
                "occurred_on": TODAY,
                "title": "楼上漏水",
                "parties": (NewParty(PartyRole.APPLICANT, "王小明"),),
                **over,
            }
        )
        done = register_case(self.db, new=new, actor=self.keeper, now=now, key=f"r{self.keys}")
        return self.case(done.case_no)

    def step(self, case_no, action, *, now, **given):
        self.keys += 1
        take_step(
            self.db,
            case_no=case_no,
            action=action,
            given=Given(**given),
            expected_version=self.case(case_no).version,
            actor=self.keeper,
            now=now,
            key=f"s{self.keys}",
        )
        return self.case(case_no)

    def give(self, case_no, to, *, now):
        self.keys += 1
        reassign_case(
            self.db,
            case_no=case_no,
            to_mediator_id=to,
            reason=ReassignReason.FIRST_ASSIGNMENT,
            note="首次指派",
            expected_version=self.case(case_no).version,
            actor=self.keeper,
            now=now,
            key=f"g{self.keys}",
        )
        return self.case(case_no)

    def case(self, case_no):
        with self.db.read() as session:
            return session.scalars(select(Case).where(Case.case_no == case_no)).one()

    def ask_changes(self):
        with self.db.read() as session:
            return changes(session, scope=self.scope, kind=RuleKind.WEIGHTS)

    def all(self, entity, *where):
        with self.db.read() as session:
            return session.scalars(select(entity).where(*where)).all()

    def weights(self):
        return sorted(one.weight for one in self.all(Case))


@contextmanager
def statements(db):
    seen = []

    def note(connection, cursor, statement, parameters, context, executemany):
        seen.append(statement)

    event.listen(db.bind, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.bind, "before_cursor_execute", note)


# --- who bears how much ------------------------------------------------------------------------


def test_a_load_is_points_and_duties_per_place_that_is_there(county):
    world = county.world
    for mediator, difficulty in (
        (county.one, Difficulty.ORDINARY),
        (county.one, Difficulty.MAJOR),
        (county.two, Difficulty.ORDINARY),
    ):
        world.case(mediator_id=mediator, difficulty=difficulty)
    world.add(StandingDuty(mediator_id=county.one, name="带教", tenths=20, valid_from=TODAY - DAY))
    world.add(
        StandingDuty(
            mediator_id=county.one,
            name="旧",
            tenths=90,
            valid_from=date(2025, 1, 1),
            valid_to=TODAY,
        )
    )
    found = county.loads()
    one, two = found[county.one], found[county.two]
    assert (one.points, one.duties, one.tenths, one.available, one.load) == (50, 20, 10, 10, 7.0)
    # Nobody said how much of a place the second one works: half of one.
    assert (two.points, two.duties, two.tenths, two.available, two.load) == (10, 0, 5, 5, 2.0)
    assert (one.count, one.filled, two.filled) == (2, 0.7, 0.1)
    assert (one.name, one.committee_name, one.specialities) == ("张建国", "和众社区调委会", ("00",))


def test_time_leave_and_duty_count_by_their_days(county):
    world, one = county.world, county.one
    spans = ((4, TODAY - 9 * DAY, TODAY), (8, TODAY, None))
    for tenths, first, last in spans:
        world.add(MediatorTime(mediator_id=one, tenths=tenths, valid_from=first, valid_to=last))
    assert county.loads()[one].available == 8
    world.absence(one, TODAY - 30 * DAY, TODAY - 20 * DAY)
    world.absence(one, TODAY + 8 * DAY, TODAY + 9 * DAY, AbsenceKind.TRAINING)
    world.absence(one, TODAY + 3 * DAY, TODAY + 4 * DAY)
    for day, shift in ((0, DutyShift.DAY), (1, DutyShift.DAY), (2, DutyShift.NIGHT)):
        on = {"day": TODAY + day * DAY, "mediator_id": one, "shift": shift}
        world.add(DutyRoster(committee_id=world.committee_a, **on))
    found = county.loads()[one]
    # Of ten working days two are leave, two training, two duty by day.
    assert found.available == 3
    assert (found.leave.first_day, found.leave.kind) == (TODAY + 3 * DAY, AbsenceKind.LEAVE)
    assert county.loads(now=NOW, at=NOW - 25 * DAY)[one].leave.last_day == TODAY - 20 * DAY
    assert county.loads(now=NOW, at=NOW - DAY)[one].tenths == 4


def test_the_pieces_are_the_cases_by_age_with_their_lamps(county):
    world, one = county.world, county.one
    late = {"due_at": NOW - DAY, "soon_at": NOW - 2 * DAY, "registered_at": NOW - 9 * DAY}
    soon = {"due_at": NOW + DAY, "soon_at": NOW - DAY, "registered_at": NOW - 4 * DAY}
    ahead = {"due_at": NOW + 7 * DAY, "soon_at": NOW + 5 * DAY}
    parked = {"due_at": NOW + DAY, "soon_at": NOW - DAY, "paused": 1}
    for over in (ahead, late, soon, parked):
        world.case(mediator_id=one, **over)
    world.case(mediator_id=one, stage=Stage.CLOSED, closed_at=NOW - DAY)
    found = county.loads()[one]
    assert [(piece.lamp, piece.age_days) for piece in found.pieces][:2] == [
        (Lamp.LATE, 9),
        (Lamp.SOON, 4),
    ]
    assert (found.count, found.late, found.soon, found.due_this_week) == (4, 1, 1, 1)
    numbers = {one.case_no for one in county.all(Case) if one.is_open}
    assert {piece.case_no for piece in found.pieces} == numbers


def test_a_head_sees_whole_loads_but_no_number_of_a_case_elsewhere(county):
    world = county.world
    world.case(mediator_id=county.one, committee_id=world.committee_a)
    world.case(mediator_id=county.one, committee_id=world.committee_b)
    head = Scope(world.county, committees=frozenset({world.committee_a}))
    found = county.loads(scope=head)
    assert list(found) == [county.one]
    assert found[county.one].points == 20
    assert sorted(bool(piece.case_no) for piece in found[county.one].pieces) == [False, True]
    own = county.loads(scope=Scope(world.county, mediators=frozenset({county.two})))
    assert list(own) == [county.two]
    assert county.loads(scope=Scope(world.county, grids=frozenset({world.grid_a}))) == {}


def test_who_has_left_is_listed_while_they_hold_something(county):
    world = county.world
    gone, idle = (world.mediator(name, active=False) for name in ("赵甲", "赵乙"))
    world.case(mediator_id=gone)
    found = county.loads()
    assert idle not in found
    assert (found[gone].available, found[gone].load, found[gone].points) == (0, None, 10)


def test_a_committee_bears_what_its_mediators_bear(county):
    world = county.world
    more = world.mediator("王强", full_time=True)
    for mediator in (county.one, county.one, county.one, more, county.two):
        world.case(mediator_id=mediator, due_at=NOW - DAY, soon_at=NOW - 2 * DAY)
    found = {one.committee_id: one for one in county.ask(committee_loads)}
    one = found[world.committee_a]
    assert (one.people, one.full_time, one.available, one.points) == (2, 20, 20, 40)
    assert (one.count, one.late, one.load, one.term_to) == (4, 4, 2.0, date(2027, 6, 1))
    assert one.spread.gini.actual == pytest.approx(0.25)
    assert not one.spread.gini.more_than_chance
    assert found[world.committee_b].spread is None  # nobody is uneven alone
    town = Scope(world.county, towns=frozenset({world.town_b}))
    assert [c.committee_id for c in county.ask(committee_loads, scope=town)] == [world.committee_b]


def test_what_to_look_at_names_people_and_committees(county):
    world = county.world
    full = world.mediator("孙满", capacity=1, full_time=True)
    for _ in range(2):
        world.case(mediator_id=full, due_at=NOW + 2 * DAY, soon_at=NOW + DAY)
    world.absence(full, TODAY + DAY, TODAY + 3 * DAY)
    for _ in range(3):
        world.case(mediator_id=county.one, due_at=NOW - DAY, soon_at=NOW - 2 * DAY)
    ends = (date(2027, 6, 1) - TODAY).days - 30
    found = {one.kind: one for one in county.ask(what_to_look_at)}
    assert found[LookAt.AWAY_WITH_DUE].ids == found[LookAt.OVER_CAPACITY].ids == (full,)
    assert (found[LookAt.LATE_CLUSTER].names, found[LookAt.LATE_CLUSTER].cases) == (("张建国",), 3)
    # Most of the few had nothing in four weeks: then it says nothing of anybody.
    assert LookAt.IDLE not in found
    assert LookAt.TERM_ENDING not in found
    later = county.ask(what_to_look_at, now=NOW + ends * DAY)
    (ending,) = [one for one in later if one.kind is LookAt.TERM_ENDING]
    assert set(ending.ids) == {world.committee_a, world.committee_b}


def test_a_workload_takes_as_many_statements_for_ten_people_as_for_one(county):
    def asked(at=None):
        with statements(county.db) as seen:
            county.ask(workload, at=at)
            with county.db.read() as session:
                monthly_points(session, scope=county.scope, month=month_of(TODAY))
        return len(seen)

    before = asked(), asked(NOW - DAY)
    for _ in range(10):
        mediator = county.world.mediator()
        for closed in (False, True):
            over = {"stage": Stage.CLOSED, "closed_at": NOW} if closed else {}
            county.world.case(mediator_id=mediator, **over)
        county.world.absence(mediator, TODAY, TODAY + DAY)
    assert (asked(), asked(NOW - DAY)) == before
    assert max(before) <= 18


def test_intervals_are_looked_up_by_their_cases_and_never_by_when_they_began(county):
    """By that index SQLite would go through all the history before the moment."""
    if not county.db.is_sqlite:
        pytest.skip("what PostgreSQL does depends on how much there is: see the bench")
    with statements(county.db) as seen:
        county.ask(workload, at=NOW - DAY)
        county.month(TODAY)
    steps = []
    for statement in [one for one in seen if "case_span" in one]:
        marks = ("x",) * statement.count("?")
        plan = county.db.bind.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", marks).all()
        steps += [step[3] for step in plan if "case_span" in step[3]]
    assert len(steps) >= 3
    assert [
        one for one in steps if "sqlite_autoindex_case_span_1 (county_id=? AND case_id=?" not in one
    ] == []


# --- a past moment and a past month --------------------------------------------------------------


def a_case_through(county):
    """Registered, given on the first day, to another on the fifth, closed on the ninth."""
    world = county.world
    case = county.register(now=NOW)
    no = case.case_no
    county.step(no, Action.ACCEPT, now=NOW)
    county.give(no, county.one, now=NOW)
    second = world.mediator("王强", full_time=True)
    county.give(no, second, now=NOW + 4 * DAY)
    county.step(no, Action.WITHDRAW, now=NOW + 8 * DAY, note="双方自行和解")
    return no, second


def test_a_past_moment_is_as_it_was(county):
    no, second = a_case_through(county)
    now = NOW + 20 * DAY
    for at, holder in ((NOW + DAY, county.one), (NOW + 5 * DAY, second), (NOW + 9 * DAY, None)):
        found = county.loads(now=now, at=at)
        holders = {one.mediator_id: one.pieces for one in found.values() if one.pieces}
        assert list(holders) == ([holder] if holder else [])
        assert holder is None or holders[holder][0].case_no == no
    # To the very moment: it was hers then.
    assert county.loads(now=now, at=NOW + 4 * DAY)[second].count == 1
    assert county.loads(now=now, at=NOW + 8 * DAY)[second].closed == 1
    assert county.loads(now=now, at=NOW + 8 * DAY - timedelta(seconds=1))[second].closed == 0
    assert county.loads(now=now)[second].busy == pytest.approx(10 * 4 / 28)


def test_a_month_has_what_was_held_and_closed_in_it(county):
    _no, second = a_case_through(county)
    found = county.month(TODAY)
    assert found[county.one].held == pytest.approx(10 * 4 / 31)
    assert found[second].held == pytest.approx(10 * 4 / 31)
    assert (found[second].closed, found[second].cases) == (10, 1)
    assert (found[county.one].closed, found[county.one].cases) == (0, 0)
    assert county.month(date(2026, 4, 1))[second].held == 0


def test_months_are_calendar_months():
    assert month_of(date(2026, 2, 14)).last_day == date(2026, 2, 28)
    assert month_of(date(2024, 2, 29)).first_day == date(2024, 2, 1)
    assert month_of(date(2026, 12, 31)).last_day == date(2026, 12, 31)


# --- tables of weights ---------------------------------------------------------------------------


def test_a_table_of_today_reweighs_open_cases_and_no_past_month(county):
    world = county.world
    opened = world.case(mediator_id=county.one, registered_at=NOW - 40 * DAY)
    closed = world.case(
        mediator_id=county.one,
        stage=Stage.CLOSED,
        registered_at=NOW - 40 * DAY,
        closed_at=NOW - 20 * DAY,
    )
    february = county.month(date(2026, 2, 1))
    assert february[county.one].held > 0
    before = county.loads(now=NOW + DAY, at=NOW - DAY)[county.one]
    applied = county.add(table())
    assert applied.moved == 1
    assert county.case(opened.case_no).weight == 20
    assert county.case(closed.case_no).weight == 10
    assert county.month(date(2026, 2, 1)) == february
    assert county.loads(now=NOW + DAY, at=NOW - DAY)[county.one] == before
    assert county.loads(now=NOW + DAY)[county.one].points == 20
    spans = county.all(CaseSpan, CaseSpan.case_id == opened.id)
    assert [(one.weight, one.ends_at) for one in sorted(spans, key=lambda one: one.seq)] == [
        (10, NOW),
        (20, None),
    ]
    (told,) = county.all(CaseEvent, CaseEvent.kind == EventKind.REWEIGHED)
    assert told.data == {"table": 2, "old": 10, "values": {"weight": 20}}
    (line,) = county.all(AuditLine, AuditLine.action == "weights:add")
    assert (line.payload["version"], line.payload["reweighed"]) == (2, 1)
    invariants.assert_hold(county.db, county_id=world.county)


def test_a_preview_says_what_moves_and_changes_nothing(county):
    world = county.world
    for mediator in (county.one, county.one, county.two):
        world.case(mediator_id=mediator)
    world.case(difficulty=Difficulty.MAJOR)
    halved = table(by_difficulty={**WEIGHT, Difficulty.ORDINARY: 15, Difficulty.MAJOR: 30})
    seen = county.ask(preview_weight_table, table=halved)
    assert (seen.moved, seen.heavier, seen.lighter) == (4, 3, 1)
    assert (seen.points_before, seen.points_after) == (70, 75)
    shifts = [(one.name, one.before, one.after) for one in seen.mediators]
    assert shifts == [("张建国", 2.0, 3.0), ("李秀英", 2.0, 3.0)]
    assert [(one.name, one.before, one.after) for one in seen.committees] == [
        ("和众社区调委会", 2.0, 3.0),
        ("太平社区调委会", 2.0, 3.0),
    ]
    assert seen.examples[0].before == 40
    assert county.weights() == [10, 10, 10, 40]
    assert county.all(CaseEvent, CaseEvent.kind == EventKind.REWEIGHED) == []


def test_what_was_looked_at_is_what_is_applied(county):
    case = county.world.case(mediator_id=county.one)
    seen = county.ask(preview_weight_table, table=table()).fingerprint
    county.world.case(mediator_id=county.one)
    with pytest.raises(PreviewOutdated):
        county.add(table(), seen=seen)
    with pytest.raises(PreviewOutdated):
        county.add(
            table(repeated=125), seen=county.ask(preview_weight_table, table=table()).fingerprint
        )
    assert county.case(case.case_no).weight == 10
    # Which cases will be open on a later day nobody knows, so they are no part of what is seen.
    later = table(TODAY + 5 * DAY)
    seen = county.ask(preview_weight_table, table=later).fingerprint
    county.world.case(mediator_id=county.one)
    assert county.add(later, seen=seen).moved == 0


def test_a_later_table_begins_with_the_daily_work_of_its_day(county, tmp_path):
    world = county.world
    opened = world.case(mediator_id=county.one)
    day = TODAY + 3 * DAY
    county.add(table(day))
    settings = Settings(data_dir=tmp_path)
    for now in (NOW + DAY, NOW + 2 * DAY):
        assert keep_house(county.db, settings, now=now).done["weights"] is None
        assert county.case(opened.case_no).weight == 10
        assert county.register(now=now).weight == 10
    begins = NOW + 3 * DAY
    assert county.register(now=begins - timedelta(hours=1)).weight == 20  # by its day, at once
    keep_house(county.db, settings, now=begins)
    moved = county.case(opened.case_no)
    assert (moved.weight, moved.version) == (20, 2)
    assert county.weights() == [20] * 4
    (row,) = county.all(StoredWeights)
    assert row.begun_at == begins
    assert county.loads(now=begins, at=begins - timedelta(seconds=1))[county.one].points == 10
    keep_house(county.db, settings, now=begins + DAY)
    assert county.case(opened.case_no).version == 2
    (line,) = county.all(AuditLine, AuditLine.action == "weights:begin")
    assert (line.actor_id, line.payload) == (0, {"version": 2, "reweighed": 3})
    invariants.assert_hold(county.db, county_id=world.county)


def test_of_two_that_came_due_meanwhile_the_last_one_counts(county):
    opened = county.world.case(mediator_id=county.one)
    county.add(table(TODAY + DAY))
    county.add(table(TODAY + 2 * DAY, by_difficulty=dict.fromkeys(Difficulty, 7)))
    begin_tables(county.db, now=NOW + 9 * DAY)
    assert county.case(opened.case_no).weight == 7
    assert len(county.all(CaseEvent, CaseEvent.kind == EventKind.REWEIGHED)) == 1
    assert {one.begun_at for one in county.all(StoredWeights)} == {NOW + 9 * DAY}


def test_a_table_to_come_can_be_withdrawn_and_its_number_is_not_used_again(county):
    opened = county.world.case(mediator_id=county.one)
    county.add(table(TODAY + DAY))
    county.withdraw(2)
    begin_tables(county.db, now=NOW + 2 * DAY)
    assert county.case(opened.case_no).weight == 10
    with pytest.raises(NotFound):
        county.withdraw(2)
    county.add(table(TODAY + DAY))
    begin_tables(county.db, now=NOW + DAY)
    with pytest.raises(Invalid) as refused:
        county.withdraw(3, now=NOW + DAY)
    assert refused.value.problems == {"table": RuleProblem.HAS_BEGUN}
    shown = county.ask(weight_tables, now=NOW + DAY)
    assert [(one.table.version, one.in_force, bool(one.withdrawn_at)) for one in shown] == [
        (3, True, False),
        (2, False, True),
        (1, False, False),
    ]
    assert (shown[0].made_by, shown[2].made_by) == ("规则管理员", None)
    told = county.ask_changes()
    assert [one.reason for one in told] == [WHY] * 3


def test_a_table_is_refused_with_the_problem_of_each_field(county):
    wrong = table(TODAY - DAY, by_type={"9999": 150})
    with pytest.raises(Invalid) as refused:
        county.add(wrong, seen="")
    assert refused.value.problems == {
        "valid_from": FieldProblem.IN_PAST,
        "type_code": FieldProblem.NOT_A_CHOICE,
    }
    with pytest.raises(Invalid):
        county.add(table(), reason="改")
    with pytest.raises(Invalid):
        county.add(table(by_difficulty=WEIGHT))
    town = county.world.actor("镇里", scope=Scope(county.world.county, towns=frozenset({1})))
    with pytest.raises(NotAllowed):
        county.add(table(), actor=town)
    with pytest.raises(NotAllowed):
        county.ask(preview_weight_table, table=table(), scope=town.scope(Permission.RULES_KEEP))


def test_a_retry_gets_the_first_answer(county):
    county.world.case(mediator_id=county.one)
    new = table()
    seen = county.ask(preview_weight_table, table=new).fingerprint
    first = county.add(new, seen=seen, key="same")
    assert county.add(new, seen=seen, key="same") == first
    assert len(county.all(StoredWeights)) == 1
    with pytest.raises(KeyReused):
        county.add(new, seen=seen, key="same", reason="另一个理由")


# --- wherever points are made --------------------------------------------------------------------


def test_a_registration_goes_by_the_table_of_its_day(county):
    county.add(table(by_type={"0402": 150}, people_exponent=35, cross_town=130, repeated=125))
    assert county.register().weight == 30
    assert county.register(people_count=20).weight == 134  # complex: 40 * 1.5 * 10 ** .35
    assert county.register(cross_town=True, repeated=True).weight == 49
    span = county.all(CaseSpan, CaseSpan.ends_at.is_(None))
    assert sorted(one.weight for one in span) == county.weights()


def test_a_stage_that_weighs_less_is_told_in_the_step(county):
    county.add(table(by_difficulty=WEIGHT, by_stage={Stage.AGREEMENT: 50, Stage.IN_MEDIATION: 120}))
    no = county.register().case_no
    county.step(no, Action.ACCEPT, now=NOW)
    assert county.give(no, county.one, now=NOW + DAY).weight == 12
    settled = county.step(
        no, Action.SETTLE, now=NOW + 2 * DAY, form=AgreementForm.ORAL, day=TODAY + 2 * DAY
    )
    assert settled.weight == 5
    told = county.all(CaseEvent, CaseEvent.case_id == settled.id, CaseEvent.seq >= 2)
    values = [one.data.get("values") for one in sorted(told, key=lambda one: one.seq)]
    assert values == [None, {"weight": 12}, {"weight": 5}]
    closed = county.step(no, Action.REFER_TO_POLICE, now=NOW + 3 * DAY, note="涉嫌违法,移送公安")
    assert closed.weight == 5
    invariants.assert_hold(county.db, county_id=county.world.county)


def test_a_file_goes_by_the_table_of_the_day_it_comes(county):
    def take(number, **row):
        import_file(
            county.db,
            content=csv_file({**GOOD, "外部编号": "S-1", **row}),
            file_name=f"{number}.csv",
            actor=county.world.system,
            now=NOW + number * DAY,
        )
        (case,) = county.all(Case)
        return case

    case = take(0, 难易程度="一般")
    assert case.weight == 10
    county.add(table(TODAY + DAY, by_type={"0402": 300}), now=NOW + DAY)
    # What it rests on is the same, so the file says nothing new of its points.
    before = county.case(case.case_no).weight
    assert take(1, 难易程度="一般", 风险等级="橙").weight == before
    assert take(2, 难易程度="疑难").weight == 2 * before
    span = county.all(CaseSpan, CaseSpan.ends_at.is_(None))[0]
    assert span.weight == 2 * before
    invariants.assert_hold(county.db, county_id=county.world.county)
