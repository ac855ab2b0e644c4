"""What came of a rule in a replay, and of several beside the first, with standard errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it, over the cases that were due after the warm-up and before the end.

    `missed`: share past the due day; `p90_days`: days from arrival to the end for nine in ten of
    those done; `max_mean`: most by mean load per post, over the weeks; `moves`: in all.
    """

    cases: int
    missed: float
    p90_days: float
    moves: int
    moves_per_week: float
    max_mean: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its standard error (None from a single run)."""

    mean: float
    error: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """A policy over all histories; `against`: its missed share less that of the first, paired."""

    name: str
    missed: Estimate
    against: Estimate
    moves_per_week: Estimate
    max_mean: Estimate
    p90_days: Estimate


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of independent runs and its standard error."""
    error = stdev(values) / len(values) ** 0.5 if len(values) > 1 else None
    return Estimate(fmean(values), error)


def line_of(name: str, found: Sequence[Outcome], first: Sequence[Outcome]) -> Line:
    """The outcomes of a policy beside those of the first over the same histories, in order."""
    return Line(
        name,
        missed=estimate([one.missed for one in found]),
        against=estimate(
            [one.missed - other.missed for one, other in zip(found, first, strict=True)]
        ),
        moves_per_week=estimate([one.moves_per_week for one in found]),
        max_mean=estimate([one.max_mean for one in found]),
        p90_days=estimate([one.p90_days for one in found]),
    )
