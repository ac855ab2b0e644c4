"""The demo county as rows: loaded, marked, whole in its history, alive, and never mixed."""

import argparse
import json
import stat
import sys
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, or_, select, update

from data_access import audit, migrate, reference
from data_access.clocks import every_open_case
from data_access.commands.reassign import reassign_case
from data_access.commands.risks import assess_risk
from data_access.demo import outcomes, verbs
from data_access.demo import pulse as demo_pulse
from data_access.demo.accounts import create_demo_accounts, keep_accounts
from data_access.demo.chance import Weighted
from data_access.demo.county import redrawn_on
from data_access.demo.crew import Crew, Where
from data_access.demo.errands import BeatKind, errands
from data_access.demo.load import NotEmptyError, load_demo
from data_access.demo.pulse import Beat, NoCountyError, Pulse
from data_access.engine import Database, open_engine
from data_access.history import SPAN_FIELDS
from data_access.queries import candidates
from data_access.queries.arrivals import arrivals
from data_access.queries.cases import open_text
from data_access.queries.layers import layers_on, successions
from data_access.tables import (
    Assignment,
    AuditLine,
    Base,
    Case,
    CaseEvent,
    CaseSpan,
    Committee,
    EmergencyResponse,
    Mediator,
    MediatorRelation,
    OrganisationUnit,
    Party,
    RedEvent,
    Site,
    UnitShape,
    User,
    UserRole,
)
from data_access.vault import Indexed, open_vault
from domain.cases import EventKind, Lamp, ReassignReason, Risk, Stage
from domain.clocks import day_of, lamp
from domain.eligibility import RECUSALS, Objection, objections
from domain.organisation import ZoneKind
from domain.outlines import outline_of
from domain.people import SYSTEM_USER_ID, Permission, Role, Scope, system_actor
from domain.points import point_of
from domain.transitions import Action
from tests import invariants

DAY = date(2026, 3, 20)
# Ten in the morning in Beijing.
NOW = datetime(2026, 3, 20, 2, 0, tzinfo=UTC)
SCALE = 0.05
# What differs between two loads: nonces of the ciphertexts, and the link of the audit chain.
UNEQUAL = {"hash", "previous_hash"}
OPENING = {EventKind.REOPENED, EventKind.UNMERGED}


@pytest.fixture(scope="module")
def loaded(new_database, vault):
    """The address of a thin demo county that nobody has open."""
    url = new_database()
    db = Database(open_engine(url), vault)
    load_demo(db, today=DAY, now=NOW, scale=SCALE)
    db.dispose()
    return url


@pytest.fixture(scope="module")
def demo(new_database, loaded, vault):
    """A thin demo county for all tests that only read."""
    db = Database(open_engine(new_database(loaded)), vault)
    yield db
    db.dispose()


@pytest.fixture
def living(new_database, loaded, vault):
    """A thin demo county of the test's own."""
    db = Database(open_engine(new_database(loaded)), vault)
    yield db
    db.dispose()


def rows_of(session, table, *order):
    """All rows of a table as mappings, in order."""
    return session.execute(select(*table.__table__.columns).order_by(*order)).mappings().all()


def by_case(session, table):
    found = defaultdict(list)
    for row in rows_of(session, table, table.case_id, table.seq):
        found[row["case_id"]].append(row)
    return found


def broken_histories(session):
    """Every case whose row, events, spans and assignments do not tell one story."""
    events, spans = by_case(session, CaseEvent), by_case(session, CaseSpan)
    assignments = by_case(session, Assignment)
    broken = []
    for case in rows_of(session, Case, Case.id):
        own = (events[case["id"]], spans[case["id"]], assignments[case["id"]])
        broken += [f"{case['case_no']}: {what}" for what in offences(case, *own)]
    return broken


