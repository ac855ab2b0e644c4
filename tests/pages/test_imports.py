"""The imports page through the entry: its path from a file to its rows, and what it never shows."""

import io
import threading

import pytest
import xlsxwriter
from sqlalchemy import func, select, update
from streamlit.runtime.uploaded_file_manager import DeletedFile
from streamlit.testing.v1 import AppTest

import ui.import_jobs
import ui.session
from data_access.imports.columns import COLUMNS
from data_access.queries.import_mappings import meanings
from data_access.tables import AuditLine, AuthSession, Case, ImportBatch, ImportMapping, User
from domain.errors import NotAllowed
from domain.imports import FileMapping, Profile, Progress, Step
from domain.people import GRANTS, Permission, Role, Scope
from tests.desk import data_of, everything_sent
from ui import clock, import_file, import_table
from ui.import_jobs import Jobs, Order, jobs

IMPORTS = "../../pages/admin/imports.py"
NAME, IDENTITY, PHONE = "王小明", "290129199308277747", "13812345678"
HEADER = "编号,闹啥子,发生时间,纠纷类型,当事人姓名,身份证号,联系电话,民族,镇街,社区,备注"
LEDGER = "\n".join(
    [
        HEADER,
        f"1,{NAME}家漏水,2026-02-20,0402,{NAME},{IDENTITY},{PHONE},汉族,安仁镇,和众社区,",
        "2,噪声,2026-02-20,扯皮,李大华,,,汉族,安仁镇,和众社区,",
        "3,停车,2026-02-20,0402,魏宁,,,汉族,老安仁镇,和众社区,",
        "4,欠款,2026-02-31,0402,孙英,,,汉族,安仁镇,和众社区,",
    ]
).encode()
READY = LEDGER.replace("闹啥子".encode(), "事件名称".encode())
SECONDS = 20


@pytest.fixture(autouse=True)
def no_jobs_of_others():
    ui.import_jobs._of_site.clear()


def importer(desk, role=Role.CENTRE_ADMIN, **over):
    at = desk.sign_in(role, name="符管理", **over)
    # Any deed moves the chain, as signing in does: then the registry knows the session.
    desk.world.case()
    desk.here.watcher.look()
    at.run()
    return at.switch_page(IMPORTS).run()


def upload(at, content=LEDGER, name="安仁镇台账.csv"):
    return at.file_uploader[0].set_value((name, content, "text/csv")).run()


def columns(at):
    return {row["cells"][1]: row for row in data_of(at, "import_table")["rows"]}


def choose(at, **chosen):
    """What the browser says after a click in the table of columns, by the file's header."""
    letters = {name: row["id"] for name, row in columns(at).items()}
    hand = at.session_state["import_file"]
    import_table.choose_columns(hand, [(letters[name], key) for name, key in chosen.items()])
    return at.run()


def finished(desk, at):
    """The page after its job is over."""
    found = [job for job in jobs()._jobs.values() if job.actor_id == desk.user.id]
    for job in found:
        for _ in range(SECONDS * 100):
            if job.over:
                break
            threading.Event().wait(0.01)
        assert job.over
    return at.run()


def rehearse(desk, at):
    at.button(key="import_rehearse").click().run()
    return finished(desk, at)


def take_in(desk, at):
    at.button(key="import_run").click().run()
    return finished(desk, at)


def rehearsed(desk, content=READY, **over):
    return rehearse(desk, upload(importer(desk, **over), content))


def blocks(at, kind):
    views = data_of(at, "import_view") or []
    views = views if isinstance(views, list) else [views]
    return [block for view in views for block in view["blocks"] if block["kind"] == kind]


def figures(at):
    (found,) = blocks(at, "figures")
    return {one["name"]: one["count"] for one in found["figures"]}


def texts(at):
    return " ".join(block["text"] for block in blocks(at, "text"))


def batches(desk):
    with desk.here.db.read() as session:
        return session.scalar(select(func.count()).select_from(ImportBatch))


