"""The plans of county and people as rows of an empty database."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from data_access import reference
from data_access.demo.county import (
    CODE,
    NAME,
    REDRAWN,
    County,
    Place,
    grids_before,
    redrawn_on,
)
from data_access.demo.people import CommitteePlan, Workforce
from data_access.demo.rows import Ids
from data_access.engine import vault_of
from data_access.tables import (
    Committee,
    Mediator,
    MediatorAbsence,
    MediatorRelation,
    MediatorSpeciality,
    OrganisationUnit,
)
from data_access.vault import Indexed
from domain.organisation import RelationKind


def establish(session: Session, county: County, workforce: Workforce, *, today: date) -> Ids:
    """Write the divisions, committees, mediators and leave of a county. Returns their ids."""
    county_id = reference.create_county(session, code=CODE, name=NAME)
    session.execute(
        update(OrganisationUnit)
        .where(OrganisationUnit.id == county_id)
        .values(households=county.households)
    )
    root = (county_id, f"/{county_id}/")
    towns = _add_units(session, county.towns, [root])
    communities = _add_units(session, county.communities, towns)
    redrawn = redrawn_on(today)
    grids = _add_units(session, _since(county.grids, redrawn), communities)
    ended, before = grids_before(county)
    gone = _add_units(session, ended, communities, valid_to=redrawn)
    ids = Ids(
        county_id,
        _ids(towns),
        _ids(communities),
        _ids(grids),
        ended=_ids(gone),
        before={grid: [gone[index][0] for index in indexes] for grid, indexes in before.items()},
    )
    return _add_people(session, ids, workforce, today=today)


def add_relations(
    session: Session, ids: Ids, relations: list[tuple[int, str, RelationKind, date]]
) -> None:
    """Write disclosed relations: (mediator's index, identity number, kind, day)."""
    vault = vault_of(session)
    rows = {
        (ids.mediators[mediator], vault.index(identity, Indexed.IDENTITY)): (kind, day)
        for mediator, identity, kind, day in relations
    }
    if rows:
        session.execute(
            insert(MediatorRelation),
            [
                {
                    "mediator_id": mediator,
                    "person_index": index,
                    "kind": kind,
                    "disclosed_on": day,
                }
                for (mediator, index), (kind, day) in rows.items()
            ],
        )


def _ids(units: list[tuple[int, str]]) -> list[int]:
    return [unit_id for unit_id, _path in units]


def _since(grids: tuple[Place, ...], redrawn: date) -> tuple[Place, ...]:
    """The grids of today, those that came of others from that day on."""
    new = {code for one in REDRAWN for code in one.codes_after()}
    return tuple(replace(grid, valid_from=redrawn) if grid.code in new else grid for grid in grids)


def _add_units(
    session: Session,
    places: Sequence[Place],
    parents: list[tuple[int, str]],
    *,
    valid_to: date | None = None,
) -> list[tuple[int, str]]:
    """Write one level of units. Returns (id, path) of each, in order."""
    rows = [
        {
            "code": place.code,
            "level": place.level,
            "parent_id": parents[place.parent][0],
            "path": "",
            "name": place.name,
            "kind": place.kind,
            "valid_from": place.valid_from,
            "valid_to": valid_to,
            "households": place.households,
        }
        for place in places
    ]
    returning = insert(OrganisationUnit).returning(
        OrganisationUnit.id, sort_by_parameter_order=True
    )
    ids = session.scalars(returning, rows).all()
    paths = [
        f"{parents[place.parent][1]}{unit_id}/" for place, unit_id in zip(places, ids, strict=True)
    ]
    table = OrganisationUnit.__table__
    session.connection().execute(
        update(OrganisationUnit).where(table.c.id == bindparam("of")).values(path=bindparam("to")),
        [{"of": unit_id, "to": path} for unit_id, path in zip(ids, paths, strict=True)],
    )
    return list(zip(ids, paths, strict=True))


def _add_people(session: Session, ids: Ids, workforce: Workforce, *, today: date) -> Ids:
    committees = session.scalars(
        insert(Committee).returning(Committee.id, sort_by_parameter_order=True),
        [_committee_row(plan, ids) for plan in workforce.committees],
    ).all()
    vault = vault_of(session)
    mediators = session.scalars(
        insert(Mediator).returning(Mediator.id, sort_by_parameter_order=True),
        [
            {
                "code": plan.code,
                "name": plan.name,
                "sex": plan.sex,
                "committee_id": committees[plan.committee],
                "member": plan.member,
                "chair": plan.chair,
                "full_time": plan.full_time,
                "adult": True,
                "capacity": plan.capacity,
                "active": plan.left_on is None or today < plan.left_on,
                "identity_index": vault.index(plan.identity, Indexed.IDENTITY),
            }
            for plan in workforce.mediators
        ],
    ).all()
    people = list(zip(mediators, workforce.mediators, strict=True))
    session.execute(
        insert(MediatorSpeciality),
        [
            {"mediator_id": mediator_id, "type_code": code}
            for mediator_id, plan in people
            for code in plan.specialities
        ],
    )
    session.execute(
        insert(MediatorAbsence),
        [
            {
                "mediator_id": mediator_id,
                "first_day": absence.first_day,
                "last_day": absence.last_day,
                "kind": absence.kind,
            }
            for mediator_id, plan in people
            for absence in plan.absences
        ],
    )
    committee_of = [committees[plan.committee] for plan in workforce.mediators]
    return replace(ids, mediators=mediators, committee_of=committee_of)


def _committee_row(plan: CommitteePlan, ids: Ids) -> dict[str, object]:
    town = None if plan.town is None else ids.towns[plan.town]
    community = None if plan.community is None else ids.communities[plan.community]
    return {
        "code": plan.code,
        "name": plan.name,
        "kind": plan.kind,
        "unit_id": community or town or ids.county,
        "town_id": town,
        "community_id": community,
        "term_from": plan.term_from,
        "term_to": plan.term_to,
    }
