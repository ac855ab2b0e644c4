"""Files that people take with them, through the gate: who gets them, and what is in them."""

import asyncio
import io
import zipfile
from datetime import timedelta
from urllib.parse import unquote

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select, update
from starlette.applications import Starlette

import server.downloads
from data_access.accounts import hash_token
from data_access.commands.import_file import import_file
from data_access.imports.columns import COLUMNS
from data_access.tables import AuditLine, ImportBatch
from domain.imports import REJECTS_KEPT, Profile
from domain.people import Role
from server.gate import Gate
from server.routes import ROUTES
from ui import clock

HEADER = "案件编号,案件名称,发生日期,纠纷类型,姓名,身份证号,镇街,社区"
FORMULA = '=HYPERLINK("http://evil.example","x")'
BAD = 'N-2,"' + FORMULA.replace('"', '""') + '",2026-02-31,天气,赵小六,005,安仁镇,和众社区'
NAMESPACED = {"sec-fetch-site": "same-origin"}


class Answer:
    """One HTTP answer."""

    def __init__(self, messages):
        self.status = messages[0]["status"]
        self.headers = {k.decode().lower(): v.decode() for k, v in messages[0]["headers"]}
        self.body = b"".join(one.get("body", b"") for one in messages[1:])


def ask(path, *, token="", method="GET", **headers):
    """One request through the gate, as a browser on this machine sends it."""
    path, _, query = path.partition("?")
    sent = {"host": "127.0.0.1:8501", **{k.replace("_", "-"): v for k, v in headers.items()}}
    if token:
        sent["cookie"] = f"wusong_session={token}"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(k.encode(), v.encode()) for k, v in sent.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8501),
    }
    messages = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        messages.append(message)

    server.downloads._places.clear()
    asyncio.run(Gate(Starlette(routes=ROUTES))(scope, receive, send))
    return Answer(messages)


@pytest.fixture
def office(desk):
    """Two importers of the county's centre, one who may not import, and a batch with a reject."""
    tokens = {}
    for login, role in (("a", Role.CENTRE_ADMIN), ("b", Role.CENTRE_ADMIN), ("duty", Role.DUTY)):
        user = desk.world.user(login, role=role)
        desk.session_of(user, token_hash=hash_token(login))
        tokens[login] = user
    desk.here.watcher.look()
    report = import_file(
        desk.here.db,
        content=f"{HEADER}\n{BAD}\n".encode(),
        file_name="张三纠纷.csv",
        actor=desk.world.actor("别人"),
        now=clock.now(),
    )
    desk.batch = report.batch_id
    return desk


def taken(office):
    with office.here.db.read() as session:
        return session.scalar(
            select(func.count())
            .select_from(AuditLine)
            .where(AuditLine.action == "import:take_rejects")
        )


def test_the_rows_come_as_a_workbook_of_plain_text_and_the_taking_is_recorded(office):
    answer = ask(f"/files/rejects/{office.batch}", token="a", sec_fetch_site="same-origin")
    assert answer.status == 200
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.body)).get_sheet_by_index(0)
    header, row = sheet.to_python()
    assert header == ["行号", "退回原因", *HEADER.split(",")]
    assert row[0] == "2"
    assert "不是日期" in row[1]
    assert row[2:] == ["N-2", FORMULA, "2026-02-31", "天气", "赵小六", "005", "安仁镇", "和众社区"]
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert b"<f>" not in parts["xl/worksheets/sheet1.xml"]
    assert b"hyperlink" not in parts["xl/worksheets/sheet1.xml"].lower()
    assert taken(office) == 1
    with office.here.db.read() as session:
        line = session.scalars(
            select(AuditLine).where(AuditLine.action == "import:take_rejects")
        ).one()
    assert (line.subject, line.address) == (f"import:{office.batch}", "127.0.0.1")


def test_the_rows_come_as_csv_for_every_spreadsheet(office):
    path = f"/files/rejects/{office.batch}?as=csv"
    answer = ask(path, token="a", sec_fetch_site="same-origin")
    text = answer.body.decode("utf-8-sig")
    assert answer.body.startswith(b"\xef\xbb\xbf")
    assert "'=HYPERLINK" in text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


