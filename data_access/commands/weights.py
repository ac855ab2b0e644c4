"""Change what cases weigh: a new table from its day on, or one withdrawn that has not begun."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access import audit
from data_access.engine import Database
from data_access.rule_changes import (
    Amendment,
    Applied,
    change_once,
    checked_reason,
    record,
    require_keeper,
)
from data_access.tables import StoredWeights
from data_access.weight_changes import (
    WeightMove,
    find_weight_moves,
    fingerprint,
    require_valid_table,
    reweigh,
)
from domain.clocks import day_of
from domain.errors import Invalid, NotFound, PreviewOutdated
from domain.limits import RuleKind, RuleProblem
from domain.loads import WeightTable
from domain.people import Actor, Permission


def add_weight_table(
    db: Database,
    *,
    table: WeightTable,
    reason: str,
    seen: str,
    actor: Actor,
    now: datetime,
    key: str,
) -> Applied:
    """A new table of weights from its day on. Its version is the next one, whatever it says.

    Where it begins today the open cases get their points at once, else by the work of its first
    day; closed cases and past intervals keep theirs. `seen` is the fingerprint of the preview that
    the person looked at; `key` makes a retry safe. Raises NotAllowed, Invalid, PreviewOutdated or
    KeyReused.
    """
    require_keeper(actor.scope(Permission.RULES_KEEP))
    reason = checked_reason(reason)
    data = {"valid_from": table.valid_from.isoformat(), "weights": table.numbers()}

    def apply(session: Session) -> Applied:
        county_id, today = actor.county_id, day_of(now)
        require_valid_table(session, table, county_id=county_id, now=now)
        moves = find_weight_moves(session, table, county_id=county_id)
        if fingerprint(table, moves, today=today) != seen:
            raise PreviewOutdated
        begins = table.valid_from <= today
        moved = moves if begins else ()
        numbered = replace(table, version=_next_version(session, county_id))
        change = Amendment(
            RuleKind.WEIGHTS, data | {"version": numbered.version}, reason, actor, now
        )
        change_id = record(session, change, moved=len(moved), kept=0)
        _write(
            session, numbered, change_id=change_id, begun_at=now if begins else None, actor=actor
        )
        _tell(session, numbered, moved, change_id=change_id, actor=actor, now=now)
        return Applied(change_id, len(moved), 0)

    request = data | {"reason": reason, "seen": seen}
    return change_once(
        db, apply, operation="weights_add", request=request, actor=actor, now=now, key=key
    )


def withdraw_weight_table(
    db: Database, *, version: int, reason: str, actor: Actor, now: datetime, key: str
) -> Applied:
    """Withdraw a table that has not begun: no points rest on it. The one before it goes on.

    Raises NotAllowed, NotFound, Invalid or KeyReused.
    """
    require_keeper(actor.scope(Permission.RULES_KEEP))
    reason = checked_reason(reason)

    def apply(session: Session) -> Applied:
        row = session.get(StoredWeights, (actor.county_id, version))
        if row is None or row.withdrawn_at is not None:
            raise NotFound(f"weights:{version}")
        if row.begun_at is not None or row.valid_from <= day_of(now):
            raise Invalid(table=RuleProblem.HAS_BEGUN)
        data = {"version": version, "valid_from": row.valid_from.isoformat()}
        change = Amendment(RuleKind.WEIGHTS, data | {"removed": True}, reason, actor, now)
        change_id = record(session, change, moved=0, kept=0)
        row.withdrawn_at = now
        session.flush()
        deed = audit.Deed("weights:withdraw", f"rules:{change_id}", data)
        audit.append(session, [deed], actor=actor, at=now, changes_data=True)
        return Applied(change_id, 0, 0)

    return change_once(
        db,
        apply,
        operation="weights_withdraw",
        request={"version": version, "reason": reason},
        actor=actor,
        now=now,
        key=key,
    )


def _next_version(session: Session, county_id: int) -> int:
    """Numbers of withdrawn tables are not used again."""
    last = session.scalar(
        select(func.max(StoredWeights.version)).where(StoredWeights.county_id == county_id)
    )
    return (last or 1) + 1


def _write(
    session: Session,
    table: WeightTable,
    *,
    change_id: int,
    begun_at: datetime | None,
    actor: Actor,
) -> None:
    session.add(
        StoredWeights(
            county_id=actor.county_id,
            version=table.version,
            valid_from=table.valid_from,
            weights=table.numbers(),
            change_id=change_id,
            begun_at=begun_at,
            withdrawn_at=None,
        )
    )
    session.flush()


def _tell(
    session: Session,
    table: WeightTable,
    moved: tuple[WeightMove, ...],
    *,
    change_id: int,
    actor: Actor,
    now: datetime,
) -> None:
    """One line in the trail, and the moved cases with their history."""
    payload = {
        "version": table.version,
        "valid_from": table.valid_from.isoformat(),
        "reweighed": len(moved),
    }
    deed = audit.Deed("weights:add", f"rules:{change_id}", payload)
    reweigh(session, moved, table=table, deed=deed, actor=actor, now=now)
