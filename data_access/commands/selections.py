"""Pick open cases together under a name, so that the queue can be narrowed to them."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from data_access import idempotency
from data_access.engine import Database
from data_access.queries.figures import ALL, AREA_COLUMNS, Cut
from data_access.scope import cases_within
from data_access.tables import Case, CaseSelection, SelectedCase
from data_access.tables.cases import IS_OPEN
from domain.cases import FieldProblem
from domain.errors import Invalid
from domain.organisation import UnitLevel
from domain.people import Actor, Permission

NAME_LONGEST = 120
MOST_AREAS = 400
MOST_CASES = 2_000


@dataclass(frozen=True, slots=True)
class Selected:
    """A selection that was made: its number, and how many cases it has."""

    selection_id: int
    count: int


def select_open_cases(
    db: Database,
    *,
    level: UnitLevel,
    unit_ids: Collection[int],
    cut: Cut = ALL,
    name: str,
    actor: Actor,
    now: datetime,
    key: str,
) -> Selected:
    """Keep the open cases of some units, as they are now, under a name.

    Whoever opens the selection later
    sees of it what they may see anyway. It changes nothing of a case, so it is no line of the
    trail. Raises NotAllowed, KeyReused, or Invalid where there are no cases or more than
    MOST_CASES.
    """
    scope = actor.scope(Permission.CASE_READ)
    name = " ".join(name.split())[:NAME_LONGEST]
    units = sorted(set(unit_ids))
    if not name:
        raise Invalid(name=FieldProblem.MISSING)
    if not 0 < len(units) <= MOST_AREAS:
        raise Invalid(areas=FieldProblem.OUT_OF_RANGE if units else FieldProblem.MISSING)
    which = (
        select(Case.id)
        .where(IS_OPEN, cases_within(scope), AREA_COLUMNS[level].in_(units), *cut.conditions())
        .order_by(Case.id)
        .limit(MOST_CASES + 1)
    )
    request = {
        "level": level,
        "units": units,
        "types": sorted(cut.types),
        "sources": sorted(cut.sources),
        "name": name,
    }

    def work(session: Session) -> Selected:
        def apply() -> dict[str, Any]:
            found = session.scalars(which).all()
            if not 0 < len(found) <= MOST_CASES:
                raise Invalid(cases=FieldProblem.OUT_OF_RANGE if found else FieldProblem.MISSING)
            kept = CaseSelection(
                county_id=actor.county_id, name=name, actor_id=actor.user_id, at=now
            )
            session.add(kept)
            session.flush()
            rows = [
                {"selection_id": kept.id, "county_id": actor.county_id, "case_id": case_id}
                for case_id in found
            ]
            session.execute(insert(SelectedCase), rows)
            return asdict(Selected(kept.id, len(found)))

        answer = idempotency.once(
            session, key, apply, actor=actor, operation="select", request=request, now=now
        )
        return Selected(**answer)

    return db.write(work)
