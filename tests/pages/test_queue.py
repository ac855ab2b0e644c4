"""The queue page through the entry: who opens it, what it shows, what it never shows."""

from datetime import timedelta

import pytest
import streamlit as st
from sqlalchemy import event, select, update
from sqlalchemy.exc import OperationalError

import ui.cache
from data_access.commands.arrivals import mark_seen
from data_access.commands.selections import select_open_cases
from data_access.queries.arrivals import Arrival
from data_access.queries.figures import Cut
from data_access.reference import set_site_fact
from data_access.tables import AuthSession, Case, CaseSeen
from domain.batches import MOST_MOVES
from domain.cases import EventKind, Stage
from domain.organisation import UnitLevel
from domain.people import GRANTS, Permission, Role
from tests.desk import QUEUE, blocks_of, data_of, everything_sent, somebody_else_moves
from ui import clock, queue_arrivals, queue_list
from ui.queue_marks import SANDBOX, Marks

SECRETS = ("王小明", "13812345678", "990129199001010011")


def secret_case(desk, **over):
    return desk.world.case(
        parties=("王小明", "李大华"),
        phones=("13812345678",),
        identities=("990129199001010011",),
        title="王小明反映楼上漏水",
        summary="王小明,电话13812345678,称多次协商未果。",
        **over,
    )


def rows(at):
    return [row["number"] for row in data_of(at, "queue_list")["rows"]]


@pytest.mark.parametrize("role", Role)
def test_each_post_opens_the_queue_or_is_told_that_it_has_no_page(desk, role):
    case = secret_case(desk)
    at = desk.sign_in(role)
    at.run()
    assert not at.exception
    if Permission.CASE_READ not in GRANTS[role]:
        # Who administers has other pages; who has none is told so.
        assert GRANTS[role] or "没有可以打开的页面" in at.info[0].value
        assert data_of(at, "queue_list") is None
        with pytest.raises(ValueError, match="queue"):
            at.switch_page(QUEUE).run()
        return
    at.switch_page(QUEUE).run()
    expected = [] if role is Role.MEDIATOR else [case.case_no]
    # A mediator sees the cases they hold, and this one nobody holds.
    if role is not Role.MEDIATOR:
        assert rows(at) == expected
    moves = [row["move"] for row in data_of(at, "queue_list")["rows"]]
    assert all(moves) == (Permission.CASE_REASSIGN in GRANTS[role]) or not moves


@pytest.mark.parametrize("role", [r for r in Role if Permission.CASE_READ in GRANTS[r]])
def test_no_partys_name_number_or_phone_reaches_the_browser(desk, role):
    case = secret_case(desk)
    at = desk.sign_in(role)
    at.run()
    at.query_params["case"] = case.case_no
    for view in ("facts", "timeline", "reassign"):
        at.session_state["drawer_view"] = view
        at.switch_page(QUEUE).run()
        assert not at.exception
        sent = everything_sent(at)
        for secret in SECRETS:
            assert secret not in sent, (role, view)


def test_a_town_sees_its_own_cases_and_no_others(desk):
    here = desk.world.case()
    desk.world.case(town_id=desk.world.town_b, community_id=desk.world.community_b, grid_id=None)
    at = desk.queue(Role.TOWN, unit=desk.world.town_a)
    assert rows(at) == [here.case_no]
    assert data_of(at, "frame")["place"] == "安仁镇"


def test_tabs_count_and_the_address_narrows_the_rows(desk):
    mediator = desk.world.mediator()
    held = desk.world.case(mediator_id=mediator, type_code="0503")
    desk.world.case(mediator_id=mediator)
    desk.world.case()
    at = desk.sign_in()
    at.query_params["stage"] = "in_mediation"
    at.query_params["type"] = "0503"
    at.query_params["place"] = "no-such-place"
    at.run()
    at.switch_page(QUEUE).run()
    assert rows(at) == [held.case_no]
    shown = data_of(at, "queue_list")
    totals = {tab["stage"]: tab["total"] for tab in shown["tabs"]}
    assert (totals["in_mediation"], totals[""]) == ("1", "1")
    assert [chip["name"] for chip in shown["chips"]] == ["type"]
    assert "place" not in at.query_params


def with_selection(desk, value):
    at = desk.sign_in()
    at.query_params["selection"] = value
    at.run()
    return at.switch_page(QUEUE).run()


