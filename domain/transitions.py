"""How a case moves: every transition as data. From where, who may, what it needs, where it leads.

The commands, the screens, the reference page and the tests all read this one table.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from domain.cases import EventKind, FieldProblem, Stage
from domain.clocks import day_of
from domain.errors import Invalid
from domain.people import Permission
from domain.work_calendar import WorkCalendar


class Action(StrEnum):
    """What a person does to a case that is there."""

    ACCEPT = "accept"  # 受理
    REFUSE_SCOPE = "refuse_scope"  # 不属受理范围
    SEND_BACK = "send_back"  # 退回
    SETTLE = "settle"  # 达成协议
    PERFORM_AT_ONCE = "perform_at_once"  # 当场履行或无给付内容
    PLAN_PERFORMANCE = "plan_performance"  # 约定履行
    APPLY_CONFIRMATION = "apply_confirmation"  # 申请司法确认
    END_CONFIRMATION = "end_confirmation"  # 司法确认有结果或不再申请
    PERFORMED = "performed"  # 履行完毕
    DEFAULTED = "defaulted"  # 逾期未履行
    FOLLOW_UP = "follow_up"  # 回访并归档
    FAIL = "fail"  # 调解不成终止
    PARTY_REFUSES = "party_refuses"  # 一方拒绝, 不予调解
    WITHDRAW = "withdraw"  # 自行和解撤回
    TELL_RIGHTS = "tell_rights"  # 告知权利
    HAND_OVER = "hand_over"  # 移交其他途径
    ARCHIVE = "archive"  # 归档
    REFER_TO_POLICE = "refer_to_police"  # 移送公安
    MERGE = "merge"  # 并案
    UNMERGE = "unmerge"  # 撤销并案
    PARK = "park"  # 挂账
    RESUME = "resume"  # 恢复办理
    ASK_EXTENSION = "ask_extension"  # 申请延期
    GRANT_EXTENSION = "grant_extension"  # 同意延期
    REFUSE_EXTENSION = "refuse_extension"  # 不同意延期
    SUPERVISE = "supervise"  # 督办
    END_SUPERVISION = "end_supervision"  # 解除督办
    REOPEN = "reopen"  # 重新办理


class Need(StrEnum):
    """What a transition cannot do without."""

    NOTE = "note"  # a written reason, 4 to 500 characters
    FORM = "form"  # oral or written
    DAY = "day"  # the day on which it happened, not in the future
    UNTIL = "until"  # a day to come
    OUTCOME = "outcome"  # one of the transition's outcome codes
    ONWARD = "onward"  # one of its ways onward
    DAYS = "days"  # how many more, in the unit of the stage's limit
    LEVEL = "level"  # of supervision
    OTHER_CASE = "other_case"  # the number of the case that stays
    DECISION = "decision"  # what became of an application for confirmation
    APPLICANT_RATING = "applicant_rating"  # what the applicants' side said of the work
    RESPONDENT_RATING = "respondent_rating"  # and the other side


class AgreementForm(StrEnum):
    """How an agreement stands: both bind the parties (人民调解法 28 to 31)."""

    ORAL = "oral"
    WRITTEN = "written"


class Decision(StrEnum):
    """What became of an application for judicial confirmation (民诉法解释 354 to 360).

    After a rejection the parties may mediate anew or sue (民事诉讼法 206).
    """

    VALID = "valid"  # 裁定有效
    REJECTED = "rejected"  # 裁定驳回申请
    NOT_ACCEPTED = "not_accepted"  # 不予受理
    WITHDRAWN = "withdrawn"  # 撤回申请


class Rating(StrEnum):
    """What a side answered when it was asked how satisfied it is (四川网格化系统: three levels).

    Who was asked and gave none is told apart from who was not asked at all: a rate of satisfaction
    says nothing without the share of answers.
    """

    SATISFIED = "satisfied"  # 满意
    FAIRLY = "fairly"  # 基本满意
    DISSATISFIED = "dissatisfied"  # 不满意
    NO_ANSWER = "no_answer"  # 未作答
    NOT_ASKED = "not_asked"  # 未询问


class Supervision(StrEnum):
    """How a higher place looks over a case (四川网格化系统: 普通督办, 黄牌, 红牌)."""

    ORDINARY = "ordinary"
    YELLOW = "yellow"
    RED = "red"


# Lowest first; a case that nobody looks over stands at 0.
LEVELS = (Supervision.ORDINARY, Supervision.YELLOW, Supervision.RED)


class Closed(StrEnum):
    """Why a transition is not open to somebody now."""

    NOT_YOURS = "not_yours"  # the person's posts do not allow it here
    WRONG_STAGE = "wrong_stage"
    PARKED = "parked"  # resume it first
    NOT_PARKED = "not_parked"
    EXTENSION_PENDING = "extension_pending"
    NO_EXTENSION_ASKED = "no_extension_asked"
    EXTENSIONS_USED_UP = "extensions_used_up"
    OWN_REQUEST = "own_request"  # who asked for more time does not answer it
    DEADLINE_PASSED = "deadline_passed"  # what is over is not made longer
    NOT_WRITTEN = "not_written"  # a court confirms written agreements only
    CONFIRMED = "confirmed"  # the court has confirmed the agreement already
    NOT_SUPERVISED = "not_supervised"
    TOO_LATE_TO_REOPEN = "too_late_to_reopen"
    MERGED = "merged"  # the case that stays goes on; undo the merging instead
    NOT_MERGED = "not_merged"  # here: what was merged elsewhere is not known well enough


class Caution(StrEnum):
    """What a court would look for in an agreement of this type (民诉法解释 355)."""

    IDENTITY = "identity"  # (三) 身份关系的无效、有效、解除
    TITLE = "title"  # (五) 物权、知识产权确权


@dataclass(frozen=True, slots=True)
class Transition:
    """One way on. `target` is None where the stage stays; `outcomes` are codes of 调解结果.

    `onward` are codes of the same list: where the case goes from here. They never replace what the
    mediation came to: a refusal stays a refusal, and an agreement that was reached stays one.
    `back`: to the stage that the case had when it was closed, whichever that was.
    `pauses` is how the clock takes it: True stops it, False lets it go on, None leaves it alone.
    """

    action: Action
    sources: frozenset[Stage]
    permission: Permission
    event: EventKind
    target: Stage | None = None
    needs: tuple[Need, ...] = ()
    outcomes: tuple[str, ...] = ()
    onward: tuple[str, ...] = ()
    pauses: bool | None = None
    basis: str = ""
    back: bool = False


_BEFORE_AGREEMENT = frozenset({Stage.REGISTERED, Stage.ACCEPTED, Stage.IN_MEDIATION})
_OPEN = frozenset(stage for stage in Stage if stage is not Stage.CLOSED)
# The law gives confirmation 30 days from the agreement; what a county reopens is its own rule.
CONFIRMATION_WINDOW = timedelta(days=30)
REOPENED_WITHIN = timedelta(days=180)
# 民诉法解释 355 goes by what an agreement settles, which the type of a dispute does not tell:
# support, bride price, inheritance or rent are confirmed, divorce and title are not. So no type
# closes the way to the court; the longest code that fits says what to look for. 物业 is a contract.
CAUTIONS: dict[str, Caution | None] = {
    "01": Caution.IDENTITY,
    "0103": Caution.TITLE,
    "04": Caution.TITLE,
    "0402": None,
    "09": Caution.TITLE,
    "1001": Caution.TITLE,
}
EXTENSIONS_A_STAGE = 1
# 并案: the dispute goes on in another case.
MERGED_OUTCOME = "O14"
# A written reason, in characters; a day to come, from today.
NOTE_SHORTEST, NOTE_LONGEST = 4, 500
LONGEST_AHEAD = timedelta(days=366)

TRANSITIONS: dict[Action, Transition] = {
    one.action: one
    for one in (
        Transition(
            Action.ACCEPT,
            frozenset({Stage.REGISTERED}),
            Permission.CASE_ACCEPT,
            EventKind.ACCEPTED,
            target=Stage.ACCEPTED,
            basis="人民调解法 17; 四川网格化系统 受理",
        ),
        Transition(
            Action.REFUSE_SCOPE,
            frozenset({Stage.REGISTERED, Stage.ACCEPTED}),
            Permission.CASE_ACCEPT,
            EventKind.CLOSED,
            target=Stage.CLOSED,
            needs=(Need.NOTE,),
            outcomes=("O13",),
            basis="人民法院在线调解规则 9",
        ),
        Transition(
            Action.SEND_BACK,
            frozenset({Stage.IN_MEDIATION}),
            Permission.CASE_MEDIATE,
            EventKind.RETURNED,
            target=Stage.ACCEPTED,
            needs=(Need.NOTE,),
            basis="四川网格化系统 回退",
        ),
        Transition(
            Action.SETTLE,
            frozenset({Stage.IN_MEDIATION}),
            Permission.CASE_MEDIATE,
            EventKind.SETTLED,
            target=Stage.AGREEMENT,
            needs=(Need.FORM, Need.DAY),
            outcomes=("O01", "O02"),
            basis="人民调解法 28 至 30",
        ),
        Transition(
            Action.PERFORM_AT_ONCE,
            frozenset({Stage.AGREEMENT}),
            Permission.CASE_MEDIATE,
            EventKind.PERFORMED,
            target=Stage.FOLLOW_UP,
            basis="人民调解法 31",
        ),
        Transition(
            Action.PLAN_PERFORMANCE,
            frozenset({Stage.AGREEMENT}),
            Permission.CASE_MEDIATE,
            EventKind.PERFORMANCE_PLANNED,
            target=Stage.PERFORMANCE,
            needs=(Need.UNTIL,),
            basis="人民调解法 29(三), 31",
        ),
        Transition(
            Action.APPLY_CONFIRMATION,
            frozenset({Stage.AGREEMENT, Stage.PERFORMANCE}),
            Permission.CASE_MEDIATE,
            EventKind.CONFIRMATION_ASKED,
            target=Stage.CONFIRMATION,
            needs=(Need.DAY,),
            basis="人民调解法 33; 民事诉讼法 205",
        ),
        Transition(
            Action.END_CONFIRMATION,
            frozenset({Stage.CONFIRMATION}),
            Permission.CASE_MEDIATE,
            EventKind.CONFIRMED,
            target=Stage.PERFORMANCE,
            needs=(Need.DECISION, Need.DAY, Need.UNTIL, Need.NOTE),
            basis="民事诉讼法 206; 民诉法解释 354 至 360",
        ),
        Transition(
            Action.PERFORMED,
            frozenset({Stage.PERFORMANCE}),
            Permission.CASE_MEDIATE,
            EventKind.PERFORMED,
            target=Stage.FOLLOW_UP,
            needs=(Need.DAY,),
            basis="人民调解法 31",
        ),
        Transition(
            Action.DEFAULTED,
            frozenset({Stage.PERFORMANCE}),
            Permission.CASE_MEDIATE,
            EventKind.DEFAULTED,
            target=Stage.FAILED,
            needs=(Need.NOTE,),
            basis="人民调解法 31, 32",
        ),
        Transition(
            Action.FOLLOW_UP,
            frozenset({Stage.FOLLOW_UP}),
            Permission.CASE_MEDIATE,
            EventKind.FOLLOWED_UP,
            target=Stage.CLOSED,
            needs=(Need.DAY, Need.APPLICANT_RATING, Need.RESPONDENT_RATING, Need.NOTE),
            basis="人民调解工作若干规定 回访; 人民调解法 27",
        ),
        Transition(
            Action.FAIL,
            frozenset({Stage.IN_MEDIATION}),
            Permission.CASE_MEDIATE,
            EventKind.FAILED,
            target=Stage.FAILED,
            needs=(Need.OUTCOME, Need.NOTE),
            outcomes=("O04", "O06", "O07", "O08"),
            basis="人民调解法 26",
        ),
        Transition(
            Action.PARTY_REFUSES,
            _BEFORE_AGREEMENT,
            Permission.CASE_MEDIATE,
            EventKind.REFUSED,
            target=Stage.FAILED,
            needs=(Need.NOTE,),
            outcomes=("O05",),
            basis="人民调解法 17",
        ),
        Transition(
            Action.WITHDRAW,
            _BEFORE_AGREEMENT,
            Permission.CASE_MEDIATE,
            EventKind.WITHDRAWN,
            target=Stage.CLOSED,
            needs=(Need.NOTE,),
            outcomes=("O03",),
            basis="人民法院在线调解规则 25(二)",
        ),
        Transition(
            Action.TELL_RIGHTS,
            frozenset({Stage.FAILED}),
            Permission.CASE_MEDIATE,
            EventKind.RIGHTS_TOLD,
            target=Stage.RIGHTS_TOLD,
            needs=(Need.DAY,),
            basis="人民调解法 26",
        ),
        Transition(
            Action.HAND_OVER,
            frozenset({Stage.RIGHTS_TOLD}),
            Permission.CASE_MEDIATE,
            EventKind.HANDED_OVER,
            target=Stage.HANDED_OVER,
            needs=(Need.ONWARD, Need.NOTE),
            onward=("O09", "O10", "O11"),
            basis="人民调解法 26",
        ),
        Transition(
            Action.ARCHIVE,
            frozenset({Stage.RIGHTS_TOLD, Stage.HANDED_OVER}),
            Permission.CASE_MEDIATE,
            EventKind.CLOSED,
            target=Stage.CLOSED,
            needs=(Need.NOTE,),
            basis="人民调解法 27",
        ),
        Transition(
            Action.REFER_TO_POLICE,
            _OPEN,
            Permission.CASE_MEDIATE,
            EventKind.REFERRED,
            target=Stage.CLOSED,
            needs=(Need.NOTE,),
            onward=("O12",),
            basis="人民调解法 25",
        ),
        Transition(
            Action.MERGE,
            _BEFORE_AGREEMENT,
            Permission.CASE_ACCEPT,
            EventKind.MERGED,
            target=Stage.CLOSED,
            needs=(Need.OTHER_CASE, Need.NOTE),
            outcomes=(MERGED_OUTCOME,),
            basis="本县规则",
        ),
        Transition(
            Action.UNMERGE,
            frozenset({Stage.CLOSED}),
            Permission.CASE_ACCEPT,
            EventKind.UNMERGED,
            back=True,
            needs=(Need.NOTE,),
            basis="本县规则",
        ),
        Transition(
            Action.PARK,
            _OPEN - {Stage.REGISTERED},
            Permission.CASE_APPROVE,
            EventKind.PARKED,
            needs=(Need.NOTE, Need.UNTIL),
            pauses=True,
            basis="四川网格化系统 设置历史遗留",
        ),
        Transition(
            Action.RESUME,
            _OPEN,
            Permission.CASE_APPROVE,
            EventKind.RESUMED,
            needs=(Need.NOTE,),
            pauses=False,
            basis="本县规则",
        ),
        Transition(
            Action.ASK_EXTENSION,
            _OPEN,
            Permission.CASE_MEDIATE,
            EventKind.EXTENSION_ASKED,
            needs=(Need.DAYS, Need.NOTE),
            basis="四川网格化系统 延期",
        ),
        Transition(
            Action.GRANT_EXTENSION,
            _OPEN,
            Permission.CASE_APPROVE,
            EventKind.EXTENDED,
            basis="四川网格化系统 延期审核",
        ),
        Transition(
            Action.REFUSE_EXTENSION,
            _OPEN,
            Permission.CASE_APPROVE,
            EventKind.EXTENSION_REFUSED,
            needs=(Need.NOTE,),
            basis="四川网格化系统 延期审核",
        ),
        Transition(
            Action.SUPERVISE,
            _OPEN,
            Permission.CASE_SUPERVISE,
            EventKind.SUPERVISED,
            needs=(Need.LEVEL, Need.NOTE),
            basis="四川网格化系统 督办",
        ),
        Transition(
            Action.END_SUPERVISION,
            _OPEN,
            Permission.CASE_SUPERVISE,
            EventKind.UNSUPERVISED,
            needs=(Need.NOTE,),
            basis="四川网格化系统 取消督办",
        ),
        Transition(
            Action.REOPEN,
            frozenset({Stage.CLOSED}),
            Permission.CASE_APPROVE,
            EventKind.REOPENED,
            target=Stage.ACCEPTED,
            needs=(Need.NOTE,),
            basis="本县规则",
        ),
    )
}

# A parked case stands still: these are all that can happen to it. A crime does not wait.
_WHILE_PARKED = frozenset(
    {
        Action.RESUME,
        Action.SUPERVISE,
        Action.END_SUPERVISION,
        Action.MERGE,
        Action.REFER_TO_POLICE,
    }
)


@dataclass(frozen=True, slots=True)
class Given:
    """What the person gave with a step; which of it is needed says the transition."""

    note: str = ""
    form: AgreementForm | None = None
    day: date | None = None
    until: date | None = None
    outcome: str | None = None
    onward: str | None = None
    days: int | None = None
    level: Supervision | None = None
    other_case: str = ""
    decision: Decision | None = None
    applicant_rating: Rating | None = None
    respondent_rating: Rating | None = None


def tidied(given: Given) -> Given:
    """What was given, as it is kept and compared."""
    return replace(given, note=given.note.strip(), other_case=given.other_case.strip().upper())


def checked(transition: Transition, given: Given, *, today: date) -> Given:
    """What was given, tidied. Raises Invalid with the problem of each field."""
    given = tidied(given)
    problems: dict[str, FieldProblem] = {}
    for need in transition.needs:
        if problem := _problem(need, transition, given, today):
            problems[need.value] = problem
    if Need.NOTE not in transition.needs and len(given.note) > NOTE_LONGEST:
        problems["note"] = FieldProblem.TOO_LONG
    if problems:
        raise Invalid(**problems)
    return given


def _problem(need: Need, transition: Transition, given: Given, today: date) -> FieldProblem | None:
    value = getattr(given, need.value)
    if value is None or value == "":
        return FieldProblem.MISSING
    outside: tuple[tuple[bool, FieldProblem], ...] = ()
    match need:
        case Need.NOTE:
            outside = (
                (len(given.note) < NOTE_SHORTEST, FieldProblem.TOO_SHORT),
                (len(given.note) > NOTE_LONGEST, FieldProblem.TOO_LONG),
            )
        case Need.OUTCOME:
            outside = ((value not in transition.outcomes, FieldProblem.NOT_A_CHOICE),)
        case Need.ONWARD:
            outside = ((value not in transition.onward, FieldProblem.NOT_A_CHOICE),)
        case Need.DAY:
            outside = ((value > today, FieldProblem.IN_FUTURE),)
        case Need.UNTIL:
            outside = (
                (value <= today, FieldProblem.IN_PAST),
                (value > today + LONGEST_AHEAD, FieldProblem.OUT_OF_RANGE),
            )
        case Need.DAYS:
            outside = ((value < 1, FieldProblem.OUT_OF_RANGE),)
        case Need.DECISION | Need.APPLICANT_RATING | Need.RESPONDENT_RATING:
            pass
        case Need.FORM | Need.LEVEL | Need.OTHER_CASE:
            pass
    return next((problem for is_so, problem in outside if is_so), None)


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides which ways are open to a case. `extensions`: granted in this stage so far.

    `asked_by` is the user who asked for the extension that waits, None where no person did.
    `confirm_by` is the last day on which confirmation may be applied for, None where no day of an
    agreement is known.
    """

    stage: Stage
    type_code: str
    due_at: datetime | None = None
    parked: bool = False
    extension_asked: bool = False
    asked_by: int | None = None
    extensions: int = 0
    supervised: bool = False
    form: AgreementForm | None = None
    agreed_on: date | None = None
    confirm_by: date | None = None
    decision: Decision | None = None
    closed_at: datetime | None = None
    outcome_code: str | None = None
    merged: bool = False


