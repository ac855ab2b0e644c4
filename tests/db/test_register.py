"""Registering a dispute: what is entered, where one may, on the spot, and once."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from data_access import audit
from data_access.commands.register import NewCase, NewParty, register_case
from data_access.queries.cases import case_view
from data_access.tables import Case, CaseEvent, CaseSpan, Party
from domain.cases import Difficulty, EventKind, Stage
from domain.errors import Invalid, NotAllowed
from domain.organisation import PartyRole
from domain.people import Permission, Scope
from tests.world import NOW


@pytest.fixture
def window(db, world):
    return Window(db, world)


class Window:
    def __init__(self, db, world):
        self.db, self.world, self.actor = db, world, world.actor()
        self.new = NewCase(
            unit_id=world.grid_a,
            type_code="0402",
            source_code="S02",
            occurred_on=date(2026, 3, 1),
            title=" 楼上漏水 ",
            parties=(
                NewParty(PartyRole.APPLICANT, "王小明", phone="13800000000"),
                NewParty(PartyRole.RESPONDENT, "李大华"),
            ),
        )

    def __call__(self, *, actor=None, key="first", **over):
        return register_case(
            self.db,
            new=replace(self.new, **over),
            actor=actor or self.actor,
            now=NOW,
            key=key,
        )

    def count(self, entity):
        with self.db.read() as session:
            return session.scalar(select(func.count()).select_from(entity))

    def row(self, case_no):
        with self.db.read() as session:
            return session.scalars(select(Case).where(Case.case_no == case_no)).one()


def test_a_registered_case_waits_for_acceptance_under_its_clock(window):
    done = window()
    row = window.row(done.case_no)
    assert (done.version, row.stage, row.is_open) == (1, Stage.REGISTERED, 1)
    assert row.due_at > NOW
    units = (window.world.town_a, window.world.community_a, window.world.grid_a)
    assert (row.town_id, row.community_id, row.grid_id) == units
    with window.db.read() as session:
        scope = window.actor.scope(Permission.CASE_READ)
        view = case_view(session, scope=scope, case_no=done.case_no, now=NOW)
        assert audit.verify(session, county_id=window.world.county).broken_at is None
    assert view.title == "楼上漏水"
    assert [party.name for party in view.parties] == ["王某某", "李某某"]
    assert window.count(CaseSpan) == 1


def test_what_is_settled_on_the_spot_is_one_step(window):
    done = window(settled="双方当场说清,互相道歉")
    row = window.row(done.case_no)
    assert (row.stage, row.outcome_code, row.closed_at) == (Stage.CLOSED, "O02", NOW)
    with window.db.read() as session:
        kinds = session.scalars(select(CaseEvent.kind).order_by(CaseEvent.seq)).all()
    assert kinds == [EventKind.REGISTERED, EventKind.ON_THE_SPOT]
    assert window.count(CaseSpan) == 0


def test_a_case_needs_no_grid_but_a_town(window):
    row = window.row(window(unit_id=window.world.town_a).case_no)
    assert (row.community_id, row.grid_id) == (None, None)
    with pytest.raises(Invalid):
        window(unit_id=window.world.county, key="county")


def test_difficulty_is_told_by_what_can_be_counted_unless_it_is_stated(window):
    assert window.row(window(people_count=12).case_no).difficulty is Difficulty.COMPLEX
    stated = window(people_count=12, difficulty=Difficulty.SIMPLE, key="stated")
    assert window.row(stated.case_no).difficulty is Difficulty.SIMPLE


@pytest.mark.parametrize(
    ("over", "problem"),
    [
        ({"title": "  "}, {"title": "missing"}),
        ({"parties": ()}, {"parties": "missing"}),
        ({"occurred_on": date(2026, 3, 3)}, {"occurred_on": "in_future"}),
        ({"type_code": "9999"}, {"type_code": "not_a_choice"}),
        ({"people_count": 0}, {"people_count": "out_of_range"}),
        ({"amount_yuan": -1}, {"amount_yuan": "out_of_range"}),
        ({"settled": "好"}, {"settled": "too_short"}),
        (
            {"parties": (NewParty(PartyRole.APPLICANT, "", phone="电话"),)},
            {"party0.name": "missing", "party0.phone": "wrong_form"},
        ),
        (
            {"parties": (NewParty(PartyRole.APPLICANT, "王", identity="510129199001010010"),)},
            {"party0.identity": "wrong_form"},
        ),
    ],
)
def test_what_cannot_be_taken_is_said_by_field_and_nothing_is_kept(window, over, problem):
    with pytest.raises(Invalid) as refused:
        window(**over)
    assert refused.value.problems == problem
    assert (window.count(Case), window.count(Party)) == (0, 0)


def test_the_same_registration_sent_twice_is_one_case(window):
    assert window() == window()
    assert window.count(Case) == 1


def test_one_registers_where_ones_post_is(window):
    grid = Scope(window.world.county, grids=frozenset({window.world.grid_b}))
    worker = window.world.actor("网格员", scope=grid)
    with pytest.raises(NotAllowed):
        window(actor=worker)
    assert window(actor=worker, unit_id=window.world.grid_b, key="theirs").version == 1
