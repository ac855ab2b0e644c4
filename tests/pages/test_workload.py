"""The workloads' page through the entry: who opens it, down to a person, and what it never says."""

from datetime import date, timedelta

import pytest
import streamlit as st
from sqlalchemy import event, select, update

from data_access.commands.sign_in import end_all_sessions
from data_access.queries import loads
from data_access.queries.choices import choices
from data_access.tables import AuditLine, Committee, UserRole
from domain.clocks import day_of
from domain.errors import SessionEnded
from domain.people import GRANTS, Permission, Role, Scope
from tests.desk import data_of, everything_sent
from ui import clock, workload_divert, workload_rows, workload_table
from ui.queue_marks import SANDBOX
from ui.workload_sight import Sight
from ui.workload_state import Looked

WORKLOAD = "../../pages/desk/workload.py"
ASKED, ASKED_OF_ONE = 15, 32


def opened(desk, role=Role.DUTY, *, unit="county", mediator_id=None, **address):
    return at_page(desk.sign_in(role, unit=unit, mediator_id=mediator_id), **address)


def at_page(at, **address):
    """The page at an address, in the browser of whoever signed in."""
    at.run()
    for name, value in address.items():
        at.query_params[name] = value
    return at.switch_page(WORKLOAD).run()


def shown(at):
    assert not at.exception
    return data_of(at, "workload_list")


def names(at):
    return [row["name"] for row in shown(at)["rows"]]


@pytest.mark.parametrize("role", Role)
def test_the_page_opens_for_whoever_reads_cases(desk, role):
    at = desk.sign_in(role)
    at.run()
    if Permission.CASE_READ not in GRANTS[role]:
        with pytest.raises(ValueError, match="workload"):
            at.switch_page(WORKLOAD).run()
        return
    at.switch_page(WORKLOAD).run()
    assert shown(at)["path"][0]["name"] == "全部"


def test_from_the_county_down_to_a_person(desk):
    world = desk.world
    case = world.case(mediator_id=world.mediator())
    at = opened(desk, person=f"{case.mediator_id}")
    steps = [one["name"] for one in shown(at)["path"]]
    assert len(steps) == 4
    (row,) = shown(at)["rows"]
    assert row["name"] == steps[-1]
    assert row["cases"].startswith("/queue?mediator=")
    assert [piece["href"] for piece in row["bar"]["pieces"]] == [f"/case?no={case.case_no}"]


def test_a_place_out_of_reach_is_not_told(desk):
    at = opened(desk, person="999999", committee="999999", town="999999")
    assert [one["name"] for one in shown(at)["path"]] == ["全部"]
    assert at.query_params.get("day") is None


def test_no_party_is_named(desk):
    desk.world.case(
        mediator_id=desk.world.mediator(),
        parties=("王小明",),
        phones=("13812345678",),
        title="王小明反映楼上漏水",
    )
    at = opened(desk, by="people")
    assert names(at)
    assert "王小明" not in everything_sent(at)
    assert "13812345678" not in everything_sent(at)


def test_a_past_day_is_said_and_leads_to_no_queue_of_today(desk):
    case = desk.world.case(mediator_id=desk.world.mediator())
    day = day_of(clock.now()) - timedelta(days=3)
    at = opened(desk, person=f"{case.mediator_id}", day=f"{day}")
    assert shown(at)["past"].startswith("截至")
    assert all(row["cases"] == "" for row in shown(at)["rows"])


def test_a_filter_that_nobody_meets_says_so(desk):
    desk.world.case(mediator_id=desk.world.mediator())
    at = opened(desk, over="1")
    assert names(at) == []
    assert shown(at)["words"]["empty"]
    assert not at.get("download_button")


