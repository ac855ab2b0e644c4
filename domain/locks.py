"""What holds a case where it is: no suggestion and no batch moves it, a person may with a reason.

Locks are no walls. A wall (recusal, somebody who left) is in domain.eligibility; where it makes the
holder give the case up, no lock keeps it (algorithms: the mandatory moves go first).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.cases import ReassignReason

# A case that has just come to somebody is left there: the parties have been told of one name.
REST_AFTER_MOVE = timedelta(days=14)


class Lock(StrEnum):
    """One thing that holds a case where it is, the strongest first."""

    CHOSEN_BY_PARTIES = "chosen_by_parties"  # 当事人选定 (人民调解法 19)
    PINNED = "pinned"  # 督办锁定
    AGREEMENT = "agreement"  # 正在拟定协议
    MID_MEDIATION = "mid_mediation"  # 已开过调解会
    MOVED_LATELY = "moved_lately"  # 14日内刚改派


@dataclass(frozen=True, slots=True)
class LockRule:
    """How a lock yields to a person's own move.

    `reasons` lift it by hand, each with its note; None: any reason does. `supervisor`: whoever may
    supervise lifts it with any reason.
    """

    reasons: frozenset[ReassignReason] | None = None
    supervisor: bool = False


# The holder cannot go on, or the parties want another: that no choice or pin can change.
_FORCED = frozenset({ReassignReason.RECUSAL, ReassignReason.LEFT_POST})
RULES: dict[Lock, LockRule] = {
    Lock.CHOSEN_BY_PARTIES: LockRule(
        _FORCED | {ReassignReason.PARTY_CHOICE, ReassignReason.ABSENCE}
    ),
    Lock.PINNED: LockRule(_FORCED, supervisor=True),
    Lock.AGREEMENT: LockRule(),
    Lock.MID_MEDIATION: LockRule(),
    Lock.MOVED_LATELY: LockRule(),
}


def locked_by_hand(
    locks: Iterable[Lock], reason: ReassignReason, *, may_supervise: bool
) -> list[Lock]:
    """Those of `locks` that a person's own move for this reason does not lift."""
    return [
        lock
        for lock in locks
        if not (RULES[lock].supervisor and may_supervise)
        and (allowed := RULES[lock].reasons) is not None
        and reason not in allowed
    ]
