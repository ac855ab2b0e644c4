"""Pick open cases together under a name, so that the queue can be narrowed to them."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, insert, or_, select
from sqlalchemy.orm import Session

from data_access import idempotency
from data_access.engine import Database
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
_COLUMN = {
    UnitLevel.COUNTY: Case.county_id,
    UnitLevel.TOWN: Case.town_id,
    UnitLevel.COMMUNITY: Case.community_id,
    UnitLevel.GRID: Case.grid_id,
}


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
    types: Collection[str] = (),
    sources: Collection[str] = (),
    name: str,
    actor: Actor,
    now: datetime,
    key: str,
) -> Selected:
    """Keep the open cases of some units, as they are now, under a name.

    `types` are of 2 or 4 digits; none of them means every one. Whoever opens the selection later
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
    narrowed: list[ColumnElement[bool]] = []
    if sources:
        narrowed.append(Case.source_code.in_(sorted(sources)))
    if types:
        # A group is every code that begins with its two digits, itself included.
        narrowed.append(or_(*(Case.type_code.between(one, f"{one:9<4}") for one in sorted(types))))
    which = (
        select(Case.id)
        .where(IS_OPEN, cases_within(scope), _COLUMN[level].in_(units), *narrowed)
        .order_by(Case.id)
        .limit(MOST_CASES + 1)
    )
    request = {
        "level": level,
        "units": units,
        "types": sorted(types),
        "sources": sorted(sources),
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