def last_day_to_confirm(agreed_on: date, calendar: WorkCalendar) -> date:
    """The last day on which the parties may apply to the court for confirmation.

    Thirty days from the day on which the agreement takes effect (人民调解法 33), that day not
    counted (民法典 201), and on to the next working day where the last is a day off (民法典 203).
    """
    return calendar.first_working_day_from(agreed_on + CONFIRMATION_WINDOW)


def caution(type_code: str) -> Caution | None:
    """What the court would refuse to confirm of a dispute of this type, if it is in the agreement.

    By the longest code that fits; None where the type gives no reason to look.
    """
    known = next((code for code in (type_code, type_code[:2]) if code in CAUTIONS), None)
    return None if known is None else CAUTIONS[known]


def parking_over(parked_until: date | None, *, now: datetime) -> bool:
    """Whether the last day of a parking is behind; a parking without one is never over."""
    return parked_until is not None and parked_until < day_of(now)


def require_fitting(transition: Transition, given: Given, case: Standing) -> None:
    """Raise Invalid where what was given does not fit the case that it was given with.

    Confirmation is applied for from the day of the agreement to the last day of its window; what
    was in time then may be entered later.
    """
    if transition.action is not Action.APPLY_CONFIRMATION or given.day is None:
        return
    if case.agreed_on is not None and given.day < case.agreed_on:
        raise Invalid(day=FieldProblem.BEFORE_AGREEMENT)
    if case.confirm_by is not None and given.day > case.confirm_by:
        raise Invalid(day=FieldProblem.AFTER_WINDOW)


