"""Walls are devices with tokens, places, programs and orders; of two operators one is quicker."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError

from data_access import accounts
from data_access.changes import read_watermark
from data_access.commands.wall_orders import order_wall
from data_access.commands.walls import (
    add_wall,
    bind_wall,
    change_wall,
    new_wall_token,
    note_entered,
    revoke_wall,
    set_program,
)
from data_access.queries.trail import Filters, page
from data_access.queries.walls import live_walls, standing, urgency, walls
from data_access.tables import AuditLine, Case, CaseSpan, OrganisationUnit, Wall, WallOrder
from data_access.walls import FoundWall, WallRegistry, normal_address
from domain.cases import FieldProblem, Stage
from domain.errors import (
    Invalid,
    KeyReused,
    NotAllowed,
    NotOnWall,
    SessionEnded,
    WallChanged,
    WallNotFound,
)
from domain.organisation import UnitLevel
from domain.people import Actor, Permission, Role, Scope
from domain.walls import (
    Asked,
    MapView,
    OrderKind,
    Presence,
    Program,
    SceneKey,
    Step,
    WallObjection,
    round_begins,
    shown,
)
from tests.world import NOW, World
from texts import trail, trail_details

MINUTE = timedelta(minutes=1)
PIN_DUTY = Asked(OrderKind.PIN, SceneKey.DUTY)


class Office:
    """Two who keep walls in the county, one in town A, and a way to ask for everything once."""

    def __init__(self, world):
        self.world, self.db = world, world.db
        self.boss = world.actor("王值班")
        self.other = world.actor("李值班")
        self.county = Scope(world.county, whole_county=True)
        self.town = world.actor(
            "安仁站长", scope=Scope(world.county, towns=frozenset({world.town_a}))
        )
        self._keys = 0

    def key(self):
        self._keys += 1
        return f"key {self._keys}"

    def add(self, name="前厅大屏", *, unit=None, actor=None, now=NOW, key=None, **over):
        return add_wall(
            self.db,
            name=name,
            unit_id=unit or self.world.county,
            actor=actor or self.boss,
            now=now,
            key=key or self.key(),
            **over,
        )

    def order(self, wall, asked, seen=0, *, actor=None, now=NOW, key=None):
        return order_wall(
            self.db,
            wall_id=wall.wall_id,
            asked=asked,
            expected_version=seen,
            actor=actor or self.boss,
            now=now,
            key=key or self.key(),
        )

    def do(self, command, wall, *, seen=1, actor=None, now=NOW, key=None, **over):
        if command is not revoke_wall:
            over["expected_version"] = seen
        return command(
            self.db,
            wall_id=wall.wall_id,
            actor=actor or self.boss,
            now=now,
            key=key or self.key(),
            **over,
        )

    def standing(self, wall, *, scope=None):
        with self.db.read() as session:
            return standing(session, scope=scope or self.county, wall_id=wall.wall_id)

    def walls(self, *, scope=None, now=NOW, seen=None):
        with self.db.read() as session:
            return walls(session, scope=scope or self.county, now=now, seen=seen)

    def row(self, wall, **over):
        (found,) = [one for one in self.walls(**over) if one.standing.wall_id == wall.wall_id]
        return found

    def lines(self):
        """(action, payload) of every line of the trail about walls."""
        with self.db.read() as session:
            rows = session.execute(
                select(AuditLine.action, AuditLine.payload)
                .where(AuditLine.subject.startswith("wall:"))
                .order_by(AuditLine.seq)
            )
            return [tuple(row) for row in rows]

    def registry(self):
        return WallRegistry(self.db, lambda: read_watermark(self.db, now=NOW).seq)

    def code(self, unit_id):
        with self.db.read() as session:
            return session.get(OrganisationUnit, unit_id).code


@pytest.fixture
def office(world):
    return Office(world)


@pytest.fixture
def wall(office):
    return office.add()


def statements(db, ask):
    count = 0

    def note(_connection, _cursor, statement, *_rest):
        nonlocal count
        count += statement.lstrip().upper().startswith("SELECT")

    engine = db.bind
    event.listen(engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return count


# --- a wall is hung, changed and taken back ------------------------------------------------------


def test_a_token_is_told_once_and_kept_as_a_hash(office):
    made = office.add()
    with office.db.read() as session:
        kept = session.get(Wall, made.wall_id)
        assert kept.token_hash == accounts.hash_token(made.token)
        everything = [str(vars(row)) for row in session.scalars(select(AuditLine))]
    assert made.token not in "".join(everything) + repr(made)
    assert office.lines() == [("wall:add", {"unit": office.world.county, "address": None})]


def test_a_new_wall_rotates_and_was_seen_by_nobody(office, wall):
    (row,) = office.walls()
    assert row.standing.program == Program()
    assert (row.standing.order, row.standing.order_version) == (None, 0)
    assert row.shown == shown(Program(), NOW)
    assert (row.presence, row.last_seen_at, row.address) == (Presence.NEVER, None, None)
    assert (row.version, row.changed_by, row.standing.unit_name) == (1, "王值班", "大邑县")


def test_a_retry_hangs_no_second_wall_and_its_token_is_the_one_that_opens(office):
    first = office.add(key="once")
    second = office.add(key="once")
    assert first.wall_id == second.wall_id
    assert [row.standing.wall_id for row in office.walls()] == [first.wall_id]
    registry = office.registry()
    assert registry.find(first.token, address="10.1.2.3") is None
    assert registry.find(second.token, address="10.1.2.3").wall_id == first.wall_id
    assert [action for action, _payload in office.lines()] == ["wall:add", "wall:new_token"]


def test_a_key_serves_one_request_alone(office, wall):
    office.add(key="once")
    with pytest.raises(KeyReused):
        office.add("别的", key="once")
    with pytest.raises(KeyReused):
        office.add(key="once", actor=office.other)
    office.do(bind_wall, wall, address="10.1.2.3", key="bind")
    with pytest.raises(KeyReused):
        office.do(bind_wall, wall, address="10.1.2.4", key="bind")


@pytest.mark.parametrize(
    ("command", "over"),
    [
        (change_wall, {"name": "候访室", "unit_id": None}),
        (bind_wall, {"address": "10.1.2.3"}),
        (set_program, {"program": Program(chime=True)}),
        (revoke_wall, {}),
    ],
)
def test_a_retry_of_a_change_is_answered_and_changes_nothing(office, wall, command, over):
    over = over | ({"unit_id": office.world.county} if "unit_id" in over else {})
    first = office.do(command, wall, key="once", **over)
    lines = office.lines()
    assert office.do(command, wall, key="once", **over) == first == 2
    assert office.lines() == lines
    assert office.row(wall).version == 2


def test_a_wall_is_renamed_and_moved(office, wall):
    town = office.world.town_a
    assert office.do(change_wall, wall, name="  一楼 大厅 ", unit_id=town) == 2
    row = office.row(wall)
    assert (row.standing.name, row.standing.unit_name, row.version) == ("一楼 大厅", "安仁镇", 2)
    # The name was typed by hand, and stays out of the trail.
    told = {"renamed": True, "old_unit": office.world.county, "unit": town}
    assert office.lines()[-1] == ("wall:change", told)


def test_a_wall_is_bound_to_an_address_and_unbound(office, wall):
    office.do(bind_wall, wall, address=" ::ffff:10.1.2.3 ")
    assert office.row(wall).address == "10.1.2.3"
    office.do(bind_wall, wall, address=" ", seen=2)
    assert office.row(wall).address is None
    assert office.lines()[-2:] == [
        ("wall:bind", {"old_address": None, "address": "10.1.2.3"}),
        ("wall:bind", {"old_address": "10.1.2.3", "address": None}),
    ]


def test_a_program_is_kept_whole(office, wall):
    steps = (Step(SceneKey.OVERVIEW, 45 * timedelta(seconds=1)), Step(SceneKey.DUTY, 2 * MINUTE))
    program = Program(steps, chime=True, quiet=(time(21, 30), time(6)), by_urgency=True)
    office.do(set_program, wall, program=program)
    assert office.standing(wall).program == program
    assert office.row(wall).shown == shown(program, NOW)
    assert office.lines()[-1] == ("wall:set_program", program.as_json())


def test_a_wall_that_is_taken_back_opens_nothing_and_stays_in_the_list_for_a_month(office, wall):
    registry = office.registry()
    found = registry.find(wall.token, address="10.1.2.3")
    office.do(revoke_wall, wall, now=NOW)
    assert registry.find(wall.token, address="10.1.2.3") is None
    assert not registry.holds(found, address="10.1.2.3")
    row = office.row(wall)
    assert (row.presence, row.shown, row.revoked_at) == (Presence.REVOKED, None, NOW)
    with pytest.raises(WallNotFound):
        office.standing(wall)
    assert office.walls(now=NOW + timedelta(days=31)) == []


@pytest.mark.parametrize(
    ("command", "over"),
    [
        (change_wall, {"name": "候访室", "unit_id": 1}),
        (bind_wall, {"address": "10.1.2.3"}),
        (set_program, {"program": Program(chime=True)}),
        (new_wall_token, {}),
        (revoke_wall, {}),
    ],
)
def test_a_wall_that_was_taken_back_is_not_changed(office, wall, command, over):
    office.do(revoke_wall, wall)
    with pytest.raises(NotOnWall) as refused:
        office.do(command, wall, seen=2, **over)
    assert refused.value.reasons == (WallObjection.REVOKED,)
    with pytest.raises(NotOnWall):
        office.order(wall, PIN_DUTY)


def test_another_token_closes_the_one_before(office, wall):
    registry = office.registry()
    before = registry.find(wall.token, address="10.1.2.3")
    another = office.do(new_wall_token, wall)
    assert (another.wall_id, another.version) == (wall.wall_id, 2)
    assert registry.find(wall.token, address="10.1.2.3") is None
    assert not registry.holds(before, address="10.1.2.3")
    now = registry.find(another.token, address="10.1.2.3")
    assert now == FoundWall(wall.wall_id, before.epoch + 1)
    assert office.lines()[-1] == ("wall:new_token", {})


def test_a_retry_for_another_token_gives_one_that_opens(office, wall):
    first = office.do(new_wall_token, wall, key="once")
    second = office.do(new_wall_token, wall, key="once")
    registry = office.registry()
    assert registry.find(first.token, address="x") is None
    assert registry.find(second.token, address="x").wall_id == wall.wall_id


@pytest.mark.parametrize(
    ("over", "field", "problem"),
    [
        ({"name": "  "}, "wall_name", FieldProblem.MISSING),
        ({"name": "屏" * 41}, "wall_name", FieldProblem.TOO_LONG),
        ({"address": "somewhere"}, "wall_address", FieldProblem.WRONG_FORM),
        ({"address": "10.1.2.0/24"}, "wall_address", FieldProblem.WRONG_FORM),
        ({"unit": 10**9}, "wall_place", FieldProblem.NOT_A_CHOICE),
    ],
)
def test_what_cannot_be_taken_is_refused_by_its_field(office, over, field, problem):
    with pytest.raises(Invalid) as refused:
        office.add(**over)
    assert refused.value.problems == {field: problem}
    assert office.walls() == []


def test_a_wall_hangs_in_the_county_or_in_a_town_that_is_there(office):
    world = office.world
    gone = world.unit(UnitLevel.TOWN, "苏家镇", world.county, valid_to=date(2026, 1, 1))
    for unit in (world.community_a, world.grid_a, gone):
        with pytest.raises(Invalid):
            office.add(unit=unit)
    assert office.add(unit=world.town_a).wall_id


@pytest.mark.parametrize(
    ("command", "same"),
    [
        (change_wall, {"name": "前厅大屏", "unit_id": None}),
        (bind_wall, {"address": None}),
        (set_program, {"program": Program()}),
    ],
)
def test_what_changes_nothing_is_refused_and_leaves_no_trace(office, wall, command, same):
    same = same | ({"unit_id": office.world.county} if "unit_id" in same else {})
    lines = office.lines()
    with pytest.raises(NotOnWall) as refused:
        office.do(command, wall, **same)
    assert refused.value.reasons == (WallObjection.UNCHANGED,)
    assert office.lines() == lines
    assert office.row(wall).version == 1


def test_of_two_who_change_a_wall_the_second_hears_who_was_quicker(office, wall):
    later = NOW + MINUTE
    office.do(bind_wall, wall, address="10.1.2.3", actor=office.other, now=later)
    for command, over in (
        (change_wall, {"name": "候访室", "unit_id": office.world.county}),
        (bind_wall, {"address": "10.1.2.4"}),
        (set_program, {"program": Program(chime=True)}),
        (new_wall_token, {}),
    ):
        with pytest.raises(WallChanged) as refused:
            office.do(command, wall, seen=1, now=later + MINUTE, **over)
        told = refused.value
        assert (told.by, told.at, told.version) == ("李值班", later, 2)
    # Whoever takes a wall down means this one, whatever it is called by now.
    assert office.do(revoke_wall, wall) == 3


# --- who may -------------------------------------------------------------------------------------


def test_walls_are_kept_by_who_is_on_duty_and_by_the_centre(office, wall):
    nobody = office.world.actor("外人", permissions=[Permission.FIGURES_READ, Permission.CASE_READ])
    with pytest.raises(NotAllowed):
        office.add(actor=nobody)
    with pytest.raises(NotAllowed):
        office.order(wall, PIN_DUTY, actor=nobody)
    with pytest.raises(NotAllowed):
        office.do(revoke_wall, wall, actor=nobody)


def test_a_town_keeps_its_own_walls_and_knows_of_no_others(office, wall):
    world = office.world
    own = office.add("安仁大厅", unit=world.town_a, actor=office.town)
    scope = Scope(world.county, towns=frozenset({world.town_a}))
    assert [row.standing.wall_id for row in office.walls(scope=scope)] == [own.wall_id]
    assert office.order(own, PIN_DUTY, actor=office.town) == 1
    for elsewhere in (world.county, world.town_b):
        with pytest.raises(Invalid):
            office.add(unit=elsewhere, actor=office.town)
        with pytest.raises(Invalid):
            office.do(change_wall, own, name="x", unit_id=elsewhere, actor=office.town)
    with pytest.raises(WallNotFound):
        office.order(wall, PIN_DUTY, actor=office.town)
    with pytest.raises(WallNotFound):
        office.standing(wall, scope=scope)


def test_who_keeps_the_countys_walls_keeps_the_towns_too(office):
    own = office.add(unit=office.world.town_a, actor=office.town)
    assert office.order(own, PIN_DUTY) == 1
    assert office.do(change_wall, own, name="镇大厅", unit_id=office.world.town_b) == 2


def test_walls_stand_by_their_places_and_those_taken_back_last(office):
    world = office.world
    for name, unit in (("丙", world.town_b), ("乙", world.town_a), ("甲", world.county)):
        office.add(name, unit=unit)
    gone = office.add("甲旧", unit=world.county)
    office.do(revoke_wall, gone)
    assert [row.standing.name for row in office.walls()] == ["甲", "乙", "丙", "甲旧"]


# --- orders --------------------------------------------------------------------------------------


def test_a_pin_says_who_gave_it_and_when(office, wall):
    assert office.order(wall, PIN_DUTY, now=NOW + MINUTE) == 1
    row = office.row(wall, now=NOW + 2 * MINUTE)
    found = row.standing.order
    assert (found.kind, found.version, found.at, found.by) == (
        OrderKind.PIN,
        1,
        NOW + MINUTE,
        "王值班",
    )
    assert (row.shown.scene, row.shown.pinned) == (SceneKey.DUTY, True)
    assert office.lines()[-1] == ("wall:order", {"order": "pin", "scene": "duty"})
    # Orders are not settings: whoever renames the wall has seen nothing that changed.
    assert row.version == 1


def test_a_pause_keeps_what_was_on_also_when_the_program_changes(office, wall):
    before = office.row(wall).shown
    office.order(wall, Asked(OrderKind.PAUSE))
    other = Program((Step(SceneKey.OVERVIEW, MINUTE),))
    office.do(set_program, wall, program=other)
    after = office.row(wall, now=NOW + timedelta(hours=5)).shown
    assert (after.scene, after.paused, after.since) == (before.scene, True, NOW)
    office.order(wall, Asked(OrderKind.ROTATE), 1)
    assert office.row(wall).shown == shown(other, NOW)


def test_a_pin_of_the_map_keeps_its_view(office, wall):
    view = MapView(UnitLevel.GRID, office.code(office.world.community_a))
    office.order(wall, Asked(OrderKind.PIN, SceneKey.MAP, view))
    found = office.row(wall).shown
    assert (found.scene, found.view) == (SceneKey.MAP, view)


def test_a_spotlight_goes_by_itself_and_what_was_before_goes_on(office, wall):
    office.order(wall, PIN_DUTY)
    view = MapView(UnitLevel.COMMUNITY, office.code(office.world.town_a))
    until = NOW + 5 * MINUTE
    office.order(wall, Asked(OrderKind.SPOTLIGHT, view=view, until=until), 1)
    lit = office.row(wall, now=until - MINUTE).shown
    assert (lit.scene, lit.view, lit.until, lit.next) == (SceneKey.MAP, view, until, SceneKey.DUTY)
    after = office.row(wall, now=until).shown
    assert (after.scene, after.pinned, after.since) == (SceneKey.DUTY, True, until)
    told = {"order": "spotlight", "area": view.area_code, "until": until.isoformat()}
    assert office.lines()[-1] == ("wall:order", told)


def test_a_pause_under_a_spotlight_keeps_what_the_room_sees(office, wall):
    view = MapView(UnitLevel.COMMUNITY, office.code(office.world.town_a))
    office.order(wall, Asked(OrderKind.SPOTLIGHT, view=view, until=NOW + 5 * MINUTE))
    office.order(wall, Asked(OrderKind.PAUSE), 1, now=NOW + MINUTE)
    found = office.row(wall, now=NOW + timedelta(hours=2)).shown
    assert (found.scene, found.view, found.paused) == (SceneKey.MAP, view, True)


def test_another_order_ends_a_spotlight(office, wall):
    view = MapView(UnitLevel.COMMUNITY, office.code(office.world.town_a))
    office.order(wall, Asked(OrderKind.SPOTLIGHT, view=view, until=NOW + 5 * MINUTE))
    office.order(wall, Asked(OrderKind.ROTATE), 1, now=NOW + MINUTE)
    later = NOW + 2 * MINUTE
    assert office.row(wall, now=later).shown == shown(Program(), later)


@pytest.mark.parametrize(
    ("asked", "field", "problem"),
    [
        (Asked(OrderKind.PIN), "scene", FieldProblem.MISSING),
        (Asked(OrderKind.SPOTLIGHT, until=NOW + MINUTE), "map_view", FieldProblem.MISSING),
        (
            Asked(OrderKind.PIN, SceneKey.DUTY, MapView(UnitLevel.GRID, "510129")),
            "map_view",
            FieldProblem.NOT_A_CHOICE,
        ),
        (
            Asked(OrderKind.PIN, SceneKey.MAP, MapView(UnitLevel.GRID, "999999")),
            "map_view",
            FieldProblem.NOT_A_CHOICE,
        ),
        (
            Asked(OrderKind.SPOTLIGHT, view=MapView(UnitLevel.GRID, "510129")),
            "spotlight_until",
            FieldProblem.MISSING,
        ),
        *(
            (
                Asked(OrderKind.SPOTLIGHT, view=MapView(UnitLevel.GRID, "510129"), until=until),
                "spotlight_until",
                FieldProblem.OUT_OF_RANGE,
            )
            for until in (NOW, NOW + timedelta(hours=2), datetime(2020, 1, 1, tzinfo=UTC))
        ),
    ],
)
def test_an_order_that_is_not_whole_is_refused_by_its_field(office, wall, asked, field, problem):
    with pytest.raises(Invalid) as refused:
        office.order(wall, asked)
    assert refused.value.problems == {field: problem}
    assert office.standing(wall).order is None


def test_a_view_is_of_an_area_above_its_level_and_in_the_walls_part(office):
    world = office.world
    own = office.add(unit=world.town_a)

    def pin(wall, level, unit, seen=0):
        view = MapView(level, office.code(unit))
        return office.order(wall, Asked(OrderKind.PIN, SceneKey.MAP, view), seen)

    for level, unit in (
        (UnitLevel.COMMUNITY, world.community_a),  # coloured by itself
        (UnitLevel.GRID, world.grid_a),
        (UnitLevel.COMMUNITY, world.town_b),  # another town's
        (UnitLevel.GRID, world.community_b),
        (UnitLevel.COMMUNITY, world.county),  # more than the wall sees
    ):
        with pytest.raises(Invalid):
            pin(own, level, unit)
    assert pin(own, UnitLevel.COMMUNITY, world.town_a) == 1
    assert pin(own, UnitLevel.GRID, world.community_a, 1) == 2
    assert pin(office.add(), UnitLevel.COMMUNITY, world.county) == 1


@pytest.mark.parametrize(
    "twice", [PIN_DUTY, Asked(OrderKind.PAUSE), Asked(OrderKind.ROTATE)], ids=lambda one: one.kind
)
def test_an_order_that_is_in_force_already_is_refused(office, wall, twice):
    office.order(wall, Asked(OrderKind.PIN, SceneKey.OUTCOMES))
    office.order(wall, twice, 1)
    with pytest.raises(NotOnWall) as refused:
        office.order(wall, twice, 2)
    assert refused.value.reasons == (WallObjection.UNCHANGED,)


def test_a_wall_that_rotates_is_not_asked_to(office, wall):
    with pytest.raises(NotOnWall):
        office.order(wall, Asked(OrderKind.ROTATE))


def test_a_spotlight_may_follow_the_other(office, wall):
    view = MapView(UnitLevel.COMMUNITY, office.code(office.world.town_a))
    lit = Asked(OrderKind.SPOTLIGHT, view=view, until=NOW + 5 * MINUTE)
    assert office.order(wall, lit) == 1
    assert office.order(wall, replace(lit, until=NOW + 9 * MINUTE), 1) == 2
    assert office.row(wall).shown.until == NOW + 9 * MINUTE


def test_the_second_operator_hears_who_was_quicker_and_may_override_knowingly(office, wall):
    office.order(wall, PIN_DUTY, now=NOW + MINUTE, actor=office.other)
    theirs = Asked(OrderKind.PIN, SceneKey.OUTCOMES)
    with pytest.raises(WallChanged) as refused:
        office.order(wall, theirs, 0, now=NOW + 2 * MINUTE)
    told = refused.value
    assert (told.by, told.at, told.version) == ("李值班", NOW + MINUTE, 1)
    assert office.row(wall).shown.scene is SceneKey.DUTY
    # Somebody else again, before the second one has made up their mind.
    office.order(wall, Asked(OrderKind.ROTATE), 1, actor=office.other)
    with pytest.raises(WallChanged) as once_more:
        office.order(wall, theirs, told.version)
    assert office.order(wall, theirs, once_more.value.version) == 3
    assert office.row(wall).shown.scene is SceneKey.OUTCOMES


def test_a_retry_of_an_order_is_answered_and_given_once(office, wall):
    first = office.order(wall, PIN_DUTY, key="once")
    office.order(wall, Asked(OrderKind.ROTATE), 1, actor=office.other)
    assert office.order(wall, PIN_DUTY, key="once") == first == 1
    assert office.standing(wall).order.kind is OrderKind.ROTATE
    with pytest.raises(KeyReused):
        office.order(wall, Asked(OrderKind.PIN, SceneKey.MAP), key="once")


def test_orders_are_never_changed_nor_deleted(committed):
    office = Office(World(committed))
    office.order(office.add(), PIN_DUTY)
    for statement in ("UPDATE wall_order SET scene = 'map'", "DELETE FROM wall_order"):
        with pytest.raises(DBAPIError, match="append-only"):
            committed.write(lambda session, sql=statement: session.execute(text(sql)))
    with committed.read() as session:
        assert session.scalars(select(WallOrder.scene)).all() == [SceneKey.DUTY]


def test_of_two_operators_at_once_exactly_one_wins(committed):
    office = Office(World(committed))
    wall, outcomes = office.add(), []
    ready = threading.Barrier(4)
    scenes = (SceneKey.DUTY, SceneKey.MAP, SceneKey.WORKLOAD, SceneKey.OUTCOMES)

    def press(scene):
        ready.wait()
        try:
            office.order(wall, Asked(OrderKind.PIN, scene), key=f"race {scene}")
        except WallChanged:
            outcomes.append(None)
        else:
            outcomes.append(scene)

    threads = [threading.Thread(target=press, args=(scene,)) for scene in scenes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [one for one in outcomes if one]
    assert len(outcomes) == 4
    assert office.standing(wall).order.scene is winner
    assert office.standing(wall).order_version == 1


def test_every_change_moves_the_watermark_and_being_seen_or_signing_in_does_not(office, wall):
    def data_seq():
        return read_watermark(office.db, now=NOW).data_seq

    registry = office.registry()
    found = registry.find(wall.token, address="x")
    before = data_seq()
    registry.note_seen(wall.wall_id, NOW)
    note_entered(office.db, actor=registry.actor(found, address="x"), now=NOW)
    assert data_seq() == before
    office.order(wall, PIN_DUTY)
    office.do(bind_wall, wall, address="10.1.2.3")
    office.do(revoke_wall, wall)
    assert data_seq() == before + 3


# --- urgency -------------------------------------------------------------------------------------


def to_do(office, at=NOW, *, scope=None):
    with office.db.read() as session:
        return urgency(session, scope=scope or office.county, at=at)


def test_a_quiet_county_has_nothing_to_do(office):
    assert to_do(office) == {SceneKey.DUTY: 0, SceneKey.WORKLOAD: 0, SceneKey.MAP: 0}


def test_what_is_to_do_is_what_is_late_waits_or_came(office):
    world, day = office.world, timedelta(days=1)
    holder = world.mediator()
    old = {"registered_at": NOW - 9 * day, "stage_since": NOW - 9 * day}
    world.case(**old, mediator_id=holder, due_at=NOW - day)  # late
    world.case(**old, mediator_id=holder, due_at=NOW + day)  # just within the day
    world.case(**old, mediator_id=holder, due_at=NOW + day + MINUTE)  # not yet
    world.case(**old, mediator_id=holder, due_at=NOW - day, paused=1)  # stands still
    world.case(**old, stage=Stage.ACCEPTED)  # waits
    world.case(mediator_id=holder, registered_at=NOW - day + MINUTE)  # came
    world.case(**old, stage=Stage.CLOSED)
    assert to_do(office) == {SceneKey.DUTY: 2, SceneKey.WORKLOAD: 1, SceneKey.MAP: 1}
    town_b = Scope(world.county, towns=frozenset({world.town_b}))
    assert set(to_do(office, scope=town_b).values()) == {0}


def test_a_moment_that_is_past_is_told_as_it_was(office):
    """A case that was late then, and has been closed since; another that came since."""
    world, day = office.world, timedelta(days=1)
    case = world.case(registered_at=NOW - 9 * day, stage=Stage.ACCEPTED, due_at=NOW - day)
    then = NOW - timedelta(hours=1)
    before = to_do(office, then)
    assert before[SceneKey.DUTY] == before[SceneKey.WORKLOAD] == 1

    def close(session):
        of_case = (CaseSpan.county_id == case.county_id, CaseSpan.case_id == case.id)
        session.execute(update(CaseSpan).where(*of_case).values(ends_at=NOW))
        closed = {"is_open": 0, "stage": Stage.CLOSED, "closed_at": NOW, "due_at": None}
        session.execute(update(Case).where(Case.id == case.id).values(**closed))

    office.db.write(close)
    world.case(registered_at=NOW)
    assert to_do(office, then) == before
    assert to_do(office, NOW + MINUTE)[SceneKey.DUTY] == 0


def test_walls_by_urgency_begin_with_what_is_most_to_do_when_their_round_began(office, wall):
    program = Program(by_urgency=True)
    office.do(set_program, wall, program=program)
    begins = round_begins(program, NOW + timedelta(hours=1))
    for _more in range(3):
        office.world.case(stage=Stage.ACCEPTED, registered_at=NOW - timedelta(days=9))
    assert office.row(wall, now=begins).shown.scene is SceneKey.WORKLOAD
    # Many more that are late, a second after the round has begun: it goes on as it was.
    for _more in range(5):
        office.world.case(
            mediator_id=office.world.mediator(),
            registered_at=begins + timedelta(seconds=1),
            due_at=begins,
        )
    assert office.row(wall, now=begins + timedelta(seconds=5)).shown.scene is SceneKey.WORKLOAD
    following = begins + program.round
    assert office.row(wall, now=following).shown.scene is SceneKey.DUTY


def test_a_list_of_walls_asks_once_for_those_in_step(db, office):
    for number in range(2):
        made = office.add(f"屏{number}")
        office.do(set_program, made, program=Program(by_urgency=True))
    few = statements(db, office.walls)
    for number in range(2, 9):
        made = office.add(f"屏{number}")
        office.do(set_program, made, program=Program(by_urgency=True))
        office.order(made, PIN_DUTY)
    assert statements(db, office.walls) == few == 2


# --- who holds a token ---------------------------------------------------------------------------


def test_a_token_opens_the_figures_of_the_walls_part(office, wall):
    registry = office.registry()
    actor = registry.actor(registry.find(wall.token, address="10.1.2.3"), address="10.1.2.3")
    assert actor.grants == {Permission.FIGURES_READ: office.county}
    assert (actor.wall_id, actor.name, actor.address) == (wall.wall_id, "前厅大屏", "10.1.2.3")
    own = office.add("镇大厅", unit=office.world.town_a)
    there = registry.actor(registry.find(own.token, address="x"), address="x")
    town = Scope(office.world.county, towns=frozenset({office.world.town_a}))
    assert there.grants == {Permission.FIGURES_READ: town}
    assert there.roles == {Role.WALL}


@pytest.mark.parametrize("token", ["", "nonsense", "hash"])
def test_what_is_no_token_opens_nothing(office, wall, token):
    token = accounts.hash_token(wall.token) if token == "hash" else token
    assert office.registry().find(token, address="10.1.2.3") is None


@pytest.mark.parametrize(
    ("bound", "address", "opens"),
    [
        (None, "10.9.9.9", True),
        (None, "", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.3:50123", True),  # some proxies write the port
        ("10.1.2.3", "::ffff:10.1.2.3", True),
        ("10.1.2.3", "10.1.2.4", False),
        ("10.1.2.3", "", False),
        ("10.1.2.3", "10.1.2.3, 6.6.6.6", False),
        ("2001:db8::1", "2001:DB8:0::1", True),
        ("2001:db8::1", "[2001:db8::1]:443", True),
        ("2001:db8::1", "2001:db8::2", False),
    ],
)
def test_a_bound_wall_comes_from_its_address_alone(office, bound, address, opens):
    made = office.add(address=bound)
    registry = office.registry()
    found = registry.find(made.token, address=address)
    assert (found is not None) is opens
    known = FoundWall(made.wall_id, 1)
    assert registry.holds(known, address=address) is opens
    if not opens:
        with pytest.raises(SessionEnded):
            registry.actor(known, address=address)


def test_binding_reaches_who_is_in_already(office, wall):
    registry = office.registry()
    found = registry.find(wall.token, address="10.1.2.3")
    office.do(bind_wall, wall, address="10.1.2.4")
    assert not registry.holds(found, address="10.1.2.3")
    assert registry.holds(found, address="10.1.2.4")


def test_tokens_are_read_again_only_when_the_trail_has_moved(db, office, wall):
    seq = [1]
    registry = WallRegistry(db, lambda: seq[0])
    assert statements(db, lambda: registry.find(wall.token, address="x")) == 1
    assert statements(db, lambda: registry.find(wall.token, address="x")) == 0
    assert statements(db, lambda: registry.find("stranger", address="x")) == 0
    office.do(revoke_wall, wall)
    assert registry.find(wall.token, address="x") is not None
    seq[0] = 2
    assert registry.find(wall.token, address="x") is None


def test_being_seen_is_written_once_a_minute_and_known_at_once(office, wall):
    registry = office.registry()

    def stored():
        with office.db.read() as session:
            return session.get(Wall, wall.wall_id).last_seen_at

    registry.note_seen(wall.wall_id, NOW)
    assert stored() == NOW
    soon = NOW + timedelta(seconds=59)
    registry.note_seen(wall.wall_id, soon)
    assert stored() == NOW
    assert registry.seen() == {wall.wall_id: soon}
    registry.note_seen(wall.wall_id, NOW + MINUTE)
    assert stored() == NOW + MINUTE


def test_the_list_tells_whichever_is_later_seen_here_or_by_another_process(office, wall):
    office.registry().note_seen(wall.wall_id, NOW)
    for seen, last in (
        ({}, NOW),
        ({wall.wall_id: NOW - MINUTE}, NOW),
        ({wall.wall_id: NOW + MINUTE}, NOW + MINUTE),
    ):
        row = office.row(wall, now=NOW + MINUTE, seen=seen)
        assert (row.last_seen_at, row.presence) == (last, Presence.SHOWING)
    assert office.row(wall, now=NOW + 2 * MINUTE).presence is Presence.SILENT


def test_a_wall_goes_on_where_nothing_can_be_written(office, wall, monkeypatch):
    registry = office.registry()

    def away(_work):
        raise OperationalError("", {}, OSError("disk full"))

    monkeypatch.setattr(office.db, "write", away)
    registry.note_seen(wall.wall_id, NOW)
    assert registry.seen() == {wall.wall_id: NOW}


def test_walls_that_hold_a_token_are_one_query(db, office, wall):
    office.do(revoke_wall, office.add("旧屏"))

    def ask():
        with db.read() as session:
            return live_walls(session)

    assert [one.wall_id for one in ask()] == [wall.wall_id]
    assert statements(db, ask) == 1


def test_only_a_wall_signs_in_as_one(office, wall):
    for person in (office.boss, Actor(0, "", office.world.county)):
        with pytest.raises(NotAllowed):
            note_entered(office.db, actor=person, now=NOW)


@pytest.mark.parametrize(
    ("address", "known"),
    [
        (" 10.1.2.3 ", "10.1.2.3"),
        ("[::1]:8501", "::1"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("10.1.2", None),
        ("desk.example", None),
        ("", None),
    ],
)
def test_an_address_has_one_form(address, known):
    assert normal_address(address) == known


# --- what the trail says -------------------------------------------------------------------------


def test_the_trail_says_which_wall_what_where_and_until_when(office, wall):
    world = office.world
    registry = office.registry()
    actor = registry.actor(registry.find(wall.token, address="10.1.2.3"), address="10.1.2.3")
    note_entered(office.db, actor=actor, now=NOW)
    office.do(change_wall, wall, name="候访室", unit_id=world.town_a)
    office.do(bind_wall, wall, address="10.1.2.3", seen=2)
    office.do(set_program, wall, program=Program(chime=True, by_urgency=True), seen=3)
    office.do(new_wall_token, wall, seen=4)
    view = MapView(UnitLevel.COMMUNITY, office.code(world.town_a))
    office.order(wall, Asked(OrderKind.PIN, SceneKey.MAP, view))
    office.order(wall, Asked(OrderKind.SPOTLIGHT, view=view, until=NOW + MINUTE), 1)
    office.order(wall, Asked(OrderKind.ROTATE), 2)
    office.do(revoke_wall, wall)
    with office.db.read() as session:
        found = page(session, scope=office.county, filters=Filters(subject=f"wall:{wall.wall_id}"))
    told = [
        (
            trail.deed(line.action),
            trail.doer(line, found.names),
            trail.subject(line, found.names),
            trail_details.details(line, found.names, now=NOW),
        )
        for line in reversed(found.lines)
    ]
    login = next(iter(found.names.accounts.values())).login
    boss, named = f"王值班({login})", "候访室"
    assert told == [
        ("新增大屏", boss, named, ["所在 大邑县", "网络地址 不限"]),
        ("大屏接入", "大屏", named, []),
        ("变更大屏", boss, named, ["改了名称", "所在 大邑县 → 安仁镇"]),
        ("变更大屏的网络地址", boss, named, ["网络地址 不限 → 10.1.2.3"]),
        (
            "变更大屏节目",
            boss,
            named,
            [
                "值守 30 秒、一张图 20 秒、调解力量 20 秒、成效 20 秒",
                "按紧急程度排序",
                "有提示音(22:00 至 07:00 静音)",
            ],
        ),
        ("更换大屏令牌", boss, named, []),
        ("指挥大屏", boss, named, ["固定 一张图(安仁镇)"]),
        ("指挥大屏", boss, named, ["聚焦 安仁镇,到 3月2日 09:01"]),
        ("指挥大屏", boss, named, ["轮播"]),
        ("停用大屏", boss, named, []),
    ]