def offences(case, events, spans, assignments):
    """What is wrong with the history of one case, in words."""
    kinds = {event["seq"]: event["kind"] for event in events}
    on_the_spot = kinds.get(2) is EventKind.ON_THE_SPOT
    checks = {
        "events are not numbered 1 to version": [event["seq"] for event in events]
        == list(range(1, case["version"] + 1)),
        "events are not in order of time": all(a["at"] <= b["at"] for a, b in pairwise(events)),
        "first event is not the registration": events[0]["at"] == case["registered_at"],
        "last event is not the last change": events[-1]["at"] == case["updated_at"],
        # A closed case has no span, and one that was given up has no assignment for a while.
        "spans are not contiguous": all(
            a["ends_at"] == b["starts_at"] or kinds[b["seq"]] in OPENING for a, b in pairwise(spans)
        ),
        "first span does not begin at registration": on_the_spot
        or spans[0]["starts_at"] == case["registered_at"],
        "assignments overlap": all(
            a["ends_at"] is not None and a["ends_at"] <= b["starts_at"]
            for a, b in pairwise(assignments)
        ),
        "a span is closed": all(span["stage"] is not Stage.CLOSED for span in spans),
        "open spans": sum(span["ends_at"] is None for span in spans) == case["is_open"],
        "open assignments": sum(one["ends_at"] is None for one in assignments)
        == (case["mediator_id"] is not None),
    }
    if case["is_open"]:
        checks["open span differs from the case"] = all(
            spans[-1][name] == case[name] for name in SPAN_FIELDS
        )
    elif spans:
        checks["last span does not end at closing"] = spans[-1]["ends_at"] == case["closed_at"]
    if case["mediator_id"] is not None:
        last = assignments[-1]
        checks["assignment differs from the case"] = (
            last["mediator_id"],
            last["committee_id"],
            last["starts_at"],
        ) == (case["mediator_id"], case["committee_id"], case["held_since"])
    return [what for what, holds in checks.items() if not holds]


def counted(session, table, *where):
    return session.scalar(select(func.count()).select_from(table).where(*where))


# ---------------------------------------------------------------------------------------- loading


def test_every_history_is_whole(demo):
    with demo.read() as session:
        assert counted(session, Case) > 400
        assert broken_histories(session) == []


def test_every_deadline_is_its_explanation(demo):
    """Of every open case, day by day, by the clock that the screens ask."""
    with demo.read() as session:
        clock = reference.load_clock(session)
        found = every_open_case(session, county_id=reference.county_id(session))
        for case in found:
            assert clock.explain(case.standing.running).deadline == case.standing.stored
        assert len(found) == counted(session, Case, Case.is_open == 1) > 5


def test_the_invariants_of_all_tables_hold(demo):
    with demo.read() as session:
        county = reference.county_id(session)
    invariants.assert_hold(demo, county_id=county)


def test_broken_history_is_seen(living):
    def spoil(session):
        case = session.scalars(select(Case).where(Case.is_open == 1).limit(1)).one()
        case.version += 1
        session.flush()
        session.query(CaseSpan).filter_by(case_id=case.id, ends_at=None).delete()

    living.write(spoil)
    with living.read() as session:
        found = " ".join(broken_histories(session))
    assert "numbered" in found
    assert "open spans" in found


def test_summary_says_what_was_written(new_database, vault):
    db = Database(open_engine(new_database()), vault)
    summary = load_demo(db, today=DAY, now=NOW, scale=0.01)
    with db.read() as session:
        assert summary.units == counted(session, OrganisationUnit) == 1 + 11 + 147 + 903
        assert summary.committees == counted(session, Committee)
        assert summary.mediators == counted(session, Mediator)
        assert summary.cases == counted(session, Case)
        assert summary.open_cases == counted(session, Case, Case.is_open == 1)
        assert summary.parties == counted(session, Party)
        assert summary.events == counted(session, CaseEvent)
        assert summary.spans == counted(session, CaseSpan)
        assert summary.assignments == counted(session, Assignment)
    db.dispose()


def test_it_says_that_it_is_a_demonstration(demo):
    with demo.read() as session:
        assert reference.site_fact(session, "demo_since") == NOW.isoformat()
        assert reference.site_fact(session, "demo_seed") == "510129"


