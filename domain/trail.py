"""The audit trail in the field's words: what a line says, its groups, and what a check can find."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from domain.people import Role
from domain.transitions import Action


class DeedGroup(StrEnum):
    """What deeds are looked for by: each action of the trail belongs to one group."""

    DOOR = "door"  # 登录与退出
    CASES = "cases"  # 案件办理
    READS = "reads"  # 查看个人信息: who saw personal data in the clear
    IMPORTS = "imports"  # 数据导入
    EXPORTS = "exports"  # 导出
    PEOPLE = "people"  # 账号与岗位
    TEAMS = "teams"  # 调委会与调解员
    WALLS = "walls"  # 大屏
    TRAIL = "trail"  # 审计
    RULES = "rules"  # 规则
    SITE = "site"  # 系统


# What each group holds, as `subject:action`; a test holds this against the code that writes lines.
ACTIONS: dict[DeedGroup, tuple[str, ...]] = {
    DeedGroup.DOOR: ("session:open", "session:refuse", "session:close", "session:end_all"),
    DeedGroup.CASES: (
        "case:register",
        "case:assign",
        "case:reassign",
        "case:undo_reassign",
        *(f"case:{step}" for step in Action),
        "case:merged_into",
        "case:unmerged_from",
        "case:object",
        "case:withdraw_objection",
        "case:lift_objection",
        "case:consent",
        "case:approve_consent",
        "case:revoke_consent",
        "case:choose",
        "case:end_choice",
        "case:pin",
        "case:unpin",
        "case:book_meeting",
        "case:cancel_meeting",
        "case:meet",
        "case:assess_risk",
        "case:acknowledge_red",
        "case:begin_response",
        "case:end_response",
        "batch:commit",
        "batch:undo",
    ),
    DeedGroup.READS: ("case:unmask", "import:take_rejects", "trail:read_reasons"),
    DeedGroup.IMPORTS: (
        "import:run",
        "import:expire_rejects",
        "import_mapping:save",
        "import_mapping:delete",
    ),
    DeedGroup.EXPORTS: ("figures:export", "workload:export"),
    DeedGroup.PEOPLE: (
        "user:create",
        "user:set_active",
        "user:set_password",
        "user:lift_lock",
        "user:link_identity",
        "user:grant",
        "user:end_post",
    ),
    DeedGroup.TEAMS: (
        "committee:add",
        "committee:change",
        "committee:begin_term",
        "committee:close",
        "committee:set_duty",
        "committee:copy_week",
        "mediator:add",
        "mediator:set_specialities",
        "mediator:set_capacity",
        "mediator:set_licence",
        "mediator:set_time",
        "mediator:add_duty",
        "mediator:end_duty",
        "mediator:set_particulars",
        "mediator:set_seat",
        "mediator:end_post",
        "mediator:disclose",
        "mediator:ask_to_withdraw",
        "mediator:withdraw_relation",
        "mediator:keep_relation",
        "mediator:add_leave",
        "mediator:change_leave",
        "mediator:cancel_leave",
    ),
    DeedGroup.WALLS: (
        "wall:add",
        "wall:change",
        "wall:bind",
        "wall:new_token",
        "wall:revoke",
        "wall:set_program",
        "wall:order",
        "wall:enter",
    ),
    DeedGroup.TRAIL: ("trail:verify", "trail:anchor"),
    DeedGroup.RULES: (
        "calendar:change",
        "limit:add",
        "limit:remove",
        "weights:add",
        "weights:withdraw",
        "weights:begin",
    ),
    DeedGroup.SITE: ("site:set_up", "site:restore", "demo:load"),
}


class SubjectKind(StrEnum):
    """What a deed can be about; the word before the colon of a line's subject."""

    CASE = "case"
    USER = "user"
    BATCH = "batch"
    IMPORT = "import"
    MAPPING = "import_mapping"
    LOGIN = "login"  # a user name that nobody has, by its fingerprint
    TRAIL = "trail"
    RULES = "rules"
    COMMITTEE = "committee"
    MEDIATOR = "mediator"
    WALL = "wall"
    SITE = "site"
    COUNTY = "county"