def objections(
    transition: Transition, case: Standing, *, may: bool, now: datetime, who: int | None = None
) -> list[Closed]:
    """Why a transition is closed now; empty where it is open.

    `may`: whether the person holds the transition's permission where the case lies. `who` is the
    user's id; None asks for whoever it may be.
    """
    found = [] if may else [Closed.NOT_YOURS]
    if case.stage not in transition.sources:
        # Nothing else about it matters where the case is not there at all.
        return [*found, Closed.WRONG_STAGE]
    if case.parked and transition.action not in _WHILE_PARKED:
        found.append(Closed.PARKED)
    if transition.action in _ANSWERS and who is not None and who == case.asked_by:
        found.append(Closed.OWN_REQUEST)
    return [*found, *_OWN_CHECKS.get(transition.action, _nothing)(case, now)]


def _nothing(_case: Standing, _now: datetime) -> Iterator[Closed]:
    return iter(())


def _not_parked(case: Standing, _now: datetime) -> Iterator[Closed]:
    if not case.parked:
        yield Closed.NOT_PARKED


_ANSWERS = frozenset({Action.GRANT_EXTENSION, Action.REFUSE_EXTENSION})


def _deadline_passed(case: Standing, now: datetime) -> Iterator[Closed]:
    """What is asked for or granted too late has lapsed (四川网格化系统 延期 已失效)."""
    if not case.parked and case.due_at is not None and now >= case.due_at:
        yield Closed.DEADLINE_PASSED


