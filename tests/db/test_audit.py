"""The audit chain: whole, gap-free, and broken wherever somebody touched it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from data_access import audit, reference
from data_access.audit import GENESIS, Deed, Verdict
from data_access.changes import read_watermark
from data_access.tables import AuditHead, AuditLine
from domain.people import Actor, system_actor
from tests.world import NOW

LINES = 6


@pytest.fixture
def county(db):
    return db.write(lambda session: reference.create_county(session, code="510129", name="大邑县"))


def write(db, county, *deeds, changes_data=False, actor=None, at=NOW):
    return db.write(
        lambda session: audit.append(
            session,
            [Deed(action, "case:D2026-00001", {"说明": action, "n": 1}) for action in deeds],
            actor=actor or system_actor(county),
            at=at,
            changes_data=changes_data,
        )
    )


def verdict(db, county):
    with db.read() as session:
        return audit.verify(session, county_id=county)


def lines(db, county):
    with db.read() as session:
        return session.scalars(
            select(AuditLine).where(AuditLine.county_id == county).order_by(AuditLine.seq)
        ).all()


@pytest.fixture
def chain(db, county):
    """A chain of LINES lines whose triggers somebody with the database's password has dropped."""
    for number in range(LINES):
        write(db, county, f"deed:{number}", at=NOW + timedelta(seconds=number))

    def disarm(session):
        if db.is_sqlite:
            for verb in ("update", "delete"):
                session.execute(text(f"DROP TRIGGER audit_log_no_{verb}"))
        else:
            session.execute(text("DROP TRIGGER audit_log_append_only ON audit_log"))

    db.write(disarm)
    return db


def tamper(db, *statements):
    db.write(lambda session: [session.execute(statement) for statement in statements])


def line(county, seq):
    return update(AuditLine).where(AuditLine.county_id == county, AuditLine.seq == seq)


def forged(one, **changes):
    """The columns of a line with changes, and the hash that fits them."""
    row = {column.name: getattr(one, column.name) for column in AuditLine.__table__.columns}
    row |= changes
    return row | {"hash": audit.line_hash(row)}


# --- what is written -------------------------------------------------------------------------


def test_a_new_chain_is_whole_and_empty(db, county):
    assert verdict(db, county) == Verdict(0, None)


def test_each_line_is_bound_to_the_one_before(db, county):
    assert write(db, county, "a", "b").seq == 2
    assert write(db, county, "c").seq == 3
    written = lines(db, county)
    assert [one.seq for one in written] == [1, 2, 3]
    assert [one.previous_hash for one in written] == [GENESIS, written[0].hash, written[1].hash]
    with db.read() as session:
        head = session.scalars(select(AuditHead).where(AuditHead.county_id == county)).one()
    assert (head.seq, head.hash) == (3, written[-1].hash)
    assert verdict(db, county) == Verdict(3, None)


def test_a_line_says_who_did_what_when_and_from_where(db, county):
    actor = Actor(4, "王值班", county, session_id=17, address="10.1.1.1")
    write(db, county, "case:reassign", actor=actor, at=NOW.astimezone(timezone(timedelta(hours=8))))
    (one,) = lines(db, county)
    assert (one.actor_id, one.session_id, one.address) == (4, 17, "10.1.1.1")
    assert (one.action, one.subject, one.at) == ("case:reassign", "case:D2026-00001", NOW)


def test_moments_and_payloads_of_every_shape_verify_again(db, county):
    payload = {
        "文字": '改派\n"引号"\\ \U00020000',
        "number": 2**53 + 1,
        "negative": -1,
        "half": 0.5,
        "none": None,
        "yes": True,
        "list": [1, "2", {"b": 1, "a": []}],
        "z": {},
    }
    moments = [NOW, NOW + timedelta(microseconds=1), datetime(2026, 3, 2, 1, 0, 0, 500_000, UTC)]
    for at in moments:
        db.write(
            lambda session, at=at: audit.append(
                session,
                [Deed("a", "b", payload)],
                actor=system_actor(county),
                at=at,
                changes_data=False,
            )
        )
    assert [one.at for one in lines(db, county)] == moments
    assert verdict(db, county) == Verdict(3, None)


def test_only_changes_of_data_move_the_watermark(db, county):
    stamps = [
        write(db, county, "session:open"),
        write(db, county, "case:reassign", changes_data=True),
        write(db, county, "case:unmask"),
        write(db, county, "import:run", "import:note", changes_data=True),
        write(db, county, changes_data=True),
    ]
    assert [(stamp.seq, stamp.data_seq) for stamp in stamps] == [
        (1, 0),
        (2, 1),
        (3, 1),
        (5, 2),
        (5, 3),
    ]
    mark = read_watermark(db, now=NOW)
    assert (mark.seq, mark.data_seq) == (5, 3)


