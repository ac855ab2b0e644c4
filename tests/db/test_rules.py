"""The work calendar and the limits changed: what moves, what stays, what is told and refused."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from time import perf_counter

import pytest
from sqlalchemy import event, insert, select

from data_access import audit, numbers
from data_access.clocks import every_open_case
from data_access.commands.limits import add_limit, remove_limit
from data_access.commands.reassign import reassign_case, undo_reassignment
from data_access.commands.steps import take_step
from data_access.commands.work_calendar import change_calendar
from data_access.queries.clocks import why
from data_access.queries.rules import (
    calendar_view,
    changes,
    limit_table,
    preview_days,
    preview_limit,
)
from data_access.reference import load_clock
from data_access.tables import AuditLine, Case, CaseEvent, CaseSpan, LimitRule, WorkDay
from domain.cases import (
    OPEN_STAGES,
    Difficulty,
    EventKind,
    FieldProblem,
    ReassignReason,
    Stage,
)
from domain.clocks import BEIJING, Limit, LimitUnit, Running, day_of
from domain.eligibility import CommitteeKind
from domain.errors import Invalid, KeyReused, NotAllowed, NotFound, PreviewOutdated
from domain.limits import RuleKind, RuleProblem
from domain.organisation import UnitLevel
from domain.people import Permission, Scope
from domain.transitions import Action, Given
from domain.work_calendar import FULL_DAY, HALF_DAY, NamedDay
from tests.world import NOW, World

DAY = timedelta(days=1)
TODAY = day_of(NOW)
WHY = "县政府办公室通知"
# 2026-03-05 is a Thursday.
THURSDAY_OFF = NamedDay(date(2026, 3, 5), 0, "县庆放假")
MEDIATION = Stage.IN_MEDIATION


def rule(amount=3, **over):
    usual = {"stage": MEDIATION, "unit": LimitUnit.CALENDAR_DAYS, "difficulty": None}
    return Limit(**{**usual, "amount": amount, "valid_from": TODAY, "source": "综治委文件", **over})


@pytest.fixture
def county(db):
    return County(db)


class County:
    """Open cases whose deadlines are what the rules make of them, and who keeps the rules."""

    def __init__(self, db):
        self.db, self.world = db, World(db)
        self.keeper = self.world.actor("规则管理员")
        self.mediator = self.world.mediator()
        self.keys = 0

    def case(self, stage=MEDIATION, *, since=NOW - DAY, difficulty=Difficulty.ORDINARY, **over):
        with self.db.read() as session:
            clock = load_clock(session)
        held = stage not in (Stage.REGISTERED, Stage.ACCEPTED)
        level = over.get("limit_level", UnitLevel.COMMUNITY if held else None)
        running = Running(stage, difficulty, since, over.get("stated_due_on"), level=level)
        due = clock.due(running)
        row = {"stage": stage, "difficulty": difficulty, "registered_at": since}
        row |= {"due_at": due.due_at, "soon_at": due.soon_at, "limit_level": level}
        if held:
            row["mediator_id"] = self.mediator
        return self.world.case(**row | over)

    def closed(self):
        return self.world.case(stage=Stage.CLOSED)

    @property
    def scope(self):
        return self.keeper.scope(Permission.RULES_KEEP)

    def look(self, days, *, official=False, now=NOW):
        with self.db.read() as session:
            return preview_days(session, scope=self.scope, days=days, official=official, now=now)

    def set_days(self, days, *, official=False, now=NOW, seen=None, **over):
        seen = seen or self.look(days, official=official, now=now).moves.fingerprint
        self.keys += 1
        return change_calendar(
            self.db,
            **{
                "days": days,
                "official": official,
                "reason": WHY,
                "fingerprint": seen,
                "actor": self.keeper,
                "now": now,
                "key": f"days {self.keys}",
                **over,
            },
        )

    def look_at(self, new, *, open_cases=False, now=NOW):
        with self.db.read() as session:
            return preview_limit(
                session, scope=self.scope, rule=new, open_cases=open_cases, now=now
            )

    def add(self, new, *, open_cases=False, now=NOW, seen=None, **over):
        seen = seen or self.look_at(new, open_cases=open_cases, now=now).fingerprint
        self.keys += 1
        return add_limit(
            self.db,
            **{
                "rule": new,
                "open_cases": open_cases,
                "reason": WHY,
                "fingerprint": seen,
                "actor": self.keeper,
                "now": now,
                "key": f"rule {self.keys}",
                **over,
            },
        )

    def remove(self, rule_id, *, now=NOW, **over):
        self.keys += 1
        given = {"reason": WHY, "actor": self.keeper, "key": f"rule {self.keys}", **over}
        return remove_limit(self.db, rule_id=rule_id, now=now, **given)

    def all(self, entity, *where):
        with self.db.read() as session:
            return session.scalars(select(entity).where(*where)).all()

    def now_of(self, case):
        return self.all(Case, Case.id == case.id)[0]

    def table(self, now=NOW):
        with self.db.read() as session:
            return limit_table(session, scope=self.scope, now=now)

    def everything_explained(self, now=NOW, *, at_most=200):
        """Each open case's explanation ends at its stored deadline; told of so many of them."""
        with self.db.read() as session:
            cases = session.scalars(select(Case).where(Case.is_open == 1)).all()
            for case in cases[:at_most]:
                found = why(session, scope=self.scope, case_no=case.case_no)
                stored = (case.due_at, case.soon_at)
                assert (found.deadline.due_at, found.deadline.soon_at) == stored, case.stage
                assert (found.parked_at is not None) is bool(case.paused)
            clock = load_clock(session)
            for one in every_open_case(session, county_id=self.world.county):
                assert clock.due(one.standing.running) == one.standing.stored
        return len(cases)

    def history_holds(self):
        for case in self.all(Case):
            events = self.all(CaseEvent, CaseEvent.case_id == case.id)
            spans = self.all(CaseSpan, CaseSpan.case_id == case.id)
            assert sorted(one.seq for one in events) == list(range(1, case.version + 1))
            opened = [one for one in spans if one.ends_at is None]
            assert len(opened) == case.is_open
            for one in opened:
                stored = (case.due_at, case.soon_at, case.version)
                assert (one.due_at, one.soon_at, one.seq) == stored
        with self.db.read() as session:
            assert audit.verify(session, county_id=self.world.county).broken_at is None

    def lines(self):
        return [one for one in self.all(AuditLine) if one.subject.startswith("rules:")]