def test_one_audit_line_for_all_of_it(demo):
    with demo.read() as session:
        line = session.scalars(select(AuditLine)).one()
        assert (line.action, line.payload["day"]) == ("demo:load", "2026-03-20")
        assert audit.verify(session, county_id=line.county_id).broken_at is None


def test_nothing_lies_in_the_future(demo):
    midnight = datetime(2026, 3, 19, 16, 0, tzinfo=UTC)
    with demo.read() as session:
        assert session.scalar(select(func.max(CaseEvent.at))) < midnight
        assert session.scalar(select(func.max(Case.registered_at))) < midnight


def test_units_form_one_tree(demo):
    with demo.read() as session:
        units = {unit.id: unit for unit in session.scalars(select(OrganisationUnit))}
    for unit in units.values():
        above = units[unit.parent_id].path if unit.parent_id else "/"
        assert unit.path == f"{above}{unit.id}/"


def test_personal_values_decrypt_and_are_found_again(demo):
    with demo.read() as session:
        case = session.scalars(select(Case).where(Case.is_open == 1).order_by(Case.id)).first()
        clear = open_text(session, case)
        parties = session.scalars(
            select(Party).where(Party.case_id == case.id).order_by(Party.id)
        ).all()
    assert clear.title
    assert clear.summary
    assert clear.place
    for party, shown in zip(parties, clear.parties, strict=True):
        assert party.name_index == demo.vault.index(shown.name, Indexed.NAME)
        for value, kind in ((shown.phone, Indexed.PHONE), (shown.identity, Indexed.IDENTITY)):
            stored = getattr(party, f"{kind}_index")
            assert stored == (demo.vault.index(value, kind) if value else None)


def test_case_numbers_count_from_one_each_year(demo):
    with demo.read() as session:
        numbers = session.scalars(select(Case.case_no).order_by(Case.registered_at)).all()
    by_year = defaultdict(list)
    for number in numbers:
        year, ordinal = number.removeprefix("D").split("-")
        by_year[year].append(int(ordinal))
    assert set(by_year) == {"2024", "2025", "2026"}
    for ordinals in by_year.values():
        assert ordinals == list(range(1, len(ordinals) + 1))


def test_no_holder_is_recused_or_without_jurisdiction(demo):
    never = {*RECUSALS, Objection.OTHER_JURISDICTION, Objection.NO_SPECIALITY}
    with demo.read() as session:
        held = session.scalars(select(Case).where(Case.mediator_id.is_not(None))).all()
        for case in held[::4]:
            (holder,) = candidates.candidates(session, case, now=NOW, only=case.mediator_id)
            assert not never & set(
                objections(holder, candidates.facts(session, [case], now=NOW)[case.id])
            )
    assert len(held) > 250


def test_recusal_really_happens(demo):
    with demo.read() as session:
        case = session.scalars(
            select(Case)
            .join(Party, (Party.county_id == Case.county_id) & (Party.case_id == Case.id))
            .join(MediatorRelation, MediatorRelation.person_index == Party.identity_index)
            .order_by(Case.id)
        ).first()
        scope = Scope(case.county_id, whole_county=True)
        judged = candidates.choice(session, scope=scope, case_no=case.case_no, now=NOW).judged
    assert any(RECUSALS & set(one.objections) for one in judged)


def test_a_database_with_a_county_is_left_alone(demo):
    with demo.read() as session:
        before = counted(session, OrganisationUnit)
    with pytest.raises(NotEmptyError):
        load_demo(demo, today=DAY, now=NOW, scale=0.01)
    with demo.read() as session:
        assert counted(session, OrganisationUnit) == before


def test_same_seed_and_day_same_rows(demo, new_database, vault):
    again = Database(open_engine(new_database()), vault)
    load_demo(again, today=DAY, now=NOW, scale=SCALE)
    for table in Base.metadata.sorted_tables:
        columns = [
            column
            for column in table.columns
            if not column.name.endswith("_encrypted") and column.name not in UNEQUAL
        ]
        statement = select(*columns).order_by(*table.primary_key)
        with demo.read() as first, again.read() as second:
            assert first.execute(statement).all() == second.execute(statement).all(), table.name
    assert exact_points(again) == exact_points(demo)
    again.dispose()


