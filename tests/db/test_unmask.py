"""Unmasking: a role, a written reason, and a line in the trail."""

import json

import pytest
from sqlalchemy import delete, select

from data_access import audit
from data_access.changes import read_watermark
from data_access.commands.unmask import unmask_case
from data_access.tables import AuditLine, UnmaskReason
from domain.errors import Invalid, NotAllowed, NotFound
from domain.people import Permission, Scope
from tests.world import NOW

REASON = "核实王小明的身份"


def lines(db):
    with db.read() as session:
        return session.scalars(select(AuditLine).where(AuditLine.action == "case:unmask")).all()


def test_the_reader_gets_the_names_and_the_trail_gets_who_and_why_but_no_name(db, world):
    case = world.case(parties=("王小明",), phones=("13812345678",))
    actor = world.actor("李站长")
    before = read_watermark(db, now=NOW)
    clear = unmask_case(db, case_no=case.case_no, reason=REASON, actor=actor, now=NOW)
    assert (clear.parties[0].name, clear.parties[0].phone) == ("王小明", "13812345678")
    (line,) = lines(db)
    assert (line.actor_id, line.subject) == (actor.user_id, f"case:{case.case_no}")
    assert "王小明" not in json.dumps(line.payload, ensure_ascii=False)
    after = read_watermark(db, now=NOW)
    assert (after.seq, after.data_seq) == (before.seq + 1, before.data_seq)
    with db.read() as session:
        assert audit.verify(session, county_id=world.county).broken_at is None


def test_the_reason_can_be_read_and_erased_and_the_chain_still_verifies(db, world):
    case, actor = world.case(parties=("王小明",)), world.actor()
    unmask_case(db, case_no=case.case_no, reason=f" {REASON} ", actor=actor, now=NOW)
    (line,) = lines(db)
    # Not a word of it in the chain, not even as ciphertext: the chain can never be erased.
    assert line.payload == {"reason": db.vault.fingerprint(REASON), "parties": 1}
    with db.read() as session:
        (kept,) = session.scalars(select(UnmaskReason)).all()
    assert (kept.county_id, kept.seq) == (line.county_id, line.seq)
    place = f"unmask_reason:{line.county_id}:{line.seq}"
    assert db.vault.decrypt(kept.reason_encrypted, place=place) == REASON
    db.write(lambda session: session.execute(delete(UnmaskReason)) and None)
    with db.read() as session:
        assert session.scalars(select(UnmaskReason)).all() == []
        assert audit.verify(session, county_id=world.county).broken_at is None


@pytest.mark.parametrize("reason", ["", "   ", "看看", "长" * 201])
def test_without_a_real_reason_nothing_is_shown_or_recorded(db, world, reason):
    case = world.case()
    with pytest.raises(Invalid):
        unmask_case(db, case_no=case.case_no, reason=reason, actor=world.actor(), now=NOW)
    assert lines(db) == []
    with db.read() as session:
        assert session.scalars(select(UnmaskReason)).all() == []


def test_a_reader_without_the_permission_is_refused(db, world):
    case = world.case()
    reader = world.actor(permissions=(Permission.CASE_READ,))
    with pytest.raises(NotAllowed):
        unmask_case(db, case_no=case.case_no, reason=REASON, actor=reader, now=NOW)
    assert lines(db) == []


def test_a_case_outside_the_scope_does_not_exist(db, world):
    case = world.case()
    elsewhere = world.actor(scope=Scope(world.county, towns=frozenset({world.town_b})))
    with pytest.raises(NotFound):
        unmask_case(db, case_no=case.case_no, reason=REASON, actor=elsewhere, now=NOW)