# --- days --------------------------------------------------------------------------------------


def test_a_day_off_moves_what_counts_on_it_and_nothing_else(county):
    before_it = county.case(Stage.ACCEPTED, since=NOW)  # due on Tuesday
    over_it = county.case(Stage.AGREEMENT, since=NOW)  # 3 working days: Thursday
    stated = county.case(since=NOW, stated_due_on=date(2026, 3, 5))
    closed = county.closed()
    seen = county.look([THURSDAY_OFF])
    assert (seen.moves.moved, seen.moves.later, seen.moves.turn_late) == (1, 1, 0)
    assert seen.moves.by_stage == ((Stage.AGREEMENT, 1),)
    assert seen.moves.by_town == (("安仁镇", 1),)
    assert [one.case.case_no for one in seen.moves.examples] == [over_it.case_no]
    assert county.now_of(over_it).version == 1  # looking changes nothing
    applied = county.set_days([THURSDAY_OFF], seen=seen.moves.fingerprint)
    assert (applied.moved, applied.kept) == (1, 0)
    moved = county.now_of(over_it)
    assert moved.due_at == over_it.due_at + DAY
    for other in (before_it, stated, closed):
        assert county.now_of(other).version == 1
    (told,) = county.all(CaseEvent, CaseEvent.kind == EventKind.DEADLINE_MOVED)
    assert told.data == {
        "change": applied.change_id,
        "because": "calendar",
        "old": over_it.due_at.isoformat(),
        "new": moved.due_at.isoformat(),
        "limit_on": None,
    }
    past = county.all(CaseSpan, CaseSpan.case_id == over_it.id, CaseSpan.seq == 1)[0]
    assert (past.due_at, past.ends_at) == (over_it.due_at, NOW)
    county.everything_explained()
    county.history_holds()


def test_one_line_tells_of_all_and_the_reason_is_kept_encrypted(county):
    for _ in range(5):
        county.case(Stage.AGREEMENT, since=NOW)
    applied = county.set_days([THURSDAY_OFF])
    (line,) = county.lines()
    assert (line.action, line.subject) == ("calendar:change", f"rules:{applied.change_id}")
    assert (line.payload["moved"], line.payload["days"]) == (5, 1)
    assert WHY not in str(line.payload)
    with county.db.read() as session:
        (told,) = changes(session, scope=county.scope, kind=RuleKind.CALENDAR)
        assert changes(session, scope=county.scope, kind=RuleKind.LIMITS) == []
    assert (told.reason, told.actor_name, told.moved) == (WHY, "规则管理员", 5)