@pytest.mark.parametrize("level", ["county", "town", "committee", "person"])
def test_the_number_of_statements_does_not_grow_with_the_cases(desk, level):
    world = desk.world
    mediators = [world.mediator(), world.mediator("赵某")]
    world.mediator("王某", committee_id=world.committee_b)
    places = {"town": world.town_a, "committee": world.committee_a, "person": mediators[0]}
    address = {level: f"{places[level]}"} if level in places else {}

    def asked():
        desk.here.watcher.look()
        at = desk.sign_in()
        at.run()
        for name, value in address.items():
            at.query_params[name] = value
        seen = []

        def count(*args):
            seen.append(args[2])

        engine = desk.here.db.bind
        event.listen(engine, "before_cursor_execute", count)
        try:
            at.switch_page(WORKLOAD).run()
        finally:
            event.remove(engine, "before_cursor_execute", count)
        assert shown(at)["rows"]
        return len(seen)

    world.case(mediator_id=mediators[0])
    few = asked()
    for mediator in mediators * 10:
        world.case(mediator_id=mediator)
    assert asked() <= few
    # The choices, the workload's own statements, the frame; of one person the order of work too.
    assert few <= (ASKED_OF_ONE if level == "person" else ASKED)


def test_what_to_look_at_leads_to_who_it_is_about(desk):
    busy = desk.world.mediator("李某", capacity=1)
    for _ in range(3):
        desk.world.case(mediator_id=busy)
    (over,) = [one for one in shown(opened(desk))["concerns"] if one["kind"] == "over_capacity"]
    (name,) = over["names"]
    assert name["name"] == "李某"
    assert f"person={busy}" in name["href"]


def test_a_mediator_sees_nobody_else(desk):
    own, other = desk.world.mediator("李某"), desk.world.mediator("赵某")
    desk.world.case(mediator_id=own)
    desk.world.case(mediator_id=other)
    at = opened(desk, Role.MEDIATOR, unit=None, mediator_id=own, by="people", person=f"{other}")
    assert names(at) == ["李某"]
    assert "赵某" not in everything_sent(at)


def test_who_heads_a_committee_sees_their_own_and_is_there_at_once(desk):
    world = desk.world
    own, other = world.mediator("李某"), world.mediator("赵某", committee_id=world.committee_b)
    world.mediator("王某")
    world.case(mediator_id=own)
    world.case(mediator_id=other)
    at = desk.sign_in(Role.COMMITTEE_HEAD, unit=None)
    world.add(
        UserRole(
            user_id=desk.user.id,
            role=Role.COMMITTEE_HEAD,
            committee_id=world.committee_a,
            valid_from=date(2020, 1, 1),
        )
    )
    desk.here.watcher.look()
    at_page(at, person=f"{other}", committee=f"{world.committee_b}")
    assert [one["name"] for one in shown(at)["path"]] == ["全部", "和众社区调委会"]
    assert set(names(at)) == {"李某", "王某"}
    assert "赵某" not in everything_sent(at)
    assert "太平社区" not in everything_sent(at)


def test_a_person_s_cases_stand_in_the_order_of_work_with_why(desk):
    now, world = clock.now(), desk.world
    me, day = world.mediator(full_time=True), timedelta(days=1)
    due = {"late": -2, "soon": 3}
    cases = {
        name: world.case(mediator_id=me, due_at=now + days * day) for name, days in due.items()
    }
    parked = world.case(mediator_id=me, due_at=now, paused=1, parked_until=day_of(now) + 9 * day)
    told = shown(opened(desk, person=f"{me}"))["cases"]
    assert told["title"] == "建议办理顺序"
    assert {row["number"] for row in told["rows"][:2]} == {one.case_no for one in cases.values()}
    assert told["rows"][-1]["number"] == parked.case_no
    assert told["rows"][-1]["place"] == "—"
    assert all(row["why"] and row["href"] and row["lamp"] for row in told["rows"])
    past = shown(at_page(desk.browser(), person=f"{me}", day=f"{day_of(now) - day}"))["cases"]
    assert past["title"] == "当日在办"


