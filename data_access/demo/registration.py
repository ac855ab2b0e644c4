"""One new case into a living county: its row, parties, event, span and audit line together."""

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from data_access import audit, numbers
from data_access.demo.county import County
from data_access.demo.disputes import Dispute
from data_access.demo.rows import Ids, Numbered, Rows
from data_access.demo.story import Story
from data_access.demo.worktime import WorkTime
from data_access.engine import vault_of
from data_access.reference import load_clock
from data_access.tables import Case, CaseEvent, CaseSpan, OrganisationUnit, Party
from domain.cases import EventKind, Stage
from domain.organisation import UnitLevel
from domain.people import Actor


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


def register(
    session: Session, dispute: Dispute, *, county: County, ids: Ids, time: WorkTime, actor: Actor
) -> str:
    """Register a dispute at its own moment, in the caller's transaction. Returns its number."""
    now = time.moment(dispute.at)
    (case_id,) = numbers.reserve(session, "case", county_id=ids.county)
    party_ids = numbers.reserve(session, "party", county_id=ids.county, count=len(dispute.parties))
    (ordinal,) = numbers.reserve(session, numbers.case_counter(now), county_id=ids.county)
    story = Story(dispute)
    due = load_clock(session).deadline(Stage.REGISTERED, dispute.difficulty, start=now)
    data = {"source": dispute.source}
    story.enter(dispute.at, EventKind.REGISTERED, Stage.REGISTERED, due, data=data)
    told = Numbered(story, case_id, numbers.case_number(now, ordinal), party_ids)
    rows = Rows(county, ids, vault_of(session), time)
    session.execute(insert(Case).values(rows.case(told)))
    for party in rows.parties(told):
        session.execute(insert(Party).values(party))
    session.execute(insert(CaseEvent).values(rows.events(told)))
    stamp = audit.append(
        session,
        [audit.Deed("case:register", f"case:{told.case_no}", {**data, "version": 1})],
        actor=actor,
        at=now,
        changes_data=True,
    )
    session.execute(insert(CaseSpan).values(rows.spans(told, recorded_seq=stamp.data_seq)))
    return told.case_no
