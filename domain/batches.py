"""Reassignments that are committed together: by what mode, within which bounds, and back again."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.errors import Refusal

MOST_MOVES = 500
UNDO_DAYS = timedelta(days=14)
NAME_LONGEST = 80


class BatchMode(StrEnum):
    """How the moves came about."""

    BY_HAND = "by_hand"  # 逐件指定
    FEWEST_LATE = "fewest_late"  # 最少超期
    LEVEL = "level"  # 均衡负荷
    ABSENCE = "absence"  # 请假分流
    HAND_BACK = "hand_back"  # 销假交还


class KeptBecause(StrEnum):
    """Why an undo left a case where it is."""

    CHANGED_SINCE = "changed_since"  # 之后有人办理过
    CLOSED = "closed"  # 已归档
    FORMER_NOT_ELIGIBLE = "former_not_eligible"  # 原承办人回避或已离岗
    OUT_OF_SCOPE = "out_of_scope"  # 不在撤销人的范围内


@dataclass(frozen=True, slots=True)
class PlannedMove:
    """One move as it was previewed: the case at a version, and to whom."""

    case_no: str
    version: int
    to_mediator_id: int


@dataclass(frozen=True, slots=True)
class SeenPerson:
    """Somebody whose load the moves change, as it was before them in the preview.

    Whatever is set of a person (leave, working time, post, relations) raises `version`;
    `open_weight` in tenths of points.
    """

    mediator_id: int
    version: int
    open_cases: int
    open_weight: int


@dataclass(frozen=True, slots=True)
class CaseRefusal:
    """Why one case of a batch, by its place in it, cannot be moved as it was previewed."""

    place: int
    refusal: Refusal


class BatchRefused(Refusal):
    """Nothing of the batch was done, because of what changed in between or was never possible.

    `people`: who, by id, holds other cases than previewed, or has another leave or post.
    """

    def __init__(self, cases: tuple[CaseRefusal, ...], people: tuple[int, ...] = ()) -> None:
        super().__init__(f"{len(cases)} cases and {len(people)} people stand in the way")
        self.cases, self.people = cases, people
