"""What a plan is asked for by, as plain data: it is reckoned where nobody waits for it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from domain.balancing.by_hand import assess, hand_back
from domain.balancing.plan import Held, Plan, Unplaced
from domain.balancing.pool import Pool
from domain.balancing.progress import Tick, uninterrupted
from domain.balancing.proposing import Request, propose


@dataclass(frozen=True, slots=True)
class Weighing:
    """Moves made or kept by hand, for `assess`; `unplaced`: what a plan found no place for."""

    assignment: Mapping[int, int]
    tau: int | None = None
    away: frozenset[int] = frozenset()
    unplaced: tuple[Unplaced, ...] = ()
    going_back: bool = False


@dataclass(frozen=True, slots=True)
class HandingBack:
    """Who had what before an absence, for `hand_back`."""

    record: tuple[Held, ...]


Order = Request | Weighing | HandingBack


def plan_of(pool: Pool, order: Order, *, tick: Tick = uninterrupted) -> Plan:
    """The plan that was ordered. Raises Unverified where nothing passes the check."""
    if isinstance(order, Weighing):
        plan = assess(
            pool,
            order.assignment,
            tau=order.tau,
            away=order.away,
            going_back=order.going_back,
            tick=tick,
        )
        # What could not be placed is so all the same.
        return replace(plan, unplaced=order.unplaced)
    if isinstance(order, HandingBack):
        return hand_back(pool, order.record, tick=tick)
    return propose(pool, order, tick=tick)
