"""What came to somebody is told until they have seen it, and to nobody else."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from data_access.commands.arrivals import mark_seen
from data_access.commands.import_file import import_file
from data_access.commands.reassign import reassign_case, undo_reassignment
from data_access.commands.steps import take_step
from data_access.queries.arrivals import arrivals
from data_access.tables import Case, CaseSeen, Mediator, User
from domain.cases import EventKind, ReassignReason
from domain.errors import NotAllowed, NotFound
from domain.organisation import UnitLevel
from domain.people import Actor, Permission, Post, Role, grants_of
from domain.receiving import receiving
from domain.transitions import Action, Given
from tests.world import NOW

LATER = NOW + timedelta(days=200)


@pytest.fixture
def office(world):
    world.first, world.second = world.mediator("甲"), world.mediator("乙")
    world.moved = world.case(mediator_id=world.first)
    world.boss = world.actor("王值班")
    world.me = person(world, Post(Role.MEDIATOR), mediator_id=world.second, name="乙本人")
    return world


def person(office, *posts, mediator_id=None, name="主任", **over):
    """Somebody with these posts and what they give, and an account of that time."""
    user = office.user(name, mediator_id=mediator_id, **over)
    grants = grants_of(posts, county_id=office.county, mediator_id=mediator_id, day=NOW.date())
    return Actor(user.id, name, office.county, grants)


def head_of(office, committee, *, community=None):
    return person(office, Post(Role.COMMITTEE_HEAD, committee_id=committee, community_id=community))


def seated(office, role, unit, level):
    return person(office, Post(role, unit_id=unit, level=level))


def version_of(office, case=None):
    with office.db.read() as session:
        found = session.scalar(select(Case.version).where(Case.id == (case or office.moved).id))
        assert found is not None
        return found


def move(office, *, to, case=None, actor=None, now=NOW):
    version = version_of(office, case)
    return reassign_case(
        office.db,
        case_no=(case or office.moved).case_no,
        to_mediator_id=to,
        reason=ReassignReason.OVERLOAD,
        note="负荷过高,分流",
        expected_version=version,
        actor=actor or office.boss,
        now=now,
        key=f"move {(case or office.moved).id} {version}",
    )


def undo(office, *, now=NOW):
    version = version_of(office)
    undo_reassignment(
        office.db,
        case_no=office.moved.case_no,
        expected_version=version,
        actor=office.boss,
        now=now,
        key=f"undo {version}",
    )


def send_back(office, *, case=None, action=Action.SEND_BACK, now=NOW):
    version = version_of(office, case)
    take_step(
        office.db,
        case_no=(case or office.moved).case_no,
        action=action,
        given=Given(note="当事人要求换人调解"),
        expected_version=version,
        actor=office.boss,
        now=now,
        key=f"{action} {version}",
    )


def told(office, actor=None):
    actor = actor or office.me
    to = receiving(actor)
    with office.db.read() as session:
        return arrivals(
            session,
            scope=actor.scope(Permission.CASE_READ),
            own=to.own,
            gives=to.gives,
            user_id=actor.user_id,
        )


def look(office, version=None, *, actor=None, now=NOW):
    versions = {office.moved.case_no: version or version_of(office)}
    return mark_seen(office.db, versions=versions, actor=actor or office.me, now=now)


def kinds(found):
    return [one.kind for one in found]


# --- what comes to whom ----------------------------------------------------------------------


def test_a_case_that_came_is_told_with_how_and_by_whom(office):
    assert told(office) == []
    move(office, to=office.second)
    (one,) = told(office)
    assert (one.case_no, one.version, one.kind, one.by, one.holder) == (
        office.moved.case_no,
        2,
        EventKind.REASSIGNED,
        "王值班",
        "乙",
    )


def test_it_is_told_until_it_is_seen_however_long_that_takes(office):
    move(office, to=office.second)
    other = office.case(mediator_id=office.first)
    move(office, to=office.second, case=other, now=LATER)
    assert [one.case_no for one in told(office)] == [other.case_no, office.moved.case_no]


def test_nobody_is_told_of_what_they_did_themselves(office):
    head = head_of(office, office.committee_a)
    move(office, to=office.second, actor=head)
    assert told(office, head) == []
    assert len(told(office)) == 1


def test_a_head_is_told_of_what_comes_to_the_committee_or_the_community(office):
    heads = (
        head_of(office, office.committee_a),
        seated(office, Role.COMMITTEE_HEAD, office.community_a, UnitLevel.COMMUNITY),
    )
    elsewhere = (
        head_of(office, office.committee_b, community=office.community_b),
        seated(office, Role.COMMITTEE_HEAD, office.community_b, UnitLevel.COMMUNITY),
    )
    move(office, to=office.second)
    assert [kinds(told(office, head)) for head in heads] == [[EventKind.REASSIGNED]] * 2
    assert [told(office, head) for head in elsewhere] == [[], []]


def test_who_only_looks_at_a_place_or_oversees_it_receives_nothing(office):
    onlookers = (
        seated(office, Role.GRID_WORKER, office.community_a, UnitLevel.COMMUNITY),
        seated(office, Role.LEADER, office.town_a, UnitLevel.TOWN),
        seated(office, Role.JUSTICE, office.town_a, UnitLevel.TOWN),
        seated(office, Role.TOWN, office.town_a, UnitLevel.TOWN),
        seated(office, Role.DUTY, office.county, UnitLevel.COUNTY),
    )
    move(office, to=office.second)
    assert [told(office, one) for one in onlookers] == [[]] * len(onlookers)
    assert [receiving(one).anything for one in onlookers] == [False, False, False, True, False]


def test_a_community_is_told_of_where_its_head_moves_cases_alone(office):
    """Somebody who goes round one community as a grid worker and heads another's committee."""
    both = person(
        office,
        Post(Role.GRID_WORKER, unit_id=office.community_a, level=UnitLevel.COMMUNITY),
        Post(Role.COMMITTEE_HEAD, committee_id=office.committee_b, community_id=office.community_b),
    )
    move(office, to=office.second)
    one, other = (office.mediator(name, committee_id=office.committee_b) for name in "丙丁")
    there = office.case(mediator_id=one, town_id=office.town_b, community_id=office.community_b)
    move(office, to=other, case=there)
    assert [one.case_no for one in told(office, both)] == [there.case_no]