# ------------------------------------------------------------------------------------------- map


def test_the_map_has_every_unit_of_each_time(demo):
    day = redrawn_on(DAY)
    for when in (day - timedelta(days=1), day, DAY):
        with demo.read() as session:
            scope = Scope(reference.county_id(session))
            layers = layers_on(session, scope=scope, day=when)
            unit = OrganisationUnit
            held = (unit.valid_from <= when, or_(unit.valid_to.is_(None), unit.valid_to > when))
            rows = session.execute(select(unit.id, unit.level).where(*held)).all()
        for layer in (layers.county, layers.town, layers.community, layers.grid):
            areas = {area.id for area in layer.areas}
            assert areas == {one for one, level in rows if level is layer.level}
        assert len(layers.grid.areas) == 900
        assert {zone.kind for zone in layers.zones} == {ZoneKind.SCENIC, ZoneKind.INDUSTRIAL}
        assert (layers.schematic, layers.audit_no) == (True, "")


def exact_points(db):
    """The points of those cases that have one, as (latitude, longitude) by the case's id."""
    with db.read() as session:
        rows = session.execute(select(Case.county_id, Case.id, Case.point_encrypted)).all()
    return {
        row.id: point_of(
            db.vault.decrypt(row.point_encrypted, place=f"case.point:{row.county_id}:{row.id}")
        )
        for row in rows
        if row.point_encrypted is not None
    }


def test_a_third_of_the_cases_have_a_point_within_their_grid(demo):
    points = exact_points(demo)
    with demo.read() as session:
        cases = session.execute(select(Case.id, Case.grid_id, Case.is_open)).all()
        shapes = {
            row.unit_id: (outline_of(json.loads(row.geometry)), (row.inner_lat, row.inner_lon))
            for row in session.scalars(select(UnitShape))
        }
    assert 0.25 < len(points) / len(cases) < 0.42
    assert {one.is_open for one in cases if one.id in points} == {0, 1}
    for one in cases:
        if one.id in points:
            outline, inner = shapes[one.grid_id]
            lat, lon = points[one.id]
            assert outline.covers(lon, lat)
            assert (lat, lon) != inner
    assert len(set(points.values())) == len(points)


def test_one_merger_and_one_split_and_each_case_in_the_grid_of_its_day(demo):
    with demo.read() as session:
        rows = successions(session, scope=Scope(reference.county_id(session)))
        units = {unit.id: unit for unit in session.scalars(select(OrganisationUnit))}
        cases = session.execute(select(Case.grid_id, Case.registered_at)).all()
        spans = session.execute(
            select(Case.grid_id, CaseSpan.grid_id).join(CaseSpan, CaseSpan.case_id == Case.id)
        ).all()
    after_of, before_of = defaultdict(set), defaultdict(set)
    for row in rows:
        after_of[row.unit_id].add(row.successor_id)
        before_of[row.successor_id].add(row.unit_id)
        assert units[row.unit_id].valid_to == units[row.successor_id].valid_from == row.day
        assert units[row.unit_id].parent_id == units[row.successor_id].parent_id
    assert sorted(map(len, after_of.values())) == [1, 1, 2]
    assert sorted(map(len, before_of.values())) == [1, 1, 2]
    for grid_id, registered_at in cases:
        unit, day = units[grid_id], day_of(registered_at)
        assert unit.valid_from <= day
        assert unit.valid_to is None or day < unit.valid_to
    assert all(own == then for own, then in spans)


# --------------------------------------------------------------------------------------- accounts


