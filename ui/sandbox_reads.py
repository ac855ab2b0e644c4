"""What the sandbox reads: cases with everybody in reach, people to take cases from, batches."""

from collections.abc import Collection, Sequence
from datetime import datetime

from data_access import site
from data_access.queries import batches as batches_query
from data_access.queries import planning as planning_query
from data_access.queries import queue
from data_access.queries.batches import BatchRow, MoveRow
from data_access.queries.planning import Planning
from data_access.queries.queue import QueueRow
from data_access.reach import seen_now
from domain.batches import SeenPerson
from domain.people import Actor, Permission, Scope
from ui.cache import cached


def planning(actor: Actor, numbers: Sequence[str], now: datetime) -> Planning:
    """What a plan for these cases is made from, as of this moment."""
    scope, supervising = actor.scope(Permission.CASE_REASSIGN), Permission.CASE_SUPERVISE
    with site.current().db.read() as session:
        return planning_query.planning(
            session,
            scope=scope,
            case_nos=numbers,
            now=now,
            assigner=actor.user_id,
            supervise=actor.scope(supervising)
            if actor.may(supervising)
            else Scope(actor.county_id),
        )


def rows_now(actor: Actor, numbers: Sequence[str], now: datetime) -> list[QueueRow]:
    """The same cases as they stand now, to see whether a plan still fits."""
    scope = actor.scope(Permission.CASE_REASSIGN)
    return cached(
        f"sandbox rows {','.join(sorted(numbers))}",
        lambda session: queue.rows_of(session, scope=scope, case_nos=numbers, now=now),
        scope=scope,
        now=now,
    )


def people_now(actor: Actor, people: Collection[int], now: datetime) -> dict[int, SeenPerson]:
    """The people of a plan as they are now, to see whether its figures still hold."""
    scope = actor.scope(Permission.CASE_REASSIGN)
    told = ",".join(map(str, sorted(people)))
    return cached(
        f"sandbox people {told}",
        lambda session: seen_now(session, people, county_id=scope.county_id, now=now),
        scope=scope,
        now=now,
    )


def held_by(actor: Actor, mediator_id: int, now: datetime, most: int) -> tuple[str, ...]:
    """The numbers of the open cases of a mediator within reach, the most urgent first."""
    scope = actor.scope(Permission.CASE_REASSIGN)
    with site.current().db.read() as session:
        return queue.numbers(
            session,
            scope=scope,
            filters=queue.Filters(mediator_id=mediator_id),
            now=now,
            most=most,
        )


def batches(actor: Actor) -> Sequence[BatchRow]:
    """The youngest batches of the person, or that reach into their part."""
    scope = actor.scope(Permission.CASE_REASSIGN)
    return cached(
        f"batches {actor.user_id}",
        lambda session: batches_query.batches(session, scope=scope, owner_id=actor.user_id),
        scope=scope,
    )


def moves(actor: Actor, batch_id: int) -> Sequence[MoveRow]:
    """What became of each case of a batch."""
    scope = actor.scope(Permission.CASE_REASSIGN)
    return cached(
        f"batch {batch_id} {actor.user_id}",
        lambda session: batches_query.moves_of(
            session, scope=scope, owner_id=actor.user_id, batch_id=batch_id
        ),
        scope=scope,
    )