# --- what comes back -------------------------------------------------------------------------


def test_what_was_sent_back_is_told_to_the_heads_of_its_community(office):
    heads = (
        head_of(office, office.committee_a, community=office.community_a),
        seated(office, Role.COMMITTEE_HEAD, office.community_a, UnitLevel.COMMUNITY),
    )
    send_back(office)
    for head in heads:
        (one,) = told(office, head)
        assert (one.kind, one.holder, one.by) == (EventKind.RETURNED, None, "王值班")
    assert told(office, head_of(office, office.committee_b, community=office.community_b)) == []


def test_it_is_told_to_the_towns_station_too_which_may_be_all_who_read_it(office):
    town = office.committee("安仁镇调委会", town=office.town_a)
    case = office.case(
        mediator_id=office.mediator("丙", committee_id=town), community_id=None, grid_id=None
    )
    send_back(office, case=case)
    # Held by nobody it is in no committee's reading any more.
    assert told(office, head_of(office, town)) == []
    station = seated(office, Role.TOWN, office.town_a, UnitLevel.TOWN)
    assert kinds(told(office, station)) == [EventKind.RETURNED]
    assert told(office, seated(office, Role.TOWN, office.town_b, UnitLevel.TOWN)) == []
    assert told(office, seated(office, Role.LEADER, office.town_a, UnitLevel.TOWN)) == []


def test_the_head_of_the_committee_that_had_it_is_told_where_they_may_read_it(office):
    """Of the former holder's committee as it was, wherever that person went since."""
    reads = Post(Role.LEADER, unit_id=office.town_a, level=UnitLevel.TOWN)
    town = office.committee("安仁镇调委会", town=office.town_a)
    had, other = (
        person(office, reads, Post(Role.COMMITTEE_HEAD, committee_id=one))
        for one in (office.committee_a, town)
    )
    send_back(office)
    office.db.write(
        lambda session: setattr(session.get(Mediator, office.first), "committee_id", town)
    )
    assert kinds(told(office, had)) == [EventKind.RETURNED]
    assert told(office, other) == []


def test_what_waits_is_told_no_more_once_somebody_holds_it(office):
    station = seated(office, Role.TOWN, office.town_a, UnitLevel.TOWN)
    send_back(office)
    assert kinds(told(office, station)) == [EventKind.RETURNED]
    move(office, to=office.second)
    assert told(office, station) == []
    assert kinds(told(office)) == [EventKind.ASSIGNED]


def test_a_case_taken_up_again_has_come_to_nobody_who_held_it_before(office):
    head = head_of(office, office.committee_a, community=office.community_a)
    move(office, to=office.second)
    send_back(office, action=Action.WITHDRAW)
    assert told(office, head) == []
    send_back(office, action=Action.REOPEN)
    assert [(one.kind, one.holder) for one in told(office, head)] == [(EventKind.REOPENED, None)]
    assert told(office) == []


# --- what comes by a file --------------------------------------------------------------------


