"""Rules that a replay holds against each other."""

from dataclasses import dataclass
from enum import StrEnum

from domain.balancing.plan import Mode


class Rule(StrEnum):
    """Who gets a new case."""

    HABIT = "habit"  # as it was: 惯例
    LEAST_COUNT = "least_count"  # 件数最少
    WEIGHTED = "weighted"  # 负荷最轻
    ENGINE = "engine"  # 负荷最轻, 每周按超期最少调整


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule for new cases, and what is done once a week."""

    intake: Rule
    weekly: Mode | None = None
    budget: int = 5
    least_gain: int = 1


def policy_of(rule: Rule, *, budget: int = 5) -> Policy:
    """The policy that a rule stands for."""
    if rule is Rule.ENGINE:
        return Policy(Rule.WEIGHTED, Mode.FEWEST_LATE, budget)
    return Policy(rule)
