"""How fast people have to be so that a history, lived through by habit, comes out as it did.

A pace counted from what was settled is too slow for whoever was waiting for parties and too fast
for whoever did other things. One factor for everybody takes that out in the mean; who is faster
than whom stays as it was counted.
"""

from dataclasses import replace

from domain.balancing.progress import Tick, tell, uninterrupted
from domain.balancing.replay import History, Rule, simulate

# A factor of eight either way: beyond it, the model has nothing to do with the county.
_DOUBLINGS, _HALVINGS = 3.0, 10


def calibrated(
    history: History, *, missed: float, warm_up: int, tick: Tick = uninterrupted
) -> History:
    """The history with all speeds times one factor, so that habit misses as many as were missed.

    `missed`: the share that was late in fact, of the cases that a replay judges. Where no factor
    comes near, the nearest is taken: the replay of habit then shows how far off it is.
    """
    low, high = -_DOUBLINGS, _DOUBLINGS
    for step in range(_HALVINGS):
        tell(tick, step / _HALVINGS)
        middle = (low + high) / 2
        faster = simulate(sped_up(history, 2**middle), Rule.HABIT, warm_up=warm_up).missed > missed
        low, high = (middle, high) if faster else (low, middle)
    return sped_up(history, 2 ** ((low + high) / 2))


def sped_up(history: History, factor: float) -> History:
    """The history with everybody faster by a factor."""
    people = tuple(replace(one, speed=one.speed * factor) for one in history.people)
    return replace(history, people=people)