def test_an_afternoon_off_counts_half(county):
    case = county.case(Stage.AGREEMENT, since=NOW)
    half = NamedDay(date(2026, 3, 4), HALF_DAY, "下午防汛演练")
    county.set_days([half])
    assert county.now_of(case).due_at == case.due_at + DAY
    with county.db.read() as session:
        view = calendar_view(session, scope=county.scope, now=NOW)
    assert view.calendar.halves(half.day) == HALF_DAY
    assert view.names[half.day] == "下午防汛演练"
    # Worked in full after all: everything is back where it was.
    county.set_days([NamedDay(half.day, FULL_DAY, "照常上班")], now=NOW + timedelta(hours=1))
    assert county.now_of(case).due_at == case.due_at
    assert county.now_of(case).version == 3
    county.everything_explained()
    county.history_holds()


def test_a_day_off_that_has_passed_may_end_a_lateness(county):
    case = county.case(Stage.ACCEPTED, since=NOW - 2 * DAY)  # Saturday; due at the end of Monday
    now = NOW + DAY
    assert county.now_of(case).due_at < now
    monday_off = [NamedDay(date(2026, 3, 2), 0, "暴雨停工")]
    seen = county.look(monday_off, now=now).moves
    assert (seen.no_longer_late, seen.turn_late) == (1, 0)
    county.set_days(monday_off, now=now)
    late = county.all(CaseSpan, CaseSpan.case_id == case.id, CaseSpan.seq == 1)[0]
    assert late.due_at == case.due_at  # what was shown then is shown again
    county.everything_explained(now)


def test_the_notice_of_a_year_ends_its_gap(county):
    autumn = datetime(2026, 11, 20, 9, tzinfo=BEIJING)
    with county.db.read() as session:
        assert calendar_view(session, scope=county.scope, now=autumn).gap == date(2027, 1, 1)
    # A day of the county's own says nothing of the year.
    county.set_days([NamedDay(date(2027, 5, 12), 0, "县庆放假")], now=autumn)
    with county.db.read() as session:
        assert calendar_view(session, scope=county.scope, now=autumn).gap == date(2027, 1, 1)
    named = [NamedDay(date(2027, 10, n), 0, "国庆节") for n in range(1, 8)]
    named.append(NamedDay(date(2026, 12, 26), FULL_DAY, "元旦调休上班"))
    county.set_days(named, official=True, now=autumn)
    with county.db.read() as session:
        view = calendar_view(session, scope=county.scope, now=autumn)
    assert view.gap is None
    assert 2027 in view.entered
    assert view.calendar.is_working(date(2026, 12, 26))
    # Set otherwise by hand, the year stays entered.
    county.set_days([replace(one, note="县里另定") for one in named[:7]], now=autumn)
    assert {row.official for row in county.all(WorkDay, WorkDay.day == named[0].day)} == {True}


def test_a_parked_case_is_moved_without_the_pause_that_lasts(county):
    case = county.case(Stage.AGREEMENT, since=NOW)
    take_step(
        county.db,
        case_no=case.case_no,
        action=Action.PARK,
        given=Given(note="当事人外出务工", until=TODAY + 20 * DAY),
        expected_version=1,
        actor=county.keeper,
        now=NOW + timedelta(hours=1),
        key="park",
    )
    county.set_days([THURSDAY_OFF], now=NOW + 2 * DAY)
    assert county.now_of(case).due_at == case.due_at + DAY
    assert county.now_of(case).paused == 1
    # Looking again days later: nothing more to move.
    nothing = [replace(THURSDAY_OFF, note="县庆日放假")]
    assert county.look(nothing, now=NOW + 9 * DAY).moves.moved == 0
    county.everything_explained(NOW + 9 * DAY)


# --- limits ------------------------------------------------------------------------------------


def test_a_new_rule_is_for_what_begins_from_its_day_on(county):
    old = county.case(since=NOW - DAY)
    of_today = county.case(since=NOW - timedelta(minutes=5))
    new = rule(3, difficulty=Difficulty.ORDINARY)
    county.add(new)
    assert county.now_of(old).version == 1
    moved = county.now_of(of_today)
    assert (moved.version, moved.limit_on) == (2, None)
    assert moved.due_at < of_today.due_at
    table = county.table()
    (holding,) = [
        one
        for one in table.holding
        if (one.limit.stage, one.limit.difficulty) == (MEDIATION, Difficulty.ORDINARY)
    ]
    assert (holding.limit.amount, holding.changed_by, holding.at) == (3, "规则管理员", NOW)
    (over,) = table.over
    assert (over.limit.amount, over.limit.valid_to, over.changed_by) == (7, TODAY, None)
    county.everything_explained()
    county.history_holds()


