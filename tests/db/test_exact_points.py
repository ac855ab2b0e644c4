"""The exact point of a case: from a file, sealed, and told only to who may see it."""

from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import event, func, select

from data_access.commands.import_file import import_file
from data_access.engine import database_file
from data_access.queries import figures
from data_access.queries.cases import case_view
from data_access.tables import Case, CaseEvent
from domain.imports import RejectReason
from domain.organisation import UnitLevel
from domain.people import Scope
from domain.points import point_of
from tests.db.test_import_cases import GOOD, csv_file
from tests.world import NOW, World

HERE = {"经度": "103.52147", "纬度": "30.58213"}
POINT = (30.58213, 103.52147)


@pytest.fixture
def take(db, world):
    """Import rows that are GOOD but for what a test is about."""

    def run(*rows, now=NOW):
        content = csv_file(*({**GOOD, **row} for row in rows))
        return import_file(db, content=content, file_name="a.csv", actor=world.system, now=now)

    return run


def points(db, county):
    """What stands sealed, by the number in the source."""
    with db.read() as session:
        rows = session.scalars(select(Case).order_by(Case.id)).all()
    return {
        row.external_no: row.point_encrypted
        and point_of(db.vault.decrypt(row.point_encrypted, place=f"case.point:{county}:{row.id}"))
        for row in rows
    }


# --- from a file -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cells",
    [
        HERE,
        {"发生地经度": "103.521470", "发生地纬度": "30.5821300"},
        {"lon": "E103.52147°", "lat": "N30.58213°"},
        {"LNG": "１０３.５２１４７", "LAT": "30.58213"},
        {"经度坐标": "东经103.521468", "纬度坐标": "北纬 30.582134"},
    ],
)
def test_a_point_comes_with_its_case(db, world, take, cells):
    report = take(cells)
    assert (report.added, report.rejected) == (1, 0)
    assert points(db, world.county) == {"A-1": POINT}


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"经度": "东边", "纬度": "30.5"}, "经度", RejectReason.NOT_A_NUMBER),
        ({"经度": "103°31′17″", "纬度": "30.5"}, "经度", RejectReason.NOT_A_NUMBER),
        ({"经度": "103.5", "纬度": "3.05E+01"}, "纬度", RejectReason.NOT_A_NUMBER),
        ({"经度": "30.58213", "纬度": "103.52147"}, "经度", RejectReason.SWAPPED_DEGREES),
        ({"经度": "", "纬度": "30.5"}, "经度", RejectReason.HALF_A_POINT),
        ({"经度": "103.5", "纬度": ""}, "纬度", RejectReason.HALF_A_POINT),
        ({"经度": "103.5"}, "纬度", RejectReason.HALF_A_POINT),
        ({"经度": "-103.5", "纬度": "30.5"}, "经度", RejectReason.OUT_OF_RANGE),
        ({"经度": "136.1", "纬度": "30.5"}, "经度", RejectReason.OUT_OF_RANGE),
        ({"经度": "103.5", "纬度": "2.9"}, "纬度", RejectReason.OUT_OF_RANGE),
        ({"经度": "103.5", "纬度": "0"}, "纬度", RejectReason.OUT_OF_RANGE),
    ],
)
def test_what_is_no_point_is_sent_back_with_its_reason(take, cells, column, reason):
    report = take({"外部编号": "A-0"}, cells)
    assert (report.added, report.rejected) == (1, 1)
    (problem,) = report.first_problems
    # Where somebody lives stands in no report.
    assert (problem.column, problem.reason, problem.value) == (column, reason, "")


def test_both_wrong_are_both_told(take):
    report = take({"经度": "0", "纬度": "0"})
    told = [(one.column, one.reason) for one in report.first_problems]
    assert told == [("经度", RejectReason.OUT_OF_RANGE), ("纬度", RejectReason.OUT_OF_RANGE)]


def test_the_same_point_again_changes_nothing(db, world, take):
    take(HERE)
    again = take({"经度": "103.521470001", "纬度": "30.58213"}, now=NOW + timedelta(days=1))
    assert (again.unchanged, again.changed) == (1, 0)
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(CaseEvent)) == 1


