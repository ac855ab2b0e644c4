"""The process in which a plan is reckoned, beside the server, so that no viewer waits for it.

Reckoning keeps an interpreter busy for seconds, and one interpreter does one thing at a time. This
script is started by its path, isolated, with an empty environment; it reads one order from standard
input and writes how far it is, and in the end the plans, to standard output. It has numbers only:
no name, no text, no key. It is ended when nobody waits any more.
"""

import pickle
import sys
from pathlib import Path

# Only this script's own path tells where the product is: no variable and no folder reaches it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from domain.balancing import Mode, Point, frontier
from domain.balancing.orders import plan_of
from domain.balancing.progress import part
from domain.balancing.proposing import Unverified

_FOR_THE_PLAN = 0.8


def main() -> None:
    """One order, one answer."""
    answers = sys.stdout.buffer

    def say(kind: str, what: object) -> None:
        pickle.dump((kind, what), answers, protocol=5)
        answers.flush()

    def tick(share: float) -> bool:
        say("share", share)
        return True

    # Both ends of the pipe are ours, and nobody else has a name for it.
    pool, order, wants_points = pickle.load(sys.stdin.buffer)  # noqa: S301
    try:
        plan = plan_of(pool, order, tick=part(tick, start=0.0, end=_FOR_THE_PLAN))
    except Unverified as fault:
        say("unverified", fault.violations)
        return
    points: tuple[Point, ...] = ()
    if wants_points and plan.mode in (Mode.FEWEST_LATE, Mode.LEVEL):
        rest = part(tick, start=_FOR_THE_PLAN, end=1.0)
        points = frontier(pool, plan.mode, away=order.away, tick=rest)
    say("done", (plan, points))


if __name__ == "__main__":
    main()