def test_old_cases_are_told_in_the_bar_and_below_it(desk):
    now, me = clock.now(), desk.world.mediator()
    desk.world.case(mediator_id=me, registered_at=now - timedelta(days=45))
    desk.world.case(mediator_id=me, registered_at=now - timedelta(days=5))
    bar = shown(opened(desk, person=f"{me}"))["rows"][0]["bar"]
    old, young = bar["pieces"]
    assert old["kind"].endswith(" old")
    assert (old["number"], young["number"]) == ("45", "")
    assert "最久 45 天" in bar["under"]
    assert "过 30 天的 1 件" in bar["under"]


def test_a_bar_beyond_one_and_a_half_of_what_is_full_ends_in_an_arrow(desk):
    full, light = desk.world.mediator("李某", capacity=2), desk.world.mediator("赵某", capacity=40)
    for _ in range(8):
        desk.world.case(mediator_id=full)
    desk.world.case(mediator_id=light)
    over, under = (row["bar"] for row in shown(opened(desk, by="people"))["rows"])
    assert over["beyond"]
    assert not under["beyond"]
    assert sum(piece["wide"] for piece in over["pieces"]) == pytest.approx(100, abs=0.1)
    assert over["full"] == under["full"] == pytest.approx(100 / 1.5, abs=0.1)
    # Alone, a small load has a scale on which it can be seen.
    (alone,) = shown(at_page(desk.browser(), person=f"{light}"))["rows"]
    assert alone["bar"]["full"] is None
    assert alone["bar"]["pieces"][0]["wide"] > under["pieces"][0]["wide"]


def test_terms_that_end_are_one_line(desk):
    end = day_of(clock.now()) + timedelta(days=5)

    def shorten(session):
        session.execute(update(Committee).values(term_to=end))

    desk.here.db.write(shorten)
    desk.world.mediator()
    desk.world.mediator("赵某", committee_id=desk.world.committee_b)
    (ending,) = [one for one in shown(opened(desk))["concerns"] if one["kind"] == "term_ending"]
    assert len(ending["names"]) == 2
    assert {
        f"/workload?committee={one}" for one in (desk.world.committee_a, desk.world.committee_b)
    } == {one["href"] for one in ending["names"]}


def test_a_spread_is_told_of_five_and_of_no_fewer(desk):
    people = [desk.world.mediator(f"甲{n}") for n in range(4)]
    for one in (people[0], *people):
        desk.world.case(mediator_id=one)
    assert shown(opened(desk))["spread"] == ""
    desk.world.case(mediator_id=desk.world.mediator("甲5"))
    assert "基尼系数" in shown(opened(desk))["spread"]


def test_volunteers_are_not_held_against_the_full_time_staff(desk):
    staff = [desk.world.mediator(f"甲{n}", full_time=True) for n in range(5)]
    for one in staff:
        desk.world.case(mediator_id=one)
    desk.world.mediator("乙")
    assert shown(opened(desk))["spread"].startswith("5 名专职人员之间:")


def test_a_committee_is_chosen_and_left_again(desk):
    desk.world.case(mediator_id=desk.world.mediator("李某"))
    desk.world.mediator("赵某", committee_id=desk.world.committee_b)
    at = opened(desk)
    at.selectbox(key="workload_committee").select(desk.world.committee_b).run()
    assert names(at) == ["赵某"]
    assert at.query_params["committee"] == f"{desk.world.committee_b}"
    at.selectbox(key="workload_committee").set_value(None).run()
    assert "committee" not in at.query_params


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ({"away": "1"}, {"李某"}),
        ({"over": "1"}, {"赵某"}),
        ({"speciality": "0402"}, {"王某"}),
        ({"by": "people"}, {"李某", "赵某", "王某"}),
        ({"by": "people", "town": "town_b"}, {"王某"}),
    ],
)
def test_filters_leave_whom_they_ask_for(desk, address, left):
    world, today = desk.world, day_of(clock.now())
    world.absence(world.mediator("李某"), today, today)
    busy = world.mediator("赵某", capacity=1)
    for _ in range(2):
        world.case(mediator_id=busy)
    world.mediator("王某", committee_id=world.committee_b, specialities=("0402",))
    address = {
        name: f"{getattr(world, value)}" if name == "town" else value
        for name, value in address.items()
    }
    assert set(names(opened(desk, **address))) == left


