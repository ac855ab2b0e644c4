"""Red events: raised once, acknowledged by a named person, answered for, over with their case."""

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from data_access.commands.import_file import import_file
from data_access.commands.red_events import (
    acknowledge_red_event,
    end_response,
    record_response,
)
from data_access.commands.register import NewCase, NewParty, register_case
from data_access.commands.risks import assess_risk
from data_access.commands.steps import take_step
from data_access.consistency import Disagreement, disagreements
from data_access.queries import trail
from data_access.queries.case_records import case_records
from data_access.queries.cases import case_view
from data_access.queries.red_events import answerable, open_events, unacknowledged
from data_access.tables import (
    AuditLine,
    Case,
    CaseEvent,
    CaseSpan,
    EmergencyResponse,
    RedEvent,
    User,
)
from domain.cases import EventKind, FieldProblem, Risk, Stage
from domain.clocks import BEIJING, day_of
from domain.errors import Conflict, Invalid, KeyReused, NotAllowed, NotFound, NotPossible
from domain.organisation import PartyRole
from domain.people import Permission, Role, Scope
from domain.red_events import RedObjection, oldest_news
from domain.transitions import Action, AgreementForm, Given
from tests import invariants
from tests.db.test_import_cases import GOOD, csv_file
from tests.world import NOW
from texts.trail_details import details

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WHY = "现场有人持械,已报警"
MEASURES = "已派人到场劝离,双方分开安置"


class Office:
    """A county with somebody at its desk, and one case that is as blue as most."""

    def __init__(self, world):
        self.world, self.db, self.now = world, world.db, NOW
        self.scope = Scope(world.county, whole_county=True)
        self.clerk = world.actor("周值班")
        self.holder = world.mediator("张建国")
        self.case = world.case(
            mediator_id=self.holder,
            occurred_on=day_of(NOW) - DAY,
            registered_at=NOW - HOUR,
            parties=("王小明", "李大华"),
        )

    def do(self, command, case=None, **arguments):
        number = (case or self.case).case_no
        defaults = {
            "case_no": number,
            "expected_version": self.version(number),
            "actor": self.clerk,
            "now": self.now,
            "key": f"key {self.world.next()}",
        }
        return command(self.db, **defaults | arguments)

    def version(self, number):
        with self.db.read() as session:
            return session.scalar(select(Case.version).where(Case.case_no == number)) or 1

    def assess(self, risk=Risk.RED, case=None, **over):
        return self.do(assess_risk, case, **{"risk": risk, "note": WHY} | over)

    def acknowledge(self, case=None, **over):
        return self.do(acknowledge_red_event, case, **over)

    def respond(self, case=None, **over):
        given = {"responsible_id": self.clerk.user_id, "begun_at": self.now, "note": MEASURES}
        return self.do(record_response, case, **given | over)

    def end(self, response, case=None, **over):
        given = {"response": response, "ended_at": self.now, "note": "双方已离开现场"}
        return self.do(end_response, case, **given | over)

    def step(self, action, case=None, **given):
        return self.do(take_step, case, action=action, given=Given(**given))

    def register(self, *, risk=Risk.RED, unit=None, **over):
        new = NewCase(
            unit_id=unit or self.world.grid_a,
            type_code="0402",
            source_code="S02",
            occurred_on=day_of(self.now),
            title="楼上漏水引发冲突",
            parties=(NewParty(PartyRole.APPLICANT, "王小明"),),
            risk=risk,
            **over,
        )
        key = f"register {self.world.next()}"
        done = register_case(self.db, new=new, actor=self.clerk, now=self.now, key=key)
        with self.db.read() as session:
            return session.scalars(select(Case).where(Case.case_no == done.case_no)).one()

    def bring(self, *rows, now=None):
        """A file of cases, each of which states its risk and when it was registered."""
        content = csv_file(*rows)
        actor = self.world.actor("导入员", permissions=(Permission.IMPORT_RUN,))
        report = import_file(
            self.db, content=content, file_name="t.csv", actor=actor, now=now or self.now
        )
        assert report.rejected == 0, report
        return actor

    def alarms(self, case=None):
        """(raised at, acknowledged by, ended) of each alarm, of a case or all."""
        query = select(RedEvent).order_by(RedEvent.case_id, RedEvent.seq)
        if case is not None:
            query = query.where(RedEvent.case_id == case.id)
        with self.db.read() as session:
            return session.scalars(query).all()

    def responses(self):
        with self.db.read() as session:
            return session.scalars(select(EmergencyResponse).order_by(EmergencyResponse.seq)).all()

    def wall(self, scope=None, now=None):
        with self.db.read() as session:
            return unacknowledged(session, scope=scope or self.scope, now=now or self.now)

    def desk(self, scope=None, now=None):
        with self.db.read() as session:
            return open_events(session, scope=scope or self.scope, now=now or self.now)

    def told(self, case=None):
        with self.db.read() as session:
            number = (case or self.case).case_no
            return case_records(session, scope=self.scope, case_no=number)