# ------------------------------------------------------------------------------------ who and what


@pytest.mark.parametrize("role", Role)
def test_only_those_who_import_open_it(desk, role):
    at = desk.sign_in(role)
    at.run()
    if Permission.IMPORT_RUN in GRANTS[role]:
        at.switch_page(IMPORTS).run()
        assert blocks(at, "steps")
    else:
        with pytest.raises(ValueError, match="imports"):
            at.switch_page(IMPORTS).run()
    assert not at.exception


def test_the_page_says_what_to_do_first_and_what_becomes_of_the_file(desk):
    at = importer(desk)
    (steps,) = blocks(at, "steps")
    assert [one["state"] for one in steps["steps"]] == ["now", "later", "later", "later"]
    assert "内存" in texts(at)
    links = [link["href"] for link in blocks(at, "links")[0]["links"]]
    assert "/files/empty/cases?as=xlsx" in links
    assert "现在还没有" in texts(at)


def test_every_column_is_shown_with_a_masked_example_and_what_it_is_taken_for(desk):
    at = upload(importer(desk))
    shown = columns(at)
    assert list(shown) == HEADER.split(",")
    assert {name: row["chosen"] for name, row in shown.items() if row["chosen"]} == {
        "编号": "external_no",
        "发生时间": "occurred_on",
        "纠纷类型": "type_code",
        "当事人姓名": "name",
        "身份证号": "identity",
        "联系电话": "phone",
        "镇街": "town",
        "社区": "community",
    }
    assert "依法不采集" in shown["民族"]["locked"]
    assert shown["身份证号"]["cells"][2] == "2901**********7747"
    assert shown["当事人姓名"]["cells"][2] == "王某某"
    sent = everything_sent(choose(at, 闹啥子="title"))
    for secret in (IDENTITY, PHONE, NAME):
        assert secret not in sent


def test_without_a_required_column_there_is_no_next_step(desk):
    at = upload(importer(desk))
    assert at.button(key="import_rehearse").disabled
    assert "还缺必需的列:事件名称" in texts(at)
    choose(at, 闹啥子="title")
    assert not at.button(key="import_rehearse").disabled


def test_a_column_stands_for_one_thing_only(desk):
    at = choose(upload(importer(desk)), 闹啥子="title", 备注="title")
    assert (columns(at)["闹啥子"]["chosen"], columns(at)["备注"]["chosen"]) == ("", "title")


def test_what_the_browser_cannot_have_sent_is_not_taken(desk):
    at = upload(importer(desk))
    hand = at.session_state["import_file"]
    before = dict(hand.mapping.headers)
    import_table.choose_columns(hand, [("H", "title"), ("A", "no_such_column"), ("ZZ", "title")])
    assert hand.mapping.headers == before
    import_table.choose_words(hand, [], [("0", "0402"), ("x", "")])
    assert hand.mapping == FileMapping(before)


# ------------------------------------------------------------------------------------ the rehearsal


def test_a_rehearsal_says_what_would_come_and_writes_nothing(desk):
    at = rehearsed(desk)
    assert figures(at) == {
        "共": "4 行",
        "新增": "1 行",
        "更新": "0 行",
        "未变": "0 行",
        "退回": "3 行",
    }
    (table,) = blocks(at, "table")
    assert [row["cells"] for row in table["rows"]][-1] == [
        "5",
        "发生时间",
        "2026-02-31",
        "不是日期,请写成 2026-11-02 或 2026年11月2日",
    ]
    assert at.button(key="import_run").label == "导入 4 行:新增 1,更新 0;退回 3"
    assert batches(desk) == 0
    for secret in (IDENTITY, PHONE, NAME):
        assert secret not in everything_sent(at)


