"""Scopes, posts and what each role opens."""

import pickle
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from domain.errors import NotAllowed
from domain.organisation import UnitLevel
from domain.people import (
    FAILURES_BEFORE_LOCK,
    FIRST_LOCK,
    GRANTS,
    LONGEST_LOCK,
    SEATS,
    SEPARATED,
    SEPARATED_GRANTS,
    SYSTEM_USER_ID,
    Actor,
    Permission,
    Post,
    Role,
    Scope,
    Seat,
    collisions,
    grants_of,
    lock_after,
    roles_with,
    system_actor,
)

COUNTY, TOWN, OTHER_TOWN, COMMUNITY, GRID, COMMITTEE, ME = 1, 14, 15, 233, 2331, 51, 7
DAY = date(2026, 3, 2)
ONE_DAY = timedelta(days=1)


def grants(*posts, mediator_id=None, day=DAY):
    return grants_of(posts, county_id=COUNTY, mediator_id=mediator_id, day=day)


def of(**parts):
    return Scope(COUNTY, **{name: frozenset(ids) for name, ids in parts.items()})


# --- scopes ----------------------------------------------------------------------------------

ids = some.frozensets(some.integers(1, 30), max_size=4)
scopes = some.builds(
    Scope,
    some.just(COUNTY),
    whole_county=some.booleans(),
    towns=ids,
    communities=ids,
    grids=ids,
    committees=ids,
    mediators=ids,
)


@settings(deadline=None)
@given(scopes, scopes, scopes)
def test_joining_scopes_is_a_union(one, other, third):
    assert one | one == one
    assert one | other == other | one
    assert (one | other) | third == one | (other | third)
    assert one | Scope(COUNTY) == one


@settings(deadline=None)
@given(scopes, scopes)
def test_equal_scopes_and_no_others_have_one_key(one, other):
    if one.whole_county or other.whole_county:
        assert (one.key == other.key) == (one.whole_county and other.whole_county)
    else:
        assert (one.key == other.key) == (one == other)


def test_a_key_does_not_mix_levels_or_run_numbers_together():
    keys = {
        of(towns={1}).key,
        of(communities={1}).key,
        of(grids={1}).key,
        of(committees={1}).key,
        of(mediators={1}).key,
        of(towns={11}).key,
        of(towns={1, 11}).key,
        of(towns={1}, communities={1}).key,
        Scope(COUNTY).key,
        Scope(COUNTY, whole_county=True).key,
        Scope(11, towns=frozenset({1})).key,
    }
    assert len(keys) == 11


def test_two_counties_are_never_joined():
    with pytest.raises(ValueError, match="two counties"):
        Scope(1) | Scope(2)


# --- posts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("post", "mediator_id", "seen"),
    [
        (Post(Role.DUTY, COUNTY, UnitLevel.COUNTY), None, Scope(COUNTY, whole_county=True)),
        (Post(Role.TOWN, TOWN, UnitLevel.TOWN), None, of(towns={TOWN})),
        (Post(Role.GRID_WORKER, GRID, UnitLevel.GRID), None, of(grids={GRID})),
        (
            Post(Role.COMMITTEE_HEAD, COMMUNITY, UnitLevel.COMMUNITY),
            None,
            of(communities={COMMUNITY}),
        ),
        (
            Post(Role.COMMITTEE_HEAD, committee_id=COMMITTEE, community_id=COMMUNITY),
            None,
            of(committees={COMMITTEE}, communities={COMMUNITY}),
        ),
        (Post(Role.COMMITTEE_HEAD, committee_id=COMMITTEE), None, of(committees={COMMITTEE})),
        # Only the head sees the community; a mediator of the committee sees what it holds.
        (
            Post(Role.MEDIATOR, committee_id=COMMITTEE, community_id=COMMUNITY),
            ME,
            of(committees={COMMITTEE}),
        ),
        (Post(Role.MEDIATOR), ME, of(mediators={ME})),
    ],
)
def test_a_post_sees_its_place(post, mediator_id, seen):
    found = grants(post, mediator_id=mediator_id)
    assert found == dict.fromkeys(GRANTS[post.role], seen)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.MEDIATOR])
def test_a_post_without_a_place_opens_nothing(role):
    assert grants(Post(role), mediator_id=ME) == {}


def test_a_mediators_post_needs_a_mediator():
    assert grants(Post(Role.MEDIATOR)) == {}