def test_cases_picked_together_are_a_chip_that_can_be_dropped(desk):
    picked = desk.world.case(type_code="0402")
    desk.world.case(type_code="0101")
    made = select_open_cases(
        desk.here.db,
        level=UnitLevel.TOWN,
        unit_ids=[desk.world.town_a],
        cut=Cut(("04",)),
        name="圈选 *安仁镇*",
        actor=desk.world.actor("值班员"),
        now=clock.now(),
        key="pick",
    )
    at = with_selection(desk, str(made.selection_id))
    assert rows(at) == [picked.case_no]
    (chip,) = data_of(at, "queue_list")["chips"]
    assert chip == {"name": "selection", "text": "选定: 圈选 *安仁镇*(1 件)"}
    assert at.query_params["selection"] == str(made.selection_id)


def test_a_selection_that_is_gone_shows_nothing_rather_than_everything(desk):
    desk.world.case()
    at = with_selection(desk, "987654")
    assert rows(at) == []
    assert data_of(at, "queue_list")["chips"][0]["text"] == "选定的案件已不在这里"


def test_what_is_no_number_of_a_selection_is_left_out(desk):
    case = desk.world.case()
    at = with_selection(desk, "1 OR 1=1")
    assert rows(at) == [case.case_no]
    assert "selection" not in at.query_params


def test_a_chosen_filter_goes_into_the_address_and_a_search_does_not(desk):
    secret_case(desk)
    at = desk.queue()
    at.selectbox(key="source").set_value("S02").run()
    at.text_input(key="search").set_value("王小明").run()
    assert at.query_params["source"] == "S02"
    assert "王小明" not in str(dict(at.query_params))
    assert len(rows(at)) == 1


def test_a_search_for_a_name_finds_nothing_for_those_who_may_not_see_names(desk):
    secret_case(desk)
    at = desk.queue(Role.LEADER)
    at.text_input(key="search").set_value("王小明").run()
    assert rows(at) == []


def test_the_list_says_what_would_be_here_when_there_is_nothing(desk):
    at = desk.queue()
    assert "这里会列出在办案件" in data_of(at, "queue_list")["words"]["empty"]


def test_the_demonstration_county_is_marked(desk):
    desk.here.db.write(lambda session: set_site_fact(session, "demo_since", "2026-01-01"))
    at = desk.queue()
    assert data_of(at, "frame")["demo"] == "演示数据"


def test_a_session_that_was_revoked_shows_the_way_back_in_and_no_case(desk):
    secret_case(desk)
    at = desk.queue()
    assert rows(at)
    desk.here.db.write(
        lambda session: session.execute(update(AuthSession).values(revoked_at=clock.now()))
    )
    desk.world.case()  # any deed moves the chain, as the revoking command does
    desk.here.watcher.look()
    at.run()
    assert "登录已结束" in at.warning[0].value
    assert data_of(at, "queue_list") is None


def test_an_idle_session_is_over(desk):
    long_ago = clock.now() - timedelta(minutes=31)
    at = desk.sign_in(last_seen_at=long_ago)
    at.run()
    assert "登录已结束" in at.warning[0].value


def test_when_the_database_is_lost_the_list_says_when_it_stopped(desk, monkeypatch):
    desk.world.case()
    at = desk.queue()
    lost = desk.here.watcher.latest
    monkeypatch.setattr(
        desk.here.watcher, "_latest", type(lost)(lost.seq, lost.data_seq, lost.read_at, fresh=False)
    )
    at.run()
    shown = data_of(at, "live")
    assert shown["fresh"] is False
    assert shown["stale"].startswith("▲ 数据停在")


def test_the_page_reads_each_thing_once_per_change(desk):
    desk.world.case()
    at = desk.queue()
    reads = []

    engine = desk.here.db.bind
    event.listen(engine, "before_cursor_execute", lambda *args: reads.append(args[2]))
    at.run()
    at.run()
    assert [one for one in reads if " cases" in one] == []
    desk.world.case()
    reads.clear()
    desk.here.watcher.look()
    at.run()
    assert len([one for one in reads if one.startswith("SELECT") and "FROM cases" in one]) <= 4


def test_english_is_spoken_when_asked_for(desk):
    desk.world.case()
    at = desk.sign_in()
    at.query_params["lang"] = "en"
    at.run()
    at.switch_page(QUEUE).run()
    assert data_of(at, "frame")["language"] == "中文"
    assert data_of(at, "queue_list")["rows"][0]["type"].startswith("Residential")


def test_a_link_to_a_case_opens_its_drawer(desk):
    case = secret_case(desk)
    at = desk.sign_in()
    at.query_params["case"] = case.case_no
    at.run()
    at.switch_page(QUEUE).run()
    (parties,) = blocks_of(at, "parties")
    assert [row["name"] for row in parties["rows"]] == ["王某某", "李某某"]