def test_cases_in_the_stage_take_it_over_but_for_the_late_ones(county):
    late = county.case(since=NOW - 20 * DAY)
    running = county.case(since=NOW - DAY)
    elsewhere = county.case(Stage.FOLLOW_UP, since=NOW - DAY)
    new = rule(3, difficulty=Difficulty.ORDINARY)
    seen = county.look_at(new, open_cases=True)
    assert (seen.moved, seen.kept, seen.earlier, seen.turn_late) == (1, 1, 1, 0)
    applied = county.add(new, open_cases=True)
    assert (applied.moved, applied.kept) == (1, 1)
    assert county.now_of(late).version == county.now_of(elsewhere).version == 1
    assert county.now_of(late).due_at == late.due_at
    taken = county.now_of(running)
    assert (taken.limit_on, taken.version) == (TODAY, 2)
    with county.db.read() as session:
        found = why(session, scope=county.scope, case_no=running.case_no)
    assert (found.limit.amount, found.limit.source) == (3, "综治委文件")
    county.everything_explained()
    county.history_holds()
    # The next rule, only for what comes: whoever took one over stays under it.
    county.add(replace(new, amount=9, valid_from=TODAY + DAY), now=NOW + DAY)
    assert county.now_of(running).due_at == taken.due_at
    county.everything_explained(NOW + DAY)


def test_a_shorter_rule_may_make_late_what_takes_it_over_and_the_preview_says_so(county):
    case = county.case(since=NOW - 5 * DAY)
    new = rule(2, difficulty=Difficulty.ORDINARY)
    assert county.look_at(new, open_cases=True).turn_late == 1
    county.add(new, open_cases=True)
    assert county.now_of(case).due_at <= NOW
    county.everything_explained()


def test_a_rule_for_a_level_moves_that_level_and_a_reassignment_changes_nothing(county):
    in_community = county.case(since=NOW - DAY)
    in_county = county.case(since=NOW - DAY, limit_level=UnitLevel.COUNTY)
    new = rule(30, difficulty=Difficulty.ORDINARY, level=UnitLevel.COUNTY)
    assert county.add(new, open_cases=True).moved == 1
    assert county.now_of(in_community).version == 1
    assert county.now_of(in_county).due_at > in_county.due_at
    county.everything_explained()


def test_the_level_is_that_of_the_committee_that_gets_the_case(county):
    world = county.world
    at_county = world.committee("物业调委会", kind=CommitteeKind.INDUSTRY)
    expert = world.mediator("县级调解员", committee_id=at_county)
    county.add(rule(12, difficulty=Difficulty.ORDINARY, level=UnitLevel.COUNTY))
    case = county.case(Stage.ACCEPTED, since=NOW)
    given = {"case_no": case.case_no, "note": "需要县级办理", "actor": county.keeper}
    moved = reassign_case(
        county.db,
        **given,
        to_mediator_id=expert,
        reason=ReassignReason.SPECIALITY,
        expected_version=1,
        now=NOW,
        key="to the county",
    )
    held = county.now_of(case)
    assert held.limit_level is UnitLevel.COUNTY
    assert day_of(held.due_at - timedelta(seconds=1)) == date(2026, 3, 16)  # the 14th is a Saturday
    county.everything_explained()
    undo_reassignment(
        county.db,
        case_no=case.case_no,
        expected_version=moved.version,
        actor=county.keeper,
        now=NOW,
        key="back",
    )
    assert county.now_of(case).limit_level is None
    county.everything_explained()
    again = reassign_case(
        county.db,
        **given,
        to_mediator_id=expert,
        reason=ReassignReason.SPECIALITY,
        expected_version=3,
        now=NOW,
        key="to the county again",
    )
    reassign_case(
        county.db,
        **given,
        to_mediator_id=county.mediator,
        reason=ReassignReason.OTHER,
        expected_version=again.version,
        now=NOW,
        key="to the community",
    )
    assert county.now_of(case).limit_level is UnitLevel.COUNTY
    assert county.now_of(case).due_at == held.due_at
    county.everything_explained()
    take_step(
        county.db,
        case_no=case.case_no,
        action=Action.FAIL,
        given=Given(note="一方明确拒绝继续调解", outcome="O04"),
        expected_version=5,
        actor=county.keeper,
        now=NOW + DAY,
        key="next stage",
    )
    assert county.now_of(case).limit_level is UnitLevel.COMMUNITY
    county.everything_explained(NOW + DAY)


