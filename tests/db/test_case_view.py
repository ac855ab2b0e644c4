"""One case as the drawer shows it: what is masked, and how far back its timeline goes."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from data_access.history import note_place
from data_access.queries.cases import TIMELINE_LENGTH, case_view
from data_access.tables import CaseEvent, Party
from domain.cases import EventKind
from domain.organisation import PartyKind, PartyRole
from domain.people import Scope
from tests.world import NOW

COMPANY = "青禾物业服务公司"
ADDRESS = "大邑县安仁镇和众社区稻香路147号"


def shown(db, world, case):
    with db.read() as session:
        scope = Scope(world.county, whole_county=True)
        return case_view(session, scope=scope, case_no=case.case_no, now=NOW)


def change_party(db, world, case, role, **values):
    """Give one party of the case an address or another kind."""

    def work(session):
        party = session.query(Party).filter_by(case_id=case.id, role=role).one()
        for name, value in values.items():
            if name == "kind":
                party.kind = value
            else:
                place = f"party.{name}:{world.county}:{party.id}"
                setattr(party, f"{name}_encrypted", db.vault.encrypt(value, place=place))

    db.write(work)


def add_events(db, world, case, count, note="已电话联系"):
    def work(session):
        rows = []
        for seq in range(2, count + 2):
            place = note_place("case_event.note", world.county, case.id, seq)
            rows.append(
                {
                    "county_id": world.county,
                    "case_id": case.id,
                    "seq": seq,
                    "kind": EventKind.REASSIGNED,
                    "at": NOW + timedelta(minutes=seq),
                    "actor_id": 0,
                    "data": {},
                    "note_encrypted": db.vault.encrypt(note, place=place),
                }
            )
        session.execute(insert(CaseEvent), rows)

    db.write(work)


def test_persons_and_organisations_are_masked_each_in_their_way(db, world):
    case = world.case(
        parties=("买买提阿布都拉", COMPANY), summary=f"买买提阿布都拉与{COMPANY}的纠纷"
    )
    change_party(db, world, case, PartyRole.RESPONDENT, kind=PartyKind.ORGANISATION)
    view = shown(db, world, case)
    assert [party.name for party in view.parties] == ["买某某", "青禾***公司"]
    assert view.summary == "买某某与青禾***公司的纠纷"


def test_what_is_known_of_a_party_is_in_no_text_of_the_case(db, world):
    case = world.case(
        parties=("王小明",),
        identities=("E12345678",),
        phones=("8822123",),
        title="家住稻香路 147 号的王小明",
        summary=f"王小明,证件e12345678,住{ADDRESS},2026-11-22 起请假,索赔1234567元",
    )
    change_party(db, world, case, PartyRole.APPLICANT, address=ADDRESS)
    # A number with a unit would pass for an amount; this one is known to be a phone.
    add_events(db, world, case, 1, note="打8822123元无人接听,上门稻香路147号")
    view = shown(db, world, case)
    assert view.title == "家住***的王某某"
    assert view.summary == "王某某,证件***,住***,2026-11-22 起请假,索赔1234567元"
    assert view.events[0].note == "打***元无人接听,上门***"


@pytest.mark.parametrize("beyond", [-1, 0, 1, 40])
def test_a_timeline_says_how_many_events_it_leaves_out(db, world, beyond):
    case = world.case()
    add_events(db, world, case, TIMELINE_LENGTH + beyond - 1)
    other = world.case()
    add_events(db, world, other, 3)
    view = shown(db, world, case)
    assert view.earlier_events == max(0, beyond)
    assert len(view.events) == TIMELINE_LENGTH + min(0, beyond)
    assert view.events[-1].seq == view.earlier_events + 1