@dataclass(frozen=True, slots=True)
class PostHeld:
    """A post by its names: the role, and the unit or committee where it is held, if any."""

    role: Role
    place: str
    valid_from: date
    valid_to: date | None

    def held_on(self, day: date) -> bool:
        """Whether the post was held on this day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Account:
    """Whoever has or had an account. Staff, never a party."""

    user_id: int
    name: str
    login: str
    active: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the trail. `payload` holds codes, ids and keyed hashes, never a personal value.

    `opens` says that the reader may open the case that the line is about.
    """

    seq: int
    at: datetime
    actor_id: int
    session_id: int | None
    address: str
    action: str
    subject: str
    payload: dict[str, Any]
    opens: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids in a page of lines are called; what no longer exists is missing here."""

    accounts: Mapping[int, Account] = field(default_factory=dict)
    posts_of: Mapping[int, tuple[PostHeld, ...]] = field(default_factory=dict)
    posts: Mapping[int, PostHeld] = field(default_factory=dict)
    mediators: Mapping[int, str] = field(default_factory=dict)
    units: Mapping[int, str] = field(default_factory=dict)
    committees: Mapping[int, str] = field(default_factory=dict)
    mappings: Mapping[int, str] = field(default_factory=dict)
    walls: Mapping[int, str] = field(default_factory=dict)
    # Of areas that orders to walls name, by code.
    areas: Mapping[str, str] = field(default_factory=dict)
    # Of outcomes and sources of cases: the name in Chinese and in English.
    codes: Mapping[str, tuple[str, str]] = field(default_factory=dict)


class Break(StrEnum):
    """How a chain is broken at a line."""

    GAP = "gap"  # the line is not there: it was taken out
    LINK = "link"  # it does not follow from the line before: that one was replaced
    CONTENT = "content"  # what it says does not fit its hash: it was changed
    END = "end"  # the chain does not end where the head says: a tail was cut off or put on


class AnchorProblem(StrEnum):
    """What is wrong with a signed anchor, or with the chain by its witness."""

    UNREADABLE = "unreadable"  # the file is no anchor, or was damaged
    SIGNATURE = "signature"  # the file was changed after it was signed
    OTHER_KEY = "other_key"  # signed by another key than this site's
    OTHER_COUNTY = "other_county"
    LINES_MISSING = "lines_missing"  # the chain is shorter than it was: its tail was cut off
    REWRITTEN = "rewritten"  # the line's hash is another: the chain was written anew


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an anchor found. `name` is the file's, `seq` the line it speaks of."""

    problem: AnchorProblem
    name: str
    seq: int | None = None


class NoteKind(StrEnum):
    """What a check cannot vouch for, though nothing says that the chain was changed."""

    MISSING = "missing"  # the chain names an anchor that the folder lacks
    DAYS = "days"  # days with lines and without an anchor
    NONE = "none"  # no anchor at all, and the site is no longer new
    CLOCK = "clock"  # an anchor is dated later than one that was signed after it, or than today


@dataclass(frozen=True, slots=True)
class Note:
    """How many there are of a kind, and the first: a file's name, or a day."""

    kind: NoteKind
    count: int
    first: str = ""


# So many findings are kept of a check; one is enough to know that something is wrong.
FINDINGS_KEPT = 2


@dataclass(frozen=True, slots=True)
class Verification:
    """What one check of the whole trail came to. `seconds` is how long it took.

    `findings` are the first FINDINGS_KEPT of `found`. A check that is not `finished` found nothing
    out, neither good nor bad.
    """

    at: datetime
    actor_id: int
    seconds: float
    lines: int
    broken_at: int | None
    why: Break | None
    anchors: int
    found: int
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...] = ()
    finished: bool = True

    @property
    def intact(self) -> bool:
        """Whether neither the chain nor any anchor says that something was changed."""
        return self.finished and self.broken_at is None and not self.found

    @property
    def vouched(self) -> bool:
        """Whether it is intact, and every anchor is there that should say so."""
        return self.intact and not self.notes

    def as_json(self) -> dict[str, Any]:
        """The check as JSON, short enough for a fact of the site."""
        kept = {
            "at": self.at.isoformat(),
            "actor": self.actor_id,
            "milliseconds": round(self.seconds * 1000),
            "lines": self.lines,
            "broken_at": self.broken_at,
            "why": self.why,
            "anchors": self.anchors,
            "found": self.found,
            "findings": [[one.problem, one.name, one.seq] for one in self.findings],
            "notes": [[one.kind, one.count, one.first] for one in self.notes],
        }
        return kept if self.finished else kept | {"finished": False}


def verification_from_json(kept: dict[str, Any]) -> Verification:
    """A check again, from what `as_json` made of it."""
    return Verification(
        datetime.fromisoformat(kept["at"]),
        kept["actor"],
        kept["milliseconds"] / 1000,
        kept["lines"],
        kept["broken_at"],
        Break(kept["why"]) if kept["why"] else None,
        kept["anchors"],
        kept["found"],
        tuple(Finding(AnchorProblem(what), name, seq) for what, name, seq in kept["findings"]),
        tuple(Note(NoteKind(kind), count, first) for kind, count, first in kept["notes"]),
        finished=kept.get("finished", True),
    )