@pytest.fixture
def office(world):
    office = Office(world)
    yield office
    invariants.assert_hold(world.db, county_id=world.county)
    with world.db.read() as session:
        assert disagreements(session, county_id=world.county) == {}


def row(number, registered_at, risk="红", **over):
    return GOOD | {
        "外部编号": number,
        "事件名称": f"楼上漏水{number}",
        "登记时间": f"{registered_at.astimezone(BEIJING):%Y-%m-%d %H:%M}",
        "风险等级": risk,
        "发生日期": f"{registered_at.astimezone(BEIJING) - 10 * DAY:%Y-%m-%d}",
        **over,
    }


# --- when an alarm is raised -------------------------------------------------------------------


def test_a_dispute_registered_at_r1_is_a_red_event_and_any_other_is_none(office):
    for risk in (Risk.ORANGE, Risk.YELLOW, Risk.BLUE):
        office.register(risk=risk)
    assert office.alarms() == []
    red = office.register()
    (one,) = office.alarms()
    assert (one.case_id, one.seq, one.raised_at, one.raised_by) == (
        red.id,
        1,
        NOW,
        office.clerk.user_id,
    )
    assert (one.acknowledged_at, one.ended_at) == (None, None)


def test_what_is_settled_on_the_spot_raises_no_alarm(office):
    office.register(settled="当场劝解,双方握手言和")
    assert office.alarms() == []


def test_a_case_raised_to_r1_is_a_red_event_of_that_moment_and_that_version(office):
    office.now = NOW + HOUR
    done = office.assess()
    (one,) = office.alarms()
    assert (one.seq, one.raised_at, one.raised_by) == (
        done.version,
        NOW + HOUR,
        office.clerk.user_id,
    )


def test_raising_twice_is_refused_and_leaves_one_open_event(office):
    office.assess()
    with pytest.raises(NotPossible) as refusal:
        office.assess()
    assert list(refusal.value.reasons) == [RedObjection.SAME_RISK]
    assert len(office.alarms()) == 1


def test_a_retry_of_a_lost_answer_raises_one_event_and_another_request_none(office):
    request = {"expected_version": 1, "key": "lost"}
    assert office.assess(**request) == office.assess(**request)
    assert len(office.alarms()) == 1
    with pytest.raises(KeyReused):
        office.assess(Risk.ORANGE, **request)


