"""Registering a dispute: what is entered, where one may, on the spot, and once."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select, update

from data_access import audit
from data_access.commands.register import NewCase, NewParty, register_case
from data_access.queries.cases import case_view
from data_access.queries.places import units_within
from data_access.tables import Case, CaseEvent, CaseSpan, Committee, OrganisationUnit, Party
from domain.cases import Difficulty, EventKind, Stage
from domain.eligibility import CommitteeKind
from domain.errors import Invalid, KeyReused, NotAllowed
from domain.organisation import PartyRole
from domain.people import Permission, Post, Role, Scope, grants_of
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


def head_of(window, committee_id, *, community_id=None):
    """Somebody who heads a committee, and nothing else."""
    post = Post(Role.COMMITTEE_HEAD, committee_id=committee_id, community_id=community_id)
    county = window.world.county
    grants = grants_of([post], county_id=county, mediator_id=None, day=NOW.date())
    return replace(window.world.actor("调委会主任"), grants=grants)


def offered(window, actor):
    with window.db.read() as session:
        found = units_within(session, scope=actor.scope(Permission.CASE_REGISTER))
    return {one.unit_id for one in found if one.chosen}


@pytest.mark.parametrize("place", ["community", "town", "county"])
def test_who_heads_a_committee_registers_where_the_committee_serves(window, place):
    world = window.world
    committee = {
        "community": lambda: world.committee_a,
        "town": lambda: world.committee("镇调委会", kind=CommitteeKind.TOWN, town=world.town_a),
        "county": lambda: world.committee("医调委", kind=CommitteeKind.INDUSTRY),
    }[place]()
    head = head_of(window, committee)
    within = {
        "community": {world.community_a, world.grid_a},
        "town": {world.town_a, world.community_a, world.grid_a},
        "county": {
            *(world.town_a, world.community_a, world.grid_a),
            *(world.town_b, world.community_b, world.grid_b),
        },
    }[place]
    assert offered(window, head) == within
    for unit in sorted(within):
        assert window(actor=head, unit_id=unit, key=f"unit {unit}").version == 1
    for unit in {world.town_a, world.town_b, world.grid_b} - within:
        with pytest.raises(NotAllowed):
            window(actor=head, unit_id=unit, key=f"unit {unit}")


def test_a_committee_that_is_no_more_serves_nowhere(window):
    town = window.world.committee("镇调委会", kind=CommitteeKind.TOWN, town=window.world.town_a)
    head = head_of(window, town)
    window.db.write(
        lambda session: session.execute(
            update(Committee).where(Committee.id == town).values(active=False)
        )
    )
    assert offered(window, head) == set()
    with pytest.raises(NotAllowed):
        window(actor=head)


@pytest.mark.parametrize(
    ("ends", "taken"),
    [(date(2026, 3, 1), False), (date(2026, 3, 2), False), (date(2026, 3, 3), True)],
)
def test_nothing_is_registered_in_a_unit_that_has_ended(window, ends, taken):
    """The last day of a unit is not included; NOW is the 2nd of March in Beijing."""
    window.db.write(
        lambda session: session.execute(
            update(OrganisationUnit)
            .where(OrganisationUnit.id == window.world.grid_a)
            .values(valid_to=ends)
        )
    )
    if taken:
        assert window().version == 1
    else:
        with pytest.raises(Invalid) as refused:
            window()
        assert refused.value.problems == {"unit": "not_a_choice"}
    assert window.count(Case) == taken


def test_a_key_that_comes_with_something_else_tells_what_the_first_one_did(window):
    first = window()
    with pytest.raises(KeyReused) as refused:
        window(title="另一件事")
    assert refused.value.done["case_no"] == first.case_no
    # Somebody else's answer is nobody's business.
    with pytest.raises(KeyReused) as refused:
        window(actor=window.world.actor("别人"), title="另一件事")
    assert refused.value.done == {}
    assert window.count(Case) == 1