def test_a_post_holds_from_its_first_day_to_the_day_before_its_last():
    post = Post(Role.DUTY, COUNTY, UnitLevel.COUNTY, valid_from=DAY, valid_to=DAY + 2 * ONE_DAY)
    held = [bool(grants(post, day=DAY + ahead * ONE_DAY)) for ahead in range(-1, 4)]
    assert held == [False, True, True, False, False]


def test_each_post_gives_its_permissions_in_its_own_place_only():
    found = grants(
        Post(Role.TOWN, TOWN, UnitLevel.TOWN), Post(Role.GRID_WORKER, GRID, UnitLevel.GRID)
    )
    assert found[Permission.CASE_READ] == of(towns={TOWN}, grids={GRID})
    assert found[Permission.CASE_REASSIGN] == found[Permission.CASE_UNMASK] == of(towns={TOWN})


def test_two_posts_with_one_permission_see_both_places():
    posts = [Post(Role.TOWN, town, UnitLevel.TOWN) for town in (TOWN, OTHER_TOWN)]
    assert grants(*posts)[Permission.CASE_REASSIGN] == of(towns={TOWN, OTHER_TOWN})


# --- roles -----------------------------------------------------------------------------------


def test_every_role_says_what_it_opens():
    assert set(GRANTS) == set(Role)
    assert set().union(*GRANTS.values()) == set(Permission)


@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        (
            Permission.CASE_REASSIGN,
            {Role.DUTY, Role.CENTRE_ADMIN, Role.TOWN, Role.COMMITTEE_HEAD},
        ),
        (
            Permission.CASE_UNMASK,
            {Role.DUTY, Role.CENTRE_ADMIN, Role.TOWN, Role.COMMITTEE_HEAD, Role.MEDIATOR},
        ),
        (
            Permission.CASE_PLACE,
            {
                Role.DUTY,
                Role.CENTRE_ADMIN,
                Role.TOWN,
                Role.COMMITTEE_HEAD,
                Role.MEDIATOR,
                Role.GRID_WORKER,
            },
        ),
        (Permission.IMPORT_RUN, {Role.CENTRE_ADMIN}),
        (Permission.PEOPLE_MANAGE, {Role.CENTRE_ADMIN, Role.SYSTEM_ADMIN}),
        (Permission.RULES_KEEP, {Role.CENTRE_ADMIN, Role.SYSTEM_ADMIN}),
        (Permission.WALL_KEEP, {Role.DUTY, Role.CENTRE_ADMIN}),
    ],
)
def test_what_changes_or_reveals_is_for_few(permission, roles):
    assert {role for role in Role if permission in GRANTS[role]} == roles


def test_nobody_moves_or_unmasks_what_they_may_not_read():
    for granted in GRANTS.values():
        moving = granted & {
            Permission.CASE_REASSIGN,
            Permission.CASE_UNMASK,
            Permission.CASE_PLACE,
        }
        assert not moving or Permission.CASE_READ in granted


def test_whoever_sees_cases_sees_their_figures_and_not_the_other_way_round():
    for granted in GRANTS.values():
        assert Permission.CASE_READ not in granted or Permission.FIGURES_READ in granted
    only_figures = {role for role in Role if GRANTS[role] == {Permission.FIGURES_READ}}
    assert only_figures == {
        Role.COURT,
        Role.DEPARTMENT,
        Role.ADVISER,
        Role.TRAINING,
        Role.WALL,
    }


def test_who_manages_the_system_sees_no_case():
    """三员分立: system, security and audit are kept apart from the county's business."""
    for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN, Role.WALL):
        assert Permission.CASE_READ not in GRANTS[role]


@pytest.mark.parametrize("separated", [True, False])
@pytest.mark.parametrize("permission", Permission)
def test_who_holds_a_permission_is_read_from_what_each_post_opens(permission, separated):
    by_role = SEPARATED_GRANTS if separated else GRANTS
    assert roles_with(permission, separated=separated) == {
        role for role in Role if permission in by_role[role]
    }


def test_kept_apart_the_three_hold_one_administration_each_and_nobody_else_any():
    """GB/T 22239-2019 8.1.5: system, security and audit management are separate."""
    administration = {
        Permission.PEOPLE_MANAGE: Role.SYSTEM_ADMIN,
        Permission.POST_GRANT: Role.SECURITY_ADMIN,
        Permission.TRAIL_READ: Role.AUDIT_ADMIN,
    }
    for permission, role in administration.items():
        assert roles_with(permission, separated=True) == {role}
        # Limits and the work calendar are a setting of the system; nobody's rights.
        assert SEPARATED_GRANTS[role] - {Permission.RULES_KEEP} == {permission}


