"""The sample files go into the demonstration county, and the command line does it."""

import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from data_access import reference
from data_access.__main__ import main
from data_access.commands.import_file import import_file
from data_access.commands.import_mappings import save_mapping
from data_access.demo.load import load_demo
from data_access.engine import Database, open_engine
from data_access.queries.queue import Filters, page
from data_access.settings import Settings
from data_access.tables import AuditLine, Case, User, UserRole
from data_access.vault import open_vault
from domain.imports import FileMapping, Profile
from domain.people import Role, Scope, system_actor

SAMPLES = Path(__file__).parents[2] / "docs/samples"
NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
# File, rows, added, changed, sent back.
EXPECTED = (
    ("units.csv", 5, 3, 2, 0),
    ("committees_and_mediators.csv", 9, 9, 0, 0),
    ("cases.csv", 14, 14, 0, 0),
    ("cases_gb18030.csv", 8, 8, 0, 0),
    ("cases_with_errors.xlsx", 12, 6, 0, 6),
    ("ledger.xls", 8, 8, 0, 0),
    ("ledger.ods", 4, 4, 0, 0),
)


@pytest.mark.parametrize("days_later", [0, 200])
def test_the_samples_go_in_and_their_cases_stand_in_the_open_queue(committed, days_later):
    load_demo(committed, today=date(2026, 11, 22), now=NOW, scale=0.01)
    now = NOW + timedelta(days=days_later)
    with committed.read() as session:
        county = reference.county_id(session)
    for name, rows, added, changed, rejected in EXPECTED:
        content = (SAMPLES / name).read_bytes()
        options = {"content": content, "file_name": name, "actor": system_actor(county)}
        report = import_file(committed, now=now, **options)
        found = (report.rows, report.added, report.changed, report.rejected)
        assert (name, *found) == (name, rows, added, changed, rejected)
        again = import_file(committed, now=now + timedelta(days=1), again=True, **options)
        assert (again.added, again.changed, again.unchanged) == (0, 0, added + changed)
    with committed.read() as session:
        open_cases = session.scalars(
            select(Case.case_no).where(Case.external_no.like("YS-%"), Case.is_open == 1)
        ).all()
        listed = page(
            session, scope=Scope(county, whole_county=True), filters=Filters(), now=now, size=500
        ).rows
    assert len(open_cases) == 39
    assert set(open_cases) <= {row.case_no for row in listed}


