"""The past of a county as a replay takes it, and the same past with the errors a planner makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from domain.balancing.pool import Person


class Order(StrEnum):
    """In which order mediators work."""

    DUE = "due"
    CHANCE = "chance"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A case of the past. `day`: from the beginning; `allowed`: days until it is due.

    `effort`: tenths of points that it took, which nobody knew before; `habitual`: who got it in
    fact; `passed`: the share of it that was over when it came, 0 for a new case.
    """

    case_id: int
    day: int
    weight: int
    effort: float
    allowed: float
    habitual: int
    eligible: frozenset[int]
    passed: float = 0.0


@dataclass(frozen=True, slots=True)
class History:
    """Cases over `days` days. `believed`: what a planner thinks the speeds are, where not true."""

    people: tuple[Person, ...]
    arrivals: tuple[Arrival, ...]
    days: int
    distance: Mapping[tuple[int, int], float] = field(default_factory=dict)
    believed: Mapping[int, float] = field(default_factory=dict)
    order: Order = Order.DUE


def perturbed(
    history: History, *, seed: int, effort_error: float = 0.3, speed_error: float = 0.3
) -> History:
    """The history with efforts, and the planner's belief of speeds, off by log-normal errors.

    The planner sees neither: it expects an effort by the weight, and a speed from few cases. A rule
    that wins only where both are exact does not win.
    """
    chance = np.random.default_rng(seed)
    noise = chance.normal(0.0, effort_error, len(history.arrivals))
    # Half the variance is taken off, so that the whole work stays the same in the mean.
    factors = np.exp(noise - effort_error**2 / 2).tolist()
    arrivals = tuple(
        replace(one, effort=one.effort * factor)
        for one, factor in zip(history.arrivals, factors, strict=True)
    )
    wrong = np.exp(chance.normal(0.0, speed_error, len(history.people))).tolist()
    believed = {
        one.mediator_id: one.speed * factor
        for one, factor in zip(history.people, wrong, strict=True)
    }
    return replace(history, arrivals=arrivals, believed=believed)