def test_what_somebody_holds_is_put_into_the_sandbox(desk, monkeypatch):
    case = desk.world.case(mediator_id=desk.world.mediator("李某"))
    other = desk.world.case(mediator_id=desk.world.mediator("赵某"), town_id=desk.world.town_b)
    row = next(row for row in shown(opened(desk, by="people"))["rows"] if row["name"] == "李某")
    assert row["divert"] == case.mediator_id
    state = {}
    monkeypatch.setattr(st, "session_state", state)
    part = desk.world.actor(scope=Scope(desk.world.county, towns=frozenset({desk.world.town_a})))
    # Neither what is no number of anybody, nor who holds nothing in reach.
    for sent in ("1", -1, True, None, [1], 999_999, 2**70, other.mediator_id):
        assert not workload_divert.put_in(part, sent, clock.now())
    assert state == {}
    assert workload_divert.put_in(part, row["divert"], clock.now())
    assert state == {SANDBOX: (case.case_no,)}


def test_who_moves_no_case_is_not_asked_to(desk):
    desk.world.case(mediator_id=desk.world.mediator("李某"))
    assert [row["divert"] for row in shown(opened(desk, Role.LEADER, by="people"))["rows"]] == [0]


def test_the_table_is_taken_along_and_the_trail_says_so(desk):
    world = desk.world
    mine = world.mediator("=李某", full_time=True)
    world.case(mediator_id=mine)
    world.mediator("赵某")
    assert len(opened(desk, committee=f"{world.committee_a}").get("download_button")) == 1
    told = taken(desk, Looked(committee=world.committee_a)).decode("utf-8-sig").splitlines()
    assert told[0].startswith("调解员,调委会,乡镇,上限(件),负荷(标准件/全职),占上限,在办(件)")
    assert told[1].startswith("'=李某,和众社区调委会,安仁镇,10,1.00,10%,1,1,0,")
    assert told[2].startswith("赵某,")
    assert any(line.startswith("范围,全部 › 安仁镇 › 和众社区调委会") for line in told)
    with desk.here.db.read() as session:
        line = session.scalars(select(AuditLine).order_by(AuditLine.seq.desc())).first()
    assert (line.action, line.actor_id) == ("workload:export", desk.user.id)
    assert (line.payload["committee"], line.payload["rows"]) == (world.committee_a, 2)
    world.mediator("王某", committee_id=world.committee_b)
    towns = taken(desk, Looked()).decode("utf-8-sig").splitlines()
    assert towns[1].startswith("安仁镇,1,2,")


def test_a_button_of_a_session_that_has_ended_gives_nothing(desk):
    desk.world.mediator()
    opened(desk)

    def end():
        actor = desk.world.actor()
        end_all_sessions(desk.here.db, user_id=desk.user.id, actor=actor, now=clock.now())

    with pytest.raises(SessionEnded):
        taken(desk, Looked(), meanwhile=end)


def taken(desk, looked, *, meanwhile=lambda: None):
    """The file that the button would give."""
    now, actor = clock.now(), desk.here.registry.actor(desk.session.id, clock.now())
    scope = actor.scope(Permission.CASE_READ)
    with desk.here.db.read() as session:
        found = loads.workload(session, scope=scope, now=now)
        offered = choices(session, scope=scope)
    sight = Sight(found, looked, offered, now)
    meanwhile()
    desk.here.watcher.look()
    return workload_table.taken(workload_rows.lines(sight), sight, {}, actor, now)


def test_the_page_is_there_in_english(desk):
    desk.world.case(mediator_id=desk.world.mediator("李某"))
    desk.world.mediator("赵某", committee_id=desk.world.committee_b)
    desk.sign_in()
    for place in ({}, {"by": "people"}, {"person": "1"}):
        at = at_page(desk.browser(), lang="en", **place)
        assert shown(at)["rows"]
        assert shown(at)["rows"][0]["href"].endswith("lang=en")
