"""Red events (红色事件): when a dispute raises the alarm, and when that is over.

A dispute that is open at risk R1 is red. It turns red when it is registered so, raised to it, or
taken up again; it is red no more when its risk is lowered or the case is closed. In between the
wall is taken over by it until a named person at the desk has acknowledged it.
"""

from datetime import datetime, time, timedelta
from enum import StrEnum

from domain.cases import Risk
from domain.clocks import BEIJING, day_of


class Turn(StrEnum):
    """What a change makes of a dispute's alarm."""

    RAISED = "raised"
    ENDED = "ended"


class RedObjection(StrEnum):
    """Why nothing of the kind can be recorded of a case now."""

    NOT_RED = "not_red"
    ACKNOWLEDGED_ALREADY = "acknowledged_already"
    NO_RESPONSE = "no_response"
    SAME_RISK = "same_risk"


def is_red(risk: int, *, is_open: bool) -> bool:
    """Whether a case of this risk is a red event as long as nothing else changes."""
    return is_open and risk == Risk.RED


def turn(*, before: bool, after: bool) -> Turn | None:
    """What becomes of the alarm; None where it stays as it is, so that none is raised twice."""
    if before is after:
        return None
    return Turn.RAISED if after else Turn.ENDED


def oldest_news(now: datetime) -> datetime:
    """From when on a case that a file brings is news: the day before, from its midnight.

    A nightly file tells of the whole day before, mostly by days without an hour. What is older has
    been known elsewhere for longer than that, and is history here: it raises no alarm.
    """
    yesterday = day_of(now) - timedelta(days=1)
    return datetime.combine(yesterday, time.min, BEIJING)