def test_one_account_for_each_post(living, tmp_path):
    accounts = create_demo_accounts(living, hash_password=lambda p: f"#{len(p)}", now=NOW)
    assert [account.role for account in accounts] == list(Role)
    assert len({account.password for account in accounts}) == len(Role)
    with living.read() as session:
        users = {user.login: user for user in session.scalars(select(User))}
        places = session.execute(select(UserRole.role, UserRole.unit_id, UserRole.committee_id))
        assert len(places.all()) == len(Role)
        mediator = session.get_one(Mediator, users["mediator"].mediator_id)
        assert mediator.full_time
        assert mediator.name == users["mediator"].name
    assert set(users) == {account.login for account in accounts}
    assert all(user.demo for user in users.values())
    path = keep_accounts(tmp_path, accounts)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert accounts[0].password in path.read_text("utf-8")
    stored = " ".join(user.password_hash for user in users.values())
    assert not any(account.password in stored for account in accounts)


def test_what_the_county_came_with_is_news_to_nobody(living):
    create_demo_accounts(living, hash_password=lambda p: f"#{len(p)}", now=NOW)

    def told(session):
        everywhere = Scope(reference.county_id(session), whole_county=True)
        head = session.scalar(select(User.id).where(User.login == "committee-head"))
        reach = dict.fromkeys(("scope", "own", "gives"), everywhere)
        return arrivals(session, **reach, user_id=head)

    def always_had_it(session):
        session.execute(update(User).values(created_at=NOW - timedelta(days=9999)))
        return told(session)

    with living.read() as session:
        assert told(session) == []
    assert living.write(always_had_it)


# ------------------------------------------------------------------------------------------ pulse