def test_a_change_of_the_risk_moves_nothing_else_and_is_told_with_its_reason(office):
    with office.db.read() as session:
        before = session.get(Case, (office.case.county_id, office.case.id))
        kept = (before.difficulty, before.due_at, before.weight, before.stage, before.mediator_id)
    done = office.assess(Risk.ORANGE)
    with office.db.read() as session:
        case = session.get(Case, (office.case.county_id, office.case.id))
        assert case.risk == Risk.ORANGE
        assert (case.difficulty, case.due_at, case.weight, case.stage, case.mediator_id) == kept
        span = session.scalars(
            select(CaseSpan).where(CaseSpan.case_id == case.id, CaseSpan.ends_at.is_(None))
        ).one()
        assert (span.risk, span.seq) == (Risk.ORANGE, done.version)
        line = session.scalars(select(AuditLine).order_by(AuditLine.seq.desc())).first()
        assert line.action == "case:assess_risk"
        assert (line.payload["old_risk"], line.payload["risk"]) == (Risk.BLUE, Risk.ORANGE)
        view = case_view(session, scope=office.scope, case_no=case.case_no, now=NOW)
    assert (view.events[0].kind, view.events[0].note) == (EventKind.RISK_ASSESSED, WHY)
    assert view.events[0].data["values"] == {"risk": Risk.ORANGE}


@pytest.mark.parametrize("note", ["", "急", "很" * 501])
def test_a_risk_is_assessed_for_a_stated_reason(office, note):
    with pytest.raises(Invalid) as refusal:
        office.assess(note=note)
    assert set(refusal.value.problems) == {"note"}
    assert office.alarms() == []


# --- when it is over ---------------------------------------------------------------------------


def test_lowering_the_risk_ends_the_event_and_raising_it_again_is_another(office):
    office.assess()
    office.now = NOW + HOUR
    office.assess(Risk.YELLOW)
    (one,) = office.alarms()
    assert (one.ended_at, one.ended_by) == (NOW + HOUR, office.clerk.user_id)
    assert office.wall() == []
    office.now = NOW + 2 * HOUR
    office.assess()
    first, second = office.alarms()
    assert (first.ended_at, second.ended_at) == (NOW + HOUR, None)
    assert [one.count for one in office.wall()] == [1]


def test_closing_the_case_ends_its_event_and_what_is_done_about_it(office):
    office.assess()
    office.respond()
    office.now = NOW + HOUR
    office.step(Action.WITHDRAW, note="双方自行和解,撤回申请")
    (one,), (done,) = office.alarms(), office.responses()
    assert (one.ended_at, one.ended_by) == (NOW + HOUR, office.clerk.user_id)
    assert (done.ended_at, done.ended_by) == (NOW + HOUR, office.clerk.user_id)
    assert office.desk() == []


def test_a_step_that_closes_nothing_leaves_the_event(office):
    office.assess()
    office.step(Action.SETTLE, form=AgreementForm.ORAL, day=day_of(NOW))
    assert [one.ended_at for one in office.alarms()] == [None]


def test_a_red_case_that_is_taken_up_again_is_a_red_event_again(office):
    office.assess()
    office.acknowledge()
    office.step(Action.WITHDRAW, note="双方自行和解,撤回申请")
    office.now = NOW + DAY
    office.step(Action.REOPEN, note="一方反悔并再次来访")
    first, second = office.alarms()
    assert (first.ended_at is None, second.raised_at, second.acknowledged_at) == (
        False,
        NOW + DAY,
        None,
    )
    assert [one.how for one in office.desk()] == [EventKind.REOPENED]


def test_merging_ends_an_event_and_undoing_that_raises_it_anew(office):
    stays = office.world.case(occurred_on=day_of(NOW) - DAY, registered_at=NOW - HOUR)
    office.assess()
    office.step(Action.MERGE, note="同一纠纷经两个渠道登记", other_case=stays.case_no)
    assert [one.ended_at is None for one in office.alarms()] == [False]
    office.step(Action.UNMERGE, note="核对后另有一处争议,分开办理")
    assert [one.ended_at is None for one in office.alarms()] == [False, True]
    assert [one.how for one in office.desk()] == [EventKind.UNMERGED]


# --- files -------------------------------------------------------------------------------------


