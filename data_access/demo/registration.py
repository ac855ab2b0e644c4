"""A dispute as somebody at a window, or on the way through a grid, would take it down."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.commands.register import NewCase, NewParty
from data_access.demo.county import County
from data_access.demo.disputes import Dispute
from data_access.demo.rows import Ids
from data_access.tables import OrganisationUnit
from domain.organisation import PartyRole, UnitLevel


def unit_ids(session: Session, county: County, *, county_id: int) -> Ids:
    """The row ids of the county's present units, found by their codes."""
    ids = {
        level: dict(
            session.execute(
                select(OrganisationUnit.code, OrganisationUnit.id).where(
                    OrganisationUnit.level == level, OrganisationUnit.valid_to.is_(None)
                )
            ).all()
        )
        for level in (UnitLevel.TOWN, UnitLevel.COMMUNITY, UnitLevel.GRID)
    }
    return Ids(
        county_id,
        *(
            [ids[place.level][place.code] for place in level]
            for level in (county.towns, county.communities, county.grids)
        ),
    )


def taken_down(
    dispute: Dispute, *, county: County, grids: Sequence[int], today: date, settled: str
) -> NewCase:
    """What is entered for a dispute. `settled` is how it ended on the spot, or empty."""
    town = county.towns[county.town_of(dispute.community)].name
    return NewCase(
        unit_id=grids[dispute.grid],
        type_code=dispute.type.code,
        source_code=dispute.source,
        occurred_on=today - timedelta(days=dispute.days_before),
        title=dispute.title,
        parties=tuple(
            NewParty(
                PartyRole(role),
                person.name,
                kind=person.kind,
                identity=person.identity or "",
                phone=person.phone or "",
                address=person.address,
                sex=person.sex,
            )
            for role, person in dispute.parties
        ),
        place=town + dispute.place,
        summary=dispute.summary,
        people_count=dispute.people,
        amount_yuan=dispute.amount,
        risk=dispute.risk,
        scale_code=dispute.scale,
        difficulty=dispute.difficulty,
        settled=settled,
    )
