"""The trail's page: who opens it, what it shows and never shows, the check, the reasons."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update

from data_access import anchors, audit
from data_access.commands.unmask import unmask_case
from data_access.tables import AuditLine, UnmaskReason, User
from data_access.verifying import verifying
from domain.people import GRANTS, Permission, Role
from tests.desk import data_of, everything_sent
from ui import clock, trail_reasons

TRAIL = "../../pages/admin/trail.py"
REASON = "核实王小明的身份"


def page(desk, role=Role.AUDIT_ADMIN, query=(), **over):
    at = desk.sign_in(role, **over)
    for name, value in dict(query).items():
        at.query_params[name] = value
    at.run()
    return at.switch_page(TRAIL).run()


def rows(at):
    return data_of(at, "trail_list")["rows"]


def deeds(at):
    return [(row["deed"], row["subject"]) for row in rows(at)]


def write(desk, action, subject, actor=None, at=None, **payload):
    deed = audit.Deed(action, subject, payload)
    desk.here.db.write(
        lambda session: audit.append(
            session,
            [deed],
            actor=actor or desk.world.system,
            at=at or clock.now(),
            changes_data=False,
        )
    )
    desk.here.watcher.look()


@pytest.fixture
def read(desk):
    """A case of whose party somebody has seen the name, for a written reason."""
    desk.case = desk.world.case(parties=("王小明", "李大华"), phones=("13812345678",))
    desk.duty = desk.world.actor("周值班")
    unmask_case(
        desk.here.db,
        case_no=desk.case.case_no,
        reason=REASON,
        actor=desk.duty,
        now=clock.now(),
    )
    return desk


@pytest.mark.parametrize("role", Role)
def test_the_trail_is_for_those_who_read_it(desk, role):
    if Permission.TRAIL_READ in GRANTS[role]:
        at = page(desk, role)
        assert not at.exception
        assert rows(at) == []
    else:
        with pytest.raises(ValueError, match="trail"):
            page(desk, role)


def test_whoever_audits_a_town_only_reads_no_trail(read):
    at = page(read, unit=read.world.town_a)
    assert not at.exception
    assert data_of(at, "trail_list") is None
    assert "只对全县的岗位开放" in at.error[0].value


def test_a_line_says_who_did_what_to_what_and_no_partys_name(read):
    at = page(read, Role.CENTRE_ADMIN)
    row = rows(at)[0]
    assert (row["deed"], row["subject"]) == ("查看当事人明文", read.case.case_no)
    assert row["who"].startswith("周值班(")
    assert row["posts"] == "综治中心值班员(大邑县)"
    assert row["details"] == "当事人 2 人"
    assert row["href"] == f"/queue?case={read.case.case_no}"
    for secret in ("王小明", "李大华", "13812345678", REASON):
        assert secret not in everything_sent(at)


def test_whoever_may_open_no_case_gets_no_link(read):
    assert rows(page(read))[0]["href"] == ""


def test_the_filters_narrow_the_lines_and_stand_in_the_address(read):
    write(read, "user:set_active", f"user:{read.duty.user_id}", active=False)
    at = page(read)
    assert len(rows(at)) == 2  # the case was registered before the last seven days
    at.selectbox(key="trail_who").set_value("system").run()
    assert deeds(at) == [("启用或停用账号", rows(at)[0]["subject"])]
    assert at.query_params["who"] == "system"
    at.selectbox(key="trail_who").set_value(None).run()
    at.selectbox(key="trail_what").set_value("reads").run()
    assert deeds(at) == [("查看当事人明文", read.case.case_no)]
    at.selectbox(key="trail_what").set_value("user:set_active").run()
    assert rows(at)[0]["details"] == "启用 → 停用"
    at.selectbox(key="trail_what").set_value(None).run()
    at.text_input(key="trail_about").set_value(read.case.case_no).run()
    assert {subject for _deed, subject in deeds(at)} == {read.case.case_no}
    assert read.case.case_no not in str(dict(at.query_params))
    at.text_input(key="trail_about").set_value("没有的人").run()
    assert "没有找到" in at.info[0].value
    assert data_of(at, "trail_list") is None


def test_a_link_opens_the_same_lines(read):
    at = page(read, query={"who": "system", "what": "no-such-deed", "period": "any"})
    assert deeds(at) == [("登记案件", read.case.case_no)]
    assert "what" not in at.query_params


def test_an_address_names_a_person_by_the_accounts_number_alone(read):
    number = str(read.duty.user_id)
    at = page(read, query={"who": number})
    assert deeds(at) == [("查看当事人明文", read.case.case_no)]
    assert at.query_params["who"] == number


def test_a_login_in_an_address_means_nobody(read):
    with read.here.db.read() as session:
        login = session.scalar(select(User.login).where(User.id == read.duty.user_id))
    at = page(read, query={"who": login})
    assert "who" not in at.query_params


@pytest.mark.parametrize(
    ("period", "shown"),
    [("today", 1), ("week", 2), ("month", 3), ("any", 4)],
)
def test_days_are_those_of_beijing_today_included(desk, period, shown):
    now = clock.now()
    for days in (0, 6, 29, 200):
        write(desk, "demo:load", "county:510129", at=now - timedelta(days=days))
    at = page(desk, query={"period": period})
    assert len(rows(at)) == shown


def test_own_days_are_from_the_first_moment_to_the_last(desk):
    today = (clock.now() + timedelta(hours=8)).date()
    for days in (0, 1, 2, 3):
        write(desk, "demo:load", "county:510129", at=clock.now() - timedelta(days=days))
    at = page(desk, query={"period": "own"})
    assert len(rows(at)) == 4
    chosen = (today - timedelta(days=2), today - timedelta(days=1))
    at.date_input(key="trail_days").set_value(chosen).run()
    assert len(rows(at)) == 2


def test_pages_turn_and_a_filter_begins_anew(desk):
    for number in range(120):
        write(desk, "demo:load", "county:510129", at=clock.now() - timedelta(seconds=number))
    at = page(desk)
    data = data_of(at, "trail_list")
    assert (len(data["rows"]), data["page"], data["has_back"], data["has_next"]) == (
        50,
        1,
        False,
        True,
    )
    last = rows(at)[-1]["seq"]
    # As a click on the list's own button does, which only a browser can do.
    at.session_state["trail_cursors"] = [at.session_state["trail_next"]]
    at.run()
    data = data_of(at, "trail_list")
    assert (data["page"], data["rows"][0]["seq"], data["has_back"]) == (2, last + 1, True)
    at.selectbox(key="trail_who").set_value("system").run()
    assert data_of(at, "trail_list")["page"] == 1


# --- reasons ---------------------------------------------------------------------------------


def test_reasons_are_shown_on_demand_and_that_is_a_line_too(read):
    at = page(read, query={"view": "reads"})
    assert deeds(at) == [("查看当事人明文", read.case.case_no)]
    assert REASON not in everything_sent(at)
    at.button(key="trail_show_reasons").click().run()
    read.here.watcher.look()
    at.run()
    shown = rows(at)
    assert [row["deed"] for row in shown] == ["阅读查看理由", "查看当事人明文"]
    assert [row["reason"] for row in shown] == ["", REASON]
    assert shown[0]["who"].startswith(read.user.name)
    assert "trail_show_reasons" not in {button.key for button in at.button}
    # Another question takes the words from the screen.
    at.segmented_control(key="trail_view").set_value("all").run()
    assert REASON not in everything_sent(at)


def test_a_press_that_arrives_twice_is_one_reading_of_reasons(read, monkeypatch):
    press = trail_reasons._read
    monkeypatch.setattr(trail_reasons, "_read", lambda seqs: (press(seqs), press(seqs)))
    at = page(read, query={"view": "reads"})
    at.button(key="trail_show_reasons").click().run()
    read.here.watcher.look()
    at.run()
    assert [row["deed"] for row in rows(at)] == ["阅读查看理由", "查看当事人明文"]


def test_a_reason_that_was_erased_is_said_to_be(read):
    read.here.db.write(lambda session: session.execute(delete(UnmaskReason)) and None)
    at = page(read, query={"view": "reads"})
    at.button(key="trail_show_reasons").click().run()
    assert rows(at)[0]["reason"] == "(已依法删除)"


def test_reasons_go_with_the_right_to_read_them(read):
    at = page(read, query={"view": "reads"})
    at.button(key="trail_show_reasons").click().run()
    assert REASON in everything_sent(at)
    at.session_state["trail_reasons"] = (None, at.session_state["trail_reasons"][1])
    at.run()
    assert REASON not in everything_sent(at)


# --- the check -------------------------------------------------------------------------------


def check(desk, at):
    at.button(key="trail_verify").click().run()
    end = time.monotonic() + 30
    while verifying(desk.here.db).progress is not None:
        assert time.monotonic() < end
        time.sleep(0.01)
    desk.here.watcher.look()
    return at.run()


def state(at):
    (line,) = [one.value for one in at.markdown if "锚定" in one.value]
    return line.replace("\\", "")


def test_a_check_runs_beside_the_page_and_its_result_stays(read):
    at = page(read)
    assert "还没有核对过" in state(at)
    assert "还没有锚定" in state(at)
    settings = read.here.settings
    anchors.sign_daily(
        read.here.db,
        folder=settings.anchors_path,
        key_path=settings.anchor_key_path,
        now=clock.now(),
    )
    check(read, at)
    assert state(at).startswith(":green[●] 完整 · 3 条")
    assert "比对 1 份锚定" in state(at)
    assert not at.error
    assert deeds(at)[:2] == [("核对审计链", ""), ("锚定审计链", "")]
    # Somebody else's page says it too, from the database.
    write(read, "demo:load", "county:510129")
    assert state(page(read, Role.CENTRE_ADMIN)).startswith(":green[●] 完整 · 3 条")


def test_a_broken_chain_says_where_and_what_that_means(read):
    def tamper(session):
        if read.here.db.is_sqlite:
            session.execute(text("DROP TRIGGER audit_log_no_update"))
        else:
            session.execute(text("DROP TRIGGER audit_log_append_only ON audit_log"))
        session.execute(update(AuditLine).where(AuditLine.seq == 2).values(actor_id=99))

    read.here.db.write(tamper)
    at = check(read, page(read))
    assert state(at).startswith(":red[■] 不完整")
    said = at.error[0].value
    assert "第 2 条断裂" in said
    assert "改过它" in said


def test_a_check_that_found_no_answer_says_so(read, monkeypatch):
    def fails(*_, **__):
        raise ConnectionError

    monkeypatch.setattr("data_access.verifying.verify_trail", fails)
    at = check(read, page(read))
    assert "没有做完" in at.warning[0].value
    assert state(at).startswith(":orange[▲] 核对没有完成")


def test_a_trail_whose_anchors_are_gone_is_not_shown_in_green(read):
    at = check(read, page(read))
    assert state(at).startswith(":orange[▲] 链完整,锚定不全")
    assert not at.error
    assert "一份锚定文件也没有" in at.warning[0].value


def test_a_check_that_came_to_no_end_is_said_to_everybody_who_looks(read, monkeypatch):
    def fails(*_, **__):
        raise ConnectionError

    monkeypatch.setattr(audit, "verify", fails)
    at = check(read, page(read))
    verifying(read.here.db)._failed = False  # as in another process
    at.run()
    assert "核对没有完成" in state(at)
    assert "是否完整还不知道" in at.warning[0].value


def test_while_a_check_runs_its_progress_shows_and_no_other_begins(read, monkeypatch):
    at = page(read)
    checking = verifying(read.here.db)
    done = []

    def check_slowly(tell):
        tell(250_000, 1_000_000)
        while not done:
            time.sleep(0.01)

    assert checking.begin(check_slowly)
    while not checking.progress.done:
        time.sleep(0.01)
    at.run()
    assert at.button(key="trail_verify").disabled
    (shown,) = at.get("progress")
    assert shown.proto.text == "正在核对:25.0 万 / 100.0 万 条"
    assert shown.proto.value == 25
    done.append(True)


def test_somebody_signed_out_meanwhile_begins_nothing(read):
    at = page(read)
    read.here.registry._snapshot = type(read.here.registry._snapshot)(-1, {}, {})
    read.here.db.write(
        lambda session: session.execute(text("UPDATE auth_session SET epoch = 99")) and None
    )
    at.button(key="trail_verify").click().run()
    assert not at.exception
    assert verifying(read.here.db).ended == 0
    assert data_of(at, "trail_list") is None
    with read.here.db.read() as session:
        assert "trail:verify" not in session.scalars(select(AuditLine.action)).all()
