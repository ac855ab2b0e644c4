"""What a wall shows follows from clock, program and order: in step, without a gap, always."""

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.organisation import UnitLevel
from domain.people import Permission, Role, Scope, wall_actor
from domain.walls import (
    LONGEST,
    SHORTEST,
    SILENT_AFTER,
    MapView,
    Order,
    OrderKind,
    Presence,
    Program,
    SceneKey,
    Spotlight,
    Step,
    presence,
    program_from_json,
    round_begins,
    shown,
)

NOW = datetime(2026, 11, 22, 14, 5, 9, tzinfo=UTC)

moments = st.integers(0, 10**15).map(lambda one: NOW + timedelta(microseconds=one - 10**14))
stays = st.integers(int(SHORTEST.total_seconds()), int(LONGEST.total_seconds()))
programs = st.lists(
    st.tuples(st.sampled_from(SceneKey), stays),
    min_size=1,
    max_size=5,
    unique_by=lambda one: one[0],
).map(lambda steps: Program(tuple(Step(key, timedelta(seconds=stay)) for key, stay in steps)))


@given(programs, moments)
def test_a_moment_lies_in_the_scene_that_is_shown(program, now):
    found = shown(program, now)
    assert found.since <= now < found.until
    assert found.until - found.since in {one.stays for one in program.steps}
    assert found.scene in {one.scene for one in program.steps}


@given(programs, moments)
def test_one_scene_follows_the_other_without_a_gap(program, now):
    found = shown(program, now)
    following = shown(program, found.until)
    assert following.since == found.until
    if found.next is None:
        assert following.scene is found.scene
    else:
        assert following.scene is found.next
        assert following.scene is not found.scene


@given(programs, moments)
def test_a_round_shows_every_scene_once_for_its_time(program, now):
    at, seen = round_begins(program, now), []
    for _step in program.steps:
        found = shown(program, at)
        seen.append((found.scene, found.until - found.since))
        at = found.until
    assert seen == [(one.scene, one.stays) for one in program.steps]
    assert at == round_begins(program, now) + program.round


@given(programs, moments, st.integers(0, 10**6))
def test_every_wall_with_the_program_shows_the_same_within_a_scene(program, now, microseconds):
    found = shown(program, now)
    later = min(now + timedelta(microseconds=microseconds), found.until - timedelta(microseconds=1))
    assert shown(program, later) == found


# --- by urgency --------------------------------------------------------------------------------

to_do = st.dictionaries(st.sampled_from(SceneKey), st.integers(0, 9))


def urgent(program):
    return replace(program, by_urgency=True)


def changing(one, other, turns_at):
    """There is as much to do as `one` says until a moment, and then as the other says."""
    return lambda at: one if at < turns_at else other


@given(programs, moments, to_do)
def test_by_urgency_the_scene_with_most_to_do_comes_first(program, now, counts):
    at, seen = round_begins(program, now), []
    for _step in program.steps:
        found = shown(urgent(program), at, urgency=lambda _at: counts)
        seen.append(found.scene)
        at = found.until
    assert sorted(seen) == sorted(one.scene for one in program.steps)
    much = [counts.get(scene, 0) for scene in seen]
    assert much == sorted(much, reverse=True)
    # Of two with as much to do, the one that the program has first.
    usual = [one.scene for one in program.steps]
    for first, second in pairwise(seen):
        if counts.get(first, 0) == counts.get(second, 0):
            assert usual.index(first) < usual.index(second)


