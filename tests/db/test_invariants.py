"""The invariants that tests and drills ask for: each sees what it is there to see."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from data_access.commands.import_file import import_file
from data_access.commands.people import create_user
from data_access.commands.reassign import reassign_case, undo_reassignment
from data_access.commands.unmask import unmask_case
from data_access.consistency import Disagreement, disagreements
from data_access.queries.cases import case_view
from domain.cases import ReassignReason, Stage
from domain.people import Scope
from tests import invariants
from tests.world import NOW

LEDGER = """外部编号,事件名称,发生日期,事件类别,主要当事人姓名,所属镇街,所属社区
A-1,楼上漏水,2026-02-20,0201,王小明,安仁镇,和众社区
A-2,楼上漏水,2026-02-20,0201,李大华,安仁镇,
A-3,楼上漏水,2026-02-20,0201,,安仁镇,
"""


def live(world):
    """A county in which everything that the invariants speak of has happened."""
    actor = world.actor()
    first, second = world.mediator("张建国"), world.mediator("李秀英")
    case = world.case(mediator_id=first)
    world.case(mediator_id=second, stage=Stage.CLOSED)
    moved = reassign_case(
        world.db,
        case_no=case.case_no,
        to_mediator_id=second,
        reason=ReassignReason.OVERLOAD,
        note="负荷过高,分流",
        expected_version=1,
        actor=actor,
        now=NOW,
        key="one",
    )
    undo_reassignment(
        world.db,
        case_no=case.case_no,
        expected_version=moved.version,
        actor=actor,
        now=NOW + timedelta(minutes=1),
        key="two",
    )
    unmask_case(world.db, case_no=case.case_no, reason="核对当事人电话", actor=actor, now=NOW)
    for ledger in (LEDGER, LEDGER.replace("楼上漏水", "楼上漏水到客厅")):
        import_file(world.db, content=ledger.encode(), file_name="台账.csv", actor=actor, now=NOW)
    create_user(world.db, login="li.xin", name="李新", actor=actor, now=NOW)
    return case


def test_what_the_product_writes_breaks_none(db, world):
    live(world)
    assert invariants.broken(db, county_id=world.county) == []
    with db.read() as session:
        assert disagreements(session, county_id=world.county) == {}


_ALARM = (
    "INSERT INTO red_event (county_id, case_id, seq, raised_at, raised_by{})"
    " SELECT county_id, id, 1, registered_at, 0{} FROM cases"
)
WRONG = [
    ("version_counts_the_changes", "UPDATE cases SET version = 9 WHERE version = 3", "events"),
    ("version_counts_the_changes", "DELETE FROM case_event WHERE seq = 2", "events"),
    (
        "events_do_not_go_back",
        "UPDATE case_event SET at = '2020-01-01 00:00:00+00:00' WHERE seq = 3",
        "",
    ),
    ("spans_follow_each_other", "DELETE FROM case_span WHERE ends_at IS NULL AND seq = 3", "spans"),
    ("spans_follow_each_other", "UPDATE case_span SET starts_at = ends_at WHERE seq = 2", ""),
    ("spans_follow_each_other", "UPDATE case_span SET recorded_seq = 99 WHERE seq = 1", ""),
    ("open_span_says_what_the_case_says", "UPDATE case_span SET risk = 1", ""),
    ("one_holds_it", "DELETE FROM assignment WHERE seq = 3", "holders"),
    ("one_holds_it", "UPDATE assignment SET ends_at = NULL WHERE seq = 1", "holders"),
    ("every_move_left_its_history", "DELETE FROM assignment WHERE seq = 2", ""),
    ("every_move_left_its_history", "DELETE FROM case_span WHERE seq = 2", ""),
    (
        "alarms_follow_their_cases",
        _ALARM.format("", "") + " WHERE is_open = 1",
        "alarms",
    ),
    (
        "what_was_done_about_alarms_is_told",
        _ALARM.format(", acknowledged_at, acknowledged_by", ", registered_at, 7"),
        "",
    ),
    ("chain_recomputes", "UPDATE audit_log SET address = '10.0.0.1' WHERE seq = 2", ""),
    ("chain_recomputes", "UPDATE audit_head SET seq = seq - 1", ""),
    ("moves_and_lines_and_keys_are_one", "DELETE FROM idempotency_key WHERE key = 'two'", ""),
    ("reasons_stand_beside_their_lines", "DELETE FROM unmask_reason", ""),
    (
        "accounts_and_posts_are_told",
        "UPDATE audit_log SET subject = 'user:99999' WHERE action = 'user:create'",
        "",
    ),
    ("files_came_whole", "UPDATE import_batch SET added = added + 1", "batches"),
    ("files_came_whole", "UPDATE cases SET batch_id = NULL WHERE external_no = 'A-1'", ""),
    ("case_numbers_have_no_gap", "UPDATE counter SET last = last + 1", ""),
    (
        "parts_sum_to_the_county",
        "UPDATE cases SET community_id = NULL WHERE grid_id IS NOT NULL",
        "places",
    ),
]


@pytest.mark.parametrize(("invariant", "statement", "kind"), WRONG)
def test_each_sees_its_offence(db, world, invariant, statement, kind):
    live(world)

    def spoil(session):
        # The database refuses to change its history; who can do this can lift that, too.
        for table in ("audit_log", "case_event"):
            if db.is_sqlite:
                for verb in ("update", "delete"):
                    session.execute(text(f"DROP TRIGGER {table}_no_{verb}"))
            else:
                session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        assert session.execute(text(statement)).rowcount

    db.write(spoil)
    found = invariants.broken(db, county_id=world.county)
    assert any(sentence.startswith(f"{invariant}: ") for sentence in found), found
    with db.read() as session:
        kinds = disagreements(session, county_id=world.county)
    if kind:
        assert Disagreement(kind) in kinds


def test_every_invariant_is_shown_an_offence():
    """But for what the database itself makes impossible: its own checks and foreign keys."""
    impossible = {"history_belongs_to_a_case", "open_means_open", "parties_belong_to_a_case"}
    shown = {invariant for invariant, _, _ in WRONG}
    assert shown | impossible == {one.__name__ for one in invariants.INVARIANTS}


def test_the_world_is_read_as_a_person_reads_it(db, world):
    case = live(world)
    with db.read() as session:
        scope = Scope(world.county, whole_county=True)
        view = case_view(session, scope=scope, case_no=case.case_no, now=NOW)
    assert [event.seq for event in view.events] == [3, 2, 1]