def test_a_write_that_fails_leaves_no_line_and_no_gap(db, county):
    def fails(session):
        audit.append(
            session, [Deed("a", "b")], actor=system_actor(county), at=NOW, changes_data=True
        )
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        db.write(fails)
    assert write(db, county, "after").seq == 1
    assert verdict(db, county) == Verdict(1, None)


def test_two_counties_have_two_chains(db, county):
    other = db.write(lambda session: reference.create_county(session, code="510131", name="蒲江县"))
    write(db, county, "a", "b")
    assert write(db, other, "c").seq == 1
    assert verdict(db, county) == Verdict(2, None)
    assert verdict(db, other) == Verdict(1, None)


# --- what is noticed -------------------------------------------------------------------------


def test_the_database_itself_refuses_to_change_a_line(db, county):
    write(db, county, "a", "b")
    statements = [line(county, 1).values(action="x"), delete(AuditLine)]
    if not db.is_sqlite:
        statements.append(text("TRUNCATE audit_log CASCADE"))
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"):
            tamper(db, statement)
    assert verdict(db, county) == Verdict(2, None)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", NOW),
        ("actor_id", 99),
        ("session_id", 1),
        ("address", "10.9.9.9"),
        ("action", "deed:x"),
        ("subject", "case:D2026-00002"),
        ("payload", {"n": 2}),
        ("previous_hash", "f" * 64),
        ("hash", "f" * 64),
    ],
)
def test_every_edited_field_breaks_the_chain_at_its_line(chain, county, column, value):
    tamper(chain, line(county, 4).values(**{column: value}))
    assert verdict(chain, county) == Verdict(4, 4)


def test_a_line_rewritten_with_a_fitting_hash_breaks_the_next(chain, county):
    tamper(chain, line(county, 4).values(**forged(lines(chain, county)[3], actor_id=99)))
    assert verdict(chain, county) == Verdict(5, 5)


def test_the_last_line_rewritten_with_a_fitting_hash_is_held_by_the_head(chain, county):
    tamper(chain, line(county, LINES).values(**forged(lines(chain, county)[-1], actor_id=99)))
    assert verdict(chain, county) == Verdict(LINES, LINES + 1)


@pytest.mark.parametrize(("cut", "broken_at"), [([1], 1), ([3], 3), ([2, 3, 4], 2)])
def test_lines_cut_from_the_middle_are_missed(chain, county, cut, broken_at):
    tamper(chain, delete(AuditLine).where(AuditLine.seq.in_(cut)))
    assert verdict(chain, county).broken_at == broken_at


def test_lines_cut_from_the_middle_and_closed_up_are_missed(chain, county):
    tamper(
        chain,
        delete(AuditLine).where(AuditLine.seq == 3),
        *(line(county, seq).values(seq=seq - 1) for seq in range(4, LINES + 1)),
    )
    assert verdict(chain, county).broken_at == 3


@pytest.mark.parametrize("left", [0, 1, LINES - 1])
def test_a_tail_cut_off_is_missed_by_the_head(chain, county, left):
    tamper(chain, delete(AuditLine).where(AuditLine.seq > left))
    assert verdict(chain, county) == Verdict(left, left + 1)


def test_two_lines_that_changed_places_are_noticed(chain, county):
    tamper(
        chain,
        line(county, 3).values(seq=99),
        line(county, 4).values(seq=3),
        line(county, 99).values(seq=4),
    )
    assert verdict(chain, county).broken_at == 3


def test_a_line_put_behind_the_head_is_noticed(chain, county):
    last = lines(chain, county)[-1]
    more = forged(last, seq=LINES + 1, previous_hash=last.hash)
    tamper(chain, insert(AuditLine).values(**more))
    assert verdict(chain, county) == Verdict(LINES + 1, LINES + 2)


@pytest.mark.parametrize("change", [{"seq": LINES + 1}, {"seq": 0}, {"hash": GENESIS}])
def test_a_moved_head_is_noticed(chain, county, change):
    tamper(chain, update(AuditHead).where(AuditHead.county_id == county).values(**change))
    assert verdict(chain, county) == Verdict(LINES, LINES + 1)


# --- many at once ----------------------------------------------------------------------------


def test_eight_writers_at_once_leave_one_chain_without_gaps(committed):
    county = committed.write(
        lambda session: reference.create_county(session, code="510129", name="大邑县")
    )
    gate = threading.Barrier(8)

    def writer(number):
        gate.wait()
        return [
            write(committed, county, f"w{number}", f"w{number}", changes_data=turn % 2 == 0)
            for turn in range(10)
        ]

    with ThreadPoolExecutor(8) as pool:
        stamps = [stamp for one in pool.map(writer, range(8)) for stamp in one]
    assert sorted(stamp.seq for stamp in stamps) == list(range(2, 161, 2))
    assert verdict(committed, county) == Verdict(160, None)
    # In the order of the chain the watermark never falls and skips nothing.
    marks = [stamp.data_seq for stamp in sorted(stamps, key=lambda stamp: stamp.seq)]
    assert marks == sorted(marks)
    assert set(marks) | {0} == set(range(41))
