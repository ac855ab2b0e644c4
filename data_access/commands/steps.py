"""A step of a case: any transition of domain/transitions.py, checked and recorded."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access import handing, history, idempotency, numbers
from data_access.engine import Database
from data_access.recusal import require_no_recusal
from data_access.stepping import given_back, kept_of, standing, values_after
from data_access.tables import Case, CaseEvent
from domain.cases import EventKind, FieldProblem, Stage
from domain.clocks import day_of
from domain.errors import Invalid, NotAllowed, NotFound, NotPossible
from domain.people import Actor
from domain.transitions import (
    TRANSITIONS,
    Action,
    Given,
    Need,
    Transition,
    checked,
    objections,
    require_fitting,
    tidied,
)

_FROM_CLOSED = frozenset({Action.REOPEN, Action.UNMERGE})


@dataclass(frozen=True, slots=True)
class Stepped:
    """Where a case stands after a step."""

    case_no: str
    version: int
    stage: Stage


def take_step(
    db: Database,
    *,
    case_no: str,
    action: Action,
    given: Given,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Stepped:
    """Take one step, or refuse and change nothing.

    `expected_version` is the version the person was looking at; `key` makes a retry safe. Raises
    NotAllowed, NotFound, Conflict, NotPossible, NotEligible, Invalid or KeyReused.
    """
    transition = TRANSITIONS[action]
    given = tidied(given)
    request = {"case_no": case_no, "action": action, "version": expected_version} | _json(given)

    def work(session: Session) -> Stepped:
        scope = actor.scope(transition.permission)

        def step() -> dict[str, Any]:
            # A retry is answered before: what was a day to come then may be over by now.
            checked(transition, given, today=day_of(now))
            case = history.load_for_change(session, case_no, scope=scope)
            history.require_version(session, case, expected_version)
            stands = standing(session, case)
            if reasons := objections(transition, stands, may=True, now=now, who=actor.user_id):
                raise NotPossible(reasons)
            require_fitting(transition, given, stands)
            _require_order(session, case, transition, given.day)
            at = history.time_of(case, now)
            joined: Case | None = None
            values = values_after(session, case, transition, given, at)
            if action is Action.UNMERGE and _must_let_go(session, case, actor=actor, now=now):
                values |= given_back(session, case, given, at)
            data = _data(case, values, given)
            if action is Action.MERGE:
                stays = _note_merging(session, case, given, actor=actor, now=now)
                values["merged_into"] = stays.id
                data["kept"] = kept_of(case)
                joined = stays
            elif action is Action.UNMERGE:
                data["stays"] = _note_unmerging(session, case, actor=actor, now=now)
            what = history.Change(transition.event, f"case:{action}", values, data, given.note)
            version = history.change(session, case, what, actor=actor, now=now)
            if joined is not None and joined.mediator_id is not None:
                # The one dispute is now part of the other: its parties are the holder's too.
                require_no_recusal(session, joined, joined.mediator_id, assigner=actor.user_id)
            stage = values.get("stage", case.stage)
            return asdict(Stepped(case_no, version, stage))

        if action in _FROM_CLOSED:
            # A change of the rules holds the open cases; this one is about to become one of them.
            numbers.reserve(session, "case", county_id=actor.county_id, count=0)
        # Two cases are always locked in the same order, so that no two merges wait for each other.
        other = _merged_into(session, case_no, actor) if action is Action.UNMERGE else ""
        for number in sorted({case_no, given.other_case, other} - {""}):
            history.lock(session, number, county_id=actor.county_id)
        answer = idempotency.once(
            session, key, step, actor=actor, operation=action, request=request, now=now
        )
        return Stepped(case_no, answer["version"], Stage(answer["stage"]))

    return db.write(work)


def _json(given: Given) -> dict[str, Any]:
    """What was given, as JSON: for the key of a retry. The note is in it as its own text."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(given).items()
    }


def _data(case: Case, values: dict[str, Any], given: Given) -> dict[str, Any]:
    """What the event keeps beside its note: codes, ids, days."""
    said = _json(replace(given, note=""))
    data = {name: value for name, value in said.items() if value not in {None, ""}}
    data |= {"stage": case.stage, "to_stage": values.get("stage", case.stage)}
    if values.get("mediator_id", case.mediator_id) != case.mediator_id:
        data["from"] = case.mediator_id
    return data