def test_a_rule_to_come_can_be_withdrawn_and_the_old_one_goes_on(county):
    coming = rule(5, difficulty=Difficulty.ORDINARY, valid_from=TODAY + 10 * DAY)
    county.case()
    assert county.add(coming).moved == 0
    (stored,) = county.table().coming
    assert stored.limit == coming
    before = [one.limit for one in county.table().holding]
    assert any(one.valid_to == coming.valid_from for one in before)
    county.remove(stored.id)
    assert county.table().coming == ()
    assert all(one.limit.valid_to is None for one in county.table().holding)
    assert [line.action for line in county.lines()] == ["limit:add", "limit:remove"]
    county.everything_explained()


def test_a_rule_that_has_begun_cannot_be_withdrawn(county):
    county.add(rule(5, difficulty=Difficulty.ORDINARY))
    (stored,) = county.all(LimitRule, LimitRule.change_id.is_not(None))
    with pytest.raises(Invalid) as refused:
        county.remove(stored.id)
    assert refused.value.problems == {"rule": RuleProblem.HAS_BEGUN}
    with pytest.raises(NotFound):
        county.remove(stored.id + 1000)


# --- refused, retried, raced -------------------------------------------------------------------


def everything(county):
    tables = (Case, CaseEvent, CaseSpan, AuditLine, LimitRule, WorkDay)
    with county.db.read() as session:
        return [session.execute(select(table.__table__)).all() for table in tables]


def test_a_retry_gives_the_first_answer_and_moves_nothing_twice(county):
    case = county.case(Stage.AGREEMENT, since=NOW)
    seen = county.look([THURSDAY_OFF]).moves.fingerprint
    first = county.set_days([THURSDAY_OFF], seen=seen, key="once")
    after = everything(county)
    assert county.set_days([THURSDAY_OFF], seen=seen, key="once") == first
    assert everything(county) == after
    assert county.now_of(case).version == 2
    with pytest.raises(KeyReused):
        county.set_days([THURSDAY_OFF], seen=seen, key="once", reason="另一个理由")
    new = rule(3, difficulty=Difficulty.ORDINARY)
    seen = county.look_at(new).fingerprint
    first = county.add(new, seen=seen, key="rule once")
    after = everything(county)
    assert county.add(new, seen=seen, key="rule once") == first
    assert everything(county) == after


def test_what_is_no_longer_as_it_was_looked_at_is_refused(county):
    county.case(Stage.AGREEMENT, since=NOW)
    new = rule(3, difficulty=Difficulty.ORDINARY)
    days, limits = county.look([THURSDAY_OFF]).moves, county.look_at(new, open_cases=True)
    county.case(Stage.AGREEMENT, since=NOW)
    county.case(since=NOW - DAY)
    before = everything(county)
    with pytest.raises(PreviewOutdated):
        county.set_days([THURSDAY_OFF], seen=days.fingerprint)
    with pytest.raises(PreviewOutdated):
        county.add(new, open_cases=True, seen=limits.fingerprint)
    assert everything(county) == before
    assert county.set_days([THURSDAY_OFF]).moved == 2


@pytest.mark.parametrize(
    ("days", "over", "problems"),
    [
        ([], {}, {"calendar": RuleProblem.NOTHING_CHANGES}),
        ([THURSDAY_OFF], {"reason": " "}, {"reason": FieldProblem.MISSING}),
        ([THURSDAY_OFF], {"reason": "放假"}, {"reason": FieldProblem.TOO_SHORT}),
        ([replace(THURSDAY_OFF, note="")], {}, {"day_name": FieldProblem.MISSING}),
        ([replace(THURSDAY_OFF, halves=3)], {}, {"calendar": FieldProblem.NOT_A_CHOICE}),
        ([replace(THURSDAY_OFF, day=date(2062, 1, 1))], {}, {"day": FieldProblem.OUT_OF_RANGE}),
        (
            [NamedDay(date(2026, 10, 1), 0, "国庆节")],
            {},
            {"calendar": RuleProblem.NOTHING_CHANGES},
        ),
    ],
)
def test_days_that_cannot_be_taken_change_nothing(county, days, over, problems):
    before = everything(county)
    with pytest.raises(Invalid) as refused:
        county.set_days(days, seen="any", **over)
    assert refused.value.problems == problems
    assert everything(county) == before


