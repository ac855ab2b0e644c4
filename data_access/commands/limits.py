"""Change the table of limits: a new rule, or one withdrawn that has not begun."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from data_access import audit
from data_access.engine import Database
from data_access.reference import limit_of, load_clock
from data_access.rule_changes import (
    Amendment,
    Applied,
    carry_out,
    change_once,
    checked_reason,
    limit_row,
    payload_of,
    plan_limit,
    record,
    require_keeper,
    require_valid_rule,
    rule_data,
)
from data_access.tables import LimitRule
from domain.clocks import Limit, day_of
from domain.errors import Invalid, NotFound
from domain.limits import RuleKind, RuleProblem, amended, withdrawn
from domain.people import Actor, Permission


def add_limit(
    db: Database,
    *,
    rule: Limit,
    open_cases: bool,
    reason: str,
    fingerprint: str,
    actor: Actor,
    now: datetime,
    key: str,
) -> Applied:
    """A new rule from its day on; the one that it follows ends there.

    `open_cases`: those already in that stage take it over, but for the late ones, which keep their
    deadline; only a rule of today can be taken over. `fingerprint` is of the preview that the
    person looked at; `key` makes a retry safe. Raises NotAllowed, Invalid, PreviewOutdated or
    KeyReused.
    """
    require_keeper(actor.scope(Permission.RULES_KEEP))
    reason = checked_reason(reason)
    rule = replace(rule, source=rule.source.strip(), valid_to=None)
    request = {
        **rule_data(rule),
        "source": rule.source,
        "open_cases": open_cases,
        "reason": reason,
        "fingerprint": fingerprint,
    }

    def apply(session: Session) -> Applied:
        require_valid_rule(session, rule, open_cases=open_cases, now=now)
        planned = plan_limit(
            session, rule, open_cases=open_cases, county_id=actor.county_id, now=now
        )
        planned.require_as_seen(fingerprint)
        data = rule_data(rule) | {"open_cases": open_cases}
        change = Amendment(RuleKind.LIMITS, data, reason, actor, now)
        change_id = record(session, change, moved=len(planned.moves), kept=planned.kept)
        _write(session, rule, change_id=change_id)
        deed = audit.Deed("limit:add", f"rules:{change_id}", payload_of(planned, data))
        return carry_out(session, planned, change, change_id=change_id, deed=deed)

    return change_once(
        db, apply, operation="limit_add", request=request, actor=actor, now=now, key=key
    )


def remove_limit(
    db: Database, *, rule_id: int, reason: str, actor: Actor, now: datetime, key: str
) -> Applied:
    """Withdraw a rule that has not begun: no deadline rests on it.

    The rule before it goes on. Raises NotAllowed, NotFound, Invalid or KeyReused.
    """
    require_keeper(actor.scope(Permission.RULES_KEEP))
    reason = checked_reason(reason)
    request = {"rule": rule_id, "reason": reason}

    def apply(session: Session) -> Applied:
        row = session.get(LimitRule, rule_id)
        if row is None:
            raise NotFound(f"limit:{rule_id}")
        rule = limit_of(row)
        if rule.valid_from <= day_of(now):
            raise Invalid(rule=RuleProblem.HAS_BEGUN)
        data = rule_data(rule) | {"removed": True}
        change = Amendment(RuleKind.LIMITS, data, reason, actor, now)
        change_id = record(session, change, moved=0, kept=0)
        _rewrite_ends(session, withdrawn(load_clock(session).limits, rule))
        session.delete(row)
        session.flush()
        deed = audit.Deed("limit:remove", f"rules:{change_id}", rule_data(rule))
        audit.append(session, [deed], actor=actor, at=now, changes_data=True)
        return Applied(change_id, 0, 0)

    return change_once(
        db, apply, operation="limit_remove", request=request, actor=actor, now=now, key=key
    )


def _write(session: Session, rule: Limit, *, change_id: int) -> None:
    """The new row; the one that it follows gets its end."""
    table = amended(load_clock(session).limits, rule)
    _rewrite_ends(session, table[:-1])
    new = table[-1]
    session.add(
        LimitRule(
            stage=new.stage,
            difficulty=new.difficulty,
            level=new.level,
            amount=new.amount,
            unit=new.unit,
            valid_from=new.valid_from,
            valid_to=new.valid_to,
            source=new.source,
            change_id=change_id,
        )
    )
    session.flush()


def _rewrite_ends(session: Session, limits: tuple[Limit, ...]) -> None:
    for one in limits:
        row = limit_row(session, one)
        if row is not None and row.valid_to != one.valid_to:
            row.valid_to = one.valid_to
    session.flush()
