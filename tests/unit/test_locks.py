"""What holds a case back from whom, and what a person's own move may pass."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from domain.cases import ReassignReason
from domain.eligibility import judge, locks_against, rank
from domain.locks import RULES, Lock, locked_by_hand
from tests.unit.test_eligibility import CASE, GOOD

OTHER = replace(GOOD, mediator_id=8)
WAITING = replace(CASE, mediator_id=None)


def test_every_lock_has_a_rule_and_holds_against_batches():
    assert set(RULES) == set(Lock)


@pytest.mark.parametrize("lock", sorted(set(Lock) - {Lock.CHOSEN_BY_PARTIES}))
def test_a_lock_holds_a_case_that_somebody_has(lock):
    assert locks_against(GOOD, replace(CASE, locks=frozenset({lock}))) == [lock]
    # It moves from nobody, and to its own holder it does not move.
    assert locks_against(GOOD, replace(WAITING, locks=frozenset({lock}))) == []
    held = replace(CASE, mediator_id=GOOD.mediator_id, locks=frozenset({lock}))
    assert locks_against(GOOD, held) == []


@pytest.mark.parametrize("case", [CASE, WAITING])
def test_whom_the_parties_chose_goes_first_and_past_every_lock_but_a_pin(case):
    chosen = replace(case, locks=frozenset(Lock), chosen_id=OTHER.mediator_id)
    # But for a supervisor's pin: that the parties chose is the word of one who wrote it down.
    pinned = [] if case.mediator_id is None else [Lock.PINNED]
    assert locks_against(OTHER, chosen) == pinned
    assert Lock.CHOSEN_BY_PARTIES in locks_against(GOOD, chosen)
    # Though the other one has less to do.
    busier = replace(OTHER, open_cases=8)
    assert [one.candidate for one in rank([GOOD, busier], chosen)] == [busier, GOOD]


def test_locks_make_nobody_ineligible():
    judged = judge(GOOD, replace(CASE, locks=frozenset({Lock.PINNED})))
    assert judged.eligible
    assert judged.locks == (Lock.PINNED,)


@pytest.mark.parametrize(
    ("lock", "passes"),
    [
        (Lock.CHOSEN_BY_PARTIES, {"recusal", "left_post", "absence", "party_choice"}),
        (Lock.PINNED, {"recusal", "left_post"}),
        (Lock.AGREEMENT, set(ReassignReason)),
        (Lock.MID_MEDIATION, set(ReassignReason)),
        (Lock.MOVED_LATELY, set(ReassignReason)),
    ],
)
def test_by_hand_a_lock_yields_to_its_reasons(lock, passes):
    for reason in ReassignReason:
        held = locked_by_hand([lock], reason, may_supervise=False)
        assert held == ([] if reason in passes else [lock])
        by_supervisor = locked_by_hand([lock], reason, may_supervise=True)
        assert by_supervisor == ([] if lock is Lock.PINNED else held)


@settings(deadline=None, max_examples=100)
@given(
    some.frozensets(some.sampled_from(Lock)),
    some.sampled_from(ReassignReason),
    some.sampled_from([None, 7, 8, 9]),
)
def test_who_must_leave_is_never_kept(locks, reason, chosen):
    found = locks_against(GOOD, replace(CASE, locks=locks, chosen_id=chosen))
    assert found == [lock for lock in Lock if lock in found]
    for forced in (ReassignReason.RECUSAL, ReassignReason.LEFT_POST):
        assert locked_by_hand(found, forced, may_supervise=False) == []
    assert set(locked_by_hand(found, reason, may_supervise=True)) <= {Lock.CHOSEN_BY_PARTIES}
