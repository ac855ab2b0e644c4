"""Importing: why a file or a row is sent back, what a report holds, what a stated case means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from domain.cases import HELD_STAGES, MAJOR_EVENT, Risk, Stage
from domain.errors import Refusal
from domain.organisation import UnitLevel

# Rows that were sent back hold personal data: whoever has not mended them by then imports again.
REJECTS_KEPT = timedelta(days=30)


class Profile(StrEnum):
    """What the rows of a file are."""

    UNITS = "units"  # 组织单位
    COMMITTEES = "committees"  # 调委会与调解员
    CASES = "cases"  # 矛盾纠纷 (GB/T 31000-2015 表 30)


class RejectReason(StrEnum):
    """Why one cell, and with it its row, could not be taken."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    NOT_A_DATE = "not_a_date"
    NOT_A_NUMBER = "not_a_number"
    OUT_OF_RANGE = "out_of_range"
    IN_FUTURE = "in_future"
    WRONG_ORDER = "wrong_order"
    NOT_A_CODE = "not_a_code"
    NOT_YES_OR_NO = "not_yes_or_no"
    BAD_IDENTITY_NUMBER = "bad_identity_number"
    DAMAGED_NUMBER = "damaged_number"
    HALF_A_POINT = "half_a_point"
    SWAPPED_DEGREES = "swapped_degrees"
    UNKNOWN_UNIT = "unknown_unit"
    AMBIGUOUS_UNIT = "ambiguous_unit"
    NO_UNIT_IN_PLACE = "no_unit_in_place"
    UNITS_DISAGREE = "units_disagree"
    UNKNOWN_MEDIATOR = "unknown_mediator"
    RECUSED_MEDIATOR = "recused_mediator"
    OUTSIDE_SCOPE = "outside_scope"
    DUPLICATE_IN_FILE = "duplicate_in_file"
    NUMBER_OF_ANOTHER_CASE = "number_of_another_case"
    STAGE_WITHOUT_OUTCOME = "stage_without_outcome"
    OUTCOME_WITHOUT_END = "outcome_without_end"
    NO_LIMIT_THEN = "no_limit_then"
    WRONG_LEVEL = "wrong_level"
    MOVED_UNIT = "moved_unit"
    OTHER_START = "other_start"
    STILL_HAS_PARTS = "still_has_parts"
    CODE_TAKEN = "code_taken"
    SERVED_BEFORE = "served_before"
    OTHER_NUMBER = "other_number"
    COMMITTEE_DIFFERS = "committee_differs"


class FileProblem(StrEnum):
    """Why a whole file could not be taken."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_COLUMNS = "too_many_columns"
    TOO_HEAVY = "too_heavy"
    SUSPICIOUS = "suspicious"
    NOT_A_TABLE = "not_a_table"
    ARCHIVE = "archive"
    WEB_PAGE = "web_page"
    PASSWORD = "password"  # noqa: S105 - the file has one
    WRONG_ENCODING = "wrong_encoding"
    DAMAGED = "damaged"
    NO_SUCH_SHEET = "no_such_sheet"
    NO_HEADER = "no_header"
    MISSING_COLUMNS = "missing_columns"
    BROKEN_OFF = "broken_off"


class FileRefused(Refusal):
    """A file was not read, and nothing was changed. `names` are headers or sheets it is about."""

    def __init__(self, problem: FileProblem, *names: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.names = names


class Note(StrEnum):
    """What the importer should know about rows that were taken, or that are no records."""

    KEPT_LOCAL = "kept_local"
    UNKNOWN_MEDIATOR = "unknown_mediator"
    MEDIATOR_NOT_ELIGIBLE = "mediator_not_eligible"
    UNKNOWN_COMMITTEE = "unknown_committee"
    OUTCOME_ASSUMED = "outcome_assumed"
    NO_CLOSING_DATE = "no_closing_date"
    PLACE_FROM_TEXT = "place_from_text"
    ALREADY_LATE = "already_late"
    MERGED_FILLED = "merged_filled"
    TOTAL_ROWS = "total_rows"
    REPEATED_HEADS = "repeated_heads"
    FOOT_LINES = "foot_lines"
    NO_CONTENT = "no_content"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why one row was sent back. `value` is empty where it is of a person."""

    row_number: int
    column: str
    reason: RejectReason
    value: str = ""


@dataclass(frozen=True, slots=True)
class DroppedColumns:
    """Headers that were not taken, as they stand in the file.

    `profiling` would profile persons and is never read; `not_kept` is in the standard, but this
    product has no use for it; `unknown` is not recognised; `repeated` names a column twice.
    """

    profiling: tuple[str, ...] = ()
    not_kept: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


NOT_TAKEN = ""