def test_a_new_open_case_of_a_file_raises_an_alarm_and_history_does_not(office):
    midnight = oldest_news(NOW)
    brought_by = office.bring(
        row("new", NOW - MINUTE),
        row("yesterday", midnight),
        row("older", midnight - MINUTE),
        row("blue", NOW - MINUTE, risk="蓝"),
        row("closed", NOW - 3 * HOUR, 化解是否成功="是", 结案时间="2026-03-02 08:00"),
    )
    with office.db.read() as session:
        found = session.execute(
            select(Case.external_no, RedEvent.raised_at, RedEvent.raised_by).join(
                RedEvent, (RedEvent.county_id == Case.county_id) & (RedEvent.case_id == Case.id)
            )
        ).all()
        assert session.scalar(select(func.count()).where(Case.risk == Risk.RED)) == 4
    # Raised when it became known here, not when somebody elsewhere registered it.
    assert {tuple(one) for one in found} == {
        ("new", NOW, brought_by.user_id),
        ("yesterday", NOW, brought_by.user_id),
    }
    assert {one.how for one in office.desk()} == {EventKind.IMPORTED}


def test_a_file_that_raises_lowers_or_closes_a_known_case_moves_its_alarm(office):
    long_ago = NOW - 90 * DAY
    office.bring(row("known", long_ago, risk="橙"), row("quiet", long_ago))
    assert office.alarms() == []
    later = NOW + HOUR
    office.bring(row("known", long_ago), row("quiet", long_ago, 涉及人数="9"), now=later)
    (one,) = office.alarms()
    assert (one.raised_at, one.seq, office.desk()[0].how) == (later, 2, EventKind.UPDATED)
    office.bring(row("known", long_ago, 涉及人数="7"), now=NOW + 2 * HOUR)
    assert len(office.alarms()) == 1
    office.bring(row("known", long_ago, risk="黄", 涉及人数="7"), now=NOW + 3 * HOUR)
    (one,) = office.alarms()
    assert one.ended_at == NOW + 3 * HOUR
    assert one.ended_by not in (None, 0)


def test_a_case_that_a_file_closes_has_no_alarm_any_more(office):
    office.bring(row("new", NOW - MINUTE))
    closed = row("new", NOW - MINUTE, 化解是否成功="是", 结案时间="2026-03-02 10:00")
    office.bring(closed, now=NOW + 2 * HOUR)
    (one,) = office.alarms()
    assert one.ended_at == NOW + 2 * HOUR


def test_a_quiet_red_case_can_be_made_an_alarm_by_judging_it_anew(office):
    office.bring(row("quiet", NOW - 90 * DAY))
    with office.db.read() as session:
        case = session.scalars(select(Case).where(Case.external_no == "quiet")).one()
    with pytest.raises(NotPossible) as refusal:
        office.acknowledge(case)
    assert list(refusal.value.reasons) == [RedObjection.NOT_RED]
    office.assess(Risk.ORANGE, case)
    office.assess(Risk.RED, case)
    assert [one.ended_at for one in office.alarms(case)] == [None]


# --- the desk acknowledges and answers ---------------------------------------------------------


def test_an_acknowledgement_has_a_name_and_a_moment_and_frees_the_wall(office):
    office.assess()
    assert len(office.wall()) == 1
    office.now = NOW + 5 * MINUTE
    office.acknowledge(note="已电话通知安仁镇值班领导")
    (one,) = office.alarms()
    assert (one.acknowledged_at, one.acknowledged_by) == (office.now, office.clerk.user_id)
    assert one.ended_at is None
    assert office.wall() == []
    (row,) = office.desk()
    assert (row.acknowledged_by, row.acknowledged_at, row.waits) == ("周值班", office.now, None)
    with office.db.read() as session:
        line = session.scalars(select(AuditLine).order_by(AuditLine.seq.desc())).first()
        events = select(CaseEvent.kind).where(CaseEvent.case_id == office.case.id)
        kinds = session.scalars(events.order_by(CaseEvent.seq)).all()
    assert (line.action, line.actor_id) == ("case:acknowledge_red", office.clerk.user_id)
    assert kinds[-2:] == [EventKind.RISK_ASSESSED, EventKind.RED_ACKNOWLEDGED]


