"""Rows sent back: kept sealed, taken out to be mended, and in again. And what a crash leaves."""

import csv
import logging
import threading
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import func, select

from data_access import audit
from data_access.commands import import_file as command
from data_access.commands.import_file import import_file, take_rejects
from data_access.imports.rejects import write_rejects
from data_access.queries import imports
from data_access.tables import (
    AuditLine,
    Base,
    Case,
    Counter,
    ImportBatch,
    ImportReject,
    ImportRun,
)
from domain.errors import NotAllowed, NotFound
from domain.imports import Profile, RejectReason
from domain.people import Permission, Scope
from tests.world import NOW, World

HEADER = "案件编号,案件名称,发生日期,纠纷类型,当事人姓名,民族,事件简述,镇街,社区"
GOOD = "N-1,楼上漏水,2026-02-20,0201,王小明,汉族,漏水,安仁镇,和众社区"
BAD = 'N-2,"=cmd|\' /C calc\'!A0",2026-02-31,天气,赵小六,汉族,"@他,13800001234",安仁镇,和众社区'


def file_of(*lines: str) -> bytes:
    return "\n".join([HEADER, *lines, ""]).encode()


@pytest.fixture
def take(db, world):
    def run(content, **options):
        options = {"actor": world.system, "now": NOW, **options}
        return import_file(db, content=content, file_name="台账.csv", **options)

    return run


# ---------------------------------------------------------------------------------------- mending


def test_a_reject_is_kept_sealed_with_its_reasons_as_codes(db, take):
    report = take(file_of(GOOD, BAD))
    with db.read() as session:
        row = session.scalars(select(ImportReject)).one()
    assert (row.batch_id, row.row_number) == (report.batch_id, 3)
    assert row.problems == {
        "problems": [
            {"column": "发生日期", "reason": "not_a_date"},
            {"column": "纠纷类型", "reason": "not_a_code"},
        ]
    }
    for word in ("赵小六", "13800001234", "calc"):
        assert word.encode() not in row.cells_encrypted


def test_the_report_names_values_but_not_those_of_a_person(take):
    line = BAD.replace("赵小六", "赵" * 81)
    problems = take(file_of(line)).first_problems
    assert [(one.column, one.value) for one in problems] == [
        ("发生日期", "2026-02-31"),
        ("纠纷类型", "天气"),
        ("当事人姓名", ""),
    ]
    assert problems[2].reason is RejectReason.TOO_LONG


def test_what_was_sent_back_is_mended_and_taken(db, world, take, tmp_path):
    batch = take(file_of(GOOD, BAD)).batch_id
    rows = take_rejects(db, batch_id=batch, actor=world.system, now=NOW)
    path = tmp_path / "退回.csv"
    write_rejects(path, rows)
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, cells = csv.reader(file)
    assert header == [*HEADER.replace("民族,", "").split(","), "行号", "退回原因"]
    assert cells[1] == "'=cmd|' /C calc'!A0"
    assert cells[5] == "'@他,13800001234"
    assert cells[-2] == "3"
    assert "发生日期" in cells[-1]
    assert "纠纷类型" in cells[-1]
    mended = path.read_text("utf-8-sig").replace("2026-02-31", "2026-02-21").replace("天气", "0299")
    report = take(mended.encode("utf-8-sig"), now=NOW + timedelta(days=1))
    assert (report.added, report.rejected) == (1, 0)
    assert report.dropped.unknown == ()
    with db.read() as session:
        case = session.scalars(select(Case).where(Case.external_no == "N-2")).one()
        place = f"case.title:{case.county_id}:{case.id}"
        assert db.vault.decrypt(case.title_encrypted, place=place) == "=cmd|' /C calc'!A0"


def test_a_file_being_mended_is_not_overwritten(db, world, take, tmp_path):
    batch = take(file_of(BAD)).batch_id
    rows = take_rejects(db, batch_id=batch, actor=world.system, now=NOW)
    path = tmp_path / "退回.csv"
    path.write_text("我的修改")
    with pytest.raises(FileExistsError):
        write_rejects(path, rows)
    assert path.read_text() == "我的修改"


def test_taking_rejects_out_is_recorded(db, world, take):
    batch = take(file_of(BAD)).batch_id
    actor = world.actor()
    take_rejects(db, batch_id=batch, actor=actor, now=NOW)
    with db.read() as session:
        line = session.scalars(select(AuditLine).order_by(AuditLine.seq.desc()).limit(1)).one()
    assert (line.action, line.subject, line.actor_id) == (
        "import:take_rejects",
        f"import:{batch}",
        actor.user_id,
    )
    assert line.payload == {"profile": "cases", "rows": 1}


def test_only_the_importer_and_the_countys_see_a_batch(db, world, take):
    town = Scope(world.county, towns=frozenset({world.town_a}))
    importer, other, chief = world.actor(scope=town), world.actor(scope=town), world.actor()
    batch = take(file_of(BAD), actor=importer).batch_id
    for actor, sees in ((importer, True), (other, False), (chief, True)):
        with db.read() as session:
            scope = actor.scope(Permission.IMPORT_RUN)
            found = imports.batches(session, scope=scope, actor_id=actor.user_id)
        assert [one.batch_id for one in found] == [batch] * sees
        if sees:
            assert len(take_rejects(db, batch_id=batch, actor=actor, now=NOW)) == 1
        else:
            with pytest.raises(NotFound):
                take_rejects(db, batch_id=batch, actor=actor, now=NOW)
    (one,) = found
    assert (one.profile, one.rows, one.rejected, one.actor) == (Profile.CASES, 1, 1, "值班员")
    assert one.dropped["profiling"] == ["民族"]


