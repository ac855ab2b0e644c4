"""Change the work calendar: the days of a notice, or a single day of the county's own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from data_access import audit
from data_access.engine import Database
from data_access.rule_changes import (
    Amendment,
    Applied,
    carry_out,
    change_once,
    changed_days,
    checked_reason,
    payload_of,
    plan_days,
    record,
    require_keeper,
    require_valid_days,
)
from data_access.tables import WorkDay
from domain.errors import Invalid
from domain.limits import RuleKind, RuleProblem
from domain.people import Actor, Permission
from domain.work_calendar import NamedDay


def change_calendar(
    db: Database,
    *,
    days: Sequence[NamedDay],
    official: bool,
    reason: str,
    fingerprint: str,
    actor: Actor,
    now: datetime,
    key: str,
) -> Applied:
    """Set days and move every open case whose deadline differs then, all or nothing.

    `official` days are the State Council's; others are the county's own. `fingerprint` is of the
    preview that the person looked at; `key` makes a retry safe. Raises NotAllowed, Invalid,
    PreviewOutdated or KeyReused.
    """
    require_keeper(actor.scope(Permission.RULES_KEEP))
    reason = checked_reason(reason)
    require_valid_days(days, now=now)
    said = [[one.day.isoformat(), one.halves, one.note] for one in days]
    request = {"days": said, "official": official, "reason": reason, "fingerprint": fingerprint}

    def apply(session: Session) -> Applied:
        changes = changed_days(session, days, official=official)
        if not changes:
            raise Invalid(calendar=RuleProblem.NOTHING_CHANGES)
        planned = plan_days(session, days, county_id=actor.county_id, now=now)
        planned.require_as_seen(fingerprint)
        after = [one.after for one in changes]
        data: dict[str, Any] = {
            "days": len(after),
            "first": after[0].day.isoformat(),
            "last": after[-1].day.isoformat(),
            "official": official,
        }
        listed = {"list": [[one.day.isoformat(), one.halves, one.note] for one in after]}
        change = Amendment(RuleKind.CALENDAR, data | listed, reason, actor, now)
        change_id = record(session, change, moved=len(planned.moves), kept=planned.kept)
        _write(session, after, official=official, change_id=change_id)
        deed = audit.Deed("calendar:change", f"rules:{change_id}", payload_of(planned, data))
        return carry_out(session, planned, change, change_id=change_id, deed=deed)

    return change_once(
        db, apply, operation="calendar", request=request, actor=actor, now=now, key=key
    )


def _write(session: Session, days: Sequence[NamedDay], *, official: bool, change_id: int) -> None:
    for one in days:
        row = session.get(WorkDay, one.day)
        if row is None:
            row = WorkDay(day=one.day, official=official)
            session.add(row)
        # A day of the notice stays one when the county sets it otherwise: its year is entered.
        row.official = row.official or official
        row.halves, row.note, row.change_id = one.halves, one.note, change_id
    session.flush()