def test_a_browser_saves_it_and_keeps_nothing(office):
    answer = ask(f"/files/rejects/{office.batch}", token="a", sec_fetch_site="same-origin")
    kind, plain, extended = answer.headers["content-disposition"].split("; ")
    assert (kind, plain) == ("attachment", 'filename="file.xlsx"')
    name = unquote(extended.removeprefix("filename*=UTF-8''"))
    assert name == f"退回的行-第{office.batch}批.xlsx"
    assert "张三" not in name
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "cross-site", "referer": "http://127.0.0.1:8501/imports"},
        {"referer": "http://evil.example/imports"},
        {"referer": "http://[evil"},
        {},
    ],
)
def test_no_other_site_can_set_it_off(office, headers):
    answer = ask(f"/files/rejects/{office.batch}", token="a", **headers)
    assert answer.status == 403
    assert "请从“导入”页面下载" in answer.body.decode()
    assert taken(office) == 0


def test_where_browsers_do_not_say_whence_the_referrer_does(office):
    """Over plain http to another machine they send no Sec-Fetch-Site."""
    path, referrer = f"/files/rejects/{office.batch}", "http://127.0.0.1:8501/imports?lang=en"
    assert ask(path, token="a", referer=referrer).status == 200


def test_who_may_not_import_gets_nothing(office):
    path = f"/files/rejects/{office.batch}"
    answer = ask(path, token="duty", sec_fetch_site="same-origin")
    assert answer.status == 403
    assert ask(path, sec_fetch_site="same-origin", accept="text/html").status == 303
    assert ask(path, sec_fetch_site="same-origin").status == 401
    assert ask(path, token="a", method="POST", sec_fetch_site="cross-site").status == 403
    assert taken(office) == 0


@pytest.mark.parametrize("batch", ["9999", "0"])
def test_a_batch_without_rows_is_said_not_to_be_there(office, batch):
    answer = ask(f"/files/rejects/{batch}", token="a", sec_fetch_site="same-origin")
    assert answer.status == 404
    assert "期限已过" in answer.body.decode()


def test_too_many_rows_for_a_workbook_are_not_even_taken(office, monkeypatch):
    monkeypatch.setattr(server.downloads, "MOST_ROWS", 0)
    path = f"/files/rejects/{office.batch}"
    answer = ask(path, token="a", sec_fetch_site="same-origin")
    assert (answer.status, taken(office)) == (413, 0)
    assert ask(f"{path}?as=csv", token="a", sec_fetch_site="same-origin").status == 200


@pytest.mark.parametrize("profile", Profile)
def test_an_empty_table_names_every_column_and_comes_back_as_it_is(office, profile):
    answer = ask(f"/files/empty/{profile}", token="a")
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.body))
    (header,) = book.get_sheet_by_index(0).to_python()
    starred = [f"*{one.header}" if one.required else one.header for one in COLUMNS[profile]]
    assert header == starred
    about = book.get_sheet_by_index(1).to_python()
    assert [row[0] for row in about[1:]] == [one.header for one in COLUMNS[profile]]
    assert all(row[2] for row in about[1:])
    csv = ask(f"/files/empty/{profile}?as=csv", token="a").body.decode("utf-8-sig")
    assert csv.strip().split(",") == starred


def test_an_empty_table_is_for_importers(office):
    assert ask("/files/empty/cases", token="duty").status == 403
    assert ask("/files/empty/nothing", token="a").status == 404


@pytest.mark.parametrize("number", [2**63, "9" * 5000, "-1", "x", "\u0661"])
def test_a_number_that_no_batch_can_have_is_no_file(office, number):
    answer = ask(f"/files/rejects/{number}", token="a", sec_fetch_site="same-origin")
    assert (answer.status, taken(office)) == (404, 0)


def test_rows_past_their_day_are_given_to_nobody_also_before_they_are_deleted(office):
    old = update(ImportBatch).values(at=clock.now() - REJECTS_KEPT)
    office.here.db.write(lambda session: session.execute(old) and None)
    answer = ask(f"/files/rejects/{office.batch}", token="a", sec_fetch_site="same-origin")
    assert (answer.status, taken(office)) == (404, 0)
    soon = update(ImportBatch).values(at=clock.now() - REJECTS_KEPT + timedelta(minutes=5))
    office.here.db.write(lambda session: session.execute(soon) and None)
    answer = ask(f"/files/rejects/{office.batch}", token="a", sec_fetch_site="same-origin")
    assert (answer.status, taken(office)) == (200, 1)
