"""How a case changes: the row, its event, span, assignment, alarm and audit line together.

Events alone tell how a case stood at every past moment. Its steps follow from the table of
transitions by what was given, and deadlines from the clock; what no step makes (where a case lies,
how hard it is, what a file says of it) stands under "values" in the event that brought it or
changed it, `told` makes it. Beside that an event holds codes, ids and days: never words, never
anything of a party.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import CursorResult, insert, select, update
from sqlalchemy.orm import Session

from data_access import audit, red_events
from data_access.engine import vault_of
from data_access.recusal import require_no_recusal
from data_access.scope import cases_within
from data_access.tables import Assignment, Case, CaseEvent, CaseSpan, Mediator, User
from data_access.weighing import WEIGHED_BY, points_of, table_now
from domain.cases import EventKind, ReassignReason, Stage
from domain.errors import Conflict, LastChange, NotFound
from domain.people import Actor, Scope

SPAN_FIELDS = (
    "stage",
    "due_at",
    "soon_at",
    "paused",
    "risk",
    "supervised",
    "weight",
    "town_id",
    "community_id",
    "grid_id",
    "committee_id",
    "mediator_id",
)

# What is stated of a case, and no step changes.
FACT_FIELDS = ("town_id", "community_id", "grid_id", "difficulty", "risk", "weight")
# Where a file says that a case stands, and under which clock.
_STANDING_FIELDS = (
    "stage",
    "stage_since",
    "stated_due_on",
    "limit_level",
    "limit_on",
    "committee_id",
    "mediator_id",
)

# What stands beside the stage of a case that nobody has touched yet.
UNTOUCHED: dict[str, Any] = {
    "paused": 0,
    "parked_until": None,
    "supervised": 0,
    "extended": 0,
    "extension_asked": None,
    "extensions": 0,
    "stated_due_on": None,
    "limit_level": None,
    "limit_on": None,
    "agreement_form": None,
    "agreed_on": None,
    "court_decision": None,
    "applicant_rating": None,
    "respondent_rating": None,
    "merged_into": None,
    "onward_code": None,
    "cross_town": False,
    "repeated": False,
}


@dataclass(frozen=True)
class Change:
    """One change of a case. `values` are columns of the case; `data` goes into the event."""

    kind: EventKind
    action: str
    values: dict[str, Any]
    data: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    reason: ReassignReason | None = None


def told(
    values: Mapping[str, Any], names: Iterable[str] = (*FACT_FIELDS, *_STANDING_FIELDS)
) -> dict[str, Any]:
    """Of some columns of a case those that an event tells, as JSON; the others are left out."""
    return {
        name: values[name].isoformat() if isinstance(values[name], date) else values[name]
        for name in names
        if name in values
    }


def time_of(case: Case, now: datetime) -> datetime:
    """When a change made now counts: a case's own time never goes back, though clocks may.

    A stage that begins with the change begins then too, so that row, event and span say the same.
    """
    return max(now, case.updated_at)


def lock(session: Session, case_no: str, *, county_id: int) -> None:
    """Wait for whoever is changing the case, in scope or not; until commit nobody else does."""
    session.execute(
        select(Case.id)
        .where(Case.county_id == county_id, Case.case_no == case_no)
        .with_for_update()
    )


def load_for_change(session: Session, case_no: str, *, scope: Scope) -> Case:
    """The case, locked until commit. Raises NotFound out of scope: its existence is private."""
    case = session.scalar(
        select(Case)
        .where(Case.case_no == case_no, cases_within(scope))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if case is None:
        raise NotFound(case_no)
    return case


def require_version(session: Session, case: Case, expected: int) -> None:
    """Raise Conflict, with who did what, unless the case is still what the person saw."""
    if case.version != expected:
        raise Conflict(last_change(session, case))


def last_change(session: Session, case: Case) -> LastChange | None:
    """The youngest event of a case, in words' ingredients."""
    row = session.execute(
        select(CaseEvent.kind, CaseEvent.at, CaseEvent.data, User.name)
        .outerjoin(User, User.id == CaseEvent.actor_id)
        .where(CaseEvent.county_id == case.county_id, CaseEvent.case_id == case.id)
        .order_by(CaseEvent.seq.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    to = row.data.get("to")
    name = session.scalar(select(Mediator.name).where(Mediator.id == to)) if to else None
    return LastChange(row.name or "", row.kind, row.at, name)


def change(session: Session, case: Case, what: Change, *, actor: Actor, now: datetime) -> int:
    """Apply one change and write all of its history. Returns the new version.

    Raises NotEligible where the case would come to a mediator who must withdraw from it: every
    change of a holder by a person passes here, so nobody can forget the wall. Raises Conflict where
    somebody else was faster in spite of the lock (an engine without row locks), so that no update
    is ever lost.
    """
    holder = what.values.get("mediator_id", case.mediator_id)
    begins = holder != case.mediator_id or what.values.get("is_open", 0) > case.is_open
    if begins and holder is not None:
        require_no_recusal(session, case, holder, assigner=actor.user_id)
    version = case.version + 1
    at = time_of(case, now)
    what = _weighed(session, case, what, at)
    updated = session.execute(
        update(Case)
        .where(Case.county_id == case.county_id, Case.id == case.id, Case.version == case.version)
        .values(**what.values, version=version, updated_at=at)
        .execution_options(synchronize_session=False)
    )
    if not isinstance(updated, CursorResult) or updated.rowcount != 1:
        raise Conflict(last_change(session, case))
    _write_event(session, case, what, version=version, actor=actor, at=at)
    red_events.follow(session, case, what.values, version=version, actor_id=actor.user_id, at=at)
    # Whoever held a case to its end stays its holder: closing ends no assignment.
    if "mediator_id" in what.values and what.values["mediator_id"] != case.mediator_id:
        _write_assignment(session, case, what, version=version, actor=actor, at=at)
    stamp = audit.append(
        session,
        [audit.Deed(what.action, f"case:{case.case_no}", {**what.data, "version": version})],
        actor=actor,
        at=now,
        changes_data=True,
    )
    _write_span(session, case, what, version=version, at=at, recorded_seq=stamp.data_seq)
    return version


def _weighed(session: Session, case: Case, what: Change, at: datetime) -> Change:
    """The change with the points that it leads to, by the table of its day; told in its event.

    What is over keeps its points, so that no month is rewritten.
    """
    after = {name: what.values.get(name, getattr(case, name)) for name in WEIGHED_BY}
    if what.values.keys().isdisjoint(WEIGHED_BY) or after["stage"] is Stage.CLOSED:
        return what
    weight = points_of(after, table_now(session, county_id=case.county_id, now=at))
    if weight == what.values.get("weight", case.weight):
        return what
    values = what.data.get("values", {}) | {"weight": weight}
    return replace(
        what,
        values=what.values | {"weight": weight},
        data=what.data | {"values": values},
    )


def _write_event(
    session: Session, case: Case, what: Change, *, version: int, actor: Actor, at: datetime
) -> None:
    session.execute(
        insert(CaseEvent).values(
            county_id=case.county_id,
            case_id=case.id,
            seq=version,
            kind=what.kind,
            at=at,
            actor_id=actor.user_id,
            data=what.data,
            note_encrypted=_note(session, "case_event.note", case, what, version),
        )
    )


def _write_assignment(
    session: Session, case: Case, what: Change, *, version: int, actor: Actor, at: datetime
) -> None:
    session.execute(
        update(Assignment)
        .where(
            Assignment.county_id == case.county_id,
            Assignment.case_id == case.id,
            Assignment.ends_at.is_(None),
        )
        .values(ends_at=at)
    )
    if what.values["mediator_id"] is None:
        return
    session.execute(
        insert(Assignment).values(
            county_id=case.county_id,
            case_id=case.id,
            seq=version,
            mediator_id=what.values["mediator_id"],
            committee_id=what.values.get("committee_id", case.committee_id),
            starts_at=at,
            reason=what.reason or ReassignReason.OTHER,
            actor_id=actor.user_id,
            note_encrypted=_note(session, "assignment.note", case, what, version),
        )
    )


def _write_span(
    session: Session, case: Case, what: Change, *, version: int, at: datetime, recorded_seq: int
) -> None:
    session.execute(
        update(CaseSpan)
        .where(
            CaseSpan.county_id == case.county_id,
            CaseSpan.case_id == case.id,
            CaseSpan.ends_at.is_(None),
        )
        .values(ends_at=at)
    )
    after = {name: what.values.get(name, getattr(case, name)) for name in SPAN_FIELDS}
    if after["stage"] is Stage.CLOSED:
        return
    session.execute(
        insert(CaseSpan).values(
            county_id=case.county_id,
            case_id=case.id,
            seq=version,
            starts_at=at,
            recorded_seq=recorded_seq,
            **after,
        )
    )


def note_place(kind: str, county_id: int, case_id: int, version: int) -> str:
    """The place a note is encrypted at; `kind` is "case_event.note" or "assignment.note"."""
    return f"{kind}:{county_id}:{case_id}:{version}"


def _note(session: Session, kind: str, case: Case, what: Change, version: int) -> bytes | None:
    if not what.note:
        return None
    place = note_place(kind, case.county_id, case.id, version)
    return vault_of(session).encrypt(what.note, place=place)