class Ticking:
    """A clock that goes on by five minutes with each look."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        self.now += timedelta(minutes=5)
        return self.now


def run(pulse, kind, now):
    """One errand, whatever else there is to do."""
    return pulse._run(next(one for one in errands(now) if one.kind is kind), now)


def test_two_hundred_beats_leave_every_history_whole(living):
    clock = Ticking()
    pulse = Pulse(living, seed=1, clock=clock)
    with living.read() as session:
        before = counted(session, Case)
    beats = [pulse.beat() for _ in range(200)]
    assert sum(beat.done for beat in beats) > 150
    assert {beat.kind for beat in beats if beat.done} >= {
        BeatKind.ARRIVAL,
        BeatKind.ACCEPTANCE,
        BeatKind.ASSIGNMENT,
        BeatKind.MEDIATION,
    }
    with living.read() as session:
        arrivals = sum(beat.kind is BeatKind.ARRIVAL for beat in beats)
        assert counted(session, Case) == before + arrivals
        assert broken_histories(session) == []
        county = reference.county_id(session)
        assert audit.verify(session, county_id=county).broken_at is None
        assert session.scalar(select(func.max(CaseEvent.at))) <= clock.now


def test_the_pulse_acknowledges_an_alarm_and_says_who_answers_for_it(living):
    create_demo_accounts(living, hash_password=lambda p: f"#{len(p)}", now=NOW)
    pulse = Pulse(living, seed=3, clock=Ticking())
    with living.read() as session:
        county = reference.county_id(session)
        case = session.scalars(select(Case).where(Case.is_open == 1).limit(1)).one()
        case_no, version = case.case_no, case.version
        crew = Crew(session, county_id=county, now=NOW)
    station = Where(case.town_id, case.community_id, case.grid_id)
    assess_risk(
        living,
        case_no=case_no,
        risk=Risk.RED,
        note="现场有人持械,已报警",
        expected_version=version,
        actor=crew.who(Permission.CASE_ACCEPT, station),
        now=NOW,
        key="red",
    )

    def alarm():
        with living.read() as session:
            its = RedEvent.case_id == case.id
            return session.scalars(select(RedEvent).where(its, RedEvent.ended_at.is_(None))).one()

    for kind in (BeatKind.ACKNOWLEDGEMENT, BeatKind.RESPONSE):
        # Another one may be looked at first: the county has its own.
        for _more in range(20):
            run(pulse, kind, NOW)
    with living.read() as session:
        (response,) = session.scalars(
            select(EmergencyResponse).where(EmergencyResponse.case_id == case.id)
        ).all()
        assert session.get(User, response.responsible_id).demo
    assert alarm().acknowledged_by != SYSTEM_USER_ID
    assert invariants.broken(living, county_id=county) == []


class Hurrying(Ticking):
    """A clock that goes on by three hours with each look: a hundred days in eight hundred."""

    def __call__(self):
        self.now += timedelta(hours=3)
        return self.now


MOST_BEATS = 4_000
# What a rule may say to the pulse: the one who was free a moment ago is not.
EXPECTED = {"", "NotEligible"}


def visited(db):
    """The actions that people took, as the trail tells them, and the stages that cases came to."""
    with db.read() as session:
        told = select(AuditLine.action).where(AuditLine.action.startswith("case:")).distinct()
        stages = set(session.scalars(select(CaseSpan.stage).distinct()))
        actions = {line.removeprefix("case:") for line in session.scalars(told)}
    return actions, stages


def acted_since(db, seq):
    """The logins of those who did something after this line of the trail."""
    with db.read() as session:
        actors = select(AuditLine.actor_id).where(AuditLine.seq > seq)
        return set(session.scalars(select(User.login).where(User.id.in_(actors))))


@pytest.fixture
def eventful(monkeypatch):
    """What comes up a few times a year comes up every few days: else the test were years long."""

    def soon(now):
        return tuple(
            replace(one, days=one.days / SELDOM[one.kind]) if one.kind in SELDOM else one
            for one in errands(now)
        )

    monkeypatch.setattr(demo_pulse, "errands", soon)
    monkeypatch.setattr(demo_pulse, "_BROUGHT_TWICE", 0.12)
    chances = Weighted(outcomes._DECISIONS.things, (900, 40, 30, 30, 20))
    monkeypatch.setattr(outcomes, "_DECISIONS", chances)
    monkeypatch.setattr(outcomes, "_FAIL", dict.fromkeys(outcomes._FAIL, 0.15))
    monkeypatch.setattr(outcomes, "_CONFIRM_OTHERWISE", 0.4)
    monkeypatch.setattr(outcomes, "_NOT_KEPT", 0.2)


SELDOM = {
    BeatKind.SENDING_BACK: 10,
    BeatKind.PARKING: 10,
    BeatKind.RESUMING: 4,
    # Asked for while there is time, and answered before the deadline is over.
    BeatKind.ASKING: 8,
    BeatKind.ANSWERING: 4,
    BeatKind.REOPENING: 10,
    BeatKind.UNMERGING: 100,
}


@pytest.mark.usefixtures("eventful")
def test_the_pulse_walks_cases_through_everything(living):
    """Fast-forward until every action was taken; the invariants hold, by every table's own word."""
    create_demo_accounts(living, hash_password=lambda p: f"#{len(p)}", now=NOW)
    with living.read() as session:
        known = session.scalar(select(func.max(AuditLine.seq)))
        county = reference.county_id(session)
    pulse = Pulse(living, seed=2, clock=Hurrying())
    wanted = {action.value for action in Action} | {"register", "assign", "reassign"}
    posts = {"duty", "town", "mediator", "committee-head", "justice"}
    beats, missing = [], wanted | posts
    while missing and len(beats) < MOST_BEATS:
        beats += [pulse.beat() for _ in range(50)]
        missing = (wanted - visited(living)[0]) | (posts - acted_since(living, known))
    sys.stderr.write(f"\n{len(beats)} beats\n")
    assert missing == set()
    assert visited(living)[1] == set(Stage) - {Stage.CLOSED}
    assert {beat.refused for beat in beats} <= EXPECTED
    assert sum(beat.done for beat in beats) > 0.8 * len(beats)
    invariants.assert_hold(living, county_id=county)


