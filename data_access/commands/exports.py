"""What leaves as a file leaves a line in the trail."""

from datetime import date, datetime

from data_access import audit
from data_access.engine import Database
from domain.kpi import FigureKey, Window
from domain.people import Actor, Permission


def record_figures_export(
    db: Database,
    *,
    figure: FigureKey,
    window: Window,
    area: str,
    rows: int,
    suppressed: bool,
    actor: Actor,
    now: datetime,
) -> None:
    """Say in the trail that a table of figures was taken along: of what, how many rows.

    `area` is the code of the unit that was looked at; `suppressed`: small figures were merged.
    Raises NotAllowed.
    """
    actor.scope(Permission.FIGURES_READ)
    facts = {
        "figure": figure.value,
        "first_day": f"{window.first_day}",
        "last_day": f"{window.last_day}",
        "area": area,
        "rows": rows,
        "suppressed": suppressed,
    }
    deed = audit.Deed("figures:export", f"county:{actor.county_id}", facts)
    db.write(lambda session: audit.append(session, [deed], actor=actor, at=now, changes_data=False))


def record_workload_export(
    db: Database,
    *,
    town_id: int | None,
    committee_id: int | None,
    mediator_id: int | None,
    day: date,
    rows: int,
    actor: Actor,
    now: datetime,
) -> None:
    """Say in the trail that a table of workloads was taken along: of whom, as of which day.

    The ids are of the place that was looked at, None for all of one's reach. Raises NotAllowed.
    """
    actor.scope(Permission.CASE_READ)
    facts = {
        "unit": town_id,
        "committee": committee_id,
        "mediator": mediator_id,
        "day": f"{day}",
        "rows": rows,
    }
    deed = audit.Deed("workload:export", f"county:{actor.county_id}", facts)
    db.write(lambda session: audit.append(session, [deed], actor=actor, at=now, changes_data=False))