def test_the_trail_says_in_words_what_was_done_and_by_whom(office):
    office.assess()
    done = office.respond()
    office.end(done.version)
    with office.db.read() as session:
        page = trail.page(session, scope=office.scope, filters=trail.Filters())
    said = {
        line.action: details(line, page.names, now=NOW)
        for line in page.lines
        if line.action.startswith("case:") and line.actor_id == office.clerk.user_id
    }
    assert said["case:assess_risk"][0] == "蓝色风险 → 红色风险"
    responsible = f"周值班({login_of(office)}) 负责"
    # In which order a payload comes back is each database's own.
    begun, ended = {"3月2日 09:00 起", "同时确认红色事件"}, {"3月2日 09:00 止"}
    assert set(said["case:begin_response"]) >= begun | {responsible}
    assert set(said["case:end_response"]) >= ended | {responsible}
    assert not any("{" in text for texts in said.values() for text in texts)


def login_of(office):
    with office.db.read() as session:
        return session.get(User, office.clerk.user_id).login


def test_of_two_who_acknowledge_the_second_is_told_of_the_first(office):
    office.assess()
    seen = office.version(office.case.case_no)
    office.acknowledge()
    with pytest.raises(Conflict) as conflict:
        office.acknowledge(expected_version=seen, actor=office.world.actor("李值班"))
    assert conflict.value.last.actor_name == "周值班"
    with pytest.raises(NotPossible) as refusal:
        office.acknowledge()
    assert list(refusal.value.reasons) == [RedObjection.ACKNOWLEDGED_ALREADY]


def test_a_response_has_a_person_measures_and_times_and_acknowledges_what_nobody_had(office):
    office.assess()
    office.now = NOW + 10 * MINUTE
    answers = office.world.user("安仁站长", role=Role.TOWN, unit=office.world.town_a)
    office.respond(responsible_id=answers.id, begun_at=NOW + 4 * MINUTE)
    (alarm,) = office.alarms()
    assert alarm.acknowledged_by == office.clerk.user_id
    (one,) = office.told().alarm.responses
    assert (one.responsible, one.begun_at, one.measures) == (
        "安仁站长",
        NOW + 4 * MINUTE,
        MEASURES,
    )
    assert (one.recorded.by, one.recorded.at, one.ended_at) == ("周值班", office.now, None)
    assert [row.responses for row in office.desk()] == [1]
    office.now = NOW + HOUR
    office.end(one.seq, ended_at=NOW + 50 * MINUTE)
    (one,) = office.told().alarm.responses
    assert one.ended_at == NOW + 50 * MINUTE
    # The event goes on: the risk is judged for itself.
    assert [row.responses for row in office.desk()] == [0]
    with pytest.raises(NotPossible) as refusal:
        office.end(one.seq)
    assert list(refusal.value.reasons) == [RedObjection.NO_RESPONSE]


def test_several_responses_stand_side_by_side_and_end_each_for_itself(office):
    office.assess()
    office.respond()
    office.now = NOW + MINUTE
    office.respond(note="派出所到场处置,民警两名")
    first, second = office.responses()
    assert (first.red_seq, second.red_seq) == (2, 2)
    office.now = NOW + HOUR
    office.end(second.seq)
    assert [one.ended_at for one in office.responses()] == [None, NOW + HOUR]


def test_measures_are_sealed_and_told_without_what_is_known_of_the_parties(office):
    office.assess()
    done = office.respond(note="已把王小明劝离现场")
    with office.db.read() as session:
        event_row = session.get(CaseEvent, (office.case.county_id, office.case.id, done.version))
        assert "王小明".encode() not in event_row.note_encrypted
        assert "王小明" not in repr(event_row.data)
    (one,) = office.told().alarm.responses
    assert "王小明" not in one.measures
    assert "劝离现场" in one.measures