def test_everybody_keeps_to_their_own_part(living):
    """What is in a mediator's hand the mediator does; what is nobody's, the centre's duty."""
    create_demo_accounts(living, hash_password=lambda p: f"#{len(p)}", now=NOW)
    with living.read() as session:
        users = {user.login: user for user in session.scalars(select(User))}
        crew = Crew(session, county_id=users["duty"].county_id, now=NOW)
        town_id = session.scalars(
            select(OrganisationUnit.id).where(OrganisationUnit.name == "安仁镇")
        ).one()
    own = Where(town_id, None, None, None, users["mediator"].mediator_id)
    for permission, where, login in (
        (Permission.CASE_MEDIATE, own, "mediator"),
        (Permission.CASE_APPROVE, own, "town"),
        (Permission.CASE_SUPERVISE, own, "justice"),
        (Permission.CASE_MEDIATE, Where(-1, None, None), "duty"),
        (Permission.CASE_ACCEPT, Where(-1, None, None), "duty"),
    ):
        assert crew.who(permission, where).user_id == users[login].id
    assert crew.who(Permission.CASE_MEDIATE, own).name == users["mediator"].name


def test_a_closed_account_does_nothing(living):
    create_demo_accounts(living, hash_password=lambda p: f"#{len(p)}", now=NOW)
    living.write(lambda session: session.query(User).update({"active": False}))
    with living.read() as session:
        crew = Crew(session, county_id=reference.county_id(session), now=NOW)
    assert crew.who(Permission.CASE_ACCEPT, Where(-1, None, None)).user_id == SYSTEM_USER_ID


def test_same_seed_clock_and_database_same_beats(new_database, vault):
    def told():
        db = Database(open_engine(new_database()), vault)
        load_demo(db, today=DAY, now=NOW, scale=0.01)
        pulse = Pulse(db, seed=5, clock=Ticking())
        beats = [(pulse.pause(), pulse.beat()) for _ in range(40)]
        db.dispose()
        return beats

    assert told() == told()


def test_faster_means_shorter_pauses(living):
    slow = Pulse(living, seed=1, clock=Ticking()).pause()
    fast = Pulse(living, seed=1, clock=Ticking(), speed=100).pause()
    assert fast == pytest.approx(slow / 100)


@pytest.mark.parametrize("kind", [BeatKind.MEDIATION, BeatKind.REASSIGNMENT])
def test_a_case_that_somebody_changed_is_left_alone(living, monkeypatch, kind):
    """A person reassigns the case between the pulse's look and its deed."""
    pulse = Pulse(living, seed=1, clock=Ticking())
    look = pulse._look
    seen_cases = []

    def look_while_somebody_acts(errand):
        seen = look(errand)
        with living.read() as session:
            scope = Scope(reference.county_id(session), whole_county=True)
            found = candidates.choice(session, scope=scope, case_no=seen.case_no, now=NOW)
        to = next(one.candidate.mediator_id for one in found.judged if one.eligible)
        reassign_case(
            living,
            case_no=seen.case_no,
            to_mediator_id=to,
            reason=ReassignReason.OVERLOAD,
            note="值班调整分工",
            expected_version=seen.version,
            actor=system_actor(scope.county_id),
            now=NOW,
            key=seen.case_no,
        )
        seen_cases.append((seen.case_no, seen.version + 1, to))
        return seen

    monkeypatch.setattr(pulse, "_look", look_while_somebody_acts)
    beat = run(pulse, kind, NOW)
    (case_no, version, holder) = seen_cases[0]
    assert beat == Beat(kind, case_no, done=False, refused="Conflict")
    with living.read() as session:
        case = session.scalars(select(Case).where(Case.case_no == case_no)).one()
        assert (case.version, case.mediator_id) == (version, holder)
        assert broken_histories(session) == []


def test_nothing_waits_nothing_moves(living):
    pulse = Pulse(living, seed=1, clock=Ticking())

    def park_all(session):
        session.query(Case).filter_by(stage=Stage.PERFORMANCE).update({"paused": 1})

    living.write(park_all)
    beat = run(pulse, BeatKind.PERFORMANCE, NOW)
    assert beat == Beat(BeatKind.PERFORMANCE, "", done=False)


def test_no_county_no_pulse(db):
    with pytest.raises(NoCountyError):
        Pulse(db, seed=1, clock=Ticking())