def test_a_link_to_a_case_of_another_town_tells_nothing(desk):
    case = secret_case(desk)
    at = desk.sign_in(Role.TOWN, unit=desk.world.town_b)
    at.query_params["case"] = case.case_no
    at.run()
    at.switch_page(QUEUE).run()
    assert "找不到这件案件" in at.warning[0].value
    assert blocks_of(at, "facts") == []


def test_a_closed_case_offers_no_reassignment(desk):
    case = secret_case(desk, stage=Stage.CLOSED)
    at = desk.sign_in()
    at.query_params["case"] = case.case_no
    at.run()
    at.switch_page(QUEUE).run()
    assert not at.exception
    assert "reassign" not in at.get("button_group")[0].options
    with desk.here.db.read() as session:
        assert session.get(Case, (case.county_id, case.id)).stage is Stage.CLOSED


def revoke(desk):
    desk.here.db.write(
        lambda session: session.execute(update(AuthSession).values(revoked_at=clock.now()))
    )
    desk.world.case()
    desk.here.watcher.look()


def test_a_click_in_the_moment_the_session_ends_is_no_error(desk):
    secret_case(desk)
    at = desk.queue()
    revoke(desk)
    at.text_input(key="search").set_value("王小明").run()
    assert not at.exception
    assert "登录已结束" in at.warning[0].value


def test_a_holder_with_nothing_left_gives_an_empty_list_and_never_a_wider_one(desk):
    desk.world.case()
    at = desk.sign_in()
    at.query_params["mediator"] = "M99999"
    at.run()
    at.switch_page(QUEUE).run()
    assert rows(at) == []
    assert [chip["name"] for chip in data_of(at, "queue_list")["chips"]] == ["mediator"]
    assert at.query_params["mediator"] == "M99999"


def test_when_the_database_does_not_answer_the_last_rows_stay_and_are_called_stale(
    desk, monkeypatch
):
    case = desk.world.case()
    at = desk.queue()
    # As at the turn of a minute: what is known has to be read anew.
    ui.cache._answer.clear()

    def refuse():
        raise OperationalError("select", {}, Exception("lost"))

    monkeypatch.setattr(desk.here.db, "read", refuse)
    at.run()
    assert not at.exception
    assert rows(at) == [case.case_no]
    assert data_of(at, "live")["fresh"] is False


def test_what_came_stands_on_top_until_it_was_seen(desk):
    world = desk.world
    first, second = world.mediator("甲"), world.mediator("乙")
    case = world.case(mediator_id=first)
    desk.queue(Role.DUTY)  # somebody has to hold the post that moves it
    somebody_else_moves(desk, case, second)
    at = desk.queue(Role.MEDIATOR, unit=None, mediator_id=second)
    told = data_of(at, "queue_list")["arrivals"]
    assert told["title"] == "新到 1 件"
    assert told["rows"][0]["text"] == "李站长 改派给 乙"
    assert "more" not in told["words"]
    actor = desk.here.registry.actor(desk.session.id, clock.now())
    shown = {case.case_no: told["rows"][0]["version"]}
    mark_seen(desk.here.db, versions=shown, actor=actor, now=clock.now())
    at.session_state["arrivals_seen"] = 1
    at.run()
    assert data_of(at, "queue_list")["arrivals"] is None


def arrival(number, kind=EventKind.ASSIGNED, holder="乙"):
    return Arrival(f"D2026-{number:05d}", 2, kind, clock.now(), "李站长", holder, None)


@pytest.mark.parametrize(("extra", "more"), [(0, None), (1, "另有 1 件"), (7, "另有 7 件")])
def test_what_is_too_much_to_list_is_told_by_its_number(extra, more):
    came = [arrival(number) for number in range(queue_list.ARRIVALS_SHOWN + extra)]
    told = queue_list._arrivals(came, clock.now())
    assert len(told["rows"]) == queue_list.ARRIVALS_SHOWN
    assert told["title"] == f"新到 {len(came)} 件"
    assert told["words"].get("more") == more