@pytest.mark.parametrize(
    ("spoil", "field", "problem"),
    [
        ({"begun_at": NOW + MINUTE}, "begun_at", FieldProblem.NOT_YET),
        ({"begun_at": NOW - 3 * DAY}, "begun_at", FieldProblem.BEFORE_DISPUTE),
        ({"responsible_id": -1}, "responsible", FieldProblem.NOT_A_CHOICE),
        ({"note": ""}, "note", FieldProblem.MISSING),
    ],
)
def test_a_response_is_refused_where_it_cannot_be(office, spoil, field, problem):
    office.assess()
    with pytest.raises(Invalid) as refusal:
        office.respond(**spoil)
    assert refusal.value.problems == {field: problem}
    assert office.responses() == []
    assert [one.acknowledged_at for one in office.alarms()] == [None]


@pytest.mark.parametrize(
    ("ended_at", "problem"),
    [(NOW + MINUTE, FieldProblem.NOT_YET), (NOW - MINUTE, FieldProblem.BEFORE_BEGIN)],
)
def test_a_response_ends_after_it_began_and_not_ahead(office, ended_at, problem):
    office.assess()
    done = office.respond()
    with pytest.raises(Invalid) as refusal:
        office.end(done.version, ended_at=ended_at)
    assert refusal.value.problems == {"ended_at": problem}
    assert [one.ended_at for one in office.responses()] == [None]


def test_without_an_alarm_nothing_is_acknowledged_nor_answered(office):
    for attempt in (office.acknowledge, office.respond):
        with pytest.raises(NotPossible) as refusal:
            attempt()
        assert list(refusal.value.reasons) == [RedObjection.NOT_RED]
    with pytest.raises(NotPossible):
        office.end(1)


def test_only_the_station_and_the_centre_judge_acknowledge_and_answer(office):
    office.assess()
    without = [one for one in Permission if one is not Permission.CASE_ACCEPT]
    head = office.world.actor("主任", permissions=without)
    elsewhere = Scope(office.world.county, towns=frozenset({office.world.town_b}))
    other_town = office.world.actor("外镇", scope=elsewhere)
    for attempt in (
        lambda **who: office.assess(Risk.ORANGE, **who),
        office.acknowledge,
        office.respond,
        lambda **who: office.end(1, **who),
    ):
        with pytest.raises(NotAllowed):
            attempt(actor=head)
        with pytest.raises(NotFound):
            attempt(actor=other_town)
    assert [one.acknowledged_at for one in office.alarms()] == [None]


# --- who can be named --------------------------------------------------------------------------


def test_who_reads_the_case_by_a_post_can_be_named_and_nobody_else(office):
    world = office.world
    named = {
        world.user("县领导", role=Role.LEADER).id,
        world.user("站长", role=Role.TOWN, unit=world.town_a).id,
        world.user("网格员", role=Role.GRID_WORKER, unit=world.grid_a).id,
        world.user("承办人", role=Role.MEDIATOR, unit=None, mediator_id=office.holder).id,
        office.clerk.user_id,
    }
    other = {
        world.user("外镇站长", role=Role.TOWN, unit=world.town_b).id,
        world.user("法院", role=Role.COURT).id,
        world.user("停用", active=False).id,
        world.user("别的调解员", role=Role.MEDIATOR, unit=None, mediator_id=world.mediator()).id,
    }
    with office.db.read() as session:
        found = answerable(session, scope=office.scope, case_no=office.case.case_no, now=NOW)
    ids = [one.user_id for one in found]
    assert len(ids) == len(set(ids))
    assert named <= set(ids)
    assert other.isdisjoint(ids)
    office.assess()
    for user_id in other:
        with pytest.raises(Invalid):
            office.respond(responsible_id=user_id)


# --- what the wall and the desk are told -------------------------------------------------------


def test_the_wall_is_told_a_town_a_day_and_how_many_and_nothing_more(office):
    world = office.world
    red = office.register()
    office.now = NOW + 26 * HOUR
    office.register()
    office.register(unit=world.grid_b)
    found = office.wall()
    assert [(one.town, one.risk, one.since, one.count) for one in found] == [
        ("安仁镇", Risk.RED, day_of(NOW), 2),
        ("䢺江镇", Risk.RED, day_of(office.now), 1),
    ]
    said = repr(found)
    assert "datetime.datetime" not in said
    for secret in (red.case_no, "D2026", "王小明", "漏水", "周值班"):
        assert secret not in said