def test_words_that_were_given_a_meaning_send_fewer_rows_back(desk):
    at = rehearsed(desk)
    table = data_of(at, "import_table")
    listed = {row["cells"][1]: row for row in table["rows"]}
    assert set(listed) == {"扯皮", "老安仁镇"}
    assert listed["扯皮"]["cells"][2] == "1 行"
    offered = {code for group in table["lists"]["case_type"] for code, _ in group["options"]}
    assert "0402" in offered
    with desk.here.db.read() as session:
        scope = Scope(desk.world.county, whole_county=True)
        towns = meanings(session, scope=scope, now=clock.now()).places["05"]
    town = next(one.code for one in towns if one.name == "安仁镇")
    chosen = [(listed["扯皮"]["id"], "0402"), (listed["老安仁镇"]["id"], town)]
    hand, words = at.session_state["import_file"], at.session_state["import_words_listed"]
    import_table.choose_words(hand, words, chosen)
    at.run()
    assert at.button(key="import_rehearse").label == "按新的意思再预演"
    assert "import_run" not in [one.key for one in at.button]
    rehearse(desk, at)
    assert figures(at)["退回"] == "1 行"
    assert data_of(at, "import_table") is None


def test_going_back_to_the_columns_keeps_what_was_chosen(desk):
    at = rehearse(desk, choose(upload(importer(desk)), 闹啥子="title"))
    at.button(key="import_back").click().run()
    assert columns(at)["闹啥子"]["chosen"] == "title"


def test_a_file_that_changes_nothing_needs_no_import(desk):
    good = b"\n".join(READY.splitlines()[:2])
    at = take_in(desk, rehearsed(desk, good))
    at.button(key="import_next").click().run()
    at = rehearse(desk, upload(at, good))
    assert at.button(key="import_run").disabled


# --------------------------------------------------------------------------------------- the import


def test_an_import_reports_lists_the_batch_and_keeps_no_byte_of_the_file(desk):
    at = take_in(desk, rehearsed(desk))
    assert "已导入“安仁镇台账.csv”" in texts(at)
    assert figures(at)["新增"] == "1 行"
    assert "import_file" not in at.session_state
    (download,) = blocks(at, "downloads")
    with desk.here.db.read() as session:
        batch = session.scalars(select(ImportBatch)).one()
    assert [link["href"] for link in download["links"]] == [
        f"/files/rejects/{batch.id}?as=xlsx",
        f"/files/rejects/{batch.id}?as=csv",
    ]
    history = blocks(at, "table")[-1]["rows"][0]
    assert history["cells"][1:4] == ["符管理", "矛盾纠纷", "安仁镇台账.csv"]
    assert history["cells"][4:] == ["1", "0", "0", "3"]
    at.button(key="import_next").click().run()
    assert blocks(at, "steps")[0]["steps"][0]["state"] == "now"
    assert batch.actor_id == desk.user.id


def test_what_was_uploaded_does_not_stay_in_the_uploaders_store(desk, monkeypatch):
    removed = []
    store = "streamlit.runtime.memory_uploaded_file_manager.MemoryUploadedFileManager.remove_file"
    monkeypatch.setattr(store, lambda *arguments: removed.append(arguments[-1]))
    upload(importer(desk))
    assert removed
    # Where Streamlit begins a run again, the callback meets the file that it has taken already.
    assert import_file.taken_out(DeletedFile("gone")) is None


@pytest.fixture
def held(monkeypatch):
    """Every job waits until it is let go."""
    go, waits = threading.Event(), threading.Event()
    real = ui.import_jobs._run

    def run(here, order, actor, note):
        note(Progress(Step.CHECKING, 12_000, 100_000))
        waits.set()
        assert go.wait(SECONDS)
        return real(here, order, actor, note)

    go.hold = lambda: monkeypatch.setattr(ui.import_jobs, "_run", run)
    go.waits = waits
    yield go
    go.set()
    # A job that outlived its test would work on a database that is being closed.
    for thread in threading.enumerate():
        if thread.name == "import":
            thread.join(SECONDS)