def test_every_role_has_a_place_and_administrators_only_the_county():
    assert set(SEATS) == set(Role)
    assert all(SEATS.values())
    for role in Role:
        if GRANTS[role] & {Permission.PEOPLE_MANAGE, Permission.POST_GRANT, Permission.TRAIL_READ}:
            assert SEATS[role] == (Seat.COUNTY,)


# --- three administrators apart --------------------------------------------------------------

days = some.integers(0, 6).map(lambda ahead: DAY + ahead * ONE_DAY)
terms = some.builds(
    lambda role, begins, length: Post(
        role,
        valid_from=begins,
        valid_to=None if length is None else begins + length * ONE_DAY,
    ),
    some.sampled_from([*sorted(SEPARATED), Role.DUTY, Role.TOWN]),
    days,
    some.none() | some.integers(0, 4),
)


@settings(deadline=None)
@given(some.lists(terms, max_size=5), days)
def test_posts_collide_exactly_where_one_day_has_what_must_be_kept_apart(posts, since):
    """Day by day: a day is in order with none of the three, or with one of them and no other."""

    def in_order(day):
        held = {post.role for post in posts if post.held_on(day)}
        return not held & SEPARATED or len(held) == 1

    ahead = [since + number * ONE_DAY for number in range(20)]
    assert bool(collisions(posts, since=since)) == (not all(map(in_order, ahead)))


@settings(deadline=None)
@given(terms, terms, days)
def test_two_posts_meet_where_a_day_has_both(one, other, since):
    both = [
        one.held_on(day) and other.held_on(day)
        for day in (since + number * ONE_DAY for number in range(20))
    ]
    assert one.meets(other, since=since) == other.meets(one, since=since) == any(both)


# --- actors ----------------------------------------------------------------------------------


def test_an_actor_without_a_permission_is_refused_by_its_name():
    actor = Actor(4, "值班员", COUNTY, grants(Post(Role.LEADER, COUNTY, UnitLevel.COUNTY)))
    assert actor.may(Permission.CASE_READ)
    assert not actor.may(Permission.CASE_REASSIGN)
    with pytest.raises(NotAllowed) as refused:
        actor.scope(Permission.CASE_REASSIGN)
    assert refused.value.args == (Permission.CASE_REASSIGN,)


def test_an_actor_survives_a_cache_that_pickles():
    actor = Actor(4, "值班员", COUNTY, grants(Post(Role.TOWN, TOWN, UnitLevel.TOWN)))
    assert pickle.loads(pickle.dumps(actor)) == actor  # noqa: S301 - what was dumped just before


def test_the_product_itself_may_everything_in_its_own_county():
    actor = system_actor(COUNTY)
    assert actor.user_id == SYSTEM_USER_ID
    assert {actor.scope(permission) for permission in Permission} == {
        Scope(COUNTY, whole_county=True)
    }


# --- locks -----------------------------------------------------------------------------------


def test_a_lock_begins_at_the_fifth_failure_doubles_and_ends_within_a_day():
    assert lock_after(FAILURES_BEFORE_LOCK - 1) is None
    locks = [lock_after(FAILURES_BEFORE_LOCK + more) for more in range(12)]
    assert locks[:4] == [FIRST_LOCK, 2 * FIRST_LOCK, 4 * FIRST_LOCK, 8 * FIRST_LOCK]
    assert locks == sorted(locks)
    assert locks[-1] == lock_after(10**9) == LONGEST_LOCK


@pytest.mark.parametrize("beside", [Role.SECURITY_ADMIN, Role.CENTRE_ADMIN, Role.DUTY])
def test_kept_apart_posts_from_before_that_collide_give_nothing(beside):
    county = {"unit_id": COUNTY, "level": UnitLevel.COUNTY}
    both = (Post(Role.SYSTEM_ADMIN, **county), Post(beside, **county))
    separated = {"county_id": COUNTY, "mediator_id": None, "day": DAY, "separated": True}
    assert grants_of(both, **separated) == {}
    one, other = (grants_of([post], **separated) for post in both)
    assert one
    assert other
    ended = replace(both[1], valid_to=DAY)
    assert grants_of((both[0], ended), **separated) == one