def _no_extension_yet(case: Standing, now: datetime) -> Iterator[Closed]:
    if case.extension_asked:
        yield Closed.EXTENSION_PENDING
    if case.extensions >= EXTENSIONS_A_STAGE:
        yield Closed.EXTENSIONS_USED_UP
    yield from _deadline_passed(case, now)


def _grantable(case: Standing, now: datetime) -> Iterator[Closed]:
    yield from _extension_asked(case, now)
    yield from _deadline_passed(case, now)


def _extension_asked(case: Standing, _now: datetime) -> Iterator[Closed]:
    if not case.extension_asked:
        yield Closed.NO_EXTENSION_ASKED


def _confirmable(case: Standing, _now: datetime) -> Iterator[Closed]:
    if case.form is not AgreementForm.WRITTEN:
        yield Closed.NOT_WRITTEN
    if case.decision is Decision.VALID:
        yield Closed.CONFIRMED


def _not_supervised(case: Standing, _now: datetime) -> Iterator[Closed]:
    if not case.supervised:
        yield Closed.NOT_SUPERVISED


def _may_be_reopened(case: Standing, now: datetime) -> Iterator[Closed]:
    if case.outcome_code == MERGED_OUTCOME:
        yield Closed.MERGED
    if case.closed_at is not None and now > case.closed_at + REOPENED_WITHIN:
        yield Closed.TOO_LATE_TO_REOPEN


def _was_merged(case: Standing, _now: datetime) -> Iterator[Closed]:
    if not case.merged or case.outcome_code != MERGED_OUTCOME:
        yield Closed.NOT_MERGED


_OWN_CHECKS: dict[Action, Callable[[Standing, datetime], Iterator[Closed]]] = {
    Action.RESUME: _not_parked,
    Action.ASK_EXTENSION: _no_extension_yet,
    Action.GRANT_EXTENSION: _grantable,
    Action.REFUSE_EXTENSION: _extension_asked,
    Action.APPLY_CONFIRMATION: _confirmable,
    Action.END_SUPERVISION: _not_supervised,
    Action.REOPEN: _may_be_reopened,
    Action.UNMERGE: _was_merged,
}
