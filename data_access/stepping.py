"""What a step makes of a case: the columns that change, by the table of transitions."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.clocks import level_of, running
from data_access.reference import load_calendar, load_clock
from data_access.tables import Case, CaseEvent
from domain.cases import EventKind, FieldProblem, Stage
from domain.clocks import Clock, Running
from domain.errors import Invalid, NotPossible
from domain.organisation import UnitLevel
from domain.transitions import (
    LEVELS,
    TRANSITIONS,
    Action,
    AgreementForm,
    Closed,
    Given,
    Need,
    Standing,
    Transition,
    last_day_to_confirm,
)

_OUTCOME_OF_FORM = {AgreementForm.WRITTEN: "O01", AgreementForm.ORAL: "O02"}
_NOBODYS: dict[str, Any] = {"mediator_id": None, "committee_id": None, "held_since": None}
_OPEN_AGAIN: dict[str, Any] = {
    "is_open": 1,
    "closed_at": None,
    "outcome_code": None,
    "onward_code": None,
    "agreement_form": None,
    "agreed_on": None,
    "court_decision": None,
    "applicant_rating": None,
    "respondent_rating": None,
    "merged_into": None,
}
# What a case that comes back from another has again, and how the event that keeps it is read.
_BROUGHT_BACK: dict[str, Any] = {
    "stage": Stage,
    "stage_since": datetime.fromisoformat,
    "stated_due_on": date.fromisoformat,
    "extended": int,
    "extension_asked": int,
    "extensions": int,
    "limit_level": UnitLevel,
    "limit_on": date.fromisoformat,
    "paused": int,
    "parked_until": date.fromisoformat,
    "supervised": int,
    "outcome_code": str,
}


# Where the way to the court is open, and its last day matters.
_BEFORE_COURT = TRANSITIONS[Action.APPLY_CONFIRMATION].sources


def standing(session: Session, case: Case) -> Standing:
    """What decides which steps are open to a case."""
    return Standing(
        stage=case.stage,
        type_code=case.type_code,
        due_at=case.due_at,
        parked=bool(case.paused),
        extension_asked=case.extension_asked is not None,
        asked_by=_asked_by(session, case),
        extensions=case.extensions,
        supervised=case.supervised > 0,
        form=case.agreement_form,
        agreed_on=case.agreed_on,
        confirm_by=_confirm_by(session, case),
        decision=case.court_decision,
        closed_at=case.closed_at,
        outcome_code=case.outcome_code,
        merged=case.merged_into is not None,
    )


def _asked_by(session: Session, case: Case) -> int | None:
    """Who asked for the extension that waits; None where none does, or the system asked."""
    if case.extension_asked is None:
        return None
    asker = session.scalars(
        select(CaseEvent.actor_id)
        .where(
            CaseEvent.county_id == case.county_id,
            CaseEvent.case_id == case.id,
            CaseEvent.kind == EventKind.EXTENSION_ASKED,
        )
        .order_by(CaseEvent.seq.desc())
        .limit(1)
    ).first()
    return asker or None


def _confirm_by(session: Session, case: Case) -> date | None:
    """The last day of the window of confirmation, where there is one to ask for."""
    written = case.agreement_form is AgreementForm.WRITTEN
    if case.agreed_on is None or not written or case.stage not in _BEFORE_COURT:
        return None
    return last_day_to_confirm(case.agreed_on, load_calendar(session))


def values_after(
    session: Session, case: Case, transition: Transition, given: Given, now: datetime
) -> dict[str, Any]:
    """The columns that a step changes. Raises Invalid, LookupError where no limit is set."""
    if transition.target is Stage.CLOSED:
        return _closing(case, transition, given, now)
    clock = load_clock(session)
    if transition.back:
        return _coming_back(session, case, clock, now)
    if transition.target is not None:
        return _entering(session, case, transition, given, clock, now)
    return _beside(session, case, transition, given, clock, now)


def _beside(
    session: Session,
    case: Case,
    transition: Transition,
    given: Given,
    clock: Clock,
    now: datetime,
) -> dict[str, Any]:
    """The columns of what stands beside a stage: parked, extended, supervised."""
    match transition.action:
        case Action.PARK:
            return {"paused": 1, "parked_until": given.until}
        case Action.RESUME:
            return {"paused": 0, "parked_until": None} | _due(session, case, clock, now)
        case Action.ASK_EXTENSION:
            limit = clock.limit(running(session, case, now=now))
            if (given.days or 0) > max(1, limit.amount):
                raise Invalid(days=FieldProblem.OUT_OF_RANGE)
            return {"extension_asked": given.days}
        case Action.GRANT_EXTENSION:
            extended = case.extended + (case.extension_asked or 0)
            due = _due(session, case, clock, now, extended=extended)
            more = {"extended": extended, "extensions": case.extensions + 1}
            return {"extension_asked": None} | more | due
        case Action.REFUSE_EXTENSION:
            return {"extension_asked": None}
        case _supervision:
            return {"supervised": LEVELS.index(given.level) + 1 if given.level else 0}


def _due(
    session: Session, case: Case, clock: Clock, now: datetime, *, extended: int | None = None
) -> dict[str, Any]:
    """The deadline anew, after the clock stood still or was given more."""
    stage = running(session, case, now=now)
    if extended is not None:
        stage = replace(stage, extended=extended)
    due = clock.due(stage)
    return {"due_at": due.due_at, "soon_at": due.soon_at}


def _ending(case: Case, transition: Transition, given: Given) -> dict[str, Any]:
    """What a step says of what came of the case. Where it goes on replaces no outcome."""
    if transition.outcomes:
        return {"outcome_code": given.outcome or transition.outcomes[0]}
    if transition.action is Action.END_CONFIRMATION:
        return {"court_decision": given.decision}
    if transition.action is Action.APPLY_CONFIRMATION:
        # A new application, after one that came to nothing: the window may still be open.
        return {"court_decision": None}
    if transition.action is Action.FOLLOW_UP:
        return {
            "applicant_rating": given.applicant_rating,
            "respondent_rating": given.respondent_rating,
        }
    if transition.onward:
        onward = given.onward or transition.onward[0]
        return {"onward_code": onward, "outcome_code": case.outcome_code or onward}
    return {}


def _closing(case: Case, transition: Transition, given: Given, now: datetime) -> dict[str, Any]:
    return {
        "stage": Stage.CLOSED,
        "stage_since": now,
        "is_open": 0,
        "paused": 0,
        "parked_until": None,
        "closed_at": now,
        "due_at": None,
        "soon_at": None,
        "stated_due_on": None,
        "extension_asked": None,
        "supervised": 0,
    } | _ending(case, transition, given)


def _entering(
    session: Session,
    case: Case,
    transition: Transition,
    given: Given,
    clock: Clock,
    now: datetime,
) -> dict[str, Any]:
    """The columns of a case that comes into another stage: its clock starts anew."""
    target = transition.target or case.stage
    stated = given.until if Need.UNTIL in transition.needs else None
    given_up = transition.action in {Action.SEND_BACK, Action.REOPEN} or case.mediator_id is None
    level = None if given_up else level_of(session, case.committee_id)
    due = clock.due(Running(target, case.difficulty, now, stated, level=level))
    values: dict[str, Any] = {
        "stage": target,
        "stage_since": now,
        "due_at": due.due_at,
        "soon_at": due.soon_at,
        "stated_due_on": stated,
        "limit_level": level,
        "limit_on": None,
        "extended": 0,
        "extension_asked": None,
        "extensions": 0,
    }
    if transition.action is Action.SETTLE:
        form = given.form or AgreementForm.ORAL
        agreed = {"agreement_form": form, "agreed_on": given.day}
        return values | agreed | {"outcome_code": _OUTCOME_OF_FORM[form]}
    if transition.action in {Action.SEND_BACK, Action.REOPEN}:
        return values | _NOBODYS | (_OPEN_AGAIN if case.stage is Stage.CLOSED else {})
    return values | _ending(case, transition, given)


# ------------------------------------------------------------------------------- back from merging


def kept_of(case: Case) -> dict[str, Any]:
    """What a case that is merged would have again if that were undone, for its event."""
    values = {name: getattr(case, name) for name in _BROUGHT_BACK}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
    }


def given_back(session: Session, case: Case, given: Given, now: datetime) -> dict[str, Any]:
    """The columns of a case that comes back from a merging to nobody: it waits to be assigned.

    For a holder who must withdraw from it by now. It stands as if it had been sent back then.
    """
    clock, sent_back = load_clock(session), TRANSITIONS[Action.SEND_BACK]
    waiting = _entering(session, case, sent_back, given, clock, now)
    return waiting | {"paused": 0, "parked_until": None}


def _coming_back(session: Session, case: Case, clock: Clock, now: datetime) -> dict[str, Any]:
    """The columns as they were before the merging, the clock moved on by the time in between."""
    data = session.scalars(
        select(CaseEvent.data)
        .where(
            CaseEvent.county_id == case.county_id,
            CaseEvent.case_id == case.id,
            CaseEvent.kind == EventKind.MERGED,
        )
        .order_by(CaseEvent.seq.desc())
    ).first()
    kept = (data or {}).get("kept")
    if kept is None:
        raise NotPossible([Closed.NOT_MERGED])
    values = {
        name: None if kept[name] is None else read(kept[name])
        for name, read in _BROUGHT_BACK.items()
    }
    again = Case(county_id=case.county_id, id=case.id, difficulty=case.difficulty, **values)
    # Where it was parked it stands still as before, and keeps the deadline that it had.
    due = clock.due(running(session, again, now=None if values["paused"] else now))
    open_again = {"is_open": 1, "closed_at": None, "merged_into": None}
    return values | open_again | {"due_at": due.due_at, "soon_at": due.soon_at}
