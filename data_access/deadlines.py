"""Deadlines of open cases under changed rules: what would move, and the moving itself.

Nothing here touches a closed case or an interval that is over: what a screen showed of a past
moment it shows again.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, insert, literal, null, select, update
from sqlalchemy.orm import Session

from data_access import numbers
from data_access.clocks import OpenCase, every_open_case
from data_access.history import SPAN_FIELDS
from data_access.tables import Case, CaseEvent, CaseSpan, OrganisationUnit
from data_access.tables.cases import IS_OPEN
from domain.cases import EventKind, Stage
from domain.clocks import Clock, Deadline, Limit
from domain.errors import Conflict
from domain.limits import RuleKind, keeps, moved_to
from domain.people import Actor

_EXAMPLES = 12
_IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class DeadlineMove:
    """An open case whose deadline differs under the changed rules."""

    case: OpenCase
    after: Deadline
    limit_on: date | None
    was_late: bool
    is_late: bool

    @property
    def before(self) -> Deadline:
        """The stored deadline."""
        return self.case.standing.stored

    @property
    def stage(self) -> Stage:
        """Where the case stands."""
        return self.case.standing.running.stage


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change of the rules would do to the open cases, before it is applied.

    `kept` counts cases that stay under their old rule because they are late already or have days
    granted or asked for in another unit. `same_day` counts moves in which only the yellow moment
    or the rule changes. `examples` are the earliest by their deadline of now. `fingerprint` stands
    for all of it: what is applied must be what was looked at.
    """

    moved: int
    kept: int
    later: int
    earlier: int
    same_day: int
    turn_late: int
    no_longer_late: int
    by_stage: tuple[tuple[Stage, int], ...]
    by_town: tuple[tuple[str, int], ...]
    examples: tuple[DeadlineMove, ...]
    fingerprint: str


def find_moves(
    session: Session,
    after: Clock,
    *,
    county_id: int,
    now: datetime,
    rule: Limit | None = None,
    open_cases: bool = False,
) -> tuple[list[DeadlineMove], int]:
    """Each open case whose deadline would differ from the stored one, and how many keep theirs.

    `rule` is the new one, `open_cases` whether those already in its stage take it over.
    """
    found, kept = [], 0
    for case in every_open_case(session, county_id=county_id):
        standing = case.standing
        deadline, limit_on = moved_to(standing, after, now=now, rule=rule, open_cases=open_cases)
        if rule is not None:
            kept += keeps(standing, after, rule, now=now, open_cases=open_cases)
        if (deadline, limit_on) == (standing.stored, standing.running.limit_on):
            continue
        was, becomes = (
            standing.is_late(one.due_at, now=now) for one in (standing.stored, deadline)
        )
        found.append(DeadlineMove(case, deadline, limit_on, was, becomes))
    return found, kept


def preview(session: Session, moves: Sequence[DeadlineMove], kept: int) -> Preview:
    """The moves in figures, with the earliest of them."""
    stages = Counter(one.stage for one in moves)
    towns = Counter(one.case.town_id for one in moves)
    names = session.execute(
        select(OrganisationUnit.id, OrganisationUnit.name).where(OrganisationUnit.id.in_(towns))
    )
    name_of = {row.id: row.name for row in names}
    return Preview(
        len(moves),
        kept,
        sum(one.after.due_at > one.before.due_at for one in moves),
        sum(one.after.due_at < one.before.due_at for one in moves),
        sum(one.after.due_at == one.before.due_at for one in moves),
        sum(one.is_late and not one.was_late for one in moves),
        sum(one.was_late and not one.is_late for one in moves),
        tuple((stage, stages[stage]) for stage in Stage if stages[stage]),
        tuple((name_of.get(town, ""), count) for town, count in towns.most_common()),
        tuple(sorted(moves, key=lambda one: (one.before.due_at, one.case.id))[:_EXAMPLES]),
        fingerprint(moves, kept),
    )


def fingerprint(moves: Iterable[DeadlineMove], kept: int) -> str:
    """A SHA-256 over each case that would move, from which deadline to which."""
    digest = hashlib.sha256(str(kept).encode())
    for one in moves:
        moments = (*_moments(one.before), *_moments(one.after))
        digest.update(json.dumps([one.case.id, *moments, str(one.limit_on)]).encode())
    return digest.hexdigest()


