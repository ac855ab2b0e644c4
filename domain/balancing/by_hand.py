"""Plans that are not proposed: moves made by hand, weighed, and cases handed back after an absence.

Like the others they are checked before they are returned.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from domain.balancing.board import Board, Step
from domain.balancing.bounds import bound_on
from domain.balancing.explaining import Draft
from domain.balancing.plan import Held, Mode, Plan, Status, Unplaced, WhyUnplaced
from domain.balancing.pool import Lock, Person, Pool, Work
from domain.balancing.progress import Tick, part, uninterrupted
from domain.balancing.proposing import first_verified, usual_tau
from domain.balancing.verifying import Asked


def assess(
    pool: Pool,
    assignment: Mapping[int, int],
    *,
    tau: int | None = None,
    away: frozenset[int] = frozenset(),
    going_back: bool = False,
    tick: Tick = uninterrupted,
) -> Plan:
    """What moves made or kept by hand would do: mediator by case, in that order.

    `going_back`: the moves are some of those of a `hand_back`. Raises Unverified where one of them
    may not be made. Load and late cases may rise, and the plan says so: a person decides that, not
    the planner.
    """
    mode = Mode.HAND_BACK if going_back else Mode.BY_HAND
    return _weighed(pool, assignment, (), mode=mode, tau=tau, away=away, tick=tick)


def _weighed(
    pool: Pool,
    assignment: Mapping[int, int],
    unplaced: tuple[Unplaced, ...],
    *,
    mode: Mode,
    tau: int | None,
    away: frozenset[int],
    tick: Tick,
) -> Plan:
    board = Board(pool, away=away)
    lowest = bound_on(board, tick=part(tick, start=0.0, end=0.6))
    steps = [
        Step(work, int(board.holder[work]), board.person_number[to_id], bool(board.mandatory[work]))
        for case_id, to_id in assignment.items()
        for work in [board.work_number[case_id]]
    ]
    ordered = tuple(sorted(steps, key=lambda one: not one.mandatory))
    for step in ordered:
        board.give(step.work, step.target)
    late = board.late_total()
    board.take_back(ordered)
    draft = Draft(
        mode=mode,
        steps=ordered,
        unplaced=unplaced,
        bound=lowest,
        tau=usual_tau(board, mode, lowest) if tau is None else tau,
        budget=None,
        away=away,
        objective=late,
        gap=None,
        within=None,
        status=Status.BY_HAND,
    )
    asked = Asked(mode, None, tau, away)
    return first_verified(pool, board, [(draft, asked)])


def hand_back(pool: Pool, record: Sequence[Held], *, tick: Tick = uninterrupted) -> Plan:
    """Everything of `record` back to who had it before, and why where that cannot be.

    A case stays where it is when it is closed or left out, when mediation has begun there, or when
    the one who is back may not have it or has no room.
    """
    works = {work.case_id: work for work in pool.works}
    people = {one.mediator_id: one for one in pool.people}
    counts = Counter(work.holder for work in pool.works)
    counts.update({one.mediator_id: one.fixed_cases for one in pool.people})
    back: dict[int, int] = {}
    stays = []
    for held in record:
        work, me = works.get(held.case_id), held.mediator_id
        if work is not None and work.holder == me:
            continue
        why = _why_it_stays(work, people.get(me), counts[me])
        if why is not None:
            stays.append(Unplaced(held.case_id, why))
        else:
            back[held.case_id] = me
            counts[me] += 1
    return _weighed(
        pool, back, tuple(stays), mode=Mode.HAND_BACK, tau=None, away=frozenset(), tick=tick
    )


def _why_it_stays(work: Work | None, person: Person | None, has: int) -> WhyUnplaced | None:
    """What keeps a case from going back to somebody who has `has` cases by now."""
    if work is None:
        return WhyUnplaced.NOT_OPEN
    if person is None or not person.availability or person.mediator_id not in work.eligible:
        return WhyUnplaced.NOT_ELIGIBLE
    if work.locked not in (None, Lock.MOVED_LATELY):
        return WhyUnplaced.LOCKED
    return WhyUnplaced.ALL_FULL if has >= person.capacity else None