@dataclass(frozen=True, slots=True)
class FileMapping:
    """How one office's file is to be read, where the product does not see it by itself.

    `headers`: the file's own header -> the key of the column it stands for, or NOT_TAKEN.
    `codes`: the name of a code list -> what the file's cells say -> the code that is meant.
    `places`: what the file's cells say, of any level -> the code of the unit that is meant.
    """

    headers: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)


class MappingProblem(StrEnum):
    """Why a mapping was not saved."""

    NAME_MISSING = "name_missing"
    NAME_LONG = "name_long"
    NAME_TAKEN = "name_taken"
    EMPTY = "empty"
    NOT_UNDERSTOOD = "not_understood"  # a column, a code or a place that is not there
    CHANGED = "changed"  # by somebody else, since it was seen
    GONE = "gone"
    OF_OTHERS = "of_others"


class MappingRefused(Refusal):
    """A mapping was neither saved nor deleted."""

    def __init__(self, problem: MappingProblem) -> None:
        super().__init__(problem)
        self.problem = problem


class Step(StrEnum):
    """How far the taking in of a file is."""

    READING = "reading"  # its rows come out of the file
    CHECKING = "checking"  # each row is compared with what is there
    SEALING = "sealing"  # personal data is encrypted
    WAITING = "waiting"  # for its turn to write
    WRITING = "writing"  # others who change something wait now
    DONE = "done"
    STOPPED = "stopped"  # nothing was changed


@dataclass(frozen=True, slots=True)
class Progress:
    """Rows done of all rows in a step; `total` is 0 where it is not known yet."""

    step: Step
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """A word of the file that was not understood: `rows` were sent back because of it.

    `column` is the file's own header. `codes` names the list that the word should be of, as in
    `FileMapping.codes`; it is empty for a place, of which `level` is then the unit's level.
    """

    column: str
    word: str
    rows: int
    codes: str = ""
    level: UnitLevel | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a file. `batch_id` is None when nothing was written.

    `same_as` is the earlier batch that took the very same file; then nothing was read again.
    """

    profile: Profile
    file_name: str
    batch_id: int | None = None
    same_as: int | None = None
    same_at: datetime | None = None
    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    dropped: DroppedColumns = field(default_factory=DroppedColumns)
    notes: Mapping[Note, int] = field(default_factory=dict)
    first_problems: tuple[Problem, ...] = ()
    unmapped: tuple[UnknownWord, ...] = ()


_RISK_OF_SCALE = {"01": Risk.BLUE, "02": Risk.YELLOW, MAJOR_EVENT: Risk.ORANGE}


def risk_by_facts(scale_code: str) -> Risk:
    """The risk of a case whose source states none, from the event scale (GB/T 31000 5.55)."""
    return _RISK_OF_SCALE.get(scale_code, Risk.BLUE)


# 化解方式 (GB/T 31000 5.58) says by which way a matter ended, not with which paper. A settlement by
# mediation without a stated form counts as oral: a written one can be confirmed by a court, and
# that must not be assumed.
OUTCOME_ASSUMED = "O02"
_OUTCOME_OF_METHOD = {"02": "O10", "03": "O11", "04": "O11", "05": "O09", "06": "O03"}


def outcome_by_method(method_code: str | None) -> str:
    """The outcome of a settled case whose source states at most the way (化解方式)."""
    return _OUTCOME_OF_METHOD.get((method_code or "")[:2], OUTCOME_ASSUMED)


@dataclass(frozen=True, slots=True)
class StatedEnd:
    """What a row says of where its case stands; None where it says nothing."""

    stage: Stage | None
    settled: bool | None
    outcome_code: str | None

    @property
    def is_over(self) -> bool:
        """Whether the row says that the matter came to an end."""
        return bool(self.settled) or self.outcome_code is not None


def contradiction(stated: StatedEnd) -> RejectReason | None:
    """Why a row cannot be true, or None: closed without an outcome, or over and still in work."""
    if stated.stage is Stage.CLOSED and not stated.is_over:
        return RejectReason.STAGE_WITHOUT_OUTCOME
    before_the_end = {Stage.REGISTERED, Stage.ACCEPTED, Stage.IN_MEDIATION}
    if stated.stage in before_the_end and stated.is_over:
        return RejectReason.OUTCOME_WITHOUT_END
    return None


def stage_of(stated: StatedEnd, *, accepted: bool, has_mediator: bool) -> Stage:
    """The stage of a new case, from what its row says.

    `accepted` means that a time of acceptance is stated; `has_mediator` that a mediator who may
    take it is. 待履行 and 待确认 need a mediator: their callers reject the row without one.
    """
    if stated.stage in {Stage.PERFORMANCE, Stage.CONFIRMATION}:
        return stated.stage
    if stated.is_over:
        return Stage.CLOSED
    if stated.stage in {Stage.REGISTERED, Stage.ACCEPTED}:
        return stated.stage
    if has_mediator:
        return Stage.IN_MEDIATION
    return Stage.ACCEPTED if accepted or stated.stage in HELD_STAGES else Stage.REGISTERED