def test_only_the_demonstration_is_kept_alive(living):
    living.write(lambda session: session.delete(session.get_one(Site, "demo_seed")))
    with pytest.raises(NoCountyError):
        Pulse(living, seed=1, clock=Ticking())


# --------------------------------------------------------------------------------------- the verb


def verb(*arguments):
    parser = argparse.ArgumentParser()
    verbs.add_parser(parser.add_subparsers())
    chosen = parser.parse_args(["demo", *arguments])
    return chosen.run(chosen)


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A migrated SQLite site with its key, as the command line finds it."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "")
    engine = open_engine(f"sqlite:///{tmp_path / 'wusong.db'}")
    migrate.upgrade(engine)
    vault = open_vault(tmp_path / "secret.key", create=True)
    yield Database(engine, vault)
    engine.dispose()


def test_the_whole_county_on_sqlite(site, tmp_path, capsys):
    """Full size through the verb: figures of the queue, once, and the second time a refusal."""
    begin = datetime.now(UTC)
    assert verb("--day", "2025-06-18") == 0
    seconds = (datetime.now(UTC) - begin).total_seconds()
    with capsys.disabled():
        sys.stderr.write(f"\nwhole county loaded, {len(Role)} accounts made in {seconds:.1f} s\n")
    assert seconds < 90
    now = datetime(2025, 6, 18, 1, 0, tzinfo=UTC)
    with site.read() as session:
        assert 9_400 < counted(session, Case) < 10_600
        still_open = session.scalars(select(Case).where(Case.is_open == 1)).all()
        lamps = [
            lamp(now=now, due_at=case.due_at, soon_at=case.soon_at, paused=bool(case.paused))
            for case in still_open
        ]
        assert {case.stage for case in still_open} == set(Stage) - {Stage.CLOSED}
        assert broken_histories(session) == []
        clock, county = reference.load_clock(session), reference.county_id(session)
        for one in every_open_case(session, county_id=county):
            assert clock.explain(one.standing.running).deadline == one.standing.stored
        for column in (Case.paused, Case.extended, Case.extension_asked):
            assert counted(session, Case, Case.is_open == 1, column > 0)
        supervised = select(Case.supervised).where(Case.is_open == 1).distinct()
        assert set(session.scalars(supervised)) == {0, 1, 2, 3}
    assert 220 < len(still_open) < 400
    assert 0.04 <= lamps.count(Lamp.LATE) / len(lamps) <= 0.15
    accounts = tmp_path / "demo-accounts.txt"
    assert stat.S_IMODE(accounts.stat().st_mode) == 0o600
    assert len(accounts.read_text("utf-8").splitlines()) == len(Role)
    capsys.readouterr()
    assert verb() == 1
    assert "没有做任何改动" in capsys.readouterr().err


def test_a_day_to_come_is_refused(site, capsys):
    assert verb("--day", "2999-01-01") == 1
    assert "不能晚于今天" in capsys.readouterr().err


def test_pulse_without_a_county_says_what_to_do(site, capsys):
    assert verb("--pulse") == 1
    assert "python -m data_access demo" in capsys.readouterr().err


@pytest.mark.parametrize("speed", ["0", "-1", "100001", "nan"])
def test_speed_has_bounds(speed, capsys):
    with pytest.raises(SystemExit):
        verb("--pulse", "--speed", speed)
    assert "100000" in capsys.readouterr().err


def test_pulse_runs_until_it_is_interrupted(site, monkeypatch, capsys):
    load_demo(site, today=DAY, now=NOW, scale=0.01)
    beats = iter(range(3))

    def beat(_pulse):
        if next(beats, None) is None:
            raise KeyboardInterrupt
        return Beat(BeatKind.ACCEPTANCE, "D2026-00001", done=True)

    monkeypatch.setattr(Pulse, "beat", beat)
    monkeypatch.setattr(Pulse, "pause", lambda _pulse: 0.0)
    assert verb("--pulse", "--speed", "60") == 0
    output = capsys.readouterr().out
    assert output.count("D2026-00001 审查") == 3
    assert "共 3 次变动" in output
