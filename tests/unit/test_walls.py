"""What a wall shows follows from the clock alone: in step, without gap, after any restart."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.walls import LONGEST, SHORTEST, Program, SceneKey, Step, round_begins, shown

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


@pytest.mark.parametrize("seconds", [0, 9, 601])
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
