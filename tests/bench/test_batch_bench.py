"""A commit of as many moves as a batch may have, and its undo: nobody else writes meanwhile."""

import time

import pytest

from data_access.commands.batches import NewBatch, commit_batch, undo_batch
from domain.batches import MOST_MOVES, BatchMode, PlannedMove
from domain.cases import ReassignReason
from tests.world import NOW, World

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]


def test_the_largest_batch_and_its_undo(committed, capsys):
    world = World(committed)
    away = world.mediator("请假的人", capacity=MOST_MOVES)
    people = [world.mediator(f"代办{number}", capacity=99) for number in range(20)]
    cases = [world.case(mediator_id=away) for _number in range(MOST_MOVES)]
    head = world.actor("王主任")
    moves = tuple(
        PlannedMove(one.case_no, 1, people[place % len(people)]) for place, one in enumerate(cases)
    )
    new = NewBatch(
        "请假分流", BatchMode.ABSENCE, ReassignReason.ABSENCE, "外出培训三周", moves,
        world.seen(away, *people),
    )  # fmt: skip
    began = time.perf_counter()
    made = commit_batch(committed, batch=new, actor=head, now=NOW, key="k")
    there = time.perf_counter()
    undone = undo_batch(committed, batch_id=made.batch_id, actor=head, now=NOW, key="u")
    back = time.perf_counter()
    assert (made.moved, len(undone.restored)) == (MOST_MOVES, MOST_MOVES)
    with capsys.disabled():
        print(
            f"\n{committed.bind.dialect.name}: {MOST_MOVES} moves committed in "
            f"{there - began:.2f} s, taken back in {back - there:.2f} s"
        )