@given(programs, moments, to_do, to_do, st.integers(0, 10**9))
def test_nothing_jumps_within_a_round_when_urgency_changes(program, now, one, other, later):
    """It changes at a moment after the round has begun; the round goes on as it began."""
    begins = round_begins(program, now)
    turns_at = begins + timedelta(microseconds=1 + later % (program.round // timedelta.resolution))
    at = begins
    for _step in program.steps:
        found = shown(urgent(program), at, urgency=changing(one, other, turns_at))
        assert found == shown(urgent(program), at, urgency=lambda _at: one)
        assert found.since <= at < found.until
        at = found.until
    following = shown(urgent(program), at, urgency=changing(one, other, turns_at))
    assert following == shown(urgent(program), at, urgency=lambda _at: other)


@given(programs, moments, to_do)
def test_a_round_by_urgency_never_asks_for_what_is_to_come(program, now, counts):
    asked = []

    def urgency(at):
        asked.append(at)
        return counts

    shown(urgent(program), now, urgency=urgency)
    assert all(at == round_begins(program, now) for at in asked)


@given(programs, moments, to_do)
def test_what_comes_after_a_round_by_urgency_is_not_said_before_it_is_known(program, now, counts):
    found = shown(urgent(program), now, urgency=lambda _at: counts)
    assert (found.next is None) == (found.place == found.places)
    if found.next is not None:
        assert shown(urgent(program), found.until, urgency=lambda _at: counts).scene is found.next


# --- orders ------------------------------------------------------------------------------------

AREA = MapView(UnitLevel.COMMUNITY, "510129101")
instants = st.integers(0, 10**9).map(lambda one: timedelta(milliseconds=one))


def order(at=NOW, **over):
    return Order(3, at, 7, "王值班", **over)


def test_an_order_says_what_was_asked_last():
    spotlight = Spotlight(AREA, NOW)
    assert order().kind is OrderKind.ROTATE
    assert order(scene=SceneKey.DUTY).kind is OrderKind.PAUSE
    assert order(scene=SceneKey.DUTY, pinned=True).kind is OrderKind.PIN
    assert order(scene=SceneKey.DUTY, pinned=True, spotlight=spotlight).kind is OrderKind.SPOTLIGHT


@given(programs, moments, instants)
def test_a_pause_holds_the_scene_that_was_on_whatever_time_goes_by(program, now, passed):
    before = shown(program, now)
    paused = order(now, scene=before.scene)
    found = shown(program, now + passed, order=paused)
    assert (found.scene, found.since, found.next) == (before.scene, now, None)
    assert (found.paused, found.pinned, found.spotlit) == (True, False, False)
    assert (found.place, found.places) == (before.place, before.places)
    assert now + passed < found.until


@given(programs, moments, st.sampled_from(SceneKey), instants)
def test_a_pin_holds_until_it_is_lifted(program, now, scene, passed):
    view = AREA if scene is SceneKey.MAP else None
    pinned = order(now, scene=scene, pinned=True, view=view)
    found = shown(program, now + passed, order=pinned)
    assert (found.scene, found.view, found.next) == (scene, view, None)
    assert (found.paused, found.pinned) == (False, True)
    there = [one.scene for one in program.steps]
    assert found.place == (there.index(scene) + 1 if scene in there else 0)
    assert shown(program, now + passed, order=order(now + passed)) == shown(program, now + passed)


held = st.sampled_from(
    [
        {},
        {"scene": SceneKey.DUTY},
        {"scene": SceneKey.OVERVIEW, "pinned": True},
        {"scene": SceneKey.MAP, "pinned": True, "view": MapView(UnitLevel.GRID, "510129102")},
    ]
)


@given(programs, moments, held, st.integers(1, 3600), instants)
def test_a_spotlight_ends_by_itself_and_what_was_before_goes_on(program, now, base, lasts, passed):
    until = now + timedelta(seconds=lasts)
    lit = order(now, **base, spotlight=Spotlight(AREA, until))
    at = now + passed
    found = shown(program, at, order=lit)
    if at < until:
        assert (found.scene, found.view, found.until) == (SceneKey.MAP, AREA, until)
        assert found.spotlit
        assert not found.paused
        assert not found.pinned
        assert found.next is shown(program, until, order=lit).scene
    elif base:
        assert found == shown(program, at, order=order(until, **base))
    else:
        assert found == shown(program, at)


@given(programs, moments, held)
def test_a_clock_that_lags_behind_the_orders_shows_no_time_to_come(program, now, base):
    """The order was given on a server whose clock is ahead."""
    found = shown(program, now, order=order(now + timedelta(seconds=3), **base))
    assert found.since <= now


def test_after_a_spotlight_over_a_round_by_urgency_nobody_knows_what_comes():
    lit = order(spotlight=Spotlight(AREA, NOW + timedelta(minutes=5)))
    assert shown(Program(by_urgency=True), NOW, order=lit).next is None


@pytest.mark.parametrize("level", [UnitLevel.COUNTY, UnitLevel.TOWN])
def test_the_map_has_no_view_of_areas_without_counts(level):
    with pytest.raises(ValueError, match="level"):
        MapView(level, "510129")


# --- the program as it is kept, and whether a wall is there --------------------------------------


@given(programs, st.booleans(), st.booleans(), st.times(), st.times())
def test_a_program_comes_back_from_what_is_kept_of_it(program, chime, by_urgency, begins, ends):
    whole = replace(program, chime=chime, by_urgency=by_urgency, quiet=(begins, ends))
    assert program_from_json(json.loads(json.dumps(whole.as_json()))) == whole


@pytest.mark.parametrize(
    ("ago", "revoked", "found"),
    [
        (None, False, Presence.NEVER),
        (timedelta(0), False, Presence.SHOWING),
        (SILENT_AFTER, False, Presence.SHOWING),
        (SILENT_AFTER + timedelta(seconds=1), False, Presence.SILENT),
        (timedelta(0), True, Presence.REVOKED),
        (None, True, Presence.REVOKED),
    ],
)
def test_a_wall_that_says_nothing_for_a_while_is_silent(ago, revoked, found):
    seen = None if ago is None else NOW - ago
    assert presence(last_seen_at=seen, revoked=revoked, now=NOW) is found


def test_a_wall_reads_figures_of_its_part_and_may_nothing_else():
    part = Scope(1, towns=frozenset({7}))
    actor = wall_actor(1, wall_id=3, name="前厅", scope=part, address="10.1.2.3")
    assert actor.grants == {Permission.FIGURES_READ: part}
    assert actor.roles == {Role.WALL}
    assert (actor.wall_id, actor.session_id, actor.address) == (3, None, "10.1.2.3")
    assert actor.user_id < 0


@pytest.mark.parametrize("seconds", [0, 9, 601, 10.5])
def test_what_nobody_could_read_or_seems_to_hang_is_refused(seconds):
    with pytest.raises(ValueError, match="stays"):
        Step(SceneKey.DUTY, timedelta(seconds=seconds))


def test_a_rotation_without_a_scene_or_with_one_twice_is_refused():
    step = Step(SceneKey.DUTY, timedelta(seconds=20))
    for steps in ((), (step, step)):
        with pytest.raises(ValueError, match="rotation"):
            Program(steps)


@pytest.mark.parametrize(
    ("quiet", "at", "sounds"),
    [
        ((time(22), time(7)), time(21, 59), True),
        ((time(22), time(7)), time(22), False),
        ((time(22), time(7)), time(3), False),
        ((time(22), time(7)), time(7), True),
        ((time(12), time(14)), time(13), False),
        ((time(12), time(14)), time(14), True),
        ((time(0), time(0)), time(0), True),
    ],
)
def test_a_chime_keeps_the_quiet_hours_of_beijing(quiet, at, sounds):
    beijing = datetime.combine(NOW.date(), at, UTC) - timedelta(hours=8)
    assert Program(chime=True, quiet=quiet).sounds_at(beijing) is sounds
    assert Program(chime=False, quiet=quiet).sounds_at(beijing) is False