def test_the_name_of_a_file_is_shown_to_who_may_see_it_and_stands_nowhere(
    db, world, capsys, caplog
):
    """张三纠纷.csv is a person's name; the trail is never erased and logs are read by others."""
    caplog.set_level(logging.DEBUG)
    town = Scope(world.county, towns=frozenset({world.town_a}))
    importer, other = world.actor(scope=town), world.actor(scope=town)
    options = {"file_name": "台账/张三纠纷.csv", "actor": importer, "now": NOW}
    report = import_file(db, content=file_of(GOOD, BAD), **options)
    assert report.file_name == "张三纠纷.csv"
    take_rejects(db, batch_id=report.batch_id, actor=importer, now=NOW)
    import_file(db, content=file_of(GOOD, BAD), **options)
    with db.read() as session:
        scope = importer.scope(Permission.IMPORT_RUN)
        (seen,) = imports.batches(session, scope=scope, actor_id=importer.user_id)
        one = imports.batch(
            session, scope=scope, actor_id=importer.user_id, batch_id=report.batch_id
        )
        assert seen.file_name == one.file_name == "张三纠纷.csv"
        assert imports.batches(session, scope=scope, actor_id=other.user_id) == []
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(*table.columns)):
                text = repr(tuple(row)) + "".join(
                    bytes(cell).decode("utf-8", "ignore") + bytes(cell).decode("gb18030", "ignore")
                    for cell in row
                    if isinstance(cell, bytes)
                )
                assert "张三纠纷" not in text, table.name
        stored = session.scalars(select(ImportBatch)).one()
        place = f"import_batch.file_name:{stored.id}"
        assert db.vault.decrypt(stored.file_name_encrypted, place=place) == "张三纠纷.csv"
        with pytest.raises(InvalidTag):
            db.vault.decrypt(stored.file_name_encrypted, place=f"{place}0")
    printed = capsys.readouterr()
    assert "张三" not in caplog.text + printed.out + printed.err


def test_nobody_without_the_permission_imports_or_mends(db, world, take):
    batch = take(file_of(BAD)).batch_id
    reader = world.actor(permissions=(Permission.CASE_READ,))
    with pytest.raises(NotAllowed):
        take(file_of(GOOD), actor=reader)
    with pytest.raises(NotAllowed):
        take_rejects(db, batch_id=batch, actor=reader, now=NOW)


def test_a_batch_without_rejects_has_nothing_to_mend(db, world, take):
    batch = take(file_of(GOOD)).batch_id
    with pytest.raises(NotFound):
        take_rejects(db, batch_id=batch, actor=world.system, now=NOW)


# ------------------------------------------------------------------------------- all or nothing


def snapshot(db) -> dict[str, int]:
    """How many rows each table has; numbers reserved in vain are no rows of anybody, and that
    somebody tried is kept on purpose.
    """
    with db.read() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table))
            for table in Base.metadata.sorted_tables
            if table.name not in {Counter.__tablename__, ImportRun.__tablename__}
        }


@pytest.mark.parametrize("step", ["write_cases", "store_rejects", "write_spans", "append"])
def test_a_failure_in_the_middle_leaves_nothing(committed, monkeypatch, step):
    world = World(committed)
    before = snapshot(committed)

    def fail(*_arguments, **_options):
        raise RuntimeError(step)

    where = audit if step == "append" else command
    content = file_of(GOOD, BAD)
    options = {"content": content, "file_name": "x.csv", "actor": world.system, "now": NOW}
    with monkeypatch.context() as patch:
        patch.setattr(where, step, fail)
        with pytest.raises(RuntimeError, match=step):
            import_file(committed, **options)
    assert snapshot(committed) == before
    # And nothing stands in the way of trying again; the case numbers have no gap.
    assert import_file(committed, **options).added == 1
    with committed.read() as session:
        assert session.scalar(select(Case.case_no)) == "D2026-00001"
        assert audit.verify(session, county_id=world.county).broken_at is None


def test_of_two_who_import_one_file_at_once_one_is_told_it_is_there(committed):
    world = World(committed)
    content = file_of(*(GOOD.replace("N-1", f"N-{n}") for n in range(200)))
    start, reports = threading.Barrier(2), []

    def run():
        start.wait()
        report = import_file(
            committed, content=content, file_name="x.csv", actor=world.system, now=NOW
        )
        reports.append(report)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, second = sorted(reports, key=lambda report: report.same_as is not None)
    assert (first.added, second.same_as) == (200, first.batch_id)
    with committed.read() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 200
        assert session.scalar(select(func.count()).select_from(ImportBatch)) == 1


def test_of_two_files_with_the_same_new_cases_one_adds_them(committed):
    world = World(committed)
    lines = [GOOD.replace("N-1", f"N-{n}") for n in range(200)]
    contents = [file_of(*lines), file_of(*reversed(lines))]
    start, reports = threading.Barrier(2), []

    def run(content):
        start.wait()
        reports.append(
            import_file(committed, content=content, file_name="x.csv", actor=world.system, now=NOW)
        )

    threads = [threading.Thread(target=run, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.added for report in reports) == [0, 200]
    assert sorted(report.unchanged for report in reports) == [0, 200]
    with committed.read() as session:
        assert audit.verify(session, county_id=world.county).broken_at is None