@pytest.mark.parametrize(
    ("kind", "holder", "text"),
    [
        (EventKind.UNDONE, "乙", "李站长 撤销改派,交还 乙"),
        (EventKind.UNDONE, None, "李站长 撤销指派,待重新指派"),
        (EventKind.RETURNED, None, "李站长 退回,待重新指派"),
        (EventKind.REOPENED, None, "李站长 重新办理,待重新指派"),
        (EventKind.UNMERGED, "乙", "李站长 撤销并案,交还 乙"),
        (EventKind.UNMERGED, None, "李站长 撤销并案,待重新指派"),
        (EventKind.IMPORTED, "乙", "李站长 导入,由 乙 承办"),
        (EventKind.UPDATED, "乙", "李站长 导入,改由 乙 承办"),
    ],
)
def test_it_says_how_a_case_came(kind, holder, text):
    told = queue_list._arrivals([arrival(1, kind, holder)], clock.now())
    assert told["rows"][0]["text"] == text


def test_only_what_was_shown_is_seen_and_a_case_that_is_opened_is_seen_as_it_is(desk, monkeypatch):
    world = desk.world
    first, second = world.mediator("甲"), world.mediator("乙")
    case = world.case(mediator_id=first)
    desk.queue(Role.DUTY)
    somebody_else_moves(desk, case, second)
    at = desk.queue(Role.MEDIATOR, unit=None, mediator_id=second)

    monkeypatch.setattr(st, "session_state", {})

    def seen_after(act, clicked):
        actor = desk.here.registry.actor(desk.session.id, clock.now())
        act(clicked, actor=actor, now=clock.now())
        with desk.here.db.read() as session:
            return session.scalars(select(CaseSeen.version)).all()

    seen, opened = queue_arrivals.seen, queue_arrivals.opened
    assert data_of(at, "queue_list")["arrivals"]
    for nonsense in ([], [case.case_no], [[case.case_no]], [["D2026-99999", 2]], [[1, "x"]]):
        assert seen_after(seen, nonsense) == []
    assert seen_after(seen, [[case.case_no, 1]]) == [1]
    assert seen_after(opened, "D2026-99999") == [1]
    assert seen_after(opened, case.case_no) == [2]


def test_who_must_withdraw_stands_on_top_for_whoever_moves_cases(desk):
    holder = desk.world.mediator("甲")
    case = secret_case(desk, mediator_id=holder)
    desk.world.case(mediator_id=holder)
    desk.world.relation(holder, "990129199001010011")
    at = desk.queue(Role.DUTY)
    told = data_of(at, "queue_list")["recusals"]
    assert told["title"] == "▲ 1 件的承办人应当回避,请改派"
    assert [(one["number"], one["text"]) for one in told["rows"]] == [
        (case.case_no, "甲:须回避:当事人近亲属")
    ]
    assert not any(secret in everything_sent(at) for secret in SECRETS)


@pytest.mark.parametrize("role", [Role.LEADER, Role.MEDIATOR])
def test_who_must_withdraw_is_not_told_to_those_who_move_no_case(desk, role):
    holder = desk.world.mediator("甲")
    secret_case(desk, mediator_id=holder)
    desk.world.relation(holder, "990129199001010011")
    ours = {"unit": None, "mediator_id": holder} if role is Role.MEDIATOR else {}
    assert data_of(desk.queue(role, **ours), "queue_list")["recusals"] is None


def test_five_hundred_marked_cases_stay_the_same_while_everything_else_changes(desk):
    holder, other = desk.world.mediator("甲"), desk.world.mediator("乙")
    made = [desk.world.case(mediator_id=holder) for _number in range(MOST_MOVES + 8)]
    chosen = tuple(case.case_no for case in made[3 : MOST_MOVES + 3])
    at = desk.queue()
    at.session_state["queue_marks"] = Marks(chosen, 1)
    at.session_state["cursors"] = []
    at.run()
    somebody_else_moves(desk, made[5], other)
    desk.world.case(mediator_id=other)
    desk.here.watcher.look()
    at.run()
    assert tuple(data_of(at, "queue_list")["marks"]["numbers"]) == chosen
    at.query_params["risk"] = "1"
    at.run()
    at.session_state["search"] = "王小明"
    at.run()
    assert tuple(data_of(at, "queue_list")["marks"]["numbers"]) == chosen
    at.session_state["search"] = ""
    at.session_state[SANDBOX] = chosen
    at.run()
    assert not at.exception
    assert any(
        f"放入 {MOST_MOVES} 件" in one.value for one in [*at.markdown, *at.text, *at.subheader]
    )


def test_whoever_moves_no_case_marks_none(desk):
    desk.world.case()
    at = desk.queue(Role.LEADER)
    shown = data_of(at, "queue_list")
    assert shown["marks"] is None
    assert shown["rows"][0]["move"] == ""