def test_an_event_ahead_of_a_clock_that_went_back_is_told_as_of_today(office):
    office.register()
    assert [one.since for one in office.wall(now=NOW - 2 * DAY)] == [day_of(NOW - 2 * DAY)]


def test_a_town_is_told_its_own_alarms(office):
    world = office.world
    office.register()
    theirs = office.register(unit=world.grid_b)
    town_b = Scope(world.county, towns=frozenset({world.town_b}))
    assert [one.town for one in office.wall(town_b)] == ["䢺江镇"]
    assert [one.case_no for one in office.desk(town_b)] == [theirs.case_no]
    assert office.wall(Scope(world.county)) == []


def test_the_desk_is_told_those_that_wait_first_each_with_number_town_and_who(office):
    office.assess()
    office.acknowledge()
    office.now = NOW + HOUR
    red = office.register()
    waits, known = office.desk(now=NOW + 2 * HOUR)
    assert (waits.case_no, waits.town, waits.how, waits.by, waits.waits) == (
        red.case_no,
        "安仁镇",
        EventKind.REGISTERED,
        "周值班",
        HOUR,
    )
    assert (known.case_no, known.how) == (office.case.case_no, EventKind.RISK_ASSESSED)


def statements(db, read):
    found = []

    def note(_connection, _cursor, statement, *_rest):
        found.append(statement)

    bind = db.bind
    event.listen(bind, "before_cursor_execute", note)
    try:
        read()
    finally:
        event.remove(bind, "before_cursor_execute", note)
    return [one for one in found if one.lstrip().upper().startswith(("SELECT", "WITH"))]


def test_both_reads_take_one_statement_however_many_events_there_are(office):
    for _number in range(3):
        office.register()
    office.assess()
    office.respond()
    assert len(statements(office.db, office.wall)) == 1
    assert len(statements(office.db, office.desk)) == 1


def test_a_case_keeps_all_its_events_the_youngest_first(office):
    office.assess()
    office.respond()
    office.assess(Risk.ORANGE)
    office.assess()
    found = office.told()
    assert [one.ended is None for one in found.reds] == [True, False]
    assert [len(one.responses) for one in found.reds] == [0, 1]
    assert (found.alarm.seq, found.risk) == (found.reds[0].seq, Risk.RED)


# --- what a check of the tables finds ----------------------------------------------------------


@pytest.mark.parametrize("wrong", ["closed", "lowered", "twice"])
def test_an_alarm_that_does_not_fit_its_case_is_found(db, world, wrong):
    office = Office(world)
    office.assess()
    with db.read() as session:
        assert disagreements(session, county_id=world.county) == {}

    def spoil(session):
        case = session.get(Case, (world.county, office.case.id))
        if wrong == "twice":
            second = {"case_id": case.id, "seq": 1, "raised_at": NOW, "raised_by": 0}
            session.add(RedEvent(county_id=world.county, **second))
        elif wrong == "lowered":
            case.risk = Risk.BLUE.value
        else:
            case.stage, case.is_open, case.closed_at = Stage.CLOSED, 0, NOW
            case.due_at = case.soon_at = None

    db.write(spoil)
    with db.read() as session:
        assert Disagreement.ALARMS in disagreements(session, county_id=world.county)
    assert any("alarms" in one for one in invariants.broken(db, county_id=world.county))


def test_an_open_red_case_without_an_alarm_is_found_unless_a_file_brought_it(db, world):
    office = Office(world)
    case = office.register()
    assert not invariants.broken(db, county_id=world.county)
    db.write(lambda session: session.delete(session.get(RedEvent, (world.county, case.id, 1))))
    assert any("alarms" in one for one in invariants.broken(db, county_id=world.county))
