"""Weighted picks and waiting times from one seeded generator."""

import math
from bisect import bisect
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")


class Weighted(Generic[T]):
    """Things with weights, to pick from many times."""

    def __init__(self, things: Sequence[T], weights: Iterable[float]) -> None:
        self.things = things
        self._ends = list(accumulate(weights))
        if len(self._ends) != len(things) or not self._ends or self._ends[-1] <= 0:
            msg = "as many weights as things, and one above zero"
            raise ValueError(msg)

    def pick(self, rng: np.random.Generator) -> T:
        """One of the things, by weight."""
        return self.things[self._place(rng.random())]

    def _place(self, point: float) -> int:
        return min(bisect(self._ends, point * self._ends[-1]), len(self.things) - 1)


def pick(rng: np.random.Generator, things: Sequence[T], weights: Iterable[float]) -> T:
    """One of the things, by weight, once."""
    return Weighted(things, weights).pick(rng)


def one_of(rng: np.random.Generator, things: Sequence[T]) -> T:
    """One of the things, all alike."""
    return things[int(rng.random() * len(things))]


def lognormal(rng: np.random.Generator, *, median: float, spread: float) -> float:
    """A positive amount or duration: half lie below `median`, `spread` is the sigma of its log."""
    return median * math.exp(spread * rng.standard_normal())