def begin_held(desk, held):
    at = rehearsed(desk)
    held.hold()
    at.button(key="import_run").click().run()
    assert held.waits.wait(SECONDS)
    return at.run()


def test_while_it_runs_the_page_says_how_far_it_is(desk, held):
    at = begin_held(desk, held)
    assert at.get("progress")[0].proto.text == "正在逐行核对:第 12,000 行,共 100,000 行"
    assert "正在导入“安仁镇台账.csv”" in blocks(at, "heading")[0]["text"]
    assert [one.key for one in at.button] == []
    held.set()
    assert "已导入" in texts(finished(desk, at))


def test_a_reload_and_another_tab_find_the_running_import_and_its_report(desk, held):
    at = begin_held(desk, held)
    again = AppTest.from_file("../../ui/entry/main.py", default_timeout=30)
    again.run()
    again.switch_page(IMPORTS).run()
    assert again.get("progress")
    held.set()
    finished(desk, at)
    assert "已导入" in texts(again.run())
    somebody_else = importer(desk)
    assert blocks(somebody_else, "steps")[0]["steps"][0]["state"] == "now"


def test_a_file_whose_report_was_laid_aside_in_another_tab_is_put_away(desk):
    at = rehearsed(desk)
    hand = at.session_state["import_file"]
    at.button(key="import_run").click().run()
    for job in jobs()._jobs.values():
        while not job.over:
            threading.Event().wait(0.01)
    jobs().lay_aside(desk.user.id, hand.order)
    at.run()
    assert blocks(at, "steps")[0]["steps"][0]["state"] == "now"
    assert "import_file" not in at.session_state


def test_an_import_goes_on_when_the_session_of_its_beginner_ends(desk, held):
    at = begin_held(desk, held)
    user = desk.user.id
    desk.here.db.write(
        lambda session: session.execute(update(AuthSession).values(revoked_at=clock.now()))
    )
    desk.world.case()
    desk.here.watcher.look()
    at.run()
    assert "登录已结束" in at.warning[0].value
    held.set()
    finished(desk, at)
    with desk.here.db.read() as session:
        assert session.scalars(select(ImportBatch.actor_id)).one() == user


def test_many_clicks_are_one_import(desk, held):
    at = rehearsed(desk)
    held.hold()
    hand = at.session_state["import_file"]
    order = Order(hand.order, hand.content, hand.name, hand.profile, 1, hand.needed(), writes=True)
    actor = desk.world.actor("符管理", role=Role.CENTRE_ADMIN)
    started = [jobs().start(desk.here, order, actor=actor, now=clock.now()) for _ in range(5)]
    assert len({id(job) for job in started}) == 1
    held.set()
    for _ in range(SECONDS * 100):
        if started[0].over:
            break
        threading.Event().wait(0.01)
    assert batches(desk) == 1


def test_files_are_worked_on_one_after_the_other(desk, held):
    held.hold()
    mine = Jobs()
    actors = [desk.world.actor(name, role=Role.CENTRE_ADMIN) for name in ("甲", "乙")]
    found = [
        mine.start(
            desk.here,
            Order(f"k{n}", READY, "a.csv", Profile.CASES, 1, FileMapping(), writes=True),
            actor=actor,
            now=clock.now(),
        )
        for n, actor in enumerate(actors)
    ]
    assert [mine.ahead_of(job) for job in found] == [0, 1]
    assert found[1].progress == Progress(Step.WAITING)
    held.set()
    for _ in range(SECONDS * 100):
        if all(job.over for job in found):
            break
        threading.Event().wait(0.01)
    assert [job.report.added for job in found] == [1, 0]
    mine.lay_aside(actors[0].user_id, "k0")
    assert mine.import_of(actors[0].user_id) is None


