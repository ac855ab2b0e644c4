"""Everything this product refuses to do, as one tree.

* Refusal
  x NotFound            it does not exist, or this person may not know that it does
    + AccountNotFound   no such account or post
    + TeamNotFound      no such committee, mediator or leave
    + WallNotFound      no such wall
  x NotAllowed          the person is known but lacks the permission
  x SessionEnded        nobody is signed in any more
  x Conflict            somebody else changed it first
    + PreviewOutdated   what would move is no longer what the preview showed
    + AccountChanged    the account is no longer as it was seen
    + TeamChanged       the mediator is no longer as they were seen
    + WallChanged       somebody was quicker at this wall
  x Invalid             what was entered cannot be taken, per field
  x RuleViolation       a rule of the field says no, for stated reasons
    + NotEligible       this mediator may not take this case
    + NotReassignable   this case cannot be given to anybody now
    + NotUndoable       the last change cannot be taken back
    + NotPossible       this step is closed to this person or this case now
    + NotChangeable     this account or post must not be changed so, or not by this person
    + NotKeepable       this committee, mediator, leave or roster must not be changed so
    + NotOnWall         this wall is not changed, or not steered, in this way
  x SignInRefused       wrong password, locked, too many attempts
  x ProviderRefused     the identity provider, or its answer, opened no session
  x KeyReused           an idempotency key came back with another request
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Refusal(Exception):
    """Base of every refusal that a user can be told about. Nothing was changed."""


class NotFound(Refusal):
    """The thing does not exist, or this person may not know that it does."""


class NotAllowed(Refusal):
    """The person is known but lacks the permission named in the message."""


class SessionEnded(Refusal):
    """The session expired, was revoked, or never was."""


@dataclass(frozen=True, slots=True)
class LastChange:
    """Who changed the thing last: enough to tell the person who came second."""

    actor_name: str
    kind: str
    at: datetime
    to_mediator_name: str | None = None


class Conflict(Refusal):
    """Somebody else changed it first; look again and decide again."""

    def __init__(self, last: LastChange | None = None) -> None:
        super().__init__("changed by somebody else")
        self.last = last


class Invalid(Refusal):
    """What was entered cannot be taken. `problems` maps a field's key to a reason's key."""

    def __init__(self, **problems: StrEnum) -> None:
        super().__init__(", ".join(f"{field}:{why}" for field, why in problems.items()))
        self.problems: dict[str, StrEnum] = problems


class RuleViolation(Refusal):
    """A rule of the field says no, for one or more stated reasons."""

    def __init__(self, reasons: Sequence[StrEnum]) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = tuple(reasons)


class NotEligible(RuleViolation):
    """This mediator may not take this case."""


class NotReassignable(RuleViolation):
    """This case cannot be given to anybody in its present state."""


class NotUndoable(RuleViolation):
    """The last change cannot be taken back."""


class NotPossible(RuleViolation):
    """A step of a case is closed: to this person, in this stage, or by a rule of its own."""


class NotChangeable(RuleViolation):
    """This account or post must not be changed in this way, or not by this person."""


class NotKeepable(RuleViolation):
    """A committee, a mediator, a leave or a roster must not be changed in this way.

    `cases` are numbers of cases in the way that the asker may see, `count` how many there are.
    """

    def __init__(
        self, reasons: Sequence[StrEnum], *, cases: Sequence[str] = (), count: int = 0
    ) -> None:
        super().__init__(reasons)
        self.cases = tuple(cases)
        self.count = count


class NotOnWall(RuleViolation):
    """A wall is not changed, or not steered, in this way."""


class AccountNotFound(NotFound):
    """No such account or post in this person's county."""


class TeamNotFound(NotFound):
    """No such committee, mediator or leave in this person's scope."""


class TeamChanged(Conflict):
    """Somebody else changed the mediator since they were looked at."""


class WallNotFound(NotFound):
    """No such wall in this person's scope."""


class WallChanged(Conflict):
    """Somebody else changed the wall, or gave it an order, since it was looked at.

    `by` was quicker, at `at`; `version` is what stands now: who asks again with it overrides that
    knowingly, and nothing later.
    """

    def __init__(self, *, by: str = "", at: datetime | None = None, version: int = 0) -> None:
        super().__init__()
        self.by, self.at, self.version = by, at, version


class AccountChanged(Conflict):
    """Somebody else changed the account since it was looked at."""


class PreviewOutdated(Conflict):
    """The cases or the rules changed since the preview; look again before anything is applied."""


class SignInProblem(StrEnum):
    """Why a sign-in was refused. A wrong name and a wrong password look the same."""

    WRONG = "wrong"
    LOCKED = "locked"
    TOO_MANY = "too_many"
    BUSY = "busy"
    EXPIRED = "expired"  # the right one-time password, too late


class SignInRefused(Refusal):
    """No session was opened. `retry_at` says from when another attempt makes sense."""

    def __init__(self, problem: SignInProblem, retry_at: datetime | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.retry_at = retry_at


class ProviderProblem(StrEnum):
    """Why signing in by the identity provider (统一认证) opened no session."""

    UNREACHABLE = "unreachable"  # it does not answer, or answers nonsense
    DECLINED = "declined"  # it says no, or the person turned back there
    STALE = "stale"  # an answer to no question of this browser: too late, or the second time
    NOT_VERIFIED = "not_verified"  # its answer does not stand up to the checks
    CLOCKS = "clocks"  # its answer is over already, or not yet valid
    UNKNOWN_PERSON = "unknown_person"  # no account is linked to who it says this is
    ACCOUNT_CLOSED = "account_closed"


class ProviderRefused(Refusal):
    """No session was opened. `identity` is what to tell the administrator, where it helps."""

    def __init__(self, problem: ProviderProblem, identity: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.identity = identity


class KeyReused(Refusal):
    """An idempotency key came back with a different request, which was not done.

    Somebody whose first answer was lost changed the form and pressed again; else a bug or an
    attack. `done` is what the first request came to, as JSON; empty where it was another person's.
    """

    def __init__(self, operation: str, done: dict[str, Any] | None = None) -> None:
        super().__init__(operation)
        self.done: dict[str, Any] = done or {}