def _moments(deadline: Deadline) -> tuple[str, str]:
    return deadline.due_at.isoformat(), deadline.soon_at.isoformat()


# --------------------------------------------------------------------------------------- applying


def hold_rules(session: Session, *, county_id: int) -> None:
    """Wait for everybody who reckons a deadline; until commit nobody else does. Call it first.

    A registration and an import hold their counter from before they read the rules until commit,
    and whoever changes a case holds the case. In the order in which an import takes them, so that
    the two never wait for each other.
    """
    for counter in ("import", "case"):
        numbers.reserve(session, counter, county_id=county_id, count=0)
    session.execute(
        select(Case.id)
        .where(Case.county_id == county_id, IS_OPEN)
        .order_by(Case.id)
        .with_for_update()
    ).close()


def move(
    session: Session,
    moves: Sequence[DeadlineMove],
    *,
    change_id: int,
    kind: RuleKind,
    actor: Actor,
    now: datetime,
) -> None:
    """Each case to its next version with its new deadline, and the event that tells of it.

    Raises Conflict where a case is not as it was found. The spans follow by `write_spans`.
    """
    if not moves:
        return
    table: Any = Case.__table__
    changed = session.connection().execute(
        update(table)
        .where(
            table.c.county_id == actor.county_id,
            table.c.id == bindparam("moved_id"),
            table.c.version == bindparam("known_version"),
        )
        .values(
            due_at=bindparam("new_due_at"),
            soon_at=bindparam("new_soon_at"),
            limit_on=bindparam("new_limit_on"),
            version=bindparam("new_version"),
            updated_at=bindparam("new_updated_at"),
        ),
        [
            {
                "moved_id": one.case.id,
                "known_version": one.case.version,
                "new_version": one.case.version + 1,
                "new_due_at": one.after.due_at,
                "new_soon_at": one.after.soon_at,
                "new_limit_on": one.limit_on,
                "new_updated_at": max(now, one.case.updated_at),
            }
            for one in moves
        ],
    )
    if changed.rowcount != len(moves):
        raise Conflict
    session.execute(
        insert(CaseEvent),
        [_event(one, change_id=change_id, kind=kind, actor=actor, now=now) for one in moves],
    )


def _event(
    one: DeadlineMove, *, change_id: int, kind: RuleKind, actor: Actor, now: datetime
) -> dict[str, Any]:
    return {
        "county_id": actor.county_id,
        "case_id": one.case.id,
        "seq": one.case.version + 1,
        "kind": EventKind.DEADLINE_MOVED,
        "at": max(now, one.case.updated_at),
        "actor_id": actor.user_id,
        "data": {
            "change": change_id,
            "because": kind,
            "old": one.before.due_at.isoformat(),
            "new": one.after.due_at.isoformat(),
            "limit_on": one.limit_on and one.limit_on.isoformat(),
        },
        "note_encrypted": None,
    }


def write_spans(
    session: Session, case_ids: Sequence[int], *, county_id: int, recorded_seq: int
) -> None:
    """End the open interval of each case and begin the next, with what the case says now."""
    for ids in _portions(case_ids):
        of_case = (Case.county_id == county_id, Case.id == CaseSpan.case_id)
        session.execute(
            update(CaseSpan)
            .where(
                CaseSpan.county_id == county_id,
                CaseSpan.case_id.in_(ids),
                CaseSpan.ends_at.is_(None),
            )
            .values(ends_at=select(Case.updated_at).where(*of_case).scalar_subquery())
            .execution_options(synchronize_session=False)
        )
        columns = {
            "county_id": Case.county_id,
            "case_id": Case.id,
            "seq": Case.version,
            "starts_at": Case.updated_at,
            "ends_at": null(),
            "recorded_seq": literal(recorded_seq, BigInteger),
            **{name: getattr(Case, name) for name in SPAN_FIELDS},
        }
        now_true = select(*columns.values()).where(Case.county_id == county_id, Case.id.in_(ids))
        session.execute(insert(CaseSpan).from_select(list(columns), now_true))


def _portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Not more than one statement can name."""
    for first in range(0, len(ids), _IDS_AT_ONCE):
        yield ids[first : first + _IDS_AT_ONCE]