def test_a_file_that_waited_asks_again_who_sent_it(desk, held):
    held.hold()
    mine, actor = Jobs(), desk.world.actor("甲", role=Role.CENTRE_ADMIN)
    first, second = (
        mine.start(
            desk.here,
            Order(key, READY, "a.csv", Profile.CASES, 1, FileMapping(), writes=True),
            actor=one,
            now=clock.now(),
        )
        for key, one in (
            ("k1", desk.world.actor("乙", role=Role.CENTRE_ADMIN)),
            ("k2", actor),
        )
    )
    desk.here.db.write(
        lambda session: session.execute(
            update(User).where(User.id == actor.user_id).values(active=False)
        )
    )
    held.set()
    for _ in range(SECONDS * 100):
        if first.over and second.over:
            break
        threading.Event().wait(0.01)
    assert first.report.added == 1
    assert isinstance(second.refusal, NotAllowed)


def test_the_very_same_file_is_not_taken_twice_unless_somebody_says_so(desk):
    at = take_in(desk, rehearsed(desk))
    at.button(key="import_next").click().run()
    at = take_in(desk, rehearse(desk, upload(at, READY)))
    assert "完全相同" in texts(at)
    assert batches(desk) == 1
    at.button(key="import_again").click().run()
    assert "已导入" in texts(finished(desk, at))
    assert batches(desk) == 2


# -------------------------------------------------------------------------------- what goes wrong


def test_a_file_that_is_none_is_refused_beside_the_uploader(desk):
    at = upload(importer(desk), b"\x00\x01\x02", "x.bin")
    assert "不是表格" in at.error[0].value
    assert len(at.file_uploader) == 1
    assert "import_file" not in at.session_state
    upload(at)
    assert columns(at)


def test_a_job_that_fails_says_so_writes_nothing_and_keeps_the_file(desk, monkeypatch):
    at = rehearsed(desk)

    def fail(*_arguments):
        raise OSError(NAME)

    monkeypatch.setattr(ui.import_jobs, "_run", fail)
    at.button(key="import_run").click().run()
    finished(desk, at)
    assert "出了意外的错误" in texts(at)
    assert NAME not in everything_sent(at)
    assert batches(desk) == 0
    at.button(key="import_back_to_file").click().run()
    assert columns(at)


def test_a_click_in_the_moment_the_session_ends_keeps_the_file(desk):
    at = upload(importer(desk), READY)
    desk.here.db.write(
        lambda session: session.execute(update(AuthSession).values(revoked_at=clock.now()))
    )
    desk.world.case()
    desk.here.watcher.look()
    at.button(key="import_rehearse").click().run()
    assert "登录已结束" in at.warning[0].value
    assert not at.exception
    assert at.session_state["import_file"].content == READY
    opened = desk.session_of(desk.user)
    desk.world.case()
    desk.here.watcher.look()
    desk._patch.setattr(ui.session, "presented", lambda: (desk.user.id, opened.id))
    at.run()
    assert columns(at)


# --------------------------------------------------------------------------------- saved mappings


def save(at, name):
    field = next(one for one in at.text_input if one.label == "名字")
    field.set_value(name)
    at.button(key="import_save").click().run()
    return at


def test_a_mapping_is_saved_and_used_by_itself_for_the_next_file(desk):
    at = choose(upload(importer(desk)), 闹啥子="title", 备注="summary")
    save(at, " 安仁镇  台账 ")
    assert "已保存“安仁镇 台账”" in at.toast[0].value
    with desk.here.db.read() as session:
        words = session.scalars(select(ImportMapping.words)).one()
    assert words["headers"]["闹啥子"] == "title"
    assert "民族" not in words["headers"]
    at.button(key="import_drop").click().run()
    assert "import_file" not in at.session_state
    upload(at, LEDGER.replace(b"2026-02-20", b"2026-02-21"))
    assert (columns(at)["闹啥子"]["chosen"], columns(at)["备注"]["chosen"]) == ("title", "summary")
    saved = next(one for one in at.selectbox if one.label == "用保存过的对照方案")
    assert saved.value == "安仁镇 台账"
    saved.set_value("").run()
    assert columns(at)["闹啥子"]["chosen"] == ""


