"""Cases that came to somebody, or came back, and that they have not looked at yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from data_access.scope import cases_within
from data_access.tables import Assignment, Case, CaseEvent, CaseSeen, Mediator, User
from data_access.tables.cases import IS_OPEN
from domain.cases import EventKind
from domain.people import Scope

# What may leave a case with nobody, to be given to somebody anew.
_BACK = (EventKind.RETURNED, EventKind.UNDONE, EventKind.REOPENED, EventKind.UNMERGED)
# What brings a case to somebody, takes it back to them, or gives it back to those who give it out.
# A file that changes a case is one of these only where it changes the holder.
ARRIVING = (*_BACK, EventKind.ASSIGNED, EventKind.REASSIGNED, EventKind.IMPORTED)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A case that came, how, when and by whom; `holder` is who has it now, if anybody.

    `version` is the one that the arrival made of the case: what has been seen once this is told.
    """

    case_no: str
    version: int
    kind: EventKind
    at: datetime
    by: str
    holder: str | None
    due_at: datetime | None


def arrivals(
    session: Session, *, scope: Scope, own: Scope, gives: Scope, user_id: int
) -> Sequence[Arrival]:
    """The arrivals that this person has neither made nor seen, the youngest first.

    Only what they may read (`scope`), whatever they receive (`own` and `gives`, of Receiving). And
    only since they have had an account: who is new finds in the queue what was there before, by its
    deadline.
    """
    event, by = CaseEvent, aliased(User)
    mine = (
        select(Case.county_id, Case.id, Case.case_no, Case.mediator_id, Case.due_at, _last_seq())
        .where(
            IS_OPEN,
            cases_within(scope),
            or_(cases_within(own), and_(Case.mediator_id.is_(None), _comes_back(gives))),
        )
        # First the cases, always: a planner that expects many of them would rather go through the
        # events, which are the whole history.
        .cte("mine")
        .prefix_with("MATERIALIZED")
    )
    seen = (
        select(CaseSeen.version)
        .where(
            CaseSeen.user_id == user_id,
            CaseSeen.county_id == mine.c.county_id,
            CaseSeen.case_id == mine.c.id,
            CaseSeen.version >= mine.c.seq,
        )
        .exists()
    )
    since = select(User.created_at).where(User.id == user_id).scalar_subquery()
    rows = session.execute(
        select(
            mine.c.case_no, mine.c.seq, event.kind, event.at, by.name, Mediator.name, mine.c.due_at
        )
        .join_from(
            mine,
            event,
            and_(
                event.county_id == mine.c.county_id,
                event.case_id == mine.c.id,
                event.seq == mine.c.seq,
            ),
        )
        .outerjoin(by, by.id == event.actor_id)
        .outerjoin(Mediator, Mediator.id == mine.c.mediator_id)
        .where(
            # One that a file brought for nobody has come to nobody.
            or_(mine.c.mediator_id.is_not(None), event.kind.in_(_BACK)),
            event.at >= since,
            event.actor_id != user_id,
            ~seen,
        )
        .order_by(event.at.desc(), mine.c.id.desc())
    )
    return [
        Arrival(number, seq, kind, at, name or "", holder, due)
        for number, seq, kind, at, name, holder, due in rows
    ]


def _last_seq() -> ColumnElement[int]:
    """The version that the last arrival made of a case."""
    event = aliased(CaseEvent)
    moved = and_(event.kind == EventKind.UPDATED, event.data["to"].as_integer().is_not(None))
    return (
        select(func.max(event.seq))
        .where(
            event.county_id == Case.county_id,
            event.case_id == Case.id,
            or_(event.kind.in_(ARRIVING), moved),
        )
        .scalar_subquery()
        .label("seq")
    )


def _comes_back(gives: Scope) -> ColumnElement[bool]:
    """What nobody holds: to the station of its town, and to the committee that had it last."""
    town = cases_within(Scope(gives.county_id, towns=gives.towns))
    if not gives.committees:
        return town
    had_by = (
        select(Assignment.committee_id)
        .where(Assignment.county_id == Case.county_id, Assignment.case_id == Case.id)
        .order_by(Assignment.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    return or_(town, had_by.in_(sorted(gives.committees)))