@pytest.mark.parametrize("cells", [{}, {"经度": "", "纬度": ""}, {"经度": " ", "纬度": "\u3000"}])
def test_a_blank_cell_takes_no_point_away(db, world, take, cells):
    take(HERE)
    report = take({**cells, "涉及人数": "5"}, now=NOW + timedelta(days=1))
    assert report.changed == 1
    assert points(db, world.county) == {"A-1": POINT}


def test_another_point_replaces_the_first_and_leaves_its_trace(db, world, take):
    take({})
    assert points(db, world.county) == {"A-1": None}
    take(HERE, now=NOW + timedelta(hours=1))
    take({"经度": "103.6", "纬度": "30.6"}, now=NOW + timedelta(hours=2))
    assert points(db, world.county) == {"A-1": (30.6, 103.6)}
    with db.read() as session:
        events = session.scalars(select(CaseEvent).order_by(CaseEvent.seq)).all()
    assert [one.data.get("fields") for one in events] == [None, ["point"], ["point"]]


# --- at rest ---------------------------------------------------------------------------------


def test_the_numbers_stand_nowhere_in_the_clear(committed, vault):
    world = World(committed)
    case = world.case(point=POINT)
    swapped = {"外部编号": "A-2", "经度": HERE["纬度"], "纬度": HERE["经度"]}
    content = csv_file({**GOOD, **HERE}, {**GOOD, **swapped})
    report = import_file(committed, content=content, file_name="a.csv", actor=world.system, now=NOW)
    assert (report.added, report.rejected) == (1, 1)
    with committed.read() as session:
        for table in Case.metadata.sorted_tables:
            for row in session.execute(select(*table.columns)):
                assert not [part for part in ("30.58", "103.52") if part in repr(tuple(row))]
        view = case_view(
            session, scope=Scope(world.county, whole_county=True), case_no=case.case_no, now=NOW
        )
    assert "30.58" not in repr(view)
    file = database_file(str(committed.bind.engine.url))
    if file is not None:
        for part in file.parent.glob(f"{file.name}*"):
            content = part.read_bytes()
            assert b"30.58213" not in content
            assert b"103.52147" not in content


def test_a_point_moved_to_another_case_does_not_open(db, world):
    one, other = world.case(point=POINT), world.case()
    with pytest.raises(InvalidTag):
        db.vault.decrypt(one.point_encrypted, place=f"case.point:{world.county}:{other.id}")


# --- who is told -----------------------------------------------------------------------------


def read(db, world, *, scope=None, places=None):
    whole = Scope(world.county, whole_county=True)
    with db.read() as session:
        found = figures.open_cases(
            session,
            scope=scope or whole,
            area=(UnitLevel.COUNTY, (world.county,)),
            now=NOW,
            places=places,
        )
    return {one.case_no: one.point for one in found}


@pytest.fixture
def three(world):
    """A case in each town with a point, and one without."""
    in_b = {"town_id": world.town_b, "community_id": world.community_b, "grid_id": world.grid_b}
    return (
        world.case(point=POINT).case_no,
        world.case(point=(30.55, 103.55), **in_b).case_no,
        world.case().case_no,
    )


def test_nobody_sees_a_point_unless_asked_for(db, world, three):
    assert read(db, world) == dict.fromkeys(three)
    assert read(db, world, places=Scope(world.county)) == dict.fromkeys(three)


def test_a_point_is_seen_within_the_scope_of_its_permission_only(db, world, three):
    in_a, in_b, without = three
    whole, only_a = (
        Scope(world.county, whole_county=True),
        Scope(world.county, towns=frozenset({world.town_a})),
    )
    both = {in_a: POINT, in_b: (30.55, 103.55), without: None}
    assert read(db, world, places=whole) == both
    assert read(db, world, places=only_a) == {**both, in_b: None}
    # Where a case is not seen, the permission to see its point shows nothing of it.
    assert read(db, world, scope=only_a, places=whole) == {in_a: POINT, without: None}


def test_one_statement_and_without_the_permission_no_point_is_even_read(db, world, three):
    seen = []

    def note(*told):
        seen.append(told[2])

    event.listen(db.bind, "before_cursor_execute", note)
    read(db, world)
    read(db, world, places=Scope(world.county, whole_county=True))
    event.remove(db.bind, "before_cursor_execute", note)
    selects = [one for one in seen if one.lstrip().upper().startswith("SELECT")]
    assert ["point_encrypted" in one for one in selects] == [False, True]