def test_why_a_mapping_was_not_saved_is_said_there(desk):
    at = save(upload(importer(desk), READY), "")
    assert "请先给它起个名字" in at.error[0].value
    save(at, "甲")
    at.button(key="import_drop").click().run()
    upload(at, b"\xe7\xbc\x96\xe7\xa0\x81,\xe5\x90\x8d\xe7\xa7\xb0\n1,a\n")
    save(at, "甲")
    assert "已有同名" in at.error[0].value


def test_a_saved_mapping_is_deleted(desk):
    at = save(upload(importer(desk), READY), "甲")
    at.button(key="import_saved_delete").click().run()
    with desk.here.db.read() as session:
        assert session.scalar(select(func.count()).select_from(ImportMapping)) == 0
        actions = set(session.scalars(select(AuditLine.action)))
    assert {"import_mapping:save", "import_mapping:delete"} <= actions
    assert columns(at)


# ---------------------------------------------------------------------------- sheets, kinds, rows


def workbook(*sheets):
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"strings_to_formulas": False}) as book:
        for name, rows in sheets:
            sheet = book.add_worksheet(name)
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row)
    return content.getvalue()


def test_sheet_kind_and_header_row_are_told_by_the_file_and_can_be_corrected(desk):
    cases = [line.split(",") for line in READY.decode().splitlines()]
    units = [["县里的单位"], ["编码", "名称"], ["510129106", "甲镇"]]
    at = upload(importer(desk), workbook(("单位", units), ("台账", cases)), "两张表.xlsx")
    by_label = {one.label: one for one in at.selectbox}
    assert by_label["工作表"].options == ["单位", "台账"]
    assert (by_label["种类"].value, by_label["表头在第几行"].value) == (Profile.UNITS, 2)
    by_label["工作表"].set_value(2).run()
    by_label = {one.label: one for one in at.selectbox}
    assert (by_label["种类"].value, by_label["表头在第几行"].value) == (Profile.CASES, 1)
    by_label["表头在第几行"].set_value(2).run()
    assert at.button(key="import_rehearse").disabled
    by_label = {one.label: one for one in at.selectbox}
    by_label["种类"].set_value(Profile.COMMITTEES).run()
    groups = data_of(at, "import_table")["lists"]["columns"]
    known = {key for group in groups for key, _name in group["options"]}
    assert known == {column.key for column in COLUMNS[Profile.COMMITTEES]}


HOSTILE = "<img src=x onerror=alert(1)>[点](javascript:alert(1)) :red[x] {{7*7}} $x$"


def test_hostile_strings_are_plain_text_wherever_they_stand(desk):
    rows = [
        ["编号", "事件名称", "发生日期", "纠纷类型", "姓名", "镇街", HOSTILE],
        ["1", HOSTILE, "2026-02-20", HOSTILE[:30], HOSTILE, "安仁镇", HOSTILE],
        ["2", "=1+1", HOSTILE, "0402", "王芳", HOSTILE[:28], "x"],
    ]
    content = workbook(("<b> `x` $y$", rows), ("二", rows))
    at = upload(importer(desk), content, f"{HOSTILE.replace('/', '')}.xlsx")
    markdown = {"<img", "[点](", "<b>", ":red["}
    for step in (lambda: at, lambda: rehearse(desk, at), lambda: take_in(desk, at)):
        step()
        assert not at.exception
        drawn = [
            one.value
            for kind in ("markdown", "caption", "error", "warning", "info")
            for one in getattr(at, kind)
        ] + [one.label for one in at.button]
        styles = [text for text in drawn if text.startswith("<style>")]
        for text in set(drawn) - set(styles):
            assert not any(mark in text for mark in markdown), text
        assert HOSTILE[:20] in everything_sent(at)
    with desk.here.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 1  # the one of sign-in