# ------------------------------------------------------------------------------ the order of days


def _require_order(session: Session, case: Case, transition: Transition, day: date | None) -> None:
    """Raise Invalid where what happened on `day` would come before what it follows.

    It may have happened before the case was registered, but not before the dispute; and nothing
    that an agreement brings before the agreement.
    """
    if day is None or Need.DAY not in transition.needs:
        return
    before = [(case.agreed_on, FieldProblem.BEFORE_AGREEMENT)]
    if transition.action is Action.SETTLE:
        before = []
    elif transition.action is Action.FOLLOW_UP:
        performed = _day_of_last(session, case, EventKind.PERFORMED)
        before = [(performed, FieldProblem.BEFORE_PERFORMANCE), *before]
    elif transition.action is Action.END_CONFIRMATION:
        applied = _day_of_last(session, case, EventKind.CONFIRMATION_ASKED)
        before = [(applied, FieldProblem.BEFORE_APPLICATION), *before]
    for first, problem in (*before, (case.occurred_on, FieldProblem.BEFORE_DISPUTE)):
        if first is not None and day < first:
            raise Invalid(day=problem)


def _day_of_last(session: Session, case: Case, kind: EventKind) -> date | None:
    """The day that was told with the last of these events; None where none was told.

    The last performance is the one that a case waits to be visited for, the last application the
    one that the court answers.
    """
    data = session.scalars(
        select(CaseEvent.data)
        .where(
            CaseEvent.county_id == case.county_id,
            CaseEvent.case_id == case.id,
            CaseEvent.kind == kind,
        )
        .order_by(CaseEvent.seq.desc())
    ).first()
    told = (data or {}).get("day")
    return date.fromisoformat(told) if told else None


# --------------------------------------------------------------------------------------- merging


def _note_merging(
    session: Session, case: Case, given: Given, *, actor: Actor, now: datetime
) -> Case:
    """Tell the case that stays, in its own history, which one was merged into it."""
    scope = actor.scope(TRANSITIONS[Action.MERGE].permission)
    try:
        stays = history.load_for_change(session, given.other_case, scope=scope)
    except NotFound:
        raise Invalid(other_case=FieldProblem.NOT_A_CHOICE) from None
    if stays.id == case.id or not stays.is_open:
        raise Invalid(other_case=FieldProblem.NOT_A_CHOICE)
    what = history.Change(EventKind.MERGED_INTO, "case:merged_into", {}, {"merged": case.case_no})
    history.change(session, stays, what, actor=actor, now=now)
    return stays


def _merged_into(session: Session, case_no: str, actor: Actor) -> str:
    """The number of the case that a merged one went into; empty where it went into none."""
    into = select(Case.merged_into).where(
        Case.county_id == actor.county_id, Case.case_no == case_no
    )
    found = session.scalar(
        select(Case.case_no).where(
            Case.county_id == actor.county_id, Case.id == into.scalar_subquery()
        )
    )
    return found or ""


def _must_let_go(session: Session, case: Case, *, actor: Actor, now: datetime) -> bool:
    """Whether who held the case when it was merged must withdraw from it by now, or has left.

    While it was part of another nothing kept them from leaving.
    """
    if case.mediator_id is None:
        return False
    handing.lock_mediators(session, [case.mediator_id])
    hands = handing.Hands(session, [case], [], actor=actor, now=now)
    return hands.must_let_go(case, case.mediator_id)


def _note_unmerging(session: Session, case: Case, *, actor: Actor, now: datetime) -> str:
    """Tell the case that stayed, open or closed, which one left it again. Its number.

    Raises NotAllowed where that case is not the person's (any more).
    """
    permission = TRANSITIONS[Action.UNMERGE].permission
    number = _merged_into(session, case.case_no, actor)
    try:
        stays = history.load_for_change(session, number, scope=actor.scope(permission))
    except NotFound:
        raise NotAllowed(permission) from None
    what = history.Change(
        EventKind.UNMERGED_FROM, "case:unmerged_from", {}, {"merged": case.case_no}
    )
    history.change(session, stays, what, actor=actor, now=now)
    return number