def test_the_gb18030_sample_needs_gb18030_and_marks_itself_as_a_demonstration():
    content = (SAMPLES / "cases_gb18030.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        content.decode("gbk")
    text = content.decode("gb18030")
    assert "䢺江镇" in text
    assert text.count("【演示】") == len(text.splitlines()) - 1


@pytest.fixture
def site(monkeypatch, tmp_path):
    """A site of its own on SQLite, as the command line finds it."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert main(["migrate"]) == 0
    settings = Settings()
    engine = open_engine(settings.url)
    db = Database(engine, open_vault(settings.key_path, create=False))

    def establish(session):
        reference.seed_reference(session)
        return reference.create_county(session, code="510129", name="大邑县")

    db.county = db.write(establish)
    yield db
    db.dispose()


def test_the_command_line_takes_a_file_and_gives_its_rejects_back(site, tmp_path, capsys):
    units, cases, out = tmp_path / "单位.csv", tmp_path / "案件.csv", tmp_path / "退回.csv"
    units.write_text("编码,名称\n510129105,安仁镇\n", encoding="gb18030")
    cases.write_text(
        "编号,案件名称,发生日期,纠纷类型,当事人姓名,民族,镇街\n"
        "1,漏水,2020-05-01,0201,王小明,汉,安仁镇\n2,噪声,2020-05-51,0203,李秀英,汉,安仁镇\n"
    )
    assert main(["import", str(units)]) == 0
    assert "新增 1" in capsys.readouterr().out
    assert main(["import", str(cases), "--dry-run"]) == 0
    assert "预演" in capsys.readouterr().out
    assert main(["import", str(cases)]) == 0
    said = capsys.readouterr().out
    assert "新增 1,更新 0,未变 0,退回 1" in said
    assert "民族" in said
    assert "第 3 行 发生日期“2020-05-51”" in said
    assert "李秀英" not in said
    assert main(["import", str(cases)]) == 0
    assert "没有重复导入" in capsys.readouterr().out
    assert main(["rejects", "2", "--out", str(out)]) == 0
    assert "李秀英" in out.read_text("utf-8-sig")
    assert main(["rejects", "2", "--out", str(out)]) == 1
    assert main(["rejects", "99", "--out", str(tmp_path / "无.csv")]) == 1
    capsys.readouterr()
    out.write_text(out.read_text("utf-8-sig").replace("2020-05-51", "2020-05-15"), "utf-8-sig")
    assert main(["import", str(out)]) == 0
    with site.read() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 2
        actions = session.scalars(select(AuditLine.action).order_by(AuditLine.seq)).all()
    assert actions == ["import:run", "import:run", "import:take_rejects", "import:run"]


def test_the_command_line_reads_a_file_by_a_saved_mapping(site, tmp_path, capsys):
    path = tmp_path / "台账.csv"
    path.write_text("号码,叫啥\n510129105,安仁镇\n")
    assert main(["import", str(path)]) == 1
    assert "找不到认识的表头" in capsys.readouterr().err
    save_mapping(
        site,
        name="乡里的",
        profile=Profile.UNITS,
        mapping=FileMapping(headers={"号码": "code", "叫啥": "name"}),
        expected_version=None,
        actor=system_actor(site.county),
        now=NOW,
    )
    with pytest.raises(SystemExit, match=r"^没有名为“别的”的对照方案。已保存的有:乡里的。$"):
        main(["import", str(path), "--mapping", "别的"])
    assert main(["import", str(path), "--mapping", "乡里的", "--dry-run"]) == 0
    assert main(["import", str(path), "--mapping", "乡里的"]) == 0
    assert "新增 1" in capsys.readouterr().out


def test_the_command_line_says_what_is_wrong_with_a_file(site, tmp_path, capsys):
    empty, binary = tmp_path / "空.csv", tmp_path / "图.xlsx"
    empty.touch()
    binary.write_bytes(bytes(range(256)))
    for path, sentence in (
        (empty, "文件是空的"),
        (binary, "不是表格文件"),
        (tmp_path / "没有.csv", "读不到文件"),
    ):
        assert main(["import", str(path)]) == 1
        assert sentence in capsys.readouterr().err


def test_the_command_line_works_in_somebodys_name_and_scope(site, tmp_path, capsys):
    path = tmp_path / "单位.csv"
    path.write_text("编码,名称\n510129105,安仁镇\n")
    for verb in (["import", str(path)], ["rejects", "1", "--out", str(tmp_path / "退回.csv")]):
        with pytest.raises(SystemExit, match=r"^没有可用的账号 nobody。$"):
            main([*verb, "--actor", "nobody"])

    def employ(session):
        for login, role in (("chief", Role.CENTRE_ADMIN), ("leader", Role.LEADER)):
            user = User(
                county_id=site.county, login=login, name=login, password_hash="!", created_at=NOW
            )
            session.add(user)
            session.flush()
            post = UserRole(
                user_id=user.id, role=role, unit_id=site.county, valid_from=date(2020, 1, 1)
            )
            session.add(post)

    site.write(employ)
    assert main(["import", str(path), "--actor", "leader"]) == 1
    assert "权限" in capsys.readouterr().err
    assert main(["import", str(path), "--actor", " Ｃhief "]) == 0
    with site.read() as session:
        line = session.scalars(select(AuditLine)).one()
        chief = session.scalars(select(User.id).where(User.login == "chief")).one()
    assert line.actor_id == chief


def test_the_second_sheet_of_a_workbook_is_another_file(site, tmp_path, capsys):
    import xlsxwriter  # noqa: PLC0415 - one test writes a workbook

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    for code, name in (("510129105", "安仁镇"), ("510129106", "䢺江镇")):
        book.add_worksheet(name).write_row(0, 0, ["编码", "名称"])
        book.get_worksheet_by_name(name).write_row(1, 0, [code, name])
    book.close()
    path = tmp_path / "两张.xlsx"
    path.write_bytes(stream.getvalue())
    assert main(["import", str(path)]) == 0
    assert main(["import", str(path), "--sheet", "2"]) == 0
    assert capsys.readouterr().out.count("新增 1") == 2
    assert main(["import", str(path), "--sheet", "3"]) == 1
    assert "安仁镇、䢺江镇" in capsys.readouterr().err
