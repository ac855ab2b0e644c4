"""What lies in the sandbox of one person: cases, a plan, what was struck or set by hand.

Nothing of it is written anywhere before the commit; it goes with the session.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import uuid4

import streamlit as st

from data_access.queries.batches import MoveRow
from data_access.queries.planning import Planning
from data_access.reach import seen
from data_access.reckoning import Reckoning
from domain.balancing import Mode, Plan, Point
from domain.balancing.orders import HandingBack, Weighing
from domain.balancing.plan import Held
from domain.batches import MOST_MOVES, SeenPerson
from texts import ngettext
from texts.numbers import count
from ui import feedback
from ui.queue_marks import SANDBOX

# A plan rests on what was known when its cases were read.
EXPIRES_AFTER = timedelta(minutes=30)
_KEY = "sandbox"


@dataclass(frozen=True)
class Sandbox:
    """The cases that were put in, and what is planned for them.

    `planning` is what was read of them at `read_at` within `scope`, by its key; `proposed` the plan
    as it was found; `struck` the moves taken out and `by_hand` those set by hand, by case id;
    `plan` all of it together, as it would be committed. There is none while a change is weighed:
    where that comes to nothing it goes back to `before`. `key` makes a commit sent twice one.
    """

    numbers: tuple[str, ...]
    planning: Planning | None = None
    read_at: datetime | None = None
    scope: str = ""
    reckoning: Reckoning | None = None
    proposed: Plan | None = None
    points: tuple[Point, ...] = ()
    struck: frozenset[int] = frozenset()
    by_hand: dict[int, int] = field(default_factory=dict)
    plan: Plan | None = None
    before: "Sandbox | None" = None
    key: str = field(default_factory=lambda: uuid4().hex)

    def is_old(self, now: datetime) -> bool:
        """Whether what was read is too old to be committed."""
        return self.read_at is not None and now - self.read_at > EXPIRES_AFTER


def sandbox() -> Sandbox:
    """What lies there now. Cases marked in the queue or the map are taken over once."""
    kept: Sandbox = st.session_state.get(_KEY, Sandbox(()))
    if brought := st.session_state.pop(SANDBOX, ()):
        kept = put_in(brought)
    return kept


def put_in(numbers: Iterable[str]) -> Sandbox:
    """Add these cases; what was planned before is planned anew, with them."""
    before: Sandbox = st.session_state.get(_KEY, Sandbox(()))
    together = tuple(dict.fromkeys([*before.numbers, *numbers]))
    _tell_left_out(len(together) - MOST_MOVES)
    calls_off()
    return keep(Sandbox(together[:MOST_MOVES]))


def _tell_left_out(number: int) -> None:
    if number > 0:
        said = ngettext(
            "改派台最多放 {most} 件,另有 {count} 件没有放入。",
            "改派台最多放 {most} 件,另有 {count} 件没有放入。",
            number,
        )
        feedback.tell(said.format(most=count(MOST_MOVES), count=count(number)))


def take_out(numbers: Iterable[str]) -> Sandbox:
    """Leave these cases out."""
    left = set(numbers)
    calls_off()
    return keep(Sandbox(tuple(one for one in sandbox().numbers if one not in left)))


def clear() -> None:
    """Empty the sandbox."""
    calls_off()
    st.session_state.pop(_KEY, None)


def keep(one: Sandbox) -> Sandbox:
    """Remember it for the next run."""
    st.session_state[_KEY] = one
    return one


def calls_off() -> None:
    """Nobody waits for the plan that is on its way."""
    now = st.session_state.get(_KEY)
    if isinstance(now, Sandbox) and now.reckoning is not None:
        now.reckoning.cancel()
        came_to_nothing(now)


def came_to_nothing(one: Sandbox) -> Sandbox:
    """Without the plan that was on its way, as it was before that was asked for."""
    return keep(one.before or replace(one, reckoning=None))


def proposed(one: Sandbox, plan: Plan, points: tuple[Point, ...]) -> Sandbox:
    """With a plan that was found."""
    return keep(
        replace(
            one,
            reckoning=None,
            proposed=plan,
            points=points,
            struck=frozenset(),
            by_hand={},
            plan=plan,
            key=uuid4().hex,
        )
    )


def changed(one: Sandbox, *, struck: frozenset[int], by_hand: dict[int, int]) -> Sandbox:
    """With moves struck out or set by hand: the whole is on its way to be weighed and checked."""
    assert one.planning is not None  # noqa: S101 - moves are shown of what was read
    if one.reckoning is not None:
        one.reckoning.cancel()
    known = one.proposed
    found = dict(known.assignment) if known else {}
    wanted = {case_id: to for case_id, to in found.items() if case_id not in struck} | by_hand
    after = replace(
        one, reckoning=None, struck=struck, by_hand=by_hand, before=None, key=uuid4().hex
    )
    if known is not None and wanted == found:
        return keep(replace(after, plan=known))
    order = Weighing(wanted)
    if known is not None:
        # What goes back moved lately, and goes all the same.
        back = known.mode is Mode.HAND_BACK
        order = Weighing(wanted, known.tau, known.away, known.unplaced, going_back=back)
    reckoning = Reckoning(one.planning.pool, order).begin()
    before = one.before or replace(one, reckoning=None)
    return keep(replace(after, plan=None, reckoning=reckoning, before=before))


def handing_back(
    planning: Planning, moves: Iterable[MoveRow], now: datetime, *, scope: str
) -> Sandbox:
    """The cases of an absence; a plan that gives back what can go back is on its way."""
    record = [Held(one.case_id, one.from_id) for one in moves if one.from_id is not None]
    numbers = tuple(one.case_no for one in planning.rows.values())
    calls_off()
    before = Sandbox(numbers, planning=planning, read_at=now, scope=scope)
    reckoning = Reckoning(planning.pool, HandingBack(tuple(record))).begin()
    return keep(replace(before, reckoning=reckoning, before=before))


def weighed(one: Sandbox, plan: Plan) -> Sandbox:
    """With the plan of what was changed, or of what goes back."""
    known = one.proposed or (plan if plan.mode is Mode.HAND_BACK else None)
    return keep(replace(one, reckoning=None, before=None, proposed=known, plan=plan))


def people_touched(one: Sandbox) -> tuple[SeenPerson, ...]:
    """Everybody whom the plan gives a case or takes one from, as they were read."""
    if one.planning is None or one.plan is None:
        return ()
    moves = one.plan.moves
    who = {move.to_id for move in moves} | {move.from_id for move in moves if move.from_id}
    people = one.planning.people
    return tuple(seen(people[who_id]) for who_id in sorted(who) if who_id in people)


def mode_of(one: Sandbox) -> Mode:
    """What the batch is told to be: the mode that proposed it, though moves were struck."""
    return Mode.BY_HAND if one.proposed is None else one.proposed.mode