@pytest.mark.parametrize(
    ("over", "open_cases", "problem"),
    [
        ({"source": ""}, False, {"source": FieldProblem.MISSING}),
        ({"valid_from": TODAY - DAY}, False, {"valid_from": FieldProblem.IN_PAST}),
        ({"valid_from": TODAY + DAY}, True, {"open_cases": RuleProblem.OPEN_CASES_LATER}),
    ],
)
def test_a_rule_that_cannot_be_taken_changes_nothing(county, over, open_cases, problem):
    before = everything(county)
    with pytest.raises(Invalid) as refused:
        county.add(rule(**over), open_cases=open_cases, seen="any")
    assert refused.value.problems == problem
    assert everything(county) == before


def test_the_rules_are_kept_by_who_keeps_them_for_the_whole_county(county):
    town = Scope(county.world.county, towns=frozenset({county.world.town_a}))
    of_town = county.world.actor("镇里", scope=town)
    reader = county.world.actor("只读", permissions=(Permission.CASE_READ,))
    for nobody in (of_town, reader):
        with pytest.raises(NotAllowed):
            county.set_days([THURSDAY_OFF], seen="any", actor=nobody)
        with pytest.raises(NotAllowed):
            county.add(rule(), seen="any", actor=nobody)
        with pytest.raises(NotAllowed):
            county.remove(1, actor=nobody)
    with county.db.read() as session:
        for read in (
            lambda: calendar_view(session, scope=town, now=NOW),
            lambda: limit_table(session, scope=town, now=NOW),
            lambda: changes(session, scope=town, kind=RuleKind.LIMITS),
            lambda: preview_days(session, scope=town, days=[THURSDAY_OFF], official=False, now=NOW),
            lambda: preview_limit(session, scope=town, rule=rule(), open_cases=False, now=NOW),
        ):
            with pytest.raises(NotAllowed):
                read()


# --- many --------------------------------------------------------------------------------------


@pytest.fixture
def counted(county):
    statements = []
    bind = county.db.bind

    def note(_connection, _cursor, statement, _parameters, _context, _many):
        statements.append(statement)

    event.listen(bind, "before_cursor_execute", note)
    yield statements
    event.remove(bind, "before_cursor_execute", note)


def test_two_thousand_open_cases_move_in_seconds_with_few_statements(county, counted):
    def many(session):
        first = county.case(Stage.AGREEMENT, since=NOW)
        row = dict(session.execute(select(Case.__table__)).mappings().one())
        (span,) = session.execute(select(CaseSpan.__table__)).mappings().all()
        (told,) = session.execute(select(CaseEvent.__table__)).mappings().all()
        ids = numbers.reserve(session, "case", county_id=county.world.county, count=1999)
        named = [{"id": one, "case_no": f"D2026-{50000 + one}"} for one in ids]
        session.execute(insert(Case), [row | one for one in named])
        session.execute(insert(CaseSpan), [dict(span) | {"case_id": one} for one in ids])
        session.execute(insert(CaseEvent), [dict(told) | {"case_id": one} for one in ids])
        return first

    county.db.write(many)
    counted.clear()
    began = perf_counter()
    seen = county.look([THURSDAY_OFF]).moves
    looked, statements = perf_counter() - began, len(counted)
    assert (seen.moved, len(seen.examples)) == (2000, 12)
    assert statements <= 8
    assert looked < 3
    counted.clear()
    began = perf_counter()
    assert county.set_days([THURSDAY_OFF], seen=seen.fingerprint).moved == 2000
    applied, statements = perf_counter() - began, len(counted)
    assert statements <= 40
    assert applied < 15
    assert len(county.lines()) == 1
    assert county.everything_explained() == 2000


def test_every_open_stage_of_every_difficulty_stays_explained(county):
    for stage in OPEN_STAGES:
        for difficulty in Difficulty:
            county.case(stage, difficulty=difficulty, since=NOW - DAY)
    county.set_days([THURSDAY_OFF, NamedDay(date(2026, 3, 10), HALF_DAY, "下午停电检修")])
    for stage in OPEN_STAGES:
        county.add(rule(4, stage=stage, unit=LimitUnit.WORKING_DAYS), open_cases=True)
    assert county.everything_explained() == len(OPEN_STAGES) * len(Difficulty)
    county.history_holds()
