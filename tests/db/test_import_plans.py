"""What an import asks under the write lock costs one look a row, whatever the statistics say."""

import pytest
from sqlalchemy import event

from data_access.commands.import_file import import_file
from tests.world import NOW

HEADER = "编号,事件名称,发生日期,事件类别,姓名,镇街"
ROWS = [f"{n},漏水,2026-02-20,0402,王某{n},安仁镇" for n in range(30)]


def content(rows):
    return "\n".join([HEADER, *rows]).encode()


def take(db, world, rows):
    return import_file(db, content=content(rows), file_name="a.csv", actor=world.system, now=NOW)


@pytest.fixture
def misleading_statistics(db, world):
    """As ANALYZE finds them where hardly a case has a number of another system."""
    if not db.is_sqlite:
        pytest.skip("PostgreSQL counts blanks apart")
    world.case()
    db.bind.exec_driver_sql("ANALYZE")
    db.bind.exec_driver_sql("DELETE FROM sqlite_stat4")
    # As many rows by one county and no number as there are rows; by any other index, one each.
    for _, name, *_rest in db.bind.exec_driver_sql("PRAGMA index_list(cases)").all():
        columns = [one[2] for one in db.bind.exec_driver_sql(f"PRAGMA index_info({name})")]
        rows = ["10040"] * 2 + ["1"] * (len(columns) - 1)
        if columns == ["county_id", "external_no"]:
            rows = ["10040"] * 3
        db.bind.exec_driver_sql("DELETE FROM sqlite_stat1 WHERE idx = ?", (name,))
        db.bind.exec_driver_sql(
            "INSERT INTO sqlite_stat1 VALUES ('cases', ?, ?)", (name, " ".join(rows))
        )
    db.bind.exec_driver_sql("ANALYZE sqlite_schema")


def test_the_comparison_under_the_lock_goes_through_nothing_twice(db, world, misleading_statistics):
    take(db, world, ROWS)
    asked = []
    event.listen(
        db.bind,
        "before_cursor_execute",
        lambda _c, _cursor, statement, values, *_: asked.append((statement, values)),
    )
    changed = [row.replace("漏水", "噪声") for row in ROWS[10:]]
    take(db, world, [*ROWS[:10], *changed, "99,漏水,2026-02-20,0402,李某,安仁镇"])
    compared = [(s, v) for s, v in asked if s.startswith("SELECT") and "staged_seen" in s]
    assert compared
    for statement, values in compared:
        plan = [
            row[3] for row in db.bind.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
        scans = [step for step in plan if step.startswith("SCAN")]
        assert len(scans) <= 1, plan
