"""How alarms follow their cases: whatever makes a case red, or red no more, passes here.

Files are the exception: of many cases at once the database itself decides, by the same rule, in
`data_access.imports.write_alarms`.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, insert, or_, select, update
from sqlalchemy.orm import Session

from data_access.tables import Case, Committee, EmergencyResponse, RedEvent, User, UserRole
from domain.people import Permission, Role, roles_with
from domain.red_events import Turn, is_red, turn


def going_on(session: Session, case: Case) -> RedEvent | None:
    """The alarm of a case that is not over, if there is one."""
    return session.scalars(
        select(RedEvent).where(
            RedEvent.county_id == case.county_id,
            RedEvent.case_id == case.id,
            RedEvent.ended_at.is_(None),
        )
    ).first()


def follow(
    session: Session,
    case: Case,
    values: Mapping[str, Any],
    *,
    version: int,
    actor_id: int,
    at: datetime,
) -> None:
    """Raise or end a case's alarm by what a change makes of it; `case` is as it was before.

    A case that a file brought as history is red without an alarm: there is none to end.
    """
    was_open, is_open = bool(case.is_open), bool(values.get("is_open", case.is_open))
    what = turn(
        before=is_red(case.risk, is_open=was_open),
        after=is_red(values.get("risk", case.risk), is_open=is_open),
    )
    if what is Turn.RAISED:
        raise_alarm(session, case.county_id, case.id, version=version, actor_id=actor_id, at=at)
    elif what is Turn.ENDED:
        # What is done about an alarm is over with it at the latest.
        for entity in (EmergencyResponse, RedEvent):
            _end(session, entity, case, actor_id=actor_id, at=at)


def raise_alarm(
    session: Session, county_id: int, case_id: int, *, version: int, actor_id: int, at: datetime
) -> None:
    """The row of a new alarm. That there is no other that goes on, `turn` has seen to."""
    session.execute(
        insert(RedEvent).values(
            county_id=county_id, case_id=case_id, seq=version, raised_at=at, raised_by=actor_id
        )
    )


def _end(session: Session, entity: Any, case: Case, *, actor_id: int, at: datetime) -> None:
    session.execute(
        update(entity)
        .where(
            entity.county_id == case.county_id,
            entity.case_id == case.id,
            entity.ended_at.is_(None),
        )
        .values(ended_at=at, ended_by=actor_id)
        .execution_options(synchronize_session=False)
    )


def who_could_answer(case: Case, *, day: date) -> Select[int, str, Role]:
    """(account, name, post) of whoever may be named for what is done about a case, by name.

    Those who read the case by a post of theirs on this day: a leader or the duty desk of the county
    as well as the station of the town or the mediator who holds it. Once for each such post.
    """
    post = UserRole
    places = [case.county_id, case.town_id, case.community_id, case.grid_id]
    heads = and_(
        post.role == Role.COMMITTEE_HEAD,
        Committee.community_id.is_not(None),
        Committee.community_id == case.community_id,
    )
    own = and_(
        post.role == Role.MEDIATOR,
        post.unit_id.is_(None),
        post.committee_id.is_(None),
        User.mediator_id == case.mediator_id,
    )
    return (
        select(User.id, User.name, post.role)
        .join(post, post.user_id == User.id)
        .outerjoin(Committee, Committee.id == post.committee_id)
        .where(
            User.county_id == case.county_id,
            User.active,
            post.role.in_(roles_with(Permission.CASE_READ, separated=False)),
            post.valid_from <= day,
            or_(post.valid_to.is_(None), post.valid_to > day),
            or_(
                post.unit_id.in_([one for one in places if one is not None]),
                post.committee_id == case.committee_id,
                heads,
                own,
            ),
        )
        .order_by(User.name, User.id, post.id)
    )
