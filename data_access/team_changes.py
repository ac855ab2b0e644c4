"""What every change of a committee or of its people begins and ends with.

It begins with the thing itself, in the asker's scope and held until commit; it ends with one dated
row for each thing that changed and the lines of the trail, so that what held when can be read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from data_access import audit, idempotency
from data_access.engine import Database
from data_access.scope import committees_within
from data_access.tables import Committee, Mediator, MediatorAbsence, TeamChange
from domain.clocks import day_of
from domain.errors import NotKeepable, TeamChanged, TeamNotFound
from domain.people import Actor, Permission, Scope
from domain.teams import Away, TeamObjection

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept:
    """A deed, which committee and mediator it is about, and the day from which it holds.

    The deed's payload has "before" and "after": codes, days, numbers.
    """

    deed: audit.Deed
    committee_id: int
    mediator_id: int | None
    day: date


def keep_once(
    db: Database,
    find: Callable[[Session], T],
    apply: Callable[[Session, T], dict[str, Any]],
    *,
    operation: str,
    request: dict[str, Any],
    actor: Actor,
    now: datetime,
    key: str,
) -> dict[str, Any]:
    """In one transaction `apply` what is asked for to what `find` found and locked; once per key.

    Raises what both raise, and KeyReused.
    """

    def work(session: Session) -> dict[str, Any]:
        found = find(session)
        return idempotency.once(
            session,
            key,
            lambda: apply(session, found),
            actor=actor,
            operation=operation,
            request=request,
            now=now,
        )

    return db.write(work)


def committee_for_change(session: Session, committee_id: int, *, scope: Scope) -> Committee:
    """The committee, held until commit. Raises TeamNotFound out of scope."""
    committee = session.scalar(
        select(Committee)
        .where(Committee.id == committee_id, committees_within(scope))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if committee is None:
        raise TeamNotFound(f"committee:{committee_id}")
    return committee


def mediator_for_change(session: Session, mediator_id: int, *, scope: Scope) -> Mediator:
    """The mediator, held until commit. Raises TeamNotFound out of scope."""
    mediator = session.scalar(
        select(Mediator)
        .join(Committee, Committee.id == Mediator.committee_id)
        .where(Mediator.id == mediator_id, committees_within(scope))
        .with_for_update(of=Mediator, key_share=True)
        .execution_options(populate_existing=True)
    )
    if mediator is None:
        raise TeamNotFound(f"mediator:{mediator_id}")
    return mediator


def change_mediator(
    db: Database,
    apply: Callable[[Session, Mediator], audit.Deed],
    *,
    operation: str,
    request: dict[str, Any],
    mediator_id: int,
    expected_version: int | None,
    actor: Actor,
    now: datetime,
    key: str,
    day: date | None = None,
) -> None:
    """Apply one change of one person, with what held before and after it; `day`: else today.

    Raises NotAllowed, TeamNotFound, TeamChanged, KeyReused, NotKeepable where nothing changes, and
    what `apply` raises.
    """
    scope = actor.scope(Permission.TEAM_KEEP)

    def work(session: Session, mediator: Mediator) -> dict[str, Any]:
        require_as_seen(mediator, expected_version)
        deed = apply(session, mediator)
        if deed.payload["before"] == deed.payload["after"]:
            raise NotKeepable([TeamObjection.UNCHANGED])
        mediator.version += 1
        kept = Kept(deed, mediator.committee_id, mediator_id, day or day_of(now))
        record(session, [kept], actor=actor, now=now)
        return {}

    keep_once(
        db,
        lambda session: mediator_for_change(session, mediator_id, scope=scope),
        work,
        operation=operation,
        request={"mediator": mediator_id, **request},
        actor=actor,
        now=now,
        key=key,
    )


def told_of(
    mediator: Mediator, before: dict[str, Any], after: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Subject and payload of a deed that changes somebody."""
    return f"mediator:{mediator.id}", {"before": before, "after": after}


def require_as_seen(mediator: Mediator, expected_version: int | None) -> None:
    """Raise TeamChanged unless the person is as the asker saw them, NotKeepable if they left."""
    if not mediator.active:
        raise NotKeepable([TeamObjection.LEFT_POST])
    if expected_version is not None and mediator.version != expected_version:
        raise TeamChanged


def require_open(committee: Committee) -> None:
    """Raise NotKeepable where the committee is closed."""
    if not committee.active:
        raise NotKeepable([TeamObjection.COMMITTEE_CLOSED])


def away(absence: MediatorAbsence) -> Away:
    """A leave as the rules see it."""
    return Away(absence.first_day, absence.last_day, absence.kind)


def told_days(one: Away) -> dict[str, Any]:
    """A leave as a change tells it."""
    return {
        "first": one.first_day.isoformat(),
        "last": one.last_day.isoformat(),
        "kind": one.kind.value,
    }


def record(session: Session, changes: Sequence[Kept], *, actor: Actor, now: datetime) -> None:
    """Write the dated rows and the lines of the trail. Call it last: it holds the county's head."""
    session.flush()
    rows = [
        {
            "committee_id": one.committee_id,
            "mediator_id": one.mediator_id,
            "action": one.deed.action,
            "day": one.day,
            "at": now,
            "actor_id": actor.user_id,
            "data": one.deed.payload,
        }
        for one in changes
    ]
    session.execute(insert(TeamChange), rows)
    deeds = [one.deed for one in changes]
    audit.append(session, deeds, actor=actor, at=now, changes_data=True)