def take(office, *rows, now=NOW, actor=None):
    row = {
        "外部编号": "A-1",
        "事件名称": "楼上漏水",
        "发生日期": "2026年2月20日",
        "发生地点": "和众社区3栋",
        "事件规模": "01",
        "事件类别": "0201",
        "涉及人数": "2",
        "事件简述": "卫生间漏水,客厅天花发霉",
        "主要当事人姓名": "王小明",
        "所属镇街": "安仁镇",
        "所属社区": "和众社区",
        "化解组织": "和众社区调委会",
        "化解责任人姓名": "",
    }
    stream = io.StringIO()
    writer = csv.DictWriter(stream, row)
    writer.writeheader()
    writer.writerows({**row, **one} for one in rows)
    return import_file(
        office.db,
        content=stream.getvalue().encode(),
        file_name="台账.csv",
        actor=actor or office.system,
        now=now,
    )


def test_what_a_file_brings_is_told_to_who_gets_it(office):
    clerk = office.actor("录入员")
    head = head_of(office, office.committee_a, community=office.community_a)
    unheld = {"外部编号": "A-2", "事件名称": "宠物扰民", "主要当事人姓名": "陈小红"}
    take(office, {"化解责任人姓名": "乙"}, unheld, actor=clerk)
    (one,) = told(office)
    assert (one.kind, one.by, one.holder) == (EventKind.IMPORTED, "录入员", "乙")
    # The one for nobody has come to nobody.
    assert kinds(told(office, head)) == [EventKind.IMPORTED]


def test_a_file_that_changes_the_holder_brings_the_case_any_other_change_does_not(office):
    take(office, {})
    take(office, {"化解责任人姓名": "乙"}, now=NOW + timedelta(hours=1))
    (one,) = told(office)
    assert (one.kind, one.version, one.by) == (EventKind.UPDATED, 2, "")
    mark_seen(office.db, versions={one.case_no: 2}, actor=office.me, now=NOW)
    take(
        office,
        {"化解责任人姓名": "乙", "事件简述": "又漏了"},
        now=NOW + timedelta(hours=2),
    )
    assert told(office) == []


def test_what_was_there_before_the_account_is_no_news(office):
    take(office, {"化解责任人姓名": "乙"})
    move(office, to=office.second)
    office.db.write(
        lambda session: session.execute(
            update(User)
            .where(User.id == office.me.user_id)
            .values(created_at=NOW + timedelta(seconds=1))
        )
    )
    assert told(office) == []
    other = office.case(mediator_id=office.first)
    move(office, to=office.second, case=other, now=NOW + timedelta(seconds=1))
    assert [one.case_no for one in told(office)] == [other.case_no]


# --- what was seen ---------------------------------------------------------------------------


def test_what_was_seen_is_told_no_more_until_it_comes_again(office):
    move(office, to=office.second)
    assert look(office) == 1
    assert told(office) == []
    move(office, to=office.first)
    undo(office)
    assert kinds(told(office)) == [EventKind.UNDONE]
    look(office)
    assert told(office) == []


def test_what_came_after_the_list_was_drawn_is_not_seen_with_it(office):
    move(office, to=office.second)
    (shown,) = told(office)
    move(office, to=office.first)
    move(office, to=office.second)
    look(office, shown.version)
    assert [one.version for one in told(office)] == [4]


def test_a_version_once_seen_stays_seen_and_none_is_seen_before_it_is_there(office):
    move(office, to=office.second)
    look(office, 99)
    look(office, 1)
    with office.db.read() as session:
        assert session.scalars(select(CaseSeen.version)).all() == [2]
    move(office, to=office.first)
    move(office, to=office.second)
    assert len(told(office)) == 1


def test_seeing_takes_one_statement_that_another_window_cannot_come_between(office):
    move(office, to=office.second)
    written = []

    def note(connection, cursor, statement, parameters, context, executemany):
        if "case_seen" in statement:
            written.append(statement)

    event.listen(office.db.bind, "before_cursor_execute", note)
    try:
        look(office)
    finally:
        event.remove(office.db.bind, "before_cursor_execute", note)
    (statement,) = written
    assert "ON CONFLICT" in statement


def test_seeing_is_each_persons_own(office):
    move(office, to=office.second)
    head = head_of(office, office.committee_a)
    look(office, actor=head)
    assert told(office, head) == []
    assert len(told(office)) == 1


def test_what_is_out_of_reach_cannot_be_marked(office):
    with pytest.raises(NotFound):
        look(office)
    move(office, to=office.second)
    nobody = office.actor("外人", permissions=(Permission.IMPORT_RUN,))
    with pytest.raises(NotAllowed):
        look(office, actor=nobody, now=NOW + timedelta(1))
